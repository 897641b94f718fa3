//! 政策文件: its page, and the original text attached to it.

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, Path, Query as Parameters, State};
use axum::response::{IntoResponse, Redirect, Response};
use zhida_platform::files::{Download, FileRecord, State as FileState};
use zhida_platform::format::{count, date_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html, Page, PageError, Pager};

use crate::attachments::ORIGINAL;
use crate::error::Error;
use crate::model::{PolicyDocument, region_name};
use crate::pages::{After, App, Line, PAGE, line, paragraphs};
use crate::query::Query;
use crate::rights::EDIT;
use crate::service::Policies;

/// What a form has around its file.
const FORM_BYTES: usize = 64 << 10;

/// Bodies of uploads: the file at its largest, and the form around it.
pub(crate) fn upload_limit() -> DefaultBodyLimit {
    let bytes = usize::try_from(ORIGINAL.bytes_max).unwrap_or(usize::MAX);
    DefaultBodyLimit::max(bytes.saturating_add(FORM_BYTES))
}

#[derive(Template)]
#[template(path = "policies/document.html")]
struct DocumentPage {
    page: Page,
    rows: Vec<(&'static str, String)>,
    source_url: String,
    checked: String,
    paragraphs: Vec<String>,
    items: Vec<Line>,
    pager: Pager,
    files: Vec<FileLine>,
    /// The address that takes files, for editors.
    attach: String,
    accept: String,
    kinds: &'static str,
    errors: FormErrors,
}

/// An attached file.
struct FileLine {
    href: String,
    name: String,
    kind: &'static str,
    size: String,
    digest: String,
    /// What is known of it, when that is worth saying; and its tone.
    state: &'static str,
    tone: &'static str,
    reason: String,
    readable: bool,
}

impl FileLine {
    fn new(file: FileRecord, document: &str, editor: bool) -> Self {
        let held = file.state.is_quarantined();
        let broken = matches!(file.state, FileState::Infected | FileState::Damaged);
        Self {
            href: format!("/policies/documents/{document}/files/{}", file.id),
            kind: file.kind().map_or("文件", |kind| kind.label()),
            size: size(file.bytes),
            // the public needs no word of what it can read
            state: if editor { file.state.word() } else { "" },
            tone: match (broken, held) {
                (true, _) => "red",
                (_, true) => "yellow",
                (false, false) => "grey",
            },
            reason: if editor { file.reason } else { String::new() },
            readable: !held && !broken,
            name: file.name,
            digest: file.digest,
        }
    }
}

/// Kilobytes, rounded up.
fn size(bytes: i64) -> String {
    format!("{} KB", count(bytes.unsigned_abs().div_ceil(1_024)))
}

/// 政策文件
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Parameters(after): Parameters<After>,
) -> Result<Response, PageError> {
    let page = document(&app, &frame, id, after, FormErrors::none()).await?;
    Ok(Html(page).into_response())
}

async fn document(
    app: &App,
    frame: &Frame,
    id: String,
    after: After,
    errors: FormErrors,
) -> Result<DocumentPage, PageError> {
    let policies = &app.policies;
    let editor = frame.viewer.may(EDIT);
    let document = policies.document(&id).await.map_err(Problem::from)?;
    let query = Query {
        document: Some(document.id.clone()),
        ..Query::default()
    };
    let request = PageRequest {
        after: after.after,
        limit: PAGE,
    }
    .checked(PAGE)?;
    let total = policies.count(&query).await.map_err(Problem::from)?;
    if total == 0 && !editor {
        return Err(Problem::from(Error::NoDocument(id)).into());
    }
    let found = policies
        .list(&query, &request)
        .await
        .map_err(Problem::from)?;
    let address = format!("/policies/documents/{}", document.id);
    let pager = Pager {
        summary: format!("共 {} 个事项，本页 {} 个", count(total), found.items.len()),
        first: request
            .after
            .as_ref()
            .map_or_else(String::new, |_| address.clone()),
        next: found
            .next
            .map_or_else(String::new, |next| format!("{address}?after={next}")),
    };
    let files = app.attachments.of(&frame.viewer, &document.id).await;
    let files = files.map_err(Problem::from)?;
    let page = frame
        .page(document.title.clone())
        .lead(format!("{} 发布", document.issuer))
        .active("/policies")
        .crumb("惠企政策库", "/policies");
    Ok(DocumentPage {
        page,
        rows: document_rows(&document, policies),
        source_url: document.source_url.clone(),
        checked: document.checked_on.map(date_zh).unwrap_or_default(),
        paragraphs: paragraphs(&document.text),
        items: found.items.iter().map(|row| line(policies, row)).collect(),
        pager,
        files: files
            .into_iter()
            .map(|file| FileLine::new(file, &document.id, editor))
            .collect(),
        attach: match editor {
            true => format!("{address}/files"),
            false => String::new(),
        },
        accept: ORIGINAL.accept(),
        kinds: "PDF、OFD、Word、Excel、PPT 或图片，每个最多 50 MB",
        errors,
    })
}

/// 上传附件
pub(crate) async fn attach(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Response, PageError> {
    frame.viewer.need(EDIT)?;
    let Err(problem) = take(&app, &frame, &id, form).await else {
        return Ok(to_files(&id));
    };
    // what is wrong with the file is said at its field; anything else is no fault of the form
    if problem.status.is_server_error() || problem.code == "not-found" {
        return Err(problem.into());
    }
    let mut errors = FormErrors::none();
    errors.add("file", problem.detail);
    let after = After { after: None };
    let page = document(&app, &frame, id, after, errors).await?;
    Ok((problem.status, Html(page)).into_response())
}

async fn take(app: &App, frame: &Frame, id: &str, mut form: Multipart) -> Result<(), Problem> {
    let broken = |_| Problem::bad_input("上传中断或格式有误，请重新选择文件上传");
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.file_name().unwrap_or_default().to_owned();
        if field.name() == Some("file") && !name.is_empty() {
            let attached = app
                .attachments
                .attach(&frame.viewer, id, &name, field)
                .await;
            return attached.map(|_| ()).map_err(Problem::from);
        }
    }
    Err(Problem::bad_input("请选择要上传的文件"))
}

/// 下载附件
pub(crate) async fn download(
    State(app): State<App>,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let opened = app.attachments.open(&frame.viewer, &id, &file).await;
    Ok(opened.map_err(Problem::from)?)
}

/// 移除附件
pub(crate) async fn detach(
    State(app): State<App>,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let removed = app.attachments.detach(&frame.viewer, &id, &file).await;
    removed.map_err(Problem::from)?;
    Ok(to_files(&id))
}

fn to_files(id: &str) -> Response {
    Redirect::to(&format!("/policies/documents/{id}#files")).into_response()
}

fn document_rows(document: &PolicyDocument, policies: &Policies) -> Vec<(&'static str, String)> {
    let day = |day: Option<chrono::NaiveDate>| day.map(date_zh).unwrap_or_default();
    vec![
        ("发文字号", document.doc_no.clone()),
        ("发布机构", document.issuer.clone()),
        ("发布层级", document.level.word().to_owned()),
        ("区域", region_name(&document.region)),
        ("发布日期", day(document.published_on)),
        ("施行日期", day(document.effective_from)),
        ("有效期至", day(document.effective_until)),
        (
            "时效",
            document.validity(policies.today()).word().to_owned(),
        ),
        ("来源", document.source_quality.word().to_owned()),
    ]
}
