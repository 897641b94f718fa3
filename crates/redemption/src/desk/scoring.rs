//! Scoring 评审打分: several experts, each alone, each after declaring that nothing ties them to the enterprise.
//!
//! The office names the experts; where the scheme allows it, an expert takes a place while one is free. Before anything is
//! shown of the application the expert declares; who declares a tie gives the place back. Whoever has had a hand in the case, or sits in the
//! enterprise, is refused. Scores are shown to the desk, never to another expert before all have given theirs.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_casework::Change;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::format::datetime_zh;
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::vocabulary;

use super::forms::text;
use crate::cases::{CaseView, store};
use crate::error::Error;
use crate::fields::Fields;
use crate::rights::SCORE;
use crate::scheme::Scoring;
use crate::service::Redemption;
use crate::words::Stage;

const LIST: &str = "redemption:scoring";

vocabulary! {
    /// 专家评分的状态。
    ScoreState {
        /// 已指派, not declared yet.
        Assigned = "assigned", "待声明";
        /// 评审中.
        Taken = "taken", "评审中";
        /// 已打分.
        Done = "done", "已打分";
        /// 已回避.
        Conflict = "conflict", "已回避";
        /// 不采用, by the desk with a reason.
        Struck = "struck", "不采用";
    }
}

/// An expert's place and score.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct ScoreRow {
    pub account: String,
    pub name: String,
    pub conflict: String,
    pub points: Option<String>,
    pub total: Option<i64>,
    pub words: String,
    pub state: String,
    pub done_at: Option<String>,
}

/// 一位专家的评审。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeskScore)]
pub(super) struct ScoreLine {
    /// 账号。
    pub account: String,
    /// 姓名。
    pub name: String,
    /// 状态。
    pub state: ScoreState,
    /// 总分；没有打分为空。
    pub total: String,
    /// 各项得分和意见，或回避、不采用的原因。
    pub words: String,
    /// 何时打分。
    pub when: String,
}

/// A case that waits for scores, as an expert's list shows it.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Task {
    pub id: String,
    pub number: String,
    pub title: String,
    pub enterprise_name: String,
    /// The viewer's own state; `None` when the case is free to take.
    pub state: Option<String>,
}

/// How often a case has come to the experts; scores of an earlier round stay and do not count.
fn round(view: &CaseView) -> i64 {
    let entered = view
        .loaded
        .events
        .iter()
        .filter(|event| match &event.change {
            Change::Opened { stage: to, .. }
            | Change::Advanced { to, .. }
            | Change::Returned { to, .. } => *to == Stage::Scoring,
            _ => false,
        });
    i64::try_from(entered.count()).unwrap_or(i64::MAX)
}

const ROW: &str = "account, name, conflict, points, total, words, state, done_at";

async fn scores(conn: &impl ConnectionTrait, case: &str, round: i64) -> db::Result<Vec<ScoreRow>> {
    let sql = format!(
        "SELECT {ROW} FROM redemption_score WHERE case_id = $1 AND round = $2 ORDER BY taken_at, account LIMIT 200"
    );
    db::query_all(conn, &sql, [case.into(), round.into()]).await
}

fn in_state(rows: &[ScoreRow], states: &[ScoreState]) -> usize {
    rows.iter()
        .filter(|row| ScoreState::parse(&row.state).is_some_and(|state| states.contains(&state)))
        .count()
}

fn sheet(view: &CaseView) -> Result<&Scoring, Error> {
    view.scheme
        .scoring
        .as_ref()
        .ok_or_else(|| Error::Refused("这个事项的方案没有评审打分表".to_owned()))
}

/// What an expert sees of a case.
pub(super) struct Scored {
    pub view: CaseView,
    pub own: Option<ScoreRow>,
    pub places: usize,
}

impl Redemption {
    /// Cases that wait for scores: those the viewer has taken, and those with a place free.
    pub(super) async fn scoring_tasks(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<Page<Task>, Error> {
        viewer.need(SCORE)?;
        let account = viewer
            .account()
            .map(|id| id.to_string())
            .unwrap_or_default();
        let after: String = page.cursor(LIST)?.unwrap_or_default();
        // the items first, for their cases are told apart by the index of open cases alone
        let sql = format!(
            "WITH open (item, revision) AS (
                 SELECT r.item, r.revision FROM redemption_scheme_revision r WHERE r.content LIKE '%\"self_taking\":true%'),
             own (case_id) AS (SELECT s.case_id FROM redemption_score s WHERE s.account = $1)
             SELECT h.id, h.number, h.title, c.enterprise_name,
                (SELECT s.state FROM redemption_score s WHERE s.case_id = h.id AND s.account = $1
                 ORDER BY s.round DESC LIMIT 1) AS state
             FROM case_head h JOIN redemption_case c ON c.case_id = h.id
             WHERE h.room = 'redemption' AND h.stage = $2 AND h.closed_at IS NULL AND h.id > $3
               AND (h.id IN (SELECT case_id FROM own) OR h.topic IN (SELECT item FROM open))
               AND (h.id IN (SELECT case_id FROM own)
                   OR (c.item, c.scheme_revision) IN (SELECT item, revision FROM open))
             ORDER BY h.id LIMIT {}",
            page.rows_wanted()
        );
        let values = [account.into(), Stage::Scoring.slug().into(), after.into()];
        let rows: Vec<Task> = db::query_all(self.db.conn(), &sql, values).await?;
        Ok(Page::from_rows(rows, page, LIST, |row| row.id.clone())?)
    }

    /// A case as an expert sees it.
    pub(super) async fn scored(&self, viewer: &Viewer, id: &str) -> Result<Scored, Error> {
        viewer.need(SCORE)?;
        let view = self.case_of(id).await?;
        if !view.loaded.case.is_open() || view.loaded.case.stage() != Stage::Scoring {
            return Err(Error::missing("待评审的这件办件"));
        }
        let rows = scores(self.db.conn(), id, round(&view)).await?;
        let account = viewer
            .account()
            .map(|id| id.to_string())
            .unwrap_or_default();
        let places = places(&rows, sheet(&view)?);
        let own = rows.into_iter().find(|row| row.account == account);
        // who was not named, and may not take a place, is told nothing of the case
        if own.is_none() && !sheet(&view)?.self_taking {
            return Err(Error::missing("待您评审的这件办件"));
        }
        Ok(Scored { own, places, view })
    }

    /// Takes a place after the declaration, or stands back because of a tie, which is written down.
    pub(super) async fn declare(
        &self,
        viewer: &Viewer,
        id: &str,
        fields: &Fields,
    ) -> Result<(), Error> {
        let scored = self.scored(viewer, id).await?;
        let view = &scored.view;
        let tie = match fields.get("conflict") {
            "none" => String::new(),
            "tie" => text(fields, "tie", "请写明是什么关系")?,
            _ => return Err(Error::field("conflict", "请选择有没有利害关系")),
        };
        let assigned = match &scored.own {
            None => false,
            Some(own) if ScoreState::parse(&own.state) == Some(ScoreState::Assigned) => true,
            Some(_) => return Err(Error::Overtaken("您已经对这件办件作过声明".to_owned())),
        };
        let who = &Who::of(viewer);
        if tie.is_empty() {
            let own = viewer.seat().and_then(|seat| seat.enterprise.as_deref());
            stands_free(who, own, view).map_err(|tie| {
                Error::Refused(format!("您{}，应当回避：请选择“有利害关系”", tie.word()))
            })?;
        }
        let state = if tie.is_empty() {
            ScoreState::Taken
        } else {
            ScoreState::Conflict
        };
        let entry = &self
            .entry(viewer, "redemption.score_declare", view)
            .after(json!({ "conflict": tie, "state": state.slug() }));
        let (now, tie) = (self.clock.now(), tie.as_str());
        self.db
            .write(|tx| async move {
                // two experts at once take the last place one after the other
                store::take_turn(&tx, &view.record.enterprise).await?;
                match (assigned, state) {
                    (true, _) => declared(&tx, view, &who.account, (state, tie)).await?,
                    (false, ScoreState::Taken) => {
                        has_place(&tx, view, &who.account).await?;
                        insert(&tx, view, who, (state, tie), now).await?;
                    }
                    (false, _) => insert(&tx, view, who, (state, tie), now).await?,
                }
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Gives the scores of every criterion with the reasons; once.
    pub(super) async fn score(
        &self,
        viewer: &Viewer,
        id: &str,
        fields: &Fields,
    ) -> Result<(), Error> {
        let scored = self.scored(viewer, id).await?;
        let view = &scored.view;
        let own = scored
            .own
            .filter(|own| ScoreState::parse(&own.state) == Some(ScoreState::Taken));
        let own = own.ok_or_else(|| {
            Error::Refused("请先声明没有利害关系；已经打过分的不能再改".to_owned())
        })?;
        let points = points(sheet(view)?, fields)?;
        let words = text(fields, "words", "请写评审意见")?;
        let total: i64 = points.iter().sum();
        let kept =
            serde_json::to_string(&points).map_err(zhida_platform::problem::Problem::internal)?;
        let entry = &self
            .entry(viewer, "redemption.score", view)
            .after(json!({ "points": points, "total": total }));
        let (now, round, kept, words, own) = (
            self.clock.now(),
            round(view),
            kept.as_str(),
            words.as_str(),
            &own,
        );
        self.db
            .write(|tx| async move {
                let sql = "UPDATE redemption_score SET points = $4, total = $5, words = $6, state = $7, done_at = $8
                           WHERE case_id = $1 AND round = $2 AND account = $3 AND state = $9";
                let values = [
                    id.into(),
                    round.into(),
                    own.account.as_str().into(),
                    kept.into(),
                    total.into(),
                    words.into(),
                    ScoreState::Done.slug().into(),
                    instant_text(now).into(),
                    ScoreState::Taken.slug().into(),
                ];
                if db::execute(&tx, sql, values).await? == 0 {
                    return Err(Error::Overtaken("这次评审已经提交或被取消，请刷新页面".to_owned()));
                }
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Leaves an expert's place or score out, with the reason: a tie that came to light, no answer for long.
    pub(super) async fn strike_score(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        fields: &Fields,
    ) -> Result<(), Error> {
        let reason = text(fields, "strike-reason", "请写明为什么不采用")?;
        let account = fields.get("account");
        let id = view.record.case_id.as_str();
        let entry = &self
            .entry(viewer, "redemption.score_strike", view)
            .after(json!({ "expert": account, "reason": reason }));
        let (round, reason) = (round(view), reason.as_str());
        self.db
            .write(|tx| async move {
                let sql = "UPDATE redemption_score SET state = $4, conflict = $5 WHERE case_id = $1 AND round = $2 AND account = $3
                               AND state IN ('assigned', 'taken', 'done')";
                let values = [id.into(), round.into(), account.into(), ScoreState::Struck.slug().into(), reason.into()];
                if db::execute(&tx, sql, values).await? == 0 {
                    return Err(Error::missing("这位专家的评审"));
                }
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Whether all experts have scored and the mean reaches what the scheme asks.
    pub(super) async fn is_scored(&self, view: &CaseView) -> Result<(), Error> {
        let sheet = sheet(view)?;
        let rows = scores(self.db.conn(), &view.record.case_id, round(view)).await?;
        let done: Vec<i64> = rows
            .iter()
            .filter(|row| row.state == ScoreState::Done.slug())
            .filter_map(|row| row.total)
            .collect();
        let count = i64::try_from(done.len()).unwrap_or(i64::MAX);
        if count < i64::from(sheet.experts) {
            return Err(Error::Refused(format!(
                "要 {} 位专家打分，现在有 {count} 位",
                sheet.experts
            )));
        }
        let sum: i64 = done.iter().sum();
        match sum >= i64::from(sheet.pass) * count {
            true => Ok(()),
            false => Err(Error::Refused(format!(
                "平均 {} 分，没有达到 {} 分，只能作不予兑付的决定或退回",
                mean(sum, count),
                sheet.pass
            ))),
        }
    }

    /// Places and scores for the case page.
    pub(super) async fn score_lines(&self, view: &CaseView) -> Result<Vec<ScoreLine>, Error> {
        let rows = scores(self.db.conn(), &view.record.case_id, round(view)).await?;
        Ok(rows
            .into_iter()
            .map(|row| ScoreLine {
                state: ScoreState::parse(&row.state).unwrap_or(ScoreState::Taken),
                total: row
                    .total
                    .map(|total| format!("{total} 分"))
                    .unwrap_or_default(),
                words: match row.conflict.is_empty() {
                    true => said(view, &row),
                    false => row.conflict,
                },
                when: row
                    .done_at
                    .as_deref()
                    .and_then(parse_instant)
                    .map(datetime_zh)
                    .unwrap_or_default(),
                account: row.account,
                name: row.name,
            })
            .collect())
    }
}

/// The points of each criterion and the reasons.
fn said(view: &CaseView, row: &ScoreRow) -> String {
    let points: Vec<i64> = row
        .points
        .as_deref()
        .and_then(|points| serde_json::from_str(points).ok())
        .unwrap_or_default();
    let criteria = view.scheme.scoring.iter().flat_map(|sheet| &sheet.criteria);
    let mut parts: Vec<String> = criteria
        .zip(points)
        .map(|(criterion, points)| format!("{} {points}", criterion.name))
        .collect();
    if !row.words.is_empty() {
        parts.push(row.words.clone());
    }
    parts.join("；")
}

/// An expert as a row names one.
pub(super) struct Who {
    pub account: String,
    pub name: String,
    pub organisation: String,
}

impl Who {
    fn of(viewer: &Viewer) -> Self {
        let account = viewer.account().map(|id| id.to_string());
        let seat = viewer.seat().map(|seat| seat.organisation_name.clone());
        Self {
            account: account.unwrap_or_default(),
            name: viewer.name().to_owned(),
            organisation: seat.unwrap_or_default(),
        }
    }
}

pub(super) async fn insert(
    tx: &Tx,
    view: &CaseView,
    who: &Who,
    (state, tie): (ScoreState, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO redemption_score (case_id, round, account, name, organisation, conflict, points, total, words, state,
                   taken_at, done_at)
               VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, '', $7, $8, NULL)";
    let values = [
        view.record.case_id.as_str().into(),
        round(view).into(),
        who.account.as_str().into(),
        who.name.as_str().into(),
        who.organisation.as_str().into(),
        tie.into(),
        state.slug().into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Writes down what an expert who was named has declared.
async fn declared(
    tx: &Tx,
    view: &CaseView,
    account: &str,
    (state, tie): (ScoreState, &str),
) -> Result<(), Error> {
    let sql = "UPDATE redemption_score SET state = $4, conflict = $5
               WHERE case_id = $1 AND round = $2 AND account = $3 AND state = 'assigned'";
    let values = [
        view.record.case_id.as_str().into(),
        round(view).into(),
        account.into(),
        state.slug().into(),
        tie.into(),
    ];
    match db::execute(tx, sql, values).await? {
        0 => Err(Error::Overtaken(
            "部门刚刚取消了这次指派，请刷新页面".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Places that are left: those who were named, score or have scored hold one.
fn places(rows: &[ScoreRow], sheet: &Scoring) -> usize {
    let holding = [ScoreState::Assigned, ScoreState::Taken, ScoreState::Done];
    let experts = usize::try_from(sheet.experts).unwrap_or(usize::MAX);
    experts.saturating_sub(in_state(rows, &holding))
}

/// Refuses who has a row already, and whoever comes when all places are held.
pub(super) async fn has_place(tx: &Tx, view: &CaseView, account: &str) -> Result<(), Error> {
    let there = scores(tx, &view.record.case_id, round(view)).await?;
    let sheet = sheet(view)?;
    if let Some(row) = there.iter().find(|row| row.account == account) {
        let state = ScoreState::parse(&row.state).map_or("", ScoreState::word);
        return Err(Error::Overtaken(format!(
            "{}已在这次评审中（{state}）",
            row.name
        )));
    }
    match places(&there, sheet) {
        0 => Err(Error::Refused(format!(
            "{} 位专家的名额已满",
            sheet.experts
        ))),
        _ => Ok(()),
    }
}

/// What ties an expert to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// Has had a hand in it.
    Acted,
    /// Sits in the enterprise.
    Belongs,
}

impl Tie {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Acted => "办理过这件办件",
            Self::Belongs => "在这家企业任职",
        }
    }
}

/// Whether nothing that is known ties an expert, acting for `own` if for an enterprise at all, to the case.
pub(super) fn stands_free(who: &Who, own: Option<&str>, view: &CaseView) -> Result<(), Tie> {
    let acted = view.loaded.events.iter().any(|event| {
        let account = event.by.account().map(|id| id.to_string());
        account.as_deref() == Some(who.account.as_str())
    });
    let belongs = who.organisation == view.record.enterprise_name
        || own == Some(view.record.enterprise.as_str());
    match (acted, belongs) {
        (true, _) => Err(Tie::Acted),
        (_, true) => Err(Tie::Belongs),
        _ => Ok(()),
    }
}

/// A whole number for each criterion, from 0 to its most.
fn points(sheet: &Scoring, fields: &Fields) -> Result<Vec<i64>, Error> {
    let one = |(index, criterion): (usize, &crate::scheme::Criterion)| {
        let name = format!("points-{index}");
        let read: Option<i64> = fields.get(&name).parse().ok();
        let read = read.filter(|points| (0..=i64::from(criterion.max)).contains(points));
        read.ok_or_else(|| {
            Error::field(
                name,
                format!("“{}”请打 0 至 {} 的整数分", criterion.name, criterion.max),
            )
        })
    };
    sheet.criteria.iter().enumerate().map(one).collect()
}

/// A mean with one decimal, cut off: it is never shown higher than it is.
fn mean(sum: i64, count: i64) -> String {
    let tenths = (sum * 10).checked_div(count).unwrap_or_default();
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Criterion;

    #[test]
    fn a_mean_is_never_shown_higher_than_it_is() {
        assert_eq!(mean(239, 3), "79.6");
        assert_eq!(mean(240, 3), "80.0");
        assert_eq!(mean(0, 0), "0.0");
    }

    #[test]
    fn each_criterion_wants_a_whole_number_within_its_range() {
        let criterion = |name: &str, max| Criterion {
            name: name.to_owned(),
            max,
        };
        let sheet = Scoring {
            experts: 3,
            pass: 60,
            self_taking: false,
            criteria: vec![criterion("创新性", 60), criterion("可行性", 40)],
        };
        let fields = |first: &str, second: &str| {
            let mut fields = Fields::default();
            fields.put("points-0", first);
            fields.put("points-1", second);
            fields
        };
        assert_eq!(points(&sheet, &fields("60", "0")).ok(), Some(vec![60, 0]));
        for (first, second, at) in [
            ("61", "0", "points-0"),
            ("-1", "0", "points-0"),
            ("50", "", "points-1"),
            ("50", "3.5", "points-1"),
        ] {
            let refused = points(&sheet, &fields(first, second));
            assert!(
                matches!(&refused, Err(Error::Field { field, .. }) if field == at),
                "{refused:?}"
            );
        }
    }
}
