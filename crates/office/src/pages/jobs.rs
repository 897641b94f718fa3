//! 任务: list, one job, cancel and run again.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use uuid::Uuid;
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::jobs::{Job, JobQuery, State as JobState};
use zhida_platform::paging::PageRequest;
use zhida_ui::{Choice, Frame, Html, Page, Pager, Tab};

use super::{Answer, App, JOBS, OVERVIEW, ROWS, office, tabs, to};
use crate::actions::JOB_MANAGE;
use crate::difference;
use crate::filters::{address, job_query};
use crate::service::{Office, counted};

/// A job as list and page show it.
pub(super) struct Line {
    pub id: Uuid,
    pub title: String,
    pub state: &'static str,
    pub tone: &'static str,
    /// Units done and in all, while it runs and both are known.
    pub progress: Option<(i64, i64)>,
    pub note: String,
    pub by: String,
    pub created: String,
    pub finished: String,
    pub result: String,
}

impl Line {
    pub(super) fn new(job: Job, office: &Office) -> Self {
        let running = job.state == JobState::Running;
        let total = job.total.filter(|total| running && *total > 0);
        let at = |instant: Option<_>| instant.map(datetime_zh).unwrap_or_default();
        Self {
            id: job.id,
            title: office.jobs.title(&job.kind).to_owned(),
            state: match (job.state, &job.cancel_by) {
                (JobState::Running, Some(_)) => "正在取消",
                (state, _) => state.word(),
            },
            tone: job.state.tone(),
            progress: total.map(|total| (job.done.min(total), total)),
            note: match running {
                true => job.note,
                false => String::new(),
            },
            by: job.asked_by,
            created: datetime_zh(job.created_at),
            finished: at(job.finished_at),
            result: job.result,
        }
    }
}

#[derive(Template)]
#[template(path = "office/jobs.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    states: Vec<Choice>,
    kinds: Vec<Choice>,
    filtered: bool,
    lines: Vec<Line>,
    pager: Pager,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    kind: String,
    after: Option<String>,
}

impl Asked {
    fn address(&self, after: &str) -> String {
        let fields = [
            ("state", self.state.as_str()),
            ("kind", &self.kind),
            ("after", after),
        ];
        address(JOBS, &fields)
    }
}

/// 任务
pub(crate) async fn list(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let viewer = &frame.viewer;
    let query = job_query(&app.jobs, &asked.state, &asked.kind)?;
    let request = PageRequest {
        after: asked.after.clone(),
        limit: ROWS,
    }
    .checked(ROWS)?;
    let total = app.job_count(viewer, &query).await?;
    let counts = app.job_counts(viewer, query.kind.as_deref()).await?;
    let found = app.jobs(viewer, &query, &request).await?;
    let mut states = vec![Choice::new("", "全部状态", &asked.state)];
    states.extend(JobState::ALL.iter().map(|&state| {
        let label = format!("{}（{}）", state.word(), count(counted(&counts, state)));
        Choice::new(state.slug(), label, &asked.state)
    }));
    let mut kinds = vec![Choice::new("", "全部类别", &asked.kind)];
    let known = app.jobs.kinds();
    kinds.extend(
        known
            .into_iter()
            .map(|(slug, title)| Choice::new(slug, title, &asked.kind)),
    );
    let lines: Vec<Line> = found
        .items
        .into_iter()
        .map(|job| Line::new(job, &app))
        .collect();
    let page = office(&frame, "任务")
        .lead("后台正在做和做过的事，保留 30 天。没有事可做的定时任务不留记录。")
        .crumb("后台", OVERVIEW);
    Ok(Html(ListPage {
        page,
        tabs: tabs(viewer, JOBS),
        states,
        kinds,
        filtered: query != JobQuery::default(),
        pager: Pager {
            summary: format!("共 {} 个，本页 {} 个", count(total), lines.len()),
            first: request
                .after
                .map_or_else(String::new, |_| asked.address("")),
            next: found
                .next
                .map_or_else(String::new, |next| asked.address(&next)),
        },
        lines,
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "office/job.html")]
struct JobPage {
    page: Page,
    line: Line,
    rows: Vec<(&'static str, String)>,
    payload: Vec<(String, String)>,
    /// Asks again by itself where there is JavaScript.
    live: bool,
    cancels: bool,
    again: bool,
}

/// 一个任务
pub(crate) async fn show(State(app): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    let viewer = &frame.viewer;
    let job = app.job(viewer, id).await?;
    let manages = viewer.may(JOB_MANAGE);
    let live = matches!(job.state, JobState::Queued | JobState::Running);
    let at = |instant: Option<_>| instant.map(datetime_zh).unwrap_or_default();
    let rows = vec![
        ("由谁发起", job.asked_by.clone()),
        ("排队时间", datetime_zh(job.created_at)),
        ("最早运行", datetime_zh(job.run_at)),
        ("最近开始", at(job.started_at)),
        ("结束时间", at(job.finished_at)),
        (
            "第几次",
            format!("{}（最多 {} 次）", job.attempts, job.attempts_max),
        ),
        ("由谁取消", job.cancel_by.clone().unwrap_or_default()),
    ];
    let cancels = manages && live && job.cancel_by.is_none();
    let again = manages && matches!(job.state, JobState::Failed | JobState::Cancelled);
    let payload = difference::values(Some(&job.payload).filter(|payload| !payload.is_null()));
    let line = Line::new(job, &app);
    let page = office(&frame, line.title.clone())
        .crumb("后台", OVERVIEW)
        .crumb("任务", JOBS);
    Ok(Html(JobPage {
        page,
        line,
        rows,
        payload,
        live,
        cancels,
        again,
    })
    .into_response())
}

/// 取消
pub(crate) async fn cancel(State(app): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    let _told_by_its_page = app.cancel_job(&frame.viewer, id).await?;
    Ok(to(&format!("{JOBS}/{id}")))
}

/// 重新运行
pub(crate) async fn again(State(app): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    app.run_job_again(&frame.viewer, id).await?;
    Ok(to(&format!("{JOBS}/{id}")))
}
