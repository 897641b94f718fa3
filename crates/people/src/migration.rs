//! Tables of the room; append only.

use zhida_platform::db::{MigrationSet, step};

/// Steps of the room.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    room: "people",
    steps: &[
        step("001-people", PEOPLE),
        step("002-sign-in", SIGN_IN),
        step("003-setup", SETUP),
        step("004-contacts", crate::address_book::SCHEMA),
        step("005-identity", IDENTITY),
        step(
            "006-password-age",
            "ALTER TABLE people_account ADD COLUMN password_at TEXT",
        ),
    ],
};

/// Rights attach to seats: an account in an organisation or an enterprise, in a role, for a time.
const PEOPLE: &str = "CREATE TABLE people_lock (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO people_lock (name, value) VALUES ('seats', 0);
CREATE TABLE people_organisation (
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT REFERENCES people_organisation (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    division TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX people_organisation_parent ON people_organisation (parent, name, id);
CREATE INDEX people_organisation_name ON people_organisation (name, id);
CREATE TABLE people_account (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    email TEXT NOT NULL,
    state TEXT NOT NULL,
    demo BOOLEAN NOT NULL,
    password TEXT,
    must_change BOOLEAN NOT NULL,
    factor_key TEXT,
    factor_confirmed BOOLEAN NOT NULL,
    factor_step BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    signed_in_at TEXT
);
CREATE TABLE people_seat (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES people_account (id),
    organisation TEXT REFERENCES people_organisation (id),
    enterprise TEXT,
    enterprise_name TEXT NOT NULL,
    role TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    ended_by TEXT,
    ended_at TEXT,
    reason TEXT NOT NULL,
    successor TEXT
);
CREATE INDEX people_seat_account ON people_seat (account);
CREATE INDEX people_seat_organisation ON people_seat (organisation);
CREATE INDEX people_seat_enterprise ON people_seat (enterprise);
CREATE INDEX people_seat_role ON people_seat (role);
CREATE TABLE people_mandate (
    id TEXT NOT NULL PRIMARY KEY,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    organisation TEXT NOT NULL REFERENCES people_organisation (id),
    actions TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    ended_by TEXT,
    ended_at TEXT
);
CREATE INDEX people_mandate_enterprise ON people_mandate (enterprise);
CREATE INDEX people_mandate_organisation ON people_mandate (organisation);
CREATE TABLE people_invitation (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    organisation TEXT REFERENCES people_organisation (id),
    enterprise TEXT,
    enterprise_name TEXT NOT NULL,
    role TEXT NOT NULL,
    invitee TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_by_account TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_by TEXT,
    used_at TEXT,
    revoked_at TEXT
);
CREATE INDEX people_invitation_enterprise ON people_invitation (enterprise, id)";

/// Of passwords, codes, cookies and tokens digests only.
const SIGN_IN: &str = "CREATE TABLE people_password (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES people_account (id),
    hash TEXT NOT NULL
);
CREATE INDEX people_password_account ON people_password (account, id);
CREATE TABLE people_recovery_code (
    account TEXT NOT NULL REFERENCES people_account (id),
    digest TEXT NOT NULL,
    used_at TEXT,
    PRIMARY KEY (account, digest)
);
CREATE TABLE people_attempt (
    login TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    lockouts BIGINT NOT NULL,
    locked_until TEXT,
    updated_at TEXT NOT NULL
);
CREATE INDEX people_attempt_updated ON people_attempt (updated_at);
CREATE TABLE people_session (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES people_account (id),
    seat TEXT,
    mandate TEXT,
    factor BOOLEAN NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    started_at TEXT NOT NULL,
    seen_at TEXT NOT NULL
);
CREATE INDEX people_session_account ON people_session (account);
CREATE INDEX people_session_seen ON people_session (seen_at);
CREATE TABLE people_token (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES people_account (id),
    seat TEXT NOT NULL REFERENCES people_seat (id),
    name TEXT NOT NULL,
    actions TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    ended_at TEXT
);
CREATE INDEX people_token_account ON people_token (account)";

/// One row at most: the digest of the address that was printed at the last start of an empty database.
const SETUP: &str = "CREATE TABLE people_setup (
    name TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    created_at TEXT NOT NULL
)";

/// Who accounts are with identity providers; sign-ins there that are under way, of which the browser has the secret.
const IDENTITY: &str = "CREATE TABLE people_identity (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES people_account (id),
    issuer TEXT NOT NULL,
    expected TEXT,
    subject TEXT,
    trusted BOOLEAN NOT NULL,
    linked_by TEXT NOT NULL,
    linked_at TEXT NOT NULL,
    signed_in_at TEXT,
    UNIQUE (account, issuer),
    UNIQUE (issuer, subject),
    UNIQUE (issuer, expected)
);
CREATE TABLE people_flow (
    digest TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    next TEXT NOT NULL,
    session TEXT,
    expires_at TEXT NOT NULL
);
CREATE INDEX people_flow_expires ON people_flow (expires_at);
ALTER TABLE people_session ADD COLUMN identity TEXT;
CREATE INDEX people_session_identity ON people_session (identity)";
