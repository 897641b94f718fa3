//! The files that go to the bank and come back from it: pure, from values to bytes and back. The formats stand in
//! docs/payments.md.

mod csv_out;
mod money;
mod pain001;
mod receipts;
mod receipts_csv;
mod receipts_xml;

pub(crate) use csv_out::table;
pub use money::parse_yuan;

pub(crate) use money::yuan;
pub(crate) use pain001::pain001;
pub(crate) use receipts::{Read, read};

use chrono::{DateTime, NaiveDate, Utc};
use zhida_standards::Fen;

/// An account with its plain number: only ever for a file to the bank.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PlainAccount {
    pub holder: String,
    pub bank: String,
    pub cnaps: String,
    pub account: String,
}

/// One row of a file to the bank.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PlainRow {
    /// 付款参考号: ASCII, at most 35 characters.
    pub reference: String,
    pub amount: Fen,
    /// 统一社会信用代码.
    pub enterprise: String,
    pub account: PlainAccount,
    /// What it is for: the item and the case.
    pub purpose: String,
}

/// What a file to the bank says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PlainBatch {
    pub number: String,
    pub made: DateTime<Utc>,
    /// The day on which the bank is to pay.
    pub on: NaiveDate,
    pub payer: PlainAccount,
    pub rows: Vec<PlainRow>,
}
