//! What experts see.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use zhida_forms::SummaryView;
use zhida_platform::files::Download;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, PageError, Pager};

use super::SCORING;
use super::queue::After;
use super::scoring::{ScoreState, Scored, Task};
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, to};
use crate::scheme::Scoring;
use crate::service::Redemption;

const ROWS: u32 = 20;

type App = State<Arc<Redemption>>;

#[derive(Template)]
#[template(path = "redemption/desk/tasks.html")]
struct TasksPage {
    page: Page,
    tasks: Vec<(Task, &'static str)>,
    pager: Pager,
}

/// 评审任务
pub(super) async fn list(State(app): App, frame: Frame, Query(after): Query<After>) -> Answer {
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let found = app
        .scoring_tasks(&frame.viewer, &request)
        .await
        .map_err(Problem::from)?;
    let state = |task: &Task| {
        task.state
            .as_deref()
            .and_then(ScoreState::parse)
            .map_or("待领取", ScoreState::word)
    };
    Ok(Html(TasksPage {
        page: frame
            .page("评审任务")
            .lead("请您评审的办件。先声明有没有利害关系，再看材料、打分。")
            .active(SCORING),
        pager: Pager {
            summary: format!("本页 {} 件", found.items.len()),
            first: request
                .after
                .map(|_| SCORING.to_owned())
                .unwrap_or_default(),
            next: found
                .next
                .map(|next| format!("{SCORING}?after={next}"))
                .unwrap_or_default(),
        },
        tasks: found
            .items
            .into_iter()
            .map(|task| (task.clone(), state(&task)))
            .collect(),
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "redemption/desk/score.html")]
struct ScorePage {
    page: Page,
    errors: FormErrors,
    case_id: String,
    enterprise: String,
    typed: Fields,
    state: Option<ScoreState>,
    places: usize,
    ties: Vec<Choice>,
    /// Shown after the declaration only.
    form: Option<SummaryView>,
    sheet: Option<Scoring>,
    total: i64,
    words: String,
}

async fn score_page(
    app: &Redemption,
    frame: &Frame,
    scored: Scored,
    typed: Fields,
) -> Result<ScorePage, Error> {
    let view = scored.view;
    let id = view.record.case_id.clone();
    let state = scored
        .own
        .as_ref()
        .and_then(|own| ScoreState::parse(&own.state));
    let form = match state {
        Some(ScoreState::Taken | ScoreState::Done) => {
            let rounds = app.drafts.submissions(app.db.conn(), &id).await?;
            let href = |file: &str| format!("{SCORING}/{id}/files/{file}");
            match rounds.last() {
                Some(round) => {
                    let held = app.drafts.held_files(&round.filled).await?;
                    Some(SummaryView::new(&round.filled, false, href).held(&held))
                }
                None => None,
            }
        }
        _ => None,
    };
    let max: u32 = view
        .scheme
        .scoring
        .iter()
        .flat_map(|sheet| &sheet.criteria)
        .map(|one| one.max)
        .sum();
    Ok(ScorePage {
        page: frame
            .page(format!("评审 {}", view.loaded.head.number))
            .lead(format!("{}，满分 {max} 分", view.loaded.head.title))
            .active(SCORING)
            .crumb("评审任务", SCORING),
        errors: FormErrors::none(),
        enterprise: view.record.enterprise_name.clone(),
        state,
        places: scored.places,
        ties: vec![
            Choice::new(
                "none",
                "没有利害关系，承诺独立、公正评审",
                typed.get("conflict"),
            ),
            Choice::new("tie", "有利害关系，申请回避", typed.get("conflict")),
        ],
        form,
        sheet: view
            .scheme
            .scoring
            .clone()
            .filter(|_| state == Some(ScoreState::Taken)),
        total: scored
            .own
            .as_ref()
            .and_then(|own| own.total)
            .unwrap_or_default(),
        words: scored.own.map(|own| own.words).unwrap_or_default(),
        case_id: id,
        typed,
    })
}

/// 评审一件
pub(super) async fn show(State(app): App, frame: Frame, Path(id): Path<String>) -> Answer {
    let scored = app
        .scored(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    let page = score_page(&app, &frame, scored, Fields::default()).await;
    Ok(Html(page.map_err(Problem::from)?).into_response())
}

/// 声明，或打分
pub(super) async fn submit(
    State(app): App,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let done = match fields.get("step") {
        "declare" => app.declare(&frame.viewer, &id, &fields).await,
        _ => app.score(&frame.viewer, &id, &fields).await,
    };
    let problem = match done {
        Ok(()) => return Ok(to(&format!("{SCORING}/{id}"))),
        Err(error @ (Error::Field { .. } | Error::Refused(_) | Error::Overtaken(_))) => {
            Problem::from(error)
        }
        Err(error) => return Err(Problem::from(error).into()),
    };
    let scored = app
        .scored(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    let mut page = score_page(&app, &frame, scored, fields)
        .await
        .map_err(Problem::from)?;
    match problem.fields.is_empty() {
        true => page.errors.add("conflict", problem.detail),
        false => page.errors = problem.fields.into(),
    }
    Ok((problem.status, Html(page)).into_response())
}

/// 材料，作过声明的专家可看
pub(super) async fn file(
    State(app): App,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let scored = app
        .scored(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    let state = scored
        .own
        .as_ref()
        .and_then(|own| ScoreState::parse(&own.state));
    if !matches!(state, Some(ScoreState::Taken | ScoreState::Done)) {
        return Err(Problem::from(Error::missing("这份材料")).into());
    }
    let opened = app.file_of(&frame.viewer, &scored.view, &file).await;
    Ok(opened.map_err(Problem::from)?)
}
