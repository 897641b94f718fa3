//! What can go wrong, in words for whoever did it.

use zhida_platform::db;
use zhida_platform::files::FileError;
use zhida_platform::format::money_fen;
use zhida_platform::messages::MessageError;
use zhida_platform::problem::Problem;
use zhida_platform::seal::SealError;
use zhida_standards::Fen;

use crate::model::PayeeFault;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that does not exist, or is not within the viewer's reach.
    #[error("没有找到{0}")]
    Missing(String),
    /// The item has no pool for the year.
    #[error("事项“{item}”没有 {year} 年的资金池，不能预占资金：请先由资金经办在“资金”页面建立")]
    NoPool {
        /// The item's name.
        item: String,
        /// The year.
        year: i32,
    },
    /// The pool takes no more reservations.
    #[error("事项“{item}”{year} 年的资金池已停用，不能再预占：请联系资金经办启用")]
    Closed {
        /// The item's name.
        item: String,
        /// The year.
        year: i64,
    },
    /// A pool has not enough.
    #[error("资金池余额 {}，还差 {}", money_fen(*.left), money_fen(*.short))]
    Short {
        /// What is left.
        left: Fen,
        /// What is missing.
        short: Fen,
    },
    /// An enterprise's limit would be exceeded.
    #[error(
        "超出限额“{name}”：上限 {}，已用 {}，还可以给 {}，这次要 {}",
        money_fen(*.cap), money_fen(*.used), money_fen(*.left), money_fen(*.wanted)
    )]
    OverCap {
        /// The limit's name.
        name: String,
        /// The most.
        cap: Fen,
        /// Used by reservations and payments before.
        used: Fen,
        /// What the limit leaves.
        left: Fen,
        /// What was asked for.
        wanted: Fen,
    },
    /// A budget would be cut below what is spoken for.
    #[error(
        "预算不能减到 {}：已预占 {}、锁定 {}、拨付 {}，合计 {}。可以先解除没有用的预占，或减到不低于合计数",
        money_fen(*.wanted), money_fen(*.reserved), money_fen(*.committed), money_fen(*.paid),
        money_fen(*.reserved + *.committed + *.paid)
    )]
    CutTooDeep {
        /// The amount that was asked for.
        wanted: Fen,
        /// Reserved.
        reserved: Fen,
        /// Committed.
        committed: Fen,
        /// Paid.
        paid: Fen,
    },
    /// It does not fit the state of things.
    #[error("{0}")]
    State(String),
    /// Somebody else, or the bank, has moved it on since.
    #[error("{0}")]
    Moved(String),
    /// Somebody would approve the own batch.
    #[error("编制批次的人不能复核同一批次：请由另一位资金复核人员办理")]
    FourEyes,
    /// An account cannot be used.
    #[error("收款账户有 {} 处要改正", .0.len())]
    Payee(Vec<PayeeFault>),
    /// A field of a form.
    #[error("{message}")]
    Field {
        /// Its name.
        field: &'static str,
        /// The sentence at it.
        message: String,
    },
    /// A secret cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A message cannot be sent.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A file cannot be taken.
    #[error(transparent)]
    File(#[from] FileError),
    /// A right is missing, a hook of another room failed, and the like.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The database refused.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl Error {
    pub(crate) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Field {
            field,
            message: message.into(),
        }
    }

    pub(crate) fn state(message: impl Into<String>) -> Self {
        Self::State(message.into())
    }

    pub(crate) fn moved(message: impl Into<String>) -> Self {
        Self::Moved(message.into())
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::Missing(what.into())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        match error {
            Error::Missing(what) => Self::not_found(what),
            Error::NoPool { .. }
            | Error::Closed { .. }
            | Error::Short { .. }
            | Error::OverCap { .. }
            | Error::State(_) => Self::refused(words),
            Error::Moved(_) => Self::conflict(words),
            Error::CutTooDeep { .. } => Self::bad_input(words.clone()).field("amount", words),
            Error::FourEyes => Self::forbidden(words).hint("请另一位有复核权限的人登录后办理"),
            Error::Payee(faults) => faults.into_iter().fold(
                Self::bad_input(words),
                |problem, PayeeFault { field, message }| problem.field(field, message),
            ),
            Error::Field { field, message } => {
                Self::bad_input(message.clone()).field(field, message)
            }
            Error::Seal(error) => error.into(),
            Error::Message(error) => error.into(),
            Error::File(error) => error.into(),
            Error::Problem(problem) => *problem,
            Error::Db(error) => error.into(),
        }
    }
}
