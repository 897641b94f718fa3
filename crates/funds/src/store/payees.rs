use chrono::{DateTime, Utc};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::seal::{Place, SealError, Sealer};

use super::Select;
use crate::model::{Account, KnownPayee, Payer};

const COLUMNS: &str = "id, holder, bank, cnaps, last_four, checked, fault, kept_at";

/// Where an enterprise's account number is sealed.
fn payee_place(id: &str) -> Place<'_> {
    Place::new("fund_payee", "account", id)
}

fn payer_place(id: &str) -> Place<'_> {
    Place::new("fund_payer", "account", id)
}

pub(crate) fn seal_payee(tx: &Tx, id: &str, account: &Account) -> Result<String, SealError> {
    tx.sealer().seal(payee_place(id), account.number.expose())
}

pub(crate) fn seal_payer(tx: &Tx, id: &str, account: &Account) -> Result<String, SealError> {
    tx.sealer().seal(payer_place(id), account.number.expose())
}

/// The account number of a payee, as its row holds it.
pub(crate) fn open_payee(sealer: &Sealer, id: &str, sealed: &str) -> Result<String, SealError> {
    let opened = sealer.open(payee_place(id), sealed)?;
    Ok(opened.secret.reveal().to_owned())
}

pub(crate) fn open_payer(sealer: &Sealer, id: &str, sealed: &str) -> Result<String, SealError> {
    let opened = sealer.open(payer_place(id), sealed)?;
    Ok(opened.secret.reveal().to_owned())
}

/// Makes this the enterprise's account; the one before stays, for the batches in which it stands.
pub(crate) async fn replace(
    tx: &Tx,
    enterprise: &str,
    payee: &KnownPayee,
    sealed: &str,
    by: &str,
) -> db::Result<u64> {
    let before = "UPDATE fund_payee SET is_current = $2 WHERE enterprise = $1 AND is_current";
    db::execute(tx, before, [enterprise.into(), false.into()]).await?;
    let sql = "INSERT INTO fund_payee (id, enterprise, holder, bank, cnaps, account, last_four, checked, is_current, fault,
                   kept_at, kept_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, $11)";
    let values = [
        payee.id.as_str().into(),
        enterprise.into(),
        payee.holder.as_str().into(),
        payee.bank.as_str().into(),
        payee.cnaps.as_str().into(),
        sealed.into(),
        payee.last_four.as_str().into(),
        payee.checked.as_str().into(),
        true.into(),
        instant_text(payee.kept_at).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await
}

/// The account that an enterprise is paid to now.
pub(crate) async fn current(
    conn: &impl ConnectionTrait,
    enterprise: &str,
) -> db::Result<Option<KnownPayee>> {
    let sql = format!("SELECT {COLUMNS} FROM fund_payee WHERE enterprise = $1 AND is_current");
    db::query_one(conn, &sql, [enterprise.into()]).await
}

/// Notes why the bank could not pay to an account.
pub(crate) async fn set_fault(tx: &Tx, id: &str, fault: &str) -> db::Result<u64> {
    let sql = "UPDATE fund_payee SET fault = $2 WHERE id = $1";
    db::execute(tx, sql, [id.into(), fault.into()]).await
}

const PAYER: &str = "id, place, holder, bank, cnaps, last_four, is_open";

pub(crate) async fn insert_payer(
    tx: &Tx,
    payer: &Payer,
    sealed: &str,
    by: &str,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "INSERT INTO fund_payer (id, place, holder, bank, cnaps, account, last_four, is_open, kept_at, kept_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        payer.id.as_str().into(),
        payer.place.as_str().into(),
        payer.holder.as_str().into(),
        payer.bank.as_str().into(),
        payer.cnaps.as_str().into(),
        sealed.into(),
        payer.last_four.as_str().into(),
        payer.is_open.into(),
        instant_text(now).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await
}

/// Accounts from which is paid, those in use first.
pub(crate) async fn payers(
    conn: &impl ConnectionTrait,
    mut select: Select,
    limit: i64,
) -> db::Result<Vec<Payer>> {
    let filter = select.filter();
    let limit = select.push(limit);
    let sql = format!(
        "SELECT {PAYER} FROM fund_payer{filter} ORDER BY CASE WHEN is_open THEN 0 ELSE 1 END, id LIMIT ${limit}"
    );
    db::query_all(conn, &sql, select.values()).await
}

pub(crate) async fn payer(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<Payer>> {
    let sql = format!("SELECT {PAYER} FROM fund_payer WHERE id = $1");
    db::query_one(conn, &sql, [id.into()]).await
}

/// The sealed number of an account from which is paid.
pub(crate) async fn payer_sealed(
    conn: &impl ConnectionTrait,
    id: &str,
) -> db::Result<Option<String>> {
    #[derive(sea_orm::FromQueryResult)]
    struct Sealed {
        account: String,
    }
    let sql = "SELECT account FROM fund_payer WHERE id = $1";
    let sealed: Option<Sealed> = db::query_one(conn, sql, [id.into()]).await?;
    Ok(sealed.map(|sealed| sealed.account))
}

pub(crate) async fn set_payer_open(tx: &Tx, id: &str, is_open: bool) -> db::Result<u64> {
    let sql = "UPDATE fund_payer SET is_open = $2 WHERE id = $1";
    db::execute(tx, sql, [id.into(), is_open.into()]).await
}
