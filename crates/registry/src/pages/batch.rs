//! One batch: what became of it, and the rows that were refused.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio_util::io::ReaderStream;
use zhida_platform::audit::Look;
use zhida_platform::format;
use zhida_ui::{Frame, Html, Page, PageError, Tone};

use super::{IMPORT, JOBS, LIST};
use crate::model::{Batch, BatchStatus};
use crate::room::App;
use crate::{RegistryError, rights};

/// Bytes of a download that are read at a time.
const PIECE: usize = 1 << 16;

#[derive(Template)]
#[template(path = "registry/batch.html")]
struct BatchPage {
    page: Page,
    line: BatchLine,
    done: i64,
    has_rejects: bool,
    /// The page of its import, when a job does it.
    job: String,
}

/// A batch as list and page show it.
pub(super) struct BatchLine {
    pub batch: Batch,
    pub word: &'static str,
    pub tone: &'static str,
    pub started: String,
    pub updated: String,
}

impl BatchLine {
    pub(super) fn new(batch: Batch) -> Self {
        Self {
            word: batch.status.word(),
            tone: match batch.status {
                BatchStatus::Done => "green",
                BatchStatus::Running => "yellow",
            },
            started: format::datetime_zh(batch.started_at),
            updated: format::datetime_zh(batch.updated_at),
            batch,
        }
    }

    pub(super) fn count(&self, number: &i64) -> String {
        format::count(number.unsigned_abs())
    }
}

/// 导入批次
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(no): Path<i64>,
) -> Result<Response, PageError> {
    frame.viewer.need(rights::IMPORT)?;
    let batch = app.registry.batch(no).await?;
    let mut page = frame
        .page(format!("导入批次 {no}"))
        .lead(format!(
            "{}，{}，数据日期 {}",
            batch.department, batch.file_name, batch.as_of
        ))
        .active(IMPORT)
        .crumb("市场主体", LIST)
        .crumb("导入", IMPORT)
        .office();
    page = match batch.status {
        BatchStatus::Done => page.notice(
            Tone::Success,
            format!("已导入 {} 行，退回 {} 行", batch.accepted, batch.rejected),
        ),
        BatchStatus::Running => page.notice(Tone::Info, unfinished(&batch)),
    };
    let has_rejects = batch.rejected > 0 && std::path::Path::new(&batch.rejects).is_file();
    let view = BatchPage {
        page,
        done: batch.position,
        has_rejects,
        job: batch
            .job
            .map(|id| format!("{JOBS}/{id}"))
            .unwrap_or_default(),
        line: BatchLine::new(batch),
    };
    Ok(Html(view).into_response())
}

fn unfinished(batch: &Batch) -> &'static str {
    match batch.job {
        Some(_) => "正在后台导入，服务器重启后会从断点继续；进展和出错的原因见导入任务。",
        None => {
            "正在用命令行导入或已中断：刷新本页查看进度；若长时间不动，请用同样的选项重新导入同一文件，系统会从断点继续，不会重复。"
        }
    }
}

/// 下载退回明细
pub(crate) async fn rejects(
    State(app): State<App>,
    frame: Frame,
    Path(no): Path<i64>,
) -> Result<Response, PageError> {
    frame.viewer.need(rights::IMPORT)?;
    let batch = app.registry.batch(no).await?;
    if batch.rejects.is_empty() {
        return Err(RegistryError::NoRejects.into());
    }
    let file = tokio::fs::File::open(&batch.rejects)
        .await
        .map_err(|_| RegistryError::NoRejects)?;
    // the rows are as they came: phones and identity numbers are not masked
    let count = u64::try_from(batch.rejected).unwrap_or_default();
    let look = Look {
        action: "registry.rejects",
        right: rights::IMPORT,
        part: "导入退回明细".to_owned(),
        filter: serde_json::json!({ "batch": no }),
    };
    app.registry.record_list(&frame.viewer, look, count).await?;
    let name = format!("attachment; filename=\"rejects-{no}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    let rows = Body::from_stream(ReaderStream::with_capacity(file, PIECE));
    Ok((headers, rows).into_response())
}
