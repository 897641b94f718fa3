//! The table of objections. Name and telephone of whoever made one are sealed.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::access::Reach;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_platform::seal::{Place, Sealer};

use super::model::{Objection, ObjectionState};
use super::query::ObjectionQuery;
use crate::conditions::Where;
use crate::error::Error;
use crate::reach;

const LIST: &str = "redemption:objection";
/// Objections to one row that are shown at most.
const OF_ROW_MAX: i64 = 100;

#[derive(Debug, FromQueryResult)]
struct ObjectionRow {
    id: String,
    notice: String,
    case_id: String,
    number: String,
    item_name: String,
    enterprise: String,
    enterprise_name: String,
    place: String,
    account: String,
    person: String,
    phone: String,
    words: String,
    made_at: String,
    state: String,
    decision: String,
    decided_at: Option<String>,
    decided_by: String,
}

impl ObjectionRow {
    fn opened(self, sealer: &Sealer) -> Result<Objection, Error> {
        let open = |column, text: &str| -> Result<String, Error> {
            let place = Place::new("redemption_objection", column, &self.id);
            let opened = sealer
                .open(place, text)
                .map_err(|_| Error::Stored("异议"))?;
            Ok(opened.secret.reveal().to_owned())
        };
        let (person, phone) = (open("person", &self.person)?, open("phone", &self.phone)?);
        Ok(Objection {
            person,
            phone,
            made_at: parse_instant(&self.made_at).unwrap_or_default(),
            state: ObjectionState::parse(&self.state).ok_or(Error::Stored("异议"))?,
            decided_at: self.decided_at.as_deref().and_then(parse_instant),
            id: self.id,
            notice: self.notice,
            case: self.case_id,
            number: self.number,
            item_name: self.item_name,
            enterprise: self.enterprise,
            enterprise_name: self.enterprise_name,
            place: self.place,
            account: self.account,
            words: self.words,
            decision: self.decision,
            decided_by: self.decided_by,
        })
    }
}

const SELECT: &str = "SELECT o.id, r.notice, o.case_id, r.number, n.item_name, r.enterprise,
    r.enterprise_name, o.place, o.account, o.person, o.phone, o.words, o.made_at, o.state, o.decision, o.decided_at,
    o.decided_by
    FROM redemption_objection o JOIN redemption_notice_row r ON r.id = o.notice_row
    JOIN redemption_notice n ON n.id = r.notice";

/// An objection to be kept.
pub(super) struct NewObjection<'a> {
    pub id: &'a str,
    pub row: &'a str,
    pub case: &'a str,
    pub place: &'a str,
    pub account: &'a str,
    pub person: &'a str,
    pub phone: &'a str,
    pub words: &'a str,
}

pub(super) async fn insert(
    tx: &Tx,
    new: &NewObjection<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let seal = |column, text: &str| {
        let place = Place::new("redemption_objection", column, new.id);
        tx.sealer().seal(place, text).map_err(Problem::from)
    };
    let sql = "INSERT INTO redemption_objection (id, notice_row, case_id, place, account, person, phone, words, made_at,
                   state, decision, decided_at, decided_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', NULL, '')";
    let values = [
        new.id.into(),
        new.row.into(),
        new.case.into(),
        new.place.into(),
        new.account.into(),
        seal("person", new.person)?.into(),
        seal("phone", new.phone)?.into(),
        new.words.into(),
        instant_text(now).into(),
        ObjectionState::Open.slug().into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Settles an objection that is open; false when somebody else was first.
pub(super) async fn settle(
    tx: &Tx,
    id: &str,
    state: ObjectionState,
    decision: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let sql = "UPDATE redemption_objection SET state = $2, decision = $3, decided_by = $4, decided_at = $5
               WHERE id = $1 AND state = $6";
    let values = [
        id.into(),
        state.slug().into(),
        decision.into(),
        by.into(),
        instant_text(now).into(),
        ObjectionState::Open.slug().into(),
    ];
    Ok(db::execute(tx, sql, values).await? > 0)
}

/// How many objections of a case are looked into.
pub(super) async fn open_of_case(conn: &impl ConnectionTrait, case: &str) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM redemption_objection WHERE case_id = $1 AND state = $2";
    Ok(db::query_count(conn, sql, [case.into(), ObjectionState::Open.slug().into()]).await?)
}

/// How many objections a row ever had, without those taken back.
pub(super) async fn count_of_row(conn: &impl ConnectionTrait, row: &str) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM redemption_objection WHERE notice_row = $1 AND state <> $2";
    Ok(db::query_count(
        conn,
        sql,
        [row.into(), ObjectionState::Withdrawn.slug().into()],
    )
    .await?)
}

/// Whether this account's objection to a row is looked into.
pub(super) async fn has_open(
    conn: &impl ConnectionTrait,
    row: &str,
    account: &str,
) -> Result<bool, Error> {
    let sql = "SELECT COUNT(*) FROM redemption_objection WHERE notice_row = $1 AND account = $2 AND state = $3";
    let values = [
        row.into(),
        account.into(),
        ObjectionState::Open.slug().into(),
    ];
    Ok(db::query_count(conn, sql, values).await? > 0)
}

pub(super) async fn find(
    conn: &impl ConnectionTrait,
    sealer: &Sealer,
    id: &str,
) -> Result<Option<Objection>, Error> {
    let sql = format!("{SELECT} WHERE o.id = $1");
    let row: Option<ObjectionRow> = db::query_one(conn, &sql, [id.into()]).await?;
    row.map(|row| row.opened(sealer)).transpose()
}

/// The objections to a case, newest first.
pub(super) async fn of_case(
    conn: &impl ConnectionTrait,
    sealer: &Sealer,
    case: &str,
) -> Result<Vec<Objection>, Error> {
    let sql = format!("{SELECT} WHERE o.case_id = $1 ORDER BY o.id DESC LIMIT {OF_ROW_MAX}");
    let rows: Vec<ObjectionRow> = db::query_all(conn, &sql, [case.into()]).await?;
    rows.into_iter().map(|row| row.opened(sealer)).collect()
}

fn conditions(query: &ObjectionQuery, reached: &Reach) -> Result<Where, Error> {
    let mut found = Where::default();
    if let Some(state) = query.wanted()? {
        found.and("o.state = ?", state.slug());
    }
    let within = reach::within(reached, ("r.enterprise", "o.place"), &mut found.values);
    found.always(within);
    Ok(found)
}

/// Those within reach, the longest waiting first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    sealer: &Sealer,
    query: &ObjectionQuery,
    reached: &Reach,
    page: &PageRequest,
) -> Result<Page<Objection>, Error> {
    let mut found = conditions(query, reached)?;
    if let Some(after) = page.cursor::<String>(LIST)? {
        found.and("o.id > ?", after);
    }
    let sql = format!(
        "{SELECT} {} ORDER BY o.id LIMIT {}",
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<ObjectionRow> = db::query_all(conn, &sql, found.values).await?;
    let rows: Result<Vec<Objection>, Error> =
        rows.into_iter().map(|row| row.opened(sealer)).collect();
    Ok(Page::from_rows(rows?, page, LIST, |row| row.id.clone())?)
}

pub(super) async fn count(
    conn: &impl ConnectionTrait,
    query: &ObjectionQuery,
    reached: &Reach,
) -> Result<u64, Error> {
    let found = conditions(query, reached)?;
    let sql = format!(
        "SELECT COUNT(*) FROM redemption_objection o JOIN redemption_notice_row r ON r.id = o.notice_row {}",
        found.sql()
    );
    let count = db::query_count(conn, &sql, found.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}
