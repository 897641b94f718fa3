//! Tables of the cases. Steps are append only.

/// `due_at` of a head is the earliest of its clocks, so that queues sort by it; `due_clock` says which.
/// `acts` of a clock is who must act: `enterprise`, `office` or `system`; `organisation` which body.
/// `work_calendar_applied` holds for each room the state of the calendar that its due dates were last computed with.
pub(crate) const FIRST: &str = "CREATE TABLE case_number (
    room TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (room, year)
);
CREATE TABLE case_head (
    id TEXT NOT NULL PRIMARY KEY,
    room TEXT NOT NULL,
    number TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    place TEXT NOT NULL,
    title TEXT NOT NULL,
    stage TEXT NOT NULL,
    outcome TEXT,
    turn TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    holder TEXT,
    holder_name TEXT,
    handler TEXT,
    handler_name TEXT,
    version BIGINT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    changed_at TEXT NOT NULL,
    due_at TEXT,
    due_clock TEXT
);
CREATE UNIQUE INDEX case_head_number ON case_head (number);
CREATE INDEX case_head_room ON case_head (room, id);
CREATE INDEX case_head_open ON case_head (room, stage, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX case_head_enterprise ON case_head (enterprise, room, id);
CREATE INDEX case_head_holder ON case_head (holder, room, due_at, id) WHERE closed_at IS NULL;
CREATE TABLE case_event (
    case_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    party TEXT NOT NULL,
    account TEXT,
    organisation TEXT,
    actor TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
);
CREATE TABLE case_clock (
    case_id TEXT NOT NULL,
    clock TEXT NOT NULL,
    room TEXT NOT NULL,
    acts TEXT NOT NULL,
    organisation TEXT,
    due_at TEXT,
    look_at TEXT,
    level BIGINT NOT NULL,
    PRIMARY KEY (case_id, clock)
);
CREATE INDEX case_clock_look ON case_clock (room, look_at, case_id) WHERE look_at IS NOT NULL;
CREATE INDEX case_clock_acts ON case_clock (organisation, due_at, case_id);
CREATE TABLE work_calendar (
    id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    changed_at TEXT NOT NULL
);
CREATE TABLE work_calendar_applied (
    room TEXT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL
);";

/// `case_stuck`: what does not succeed by itself, with its next try. `towards` and `after_id` of the calendar say how far a
/// room has come in computing its due dates anew. The index finds open cases among many that are closed.
pub(crate) const STUCK: &str = "CREATE TABLE case_stuck (
    case_id TEXT NOT NULL,
    task TEXT NOT NULL,
    room TEXT NOT NULL,
    tries BIGINT NOT NULL,
    since TEXT NOT NULL,
    failed_at TEXT NOT NULL,
    next_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    told_at TEXT,
    PRIMARY KEY (case_id, task)
);
CREATE INDEX case_stuck_since ON case_stuck (since, case_id, task);
CREATE INDEX case_stuck_next ON case_stuck (room, task, next_at, case_id);
CREATE INDEX case_head_unfinished ON case_head (room, id) WHERE closed_at IS NULL;
ALTER TABLE work_calendar_applied ADD COLUMN towards TEXT;
ALTER TABLE work_calendar_applied ADD COLUMN after_id TEXT;";

/// Desks list what is due first; what has no due date comes last.
pub(crate) const QUEUE: &str =
    "CREATE INDEX case_head_queue ON case_head (room, COALESCE(due_at, '9999'), id, place)
    WHERE closed_at IS NULL;";

/// What desks ask at a million cases. `topic` is what a room's cases are of: an item, a category. `case_head_queue` holds
/// all that is asked of open cases, in the order of desks, and `case_head_list` of all cases: rows are looked up for the page
/// that is shown only, and counts read an index. `outcome` is null as long as a case is open.
pub(crate) const LISTS: &str = "ALTER TABLE case_head ADD COLUMN topic TEXT NOT NULL DEFAULT '';
DROP INDEX case_head_room;
DROP INDEX case_head_open;
DROP INDEX case_head_queue;
CREATE INDEX case_head_queue ON case_head
    (room, COALESCE(due_at, '9999'), id, place, stage, turn, handler, topic, enterprise, number, title, due_at)
    WHERE closed_at IS NULL;
CREATE INDEX case_head_open ON case_head (room, stage, id, topic) WHERE closed_at IS NULL;
CREATE INDEX case_head_list ON case_head (room, id, place, topic, outcome, stage, turn, handler);
CREATE INDEX case_head_topic ON case_head (room, topic, id, place, outcome);
CREATE INDEX case_clock_asked ON case_clock (organisation, case_id) WHERE SUBSTR(clock, 1, 8) = 'opinion:';";

/// Figures are of cases that were opened within a time.
pub(crate) const OPENED: &str = "CREATE INDEX case_head_opened ON case_head (room, opened_at);";

/// How far a case was pressed for, null where nobody was told anything: lists and counts of open cases read it in their
/// index, those of all cases have an index of the few that were. What was told before stands in the events.
pub(crate) const URGED: &str = "ALTER TABLE case_head ADD COLUMN urged TEXT;
UPDATE case_head SET urged = 'reminded' WHERE id IN (SELECT case_id FROM case_event WHERE kind = 'escalated');
UPDATE case_head SET urged = 'escalated' WHERE id IN (SELECT case_id FROM case_event
    WHERE kind = 'escalated' AND body LIKE '%\"action\":{\"act\":\"escalate\"%');
DROP INDEX case_head_queue;
CREATE INDEX case_head_queue ON case_head
    (room, COALESCE(due_at, '9999'), id, place, stage, turn, handler, topic, enterprise, number, title, due_at, urged)
    WHERE closed_at IS NULL;
CREATE INDEX case_head_urged ON case_head (room, id, place, topic, outcome, stage, turn, handler, urged)
    WHERE urged IS NOT NULL;";
