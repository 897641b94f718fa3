//! 惠企政策库: policy documents, their items at the smallest granularity with the 30 elements of
//! domain-rules §2.4, and the rules that decide who gets what.
//!
//! Words: a *document* 政策文件 has *items* 政策事项; an item is published in *revisions* 版本 that
//! never change; the *catalogue* holds all published items compiled, for matching. An item is a
//! draft 草稿 until its first publication, which gives it its number (直达-2026-000123), and may be
//! withdrawn 撤下; expired items stay visible.

mod analysis;
mod catalogue;
mod elements;
mod error;
pub mod import;
pub mod lint;
mod migration;
mod model;
mod query;
mod read;
#[cfg(test)]
mod sample;
mod service;
mod store;
mod vocabulary;
mod yaml;

use zhida_platform::db::MigrationSet;

pub use analysis::{amount_text, formula_texts};
pub use catalogue::{BrokenItem, Catalogue, PublishedItem};
pub use elements::{ELEMENTS, Element, missing};
pub use error::Error;
pub use model::{
    EXPIRING_DAYS, ItemElements, PolicyDocument, PolicyEntry, REVIEW_DAYS, WHOLE_COUNTRY,
    industry_name, region_name,
};
pub use query::{Facet, Query, QueryText};
pub use read::Issue;
pub use service::{Checked, Policies, Shown};
pub use store::{FacetCount, ItemRecord, ListRow, Revision};
pub use vocabulary::{
    Category, Delivery, DeliveryBasis, ItemState, Level, SourceQuality, Status, Theme, Validity,
};

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}
