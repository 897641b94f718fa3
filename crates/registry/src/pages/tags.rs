//! Tags by rule: list, check, add, switch, recompute.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use zhida_platform::format;
use zhida_platform::problem::Problem;
use zhida_platform::progress::Silent;
use zhida_ui::{FormErrors, Frame, Html, Page, PageError, Tone};

use super::TAGS;
use crate::room::App;
use crate::tagging::{TagPreview, TagState};
use crate::{RegistryError, rights};

#[derive(Template)]
#[template(path = "registry/tags.html")]
struct TagsPage {
    page: Page,
    errors: FormErrors,
    tags: Vec<TagState>,
    form: TagForm,
    preview: Option<TagPreview>,
}

impl TagsPage {
    fn count(&self, number: &u64) -> String {
        format::count(*number)
    }
}

/// The form of a new tag.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TagForm {
    name: String,
    rule: String,
    note: String,
    /// `check` looks, anything else adds.
    action: String,
}

/// The form that switches a tag.
#[derive(Debug, Deserialize)]
pub(crate) struct SwitchForm {
    name: String,
    active: bool,
}

/// 标签
pub(crate) async fn list(State(app): State<App>, frame: Frame) -> Result<Response, PageError> {
    frame.viewer.need(rights::TAGS)?;
    let view = view(
        &app,
        head(&frame),
        TagForm::default(),
        FormErrors::none(),
        None,
    )
    .await?;
    Ok(Html(view).into_response())
}

fn head(frame: &Frame) -> Page {
    frame
        .page("标签")
        .lead(
            "标签由规则自动打给市场主体：规则确定成立才打，信息不足不打。新增或停用后请重新计算。",
        )
        .active(TAGS)
        .crumb("市场主体", super::LIST)
        .office()
}

async fn view(
    app: &App,
    page: Page,
    form: TagForm,
    errors: FormErrors,
    preview: Option<TagPreview>,
) -> Result<TagsPage, PageError> {
    Ok(TagsPage {
        page,
        errors,
        tags: app.registry.tags().await?,
        form,
        preview,
    })
}

/// 检查规则，或新增标签
pub(crate) async fn add(
    State(app): State<App>,
    frame: Frame,
    Form(form): Form<TagForm>,
) -> Result<Response, PageError> {
    frame.viewer.need(rights::TAGS)?;
    let registry = &app.registry;
    if form.action == "check" {
        return match registry.preview_tag(&form.rule).await {
            Ok(preview) => {
                let view =
                    view(&app, head(&frame), form, FormErrors::none(), Some(preview)).await?;
                Ok(Html(view).into_response())
            }
            Err(error) => refuse(&app, &frame, form, error).await,
        };
    }
    match registry
        .add_tag(&frame.viewer, &form.name, &form.rule, &form.note)
        .await
    {
        Ok(()) => Ok(Redirect::to(TAGS).into_response()),
        Err(error) => refuse(&app, &frame, form, error).await,
    }
}

async fn refuse(
    app: &App,
    frame: &Frame,
    form: TagForm,
    error: RegistryError,
) -> Result<Response, PageError> {
    let problem = Problem::from(error);
    if problem.fields.is_empty() {
        return Err(problem.into());
    }
    let view = view(
        app,
        head(frame),
        form,
        FormErrors::from(problem.fields),
        None,
    )
    .await?;
    Ok((StatusCode::BAD_REQUEST, Html(view)).into_response())
}

/// 启用或停用
pub(crate) async fn switch(
    State(app): State<App>,
    frame: Frame,
    Form(form): Form<SwitchForm>,
) -> Result<Redirect, PageError> {
    app.registry
        .set_tag_active(&frame.viewer, &form.name, form.active)
        .await?;
    Ok(Redirect::to(TAGS))
}

/// 重新计算
pub(crate) async fn recompute(State(app): State<App>, frame: Frame) -> Result<Response, PageError> {
    frame.viewer.need(rights::TAGS)?;
    let count = app.registry.recompute_tags(&frame.viewer, &Silent).await?;
    let page = head(&frame).notice(
        Tone::Success,
        format!("已重新计算 {} 家市场主体的标签", format::count(count)),
    );
    let view = view(&app, page, TagForm::default(), FormErrors::none(), None).await?;
    Ok(Html(view).into_response())
}
