//! How alike two texts are, in words, and what is asked for.

use serde::{Deserialize, Serialize};

/// How alike two texts are, closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The same letters and digits in the same order.
    Copy,
    /// Nearly the same words, and no number or place that contradicts.
    NearCopy,
    /// Nearly the same words, but each has a number or the name of a place for itself: a form filled in by somebody
    /// else, or another road. Never merged unseen.
    OtherDetails,
    /// Words in common, the rarer the more they count.
    Similar,
}

/// A text that is like the one asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike<T> {
    /// The id under which it was added.
    pub id: u128,
    /// What came with it.
    pub attributes: T,
    /// In which way it is alike.
    pub likeness: Likeness,
    /// Pairs in common of all pairs of both (Jaccard), per mille.
    pub overlap: u16,
    /// Cosine of the pairs weighed by rarity, per mille.
    pub cosine: u16,
}

/// What counts as alike, per mille.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Least overlap of a near copy, 100 to 1000.
    pub near: u16,
    /// Least part of the shorter text that lies in the longer one, for a near copy.
    pub contained: u16,
    /// Least cosine of a similar text; above 1000 finds copies only. Short texts that speak of one thing in different
    /// words have 80 to 200.
    pub similar: u16,
    /// Texts that are given back at most, closest first.
    pub limit: usize,
}

impl Default for Ask {
    fn default() -> Self {
        Ask {
            near: 600,
            contained: 900,
            similar: 80,
            limit: 20,
        }
    }
}

impl<T> Alike<T> {
    pub(super) fn strength(&self) -> (u16, u16) {
        match self.likeness {
            Likeness::Similar => (self.cosine, self.overlap),
            _ => (self.overlap, self.cosine),
        }
    }
}
