//! 一类事.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use zhida_platform::format::{count, date_zh, weekday_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_platform::vocabulary::known;
use zhida_ui::chart::{Caption, Chart, Datum, bars};
use zhida_ui::{Fields, FormErrors, Frame, Html, Page, PageError, Pager, Tab};

use super::model::{MeasureState, NewRemedy, Remedy, Theme, ThemeState};
use super::night::RECENT_MIN;
use super::service::theme_query;
use crate::error::Error;
use crate::numbers::{Counted, list_address};
use crate::pages::{Answer, to};
use crate::rights::SUPERVISE;
use crate::service::Appeals;

/// 一类事.
pub(crate) const THEMES: &str = "/appeals/themes";
const ROWS: u32 = 20;
/// Weeks of a chart at most.
const WEEKS: usize = 16;

type App = State<Arc<Appeals>>;

pub(super) fn routes(app: Arc<Appeals>) -> Router {
    Router::new()
        .route("/appeals/themes", get(list))
        .route("/appeals/themes/{id}", get(show))
        .route("/appeals/themes/{id}/measures", post(propose))
        .route("/appeals/themes/{id}/dismiss", post(dismiss))
        .route("/appeals/themes/{id}/measures/{measure}", post(finish))
        .with_state(app)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    #[serde(deserialize_with = "known")]
    state: Option<ThemeState>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "appeals/themes/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    themes: Vec<Theme>,
    pager: Pager,
    least: i64,
}

fn address(state: Option<ThemeState>, after: &str) -> String {
    let state = state.map_or("", ThemeState::slug);
    zhida_ui::address(THEMES, &[("state", state), ("after", after)])
}

/// 一类事
async fn list(State(app): App, frame: Frame, Query(asked): Query<Asked>) -> Answer {
    let viewer = &frame.viewer;
    let state = asked.state;
    let request = PageRequest {
        after: asked.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let total = app.theme_count(viewer, state).await?;
    let found = app.themes(viewer, state, &request).await?;
    let mut tabs = vec![Tab::new("全部", address(None, ""), state.is_none())];
    tabs.extend(
        ThemeState::ALL
            .iter()
            .map(|one| Tab::new(one.word(), address(Some(*one), ""), state == Some(*one))),
    );
    Ok(Html(ListPage {
        page: frame
            .page("一类事")
            .lead("同一类、同一地越来越多的诉求，每天夜里找出来；办好一件，更要解决一类。")
            .active(THEMES)
            .office(),
        tabs,
        pager: Pager {
            summary: format!("共 {} 个", count(total)),
            first: request
                .after
                .as_ref()
                .map(|_| address(state, ""))
                .unwrap_or_default(),
            next: found
                .next
                .map(|next| address(state, &next))
                .unwrap_or_default(),
        },
        themes: found.items,
        least: RECENT_MIN,
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "appeals/themes/show.html")]
struct ShowPage {
    page: Page,
    errors: FormErrors,
    theme: Theme,
    found: String,
    total: String,
    appeals: String,
    chart: Option<Chart>,
    remedies: Vec<Line>,
    new: NewRemedy,
    why: String,
    acts: bool,
    is_found: bool,
    is_dismissed: bool,
}

struct Line {
    remedy: Remedy,
    due: String,
    done: String,
    late: bool,
    effect: String,
    is_open: bool,
}

async fn page(
    app: &Appeals,
    frame: &Frame,
    id: &str,
    typed: (NewRemedy, &str),
    errors: FormErrors,
) -> Result<ShowPage, PageError> {
    let viewer = &frame.viewer;
    let (theme, remedies) = app.theme(viewer, id).await?;
    let weeks = app.weeks_of(viewer, id).await?;
    let total: u64 = weeks
        .iter()
        .map(|week| week.figures.get(Counted::Received))
        .sum();
    let data: Vec<Datum> = weeks
        .iter()
        .skip(weeks.len().saturating_sub(WEEKS))
        .map(|week| {
            let monday = week.key.parse();
            let monday = monday.map_or_else(|_| week.name.clone(), date_zh);
            let received = week.figures.get(Counted::Received);
            Datum::new(format!("{monday} 起"), received)
        })
        .collect();
    let caption = Caption::new("每周登记的件数", theme.growth(), "周", "件");
    let mut lines = Vec::new();
    for remedy in remedies {
        let effect = app.effect(viewer, &theme, &remedy).await?;
        lines.push(Line {
            due: weekday_zh(remedy.due_on),
            done: remedy.done_on.map(date_zh).unwrap_or_default(),
            is_open: remedy.state == MeasureState::Proposed,
            late: remedy.state == MeasureState::Proposed && remedy.due_on < app.clock.today(),
            effect: effect.map(|effect| effect.words()).unwrap_or_default(),
            remedy,
        });
    }
    Ok(ShowPage {
        page: frame
            .page(theme.name.clone())
            .lead(theme.growth())
            .active(THEMES)
            .crumb("一类事", THEMES)
            .office(),
        errors,
        found: date_zh(theme.found_on),
        total: count(total),
        appeals: list_address(&theme_query(id), Counted::Received),
        chart: (!data.is_empty()).then(|| bars(&caption, &data)),
        remedies: lines,
        new: typed.0,
        why: typed.1.to_owned(),
        acts: viewer.covers(SUPERVISE, &theme.access()),
        is_found: theme.state == ThemeState::Found,
        is_dismissed: theme.state == ThemeState::Dismissed,
        theme,
    })
}

/// 一个一类事
async fn show(State(app): App, frame: Frame, Path(id): Path<String>) -> Answer {
    let page = page(
        &app,
        &frame,
        &id,
        (NewRemedy::default(), ""),
        FormErrors::none(),
    )
    .await?;
    Ok(Html(page).into_response())
}

/// The page again with what was refused; other errors are pages of their own.
async fn again(
    app: &Appeals,
    frame: &Frame,
    id: &str,
    typed: (NewRemedy, &str),
    (error, at): (Error, &str),
) -> Answer {
    let problem = match error {
        Error::Field { .. } | Error::Refused(_) => Problem::from(error),
        other => return Err(Problem::from(other).into()),
    };
    let mut errors: FormErrors = problem.fields.into();
    if errors.is_empty() {
        errors.add(at, problem.detail);
    }
    let page = page(app, frame, id, typed, errors).await?;
    Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
}

/// 提出举措
async fn propose(State(app): App, frame: Frame, Path(id): Path<String>, fields: Fields) -> Answer {
    let text = |name: &str| fields.get(name).to_owned();
    let new = NewRemedy {
        words: text("words"),
        body: text("body"),
        person: text("person"),
        due_on: text("due_on"),
    };
    match app.propose_remedy(&frame.viewer, &id, &new).await {
        Ok(_) => Ok(to(&format!("{THEMES}/{id}"))),
        Err(error) => again(&app, &frame, &id, (new, ""), (error, "words")).await,
    }
}

/// 不作为一类事
async fn dismiss(State(app): App, frame: Frame, Path(id): Path<String>, fields: Fields) -> Answer {
    let why = fields.get("why");
    match app.dismiss_theme(&frame.viewer, &id, why).await {
        Ok(()) => Ok(to(&format!("{THEMES}/{id}"))),
        Err(error) => {
            again(
                &app,
                &frame,
                &id,
                (NewRemedy::default(), why),
                (error, "why"),
            )
            .await
        }
    }
}

/// 举措已落实
async fn finish(
    State(app): App,
    frame: Frame,
    Path((id, measure)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    match app
        .finish_remedy(&frame.viewer, &id, &measure, fields.get("result"))
        .await
    {
        Ok(()) => Ok(to(&format!("{THEMES}/{id}"))),
        Err(error) => {
            again(
                &app,
                &frame,
                &id,
                (NewRemedy::default(), ""),
                (error, "result"),
            )
            .await
        }
    }
}
