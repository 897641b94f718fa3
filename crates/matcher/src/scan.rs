//! One item → all enterprises.

use zhida_rules::Truth;

use crate::{
    cut::{Cutter, Local},
    error::MatcherError,
    kernel::{ALL, Bench, Place, Said, Sums},
    lanes::{Instructions, Lanes, Work},
    planes,
    store::Store,
    table::threads,
};

/// So many tiles are worth a thread of their own.
const TILES_A_THREAD: usize = 192;
/// So many ids are worth several threads.
const IDS_A_THREAD: usize = 100_000;

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
        let mut cutter = Cutter::new(&self.program.atoms);
        let places: Vec<(&[u32], Local)> = self
            .segments()
            .filter_map(|(tiles, zones)| {
                let mut local = Local::default();
                cutter.cut([rule], zones, &mut local);
                (!local.rules.is_empty()).then_some((tiles, local))
            })
            .collect();
        let work: Vec<(u32, &Local)> = places
            .iter()
            .flat_map(|(tiles, local)| tiles.iter().map(move |tile| (*tile, local)))
            .collect();
        let share = work.len().div_ceil(threads()).max(TILES_A_THREAD);
        let shares = side_by_side(work.chunks(share).collect(), |work| {
            instructions.run(Scan {
                store: self,
                work,
                want,
            })
        });
        found.take(self, &shares, want);
        Ok(())
    }
}

/// Does the same with every part, the first on this thread and each other on one of its own.
fn side_by_side<P: Send, T: Send>(parts: Vec<P>, each: impl Fn(P) -> T + Sync) -> Vec<T> {
    let each = &each;
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else {
        return Vec::new();
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = parts.map(|part| scope.spawn(move || each(part))).collect();
        let mut all = vec![each(first)];
        for other in others {
            match other.join() {
                Ok(more) => all.push(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

/// One rule on some tiles.
struct Scan<'a> {
    store: &'a Store,
    work: &'a [(u32, &'a Local)],
    want: Want,
}

/// What a rule says of some tiles.
#[derive(Default)]
struct Share {
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
    type Output = Share;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Share {
        let mut share = Share::default();
        let mut bench = Bench::new();
        for (tile, local) in self.work {
            let place = Place {
                program: &self.store.program,
                local,
                chunk: self.store.chunk(*tile),
                tile: &self.store.tiles[*tile as usize],
            };
            bench.turn(place);
            let sums = bench.ask::<L, true, ALL>(lanes, place, &local.rules[0]);
            share.counts.add(&sums);
            share.near += sums.near as usize;
            if self.want.any(&sums) {
                share.tiles.push(Marked {
                    tile: *tile,
                    sums,
                    said: bench.said().clone(),
                });
            }
        }
        share
    }
}

/// The places of the lists that one share of the tiles fills.
struct Room<'a> {
    share: &'a Share,
    met: &'a mut [u64],
    unknown: &'a mut [u64],
    near: &'a mut [(u64, Truth)],
}

impl ItemMatches {
    /// Replaces what was found. Memory that an earlier answer left is written over, not cleared.
    fn take(&mut self, store: &Store, shares: &[Share], want: Want) {
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
        let (mut met, mut unknown) = (&mut *self.met, &mut *self.unknown);
        let mut near = &mut *self.near;
        let rooms = shares.iter().map(|share| Room {
            share,
            met: part(&mut met, wanted(want.met, share.counts.met)),
            unknown: part(&mut unknown, wanted(want.unknown, share.counts.unknown)),
            near: part(&mut near, wanted(want.near, share.near as u64)),
        });
        let rooms: Vec<Room<'_>> = rooms.collect();
        let ids = rooms.iter().map(Room::len).sum::<usize>();
        match ids < IDS_A_THREAD {
            true => rooms.into_iter().for_each(|room| room.fill(store)),
            false => drop(side_by_side(rooms, |room| room.fill(store))),
        }
    }
}

impl Room<'_> {
    fn len(&self) -> usize {
        self.met.len() + self.unknown.len() + self.near.len()
    }

    fn fill(self, store: &Store) {
        let (mut met, mut unknown, mut near) = (self.met, self.unknown, self.near);
        let (some_met, some_unknown) = (!met.is_empty(), !unknown.is_empty());
        let some_near = !near.is_empty();
        for Marked { tile, sums, said } in &self.share.tiles {
            let ids = &*store.chunk(*tile).ids;
            if some_met {
                gather(&said.met, ids, part(&mut met, sums.met as usize));
            }
            if some_unknown {
                gather(
                    &said.unknown,
                    ids,
                    part(&mut unknown, sums.unknown as usize),
                );
            }
            if some_near {
                let list = part(&mut near, sums.near as usize);
                let set =
                    |plane: &planes::Plane, row: usize| plane[row / 64] >> (row % 64) & 1 == 1;
                for (place, row) in list.iter_mut().zip(planes::rows(&said.near)) {
                    let verdict = match (set(&said.met, row), set(&said.unknown, row)) {
                        (true, _) => Truth::True,
                        (false, true) => Truth::Unknown,
                        (false, false) => Truth::False,
                    };
                    *place = (ids[row], verdict);
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

/// The ids of the rows that a plane has set, of which there are as many as places.
fn gather(plane: &planes::Plane, ids: &[u64], places: &mut [u64]) {
    let mut at = 0;
    for (word, from) in plane.iter().zip((0..).step_by(64)) {
        if *word == u64::MAX {
            places[at..at + 64].copy_from_slice(&ids[from..from + 64]);
            at += 64;
            continue;
        }
        let mut rest = *word;
        while rest != 0 {
            places[at] = ids[from + rest.trailing_zeros() as usize];
            at += 1;
            rest &= rest - 1;
        }
    }
}
