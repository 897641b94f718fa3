//! 消息: the inbox.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::messages::{InboxMessage, Topic};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Html, Page, Pager, Tab, Tone};

use super::fields::Fields;
use super::preferences::refused_words;
use super::{Answer, App, MESSAGES, ROWS, to};

#[derive(Template)]
#[template(path = "inbox/messages.html")]
struct MessagesPage {
    page: Page,
    tabs: Vec<Tab>,
    unread: u64,
    /// Whether all are shown, the read ones too.
    all: bool,
    rows: Vec<Line>,
    pager: Pager,
}

struct Line {
    id: String,
    kind: String,
    title: String,
    body: String,
    when: String,
    is_read: bool,
    has_link: bool,
    /// Whether messages of its kind are pushed, and need not be.
    can_mute: bool,
    /// The items that it names, of which the person need not be told any more.
    topics: Vec<Topic>,
    /// For whom, when it is not for the person.
    to: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    show: String,
    after: String,
    /// Slug of the kind that was just switched off.
    muted: String,
    /// Whether one item was just switched off.
    item: bool,
}

/// 消息
pub(crate) async fn list(
    State(inbox): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let viewer = &frame.viewer;
    let unread = inbox.unread(viewer).await.map_err(Problem::from)?;
    let all = asked.show == "all";
    let request = PageRequest {
        after: Some(asked.after.clone()),
        limit: ROWS,
    };
    let request = request.checked(ROWS)?;
    let found = inbox.inbox(viewer, !all, &request).await;
    let found = found.map_err(Problem::from)?;
    let here = if all { "/messages?show=all" } else { MESSAGES };
    let sign = if all { '&' } else { '?' };
    let pager = Pager {
        summary: match all {
            true => format!("本页 {} 条", found.items.len()),
            false => format!("共 {} 条未读", count(unread)),
        },
        first: match asked.after.is_empty() {
            true => String::new(),
            false => here.to_owned(),
        },
        next: found
            .next
            .map(|next| format!("{here}{sign}after={next}"))
            .unwrap_or_default(),
    };
    let tabs = vec![
        Tab {
            count: count(unread),
            ..Tab::new("未读", MESSAGES, !all)
        },
        Tab::new("全部", "/messages?show=all", all),
    ];
    let mut page = frame
        .page("消息")
        .lead("发给您本人、您所在企业和您所任角色的消息。")
        .active(MESSAGES);
    let muted = inbox
        .messages
        .events()
        .find(|event| event.slug == asked.muted);
    if let Some(event) = muted {
        let words = format!(
            "“{}”以后不再用邮件、短信推送，站内信仍然保留；要恢复，请到“接收方式”。",
            event.name
        );
        page = page.notice(Tone::Success, words);
    }
    if asked.item {
        let words = "以后不再提醒这一项，列表里仍然有；要恢复，请到“接收方式”。";
        page = page.notice(Tone::Success, words);
    }
    let mail = inbox.mail_state(viewer).await.map_err(Problem::from)?;
    if let Some(refusal) = &mail.refusal {
        let words = format!(
            "您的邮箱拒收了邮件（{}）。请到“接收方式”换一个邮箱。",
            refused_words(refusal)
        );
        page = page.notice(Tone::Warning, words);
    }
    let pushed = inbox.pushed(viewer).await.map_err(Problem::from)?;
    let rows = found
        .items
        .into_iter()
        .map(|one| line(&inbox, &pushed, one))
        .collect();
    Ok(Html(MessagesPage {
        page,
        tabs,
        unread,
        all,
        rows,
        pager,
    })
    .into_response())
}

fn line(inbox: &App, pushed: &BTreeSet<&str>, message: InboxMessage) -> Line {
    Line {
        topics: message.topics,
        can_mute: pushed.contains(message.event.as_str()),
        kind: inbox.event_name(&message.event).to_owned(),
        to: message
            .enterprise
            .map(|code| format!("发给企业 {code}"))
            .unwrap_or_default(),
        when: datetime_zh(message.created_at),
        is_read: message.read_at.is_some(),
        has_link: message.link.is_some(),
        id: message.id,
        title: message.title,
        body: message.body,
    }
}

/// 标为已读；带 go 时接着打开它说的页面
pub(crate) async fn read(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let message = inbox
        .read(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    let link = message.link.filter(|_| !fields.get("go").is_empty());
    Ok(to(link.as_deref().unwrap_or(MESSAGES)))
}

/// 不再推送这一类消息
pub(crate) async fn mute(State(inbox): State<App>, frame: Frame, Path(id): Path<String>) -> Answer {
    let event = inbox.mute(&frame.viewer, &id).await;
    let event = event.map_err(Problem::from)?;
    Ok(to(&format!("{MESSAGES}?show=all&muted={event}")))
}

/// 不再提醒消息里的一项
pub(crate) async fn mute_item(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let topic = fields.get("topic");
    let muted = inbox.mute_item(&frame.viewer, &id, topic).await;
    muted.map_err(Problem::from)?;
    Ok(to(&format!("{MESSAGES}?show=all&item=true")))
}

/// 全部标为已读
pub(crate) async fn read_all(State(inbox): State<App>, frame: Frame) -> Answer {
    inbox.read_all(&frame.viewer).await.map_err(Problem::from)?;
    Ok(to(MESSAGES))
}
