//! The room through its public doors, on both databases.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;
mod views;

mod bad_input;
mod import;
mod import_job;
mod listing;
mod narrow;
mod pages;
mod precedence;
mod reach;
