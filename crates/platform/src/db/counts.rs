//! Counts that were made, until what they count changes: every look at a list asks for one, and counting a
//! million rows takes longer than reading a page of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Counts that are kept.
const KEPT_MAX: usize = 2_000;

/// Counts of one version of what is counted, by query.
#[derive(Debug)]
pub struct Counts<V>(Mutex<(Option<V>, HashMap<String, u64>)>);

impl<V> Default for Counts<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: PartialEq + Copy> Counts<V> {
    /// The count of a query that was made at this version.
    #[must_use]
    pub fn get(&self, version: V, query: &str) -> Option<u64> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1
            .get(query)
            .copied()
            .filter(|_| kept.0 == Some(version))
    }

    /// Keeps a count; those of another version, or too many, go. The version was read before the count was made, so
    /// that what is counted is of this version or a later one, never of an earlier.
    pub fn put(&self, version: V, query: String, count: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != Some(version) || kept.1.len() >= KEPT_MAX {
            *kept = (Some(version), HashMap::new());
        }
        kept.1.insert(query, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_holds_for_its_version_and_query_only() {
        let counts = Counts::default();
        counts.put(1, "甲".to_owned(), 5);
        assert_eq!((counts.get(1, "甲"), counts.get(1, "乙")), (Some(5), None));
        assert_eq!(counts.get(2, "甲"), None);
        counts.put(2, "乙".to_owned(), 7);
        assert_eq!((counts.get(2, "甲"), counts.get(1, "乙")), (None, None));
        assert_eq!(counts.get(2, "乙"), Some(7));
    }
}
