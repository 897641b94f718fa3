//! The room's tables; append only.

use zhida_platform::db::{MigrationSet, step};

/// The room's schema, oldest step first.
pub(crate) const MIGRATIONS: MigrationSet = MigrationSet {
    room: "matching",
    steps: &[
        step("001-news", NEWS),
        step("002-progress", PROGRESS),
        step("003-snapshot", SNAPSHOT),
        step("004-tell", TELL),
    ],
};

const NEWS: &str = "CREATE TABLE match_counter (
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
        CREATE INDEX match_news_item ON match_news (item, no);";

/// How far a run came, and why it came no further.
const PROGRESS: &str = "ALTER TABLE match_run ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
        ALTER TABLE match_run ADD COLUMN items BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE match_run ADD COLUMN done BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE match_run ADD COLUMN news BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE match_run ADD COLUMN failure TEXT NOT NULL DEFAULT '';
        UPDATE match_run SET updated_at = started_at,
            news = (SELECT COUNT(*) FROM match_news WHERE run = match_run.no);";

/// Snapshots of the engine that were saved from this database.
const SNAPSHOT: &str = "CREATE TABLE match_snapshot (
            id TEXT NOT NULL PRIMARY KEY,
            saved_at TEXT NOT NULL
        );";

/// How far the news of each run were told; those of before are told of nobody.
const TELL: &str = "CREATE TABLE match_tell (
            run BIGINT NOT NULL PRIMARY KEY,
            last_code TEXT NOT NULL,
            told BIGINT NOT NULL,
            finished_at TEXT NOT NULL
        );
        CREATE INDEX match_tell_open ON match_tell (finished_at, run);
        INSERT INTO match_tell (run, last_code, told, finished_at)
            SELECT no, '', 0, finished_at FROM match_run WHERE finished_at <> '';";
