//! The room's tables; append only.

use zhida_platform::db::{MigrationSet, Step, step};
use zhida_platform::search_step;

/// The room's schema, oldest step first.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    room: "registry",
    steps: STEPS,
};

/// What an unknown division, industry, size, status or date is stored as: an empty text, so that
/// keyset comparisons need no special case for NULL.
const STEPS: &[Step] = &[
    step(
        "001-enterprise",
        "CREATE TABLE enterprise (
            seq BIGINT NOT NULL PRIMARY KEY,
            code TEXT NOT NULL,
            name TEXT NOT NULL,
            division TEXT NOT NULL,
            industry TEXT NOT NULL,
            size TEXT NOT NULL,
            status TEXT NOT NULL,
            registered_on TEXT NOT NULL,
            facts TEXT NOT NULL,
            version BIGINT NOT NULL,
            updated_at TEXT NOT NULL
        );
        CREATE UNIQUE INDEX enterprise_code ON enterprise (code);
        CREATE INDEX enterprise_name ON enterprise (name, code);
        CREATE INDEX enterprise_registered_on ON enterprise (registered_on, code);
        CREATE INDEX enterprise_division ON enterprise (division, code);
        CREATE INDEX enterprise_industry ON enterprise (industry, code);",
    ),
    search_step!("002-search", "enterprise_search"),
    step(
        "003-batch",
        "CREATE TABLE import_batch (
            no BIGINT NOT NULL PRIMARY KEY,
            department TEXT NOT NULL,
            file_name TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            as_of TEXT NOT NULL,
            options TEXT NOT NULL,
            status TEXT NOT NULL,
            owner TEXT NOT NULL,
            actor TEXT NOT NULL,
            total BIGINT NOT NULL,
            position BIGINT NOT NULL,
            accepted BIGINT NOT NULL,
            unchanged BIGINT NOT NULL,
            rejected BIGINT NOT NULL,
            created BIGINT NOT NULL,
            rejects TEXT NOT NULL,
            started_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        );
        CREATE INDEX import_batch_sha256 ON import_batch (sha256, status);",
    ),
    step(
        "004-change",
        "CREATE TABLE fact_change (
            seq BIGINT NOT NULL PRIMARY KEY,
            code TEXT NOT NULL,
            batch BIGINT NOT NULL,
            at TEXT NOT NULL,
            changes TEXT NOT NULL
        );
        CREATE INDEX fact_change_code ON fact_change (code, seq);",
    ),
    step(
        "005-tag",
        "CREATE TABLE tag_rule (
            name TEXT NOT NULL PRIMARY KEY,
            rule TEXT NOT NULL,
            note TEXT NOT NULL,
            active BOOLEAN NOT NULL,
            updated_at TEXT NOT NULL
        );
        CREATE TABLE enterprise_tag (
            seq BIGINT NOT NULL,
            tag TEXT NOT NULL,
            PRIMARY KEY (seq, tag)
        );
        CREATE INDEX enterprise_tag_tag ON enterprise_tag (tag, seq);",
    ),
    step(
        "006-version",
        "CREATE TABLE registry_version (
            id BIGINT NOT NULL PRIMARY KEY,
            version BIGINT NOT NULL,
            next_seq BIGINT NOT NULL,
            next_change BIGINT NOT NULL,
            next_batch BIGINT NOT NULL
        );
        INSERT INTO registry_version (id, version, next_seq, next_change, next_batch)
        VALUES (1, 1, 1, 1, 1);",
    ),
    step("007-default-tags", DEFAULT_TAGS),
    step(
        "008-changed",
        "CREATE INDEX enterprise_version ON enterprise (version);",
    ),
    step("009-facts", FACTS),
    step(
        "010-import-job",
        "ALTER TABLE import_batch ADD COLUMN job TEXT NOT NULL DEFAULT '';
        CREATE INDEX import_batch_job ON import_batch (job);",
    ),
];

/// The facts in a table of their own. They are nine tenths of an enterprise, and lists, counts and exports need
/// none of them: so their rows lie close together. The table is made anew, for dropping a column leaves its room empty.
const FACTS: &str = "CREATE TABLE enterprise_facts (
            seq BIGINT NOT NULL PRIMARY KEY,
            facts TEXT NOT NULL
        );
        INSERT INTO enterprise_facts (seq, facts) SELECT seq, facts FROM enterprise;
        CREATE TABLE enterprise_head (
            seq BIGINT NOT NULL PRIMARY KEY,
            code TEXT NOT NULL,
            name TEXT NOT NULL,
            division TEXT NOT NULL,
            industry TEXT NOT NULL,
            size TEXT NOT NULL,
            status TEXT NOT NULL,
            registered_on TEXT NOT NULL,
            version BIGINT NOT NULL,
            updated_at TEXT NOT NULL
        );
        INSERT INTO enterprise_head (seq, code, name, division, industry, size, status, registered_on, version,
            updated_at)
            SELECT seq, code, name, division, industry, size, status, registered_on, version, updated_at
            FROM enterprise;
        DROP TABLE enterprise;
        ALTER TABLE enterprise_head RENAME TO enterprise;
        CREATE UNIQUE INDEX enterprise_code ON enterprise (code);
        CREATE INDEX enterprise_name ON enterprise (name, code);
        CREATE INDEX enterprise_registered_on ON enterprise (registered_on, code);
        CREATE INDEX enterprise_division ON enterprise (division, code, seq);
        CREATE INDEX enterprise_industry ON enterprise (industry, code, seq);
        CREATE INDEX enterprise_version ON enterprise (version);";

/// Tags that every installation starts with; officers may switch them off.
const DEFAULT_TAGS: &str = "INSERT INTO tag_rule (name, rule, note, active, updated_at) VALUES
    ('高新技术企业', '高新技术企业', '科技部门认定名单', TRUE, '2026-01-01T00:00:00.000000Z'),
    ('科技型中小企业', '科技型中小企业', '科技型中小企业入库名单', TRUE, '2026-01-01T00:00:00.000000Z'),
    ('专精特新', '专精特新中小企业 or 专精特新小巨人', '工信部门认定名单', TRUE, '2026-01-01T00:00:00.000000Z'),
    ('规上工业', '规上企业 and 所属行业 in (\"B\",\"C\",\"D\")', '统计部门规上企业名录中的工业企业', TRUE, '2026-01-01T00:00:00.000000Z'),
    ('小微企业', '小微企业', '企业规模为小型或微型', TRUE, '2026-01-01T00:00:00.000000Z'),
    ('重点产业', '已知(产业标签)', '工信部门给出了重点产业标签', TRUE, '2026-01-01T00:00:00.000000Z'),
    ('新设企业', '成立月数 <= 12', '成立不超过一年', TRUE, '2026-01-01T00:00:00.000000Z'),
    ('信用风险', '严重失信主体 or 失信被执行人 or 列入经营异常名录', '信用名单提示', TRUE, '2026-01-01T00:00:00.000000Z')";
