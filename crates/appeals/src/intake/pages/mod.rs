//! Pages of intake: for everybody, for the own enterprise, for the operator, for whoever sets it up.

mod codes;
mod desk;
mod follow;
mod mine;
mod new;
mod settings;

pub(super) use new::{contact_faults, own_enterprise};

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, places};

use super::posted::upload_limit;
use crate::error::Error;
use crate::service::Appeals;
use crate::words::Confidentiality;

/// 提诉求.
pub(crate) const NEW: &str = "/appeals/new";
/// 查进度.
pub(crate) const FOLLOW: &str = "/appeals/follow";
/// 我的诉求.
pub(crate) const MINE: &str = "/appeals/mine";
/// 诉求登记, for operators.
pub(crate) const DESK: &str = "/appeals/intake";
/// 二维码.
pub(crate) const CODES: &str = "/appeals/codes";
/// 登记设置.
pub(crate) const SETTINGS: &str = "/appeals/intake/settings";

pub(super) fn routes(app: Arc<Appeals>) -> Router {
    Router::new()
        .route(
            "/appeals/new",
            get(new::form).post(new::send).layer(upload_limit()),
        )
        .route(
            "/q/{code}",
            get(new::by_code)
                .post(new::send_by_code)
                .layer(upload_limit()),
        )
        .route("/appeals/received/{code}", get(new::received))
        .route("/appeals/follow", get(follow::form).post(follow::find))
        .route("/appeals/mine", get(mine::mine))
        .route(
            "/appeals/intake",
            get(desk::form).post(desk::send).layer(upload_limit()),
        )
        .route(
            "/appeals/intake/settings",
            get(settings::form).post(settings::save),
        )
        .route("/appeals/codes", get(codes::list).post(codes::make))
        .route("/appeals/codes/{id}", get(codes::sheet))
        .route("/appeals/codes/{id}/sheet.pdf", get(codes::sheet_pdf))
        .route("/appeals/codes/{id}/end", post(codes::end))
        .with_state(app)
}

/// The address of an appeal for whoever has its check code.
pub(super) fn status_address(code: &zhida_letters::CheckCode) -> String {
    format!("/appeals/f/{}", code.plain())
}

/// The mistakes at their fields; an error without any goes on.
pub(crate) fn with_fields(error: Error) -> Result<FormErrors, Box<Error>> {
    match error {
        Error::Field { .. } => Ok(Problem::from(error).fields.into()),
        Error::Problem(problem) if !problem.fields.is_empty() => Ok(problem.fields.into()),
        other => Err(Box::new(other)),
    }
}

/// The counties to choose from; none when no city is set.
pub(super) fn place_choices(city: &str, current: &str) -> Vec<Choice> {
    let places = places::below(city);
    if places.is_empty() {
        return Vec::new();
    }
    let unknown = Choice::new("", "说不清，或全市", current);
    let places = places.into_iter();
    let choices = places.map(|(code, name)| Choice::new(code.as_str(), name, current));
    std::iter::once(unknown).chain(choices).collect()
}

pub(super) fn confidentiality_choices(current: &str) -> Vec<Choice> {
    let current = Confidentiality::parse(current).unwrap_or(Confidentiality::Normal);
    let choice = |one: Confidentiality, hint: &str| {
        Choice::new(one.slug(), one.word(), current.slug()).hint(hint)
    };
    vec![
        choice(
            Confidentiality::Normal,
            "办理的部门看得到是谁提的，方便联系",
        ),
        choice(
            Confidentiality::Concealed,
            "办理的部门看不到是谁提的，由受理人员联系",
        ),
        choice(
            Confidentiality::Secret,
            "只有主办部门和督办人员看得到这件诉求",
        ),
    ]
}

/// Where this site is reached: as configured, else as the browser reached it.
pub(super) fn site(app: &Appeals, headers: &HeaderMap) -> String {
    if !app.site.is_empty() {
        return app.site.clone();
    }
    let host = headers.get(axum::http::header::HOST);
    let host = host
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    format!("http://{host}")
}
