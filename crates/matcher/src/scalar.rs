//! One item for one row of codes.

use zhida_rules::{Outcome, Truth};

use crate::program::{Atom, Codes, Program, Rule, Token};

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

impl Program {
    /// Adds the reasons of an item's verdict: each of its single conditions, negation included.
    /// Words for them are the interpreter's, see `ItemRules::explain`.
    ///
    /// # Panics
    /// When the item does not exist or the codes are of another program.
    pub fn reasons(&self, item: u32, codes: &Codes, reasons: &mut Vec<Reason>) {
        let tokens = self.rules[item as usize].verdict.iter();
        let literals = tokens.filter_map(|token| match token {
            Token::Literal(literal) => Some(literal),
            _ => None,
        });
        reasons.extend((0..).zip(literals).map(|(condition, literal)| {
            let atom = &self.atoms[literal.atom as usize];
            let code = codes.0[atom.dimension as usize];
            let truth = match atom.is_unknown(code) {
                true => Truth::Unknown,
                false if atom.accepts(code) != literal.negated => Truth::True,
                false => Truth::False,
            };
            Reason {
                item,
                condition,
                truth,
            }
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
