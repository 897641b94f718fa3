//! The routes of threads and phrases, and the threads as parts of the case's two pages.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Multipart, Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use zhida_platform::access::Viewer;
use zhida_platform::files::Download;
use zhida_platform::messages::Recipient;
use zhida_platform::problem::Problem;
use zhida_platform::thread::{Posted, Side, Wanted, uploads};
use zhida_ui::phrases::{PhrasePages, add, change, edit, list};
use zhida_ui::thread::again;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, PageError, ThreadForm, ThreadView};

use super::PHRASES;
use crate::apply::pages::status::{Written, status_page};
use crate::cases::CaseView;
use crate::desk::DESK;
use crate::desk::case::Sight;
use crate::desk::page::case_page;
use crate::error::Error;
use crate::pages::{Answer, case_address, to};
use crate::rights::{APPLY, READ};
use crate::service::Redemption;

/// Takes what was posted: writes it, or fills in a phrase, and then the form is shown again with this.
async fn take(
    app: &Redemption,
    viewer: &Viewer,
    view: &CaseView,
    (side, is_internal): (Side, bool),
    posted: &Posted,
) -> Result<Option<Fields>, Error> {
    let fields = Fields::from(posted.fields.clone());
    if let Some(shown) = app.phrase_applied(viewer, view, &fields).await? {
        return Ok(Some(shown));
    }
    match posted.wanted(side, is_internal)? {
        Wanted::Settle => app.settle_talk(viewer, view).await?,
        Wanted::Write(new) => {
            app.write_entry(viewer, view, side, &new).await?;
        }
    }
    Ok(None)
}

async fn write_at_desk(
    app: &Redemption,
    frame: &Frame,
    id: &str,
    is_internal: bool,
    form: Multipart,
) -> Answer {
    let viewer = &frame.viewer;
    let view = app.handled(viewer, id).await?;
    let posted = Posted::read(app.threads.files(), viewer, form)
        .await
        .map_err(Error::from)?;
    let taken = take(app, viewer, &view, (Side::Office, is_internal), &posted).await;
    let Some((fields, errors, status)) = again(taken.map_err(Problem::from), &posted)? else {
        let anchor = if is_internal { "remarks" } else { "messages" };
        return Ok(to(&format!("{DESK}/{id}#{anchor}")));
    };
    let sight = app.sight(viewer, id).await?;
    let page = case_page(app, frame, sight, fields, errors).await?;
    Ok((status, Html(page)).into_response())
}

/// 给企业留言
async fn message(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    form: Multipart,
) -> Answer {
    write_at_desk(&app, &frame, &id, false, form).await
}

/// 内部备注
async fn remark(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    form: Multipart,
) -> Answer {
    write_at_desk(&app, &frame, &id, true, form).await
}

/// 留言的附件，部门看
async fn desk_file(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let sight = app.sight(&frame.viewer, &id).await?;
    // a body that was only asked reads what the enterprise reads, and no remark
    let side = match sight.inside {
        true => Side::Office,
        false => Side::Enterprise,
    };
    let opened = app.thread_file(&frame.viewer, &sight.view, side, &file);
    Ok(opened.await?)
}

/// 企业留言
async fn own_message(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    form: Multipart,
) -> Answer {
    let viewer = &frame.viewer;
    let view = app.case(viewer, APPLY, &id).await?;
    let posted = Posted::read(app.threads.files(), viewer, form)
        .await
        .map_err(Error::from)?;
    let taken = take(&app, viewer, &view, (Side::Enterprise, false), &posted).await;
    let Some((fields, errors, status)) = again(taken.map_err(Problem::from), &posted)? else {
        return Ok(to(&format!("{}#messages", case_address(&id))));
    };
    let written = Written {
        message: fields.get("message").to_owned(),
        ..Written::default()
    };
    let page = status_page(&app, &frame, &view, written, errors).await?;
    Ok((status, Html(page)).into_response())
}

/// 留言的附件，企业看
async fn own_file(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let viewer = &frame.viewer;
    let view = app.case(viewer, READ, &id).await?;
    let opened = app.thread_file(viewer, &view, Side::of(viewer), &file);
    Ok(opened.await?)
}

/// The two threads of a case on the desk's page.
pub(crate) struct DeskTalk {
    pub messages: ThreadView,
    /// Only for those inside.
    pub remarks: Option<ThreadView>,
    /// Whom messages to the enterprise do not reach by mail; only for those who write.
    pub lacks: Option<String>,
}

impl Redemption {
    /// What the desk's page shows of the thread; whoever handles the case has read it then.
    pub(crate) async fn desk_talk(
        &self,
        viewer: &Viewer,
        sight: &Sight,
        (typed, errors): (&Fields, &FormErrors),
        phrases: Vec<Choice>,
    ) -> Result<DeskTalk, Error> {
        let view = &sight.view;
        let talk = self.talk(viewer, view, Side::Office).await?;
        if sight.handles {
            self.has_read(viewer, view, Side::Office).await?;
        }
        let id = &view.record.case_id;
        let href = |file: &str| format!("{DESK}/{id}/thread/{file}");
        let form = |field: &str, step: &str| {
            sight.handles.then(|| {
                let action = format!("{DESK}/{id}/{step}");
                ThreadForm::new(action, typed.get(field), errors.of(field))
            })
        };
        let message = form("message", "messages").map(|form| {
            let wants = typed.get("message-reply") == "yes";
            form.phrases(phrases).wants_reply(wants)
        });
        let remark = form("remark", "remarks");
        let lacks = match sight.handles {
            true => self.unreached(&view.record.enterprise).await?,
            false => None,
        };
        Ok(DeskTalk {
            lacks,
            messages: ThreadView::messages(
                &talk.entries,
                Side::Office,
                talk.standing,
                href,
                message,
            ),
            remarks: sight
                .inside
                .then(|| ThreadView::remarks(&talk.entries, href, remark)),
        })
    }

    /// Whom messages to this enterprise do not reach by mail, in a sentence.
    async fn unreached(&self, enterprise: &str) -> Result<Option<String>, Error> {
        let to = Recipient::Enterprise(enterprise);
        let reached = self
            .db
            .write(|tx| async move { Ok::<_, Error>(self.messages.reached(&tx, to).await?) })
            .await?;
        Ok(reached.lacks())
    }

    /// What the enterprise's page shows of it; officers who read that page write at the desk.
    pub(crate) async fn own_talk(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        (typed, errors): (&str, &FormErrors),
    ) -> Result<ThreadView, Error> {
        let side = Side::of(viewer);
        let talk = self.talk(viewer, view, side).await?;
        if side == Side::Enterprise {
            self.has_read(viewer, view, side).await?;
        }
        let id = &view.record.case_id;
        let writes = side == Side::Enterprise && viewer.covers(APPLY, &view.record.access());
        let form = writes.then(|| {
            let action = format!("{}/messages", case_address(id));
            ThreadForm::new(action, typed, errors.of("message"))
        });
        let href = |file: &str| format!("{}/thread/{file}", case_address(id));
        Ok(ThreadView::messages(
            &talk.entries,
            side,
            talk.standing,
            href,
            form,
        ))
    }
}

pub(crate) fn routes(app: &Arc<Redemption>) -> Router {
    let phrases = Router::new()
        .route("/redemption/phrases", get(list).post(add))
        .route("/redemption/phrases/{id}", get(edit).post(change))
        .with_state(PhrasePages {
            phrases: app.phrases.clone(),
            path: PHRASES,
            home: ("兑付办件", DESK),
        });
    Router::new()
        .route(
            "/redemption/desk/{id}/messages",
            post(message).layer(uploads()),
        )
        .route(
            "/redemption/desk/{id}/remarks",
            post(remark).layer(uploads()),
        )
        .route("/redemption/desk/{id}/thread/{file}", get(desk_file))
        .route(
            "/redemption/cases/{id}/messages",
            post(own_message).layer(uploads()),
        )
        .route("/redemption/cases/{id}/thread/{file}", get(own_file))
        .with_state(Arc::clone(app))
        .merge(phrases)
}
