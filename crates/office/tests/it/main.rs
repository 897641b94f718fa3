//! The room through its front door, on both databases where rows matter.
#![allow(clippy::unwrap_used)] // a failed test may panic

mod audit;
mod browser;
mod calendar;
mod chain;
mod files;
mod jobs;
mod world;
