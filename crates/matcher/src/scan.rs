//! One item → all enterprises.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use zhida_rules::Truth;

use crate::{
    all::{Found, Named},
    cut::{Cutter, Local},
    error::MatcherError,
    fresh::Fresh,
    ids::Ids,
    kernel::{Bench, Place},
    lanes::{Instructions, Lanes, Work},
    plan::{Constant, Ordered, Zone, gate},
    planes::PART,
    program::Program,
    said::{ALL, Said, Sums},
    store::{Store, Tile},
    table::{Table, threads},
};

/// So many tiles are worth a thread of their own.
const TILES_A_THREAD: usize = 192;
/// How many enterprises are how close to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Counts {
    /// 符合.
    pub met: u64,
    /// 信息不足.
    pub unknown: u64,
    /// 只差一项: not met, one condition missing.
    pub near_unmet: u64,
    /// 只差一项: unknown, one condition missing.
    pub near_unknown: u64,
}

impl Counts {
    #[inline(always)]
    pub(crate) fn add(&mut self, sums: &Sums) {
        self.met += u64::from(sums.met);
        self.unknown += u64::from(sums.unknown);
        self.near_unmet += u64::from(sums.near_unmet);
        self.near_unknown += u64::from(sums.near_unknown);
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.met += other.met;
        self.unknown += other.unknown;
        self.near_unmet += other.near_unmet;
        self.near_unknown += other.near_unknown;
    }
}

/// Which enterprises to name; all are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Want {
    /// Those that meet the item.
    pub met: bool,
    /// Those of which too little is known.
    pub unknown: bool,
    /// Those that miss one condition.
    pub near: bool,
}

impl Want {
    /// All three lists.
    pub const EVERYTHING: Self = Self {
        met: true,
        unknown: true,
        near: true,
    };

    /// Is there a row to be named?
    #[inline(always)]
    fn any(self, sums: &Sums) -> bool {
        self.met && sums.met > 0 || self.unknown && sums.unknown > 0 || self.near && sums.near > 0
    }
}

/// The enterprises of one item.
///
/// Who they are is kept as the engine finds it: a bit for each row of the tiles where there is anybody
/// to be named. Their ids, under which they were pushed, are read off when they are asked for, in no
/// particular order. A list that is not wanted is empty.
#[derive(Debug, Clone, Default)]
pub struct ItemMatches<'t> {
    /// How many.
    pub counts: Counts,
    want: Want,
    /// Of each thread.
    parts: Vec<Part<'t>>,
}

/// What one thread found.
#[derive(Debug, Clone, Default)]
struct Part<'t> {
    counts: Counts,
    tiles: Vec<Marked<'t>>,
}

/// The rows of a tile of which a rule says something that is wanted.
#[derive(Debug, Clone)]
struct Marked<'t> {
    ids: &'t Ids,
    sums: Sums,
    said: Said,
}

impl Marked<'_> {
    fn found(&self) -> Found<'_> {
        Found {
            ids: self.ids,
            said: &self.said,
            sums: self.sums,
        }
    }
}

impl ItemMatches<'_> {
    /// Ids of those who meet the item (符合).
    pub fn met(&self) -> impl Iterator<Item = u64> + '_ {
        self.tiles(self.want.met).flat_map(Found::met)
    }

    /// Ids of those of whom too little is known (信息不足).
    pub fn unknown(&self) -> impl Iterator<Item = u64> + '_ {
        self.tiles(self.want.unknown).flat_map(Found::unknown)
    }

    /// Ids of those who miss one condition (只差一项), with the verdict.
    pub fn near(&self) -> impl Iterator<Item = (u64, Truth)> + '_ {
        self.tiles(self.want.near).flat_map(Found::near)
    }

    /// Everybody on the lists that are wanted, once, with what the item says of them: one pass over the
    /// ids, where the lists one by one are three.
    pub fn named(&self) -> impl Iterator<Item = Named> + '_ {
        self.shares().flat_map(Share::named)
    }

    /// What each thread found, if it found anybody. Reading ids waits for memory, so a caller with long
    /// lists reads each share on a thread of its own; short lists are one share.
    pub fn shares(&self) -> impl Iterator<Item = Share<'_>> {
        let found = self.parts.iter().filter(|part| !part.tiles.is_empty());
        found.map(|part| Share {
            want: self.want,
            tiles: &part.tiles,
        })
    }

    fn tiles(&self, wanted: bool) -> impl Iterator<Item = Found<'_>> {
        let parts = self.parts.iter().filter(move |_| wanted);
        parts.flat_map(|part| &part.tiles).map(Marked::found)
    }
}

/// A share of an item's enterprises; the shares together are all of them.
#[derive(Debug, Clone, Copy)]
pub struct Share<'a> {
    want: Want,
    tiles: &'a [Marked<'a>],
}

impl<'a> Share<'a> {
    /// Everybody of this share on the lists that are wanted, once, with what the item says of them.
    pub fn named(self) -> impl Iterator<Item = Named> + 'a {
        let tiles = self.tiles.iter().map(Marked::found);
        tiles.flat_map(move |tile| tile.named(self.want))
    }
}

impl Store {
    /// Verdicts of all enterprises on one item.
    ///
    /// # Errors
    /// When the item does not exist.
    pub fn one_item(&self, item: u32, want: Want) -> Result<ItemMatches<'_>, MatcherError> {
        self.one_item_with(item, want, Instructions::best())
    }

    /// The same, with certain instructions.
    ///
    /// # Errors
    /// When the item does not exist.
    pub fn one_item_with(
        &self,
        item: u32,
        want: Want,
        instructions: Instructions,
    ) -> Result<ItemMatches<'_>, MatcherError> {
        let mut found = ItemMatches::default();
        self.one_item_into(item, want, instructions, &mut found)?;
        Ok(found)
    }

    /// The same, in place of what was found before, whose memory is used again.
    ///
    /// # Errors
    /// When the item does not exist; what was found before stays then.
    pub fn one_item_into<'t>(
        &'t self,
        item: u32,
        want: Want,
        instructions: Instructions,
        found: &mut ItemMatches<'t>,
    ) -> Result<(), MatcherError> {
        let items = self.program.len();
        let rule = self.rule(item);
        let rule = rule.ok_or(MatcherError::NoSuchItem { item, items })?;
        let question = Question {
            program: &self.program,
            table: &self.table,
            tiles: Tiles::Stored(&self.tiles),
            rule,
            counties: self.within_reach(rule),
            want,
            instructions,
        };
        question.answer(found);
        Ok(())
    }

    /// The counties where anybody may meet or nearly meet a rule, as far as its place tells.
    fn within_reach(&self, rule: &Ordered) -> Vec<County<'_>> {
        let program = &*self.program;
        let gate = gate(program, &rule.rule).map(|gate| &program.atoms[gate as usize]);
        let elsewhere = |zones: &[Zone]| {
            gate.is_some_and(|gate| {
                zones[gate.dimension as usize].constant(gate) == Constant::False
            })
        };
        let counties = self.segments().filter(|(_, zones)| !elsewhere(zones));
        counties
            .map(|(tiles, zones)| County { tiles, zones })
            .collect()
    }
}

/// The tiles of a county.
pub(crate) struct County<'a> {
    pub tiles: &'a [u32],
    pub zones: &'a [Zone],
}

/// Where the codes are.
#[derive(Clone, Copy)]
pub(crate) enum Tiles<'a> {
    Stored(&'a [Arc<Tile>]),
    /// Computed when they are asked for, and forgotten.
    Fresh(&'a Fresh<'a, 'a>),
}

/// One rule, asked of enterprises.
pub(crate) struct Question<'a, 't> {
    pub program: &'a Program,
    pub table: &'t Table,
    pub tiles: Tiles<'a>,
    pub rule: &'a Ordered,
    /// Where to look.
    pub counties: Vec<County<'a>>,
    pub want: Want,
    pub instructions: Instructions,
}

impl<'t> Question<'_, 't> {
    /// Replaces what was found, on as many threads as there is work for.
    pub fn answer(&self, found: &mut ItemMatches<'t>) {
        let tiles: usize = self.counties.iter().map(|county| county.tiles.len()).sum();
        let helpers = (tiles / TILES_A_THREAD).clamp(1, threads()) - 1;
        let parts = found.parts.len().max(1 + helpers);
        found.parts.resize_with(parts, Part::default);
        for part in &mut found.parts {
            part.counts = Counts::default();
            part.tiles.clear();
        }
        let next = AtomicUsize::new(0);
        let scan = &|part: &mut Part<'t>| {
            self.instructions.run(Scan {
                question: self,
                next: &next,
                part,
            });
        };
        let mut parts = found.parts.iter_mut();
        let mine = parts.next();
        thread::scope(|scope| {
            for part in parts.take(helpers) {
                scope.spawn(move || scan(part));
            }
            if let Some(part) = mine {
                scan(part);
            }
        });
        found.want = self.want;
        found.counts = Counts::default();
        for part in &found.parts {
            found.counts.join(&part.counts);
        }
    }
}

/// One rule on the counties that no other thread has taken.
struct Scan<'a, 't> {
    question: &'a Question<'a, 't>,
    next: &'a AtomicUsize,
    part: &'a mut Part<'t>,
}

impl Work for Scan<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Question {
            program,
            table,
            tiles,
            rule,
            counties,
            want,
            ..
        } = self.question;
        let (table, tiles, rule, want) = (*table, *tiles, *rule, *want);
        let Part {
            counts,
            tiles: marked,
        } = self.part;
        let mut bench = Bench::new();
        let mut cutter = Cutter::new(&program.atoms);
        let mut local = Local::default();
        let mut scratch = match tiles {
            Tiles::Stored(_) => None,
            Tiles::Fresh(fresh) => Some(fresh.scratch()),
        };
        while let Some(county) = counties.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            cutter.cut([rule], county.zones, &mut local);
            let Some(rule) = local.rules.first() else {
                continue;
            };
            let ahead = Ahead {
                program,
                local: &local,
                tiles,
                table,
            };
            ahead.begin(lanes, county.tiles);
            for (at, number) in county.tiles.iter().enumerate() {
                ahead.turn(lanes, &county.tiles[at..]);
                let tile = match (tiles, &mut scratch) {
                    (Tiles::Stored(tiles), _) => &*tiles[*number as usize],
                    (Tiles::Fresh(fresh), Some(scratch)) => match fresh.tile(*number, scratch) {
                        Some(tile) => tile,
                        None => continue,
                    },
                    (Tiles::Fresh(_), None) => continue,
                };
                let chunk = &table.chunks[*number as usize];
                let place = Place {
                    program,
                    local: &local,
                    chunk,
                    tile,
                };
                bench.turn(place);
                let sums = bench.ask::<L, true, ALL>(lanes, place, rule);
                counts.add(&sums);
                if want.any(&sums) {
                    marked.push(Marked {
                        ids: &chunk.ids,
                        sums,
                        said: bench.said().clone(),
                    });
                }
            }
        }
    }
}

/// Asks memory for what a rule will read of the tiles that come next, for a scan waits for little else:
/// first where a tile's parts are, then what is known of its columns, then the columns.
struct Ahead<'a> {
    program: &'a Program,
    local: &'a Local,
    tiles: Tiles<'a>,
    table: &'a Table,
}

impl Ahead<'_> {
    /// Before the first of some tiles.
    #[inline(always)]
    fn begin<L: Lanes>(&self, lanes: L, next: &[u32]) {
        for number in next.iter().take(3) {
            self.parts(lanes, *number);
        }
        for number in next.iter().take(2) {
            self.zones(lanes, *number);
        }
        if let Some(number) = next.first() {
            self.columns(lanes, *number);
        }
    }

    /// Before the first of these, which others follow.
    #[inline(always)]
    fn turn<L: Lanes>(&self, lanes: L, next: &[u32]) {
        if let Some(number) = next.get(3) {
            self.parts(lanes, *number);
        }
        if let Some(number) = next.get(2) {
            self.zones(lanes, *number);
        }
        if let Some(number) = next.get(1) {
            self.columns(lanes, *number);
        }
    }

    #[inline(always)]
    fn tile(&self, number: u32) -> Option<&Tile> {
        match self.tiles {
            Tiles::Stored(tiles) => Some(&tiles[number as usize]),
            Tiles::Fresh(_) => None,
        }
    }

    #[inline(always)]
    fn parts<L: Lanes>(&self, lanes: L, number: u32) {
        if let Some(tile) = self.tile(number) {
            lanes.fetch(tile);
            for part in self.table.chunks[number as usize]
                .alive
                .as_chunks::<PART>()
                .0
            {
                lanes.fetch(part);
            }
        }
    }

    #[inline(always)]
    fn zones<L: Lanes>(&self, lanes: L, number: u32) {
        if let Some(tile) = self.tile(number) {
            for span in &self.local.spans {
                lanes.fetch(&tile.zones[span.dimension()]);
            }
        }
    }

    #[inline(always)]
    fn columns<L: Lanes>(&self, lanes: L, number: u32) {
        let Some(tile) = self.tile(number) else {
            return;
        };
        for (number, span) in self.local.atoms.iter().zip(&self.local.spans) {
            let atom = || &self.program.atoms[*number as usize];
            if span.constant(&tile.zones, atom) == Constant::No {
                tile.column(span.dimension()).fetch(lanes);
            }
        }
    }
}
