//! One file per command.

pub mod demo;
pub mod generate;
pub mod import;
pub mod match_all;
pub mod matching;
pub mod rule;
pub mod rule_sql;
pub mod serve;
pub mod verify;

/// Writes a line to standard output. Unlike `println!` it gives an error when the reader of a pipe
/// went away.
fn say(text: impl std::fmt::Display) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{text}")
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well: exit code 0.
    Good,
    /// The command worked, what it checked is not all right: exit code 1.
    Bad,
}

impl Outcome {
    /// Good when `all_good`.
    pub fn of(all_good: bool) -> Self {
        if all_good { Self::Good } else { Self::Bad }
    }
}
