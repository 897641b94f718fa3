//! Use cases; pages, API, command line and other rooms call the same ones.

mod batches;
mod claims;
mod command;
mod payees;
mod payments;
mod pools;
mod receipts;
mod recoveries;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{Actor, Entry};
use zhida_platform::clock::SharedClock;
use zhida_platform::db::Database;
use zhida_platform::ids;
use zhida_platform::messages::Messages;

pub(crate) use batches::{Checked, DrawForm, ROWS_MAX};
pub use command::{DrawnBatch, DrawnRow, FileFormat, ReceiptReport};
pub(crate) use payments::{PaymentFilters, payment_columns};
pub use pools::NewPool;
pub(crate) use pools::{PoolFilters, pool_columns};
pub(crate) use receipts::{BYTES_MAX, Taken};

use crate::hooks::{Items, LastCheck, PaymentNews};

/// 资金. Made once at start, after the migrations, and shared.
pub struct Funds {
    pub(crate) db: Database,
    pub(crate) clock: SharedClock,
    pub(crate) messages: Messages,
    room: OnceLock<Room>,
}

/// The room whose cases are paid.
struct Room {
    check: Arc<dyn LastCheck>,
    items: Arc<dyn Items>,
    news: Arc<dyn PaymentNews>,
}

impl Funds {
    /// The room over a migrated database; the service must know [`crate::EVENTS`].
    #[must_use]
    pub fn new(db: Database, clock: SharedClock, messages: Messages) -> Arc<Self> {
        Arc::new(Self {
            db,
            clock,
            messages,
            room: OnceLock::new(),
        })
    }

    /// Lets the room whose cases are paid say which items there are, answer before money leaves, and hear when it moved.
    /// Once, at start: a second call changes nothing and answers false. Until then nothing can be drawn.
    pub fn attend(
        &self,
        check: Arc<dyn LastCheck>,
        items: Arc<dyn Items>,
        news: Arc<dyn PaymentNews>,
    ) -> bool {
        self.room.set(Room { check, items, news }).is_ok()
    }

    fn items(&self) -> Option<&dyn Items> {
        self.room.get().map(|room| &*room.items)
    }

    fn check(&self) -> Option<&dyn LastCheck> {
        self.room.get().map(|room| &*room.check)
    }

    fn news(&self) -> Option<&dyn PaymentNews> {
        self.room.get().map(|room| &*room.news)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    fn year(&self) -> i32 {
        self.today().year()
    }

    /// The current date in Asia/Shanghai, for forms.
    pub(crate) fn day(&self) -> NaiveDate {
        self.today()
    }

    fn new_id(&self) -> String {
        ids::next(self.now()).to_string()
    }

    fn entry(&self, viewer: &Viewer, action: &'static str, kind: &'static str, id: &str) -> Entry {
        Entry::new(self.now(), Actor::from(viewer), action, kind, id)
    }
}
