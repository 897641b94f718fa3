//! 惠企政策库: policy documents, their items at the smallest granularity with the 30 elements of
//! domain-rules §2.4, and the rules that decide who gets what.
//!
//! Words: a *document* 政策文件 has *items* 政策事项; an item is published in *revisions* 版本 that
//! never change; the *catalogue* holds all published items compiled, for matching. An item is a
//! draft 草稿 until its first publication, which gives it its number (直达-2026-000123), and may be
//! withdrawn 撤下; expired items stay visible.

mod analysis;
mod api;
mod applying;
mod attachments;
mod catalogue;
mod diff;
mod document;
mod editor;
mod elements;
mod error;
mod forms;
pub mod import;
pub mod lint;
mod migration;
mod model;
mod pages;
mod preview;
mod query;
mod read;
pub mod rights;
#[cfg(test)]
mod sample;
mod service;
mod store;
mod view;
mod vocabulary;
mod yaml;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::files::FileStore;
use zhida_platform::room::{MenuItem, Room};

pub use analysis::{amount_text, formula_texts};
pub use applying::{Applications, Applying, Way};
pub use catalogue::{BrokenItem, Catalogue, PublishedItem};
pub use diff::{FieldChange, diff};
pub use elements::{ELEMENTS, Element, missing};
pub use error::Error;
pub use model::{
    EXPIRING_DAYS, ItemElements, PolicyDocument, PolicyEntry, REVIEW_DAYS, WHOLE_COUNTRY,
    industry_name, region_name,
};
pub use preview::{Preview, PreviewResult};
pub use query::{Facet, Query, QueryText};
pub use read::Issue;
pub use service::{Checked, Policies, Shown};
pub use store::{FacetCount, ItemRecord, ListRow, Revision, reindex};
pub use vocabulary::{
    Category, Delivery, DeliveryBasis, ItemState, Level, SourceQuality, Status, Theme, Validity,
};

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}

/// The room; `files` keeps what is attached to documents, `preview` tells whom rules under edit would reach, when another
/// room can.
#[must_use]
pub fn room(policies: Arc<Policies>, files: FileStore, preview: Option<Arc<dyn Preview>>) -> Room {
    let attachments = attachments::Attachments {
        policies: Arc::clone(&policies),
        files,
    };
    Room {
        name: "policies",
        api: api::routes(Arc::clone(&policies)),
        routes: pages::routes(pages::App {
            policies,
            attachments,
            preview,
        }),
        migrations: migrations(),
        menu: vec![MenuItem {
            label: "惠企政策",
            href: "/policies",
            action: Some(rights::READ),
        }],
    }
}
