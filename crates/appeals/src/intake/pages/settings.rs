//! 登记设置.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, Tone};

use super::{CODES, SETTINGS, with_fields};
use crate::intake::settings::IntakeSettings;
use crate::pages::{Answer, to};
use crate::rights::SETUP;
use crate::service::Appeals;

#[derive(Template)]
#[template(path = "appeals/intake/settings.html")]
struct SettingsPage {
    page: Page,
    errors: FormErrors,
    revision: i64,
    /// Name, label, value, unit of each number.
    numbers: Vec<(&'static str, &'static str, String, &'static str)>,
    anonymous: Vec<Choice>,
    jurisdiction: String,
    hotline: String,
}

const NUMBERS: [(&str, &str, &str); 6] = [
    ("text_max", "正文最多", "字"),
    ("files_max", "一件的附件最多", "个"),
    ("repeat_minutes", "同一来源的相同内容算一件，在", "分钟内"),
    ("account_day_max", "一个账号 24 小时内最多", "件"),
    ("code_ten_minutes_max", "一个二维码 10 分钟内最多", "件"),
    (
        "address_ten_minutes_max",
        "不登录的，同一网络地址 10 分钟内最多",
        "件",
    ),
];

fn shown(settings: &IntakeSettings) -> Fields {
    let mut fields = Fields::default();
    for (allowed, value) in [
        (settings.anonymous_page, "page"),
        (settings.anonymous_codes, "codes"),
    ] {
        if allowed {
            fields.put("anonymous", value);
        }
    }
    for (name, value) in [
        ("text_max", settings.text_max),
        ("files_max", settings.files_max),
        ("repeat_minutes", settings.repeat_minutes),
        ("account_day_max", settings.account_day_max),
        ("code_ten_minutes_max", settings.code_ten_minutes_max),
        ("address_ten_minutes_max", settings.address_ten_minutes_max),
    ] {
        fields.put(name, value.to_string());
    }
    fields.put("jurisdiction", settings.jurisdiction.as_str());
    fields.put("hotline", settings.hotline.as_str());
    fields
}

/// What was sent; what is no number is out of every bound.
fn read(fields: &Fields) -> IntakeSettings {
    let number = |name: &str| fields.get(name).parse().unwrap_or(u32::MAX);
    let allowed = |value: &str| fields.all("anonymous").any(|one| one == value);
    IntakeSettings {
        anonymous_page: allowed("page"),
        anonymous_codes: allowed("codes"),
        text_max: number("text_max"),
        files_max: number("files_max"),
        repeat_minutes: number("repeat_minutes"),
        account_day_max: number("account_day_max"),
        code_ten_minutes_max: number("code_ten_minutes_max"),
        address_ten_minutes_max: number("address_ten_minutes_max"),
        jurisdiction: fields.get("jurisdiction").to_owned(),
        hotline: fields.get("hotline").to_owned(),
    }
}

fn page(frame: &Frame, fields: &Fields, revision: i64, errors: FormErrors) -> SettingsPage {
    let choice = |value: &str, label: &str| {
        let chosen = fields.all("anonymous").any(|one| one == value);
        Choice::new(value, label, if chosen { value } else { "" })
    };
    SettingsPage {
        page: frame
            .page("诉求登记设置")
            .active(SETTINGS)
            .crumb("二维码", CODES)
            .office(),
        errors,
        revision,
        numbers: NUMBERS
            .into_iter()
            .map(|(name, label, unit)| (name, label, fields.get(name).to_owned(), unit))
            .collect(),
        anonymous: vec![
            choice("page", "网页可以不登录提诉求"),
            choice("codes", "扫二维码可以不登录提诉求"),
        ],
        jurisdiction: fields.get("jurisdiction").to_owned(),
        hotline: fields.get("hotline").to_owned(),
    }
}

/// 登记设置
pub(super) async fn form(State(app): State<Arc<Appeals>>, frame: Frame) -> Answer {
    frame.viewer.need(SETUP)?;
    let (settings, revision) = app.intake_settings().await?;
    let shown = shown(&settings);
    let mut answer = page(&frame, &shown, revision, FormErrors::none());
    if app.rules().await?.rules.place.is_empty() {
        let words = "诉求时限里还没有填本市的区划代码：没有写明地点的诉求不知道归哪里，网页上也不能选区县。";
        answer.page = answer.page.notice(Tone::Warning, words);
    }
    Ok(Html(answer).into_response())
}

/// 保存登记设置
pub(super) async fn save(State(app): State<Arc<Appeals>>, frame: Frame, fields: Fields) -> Answer {
    let seen = fields.get("revision").parse().unwrap_or(-1);
    let settings = read(&fields);
    match app
        .set_intake_settings(&frame.viewer, &settings, seen)
        .await
    {
        Ok(()) => Ok(to(SETTINGS)),
        Err(error) => {
            let errors = with_fields(error).map_err(|error| *error)?;
            let page = page(&frame, &fields, seen, errors);
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
    }
}
