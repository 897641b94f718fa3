//! `zhida audit`: for whoever answers for the record.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::StreamExt;
use serde_json::json;
use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncWriteExt, BufWriter},
};
use zhida_platform::{
    audit::{self, Actor, Checkpoint, Entry, Finding, Query, Report},
    clock::{Clock, SystemClock, to_shanghai},
    db::Database,
    export,
    format::count,
};

use super::{Outcome, cannot_write, existing, open_as_is, say};
use crate::cli::{AuditCheckpoint, AuditExport, AuditPrune, AuditVerify};

const ACTOR: &str = "命令行";
/// Hours that Asia/Shanghai is ahead of UTC.
const SHANGHAI_HOURS: i64 = 8;

/// `zhida audit verify`.
pub async fn verify(arguments: &AuditVerify) -> Result<Outcome> {
    let db = open_as_is(&existing(&arguments.store)?).await?;
    let known = match &arguments.checkpoint {
        Some(file) => checkpoints(file)?,
        None => Vec::new(),
    };
    let report = match known.iter().max_by_key(|known| known.no) {
        Some(last) if arguments.since => audit::verify_since(&db, last).await?,
        _ => audit::verify(&db, &known).await?,
    };
    if arguments.json {
        say(json_of(&report))?;
    } else {
        tell(&report, &known)?;
    }
    Ok(Outcome::of(report.is_sound()))
}

fn checkpoints(file: &Path) -> Result<Vec<Checkpoint>> {
    let context = || format!("检查点文件 {}", file.display());
    let text = fs::read_to_string(file).with_context(context)?;
    let known = Checkpoint::read_all(&text).with_context(context)?;
    if known.is_empty() {
        bail!("检查点文件 {} 是空的，没有可以对照的", file.display());
    }
    Ok(known)
}

/// The report, and under each finding what it means.
fn tell(report: &Report, known: &[Checkpoint]) -> Result<()> {
    if report.is_sound() {
        say(report)?;
    } else {
        let head = report.to_string();
        say(head.lines().next().unwrap_or_default())?;
        for finding in &report.findings {
            say(format!("  {finding}"))?;
            say(format!("    {}", finding.advice()))?;
        }
        let unlisted = report.findings_count - report.findings.len() as u64;
        if unlisted > 0 {
            say(format!("  另有 {} 处，不再列出", count(unlisted)))?;
        }
    }
    if let Some(last) = known.iter().max_by_key(|known| known.no) {
        let at = to_shanghai(last.at).format("%Y-%m-%d %H:%M");
        say(format!(
            "已与 {} 个检查点对照，最后一个是 {at} 的第 {} 条。",
            known.len(),
            last.no
        ))?;
    }
    Ok(())
}

fn json_of(report: &Report) -> serde_json::Value {
    let finding = |finding: &Finding| {
        json!({
            "kind": finding.slug(),
            "no": finding.no(),
            "message": finding.to_string(),
            "advice": finding.advice(),
        })
    };
    json!({
        "sound": report.is_sound(),
        "checked": report.checked,
        "last": report.last,
        "pruned": report.pruned,
        "before_chain": report.before_chain,
        "keyed_from": report.keyed_from,
        "findings_count": report.findings_count,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

/// `zhida audit checkpoint`.
pub async fn checkpoint(arguments: &AuditCheckpoint) -> Result<Outcome> {
    let db = open_as_is(&existing(&arguments.store)?).await?;
    let line = Checkpoint::take(&db, SystemClock.now()).await?.to_line();
    if let Some(file) = &arguments.file {
        let mut options = fs::OpenOptions::new();
        options
            .create(true)
            .append(true)
            .open(file)
            .and_then(|mut file| {
                file.write_all(line.as_bytes())?;
                file.sync_all()
            })
            .map_err(|error| cannot_write(file, &error))?;
    }
    say(line.trim_end())?;
    Ok(Outcome::Good)
}

/// `zhida audit export`. The record of it is written first: what is handed out is recorded even if writing the
/// file fails half-way; then the file goes, for half of it looks like all of it.
pub async fn export(arguments: &AuditExport) -> Result<Outcome> {
    let path = &arguments.file;
    let kind = path
        .extension()
        .and_then(|kind| kind.to_str())
        .unwrap_or_default();
    if !["csv", "xlsx", "jsonl"].contains(&kind) {
        bail!(
            "不知道把 {} 写成什么格式：文件名请以 .csv、.xlsx 或 .jsonl 结尾",
            path.display()
        );
    }
    let db = open_as_is(&existing(&arguments.store)?).await?;
    let file = create_private(path).await?;
    let written = write(db, arguments, kind, file).await;
    if written.is_err() {
        fs::remove_file(path).with_context(|| format!("{} 没有写完，请删除", path.display()))?;
    }
    let records = written?;
    say(format!(
        "已导出 {} 条审计记录到 {}；这次导出已记入审计",
        count(records),
        path.display()
    ))?;
    Ok(Outcome::Good)
}

/// A new file that only its owner reads: the records name people.
async fn create_private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let file = options.open(path).await;
    file.map_err(|error| cannot_write(path, &error))
}

/// How many records were written.
async fn write(db: Database, arguments: &AuditExport, kind: &str, file: File) -> Result<u64> {
    let now = SystemClock.now();
    let mut query = query(arguments);
    // without the record of this export
    query.until = Some(query.until.map_or(now, |until| until.min(now)));
    let records = audit::count(&db, &query).await?;
    record_export(&db, arguments, now, records).await?;
    match kind {
        "csv" => {
            let mut out = BufWriter::new(file);
            export::write_csv(audit::table(db, query), &mut out).await?;
            out.flush().await?;
        }
        "xlsx" => {
            let mut out = BufWriter::new(file);
            export::write_xlsx(audit::table(db, query), &mut out).await?;
        }
        _ => write_lines(db, query, file).await?,
    }
    Ok(records)
}

async fn write_lines(db: Database, query: Query, file: File) -> Result<()> {
    let mut out = BufWriter::new(file);
    let mut lines = std::pin::pin!(audit::json_lines(db, query));
    while let Some(bytes) = lines.next().await {
        out.write_all(&bytes?).await?;
    }
    out.flush().await?;
    Ok(())
}

fn query(arguments: &AuditExport) -> Query {
    Query {
        from: arguments.from.map(begin_of),
        until: arguments
            .until
            .map(|day| begin_of(day) + TimeDelta::days(1)),
        enterprise: arguments.enterprise.clone(),
        action: arguments.action.clone(),
        ..Query::default()
    }
}

/// The instant at which a day begins in Asia/Shanghai.
fn begin_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::hours(SHANGHAI_HOURS)
}

async fn record_export(
    db: &Database,
    arguments: &AuditExport,
    now: DateTime<Utc>,
    records: u64,
) -> Result<()> {
    let entry = Entry::view(now, ACTOR, "audit.export", "audit", "").detail(json!({
        "records": records,
        "from": arguments.from,
        "until": arguments.until,
        "enterprise": arguments.enterprise,
        "action": arguments.action,
    }));
    Ok(audit::record(db, &[entry]).await?)
}

/// `zhida audit prune`.
pub async fn prune(arguments: &AuditPrune) -> Result<Outcome> {
    let db = open_as_is(&existing(&arguments.store)?).await?;
    let report = audit::verify(&db, &[]).await?;
    if !report.is_sound() {
        tell(&report, &[])?;
        say("审计链有问题，没有清理：清理会带走证据。请先查明原因。")?;
        return Ok(Outcome::Bad);
    }
    let (now, before) = (SystemClock.now(), begin_of(arguments.before));
    let pruned = audit::prune(&db, &Actor::named(ACTOR), now, before).await?;
    say(match pruned.removed {
        0 => format!("没有早于 {} 的记录，什么也没有清理", arguments.before),
        removed => format!(
            "已清理 {} 条，第 {} 条及之前的都不在了；链上已记下这次清理",
            count(removed),
            pruned.up_to
        ),
    })?;
    Ok(Outcome::Good)
}
