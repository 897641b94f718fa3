//! 退订: where the link of a mail leads; nobody needs to sign in.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Html, Page, Tone};

use super::{Answer, App};

#[derive(Template)]
#[template(path = "inbox/unsubscribe.html")]
struct UnsubscribePage {
    page: Page,
    /// Names of the kinds of messages.
    kinds: String,
    is_done: bool,
}

/// 退订一类邮件
pub(crate) async fn show(
    State(inbox): State<App>,
    frame: Frame,
    Path(token): Path<String>,
) -> Answer {
    let found = inbox.unsubscribing(&token).map_err(Problem::from)?;
    let page = frame.page("退订邮件");
    Ok(Html(UnsubscribePage {
        page,
        kinds: found.words(),
        is_done: false,
    })
    .into_response())
}

/// 退订：点页面上的按钮，或邮箱自带的“退订”（RFC 8058）
pub(crate) async fn submit(
    State(inbox): State<App>,
    frame: Frame,
    Path(token): Path<String>,
) -> Answer {
    let kinds = inbox.unsubscribe(&token).await.map_err(Problem::from)?;
    let words = format!("已退订：以后不再用邮件发送“{kinds}”。");
    let page = frame.page("退订邮件").notice(Tone::Success, words);
    Ok(Html(UnsubscribePage {
        page,
        kinds,
        is_done: true,
    })
    .into_response())
}
