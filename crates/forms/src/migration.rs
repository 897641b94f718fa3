//! The crate's tables; append only.

use zhida_platform::db::{MigrationSet, step};

pub(crate) const MIGRATIONS: MigrationSet = MigrationSet {
    room: "forms",
    steps: &[step("001-drafts", DRAFTS), step("002-sessions", SESSIONS)],
};

/// `content`: answers and marks, sealed; `digest`: SHA-256 of `content` as it stands there.
/// `saved_tab`, `tab_base`: who saved last, and from which version on nobody else did.
/// `form_aside`: what came too late and was kept. `form_submission`: what was sent, round by round.
const DRAFTS: &str = "CREATE TABLE form_draft (
    id TEXT NOT NULL PRIMARY KEY,
    enterprise TEXT NOT NULL,
    purpose TEXT NOT NULL,
    form TEXT NOT NULL,
    version BIGINT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    started_at TEXT NOT NULL,
    started_by TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_tab TEXT NOT NULL,
    tab_base BIGINT NOT NULL,
    UNIQUE (enterprise, purpose)
);
CREATE TABLE form_aside (
    draft TEXT NOT NULL,
    tab TEXT NOT NULL,
    base BIGINT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    kept_at TEXT NOT NULL,
    kept_by TEXT NOT NULL,
    PRIMARY KEY (draft, tab)
);
CREATE TABLE form_submission (
    id TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    round BIGINT NOT NULL,
    enterprise TEXT NOT NULL,
    form TEXT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    submitted_at TEXT NOT NULL,
    submitted_by TEXT NOT NULL,
    UNIQUE (subject, round)
)";

/// Whose saves the last audit record of a save stands for, and since when.
const SESSIONS: &str = "ALTER TABLE form_draft ADD COLUMN recorded_by TEXT NOT NULL DEFAULT '';
ALTER TABLE form_draft ADD COLUMN recorded_at TEXT NOT NULL DEFAULT ''";
