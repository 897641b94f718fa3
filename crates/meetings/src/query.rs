//! What is asked of the lists; list, count, figures and export take the same.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use zhida_platform::access::Viewer;
use zhida_platform::db::{Where, like};
use zhida_platform::vocabulary::known;

use crate::rights::{READ, TASK};
use crate::words::{MeetingState, TaskStanding, TaskState};

/// Which meetings. Empty fields ask nothing; a state that there is not is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct MeetingQuery {
    /// 名称、主持人或地点中的文字。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// 状态：planned、held、issued、cancelled。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub state: Option<MeetingState>,
    /// 系列的标识。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub series: String,
}

impl MeetingQuery {
    /// The conditions on `meeting m`.
    pub(crate) fn conditions(&self, viewer: &Viewer) -> Where {
        let mut found = Where::default();
        found.within(&viewer.reach(READ), ("''", "m.place"));
        if let Some(state) = self.state {
            found.and("m.state = ?", state.slug());
        }
        if !self.series.is_empty() {
            found.and("m.series = ?", self.series.as_str());
        }
        if !self.q.trim().is_empty() {
            let condition = "(m.title LIKE ? ESCAPE '\\' OR m.chair LIKE ? ESCAPE '\\' OR m.venue LIKE ? ESCAPE '\\')";
            found.and(condition, like(&self.q));
        }
        found
    }
}

/// Which tasks. Empty fields ask nothing; a state that there is not is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// 事项、举措、责任单位、责任人或诉求编号中的文字。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// 状态：open 办理中，overdue 逾期，done 待销号，struck 已销号，on_time 按期报送办结。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub state: Option<TaskStanding>,
    /// 会议的标识。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub meeting: String,
    /// 责任单位的名称。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
}

impl TaskQuery {
    /// The conditions on `meeting_task t`: what lies in the viewer's place, and what the viewer's own body was charged with.
    pub(crate) fn conditions(&self, viewer: &Viewer, today: NaiveDate) -> Where {
        let mut found = Where::default();
        reached(viewer, &mut found);
        let mut is = |state: TaskState| found.and("t.state = ?", state.slug());
        match self.state {
            None => {}
            Some(TaskStanding::Open) => is(TaskState::Open),
            Some(TaskStanding::Done) => is(TaskState::Done),
            Some(TaskStanding::Struck) => is(TaskState::Struck),
            Some(TaskStanding::Overdue) => {
                found.and("t.state = 'open' AND t.due_on < ?", today.to_string());
            }
            Some(TaskStanding::OnTime) => {
                found.always("t.done_on IS NOT NULL AND t.done_on <= t.due_on");
            }
        }
        if !self.meeting.is_empty() {
            found.and("t.meeting = ?", self.meeting.as_str());
        }
        if !self.body.trim().is_empty() {
            found.and("t.body = ?", self.body.trim());
        }
        if !self.q.trim().is_empty() {
            let condition = "(t.matter LIKE ? ESCAPE '\\' OR t.measure LIKE ? ESCAPE '\\' OR t.body LIKE ? ESCAPE '\\'
                 OR t.person LIKE ? ESCAPE '\\' OR t.appeal_number LIKE ? ESCAPE '\\')";
            found.and(condition, like(&self.q));
        }
        found
    }
}

fn reached(viewer: &Viewer, found: &mut Where) {
    let place =
        zhida_platform::db::within(&viewer.reach(READ), ("''", "t.place"), &mut found.values);
    match own_body(viewer) {
        Some(body) => {
            found.values.push(body.into());
            let own = format!("(t.body_id = ${} OR {place})", found.values.len());
            found.always(own);
        }
        None => found.always(place),
    }
}

/// The body in whose name the viewer reports on tasks.
pub(crate) fn own_body(viewer: &Viewer) -> Option<String> {
    let seat = viewer.seat().filter(|_| viewer.may(TASK))?;
    seat.organisation.map(|body| body.to_string())
}
