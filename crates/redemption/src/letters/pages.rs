//! 核验 for everybody; the letter itself for those who may see its case.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zhida_letters::{Block, CheckCode, Letter};
use zhida_platform::files::Download;
use zhida_platform::format::{date_zh, money_fen};
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html, Page, PageError};

use super::model::LetterState;
use super::{Letters, Verification};

/// Where anybody checks a letter.
pub(crate) const VERIFY: &str = "/verify";
/// The letters of those who may see the case.
pub(crate) const LETTERS: &str = "/redemption/letters";

/// Bytes of a file to be compared at most: letters have some tens of kilobytes.
const FILE_BYTES_MAX: usize = 10 << 20;

type App = State<Arc<Letters>>;
type Answer = Result<Response, PageError>;

pub(crate) fn routes(letters: Arc<Letters>) -> Router {
    Router::new()
        .route("/verify", get(ask))
        .route("/verify/{code}", get(verify).post(compare))
        .route("/redemption/letters/{id}", get(show))
        .route("/redemption/letters/{id}/pdf", get(pdf))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX + (1 << 16)))
        .with_state(letters)
}

#[derive(Template)]
#[template(path = "redemption/letters/ask.html")]
struct AskPage {
    page: Page,
    errors: FormErrors,
    code: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    code: String,
}

fn ask_page(frame: &Frame, code: &str, error: Option<String>) -> AskPage {
    let mut errors = FormErrors::none();
    if let Some(error) = error {
        errors.add("code", error);
    }
    AskPage {
        page: frame
            .page("核验决定书")
            .lead("输入决定书上的校验码，核对它的内容，以及它是否仍然有效。不用登录。"),
        errors,
        code: code.to_owned(),
    }
}

/// 核验决定书
async fn ask(frame: Frame, Query(asked): Query<Asked>) -> Answer {
    if asked.code.trim().is_empty() {
        return Ok(Html(ask_page(&frame, "", None)).into_response());
    }
    Ok(match asked.code.parse::<CheckCode>() {
        Ok(code) => Redirect::to(&format!("{VERIFY}/{}", code.plain())).into_response(),
        Err(error) => {
            let page = ask_page(&frame, &asked.code, Some(error.to_string()));
            (StatusCode::BAD_REQUEST, Html(page)).into_response()
        }
    })
}

#[derive(Template)]
#[template(path = "redemption/letters/verify.html")]
struct VerifyPage {
    page: Page,
    errors: FormErrors,
    action: String,
    /// 有效 and the like with its tone.
    state: (&'static str, &'static str),
    state_words: String,
    is_intact: bool,
    rows: Vec<(&'static str, String)>,
    /// What comparing a file has shown: tone, title, sentence.
    compared: Option<(&'static str, &'static str, &'static str)>,
}

fn verify_page(frame: &Frame, found: Verification) -> VerifyPage {
    let tone = match found.state {
        LetterState::InForce => "green",
        LetterState::Replaced => "yellow",
        LetterState::Revoked => "red",
    };
    let amount = found.fen.map(money_fen).unwrap_or_default();
    let mut rows = vec![
        ("文书", found.title),
        ("编号", found.number),
        ("企业", found.enterprise_name),
        ("事项", found.item_name),
        ("核定金额", amount),
        ("决定日期", date_zh(found.decided_on)),
        ("签发单位", found.organisation),
        ("校验码", found.code.clone()),
    ];
    rows.retain(|(_, value)| !value.is_empty());
    VerifyPage {
        page: frame
            .page("核验结果")
            .lead("这里显示的是签发时存档的内容。请与手里的决定书逐项核对。")
            .crumb("核验决定书", VERIFY),
        errors: FormErrors::none(),
        action: format!("{VERIFY}/{}", found.code.replace('-', "")),
        state: (found.state.word(), tone),
        state_words: found.state_words,
        is_intact: found.is_intact,
        rows,
        compared: None,
    }
}

/// A page for a code that is none, or that no letter has.
fn refused(frame: &Frame, status: StatusCode, code: &str, why: String) -> Response {
    (status, Html(ask_page(frame, code, Some(why)))).into_response()
}

async fn found(
    letters: &Letters,
    frame: &Frame,
    code: &str,
) -> Result<Result<(CheckCode, VerifyPage), Response>, PageError> {
    let read = match code.parse::<CheckCode>() {
        Ok(read) => read,
        Err(error) => {
            return Ok(Err(refused(
                frame,
                StatusCode::BAD_REQUEST,
                code,
                error.to_string(),
            )));
        }
    };
    let verified = letters.verify(&read).await.map_err(Problem::from)?;
    Ok(verified.map(|verified| (read, verify_page(frame, verified))).ok_or_else(|| {
        let why = "没有这个校验码的决定书。请对照文书再输入一次；如果仍然查不到，这份文书不是由本平台签发的";
        refused(frame, StatusCode::NOT_FOUND, code, why.to_owned())
    }))
}

/// 核验结果
async fn verify(State(letters): App, frame: Frame, Path(code): Path<String>) -> Answer {
    Ok(match found(&letters, &frame, &code).await? {
        Ok((_, page)) => Html(page).into_response(),
        Err(refused) => refused,
    })
}

/// 比对文件
async fn compare(
    State(letters): App,
    frame: Frame,
    Path(code): Path<String>,
    form: Multipart,
) -> Answer {
    let (code, mut page) = match found(&letters, &frame, &code).await? {
        Ok(found) => found,
        Err(refused) => return Ok(refused),
    };
    match digest_of_file(form).await {
        Ok(digest) => {
            let same = letters
                .is_issued_file(&code, &digest)
                .await
                .map_err(Problem::from)?;
            page.compared = Some(match same {
                Some(true) => (
                    "success",
                    "文件与签发的完全一致",
                    "每一个字节都相同，没有改动过。",
                ),
                Some(false) => (
                    "error",
                    "文件与签发的不一致",
                    "它被改动过、重新保存过，或者不是这一份。请以本页显示的内容为准。",
                ),
                None => (
                    "warning",
                    "无法比对",
                    "这份决定书还没有在本平台生成过 PDF 文件，您手里的文件不是由本平台生成的。",
                ),
            });
            Ok(Html(page).into_response())
        }
        Err(problem) => {
            page.errors.add("file", problem.detail);
            Ok((problem.status, Html(page)).into_response())
        }
    }
}

/// SHA-256 of the uploaded file, read piece by piece and not kept.
async fn digest_of_file(mut form: Multipart) -> Result<String, Problem> {
    use std::fmt::Write as _;
    let broken = |_| Problem::bad_input("上传中断，或文件超过 10 MB，请重新选择文件");
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") || field.file_name().is_none_or(str::is_empty) {
            continue;
        }
        let mut hasher = Sha256::new();
        while let Some(piece) = field.chunk().await.map_err(broken)? {
            hasher.update(&piece);
        }
        let digest = hasher.finalize();
        return Ok(digest.iter().fold(String::new(), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        }));
    }
    Err(Problem::bad_input("请选择要比对的 PDF 文件"))
}

#[derive(Template)]
#[template(path = "redemption/letters/show.html")]
struct ShowPage {
    page: Page,
    letter: Letter,
    pdf: String,
    verify: String,
    state: &'static str,
    is_in_force: bool,
    is_intact: bool,
}

/// 决定书
async fn show(State(letters): App, frame: Frame, Path(id): Path<String>) -> Answer {
    let kept = letters
        .letter(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    let page = frame
        .page(kept.letter.title.clone())
        .lead(kept.number.clone());
    Ok(Html(ShowPage {
        page,
        pdf: format!("{LETTERS}/{id}/pdf"),
        verify: format!("{VERIFY}/{}", kept.code),
        state: kept.state.word(),
        is_in_force: kept.state == LetterState::InForce,
        is_intact: kept.is_intact,
        letter: kept.letter,
    })
    .into_response())
}

/// 决定书的 PDF
async fn pdf(
    State(letters): App,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Download, PageError> {
    let opened = letters.pdf(&frame.viewer, &id).await;
    Ok(opened.map_err(Problem::from)?)
}
