//! The tables of notices and rows.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::ids;
use zhida_platform::paging::{Page, PageRequest};

use super::model::{NewRow, NoticeView, RowState, RowView};
use super::query::{NoticeQuery, RowQuery};
use crate::conditions::Where;
use crate::error::Error;

const NOTICES: &str = "redemption:notice";
const ROWS: &str = "redemption:notice-row";

#[derive(Debug, FromQueryResult)]
struct NoticeRow {
    id: String,
    item: String,
    item_name: String,
    organisation: String,
    place: String,
    starts_on: String,
    ends_on: String,
    rows: i64,
    fen: Option<i64>,
}

impl TryFrom<NoticeRow> for NoticeView {
    type Error = Error;

    fn try_from(row: NoticeRow) -> Result<Self, Error> {
        Ok(Self {
            starts_on: day(&row.starts_on)?,
            ends_on: day(&row.ends_on)?,
            id: row.id,
            item: row.item,
            item_name: row.item_name,
            organisation: row.organisation,
            place: row.place,
            rows: row.rows,
            fen: row.fen.unwrap_or_default(),
        })
    }
}

fn day(text: &str) -> Result<NaiveDate, Error> {
    text.parse().map_err(|_| Error::Stored("公示"))
}

/// A notice with how many rows it has and their sum.
const NOTICE: &str =
    "SELECT n.id, n.item, n.item_name, n.organisation, n.place, n.starts_on, n.ends_on,
    (SELECT COUNT(*) FROM redemption_notice_row r WHERE r.notice = n.id) AS rows,
    (SELECT CAST(SUM(r.fen) AS BIGINT) FROM redemption_notice_row r WHERE r.notice = n.id) AS fen
    FROM redemption_notice n";

/// Newest first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    query: &NoticeQuery,
    today: NaiveDate,
    page: &PageRequest,
) -> Result<Page<NoticeView>, Error> {
    let mut found = query.conditions(today);
    if let Some(after) = page.cursor::<String>(NOTICES)? {
        found.and("n.id < ?", after);
    }
    let sql = format!(
        "{NOTICE} {} ORDER BY n.id DESC LIMIT {}",
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<NoticeRow> = db::query_all(conn, &sql, found.values).await?;
    let rows: Result<Vec<NoticeView>, Error> = rows.into_iter().map(NoticeView::try_from).collect();
    Ok(Page::from_rows(rows?, page, NOTICES, |row| row.id.clone())?)
}

pub(super) async fn count(
    conn: &impl ConnectionTrait,
    query: &NoticeQuery,
    today: NaiveDate,
) -> Result<u64, Error> {
    let found = query.conditions(today);
    let sql = format!("SELECT COUNT(*) FROM redemption_notice n {}", found.sql());
    counted(conn, &sql, found).await
}

async fn counted(conn: &impl ConnectionTrait, sql: &str, found: Where) -> Result<u64, Error> {
    let count = db::query_count(conn, sql, found.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

pub(super) async fn find(
    conn: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<NoticeView>, Error> {
    let sql = format!("{NOTICE} WHERE n.id = $1");
    let row: Option<NoticeRow> = db::query_one(conn, &sql, [id.into()]).await?;
    row.map(NoticeView::try_from).transpose()
}

#[derive(Debug, FromQueryResult)]
struct CaseRow {
    id: String,
    notice: String,
    case_id: String,
    number: String,
    enterprise: String,
    enterprise_name: String,
    fen: Option<i64>,
    state: String,
    ends_on: String,
    result: String,
}

impl TryFrom<CaseRow> for RowView {
    type Error = Error;

    fn try_from(row: CaseRow) -> Result<Self, Error> {
        Ok(Self {
            state: RowState::parse(&row.state).ok_or(Error::Stored("公示"))?,
            ends_on: day(&row.ends_on)?,
            id: row.id,
            notice: row.notice,
            case: row.case_id,
            number: row.number,
            enterprise: row.enterprise,
            enterprise_name: row.enterprise_name,
            fen: row.fen,
            result: row.result,
        })
    }
}

const ROW: &str =
    "SELECT r.id, r.notice, r.case_id, r.number, r.enterprise, r.enterprise_name, r.fen, r.state,
    r.ends_on, r.result FROM redemption_notice_row r";

/// In the order in which they were published.
pub(super) async fn rows(
    conn: &impl ConnectionTrait,
    notice: &str,
    query: &RowQuery,
    page: &PageRequest,
) -> Result<Page<RowView>, Error> {
    let mut found = query.conditions(notice);
    if let Some(after) = page.cursor::<String>(ROWS)? {
        found.and("r.id > ?", after);
    }
    let sql = format!(
        "{ROW} {} ORDER BY r.id LIMIT {}",
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<CaseRow> = db::query_all(conn, &sql, found.values).await?;
    let rows: Result<Vec<RowView>, Error> = rows.into_iter().map(RowView::try_from).collect();
    Ok(Page::from_rows(rows?, page, ROWS, |row| row.id.clone())?)
}

pub(super) async fn count_rows(
    conn: &impl ConnectionTrait,
    notice: &str,
    query: &RowQuery,
) -> Result<u64, Error> {
    let found = query.conditions(notice);
    let sql = format!(
        "SELECT COUNT(*) FROM redemption_notice_row r {}",
        found.sql()
    );
    counted(conn, &sql, found).await
}

pub(super) async fn find_row(
    conn: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<RowView>, Error> {
    let sql = format!("{ROW} WHERE r.id = $1");
    one_row(conn, &sql, id).await
}

/// The row in which a case stands before the public now.
pub(super) async fn open_row(
    conn: &impl ConnectionTrait,
    case: &str,
) -> Result<Option<RowView>, Error> {
    let sql = format!("{ROW} WHERE r.open_case = $1");
    one_row(conn, &sql, case).await
}

async fn one_row(
    conn: &impl ConnectionTrait,
    sql: &str,
    id: &str,
) -> Result<Option<RowView>, Error> {
    let row: Option<CaseRow> = db::query_one(conn, sql, [id.into()]).await?;
    row.map(RowView::try_from).transpose()
}

/// Puts a case into the notice of its item and days, which is made when there is none; the row's id.
pub(super) async fn insert(tx: &Tx, new: &NewRow<'_>, now: DateTime<Utc>) -> Result<String, Error> {
    let sql = "INSERT INTO redemption_notice (id, item, item_name, organisation, place, starts_on, ends_on, published_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (item, organisation, starts_on, ends_on) DO NOTHING";
    let (starts, ends) = (new.starts_on.to_string(), new.ends_on.to_string());
    let values = [
        ids::next(now).to_string().into(),
        new.item.into(),
        new.item_name.into(),
        new.organisation.into(),
        new.place.into(),
        starts.as_str().into(),
        ends.as_str().into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await?;
    let row = ids::next(now).to_string();
    let sql = "INSERT INTO redemption_notice_row (id, notice, case_id, open_case, number, enterprise, enterprise_name,
                   place, fen, state, ends_on, result, result_at)
               SELECT $1, id, $2, $2, $3, $4, $5, $6, $7, $8, ends_on, '', NULL FROM redemption_notice
               WHERE item = $9 AND organisation = $10 AND starts_on = $11 AND ends_on = $12";
    let values = [
        row.as_str().into(),
        new.case.into(),
        new.number.into(),
        new.enterprise.into(),
        new.enterprise_name.into(),
        new.place.into(),
        new.fen.into(),
        RowState::Open.slug().into(),
        new.item.into(),
        new.organisation.into(),
        starts.into(),
        ends.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(row)
}

/// Changes an open row between open and held, with the day until which it now stands.
pub(super) async fn set_state(
    tx: &Tx,
    row: &str,
    state: RowState,
    ends_on: NaiveDate,
) -> Result<(), Error> {
    let sql = "UPDATE redemption_notice_row SET state = $2, ends_on = $3 WHERE id = $1 AND open_case IS NOT NULL";
    let ends = ends_on.to_string();
    db::execute(
        tx,
        sql,
        [row.into(), state.slug().into(), ends.as_str().into()],
    )
    .await?;
    // the list of what stands open knows the notice by its last day
    let sql = "UPDATE redemption_notice SET ends_on = $2
               WHERE id = (SELECT notice FROM redemption_notice_row WHERE id = $1) AND ends_on < $2
                 AND NOT EXISTS (SELECT 1 FROM redemption_notice o WHERE o.item = redemption_notice.item
                     AND o.organisation = redemption_notice.organisation
                     AND o.starts_on = redemption_notice.starts_on AND o.ends_on = $2)";
    db::execute(tx, sql, [row.into(), ends.into()]).await?;
    Ok(())
}

/// Ends what stands open of a case; whether anything did.
pub(super) async fn end(
    tx: &Tx,
    case: &str,
    state: RowState,
    result: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let sql =
        "UPDATE redemption_notice_row SET state = $2, result = $3, result_at = $4, open_case = NULL
               WHERE open_case = $1";
    let values = [
        case.into(),
        state.slug().into(),
        result.into(),
        instant_text(now).into(),
    ];
    Ok(db::execute(tx, sql, values).await? > 0)
}
