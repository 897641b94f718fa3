//! The tables of themes and measures.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;
use zhida_platform::access::Reach;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx, Where};
use zhida_platform::paging::{Page, PageRequest};

use super::model::{MeasureState, Remedy, Theme, ThemeState};
use super::night::Text;
use crate::error::Error;
use crate::query::day_begins;

const LIST: &str = "appeals:theme";
/// Appeals of a window at most; the newest.
const WINDOW_MAX: i64 = 20_000;
/// Themes that are followed at most; the newest.
const FOLLOWED_MAX: i64 = 500;
/// Measures of a theme at most.
const REMEDIES_MAX: i64 = 50;
const COLUMNS: &str = "id, name, category, category_name, place, state, recent, earlier, found_on, counted_on, why, version";

#[derive(Debug, FromQueryResult)]
struct TextRow {
    id: String,
    category: String,
    category_name: String,
    place: String,
    title: String,
    text: String,
    opened_at: String,
    theme: Option<String>,
}

/// What came since a day and is neither secret, void nor merged, in the order of arrival.
pub(super) async fn window(
    conn: &impl ConnectionTrait,
    since: NaiveDate,
) -> Result<Vec<Text>, Error> {
    let sql = format!(
        "SELECT h.id, a.category, a.category_name, h.place, h.title, a.text, h.opened_at, a.theme
         FROM case_head h JOIN appeal a ON a.case_id = h.id
         WHERE h.room = 'appeals' AND h.opened_at >= $1 AND a.confidentiality <> 'secret'
         AND (h.outcome IS NULL OR h.outcome NOT IN ('invalid', 'merged')) ORDER BY h.id DESC LIMIT {WINDOW_MAX}"
    );
    let rows: Vec<TextRow> = db::query_all(conn, &sql, [day_begins(since).into()]).await?;
    let text = |row: TextRow| {
        Ok(Text {
            id: row.id.parse().map_err(|_| Error::Stored("诉求"))?,
            opened_at: parse_instant(&row.opened_at).ok_or(Error::Stored("诉求"))?,
            category: row.category,
            category_name: row.category_name,
            place: row.place,
            title: row.title,
            text: row.text,
            theme: row.theme,
        })
    };
    rows.into_iter().rev().map(text).collect()
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: String,
    name: String,
    category: String,
    category_name: String,
    place: String,
    state: String,
    recent: i64,
    earlier: i64,
    found_on: String,
    counted_on: String,
    why: String,
    version: i64,
}

impl TryFrom<Row> for Theme {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let day = |text: &str| text.parse().map_err(|_| Error::Stored("一类事"));
        Ok(Self {
            state: ThemeState::parse(&row.state).ok_or(Error::Stored("一类事"))?,
            found_on: day(&row.found_on)?,
            counted_on: day(&row.counted_on)?,
            id: row.id,
            name: row.name,
            category: row.category,
            category_name: row.category_name,
            place: row.place,
            recent: row.recent,
            earlier: row.earlier,
            why: row.why,
            version: row.version,
        })
    }
}

/// Those that nobody dismissed.
pub(super) async fn followed(conn: &impl ConnectionTrait) -> Result<Vec<Theme>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM appeal_theme WHERE state <> 'dismissed' ORDER BY id DESC LIMIT {FOLLOWED_MAX}"
    );
    let rows: Vec<Row> = db::query_all(conn, &sql, []).await?;
    rows.into_iter().map(Theme::try_from).collect()
}

fn conditions(reach: &Reach, state: Option<ThemeState>) -> Where {
    let mut found = Where::default();
    found.within(reach, ("''", "place"));
    if let Some(state) = state {
        found.and("state = ?", state.slug());
    }
    found
}

/// Newest first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    state: Option<ThemeState>,
    page: &PageRequest,
) -> Result<Page<Theme>, Error> {
    let mut found = conditions(reach, state);
    if let Some(after) = page.cursor::<String>(LIST)? {
        found.and("id < ?", after);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM appeal_theme {} ORDER BY id DESC LIMIT {}",
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<Row> = db::query_all(conn, &sql, found.values).await?;
    let themes: Result<Vec<Theme>, Error> = rows.into_iter().map(Theme::try_from).collect();
    Ok(Page::from_rows(themes?, page, LIST, |theme| {
        theme.id.clone()
    })?)
}

pub(super) async fn number(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    state: Option<ThemeState>,
) -> Result<u64, Error> {
    let found = conditions(reach, state);
    let sql = format!("SELECT COUNT(*) FROM appeal_theme {}", found.sql());
    Ok(db::query_count(conn, &sql, found.values)
        .await?
        .unsigned_abs())
}

pub(super) async fn find(conn: &impl ConnectionTrait, id: &str) -> Result<Option<Theme>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM appeal_theme WHERE id = $1");
    let row: Option<Row> = db::query_one(conn, &sql, [id.into()]).await?;
    row.map(Theme::try_from).transpose()
}

pub(super) async fn insert(tx: &Tx, theme: &Theme) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO appeal_theme ({COLUMNS}) VALUES ({})",
        db::placeholders(1, 12)
    );
    let values = [
        theme.id.as_str().into(),
        theme.name.as_str().into(),
        theme.category.as_str().into(),
        theme.category_name.as_str().into(),
        theme.place.as_str().into(),
        theme.state.slug().into(),
        theme.recent.into(),
        theme.earlier.into(),
        theme.found_on.to_string().into(),
        theme.counted_on.to_string().into(),
        theme.why.as_str().into(),
        theme.version.into(),
    ];
    db::execute(tx, &sql, values).await?;
    Ok(())
}

/// Says what appeals belong to a theme; those of another stay there.
pub(super) async fn join(tx: &Tx, theme: &str, members: &[Uuid]) -> Result<(), Error> {
    for part in members.chunks(200) {
        let sql = format!(
            "UPDATE appeal SET theme = $1 WHERE theme IS NULL AND case_id IN ({})",
            db::placeholders(2, part.len())
        );
        let mut values: Vec<db::Value> = vec![theme.into()];
        values.extend(part.iter().map(|id| id.to_string().into()));
        db::execute(tx, &sql, values).await?;
    }
    Ok(())
}

pub(super) async fn count(
    tx: &Tx,
    id: &str,
    counts: (i64, i64),
    today: NaiveDate,
) -> Result<(), Error> {
    let sql = "UPDATE appeal_theme SET recent = $2, earlier = $3, counted_on = $4 WHERE id = $1";
    let values = [
        id.into(),
        counts.0.into(),
        counts.1.into(),
        today.to_string().into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Writes the state of a theme that was read with this version; false when somebody else was faster.
pub(super) async fn set_state(tx: &Tx, theme: &Theme) -> Result<bool, Error> {
    let sql = "UPDATE appeal_theme SET state = $3, why = $4, version = version + 1 WHERE id = $1 AND version = $2";
    let values = [
        theme.id.as_str().into(),
        theme.version.into(),
        theme.state.slug().into(),
        theme.why.as_str().into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

#[derive(Debug, FromQueryResult)]
struct RemedyRow {
    id: String,
    words: String,
    body: String,
    person: String,
    due_on: String,
    state: String,
    proposed_by: String,
    done_on: Option<String>,
    result: String,
    version: i64,
}

/// The measures against a theme, newest first.
pub(super) async fn remedies(
    conn: &impl ConnectionTrait,
    theme: &str,
) -> Result<Vec<Remedy>, Error> {
    let sql = format!(
        "SELECT id, words, body, person, due_on, state, proposed_by, done_on, result, version FROM appeal_remedy
         WHERE theme = $1 ORDER BY id DESC LIMIT {REMEDIES_MAX}"
    );
    let rows: Vec<RemedyRow> = db::query_all(conn, &sql, [theme.into()]).await?;
    let day = |text: &str| text.parse::<NaiveDate>().map_err(|_| Error::Stored("举措"));
    let remedy = |row: RemedyRow| {
        Ok(Remedy {
            due_on: day(&row.due_on)?,
            done_on: row.done_on.as_deref().map(day).transpose()?,
            state: MeasureState::parse(&row.state).ok_or(Error::Stored("举措"))?,
            id: row.id,
            words: row.words,
            body: row.body,
            person: row.person,
            proposed_by: row.proposed_by,
            result: row.result,
            version: row.version,
        })
    };
    rows.into_iter().map(remedy).collect()
}

pub(super) async fn insert_remedy(
    tx: &Tx,
    theme: &str,
    remedy: &Remedy,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO appeal_remedy (id, theme, words, body, person, due_on, state, proposed_by, proposed_at, result,
        version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        remedy.id.as_str().into(),
        theme.into(),
        remedy.words.as_str().into(),
        remedy.body.as_str().into(),
        remedy.person.as_str().into(),
        remedy.due_on.to_string().into(),
        remedy.state.slug().into(),
        remedy.proposed_by.as_str().into(),
        instant_text(now).into(),
        remedy.result.as_str().into(),
        remedy.version.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Says that a measure is done; false when it was already, or somebody else was faster.
pub(super) async fn finish_remedy(
    tx: &Tx,
    id: &str,
    result: &str,
    on: NaiveDate,
) -> Result<bool, Error> {
    let sql =
        "UPDATE appeal_remedy SET state = 'done', done_on = $2, result = $3, version = version + 1
        WHERE id = $1 AND state = 'proposed'";
    let values = [id.into(), on.to_string().into(), result.into()];
    Ok(db::execute(tx, sql, values).await? == 1)
}
