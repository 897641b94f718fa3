//! Tables of the room; append only.

use zhida_platform::db::{MigrationSet, step};

/// Steps of the room.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    room: "appeals",
    steps: &[
        step("001-appeals", APPEALS),
        step("002-intake", crate::intake::MIGRATION),
        step("003-open311", crate::open311::MIGRATION),
        step("004-themes", crate::themes::MIGRATION),
        step("005-extensions", EXTENSIONS),
        step("006-salt", crate::intake::SALT),
    ],
};

/// `appeal_voice.case_id` is the case that a voice belongs to now, `origin` the one it was submitted as: merging changes
/// the first, nothing changes the second. `appeal_body` says which bodies had to do with a case: whoever was asked once
/// keeps seeing it. `late` is set when a stage of the offices was left after its due date, and never taken back.
const APPEALS: &str = "CREATE TABLE appeal (
    case_id TEXT NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    source TEXT NOT NULL,
    text TEXT NOT NULL,
    category TEXT NOT NULL,
    category_name TEXT NOT NULL,
    track TEXT NOT NULL,
    place_words TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    confidentiality TEXT NOT NULL,
    rules BIGINT NOT NULL,
    voices BIGINT NOT NULL,
    repeats BIGINT NOT NULL,
    dispatches BIGINT NOT NULL,
    dissatisfied BIGINT NOT NULL,
    reopenings BIGINT NOT NULL,
    satisfaction TEXT,
    supervision TEXT,
    claim TEXT,
    reply TEXT,
    accepted_at TEXT,
    dispatched_at TEXT,
    responded_at TEXT,
    response_late BOOLEAN NOT NULL,
    replied_at TEXT,
    late BOOLEAN NOT NULL,
    merged_into TEXT,
    theme TEXT,
    suggested TEXT NOT NULL
);
CREATE INDEX appeal_category ON appeal (category, case_id);
CREATE INDEX appeal_channel ON appeal (channel, case_id);
CREATE INDEX appeal_merged ON appeal (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX appeal_of_theme ON appeal (theme, case_id) WHERE theme IS NOT NULL;
CREATE TABLE appeal_voice (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    said_at TEXT NOT NULL,
    channel TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    account TEXT,
    text TEXT NOT NULL,
    contact TEXT NOT NULL,
    confidentiality TEXT NOT NULL,
    code_digest TEXT NOT NULL UNIQUE,
    answer TEXT,
    answered_at TEXT
);
CREATE INDEX appeal_voice_case ON appeal_voice (case_id, id);
CREATE INDEX appeal_voice_origin ON appeal_voice (origin);
CREATE INDEX appeal_voice_enterprise ON appeal_voice (enterprise, id);
CREATE INDEX appeal_voice_account ON appeal_voice (account, id) WHERE account IS NOT NULL;
CREATE TABLE appeal_body (
    case_id TEXT NOT NULL,
    organisation TEXT NOT NULL,
    part TEXT NOT NULL,
    PRIMARY KEY (case_id, organisation)
);
CREATE INDEX appeal_body_organisation ON appeal_body (organisation, case_id);
CREATE TABLE appeal_reply (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    claim TEXT NOT NULL,
    text TEXT NOT NULL,
    signer TEXT NOT NULL,
    organisation_name TEXT NOT NULL,
    replied_by TEXT NOT NULL,
    replied_at TEXT NOT NULL
);
CREATE INDEX appeal_reply_case ON appeal_reply (case_id, id);
CREATE TABLE appeal_visit (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    voice TEXT NOT NULL REFERENCES appeal_voice (id),
    round BIGINT NOT NULL,
    way TEXT NOT NULL,
    satisfaction TEXT NOT NULL,
    resolved BOOLEAN,
    words TEXT NOT NULL,
    visited_by TEXT NOT NULL,
    visited_at TEXT NOT NULL
);
CREATE INDEX appeal_visit_case ON appeal_visit (case_id, id);
CREATE TABLE appeal_supervision (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    step TEXT NOT NULL,
    words TEXT NOT NULL,
    due_on TEXT NOT NULL,
    taken_by TEXT NOT NULL,
    taken_at TEXT NOT NULL
);
CREATE INDEX appeal_supervision_case ON appeal_supervision (case_id, id);
CREATE TABLE appeal_correction (
    case_id TEXT NOT NULL PRIMARY KEY,
    suggested TEXT NOT NULL,
    chosen TEXT NOT NULL,
    corrected_by TEXT NOT NULL,
    corrected_at TEXT NOT NULL
);
CREATE TABLE appeal_rules (
    revision BIGINT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    note TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at TEXT NOT NULL
);
CREATE TABLE appeal_catalogue (
    revision BIGINT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    note TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at TEXT NOT NULL
);
CREATE TABLE appeal_view (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    UNIQUE (account, name)
);";

/// Applications for more time; `round` is the dispatch, `granted` nothing until somebody decides.
const EXTENSIONS: &str = "CREATE TABLE appeal_extension (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL,
    round BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    granted BOOLEAN,
    words TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT
);
CREATE INDEX appeal_extension_case ON appeal_extension (case_id, id);";
