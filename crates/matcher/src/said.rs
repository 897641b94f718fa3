//! What a rule says of a tile.

use crate::planes::{Plane, ZEROS};

/// Rows that are kept of an answer: none are.
pub(crate) const NONE: u8 = 0;
/// Those that meet the rule.
pub(crate) const MET: u8 = 1;
/// All that it says something of.
pub(crate) const ALL: u8 = 2;

/// What a rule says of the rows of a tile.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub met: Plane,
    pub unknown: Plane,
    pub near: Plane,
}

/// How many rows of a tile a rule says what of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub met: u32,
    pub unknown: u32,
    pub near_unmet: u32,
    pub near_unknown: u32,
    /// All that miss one condition, whatever the verdict; of one tile.
    pub near: u32,
}

impl Sums {
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.met | self.unknown | self.near != 0
    }

    #[inline(always)]
    pub fn join(&mut self, other: &Self) {
        self.met += other.met;
        self.unknown += other.unknown;
        self.near_unmet += other.near_unmet;
        self.near_unknown += other.near_unknown;
    }
}

impl Said {
    /// Nothing of anybody.
    pub const NOTHING: Self = Self {
        met: ZEROS,
        unknown: ZEROS,
        near: ZEROS,
    };
}
