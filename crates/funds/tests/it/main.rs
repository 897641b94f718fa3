//! Tests of the room: the ledger under concurrency, batches and receipts, pages and API on both databases, a browser.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod again;
mod bank;
mod browser;
mod ledger;
mod many;
mod payments;
mod world;
