//! What is constant where, and the order of conditions.

use std::ops::Range;

use crate::program::{Atom, Program, Rule, Token};

/// Which codes occur among some rows, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone {
    /// Lowest known code; above `high` when none is known.
    low: u16,
    high: u16,
    /// Does any row have no known value?
    unknown: bool,
}

impl Default for Zone {
    fn default() -> Self {
        Self {
            low: u16::MAX,
            high: 0,
            unknown: false,
        }
    }
}

/// An atom's truth for all rows of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Constant {
    True,
    False,
    Unknown,
    /// It differs from row to row.
    No,
}

impl Zone {
    /// Around the lowest known code (0 when none is), the highest, and whether any is unknown.
    pub fn of(least: Option<u16>, most: Option<u16>, unknown: bool) -> Self {
        match (least, most) {
            (Some(low @ 1..), Some(high)) => Self { low, high, unknown },
            _ => Self {
                unknown,
                ..Self::default()
            },
        }
    }

    pub fn include(&mut self, code: u16) {
        if code == 0 {
            self.unknown = true;
        } else {
            self.low = self.low.min(code);
            self.high = self.high.max(code);
        }
    }

    pub fn contains(self, code: u16) -> bool {
        match code {
            0 => self.unknown,
            code => self.low <= code && code <= self.high,
        }
    }

    pub fn join(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.unknown |= other.unknown;
    }

    /// What a list has for all the codes that may occur, when that is one and the same.
    pub fn only(self, list: &[u16]) -> Option<u16> {
        let known = match self.low <= self.high {
            true => &list[usize::from(self.low)..=usize::from(self.high)],
            false => &[],
        };
        let mut codes = known.iter().chain(self.unknown.then_some(&list[0]));
        let first = codes.next()?;
        codes.all(|code| code == first).then_some(*first)
    }

    /// Is any value unknown?
    pub fn any_unknown(self) -> bool {
        self.unknown
    }

    /// May a code lie in one of the ranges?
    pub fn meets(self, ranges: &[(u16, u16)]) -> bool {
        let mut ranges = ranges.iter();
        ranges.any(|(from, to)| *from <= self.high && self.low <= *to)
    }

    /// The truth of a condition with one range of codes that is unknown where no code is known.
    #[inline]
    pub fn within(self, from: u16, to: u16) -> Constant {
        if self.low > self.high {
            return Constant::Unknown;
        }
        let inside = from <= self.low && self.high <= to;
        let outside = self.high < from || to < self.low;
        match (inside, outside) {
            _ if self.unknown => Constant::No,
            (true, _) => Constant::True,
            (_, true) => Constant::False,
            (false, false) => Constant::No,
        }
    }

    pub fn constant(self, atom: &Atom) -> Constant {
        let nothing = match atom.known {
            true => Constant::False,
            false => Constant::Unknown,
        };
        if self.low > self.high {
            return nothing;
        }
        if self.meets(&atom.unsure) {
            return Constant::No;
        }
        let after = atom.ranges.partition_point(|(_, to)| *to < self.low);
        let known = match atom.ranges.get(after) {
            Some((from, to)) if *from <= self.low && self.high <= *to => Constant::True,
            Some((from, _)) if *from <= self.high => return Constant::No,
            _ => Constant::False,
        };
        if self.unknown && known != nothing {
            return Constant::No;
        }
        known
    }
}

/// A rule with the conditions first that fewest enterprises pass.
#[derive(Debug, Clone)]
pub(crate) struct Ordered {
    pub item: u32,
    pub rule: Rule,
}

/// Rules of one place, which nobody elsewhere can come near.
#[derive(Debug)]
pub(crate) struct PlaceRules {
    /// The condition on the place; `None` for rules without one.
    pub gate: Option<u32>,
    pub rules: Range<usize>,
}

/// All rules in the order in which they are computed.
#[derive(Debug)]
pub(crate) struct Order {
    pub rules: Vec<Ordered>,
    pub places: Vec<PlaceRules>,
    /// Where each item's rule is.
    pub positions: Vec<u32>,
}

impl Order {
    /// Rules of one place stand together, and among them those that begin alike, so that the planes
    /// of their conditions are still at hand when the next one asks.
    pub fn new(program: &Program, histograms: &[Vec<u32>]) -> Self {
        let rules = ordered(program, histograms);
        let gate = |ordered: &Ordered| gate(program, &ordered.rule);
        let key = |ordered: &Ordered| {
            let literals = ordered.rule.verdict.iter().take(3);
            let atoms = literals.map_while(|token| match token {
                Token::Literal(literal) => Some(literal.atom),
                _ => None,
            });
            (gate(ordered), atoms.collect::<Vec<_>>())
        };
        let mut sorted: Vec<&Ordered> = rules.iter().collect();
        sorted.sort_by_cached_key(|ordered| key(ordered));
        // Copied in this order, so that they also lie together.
        let sorted: Vec<Ordered> = sorted.into_iter().cloned().collect();
        let mut positions = vec![0; sorted.len()];
        for (position, ordered) in (0..).zip(&sorted) {
            positions[ordered.item as usize] = position;
        }
        let mut places = Vec::new();
        let mut start = 0;
        for rules in sorted.chunk_by(|a, b| gate(a) == gate(b)) {
            places.push(PlaceRules {
                gate: gate(&rules[0]),
                rules: start..start + rules.len(),
            });
            start += rules.len();
        }
        Self {
            rules: sorted,
            places,
            positions,
        }
    }
}

/// The condition on the place without which nobody meets a rule, nor nearly meets it.
pub(crate) fn gate(program: &Program, rule: &Rule) -> Option<u32> {
    // A distance of its own may leave the place out.
    let plain = rule.distance.is_none();
    let mut parts = parts(&rule.verdict).filter(|_| plain);
    parts.find_map(|part| match part {
        [Token::Literal(literal)] if literal.fixed && !literal.negated => {
            let dimension = program.atoms[literal.atom as usize].dimension;
            (Some(dimension) == program.place).then_some(literal.atom)
        }
        _ => None,
    })
}

fn ordered(program: &Program, histograms: &[Vec<u32>]) -> Vec<Ordered> {
    let count = |codes: &[u32]| codes.iter().map(|count| u64::from(*count)).sum::<u64>();
    let rows = histograms.first().map_or(0, |histogram| count(histogram));
    let possible: Vec<(u64, u64)> = program
        .atoms
        .iter()
        .map(|atom| {
            let histogram = &histograms[atom.dimension as usize];
            let inside = atom
                .ranges
                .iter()
                .map(|(from, to)| count(&histogram[usize::from(*from)..=usize::from(*to)]));
            let unknown = if atom.known { 0 } else { histogram[0] };
            (inside.sum(), unknown.into())
        })
        .collect();
    let passing = |tokens: &[Token]| match tokens {
        [Token::Literal(literal)] => {
            let (inside, unknown) = possible[literal.atom as usize];
            if literal.negated {
                rows - inside
            } else {
                inside + unknown
            }
        }
        // A group costs more than it is likely to refuse.
        _ => rows + 1,
    };
    let sorted = |tokens: &[Token]| {
        let mut parts: Vec<&[Token]> = parts(tokens).collect();
        parts.sort_by_key(|part| passing(part));
        parts.concat().into_boxed_slice()
    };
    let rules = (0..).zip(&program.rules).map(|(item, rule)| Ordered {
        item,
        rule: Rule {
            verdict: sorted(&rule.verdict),
            distance: rule.distance.as_deref().map(sorted),
            manual: rule.manual,
        },
    });
    rules.collect()
}

/// The parts of a group, each a literal or a whole group.
pub(crate) fn parts(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let mut rest = tokens;
    std::iter::from_fn(move || {
        let length = match rest.first()? {
            Token::Literal(_) => 1,
            Token::All(length) | Token::Any(length) => 1 + *length as usize,
        };
        let (part, after) = rest.split_at(length);
        rest = after;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_constant_as_the_atom_is() {
        for (low, high, unknown) in (0..6_u16).flat_map(|low| {
            let both = move |high| [(low, high, false), (low, high, true)];
            (0..6).flat_map(both)
        }) {
            let zone = Zone::of(Some(low), Some(high), unknown);
            for (from, to) in (1..6).flat_map(|from| (from..6).map(move |to| (from, to))) {
                let atom = Atom {
                    dimension: 0,
                    ranges: [(from, to)].into(),
                    unsure: [].into(),
                    known: false,
                };
                let found = zone.within(from, to);
                assert_eq!(found, zone.constant(&atom), "{zone:?} {from} {to}");
            }
        }
    }
}
