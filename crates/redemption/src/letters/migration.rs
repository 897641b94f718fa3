//! The table of letters.

/// `content` is the letter as JSON, `digest` its SHA-256; `file` the PDF once somebody has asked for it.
pub(crate) const LETTERS: &str = "CREATE TABLE redemption_letter (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    case_id TEXT NOT NULL,
    number TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    place TEXT NOT NULL,
    item TEXT NOT NULL,
    item_name TEXT NOT NULL,
    organisation TEXT NOT NULL,
    fen BIGINT,
    decided_on TEXT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    issued_by TEXT NOT NULL,
    state TEXT NOT NULL,
    state_at TEXT NOT NULL,
    state_why TEXT NOT NULL,
    file TEXT,
    file_digest TEXT
);
CREATE INDEX redemption_letter_case ON redemption_letter (case_id, id);";
