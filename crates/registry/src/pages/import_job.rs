//! How far an import is that somebody asked for: it goes on without the page.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use zhida_platform::format::datetime_zh;
use zhida_platform::jobs::{Job, State as JobState};
use zhida_ui::{Frame, Html, Page, PageError};

use super::batch::BatchLine;
use super::{IMPORT, JOBS, LIST};
use crate::background::Import;
use crate::room::App;

#[derive(Template)]
#[template(path = "registry/import_job.html")]
struct JobPage {
    page: Page,
    address: String,
    state: &'static str,
    tone: &'static str,
    /// Asks again by itself where there is JavaScript.
    live: bool,
    failed: bool,
    /// Rows done and in all, while it runs and both are known.
    progress: Option<(i64, i64)>,
    note: String,
    result: String,
    asked: (String, String),
    line: Option<BatchLine>,
}

/// 一次导入的进展
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    let Import { job, batch } = app.import(&frame.viewer, id).await?;
    let running = job.state == JobState::Running;
    let page = frame
        .page("导入进展")
        .lead("导入在后台进行，可以离开本页；完成后在这里和导入页的批次列表里都能看到结果。")
        .active(IMPORT)
        .crumb("市场主体", LIST)
        .crumb("导入", IMPORT)
        .office();
    let view = JobPage {
        page,
        address: format!("{JOBS}/{id}"),
        state: job.state.word(),
        tone: job.state.tone(),
        live: matches!(job.state, JobState::Queued | JobState::Running),
        failed: matches!(job.state, JobState::Failed | JobState::Cancelled),
        progress: rows(&job).filter(|_| running),
        note: if running { job.note } else { String::new() },
        result: job.result,
        asked: (job.asked_by, datetime_zh(job.created_at)),
        line: batch.map(BatchLine::new),
    };
    Ok(Html(view).into_response())
}

fn rows(job: &Job) -> Option<(i64, i64)> {
    let total = job.total.filter(|total| *total > 0)?;
    Some((job.done.min(total), total))
}
