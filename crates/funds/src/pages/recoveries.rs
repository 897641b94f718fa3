//! 追回.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use zhida_platform::format::{date_zh, money_fen};
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html, Page, PageError, Pager, Tab};

use super::fields::Fields;
use super::{Answer, App, Asked, RECOVERIES, at_fields, office, tabs, to};
use crate::actions::MANAGE;
use crate::files::parse_yuan;
use crate::model::{Kind, Recovery};
use crate::service::Funds;

#[derive(Template)]
#[template(path = "funds/recoveries.html")]
struct RecoveriesPage {
    page: Page,
    tabs: Vec<Tab>,
    errors: FormErrors,
    may_manage: bool,
    rows: Vec<Line>,
    pager: Pager,
}

struct Line {
    id: String,
    case: String,
    enterprise: String,
    amount: String,
    repaid: String,
    written_off: String,
    left: String,
    is_open: bool,
    is_late: bool,
    due_on: String,
    reason: String,
    /// What is wrong in the row's own form.
    amount_error: String,
    reason_error: String,
}

fn line(one: &Recovery, today: chrono::NaiveDate) -> Line {
    Line {
        id: one.id.clone(),
        case: one.case_number.clone(),
        enterprise: one.enterprise_name.clone(),
        amount: money_fen(one.amount),
        repaid: money_fen(one.repaid),
        written_off: money_fen(one.written_off),
        left: money_fen(one.left()),
        is_open: one.left() > 0,
        is_late: one.left() > 0 && one.due_on < today,
        due_on: date_zh(one.due_on),
        reason: one.reason.clone(),
        amount_error: String::new(),
        reason_error: String::new(),
    }
}

/// 追回
pub(crate) async fn list(
    State(funds): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    Ok(Html(made(&funds, &frame, &asked).await?).into_response())
}

async fn made(funds: &Funds, frame: &Frame, asked: &Asked) -> Result<RecoveriesPage, PageError> {
    let found = funds.recoveries(&frame.viewer, &asked.page()?).await;
    let found = found.map_err(Problem::from)?;
    let today = funds.day();
    Ok(RecoveriesPage {
        page: office(frame, "追回").lead("限期早的在前。追回的钱缴回国库，不回到资金池。"),
        tabs: tabs(RECOVERIES),
        errors: FormErrors::none(),
        may_manage: frame.viewer.may(MANAGE),
        rows: found.items.iter().map(|one| line(one, today)).collect(),
        pager: asked.pager(RECOVERIES, String::new(), found.next),
    })
}

/// 登记追回、核销
pub(crate) async fn settle(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let kind = match fields.get("kind") {
        "write-off" => Kind::WriteOff,
        _ => Kind::Repay,
    };
    // every row has its own form
    let amount = parse_yuan(fields.get(&format!("amount-{id}"))).unwrap_or(0);
    let reason = fields.get(&format!("reason-{id}"));
    let done = funds
        .settle_recovery(&frame.viewer, &id, (kind, amount), reason)
        .await;
    match done {
        Ok(()) => Ok(to(RECOVERIES)),
        Err(error) => {
            let (status, problem) = at_fields(error.into())?;
            let mut page = made(&funds, &frame, &Asked::default()).await?;
            for field in problem.fields {
                for row in page.rows.iter_mut().filter(|row| row.id == id) {
                    let place = match field.field.as_str() {
                        "amount" => &mut row.amount_error,
                        _ => &mut row.reason_error,
                    };
                    place.clone_from(&field.message);
                }
                page.errors
                    .add(format!("{}-{id}", field.field), field.message);
            }
            Ok((status, Html(page)).into_response())
        }
    }
}
