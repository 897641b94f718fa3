//! 付款账户 of the treasury, 收款账户 of an enterprise.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use zhida_platform::format::{count, datetime_zh, money_fen};
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html, Page, PageError, Pager, Tab, Tone};

use super::fields::Fields;
use super::payments::{Line, line};
use super::{Answer, App, Asked, PAYEE, PAYERS, at_fields, office, tabs, to};
use crate::actions::MANAGE;
use crate::model::{KnownPayee, PayeeForm, Payer};
use crate::service::Funds;

#[derive(Template)]
#[template(path = "funds/payers.html")]
struct PayersPage {
    page: Page,
    tabs: Vec<Tab>,
    errors: FormErrors,
    may_manage: bool,
    form: PayeeForm,
    rows: Vec<Payer>,
}

fn read(fields: &Fields) -> PayeeForm {
    PayeeForm {
        holder: fields.text("holder"),
        bank: fields.text("bank"),
        cnaps: fields.text("cnaps"),
        account: fields.text("account"),
    }
}

/// 付款账户
pub(crate) async fn payers(State(funds): State<App>, frame: Frame) -> Answer {
    let page = payers_page(&funds, &frame, PayeeForm::default()).await?;
    Ok(Html(page).into_response())
}

async fn payers_page(
    funds: &Funds,
    frame: &Frame,
    form: PayeeForm,
) -> Result<PayersPage, PageError> {
    Ok(PayersPage {
        page: office(frame, "付款账户").lead("从哪个账户付钱。账号加密保存，只显示末四位。"),
        tabs: tabs(PAYERS),
        errors: FormErrors::none(),
        may_manage: frame.viewer.may(MANAGE),
        rows: funds.payers(&frame.viewer).await.map_err(Problem::from)?,
        form,
    })
}

/// 添加付款账户
pub(crate) async fn add_payer(State(funds): State<App>, frame: Frame, fields: Fields) -> Answer {
    let form = read(&fields);
    match funds.add_payer(&frame.viewer, &form).await {
        Ok(_) => Ok(to(PAYERS)),
        Err(error) => {
            let (status, problem) = at_fields(error.into())?;
            let mut page = payers_page(&funds, &frame, form).await?;
            page.errors = problem.fields.into();
            Ok((status, Html(page)).into_response())
        }
    }
}

/// 停用、启用付款账户
pub(crate) async fn switch_payer(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let on = fields.get("on") == "yes";
    let done = funds.switch_payer(&frame.viewer, &id, on).await;
    done.map_err(Problem::from)?;
    Ok(to(PAYERS))
}

#[derive(Template)]
#[template(path = "funds/payee.html")]
struct PayeePage {
    page: Page,
    errors: FormErrors,
    known: Option<Shown>,
    form: PayeeForm,
    rows: Vec<Line>,
    pager: Pager,
}

/// The account that is known.
struct Shown {
    holder: String,
    bank: String,
    cnaps: String,
    account: String,
    checked: String,
    fault: String,
    kept: String,
}

fn shown(payee: &KnownPayee) -> Shown {
    Shown {
        holder: payee.holder.clone(),
        bank: payee.bank.clone(),
        cnaps: payee.cnaps.clone(),
        account: payee.masked(),
        checked: payee.checked.clone(),
        fault: payee.fault.clone(),
        kept: datetime_zh(payee.kept_at),
    }
}

/// 收款账户和本企业的拨付
pub(crate) async fn payee(
    State(funds): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let mut page = payee_page(&funds, &frame, None, &asked).await?;
    if asked.done == "kept" {
        page.page = page
            .page
            .notice(Tone::Success, "收款账户已保存，以后拨付都付到这个账户。");
    }
    Ok(Html(page).into_response())
}

async fn payee_page(
    funds: &Funds,
    frame: &Frame,
    form: Option<PayeeForm>,
    asked: &Asked,
) -> Result<PayeePage, PageError> {
    let viewer = &frame.viewer;
    let known = funds.own_payee(viewer).await.map_err(Problem::from)?;
    let found = funds.own_payments(viewer, &asked.page()?).await;
    let ((total, amount), found) = found.map_err(Problem::from)?;
    let name = viewer.seat().map(|seat| seat.organisation_name.clone());
    let first = PayeeForm {
        holder: name.unwrap_or_default(),
        ..PayeeForm::default()
    };
    let summary = match total {
        0 => String::new(),
        _ => format!("共 {} 笔，{}", count(total), money_fen(amount)),
    };
    Ok(PayeePage {
        page: frame
            .page("收款账户")
            .active(PAYEE)
            .lead("财政资金付到哪个账户。账号加密保存，只显示末四位。"),
        errors: FormErrors::none(),
        known: known.as_ref().map(shown),
        form: form.unwrap_or(first),
        rows: found.items.iter().map(|one| line(funds, one)).collect(),
        pager: asked.pager(PAYEE, summary, found.next),
    })
}

/// 登记收款账户
pub(crate) async fn keep_payee(State(funds): State<App>, frame: Frame, fields: Fields) -> Answer {
    let form = read(&fields);
    match funds.keep_own_payee(&frame.viewer, &form).await {
        Ok(_) => Ok(to(&format!("{PAYEE}?done=kept"))),
        Err(error) => {
            let (status, problem) = at_fields(error.into())?;
            let mut page = payee_page(&funds, &frame, Some(form), &Asked::default()).await?;
            page.errors = problem.fields.into();
            Ok((status, Html(page)).into_response())
        }
    }
}
