//! 分期拨付: the parts after the first, and the settlement that is the last.

use serde_json::json;
use zhida_casework::Command;
use zhida_funds::{Claim, Part, Settled, amount};
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::cases::calendar;
use zhida_platform::format::money_fen;

use super::run::{CaseView, party};
use super::store;
use crate::error::Error;
use crate::rights::HANDLE;
use crate::service::Redemption;
use crate::words::{Outcome, Stage};

/// Working days until which what was paid too much is to be given back.
const GIVE_BACK_DAYS: u32 = 30;

impl CaseView {
    /// The next part that can be made payable, with its name; `None` when all were, or nothing is to be paid yet.
    pub(crate) fn next_part(&self) -> Option<(usize, &str)> {
        let made = usize::try_from(self.record.parts)
            .ok()
            .filter(|made| *made > 0)?;
        let is_there = self.loaded.case.is_open() && self.loaded.case.stage() == Stage::Payment;
        let part = self.scheme.parts.get(made).filter(|_| is_there)?;
        Some((made, part.when.as_str()))
    }
}

impl Redemption {
    /// Makes the next part payable. The last is the settlement: `total`, at most what was decided, is what the case
    /// comes to in all; what is beyond goes back to the pool, what was paid too much is demanded back.
    ///
    /// # Errors
    /// No right; nothing is left; a part is still under way; more than was decided; the conditions are not met any
    /// more; the database.
    pub async fn pay_next_part(
        &self,
        viewer: &Viewer,
        id: &str,
        total: Option<i64>,
    ) -> Result<(), Error> {
        let view = self.case(viewer, HANDLE, id).await?;
        let Some((made, label)) = view.next_part() else {
            return Err(Error::Refused(
                "没有下一期可以拨付：没有分期，还没到拨付环节，或已经全部安排".to_owned(),
            ));
        };
        let decided = view.record.fen_decided.unwrap_or_default();
        let total = total.unwrap_or(decided);
        if !(0..=decided).contains(&total) {
            let most = money_fen(decided);
            return Err(Error::field(
                "total",
                format!("清算总额应在 0 至核定的 {most} 之间"),
            ));
        }
        if let Some(reason) = self.payment_bar(id).await? {
            return Err(Error::NotEligible(format!("现在不能拨付：{reason}")));
        }
        let by = party(viewer);
        let number = i64::try_from(made + 1).unwrap_or(i64::MAX);
        let is_last = made + 1 == view.scheme.parts.len();
        let entry = self
            .entry(viewer, "redemption.part", &view)
            .after(json!({ "part": number, "label": label, "total": is_last.then_some(total) }));
        self.db
            .write(|tx| {
                let (view, by, entry) = (&view, by.clone(), entry.clone());
                async move {
                    let (case, claim) = (&view.record.case_id, Claim::of(&view.record.case_id));
                    if !store::next_part(&tx, case, view.record.parts).await? {
                        return Err(Error::Overtaken("这一期已由别人安排，请刷新".to_owned()));
                    }
                    if is_last {
                        let city = calendar::load(&tx).await?;
                        let until = city
                            .calendar
                            .working_day_after(self.clock.today(), GIVE_BACK_DAYS);
                        let until = until.map_err(|error| Error::Refused(error.to_string()))?;
                        let settled = self
                            .funds
                            .settle(&tx, claim, total, (number, until), viewer.actor())
                            .await?;
                        self.settled(&tx, view, settled, &by).await?;
                    } else {
                        let percent = view.scheme.parts.get(made).map_or(0, |part| part.percent);
                        let part = Part {
                            number,
                            label,
                            amount: amount::share(decided, percent),
                            not_before: None,
                        };
                        self.funds.payable(&tx, claim, &part).await?;
                    }
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }

    /// Nothing is left to be paid: the case is closed; else the last payment closes it.
    async fn settled(
        &self,
        tx: &zhida_platform::db::Tx,
        view: &CaseView,
        settled: Settled,
        by: &zhida_casework::Party,
    ) -> Result<(), Error> {
        let reason = match settled {
            Settled::Payable(_) => return Ok(()),
            Settled::Even => "清算后无需再拨付".to_owned(),
            Settled::Demanded(fen) => format!("清算后应退回 {}", money_fen(fen)),
        };
        let command = Command::Close {
            outcome: Outcome::Paid,
            reason,
        };
        self.run(tx, view, command, by).await?;
        Ok(())
    }
}
