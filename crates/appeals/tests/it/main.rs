//! The room on both databases, through the front door.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod bad;
mod browser_desk;
mod browser_intake;
mod handling;
mod intake;
mod journey;
mod kept;
mod numbers;
mod on_time;
mod open311;
mod presets;
mod refused;
mod setup;
mod talk;
mod themes;
mod voices;
mod world;
