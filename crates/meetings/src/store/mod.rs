//! The only code that touches the database.

pub(crate) mod meetings;
pub(crate) mod series;
pub(crate) mod tasks;

use chrono::{DateTime, NaiveDate, Utc};
use zhida_platform::clock::parse_instant;

use crate::error::Error;

fn day(text: &str, what: &'static str) -> Result<NaiveDate, Error> {
    text.parse().map_err(|_| Error::Stored(what))
}

fn instant(text: &str, what: &'static str) -> Result<DateTime<Utc>, Error> {
    parse_instant(text).ok_or(Error::Stored(what))
}

/// One row was changed, or somebody else was faster.
fn one(changed: u64, what: &'static str) -> Result<(), Error> {
    match changed {
        1 => Ok(()),
        _ => Err(Error::Stale(what)),
    }
}
