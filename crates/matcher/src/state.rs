//! The state of a condition for some rows, in registers.
//!
//! A condition has three planes: *certain* (met), *possible* (met or unknown) and *far* (two or more
//! conditions missing). Kleene's “and” and “or” are the bitwise ones on the first two; a row
//! misses nothing where it is certain, so that sums and minima of missing conditions, up to two,
//! are bitwise too:
//!
//! ```text
//!            and                                        or
//! certain    a & b                                      a | b
//! possible   a & b                                      a | b
//! far        a | b | (¬certain a & ¬certain b)          a & b
//! ```

use crate::{lanes::Lanes, planes::Part};

/// What is asked of a condition: where it is certain, which is one plane;
pub(crate) const CERTAIN: u8 = 0;
/// the verdict, which is two;
pub(crate) const VERDICT: u8 = 1;
/// the distance too.
pub(crate) const DISTANCE: u8 = 2;

/// The state of a condition for `N` parts of a tile.
#[derive(Clone, Copy)]
pub(crate) struct State<L: Lanes, const N: usize> {
    certain: [L::Word; N],
    possible: [L::Word; N],
    far: [L::Word; N],
}

/// An atom's planes for `N` parts, and whether the literal is negated and fixed as masks, so that nothing
/// branches on them.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'p, const N: usize> {
    pub yes: &'p [Part; N],
    pub unknown: &'p [Part; N],
    pub negated: u64,
    pub fixed: u64,
}

/// What a state says of a part.
#[derive(Clone, Copy)]
pub(crate) struct Answer<L: Lanes> {
    pub met: L::Word,
    pub unknown: L::Word,
    pub near: L::Word,
}

impl<L: Lanes, const N: usize> State<L, N> {
    /// The neutral of an “and” over some rows; the others are far.
    #[inline(always)]
    pub fn all(lanes: L, inside: &[Part; N]) -> Self {
        let mut state = Self::any(lanes);
        state.certain = words::<L, N>(lanes, inside);
        state.possible = state.certain;
        for i in 0..N {
            state.far[i] = lanes.not(state.certain[i]);
        }
        state
    }

    /// The neutral of an “and” within a group.
    #[inline(always)]
    pub fn every(lanes: L) -> Self {
        Self {
            certain: [lanes.splat(u64::MAX); N],
            possible: [lanes.splat(u64::MAX); N],
            far: [lanes.splat(0); N],
        }
    }

    /// The neutral of an “or”.
    #[inline(always)]
    pub fn any(lanes: L) -> Self {
        Self {
            certain: [lanes.splat(0); N],
            possible: [lanes.splat(0); N],
            far: [lanes.splat(u64::MAX); N],
        }
    }

    /// A literal.
    #[inline(always)]
    pub fn literal(lanes: L, seen: Seen<'_, N>) -> Self {
        let mut state = Self::any(lanes);
        let negated = lanes.splat(seen.negated);
        let plain = lanes.splat(!seen.negated);
        let fixed = lanes.splat(seen.fixed);
        for i in 0..N {
            let yes = lanes.word(&seen.yes[i]);
            let unknown = lanes.word(&seen.unknown[i]);
            let certain = lanes.or(yes, lanes.and(unknown, negated));
            let possible = lanes.or(yes, lanes.and(unknown, plain));
            state.certain[i] = lanes.xor(certain, negated);
            state.possible[i] = lanes.xor(possible, negated);
            state.far[i] = lanes.and(lanes.not(state.possible[i]), fixed);
        }
        state
    }

    /// Adds a part to an “and”.
    #[inline(always)]
    pub fn and<const WHAT: u8>(&mut self, lanes: L, part: &Self) {
        for i in 0..N {
            if WHAT >= DISTANCE {
                let missing = lanes.not(lanes.or(self.certain[i], part.certain[i]));
                self.far[i] = lanes.or(self.far[i], lanes.or(part.far[i], missing));
            }
            self.certain[i] = lanes.and(self.certain[i], part.certain[i]);
            if WHAT >= VERDICT {
                self.possible[i] = lanes.and(self.possible[i], part.possible[i]);
            }
        }
    }

    /// Adds a part to an “or”.
    #[inline(always)]
    pub fn or<const WHAT: u8>(&mut self, lanes: L, part: &Self) {
        for i in 0..N {
            self.certain[i] = lanes.or(self.certain[i], part.certain[i]);
            if WHAT >= VERDICT {
                self.possible[i] = lanes.or(self.possible[i], part.possible[i]);
            }
            if WHAT >= DISTANCE {
                self.far[i] = lanes.and(self.far[i], part.far[i]);
            }
        }
    }

    /// Where it is certain.
    #[inline(always)]
    pub fn certain(&self, i: usize) -> L::Word {
        self.certain[i]
    }

    /// What it says of one part; the machine settles nothing unless `settled` is all ones.
    #[inline(always)]
    pub fn answer(&self, lanes: L, i: usize, settled: u64) -> Answer<L> {
        let met = lanes.and(self.certain[i], lanes.splat(settled));
        Answer {
            met,
            unknown: lanes.and(self.possible[i], lanes.not(met)),
            near: lanes.not(lanes.or(self.certain[i], self.far[i])),
        }
    }

    /// Parts that it takes when it is put aside.
    pub const ASIDE: usize = 3 * N;

    /// Puts it aside, as parts, of which there is room for enough.
    #[inline(always)]
    pub fn save<const WHAT: u8>(&self, lanes: L, aside: &mut [Part]) {
        if let [certain, possible, far, ..] = aside.as_chunks_mut::<N>().0 {
            for i in 0..N {
                certain[i] = lanes.part(self.certain[i]);
                if WHAT >= VERDICT {
                    possible[i] = lanes.part(self.possible[i]);
                }
                if WHAT >= DISTANCE {
                    far[i] = lanes.part(self.far[i]);
                }
            }
        }
    }

    /// Takes back what was put aside.
    #[inline(always)]
    pub fn restore<const WHAT: u8>(lanes: L, aside: &[Part]) -> Self {
        let mut state = Self::any(lanes);
        if let [certain, possible, far, ..] = aside.as_chunks::<N>().0 {
            state.certain = words::<L, N>(lanes, certain);
            if WHAT >= VERDICT {
                state.possible = words::<L, N>(lanes, possible);
            }
            if WHAT >= DISTANCE {
                state.far = words::<L, N>(lanes, far);
            }
        }
        state
    }
}

#[inline(always)]
fn words<L: Lanes, const N: usize>(lanes: L, parts: &[Part; N]) -> [L::Word; N] {
    let mut words = [lanes.splat(0); N];
    for i in 0..N {
        words[i] = lanes.word(&parts[i]);
    }
    words
}
