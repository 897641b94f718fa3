use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::format::money_fen;
use zhida_platform::vocabulary;
use zhida_standards::Fen;

/// The purpose of a case that is paid for one thing only.
const USUAL: &str = "grant";

/// Who asks for money: a case, and what for when a case pays several things. All functions of [`crate::Funds`] are
/// idempotent by it: asked a second time they answer what stands and move nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Id of the case.
    pub case: &'a str,
    /// A slug of the room, for instance `grant`.
    pub purpose: &'a str,
}

impl<'a> Claim<'a> {
    /// Of a case that is paid for one thing only.
    #[must_use]
    pub fn of(case: &'a str) -> Self {
        Self {
            case,
            purpose: USUAL,
        }
    }
}

/// 限额: the most that one enterprise may get in the reservation's year, over a group of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// As people know it: “同一企业每年最高 50 万元”.
    pub name: String,
    /// Ids of the items that count together; empty: the reservation's item alone.
    pub items: Vec<String>,
    /// The most, in fen.
    pub amount: Fen,
}

/// 预占: what is to be held for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation<'a> {
    /// Whose.
    pub claim: Claim<'a>,
    /// The case's number as people read it.
    pub case_number: &'a str,
    /// 统一社会信用代码.
    pub enterprise: &'a str,
    /// The enterprise's name, which the account's holder must have.
    pub enterprise_name: &'a str,
    /// The item's id; with the year it names the pool.
    pub item: &'a str,
    /// The item's name, for messages.
    pub item_name: &'a str,
    /// 预算年度.
    pub year: i32,
    /// Money, in fen.
    pub amount: Fen,
    /// Limits of the enterprise.
    pub caps: &'a [Cap],
}

vocabulary! {
    /// How far a claim is.
    #[schema(as = FundStanding)]
    Standing {
        /// The pool has not enough; served in the order of asking.
        Waiting = "waiting", "等待资金";
        /// Held, not yet to be paid.
        Reserved = "reserved", "已预占";
        /// May be paid.
        Committed = "committed", "已锁定";
        /// Nothing is left to be paid.
        Paid = "paid", "已拨付";
        /// Nothing is held for it any more.
        Released = "released", "已解除";
    }
}

/// Where a claim stands in the queue 等待资金.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FundWaiting)]
pub struct Waiting {
    /// 排在第几位，从 1 起。
    pub place: u64,
    /// 资金池余额，单位：分。
    #[schema(value_type = i64)]
    pub left: Fen,
    /// 还差多少，单位：分；排在前面的也算在内。
    #[schema(value_type = i64)]
    pub short: Fen,
}

/// 一件办件的用款情况，金额单位都是分。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FundMoney)]
pub struct Money {
    /// 办理到哪一步。
    pub standing: Standing,
    /// 资金池标识。
    pub pool: String,
    /// 申请的金额。
    #[schema(value_type = i64)]
    pub wanted: Fen,
    /// 预占。
    #[schema(value_type = i64)]
    pub reserved: Fen,
    /// 锁定。
    #[schema(value_type = i64)]
    pub committed: Fen,
    /// 已拨付。
    #[schema(value_type = i64)]
    pub paid: Fen,
    /// 等待资金时排在哪里。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

impl Money {
    /// One sentence for a page.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.standing, self.waiting) {
            (Standing::Waiting, Some(waiting)) => format!(
                "等待资金：排在第 {} 位；资金池余额 {}，还差 {}",
                waiting.place,
                money_fen(waiting.left),
                money_fen(waiting.short)
            ),
            (Standing::Waiting, None) => "等待资金".to_owned(),
            (Standing::Reserved, _) => format!("已预占 {}", money_fen(self.reserved)),
            (Standing::Committed, _) if self.paid > 0 => format!(
                "已拨付 {}，待拨付 {}",
                money_fen(self.paid),
                money_fen(self.committed)
            ),
            (Standing::Committed, _) => format!("已锁定 {}，待拨付", money_fen(self.committed)),
            (Standing::Paid, _) => format!("已拨付 {}", money_fen(self.paid)),
            (Standing::Released, _) => "已解除，不再占用资金".to_owned(),
        }
    }
}

/// 分期: one part of a claim that is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its number within the claim, from 1; a part is made once.
    pub number: i64,
    /// What it is called: 全额, 首期, 清算.
    pub label: &'a str,
    /// Money, in fen.
    pub amount: Fen,
    /// Not drawn before this day.
    pub not_before: Option<NaiveDate>,
}

/// What 清算 came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Nothing is to be paid or given back.
    Even,
    /// This much is to be paid as the last part.
    Payable(Fen),
    /// This much was demanded back.
    Demanded(Fen),
}

/// 追回: what an enterprise is told to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand<'a> {
    /// Makes it idempotent: a second demand of a claim under the same key answers the first.
    pub key: &'a str,
    /// Money, in fen; with earlier demands never more than was paid.
    pub amount: Fen,
    /// Why, a sentence for the enterprise.
    pub reason: &'a str,
    /// Until when.
    pub due_on: NaiveDate,
    /// The page on which the enterprise reads more.
    pub link: &'a str,
}

/// 追回，金额单位都是分。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FundRecovery)]
pub struct Recovery {
    /// 标识。
    pub id: String,
    /// 办件编号。
    pub case_number: String,
    /// 统一社会信用代码。
    pub enterprise: String,
    /// 企业名称。
    pub enterprise_name: String,
    /// 应追回。
    #[schema(value_type = i64)]
    pub amount: Fen,
    /// 已追回。
    #[schema(value_type = i64)]
    pub repaid: Fen,
    /// 已核销。
    #[schema(value_type = i64)]
    pub written_off: Fen,
    /// 原因。
    pub reason: String,
    /// 限期。
    pub due_on: NaiveDate,
}

impl Recovery {
    /// What is still to come, in fen.
    #[must_use]
    pub fn left(&self) -> Fen {
        self.amount - self.repaid - self.written_off
    }
}

impl FromQueryResult for Recovery {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let due_on: String = row.try_get(prefix, "due_on")?;
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            case_number: row.try_get(prefix, "case_number")?,
            enterprise: row.try_get(prefix, "enterprise")?,
            enterprise_name: row.try_get(prefix, "enterprise_name")?,
            amount: row.try_get(prefix, "amount")?,
            repaid: row.try_get(prefix, "repaid")?,
            written_off: row.try_get(prefix, "written_off")?,
            reason: row.try_get(prefix, "reason")?,
            due_on: due_on
                .parse()
                .map_err(|_| DbErr::Type(format!("fund_recovery.due_on {due_on}")))?,
        })
    }
}

/// A claim as the table holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimRow {
    pub id: String,
    pub case: String,
    pub purpose: String,
    pub case_number: String,
    pub pool: String,
    pub item: String,
    pub year: i64,
    pub enterprise: String,
    pub enterprise_name: String,
    pub wanted: Fen,
    pub reserved: Fen,
    pub committed: Fen,
    pub paid: Fen,
    pub standing: Standing,
    /// Its place in the queue 等待资金: sorts by the moment of asking.
    pub turn: String,
}

impl ClaimRow {
    pub(crate) fn claim(&self) -> Claim<'_> {
        Claim {
            case: &self.case,
            purpose: &self.purpose,
        }
    }
}

impl FromQueryResult for ClaimRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let standing: String = row.try_get(prefix, "standing")?;
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            case: row.try_get(prefix, "case_id")?,
            purpose: row.try_get(prefix, "purpose")?,
            case_number: row.try_get(prefix, "case_number")?,
            pool: row.try_get(prefix, "pool")?,
            item: row.try_get(prefix, "item")?,
            year: row.try_get(prefix, "year")?,
            enterprise: row.try_get(prefix, "enterprise")?,
            enterprise_name: row.try_get(prefix, "enterprise_name")?,
            wanted: row.try_get(prefix, "wanted")?,
            reserved: row.try_get(prefix, "reserved")?,
            committed: row.try_get(prefix, "committed")?,
            paid: row.try_get(prefix, "paid")?,
            standing: Standing::parse(&standing)
                .ok_or_else(|| DbErr::Type(format!("fund_claim.standing {standing}")))?,
            turn: row.try_get(prefix, "turn")?,
        })
    }
}
