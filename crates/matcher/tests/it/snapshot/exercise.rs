//! What fuzzing does with the Parquet file of a snapshot; `fuzz/` does the same with other inputs.

use std::sync::Arc;

use zhida_matcher::snapshot;
use zhida_rules::{Dictionary, Kind, Value};

/// Reads bytes as a table and looks at all of it; were they one?
pub fn enterprises(dictionary: &Arc<Dictionary>, bytes: &[u8]) -> bool {
    let Ok(table) = snapshot::parse(dictionary, bytes.to_vec()) else {
        return false;
    };
    let ids: Vec<u64> = table.ids().collect();
    assert_eq!(ids.len(), table.len());
    for id in ids {
        let facts = table.facts(id).expect("every id has its facts");
        for ((index, _), fact) in facts.iter() {
            let kind = dictionary.attribute(*index).kind;
            let fits = match fact.value {
                Value::Bool(_) => kind == Kind::Bool,
                Value::Number(_) => kind == Kind::Number,
                Value::Date(_) => kind == Kind::Date,
                Value::Set(_) => kind == Kind::Set,
                Value::Text(_) => {
                    !matches!(kind, Kind::Bool | Kind::Number | Kind::Date | Kind::Set)
                }
            };
            assert!(fits, "a {kind:?} is {:?}", fact.value);
        }
    }
    true
}
