//! The page on which money is demanded back.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use zhida_funds::parse_yuan;
use zhida_platform::format::money_fen;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page};

use super::cause::causes;
use super::form::{DAYS, Extent, ToClawBack};
use super::service::{RecoveryLine, bar};
use crate::cases::CaseView;
use crate::desk::DESK;
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, case_address, to};
use crate::rights::DECIDE;
use crate::service::Redemption;

pub(crate) fn routes(app: Arc<Redemption>) -> Router {
    Router::new()
        .route("/redemption/cases/{id}/recovery", get(ask).post(claw_back))
        .with_state(app)
}

#[derive(Template)]
#[template(path = "redemption/clawback.html")]
struct ClawbackPage {
    page: Page,
    errors: FormErrors,
    action: String,
    enterprise: String,
    item: String,
    number: i64,
    paid: String,
    left: String,
    /// Why nothing can be demanded back; empty when it can.
    bar: String,
    /// The item's own words on when money is taken back.
    clause: String,
    causes: Vec<Choice>,
    extents: Vec<Choice>,
    typed: Fields,
    days: String,
    lines: Vec<RecoveryLine>,
}

/// 追回资金
async fn ask(State(app): State<Arc<Redemption>>, frame: Frame, Path(id): Path<String>) -> Answer {
    let view = app.case(&frame.viewer, DECIDE, &id).await?;
    app.record_look(&frame.viewer, &view, false).await?;
    let page = made(&app, &frame, &view, Fields::default(), FormErrors::none()).await?;
    Ok(Html(page).into_response())
}

async fn made(
    app: &Redemption,
    frame: &Frame,
    view: &CaseView,
    typed: Fields,
    errors: FormErrors,
) -> Result<ClawbackPage, Error> {
    let record = &view.record;
    let left = app.reclaimable(app.db.conn(), &record.case_id).await?;
    let item = app.revised(&record.item, record.item_revision).await?;
    let bar = match bar(view) {
        Some(why) => why,
        None if left <= 0 => "已拨付的资金已经全部要求退回",
        None => "",
    };
    let causes = causes().iter().map(|cause| {
        let basis = match cause.basis.is_empty() {
            true => String::new(),
            false => format!("可以引用{}。", cause.basis),
        };
        Choice::new(&cause.id, &cause.name, typed.get("cause"))
            .hint(format!("{}{basis}", cause.hint))
    });
    let extents = Extent::ALL
        .iter()
        .map(|one| Choice::new(one.slug(), one.word(), typed.get("extent")));
    Ok(ClawbackPage {
        page: frame
            .page("追回资金")
            .lead(view.loaded.head.title.clone())
            .active(DESK)
            .crumb("兑付办件", DESK)
            .crumb(
                view.loaded.head.number.clone(),
                format!("{DESK}/{}", record.case_id),
            )
            .office(),
        errors,
        action: format!("{}/recovery", case_address(&record.case_id)),
        enterprise: record.enterprise_name.clone(),
        item: record.item_name.clone(),
        number: app.clawbacks(&record.case_id).await? + 1,
        paid: money_fen(record.paid_fen),
        left: money_fen(left),
        bar: bar.to_owned(),
        clause: item.elements.clawback.clone(),
        causes: causes.collect(),
        extents: extents.collect(),
        days: match typed.get("days") {
            "" => DAYS.to_string(),
            days => days.to_owned(),
        },
        typed,
        lines: app.recovery_lines(&record.case_id).await?,
    })
}

/// 要求退回
async fn claw_back(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let done = match read(&fields) {
        Ok(asked) => app.claw_back(&frame.viewer, &id, &asked).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(to(&format!("{DESK}/{id}"))),
        Err(error @ Error::Field { .. }) => {
            let view = app.case(&frame.viewer, DECIDE, &id).await?;
            let errors = Problem::from(error).fields.into();
            let page = made(&app, &frame, &view, fields, errors).await?;
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn read(fields: &Fields) -> Result<ToClawBack, Error> {
    let extent = Extent::parse(fields.get("extent"));
    let amount = fields.get("amount");
    let fen = match amount {
        "" => None,
        text => Some(parse_yuan(text).ok_or_else(|| {
            Error::field(
                "amount",
                format!("“{text}”不是金额，请写元，最多两位小数，例如 50000.00"),
            )
        })?),
    };
    Ok(ToClawBack {
        number: fields.get("number").parse().unwrap_or_default(),
        cause: fields.get("cause").to_owned(),
        extent: extent.ok_or_else(|| Error::field("extent", "请选择追回多少"))?,
        fen,
        reason: fields.get("reason").to_owned(),
        basis: fields.get("basis").to_owned(),
        days: fields.get("days").parse().unwrap_or_default(),
    })
}
