//! The engine equals the interpreter.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod agreement;
mod beside;
mod boundary;
mod engine;
mod limits;
mod one_enterprise;
mod random;
mod snapshot;
mod tools;
