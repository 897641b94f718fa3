//! The tables of intake.

/// `appeal_intake` is how an appeal came: one row beside each. `code` is its check code, sealed, for whoever sends the same
/// request again; `digest` recognises the same text from the same source (nothing of the sender can be read from it).
pub(crate) const MIGRATION: &str = "CREATE TABLE appeal_intake (
    case_id TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    made_at TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    code TEXT NOT NULL,
    details TEXT NOT NULL,
    geo TEXT
);
CREATE INDEX appeal_intake_source ON appeal_intake (source, made_at);
CREATE INDEX appeal_intake_digest ON appeal_intake (digest, made_at);
CREATE TABLE appeal_source (
    source TEXT NOT NULL PRIMARY KEY,
    turns BIGINT NOT NULL
);
CREATE TABLE appeal_code (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    made_at TEXT NOT NULL,
    made_by TEXT NOT NULL,
    ended_at TEXT
);
CREATE TABLE appeal_intake_settings (
    revision BIGINT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    made_at TEXT NOT NULL,
    made_by TEXT NOT NULL
);";

/// One row: the secret in `appeal_intake.digest`, sealed.
pub(crate) const SALT: &str = "CREATE TABLE appeal_salt (
    id BIGINT NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL
);";
