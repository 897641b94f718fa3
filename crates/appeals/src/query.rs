//! What is asked of the appeals; lists, counts, saved views, exports and figures take the same.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use zhida_platform::access::Viewer;
use zhida_platform::cases::Scope;
use zhida_platform::clock::{instant_text, to_shanghai};
use zhida_platform::db::{Where, like};
use zhida_platform::problem::Problem;
use zhida_platform::vocabulary::known;
use zhida_standards::division::DivisionCode;

use crate::numbers::Counted;
use crate::rights::{HANDLE, INTAKE, NUMBERS, OWN, READ, SUPERVISE, VISIT};
use crate::words::{
    Alert, Awaits, Channel, Confidentiality, Outcome, Satisfaction, Stage, Supervision, Track,
    Whose,
};

/// When a case is due, as the index of open cases has it: what has no due date comes last.
pub(crate) const DUE: &str = "COALESCE(h.due_at, '9999')";

/// Days without any event after which an open appeal is silent.
pub const SILENT_DAYS: u64 = 7;

/// Which appeals. Empty fields ask nothing; a value that there is not is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AppealQuery {
    /// 办件编号、标题中的文字。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// 渠道的标识，例如 hotline。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub channel: Option<Channel>,
    /// 分类的路径，含下级，例如 labour。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// 承办单位的标识。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub department: String,
    /// 行政区划代码，含下级。
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "some_place"
    )]
    pub place: String,
    /// 统一社会信用代码；隐名的诉求不会因此被找到。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub enterprise: String,
    /// 环节的标识，例如 handle。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub stage: Option<Stage>,
    /// 办理类型的标识，例如 joint。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub track: Option<Track>,
    /// 督办：overdue 已逾期，today 今天到期，week 七天内到期，unassigned 未指定承办单位，silent 长期没有动静，reopened 重新办理的，
    /// supervised 督查督办中，dissatisfied 不满意的。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub standing: Option<Alert>,
    /// 谁办：mine 我办理的，free 还没有人办的，lead 本单位主办的，asked 本单位协办的。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub who: Option<Whose>,
    /// 留言在等谁答复：office 等部门的，enterprise 等诉求人的。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub reply: Option<Awaits>,
    /// 状态：不填为在办，closed 已办结，all 全部。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub state: Option<Scope>,
    /// 办理结果的标识，例如 solved。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub outcome: Option<Outcome>,
    /// 评价的标识，例如 not。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub satisfaction: Option<Satisfaction>,
    /// 督查督办到了哪一步，例如 interview。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub supervision: Option<Supervision>,
    /// 一类事的标识。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub theme: String,
    /// 数据口径的标识，例如 on_time：只要这个数据数到的那些。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    #[param(value_type = String)]
    pub counted: Option<Counted>,
    /// 从哪一天起登记的，例如 2026-11-01。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "some_day")]
    pub from: Option<NaiveDate>,
    /// 到哪一天为止登记的，含当天。
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "some_day")]
    pub to: Option<NaiveDate>,
}

impl AppealQuery {
    /// Whether it is ordered by due date: what is under way is, what is over is by time of opening.
    #[must_use]
    pub fn by_due(&self) -> bool {
        self.state.is_none()
    }

    /// Every appeal, open or not: what figures begin with.
    #[must_use]
    pub fn all() -> Self {
        Self {
            state: Some(Scope::All),
            ..Self::default()
        }
    }

    /// Refuses a first day after the last: the list would look as if there were none.
    pub(crate) fn in_order(&self) -> Result<(), Problem> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => {
                let words =
                    format!("登记日期从 {from} 到 {to}：开始的一天在结束的一天之后，请改正");
                Err(Problem::bad_input(words.clone()).field("from", words))
            }
            _ => Ok(()),
        }
    }

    /// The conditions on `case_head h` and `appeal a` ([`crate::AppealRow`] has them) for a viewer at a moment.
    pub(crate) fn conditions(&self, viewer: &Viewer, now: DateTime<Utc>) -> Where {
        let mut found = Where::default();
        self.rows(viewer, &mut found);
        self.choice(viewer, now, &mut found);
        found
    }

    /// The rows from which the others choose: within reach, open if only those are asked for.
    pub(crate) fn rows(&self, viewer: &Viewer, found: &mut Where) {
        found.always("h.room = 'appeals'");
        within_reach(viewer, found);
        if self.by_due() {
            found.always("h.closed_at IS NULL");
        }
    }

    /// What is chosen from [`AppealQuery::rows`].
    pub(crate) fn choice(&self, viewer: &Viewer, now: DateTime<Utc>, found: &mut Where) {
        if self.state == Some(Scope::Closed) {
            // an index has the outcome, which a case has from its end on
            found.always("h.outcome IS NOT NULL");
        }
        self.words(found);
        self.texts(viewer, found);
        self.standing(now, found);
        if let Some(counted) = self.counted {
            let condition = counted.condition();
            match condition.contains('?') {
                true => found.and(&condition, instant_text(now)),
                false => found.always(condition),
            }
        }
        self.whose(viewer, found);
        if let Some(from) = self.from {
            found.and("h.opened_at >= ?", day_begins(from));
        }
        if let Some(to) = self.to.and_then(|to| to.checked_add_days(Days::new(1))) {
            found.and("h.opened_at < ?", day_begins(to));
        }
    }

    fn words(&self, found: &mut Where) {
        let mut is = |column: &str, slug: Option<&'static str>| {
            if let Some(slug) = slug {
                found.and(&format!("{column} = ?"), slug);
            }
        };
        is("a.channel", self.channel.map(Channel::slug));
        is("h.stage", self.stage.map(Stage::slug));
        is("h.outcome", self.outcome.map(Outcome::slug));
        is("a.track", self.track.map(Track::slug));
        is("a.satisfaction", self.satisfaction.map(Satisfaction::slug));
        is("a.supervision", self.supervision.map(Supervision::slug));
        if let Some(awaits) = self.reply {
            // the few that wait are found first, by their index
            let condition =
                "h.id IN (SELECT v.case_id FROM thread t JOIN appeal_voice v ON v.id = t.subject
                WHERE t.room = 'appeals' AND t.awaits = ?)";
            found.and(condition, awaits.slug());
        }
        if !self.theme.is_empty() {
            found.and("a.theme = ?", self.theme.as_str());
        }
    }

    fn texts(&self, viewer: &Viewer, found: &mut Where) {
        let category = self.category.trim_matches('/');
        if !category.is_empty() {
            let below = format!("{category}/");
            found.values.extend([
                category.into(),
                below.clone().into(),
                format!("{category}0").into(),
            ]);
            let at = found.values.len();
            // `0` follows `/`: a range that the index serves
            found.always(format!(
                "(a.category = ${} OR (a.category >= ${} AND a.category < ${at}))",
                at - 2,
                at - 1
            ));
        }
        if !self.department.is_empty() {
            found.and("h.holder = ?", self.department.as_str());
        }
        if let Ok(place) = DivisionCode::parse(&self.place) {
            let reach = zhida_platform::access::Reach::Places(vec![place]);
            found.within(&reach, ("h.enterprise", "h.place"));
        }
        // who may not know whose it is must not find out by asking for it
        let named = match viewer.may(INTAKE) {
            true => "",
            false => " AND a.confidentiality = 'normal'",
        };
        if !self.enterprise.is_empty() {
            let own = matches!(viewer.reach(OWN), zhida_platform::access::Reach::Own(_));
            let named = if own { "" } else { named };
            found.and(
                &format!("(h.enterprise = ?{named})"),
                self.enterprise.trim().to_uppercase(),
            );
        }
        if !self.q.trim().is_empty() {
            let condition = format!(
                "(h.number LIKE ? ESCAPE '\\' OR h.title LIKE ? ESCAPE '\\' OR (a.enterprise_name LIKE ? ESCAPE '\\'{named}))"
            );
            found.and(&condition, like(&self.q));
        }
    }

    fn standing(&self, now: DateTime<Utc>, found: &mut Where) {
        let today = to_shanghai(now).date_naive();
        let ends = |days: u64| today.checked_add_days(Days::new(days + 1)).map(day_begins);
        match self.standing {
            None => {}
            Some(Alert::Overdue) => found.and(&format!("{DUE} < ?"), instant_text(now)),
            Some(alert @ (Alert::Today | Alert::Week)) => {
                found.and(&format!("{DUE} >= ?"), instant_text(now));
                let days = if alert == Alert::Today { 0 } else { 7 };
                found.and(&format!("{DUE} < ?"), ends(days).unwrap_or_default());
            }
            Some(Alert::Unassigned) => found.always("h.holder IS NULL"),
            Some(Alert::Reopened) => found.always("a.reopenings > 0"),
            Some(Alert::Supervised) => found.and("h.stage = ?", Stage::Supervision.slug()),
            Some(Alert::Dissatisfied) => found.always("a.dissatisfied > 0"),
            Some(Alert::Silent) => {
                let since = today
                    .checked_sub_days(Days::new(SILENT_DAYS))
                    .map(day_begins);
                // reminders are events too: what people did is what counts; where nothing changed nobody did anything
                let condition = "h.opened_at < ? AND (h.changed_at < ? OR NOT EXISTS (SELECT 1 FROM case_event e WHERE e.case_id = h.id
                    AND e.at >= ? AND e.kind NOT IN ('escalated', 'recalculated')))";
                found.and(condition, since.unwrap_or_default());
            }
        }
    }

    fn whose(&self, viewer: &Viewer, found: &mut Where) {
        let Some(whose) = self.who else { return };
        let body = viewer.seat().and_then(|seat| seat.organisation);
        match (whose, viewer.account(), body) {
            (Whose::Mine, Some(account), _) => found.and("h.handler = ?", account.to_string()),
            (Whose::Free, ..) => found.always("h.handler IS NULL"),
            (Whose::Lead, _, Some(body)) => found.and("h.holder = ?", body.to_string()),
            (Whose::Asked, _, Some(body)) => found.and(
                "h.id IN (SELECT k.case_id FROM case_clock k WHERE k.organisation = ? AND SUBSTR(k.clock, 1, 8) = 'opinion:')",
                body.to_string(),
            ),
            (Whose::Mine, None, _) | (Whose::Lead | Whose::Asked, _, None) => {
                found.always("1 = 0");
            }
        }
    }

    /// The address of a list with these filters, and more behind them; only what is set stands in it.
    pub(crate) fn address(&self, path: &str, more: &[(&str, &str)]) -> String {
        zhida_ui::filtered(path, self, more)
    }
}

/// Whether a viewer sees what is secret without being of the lead body.
pub(crate) fn sees_secrets(viewer: &Viewer) -> bool {
    viewer.may(INTAKE) || viewer.may(SUPERVISE)
}

/// Rows within reach: the own enterprise's, those of the places that one reads or visits in, those that the own body has
/// to do with. What is secret needs more.
fn within_reach(viewer: &Viewer, found: &mut Where) {
    let mut parts = Vec::new();
    let own = zhida_platform::db::within(
        &viewer.reach(OWN),
        ("h.enterprise", "h.place"),
        &mut found.values,
    );
    parts.push(own);
    let secret = match sees_secrets(viewer) {
        true => String::new(),
        false => format!(
            " AND a.confidentiality <> '{}'",
            Confidentiality::Secret.slug()
        ),
    };
    for action in [READ, NUMBERS, VISIT, INTAKE] {
        let reach = viewer.reach(action);
        if reach != zhida_platform::access::Reach::Nothing {
            let within =
                zhida_platform::db::within(&reach, ("h.enterprise", "h.place"), &mut found.values);
            parts.push(format!("({within}{secret})"));
        }
    }
    // what lies nowhere yet must not be nobody's
    if viewer.may(INTAKE) {
        parts.push("h.place = ''".to_owned());
    }
    let body = viewer.seat().and_then(|seat| seat.organisation);
    if let Some(body) = body.filter(|_| viewer.may(HANDLE)) {
        found.values.push(body.to_string().into());
        let at = found.values.len();
        parts.push(format!(
            "(EXISTS (SELECT 1 FROM appeal_body b WHERE b.case_id = h.id AND b.organisation = ${at}){})",
            match secret.is_empty() {
                true => String::new(),
                false => format!("{} OR h.holder = ${at}", secret),
            }
        ));
    }
    found.always(format!("({})", parts.join(" OR ")));
}

/// The first instant of a day in China, as it is stored.
pub(crate) fn day_begins(day: NaiveDate) -> String {
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
    instant_text(midnight - chrono::TimeDelta::hours(8))
}

/// The code of a division; a form's empty field is none.
fn some_place<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let text = text.trim();
    match text.is_empty() || DivisionCode::parse(text).is_ok() {
        true => Ok(text.to_owned()),
        false => Err(serde::de::Error::custom(format!(
            "“{text}”不是行政区划代码，请写 2、4、6、9 或 12 位数字，例如 330302"
        ))),
    }
}

/// A day; a form's empty field is none.
fn some_day<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| serde::de::Error::custom("请写日期，例如 2026-11-01")),
    }
}
