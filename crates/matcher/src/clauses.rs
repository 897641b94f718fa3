//! Rules as alternatives of single conditions, for the index.

use crate::{
    lower::Literal,
    plan::parts,
    program::{Rule, Token},
};

/// Alternatives that a rule may be written out to; a larger one is indexed by the conditions that
/// all alternatives share, and looked at again.
const CLAUSES_MAX: usize = 8;
const LITERALS_MAX: usize = 64;

/// Conditions that are all needed.
pub(crate) type Clause = Vec<Literal>;

/// A rule's clauses.
pub(crate) struct Clauses {
    pub list: Vec<Clause>,
    /// Do the clauses say everything that the rule says?
    pub whole: bool,
}

/// “And” distributes over “or” in Kleene's logic, and so do sums over minima, so the clauses have
/// the rule's verdict (the best of theirs) and distance (the least). What people verify comes on top.
pub(crate) fn clauses(rule: &Rule) -> Clauses {
    let written_out = match &rule.distance {
        None => product(&rule.verdict),
        Some(_) => None,
    };
    match written_out {
        Some(list) => Clauses { list, whole: true },
        None => Clauses {
            list: vec![shared(rule)],
            whole: false,
        },
    }
}

/// The literals that every alternative needs, of the verdict and of the distance alike.
fn shared(rule: &Rule) -> Clause {
    let literals = |tokens: &[Token]| -> Clause {
        parts(tokens)
            .filter_map(|part| match part {
                [Token::Literal(literal)] => Some(*literal),
                _ => None,
            })
            .collect()
    };
    let mut shared = literals(&rule.verdict);
    if let Some(distance) = &rule.distance {
        let needed = literals(distance);
        shared.retain(|literal| needed.contains(literal));
    }
    shared.truncate(LITERALS_MAX);
    shared
}

fn product(tokens: &[Token]) -> Option<Vec<Clause>> {
    let mut list = vec![Clause::new()];
    for part in parts(tokens) {
        let alternatives = alternatives(part)?;
        if list.len() * alternatives.len() > CLAUSES_MAX {
            return None;
        }
        list = list
            .iter()
            .flat_map(|clause| {
                let joined = |more: &Clause| [clause.as_slice(), more].concat();
                alternatives.iter().map(joined).collect::<Vec<_>>()
            })
            .collect();
        if list.iter().any(|clause| clause.len() > LITERALS_MAX) {
            return None;
        }
    }
    Some(list)
}

fn alternatives(part: &[Token]) -> Option<Vec<Clause>> {
    match part {
        [Token::Literal(literal)] => Some(vec![vec![*literal]]),
        [Token::Any(_), inside @ ..] => {
            let mut list = Vec::new();
            for part in parts(inside) {
                list.extend(alternatives(part)?);
                if list.len() > CLAUSES_MAX {
                    return None;
                }
            }
            Some(list)
        }
        [_, inside @ ..] => product(inside),
        [] => None,
    }
}
