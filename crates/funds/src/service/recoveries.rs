//! 清算和追回.

use chrono::NaiveDate;
use serde_json::json;
use zhida_platform::access::{Row, Viewer};
use zhida_platform::audit;
use zhida_platform::db::{ConnectionTrait, Tx};
use zhida_platform::format::{date_zh, money_fen};
use zhida_platform::messages::{Message, Recipient};
use zhida_standards::Fen;

use super::Funds;
use super::claims::outstanding;
use crate::actions::MANAGE;
use crate::amount::{Rest, settlement};
use crate::error::Error;
use crate::events::DEMANDED;
use crate::hooks::Recovered;
use crate::model::{Claim, Demand, Kind, Part, Payment, PaymentState, Recovery, Settled};
use crate::pages::PAYEE;
use crate::store;

/// The key under which a settlement demands.
const SETTLEMENT: &str = "settlement";

impl Funds {
    /// 清算: the final amount is known. What is missing to it becomes the last part, what is committed beyond goes back to the
    /// pool, what was paid too much is demanded back until `due_on`.
    ///
    /// # Errors
    /// A part is still on its way to the bank or back; more is due than is committed.
    pub async fn settle(
        &self,
        tx: &Tx,
        claim: Claim<'_>,
        due: Fen,
        (number, due_on): (i64, NaiveDate),
        by: &str,
    ) -> Result<Settled, Error> {
        let row = self.locked(tx, claim).await?;
        let parts = store::payments::of_claim(tx, &row.id).await?;
        let stands = |made: &&Payment| made.part == number && made.state != PaymentState::Cancelled;
        if let Some(made) = parts.iter().find(stands) {
            return Ok(Settled::Payable(made.amount));
        }
        if outstanding(&parts) > 0 {
            return Err(Error::state(
                "还有分期没有拨付完，不能清算：请等银行回单，或先撤回批次",
            ));
        }
        match settlement(due, row.paid) {
            Rest::Pay(more) => {
                let spare = row.committed - more;
                if spare < 0 {
                    return Err(Error::Short {
                        left: row.committed,
                        short: -spare,
                    });
                }
                self.shift(tx, &row, Kind::Free, spare, "清算后多余", by)
                    .await?;
                let part = Part {
                    number,
                    label: "清算",
                    amount: more,
                    not_before: None,
                };
                self.payable(tx, claim, &part).await?;
                self.serve(tx, &row.pool, None, by).await?;
                Ok(Settled::Payable(more))
            }
            rest => {
                self.release(tx, claim, "清算后多余", by).await?;
                let Rest::TakeBack(amount) = rest else {
                    return Ok(Settled::Even);
                };
                let demand = Demand {
                    key: SETTLEMENT,
                    amount,
                    reason: "清算金额低于已拨付金额",
                    due_on,
                    link: PAYEE,
                };
                self.demand(tx, claim, &demand, by).await?;
                Ok(Settled::Demanded(amount))
            }
        }
    }

    /// 追回: tells an enterprise to give money back. Asked again under the same key it answers the first demand.
    ///
    /// # Errors
    /// More would be demanded than was paid.
    pub async fn demand(
        &self,
        tx: &Tx,
        claim: Claim<'_>,
        demand: &Demand<'_>,
        by: &str,
    ) -> Result<Recovery, Error> {
        let row = self.locked(tx, claim).await?;
        if let Some(made) = store::claims::recovery_of(tx, &row.id, demand.key).await? {
            return Ok(made);
        }
        let left = row.paid - store::claims::demanded(tx, &row.id).await?;
        if !(1..=left).contains(&demand.amount) {
            return Err(Error::state(format!(
                "还可以追回 {}，不能追回 {}：追回不能多于已拨付的",
                money_fen(left),
                money_fen(demand.amount)
            )));
        }
        let recovery = Recovery {
            id: self.new_id(),
            case_number: row.case_number.clone(),
            enterprise: row.enterprise.clone(),
            enterprise_name: row.enterprise_name.clone(),
            amount: demand.amount,
            repaid: 0,
            written_off: 0,
            reason: demand.reason.to_owned(),
            due_on: demand.due_on,
        };
        store::claims::insert_recovery(tx, &recovery, &row, demand.key, self.now()).await?;
        let entry = (Kind::Demand, demand.amount);
        self.note(tx, &row.pool, Some(&row.id), entry, demand.reason, by)
            .await?;
        let item = store::pools::get(tx, &row.pool).await?;
        let message = Message {
            event: &DEMANDED,
            to: Recipient::Enterprise(&row.enterprise),
            fields: &[
                ("case", &row.case_number),
                ("item", &item.map(|pool| pool.item_name).unwrap_or_default()),
                ("amount", &money_fen(demand.amount)),
                ("reason", demand.reason),
                ("day", &date_zh(demand.due_on)),
            ],
            link: Some(demand.link),
            subject: ("recovery", &recovery.id),
        };
        self.messages.send(tx, &message).await?;
        Ok(recovery)
    }

    /// What was demanded back of a claim, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn recoveries_of(
        &self,
        conn: &impl ConnectionTrait,
        claim: Claim<'_>,
    ) -> Result<Vec<Recovery>, Error> {
        Ok(store::claims::recoveries_of(conn, claim).await?)
    }

    /// Tells the room whose case it is.
    async fn tell_recovered(
        &self,
        tx: &Tx,
        claim: &str,
        id: &str,
        (kind, amount): (Kind, Fen),
    ) -> Result<(), Error> {
        let row = store::claims::get(tx, claim).await?;
        let (Some(news), Some(row)) = (self.news(), row) else {
            return Ok(());
        };
        let recoveries = store::claims::recoveries_of(tx, row.claim()).await?;
        let one = recoveries.iter().find(|one| one.id == id);
        let recovered = Recovered {
            claim: row.claim(),
            amount,
            is_written_off: kind == Kind::WriteOff,
            left: one.map_or(0, Recovery::left),
        };
        Ok(news.recovered(tx, &recovered).await?)
    }

    /// 已追回、核销: notes money that came back, or that is given up with a reason.
    pub(crate) async fn settle_recovery(
        &self,
        viewer: &Viewer,
        id: &str,
        (kind, amount): (Kind, Fen),
        reason: &str,
    ) -> Result<(), Error> {
        viewer.need(MANAGE)?;
        if reason.trim().is_empty() {
            return Err(Error::field("reason", "请写明依据，如缴款书编号或批准文号"));
        }
        let (repaid, written_off) = match kind {
            Kind::WriteOff => (0, amount),
            _ => (amount, 0),
        };
        self.db
            .write(|tx| async move {
                let home = store::claims::recovery_home(&tx, id).await?;
                let (pool, claim) = home.ok_or_else(|| Error::missing("这笔追回"))?;
                let pool = store::pools::lock(&tx, &pool).await?;
                let pool = pool.filter(|pool| {
                    let row = Row {
                        division: Some(&pool.place),
                        ..Row::default()
                    };
                    viewer.covers(MANAGE, &row)
                });
                let pool = pool.ok_or_else(|| Error::missing("这笔追回"))?;
                let fits = amount > 0
                    && store::claims::settle_recovery(&tx, id, repaid, written_off).await?;
                if !fits {
                    return Err(Error::field(
                        "amount",
                        "金额应大于零，且不超过还没有追回的部分",
                    ));
                }
                let by = viewer.actor();
                self.note(&tx, &pool.id, Some(&claim), (kind, amount), reason, by)
                    .await?;
                self.tell_recovered(&tx, &claim, id, (kind, amount)).await?;
                let entry = self
                    .entry(viewer, "funds.settle_recovery", "recovery", id)
                    .detail(json!({ "kind": kind.slug(), "fen": amount, "reason": reason }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}
