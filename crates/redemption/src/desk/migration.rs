//! The tables of the desk.

/// `redemption_score`: one row for each expert and case; `conflict` is the declaration, `points` a JSON list in the order of
/// the criteria. `redemption_batch.viewer` is who asked, with the seat at that time.
pub(crate) const DESK: &str = "CREATE TABLE redemption_view (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    UNIQUE (account, name)
);
CREATE TABLE redemption_score (
    case_id TEXT NOT NULL,
    round BIGINT NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    organisation TEXT NOT NULL,
    conflict TEXT NOT NULL,
    points TEXT,
    total BIGINT,
    words TEXT NOT NULL,
    state TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    done_at TEXT,
    PRIMARY KEY (case_id, round, account)
);
CREATE INDEX redemption_score_account ON redemption_score (account, state);
CREATE TABLE redemption_batch (
    id TEXT NOT NULL PRIMARY KEY,
    action TEXT NOT NULL,
    words TEXT NOT NULL,
    account TEXT NOT NULL,
    viewer TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL
);
CREATE TABLE redemption_batch_row (
    batch TEXT NOT NULL REFERENCES redemption_batch (id),
    no BIGINT NOT NULL,
    case_id TEXT NOT NULL,
    number TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    result TEXT NOT NULL,
    done_at TEXT,
    PRIMARY KEY (batch, no)
);";
