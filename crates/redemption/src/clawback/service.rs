//! Demanding back, and what became of it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_casework::Command;
use zhida_funds::{Claim, Demand, Recovery};
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::cases::calendar;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{ConnectionTrait, Tx};
use zhida_platform::format::{money_fen, weekday_zh};
use zhida_standards::Fen;

use super::cause::cause;
use super::form::{Extent, ToClawBack, Usable};
use super::store::{self, ClawbackRow};
use crate::cases::{CaseView, party};
use crate::error::Error;
use crate::pages::case_address;
use crate::rights::DECIDE;
use crate::service::Redemption;

/// 一笔追回，和退回了多少。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecoveryLine {
    /// 这件办件的第几次追回；清算时多付的没有。
    pub number: Option<i64>,
    /// 原因。
    pub cause: String,
    /// 追回多少，原决定怎样。
    pub extent: String,
    /// 理由。
    pub reason: String,
    /// 依据。
    pub basis: String,
    /// 应退回，单位：分。
    #[schema(value_type = i64)]
    pub fen: Fen,
    /// 已退回，单位：分。
    #[schema(value_type = i64)]
    pub repaid: Fen,
    /// 已核销，单位：分。
    #[schema(value_type = i64)]
    pub written_off: Fen,
    /// 还差，单位：分。
    #[schema(value_type = i64)]
    pub left: Fen,
    /// 限期。
    pub due_on: NaiveDate,
    /// 逾期没有退清。
    pub is_late: bool,
    /// 何时作出；清算时多付的没有。
    pub made_at: Option<DateTime<Utc>>,
    /// 由谁作出。
    pub made_by: String,
}

impl RecoveryLine {
    /// 应退回, for a page.
    #[must_use]
    pub fn amount(&self) -> String {
        money_fen(self.fen)
    }

    /// What came back and what is still to come, for a page.
    #[must_use]
    pub fn progress(&self) -> String {
        let written_off = match self.written_off {
            0 => String::new(),
            fen => format!("，核销 {}", money_fen(fen)),
        };
        match self.left {
            0 if self.written_off == 0 => "已全部退回".to_owned(),
            0 => format!("已退回 {}{written_off}", money_fen(self.repaid)),
            left => format!(
                "已退回 {}{written_off}，还差 {}",
                money_fen(self.repaid),
                money_fen(left)
            ),
        }
    }

    /// 限期, for a page.
    #[must_use]
    pub fn due(&self) -> String {
        weekday_zh(self.due_on)
    }
}

/// What a case's page shows of them: include `redemption/recoveries.html` with this as `recoveries`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recoveries {
    /// Newest first.
    pub lines: Vec<RecoveryLine>,
    /// Where the viewer may demand money back; empty when that is not possible or not the viewer's.
    pub href: String,
}

/// The key of a claw-back in the funds.
fn key(number: i64) -> String {
    format!("clawback-{number}")
}

impl Redemption {
    /// What was demanded back of a case, for its pages.
    pub(crate) async fn recoveries(
        &self,
        viewer: &Viewer,
        view: &CaseView,
    ) -> Result<Recoveries, Error> {
        let record = &view.record;
        let may = viewer.covers(DECIDE, &record.access())
            && bar(view).is_none()
            && self.reclaimable(self.db.conn(), &record.case_id).await? > 0;
        Ok(Recoveries {
            lines: self.recovery_lines(&record.case_id).await?,
            href: match may {
                true => format!("{}/recovery", case_address(&record.case_id)),
                false => String::new(),
            },
        })
    }

    /// The recoveries of a case, newest first. Who may see the case may see them: the caller has asked.
    pub(super) async fn recovery_lines(&self, case: &str) -> Result<Vec<RecoveryLine>, Error> {
        let conn = self.db.conn();
        let made = store::of_case(conn, case).await?;
        let money = self.funds.recoveries_of(conn, Claim::of(case)).await?;
        let today = self.clock.today();
        let line = |money: Recovery| {
            let row = made.iter().find(|row| row.recovery == money.id);
            line(money, row, today)
        };
        Ok(money.into_iter().rev().map(line).collect())
    }

    /// What of a case's money was paid and not demanded back yet, in fen.
    pub(super) async fn reclaimable(
        &self,
        conn: &impl ConnectionTrait,
        case: &str,
    ) -> Result<Fen, Error> {
        let claim = Claim::of(case);
        let paid = self.funds.standing(conn, claim).await?;
        let paid = paid.map_or(0, |money| money.paid);
        let demanded = self.funds.recoveries_of(conn, claim).await?;
        Ok(paid - demanded.iter().map(|one| one.amount).sum::<Fen>())
    }

    /// How many claw-backs a case has.
    pub(super) async fn clawbacks(&self, case: &str) -> Result<i64, Error> {
        let made = store::of_case(self.db.conn(), case).await?;
        Ok(made.last().map_or(0, |row| row.number))
    }

    /// Demands money of an ended case back: the funds' demand, the letter's revocation, the case's history, the
    /// enterprise's message and the audit record in one transaction. The same one asked twice is one.
    ///
    /// # Errors
    /// Beyond reach; the case is open, or nothing of it was paid; more than is left; another one was made meanwhile;
    /// the database.
    pub async fn claw_back(
        &self,
        viewer: &Viewer,
        id: &str,
        asked: &ToClawBack,
    ) -> Result<RecoveryLine, Error> {
        let view = self.case(viewer, DECIDE, id).await?;
        let (usable, enterprise) = (&asked.usable()?, &view.record.enterprise);
        let (row, money) = self
            .db
            .write(|tx| async move {
                crate::cases::store::take_turn(&tx, enterprise).await?;
                self.claw_back_in(&tx, viewer, id, usable).await
            })
            .await?;
        Ok(line(money, Some(&row), self.clock.today()))
    }

    async fn claw_back_in(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        id: &str,
        asked: &Usable,
    ) -> Result<(ClawbackRow, Recovery), Error> {
        let view = self.case_in(tx, id).await?;
        if let Some(why) = bar(&view) {
            return Err(Error::Refused(why.to_owned()));
        }
        let rows = store::of_case(tx, id).await?;
        if let Some(row) = rows.iter().find(|row| row.number == asked.number) {
            return self.made_before(tx, id, row, asked).await;
        }
        if asked.number != rows.last().map_or(0, |row| row.number) + 1 {
            return Err(stale());
        }
        let left = self.reclaimable(tx, id).await?;
        let fen = match asked.fen {
            Some(fen) if fen > left => {
                return Err(Error::field(
                    "amount",
                    format!("还可以追回 {}，不能更多", money_fen(left)),
                ));
            }
            fen => fen.unwrap_or(left),
        };
        let now = self.clock.now();
        let money = self.demand(tx, &view, asked, fen, viewer.actor()).await?;
        let row = ClawbackRow {
            number: asked.number,
            recovery: money.id.clone(),
            cause: asked.cause.id.clone(),
            extent: asked.extent.slug().to_owned(),
            fen,
            reason: asked.reason.clone(),
            basis: asked.basis.clone(),
            made_at: instant_text(now),
            made_by: viewer.name().to_owned(),
        };
        store::insert(tx, id, &row).await?;
        let revoked = match asked.extent {
            // whoever holds the code reads the cause, the enterprise reads the reason
            Extent::Whole => self.letters.revoke(tx, id, &asked.cause.name, now).await?,
            Extent::Part => 0,
        };
        let text = format!(
            "追回 {}（{}，{}）：{}。依据：{}",
            money_fen(fen),
            asked.cause.name,
            asked.extent.word(),
            asked.reason,
            asked.basis
        );
        self.run(tx, &view, Command::Note { text }, &party(viewer))
            .await?;
        let entry = self
            .entry(viewer, "redemption.claw_back", &view)
            .after(json!({ "number": row.number, "fen": fen, "cause": row.cause, "extent": row.extent }))
            .detail(json!({ "recovery": row.recovery, "letters_revoked": revoked, "basis": row.basis }));
        audit::append(tx, &entry).await?;
        Ok((row, money))
    }

    async fn demand(
        &self,
        tx: &Tx,
        view: &CaseView,
        asked: &Usable,
        fen: Fen,
        by: &str,
    ) -> Result<Recovery, Error> {
        let city = calendar::load(tx).await?;
        let due_on = city
            .calendar
            .working_day_after(self.clock.today(), asked.days)
            .map_err(|error| Error::Refused(error.to_string()))?;
        let id = &view.record.case_id;
        let demand = Demand {
            key: &key(asked.number),
            amount: fen,
            reason: &format!(
                "{}：{}（依据：{}）",
                asked.cause.name, asked.reason, asked.basis
            ),
            due_on,
            link: &case_address(id),
        };
        Ok(self.funds.demand(tx, Claim::of(id), &demand, by).await?)
    }

    /// The same press of the button twice is one; another one under its number was somebody else's.
    async fn made_before(
        &self,
        tx: &Tx,
        id: &str,
        row: &ClawbackRow,
        asked: &Usable,
    ) -> Result<(ClawbackRow, Recovery), Error> {
        let is_same = row.cause == asked.cause.id
            && row.extent == asked.extent.slug()
            && asked.fen.is_none_or(|fen| fen == row.fen)
            && row.reason == asked.reason
            && row.basis == asked.basis;
        let money = self.funds.recoveries_of(tx, Claim::of(id)).await?;
        let money = money.into_iter().find(|one| one.id == row.recovery);
        match (is_same, money) {
            (true, Some(money)) => Ok((row.clone(), money)),
            (true, None) => Err(Error::Stored("追回")),
            (false, _) => Err(stale()),
        }
    }
}

fn stale() -> Error {
    Error::Overtaken("这件办件的追回刚刚由别人作出，请刷新页面看过后再定".to_owned())
}

/// Why nothing of a case can be demanded back now.
pub(super) fn bar(view: &CaseView) -> Option<&'static str> {
    match (view.loaded.case.is_open(), view.record.paid_fen) {
        (true, _) => Some("办件还没有办结，请先终止或清算，办结之后再追回"),
        (false, 0) => Some("这件办件没有拨付过资金，没有可以追回的"),
        (false, _) => None,
    }
}

fn line(money: Recovery, row: Option<&ClawbackRow>, today: NaiveDate) -> RecoveryLine {
    let left = money.left();
    let text = |of: fn(&ClawbackRow) -> &str| row.map(of).unwrap_or_default().to_owned();
    RecoveryLine {
        number: row.map(|row| row.number),
        cause: match row {
            Some(row) => {
                cause(&row.cause).map_or_else(|| row.cause.clone(), |one| one.name.clone())
            }
            None => "清算多付".to_owned(),
        },
        extent: row
            .and_then(|row| Extent::parse(&row.extent))
            .map_or_else(String::new, |extent| extent.word().to_owned()),
        reason: row.map_or_else(|| money.reason.clone(), |row| row.reason.clone()),
        basis: text(|row| &row.basis),
        fen: money.amount,
        repaid: money.repaid,
        written_off: money.written_off,
        left,
        due_on: money.due_on,
        is_late: left > 0 && money.due_on < today,
        made_at: row.and_then(|row| parse_instant(&row.made_at)),
        made_by: text(|row| &row.made_by),
    }
}
