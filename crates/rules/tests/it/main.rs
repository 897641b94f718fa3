//! The rule language from text to verdict, over the shipped dictionary.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod hostile;
mod language;
mod shipped;

mod three_valued;
mod tools;
