//! The room's table; append only.

use zhida_platform::db::{MigrationSet, step};

/// Steps of the room.
pub(crate) const MIGRATIONS: MigrationSet = MigrationSet {
    room: "inbox",
    steps: &[step("001-mail-check", MAIL_CHECK)],
};

/// One code of an account at a time; of the code its digest.
const MAIL_CHECK: &str = "CREATE TABLE inbox_mail_check (
    account TEXT NOT NULL PRIMARY KEY,
    mail TEXT NOT NULL,
    digest TEXT NOT NULL,
    tries BIGINT NOT NULL,
    asked_at TEXT NOT NULL
)";
