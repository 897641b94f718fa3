//! 二维码: the list, a new one, and the sheet that is printed.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use zhida_letters::{Block, CheckCode, Letter};
use zhida_platform::format::count;
use zhida_platform::problem::Problem;
use zhida_standards::division;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, Tone, places};

use super::{CODES, SETTINGS, site, with_fields};
use crate::error::Error;
use crate::intake::codes::{CodeKind, PlaceCode, picture};
use crate::pages::{Answer, attachment, to};
use crate::rights::SETUP;
use crate::service::Appeals;

type App = State<Arc<Appeals>>;

#[derive(Template)]
#[template(path = "appeals/intake/codes.html")]
struct CodesPage {
    page: Page,
    errors: FormErrors,
    rows: Vec<Row>,
    total: String,
    fields: Fields,
    kinds: Vec<Choice>,
    places: Vec<String>,
    settings: &'static str,
}

struct Row {
    code: PlaceCode,
    place: String,
    appeals: String,
}

impl Row {
    fn of(code: PlaceCode) -> Self {
        Self {
            place: division::full_name(&code.place).unwrap_or_default(),
            appeals: count(code.appeals.unsigned_abs()),
            code,
        }
    }
}

async fn page(
    app: &Appeals,
    frame: &Frame,
    fields: Fields,
    errors: FormErrors,
) -> Result<CodesPage, Error> {
    let codes = app.place_codes(&frame.viewer).await?;
    let kind = |kind: &CodeKind| Choice::new(kind.slug(), kind.word(), fields.get("kind"));
    Ok(CodesPage {
        page: frame
            .page("诉求二维码")
            .active(CODES)
            .office()
            .lead("贴在园区、窗口、企业，扫码就能提诉求。二维码只说明地点，不记录扫码的人。"),
        errors,
        total: format!("共 {} 个", count(codes.len() as u64)),
        kinds: CodeKind::ALL.iter().map(kind).collect(),
        places: places::names_within(&app.rules().await?.rules.place),
        rows: codes.into_iter().map(Row::of).collect(),
        fields,
        settings: SETTINGS,
    })
}

/// 二维码
pub(super) async fn list(State(app): App, frame: Frame) -> Answer {
    let page = page(&app, &frame, Fields::default(), FormErrors::none()).await?;
    Ok(Html(page).into_response())
}

/// 新建二维码
pub(super) async fn make(State(app): App, frame: Frame, fields: Fields) -> Answer {
    match app.make_code(&frame.viewer, &fields).await {
        Ok(code) => Ok(to(&format!("{CODES}/{}", code.id))),
        Err(error) => {
            let errors = with_fields(error).map_err(|error| *error)?;
            let page = page(&app, &frame, fields, errors).await?;
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
    }
}

/// 停用二维码
pub(super) async fn end(State(app): App, frame: Frame, Path(id): Path<String>) -> Answer {
    app.end_code(&frame.viewer, &id).await?;
    Ok(to(CODES))
}

#[derive(Template)]
#[template(path = "appeals/intake/sheet.html")]
struct SheetPage {
    page: Page,
    name: String,
    picture: String,
    address: String,
    id: String,
    typed: String,
    hotline: String,
}

/// 一张可以打印的 A4 纸
pub(super) async fn sheet(
    State(app): App,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    frame.viewer.need(SETUP)?;
    let code = app.place_code(&id).await?;
    let (settings, _) = app.intake_settings().await?;
    let address = code.address(&site(&app, &headers));
    let mut page = frame
        .page("您码上说，我马上办")
        .active(CODES)
        .crumb("诉求二维码", CODES);
    // the sheet hangs in public: who printed it does not stand on it
    page.viewer_banner.clear();
    if app.site.is_empty() {
        let words = "还没有设置本站的网址（messages.site_url），二维码按您现在打开的地址生成；正式张贴前请先设置。";
        page = page.notice(Tone::Warning, words);
    }
    let sheet = SheetPage {
        page,
        picture: picture(&address)?,
        typed: code
            .id
            .parse::<CheckCode>()
            .map(|id| id.to_string())
            .unwrap_or_default(),
        id: code.id,
        name: code.name,
        address,
        hotline: settings.hotline,
    };
    Ok(Html(sheet).into_response())
}

/// 同一张纸的 PDF
pub(super) async fn sheet_pdf(
    State(app): App,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    frame.viewer.need(SETUP)?;
    let code = app.place_code(&id).await?;
    let (settings, _) = app.intake_settings().await?;
    let address = code.address(&site(&app, &headers));
    let typed = code.id.parse::<CheckCode>().map(|id| id.to_string());
    let mut blocks = vec![
        Block::Paragraph(
            "用手机扫一扫，说说您遇到的困难。可以打字、拍照、录像、录音，不用注册。".to_owned(),
        ),
        Block::Code(address.clone()),
        Block::Paragraph(format!("地点：{}", code.name)),
        Block::Paragraph(format!("网址：{address}")),
        Block::Paragraph(format!("编号：{}", typed.unwrap_or_default())),
    ];
    if !settings.hotline.is_empty() {
        blocks.push(Block::Paragraph(format!("热线：{}", settings.hotline)));
    }
    blocks.push(Block::Paragraph(
        "提交后得到编号和校验码，随时可以查进度、评价结果。二维码只说明地点，不记录是谁扫的。"
            .to_owned(),
    ));
    let letter = Letter {
        title: "您码上说，我马上办".to_owned(),
        blocks,
        ..Letter::default()
    };
    let press = app.press.clone();
    // reading the font and setting the page are done apart from the threads that answer
    let pdf = tokio::task::spawn_blocking(move || press.pdf(&letter)).await;
    let pdf = pdf.map_err(Problem::internal)?;
    let pdf = pdf.map_err(Error::refused)?;
    Ok(attachment(
        "application/pdf",
        &format!("code-{}.pdf", code.id),
        pdf,
    ))
}
