//! The built program, as its users meet it: commands, pages in a browser, the API document.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod background;
mod bad_input;
mod calendar_commands;
mod demo;
mod help;
mod journey_cli;
mod kill;
mod match_commands;
mod message;
mod open311_commands;
mod openapi;
mod operations;
mod program;
mod public_pages;
mod public_view;
mod redemption_commands;
mod rules;
mod schema;
mod server;
mod snapshot;
mod verify;
mod visitor;
