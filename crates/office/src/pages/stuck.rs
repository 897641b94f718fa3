//! 受阻办件: what does not succeed by itself, why, and when it is tried again.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use uuid::Uuid;
use zhida_platform::cases::stuck::{Stuck, Task};
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Html, Page, Pager, Tab};

use super::{Answer, App, OVERVIEW, ROWS, STUCK, office, tabs, to};
use crate::actions::JOB_MANAGE;
use crate::filters::address;

struct Line {
    number: String,
    task: &'static str,
    tries: i64,
    since: String,
    next: String,
    reason: String,
    again: String,
}

impl From<Stuck> for Line {
    fn from(one: Stuck) -> Self {
        Self {
            again: format!("{STUCK}/{}/{}", one.case, one.task.slug()),
            task: one.task.word(),
            tries: one.tries,
            since: datetime_zh(one.since),
            next: datetime_zh(one.next_at),
            number: one.number,
            reason: one.reason,
        }
    }
}

#[derive(Template)]
#[template(path = "office/stuck.html")]
struct StuckPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    manages: bool,
    pager: Pager,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    after: Option<String>,
}

/// 受阻办件
pub(crate) async fn list(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let viewer = &frame.viewer;
    let request = PageRequest {
        after: asked.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let total = app.stuck_count(viewer).await?;
    let found = app.stuck(viewer, &request).await?;
    let lines: Vec<Line> = found.items.into_iter().map(Line::from).collect();
    Ok(Html(StuckPage {
        page: office(&frame, "受阻办件")
            .lead("到期处理或时限重算没有成功的办件。系统自动重试，间隔从 2 分钟起逐次加倍，最长一天；办件有了新的进展也会马上再试。")
            .crumb("后台", OVERVIEW),
        tabs: tabs(viewer, STUCK),
        pager: Pager {
            summary: format!("共 {} 件，本页 {} 件", count(total), lines.len()),
            first: match request.after {
                Some(_) => STUCK.to_owned(),
                None => String::new(),
            },
            next: found.next.map_or_else(String::new, |next| {
                address(STUCK, &[("after", next.as_str())])
            }),
        },
        lines,
        manages: viewer.may(JOB_MANAGE),
    })
    .into_response())
}

/// 立即重试
pub(crate) async fn again(
    State(app): State<App>,
    frame: Frame,
    Path((case, task)): Path<(Uuid, String)>,
) -> Answer {
    let task = Task::parse(&task).ok_or_else(|| Problem::not_found("这种处理"))?;
    app.try_again(&frame.viewer, case, task).await?;
    Ok(to(STUCK))
}
