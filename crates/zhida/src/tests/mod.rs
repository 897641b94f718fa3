//! The program put together, asked in the process.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod matrix;
mod routes;
#[path = "../../tests/it/snapshot.rs"]
mod snapshot;
