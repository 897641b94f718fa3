//! What happened to a case. Events are only ever added.
//!
//! Each event carries, beside what happened, the new value of every clock that it set, moved or stopped,
//! with the due date as it was computed then and how. So the state follows from the events alone: replaying
//! needs neither the route nor the calendar, and a frozen due date never changes by itself.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::{Clock, Due, Resume};
use crate::escalation::Recipient;
use crate::kind::{Kind, Named as _};
use crate::party::{Organisation, Party, Person};
use crate::route::{Act, Turn};
use crate::term::{Limit, Term, as_text};

/// Which clock of a case. As text `stage`, `total`, `completion`, `objection`,
/// `opinion:<organisation>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClockName {
    /// 本环节.
    Stage,
    /// 全流程.
    Total,
    /// 补正: the enterprise's.
    Completion,
    /// 征求意见: of the body with this id.
    Opinion(Uuid),
    /// 派单异议: of whoever decides it.
    Objection,
}

impl ClockName {
    /// For screens: 本环节时限.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Stage => "本环节时限",
            Self::Total => "总时限",
            Self::Completion => "补正时限",
            Self::Opinion(_) => "反馈意见时限",
            Self::Objection => "裁定派单异议时限",
        }
    }
}

impl fmt::Display for ClockName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage => f.write_str("stage"),
            Self::Total => f.write_str("total"),
            Self::Completion => f.write_str("completion"),
            Self::Objection => f.write_str("objection"),
            Self::Opinion(organisation) => write!(f, "opinion:{organisation}"),
        }
    }
}

impl FromStr for ClockName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "stage" => Ok(Self::Stage),
            "total" => Ok(Self::Total),
            "completion" => Ok(Self::Completion),
            "objection" => Ok(Self::Objection),
            _ => text
                .strip_prefix("opinion:")
                .and_then(|id| id.parse().ok())
                .map(Self::Opinion)
                .ok_or_else(|| format!("没有叫「{text}」的时限")),
        }
    }
}

as_text!(ClockName);

/// The new value of a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSet {
    /// Which one.
    pub name: ClockName,
    /// Its value; `None` when the case has no such clock any more.
    pub clock: Option<Clock>,
    /// Its due date, frozen here; `None` while it is paused.
    pub due: Option<Due>,
}

/// What is lacking when a completion is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// 缺少: something is not there.
    Missing,
    /// 有误: something is not right.
    Wrong,
}

/// One thing to complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Path of the field in the form; empty for the whole.
    pub field: String,
    /// What is to be done, in Chinese.
    pub text: String,
}

/// What a body says that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// 同意.
    Agree,
    /// 不同意.
    Disagree,
    /// 其他意见.
    Remark,
}

impl Stance {
    /// For screens.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Agree => "同意",
            Self::Disagree => "不同意",
            Self::Remark => "其他意见",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", bound = "")]
pub enum Change<K: Kind> {
    /// The case began.
    Opened {
        /// Its first stage.
        stage: K::Stage,
        /// Whose turn it is there.
        turn: Turn,
        /// The body that holds it.
        holder: Option<Organisation>,
    },
    /// Somebody was made to handle it.
    Assigned {
        /// Who.
        handler: Person,
    },
    /// It went on.
    Advanced {
        /// To which stage.
        to: K::Stage,
        /// Whose turn it is there.
        turn: Turn,
        /// What was said of it.
        note: String,
    },
    /// It went back.
    Returned {
        /// To which stage.
        to: K::Stage,
        /// Whose turn it is there.
        turn: Turn,
        /// Why.
        reason: String,
    },
    /// The enterprise was asked to complete.
    CompletionAsked {
        /// What was lacking.
        lack: Lack,
        /// Each thing.
        points: Vec<Point>,
        /// How the office's clocks will go on.
        resume: Resume,
    },
    /// The enterprise completed.
    CompletionAnswered {
        /// What it said.
        note: String,
    },
    /// The enterprise did not complete in time.
    CompletionLapsed {},
    /// Other bodies were asked.
    OpinionsAsked {
        /// What.
        question: String,
        /// Whom.
        organisations: Vec<Organisation>,
    },
    /// A body answered.
    OpinionGiven {
        /// Which.
        organisation: Organisation,
        /// What it says.
        stance: Stance,
        /// In words.
        text: String,
    },
    /// A body need not answer any more.
    OpinionWithdrawn {
        /// Which.
        organisation: Organisation,
        /// Why.
        reason: String,
    },
    /// The stage got more time.
    Extended {
        /// How much.
        by: Term,
        /// Why.
        reason: String,
    },
    /// The stage got another limit; what was paused or added stays.
    Relimited {
        /// The new one.
        limit: Limit,
        /// Why.
        reason: String,
    },
    /// Another body holds it now.
    Transferred {
        /// Which.
        to: Organisation,
        /// Why.
        reason: String,
    },
    /// The body that got the case says that it is not its own.
    Objected {
        /// Which body.
        organisation: Organisation,
        /// Why.
        reason: String,
    },
    /// The objection was decided, once and for all.
    ObjectionSettled {
        /// The body that has the case from now on.
        to: Organisation,
        /// Whether it is another than before.
        moved: bool,
        /// Why.
        reason: String,
    },
    /// It may not go on: an objection.
    Held {
        /// Id of what holds it.
        hold: String,
        /// Why.
        reason: String,
    },
    /// What held it is settled.
    Released {
        /// Id of what held it.
        hold: String,
        /// How it was settled.
        result: String,
    },
    /// Somebody was told that time is short or over.
    Escalated {
        /// Which clock.
        clock: ClockName,
        /// Its due date then.
        due: DateTime<Utc>,
        /// Which rung of the ladder, from 0.
        rung: u32,
        /// What was done.
        action: Act,
        /// Who was told.
        to: Recipient,
        /// Levels at which nobody was found: a gap in the data.
        missing: Vec<u8>,
    },
    /// The calendar changed, and due dates with it.
    Recalculated {
        /// What changed, in Chinese.
        why: String,
    },
    /// It ended.
    Closed {
        /// How.
        outcome: K::Outcome,
        /// Why.
        reason: String,
        /// Until when it can be reopened.
        reopen_until: Option<Due>,
    },
    /// The enterprise took it back.
    Withdrawn {
        /// The outcome that means it.
        outcome: K::Outcome,
        /// Why.
        reason: String,
    },
    /// It is taken up again.
    Reopened {
        /// Where.
        stage: K::Stage,
        /// Whose turn it is there.
        turn: Turn,
        /// Why.
        reason: String,
    },
    /// Something was noted that changes nothing.
    Noted {
        /// What.
        text: String,
    },
}

impl<K: Kind> Change<K> {
    /// Stable slug of what happened, as in the JSON.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Assigned { .. } => "assigned",
            Self::Advanced { .. } => "advanced",
            Self::Returned { .. } => "returned",
            Self::CompletionAsked { .. } => "completion_asked",
            Self::CompletionAnswered { .. } => "completion_answered",
            Self::CompletionLapsed {} => "completion_lapsed",
            Self::OpinionsAsked { .. } => "opinions_asked",
            Self::OpinionGiven { .. } => "opinion_given",
            Self::OpinionWithdrawn { .. } => "opinion_withdrawn",
            Self::Extended { .. } => "extended",
            Self::Relimited { .. } => "relimited",
            Self::Transferred { .. } => "transferred",
            Self::Objected { .. } => "objected",
            Self::ObjectionSettled { .. } => "objection_settled",
            Self::Held { .. } => "held",
            Self::Released { .. } => "released",
            Self::Escalated { .. } => "escalated",
            Self::Recalculated { .. } => "recalculated",
            Self::Closed { .. } => "closed",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Reopened { .. } => "reopened",
            Self::Noted { .. } => "noted",
        }
    }

    /// For the history on a page: 退回至“审核”：材料不清.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Opened { stage, .. } => format!("开始办理，进入“{}”", stage.name()),
            Self::Assigned { handler } => format!("由{}办理", handler.name),
            Self::Advanced { to, note, .. } => with(format!("进入“{}”", to.name()), note),
            Self::Returned { to, reason, .. } => with(format!("退回至“{}”", to.name()), reason),
            Self::CompletionAsked { points, .. } => format!("要求补正 {} 处", points.len()),
            Self::CompletionAnswered { note } => with("已补正".to_owned(), note),
            Self::CompletionLapsed {} => "逾期未补正".to_owned(),
            Self::OpinionsAsked {
                question,
                organisations,
            } => with(format!("征求{}的意见", names(organisations)), question),
            Self::OpinionGiven {
                organisation,
                stance,
                text,
            } => with(
                format!("{}反馈意见“{}”", organisation.name, stance.words()),
                text,
            ),
            Self::OpinionWithdrawn {
                organisation,
                reason,
            } => with(format!("不再征求{}的意见", organisation.name), reason),
            Self::Extended { by, reason } => with(format!("延期 {by}"), reason),
            Self::Relimited { limit, reason } => with(format!("时限改为 {limit}"), reason),
            Self::Transferred { to, reason } => with(format!("转{}办理", to.name), reason),
            Self::Objected {
                organisation,
                reason,
            } => with(format!("{}提出派单异议", organisation.name), reason),
            Self::ObjectionSettled { to, moved, reason } => match moved {
                true => with(format!("异议成立，转{}办理，不得再异议", to.name), reason),
                false => with(
                    format!("异议不成立，仍由{}办理，不得再异议", to.name),
                    reason,
                ),
            },
            Self::Held { reason, .. } => with("暂停办理".to_owned(), reason),
            Self::Released { result, .. } => with("恢复办理".to_owned(), result),
            Self::Escalated {
                clock,
                action,
                to,
                missing,
                ..
            } => {
                let (clock, to) = (clock.words(), to.words());
                let told = match action {
                    Act::Remind => format!("{clock}：提醒{to}"),
                    Act::Escalate { level } => format!("{clock}：上报 {level} 级，{to}"),
                };
                with_gap(told, missing)
            }
            Self::Recalculated { why } => with("重新计算时限".to_owned(), why),
            Self::Closed {
                outcome, reason, ..
            } => with(format!("办结：{}", outcome.name()), reason),
            Self::Withdrawn { reason, .. } => with("企业撤回".to_owned(), reason),
            Self::Reopened { stage, reason, .. } => {
                with(format!("重新办理，进入“{}”", stage.name()), reason)
            }
            Self::Noted { text } => text.clone(),
        }
    }
}

/// Names the levels that nobody holds, for whoever keeps the organisations.
fn with_gap(told: String, missing: &[u8]) -> String {
    if missing.is_empty() {
        return told;
    }
    let levels: Vec<String> = missing.iter().map(u8::to_string).collect();
    format!(
        "{told}（第 {} 级没有负责人，请在组织机构里补上任职）",
        levels.join("、")
    )
}

fn with(what: String, why: &str) -> String {
    match why.is_empty() {
        true => what,
        false => format!("{what}：{why}"),
    }
}

/// 甲局、乙局
pub(crate) fn names(organisations: &[Organisation]) -> String {
    let names: Vec<&str> = organisations
        .iter()
        .map(|organisation| organisation.name.as_str())
        .collect();
    names.join("、")
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Event<K: Kind> {
    /// Its number in the case, from 1 without gaps.
    pub seq: u32,
    /// When; never before the event before it.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Party,
    /// What.
    pub change: Change<K>,
    /// The clocks that it set, moved or stopped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockSet>,
}
