//! `zhida config check`: every setting with its origin, and whether the machine can do what they ask for.

use std::{fs, io, path::Path, time::Duration};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde::Serialize;
use serde_json::json;
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use zhida_platform::{
    audit,
    clock::{Clock, SystemClock, to_shanghai},
    config::{Config, Source, Traced},
    db::{self, Database, Engine, SchemaState},
    files::{Clamd, Verdict},
    messages::MailSecurity,
    paging::PageRequest,
};

use super::{Outcome, say};
use crate::{app, cli::ConfigCheck, database};

/// How long a neighbour may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How far two clocks may differ.
const CLOCKS_DIFFER_SECONDS: i64 = 60;
/// Rights that a file with secrets must not give to others.
#[cfg(unix)]
const OTHERS: u32 = 0o007;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    /// It works, but somebody should know.
    Warning,
    Bad,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    message: String,
}

/// The checks so far.
#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, name: &'static str, state: State, message: impl Into<String>) {
        let message = message.into();
        self.0.push(Check {
            name,
            state,
            message,
        });
    }

    fn good(&mut self, name: &'static str, message: impl Into<String>) {
        self.add(name, State::Good, message);
    }

    fn warning(&mut self, name: &'static str, message: impl Into<String>) {
        self.add(name, State::Warning, message);
    }

    fn bad(&mut self, name: &'static str, message: impl Into<String>) {
        self.add(name, State::Bad, message);
    }

    fn all_good(&self) -> bool {
        self.0.iter().all(|check| check.state != State::Bad)
    }
}

/// `zhida config check`.
pub async fn check(arguments: &ConfigCheck) -> Result<Outcome> {
    let mut checks = Checks::default();
    let traced = match app::settings(&arguments.store) {
        Ok(traced) => traced,
        Err(error) => {
            checks.bad("设置", error.to_string());
            return tell(arguments, None, &checks);
        }
    };
    let config = &traced.config;
    clock(&mut checks);
    if let Some(db) = database(config, &mut checks).await {
        audit_key(&db, &mut checks).await?;
        secrets(&db, config, &mut checks);
        clocks_agree(&db, &mut checks).await?;
        db.close().await;
    }
    folders(config, &mut checks);
    rights(&traced, &mut checks);
    clamd(config, &mut checks).await;
    mail(config, &mut checks).await;
    network(config, &mut checks);
    tell(arguments, Some(&traced), &checks)
}

fn tell(arguments: &ConfigCheck, traced: Option<&Traced>, checks: &Checks) -> Result<Outcome> {
    let settings = traced.map(Traced::settings).unwrap_or_default();
    let all_good = checks.all_good();
    if arguments.json {
        let shown = settings.iter().map(
            |setting| json!({ "key": setting.key, "value": setting.value, "source": setting.source.to_string() }),
        );
        say(
            json!({ "good": all_good, "settings": shown.collect::<Vec<_>>(), "checks": checks.0 }),
        )?;
        return Ok(Outcome::of(all_good));
    }
    if !settings.is_empty() {
        say(format!("设置，共 {} 项：", settings.len()))?;
    }
    for setting in &settings {
        let (key, value, source) = (&setting.key, &setting.value, &setting.source);
        say(format!("  {key} = {value}    （{source}）"))?;
    }
    say("检查：")?;
    for Check {
        name,
        state,
        message,
    } in &checks.0
    {
        let mark = match state {
            State::Good => "✓",
            State::Warning => "!",
            State::Bad => "✗",
        };
        say(format!("  {mark} {name}：{message}"))?;
    }
    say(match all_good {
        true => "可以启动。",
        false => "标 ✗ 的要先改正。",
    })?;
    Ok(Outcome::of(all_good))
}

/// Before the program was written it cannot be.
fn clock(checks: &mut Checks) {
    let now = SystemClock.now();
    let shown = to_shanghai(now).format("%Y-%m-%d %H:%M:%S");
    let earliest = Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).single();
    match earliest.is_some_and(|earliest| now < earliest) {
        true => checks.bad(
            "时钟",
            format!("这台机器的时间是 {shown}（北京时间），早于本程序的写成：请校准，并启用 NTP"),
        ),
        false => checks.good("时钟", format!("{shown}（北京时间）")),
    }
}

async fn database(config: &Config, checks: &mut Checks) -> Option<Database> {
    const NAME: &str = "数据库";
    if let Err(error) = database::check_keys(config) {
        checks.bad("密钥", format!("{error:#}"));
        return None;
    }
    if let Some(file) = app::sqlite_file(config)
        && !file.exists()
    {
        let message = format!("文件 {} 还没有，首次启动时建立", file.display());
        match writable(file.parent().unwrap_or(Path::new(""))) {
            Ok(()) => checks.good(NAME, message),
            Err(error) => checks.bad(NAME, format!("{message}，但所在目录不能写：{error}")),
        }
        return None;
    }
    let db = match database::connect(config).await {
        Ok(db) => db,
        Err(error) => {
            checks.bad(NAME, format!("{error:#}"));
            return None;
        }
    };
    match db.schema_state(&app::migrations()).await {
        Ok(SchemaState::Current) => checks.good(NAME, "能打开，结构与本程序一致"),
        Ok(SchemaState::Empty) => {
            checks.good(NAME, "能打开，还是空的，首次启动时建表");
            return None;
        }
        Ok(SchemaState::Behind(steps)) => {
            let message = format!("能打开；结构较旧，启动时会更新 {steps} 步。更新前请先备份");
            checks.warning(NAME, message);
        }
        Err(error) => checks.bad(NAME, error.to_string()),
    }
    Some(db)
}

async fn audit_key(db: &Database, checks: &mut Checks) -> Result<()> {
    const NAME: &str = "审计密钥";
    let Ok(chain) = audit::key_name(db.conn()).await else {
        // tables of before the chain: the start makes them
        return Ok(());
    };
    match (db.audit_key_name(), chain) {
        (None, None) => checks.warning(
            NAME,
            "没有配置。改动和删除仍能发现，但能改数据库的人可以把整条链重算一遍；请配置 audit.key_file，或按时留存检查点",
        ),
        (None, Some(chain)) => checks.bad(
            NAME,
            format!("审计链用密钥 {chain} 保护，却没有配置密钥，程序不能写入：请在 audit.key_file 指明那时的密钥文件"),
        ),
        (Some(mine), Some(chain)) if mine != chain => checks.bad(
            NAME,
            format!("配置的是密钥 {mine}，审计链用的是 {chain}：请换回那时的密钥文件"),
        ),
        (Some(mine), None) => {
            checks.good(NAME, format!("密钥 {mine}，下次启动时启用，之前的记录不受影响"));
        }
        (Some(mine), Some(_)) => checks.good(NAME, format!("密钥 {mine}，与审计链一致")),
    }
    Ok(())
}

fn secrets(db: &Database, config: &Config, checks: &mut Checks) {
    const NAME: &str = "封存密钥";
    let sealer = db.sealer();
    match (sealer.key_name(), database::secrets_file(config)) {
        (None, Some(file)) => {
            checks.good(NAME, format!("还没有，启动时自动建立 {}", file.display()))
        }
        (None, None) => checks.warning(
            NAME,
            "没有配置 secrets.key_file，双因素密钥、推送密钥以明文存放在数据库里",
        ),
        (Some(name), Some(file)) if !config.secrets.is_on() => checks.good(
            NAME,
            format!("密钥 {name}，在 {}，请另行备份这个文件", file.display()),
        ),
        (Some(name), _) => checks.good(NAME, format!("密钥 {name}")),
    }
}

/// The record's order is by time: a clock that was put back makes it lie.
async fn clocks_agree(db: &Database, checks: &mut Checks) -> Result<()> {
    const NAME: &str = "时钟与数据库";
    let now = SystemClock.now();
    let most = TimeDelta::seconds(CLOCKS_DIFFER_SECONDS);
    if let Some(there) = clock_of(db).await?
        && (there - now).abs() > most
    {
        let seconds = (there - now).num_seconds().abs();
        checks.bad(
            NAME,
            format!("与数据库服务器的时间相差 {seconds} 秒：请校准两台机器，并启用 NTP"),
        );
        return Ok(());
    }
    let newest = audit::list(db, &audit::Query::default(), &PageRequest::first(1)).await;
    // a record whose time cannot be read is for zhida audit verify
    let last = newest
        .ok()
        .and_then(|page| page.items.first().map(|one| one.at));
    match last {
        Some(last) if last > now + most => checks.bad(
            NAME,
            format!(
                "最后一条审计记录写于 {}，比现在还晚：这台机器的时间被拨回过，请校准",
                to_shanghai(last).format("%Y-%m-%d %H:%M:%S")
            ),
        ),
        _ => checks.good(NAME, "一致"),
    }
    Ok(())
}

/// SQLite has no clock of its own.
async fn clock_of(db: &Database) -> Result<Option<DateTime<Utc>>> {
    if db.engine() == Engine::Sqlite {
        return Ok(None);
    }
    let sql = "SELECT CAST(EXTRACT(EPOCH FROM now()) AS BIGINT)";
    let seconds = db::query_count(db.conn(), sql, []).await?;
    Ok(DateTime::from_timestamp(seconds, 0))
}

fn folders(config: &Config, checks: &mut Checks) {
    let snapshots = app::snapshots(config);
    let folders = [
        ("文件目录", Some(Path::new(&config.files.folder))),
        ("快照目录", snapshots.as_deref()),
    ];
    for (name, folder) in folders {
        let Some(folder) = folder else { continue };
        match writable(folder) {
            Ok(()) => checks.good(name, format!("{} 能写", folder.display())),
            Err(error) => checks.bad(name, format!("{} 不能写：{error}", folder.display())),
        }
    }
}

/// Tries to write into the folder, or into the nearest there is: the others are made by the program.
fn writable(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|folder| folder.is_dir());
    let there = match there {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    tempfile::tempfile_in(there).map(drop)
}

/// Files that hold what others must not read.
fn rights(traced: &Traced, checks: &mut Checks) {
    const NAME: &str = "文件权限";
    let config = &traced.config;
    let mut private: Vec<&Path> = Vec::new();
    private.extend(app::sqlite_file(config));
    for (key, is_secret) in [
        ("database.url", config.database.url.contains('@')),
        ("mail.password", !config.mail.password.reveal().is_empty()),
        ("audit.key", !config.audit.key.reveal().is_empty()),
        ("secrets.key", !config.secrets.key.reveal().is_empty()),
    ] {
        if let Source::File { path, .. } = traced.source(key)
            && is_secret
        {
            checks.warning(
                NAME,
                format!(
                    "{key} 写在 {} 里：请改用环境变量或专门的文件",
                    path.display()
                ),
            );
        }
    }
    let open: Vec<&Path> = private
        .into_iter()
        .filter(|path| is_open(path).unwrap_or(false))
        .collect();
    for path in &open {
        checks.bad(
            NAME,
            format!(
                "别的用户能读 {}：请运行 chmod 600 {}",
                path.display(),
                path.display()
            ),
        );
    }
    if open.is_empty() {
        checks.good(NAME, "数据库文件别的用户不能读");
    }
}

#[cfg(unix)]
fn is_open(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & OTHERS != 0)
}

#[cfg(not(unix))]
fn is_open(path: &Path) -> io::Result<bool> {
    fs::metadata(path).map(|_| false)
}

async fn clamd(config: &Config, checks: &mut Checks) {
    const NAME: &str = "查毒";
    let clamd = match Clamd::from_config(&config.files) {
        Ok(Some(clamd)) => clamd,
        Ok(None) => return checks.warning(NAME, "没有配置 files.clamd，上传的文件不查毒"),
        Err(error) => return checks.bad(NAME, error.to_string()),
    };
    match timeout(PATIENCE, clamd.scan(&b"zhida config check"[..])).await {
        Ok(Ok(Verdict::Clean)) => checks.good(NAME, format!("{} 应答正常", config.files.clamd)),
        Ok(Ok(other)) => checks.bad(NAME, format!("clamd 对一段普通文字的答复是 {other:?}")),
        Ok(Err(error)) => checks.bad(NAME, error.to_string()),
        Err(_) => checks.bad(NAME, format!("{} 没有在 5 秒内答复", config.files.clamd)),
    }
}

/// The server must greet; whether it takes a mail only a mail tells.
async fn mail(config: &Config, checks: &mut Checks) {
    const NAME: &str = "邮件";
    let mail = &config.mail;
    if !mail.is_on() {
        return checks.warning(NAME, "没有配置 mail.server，不发邮件");
    }
    let place = format!("{}:{}", mail.server, mail.port);
    match timeout(PATIENCE, greeting(&place, mail.security)).await {
        Ok(Ok(())) => checks.good(NAME, format!("{place} 能连上")),
        Ok(Err(error)) => checks.bad(NAME, format!("{place}：{error}")),
        Err(_) => checks.bad(NAME, format!("{place} 没有在 5 秒内答复")),
    }
}

async fn greeting(place: &str, security: MailSecurity) -> io::Result<()> {
    let mut stream = TcpStream::connect(place).await?;
    if security == MailSecurity::Tls {
        // it speaks only after the handshake
        return Ok(());
    }
    let mut code = [0; 3];
    stream.read_exact(&mut code).await?;
    match &code {
        b"220" => Ok(()),
        _ => Err(io::Error::other("答复的不是邮件服务器")),
    }
}

fn network(config: &Config, checks: &mut Checks) {
    const NAME: &str = "网络";
    let server = &config.server;
    if let Some(metrics) = server.metrics()
        && !metrics.ip().is_loopback()
    {
        checks.warning(
            NAME,
            format!("监控指标监听 {metrics}，不要登录：请确认只有监控系统能访问"),
        );
    }
    if !server.addr.ip().is_loopback() && server.trusted_proxies.is_empty() {
        checks.warning(
            NAME,
            format!(
                "监听 {}，别的机器能直接访问；经反向代理访问的，请把它写进 server.trusted_proxies",
                server.addr
            ),
        );
    }
    if config.messages.site_url.is_empty() {
        checks.warning(NAME, "没有填写 messages.site_url，邮件里没有链接");
    }
}
