//! Tables of the room; append only.

use zhida_platform::db::{MigrationSet, step};
use zhida_platform::search_step;

/// Steps of the room.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    room: "policies",
    steps: &[
        step("001-library", LIBRARY),
        search_step!("002-search", "policy_item_search"),
    ],
};

const LIBRARY: &str = "CREATE TABLE policy_document (
    id TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    sort_date TEXT NOT NULL,
    content TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE policy_item (
    id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL UNIQUE,
    number TEXT UNIQUE,
    document_id TEXT NOT NULL REFERENCES policy_document (id),
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest TEXT NOT NULL,
    draft TEXT,
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    theme TEXT NOT NULL,
    category TEXT NOT NULL,
    delivery TEXT NOT NULL,
    document_status TEXT NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    sort_date TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX policy_item_list ON policy_item (state, sort_date, seq);
CREATE INDEX policy_item_document ON policy_item (document_id);
CREATE TABLE policy_item_region (
    item_id TEXT NOT NULL REFERENCES policy_item (id),
    region TEXT NOT NULL,
    PRIMARY KEY (item_id, region)
);
CREATE INDEX policy_item_region_region ON policy_item_region (region);
CREATE TABLE policy_revision (
    item_id TEXT NOT NULL REFERENCES policy_item (id),
    revision BIGINT NOT NULL,
    content TEXT NOT NULL,
    rules TEXT NOT NULL,
    lint TEXT NOT NULL,
    digest TEXT NOT NULL,
    published_at TEXT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (item_id, revision)
);
CREATE TABLE policy_counter (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO policy_counter (name, value) VALUES ('version', 0), ('seq', 0);";
