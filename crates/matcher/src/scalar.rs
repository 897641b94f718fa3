//! One item for one row of codes.

use zhida_rules::{Outcome, Truth};

use crate::{
    lower::Literal,
    program::{Atom, Codes, Program, Rule, Token},
};

/// What an engine says of an item and an enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The verdict.
    pub verdict: Truth,
    /// How many conditions are missing, as [`Outcome::distance`]; 2 means two or more.
    pub distance: u8,
}

impl Finding {
    /// 只差一项.
    pub fn is_near_miss(self) -> bool {
        self.distance == 1
    }
}

impl From<Outcome> for Finding {
    fn from(outcome: Outcome) -> Self {
        Self {
            verdict: outcome.verdict,
            distance: outcome.distance.min(2) as u8,
        }
    }
}

impl Program {
    /// The finding on one item.
    ///
    /// # Panics
    /// When the item does not exist or the codes are of another program.
    pub fn finding(&self, item: u32, codes: &Codes) -> Finding {
        finding(&self.rules[item as usize], &self.atoms, &codes.0)
    }
}

/// What one single condition of an item is to one enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reason {
    /// The item.
    pub item: u32,
    /// The condition's position among the single conditions of the item, in the order of its text
    /// (of its alternatives written out, when it branches).
    pub condition: u32,
    /// Is it met?
    pub truth: Truth,
}

/// The single conditions of all items, packed so that giving reasons reads a line of memory or two
/// for each item.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    list: Vec<Check>,
    /// Where those of each item end.
    ends: Vec<u32>,
}

/// A single condition: a range of the codes of one dimension, or an atom of another form.
#[derive(Debug, Clone, Copy)]
struct Check {
    /// With [`Check::ATOM`]: the number of an atom, in two halves.
    from: u16,
    width: u16,
    dimension: u16,
    flags: u16,
}

impl Check {
    const NEGATED: u16 = 1;
    /// False, rather than unknown, when nothing is known.
    const KNOWN: u16 = 2;
    const ATOM: u16 = 4;

    fn of(literal: Literal, atoms: &[Atom]) -> Self {
        let atom = &atoms[literal.atom as usize];
        let negated = if literal.negated { Self::NEGATED } else { 0 };
        let known = if atom.known { Self::KNOWN } else { 0 };
        match (&*atom.ranges, u16::try_from(atom.dimension)) {
            ([(from, to)], Ok(dimension)) if atom.unsure.is_empty() && *from > 0 => Self {
                from: *from,
                width: to - from,
                dimension,
                flags: negated | known,
            },
            _ => Self {
                from: literal.atom as u16,
                width: (literal.atom >> 16) as u16,
                dimension: 0,
                flags: negated | Self::ATOM,
            },
        }
    }

    #[inline]
    fn truth(self, atoms: &[Atom], codes: &[u16]) -> Truth {
        let negated = self.flags & Self::NEGATED != 0;
        let (unknown, inside) = if self.flags & Self::ATOM == 0 {
            let code = codes[usize::from(self.dimension)];
            (
                code == 0 && self.flags & Self::KNOWN == 0,
                code.wrapping_sub(self.from) <= self.width,
            )
        } else {
            let atom = &atoms[usize::from(self.from) | usize::from(self.width) << 16];
            let code = codes[atom.dimension as usize];
            (atom.is_unknown(code), atom.accepts(code))
        };
        match (unknown, inside != negated) {
            (true, _) => Truth::Unknown,
            (false, true) => Truth::True,
            (false, false) => Truth::False,
        }
    }
}

impl Checks {
    pub fn of(rules: &[Rule], atoms: &[Atom]) -> Self {
        let mut checks = Self::default();
        for rule in rules {
            let literals = rule.verdict.iter().filter_map(|token| match token {
                Token::Literal(literal) => Some(Check::of(*literal, atoms)),
                _ => None,
            });
            checks.list.extend(literals);
            checks.ends.push(checks.list.len() as u32);
        }
        checks
    }

    #[inline]
    fn item(&self, item: u32) -> &[Check] {
        let item = item as usize;
        let from = item.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.list[from as usize..self.ends[item] as usize]
    }
}

impl Program {
    /// Adds the reasons of an item's verdict: each of its single conditions, negation included.
    /// Words for them are the interpreter's, see `ItemRules::explain`.
    ///
    /// # Panics
    /// When the item does not exist or the codes are of another program.
    #[inline]
    pub fn reasons(&self, item: u32, codes: &Codes, reasons: &mut Vec<Reason>) {
        let checks = (0..).zip(self.checks.item(item));
        reasons.extend(checks.map(|(condition, check)| Reason {
            item,
            condition,
            truth: check.truth(&self.atoms, &codes.0),
        }));
    }
}

/// Possible (not known to fail), certain, and missing conditions up to 2.
#[derive(Debug, Clone, Copy)]
struct State {
    certain: bool,
    possible: bool,
    missing: u8,
}

pub(crate) fn finding(rule: &Rule, atoms: &[Atom], codes: &[u16]) -> Finding {
    let state = all(&rule.verdict, atoms, codes);
    let missing = match &rule.distance {
        Some(distance) => all(distance, atoms, codes).missing,
        None => state.missing,
    };
    let verdict = match state {
        State {
            possible: false, ..
        } => Truth::False,
        State { certain: true, .. } if !rule.manual => Truth::True,
        _ => Truth::Unknown,
    };
    Finding {
        verdict,
        distance: missing,
    }
}

fn all(tokens: &[Token], atoms: &[Atom], codes: &[u16]) -> State {
    let mut sum = State {
        certain: true,
        possible: true,
        missing: 0,
    };
    let mut rest = tokens;
    while let Some(part) = next(&mut rest, atoms, codes) {
        sum.certain &= part.certain;
        sum.possible &= part.possible;
        sum.missing = (sum.missing + part.missing).min(2);
        if !sum.possible && sum.missing == 2 {
            break;
        }
    }
    sum
}

fn any(tokens: &[Token], atoms: &[Atom], codes: &[u16]) -> State {
    let mut best = State {
        certain: false,
        possible: false,
        missing: 2,
    };
    let mut rest = tokens;
    while let Some(part) = next(&mut rest, atoms, codes) {
        best.certain |= part.certain;
        best.possible |= part.possible;
        best.missing = best.missing.min(part.missing);
        if best.certain && best.missing == 0 {
            break;
        }
    }
    best
}

fn next(rest: &mut &[Token], atoms: &[Atom], codes: &[u16]) -> Option<State> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(match first {
        Token::Literal(literal) => {
            let atom = &atoms[literal.atom as usize];
            let code = codes[atom.dimension as usize];
            let (unknown, met) = (atom.is_unknown(code), atom.accepts(code) != literal.negated);
            State {
                certain: met && !unknown,
                possible: met || unknown,
                missing: match (unknown, met) {
                    (true, _) => 1,
                    (false, true) => 0,
                    (false, false) => 1 + u8::from(literal.fixed),
                },
            }
        }
        Token::All(length) => {
            let (inside, after) = rest.split_at(*length as usize);
            *rest = after;
            all(inside, atoms, codes)
        }
        Token::Any(length) => {
            let (inside, after) = rest.split_at(*length as usize);
            *rest = after;
            any(inside, atoms, codes)
        }
    })
}
