//! A form with every kind of field, served as a room would; also behind `cargo run -p zhida-forms --example form_gallery`.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use zhida_forms::{
    Answers, DifferenceView, Draft, Drafts, Fault, Form, FormSource, FormView, Known, Mark, Start,
    SummaryView, Taken, difference, take,
};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::SharedClock;
use zhida_platform::config::Config;
use zhida_platform::db::Database;
use zhida_platform::files::{Download, FileStore, uploads};
use zhida_platform::http::upload_limit;
use zhida_platform::problem::Problem;
use zhida_rules::{Dictionary, Facts};
use zhida_ui::{Frame, Html, Page, PageError, Shell, with_frame};

/// The enterprise whose form it is.
pub const ENTERPRISE: &str = "91330502MA2B4XK93M";

/// Every kind of field.
pub const FORM: &str = include_str!("gallery.yaml");

/// What the gallery runs on.
pub struct Gallery {
    pub db: Database,
    pub drafts: Drafts,
    pub clock: SharedClock,
    pub form: Form,
    pub facts: Facts,
}

type App = State<Arc<Gallery>>;

#[derive(Template)]
#[template(
    source = r#"{% extends "ui/frame.html" %}{% block content %}{{ form }}{% endblock %}"#,
    ext = "html"
)]
struct FormPage {
    page: Page,
    form: FormView,
}

#[derive(Template)]
#[template(
    source = r#"{% extends "ui/frame.html" %}{% block content %}{{ summary }}<h2 class="zd-section__title">改动</h2>{{ difference }}{% endblock %}"#,
    ext = "html"
)]
struct SentPage {
    page: Page,
    summary: SummaryView,
    difference: DifferenceView,
}

impl Gallery {
    pub fn new(db: Database, files: FileStore, clock: SharedClock) -> Arc<Self> {
        let source = FormSource::read(FORM).expect("the gallery's form is read by a test");
        let form = Form::new(source, Dictionary::shipped());
        Arc::new(Self {
            drafts: Drafts::new(db.clone(), clock.clone(), files),
            form: form.expect("the gallery's form is checked by a test"),
            facts: facts(),
            db,
            clock,
        })
    }

    pub fn known(&self) -> Known<'_> {
        Known {
            facts: &self.facts,
            on: self.clock.today(),
        }
    }
}

/// What the register knows of the enterprise.
pub fn facts() -> Facts {
    let known = serde_json::json!({
        "name": { "value": "湖州某某精密制造有限公司", "department": "市场监管", "as_of": "2026-10-31", "batch": "20261101" },
        "employees": { "2025": { "value": "186", "department": "统计", "as_of": "2026-03-31" } },
        "revenue": { "2025": { "value": "35600000", "department": "税务", "as_of": "2026-05-31" } },
        "division": { "value": "330502", "department": "市场监管" },
    });
    Facts::from_json(Dictionary::shipped(), &known).expect("facts of the shipped dictionary")
}

/// Who fills the form in.
pub fn viewer() -> Viewer {
    Viewer::officer("张三")
}

/// The gallery's pages.
pub fn routes(gallery: Arc<Gallery>) -> Router {
    let config = Config::default();
    let shell = Shell {
        demo: true,
        viewer: viewer(),
        ..Shell::default()
    };
    let files = gallery.drafts.files().clone();
    let routes = Router::new()
        .route("/form/{purpose}", get(show).post(post))
        .route("/form/{purpose}/files/{file}", get(file))
        .route("/sent/{purpose}", get(sent))
        .route("/return/{purpose}", get(give_back))
        .layer(upload_limit(&config))
        .with_state(gallery)
        .merge(uploads(files));
    with_frame(routes, shell, &config)
}

async fn draft(app: &Gallery, frame: &Frame, purpose: &str) -> Result<Draft, Problem> {
    let start = Start {
        enterprise: ENTERPRISE,
        purpose,
        form: app.form.digest(),
        answers: Answers::default(),
        marks: Vec::new(),
    };
    Ok(app.drafts.open(&frame.viewer, &start).await?.draft)
}

fn page(app: &Gallery, frame: &Frame, draft: &Draft, faults: Vec<Fault>) -> Html<FormPage> {
    let action = format!("/form/{}", draft.purpose);
    Html(FormPage {
        page: frame.page(app.form.title()),
        form: FormView::with_faults(&app.form, draft, &app.known(), action, faults)
            .files(|file| format!("/form/{}/files/{file}", draft.purpose)),
    })
}

async fn show(
    State(app): App,
    frame: Frame,
    Path(purpose): Path<String>,
) -> Result<Html<FormPage>, PageError> {
    let draft = draft(&app, &frame, &purpose).await?;
    Ok(page(&app, &frame, &draft, Vec::new()))
}

async fn post(
    State(app): App,
    frame: Frame,
    Path(purpose): Path<String>,
    request: Multipart,
) -> Result<Response, PageError> {
    let found = app
        .drafts
        .find(ENTERPRISE, &purpose)
        .await
        .map_err(Problem::from)?;
    let Some(draft) = found else {
        return Err(Problem::from(zhida_forms::Error::NoDraft).into());
    };
    let (form, known) = (&app.form, app.known());
    let taken = take(&app.drafts, form, &known, &frame.viewer, &draft.id, request).await;
    Ok(match taken.map_err(Problem::from)? {
        Taken::Answered(answer) => answer,
        Taken::Saved(draft, anchor) => {
            Redirect::to(&format!("/form/{}{anchor}", draft.purpose)).into_response()
        }
        Taken::Faulty(draft, faults) => {
            (StatusCode::BAD_REQUEST, page(&app, &frame, &draft, faults)).into_response()
        }
        Taken::Stale(draft) => {
            (StatusCode::CONFLICT, page(&app, &frame, &draft, Vec::new())).into_response()
        }
        Taken::Ready(draft, filled) => {
            let (app, draft, filled, viewer) = (&*app, &draft, &*filled, &frame.viewer);
            let now = app.clock.now();
            let by = viewer.actor();
            app.db
                .write(|tx| async move {
                    let sent = app
                        .drafts
                        .submit(&tx, draft, filled, &draft.purpose, by, now);
                    let sent = sent.await.map_err(Problem::from)?;
                    let entry = Entry::new(now, viewer, "gallery.submit", "form", &sent.id);
                    audit::append(&tx, &entry).await.map_err(Problem::from)?;
                    Ok::<_, Problem>(())
                })
                .await?;
            Redirect::to(&format!("/sent/{}", draft.purpose)).into_response()
        }
    })
}

async fn file(
    State(app): App,
    frame: Frame,
    Path((purpose, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let draft = draft(&app, &frame, &purpose).await?;
    let opened = app.drafts.file(&frame.viewer, &draft, &file).await;
    Ok(opened.map_err(Problem::from)?)
}

async fn sent(
    State(app): App,
    frame: Frame,
    Path(purpose): Path<String>,
) -> Result<Html<SentPage>, PageError> {
    let rounds = app.drafts.submissions(app.db.conn(), &purpose).await;
    let rounds = rounds.map_err(Problem::from)?;
    let [.., last] = rounds.as_slice() else {
        return Err(Problem::not_found("提交记录").into());
    };
    let changes = match rounds.as_slice() {
        [.., before, last] => difference(&before.filled.lines(), &last.filled.lines()),
        _ => Vec::new(),
    };
    Ok(Html(SentPage {
        page: frame.page("已经提交"),
        summary: SummaryView::new(&last.filled, false, |file| format!("/files/{file}")),
        difference: DifferenceView::new("补正前后", "上一轮", "这一轮", changes),
    }))
}

/// Gives the last round back with a mark, as a request for completion does.
async fn give_back(
    State(app): App,
    frame: Frame,
    Path(purpose): Path<String>,
) -> Result<Redirect, PageError> {
    let rounds = app.drafts.submissions(app.db.conn(), &purpose).await;
    let rounds = rounds.map_err(Problem::from)?;
    let last = rounds.last().ok_or(Problem::not_found("提交记录"))?;
    let start = Start {
        enterprise: ENTERPRISE,
        purpose: &purpose,
        form: app.form.digest(),
        answers: last.filled.answers.clone(),
        marks: vec![Mark {
            path: "amount".to_owned(),
            words: "与发票合计不一致".to_owned(),
            by: "吴兴区经信局".to_owned(),
        }],
    };
    app.drafts
        .open(&frame.viewer, &start)
        .await
        .map_err(Problem::from)?;
    Ok(Redirect::to(&format!("/form/{purpose}")))
}
