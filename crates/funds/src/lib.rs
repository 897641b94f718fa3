//! 资金: pools, the ledger, payment batches, receipts.
//!
//! Words: a *pool* 资金池 is what an item may spend in a year; a *claim* 用款 is what one case asks of it: *reserved* 预占 when
//! the case is decided, *committed* 锁定 when nothing stands in its way, *paid* 已拨付 when the bank says so. A *payment* 拨付 is
//! one part of a claim; a *batch* 拨付批次 is what is handed to the bank at once, drawn by one person and approved by another;
//! a *receipt* 回单 is what the bank says of one row; a *recovery* 追回 is what an enterprise has to give back.
//!
//! What holds at any moment, on both databases, however many write at once:
//! - of every pool, reserved + committed + paid is at most its amount: one conditional UPDATE a movement, a CHECK behind it;
//! - every balance is the sum of the append-only ledger ([`Kind`] says what each entry moves);
//! - a payment stands in one open batch at most, and is paid once.
//!
//! Other rooms ask for money by [`Funds`]' functions inside their own transactions, and give it two answers through
//! [`Funds::attend`]: whether a case may still be paid ([`LastCheck`]), and what to do when money moved ([`PaymentNews`]).

pub mod actions;
pub mod amount;
mod api;
mod error;
mod events;
mod files;
mod hooks;
mod migration;
mod model;
mod pages;
mod service;
mod store;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::room::{MenuItem, Room};

pub use error::Error;
pub use events::EVENTS;
pub use files::parse_yuan;
pub use hooks::{Items, LastCheck, MayPay, PaidPart, PaymentNews, Recovered, ReturnedPart};
pub use model::{
    Cap, Claim, Demand, Kind, KnownPayee, Money, Part, PayeeFault, PayeeForm, PaymentState, Pool,
    Recovery, Reservation, Settled, Standing, Waiting,
};
pub use service::{DrawnBatch, DrawnRow, FileFormat, Funds, NewPool, ReceiptReport};

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}

/// The room.
#[must_use]
pub fn room(funds: Arc<Funds>) -> Room {
    Room {
        name: "funds",
        api: api::routes(Arc::clone(&funds)),
        routes: pages::routes(funds),
        migrations: migrations(),
        menu: vec![
            MenuItem {
                label: "资金",
                href: pages::POOLS,
                action: Some(actions::READ),
            },
            MenuItem {
                label: "收款账户",
                href: pages::PAYEE,
                action: Some(actions::PAYEE),
            },
        ],
    }
}
