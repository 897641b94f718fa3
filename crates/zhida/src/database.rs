//! The database with its keys, as every command opens it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use zhida_platform::{
    audit,
    config::Config,
    db::Database,
    keys::{self, KeyError},
    seal::Sealer,
};

use crate::app::sqlite_file;

/// Opens the configured database for the program's work: an SQLite database without a configured key for its
/// secrets gets one beside it.
pub async fn open(config: &Config) -> Result<Database> {
    if let Some(file) = secrets_file(config).filter(|_| !config.secrets.is_on()) {
        make_folder(config)?;
        keys::read_or_make(&file).context("封存密钥不能用")?;
    }
    connect(config).await
}

fn make_folder(config: &Config) -> Result<()> {
    let folder = sqlite_file(config).and_then(Path::parent);
    match folder.filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder)
            .with_context(|| format!("不能建立数据库所在的目录 {}", folder.display())),
        None => Ok(()),
    }
}

/// Opens it as it stands, with the keys there are: nothing is made, the schema is left as it is.
pub async fn connect(config: &Config) -> Result<Database> {
    // before anything is made: a wrong key must not leave an empty database
    let audit_key = audit::Key::from_config(&config.audit).context("审计密钥不能用")?;
    let sealer = sealer(config).context("封存密钥不能用")?;
    let db = Database::connect(&config.database.url)
        .await
        .context("打不开数据库")?;
    let db = db.with_sealer(sealer);
    Ok(match audit_key {
        Some(key) => db.with_audit_key(key),
        None => db,
    })
}

/// Whether the configured keys can be read; the database is not touched.
pub fn check_keys(config: &Config) -> Result<()> {
    audit::Key::from_config(&config.audit).context("审计密钥不能用")?;
    sealer(config).context("封存密钥不能用")?;
    Ok(())
}

/// The file that holds the key of an SQLite database's secrets when none is configured.
pub fn secrets_file(config: &Config) -> Option<PathBuf> {
    let mut beside = sqlite_file(config)?.as_os_str().to_owned();
    beside.push("-secrets.key");
    Some(beside.into())
}

fn sealer(config: &Config) -> Result<Sealer, KeyError> {
    let keys = match secrets_file(config) {
        Some(file) if !config.secrets.is_on() && file.exists() => keys::read_or_make(&file)?,
        _ => config.secrets.read("secrets")?,
    };
    Ok(Sealer::new(&keys))
}
