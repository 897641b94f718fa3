//! The rule language from text to verdict, over the shipped dictionary.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod archive;
mod exercise;
mod hostile;
mod language;
mod limits;
mod mutants;
mod shipped;

mod three_valued;
mod tools;
