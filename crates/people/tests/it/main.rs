//! The room through its front door, on both databases where rows matter.
#![allow(clippy::unwrap_used)] // a failed test may panic

mod access;
mod browser;
mod handing;
mod signing;
mod tokens;
mod world;
