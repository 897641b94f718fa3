//! Tables of the room; append only.

use zhida_platform::db::{MigrationSet, step};

/// Steps of the room.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    room: "office",
    steps: &[step("001-verification", VERIFICATION)],
};

/// What each verification of the audit found, and the end of the chain that it left as a checkpoint.
const VERIFICATION: &str = "CREATE TABLE office_verification (
    id TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    whole BOOLEAN NOT NULL,
    checked BIGINT NOT NULL,
    findings BIGINT NOT NULL,
    words TEXT NOT NULL,
    checkpoint_no BIGINT NOT NULL,
    checkpoint_hash TEXT NOT NULL,
    checkpoint_at TEXT NOT NULL
);";
