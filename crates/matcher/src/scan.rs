//! One item → all enterprises.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Sender},
    },
    thread,
};

use zhida_rules::Truth;

use crate::{
    cut::{Cutter, Local},
    error::MatcherError,
    fresh::Fresh,
    kernel::{ALL, Bench, Place, Said, Sums},
    lanes::{Instructions, Lanes, Work},
    plan::{Constant, Ordered, Zone, gate},
    planes::{Plane, WORDS},
    program::Program,
    store::{Store, Tile},
    table::{Table, threads},
};

/// So many tiles are worth a thread of their own.
const TILES_A_THREAD: usize = 192;
/// So many ids are listed by one thread.
const IDS_A_THREAD: usize = 50_000;

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

/// The enterprises of one item, by the ids they were pushed under.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemMatches {
    /// How many.
    pub counts: Counts,
    /// 符合, when wanted.
    pub met: Vec<u64>,
    /// 信息不足, when wanted.
    pub unknown: Vec<u64>,
    /// 只差一项, when wanted, with the verdict.
    pub near: Vec<(u64, Truth)>,
}

impl Store {
    /// Verdicts of all enterprises on one item.
    ///
    /// # Errors
    /// When the item does not exist.
    pub fn one_item(&self, item: u32, want: Want) -> Result<ItemMatches, MatcherError> {
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
    ) -> Result<ItemMatches, MatcherError> {
        let mut found = ItemMatches::default();
        self.one_item_into(item, want, instructions, &mut found)?;
        Ok(found)
    }

    /// The same, into lists that are used again: a million ids on memory that is at hand already
    /// take a third of the time.
    ///
    /// # Errors
    /// When the item does not exist; what was found before stays then.
    pub fn one_item_into(
        &self,
        item: u32,
        want: Want,
        instructions: Instructions,
        found: &mut ItemMatches,
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
    Fresh(&'a Fresh<'a>),
}

/// One rule, asked of enterprises.
pub(crate) struct Question<'a> {
    pub program: &'a Program,
    pub table: &'a Table,
    pub tiles: Tiles<'a>,
    pub rule: &'a Ordered,
    /// Where to look.
    pub counties: Vec<County<'a>>,
    pub want: Want,
    pub instructions: Instructions,
}

impl Question<'_> {
    /// Replaces what was found, on as many threads as there is work for.
    pub fn answer(&self, found: &mut ItemMatches) {
        let tiles: usize = self.counties.iter().map(|county| county.tiles.len()).sum();
        let helpers = (tiles / TILES_A_THREAD).clamp(1, threads()) - 1;
        let next = AtomicUsize::new(0);
        let scan = || {
            self.instructions.run(Scan {
                question: self,
                next: &next,
            })
        };
        let fill = |rooms: Vec<Room<'_>>| {
            self.instructions.run(Fill {
                table: self.table,
                rooms,
            });
        };
        // Each helper scans, and then waits for the places of its lists, which depend on what all found.
        thread::scope(|scope| {
            let (shares, others) = mpsc::channel();
            let helpers: Vec<Sender<Vec<Room<'_>>>> = (0..helpers)
                .map(|_| {
                    let (rooms, mine) = mpsc::channel();
                    let (shares, scan, fill) = (shares.clone(), &scan, &fill);
                    scope.spawn(move || {
                        // nobody waits for a share only when all is lost
                        let _ = shares.send(scan());
                        drop(shares);
                        mine.into_iter().for_each(fill);
                    });
                    rooms
                })
                .collect();
            drop(shares);
            let mut all = scan();
            all.extend(others.into_iter().flatten());
            all.sort_unstable_by_key(|share| share.county);
            let mut parts = found.rooms(all, self.want, 1 + helpers.len()).into_iter();
            let mine = parts.next().unwrap_or_default();
            for (helper, rooms) in helpers.iter().zip(parts) {
                // a helper that is gone has panicked, which the end of this scope tells
                let _ = helper.send(rooms);
            }
            drop(helpers);
            fill(mine);
        });
    }
}

/// One rule on the counties that no other thread has taken.
struct Scan<'a> {
    question: &'a Question<'a>,
    next: &'a AtomicUsize,
}

/// What a rule says of a county.
#[derive(Default)]
struct Share {
    county: usize,
    counts: Counts,
    /// Rows to be named in the lists of all that miss one condition.
    near: usize,
    tiles: Vec<Marked>,
}

/// The rows of a tile of which a rule says something.
struct Marked {
    tile: u32,
    sums: Sums,
    said: Said,
}

impl Work for Scan<'_> {
    type Output = Vec<Share>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Vec<Share> {
        let Question {
            program,
            table,
            tiles,
            rule,
            counties,
            want,
            ..
        } = self.question;
        let (tiles, rule, want) = (*tiles, *rule, *want);
        let mut shares = Vec::new();
        let mut bench = Bench::new();
        let mut cutter = Cutter::new(&program.atoms);
        let mut local = Local::default();
        let mut scratch = match tiles {
            Tiles::Stored(_) => None,
            Tiles::Fresh(fresh) => Some(fresh.scratch()),
        };
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(county) = counties.get(number) else {
                break;
            };
            cutter.cut([rule], county.zones, &mut local);
            let Some(rule) = local.rules.first() else {
                continue;
            };
            let mut share = Share {
                county: number,
                ..Share::default()
            };
            for number in county.tiles {
                let tile = match (tiles, &mut scratch) {
                    (Tiles::Stored(tiles), _) => &*tiles[*number as usize],
                    (Tiles::Fresh(fresh), Some(scratch)) => match fresh.tile(*number, scratch) {
                        Some(tile) => tile,
                        None => continue,
                    },
                    (Tiles::Fresh(_), None) => continue,
                };
                let place = Place {
                    program,
                    local: &local,
                    chunk: &table.chunks[*number as usize],
                    tile,
                };
                bench.turn(place);
                let sums = bench.ask::<L, true, ALL>(lanes, place, rule);
                share.counts.add(&sums);
                share.near += sums.near as usize;
                if want.any(&sums) {
                    if share.tiles.is_empty() {
                        share.tiles.reserve_exact(county.tiles.len());
                    }
                    share.tiles.push(Marked {
                        tile: *number,
                        sums,
                        said: bench.said().clone(),
                    });
                }
            }
            shares.push(share);
        }
        shares
    }
}

/// The places of the lists that a county fills.
struct Room<'a> {
    share: Share,
    met: &'a mut [u64],
    unknown: &'a mut [u64],
    near: &'a mut [(u64, Truth)],
}

impl Room<'_> {
    fn len(&self) -> usize {
        self.met.len() + self.unknown.len() + self.near.len()
    }
}

impl ItemMatches {
    /// Replaces what was found: gives the counts, and lists whose places are still to be filled, for so
    /// many threads. Memory that an earlier answer left is written over, not cleared.
    fn rooms(&mut self, shares: Vec<Share>, want: Want, threads: usize) -> Vec<Vec<Room<'_>>> {
        self.counts = Counts::default();
        shares
            .iter()
            .for_each(|share| self.counts.join(&share.counts));
        let wanted = |wanted: bool, count: u64| if wanted { count as usize } else { 0 };
        let near = shares.iter().map(|share| share.near as u64).sum();
        self.met.resize(wanted(want.met, self.counts.met), 0);
        self.unknown
            .resize(wanted(want.unknown, self.counts.unknown), 0);
        let nobody = (0, Truth::False);
        self.near.resize(wanted(want.near, near), nobody);
        let ids = self.met.len() + self.unknown.len() + self.near.len();
        // Few are listed sooner than another thread is told.
        let each = (ids / threads).max(IDS_A_THREAD);
        let (mut met, mut unknown) = (&mut *self.met, &mut *self.unknown);
        let mut near = &mut *self.near;
        let (mut parts, mut so_far) = (vec![Vec::new()], 0);
        for share in shares {
            let room = Room {
                met: part(&mut met, wanted(want.met, share.counts.met)),
                unknown: part(&mut unknown, wanted(want.unknown, share.counts.unknown)),
                near: part(&mut near, wanted(want.near, share.near as u64)),
                share,
            };
            if so_far >= each && parts.len() < threads {
                parts.push(Vec::new());
                so_far = 0;
            }
            so_far += room.len();
            if let Some(part) = parts.last_mut() {
                part.push(room);
            }
        }
        parts
    }
}

/// Lists ids.
struct Fill<'a> {
    table: &'a Table,
    rooms: Vec<Room<'a>>,
}

impl Work for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for room in self.rooms {
            let (mut met, mut unknown, mut near) = (room.met, room.unknown, room.near);
            let (some_met, some_unknown) = (!met.is_empty(), !unknown.is_empty());
            let some_near = !near.is_empty();
            for Marked { tile, sums, said } in &room.share.tiles {
                let ids = &*self.table.chunks[*tile as usize].ids;
                if some_met {
                    gather(lanes, &said.met, ids, met);
                    part(&mut met, sums.met as usize);
                }
                if some_unknown {
                    gather(lanes, &said.unknown, ids, unknown);
                    part(&mut unknown, sums.unknown as usize);
                }
                if some_near {
                    gather_near(said, ids, part(&mut near, sums.near as usize));
                }
            }
        }
    }
}

/// Cuts so many off the front.
fn part<'l, T>(list: &mut &'l mut [T], length: usize) -> &'l mut [T] {
    let (front, rest) = std::mem::take(list).split_at_mut(length);
    *list = rest;
    front
}

/// Lists the ids of the rows that a plane has set; places behind theirs may be written over.
#[inline(always)]
fn gather<L: Lanes>(lanes: L, plane: &Plane, ids: &[u64], places: &mut [u64]) {
    let (whole, rest) = ids.as_chunks::<64>();
    let mut at = 0;
    for (word, ids) in plane.iter().zip(whole) {
        at += lanes.pick(*word, ids, &mut places[at..]);
    }
    if !rest.is_empty() {
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        lanes.pick(plane[whole.len()], &last, &mut places[at..]);
    }
}

/// Lists the ids of the rows that miss one condition, of which there are as many as places.
#[inline(always)]
fn gather_near(said: &Said, ids: &[u64], places: &mut [(u64, Truth)]) {
    // by whether it is met, and whether it is unknown
    const VERDICTS: [Truth; 4] = [Truth::False, Truth::Unknown, Truth::True, Truth::True];
    let mut rest = places;
    for (word, from) in (0..WORDS).zip((0..).step_by(64)) {
        let (met, unknown) = (said.met[word], said.unknown[word]);
        let mut near = said.near[word];
        for place in part(&mut rest, near.count_ones() as usize) {
            let bit = near.trailing_zeros() % 64;
            near &= near.wrapping_sub(1);
            let verdict = (met >> bit & 1) << 1 | unknown >> bit & 1;
            *place = (ids[from + bit as usize], VERDICTS[verdict as usize]);
        }
    }
}
