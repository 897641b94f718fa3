//! JSON endpoints under `/api/v1`. Money is in fen.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_standards::Fen;

use crate::model::{Batch, BatchRow, Day, Pool, RowState};
use crate::pages;
use crate::service::{
    BYTES_MAX, Checked, DrawForm, Funds, NewPool, PaymentFilters, PoolFilters, ROWS_MAX, Taken,
};

type App = State<Arc<Funds>>;

pub(crate) fn routes(funds: Arc<Funds>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_fund_pools, create_fund_pool))
        .routes(routes!(show_fund_pool))
        .routes(routes!(set_fund_budget))
        .routes(routes!(list_payments))
        .routes(routes!(list_payment_batches, draw_payment_batch))
        .routes(routes!(show_payment_batch))
        .routes(routes!(approve_payment_batch))
        .routes(routes!(send_payment_batch))
        .routes(routes!(payment_batch_file))
        .routes(routes!(take_payment_receipts))
        .layer(DefaultBodyLimit::max(BYTES_MAX))
        .routes(routes!(payment_reconciliation))
        .with_state(funds)
}

/// 一页资金池，合计是全部的，金额单位都是分。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FundPoolList {
    /// 本页资金池。
    items: Vec<Pool>,
    /// 总数。
    total: u64,
    /// 预算合计。
    #[schema(value_type = i64)]
    amount: Fen,
    /// 预占、锁定、已拨付合计。
    #[schema(value_type = i64)]
    used: Fen,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 资金池，年度新的在前
#[utoipa::path(get, path = "/api/v1/fund-pools", tag = "资金", params(PoolFilters, PageRequest),
    responses(
        (status = 200, description = "一页资金池和合计", body = FundPoolList),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_fund_pools(
    State(funds): App,
    viewer: Viewer,
    Query(filters): Query<PoolFilters>,
    page: PageRequest,
) -> Result<Json<FundPoolList>, Problem> {
    let ((total, sums), found) = funds.pools(&viewer, &filters, &page).await?;
    Ok(Json(FundPoolList {
        items: found.items,
        total,
        amount: sums.amount,
        used: sums.reserved + sums.committed + sums.paid,
        next: found.next,
    }))
}

/// 要建立的资金池。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFundPool {
    /// 政策事项标识。
    item: String,
    /// 政策事项名称。
    item_name: String,
    /// 预算年度。
    year: i32,
    /// 责任单位。
    organisation: String,
    /// 行政区划代码。
    place: String,
    /// 预算，单位：分。
    #[schema(value_type = i64)]
    amount: Fen,
    /// 备注。
    #[serde(default)]
    note: String,
}

/// 建立资金池
#[utoipa::path(post, path = "/api/v1/fund-pools", tag = "资金", request_body = NewFundPool,
    responses(
        (status = 201, description = "资金池", body = Pool),
        (status = 400, description = "内容有误，或这个事项这一年已有资金池", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "没有这个政策事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn create_fund_pool(
    State(funds): App,
    viewer: Viewer,
    Json(input): Json<NewFundPool>,
) -> Result<(StatusCode, Json<Pool>), Problem> {
    let new = NewPool {
        item: input.item,
        item_name: input.item_name,
        year: input.year,
        organisation: input.organisation,
        place: input.place,
        amount: input.amount,
        note: input.note,
    };
    let pool = funds.open_pool(&viewer, &new).await?;
    Ok((StatusCode::CREATED, Json(pool)))
}

/// 一个资金池
#[utoipa::path(get, path = "/api/v1/fund-pools/{id}", tag = "资金",
    params(("id" = String, Path, description = "资金池标识")),
    responses(
        (status = 200, description = "资金池", body = Pool),
        (status = 404, description = "没有这个资金池", body = Problem, content_type = "application/problem+json"),
    ))]
async fn show_fund_pool(
    State(funds): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<Pool>, Problem> {
    Ok(Json(funds.pool(&viewer, &id).await?))
}

/// 新的预算。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FundBudget {
    /// 预算总额，单位：分；不能低于预占、锁定、已拨付之和。
    #[schema(value_type = i64)]
    amount: Fen,
    /// 依据。
    reason: String,
}

/// 调整资金池的预算
#[utoipa::path(put, path = "/api/v1/fund-pools/{id}/budget", tag = "资金", request_body = FundBudget,
    params(("id" = String, Path, description = "资金池标识")),
    responses(
        (status = 204, description = "已调整"),
        (status = 400, description = "没有写依据，或低于已占用的", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个资金池", body = Problem, content_type = "application/problem+json"),
    ))]
async fn set_fund_budget(
    State(funds): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(input): Json<FundBudget>,
) -> Result<StatusCode, Problem> {
    funds
        .change_budget(&viewer, &id, input.amount, &input.reason)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 一笔拨付。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentLine {
    /// 拨付编号。
    number: String,
    /// 办件标识。
    case: String,
    /// 办件编号。
    case_number: String,
    /// 事项名称。
    item: String,
    /// 统一社会信用代码。
    enterprise: String,
    /// 企业名称。
    enterprise_name: String,
    /// 期次。
    part: i64,
    /// 金额，单位：分。
    #[schema(value_type = i64)]
    amount: Fen,
    /// 状态：due、drawn、paid、returned、cancelled。
    state: &'static str,
    /// 没有付的原因，或银行退回的原因。
    reason: String,
    /// 所在的批次号；不在批次里是空的。
    batch: String,
    /// 到账日期。
    paid_on: Option<NaiveDate>,
}

/// 一页拨付，合计是全部的。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentList {
    /// 本页拨付。
    items: Vec<PaymentLine>,
    /// 总数。
    total: u64,
    /// 金额合计，单位：分。
    #[schema(value_type = i64)]
    amount: Fen,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 拨付，等得久的在前
#[utoipa::path(get, path = "/api/v1/payments", tag = "资金", params(PaymentFilters, PageRequest),
    responses(
        (status = 200, description = "一页拨付和合计", body = PaymentList),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_payments(
    State(funds): App,
    viewer: Viewer,
    Query(filters): Query<PaymentFilters>,
    page: PageRequest,
) -> Result<Json<PaymentList>, Problem> {
    let ((total, amount), found) = funds.payments(&viewer, &filters, &page).await?;
    let items = found.items.into_iter().map(|view| PaymentLine {
        number: view.payment.number,
        case: view.payment.case,
        case_number: view.payment.case_number,
        item: view.item_name,
        enterprise: view.payment.enterprise,
        enterprise_name: view.payment.enterprise_name,
        part: view.payment.part,
        amount: view.payment.amount,
        state: view.payment.state.slug(),
        reason: view.payment.reason,
        batch: view.batch,
        paid_on: view.payment.paid_on,
    });
    Ok(Json(PaymentList {
        items: items.collect(),
        total,
        amount,
        next: found.next,
    }))
}

/// 一页拨付批次。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentBatchList {
    /// 本页批次。
    items: Vec<Batch>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 哪些批次。
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct BatchFilters {
    /// 状态：drawn、approved、sent、withdrawn；不写是全部。
    state: String,
}

/// 拨付批次，新的在前
#[utoipa::path(get, path = "/api/v1/payment-batches", tag = "资金", params(BatchFilters, PageRequest),
    responses(
        (status = 200, description = "一页批次和总数", body = PaymentBatchList),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_payment_batches(
    State(funds): App,
    viewer: Viewer,
    Query(filters): Query<BatchFilters>,
    page: PageRequest,
) -> Result<Json<PaymentBatchList>, Problem> {
    let (total, found) = funds.batches(&viewer, &filters.state, &page).await?;
    Ok(Json(PaymentBatchList {
        items: found.items,
        total,
        next: found.next,
    }))
}

/// 怎样编制批次。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentDraw {
    /// 付款账户标识。
    payer: String,
    /// 只编制这个资金池的；不写是全部。
    #[serde(default)]
    pool: String,
    /// 最多几笔，1 至 1000。
    #[serde(default = "rows_default")]
    rows: u32,
}

fn rows_default() -> u32 {
    ROWS_MAX
}

/// 留在批次外面的一笔。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentLeftOut {
    /// 办件编号。
    case_number: String,
    /// 企业名称。
    enterprise_name: String,
    /// 原因。
    reason: String,
}

/// 编制或复核的结果。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentBatchChecked {
    /// 批次标识；没有留下一笔时没有。
    batch: Option<String>,
    /// 批次里的笔数。
    rows: usize,
    /// 留在外面的，各有原因。
    out: Vec<PaymentLeftOut>,
}

impl From<Checked> for PaymentBatchChecked {
    fn from(checked: Checked) -> Self {
        let out = checked.out.into_iter();
        Self {
            batch: checked.batch,
            rows: checked.rows,
            out: out
                .map(|(case_number, enterprise_name, reason)| PaymentLeftOut {
                    case_number,
                    enterprise_name,
                    reason,
                })
                .collect(),
        }
    }
}

/// 编制批次
#[utoipa::path(post, path = "/api/v1/payment-batches", tag = "资金", request_body = PaymentDraw,
    responses(
        (status = 200, description = "批次和留在外面的", body = PaymentBatchChecked),
        (status = 400, description = "没有这个付款账户，或笔数有误", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "编制要由登录的人办理", body = Problem, content_type = "application/problem+json"),
    ))]
async fn draw_payment_batch(
    State(funds): App,
    viewer: Viewer,
    Json(input): Json<PaymentDraw>,
) -> Result<Json<PaymentBatchChecked>, Problem> {
    let form = DrawForm {
        payer: input.payer,
        pool: input.pool,
        rows: input.rows,
    };
    Ok(Json(funds.draw(&viewer, &form).await?.into()))
}

/// 批次的一行。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentBatchRow {
    /// 付款参考号。
    reference: String,
    /// 办件编号。
    case_number: String,
    /// 统一社会信用代码。
    enterprise: String,
    /// 企业名称。
    enterprise_name: String,
    /// 收款账号末四位。
    last_four: String,
    /// 金额，单位：分。
    #[schema(value_type = i64)]
    amount: Fen,
    /// 结果。
    state: RowState,
    /// 退回或移出的原因。
    reason: String,
    /// 银行办理的日期。
    settled_on: Option<NaiveDate>,
}

impl From<BatchRow> for PaymentBatchRow {
    fn from(row: BatchRow) -> Self {
        Self {
            reference: row.reference,
            case_number: row.case_number,
            enterprise: row.enterprise,
            enterprise_name: row.enterprise_name,
            last_four: row.last_four,
            amount: row.amount,
            state: row.state,
            reason: row.reason,
            settled_on: row.settled_on,
        }
    }
}

/// 一个批次和它的明细。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentBatchView {
    #[serde(flatten)]
    batch: Batch,
    /// 明细。
    items: Vec<PaymentBatchRow>,
}

/// 一个批次
#[utoipa::path(get, path = "/api/v1/payment-batches/{id}", tag = "资金",
    params(("id" = String, Path, description = "批次标识")),
    responses(
        (status = 200, description = "批次和明细", body = PaymentBatchView),
        (status = 404, description = "没有这个批次", body = Problem, content_type = "application/problem+json"),
    ))]
async fn show_payment_batch(
    State(funds): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<PaymentBatchView>, Problem> {
    let (batch, rows) = funds.batch(&viewer, &id).await?;
    Ok(Json(PaymentBatchView {
        batch,
        items: rows.into_iter().map(Into::into).collect(),
    }))
}

/// 复核批次：编制的人不能复核
#[utoipa::path(post, path = "/api/v1/payment-batches/{id}/approve", tag = "资金",
    params(("id" = String, Path, description = "批次标识")),
    responses(
        (status = 200, description = "批次和移出的", body = PaymentBatchChecked),
        (status = 403, description = "编制的人不能复核", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个批次", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "批次不在待复核", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "复核要由登录的人办理", body = Problem, content_type = "application/problem+json"),
    ))]
async fn approve_payment_batch(
    State(funds): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<PaymentBatchChecked>, Problem> {
    Ok(Json(funds.approve(&viewer, &id).await?.into()))
}

/// 哪一天交银行。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentBatchSent {
    /// 交银行的日期。
    on: NaiveDate,
}

/// 登记已交银行
#[utoipa::path(post, path = "/api/v1/payment-batches/{id}/sent", tag = "资金", request_body = PaymentBatchSent,
    params(("id" = String, Path, description = "批次标识")),
    responses(
        (status = 204, description = "已登记"),
        (status = 404, description = "没有这个批次", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "批次没有复核，或已登记", body = Problem, content_type = "application/problem+json"),
    ))]
async fn send_payment_batch(
    State(funds): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(input): Json<PaymentBatchSent>,
) -> Result<StatusCode, Problem> {
    funds.mark_sent(&viewer, &id, input.on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 付款文件，ISO 20022 pain.001
#[utoipa::path(get, path = "/api/v1/payment-batches/{id}/pain001", tag = "资金",
    params(("id" = String, Path, description = "批次标识")),
    responses(
        (status = 200, description = "付款文件", content_type = "application/xml", body = String),
        (status = 404, description = "没有这个批次", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "批次没有复核", body = Problem, content_type = "application/problem+json"),
    ))]
async fn payment_batch_file(
    State(funds): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    pages::xml(&funds.bank_file(&viewer, &id).await?)
}

/// 回单文件办理的结果。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentReceiptsTaken {
    #[serde(flatten)]
    file: crate::model::ReceiptFile,
    /// 同一个文件以前导入过，这次什么也没有做。
    again: bool,
}

/// 导入银行回单：CSV、pain.002 或 camt.054；文件名写在请求头 x-file-name
#[utoipa::path(post, path = "/api/v1/payment-receipts", tag = "资金",
    request_body(content = String, description = "文件内容", content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "办理的结果", body = PaymentReceiptsTaken),
        (status = 400, description = "看不懂这个文件，说明哪一行", body = Problem, content_type = "application/problem+json"),
    ))]
async fn take_payment_receipts(
    State(funds): App,
    viewer: Viewer,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<PaymentReceiptsTaken>, Problem> {
    let named = headers
        .get("x-file-name")
        .or_else(|| headers.get(header::CONTENT_TYPE));
    let name = named
        .and_then(|name| name.to_str().ok())
        .unwrap_or_default();
    let Taken { file, again } = funds.take_receipts(&viewer, name, &bytes).await?;
    Ok(Json(PaymentReceiptsTaken { file, again }))
}

/// 一页对账，合计是全部的天数。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationList {
    /// 每日的合计，新的在前，金额单位都是分。
    items: Vec<Day>,
    /// 天数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 对账：按交银行的日期，应付 = 已付 + 退回 + 未回
#[utoipa::path(get, path = "/api/v1/payment-reconciliation", tag = "资金", params(PageRequest), responses(
    (status = 200, description = "一页每日的合计，新的在前", body = ReconciliationList),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn payment_reconciliation(
    State(funds): App,
    viewer: Viewer,
    page: PageRequest,
) -> Result<Json<ReconciliationList>, Problem> {
    let (total, found) = funds.reconciliation(&viewer, &page).await?;
    Ok(Json(ReconciliationList {
        items: found.items,
        total,
        next: found.next,
    }))
}
