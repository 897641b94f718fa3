//! What page and endpoint both show of a case.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_casework::case::OpinionState;
use zhida_casework::{Calendar, Choices, ClockName, Rules};
use zhida_forms::{Change, Line, Submission, difference};
use zhida_platform::access::Viewer;
use zhida_platform::cases::calendar;
use zhida_platform::format::until_zh;

use super::case::Sight;
use super::scoring::ScoreLine;
use crate::cases::{CaseView, party};
use crate::error::Error;
use crate::service::Redemption;
use crate::words::Grant;

/// A case with what its events, forms and experts tell, as this viewer may see it.
pub(super) struct CaseParts {
    pub clocks: Vec<ClockLine>,
    /// What was sent, round by round.
    pub rounds: Vec<Submission>,
    /// The last round.
    pub lines: Vec<Line>,
    /// What the last round changed.
    pub changes: Vec<Change>,
    pub opinions: Vec<OpinionLine>,
    /// Only for those inside.
    pub scores: Vec<ScoreLine>,
    /// What the route and the case allow this party.
    pub choices: Choices<Grant>,
}

impl CaseParts {
    /// Reads them.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn of(
        app: &Redemption,
        viewer: &Viewer,
        sight: &Sight,
    ) -> Result<Self, Error> {
        let view = &sight.view;
        let city = calendar::load(app.db.conn()).await?;
        let rules = Rules {
            route: &view.route,
            calendar: &city.calendar,
        };
        let rounds = app
            .drafts
            .submissions(app.db.conn(), &view.record.case_id)
            .await?;
        let lines = |round: &Submission| round.filled.lines();
        let changes = match rounds.as_slice() {
            [.., before, after] => difference(&lines(before), &lines(after)),
            _ => Vec::new(),
        };
        Ok(Self {
            clocks: clock_lines(view, app.clock.now(), &city.calendar),
            lines: rounds.last().map(lines).unwrap_or_default(),
            rounds,
            changes,
            opinions: opinion_lines(view),
            scores: match sight.inside {
                true => app.score_lines(view).await?,
                false => Vec::new(),
            },
            choices: view.loaded.case.choices(&party(viewer), &rules),
        })
    }
}

/// 正在计的一个时限。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeskClock)]
pub(super) struct ClockLine {
    /// 是什么时限。
    pub name: String,
    /// 到期，一句话。
    pub due: String,
    /// 还剩多少，或逾期多少。
    pub standing: String,
    /// 是否逾期。
    pub late: bool,
    /// 怎样算出来，逐句。
    pub derivation: Vec<String>,
}

/// 征求的一个部门的意见。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeskOpinion)]
pub(super) struct OpinionLine {
    /// 部门的标识。
    pub id: String,
    /// 部门。
    pub name: String,
    /// 请它看什么。
    pub asked: String,
    /// 期限。
    pub due: String,
    /// 意见，或等待反馈。
    pub state: String,
    /// 是否还在等。
    pub open: bool,
}

fn clock_lines(view: &CaseView, now: DateTime<Utc>, calendar: &Calendar) -> Vec<ClockLine> {
    let case = &view.loaded.case;
    let running = case
        .clocks()
        .iter()
        .filter(|(_, running)| running.clock.stopped.is_none() && case.is_open());
    running
        .map(|(name, running)| {
            let standing = running
                .clock
                .standing(running.due.as_ref(), now, calendar)
                .ok();
            ClockLine {
                name: match name {
                    ClockName::Opinion(body) => {
                        format!("{}：{}", name.words(), body_name(view, *body))
                    }
                    _ => name.words().to_owned(),
                },
                due: running
                    .due
                    .as_ref()
                    .map(|due| until_zh(due.at))
                    .unwrap_or_default(),
                late: standing.is_some_and(zhida_casework::Standing::is_late),
                standing: standing
                    .map(zhida_casework::Standing::words)
                    .unwrap_or_default(),
                derivation: running
                    .due
                    .as_ref()
                    .map(|due| due.derivation.clone())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

fn body_name(view: &CaseView, body: uuid::Uuid) -> String {
    let opinions = view.loaded.case.opinions();
    let asked = opinions
        .iter()
        .rfind(|opinion| opinion.organisation.id == body);
    asked.map_or_else(String::new, |opinion| opinion.organisation.name.clone())
}

fn opinion_lines(view: &CaseView) -> Vec<OpinionLine> {
    let case = &view.loaded.case;
    case.opinions()
        .iter()
        .map(|opinion| {
            let clock = case
                .clocks()
                .get(&ClockName::Opinion(opinion.organisation.id));
            OpinionLine {
                id: opinion.organisation.id.to_string(),
                name: opinion.organisation.name.clone(),
                asked: opinion.question.clone(),
                due: clock
                    .and_then(|running| running.due.as_ref())
                    .map(|due| until_zh(due.at))
                    .unwrap_or_default(),
                open: opinion.is_open(),
                state: match &opinion.state {
                    OpinionState::Waiting => "等待反馈".to_owned(),
                    OpinionState::Given { stance, text } if text.is_empty() => {
                        stance.words().to_owned()
                    }
                    OpinionState::Given { stance, text } => format!("{}：{text}", stance.words()),
                    OpinionState::Withdrawn => "不再征求".to_owned(),
                },
            }
        })
        .collect()
}
