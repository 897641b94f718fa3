//! 文件: what lies in the store, what is in quarantine, releasing it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::files::{ContentRecord, State as FileState, Tally};
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, Pager, Tab};

use super::jobs::Line as JobLine;
use super::{Answer, App, FILES, OVERVIEW, ROWS, office, tabs, to};
use crate::actions::FILE_MANAGE;
use crate::filters::{address, content_query};
use crate::words;

/// Digits of a digest that tell contents apart for people.
const DIGITS: usize = 16;

struct Line {
    href: String,
    digest: String,
    size: String,
    state: &'static str,
    tone: &'static str,
    reason: String,
    at: String,
    files: String,
}

impl Line {
    fn new(content: ContentRecord) -> Self {
        Self {
            href: format!("{FILES}/{}", content.digest),
            digest: content.digest.chars().take(DIGITS).collect(),
            size: words::bytes(content.bytes),
            state: content.state.word(),
            tone: tone(content.state),
            reason: content.reason,
            at: datetime_zh(content.state_at),
            files: count(content.files.unsigned_abs()),
        }
    }
}

fn tone(state: FileState) -> &'static str {
    match state {
        FileState::Clean => "green",
        FileState::Pending | FileState::Unscannable => "yellow",
        FileState::Unscanned | FileState::Released => "grey",
        FileState::Infected | FileState::Damaged => "red",
    }
}

/// A figure of the store.
struct Figure {
    label: &'static str,
    contents: String,
    bytes: String,
    href: String,
}

impl Figure {
    fn new(tally: &Tally) -> Self {
        Self {
            label: tally.state.word(),
            contents: count(tally.contents.unsigned_abs()),
            bytes: words::bytes(tally.bytes),
            href: format!("{FILES}?state={}", tally.state.slug()),
        }
    }
}

#[derive(Template)]
#[template(path = "office/files.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    scans: bool,
    figures: Vec<Figure>,
    last: Vec<JobLine>,
    states: Vec<Choice>,
    filtered: bool,
    lines: Vec<Line>,
    pager: Pager,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    after: Option<String>,
}

/// 文件
pub(crate) async fn list(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let viewer = &frame.viewer;
    let query = content_query(&asked.state)?;
    let request = PageRequest {
        after: asked.after.clone(),
        limit: ROWS,
    }
    .checked(ROWS)?;
    let stored = app.stored(viewer).await?;
    let total = app.content_count(viewer, query).await?;
    let found = app.contents(viewer, query, &request).await?;
    let lines: Vec<Line> = found.items.into_iter().map(Line::new).collect();
    let here = |after: &str| address(FILES, &[("state", asked.state.as_str()), ("after", after)]);
    let mut states = vec![Choice::new("", "全部状态", &asked.state)];
    states.extend(
        FileState::ALL
            .iter()
            .map(|state| Choice::new(state.slug(), state.word(), &asked.state)),
    );
    let page = office(&frame, "文件")
        .lead("存放的文件内容和它们的状态。文件名和内容是业务数据，这里看不到。")
        .crumb("后台", OVERVIEW);
    Ok(Html(ListPage {
        page,
        tabs: tabs(viewer, FILES),
        scans: stored.scans,
        figures: stored
            .tally
            .iter()
            .filter(|tally| tally.contents > 0)
            .map(Figure::new)
            .collect(),
        last: stored
            .last
            .into_iter()
            .map(|job| JobLine::new(job, &app))
            .collect(),
        states,
        filtered: query.state.is_some(),
        pager: Pager {
            summary: format!("共 {} 份，本页 {} 份", count(total), lines.len()),
            first: request
                .after
                .as_ref()
                .map_or_else(String::new, |_| here("")),
            next: found.next.map_or_else(String::new, |next| here(&next)),
        },
        lines,
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "office/file.html")]
struct ShowPage {
    page: Page,
    errors: FormErrors,
    rows: Vec<(&'static str, String)>,
    state: &'static str,
    tone: &'static str,
    action: String,
    reason: String,
    releases: bool,
}

/// 一份内容
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(digest): Path<String>,
) -> Answer {
    let content = app.content(&frame.viewer, &digest).await?;
    let view = show_page(&frame, content, FormErrors::none(), String::new());
    Ok(Html(view).into_response())
}

fn show_page(
    frame: &Frame,
    content: ContentRecord,
    errors: FormErrors,
    reason: String,
) -> ShowPage {
    let short: String = content.digest.chars().take(DIGITS).collect();
    let page = office(frame, format!("文件内容 {short}"))
        .crumb("后台", OVERVIEW)
        .crumb("文件", FILES);
    ShowPage {
        page,
        errors,
        state: content.state.word(),
        tone: tone(content.state),
        action: format!("{FILES}/{}/release", content.digest),
        releases: content.state.is_quarantined() && frame.viewer.may(FILE_MANAGE),
        rows: vec![
            ("内容的 SHA-256", content.digest),
            ("大小", words::bytes(content.bytes)),
            (
                "用到它的文件",
                format!("{} 个", count(content.files.unsigned_abs())),
            ),
            ("成为这一状态", datetime_zh(content.state_at)),
            ("原因", content.reason),
        ],
        reason,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Release {
    reason: String,
}

/// 放行
pub(crate) async fn release(
    State(app): State<App>,
    frame: Frame,
    Path(digest): Path<String>,
    Form(release): Form<Release>,
) -> Answer {
    let Err(error) = app.release(&frame.viewer, &digest, &release.reason).await else {
        return Ok(to(&format!("{FILES}/{digest}")));
    };
    let problem = Problem::from(error);
    if problem.fields.is_empty() {
        return Err(problem.into());
    }
    let content = app.content(&frame.viewer, &digest).await?;
    let view = show_page(&frame, content, problem.fields.into(), release.reason);
    Ok((StatusCode::BAD_REQUEST, Html(view)).into_response())
}
