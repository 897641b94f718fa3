//! The room on both databases: schemes, 免申即享, applications, through the front door.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod applicable;
mod application;
mod bank;
mod browser;
mod browser_desk;
mod clawback;
mod closure;
mod desk;
mod desk_api;
mod escalation;
mod evaluation;
mod letters;
mod lists;
mod money;
mod notice;
mod overlap;
mod own;
mod payment;
mod reports;
mod scheme;
mod scoring;
mod shipped;
mod talk;
mod way;
mod world;
