//! One file per command.

pub mod account;
pub mod appeals;
pub mod audit;
pub mod backup;
pub mod calendar;
pub mod cases;
pub mod config;
pub mod demo;
pub mod generate;
pub mod import;
pub mod match_all;
pub mod matching;
pub mod message;
pub mod open311;
pub mod payments;
pub mod restore;
pub mod rule;
pub mod rule_sql;
pub mod scheme;
pub mod serve;
pub mod verify;

use std::{io, path::Path};

use anyhow::{Result, anyhow, bail};
use tokio::fs::File;
use zhida_platform::{
    config::Config,
    db::{Database, SchemaState},
    export::{self, ExportError, Table},
    log,
};

use crate::{
    app::{self, App},
    cli::Store,
    database,
};

/// Opens a database to read from it: one that is not there is a mistake, not an empty city.
async fn open(store: &Store) -> Result<App> {
    App::open(&existing(store)?).await
}

/// Opens an existing database as it stands: its schema is not brought up to date, nothing is written.
async fn open_as_is(config: &Config) -> Result<Database> {
    let db = database::connect(config).await?;
    match db.schema_state(&app::migrations()).await? {
        SchemaState::Empty => bail!("数据库里还没有直达的表，请核对 --database 的地址"),
        SchemaState::Behind(steps) => bail!(
            "数据库由旧版本的程序写成，还差 {steps} 个步骤：请先用本版本启动一次 zhida serve，它会更新数据库结构"
        ),
        SchemaState::Current => Ok(db),
    }
}

/// The settings of a command that reads an existing database.
fn existing(store: &Store) -> Result<Config> {
    let mut config = app::config(store)?;
    if let Some(file) = app::sqlite_file(&config)
        && !file.exists()
    {
        bail!(
            "没有数据库文件 {}，请核对 --database 的地址；还没有数据时请先用 zhida import 导入",
            file.display()
        );
    }
    "warn".clone_into(&mut config.log.level);
    log::init(&config.log);
    Ok(config)
}

/// Writes a table as CSV.
async fn write_csv(table: Table, path: &Path) -> Result<()> {
    let refused = |error: io::Error| cannot_write(path, &error);
    let mut file = File::create(path).await.map_err(refused)?;
    match export::write_csv(table, &mut file).await {
        Err(ExportError::Io(error)) => Err(refused(error)),
        written => Ok(written.map(drop)?),
    }
}

/// Why a file cannot be written, in words.
fn cannot_write(path: &Path, error: &io::Error) -> anyhow::Error {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "目录不存在".to_owned(),
        io::ErrorKind::AlreadyExists => "已有这个文件，请换一个文件名".to_owned(),
        io::ErrorKind::PermissionDenied => "没有写权限".to_owned(),
        io::ErrorKind::IsADirectory => "这是一个目录".to_owned(),
        io::ErrorKind::NotADirectory => "路径中有一段不是目录".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "文件系统只读".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "磁盘空间不足".to_owned(),
        _ => error.to_string(),
    };
    anyhow!("不能写 {}：{reason}", path.display())
}

/// Writes a line to standard output. Unlike `println!` it gives an error when the reader of a pipe
/// went away.
fn say(text: impl std::fmt::Display) -> io::Result<()> {
    use io::Write;
    writeln!(io::stdout(), "{text}")
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well: exit code 0.
    Good,
    /// The command worked, what it checked is not all right: exit code 1.
    Bad,
}

impl Outcome {
    /// Good when `all_good`.
    pub fn of(all_good: bool) -> Self {
        if all_good { Self::Good } else { Self::Bad }
    }
}
