//! 消息: everybody's inbox and preferences; webhooks, deliveries and templates for those who run Zhida.
//!
//! Words: a *message* 消息 tells somebody what happened; a *delivery* 发送记录 is one try to bring it to one person or
//! system; a *preference* 接收方式 is a person's choice for one kind of message and channel; an *endpoint* 推送地址 is
//! another system's address for webhooks. The tables and rules of all these are the platform's
//! ([`zhida_platform::messages`]); the room shows them and adds the codes that prove an e-mail address.
//!
//! An enterprise's inbox belongs to the enterprise and a role's to the role: who joins later sees what came before.
//! No message holds personal data (the platform's rule), so whoever may read the inbox may read all of it.

pub mod actions;
mod api;
mod error;
mod migration;
mod pages;
mod service;
mod store;
mod unread;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::messages::EventKind;
use zhida_platform::room::{MenuItem, Room};

pub use error::Error;
pub use service::Inbox;
pub use unread::counted;

/// What the room itself tells: the code that proves an e-mail address.
pub const EVENTS: &[&EventKind] = &[&service::CODE];

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}

/// The room.
#[must_use]
pub fn room(inbox: Arc<Inbox>) -> Room {
    Room {
        name: "inbox",
        api: api::routes(Arc::clone(&inbox)),
        routes: pages::routes(inbox),
        migrations: migrations(),
        menu: vec![
            MenuItem {
                label: "消息",
                href: pages::MESSAGES,
                action: Some(actions::OWN),
            },
            MenuItem {
                label: "消息发送",
                href: pages::DELIVERIES,
                action: Some(actions::MANAGE),
            },
        ],
    }
}
