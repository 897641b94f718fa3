//! 接口推送: the addresses of other systems.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::messages::Audience;
use zhida_platform::messages::webhook::EVERY_EVENT;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, PageError, Pager, Tab, Tone};

use super::deliveries::{Line, line};
use super::fields::Fields;
use super::{Answer, App, ROWS, WEBHOOKS, office, tabs, to};
use crate::error::Error;
use crate::service::{EndpointView, Inbox, NewEndpointForm};

#[derive(Template)]
#[template(path = "inbox/webhooks.html")]
struct WebhooksPage {
    page: Page,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    pager: Pager,
}

/// An endpoint as its page and the list show it.
struct Row {
    id: String,
    url: String,
    whose: String,
    events: String,
    /// Words and tone.
    state: (String, &'static str),
    waiting: String,
    last: i64,
    made: String,
    is_on: bool,
}

fn row(inbox: &Inbox, view: &EndpointView) -> Row {
    let one = &view.endpoint;
    let names: Vec<&str> = one
        .events
        .iter()
        .map(|event| match event.as_str() {
            EVERY_EVENT => "全部种类",
            slug => inbox.event_name(slug),
        })
        .collect();
    let state = match (one.is_on, one.failing_since) {
        (false, _) => (format!("已停用：{}", one.off_reason), "grey"),
        (true, Some(since)) => (
            format!("{} 起没有成功，自动重试", datetime_zh(since)),
            "red",
        ),
        (true, None) => ("正常".to_owned(), "green"),
    };
    Row {
        id: one.id.clone(),
        url: one.url.clone(),
        whose: view.whose(),
        events: names.join("、"),
        state,
        waiting: count(view.waiting),
        last: one.last_number,
        made: datetime_zh(one.created_at),
        is_on: one.is_on,
    }
}

/// 接口推送
pub(crate) async fn list(
    State(inbox): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let request = page_after(&asked.after)?;
    let total = inbox.endpoint_count(&frame.viewer).await;
    let total = total.map_err(Problem::from)?;
    let found = inbox.endpoints(&frame.viewer, &request).await;
    let found = found.map_err(Problem::from)?;
    Ok(Html(WebhooksPage {
        pager: pager(
            format!("共 {} 个", count(total)),
            WEBHOOKS,
            &asked.after,
            found.next,
        ),
        page: office(&frame, "接口推送")
            .lead("有消息时通知别的系统：签名、按顺序、失败重试、可以重新推送。"),
        tabs: tabs(WEBHOOKS),
        rows: found.items.iter().map(|view| row(&inbox, view)).collect(),
    })
    .into_response())
}

fn page_after(after: &str) -> Result<PageRequest, Problem> {
    let request = PageRequest {
        after: Some(after.to_owned()),
        limit: ROWS,
    };
    request.checked(ROWS)
}

fn pager(summary: String, here: &str, after: &str, next: Option<String>) -> Pager {
    Pager {
        summary,
        first: match after.is_empty() {
            true => String::new(),
            false => here.to_owned(),
        },
        next: next
            .map(|next| format!("{here}?after={next}"))
            .unwrap_or_default(),
    }
}

#[derive(Template)]
#[template(path = "inbox/webhook_new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    form: NewEndpointForm,
    events: Vec<Choice>,
}

fn new_page(inbox: &Inbox, frame: &Frame, form: NewEndpointForm) -> NewPage {
    let chosen = |slug: &str| form.events.iter().any(|event| event == slug);
    let every = Choice {
        chosen: chosen(EVERY_EVENT),
        ..Choice::new(EVERY_EVENT, "全部种类（包括以后新增的）", "")
    };
    let events = inbox.messages.events();
    // what goes to one address only is never pushed
    let events = events.filter(|event| event.audience != Audience::Outsiders);
    let events = events.map(|event| Choice {
        chosen: chosen(event.slug),
        ..Choice::new(event.slug, event.name, "").hint(event.slug)
    });
    NewPage {
        page: office(frame, "添加推送地址").crumb("接口推送", WEBHOOKS),
        errors: FormErrors::none(),
        events: std::iter::once(every).chain(events).collect(),
        form,
    }
}

/// 添加推送地址
pub(crate) async fn new(State(inbox): State<App>, frame: Frame) -> Answer {
    Ok(Html(new_page(&inbox, &frame, NewEndpointForm::default())).into_response())
}

#[derive(Template)]
#[template(path = "inbox/once.html")]
struct OncePage {
    page: Page,
    url: String,
    secret: String,
    next: String,
}

fn once(frame: &Frame, url: String, secret: &str, id: &str) -> Response {
    Html(OncePage {
        page: office(frame, "推送密钥").crumb("接口推送", WEBHOOKS),
        url,
        secret: secret.to_owned(),
        next: format!("{WEBHOOKS}/{id}"),
    })
    .into_response()
}

pub(crate) async fn submit_new(State(inbox): State<App>, frame: Frame, fields: Fields) -> Answer {
    let form = NewEndpointForm {
        url: fields.get("url").to_owned(),
        events: fields.all("events"),
        enterprise: fields.get("enterprise").to_owned(),
    };
    match inbox.add_endpoint(&frame.viewer, &form).await {
        Ok((endpoint, secret)) => Ok(once(&frame, endpoint.url, secret.reveal(), &endpoint.id)),
        Err(error) => {
            let problem = Problem::from(error);
            if problem.status != StatusCode::BAD_REQUEST {
                return Err(problem.into());
            }
            let mut page = new_page(&inbox, &frame, form);
            page.errors = problem.fields.into();
            Ok((problem.status, Html(page)).into_response())
        }
    }
}

#[derive(Template)]
#[template(path = "inbox/webhook.html")]
struct WebhookPage {
    page: Page,
    errors: FormErrors,
    one: Row,
    rows: Vec<Line>,
    pager: Pager,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    after: String,
    done: String,
}

/// 一个推送地址和它的推送记录
pub(crate) async fn show(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let mut page = made(&inbox, &frame, &id, &asked.after).await?;
    let words = match asked.done.as_str() {
        "replay" => "已经排队，按顺序重新推送。",
        "resume" => "已启用，从停下的地方继续。",
        "pause" => "已暂停；期间的消息留着，启用后按顺序推送。",
        _ => "",
    };
    if !words.is_empty() {
        page.page = page.page.notice(Tone::Success, words);
    }
    Ok(Html(page).into_response())
}

async fn made(inbox: &App, frame: &Frame, id: &str, after: &str) -> Result<WebhookPage, PageError> {
    let view = inbox.endpoint(&frame.viewer, id).await;
    let view = view.map_err(Problem::from)?;
    let request = page_after(after)?;
    let total = inbox.endpoint_log_count(&frame.viewer, id).await;
    let total = total.map_err(Problem::from)?;
    let found = inbox.endpoint_log(&frame.viewer, id, &request).await;
    let found = found.map_err(Problem::from)?;
    let summary = format!(
        "共 {} 条，等待推送 {} 条",
        count(total),
        count(view.waiting)
    );
    Ok(WebhookPage {
        page: office(frame, "推送地址").crumb("接口推送", WEBHOOKS),
        errors: FormErrors::none(),
        one: row(inbox, &view),
        pager: pager(summary, &format!("{WEBHOOKS}/{id}"), after, found.next),
        rows: found.items.iter().map(|one| line(inbox, one)).collect(),
    })
}

/// 暂停、启用
pub(crate) async fn switch(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let on = fields.get("on") == "yes";
    inbox
        .switch_endpoint(&frame.viewer, &id, on)
        .await
        .map_err(Problem::from)?;
    let done = if on { "resume" } else { "pause" };
    Ok(to(&format!("{WEBHOOKS}/{id}?done={done}")))
}

/// 更换密钥
pub(crate) async fn renew_secret(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let secret = inbox.renew_secret(&frame.viewer, &id).await;
    let secret = secret.map_err(Problem::from)?;
    let view = inbox.endpoint(&frame.viewer, &id).await;
    let view = view.map_err(Problem::from)?;
    Ok(once(&frame, view.endpoint.url, secret.reveal(), &id))
}

/// 重新推送
pub(crate) async fn replay(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let from = fields.get("from").parse();
    let from = from.map_err(|_| Error::field("from", "请写从第几号开始，如 1"));
    let done = match from {
        Ok(from) => inbox.replay(&frame.viewer, &id, from).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(to(&format!("{WEBHOOKS}/{id}?done=replay"))),
        Err(error @ Error::Field { .. }) => {
            let mut page = made(&inbox, &frame, &id, "").await?;
            page.errors = Problem::from(error).fields.into();
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
        Err(error) => Err(Problem::from(error).into()),
    }
}

/// 测试推送
pub(crate) async fn test(State(inbox): State<App>, frame: Frame, Path(id): Path<String>) -> Answer {
    let report = inbox.test_endpoint(&frame.viewer, &id).await;
    let report = report.map_err(Problem::from)?;
    let mut page = made(&inbox, &frame, &id, "").await?;
    let tone = if report.is_taken {
        Tone::Success
    } else {
        Tone::Error
    };
    page.page = page
        .page
        .notice(tone, format!("测试推送：{}", report.words));
    Ok(Html(page).into_response())
}

/// 删除推送地址
pub(crate) async fn remove(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    inbox
        .remove_endpoint(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    Ok(to(WEBHOOKS))
}
