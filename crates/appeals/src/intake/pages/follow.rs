//! 查进度: with the number and the check code, without an account.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use zhida_letters::CheckCode;
use zhida_platform::cases::read_number;
use zhida_ui::{Fields, FormErrors, Frame, Html, Page};

use super::{FOLLOW, NEW, status_address};
use crate::error::Error;
use crate::pages::{Answer, to};
use crate::service::Appeals;

#[derive(Template)]
#[template(path = "appeals/intake/follow.html")]
struct FollowPage {
    page: Page,
    errors: FormErrors,
    number: String,
    code: String,
}

fn page(frame: &Frame, fields: &Fields, errors: FormErrors) -> FollowPage {
    FollowPage {
        page: frame
            .page("查诉求进度")
            .active(FOLLOW)
            .crumb("提诉求", NEW)
            .lead("填提交时得到的编号和校验码。登录了企业账号的，在“我的诉求”里直接看。"),
        errors,
        number: fields.get("number").to_owned(),
        code: fields.get("code").to_owned(),
    }
}

/// 查进度
pub(super) async fn form(frame: Frame) -> impl IntoResponse {
    Html(page(&frame, &Fields::default(), FormErrors::none()))
}

/// 按编号和校验码查找
pub(super) async fn find(State(app): State<Arc<Appeals>>, frame: Frame, fields: Fields) -> Answer {
    match look(&app, &fields).await? {
        Ok(code) => Ok(to(&status_address(&code))),
        Err(errors) => {
            let page = page(&frame, &fields, errors);
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
    }
}

/// The code when both belong together. Nobody is told which of the two was wrong.
async fn look(app: &Appeals, fields: &Fields) -> Result<Result<CheckCode, FormErrors>, Error> {
    let mut errors = FormErrors::none();
    let number = read_number(fields.get("number"));
    let number = number.map_err(|error| errors.add("number", error.to_string()));
    let code = fields.get("code").parse::<CheckCode>();
    let code = code.map_err(|error| errors.add("code", error.to_string()));
    let (Ok(number), Ok(code)) = (number, code) else {
        return Ok(Err(errors));
    };
    let found = app.by_code(&code).await?;
    if found.is_some_and(|(_, known)| known == number) {
        return Ok(Ok(code));
    }
    errors.add("code", "编号和校验码对不上，请对照提交时的页面再填一次");
    Ok(Err(errors))
}
