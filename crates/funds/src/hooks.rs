//! What the room asks of those whose cases are paid, and what it tells them.

use chrono::NaiveDate;
use sea_orm::prelude::async_trait::async_trait;
use zhida_platform::db::Tx;
use zhida_platform::problem::Problem;
use zhida_standards::Fen;

use crate::model::{Claim, Money};

/// Whether a case may be paid now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MayPay {
    /// Nothing stands in the way.
    Yes,
    /// It must not be paid; the reason is a Chinese sentence that stands beside the row.
    No(String),
}

/// The last check before money leaves: asked for every row when a batch is drawn, and again when it is approved.
///
/// Until a room answers ([`crate::Funds::attend`]) no case may be paid at all.
#[async_trait]
pub trait LastCheck: Send + Sync {
    /// Whether this case may be paid now: an enterprise that failed a condition since, or an open objection, says no.
    ///
    /// # Errors
    /// When it cannot be found out; nothing is drawn or approved then.
    async fn may_pay(&self, tx: &Tx, case: &str) -> Result<MayPay, Problem>;
}

/// The items that may have a pool.
#[async_trait]
pub trait Items: Send + Sync {
    /// Whether there is an item of this id.
    ///
    /// # Errors
    /// When it cannot be found out.
    async fn has_item(&self, id: &str) -> Result<bool, Problem>;
}

/// A part that the bank has paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidPart<'a> {
    /// Whose.
    pub claim: Claim<'a>,
    /// The part's number within the claim, from 1.
    pub part: i64,
    /// Money, in fen.
    pub amount: Fen,
    /// The day by the bank.
    pub on: NaiveDate,
    /// Whether all of the claim is paid now: nothing is committed any more.
    pub is_last: bool,
}

/// A part that the bank has sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedPart<'a> {
    /// Whose.
    pub claim: Claim<'a>,
    /// The part's number within the claim, from 1.
    pub part: i64,
    /// Money, in fen.
    pub amount: Fen,
    /// The bank's words.
    pub reason: &'a str,
    /// Whether the bank had said before that it was paid.
    pub was_paid: bool,
}

/// Money of a recovery that came back, or that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered<'a> {
    /// Whose.
    pub claim: Claim<'a>,
    /// Money, in fen.
    pub amount: Fen,
    /// It was given up (核销), not given back.
    pub is_written_off: bool,
    /// What of this recovery is still to come, in fen.
    pub left: Fen,
}

/// Told to the room whose case it is, in the transaction in which it happens. An error undoes all of it.
#[async_trait]
pub trait PaymentNews: Send + Sync {
    /// Money came free for a claim that was waiting: it is reserved now.
    ///
    /// # Errors
    /// Those of the room.
    async fn reserved(&self, tx: &Tx, claim: Claim<'_>, money: &Money) -> Result<(), Problem>;

    /// The bank has paid a part.
    ///
    /// # Errors
    /// Those of the room.
    async fn paid(&self, tx: &Tx, part: &PaidPart<'_>) -> Result<(), Problem>;

    /// The bank has sent a part back; it can be paid again when the account is mended.
    ///
    /// # Errors
    /// Those of the room.
    async fn returned(&self, tx: &Tx, part: &ReturnedPart<'_>) -> Result<(), Problem>;

    /// What was demanded back came, or was given up.
    ///
    /// # Errors
    /// Those of the room.
    async fn recovered(&self, tx: &Tx, recovered: &Recovered<'_>) -> Result<(), Problem>;
}
