//! Writing a chunk of an import.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Bulk, Tx};

use super::NAMES;
use super::tag::replace_tags;
use crate::import::{Merged, Write};

/// The room's counters, held by the writer until its transaction ends.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub(crate) struct Counters {
    pub version: i64,
    pub next_seq: i64,
    pub next_change: i64,
    pub next_batch: i64,
}

/// Takes the room's counters: until the transaction ends no other writer of the room goes on, so what is
/// read after this cannot change underfoot on PostgreSQL either.
pub(crate) async fn lock(tx: &Tx) -> db::Result<Counters> {
    let sql = "UPDATE registry_version SET version = version WHERE id = 1 \
               RETURNING version, next_seq, next_change, next_batch";
    let counters: Option<Counters> = db::query_one(tx, sql, []).await?;
    counters.ok_or_else(|| sea_orm::DbErr::RecordNotFound("registry_version".to_owned()).into())
}

impl Counters {
    /// Stores the counters.
    pub(crate) async fn save(self, tx: &Tx) -> db::Result<()> {
        let sql = "UPDATE registry_version SET version = $1, next_seq = $2, next_change = $3, next_batch = $4 \
                   WHERE id = 1";
        let values = [
            self.version,
            self.next_seq,
            self.next_change,
            self.next_batch,
        ];
        db::execute(tx, sql, values.map(Into::into)).await?;
        Ok(())
    }
}

const COLUMNS: &[&str] = &[
    "seq",
    "code",
    "name",
    "division",
    "industry",
    "size",
    "status",
    "registered_on",
    "version",
    "updated_at",
];

const ON_CONFLICT: &str = "ON CONFLICT (code) DO UPDATE SET name = excluded.name, \
    division = excluded.division, industry = excluded.industry, size = excluded.size, \
    status = excluded.status, registered_on = excluded.registered_on, \
    version = excluded.version, updated_at = excluded.updated_at";

/// Indexes that only lists need. Kept row by row they are most of what a first large import writes:
/// each of its transactions would write nearly all of their pages again.
const LIST_INDEXES: &[(&str, &str)] = &[
    ("enterprise_name", "enterprise (name, code)"),
    (
        "enterprise_registered_on",
        "enterprise (registered_on, code)",
    ),
    ("enterprise_division", "enterprise (division, code, seq)"),
    ("enterprise_industry", "enterprise (industry, code, seq)"),
    ("enterprise_version", "enterprise (version)"),
];

/// Drops the indexes of lists before the first large import; lists are slower until it is done.
pub(crate) async fn drop_list_indexes(tx: &Tx) -> db::Result<()> {
    for (name, _) in LIST_INDEXES {
        db::execute(tx, &format!("DROP INDEX IF EXISTS {name}"), []).await?;
    }
    NAMES.drop_lookup(tx).await
}

/// Whether indexes of lists are missing: an import has dropped them and not come to its end.
pub(crate) async fn lacks_list_indexes(conn: &impl ConnectionTrait) -> db::Result<bool> {
    let known = match conn.get_database_backend() {
        sea_orm::DbBackend::Sqlite => "sqlite_master WHERE type = 'index' AND name",
        _ => "pg_indexes WHERE schemaname = current_schema() AND indexname",
    };
    let names = db::placeholders(1, LIST_INDEXES.len());
    let sql = format!("SELECT COUNT(*) FROM {known} IN ({names})");
    let values = LIST_INDEXES.iter().map(|(name, _)| (*name).into());
    let there = db::query_count(conn, &sql, values).await?;
    Ok(usize::try_from(there).unwrap_or_default() < LIST_INDEXES.len())
}

/// Makes the indexes of lists that are missing.
pub(crate) async fn restore_list_indexes(tx: &Tx) -> db::Result<()> {
    for (name, columns) in LIST_INDEXES {
        let sql = format!("CREATE INDEX IF NOT EXISTS {name} ON {columns}");
        db::execute(tx, &sql, []).await?;
    }
    NAMES.restore_lookup(tx).await
}

/// Writes enterprises, their names' index, tags and history.
pub(crate) async fn write_chunk(
    tx: &Tx,
    counters: &mut Counters,
    merged: &Merged<'_>,
    batch: i64,
    at: DateTime<Utc>,
) -> db::Result<()> {
    let at = instant_text(at);
    if !merged.writes.is_empty() {
        counters.version += 1;
    }
    let mut seqs = Vec::with_capacity(merged.writes.len());
    for write in &merged.writes {
        seqs.push(write.seq.unwrap_or_else(|| {
            counters.next_seq += 1;
            counters.next_seq - 1
        }));
    }
    let mut rows = Bulk::insert("enterprise", COLUMNS).on_conflict(ON_CONFLICT);
    for (write, seq) in merged.writes.iter().zip(&seqs) {
        rows.push(tx, values(write, *seq, counters.version, &at))
            .await?;
    }
    rows.finish(tx).await?;
    let mut facts = Bulk::insert("enterprise_facts", &["seq", "facts"])
        .on_conflict("ON CONFLICT (seq) DO UPDATE SET facts = excluded.facts");
    for (write, seq) in merged.writes.iter().zip(&seqs) {
        facts
            .push(tx, [(*seq).into(), write.facts.as_str().into()])
            .await?;
    }
    facts.finish(tx).await?;
    let (mut names, mut known, mut tags) = (Vec::new(), Vec::new(), Vec::new());
    for (write, seq) in merged.writes.iter().zip(seqs) {
        if write.renamed {
            names.push((seq, write.name.as_str()));
        }
        if write.seq.is_some() {
            known.push(seq);
        }
        tags.push((seq, write.tags.as_slice()));
    }
    NAMES.upsert_many(tx, names).await?;
    replace_tags(tx, &known, &tags).await?;
    let mut changes = Bulk::insert("fact_change", &["seq", "code", "batch", "at", "changes"]);
    for (code, facts) in &merged.changes {
        let text = serde_json::to_string(facts)
            .map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
        let row = [
            counters.next_change.into(),
            code.as_str().into(),
            batch.into(),
            at.as_str().into(),
            text.into(),
        ];
        changes.push(tx, row).await?;
        counters.next_change += 1;
    }
    changes.finish(tx).await?;
    Ok(())
}

fn values(write: &Write, seq: i64, version: i64, at: &str) -> [db::Value; 10] {
    [
        seq.into(),
        write.code.as_str().into(),
        write.name.as_str().into(),
        write.division.as_str().into(),
        write.industry.as_str().into(),
        write.size.as_str().into(),
        write.status.as_str().into(),
        write.registered_on.as_str().into(),
        version.into(),
        at.into(),
    ]
}
