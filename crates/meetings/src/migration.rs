//! Tables of the room; append only.

use zhida_platform::db::{MigrationSet, step};

/// Steps of the room.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    room: "meetings",
    steps: &[step("001-meetings", MEETINGS)],
};

/// `weekday` counts from Monday as 1; `week` is which one of a month, 5 the last, 0 for rhythms of weeks. `version` of a
/// meeting and of a task counts its changes: a form that shows an older one is refused. `body_id` is the organisation that
/// was charged, where it is known.
const MEETINGS: &str = "CREATE TABLE meeting_series (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    organisation TEXT NOT NULL,
    every TEXT NOT NULL,
    weekday BIGINT NOT NULL,
    week BIGINT NOT NULL,
    starts_on TEXT NOT NULL,
    at_time TEXT NOT NULL,
    venue TEXT NOT NULL,
    chair TEXT NOT NULL,
    members TEXT NOT NULL,
    task_days BIGINT NOT NULL,
    active BOOLEAN NOT NULL,
    secretary TEXT NOT NULL,
    changed_at TEXT NOT NULL
);
CREATE TABLE meeting (
    id TEXT NOT NULL PRIMARY KEY,
    series TEXT REFERENCES meeting_series (id),
    slot TEXT,
    title TEXT NOT NULL,
    place TEXT NOT NULL,
    organisation TEXT NOT NULL,
    held_on TEXT NOT NULL,
    at_time TEXT NOT NULL,
    venue TEXT NOT NULL,
    chair TEXT NOT NULL,
    moved TEXT NOT NULL,
    task_days BIGINT NOT NULL,
    state TEXT NOT NULL,
    minutes TEXT NOT NULL,
    why TEXT NOT NULL,
    secretary TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at TEXT NOT NULL,
    UNIQUE (series, slot)
);
CREATE INDEX meeting_list ON meeting (held_on, id);
CREATE TABLE meeting_item (
    id TEXT NOT NULL PRIMARY KEY,
    meeting TEXT NOT NULL REFERENCES meeting (id),
    position BIGINT NOT NULL,
    appeal TEXT,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    words TEXT NOT NULL,
    result TEXT NOT NULL,
    UNIQUE (meeting, appeal)
);
CREATE INDEX meeting_item_list ON meeting_item (meeting, position);
CREATE INDEX meeting_item_appeal ON meeting_item (appeal);
CREATE TABLE meeting_attendee (
    id TEXT NOT NULL PRIMARY KEY,
    meeting TEXT NOT NULL REFERENCES meeting (id),
    part TEXT NOT NULL,
    body TEXT NOT NULL,
    person TEXT NOT NULL,
    present BOOLEAN NOT NULL
);
CREATE INDEX meeting_attendee_list ON meeting_attendee (meeting, id);
CREATE TABLE meeting_task (
    id TEXT NOT NULL PRIMARY KEY,
    meeting TEXT NOT NULL REFERENCES meeting (id),
    position BIGINT NOT NULL,
    item TEXT,
    appeal TEXT,
    appeal_number TEXT NOT NULL,
    place TEXT NOT NULL,
    matter TEXT NOT NULL,
    measure TEXT NOT NULL,
    leader TEXT NOT NULL,
    body TEXT NOT NULL,
    body_id TEXT NOT NULL,
    person TEXT NOT NULL,
    due_on TEXT NOT NULL,
    state TEXT NOT NULL,
    given_at TEXT NOT NULL,
    done_on TEXT,
    struck_at TEXT,
    struck_by TEXT NOT NULL,
    reminded_on TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX meeting_task_list ON meeting_task (due_on, id);
CREATE INDEX meeting_task_meeting ON meeting_task (meeting, position);
CREATE INDEX meeting_task_body ON meeting_task (body_id, state);
CREATE INDEX meeting_task_appeal ON meeting_task (appeal);
CREATE TABLE meeting_note (
    id TEXT NOT NULL PRIMARY KEY,
    task TEXT NOT NULL REFERENCES meeting_task (id),
    kind TEXT NOT NULL,
    words TEXT NOT NULL,
    noted_at TEXT NOT NULL,
    noted_by TEXT NOT NULL
);
CREATE INDEX meeting_note_list ON meeting_note (task, id);";
