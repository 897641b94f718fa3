//! The SQL of messages; nothing else in this module speaks to the database.

mod choices;
mod delivery;
mod inbox;
mod minute;
mod topics;
mod webhook;

pub(super) use choices::*;
pub(super) use delivery::*;
pub(super) use inbox::*;
pub(crate) use minute::MINUTE;
pub(super) use minute::*;
pub(crate) use topics::MUTED;
pub(super) use topics::*;
pub(super) use webhook::*;

/// `delivery`: one try to reach one person, or one endpoint, on one channel.
/// `number` counts an endpoint's events in the order in which they are sent;
/// it is given when they are sent, so that no transaction waits for another
/// to take its number. `lease_until` is empty when no server holds the row.
pub(crate) const SCHEMA: &str = "CREATE TABLE message (
    id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    recipient_kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    link TEXT NOT NULL,
    fields TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX message_recipient ON message (recipient, recipient_kind, id);
CREATE INDEX message_subject ON message (subject_kind, subject_id, id);
CREATE TABLE message_read (
    account TEXT NOT NULL,
    message_id TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (account, message_id)
);
CREATE TABLE delivery (
    id TEXT NOT NULL PRIMARY KEY,
    message_id TEXT NOT NULL,
    event TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    mode TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    link TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    error TEXT NOT NULL,
    number BIGINT,
    due_at TEXT NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT
);
CREATE INDEX delivery_due ON delivery (state, mode, due_at);
CREATE INDEX delivery_address ON delivery (address, channel, state, id);
CREATE INDEX delivery_number ON delivery (address, number);
CREATE INDEX delivery_message ON delivery (message_id);
CREATE INDEX delivery_state ON delivery (state, id);
CREATE TABLE message_preference (
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    channel TEXT NOT NULL,
    mode TEXT NOT NULL,
    PRIMARY KEY (account, event, channel)
);
CREATE TABLE message_template (
    event TEXT NOT NULL,
    channel TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (event, channel)
);
CREATE TABLE message_push (
    enterprise TEXT NOT NULL,
    day TEXT NOT NULL,
    pushes BIGINT NOT NULL,
    PRIMARY KEY (enterprise, day)
);
CREATE TABLE webhook_endpoint (
    id TEXT NOT NULL PRIMARY KEY,
    owner_kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    scope TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    secret_previous TEXT NOT NULL,
    previous_until TEXT NOT NULL,
    state TEXT NOT NULL,
    off_reason TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_number BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failing_since TEXT NOT NULL,
    due_at TEXT NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until TEXT NOT NULL
);
CREATE INDEX webhook_endpoint_owner ON webhook_endpoint (owner, owner_kind, id);
CREATE INDEX webhook_endpoint_due ON webhook_endpoint (state, due_at);";
