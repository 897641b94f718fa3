//! The room on both databases, through the front door.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod agree;
mod bad;
mod browser_desk;
mod browser_intake;
mod browser_open311;
mod handling;
mod intake;
mod journey;
mod kept;
mod memory;
mod numbers;
mod on_time;
mod open311;
mod parts;
mod presets;
mod queue;
mod refused;
mod setup;
mod talk;
mod themes;
mod visits;
mod voices;
mod world;
