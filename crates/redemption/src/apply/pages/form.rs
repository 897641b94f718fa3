//! The pages with a form: applying, and completing what was asked for.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use zhida_forms::{Form, FormView, Taken, take};
use zhida_platform::files::Download;
use zhida_ui::{Frame, Html, Page, PageError};

use super::{again, case_address};
use crate::apply::file::Ready;
use crate::cases::CaseView;
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, MINE, to};
use crate::rights::APPLY;
use crate::service::Redemption;

#[derive(Template)]
#[template(path = "redemption/form.html")]
struct FormPage {
    page: Page,
    form: FormView,
}

/// 填写申请表
pub(super) async fn form(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
) -> Answer {
    let ready = app.prepare(&frame.viewer, &item).await?;
    let Some(form) = &ready.form else {
        return Ok(to(&format!("/redemption/apply/{}", ready.item.id)));
    };
    let draft = app.start(&frame.viewer, &ready, form).await?;
    let place = Place::applying(&ready);
    let view = FormView::new(form, &draft, &ready.known(&app), place.action.as_str());
    Ok(Html(form_page(&frame, place, view)).into_response())
}

/// Where a form is, and what it is called.
struct Place {
    action: String,
    /// Its files are below this address.
    files: String,
    title: String,
    submit: &'static str,
}

impl Place {
    fn applying(ready: &Ready) -> Self {
        let here = format!("/redemption/apply/{}", ready.item.id);
        Self {
            action: format!("{here}/form"),
            files: format!("{here}/files"),
            title: format!("申请：{}", ready.item.name),
            submit: "提交申请",
        }
    }

    fn completing(view: &CaseView) -> Self {
        let here = case_address(&view.record.case_id);
        Self {
            action: format!("{here}/complete"),
            files: format!("{here}/files"),
            title: format!("补正：{}", view.record.item_name),
            submit: "提交补正",
        }
    }
}

fn form_page(frame: &Frame, place: Place, form: FormView) -> FormPage {
    let page = frame.page(place.title);
    FormPage {
        page: page.active(MINE).crumb("我的兑付", MINE),
        form: form
            .submit(place.submit)
            .files(|file| format!("{}/{file}", place.files)),
    }
}

/// 保存、提交申请表
pub(super) async fn submit_form(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
    request: Multipart,
) -> Answer {
    let viewer = &frame.viewer;
    let ready = app.prepare(viewer, &item).await?;
    let Some(form) = &ready.form else {
        return Ok(to(&format!("/redemption/apply/{}", ready.item.id)));
    };
    // sent twice: the draft has become the case
    if let Some(case) = &ready.holder {
        return Ok(to(&case_address(case)));
    }
    let draft = app.start(viewer, &ready, form).await?;
    let place = Place::applying(&ready);
    let known = ready.known(&app);
    let taken = take(&app.drafts, form, &known, viewer, &draft.id, request)
        .await
        .map_err(Error::from)?;
    match taken {
        Taken::Ready(draft, filled) => {
            match app
                .file(viewer, &ready, None, Some((&draft, &filled)))
                .await
            {
                Ok(case) => Ok(to(&case_address(&case))),
                Err(error) => again(&app, viewer, &item, error).await,
            }
        }
        other => Ok(shown_again(&frame, form, &known, place, other)),
    }
}

/// A form that was not sent: saved, or shown again with what is wrong.
fn shown_again(
    frame: &Frame,
    form: &Form,
    known: &zhida_forms::Known<'_>,
    place: Place,
    taken: Taken,
) -> Response {
    match taken {
        Taken::Answered(response) => response,
        Taken::Saved(_, anchor) => to(&format!("{}{anchor}", place.action)),
        Taken::Faulty(draft, faults) => {
            let view = FormView::with_faults(form, &draft, known, place.action.as_str(), faults);
            (StatusCode::BAD_REQUEST, Html(form_page(frame, place, view))).into_response()
        }
        Taken::Stale(draft) | Taken::Ready(draft, _) => {
            let view = FormView::new(form, &draft, known, place.action.as_str());
            (StatusCode::CONFLICT, Html(form_page(frame, place, view))).into_response()
        }
    }
}

/// 补正
pub(super) async fn completion(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let view = app.case(&frame.viewer, APPLY, &id).await?;
    let Some(form) = app.form_of(&view.scheme)? else {
        return Ok(to(&case_address(&id)));
    };
    let draft = app.completing(&frame.viewer, &view, &form).await?;
    let enterprise = app.facts_of(&view).await?;
    let known = app.known_of(&enterprise);
    let place = Place::completing(&view);
    let page = FormView::new(&form, &draft, &known, place.action.as_str());
    Ok(Html(form_page(&frame, place, page)).into_response())
}

/// 提交补正
pub(super) async fn complete(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let viewer = &frame.viewer;
    let view = app.case(viewer, APPLY, &id).await?;
    let Some(form) = app.form_of(&view.scheme)? else {
        let fields = match Fields::from_request(request, &()).await {
            Ok(fields) => fields,
            Err(refused) => return Ok(refused),
        };
        app.complete(viewer, &view, fields.get("note"), None)
            .await?;
        return Ok(to(&case_address(&id)));
    };
    let request = match Multipart::from_request(request, &()).await {
        Ok(request) => request,
        Err(refused) => return Ok(refused.into_response()),
    };
    let draft = app.completing(viewer, &view, &form).await?;
    let enterprise = app.facts_of(&view).await?;
    let known = app.known_of(&enterprise);
    let taken = take(&app.drafts, &form, &known, viewer, &draft.id, request)
        .await
        .map_err(Error::from)?;
    match taken {
        Taken::Ready(draft, filled) => {
            app.complete(viewer, &view, "", Some((&draft, &filled)))
                .await?;
            Ok(to(&case_address(&id)))
        }
        other => {
            let place = Place::completing(&view);
            Ok(shown_again(&frame, &form, &known, place, other))
        }
    }
}

/// 申请表里已上传的文件
pub(super) async fn apply_file(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path((item, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let opened = app.draft_file(&frame.viewer, &item, &file).await;
    Ok(opened?)
}

/// 提交过的、补正中的文件
pub(super) async fn case_file(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let opened = app.own_file(&frame.viewer, &id, &file).await;
    Ok(opened?)
}
