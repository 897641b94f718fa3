//! Where a case is, whose turn it is, until when and why, and how long it usually takes.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_casework::Turn;
use zhida_casework::statistics;
use zhida_platform::access::Reach;
use zhida_platform::db::ConnectionTrait;
use zhida_platform::format::until_zh;

use super::store;
use crate::cases::CaseView;
use crate::error::Error;
use crate::service::Redemption;
use crate::words::{Outcome, Stage};

/// Cases from which the usual time is told.
const TYPICAL_OF: i64 = 100;
/// Fewer cases than this tell nothing.
const TYPICAL_MIN: usize = 3;

/// 企业看到的办理情况。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RedemptionStatus)]
pub struct Status {
    /// 现在怎样，一句话。
    pub words: String,
    /// 轮到谁：企业、部门，或不用谁办。
    pub turn: String,
    /// 期限。
    pub due: Option<String>,
    /// 期限怎样算出来，逐句。
    pub derivation: Vec<String>,
    /// 环节。
    pub steps: Vec<StatusStep>,
    /// 通常要几个工作日，不算等待企业的时间；办结太少时没有。
    pub typical: Option<TypicalDays>,
    /// 办理经过，新的在前。
    pub history: Vec<HistoryLine>,
}

/// 流程的一个环节。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatusStep {
    /// 环节。
    pub name: &'static str,
    /// 时限。
    pub term: String,
    /// done 已完成，now 正在办，next 还没到。
    pub state: &'static str,
}

/// 办理用时的中位数和 90 分位数，按工作日计。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct TypicalDays {
    /// 一半的办件不超过几个工作日。
    pub median: u32,
    /// 九成的办件不超过几个工作日。
    pub p90: u32,
    /// 按几件算的。
    pub count: usize,
}

/// 办理过程中的一件事。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryLine {
    /// 何时。
    pub at: DateTime<Utc>,
    /// 由谁。
    pub by: String,
    /// 做了什么。
    pub words: String,
}

impl Redemption {
    /// The status of a case.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn status(&self, view: &CaseView) -> Result<Status, Error> {
        let case = &view.loaded.case;
        let due = case.due().map(|(_, due)| due);
        let now = case.stage();
        let paid = case
            .ending()
            .is_some_and(|ending| ending.outcome == Outcome::Paid);
        let sent_back = view.is_sent_back();
        let step = |step: &crate::scheme::Step| StatusStep {
            name: step.stage.word(),
            term: step.term.to_string(),
            state: match () {
                () if sent_back && step.stage == Stage::Payment => "now",
                () if step.stage < now || paid => "done",
                () if step.stage == now && case.is_open() => "now",
                () => "next",
            },
        };
        let history = view.loaded.events.iter().rev().map(|event| HistoryLine {
            at: event.at,
            by: event.by.words(),
            words: event.change.words(),
        });
        Ok(Status {
            words: view.words(),
            turn: turn(case.is_open(), case.turn(), now).to_owned(),
            due: due.map(|due| until_zh(due.at)),
            derivation: due.map(|due| due.derivation.clone()).unwrap_or_default(),
            steps: view.scheme.route.iter().map(step).collect(),
            typical: self
                .typical(self.db.conn(), &view.record.item, &Reach::All)
                .await?,
            history: history.collect(),
        })
    }

    /// How long paid cases of an item within reach took the offices, as was noted when they ended; the usual time of all is
    /// everybody's.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn typical(
        &self,
        conn: &impl ConnectionTrait,
        item: &str,
        reach: &Reach,
    ) -> Result<Option<TypicalDays>, Error> {
        let days = store::days(conn, item, Outcome::Paid.slug(), reach, TYPICAL_OF).await?;
        if days.len() < TYPICAL_MIN {
            return Ok(None);
        }
        Ok(statistics::typical(days).map(|typical| TypicalDays {
            median: typical.median,
            p90: typical.p90,
            count: typical.count,
        }))
    }
}

fn turn(open: bool, turn: Turn, stage: Stage) -> &'static str {
    match (open, turn, stage) {
        (false, _, _) => "已办结",
        (true, Turn::Enterprise, _) => "请贵单位办理",
        (true, Turn::Office, _) => "由部门办理，贵单位不用做什么",
        (true, Turn::System, Stage::Notice) => "公示中，期满无异议自动进入下一环节",
        (true, Turn::System, Stage::Payment) => "由财政部门拨付，贵单位不用做什么",
        (true, Turn::System, _) => "自动办理，贵单位不用做什么",
    }
}
