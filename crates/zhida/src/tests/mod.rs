//! The program put together, asked in the process.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod appeals;
mod attacks;
mod city;
mod exports;
mod fuzz;
mod matrix;
mod meetings;
mod menu;
mod messages;
mod routes;
#[path = "../../tests/it/snapshot.rs"]
mod snapshot;
