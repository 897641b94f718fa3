use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::clock::parse_instant;
use zhida_platform::vocabulary;
use zhida_standards::Fen;

vocabulary! {
    /// 拨付批次办到哪一步。
    #[schema(as = PaymentBatchState)]
    BatchState {
        /// Waits for another one to check it.
        Drawn = "drawn", "待复核";
        /// Another one has checked it.
        Approved = "approved", "已复核，待交银行";
        /// The bank has it.
        Sent = "sent", "已交银行";
        /// Taken back before the bank had it.
        Withdrawn = "withdrawn", "已撤回";
    }
}

impl BatchState {
    /// Whether the bank may have been told to pay.
    pub(crate) fn is_approved(self) -> bool {
        matches!(self, Self::Approved | Self::Sent)
    }
}

/// 拨付批次；笔数和金额由同一次查询得出，金额单位都是分。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PaymentBatch)]
pub(crate) struct Batch {
    /// 标识。
    pub id: String,
    /// 批次号，也是交银行文件的编号。
    pub number: String,
    /// 办到哪一步。
    pub state: BatchState,
    /// 付款账户标识。
    pub payer: String,
    /// 行政区划。
    pub place: String,
    /// 编制人。
    pub drawn_name: String,
    /// 编制时间。
    pub drawn_at: DateTime<Utc>,
    /// 复核人。
    pub approved_name: Option<String>,
    /// 复核时间。
    pub approved_at: Option<DateTime<Utc>>,
    /// 第一次导出付款文件的时间。
    pub exported_at: Option<DateTime<Utc>>,
    /// 交银行的日期。
    pub sent_on: Option<NaiveDate>,
    /// 撤回原因。
    pub reason: String,
    /// 笔数，不含移出的。
    pub rows: i64,
    /// 应付合计。
    #[schema(value_type = i64)]
    pub drawn: Fen,
    /// 已付。
    #[schema(value_type = i64)]
    pub paid: Fen,
    /// 退回。
    #[schema(value_type = i64)]
    pub returned: Fen,
    /// 未回：没有回单的。
    #[schema(value_type = i64)]
    pub outstanding: Fen,
    /// 移出的笔数。
    pub taken_out: i64,
    /// 编制人的账号。
    #[serde(skip)]
    pub drawn_by: String,
}

impl Batch {
    /// 对账: what was drawn is paid, returned or still out.
    pub(crate) fn is_balanced(&self) -> bool {
        self.drawn == self.paid + self.returned + self.outstanding
    }
}

fn instant(row: &QueryResult, prefix: &str, column: &str) -> Result<Option<DateTime<Utc>>, DbErr> {
    let text: Option<String> = row.try_get(prefix, column)?;
    Ok(text.as_deref().and_then(parse_instant))
}

fn day(row: &QueryResult, prefix: &str, column: &str) -> Result<Option<NaiveDate>, DbErr> {
    let text: Option<String> = row.try_get(prefix, column)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

impl FromQueryResult for Batch {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let state: String = row.try_get(prefix, "state")?;
        let sum = |column| -> Result<i64, DbErr> {
            Ok(row.try_get::<Option<i64>>(prefix, column)?.unwrap_or(0))
        };
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            number: row.try_get(prefix, "number")?,
            state: BatchState::parse(&state)
                .ok_or_else(|| DbErr::Type(format!("fund_batch.state {state}")))?,
            payer: row.try_get(prefix, "payer")?,
            place: row.try_get(prefix, "place")?,
            drawn_name: row.try_get(prefix, "drawn_name")?,
            drawn_at: instant(row, prefix, "drawn_at")?.unwrap_or_default(),
            approved_name: row.try_get(prefix, "approved_name")?,
            approved_at: instant(row, prefix, "approved_at")?,
            exported_at: instant(row, prefix, "exported_at")?,
            sent_on: day(row, prefix, "sent_on")?,
            reason: row.try_get(prefix, "reason")?,
            rows: sum("rows_in")?,
            drawn: sum("drawn")?,
            paid: sum("paid")?,
            returned: sum("returned")?,
            outstanding: sum("outstanding")?,
            taken_out: sum("taken_out")?,
            drawn_by: row.try_get(prefix, "drawn_by")?,
        })
    }
}

vocabulary! {
    /// 批次中一笔拨付的状态。
    #[schema(as = PaymentRowState)]
    RowState {
        /// Without a receipt.
        Open = "open", "未回";
        /// The bank paid it.
        Paid = "paid", "已付";
        /// The bank sent it back.
        Returned = "returned", "退回";
        /// Not handed to the bank.
        Out = "out", "移出";
    }
}

/// One row of a batch with its payment and account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BatchRow {
    pub id: String,
    pub batch: String,
    pub payment: String,
    pub claim: String,
    pub reference: String,
    pub amount: Fen,
    pub state: RowState,
    pub reason: String,
    pub settled_on: Option<NaiveDate>,
    pub case: String,
    pub case_number: String,
    pub enterprise: String,
    pub enterprise_name: String,
    pub label: String,
    pub part: i64,
    pub item_name: String,
    pub payee: String,
    pub holder: String,
    pub bank: String,
    pub cnaps: String,
    pub last_four: String,
    /// Sealed.
    pub account: String,
    /// Whether it is still the account of the enterprise.
    pub is_current: bool,
}

impl FromQueryResult for BatchRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let state: String = row.try_get(prefix, "state")?;
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            batch: row.try_get(prefix, "batch")?,
            payment: row.try_get(prefix, "payment")?,
            claim: row.try_get(prefix, "claim")?,
            reference: row.try_get(prefix, "reference")?,
            amount: row.try_get(prefix, "amount")?,
            state: RowState::parse(&state)
                .ok_or_else(|| DbErr::Type(format!("fund_batch_row.state {state}")))?,
            reason: row.try_get(prefix, "reason")?,
            settled_on: day(row, prefix, "settled_on")?,
            case: row.try_get(prefix, "case_id")?,
            case_number: row.try_get(prefix, "case_number")?,
            enterprise: row.try_get(prefix, "enterprise")?,
            enterprise_name: row.try_get(prefix, "enterprise_name")?,
            label: row.try_get(prefix, "label")?,
            part: row.try_get(prefix, "part")?,
            item_name: row.try_get(prefix, "item_name")?,
            payee: row.try_get(prefix, "payee")?,
            holder: row.try_get(prefix, "holder")?,
            bank: row.try_get(prefix, "bank")?,
            cnaps: row.try_get(prefix, "cnaps")?,
            last_four: row.try_get(prefix, "last_four")?,
            account: row.try_get(prefix, "account")?,
            is_current: row.try_get(prefix, "is_current")?,
        })
    }
}

/// 对账 of one day: what was handed to the bank on it, and what became of that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, FromQueryResult)]
#[schema(as = ReconciliationDay)]
pub(crate) struct Day {
    /// 交银行的日期。
    pub sent_on: String,
    /// 批次数。
    pub batches: i64,
    /// 笔数。
    pub rows_in: i64,
    /// 应付合计，单位：分。
    #[schema(value_type = i64)]
    pub drawn: Fen,
    /// 已付，单位：分。
    #[schema(value_type = i64)]
    pub paid: Fen,
    /// 退回，单位：分。
    #[schema(value_type = i64)]
    pub returned: Fen,
    /// 未回，单位：分。
    #[schema(value_type = i64)]
    pub outstanding: Fen,
}
