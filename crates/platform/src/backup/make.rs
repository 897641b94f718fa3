//! Making a backup.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, FromQueryResult, IsolationLevel, QueryResult,
    StreamTrait as _, TransactionOptions, TransactionTrait as _,
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::archive::{self, Part};
use super::catalog::{STEPS, Table, quoted, tables};
use super::{BackupError, ColumnKind, FORM, Manifest};
use crate::audit;
use crate::db::{self, Database, Engine, MigrationSet, statement};
use crate::progress::Progress;

/// Bytes of lines that are handed to the writing thread at once.
const CHUNK_BYTES: usize = 1 << 20;
/// Chunks that may wait for it.
const CHUNKS_WAITING: usize = 4;
/// Files that are listed at a time.
const FILES_PER_PAGE: i64 = 1_000;

/// What is to be backed up.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The database.
    pub db: &'a Database,
    /// The rooms' steps: only their tables are kept.
    pub sets: &'a [MigrationSet],
    /// The folder of the files.
    pub files: &'a Path,
    /// The program's version.
    pub program: &'a str,
}

/// Writes a backup to `target`, which appears only when it is whole. Others may write meanwhile.
///
/// # Errors
/// When there is such a file already, the database does not answer or is of a newer program, or the file
/// cannot be written.
pub async fn make(
    source: Source<'_>,
    target: &Path,
    now: DateTime<Utc>,
    progress: &dyn Progress,
) -> Result<Manifest, BackupError> {
    if target.exists() {
        return Err(BackupError::Exists {
            path: target.to_owned(),
        });
    }
    // a database of a newer program holds what is not known here
    source.db.schema_state(source.sets).await?;
    let ours = db::tables_of(source.sets).await?;
    let (parts, received) = mpsc::channel(CHUNKS_WAITING);
    let path = target.to_owned();
    let written = tokio::task::spawn_blocking(move || archive::write(&path, received));
    let read = read(source, &ours, now, &parts, progress).await;
    drop(parts);
    let written = written.await.unwrap_or_else(|panic| {
        Err(BackupError::Write {
            path: target.to_owned(),
            source: std::io::Error::other(panic),
        })
    });
    match read {
        // the thread has stopped listening: it knows why
        Err(Stopped::Writer) => written,
        Err(Stopped::Reader(error)) => Err(error),
        Ok(()) => written,
    }
}

/// Why reading ended early.
enum Stopped {
    Reader(BackupError),
    Writer,
}

impl<E: Into<BackupError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Reader(error.into())
    }
}

type Parts = mpsc::Sender<Part>;

async fn send(parts: &Parts, part: Part) -> Result<(), Stopped> {
    parts.send(part).await.map_err(|_| Stopped::Writer)
}

async fn read(
    source: Source<'_>,
    ours: &[String],
    now: DateTime<Utc>,
    parts: &Parts,
    progress: &dyn Progress,
) -> Result<(), Stopped> {
    let snapshot = snapshot(source.db).await?;
    let tables = tables(&snapshot, ours).await?;
    let mut total = 0;
    for table in &tables {
        let sql = format!("SELECT COUNT(*) FROM {}", quoted(&table.name));
        let rows = db::query_count(&snapshot, &sql, []).await?;
        total += u64::try_from(rows).unwrap_or_default();
    }
    let mut done = 0;
    for table in &tables {
        let begin = Part::Table(table.name.clone(), table.columns.clone());
        send(parts, begin).await?;
        read_table(&snapshot, table, parts, &mut |rows| {
            done += rows;
            progress.report(done, Some(total), "备份数据库");
        })
        .await?;
    }
    read_files(&snapshot, source.files, parts, progress).await?;
    let manifest = Manifest {
        form: FORM.to_owned(),
        program: source.program.to_owned(),
        engine: match source.db.engine() {
            Engine::Sqlite => "sqlite".to_owned(),
            Engine::Postgres => "postgres".to_owned(),
        },
        made_at: now,
        steps: steps(&snapshot).await?,
        audit_key: audit::key_name(&snapshot).await?,
        secrets_key: source.db.sealer().key_name().map(str::to_owned),
        tables: Vec::new(),
        files: Vec::new(),
        missing: Vec::new(),
    };
    snapshot.rollback().await?;
    send(parts, Part::End(Box::new(manifest))).await
}

/// A transaction that sees one moment. SQLite's begins with its first read.
async fn snapshot(db: &Database) -> Result<DatabaseTransaction, BackupError> {
    let options = match db.engine() {
        Engine::Sqlite => TransactionOptions::default(),
        Engine::Postgres => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        },
    };
    Ok(db.conn().begin_with_options(options).await?)
}

async fn read_table(
    snapshot: &DatabaseTransaction,
    table: &Table,
    parts: &Parts,
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<(), Stopped> {
    let (columns, name) = (table.column_list(), quoted(&table.name));
    let sql = format!("SELECT {columns} FROM {name}");
    let mut rows = snapshot.stream_raw(statement(snapshot, &sql, [])).await?;
    let (mut lines, mut count) = (Vec::with_capacity(CHUNK_BYTES), 0);
    while let Some(row) = rows.try_next().await? {
        let values = values_of(&row, table)?;
        serde_json::to_writer(&mut lines, &values)
            .map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
        lines.push(b'\n');
        count += 1;
        if lines.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut lines, Vec::with_capacity(CHUNK_BYTES));
            send(parts, Part::Lines(full, count)).await?;
            tell(std::mem::take(&mut count));
        }
    }
    tell(count);
    send(parts, Part::Lines(lines, count)).await
}

fn values_of(row: &QueryResult, table: &Table) -> Result<Vec<Value>, sea_orm::DbErr> {
    let columns = table.columns.iter().enumerate();
    columns
        .map(|(at, column)| {
            Ok(match column.kind {
                ColumnKind::Text => row.try_get_by_index::<Option<String>>(at)?.into(),
                ColumnKind::Bigint => row.try_get_by_index::<Option<i64>>(at)?.into(),
                ColumnKind::Boolean => row.try_get_by_index::<Option<bool>>(at)?.into(),
            })
        })
        .collect()
}

#[derive(FromQueryResult)]
struct Content {
    digest: String,
}

/// The files that the snapshot names; infected and damaged ones have no bytes.
async fn read_files(
    snapshot: &DatabaseTransaction,
    folder: &Path,
    parts: &Parts,
    progress: &dyn Progress,
) -> Result<(), Stopped> {
    let kept = "state NOT IN ('infected', 'damaged')";
    let sql = format!("SELECT COUNT(*) FROM file_content WHERE {kept}");
    let total = db::query_count(snapshot, &sql, []).await?;
    let total = u64::try_from(total).unwrap_or_default();
    let sql = format!(
        "SELECT digest FROM file_content WHERE {kept} AND digest > $1 ORDER BY digest LIMIT $2"
    );
    let (mut last, mut done) = (String::new(), 0);
    loop {
        let values = [last.as_str().into(), FILES_PER_PAGE.into()];
        let page: Vec<Content> = db::query_all(snapshot, &sql, values).await?;
        let Some(end) = page.last() else {
            return Ok(());
        };
        last.clone_from(&end.digest);
        for content in page {
            let path = path_of(folder, &content.digest);
            send(parts, Part::File(path, content.digest)).await?;
            done += 1;
            progress.report(done, Some(total), "备份文件");
        }
    }
}

/// Where the store of the files keeps these bytes.
pub(super) fn path_of(folder: &Path, digest: &str) -> PathBuf {
    let (a, b) = (digest.get(..2), digest.get(2..4));
    folder
        .join(a.unwrap_or_default())
        .join(b.unwrap_or_default())
        .join(digest)
}

#[derive(FromQueryResult)]
struct Applied {
    room: String,
    step: String,
}

async fn steps(snapshot: &impl ConnectionTrait) -> db::Result<Vec<(String, String)>> {
    let sql = format!("SELECT room, step FROM {STEPS} ORDER BY room, step");
    let rows: Vec<Applied> = db::query_all(snapshot, &sql, []).await?;
    Ok(rows.into_iter().map(|row| (row.room, row.step)).collect())
}
