//! 消息模板.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use zhida_platform::messages::{Channel, TemplateView};
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html, Page, Tab};

use super::fields::Fields;
use super::{Answer, App, TEMPLATES, office, tabs, to};
use crate::error::Error;

#[derive(Template)]
#[template(path = "inbox/templates.html")]
struct TemplatesPage {
    page: Page,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    event: &'static str,
    channel: &'static str,
    title: String,
    is_written: bool,
}

/// 消息模板
pub(crate) async fn list(State(inbox): State<App>, frame: Frame) -> Answer {
    let views = inbox.templates(&frame.viewer).await;
    let views = views.map_err(Problem::from)?;
    let rows = views.into_iter().map(|view| Row {
        href: address(view.event.slug, view.channel),
        event: view.event.name,
        channel: view.channel.word(),
        is_written: view.is_written,
        title: match view.title.as_str() {
            "" => view.body,
            _ => view.title,
        },
    });
    Ok(Html(TemplatesPage {
        page: office(&frame, "消息模板")
            .lead("各类消息的文字，可以改写；改后发出的消息用新的文字。"),
        tabs: tabs(TEMPLATES),
        rows: rows.collect(),
    })
    .into_response())
}

fn address(event: &str, channel: Channel) -> String {
    format!("{TEMPLATES}/{event}/{}", channel.slug())
}

#[derive(Template)]
#[template(path = "inbox/template.html")]
struct TemplatePage {
    page: Page,
    errors: FormErrors,
    here: String,
    /// Text messages have no title.
    has_title: bool,
    title: String,
    body: String,
    is_written: bool,
    /// `{事项名称}` and the like.
    fields: Vec<String>,
}

fn page_of(frame: &Frame, view: TemplateView) -> TemplatePage {
    let name = format!("{}（{}）", view.event.name, view.channel.word());
    let fields = view.event.fields.iter();
    TemplatePage {
        page: office(frame, &name).crumb("消息模板", TEMPLATES),
        errors: FormErrors::none(),
        here: address(view.event.slug, view.channel),
        has_title: view.channel != Channel::Sms,
        title: view.title,
        body: view.body,
        is_written: view.is_written,
        fields: fields.map(|field| format!("{{{}}}", field.label)).collect(),
    }
}

/// 一个消息模板
pub(crate) async fn edit(
    State(inbox): State<App>,
    frame: Frame,
    Path((event, channel)): Path<(String, String)>,
) -> Answer {
    let view = inbox.template(&frame.viewer, &event, &channel).await;
    let view = view.map_err(Problem::from)?;
    Ok(Html(page_of(&frame, view)).into_response())
}

pub(crate) async fn submit(
    State(inbox): State<App>,
    frame: Frame,
    Path((event, channel)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let viewer = &frame.viewer;
    let view = inbox.template(viewer, &event, &channel).await;
    let view = view.map_err(Problem::from)?;
    let (title, body) = (fields.get("title"), fields.get("body"));
    let key = (event.as_str(), view.channel);
    match inbox.write_template(viewer, key, (title, body)).await {
        Ok(()) => Ok(to(TEMPLATES)),
        Err(error @ Error::Field { .. }) => {
            let mut page = page_of(&frame, view);
            title.clone_into(&mut page.title);
            body.clone_into(&mut page.body);
            page.errors = Problem::from(error).fields.into();
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
        Err(error) => Err(Problem::from(error).into()),
    }
}

/// 恢复原来的模板
pub(crate) async fn reset(
    State(inbox): State<App>,
    frame: Frame,
    Path((event, channel)): Path<(String, String)>,
) -> Answer {
    let view = inbox.template(&frame.viewer, &event, &channel).await;
    let view = view.map_err(Problem::from)?;
    inbox
        .reset_template(&frame.viewer, &event, view.channel)
        .await
        .map_err(Problem::from)?;
    Ok(to(TEMPLATES))
}
