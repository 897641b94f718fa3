//! The room's tables; append only.

use zhida_platform::db::{MigrationSet, step};

/// The room's schema, oldest step first.
pub(crate) const MIGRATIONS: MigrationSet = MigrationSet {
    room: "matching",
    steps: &[step(
        "001-news",
        "CREATE TABLE match_counter (
            id BIGINT NOT NULL PRIMARY KEY,
            next_run BIGINT NOT NULL,
            next_news BIGINT NOT NULL
        );
        INSERT INTO match_counter (id, next_run, next_news) VALUES (1, 1, 1);
        CREATE TABLE match_run (
            no BIGINT NOT NULL PRIMARY KEY,
            day TEXT NOT NULL,
            actor TEXT NOT NULL,
            started_at TEXT NOT NULL,
            finished_at TEXT NOT NULL
        );
        CREATE TABLE match_met (
            item TEXT NOT NULL PRIMARY KEY,
            met TEXT NOT NULL
        );
        CREATE TABLE match_news (
            no BIGINT NOT NULL PRIMARY KEY,
            run BIGINT NOT NULL,
            day TEXT NOT NULL,
            item TEXT NOT NULL,
            enterprise BIGINT NOT NULL,
            new_item BOOLEAN NOT NULL
        );
        CREATE INDEX match_news_enterprise ON match_news (enterprise, no);
        CREATE INDEX match_news_item ON match_news (item, no);",
    )],
};
