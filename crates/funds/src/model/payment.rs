use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::clock::parse_instant;
use zhida_platform::vocabulary;
use zhida_standards::Fen;

vocabulary! {
    /// How far a payment is.
    PaymentState {
        /// Can be drawn into a batch.
        Due = "due", "待拨付";
        /// Stands in an open batch.
        Drawn = "drawn", "批次办理中";
        /// The bank has paid it.
        Paid = "paid", "已拨付";
        /// The bank has sent it back; due again when the account is mended.
        Returned = "returned", "已退回";
        /// Its claim was released.
        Cancelled = "cancelled", "已取消";
    }
}

/// A payment as the table holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    pub id: String,
    pub number: String,
    pub claim: String,
    pub case: String,
    pub case_number: String,
    pub pool: String,
    pub enterprise: String,
    pub enterprise_name: String,
    pub part: i64,
    pub label: String,
    pub amount: Fen,
    pub not_before: Option<NaiveDate>,
    pub state: PaymentState,
    /// Why it stayed out of the last batch, or what the bank said.
    pub reason: String,
    pub paid_on: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
}

impl FromQueryResult for Payment {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let state: String = row.try_get(prefix, "state")?;
        let created_at: String = row.try_get(prefix, "created_at")?;
        let day = |column| -> Result<Option<NaiveDate>, DbErr> {
            let text: Option<String> = row.try_get(prefix, column)?;
            Ok(text.and_then(|text| text.parse().ok()))
        };
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            number: row.try_get(prefix, "number")?,
            claim: row.try_get(prefix, "claim")?,
            case: row.try_get(prefix, "case_id")?,
            case_number: row.try_get(prefix, "case_number")?,
            pool: row.try_get(prefix, "pool")?,
            enterprise: row.try_get(prefix, "enterprise")?,
            enterprise_name: row.try_get(prefix, "enterprise_name")?,
            part: row.try_get(prefix, "part")?,
            label: row.try_get(prefix, "label")?,
            amount: row.try_get(prefix, "amount")?,
            not_before: day("not_before")?,
            state: PaymentState::parse(&state)
                .ok_or_else(|| DbErr::Type(format!("fund_payment.state {state}")))?,
            reason: row.try_get(prefix, "reason")?,
            paid_on: day("paid_on")?,
            created_at: parse_instant(&created_at).unwrap_or_default(),
        })
    }
}

/// A payment with what lists show beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentView {
    pub payment: Payment,
    pub item_name: String,
    pub year: i64,
    /// Number of the open batch it stands in.
    pub batch: String,
}

impl FromQueryResult for PaymentView {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            payment: Payment::from_query_result(row, prefix)?,
            item_name: row.try_get(prefix, "item_name")?,
            year: row.try_get(prefix, "year")?,
            batch: row
                .try_get::<Option<String>>(prefix, "batch")?
                .unwrap_or_default(),
        })
    }
}
