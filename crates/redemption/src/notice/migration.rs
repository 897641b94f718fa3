//! The tables of notices.

/// One row of a case stands open at a time: `open_case` is the case while it does, and unique. `person` and `phone` of an
/// objection are sealed.
pub(crate) const NOTICE: &str = "CREATE TABLE redemption_notice (
    id TEXT NOT NULL PRIMARY KEY,
    item TEXT NOT NULL,
    item_name TEXT NOT NULL,
    organisation TEXT NOT NULL,
    place TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    published_at TEXT NOT NULL,
    UNIQUE (item, organisation, starts_on, ends_on)
);
CREATE TABLE redemption_notice_row (
    id TEXT NOT NULL PRIMARY KEY,
    notice TEXT NOT NULL REFERENCES redemption_notice (id),
    case_id TEXT NOT NULL,
    open_case TEXT UNIQUE,
    number TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    place TEXT NOT NULL,
    fen BIGINT,
    state TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    result TEXT NOT NULL,
    result_at TEXT
);
CREATE INDEX redemption_notice_row_list ON redemption_notice_row (notice, id);
CREATE INDEX redemption_notice_row_case ON redemption_notice_row (case_id, id);
CREATE TABLE redemption_objection (
    id TEXT NOT NULL PRIMARY KEY,
    notice_row TEXT NOT NULL REFERENCES redemption_notice_row (id),
    case_id TEXT NOT NULL,
    place TEXT NOT NULL,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    phone TEXT NOT NULL,
    words TEXT NOT NULL,
    made_at TEXT NOT NULL,
    state TEXT NOT NULL,
    decision TEXT NOT NULL,
    decided_at TEXT,
    decided_by TEXT NOT NULL
);
CREATE INDEX redemption_objection_row ON redemption_objection (notice_row, state);
CREATE INDEX redemption_objection_case ON redemption_objection (case_id, state);
CREATE INDEX redemption_objection_list ON redemption_objection (state, id);";
