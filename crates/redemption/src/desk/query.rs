//! What is asked of the queue; list, count, saved views and export take the same.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use zhida_casework::{Turn, Urged};
use zhida_platform::access::{Reach, Viewer};
use zhida_platform::cases::{Scope, read_number};
use zhida_platform::clock::{instant_text, to_shanghai};
use zhida_platform::vocabulary::{Named as _, known};
use zhida_standards::uscc::Uscc;

use crate::conditions::{Where, like};
use crate::reach;
use crate::rights::{HANDLE, OPINION};
use crate::words::{Awaits, DueIn, Outcome, Stage, Whose};

/// When a case is due, as the index of open cases has it: what has no due date comes last.
pub(super) const DUE: &str = "COALESCE(h.due_at, '9999')";

/// Among which rows a query counts; what counts among the same is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Open cases within reach, as `case_head_queue` has them.
    Open,
    /// All cases within reach, as `case_head_list` has them.
    All,
    /// Its own.
    Own,
}

/// Which cases. Empty fields ask nothing; a value that there is not is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeskQuery {
    /// 办件编号、统一社会信用代码，或编号、代码、事项名称、企业名称中的一段文字。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// 政策事项的标识。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub item: String,
    /// 环节的标识，例如 review。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub stage: Option<Stage>,
    /// 轮到谁：office、enterprise、system。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub turn: Option<Turn>,
    /// 期限：overdue 已逾期，today 今天到期，week 七天内到期。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub due: Option<DueIn>,
    /// 谁办：mine 我办理的，free 还没有人办的，asked 征求本单位意见的。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub who: Option<Whose>,
    /// 留言：office 等部门答复，enterprise 等企业答复。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub reply: Option<Awaits>,
    /// 状态：不填为在办，closed 已办结，all 全部。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub state: Option<Scope>,
    /// 办理结果的标识，例如 paid。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub outcome: Option<Outcome>,
    /// 催办：reminded 催办过（含已上报），escalated 已上报上级。办结后仍算。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub urged: Option<Urged>,
}

impl DeskQuery {
    /// Whether it is ordered by due date: what is under way is, what is over is by time of opening.
    pub(crate) fn by_due(&self) -> bool {
        self.state.is_none()
    }

    /// The rows among which it counts together with others.
    pub(super) fn counted_among(&self) -> Rows {
        let is_open = self.by_due();
        // what the index of all cases does not hold
        let chosen = !self.q.trim().is_empty() || self.due.is_some() || self.urged.is_some();
        let is_far = !is_open && chosen;
        match (self.who == Some(Whose::Asked) || is_far, is_open) {
            (true, _) => Rows::Own,
            (false, true) => Rows::Open,
            (false, false) => Rows::All,
        }
    }

    /// The conditions on `case_head h` for a viewer at a moment: all of them are answered by its indexes.
    pub(crate) fn conditions(&self, viewer: &Viewer, now: DateTime<Utc>) -> Where {
        let mut found = Where::default();
        self.rows(viewer, &mut found);
        self.choice(viewer, now, &mut found);
        found
    }

    /// The rows from which the others choose: within reach, open if only those are asked for. What
    /// [`DeskQuery::counted_among`] says is the same has the same.
    pub(super) fn rows(&self, viewer: &Viewer, found: &mut Where) {
        found.always("h.room = 'redemption'");
        self.reached(viewer, found);
        if self.by_due() {
            found.always("h.closed_at IS NULL");
        }
    }

    /// What is chosen from [`DeskQuery::rows`].
    pub(super) fn choice(&self, viewer: &Viewer, now: DateTime<Utc>, found: &mut Where) {
        if self.state == Some(Scope::Closed) {
            // an index has the outcome, which a case has from its end on
            found.always("h.outcome IS NOT NULL");
        }
        match (self.who, viewer.account()) {
            (Some(Whose::Mine), Some(account)) => found.and("h.handler = ?", account.to_string()),
            (Some(Whose::Mine), None) => found.always("1 = 0"),
            (Some(Whose::Free), _) => found.always("h.handler IS NULL"),
            (Some(Whose::Asked) | None, _) => {}
        }
        if let Some(stage) = self.stage {
            found.and("h.stage = ?", stage.slug());
        }
        if let Some(outcome) = self.outcome {
            found.and("h.outcome = ?", outcome.slug());
        }
        if let Some(turn) = self.turn {
            found.and("h.turn = ?", turn.slug());
        }
        if !self.item.is_empty() {
            found.and("h.topic = ?", self.item.as_str());
        }
        match self.urged {
            // those of whom somebody above was told were pressed for too
            Some(Urged::Reminded) => found.always("h.urged IS NOT NULL"),
            Some(Urged::Escalated) => found.and("h.urged = ?", Urged::Escalated.slug()),
            None => {}
        }
        self.words(found);
        if let Some(reply) = self.reply {
            let condition = "h.id IN (SELECT t.subject FROM thread t WHERE t.room = 'redemption' AND t.awaits = ?)";
            found.and(condition, reply.slug());
        }
        self.due_within(now, found);
    }

    /// A whole number or code is found by its index; other texts stand in the title, which names item and enterprise.
    fn words(&self, found: &mut Where) {
        let text = self.q.trim();
        if text.is_empty() {
            return;
        }
        if let Ok(number) = read_number(text) {
            return found.and("h.number = ?", number);
        }
        match Uscc::parse(text) {
            Ok(code) => found.and("h.enterprise = ?", code.to_string()),
            // a part of a number or code has digits or letters; words are looked for where words stand
            Err(_) if text.contains(|sign: char| sign.is_ascii_alphanumeric()) => found.and(
                "(h.title LIKE ? ESCAPE '\\' OR h.number LIKE ? ESCAPE '\\' OR h.enterprise LIKE ? ESCAPE '\\')",
                like(text),
            ),
            Err(_) => found.and("h.title LIKE ? ESCAPE '\\'", like(text)),
        }
    }

    /// Rows within reach; asked for opinions, the rows of which one's own body was asked, wherever they lie.
    fn reached(&self, viewer: &Viewer, found: &mut Where) {
        if self.who == Some(Whose::Asked) {
            let body = viewer
                .seat()
                .and_then(|seat| seat.organisation)
                .filter(|_| viewer.may(OPINION));
            let condition = "h.id IN (SELECT k.case_id FROM case_clock k WHERE k.organisation = ?
                 AND SUBSTR(k.clock, 1, 8) = 'opinion:')";
            return match body {
                Some(body) => found.and(condition, body.to_string()),
                None => found.always("1 = 0"),
            };
        }
        let reached: Reach = viewer.reach(HANDLE);
        let within = reach::within(&reached, ("h.enterprise", "h.place"), &mut found.values);
        found.always(within);
    }

    fn due_within(&self, now: DateTime<Utc>, found: &mut Where) {
        let end_of = |days: i64| {
            let day = to_shanghai(now).date_naive() + Duration::days(days + 1);
            // a day ends where the next begins, in China
            day.and_hms_opt(0, 0, 0)
                .map(|midnight| instant_text(midnight.and_utc() - Duration::hours(8)))
        };
        let Some(due) = self.due else { return };
        let days = match due {
            DueIn::Overdue => return found.and(&format!("{DUE} < ?"), instant_text(now)),
            DueIn::Today => 0,
            DueIn::Week => 7,
        };
        found.and(&format!("{DUE} >= ?"), instant_text(now));
        found.and(&format!("{DUE} <= ?"), end_of(days).unwrap_or_default());
    }

    /// The address of a list with these filters, and more behind them; only what is set stands in it.
    pub(super) fn address(&self, path: &str, more: Option<(&str, &str)>) -> String {
        zhida_ui::filtered(path, self, more.as_slice())
    }
}
