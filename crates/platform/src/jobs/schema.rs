//! Tables of the jobs. Steps are append only.

/// `live_key` is the unique key while it counts, else NULL; `owner` is the claim that may write the row.
pub(crate) const FIRST: &str = "CREATE TABLE job (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    priority BIGINT NOT NULL,
    run_at TEXT NOT NULL,
    live_key TEXT,
    key_while_running BOOLEAN NOT NULL,
    asked_by TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    attempts_max BIGINT NOT NULL,
    owner TEXT NOT NULL,
    lease_until TEXT,
    cancel_by TEXT,
    done BIGINT NOT NULL,
    total BIGINT,
    note TEXT NOT NULL,
    result TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX job_live_key ON job (live_key);
CREATE INDEX job_due ON job (priority DESC, run_at, id) WHERE state = 'queued';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_state ON job (state, id);
CREATE INDEX job_kind ON job (kind, id);
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL;
CREATE TABLE job_schedule (
    name TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    cadence TEXT NOT NULL,
    workdays_only BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    next_at TEXT NOT NULL,
    last_at TEXT,
    last_job TEXT,
    updated_at TEXT NOT NULL
);";
