//! 回单和未认领.

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use zhida_platform::format::{count, date_zh, datetime_zh, money_fen};
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html, Page, PageError, Pager, Tab, Tone};

use super::fields::Fields;
use super::{Answer, App, Asked, RECEIPTS, UNCLAIMED, at_fields, office, tabs, to};
use crate::actions::RECEIPT;
use crate::error::Error;
use crate::model::{Fate, KeptReceipt, ReceiptFile};
use crate::service::{BYTES_MAX, Funds};

#[derive(Template)]
#[template(path = "funds/receipts.html")]
struct ReceiptsPage {
    page: Page,
    tabs: Vec<Tab>,
    errors: FormErrors,
    may_take: bool,
    rows: Vec<FileLine>,
    pager: Pager,
}

struct FileLine {
    digest: String,
    name: String,
    format: String,
    receipts: String,
    paid: i64,
    returned: i64,
    repeated: i64,
    unclaimed: i64,
    taken: String,
}

fn file_line(file: &ReceiptFile) -> FileLine {
    FileLine {
        digest: file.digest.clone(),
        name: file.name.clone(),
        format: file.format.clone(),
        receipts: count(u64::try_from(file.receipts).unwrap_or(0)),
        paid: file.paid,
        returned: file.returned,
        repeated: file.repeated,
        unclaimed: file.unclaimed,
        taken: format!("{} {}", file.taken_by, datetime_zh(file.taken_at)),
    }
}

/// 回单
pub(crate) async fn list(
    State(funds): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    Ok(Html(made(&funds, &frame, &asked).await?).into_response())
}

async fn made(funds: &Funds, frame: &Frame, asked: &Asked) -> Result<ReceiptsPage, PageError> {
    let found = funds.receipt_files(&frame.viewer, &asked.page()?).await;
    let found = found.map_err(Problem::from)?;
    Ok(ReceiptsPage {
        page: office(frame, "银行回单")
            .lead("银行说哪些付了、哪些退回。同一个文件导入两次，只办一次。"),
        tabs: tabs(RECEIPTS),
        errors: FormErrors::none(),
        may_take: frame.viewer.may(RECEIPT),
        rows: found.items.iter().map(file_line).collect(),
        pager: asked.pager(RECEIPTS, String::new(), found.next),
    })
}

/// 导入回单
pub(crate) async fn submit(State(funds): State<App>, frame: Frame, mut form: Multipart) -> Answer {
    let (name, bytes) = file(&mut form).await?;
    let taken = match bytes.is_empty() {
        true => Err(Error::field("file", "请选择银行给的回单文件")),
        false => funds.take_receipts(&frame.viewer, &name, &bytes).await,
    };
    match taken {
        Ok(taken) => {
            let done = if taken.again { "again" } else { "taken" };
            Ok(to(&format!("{RECEIPTS}/{}?done={done}", taken.file.digest)))
        }
        Err(error) => {
            let (status, problem) = at_fields(error.into())?;
            let mut page = made(&funds, &frame, &Asked::default()).await?;
            page.errors = problem.fields.into();
            Ok((status, Html(page)).into_response())
        }
    }
}

/// The name and bytes of the one file of a form.
async fn file(form: &mut Multipart) -> Result<(String, Vec<u8>), Problem> {
    let broken =
        |_| Problem::bad_input("文件没有传完整，或超过 10 MB").field("file", "请重新选择文件");
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(broken)?;
            if bytes.len() > BYTES_MAX {
                return Err(Problem::too_large(BYTES_MAX as u64));
            }
            return Ok((name, bytes.to_vec()));
        }
    }
    Ok((String::new(), Vec::new()))
}

#[derive(Template)]
#[template(path = "funds/receipt_file.html")]
struct FilePage {
    page: Page,
    file: FileLine,
    rows: Vec<Line>,
    pager: Pager,
}

/// A receipt as lists show it.
struct Line {
    id: String,
    line: i64,
    reference: String,
    amount: String,
    outcome: &'static str,
    day: String,
    bank_reference: String,
    words: String,
    fate: &'static str,
    tone: &'static str,
    /// What is wrong in the row's own form.
    error: String,
}

fn line(receipt: &KeptReceipt) -> Line {
    let handled = receipt
        .handled
        .as_ref()
        .map(|(by, note)| format!("{by} 已核对：{note}"));
    let words = [
        receipt.why.clone(),
        receipt.reason.clone(),
        handled.clone().unwrap_or_default(),
    ];
    let words: Vec<String> = words.into_iter().filter(|text| !text.is_empty()).collect();
    Line {
        id: receipt.id.clone(),
        line: receipt.line,
        reference: receipt.reference.clone(),
        amount: receipt.amount.map(money_fen).unwrap_or_default(),
        outcome: receipt.outcome.word(),
        day: receipt
            .on
            .parse()
            .map_or_else(|_| receipt.on.clone(), date_zh),
        bank_reference: receipt.bank_reference.clone(),
        words: words.join("；"),
        fate: match handled {
            Some(_) => "未认领，已核对",
            None => receipt.fate.word(),
        },
        tone: match receipt.fate {
            Fate::Matched => "green",
            Fate::Repeated => "grey",
            Fate::Unclaimed => "red",
        },
        error: String::new(),
    }
}

/// 一个回单文件
pub(crate) async fn show(
    State(funds): State<App>,
    frame: Frame,
    Path(digest): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let found = funds
        .receipt_file(&frame.viewer, &digest, &asked.page()?)
        .await;
    let (file, found) = found.map_err(Problem::from)?;
    let mut page = office(&frame, "回单文件").crumb("银行回单", RECEIPTS);
    match asked.done.as_str() {
        "taken" if file.unclaimed > 0 => {
            let words = format!(
                "已导入。{} 条没有认领，没有据此付款，请核对。",
                file.unclaimed
            );
            page = page.notice(Tone::Warning, words);
        }
        "taken" => page = page.notice(Tone::Success, "已导入。"),
        "again" => {
            let words = format!(
                "这个文件 {} 已经导入过，这次什么也没有做。",
                datetime_zh(file.taken_at)
            );
            page = page.notice(Tone::Warning, words);
        }
        _ => {}
    }
    Ok(Html(FilePage {
        page,
        rows: found.items.iter().map(line).collect(),
        pager: asked.pager(&format!("{RECEIPTS}/{digest}"), String::new(), found.next),
        file: file_line(&file),
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "funds/unclaimed.html")]
struct UnclaimedPage {
    page: Page,
    tabs: Vec<Tab>,
    errors: FormErrors,
    may_handle: bool,
    rows: Vec<Line>,
    pager: Pager,
}

/// 未认领的回单
pub(crate) async fn unclaimed(
    State(funds): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    Ok(Html(unclaimed_page(&funds, &frame, &asked).await?).into_response())
}

async fn unclaimed_page(
    funds: &Funds,
    frame: &Frame,
    asked: &Asked,
) -> Result<UnclaimedPage, PageError> {
    let found = funds.unclaimed(&frame.viewer, &asked.page()?).await;
    let (total, found) = found.map_err(Problem::from)?;
    let summary = format!("共 {} 条", count(total));
    Ok(UnclaimedPage {
        page: office(frame, "未认领的回单")
            .lead("与哪一笔拨付都对不上的回单：没有据此付款。核对清楚后写明结果。"),
        tabs: tabs(UNCLAIMED),
        errors: FormErrors::none(),
        may_handle: frame.viewer.may(RECEIPT),
        rows: found.items.iter().map(line).collect(),
        pager: asked.pager(UNCLAIMED, summary, found.next),
    })
}

/// 核对一条未认领的回单
pub(crate) async fn handle(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let done = funds
        .handle_unclaimed(&frame.viewer, &id, fields.get("note"))
        .await;
    match done {
        Ok(()) => Ok(to(UNCLAIMED)),
        Err(error) => {
            let (status, problem) = at_fields(error.into())?;
            let mut page = unclaimed_page(&funds, &frame, &Asked::default()).await?;
            // each row has its own field
            for field in problem.fields {
                for row in page.rows.iter_mut().filter(|row| row.id == id) {
                    row.error.clone_from(&field.message);
                }
                page.errors.add(format!("note-{id}"), field.message);
            }
            Ok((status, Html(page)).into_response())
        }
    }
}
