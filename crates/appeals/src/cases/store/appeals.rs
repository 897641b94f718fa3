//! The row of an appeal beside its case, and the lists of such rows.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Viewer;
use zhida_platform::cases::Head;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, Choices, ConnectionTrait, Tx, Where};
use zhida_platform::paging::{Page, PageRequest};

use super::Id;
use crate::error::Error;
use crate::model::AppealRow;
use crate::query::{AppealQuery, DUE};
use crate::words::{Channel, Claim, Confidentiality, Part, Track};

const BY_DUE: &str = "appeals:due";
const BY_OPENING: &str = "appeals:opened";
/// What [`DUE`] says where there is no due date.
const NEVER: &str = "9999";
/// Closed appeals from which on a usual time is said.
const TYPICAL_MIN: usize = 20;

/// An appeal's own row that is to be kept.
pub(in crate::cases) struct NewRow<'a> {
    pub case: &'a str,
    pub channel: Channel,
    pub source: &'a str,
    pub text: &'a str,
    pub category: &'a str,
    pub category_name: &'a str,
    pub place_words: &'a str,
    pub enterprise_name: &'a str,
    pub confidentiality: Confidentiality,
    pub rules: i64,
    pub suggested: &'a str,
}

pub(in crate::cases) async fn insert(tx: &Tx, row: &NewRow<'_>) -> db::Result<u64> {
    let sql = "INSERT INTO appeal (case_id, channel, source, text, category, category_name, track, place_words,
            enterprise_name, confidentiality, rules, voices, repeats, dispatches, dissatisfied, reopenings, response_late,
            late, suggested)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, 0, 0, 0, 0, FALSE, FALSE, $12)";
    let values = [
        row.case.into(),
        row.channel.slug().into(),
        row.source.into(),
        row.text.into(),
        row.category.into(),
        row.category_name.into(),
        Track::Simple.slug().into(),
        row.place_words.into(),
        row.enterprise_name.into(),
        row.confidentiality.slug().into(),
        row.rules.into(),
        row.suggested.into(),
    ];
    db::execute(tx, sql, values).await
}

/// An appeal with what only its own page needs.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub row: AppealRow,
    pub text: String,
    pub rules: i64,
    pub suggested: String,
}

impl FromQueryResult for Kept {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: AppealRow::from_query_result(row, prefix)?,
            text: row.try_get(prefix, "text")?,
            rules: row.try_get(prefix, "rules")?,
            suggested: row.try_get(prefix, "suggested")?,
        })
    }
}

/// An appeal, whoever asks.
pub(crate) async fn find(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<Kept>> {
    let sql = format!(
        "SELECT {}, {}, a.text, a.rules, a.suggested {} WHERE h.id = $1 AND h.room = 'appeals'",
        Head::COLUMNS,
        AppealRow::COLUMNS,
        AppealRow::FROM
    );
    db::query_one(conn, &sql, [id.into()]).await
}

/// Whether an appeal is within a viewer's reach: by the conditions of every list.
pub(in crate::cases) async fn reaches(
    conn: &impl ConnectionTrait,
    viewer: &Viewer,
    id: &str,
    now: DateTime<Utc>,
) -> db::Result<bool> {
    let mut found = AppealQuery::all().conditions(viewer, now);
    found.and("h.id = ?", id);
    let sql = format!("SELECT COUNT(*) {} {}", AppealRow::FROM, found.sql());
    Ok(db::query_count(conn, &sql, found.values).await? > 0)
}

fn key(row: &AppealRow) -> (String, String) {
    let due = row
        .head
        .due_at
        .map_or_else(|| NEVER.to_owned(), instant_text);
    (due, row.head.id.to_string())
}

/// A page: what is due first stands first; others are newest first.
pub(in crate::cases) async fn list(
    conn: &impl ConnectionTrait,
    query: &AppealQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
    page: &PageRequest,
) -> Result<Page<AppealRow>, Error> {
    let mut found = query.conditions(viewer, now);
    let (name, order) = match query.by_due() {
        true => (BY_DUE, format!("{DUE}, h.id")),
        false => (BY_OPENING, "h.id DESC".to_owned()),
    };
    if let Some((due, id)) = page.cursor::<(String, String)>(name)? {
        if query.by_due() {
            found.values.extend([due.into(), id.into()]);
            let at = found.values.len();
            found.always(format!("({DUE}, h.id) > (${}, ${at})", at - 1));
        } else {
            found.and("h.id < ?", id);
        }
    }
    let sql = format!(
        "SELECT {}, {} {} {} ORDER BY {order} LIMIT {}",
        Head::COLUMNS,
        AppealRow::COLUMNS,
        AppealRow::FROM,
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<AppealRow> = db::query_all(conn, &sql, found.values).await?;
    Ok(Page::from_rows(rows, page, name, key)?)
}

/// True of every case; it has SQLite choose the index of open cases, of which it knows no sizes.
const IN_QUEUE: &str = "COALESCE(h.due_at, '9999') > ''";

/// How many rows [`list`] has in all. The appeal's own row is looked at only when something of it is asked: each case of the
/// room has one.
pub(in crate::cases) async fn count(
    conn: &impl ConnectionTrait,
    query: &AppealQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let mut found = query.conditions(viewer, now);
    if query.by_due() {
        found.always(IN_QUEUE);
    }
    let conditions = found.sql();
    let sql = format!("SELECT COUNT(*) {} {conditions}", needed(&conditions));
    let count = db::query_count(conn, &sql, found.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The tables that conditions look at.
fn needed(conditions: &str) -> &'static str {
    match conditions.contains("a.") {
        true => AppealRow::FROM,
        false => "FROM case_head h",
    }
}

/// As [`count`] for several queries, in their order. What is chosen from the open appeals is counted in one pass over them,
/// apart those for which the appeal's own row is looked at and those for which it is not.
pub(in crate::cases) async fn counts(
    conn: &impl ConnectionTrait,
    queries: &[AppealQuery],
    viewer: &Viewer,
    now: DateTime<Utc>,
) -> db::Result<Vec<u64>> {
    let mut counts = vec![0; queries.len()];
    let tables: Vec<_> = queries
        .iter()
        .map(|query| needed(&query.conditions(viewer, now).sql()))
        .collect();
    for from in ["FROM case_head h", AppealRow::FROM] {
        let together = |at: &usize| queries[*at].by_due() && tables[*at] == from;
        let places: Vec<usize> = (0..queries.len()).filter(together).collect();
        let Some(first) = places.first() else {
            continue;
        };
        let mut rows = Where::default();
        queries[*first].rows(viewer, &mut rows);
        rows.always(IN_QUEUE);
        let mut choices = Choices::among(rows);
        for at in &places {
            choices.choose(|found| queries[*at].choice(viewer, now, found));
        }
        let found = choices.count(conn, from).await?;
        for (at, count) in places.into_iter().zip(found) {
            counts[at] = count;
        }
    }
    for (query, count_of) in queries.iter().zip(&mut counts) {
        if !query.by_due() {
            *count_of = count(conn, query, viewer, now).await?;
        }
    }
    Ok(counts)
}

/// One change of an appeal's row.
pub(in crate::cases) async fn set(
    tx: &Tx,
    case: &str,
    assignments: &str,
    mut values: Vec<db::Value>,
) -> db::Result<u64> {
    values.insert(0, case.into());
    let sql = format!("UPDATE appeal SET {assignments} WHERE case_id = $1");
    db::execute(tx, &sql, values).await
}

/// Notes that a body has to do with an appeal; whoever leads keeps being named so.
pub(in crate::cases) async fn add_body(
    tx: &Tx,
    case: &str,
    organisation: &str,
    part: Part,
) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_body (case_id, organisation, part) VALUES ($1, $2, $3)
        ON CONFLICT (case_id, organisation) DO UPDATE SET part = CASE WHEN appeal_body.part = 'lead' THEN 'lead' ELSE excluded.part END";
    db::execute(
        tx,
        sql,
        [case.into(), organisation.into(), part.slug().into()],
    )
    .await
}

/// The text of the last reply and its claim, for the row.
pub(in crate::cases) async fn replied(
    tx: &Tx,
    case: &str,
    claim: Claim,
    text: &str,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let values = vec![claim.slug().into(), text.into(), instant_text(now).into()];
    let sets = "claim = $2, reply = $3, replied_at = $4, responded_at = COALESCE(responded_at, $4)";
    set(tx, case, sets, values).await
}

/// A case and those that were merged into it, directly or not.
pub(in crate::cases) async fn merged_tree(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<String>> {
    let sql = "SELECT case_id AS id FROM appeal WHERE merged_into = $1 ORDER BY case_id LIMIT 1000";
    let (mut all, mut at) = (vec![case.to_owned()], 0);
    while let Some(one) = all.get(at).cloned() {
        let rows: Vec<Id> = db::query_all(conn, sql, [one.into()]).await?;
        all.extend(rows.into_iter().map(|row| row.id));
        at += 1;
    }
    Ok(all)
}

/// Days that the last closed appeals took, from registration to the end; the middle one, if there are enough to say so.
pub(in crate::cases) async fn median_days(conn: &impl ConnectionTrait) -> db::Result<Option<i64>> {
    #[derive(FromQueryResult)]
    struct Span {
        opened_at: String,
        closed_at: String,
    }
    let sql = "SELECT h.opened_at, h.closed_at FROM case_head h WHERE h.room = 'appeals' AND h.closed_at IS NOT NULL
            AND h.outcome IN ('solved', 'basically', 'explained', 'unsolved') ORDER BY h.id DESC LIMIT 200";
    let rows: Vec<Span> = db::query_all(conn, sql, []).await?;
    let span = |row: &Span| {
        let (opened, closed) = (
            parse_instant(&row.opened_at)?,
            parse_instant(&row.closed_at)?,
        );
        Some((closed - opened).num_days())
    };
    let mut days: Vec<i64> = rows.iter().filter_map(span).collect();
    days.sort_unstable();
    Ok(match days.len() >= TYPICAL_MIN {
        true => days.get(days.len() / 2).copied(),
        false => None,
    })
}
