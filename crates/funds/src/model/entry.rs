use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::clock::parse_instant;
use zhida_standards::Fen;

/// What happened to money: one entry of the ledger, which is only ever appended to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 增加预算
    Raise,
    /// 核减预算
    Cut,
    /// 预占
    Reserve,
    /// 解除预占
    Release,
    /// 锁定 (what was reserved is committed)
    Commit,
    /// 解除锁定
    Free,
    /// 拨付 (what was committed is paid)
    Pay,
    /// 退票 after the bank had said it was paid: committed again
    Return,
    /// 退票 before that: nothing moves, for it was never paid
    Refuse,
    /// 追回通知: told to give back; the pool does not move, for what comes back belongs to the treasury
    Demand,
    /// 已追回
    Repay,
    /// 核销 of what cannot be got back
    WriteOff,
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
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Raise,
        Self::Cut,
        Self::Reserve,
        Self::Release,
        Self::Commit,
        Self::Free,
        Self::Pay,
        Self::Return,
        Self::Refuse,
        Self::Demand,
        Self::Repay,
        Self::WriteOff,
    ];

    /// Stable name in the database and the API.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Cut => "cut",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Commit => "commit",
            Self::Free => "free",
            Self::Pay => "pay",
            Self::Return => "return",
            Self::Refuse => "refuse",
            Self::Demand => "demand",
            Self::Repay => "repay",
            Self::WriteOff => "write-off",
        }
    }

    /// Chinese name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Raise => "增加预算",
            Self::Cut => "核减预算",
            Self::Reserve => "预占",
            Self::Release => "解除预占",
            Self::Commit => "锁定",
            Self::Free => "解除锁定",
            Self::Pay => "已拨付",
            Self::Return => "退票（已到账后退回）",
            Self::Refuse => "退票（未到账）",
            Self::Demand => "追回通知",
            Self::Repay => "已追回",
            Self::WriteOff => "核销",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn of_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.slug() == slug)
    }

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
            kind: Kind::of_slug(&kind)
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
