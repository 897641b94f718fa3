//! Tables of the record. Steps are append only.

/// The first form, kept because databases have run it.
pub(crate) const FIRST: &str = "CREATE TABLE audit_event (
    id TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_event_subject ON audit_event (subject_kind, subject_id, id);";

/// The chain. What was recorded before gets the numbers up to 0: SQL knows no SM3, and a hash made
/// today would claim more than is known of yesterday.
pub(crate) const CHAIN: &str = "ALTER TABLE audit_event RENAME TO audit_event_before;
CREATE TABLE audit_event (
    no BIGINT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    account TEXT,
    actor TEXT NOT NULL,
    organisation TEXT,
    on_behalf_of TEXT,
    action TEXT NOT NULL,
    viewed BOOLEAN NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    enterprise TEXT,
    value_before TEXT,
    value_after TEXT,
    detail TEXT,
    address TEXT,
    agent TEXT,
    request TEXT,
    key_id TEXT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_event (no, at, actor, action, viewed, subject_kind, subject_id, detail, key_id, hash)
    SELECT ROW_NUMBER() OVER (ORDER BY id) - (SELECT COUNT(*) FROM audit_event_before),
        at, actor, action, FALSE, subject_kind, subject_id, detail, '', ''
    FROM audit_event_before;
DROP TABLE audit_event_before;
CREATE INDEX audit_event_at ON audit_event (at, no);
CREATE INDEX audit_event_subject ON audit_event (subject_kind, subject_id, at, no);
CREATE INDEX audit_event_action ON audit_event (action, at, no);
CREATE INDEX audit_event_account ON audit_event (account, at, no) WHERE account IS NOT NULL;
CREATE INDEX audit_event_enterprise ON audit_event (enterprise, at, no) WHERE enterprise IS NOT NULL;
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY,
    no BIGINT NOT NULL,
    hash TEXT NOT NULL,
    key_id TEXT NOT NULL,
    seal TEXT NOT NULL,
    base_no BIGINT NOT NULL,
    base_hash TEXT NOT NULL
);
INSERT INTO audit_head (id, no, hash, key_id, seal, base_no, base_hash) VALUES (1, 0,
    '0000000000000000000000000000000000000000000000000000000000000000', '', '', 0,
    '0000000000000000000000000000000000000000000000000000000000000000');";
