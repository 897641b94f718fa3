//! Pages of the enterprise: its cases, applying, the status of a case.

mod form;
mod mine;
pub(crate) mod status;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use zhida_funds::PayeeForm;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html, Page};

use super::file::Ready;
use crate::cases::Confirmed;
use crate::error::Error;
use crate::fields::Fields;
use crate::judgement::Judgement;
use crate::pages::{Answer, MINE, case_address, to};
use crate::rights::READ;
use crate::service::Redemption;

use status::{Written, status_page};

/// Bodies of forms with files: the largest file that a form may ask for, and the form around it.
const UPLOAD_BYTES_MAX: usize = 101 << 20;

pub(crate) fn routes(app: Arc<Redemption>) -> Router {
    let uploads = DefaultBodyLimit::max(UPLOAD_BYTES_MAX);
    Router::new()
        .route("/redemption", get(mine::mine))
        .route("/redemption/apply/{item}", get(apply).post(apply_at_once))
        .route(
            "/redemption/apply/{item}/form",
            get(form::form).post(form::submit_form).layer(uploads),
        )
        .route(
            "/redemption/apply/{item}/files/{file}",
            get(form::apply_file),
        )
        .route("/redemption/cases/{id}", get(status::status))
        .route("/redemption/cases/{id}/files/{file}", get(form::case_file))
        .route("/redemption/cases/{id}/confirm", post(confirm))
        .route("/redemption/cases/{id}/decline", post(decline))
        .route("/redemption/cases/{id}/withdraw", post(withdraw))
        .route(
            "/redemption/cases/{id}/complete",
            get(form::completion).post(form::complete).layer(uploads),
        )
        .route("/redemption/cases/{id}/rating", post(rate))
        .route("/redemption/cases/{id}/part", post(next_part))
        .with_state(app)
}

/// The account's fields.
#[derive(Default)]
pub(crate) struct PayeeFields {
    holder: String,
    bank: String,
    cnaps: String,
    account: String,
}

impl PayeeFields {
    fn of(fields: &Fields) -> Self {
        let text = |name| fields.get(name).to_owned();
        Self {
            holder: text("holder"),
            bank: text("bank"),
            cnaps: text("cnaps"),
            account: text("account"),
        }
    }

    fn given(&self) -> Option<PayeeForm> {
        let Self {
            holder,
            bank,
            cnaps,
            account,
        } = self;
        let is_empty = [bank, cnaps, account].iter().all(|text| text.is_empty());
        (!is_empty).then(|| PayeeForm {
            holder: holder.clone(),
            bank: bank.clone(),
            cnaps: cnaps.clone(),
            account: account.clone(),
        })
    }
}

#[derive(Template)]
#[template(path = "redemption/apply.html")]
struct ApplyPage {
    page: Page,
    errors: FormErrors,
    item: String,
    item_name: String,
    route: String,
    judgement: Judgement,
    /// Why it cannot be applied for; empty when it can.
    bars: String,
    /// It is the facts that stand against it.
    is_judged: bool,
    enterprise: String,
    /// The case that there is already.
    holder: String,
    has_form: bool,
    asks_payee: bool,
    known_payee: String,
    payee: PayeeFields,
}

/// 申请
async fn apply(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
) -> Answer {
    let ready = app.prepare(&frame.viewer, &item).await?;
    let payee = PayeeFields {
        holder: ready.enterprise.name.clone(),
        ..PayeeFields::default()
    };
    Ok(Html(apply_page(&frame, &ready, payee, FormErrors::none())).into_response())
}

fn apply_page(frame: &Frame, ready: &Ready, payee: PayeeFields, errors: FormErrors) -> ApplyPage {
    let item = &ready.item;
    ApplyPage {
        page: frame
            .page(format!("申请：{}", item.name))
            .active(MINE)
            .crumb("我的兑付", MINE)
            .crumb(item.name.clone(), format!("/policies/{}", item.id)),
        errors,
        item: item.id.clone(),
        item_name: item.name.clone(),
        route: ready.scheme.scheme.route_words(),
        bars: ready.bars().or(ready.overlap.clone()).unwrap_or_default(),
        is_judged: ready.judgement.bars(&ready.scheme.scheme).is_some(),
        enterprise: ready.enterprise.code.clone(),
        judgement: ready.judgement.clone(),
        holder: ready.holder.clone().unwrap_or_default(),
        has_form: ready.form.is_some(),
        asks_payee: ready.asks_payee(),
        known_payee: ready
            .payee
            .as_ref()
            .map(|payee| format!("{}，尾号 {}", payee.bank, payee.last_four))
            .unwrap_or_default(),
        payee,
    }
}

/// 即申即享：一次提交
async fn apply_at_once(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
    fields: Fields,
) -> Answer {
    let viewer = &frame.viewer;
    let ready = app.prepare(viewer, &item).await?;
    if ready.form.is_some() {
        return Ok(to(&format!("/redemption/apply/{}/form", ready.item.id)));
    }
    // sent twice: the case that is there is the answer
    if let Some(case) = &ready.holder {
        return Ok(to(&case_address(case)));
    }
    let payee = PayeeFields::of(&fields);
    let given = payee.given();
    match app.file(viewer, &ready, given.as_ref(), None).await {
        Ok(case) => Ok(to(&case_address(&case))),
        Err(error) => match with_fields(error) {
            Ok(errors) => {
                let page = apply_page(&frame, &ready, payee, errors);
                Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
            }
            Err(error) => again(&app, viewer, &item, *error).await,
        },
    }
}

/// The mistakes at their fields; an error without any goes on.
fn with_fields(error: Error) -> Result<FormErrors, Box<Error>> {
    match error {
        Error::Field { .. } => Ok(Problem::from(error).fields.into()),
        Error::Problem(problem) if !problem.fields.is_empty() => Ok(problem.fields.into()),
        other => Err(Box::new(other)),
    }
}

/// Two presses at once: the slower is shown the case of the faster.
async fn again(app: &Redemption, viewer: &Viewer, item: &str, error: Error) -> Answer {
    if matches!(error, Error::Already(_))
        && let Some(case) = app.prepare(viewer, item).await?.holder
    {
        return Ok(to(&case_address(&case)));
    }
    Err(error.into())
}

/// 确认领取
async fn confirm(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let payee = PayeeFields::of(&fields);
    let given = payee.given();
    match app.confirm(&frame.viewer, &id, given.as_ref()).await {
        Ok(Confirmed::Yes) => Ok(to(&case_address(&id))),
        Ok(Confirmed::NoLonger(reason)) => {
            let words = format!("不能确认，已按“不再符合”办结：{reason}。有疑问请联系责任部门");
            Err(Error::NotEligible(words).into())
        }
        Err(error) => match with_fields(error) {
            Ok(errors) => {
                let view = app.case(&frame.viewer, READ, &id).await?;
                let page = status_page(&app, &frame, &view, Written::payee(payee), errors).await?;
                Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
            }
            Err(error) => Err((*error).into()),
        },
    }
}

/// 放弃
async fn decline(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    app.decline(&frame.viewer, &id, fields.get("reason"))
        .await?;
    Ok(to(&case_address(&id)))
}

/// 撤回
async fn withdraw(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    app.withdraw(&frame.viewer, &id, fields.get("reason"))
        .await?;
    Ok(to(&case_address(&id)))
}

/// 评价
async fn rate(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let grade = fields.get("grade").parse().unwrap_or(0);
    app.rate(&frame.viewer, &id, grade, fields.get("words"))
        .await?;
    Ok(to(&case_address(&id)))
}

/// 拨付下一期、清算
async fn next_part(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let viewer = &frame.viewer;
    let done = match yuan(fields.get("total")) {
        Ok(total) => app.pay_next_part(viewer, &id, total).await,
        Err(error) => Err(error),
    };
    match done.map_err(with_fields) {
        Ok(()) => Ok(to(&case_address(&id))),
        Err(Ok(errors)) => {
            let view = app.case(viewer, READ, &id).await?;
            let page = status_page(&app, &frame, &view, Written::default(), errors).await?;
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
        Err(Err(error)) => Err((*error).into()),
    }
}

/// Yuan with at most two decimals, in fen; nothing when nothing is written.
fn yuan(text: &str) -> Result<Option<i64>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        Error::field(
            "total",
            "请写以元为单位的金额，最多两位小数，例如 125000.00",
        )
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<2}").replace(',', "");
    let is_number = !whole.is_empty()
        && fraction.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let fen = is_number.then(|| digits.parse().ok()).flatten();
    fen.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::yuan;

    #[test]
    fn amounts_are_read_to_the_fen() {
        for (text, fen) in [("1", 100), ("1.5", 150), ("1,000.05", 100_005), ("0", 0)] {
            assert_eq!(yuan(text).expect("a number"), Some(fen), "{text}");
        }
        assert_eq!(yuan("").expect("nothing"), None);
        for text in ["1.234", "-1", "一万", ".5", "1e3"] {
            assert!(yuan(text).is_err(), "{text}");
        }
    }
}
