//! The room's table of cases.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Value};

use super::record::CaseRecord;
use crate::judgement::Judgement;

/// The columns of a [`CaseRecord`], of the table `c`.
pub(crate) const COLUMNS: &str = "c.case_id, c.item, c.item_name, c.item_revision, c.scheme_revision, c.enterprise, \
    c.enterprise_name, c.place, c.period, c.origin, c.filed_by, c.agent, c.filed_at, c.judgement, c.answers, \
    c.fen, c.fen_decided, c.recheck, c.rechecked_at, c.decision, c.paid_fen, c.sent_back_fen, c.parts";

/// Who may have a case of this kind only once.
pub(crate) fn slot(item: &str, enterprise: &str, period: &str) -> Option<String> {
    (!period.is_empty()).then(|| format!("{item}|{enterprise}|{period}"))
}

pub(crate) async fn insert(tx: &Tx, record: &CaseRecord) -> db::Result<u64> {
    let sql = "INSERT INTO redemption_case (case_id, item, item_revision, scheme_revision, enterprise,
                   enterprise_name, place, period, slot, origin, filed_by, agent, filed_at, judgement,
                   answers, fen, fen_decided, decision, item_name, decided, paid_fen, parts)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 0, 0)";
    let values: [Value; 20] = [
        record.case_id.as_str().into(),
        record.item.as_str().into(),
        record.item_revision.into(),
        record.scheme_revision.into(),
        record.enterprise.as_str().into(),
        record.enterprise_name.as_str().into(),
        record.place.as_str().into(),
        record.period.as_str().into(),
        slot(&record.item, &record.enterprise, &record.period).into(),
        record.origin.slug().into(),
        record.filed_by.as_str().into(),
        record.agent.as_str().into(),
        instant_text(record.filed_at).into(),
        json(&record.judgement).into(),
        record.answers.to_string().into(),
        record.fen.into(),
        record.fen_decided.into(),
        record.decision.clone().into(),
        record.item_name.as_str().into(),
        record.decision.is_some().into(),
    ];
    db::execute(tx, sql, values).await
}

fn json(judgement: &Judgement) -> String {
    serde_json::to_string(judgement).expect("a judgement has text keys only, so it is JSON")
}

pub(crate) async fn find(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Option<CaseRecord>> {
    let sql = format!("SELECT {COLUMNS} FROM redemption_case c WHERE c.case_id = $1");
    db::query_one(conn, &sql, [case.into()]).await
}

/// The case that holds the only place of an enterprise for an item in a period.
pub(crate) async fn holder(
    conn: &impl ConnectionTrait,
    item: &str,
    enterprise: &str,
    period: &str,
) -> db::Result<Option<CaseRecord>> {
    let Some(slot) = slot(item, enterprise, period) else {
        return Ok(None);
    };
    let sql = format!("SELECT {COLUMNS} FROM redemption_case c WHERE c.slot = $1");
    db::query_one(conn, &sql, [slot.into()]).await
}

/// Those of these slots that a case holds.
pub(crate) async fn taken(
    conn: &impl ConnectionTrait,
    slots: &[String],
) -> db::Result<HashSet<String>> {
    #[derive(FromQueryResult)]
    struct Taken {
        slot: String,
    }
    let members = db::text_members(conn);
    let sql = format!("SELECT slot FROM redemption_case WHERE slot IN ({members})");
    let members = db::members_value(slots.iter().map(String::as_str));
    let rows: Vec<Taken> = db::query_all(conn, &sql, [members]).await?;
    Ok(rows.into_iter().map(|row| row.slot).collect())
}

/// Keeps what was found when the conditions were looked at again.
pub(crate) async fn recheck(
    tx: &Tx,
    case: &str,
    judgement: &Judgement,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "UPDATE redemption_case SET recheck = $2, rechecked_at = $3 WHERE case_id = $1";
    let values = [case.into(), json(judgement).into(), instant_text(at).into()];
    db::execute(tx, sql, values).await
}

/// Keeps what was decided.
pub(crate) async fn decide(
    tx: &Tx,
    case: &str,
    fen: Option<i64>,
    decision: &str,
) -> db::Result<u64> {
    let sql = "UPDATE redemption_case SET fen_decided = $2, decision = $3, decided = TRUE WHERE case_id = $1";
    db::execute(tx, sql, [case.into(), fen.into(), decision.into()]).await
}

/// Takes a decision back: it is made anew, and so are the parts of the payment.
pub(crate) async fn undecide(tx: &Tx, case: &str) -> db::Result<u64> {
    let sql =
        "UPDATE redemption_case SET fen_decided = NULL, decision = NULL, decided = FALSE, parts = 0
               WHERE case_id = $1";
    db::execute(tx, sql, [case.into()]).await
}

/// Keeps what a completion made of the answers, as others may see them.
pub(crate) async fn answered(tx: &Tx, case: &str, answers: &serde_json::Value) -> db::Result<u64> {
    let sql = "UPDATE redemption_case SET answers = $2 WHERE case_id = $1";
    db::execute(tx, sql, [case.into(), answers.to_string().into()]).await
}

/// Keeps who confirmed it.
pub(crate) async fn filed_by(tx: &Tx, case: &str, by: &str, agent: &str) -> db::Result<u64> {
    let sql = "UPDATE redemption_case SET filed_by = $2, agent = $3 WHERE case_id = $1";
    db::execute(tx, sql, [case.into(), by.into(), agent.into()]).await
}

/// Gives the only place free: the enterprise may apply again.
pub(crate) async fn free(tx: &Tx, case: &str) -> db::Result<u64> {
    db::execute(
        tx,
        "UPDATE redemption_case SET slot = NULL WHERE case_id = $1",
        [case.into()],
    )
    .await
}

/// Adds to what was paid; what came back (less than nothing) is taken off, and is owed until as much is paid again.
pub(crate) async fn paid(tx: &Tx, case: &str, fen: i64) -> db::Result<u64> {
    let sql = "UPDATE redemption_case SET paid_fen = paid_fen + $2,
                   sent_back_fen = CASE WHEN sent_back_fen > $2 THEN sent_back_fen - $2 ELSE 0 END
               WHERE case_id = $1";
    db::execute(tx, sql, [case.into(), fen.into()]).await
}

/// Notes that another part was made payable, if so many were made before; false when somebody was faster.
pub(crate) async fn next_part(tx: &Tx, case: &str, made: i64) -> db::Result<bool> {
    let sql = "UPDATE redemption_case SET parts = parts + 1 WHERE case_id = $1 AND parts = $2";
    Ok(db::execute(tx, sql, [case.into(), made.into()]).await? == 1)
}

/// Waits for the enterprise's turn: what is decided about its items happens one after the other.
pub(crate) async fn take_turn(tx: &Tx, enterprise: &str) -> db::Result<u64> {
    let sql = "INSERT INTO redemption_turn (enterprise, turns) VALUES ($1, 1)
               ON CONFLICT (enterprise) DO UPDATE SET turns = redemption_turn.turns + 1";
    db::execute(tx, sql, [enterprise.into()]).await
}

/// Cases of an enterprise at most that are looked at for overlaps.
const OTHERS_MAX: i64 = 500;

/// The other cases of an enterprise in a year that are under way or were paid; what was withdrawn is not had.
pub(crate) async fn others(
    conn: &impl ConnectionTrait,
    enterprise: &str,
    case: &str,
    year: i32,
) -> db::Result<Vec<CaseRecord>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM redemption_case c JOIN case_head h ON h.id = c.case_id
         WHERE c.enterprise = $1 AND c.case_id <> $2 AND c.filed_at >= $3 AND c.filed_at < $4
           AND (h.outcome IS NULL OR h.outcome = 'paid')
           AND NOT EXISTS (SELECT 1 FROM redemption_clawback k WHERE k.case_id = c.case_id AND k.extent = 'whole')
         ORDER BY c.case_id LIMIT {OTHERS_MAX}"
    );
    // years are those of Asia/Shanghai: they begin eight hours earlier in UTC
    let begins = |year: i32| format!("{:04}-12-31T16:00:00.000000Z", year - 1);
    let values = [
        enterprise.into(),
        case.into(),
        begins(year).into(),
        begins(year + 1).into(),
    ];
    db::query_all(conn, &sql, values).await
}

/// Open cases that nobody has decided.
pub(crate) async fn undecided(
    conn: &impl ConnectionTrait,
    after: &str,
    limit: i64,
) -> db::Result<Vec<CaseRecord>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM redemption_case c JOIN case_head h ON h.id = c.case_id
         WHERE h.closed_at IS NULL AND c.decision IS NULL AND c.case_id > $1
         ORDER BY c.case_id LIMIT {limit}"
    );
    db::query_all(conn, &sql, [after.into()]).await
}
