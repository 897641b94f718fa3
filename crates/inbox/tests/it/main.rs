//! Tests of the room: its pages and API on both databases, a real mail server, a real receiver of webhooks, a browser.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod browser;
mod mail;
mod mute;
mod office;
mod own;
mod world;
