//! 审计链: what the last verifications found, and asking for one.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::jobs::{Job, State as JobState};
use zhida_platform::paging::PageRequest;
use zhida_ui::{Frame, Html, Page, Pager, Tab};

use super::audit::After;
use super::{Answer, App, CHAIN, OVERVIEW, office, tabs, to};
use crate::filters::address;
use crate::model::Verification;

/// Verifications of a page.
const ROWS: u32 = 30;

struct Line {
    at: String,
    by: String,
    scope: &'static str,
    checked: String,
    sound: bool,
    result: String,
    words: Vec<String>,
    checkpoint_no: String,
    checkpoint: String,
}

impl Line {
    fn new(one: Verification) -> Self {
        Self {
            at: datetime_zh(one.at),
            scope: if one.whole { "全部" } else { "新增" },
            checked: count(one.checked.unsigned_abs()),
            sound: one.is_sound(),
            result: match one.findings {
                0 => "完整".to_owned(),
                findings => format!("{} 处问题", count(findings.unsigned_abs())),
            },
            words: one
                .words
                .lines()
                .map(|line| line.trim().to_owned())
                .collect(),
            checkpoint_no: format!("第 {} 条", one.checkpoint_no),
            checkpoint: one.checkpoint().to_line().trim_end().to_owned(),
            by: one.asked_by,
        }
    }
}

#[derive(Template)]
#[template(path = "office/chain.html")]
struct ChainPage {
    page: Page,
    tabs: Vec<Tab>,
    last: Option<Line>,
    /// A verification that waits or runs, in words.
    live: String,
    lines: Vec<Line>,
    pager: Pager,
}

/// 审计链
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Query(after): Query<After>,
) -> Answer {
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let viewer = &frame.viewer;
    let chain = app.chain(viewer).await?;
    let total = app.verification_count(viewer).await?;
    let found = app.verifications(viewer, &request).await?;
    let lines: Vec<Line> = found.items.into_iter().map(Line::new).collect();
    let page = office(&frame, "审计链")
        .lead("每条记录的校验值包含前一条的，改动、删除、插入都会对不上。每夜核验新增的，每月第一夜核验全部。")
        .crumb("后台", OVERVIEW);
    Ok(Html(ChainPage {
        page,
        tabs: tabs(viewer, CHAIN),
        last: chain.last.map(Line::new),
        live: chain.live.as_ref().map(live).unwrap_or_default(),
        pager: Pager {
            summary: format!("共核验 {} 次，本页 {} 次", count(total), lines.len()),
            first: request.after.map_or_else(String::new, |_| CHAIN.to_owned()),
            next: found
                .next
                .map_or_else(String::new, |next| address(CHAIN, &[("after", &next)])),
        },
        lines,
    })
    .into_response())
}

fn live(job: &Job) -> String {
    let by = &job.asked_by;
    match job.state {
        JobState::Running => format!("正在核验，由{by}发起。"),
        _ => format!("已排队，由{by}发起，轮到时自动开始。"),
    }
}

/// 立即核验
pub(crate) async fn verify(State(app): State<App>, frame: Frame) -> Answer {
    app.ask_to_verify(&frame.viewer).await?;
    Ok(to(CHAIN))
}
