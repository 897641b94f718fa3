//! Tables of the room; append only.

use zhida_platform::db::{MigrationSet, step};

/// Steps of the room.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    room: "redemption",
    steps: &[
        step("001-redemption", REDEMPTION),
        step("002-letters", crate::letters::MIGRATION),
        step("003-notice", crate::notice::MIGRATION),
        step("004-desk", crate::desk::MIGRATION),
        step("005-list-owners", crate::closure::list_store::OWNERS),
        step("006-clawback", crate::clawback::store::CLAWBACK),
        step("007-time", crate::reports::TIME),
        step("008-figures", crate::evaluation::FIGURES),
        step("009-report", crate::reports::REPORT),
        step("010-sent-back", SENT_BACK),
    ],
};

/// What the bank sent back of a case; and answers of cases that nobody applied for in the form of the others.
const SENT_BACK: &str =
    "ALTER TABLE redemption_case ADD COLUMN sent_back_fen BIGINT NOT NULL DEFAULT 0;
UPDATE redemption_case SET answers = '[]' WHERE answers = '{}';";

const REDEMPTION: &str = "CREATE TABLE redemption_scheme (
    item TEXT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    delivery TEXT NOT NULL,
    release_by TEXT NOT NULL,
    paused BOOLEAN NOT NULL,
    draft TEXT,
    draft_by TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE redemption_scheme_revision (
    item TEXT NOT NULL REFERENCES redemption_scheme (item),
    revision BIGINT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    item_revision BIGINT NOT NULL,
    published_at TEXT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (item, revision)
);
CREATE TABLE redemption_list (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    department TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE TABLE redemption_list_entry (
    list TEXT NOT NULL REFERENCES redemption_list (id),
    enterprise TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (list, enterprise)
);
CREATE TABLE redemption_candidate (
    id TEXT NOT NULL PRIMARY KEY,
    item TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    period TEXT NOT NULL,
    state TEXT NOT NULL,
    fen BIGINT,
    fen_before BIGINT,
    blocked_by TEXT NOT NULL,
    case_id TEXT,
    seen_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    UNIQUE (item, enterprise, period)
);
CREATE INDEX redemption_candidate_list ON redemption_candidate (item, state, id);
CREATE INDEX redemption_candidate_enterprise ON redemption_candidate (enterprise);
CREATE TABLE redemption_case (
    case_id TEXT NOT NULL PRIMARY KEY,
    item TEXT NOT NULL,
    item_name TEXT NOT NULL,
    item_revision BIGINT NOT NULL,
    scheme_revision BIGINT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    place TEXT NOT NULL,
    period TEXT NOT NULL,
    slot TEXT UNIQUE,
    origin TEXT NOT NULL,
    filed_by TEXT NOT NULL,
    agent TEXT NOT NULL,
    filed_at TEXT NOT NULL,
    judgement TEXT NOT NULL,
    answers TEXT NOT NULL,
    fen BIGINT,
    fen_decided BIGINT,
    rechecked_at TEXT,
    recheck TEXT,
    decision TEXT,
    paid_fen BIGINT NOT NULL,
    parts BIGINT NOT NULL
);
CREATE INDEX redemption_case_item ON redemption_case (item, case_id);
CREATE INDEX redemption_case_enterprise ON redemption_case (enterprise, case_id);
CREATE TABLE redemption_turn (
    enterprise TEXT NOT NULL PRIMARY KEY,
    turns BIGINT NOT NULL
);
CREATE TABLE redemption_rating (
    case_id TEXT NOT NULL PRIMARY KEY REFERENCES redemption_case (case_id),
    item TEXT NOT NULL,
    grade BIGINT NOT NULL,
    words TEXT NOT NULL,
    rated_at TEXT NOT NULL,
    rated_by TEXT NOT NULL
);
CREATE INDEX redemption_rating_item ON redemption_rating (item);";
