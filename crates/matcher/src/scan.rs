//! One item → all enterprises.

use zhida_rules::Truth;

use crate::{
    cut::{Cutter, Local},
    error::MatcherError,
    kernel::{Bench, Place, Said, Sums},
    lanes::{Instructions, Lanes, Work},
    planes,
    store::Store,
    table::threads,
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
        let mut work: Vec<(u32, &Local)> = places
            .iter()
            .flat_map(|(tiles, local)| tiles.iter().map(move |tile| (*tile, local)))
            .collect();
        let share = work.len().div_ceil(threads()).max(TILES_A_THREAD);
        let scan = |work: &[(u32, &Local)]| {
            instructions.run(Scan {
                store: self,
                work,
                want,
            })
        };
        let first: Vec<_> = work.drain(..share.min(work.len())).collect();
        let found = std::thread::scope(|scope| {
            let others: Vec<_> = work
                .chunks(share)
                .map(|part| scope.spawn(move || scan(part)))
                .collect();
            let mut found = scan(&first);
            for other in others {
                match other.join() {
                    Ok(more) => found.join(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            found
        });
        Ok(found)
    }
}

/// One rule on some tiles.
struct Scan<'a> {
    store: &'a Store,
    work: &'a [(u32, &'a Local)],
    want: Want,
}

impl Work for Scan<'_> {
    type Output = ItemMatches;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> ItemMatches {
        let mut found = ItemMatches::default();
        let mut bench = Bench::new();
        for (tile, local) in self.work {
            let chunk = self.store.chunk(*tile);
            let place = Place {
                program: &self.store.program,
                local,
                chunk,
                tile: &self.store.tiles[*tile as usize],
            };
            bench.turn(place);
            let sums = bench.ask::<L, true, true>(lanes, place, &local.rules[0]);
            if sums.any() {
                found.note(&chunk.ids, &sums, bench.said(), self.want);
            }
        }
        found
    }
}

impl ItemMatches {
    #[inline(always)]
    fn note(&mut self, ids: &[u64], sums: &Sums, said: &Said, want: Want) {
        self.counts.add(sums);
        if want.met && sums.met > 0 {
            planes::each(&said.met, |row| self.met.push(ids[row]));
        }
        if want.unknown && sums.unknown > 0 {
            planes::each(&said.unknown, |row| self.unknown.push(ids[row]));
        }
        if want.near && sums.near > 0 {
            let parts = [
                (Truth::True, planes::both(&said.near, &said.met)),
                (Truth::Unknown, planes::both(&said.near, &said.unknown)),
                (
                    Truth::False,
                    planes::without(&planes::without(&said.near, &said.met), &said.unknown),
                ),
            ];
            for (verdict, part) in &parts {
                planes::each(part, |row| self.near.push((ids[row], *verdict)));
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.counts.join(&other.counts);
        self.met.extend(other.met);
        self.unknown.extend(other.unknown);
        self.near.extend(other.near);
    }
}
