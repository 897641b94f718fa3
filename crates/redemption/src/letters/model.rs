//! What a letter is made of, and what is said of it later.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_letters::Letter;
use zhida_platform::vocabulary;

vocabulary! {
    /// 决定书是否仍然有效。
    LetterState {
        /// 有效.
        InForce = "in_force", "有效";
        /// 已被新的决定书取代.
        Replaced = "replaced", "已被取代";
        /// 已撤销.
        Revoked = "revoked", "已撤销";
    }
}

vocabulary! {
    /// What a letter tells.
    LetterKind {
        /// 准予兑付.
        Granted = "granted", "准予兑付决定书";
        /// 不予兑付.
        Refused = "refused", "不予兑付决定书";
    }
}

/// How a case was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is paid.
    Granted {
        /// The amount in fen.
        fen: i64,
    },
    /// It is not.
    Refused {
        /// Why, in words for the enterprise.
        reason: &'a str,
    },
}

/// A condition with what was required and what was known when the case was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The condition's own words.
    pub condition: String,
    /// What it requires.
    pub required: String,
    /// What was known, with its source.
    pub known: String,
    /// 符合, 不符合, 人工核验通过.
    pub verdict: String,
}

/// A decision that is put into a letter.
#[derive(Debug, Clone)]
pub struct Decided<'a> {
    /// The case.
    pub case: &'a str,
    /// Its number as it is read on the phone.
    pub number: &'a str,
    /// The item.
    pub item: &'a str,
    /// Its name.
    pub item_name: &'a str,
    /// The revision of the item by which it was decided.
    pub item_revision: i64,
    /// The revision of the scheme by which it was carried out.
    pub scheme_revision: i64,
    /// The policy behind the item with its number: 《……》（××〔2026〕1号）.
    pub policy: &'a str,
    /// The enterprise's unified social credit code.
    pub enterprise: &'a str,
    /// Its name.
    pub enterprise_name: &'a str,
    /// The division it belongs to.
    pub place: &'a str,
    /// The organisation that decided.
    pub organisation: &'a str,
    /// How.
    pub verdict: Verdict<'a>,
    /// The conditions one by one.
    pub basis: &'a [Basis],
    /// How the amount was computed, in words; empty when nothing was.
    pub formula: &'a str,
    /// What the scheme says beside the facts; a paragraph a line.
    pub words: &'a str,
    /// The day of the decision.
    pub on: NaiveDate,
}

/// A letter that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: String,
    /// Its check code without dashes.
    pub code: String,
    /// Its number.
    pub number: String,
}

/// A letter as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub id: String,
    pub code: String,
    pub number: String,
    pub kind: LetterKind,
    pub enterprise: String,
    pub enterprise_name: String,
    pub place: String,
    pub item_name: String,
    pub organisation: String,
    pub fen: Option<i64>,
    pub decided_on: NaiveDate,
    pub letter: Letter,
    /// Whether the text is still the one that was issued.
    pub is_intact: bool,
    pub state: LetterState,
    pub state_at: DateTime<Utc>,
    pub state_why: String,
    pub file: Option<String>,
    pub file_digest: Option<String>,
}

/// 凭查验码查到的决定书内容。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LetterVerification)]
pub struct Verification {
    /// 校验码。
    pub code: String,
    /// 文书编号。
    pub number: String,
    /// 文书名称。
    pub title: String,
    /// 企业名称。
    pub enterprise_name: String,
    /// 政策事项。
    pub item_name: String,
    /// 签发单位。
    pub organisation: String,
    /// 核定金额（分）；不予兑付时没有。
    pub fen: Option<i64>,
    /// 决定日期。
    pub decided_on: NaiveDate,
    /// 是否仍然有效。
    pub state: LetterState,
    /// 被取代或撤销的日期和原因。
    pub state_words: String,
    /// 存档内容与签发时是否一致。
    pub is_intact: bool,
}
