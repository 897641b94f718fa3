//! The room on both databases: schemes, 免申即享, applications, through the front door.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod application;
mod browser;
mod browser_desk;
mod closure;
mod desk;
mod letters;
mod notice;
mod overlap;
mod payment;
mod scheme;
mod scoring;
mod shipped;
mod world;
