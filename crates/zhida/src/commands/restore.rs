//! `zhida restore`: a backup into an empty database, of either kind.

use std::path::Path;

use anyhow::Result;
use serde_json::json;
use zhida_platform::{
    audit,
    backup::{self, BackupError, Manifest, Target},
    clock::{Clock, SystemClock, to_shanghai},
    config::Config,
    db::{Database, Tx},
    format::count,
    log,
};

use super::{Outcome, say};
use crate::{
    app::{self, migrations},
    cli::Restore,
    database,
    terminal::Terminal,
};

/// `zhida restore`. Exit code 1 when the audit chain that was restored is broken.
pub async fn restore(arguments: &Restore) -> Result<Outcome> {
    let mut config = app::config(&arguments.store)?;
    "warn".clone_into(&mut config.log.level);
    log::init(&config.log);
    let terminal = Terminal::new();
    let manifest = backup::check(&arguments.file, &terminal)?;
    drop(terminal);
    if arguments.check {
        return checked(arguments, &manifest);
    }
    backup::refuse_in_use(app::sqlite_file(&config), &config.database.url).await?;
    let db = database::connect(&config).await?;
    let sets = migrations();
    let target = Target {
        db: &db,
        sets: &sets,
        files: Path::new(&config.files.folder),
        replace: arguments.replace,
    };
    let terminal = Terminal::new();
    let now = SystemClock.now();
    let restored =
        backup::restore(target, &arguments.file, &manifest, now, &terminal, follow).await?;
    drop(terminal);
    let report = audit::verify(&db, &[]).await?;
    if arguments.json {
        say(json!({
            "rows": restored.rows,
            "files": restored.files,
            "missing": manifest.missing,
            "audit_sound": report.is_sound(),
        }))?;
    } else {
        say(format!(
            "已恢复 {} 的备份：{} 行，写入 {} 个文件。所有人都要重新登录。",
            made_at(&manifest),
            count(restored.rows),
            count(restored.files)
        ))?;
        warn_of_missing(&manifest)?;
        say(&report)?;
        warn_of_keys(&manifest, &db, &config)?;
    }
    db.close().await;
    Ok(Outcome::of(report.is_sound()))
}

/// What follows from the rows of the rooms.
async fn follow(tx: &Tx) -> Result<(), BackupError> {
    zhida_registry::reindex(tx).await?;
    zhida_policies::reindex(tx)
        .await
        .map_err(|error| BackupError::Follow(error.into()))?;
    zhida_matching::forget_snapshots(tx).await?;
    zhida_people::end_all_sessions(tx).await?;
    Ok(())
}

fn checked(arguments: &Restore, manifest: &Manifest) -> Result<Outcome> {
    if arguments.json {
        say(serde_json::to_string(manifest)?)?;
    } else {
        say(format!(
            "{} 完整：{} 由程序 {} 从 {} 写成，{} 张表，{} 行，{} 个文件",
            arguments.file.display(),
            made_at(manifest),
            manifest.program,
            manifest.engine,
            manifest.tables.len(),
            count(manifest.rows()),
            count(manifest.files.len() as u64)
        ))?;
        warn_of_missing(manifest)?;
    }
    Ok(Outcome::Good)
}

fn warn_of_missing(manifest: &Manifest) -> Result<()> {
    if !manifest.missing.is_empty() {
        let missing = count(manifest.missing.len() as u64);
        say(format!(
            "注意：备份时有 {missing} 个文件找不到或已损坏，备份里没有："
        ))?;
    }
    for digest in &manifest.missing {
        say(format!("  {digest}"))?;
    }
    Ok(())
}

fn made_at(manifest: &Manifest) -> String {
    let at = to_shanghai(manifest.made_at);
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// Secrets that nobody can open any more are noticed when people cannot sign in; better now.
fn warn_of_keys(manifest: &Manifest, db: &Database, config: &Config) -> Result<()> {
    let Some(name) = &manifest.secrets_key else {
        return Ok(());
    };
    if db.sealer().holds(name) {
        return Ok(());
    }
    let mend = match database::secrets_file(config) {
        Some(file) if !config.secrets.is_on() && !file.exists() => {
            format!("启动之前把原来的密钥文件复制为 {}", file.display())
        }
        _ => "把那时的密钥另起一行写进密钥文件（设置 secrets.key_file）".to_owned(),
    };
    say(format!(
        "注意：备份里的双因素密钥、推送密钥用密钥 {name} 封存，这里没有这把密钥。请{mend}，否则有第二因素的账号登录不了。"
    ))?;
    Ok(())
}
