//! `zhida backup`: everything in one file, while the server runs.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;
use zhida_platform::{
    audit::{self, Entry},
    backup::{self, Manifest, Source},
    clock::{Clock, SystemClock},
    format::count,
};

use super::{Outcome, existing, open_as_is, say};
use crate::{app::migrations, cli::Backup, database, terminal::Terminal};

/// `zhida backup`. Exit code 1 when files are missing: the backup is whole, the folder is not.
pub async fn backup(arguments: &Backup) -> Result<Outcome> {
    let config = existing(&arguments.store)?;
    let db = open_as_is(&config).await?;
    let sets = migrations();
    let source = Source {
        db: &db,
        sets: &sets,
        files: Path::new(&config.files.folder),
        program: env!("CARGO_PKG_VERSION"),
    };
    let now = SystemClock.now();
    let terminal = Terminal::new();
    let manifest = backup::make(source, &arguments.file, now, &terminal).await?;
    drop(terminal);
    // it holds the personal data of everybody
    let entry = Entry::view(now, "命令行", "backup.make", "backup", "").detail(json!({
        "rows": manifest.rows(),
        "files": manifest.files.len(),
    }));
    audit::record(&db, &[entry])
        .await
        .context("备份已写好，但没有记入审计")?;
    let bytes = std::fs::metadata(&arguments.file).map_or(0, |file| file.len());
    if arguments.json {
        say(json!({
            "file": arguments.file,
            "bytes": bytes,
            "rows": manifest.rows(),
            "files": manifest.files.len(),
            "missing": manifest.missing,
        }))?;
    } else {
        tell(arguments, &manifest, bytes)?;
        if let Some(file) = database::secrets_file(&config)
            && !config.secrets.is_on()
        {
            say(format!(
                "备份里没有密钥。请把 {} 另存一处，恢复时要用。",
                file.display()
            ))?;
        }
    }
    Ok(Outcome::of(manifest.missing.is_empty()))
}

fn tell(arguments: &Backup, manifest: &Manifest, bytes: u64) -> Result<()> {
    say(format!(
        "已备份到 {}：{} 张表，{} 行，{} 个文件，共 {} 字节",
        arguments.file.display(),
        manifest.tables.len(),
        count(manifest.rows()),
        count(manifest.files.len() as u64),
        count(bytes)
    ))?;
    if !manifest.missing.is_empty() {
        say(format!(
            "有 {} 个文件在目录里找不到或已损坏，没有备份到：",
            manifest.missing.len()
        ))?;
        for digest in &manifest.missing {
            say(format!("  {digest}"))?;
        }
    }
    Ok(())
}
