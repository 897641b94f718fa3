//! The room on both databases: matches, what-if, lists that equal their counts and exports, pages
//! and API through the front door.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod amounts;
mod api;
mod browser;
mod eligible;
mod engine;
mod lists;
mod matches;
mod news;
mod pages;
mod reach;
mod restart;
mod support;
mod tell;
mod views;
