use chrono::{DateTime, NaiveDate, Utc};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_standards::Fen;

use super::Select;
use crate::model::{Part, Payment, PaymentState, PaymentView};

const COLUMNS: &str = "y.id, y.number, y.claim, y.case_id, y.case_number, y.pool, y.enterprise, y.enterprise_name, \
     y.part, y.label, y.amount, y.not_before, y.state, y.reason, y.paid_on, y.created_at";

/// Payments with their pool and, where there is one, the open batch.
const JOINED: &str = "fund_payment y JOIN fund_pool p ON p.id = y.pool
     LEFT JOIN fund_batch_row w ON w.payment = y.id AND w.is_live LEFT JOIN fund_batch b ON b.id = w.batch";

pub(crate) async fn insert(tx: &Tx, payment: &Payment) -> db::Result<u64> {
    let sql = "INSERT INTO fund_payment (id, number, claim, case_id, case_number, pool, enterprise, enterprise_name, part,
                   label, amount, not_before, state, reason, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', $14)";
    let values = [
        payment.id.as_str().into(),
        payment.number.as_str().into(),
        payment.claim.as_str().into(),
        payment.case.as_str().into(),
        payment.case_number.as_str().into(),
        payment.pool.as_str().into(),
        payment.enterprise.as_str().into(),
        payment.enterprise_name.as_str().into(),
        payment.part.into(),
        payment.label.as_str().into(),
        payment.amount.into(),
        payment.not_before.map(|day| day.to_string()).into(),
        payment.state.slug().into(),
        instant_text(payment.created_at).into(),
    ];
    db::execute(tx, sql, values).await
}

/// Makes a cancelled payment anew, under its number: what it says now is what is paid.
pub(crate) async fn renew(
    tx: &Tx,
    id: &str,
    part: &Part<'_>,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "UPDATE fund_payment SET label = $2, amount = $3, not_before = $4, state = $5, reason = '', paid_on = NULL,
                   created_at = $6 WHERE id = $1 AND state = $7";
    let values = [
        id.into(),
        part.label.into(),
        part.amount.into(),
        part.not_before.map(|day| day.to_string()).into(),
        PaymentState::Due.slug().into(),
        instant_text(now).into(),
        PaymentState::Cancelled.slug().into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn get(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<Payment>> {
    let sql = format!("SELECT {COLUMNS} FROM fund_payment y WHERE y.id = $1");
    db::query_one(conn, &sql, [id.into()]).await
}

/// The parts of a claim, in order.
pub(crate) async fn of_claim(conn: &impl ConnectionTrait, claim: &str) -> db::Result<Vec<Payment>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM fund_payment y WHERE y.claim = $1 ORDER BY y.part LIMIT 1000"
    );
    db::query_all(conn, &sql, [claim.into()]).await
}

/// Changes a payment's state if it is still in the one expected; whether it was.
pub(crate) async fn change(
    tx: &Tx,
    id: &str,
    from: PaymentState,
    to: PaymentState,
    reason: &str,
) -> db::Result<bool> {
    let sql = "UPDATE fund_payment SET state = $3, reason = $4 WHERE id = $1 AND state = $2";
    let values = [
        id.into(),
        from.slug().into(),
        to.slug().into(),
        reason.into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// Notes the day on which the bank paid it; `None`: it did not.
pub(crate) async fn set_paid_on(tx: &Tx, id: &str, day: Option<NaiveDate>) -> db::Result<u64> {
    let sql = "UPDATE fund_payment SET paid_on = $2 WHERE id = $1";
    let day = day.map(|day| day.to_string());
    db::execute(tx, sql, [id.into(), day.into()]).await
}

/// What the bank sent back is due again: the enterprise's account was mended.
pub(crate) async fn revive(tx: &Tx, enterprise: &str, reason: &str) -> db::Result<u64> {
    let sql =
        "UPDATE fund_payment SET state = $3, reason = $4 WHERE enterprise = $1 AND state = $2";
    let values = [
        enterprise.into(),
        PaymentState::Returned.slug().into(),
        PaymentState::Due.slug().into(),
        reason.into(),
    ];
    db::execute(tx, sql, values).await
}

/// Payments, oldest first.
pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    mut select: Select,
    after: Option<&(String, String)>,
    limit: i64,
) -> db::Result<Vec<PaymentView>> {
    if let Some((created_at, id)) = after {
        let (created_at, id) = (select.push(created_at.as_str()), select.push(id.as_str()));
        select.only_if(&format!("(y.created_at, y.id) > (${created_at}, ${id})"));
    }
    let filter = select.filter();
    let limit = select.push(limit);
    let sql = format!(
        "SELECT {COLUMNS}, p.item_name, p.year, b.number AS batch FROM {JOINED}{filter}
         ORDER BY y.created_at, y.id LIMIT ${limit}"
    );
    db::query_all(conn, &sql, select.values()).await
}

/// How many payments, and their sum.
pub(crate) async fn totals(conn: &impl ConnectionTrait, select: &Select) -> db::Result<(u64, Fen)> {
    #[derive(sea_orm::FromQueryResult)]
    struct Totals {
        number: i64,
        amount: Option<i64>,
    }
    let sql = format!(
        "SELECT COUNT(*) AS number, CAST(SUM(y.amount) AS BIGINT) AS amount FROM fund_payment y{}",
        select.filter()
    );
    let totals: Option<Totals> = db::query_one(conn, &sql, select.values()).await?;
    Ok(totals.map_or((0, 0), |totals| {
        (
            u64::try_from(totals.number).unwrap_or(0),
            totals.amount.unwrap_or(0),
        )
    }))
}

/// The moment of making, as the cursor of [`list`] holds it.
pub(crate) fn key(view: &PaymentView) -> (String, String) {
    (made(view.payment.created_at), view.payment.id.clone())
}

fn made(at: DateTime<Utc>) -> String {
    instant_text(at)
}
