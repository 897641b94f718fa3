//! The room through its front door, on both databases where rows matter.
#![allow(clippy::unwrap_used)] // a failed test may panic

mod access;
mod browser;
mod contacts;
mod handing;
mod hierarchy;
mod identities;
mod impostors;
mod own;
mod providers;
mod signing;
mod tokens;
mod world;
