//! The room on both databases, through the front door.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod browser;
mod meeting;
mod papers;
mod series;
mod tasks;
mod world;
