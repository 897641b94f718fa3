//! One item → all enterprises.

use zhida_rules::Truth;

use crate::{
    error::MatcherError,
    kernel::{Bench, Said},
    plan::{Cutter, Local},
    planes,
    store::Store,
};

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
    pub(crate) fn add(&mut self, said: &Said) {
        let [met, unknown, near] = said.any;
        if met {
            self.met += planes::count(&said.met);
        }
        if unknown {
            self.unknown += planes::count(&said.unknown);
        }
        if near {
            let open = planes::count(&planes::both(&said.near, &said.unknown));
            self.near_unknown += open;
            self.near_unmet += planes::count(&planes::without(&said.near, &said.met)) - open;
        }
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

impl Store<'_, '_> {
    /// Verdicts of all enterprises on one item.
    ///
    /// # Errors
    /// When the item does not exist.
    pub fn one_item(&self, item: u32, want: Want) -> Result<ItemMatches, MatcherError> {
        let rule = self
            .rules
            .get(item as usize)
            .ok_or(MatcherError::NoSuchItem {
                item,
                items: self.rules.len(),
            })?;
        let mut found = ItemMatches::default();
        let mut local = Local::default();
        let mut bench = Bench::new();
        let mut cutter = Cutter::new(&self.program.atoms);
        for (number, segment) in self.segments.iter().enumerate() {
            let zones = self.segment_zones(number);
            let rules = std::iter::once((item, rule));
            cutter.cut(rules, zones, true, &mut local);
            let Some(rule) = local.rules.first() else {
                continue;
            };
            for tile in segment.tiles.clone() {
                bench.turn(self, tile, &local);
                if let Some(said) = bench.ask::<true>(self, &local, rule) {
                    self.note(tile, &said, want, &mut found);
                }
            }
        }
        Ok(found)
    }

    fn note(&self, tile: usize, said: &Said, want: Want, found: &mut ItemMatches) {
        found.counts.add(said);
        let start = self.tiles[tile].start;
        let id = |row: usize| self.ids[start + row];
        if want.met {
            found.met.extend(planes::rows(&said.met).map(id));
        }
        if want.unknown {
            found.unknown.extend(planes::rows(&said.unknown).map(id));
        }
        if want.near {
            let verdict = |row: usize| {
                let bit = |plane: &planes::Plane| plane[row / 64] >> (row % 64) & 1 == 1;
                match (bit(&said.met), bit(&said.unknown)) {
                    (true, _) => Truth::True,
                    (_, true) => Truth::Unknown,
                    _ => Truth::False,
                }
            };
            let near = planes::rows(&said.near);
            found.near.extend(near.map(|row| (id(row), verdict(row))));
        }
    }
}
