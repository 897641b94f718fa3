//! 收款账户.

use serde_json::json;
use zhida_platform::access::{Row, Viewer};
use zhida_platform::audit;
use zhida_platform::db::{ConnectionTrait, Tx};

use super::Funds;
use crate::actions::{MANAGE, PAYEE, READ};
use crate::error::Error;
use crate::model::{KnownPayee, PayeeForm, Payer};
use crate::store::{self, Select};

/// Accounts from which is paid, as a page shows at most.
const PAYERS_MAX: i64 = 200;

impl Funds {
    /// The account to which an enterprise is paid now, its number masked.
    ///
    /// # Errors
    /// The database.
    pub async fn payee(
        &self,
        conn: &impl ConnectionTrait,
        enterprise: &str,
    ) -> Result<Option<KnownPayee>, Error> {
        Ok(store::payees::current(conn, enterprise).await?)
    }

    /// Keeps the enterprise's account, from now on the one it is paid to; what the bank sent back is due again. The caller
    /// writes the audit record, without the number.
    ///
    /// # Errors
    /// [`Error::Payee`] with every field that is wrong; sealing; the database.
    pub async fn keep_payee(
        &self,
        tx: &Tx,
        (enterprise, enterprise_name): (&str, &str),
        form: &PayeeForm,
        by: &str,
    ) -> Result<KnownPayee, Error> {
        let account = form.account(Some(enterprise_name)).map_err(Error::Payee)?;
        let payee = KnownPayee {
            id: self.new_id(),
            last_four: account.number.last_four().to_owned(),
            checked: format!("行号校验位正确；{}", account.number.check().words()),
            fault: String::new(),
            kept_at: self.now(),
            holder: account.holder.clone(),
            bank: account.bank.clone(),
            cnaps: account.cnaps.clone(),
        };
        let sealed = store::payees::seal_payee(tx, &payee.id, &account)?;
        store::payees::replace(tx, enterprise, &payee, &sealed, by).await?;
        store::payments::revive(tx, enterprise, "收款账户已更正").await?;
        Ok(payee)
    }

    /// The account of the viewer's own enterprise.
    pub(crate) async fn own_payee(&self, viewer: &Viewer) -> Result<Option<KnownPayee>, Error> {
        viewer.need(PAYEE)?;
        let (code, _) = own(viewer)?;
        self.payee(self.db.conn(), &code).await
    }

    /// Keeps the account of the viewer's own enterprise.
    pub(crate) async fn keep_own_payee(
        &self,
        viewer: &Viewer,
        form: &PayeeForm,
    ) -> Result<KnownPayee, Error> {
        viewer.need(PAYEE)?;
        let (code, name) = &own(viewer)?;
        self.db
            .write(|tx| async move {
                let before = store::payees::current(&tx, code).await?;
                let payee = self
                    .keep_payee(&tx, (code, name), form, viewer.actor())
                    .await?;
                let told =
                    |payee: &KnownPayee| json!({ "bank": payee.bank, "account": payee.masked() });
                let mut entry = self
                    .entry(viewer, "funds.keep_payee", "payee", &payee.id)
                    .enterprise(code)
                    .after(told(&payee));
                if let Some(before) = &before {
                    entry = entry.before(told(before));
                }
                audit::append(&tx, &entry).await?;
                Ok(payee)
            })
            .await
    }

    /// 付款账户 within reach, those in use first.
    pub(crate) async fn payers(&self, viewer: &Viewer) -> Result<Vec<Payer>, Error> {
        viewer.need(READ)?;
        let mut select = Select::default();
        select.reach(&viewer.reach(READ), None, "place");
        Ok(store::payees::payers(self.db.conn(), select, PAYERS_MAX).await?)
    }

    /// Adds an account from which is paid.
    pub(crate) async fn add_payer(
        &self,
        viewer: &Viewer,
        form: &PayeeForm,
    ) -> Result<Payer, Error> {
        viewer.need(MANAGE)?;
        let place = viewer.seat().and_then(|seat| seat.division.clone());
        let place = place
            .ok_or_else(|| Error::state("付款账户属于一个行政区划：请用政府部门的任职办理"))?;
        let account = &form.account(None).map_err(Error::Payee)?;
        let payer = &Payer {
            id: self.new_id(),
            place,
            holder: account.holder.clone(),
            bank: account.bank.clone(),
            cnaps: account.cnaps.clone(),
            last_four: account.number.last_four().to_owned(),
            is_open: true,
        };
        self.db
            .write(|tx| async move {
                let sealed = store::payees::seal_payer(&tx, &payer.id, account)?;
                let by = viewer.actor();
                store::payees::insert_payer(&tx, payer, &sealed, by, self.now()).await?;
                let entry = self.entry(viewer, "funds.add_payer", "payer", &payer.id).after(
                    json!({ "holder": payer.holder, "bank": payer.bank, "last_four": payer.last_four }),
                );
                audit::append(&tx, &entry).await?;
                Ok(payer.clone())
            })
            .await
    }

    /// 停用、启用 an account from which is paid.
    pub(crate) async fn switch_payer(
        &self,
        viewer: &Viewer,
        id: &str,
        is_open: bool,
    ) -> Result<(), Error> {
        viewer.need(MANAGE)?;
        self.db
            .write(|tx| async move {
                let payer = store::payees::payer(&tx, id).await?;
                let covers = |payer: &Payer| {
                    let row = Row {
                        division: Some(&payer.place),
                        ..Row::default()
                    };
                    viewer.covers(MANAGE, &row)
                };
                payer
                    .filter(covers)
                    .ok_or_else(|| Error::missing("这个付款账户"))?;
                store::payees::set_payer_open(&tx, id, is_open).await?;
                let entry = self
                    .entry(viewer, "funds.switch_payer", "payer", id)
                    .after(json!({ "open": is_open }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

/// The enterprise of the viewer's own seat: an agent does not look after money.
fn own(viewer: &Viewer) -> Result<(String, String), Error> {
    let seat = viewer.seat().filter(|seat| seat.on_behalf_of.is_none());
    let code = seat.and_then(|seat| seat.enterprise.clone());
    match (seat, code) {
        (Some(seat), Some(code)) => Ok((code, seat.organisation_name.clone())),
        _ => Err(Error::state(
            "收款账户由企业自己的人员登记：请用企业的任职登录",
        )),
    }
}
