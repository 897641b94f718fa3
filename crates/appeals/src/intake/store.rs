//! The tables of intake.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use serde_json::json;
use zhida_letters::CheckCode;
use zhida_platform::cases::Head;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx, Where};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_platform::seal::{Place, Sealer};

use super::codes::{CodeKind, PlaceCode};
use super::settings::IntakeSettings;
use super::take::new_token;
use crate::error::Error;
use crate::model::AppealRow;
use crate::words::Channel;

/// Codes that are listed at most; a city has some thousand windows.
const CODES_MAX: i64 = 5_000;

// ---------------------------------------------------------------- settings

#[derive(FromQueryResult)]
struct SettingsRow {
    revision: i64,
    content: String,
}

/// The newest revision, if anybody made one.
pub(super) async fn settings(
    conn: &impl ConnectionTrait,
) -> Result<Option<(IntakeSettings, i64)>, Error> {
    let sql = "SELECT revision, content FROM appeal_intake_settings ORDER BY revision DESC LIMIT 1";
    let row: Option<SettingsRow> = db::query_one(conn, sql, []).await?;
    let read = |row: SettingsRow| {
        let settings = serde_json::from_str(&row.content);
        let settings = settings.map_err(|_| Error::Stored("登记设置"))?;
        Ok((settings, row.revision))
    };
    row.map(read).transpose()
}

pub(super) async fn insert_settings(
    tx: &Tx,
    revision: i64,
    settings: &IntakeSettings,
    now: DateTime<Utc>,
    by: &str,
) -> Result<(), Error> {
    let sql = "INSERT INTO appeal_intake_settings (revision, content, made_at, made_by) VALUES ($1, $2, $3, $4)";
    let values = [
        revision.into(),
        json!(settings).to_string().into(),
        instant_text(now).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

// ---------------------------------------------------------------- what came

/// How an appeal came.
pub(super) struct NewIntake<'a> {
    pub case: &'a str,
    pub source: &'a str,
    pub token: &'a str,
    pub digest: &'a str,
    pub code: &'a str,
    pub details: &'a [(String, String)],
    pub geo: Option<String>,
}

/// An appeal that came before.
#[derive(Debug, FromQueryResult)]
pub(super) struct Came {
    pub case_id: String,
    pub number: String,
    code: String,
    pub repeats: i64,
}

impl Came {
    /// Its check code.
    pub(super) fn check_code(&self, sealer: &Sealer) -> Result<CheckCode, Error> {
        opened(sealer, &self.case_id, &self.code)
    }
}

/// A check code as it was given.
fn opened(sealer: &Sealer, case: &str, sealed: &str) -> Result<CheckCode, Error> {
    let opened = sealer.open(Place::new("appeal_intake", "code", case), sealed);
    let code = opened
        .ok()
        .and_then(|opened| opened.secret.reveal().parse().ok());
    code.ok_or(Error::Stored("校验码"))
}

/// Holds a source until the transaction ends, so that two copies of a text cannot pass each other.
pub(super) async fn take_turn(tx: &Tx, source: &str) -> Result<(), Error> {
    let sql = "INSERT INTO appeal_source (source, turns) VALUES ($1, 1)
               ON CONFLICT (source) DO UPDATE SET turns = appeal_source.turns + 1";
    db::execute(tx, sql, [source.into()]).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct SaltRow {
    secret: String,
}

/// The only row of its table.
const SALT: i64 = 1;

/// The secret in the digests of what came: made once, sealed, so that every server recognises what any has taken, also after
/// a restart. One that cannot be opened any more (its key is gone) is replaced: then the same text makes one more appeal.
pub(super) async fn salt(tx: &Tx) -> Result<String, Error> {
    let place = Place::new("appeal_salt", "secret", "1");
    let there = kept_salt(tx).await?;
    let opened = there
        .as_ref()
        .and_then(|row| match tx.sealer().open(place, &row.secret) {
            Ok(opened) => Some(opened),
            Err(error) => {
                tracing::warn!(%error, "识别重复诉求的密钥解不开，换一个新的");
                None
            }
        });
    let secret = match opened {
        Some(opened) if !opened.stale => return Ok(opened.secret.reveal().to_owned()),
        Some(opened) => opened.secret.reveal().to_owned(),
        None => new_token()?,
    };
    let sealed = tx.sealer().seal(place, &secret).map_err(Problem::from)?;
    let sql = match there {
        Some(_) => "UPDATE appeal_salt SET secret = $2 WHERE id = $1",
        None => "INSERT INTO appeal_salt (id, secret) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
    };
    if db::execute(tx, sql, [SALT.into(), sealed.into()]).await? == 1 {
        return Ok(secret);
    }
    // another server was faster
    let row = kept_salt(tx).await?.ok_or(Error::Stored("去重密钥"))?;
    let opened = tx.sealer().open(place, &row.secret);
    Ok(opened.map_err(Problem::from)?.secret.reveal().to_owned())
}

async fn kept_salt(tx: &Tx) -> Result<Option<SaltRow>, Error> {
    let sql = "SELECT secret FROM appeal_salt WHERE id = $1";
    Ok(db::query_one(tx, sql, [SALT.into()]).await?)
}

pub(super) async fn insert(tx: &Tx, new: &NewIntake<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let place = Place::new("appeal_intake", "code", new.case);
    let code = tx.sealer().seal(place, new.code).map_err(Problem::from)?;
    let sql =
        "INSERT INTO appeal_intake (case_id, source, made_at, token, digest, code, details, geo)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        new.case.into(),
        new.source.into(),
        instant_text(now).into(),
        new.token.into(),
        new.digest.into(),
        code.into(),
        json!(new.details).to_string().into(),
        new.geo.clone().into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

const CAME: &str = "SELECT i.case_id, h.number, i.code, a.repeats FROM appeal_intake i
    JOIN appeal a ON a.case_id = i.case_id JOIN case_head h ON h.id = i.case_id";

/// The appeal of a request that was sent before.
pub(super) async fn by_token(
    conn: &impl ConnectionTrait,
    token: &str,
) -> Result<Option<Came>, Error> {
    let sql = format!("{CAME} WHERE i.token = $1");
    Ok(db::query_one(conn, &sql, [token.into()]).await?)
}

/// The last appeal of this digest since an instant.
pub(super) async fn by_digest(
    tx: &Tx,
    digest: &str,
    since: DateTime<Utc>,
) -> Result<Option<Came>, Error> {
    let sql =
        format!("{CAME} WHERE i.digest = $1 AND i.made_at >= $2 ORDER BY i.made_at DESC LIMIT 1");
    Ok(db::query_one(tx, &sql, [digest.into(), instant_text(since).into()]).await?)
}

#[derive(FromQueryResult)]
struct Coded {
    case_id: String,
    number: String,
}

/// The appeal whose voice has this code's digest, as it was submitted: merging does not change its number.
pub(super) async fn by_code(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> Result<Option<(String, String)>, Error> {
    let sql = "SELECT v.origin AS case_id, h.number FROM appeal_voice v JOIN case_head h ON h.id = v.origin
               WHERE v.code_digest = $1";
    let row: Option<Coded> = db::query_one(conn, sql, [digest.into()]).await?;
    Ok(row.map(|row| (row.case_id, row.number)))
}

/// Counts one more of the same.
pub(super) async fn repeat(tx: &Tx, case: &str) -> Result<(), Error> {
    let sql = "UPDATE appeal SET repeats = repeats + 1 WHERE case_id = $1";
    db::execute(tx, sql, [case.into()]).await?;
    Ok(())
}

/// How many appeals came from a source since an instant.
pub(super) async fn count_since(
    conn: &impl ConnectionTrait,
    source: &str,
    since: DateTime<Utc>,
) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM appeal_intake WHERE source = $1 AND made_at >= $2";
    Ok(db::query_count(conn, sql, [source.into(), instant_text(since).into()]).await?)
}

#[derive(FromQueryResult)]
struct DetailsRow {
    details: String,
    geo: Option<String>,
    repeats: i64,
}

/// What was told beside the text, what Open311 sent, and how often the same came again.
pub(super) async fn details(
    conn: &impl ConnectionTrait,
    case: &str,
) -> Result<Option<(Vec<(String, String)>, Option<String>, i64)>, Error> {
    let sql = "SELECT i.details, i.geo, a.repeats FROM appeal_intake i JOIN appeal a ON a.case_id = i.case_id
               WHERE i.case_id = $1";
    let row: Option<DetailsRow> = db::query_one(conn, sql, [case.into()]).await?;
    let read = |row: DetailsRow| {
        let details = serde_json::from_str(&row.details);
        let details = details.map_err(|_| Error::Stored("登记信息"))?;
        Ok((details, row.geo, row.repeats))
    };
    row.map(read).transpose()
}

// ---------------------------------------------------------------- codes

#[derive(FromQueryResult)]
struct CodeRow {
    id: String,
    kind: String,
    name: String,
    place: String,
    enterprise: String,
    enterprise_name: String,
    appeals: i64,
    ended_at: Option<String>,
}

impl CodeRow {
    fn read(self) -> Result<PlaceCode, Error> {
        Ok(PlaceCode {
            kind: CodeKind::parse(&self.kind).ok_or(Error::Stored("二维码"))?,
            id: self.id,
            name: self.name,
            place: self.place,
            enterprise: self.enterprise,
            enterprise_name: self.enterprise_name,
            appeals: self.appeals,
            ended: self.ended_at.is_some(),
        })
    }
}

const CODES: &str = "SELECT id, kind, name, place, enterprise, enterprise_name, ended_at,
    (SELECT COUNT(*) FROM appeal_intake i WHERE i.source = 'code:' || c.id) AS appeals FROM appeal_code c";

pub(super) async fn code(
    conn: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<PlaceCode>, Error> {
    let sql = format!("{CODES} WHERE id = $1");
    let row: Option<CodeRow> = db::query_one(conn, &sql, [id.into()]).await?;
    row.map(CodeRow::read).transpose()
}

/// All codes, those in use first, newest first.
pub(super) async fn codes(conn: &impl ConnectionTrait) -> Result<Vec<PlaceCode>, Error> {
    let sql = format!("{CODES} ORDER BY ended_at IS NOT NULL, made_at DESC, id LIMIT $1");
    let rows: Vec<CodeRow> = db::query_all(conn, &sql, [CODES_MAX.into()]).await?;
    rows.into_iter().map(CodeRow::read).collect()
}

pub(super) async fn insert_code(
    tx: &Tx,
    code: &PlaceCode,
    now: DateTime<Utc>,
    by: &str,
) -> Result<(), Error> {
    let sql = "INSERT INTO appeal_code (id, kind, name, place, enterprise, enterprise_name, made_at, made_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        code.id.as_str().into(),
        code.kind.slug().into(),
        code.name.as_str().into(),
        code.place.as_str().into(),
        code.enterprise.as_str().into(),
        code.enterprise_name.as_str().into(),
        instant_text(now).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Ends a code; false when it had ended.
pub(super) async fn end_code(tx: &Tx, id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let sql = "UPDATE appeal_code SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    Ok(db::execute(tx, sql, [id.into(), instant_text(now).into()]).await? == 1)
}

// ---------------------------------------------------------------- my own

const MINE: &str = "appeals:mine";

/// Whose appeals, and which of them.
pub(super) struct MyAppeals {
    /// 统一社会信用代码, in a seat of an enterprise.
    pub enterprise: Option<String>,
    pub account: String,
    pub open: Option<bool>,
}

/// What somebody said. Of the case where it is handled now, which may be another's, only how it stands is told.
pub(super) struct MyVoice {
    id: String,
    /// The case as which it was said.
    pub origin: String,
    pub number: String,
    pub title: String,
    pub said_at: DateTime<Utc>,
    pub channel: Channel,
    code: Option<String>,
    /// Whether it goes on within another.
    pub merged: bool,
    pub state: String,
    pub closed: bool,
    /// Whether it waits for what this voice says of the answer.
    pub can_rate: bool,
    pub due_at: Option<DateTime<Utc>>,
}

impl MyVoice {
    /// The check code with which it can be followed.
    pub(super) fn check_code(&self, sealer: &Sealer) -> Option<CheckCode> {
        opened(sealer, &self.origin, self.code.as_deref()?).ok()
    }
}

impl FromQueryResult for MyVoice {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let text = |name: &str| row.try_get::<String>(prefix, name);
        let now = AppealRow::from_query_result(row, prefix)?;
        let origin = text("origin")?;
        Ok(Self {
            id: text("voice")?,
            merged: origin != now.head.id.to_string(),
            origin,
            number: text("said_as")?,
            title: text("said_title")?,
            said_at: parse_instant(&text("said_at")?).unwrap_or_default(),
            channel: Channel::parse(&text("said_by")?).unwrap_or(Channel::Web),
            code: row.try_get(prefix, "sealed_code")?,
            state: now.state_words(),
            closed: !now.head.is_open(),
            can_rate: now.awaits_word(row.try_get::<Option<String>>(prefix, "answer")?.as_deref()),
            due_at: now.head.due_at,
        })
    }
}

/// The voices of an enterprise, or of an account that speaks for none.
fn of_mine(asked: &MyAppeals) -> Where {
    let mut found = Where::default();
    match &asked.enterprise {
        Some(code) => found.and("v.enterprise = ?", code.as_str()),
        None => found.and(
            "v.account = ? AND v.enterprise = ''",
            asked.account.as_str(),
        ),
    }
    match asked.open {
        Some(true) => found.always("h.closed_at IS NULL"),
        Some(false) => found.always("h.closed_at IS NOT NULL"),
        None => {}
    }
    found
}

fn from_mine() -> String {
    format!(
        "{} JOIN appeal_voice v ON v.case_id = h.id JOIN case_head o ON o.id = v.origin \
         LEFT JOIN appeal_intake i ON i.case_id = v.origin",
        AppealRow::FROM
    )
}

pub(super) async fn count_mine(
    conn: &impl ConnectionTrait,
    asked: &MyAppeals,
) -> Result<u64, Error> {
    let found = of_mine(asked);
    let sql = format!("SELECT COUNT(*) {} {}", from_mine(), found.sql());
    let count = db::query_count(conn, &sql, found.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The newest first.
pub(super) async fn mine(
    conn: &impl ConnectionTrait,
    asked: &MyAppeals,
    page: &PageRequest,
) -> Result<Page<MyVoice>, Error> {
    let mut found = of_mine(asked);
    if let Some(after) = page.cursor::<String>(MINE)? {
        found.and("v.id < ?", after);
    }
    let sql = format!(
        "SELECT v.id AS voice, v.origin, v.said_at, v.channel AS said_by, o.number AS said_as, \
         o.title AS said_title, i.code AS sealed_code, v.answer, {}, {} {} {} ORDER BY v.id DESC LIMIT {}",
        Head::COLUMNS,
        AppealRow::COLUMNS,
        from_mine(),
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<MyVoice> = db::query_all(conn, &sql, found.values).await?;
    Ok(Page::from_rows(rows, page, MINE, |row| row.id.clone())?)
}
