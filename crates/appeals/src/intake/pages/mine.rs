//! 我的诉求: what the own enterprise, or the own account, has said.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::clock::to_shanghai;
use zhida_platform::format::{count, date_zh, until_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Html, Page, Pager, Tab};

use super::{MINE, NEW, own_enterprise, status_address};
use crate::intake::store::{self, MyAppeals, MyVoice};
use crate::pages::Answer;
use crate::service::Appeals;

#[derive(Template)]
#[template(path = "appeals/intake/mine.html")]
struct MinePage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    pager: Pager,
}

struct Line {
    title: String,
    href: String,
    meta: String,
    state: String,
    merged: String,
    due: String,
}

impl Line {
    /// The enterprise's own page; whoever has no seat in one goes by the check code.
    fn of(app: &Appeals, voice: MyVoice, for_enterprise: bool) -> Self {
        let code = voice.check_code(app.db.sealer());
        let day = date_zh(to_shanghai(voice.said_at).date_naive());
        Self {
            href: match code.filter(|_| !for_enterprise) {
                Some(code) => status_address(&code),
                None => format!("/appeals/{}", voice.origin),
            },
            meta: format!("{}，{day}，{}", voice.number, voice.channel.word()),
            title: voice.title,
            state: match voice.can_rate {
                true => "等您评价".to_owned(),
                false => voice.state,
            },
            merged: match voice.merged {
                true => "与同类诉求一起办".to_owned(),
                false => String::new(),
            },
            due: match (voice.closed, voice.due_at) {
                // the date is the office's, which asks whoever has not spoken
                _ if voice.can_rate => String::new(),
                (false, Some(due)) => format!("期限 {}", until_zh(due)),
                _ => String::new(),
            },
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// `open` those that go on, `closed` those that ended.
    state: String,
}

/// 我的诉求
pub(super) async fn mine(
    State(app): State<Arc<Appeals>>,
    frame: Frame,
    Query(asked): Query<Asked>,
    request: PageRequest,
) -> Answer {
    let viewer = &frame.viewer;
    let account = viewer.account();
    let account = account.ok_or_else(|| Problem::sign_in("我的诉求，要先登录"))?;
    let mine = |state: &str| MyAppeals {
        enterprise: own_enterprise(viewer).map(|(code, _)| code),
        account: account.to_string(),
        open: match state {
            "open" => Some(true),
            "closed" => Some(false),
            _ => None,
        },
    };
    let for_enterprise = own_enterprise(viewer).is_some();
    let conn = app.db.conn();
    let (mut tabs, mut total) = (Vec::new(), 0);
    for (state, label) in [("", "全部"), ("open", "在办"), ("closed", "已办结")] {
        let href = match state {
            "" => MINE.to_owned(),
            state => format!("{MINE}?state={state}"),
        };
        let found = store::count_mine(conn, &mine(state)).await?;
        if state == asked.state {
            total = found;
        }
        tabs.push(Tab::new(label, href, state == asked.state).count(count(found)));
    }
    let found = store::mine(conn, &mine(&asked.state), &request).await?;
    let state = match asked.state.as_str() {
        "" => String::new(),
        state => format!("state={state}&"),
    };
    let next = found.next.as_ref();
    let next = next.map(|next| format!("{MINE}?{state}after={next}"));
    let page = MinePage {
        page: frame.page("我的诉求").active(MINE).crumb("提诉求", NEW),
        tabs,
        pager: Pager {
            summary: format!("共 {} 件，本页 {} 件", count(total), found.items.len()),
            first: String::new(),
            next: next.unwrap_or_default(),
        },
        lines: found
            .items
            .into_iter()
            .map(|voice| Line::of(&app, voice, for_enterprise))
            .collect(),
    };
    Ok(Html(page).into_response())
}
