use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Error;
use super::chain::Head;
use crate::db::Database;

/// The end of the chain at some moment, to be kept where nobody with the database can reach it.
///
/// As text it is one line of JSON; a file of checkpoints holds one a line and is only ever appended to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Number of the last record.
    pub no: i64,
    /// Its hash.
    pub hash: String,
    /// When the checkpoint was taken.
    pub at: DateTime<Utc>,
}

impl Checkpoint {
    /// The end of the chain now; `at` is the caller's clock.
    ///
    /// # Errors
    /// When the database does not answer or the chain has no head.
    pub async fn take(db: &Database, at: DateTime<Utc>) -> Result<Self, Error> {
        let head = Head::read(db.conn()).await?.ok_or(Error::NoHead)?;
        Ok(Self {
            no: head.no,
            hash: head.hash,
            at,
        })
    }

    /// The line for the file, with its line break.
    #[must_use]
    pub fn to_line(&self) -> String {
        let value = serde_json::json!({ "no": self.no, "hash": self.hash, "at": self.at });
        format!("{value}\n")
    }

    /// All checkpoints of a file; empty lines are passed over.
    ///
    /// # Errors
    /// When a line is none.
    pub fn read_all(text: &str) -> Result<Vec<Self>, Error> {
        text.lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| {
                serde_json::from_str::<Self>(line)
                    .ok()
                    .filter(Self::is_possible)
                    .ok_or(Error::Checkpoint { line: index + 1 })
            })
            .collect()
    }

    fn is_possible(&self) -> bool {
        self.no >= 0
            && self.hash.len() == 64
            && self.hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_checkpoints_round_trips_and_tells_its_bad_line() {
        let one = Checkpoint {
            no: 3,
            hash: "a".repeat(64),
            at: DateTime::UNIX_EPOCH,
        };
        let text = format!("{}\n{}", one.to_line(), one.to_line());
        let read = Checkpoint::read_all(&text).expect("our own lines");
        assert_eq!(read, [one.clone(), one.clone()]);
        for bad in [
            "x",
            "{}",
            r#"{"no":1,"hash":"","at":"1970-01-01T00:00:00Z"}"#,
        ] {
            let error = Checkpoint::read_all(&format!("{}{bad}", one.to_line()));
            assert!(matches!(error, Err(Error::Checkpoint { line: 2 })), "{bad}");
        }
    }
}
