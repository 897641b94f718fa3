//! 我的兑付.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Parameters, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::format::{count, money_fen, until_zh};
use zhida_platform::paging::PageRequest;
use zhida_ui::{Frame, Html, Page, Pager, Tab};

use crate::apply::mine::MineLine;
use crate::pages::{Answer, MINE};
use crate::service::Redemption;

/// Rows of a page.
const ROWS: u32 = 20;

#[derive(Template)]
#[template(path = "redemption/mine.html")]
struct MinePage {
    page: Page,
    tabs: Vec<Tab>,
    waiting: Vec<MineRow>,
    lines: Vec<MineRow>,
    pager: Pager,
}

struct MineRow {
    line: MineLine,
    due: String,
    amount: String,
}

fn mine_row(line: MineLine) -> MineRow {
    MineRow {
        due: line.due_at.map(until_zh).unwrap_or_default(),
        amount: line.fen.map(money_fen).unwrap_or_default(),
        line,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    show: String,
    after: String,
}

/// 我的兑付
pub(super) async fn mine(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Parameters(asked): Parameters<Asked>,
) -> Answer {
    let viewer = &frame.viewer;
    let open = match asked.show.as_str() {
        "closed" => Some(false),
        _ => Some(true),
    };
    let request = PageRequest {
        after: Some(asked.after.clone()),
        limit: ROWS,
    }
    .checked(ROWS)?;
    let found = app.my_cases(viewer, open, &request).await?;
    let total = app.my_case_count(viewer, open).await?;
    let (waiting, lines): (Vec<MineRow>, Vec<MineRow>) = found
        .items
        .into_iter()
        .map(mine_row)
        .partition(|row| row.line.is_turn || row.line.awaits_reply);
    let here = format!("{MINE}?show={}", asked.show);
    let tabs = [
        ("办理中", MINE.to_owned(), open == Some(true)),
        ("已办结", format!("{MINE}?show=closed"), open == Some(false)),
    ];
    Ok(Html(MinePage {
        page: frame
            .page("我的兑付")
            .lead("免申即享的请在这里确认；申请的办到哪一步、轮到谁、什么时候到期，都在这里。")
            .active(MINE),
        tabs: tabs
            .into_iter()
            .map(|(label, href, on)| Tab::new(label, href, on))
            .collect(),
        waiting,
        lines,
        pager: Pager {
            summary: format!("共 {} 件", count(total)),
            first: match asked.after.is_empty() {
                true => String::new(),
                false => here.clone(),
            },
            next: found
                .next
                .map(|next| format!("{here}&after={next}"))
                .unwrap_or_default(),
        },
    })
    .into_response())
}
