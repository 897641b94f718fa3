//! The room's types.

mod batch;
mod claim;
mod entry;
mod payee;
mod payment;
mod pool;
mod receipt;

pub use claim::{
    Cap, Claim, Demand, Money, Part, Recovery, Reservation, Settled, Standing, Waiting,
};
pub use entry::Kind;
pub use payee::{KnownPayee, PayeeFault, PayeeForm};
pub use payment::PaymentState;
pub use pool::Pool;

pub(crate) use batch::{Batch, BatchRow, BatchState, Day, RowState};
pub(crate) use claim::ClaimRow;
pub(crate) use entry::{Balance, Entry};
pub(crate) use payee::{Account, Payer};
pub(crate) use payment::{Payment, PaymentView};
pub(crate) use receipt::{Fate, KeptReceipt, Outcome, Receipt, ReceiptFile};

use zhida_standards::Fen;

/// The most that a pool may hold and anybody may be paid, in fen: 10 万亿元. Sums of these stay far from overflowing.
pub(crate) const AMOUNT_MAX: Fen = 1_000_000_000_000_000;

/// Whether an amount can be paid at all.
pub(crate) fn is_payable(amount: Fen) -> bool {
    (1..=AMOUNT_MAX).contains(&amount)
}
