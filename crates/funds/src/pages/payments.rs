//! 拨付: what is to be paid, how long it has waited, and why.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format::{count, date_zh, money_fen};
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Exports, Frame, Html, Page, Pager, Tab, Tone};

use super::fields::Fields;
use super::{Answer, App, Asked, PAYMENTS, address, office, tabs, to};
use crate::actions::DRAW;
use crate::model::{PaymentState, PaymentView};
use crate::service::{Funds, PaymentFilters, payment_columns};

#[derive(Template)]
#[template(path = "funds/payments.html")]
struct PaymentsPage {
    page: Page,
    tabs: Vec<Tab>,
    states: Vec<Choice>,
    q: String,
    pool: String,
    is_filtered: bool,
    exports: Exports,
    may_draw: bool,
    rows: Vec<Line>,
    pager: Pager,
}

/// A payment as lists show it.
pub(super) struct Line {
    pub id: String,
    pub number: String,
    pub case: String,
    pub item: String,
    pub enterprise: String,
    pub code: String,
    pub label: String,
    pub amount: String,
    pub state: &'static str,
    pub tone: &'static str,
    /// Why it stayed out, what the bank said, when it was paid.
    pub words: String,
    pub batch: String,
    pub age: String,
    pub is_returned: bool,
}

pub(super) fn line(funds: &Funds, view: &PaymentView) -> Line {
    let payment = &view.payment;
    let words = match (payment.paid_on, payment.not_before) {
        (Some(day), _) => format!("{}到账", date_zh(day)),
        (None, Some(day)) if payment.reason.is_empty() => format!("{}起可以拨付", date_zh(day)),
        _ => payment.reason.clone(),
    };
    let waits = !matches!(payment.state, PaymentState::Paid | PaymentState::Cancelled);
    Line {
        id: payment.id.clone(),
        number: payment.number.clone(),
        case: payment.case_number.clone(),
        item: view.item_name.clone(),
        enterprise: payment.enterprise_name.clone(),
        code: payment.enterprise.clone(),
        label: payment.label.clone(),
        amount: money_fen(payment.amount),
        state: payment.state.word(),
        tone: match payment.state {
            PaymentState::Due => "blue",
            PaymentState::Drawn => "teal",
            PaymentState::Paid => "green",
            PaymentState::Returned => "red",
            PaymentState::Cancelled => "grey",
        },
        words,
        batch: view.batch.clone(),
        age: match waits {
            true => format!("{} 天", funds.age(payment)),
            false => String::new(),
        },
        is_returned: payment.state == PaymentState::Returned,
    }
}

/// 拨付
pub(crate) async fn list(
    State(funds): State<App>,
    frame: Frame,
    Query(filters): Query<PaymentFilters>,
    Query(asked): Query<Asked>,
) -> Answer {
    let found = funds
        .payments(&frame.viewer, &filters, &asked.page()?)
        .await;
    let ((total, amount), found) = found.map_err(Problem::from)?;
    let fields = [
        ("state", filters.state.as_str()),
        ("q", &filters.q),
        ("pool", &filters.pool),
    ];
    let summary = format!("共 {} 笔，{}", count(total), money_fen(amount));
    let csv = address("/funds/payments/export.csv", &fields);
    let exports = frame
        .exports("funds.payments", &csv, &payment_columns(), &summary)
        .await?;
    let mut page = office(&frame, "拨付").lead("不选状态时只列没有付出去的，等得最久的在最前。");
    if asked.done == "again" {
        page = page.notice(Tone::Success, "已恢复为待拨付，可以列入下一个批次。");
    }
    Ok(Html(PaymentsPage {
        page,
        tabs: tabs(PAYMENTS),
        states: states(&filters.state),
        q: filters.q.clone(),
        pool: filters.pool.clone(),
        is_filtered: filters != PaymentFilters::default(),
        exports,
        may_draw: frame.viewer.may(DRAW),
        rows: found.items.iter().map(|one| line(&funds, one)).collect(),
        pager: asked.pager(&address(PAYMENTS, &fields), summary, found.next),
    })
    .into_response())
}

fn states(current: &str) -> Vec<Choice> {
    let unpaid = Choice::new("", "未拨付的", current);
    let states = PaymentState::ALL
        .iter()
        .map(|state| Choice::new(state.slug(), state.word(), current));
    let all = Choice::new("all", "全部", current);
    std::iter::once(unpaid).chain(states).chain([all]).collect()
}

/// 导出 CSV
pub(crate) async fn csv(
    State(funds): State<App>,
    frame: Frame,
    Query(filters): Query<PaymentFilters>,
    chosen: Chosen,
) -> Answer {
    let table = funds.export_payments(&frame.viewer, &filters);
    let table = table.map_err(Problem::from)?.only(&chosen)?;
    Ok(csv_response(table))
}

/// 导出 Excel
pub(crate) async fn xlsx(
    State(funds): State<App>,
    frame: Frame,
    Query(filters): Query<PaymentFilters>,
    chosen: Chosen,
) -> Answer {
    let table = funds.export_payments(&frame.viewer, &filters);
    let table = table.map_err(Problem::from)?.only(&chosen)?;
    Ok(xlsx_response(table).await?)
}

/// 再次拨付
pub(crate) async fn again(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let done = funds
        .pay_again(&frame.viewer, &id, fields.get("reason"))
        .await;
    done.map_err(Problem::from)?;
    Ok(to(&format!("{PAYMENTS}?done=again")))
}
