//! Runs the built program.

use std::{
    ffi::OsStr,
    process::{Command, Output},
};

pub const ZHIDA: &str = env!("CARGO_BIN_EXE_zhida");

/// What a run of the program gave.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Standard output as JSON lines.
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Standard output as one JSON value.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}\nstdout: {}\nstderr: {}", self.out, self.err))
    }

    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.out, self.err
        );
        self
    }
}

pub fn zhida(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(ZHIDA)
        .args(arguments)
        .env_remove("ZHIDA_CONFIG")
        .output()
        .unwrap();
    Ran {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}
