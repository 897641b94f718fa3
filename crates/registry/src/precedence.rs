//! Which of two statements about the same fact is current.
//!
//! The rule, in this order:
//! 1. what somebody stated wins over what the system computed;
//! 2. the later as-of date (数据日期) wins;
//! 3. on the same date the word of the department that owns the attribute wins;
//! 4. then the later batch.
//!
//! So for statements of different dates the current value does not depend on the order in which
//! they arrive. The losing statement is kept in the history.

use chrono::NaiveDate;
use zhida_rules::{Attribute, Value};

use crate::document::Origin;

/// What becomes of an incoming statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It becomes the current one.
    Adopt,
    /// It is the same or confirms an earlier day: nothing to store.
    Same,
    /// It says something else but loses.
    Lose,
}

/// A statement's weight; larger wins.
pub(crate) type Rank = (bool, Option<NaiveDate>, bool, i64);

/// The weight of a statement by `department`.
pub(crate) fn rank(attribute: &Attribute, origin: Origin, department: &str) -> Rank {
    (
        !origin.is_computed(),
        origin.as_of,
        owns(attribute, department),
        origin.batch,
    )
}

/// Whether the department owns the attribute: 市场监管, 市场监管局 and 某市市场监管局 are the same owner.
fn owns(attribute: &Attribute, department: &str) -> bool {
    department.contains(attribute.department.as_str())
}

/// Compares an incoming statement with the current one.
pub(crate) fn decide(current: (Rank, &Value), incoming: (Rank, &Value)) -> Decision {
    let ((current_rank, current), (incoming_rank, incoming)) = (current, incoming);
    if current == incoming {
        let without_batch = |rank: Rank| (rank.0, rank.1, rank.2);
        return match without_batch(incoming_rank) > without_batch(current_rank) {
            true => Decision::Adopt,
            false => Decision::Same,
        };
    }
    if incoming_rank > current_rank {
        Decision::Adopt
    } else {
        Decision::Lose
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zhida_rules::Dictionary;

    use super::*;

    proptest! {
        /// Statements of distinct dates: the same is current in the end, in whatever order they come.
        #[test]
        fn the_order_of_arrival_does_not_matter(
            statements in proptest::collection::vec((0_i64..4, any::<bool>(), 0_i64..3), 1..8),
            keys in proptest::collection::vec(any::<u32>(), 8),
        ) {
            let dictionary = Dictionary::shipped();
            let attribute = dictionary.attribute(dictionary.find("revenue").expect("shipped"));
            let ranked: Vec<(Rank, Value)> = statements.iter().enumerate().map(|(at, (computed, owner, value))| {
                // one batch makes one statement about a fact; 0 is the system's own
                let batch = if *computed == 0 { 0 } else { at as i64 + 1 };
                let origin = Origin { batch, as_of: NaiveDate::from_ymd_opt(2025, 1, at as u32 + 1) };
                (rank(attribute, origin, if *owner { "税务" } else { "统计" }), Value::Number((*value).into()))
            }).collect();
            let run = |order: &[usize]| {
                let mut current: Option<(Rank, Value)> = None;
                for at in order {
                    let (rank, value) = &ranked[*at];
                    let adopt = current.as_ref().is_none_or(|(old, held)| {
                        decide((*old, held), (*rank, value)) == Decision::Adopt
                    });
                    if adopt {
                        current = Some((*rank, value.clone()));
                    }
                }
                current.map(|(_, value)| value)
            };
            let mut best: Vec<usize> = (0..ranked.len()).collect();
            best.sort_by_key(|at| ranked[*at].0);
            let greatest = best.last().map(|at| ranked[*at].0);
            // two statements of the system about one fact cannot differ
            prop_assume!(greatest.is_some_and(|(given, ..)| given));
            let in_order: Vec<usize> = (0..ranked.len()).collect();
            let mut shuffled = in_order.clone();
            shuffled.sort_by_key(|at| keys[*at]);
            prop_assert_eq!(run(&in_order), run(&shuffled));
        }
    }
}
