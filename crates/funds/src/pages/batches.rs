//! 拨付批次和对账.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::export::csv_response;
use zhida_platform::files::content_disposition;
use zhida_platform::format::{count, date_zh, datetime_zh, money_fen};
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, PageError, Pager, Tab, Tone};

use super::fields::Fields;
use super::{Answer, App, Asked, BATCHES, RECONCILIATION, address, at_fields, office, tabs, to};
use crate::actions::{APPROVE, DRAW};
use crate::error::Error;
use crate::files;
use crate::model::{Batch, BatchRow, BatchState, RowState};
use crate::service::{Checked, DrawForm, Funds, ROWS_MAX};

#[derive(Template)]
#[template(path = "funds/batches.html")]
struct BatchesPage {
    page: Page,
    tabs: Vec<Tab>,
    states: Vec<Choice>,
    may_draw: bool,
    rows: Vec<Line>,
    pager: Pager,
}

/// A batch as lists and its page show it.
struct Line {
    id: String,
    number: String,
    state: &'static str,
    tone: &'static str,
    rows: String,
    drawn: String,
    paid: String,
    returned: String,
    outstanding: String,
    taken_out: i64,
    drawn_by: String,
    approved_by: String,
    exported: String,
    sent_on: String,
    reason: String,
    is_balanced: bool,
}

fn line(batch: &Batch) -> Line {
    Line {
        id: batch.id.clone(),
        number: batch.number.clone(),
        state: batch.state.word(),
        tone: match batch.state {
            BatchState::Drawn => "yellow",
            BatchState::Approved => "blue",
            BatchState::Sent if batch.outstanding > 0 => "teal",
            BatchState::Sent => "green",
            BatchState::Withdrawn => "grey",
        },
        rows: count(u64::try_from(batch.rows).unwrap_or(0)),
        drawn: money_fen(batch.drawn),
        paid: money_fen(batch.paid),
        returned: money_fen(batch.returned),
        outstanding: money_fen(batch.outstanding),
        taken_out: batch.taken_out,
        drawn_by: format!("{} {}", batch.drawn_name, datetime_zh(batch.drawn_at)),
        approved_by: match (&batch.approved_name, batch.approved_at) {
            (Some(name), Some(at)) => format!("{name} {}", datetime_zh(at)),
            _ => String::new(),
        },
        exported: batch.exported_at.map(datetime_zh).unwrap_or_default(),
        sent_on: batch.sent_on.map(date_zh).unwrap_or_default(),
        reason: batch.reason.clone(),
        is_balanced: batch.is_balanced(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StateFilter {
    state: String,
}

/// 拨付批次
pub(crate) async fn list(
    State(funds): State<App>,
    frame: Frame,
    Query(StateFilter { state }): Query<StateFilter>,
    Query(asked): Query<Asked>,
) -> Answer {
    let found = funds.batches(&frame.viewer, &state, &asked.page()?).await;
    let (total, found) = found.map_err(Problem::from)?;
    let summary = format!("共 {} 个批次", count(total));
    let any = std::iter::once(Choice::new("", "不限", &state));
    let states = BatchState::ALL
        .iter()
        .map(|one| Choice::new(one.slug(), one.word(), &state));
    Ok(Html(BatchesPage {
        page: office(&frame, "拨付批次")
            .lead("一人编制，另一人复核；复核后导出付款文件交银行，再导入回单。"),
        tabs: tabs(BATCHES),
        states: any.chain(states).collect(),
        may_draw: frame.viewer.may(DRAW),
        rows: found.items.iter().map(line).collect(),
        pager: asked.pager(&address(BATCHES, &[("state", &state)]), summary, found.next),
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "funds/batch_new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    payers: Vec<Choice>,
    rows: String,
    pool: String,
    waiting: String,
}

async fn new_page(
    funds: &Funds,
    viewer: &Viewer,
    page: Page,
    form: &DrawForm,
) -> Result<NewPage, PageError> {
    let payers = funds.payers(viewer).await.map_err(Problem::from)?;
    let payers = payers.iter().filter(|payer| payer.is_open).map(|payer| {
        let label = format!("{} {} **** {}", payer.holder, payer.bank, payer.last_four);
        Choice::new(payer.id.clone(), label, &form.payer)
    });
    let due = crate::service::PaymentFilters {
        state: "due".to_owned(),
        pool: form.pool.clone(),
        ..Default::default()
    };
    let request = zhida_platform::paging::PageRequest::first(1);
    let found = funds.payments(viewer, &due, &request).await;
    let ((total, amount), _) = found.map_err(Problem::from)?;
    Ok(NewPage {
        page,
        errors: FormErrors::none(),
        payers: payers.collect(),
        rows: match form.rows {
            0 => ROWS_MAX.to_string(),
            rows => rows.to_string(),
        },
        pool: form.pool.clone(),
        waiting: format!("{} 笔，{}", count(total), money_fen(amount)),
    })
}

fn titled(frame: &Frame) -> Page {
    office(frame, "编制批次").crumb("拨付批次", BATCHES)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OfPool {
    pool: String,
}

/// 编制批次
pub(crate) async fn new(
    State(funds): State<App>,
    frame: Frame,
    Query(OfPool { pool }): Query<OfPool>,
) -> Answer {
    let form = DrawForm {
        pool,
        ..DrawForm::default()
    };
    let page = new_page(&funds, &frame.viewer, titled(&frame), &form).await?;
    Ok(Html(page).into_response())
}

#[derive(Template)]
#[template(path = "funds/checked.html")]
struct CheckedPage {
    page: Page,
    rows: usize,
    batch: String,
    out: Vec<(String, String, String)>,
}

/// What was checked: straight to the batch when nothing stayed out.
fn checked(frame: &Frame, checked: Checked, title: &str, done: &str) -> Response {
    match checked.batch {
        Some(id) if checked.out.is_empty() => to(&format!("{BATCHES}/{id}?done={done}")),
        batch => Html(CheckedPage {
            page: office(frame, title).crumb("拨付批次", BATCHES),
            rows: checked.rows,
            batch: batch.unwrap_or_default(),
            out: checked.out,
        })
        .into_response(),
    }
}

pub(crate) async fn submit_new(State(funds): State<App>, frame: Frame, fields: Fields) -> Answer {
    let form = DrawForm {
        payer: fields.text("payer"),
        pool: fields.text("pool"),
        rows: fields.get("rows").parse().unwrap_or(0),
    };
    match funds.draw(&frame.viewer, &form).await {
        Ok(done) => Ok(checked(&frame, done, "编制批次", "drawn")),
        Err(error) => {
            let (status, problem) = at_fields(error.into())?;
            let mut page = new_page(&funds, &frame.viewer, titled(&frame), &form).await?;
            page.rows = fields.text("rows");
            page.errors = problem.fields.into();
            Ok((status, Html(page)).into_response())
        }
    }
}

#[derive(Template)]
#[template(path = "funds/batch.html")]
struct BatchPage {
    page: Page,
    errors: FormErrors,
    batch: Line,
    rows: Vec<RowLine>,
    today: String,
    may_approve: bool,
    may_send: bool,
    may_export: bool,
    may_withdraw: bool,
    /// What must be said before a batch is withdrawn whose file has left.
    stopped: Vec<Choice>,
    waits: bool,
}

struct RowLine {
    reference: String,
    case: String,
    item: String,
    enterprise: String,
    label: String,
    amount: String,
    holder: String,
    bank: String,
    account: String,
    state: &'static str,
    tone: &'static str,
    words: String,
}

fn row_line(row: &BatchRow) -> RowLine {
    RowLine {
        reference: row.reference.clone(),
        case: row.case_number.clone(),
        item: row.item_name.clone(),
        enterprise: row.enterprise_name.clone(),
        label: row.label.clone(),
        amount: money_fen(row.amount),
        holder: row.holder.clone(),
        bank: row.bank.clone(),
        account: format!("**** {}", row.last_four),
        state: row.state.word(),
        tone: match row.state {
            RowState::Open => "blue",
            RowState::Paid => "green",
            RowState::Returned => "red",
            RowState::Out => "grey",
        },
        words: match row.settled_on {
            Some(day) => format!("{} {}", date_zh(day), row.reason).trim().to_owned(),
            None => row.reason.clone(),
        },
    }
}

/// 一个批次
pub(crate) async fn show(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let mut page = made(&funds, &frame, &id).await?;
    let words = match asked.done.as_str() {
        "drawn" => "批次已编制，请另一位资金复核人员复核。",
        "approved" => "已复核，可以导出付款文件交银行。",
        "sent" => "已登记交银行，等待回单。",
        "withdrawn" => "批次已撤回，其中的拨付可以重新编制。",
        _ => "",
    };
    if !words.is_empty() {
        page.page = page.page.notice(Tone::Success, words);
    }
    Ok(Html(page).into_response())
}

async fn made(funds: &Funds, frame: &Frame, id: &str) -> Result<BatchPage, PageError> {
    let viewer = &frame.viewer;
    let (batch, rows) = funds.batch(viewer, id).await.map_err(Problem::from)?;
    let account = viewer.account().map(|account| account.to_string());
    let own = account.as_deref() == Some(batch.drawn_by.as_str());
    let state = batch.state;
    Ok(BatchPage {
        page: office(frame, &format!("批次 {}", batch.number)).crumb("拨付批次", BATCHES),
        errors: FormErrors::none(),
        rows: rows.iter().map(row_line).collect(),
        today: funds.day().to_string(),
        may_approve: viewer.may(APPROVE) && state == BatchState::Drawn && !own,
        waits: state == BatchState::Drawn,
        may_send: viewer.may(DRAW) && state == BatchState::Approved,
        may_export: viewer.may(DRAW) && state.is_approved(),
        may_withdraw: viewer.may(DRAW)
            && matches!(state, BatchState::Drawn | BatchState::Approved)
            && batch.paid + batch.returned == 0,
        stopped: batch
            .exported_at
            .map(|_| Choice::new("yes", "已向银行核实：没有收到这个文件，或已经撤销", ""))
            .into_iter()
            .collect(),
        batch: line(&batch),
    })
}

/// 复核
pub(crate) async fn approve(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let done = funds.approve(&frame.viewer, &id).await;
    let done = done.map_err(Problem::from)?;
    Ok(checked(&frame, done, "复核批次", "approved"))
}

/// 复核不通过
pub(crate) async fn reject(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    give_back(&funds, &frame, &id, &fields).await
}

/// 撤回
pub(crate) async fn withdraw(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    give_back(&funds, &frame, &id, &fields).await
}

async fn give_back(funds: &Funds, frame: &Frame, id: &str, fields: &Fields) -> Answer {
    let is_stopped = !fields.get("stopped").is_empty();
    let done = funds
        .withdraw(&frame.viewer, id, fields.get("reason"), is_stopped)
        .await;
    answered(funds, frame, id, done, "withdrawn").await
}

/// 已交银行
pub(crate) async fn sent(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let on = fields.get("on").parse();
    let on = on.map_err(|_| Error::field("on", "请写日期，如 2026-11-23"));
    let done = match on {
        Ok(on) => funds.mark_sent(&frame.viewer, &id, on).await,
        Err(error) => Err(error),
    };
    answered(&funds, &frame, &id, done, "sent").await
}

/// The batch again, with what was done or what is wrong.
async fn answered(
    funds: &Funds,
    frame: &Frame,
    id: &str,
    result: Result<(), Error>,
    done: &str,
) -> Answer {
    let Err(error) = result else {
        return Ok(to(&format!("{BATCHES}/{id}?done={done}")));
    };
    let (status, problem) = at_fields(error.into())?;
    let mut page = made(funds, frame, id).await?;
    page.errors = problem.fields.into();
    Ok((status, Html(page)).into_response())
}

/// 付款文件 CSV
pub(crate) async fn csv(State(funds): State<App>, frame: Frame, Path(id): Path<String>) -> Answer {
    let file = funds.bank_file(&frame.viewer, &id).await;
    Ok(csv_response(files::table(&file.map_err(Problem::from)?)))
}

/// 付款文件 ISO 20022 pain.001
pub(crate) async fn pain001(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let file = funds.bank_file(&frame.viewer, &id).await;
    Ok(xml(&file.map_err(Problem::from)?)?)
}

/// The batch as a download of pain.001.
pub(crate) fn xml(file: &files::PlainBatch) -> Result<Response, Problem> {
    let text = files::pain001(file).map_err(Problem::internal)?;
    let name = format!("{}.xml", file.number);
    let headers = [
        (header::CONTENT_TYPE, "application/xml".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            content_disposition(&name, false),
        ),
    ];
    Ok((headers, text).into_response())
}

#[derive(Template)]
#[template(path = "funds/reconciliation.html")]
struct ReconciliationPage {
    page: Page,
    tabs: Vec<Tab>,
    unclaimed: u64,
    days: Vec<DayLine>,
    pager: Pager,
}

struct DayLine {
    day: String,
    batches: i64,
    rows: i64,
    drawn: String,
    paid: String,
    returned: String,
    outstanding: String,
    is_balanced: bool,
}

/// 对账
pub(crate) async fn reconciliation(
    State(funds): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let viewer = &frame.viewer;
    let found = funds.reconciliation(viewer, &asked.page()?).await;
    let (total, days) = found.map_err(Problem::from)?;
    let request = zhida_platform::paging::PageRequest::first(1);
    let unclaimed = funds.unclaimed(viewer, &request).await;
    let (unclaimed, _) = unclaimed.map_err(Problem::from)?;
    let day = |day: &crate::model::Day| DayLine {
        day: day
            .sent_on
            .parse()
            .map_or_else(|_| day.sent_on.clone(), date_zh),
        batches: day.batches,
        rows: day.rows_in,
        drawn: money_fen(day.drawn),
        paid: money_fen(day.paid),
        returned: money_fen(day.returned),
        outstanding: money_fen(day.outstanding),
        is_balanced: day.drawn == day.paid + day.returned + day.outstanding,
    };
    Ok(Html(ReconciliationPage {
        page: office(&frame, "对账").lead("按交银行的日期：应付 = 已付 + 退回 + 未回。"),
        tabs: tabs(RECONCILIATION),
        unclaimed,
        days: days.items.iter().map(day).collect(),
        pager: asked.pager(RECONCILIATION, format!("共 {} 天", count(total)), days.next),
    })
    .into_response())
}
