use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::clock::parse_instant;
use zhida_platform::vocabulary;
use zhida_standards::Fen;

vocabulary! {
    /// What happened to money: one entry of the ledger, which is only ever appended to.
    #[schema(as = FundEntryKind)]
    Kind {
        /// The pool gets more.
        Raise = "raise", "增加预算";
        /// The pool gets less.
        Cut = "cut", "核减预算";
        /// Held for a case.
        Reserve = "reserve", "预占";
        /// Held no more.
        Release = "release", "解除预占";
        /// What was reserved is committed.
        Commit = "commit", "锁定";
        /// Committed no more.
        Free = "free", "解除锁定";
        /// What was committed is paid.
        Pay = "pay", "已拨付";
        /// The bank had said that it was paid: committed again.
        Return = "return", "退票（已到账后退回）";
        /// The bank had not: nothing moves, for it was never paid.
        Refuse = "refuse", "退票（未到账）";
        /// Told to give back; the pool does not move, for what comes back belongs to the treasury.
        Demand = "demand", "追回通知";
        /// Given back.
        Repay = "repay", "已追回";
        /// What cannot be got back.
        WriteOff = "write-off", "核销";
    }
}

/// How much an amount of 1 changes: pool's amount, reserved, committed, paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Balance {
    pub amount: Fen,
    pub reserved: Fen,
    pub committed: Fen,
    pub paid: Fen,
}

impl Balance {
    pub(crate) fn of(amount: Fen, reserved: Fen, committed: Fen, paid: Fen) -> Self {
        Self {
            amount,
            reserved,
            committed,
            paid,
        }
    }

    pub(crate) fn times(self, number: Fen) -> Self {
        Self::of(
            self.amount * number,
            self.reserved * number,
            self.committed * number,
            self.paid * number,
        )
    }
}

impl Kind {
    /// What an amount of 1 moves: the only place that says so, for pools, claims and for the check against the ledger.
    pub(crate) fn effect(self) -> Balance {
        match self {
            Self::Raise => Balance::of(1, 0, 0, 0),
            Self::Cut => Balance::of(-1, 0, 0, 0),
            Self::Reserve => Balance::of(0, 1, 0, 0),
            Self::Release => Balance::of(0, -1, 0, 0),
            Self::Commit => Balance::of(0, -1, 1, 0),
            Self::Free => Balance::of(0, 0, -1, 0),
            Self::Pay => Balance::of(0, 0, -1, 1),
            Self::Return => Balance::of(0, 0, 1, -1),
            Self::Refuse | Self::Demand | Self::Repay | Self::WriteOff => Balance::default(),
        }
    }
}

/// An entry of the ledger as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub id: String,
    pub kind: Kind,
    pub amount: Fen,
    pub case_number: String,
    pub enterprise_name: String,
    pub reason: String,
    pub at: DateTime<Utc>,
    pub by: String,
}

impl FromQueryResult for Entry {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let kind: String = row.try_get(prefix, "kind")?;
        let at: String = row.try_get(prefix, "at")?;
        let text = |column| -> Result<String, DbErr> {
            Ok(row
                .try_get::<Option<String>>(prefix, column)?
                .unwrap_or_default())
        };
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            kind: Kind::parse(&kind)
                .ok_or_else(|| DbErr::Type(format!("fund_entry.kind {kind}")))?,
            amount: row.try_get(prefix, "amount")?,
            case_number: text("case_number")?,
            enterprise_name: text("enterprise_name")?,
            reason: row.try_get(prefix, "reason")?,
            at: parse_instant(&at).unwrap_or_default(),
            by: row.try_get(prefix, "by_name")?,
        })
    }
}
