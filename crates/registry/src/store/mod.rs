//! The only files of the room that touch the database.

mod batch;
mod enterprise;
mod query;
mod reindex;
mod tag;
mod write;

pub(crate) use batch::{
    NewBatch, Progressed, advance, batch, batch_goes_on, batch_of_job, batches, create_batch,
    departments, running_batch, take_over,
};
pub(crate) use enterprise::{
    Stored, StoredEnterprise, changed_after, currents, enterprise, facts_after, history,
    known_losers, names, of_codes, tags_of, version,
};
pub(crate) use query::{StoredRow, Texts, condition, count, list, seqs};
pub use reindex::reindex;
pub(crate) use tag::{insert_rule, replace_tags, rules, set_active, tag_counts, tags_after};
pub(crate) use write::{
    drop_list_indexes, lacks_list_indexes, lock, restore_list_indexes, write_chunk,
};

use zhida_platform::search::Index;

/// The index of names.
pub(crate) const NAMES: Index = Index {
    table: "enterprise_search",
};

/// An unknown value's storage form is the empty text.
pub(crate) fn known(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// An instant of the storage form; one that is damaged reads as the beginning of time.
pub(crate) fn instant(text: &str) -> chrono::DateTime<chrono::Utc> {
    zhida_platform::clock::parse_instant(text).unwrap_or(chrono::DateTime::UNIX_EPOCH)
}
