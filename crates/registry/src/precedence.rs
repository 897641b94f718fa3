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
    (!origin.is_computed(), origin.as_of, owns(attribute, department), origin.batch)
}

/// Whether the department owns the attribute: 市场监管, 市场监管局 and 某市市场监管局 are the same owner.
fn owns(attribute: &Attribute, department: &str) -> bool {
    department.contains(attribute.department.as_str())
}

/// Compares an incoming statement with the current one.
pub(crate) fn decide(
    current: (Rank, &Value),
    incoming: (Rank, &Value),
) -> Decision {
    let ((current_rank, current), (incoming_rank, incoming)) = (current, incoming);
    if current == incoming {
        let without_batch = |rank: Rank| (rank.0, rank.1, rank.2);
        return match without_batch(incoming_rank) > without_batch(current_rank) {
            true => Decision::Adopt,
            false => Decision::Same,
        };
    }
    if incoming_rank > current_rank { Decision::Adopt } else { Decision::Lose }
}
