//! The case page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use zhida_casework::Choices;
use zhida_forms::{DifferenceView, Mark, SummaryView};
use zhida_platform::files::Download;
use zhida_platform::format::{date_zh, datetime_zh, money_fen};
use zhida_platform::problem::Problem;
use zhida_ui::phrases::choices;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, PageError};

use super::DESK;
use super::case::Sight;
use super::forms::MARK;
use super::opinions::ASKED_MAX;
use super::parts::{CaseParts, ClockLine, OpinionLine};
use super::scoring::{ScoreLine, ScoreState};
use crate::cases::CaseView;
use crate::clawback::Recoveries;
use crate::error::Error;
use crate::fields::Fields;
use crate::judgement::{JudgedCondition, Judgement};
use crate::pages::Answer;
use crate::rights::HANDLE;
use crate::service::Redemption;
use crate::talk::DeskTalk;
use crate::words::{Grant, Outcome, Stage};

/// Terms of opinions when the scheme says nothing.
const USUAL_TERM: &str = "5 个工作日";

#[derive(Template)]
#[template(path = "redemption/desk/case.html")]
pub(crate) struct CasePage {
    page: Page,
    errors: FormErrors,
    typed: Fields,
    case_id: String,
    version: i64,
    rows: Vec<(&'static str, String)>,
    enterprise: String,
    enterprise_name: String,
    state: String,
    holds: Vec<String>,
    clocks: Vec<ClockLine>,
    conditions: Vec<JudgedCondition>,
    judged: String,
    rechecked: String,
    form: Option<SummaryView>,
    change: Option<DifferenceView>,
    markable: Vec<Input>,
    opinions: Vec<OpinionLine>,
    opinions_summary: String,
    scores: Vec<ScoreLine>,
    recoveries: Recoveries,
    objections: Vec<Link>,
    letters: Vec<Link>,
    history: Vec<(String, String, String)>,
    steps: Steps,
    phrases: Offered,
    talk: DeskTalk,
}

/// A field of a form that is made at run time.
struct Input {
    name: String,
    label: String,
    value: String,
}

/// A link with its state.
pub(crate) struct Link {
    pub href: String,
    pub label: String,
    pub state: &'static str,
    pub tone: &'static str,
}

/// The phrases that each form offers.
struct Offered {
    opinion: Vec<Choice>,
    advance: Vec<Choice>,
    grant: Vec<Choice>,
    completion: Vec<Choice>,
    refusal: Vec<Choice>,
    sending_back: Vec<Choice>,
}

impl CasePage {
    /// Whether a form that holds these fields is open: something is typed there, or wrong.
    fn is_open(&self, fields: &str) -> bool {
        fields
            .split(' ')
            .any(|field| !self.typed.get(field).is_empty() || !self.errors.of(field).is_empty())
    }
}

/// Which forms stand on the page.
pub(super) struct Steps {
    any: bool,
    assign: bool,
    take: bool,
    advance: String,
    send_back: Vec<Choice>,
    completion: bool,
    opinions: Vec<Input>,
    opinion: bool,
    extend: bool,
    grant: bool,
    suggested: String,
    refuse: bool,
    end: bool,
    stances: Vec<Choice>,
    lacks: Vec<Choice>,
}

/// 一件办件
pub(super) async fn show(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let sight = app.sight(&frame.viewer, &id).await.map_err(Problem::from)?;
    app.record_look(&frame.viewer, &sight.view, false)
        .await
        .map_err(Problem::from)?;
    let (typed, errors) = (Fields::default(), FormErrors::none());
    let page = case_page(&app, &frame, sight, typed, errors).await;
    Ok(Html(page.map_err(Problem::from)?).into_response())
}

/// 材料
pub(super) async fn file(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let opened = app.case_file(&frame.viewer, &id, &file).await;
    Ok(opened.map_err(Problem::from)?)
}

/// The page with what was typed into its forms, and what is wrong with it.
pub(crate) async fn case_page(
    app: &Redemption,
    frame: &Frame,
    sight: Sight,
    typed: Fields,
    errors: FormErrors,
) -> Result<CasePage, Error> {
    let phrases = app.phrases_of(&frame.viewer).await?;
    let replies = choices(&phrases, "reply");
    let talk = app.desk_talk(&frame.viewer, &sight, (&typed, &errors), replies);
    let talk = talk.await?;
    let view = &sight.view;
    let case = &view.loaded.case;
    let id = view.record.case_id.clone();
    let parts = CaseParts::of(app, &frame.viewer, &sight).await?;
    let rounds = &parts.rounds;
    let marks: Vec<Mark> = case
        .completion()
        .iter()
        .flat_map(|asked| &asked.points)
        .map(mark)
        .collect();
    let form = match rounds.last() {
        Some(round) => {
            let href = |file: &str| format!("{DESK}/{id}/files/{file}");
            let held = app.drafts.held_files(&round.filled).await?;
            let form = SummaryView::new(&round.filled, false, href);
            Some(form.held(&held).marks(&marks))
        }
        None => None,
    };
    let change = match rounds.as_slice() {
        [.., before, after] => {
            let title = |round: &zhida_forms::Submission| datetime_zh(round.submitted_at);
            Some(DifferenceView::new(
                "补正前后的变化",
                title(before),
                title(after),
                parts.changes.clone(),
            ))
        }
        _ => None,
    };
    let opinions = parts.opinions;
    let answered = opinions.iter().filter(|line| !line.open).count();
    let page = frame
        .page(view.loaded.head.number.clone())
        .lead(view.loaded.head.title.clone())
        .active(DESK)
        .crumb("兑付办件", DESK)
        .office();
    Ok(CasePage {
        page,
        errors,
        talk,
        phrases: Offered {
            opinion: choices(&phrases, "opinion"),
            advance: choices(&phrases, "advance"),
            grant: choices(&phrases, "grant"),
            completion: choices(&phrases, "completion"),
            refusal: choices(&phrases, "refusal"),
            sending_back: choices(&phrases, "return"),
        },
        version: view.loaded.head.version,
        rows: rows(view),
        enterprise: view.record.enterprise.clone(),
        enterprise_name: view.record.enterprise_name.clone(),
        state: view.words(),
        holds: case.holds().values().cloned().collect(),
        clocks: parts.clocks,
        judged: judged(&view.record.judgement),
        rechecked: rechecked(view),
        conditions: view
            .record
            .recheck
            .as_ref()
            .unwrap_or(&view.record.judgement)
            .conditions
            .clone(),
        form,
        change,
        markable: parts
            .lines
            .into_iter()
            .map(|line| markable(line, &typed))
            .collect(),
        opinions_summary: format!("已反馈 {answered}/{}", opinions.len()),
        opinions,
        scores: parts.scores,
        recoveries: app.recoveries(&frame.viewer, view).await?,
        objections: objections(app, &frame.viewer, &id).await?,
        letters: letters(app, &id).await?,
        history: view
            .loaded
            .events
            .iter()
            .rev()
            .map(|event| {
                (
                    datetime_zh(event.at),
                    event.change.words(),
                    event.by.words(),
                )
            })
            .collect(),
        steps: steps(app, &sight, &parts.choices, &typed),
        typed,
        case_id: id,
    })
}

fn mark(point: &zhida_casework::event::Point) -> Mark {
    Mark {
        path: point.field.clone(),
        words: point.text.clone(),
        by: String::new(),
    }
}

/// The item's name when the case began.
fn item_name(view: &CaseView) -> String {
    let title = &view.loaded.head.title;
    let whose = format!("：{}", view.record.enterprise_name);
    title.strip_suffix(&whose).unwrap_or(title).to_owned()
}

fn rows(view: &CaseView) -> Vec<(&'static str, String)> {
    let (head, record) = (&view.loaded.head, &view.record);
    let money = |fen: Option<i64>| fen.map(money_fen).unwrap_or_default();
    let agent = if record.agent.is_empty() {
        String::new()
    } else {
        format!("（由{}代办）", record.agent)
    };
    vec![
        ("事项", item_name(view)),
        ("来源", record.origin.word().to_owned()),
        (
            "开始",
            format!(
                "{} {}{agent}",
                datetime_zh(record.filed_at),
                record.filed_by
            ),
        ),
        (
            "适用版本",
            format!(
                "事项第 {} 版，方案第 {} 版",
                record.item_revision, record.scheme_revision
            ),
        ),
        ("环节", view.scheme.route_words()),
        ("承办单位", head.holder_name.clone().unwrap_or_default()),
        ("经办人员", head.handler_name.clone().unwrap_or_default()),
        ("测算金额", money(record.fen)),
        ("核定金额", money(record.fen_decided)),
        (
            "已拨付",
            money(Some(record.paid_fen).filter(|fen| *fen > 0)),
        ),
    ]
}

fn judged(judgement: &Judgement) -> String {
    let day = format!("基准日 {}", date_zh(judgement.on));
    said(&[&judgement.label, &judgement.reason, &day])
}

/// What is there of these, in one sentence: a verdict that is clear has no reason.
fn said(parts: &[&str]) -> String {
    let there: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    there.join("，")
}

fn rechecked(view: &CaseView) -> String {
    match (&view.record.recheck, view.record.rechecked_at) {
        (Some(judgement), Some(at)) => format!(
            "{} 复核：{}",
            datetime_zh(at),
            said(&[&judgement.label, &judgement.reason])
        ),
        _ => String::new(),
    }
}

async fn objections(
    app: &Redemption,
    viewer: &zhida_platform::access::Viewer,
    id: &str,
) -> Result<Vec<Link>, Error> {
    if !viewer.may(HANDLE) {
        return Ok(Vec::new());
    }
    let found = app.objections_of(id).await?;
    Ok(found
        .into_iter()
        .map(|one| Link {
            href: format!("{}/{}", crate::notice::OBJECTIONS, one.id),
            label: datetime_zh(one.made_at),
            state: one.state.word(),
            tone: one.state.tone(),
        })
        .collect())
}

/// The letters of a case, newest first.
pub(crate) async fn letters(app: &Redemption, id: &str) -> Result<Vec<Link>, Error> {
    let found = app.letters.of_case(app.db.conn(), id).await?;
    Ok(found
        .into_iter()
        .map(|one| Link {
            href: format!("{}/{}", crate::letters::pages::LETTERS, one.id),
            label: format!("{}（{}）", one.kind.word(), one.number),
            state: one.state.word(),
            tone: if one.state == crate::letters::LetterState::InForce {
                "green"
            } else {
                "grey"
            },
        })
        .collect())
}

pub(super) fn steps(
    app: &Redemption,
    sight: &Sight,
    choices: &Choices<Grant>,
    typed: &Fields,
) -> Steps {
    let view = &sight.view;
    let handles = sight.handles && view.loaded.case.is_open();
    let last = app.is_last_approval(view);
    let advance = choices
        .advance
        .first()
        .filter(|_| handles && !last && view.loaded.case.stage().is_approval());
    let amount = view
        .record
        .amount()
        .map(|fen| format!("{}.{:02}", fen / 100, fen % 100));
    let refuse = handles && choices.close.contains(&Outcome::Refused);
    Steps {
        any: handles || choices.give_opinion,
        assign: handles && view.loaded.case.stage() == Stage::Scoring,
        take: handles && view.loaded.case.handler().is_none(),
        advance: advance
            .map(|stage| stage.word().to_owned())
            .unwrap_or_default(),
        send_back: match handles {
            true => choices
                .send_back
                .iter()
                .map(|stage| Choice::new(stage.slug(), stage.word(), typed.get("return-to")))
                .collect(),
            false => Vec::new(),
        },
        completion: handles && choices.ask_completion,
        opinions: if handles && choices.ask_opinions {
            to_ask(view, typed)
        } else {
            Vec::new()
        },
        opinion: sight.asked && choices.give_opinion,
        extend: handles && view.scheme.extension.is_some(),
        grant: handles
            && last
            && (!choices.advance.is_empty() || choices.close.contains(&Outcome::Paid)),
        suggested: match typed.get("amount") {
            "" => amount.unwrap_or_default(),
            typed => typed.to_owned(),
        },
        refuse,
        end: handles && choices.close.contains(&Outcome::Ended),
        stances: [
            ("agree", "同意"),
            ("disagree", "不同意"),
            ("remark", "其他意见"),
        ]
        .map(|(value, label)| Choice::new(value, label, typed.get("stance")))
        .into(),
        lacks: [("missing", "缺少材料或内容"), ("wrong", "内容有误")]
            .map(|(value, label)| Choice::new(value, label, typed.get("lack")))
            .into(),
    }
}

impl Steps {
    /// The commands of the endpoint that are possible.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let all = [
            ("take", self.take),
            ("advance", !self.advance.is_empty()),
            ("return", !self.send_back.is_empty()),
            ("ask_completion", self.completion),
            ("ask_opinions", !self.opinions.is_empty()),
            ("give_opinion", self.opinion),
            ("extend", self.extend),
            ("transfer", self.end),
            ("grant", self.grant),
            ("refuse", self.refuse),
            ("assign_expert", self.assign),
            ("note", self.end),
            ("end", self.end),
        ];
        let possible = all.into_iter().filter(|(_, possible)| *possible);
        possible.map(|(name, _)| name).collect()
    }
}

/// The field in which an answer is marked.
fn markable(line: zhida_forms::Line, typed: &Fields) -> Input {
    let name = format!("{MARK}{}", line.path);
    Input {
        value: typed.get(&name).to_owned(),
        label: line.label,
        name,
    }
}

/// Departments with terms for the form: what was typed, else the scheme's that have not been asked.
fn to_ask(view: &CaseView, typed: &Fields) -> Vec<Input> {
    let asked = view.loaded.case.opinions();
    let planned = view
        .scheme
        .reviewers
        .iter()
        .filter(|one| {
            asked
                .iter()
                .all(|opinion| opinion.organisation.name != one.department)
        })
        .map(|one| (one.department.clone(), one.term.to_string()));
    let mut lines: Vec<(String, String)> = planned.take(ASKED_MAX).collect();
    lines.resize(ASKED_MAX, (String::new(), USUAL_TERM.to_owned()));
    let inputs = lines
        .into_iter()
        .enumerate()
        .flat_map(|(index, (department, term))| {
            let one = |name: String, label: String, planned: String| Input {
                value: match typed.get(&name) {
                    "" => planned,
                    typed => typed.to_owned(),
                },
                label,
                name,
            };
            let number = index + 1;
            [
                one(
                    format!("department-{index}"),
                    format!("部门 {number}"),
                    department,
                ),
                one(
                    format!("term-{index}"),
                    format!("部门 {number} 的期限"),
                    term,
                ),
            ]
        });
    inputs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_without_a_reason_leaves_no_gap() {
        assert_eq!(
            said(&["符合", "", "基准日 2026年11月1日"]),
            "符合，基准日 2026年11月1日"
        );
        assert_eq!(said(&["不符合", "规模不符"]), "不符合，规模不符");
    }
}
