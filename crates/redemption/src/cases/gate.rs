//! What the rooms below ask and tell: may it be paid, it was paid, it came back; can it be applied for.

use std::sync::{Arc, Weak};

use futures::future::BoxFuture;
use sea_orm::prelude::async_trait::async_trait;
use zhida_casework::{Command, Party};
use zhida_funds::{
    Claim, Items, LastCheck, MayPay, Money, PaidPart, PaymentNews, Recovered, ReturnedPart,
};
use zhida_platform::db::Tx;
use zhida_platform::format::money_fen;
use zhida_platform::messages::Recipient;
use zhida_platform::problem::Problem;
use zhida_policies::{Applications, Applying, PublishedItem};

use super::run::{CLERK, CaseView};
use super::store;
use crate::clawback;
use crate::error::Error;
use crate::service::Redemption;
use crate::told::{REPAID, STOPPED};
use crate::words::{Outcome, Stage};

/// The room as those below see it. It does not keep the room alive: the room keeps them.
pub(crate) struct Gate(Weak<Redemption>);

impl Gate {
    pub(crate) fn new(room: &Arc<Redemption>) -> Self {
        Self(Arc::downgrade(room))
    }

    fn room(&self) -> Result<Arc<Redemption>, Problem> {
        let gone = || Problem::internal("the room is gone");
        self.0.upgrade().ok_or_else(gone)
    }
}

#[async_trait]
impl LastCheck for Gate {
    async fn may_pay(&self, tx: &Tx, case: &str) -> Result<MayPay, Problem> {
        let room = self.room()?;
        let view = room.case_in(tx, case).await?;
        let reason = room.bars_payment(&view).await?;
        let Some(reason) = reason else {
            return Ok(MayPay::Yes);
        };
        let to = Recipient::Role(CLERK);
        room.tell_to(tx, &view, &STOPPED, to, &[("reason", &reason)])
            .await?;
        Ok(MayPay::No(reason))
    }
}

#[async_trait]
impl Items for Gate {
    async fn has_item(&self, id: &str) -> Result<bool, Problem> {
        match self.room()?.policies.item(id).await {
            Ok(found) => Ok(found.record.id == id),
            Err(zhida_policies::Error::NoItem(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Applications for Gate {
    fn applying<'a>(&'a self, item: &'a PublishedItem) -> BoxFuture<'a, Result<Applying, Problem>> {
        Box::pin(async move { Ok(self.room()?.applying(item).await?) })
    }
}

#[async_trait]
impl PaymentNews for Gate {
    async fn reserved(&self, tx: &Tx, claim: Claim<'_>, _: &Money) -> Result<(), Problem> {
        let room = self.room()?;
        let view = room.case_in(tx, claim.case).await?;
        if view.loaded.case.is_open() && view.loaded.case.stage() == Stage::Payment {
            room.make_payable(tx, &view, "系统").await?;
        }
        Ok(())
    }

    async fn paid(&self, tx: &Tx, part: &PaidPart<'_>) -> Result<(), Problem> {
        let room = self.room()?;
        let mut view = room.case_in(tx, part.claim.case).await?;
        store::paid(tx, &view.record.case_id, part.amount).await?;
        if part.is_last && view.loaded.case.is_open() {
            // whoever has not answered by now is not waited for: the bank's word is taken in any case
            for organisation in view.unanswered() {
                let command = Command::WithdrawOpinion {
                    organisation,
                    reason: "资金已到账".to_owned(),
                };
                view = room.run(tx, &view, command, &Party::system()).await?;
            }
            let command = Command::Close {
                outcome: Outcome::Paid,
                reason: "资金已到账".to_owned(),
            };
            room.run(tx, &view, command, &Party::system()).await?;
        }
        Ok(())
    }

    async fn returned(&self, tx: &Tx, part: &ReturnedPart<'_>) -> Result<(), Problem> {
        let room = self.room()?;
        let view = room.case_in(tx, part.claim.case).await?;
        if part.was_paid {
            store::paid(tx, &view.record.case_id, -part.amount).await?;
        }
        let text = format!("银行退回：{}。更正收款账户后再次拨付", part.reason);
        room.run(tx, &view, Command::Note { text }, &Party::system())
            .await?;
        Ok(())
    }

    async fn recovered(&self, tx: &Tx, recovered: &Recovered<'_>) -> Result<(), Problem> {
        let room = self.room()?;
        let view = room.case_in(tx, recovered.claim.case).await?;
        let what = match recovered.is_written_off {
            true => "核销",
            false => "已退回",
        };
        let rest = match recovered.left {
            0 => "这笔追回已结清".to_owned(),
            left => format!("还差 {}", money_fen(left)),
        };
        let amount = money_fen(recovered.amount);
        let text = format!("追回登记：{what} {amount}，{rest}");
        room.run(tx, &view, Command::Note { text }, &Party::system())
            .await?;
        let amount = format!("{what} {amount}");
        let fields = [("amount", amount.as_str()), ("reason", rest.as_str())];
        Ok(room.tell(tx, &view, &REPAID, &fields).await?)
    }
}

impl Redemption {
    /// As [`Redemption::case_of`], within a transaction.
    pub(crate) async fn case_in(&self, tx: &Tx, id: &str) -> Result<CaseView, Error> {
        let parsed = id.parse().map_err(|_| Error::missing("这件办件"))?;
        let record = store::find(tx, id).await?;
        let record = record.ok_or_else(|| Error::missing("这件办件"))?;
        let loaded = super::CASES.need(tx, parsed).await?;
        let published = self
            .scheme_revision(&record.item, record.scheme_revision)
            .await?;
        Ok(CaseView {
            loaded,
            route: super::route::of(&published.scheme)?,
            scheme: published.scheme,
            record,
        })
    }

    /// Why a case must not be paid now, as the funds ask it; `None` when nothing stands in the way.
    ///
    /// # Errors
    /// No such case; the database.
    pub async fn payment_bar(&self, case: &str) -> Result<Option<String>, Error> {
        let view = self.case_of(case).await?;
        self.bars_payment(&view).await
    }

    /// Why a case must not be paid now; `None` when nothing stands in the way.
    async fn bars_payment(&self, view: &CaseView) -> Result<Option<String>, Error> {
        let case = &view.loaded.case;
        let is_owed = match case.ending() {
            None => case.stage() == Stage::Payment,
            // the bank had said that it was paid, and sent it back: it is still owed, unless the grant was taken away
            Some(ending) => {
                ending.outcome == Outcome::Paid
                    && !clawback::store::is_taken_away(self.db.conn(), &view.record.case_id).await?
            }
        };
        if !is_owed {
            return Ok(Some(format!("办件现在是“{}”", case.words())));
        }
        if let Some(reason) = case.holds().values().next() {
            return Ok(Some(format!("暂停办理：{reason}")));
        }
        if let Err(reason) = crate::notice::may_pay(self.db.conn(), &view.record.case_id).await? {
            return Ok(Some(reason));
        }
        Ok(self.recheck(view).await?.1)
    }
}
