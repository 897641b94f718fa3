//! Restoring a backup.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _};
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use super::archive::{Archive, damaged, digest_of};
use super::catalog::{self, Table, quoted};
use super::make::path_of;
use super::{BackupError, Column, ColumnKind, FILES_FOLDER, Manifest, TableEntry};
use crate::audit::{self, Entry};
use crate::db::{self, Bulk, Database, Engine, MigrationSet, Tx};
use crate::progress::Progress;

/// Rows that are handed over at once, and batches that may wait.
const ROWS_PER_BATCH: usize = 500;
const BATCHES_WAITING: usize = 4;
/// How long connections that have just been closed may still be seen.
const GOODBYE: Duration = Duration::from_secs(2);

/// Where a backup goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The database.
    pub db: &'a Database,
    /// The rooms' steps.
    pub sets: &'a [MigrationSet],
    /// The folder of the files.
    pub files: &'a Path,
    /// Whether what the database holds may be replaced.
    pub replace: bool,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Rows of all tables.
    pub rows: u64,
    /// Files that were written; the others were there.
    pub files: u64,
}

/// Refuses a database that another program has open. Asked before it is opened here.
///
/// # Errors
/// [`BackupError::InUse`], or when the database does not answer.
pub async fn refuse_in_use(sqlite_file: Option<&Path>, url: &str) -> Result<(), BackupError> {
    match sqlite_file {
        Some(file) if file.exists() => match refuse_open_file(file).await {
            Err(BackupError::InUse) => {
                tokio::time::sleep(GOODBYE).await;
                refuse_open_file(file).await
            }
            answer => answer,
        },
        Some(_) => Ok(()),
        None if url.starts_with("postgres") => refuse_others(url).await,
        None => Ok(()),
    }
}

/// Leaving WAL takes the file for itself alone, which fails while anybody else has it open.
async fn refuse_open_file(file: &Path) -> Result<(), BackupError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::ZERO)
        .journal_mode(SqliteJournalMode::Delete)
        .disable_statement_logging();
    match SqliteConnection::connect_with(&options).await {
        Ok(alone) => {
            // how it says goodbye does not matter
            let _closed = alone.close().await;
            Ok(())
        }
        Err(error) => match error.as_database_error().and_then(|error| error.code()) {
            // SQLITE_BUSY, SQLITE_LOCKED
            Some(code) if code == "5" || code == "6" => Err(BackupError::InUse),
            _ => Err(db::Error::Connect {
                url: file.display().to_string(),
                source: error,
            }
            .into()),
        },
    }
}

async fn refuse_others(url: &str) -> Result<(), BackupError> {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'zhida'
          AND pid <> pg_backend_pid()";
    let db = Database::connect(url).await?;
    let mut others = db::query_count(db.conn(), sql, []).await?;
    if others > 0 {
        tokio::time::sleep(GOODBYE).await;
        others = db::query_count(db.conn(), sql, []).await?;
    }
    db.close().await;
    match others {
        0 => Ok(()),
        _ => Err(BackupError::InUse),
    }
}

/// Puts a backup that [`super::check`] has found whole into the database: all of it, or nothing. `follow` makes
/// what follows from the rows (search indexes, ended sessions) within the same transaction.
///
/// # Errors
/// When the database holds something and may not be replaced, the backup is of a newer program or its audit
/// key is not here, or anything fails on the way.
pub async fn restore(
    target: Target<'_>,
    path: &Path,
    manifest: &Manifest,
    now: DateTime<Utc>,
    progress: &dyn Progress,
    follow: impl AsyncFnOnce(&Tx) -> Result<(), BackupError>,
) -> Result<Restored, BackupError> {
    let ours = prepare(target, manifest).await?;
    let mut written = Written::default();
    let files = write_files(target.files, path, manifest, &mut written, progress)?;
    let tx = target.db.begin().await?;
    tx.expect_much().await?;
    if target.replace {
        drop_tables(&tx, target.db, &ours).await?;
    }
    let steps: HashSet<(&str, &str)> = manifest
        .steps
        .iter()
        .map(|(room, step)| (room.as_str(), step.as_str()))
        .collect();
    db::apply_steps(&tx, target.sets, |room, step| steps.contains(&(room, step))).await?;
    load(&tx, path, manifest, &ours, progress).await?;
    db::apply_steps(&tx, target.sets, |room, step| {
        !steps.contains(&(room, step))
    })
    .await?;
    follow(&tx).await?;
    let entry = Entry::new(now, "命令行", "backup.restore", "backup", "").detail(json!({
        "made_at": manifest.made_at,
        "engine": manifest.engine,
        "rows": manifest.rows(),
        "files": manifest.files.len(),
    }));
    audit::append(&tx, &entry).await?;
    tx.commit().await?;
    written.keep();
    let rows = manifest.rows();
    Ok(Restored { rows, files })
}

/// All that can be known beforehand; the names of our tables.
async fn prepare(target: Target<'_>, manifest: &Manifest) -> Result<Vec<String>, BackupError> {
    let known: HashSet<(&str, &str)> = db::steps_of(target.sets).collect();
    let unknown = manifest
        .steps
        .iter()
        .find(|(room, step)| !known.contains(&(room.as_str(), step.as_str())));
    if let Some((room, step)) = unknown {
        return Err(BackupError::Newer {
            what: format!("「{room}」的步骤「{step}」本程序不认识"),
        });
    }
    if let Some(name) = &manifest.audit_key
        && target.db.audit_key_name() != Some(name)
    {
        return Err(BackupError::AuditKey { name: name.clone() });
    }
    // refuses the database of a newer program
    target.db.schema_state(target.sets).await?;
    let ours = db::tables_of(target.sets).await?;
    let there = target.db.tables().await?;
    if !target.replace && there.iter().any(|table| ours.contains(table)) {
        return Err(BackupError::NotEmpty);
    }
    Ok(ours)
}

/// Files written so far; removed again unless they are kept.
#[derive(Default)]
struct Written {
    paths: Vec<PathBuf>,
}

impl Written {
    fn keep(mut self) {
        self.paths.clear();
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for path in &self.paths {
            // what stays belongs to nothing, and is swept one day
            let _swept = fs::remove_file(path);
        }
    }
}

fn write_files(
    folder: &Path,
    path: &Path,
    manifest: &Manifest,
    written: &mut Written,
    progress: &dyn Progress,
) -> Result<u64, BackupError> {
    let total = manifest.files.len() as u64;
    let mut archive = Archive::open(path)?;
    for (done, file) in (1..).zip(&manifest.files) {
        progress.report(done, Some(total), "恢复文件");
        let target = path_of(folder, &file.sha256);
        let there = fs::File::open(&target).and_then(|there| digest_of(there, io::sink()));
        if there.is_ok_and(|(digest, _)| digest == file.sha256) {
            continue;
        }
        let refused = |source| BackupError::Write {
            path: target.clone(),
            source,
        };
        let parent = target.parent().unwrap_or(folder);
        make_private(parent).map_err(refused)?;
        let mut made = NamedTempFile::new_in(parent).map_err(refused)?;
        let name = format!("{FILES_FOLDER}{}", file.sha256);
        let (digest, _) = digest_of(archive.entry(&name)?, &mut made).map_err(refused)?;
        if digest != file.sha256 {
            return Err(damaged(path, &format!("文件 {} 与清单不符", file.sha256)));
        }
        made.as_file().sync_all().map_err(refused)?;
        made.persist(&target)
            .map_err(|error| refused(error.error))?;
        written.paths.push(target.clone());
    }
    Ok(written.paths.len() as u64)
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes our tables and nobody else's.
async fn drop_tables(tx: &Tx, db: &Database, ours: &[String]) -> Result<(), BackupError> {
    let there = db.tables().await?;
    let there: Vec<&String> = there.iter().filter(|table| ours.contains(table)).collect();
    match tx.engine() {
        Engine::Postgres => {
            for table in there {
                let sql = format!("DROP TABLE {} CASCADE", quoted(table));
                tx.execute_unprepared(&sql).await?;
            }
        }
        Engine::Sqlite => {
            tx.execute_unprepared("PRAGMA defer_foreign_keys = ON")
                .await?;
            // dropping a table deletes its rows, which those that point at them must not see one by one
            for table in catalog::tables(tx, ours).await? {
                let sql = format!("DELETE FROM {}", quoted(&table.name));
                tx.execute_unprepared(&sql).await?;
            }
            for table in there {
                let sql = format!("DROP TABLE {}", quoted(table));
                tx.execute_unprepared(&sql).await?;
            }
        }
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Constraint {
    table_name: String,
    name: String,
}

/// Rows come in any order: what they point at is looked for at the end.
async fn defer_references(tx: &Tx, ours: &[String]) -> Result<Vec<Constraint>, BackupError> {
    if tx.engine() == Engine::Sqlite {
        tx.execute_unprepared("PRAGMA defer_foreign_keys = ON")
            .await?;
        return Ok(Vec::new());
    }
    let sql = "SELECT CAST(t.relname AS TEXT) AS table_name, CAST(c.conname AS TEXT) AS name
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
        WHERE c.contype = 'f' AND c.connamespace = CAST(current_schema() AS regnamespace)
        ORDER BY 1, 2 LIMIT 10000";
    let mut constraints: Vec<Constraint> = db::query_all(tx, sql, []).await?;
    constraints.retain(|constraint| ours.contains(&constraint.table_name));
    alter(tx, &constraints, "DEFERRABLE INITIALLY DEFERRED").await?;
    Ok(constraints)
}

async fn check_references(tx: &Tx, constraints: &[Constraint]) -> Result<(), BackupError> {
    if tx.engine() == Engine::Postgres {
        tx.execute_unprepared("SET CONSTRAINTS ALL IMMEDIATE")
            .await?;
        alter(tx, constraints, "NOT DEFERRABLE").await?;
    }
    Ok(())
}

async fn alter(tx: &Tx, constraints: &[Constraint], how: &str) -> Result<(), BackupError> {
    for Constraint { table_name, name } in constraints {
        let (table, name) = (quoted(table_name), quoted(name));
        let sql = format!("ALTER TABLE {table} ALTER CONSTRAINT {name} {how}");
        tx.execute_unprepared(&sql).await?;
    }
    Ok(())
}

type Batch = (usize, Vec<Vec<db::Value>>);

/// Loads all tables of the manifest in place of what the steps have put there.
async fn load(
    tx: &Tx,
    path: &Path,
    manifest: &Manifest,
    ours: &[String],
    progress: &dyn Progress,
) -> Result<(), BackupError> {
    let there = catalog::tables(tx, ours).await?;
    check_tables(path, manifest, &there)?;
    let constraints = defer_references(tx, ours).await?;
    for table in &there {
        let sql = format!("DELETE FROM {}", quoted(&table.name));
        tx.execute_unprepared(&sql).await?;
    }
    let (batches, mut received) = mpsc::channel(BATCHES_WAITING);
    let (path, entries) = (path.to_owned(), manifest.tables.clone());
    let read = tokio::task::spawn_blocking(move || read_rows(&path, &entries, &batches));
    let (total, mut done) = (manifest.rows(), 0);
    let mut at = 0;
    let mut bulk = bulk_of(&manifest.tables, at);
    while let Some((table, rows)) = received.recv().await {
        if table != at {
            let next = bulk_of(&manifest.tables, table);
            finish(std::mem::replace(&mut bulk, next), tx).await?;
            at = table;
        }
        done += rows.len() as u64;
        for row in rows {
            if let Some(bulk) = &mut bulk {
                bulk.push(tx, row).await?;
            }
        }
        progress.report(done, Some(total), "恢复数据库");
    }
    finish(bulk, tx).await?;
    read.await
        .unwrap_or_else(|panic| Err(damaged(Path::new(""), &panic.to_string())))?;
    check_references(tx, &constraints).await
}

async fn finish(bulk: Option<Bulk>, tx: &Tx) -> Result<(), BackupError> {
    if let Some(bulk) = bulk {
        bulk.finish(tx).await?;
    }
    Ok(())
}

fn bulk_of(tables: &[TableEntry], at: usize) -> Option<Bulk> {
    let table = tables.get(at)?;
    let columns: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    Some(Bulk::insert(&quoted(&table.name), &columns))
}

/// The steps of the manifest must make the tables of the manifest.
fn check_tables(path: &Path, manifest: &Manifest, there: &[Table]) -> Result<(), BackupError> {
    let mut entries: Vec<(&str, Vec<&Column>)> = manifest
        .tables
        .iter()
        .map(|table| (table.name.as_str(), table.columns.iter().collect()))
        .collect();
    let mut made: Vec<(&str, Vec<&Column>)> = there
        .iter()
        .map(|table| (table.name.as_str(), table.columns.iter().collect()))
        .collect();
    for tables in [&mut entries, &mut made] {
        tables.sort_by_key(|(name, _)| *name);
        for (_, columns) in tables.iter_mut() {
            columns.sort_by_key(|column| column.name.as_str());
        }
    }
    match entries == made {
        true => Ok(()),
        false => Err(damaged(path, "清单里的表与它的版本不符")),
    }
}

fn read_rows(
    path: &Path,
    tables: &[TableEntry],
    batches: &mpsc::Sender<Batch>,
) -> Result<(), BackupError> {
    let mut archive = Archive::open(path)?;
    for (at, table) in tables.iter().enumerate() {
        let mut rows = Vec::with_capacity(ROWS_PER_BATCH);
        let hand_over = |rows| {
            // the loading has failed and says why itself
            batches
                .blocking_send((at, rows))
                .map_err(|_| damaged(path, "没有读完"))
        };
        archive.lines(table, |line| {
            let row = row_of(&line, table);
            rows.push(row.ok_or_else(|| damaged(path, &format!("表 {} 有一行不对", table.name)))?);
            if rows.len() == ROWS_PER_BATCH {
                hand_over(std::mem::take(&mut rows))?;
            }
            Ok(())
        })?;
        hand_over(rows)?;
    }
    Ok(())
}

fn row_of(line: &[u8], table: &TableEntry) -> Option<Vec<db::Value>> {
    let values: Vec<Value> = serde_json::from_slice(line).ok()?;
    if values.len() != table.columns.len() {
        return None;
    }
    let values = values.into_iter().zip(&table.columns);
    values
        .map(|(value, column)| {
            Some(match (column.kind, value) {
                (ColumnKind::Text, Value::Null) => Option::<String>::None.into(),
                (ColumnKind::Text, Value::String(text)) => text.into(),
                (ColumnKind::Bigint, Value::Null) => Option::<i64>::None.into(),
                (ColumnKind::Bigint, Value::Number(number)) => number.as_i64()?.into(),
                (ColumnKind::Boolean, Value::Null) => Option::<bool>::None.into(),
                (ColumnKind::Boolean, Value::Bool(truth)) => truth.into(),
                _ => return None,
            })
        })
        .collect()
}
