//! The pages with a form: applying, and completing what was asked for.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use zhida_forms::{Form, FormView, Taken, take};
use zhida_ui::{Frame, Html, Page};

use super::{again, case_address};
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
    let action = format!("/redemption/apply/{}/form", ready.item.id);
    let view = FormView::new(form, &draft, &ready.known(&app), action).submit("提交申请");
    Ok(Html(form_page(
        &frame,
        format!("申请：{}", ready.item.name),
        view,
    ))
    .into_response())
}

fn form_page(frame: &Frame, title: String, form: FormView) -> FormPage {
    FormPage {
        page: frame.page(title).active(MINE).crumb("我的兑付", MINE),
        form,
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
    let here = format!("/redemption/apply/{}/form", ready.item.id);
    let title = format!("申请：{}", ready.item.name);
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
        other => Ok(shown_again(
            &frame,
            form,
            &known,
            (here, title),
            "提交申请",
            other,
        )),
    }
}

/// A form that was not sent: saved, or shown again with what is wrong.
fn shown_again(
    frame: &Frame,
    form: &Form,
    known: &zhida_forms::Known<'_>,
    (here, title): (String, String),
    label: &str,
    taken: Taken,
) -> Response {
    match taken {
        Taken::Answered(response) => response,
        Taken::Saved(_, anchor) => to(&format!("{here}{anchor}")),
        Taken::Faulty(draft, faults) => {
            let view = FormView::with_faults(form, &draft, known, here, faults).submit(label);
            (StatusCode::BAD_REQUEST, Html(form_page(frame, title, view))).into_response()
        }
        Taken::Stale(draft) | Taken::Ready(draft, _) => {
            let view = FormView::new(form, &draft, known, here).submit(label);
            (StatusCode::CONFLICT, Html(form_page(frame, title, view))).into_response()
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
    let here = format!("{}/complete", case_address(&id));
    let page = FormView::new(&form, &draft, &known, here).submit("提交补正");
    let title = format!("补正：{}", view.record.item_name);
    Ok(Html(form_page(&frame, title, page)).into_response())
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
    let here = format!("{}/complete", case_address(&id));
    let title = format!("补正：{}", view.record.item_name);
    match taken {
        Taken::Ready(draft, filled) => {
            app.complete(viewer, &view, "", Some((&draft, &filled)))
                .await?;
            Ok(to(&case_address(&id)))
        }
        other => Ok(shown_again(
            &frame,
            &form,
            &known,
            (here, title),
            "提交补正",
            other,
        )),
    }
}
