//! Verdicts: is a condition met, and how far is it from being met?

use serde::{Serialize, Serializer};

use crate::{Dictionary, Expr, evaluate::Context};

/// The distance of what cannot be changed (a place, a founding date).
pub const OUT_OF_REACH: u32 = 1_000_000;

/// 符合, 不符合 or 信息不足.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Truth {
    /// 不符合.
    False,
    /// 信息不足.
    Unknown,
    /// 符合.
    True,
}

impl From<Option<bool>> for Truth {
    fn from(truth: Option<bool>) -> Self {
        match truth {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => Truth::Unknown,
        }
    }
}

impl Truth {
    /// `Some(true)`, `Some(false)` or `None`.
    pub fn known(self) -> Option<bool> {
        match self {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Unknown => None,
        }
    }

    /// The word on screens.
    pub fn word(self) -> &'static str {
        match self {
            Truth::True => "符合",
            Truth::False => "不符合",
            Truth::Unknown => "信息不足",
        }
    }
}

impl Serialize for Truth {
    /// `true`, `false` or `null`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.known().serialize(serializer)
    }
}

/// A verdict and its distance: the least number of single conditions, not yet known to be met,
/// that would have to become met.
///
/// A single condition counts 0 when it is met and 1 otherwise; [`OUT_OF_REACH`] when it is not met
/// and rests on fixed attributes only. “And” adds the distances of its parts, “or” takes the
/// smallest. A distance of 1 is a near miss (只差一项): one condition is not met when the verdict
/// is 不符合, and one is unknown when it is 信息不足.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Truth,
    /// See above.
    pub distance: u32,
}

impl Outcome {
    pub(crate) fn and(parts: impl Iterator<Item = Outcome>) -> Outcome {
        parts.fold(
            Outcome {
                verdict: Truth::True,
                distance: 0,
            },
            |sum, part| Outcome {
                verdict: sum.verdict.min(part.verdict),
                distance: sum.distance.saturating_add(part.distance).min(OUT_OF_REACH),
            },
        )
    }

    pub(crate) fn or(parts: impl Iterator<Item = Outcome>) -> Outcome {
        let start = Outcome {
            verdict: Truth::False,
            distance: OUT_OF_REACH,
        };
        parts.fold(start, |best, part| Outcome {
            verdict: best.verdict.max(part.verdict),
            distance: best.distance.min(part.distance),
        })
    }

    /// 只差一项.
    pub fn is_near_miss(self) -> bool {
        self.distance == 1
    }
}

/// A condition taken apart: joined from parts, or single. Negation is pushed to the single ones.
pub(crate) enum Shape<'e> {
    /// All parts are needed; each with its own negation.
    All(Vec<(&'e Expr, bool)>),
    /// One part is enough.
    Any(Vec<(&'e Expr, bool)>),
    /// `if c then a else b`: (c and a) or (not c and b).
    Branches(&'e Expr, (&'e Expr, bool), (&'e Expr, bool)),
    /// A single condition, possibly negated.
    Single(&'e Expr, bool),
}

pub(crate) fn shape(expr: &Expr, negated: bool) -> Shape<'_> {
    match (expr, negated) {
        (Expr::Not(inner), _) => shape(inner, !negated),
        (Expr::All(list), false) | (Expr::Any(list), true) => {
            Shape::All(list.iter().map(|part| (part, negated)).collect())
        }
        (Expr::Any(list), false) | (Expr::All(list), true) => {
            Shape::Any(list.iter().map(|part| (part, negated)).collect())
        }
        (Expr::If(condition, yes, no), _) => {
            Shape::Branches(condition, (yes, negated), (no, negated))
        }
        (single, _) => Shape::Single(single, negated),
    }
}

impl Context<'_> {
    /// Verdict and distance of a condition.
    pub(crate) fn outcome(&self, expr: &Expr, negated: bool) -> Outcome {
        match shape(expr, negated) {
            Shape::All(parts) => {
                Outcome::and(parts.into_iter().map(|(part, n)| self.outcome(part, n)))
            }
            Shape::Any(parts) => {
                Outcome::or(parts.into_iter().map(|(part, n)| self.outcome(part, n)))
            }
            Shape::Branches(condition, (yes, ny), (no, nn)) => {
                let when = |negated, (branch, n): (&Expr, bool)| {
                    Outcome::and(
                        [self.outcome(condition, negated), self.outcome(branch, n)].into_iter(),
                    )
                };
                let either =
                    Outcome::or([when(false, (yes, ny)), when(true, (no, nn))].into_iter());
                let truth = self.truth(expr).map(|truth| truth != negated);
                Outcome {
                    verdict: truth.into(),
                    distance: either.distance,
                }
            }
            Shape::Single(single, negated) => {
                let verdict = Truth::from(self.truth(single).map(|truth| truth != negated));
                Outcome {
                    verdict,
                    distance: self.single_distance(single, verdict),
                }
            }
        }
    }

    fn single_distance(&self, single: &Expr, verdict: Truth) -> u32 {
        match verdict {
            Truth::True => 0,
            Truth::Unknown => 1,
            Truth::False if self.is_fixed(single) => OUT_OF_REACH,
            Truth::False => 1,
        }
    }

    /// As [`is_fixed`].
    pub(crate) fn is_fixed(&self, single: &Expr) -> bool {
        is_fixed(self.env.dictionary, self.locals, single)
    }
}

/// Does a condition rest on attributes only that an enterprise cannot change? `locals` are the
/// item's intermediate quantities.
pub fn is_fixed(dictionary: &Dictionary, locals: &[Expr], single: &Expr) -> bool {
    let mut fixed = true;
    single.visit(&mut |expr| match expr {
        Expr::Attribute(index, _) => fixed &= dictionary.attribute(*index).fixed,
        // Each names only those before it.
        Expr::Local(position) => {
            fixed = fixed
                && locals
                    .get(*position)
                    .is_none_or(|local| is_fixed(dictionary, &locals[..*position], local));
        }
        _ => {}
    });
    fixed
}
