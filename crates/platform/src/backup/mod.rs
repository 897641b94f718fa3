//! A backup of everything in one file: the database and the files that people handed in. It is the same on both
//! databases, so it also moves a city from SQLite to PostgreSQL.
//!
//! # The file
//! A ZIP, which every machine can open:
//!
//! ```text
//! manifest.json        what is in it: steps of the schema, tables with rows and SHA-256, files, keys by name
//! tables/NAME.jsonl    one row a line, a JSON array in the order of the manifest's columns
//! files/DIGEST         the bytes of a file, named by their SHA-256
//! ```
//!
//! All tables are read in one transaction (a snapshot on SQLite, REPEATABLE READ on PostgreSQL), so nobody has to
//! stop working and what is read fits together. Search indexes are left out: they follow from the rows, each
//! database has its own, and restoring makes them anew. Keys are never in it.
//!
//! # Restoring
//! First the whole file is read and compared with its manifest. Then one transaction makes the schema as it was at
//! the backup, loads the rows, brings the schema up to date, lets the rooms make what follows from their rows, and
//! appends the audit record of having been restored. Whatever fails, the database stays as it was, and files that
//! had been written are removed. A database that holds something is replaced only when that is asked for.

mod archive;
mod catalog;
mod make;
mod restore;

use std::io;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use archive::check;
pub use make::{Source, make};
pub use restore::{Restored, Target, refuse_in_use, restore};

use crate::{audit, db};

/// Names the form; another form gets another name.
const FORM: &str = "zhida-backup-1";
const MANIFEST: &str = "manifest.json";
const FILES_FOLDER: &str = "files/";

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the form.
    pub form: String,
    /// Version of the program that wrote it.
    pub program: String,
    /// The database it was made from, `sqlite` or `postgres`.
    pub engine: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// Steps of the schema, as room and step.
    pub steps: Vec<(String, String)>,
    /// Name of the key that the audit chain has; none without one.
    pub audit_key: Option<String>,
    /// Name of the key that secrets were sealed with last; none without one.
    pub secrets_key: Option<String>,
    /// The tables, by name.
    pub tables: Vec<TableEntry>,
    /// The files, by digest.
    pub files: Vec<FileEntry>,
    /// Digests of files that the database names, and that were not there or not sound.
    pub missing: Vec<String>,
}

impl Manifest {
    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// A table in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of the rows' values.
    pub columns: Vec<Column>,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 of its lines.
    pub sha256: String,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds; the schema has no other kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A whole number.
    Bigint,
    /// Yes or no.
    Boolean,
}

/// A file in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// SHA-256 of its bytes, and its name.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// The audit record of it.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// A file cannot be written.
    #[error("不能写「{}」：{source}。请检查目录、写权限和磁盘空间", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// There is such a file already.
    #[error("「{}」已经有了，没有覆盖：请换一个文件名，或先移走它", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The backup cannot be read.
    #[error("读不到备份「{}」：{source}。请检查路径与读权限", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The file is no backup, or not all of it.
    #[error("「{}」不是完整的备份（{what}）：可能没有传完，或被改动过，请换一份", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It was written by a newer program.
    #[error("备份由更新版本的程序写成（{what}）：请用那个版本或更新的版本恢复")]
    Newer {
        /// What is not known here.
        what: String,
    },
    /// The database holds something.
    #[error(
        "数据库里已有直达的数据，没有恢复：请指定一个空的数据库；确认要整个换掉的，加 --replace"
    )]
    NotEmpty,
    /// A program has the database open.
    #[error("有别的程序正开着这个数据库：请先停止 zhida serve，再恢复")]
    InUse,
    /// The audit chain's key is not here.
    #[error(
        "备份里的审计链用密钥「{name}」保护，没有配置这把密钥，恢复后不能写入：请先在 audit.key_file 指明那时的密钥文件"
    )]
    AuditKey {
        /// Name of the key.
        name: String,
    },
    /// What follows from the rows cannot be made.
    #[error("恢复后整理检索索引没有成功，已全部撤销：{0}")]
    Follow(Box<dyn std::error::Error + Send + Sync>),
    /// A table holds something that the form has no place for.
    #[error("表「{table}」的列「{column}」是 {kind}，备份不认识这种列：这是程序的错误，请报告")]
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
}

impl From<sea_orm::DbErr> for BackupError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Db(error.into())
    }
}
