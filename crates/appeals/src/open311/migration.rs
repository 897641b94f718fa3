//! The table of keys. The requests themselves are appeals; what only Open311 knows of them stands in `appeal_intake.geo`.

/// `digest` is all that is kept of a key. `batch`: it is answered with tokens.
pub(crate) const MIGRATION: &str = "CREATE TABLE appeal_open311_key (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    batch BOOLEAN NOT NULL,
    made_at TEXT NOT NULL,
    made_by TEXT NOT NULL,
    used_at TEXT,
    ended_at TEXT
);";
