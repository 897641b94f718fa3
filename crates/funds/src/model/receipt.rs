use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::clock::parse_instant;
use zhida_platform::vocabulary;
use zhida_standards::Fen;

vocabulary! {
    /// What the bank says of a row.
    #[schema(as = ReceiptOutcome)]
    Outcome {
        /// It has paid it.
        Paid = "paid", "已付";
        /// It has sent it back.
        Returned = "returned", "退回";
    }
}

/// One receipt as a file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// Its line or running number in the file, from 1.
    pub line: i64,
    /// 付款参考号, as the payment file gave it.
    pub reference: String,
    /// Money; some status messages do not repeat it.
    pub amount: Option<Fen>,
    pub outcome: Outcome,
    pub on: NaiveDate,
    /// The bank's own number of it.
    pub bank_reference: String,
    /// Why it was returned.
    pub reason: String,
}

vocabulary! {
    /// What was done with a receipt.
    #[schema(as = ReceiptFate)]
    Fate {
        /// The row is paid or returned by it.
        Matched = "matched", "已入账";
        /// Said before; nothing was done.
        Repeated = "repeated", "重复，没有再办";
        /// Fits no row; kept for people.
        Unclaimed = "unclaimed", "未认领";
    }
}

/// 导入的回单文件。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PaymentReceiptFile)]
pub(crate) struct ReceiptFile {
    /// 文件内容的 SHA-256。
    pub digest: String,
    /// 文件名。
    pub name: String,
    /// 格式：CSV、pain.002、camt.054。
    pub format: String,
    /// 回单数。
    pub receipts: i64,
    /// 记为已付的。
    pub paid: i64,
    /// 记为退回的。
    pub returned: i64,
    /// 重复的，没有再办。
    pub repeated: i64,
    /// 未认领的。
    pub unclaimed: i64,
    /// 导入时间。
    pub taken_at: DateTime<Utc>,
    /// 导入人。
    pub taken_by: String,
    #[serde(skip)]
    pub place: String,
}

impl FromQueryResult for ReceiptFile {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let taken_at: String = row.try_get(prefix, "taken_at")?;
        Ok(Self {
            digest: row.try_get(prefix, "digest")?,
            name: row.try_get(prefix, "name")?,
            format: row.try_get(prefix, "format")?,
            receipts: row.try_get(prefix, "receipts")?,
            paid: row.try_get(prefix, "paid")?,
            returned: row.try_get(prefix, "returned")?,
            repeated: row.try_get(prefix, "repeated")?,
            unclaimed: row.try_get(prefix, "unclaimed")?,
            taken_at: parse_instant(&taken_at).unwrap_or_default(),
            taken_by: row.try_get(prefix, "taken_by")?,
            place: row.try_get(prefix, "place")?,
        })
    }
}

/// A receipt as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptReceipt {
    pub id: String,
    pub line: i64,
    pub reference: String,
    pub amount: Option<Fen>,
    pub outcome: Outcome,
    pub on: String,
    pub bank_reference: String,
    pub reason: String,
    pub fate: Fate,
    /// Why it fits no row.
    pub why: String,
    pub place: String,
    /// By whom and with which words it was dealt with; `None`: not yet.
    pub handled: Option<(String, String)>,
}

impl FromQueryResult for KeptReceipt {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let (outcome, fate): (String, String) =
            (row.try_get(prefix, "result")?, row.try_get(prefix, "fate")?);
        let by: Option<String> = row.try_get(prefix, "handled_by")?;
        let note: Option<String> = row.try_get(prefix, "handled_note")?;
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            line: row.try_get(prefix, "line")?,
            reference: row.try_get(prefix, "reference")?,
            amount: row.try_get(prefix, "amount")?,
            outcome: Outcome::parse(&outcome)
                .ok_or_else(|| DbErr::Type(format!("fund_receipt.result {outcome}")))?,
            on: row.try_get(prefix, "settled_on")?,
            bank_reference: row.try_get(prefix, "bank_reference")?,
            reason: row.try_get(prefix, "reason")?,
            fate: Fate::parse(&fate)
                .ok_or_else(|| DbErr::Type(format!("fund_receipt.fate {fate}")))?,
            why: row.try_get(prefix, "why")?,
            place: row.try_get(prefix, "place")?,
            handled: by.map(|by| (by, note.unwrap_or_default())),
        })
    }
}
