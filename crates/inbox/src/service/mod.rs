//! Use cases; pages and API call the same ones.

mod deliveries;
mod mail;
mod own;
mod templates;
mod webhooks;

use std::sync::Arc;

use zhida_platform::access::Viewer;
use zhida_platform::audit::{Actor, Entry};
use zhida_platform::clock::SharedClock;
use zhida_platform::db::Database;
use zhida_platform::messages::Messages;

pub(crate) use deliveries::{DeliveryFilters, delivery_columns};
pub(crate) use mail::CODE;
pub(crate) use own::{Choice, Chosen};
pub(crate) use webhooks::{EndpointView, NewEndpointForm};

/// 消息. Made once at start, after the migrations, and shared.
pub struct Inbox {
    pub(crate) db: Database,
    pub(crate) clock: SharedClock,
    pub(crate) messages: Messages,
}

impl Inbox {
    /// The room over a migrated database; the service must know [`crate::EVENTS`].
    #[must_use]
    pub fn new(db: Database, clock: SharedClock, messages: Messages) -> Arc<Self> {
        Arc::new(Self {
            db,
            clock,
            messages,
        })
    }

    /// The Chinese name of a kind of message; its slug when this program does not know it.
    pub(crate) fn event_name<'a>(&self, slug: &'a str) -> &'a str {
        let mut events = self.messages.events();
        events
            .find(|event| event.slug == slug)
            .map_or(slug, |event| event.name)
    }

    fn entry(&self, viewer: &Viewer, action: &'static str, kind: &'static str, id: &str) -> Entry {
        Entry::new(self.clock.now(), Actor::from(viewer), action, kind, id)
    }
}
