//! What whoever demands money back writes, and what of it can be used.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_platform::vocabulary;
use zhida_standards::Fen;

use super::cause::{Cause, Withdraws, cause};
use crate::error::Error;

/// Characters of reason and basis at most.
const WORDS_MAX: usize = 500;
/// Working days that an enterprise has at most.
const DAYS_MAX: u32 = 250;
/// Working days that it has when nobody says otherwise.
pub(super) const DAYS: u32 = 30;

vocabulary! {
    /// 追回多少，原决定是否撤销。
    Extent {
        /// All that was paid; the decision is revoked.
        Whole = "whole", "全额追回，撤销原决定";
        /// A part; the decision stays.
        Part = "part", "追回一部分，原决定仍然有效";
    }
}

/// 要追回的。
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = ToRecover)]
pub struct ToClawBack {
    /// 这件办件的第几次追回，从 1 起：同一次提交两遍只算一遍。
    pub number: i64,
    /// 原因的标识，见 /api/v1/redemption/recovery-causes。
    pub cause: String,
    /// 追回多少。
    pub extent: Extent,
    /// 追回一部分时的金额，单位：分；全额追回时不填。
    #[serde(default)]
    pub fen: Option<Fen>,
    /// 理由，企业会看到。
    pub reason: String,
    /// 依据：法规、文件或协议的条款，企业会看到。
    pub basis: String,
    /// 限多少个工作日退回，1 至 250；不填是 30。
    #[serde(default = "days_default")]
    pub days: u32,
}

fn days_default() -> u32 {
    DAYS
}

/// The same, found usable.
pub(super) struct Usable {
    pub number: i64,
    pub cause: &'static Cause,
    pub extent: Extent,
    /// The amount of a part.
    pub fen: Option<Fen>,
    pub reason: String,
    pub basis: String,
    pub days: u32,
}

impl ToClawBack {
    pub(super) fn usable(&self) -> Result<Usable, Error> {
        let cause = cause(&self.cause);
        let cause = cause.ok_or_else(|| Error::field("cause", "请选择追回的原因"))?;
        let wrong = |words: &str| Error::field("extent", format!("“{}”{words}", cause.name));
        match (cause.withdraws, self.extent) {
            (Withdraws::Always, Extent::Part) => {
                return Err(wrong("的，应当全额追回、撤销原决定"));
            }
            (Withdraws::Never, Extent::Whole) => {
                return Err(wrong("的，只追回多付的部分，原决定仍然有效"));
            }
            _ => {}
        }
        let fen = match self.extent {
            Extent::Whole => None,
            Extent::Part => Some(
                self.fen
                    .filter(|fen| *fen > 0)
                    .ok_or_else(|| Error::field("amount", "请填写追回的金额，要大于 0"))?,
            ),
        };
        if !(1..=DAYS_MAX).contains(&self.days) {
            let message = format!("限期请填 1 至 {DAYS_MAX} 个工作日");
            return Err(Error::field("days", message));
        }
        Ok(Usable {
            number: self.number,
            cause,
            extent: self.extent,
            fen,
            reason: text("reason", &self.reason, "请写明追回的事实和理由，企业会看到")?,
            basis: text(
                "basis",
                &self.basis,
                "请写明依据，例如法规、政策文件或协议的条款",
            )?,
            days: self.days,
        })
    }
}

fn text(field: &str, text: &str, missing: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::field(field, missing));
    }
    match text.chars().count() > WORDS_MAX {
        true => Err(Error::field(field, format!("最多 {WORDS_MAX} 个字"))),
        false => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> ToClawBack {
        ToClawBack {
            number: 1,
            cause: "no-longer".to_owned(),
            extent: Extent::Whole,
            fen: None,
            reason: "已迁出".to_owned(),
            basis: "兑付协议第三条".to_owned(),
            days: DAYS,
        }
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        type Change = fn(&mut ToClawBack);
        let changes: [(&str, Change); 9] = [
            ("cause", |one| one.cause.clear()),
            ("extent", |one| {
                one.cause = "false-materials".to_owned();
                one.extent = Extent::Part;
                one.fen = Some(1);
            }),
            ("extent", |one| one.cause = "overpaid".to_owned()),
            ("amount", |one| one.extent = Extent::Part),
            ("amount", |one| {
                one.extent = Extent::Part;
                one.fen = Some(0);
            }),
            ("reason", |one| one.reason = " ".to_owned()),
            ("basis", |one| one.basis.clear()),
            ("basis", |one| one.basis = "字".repeat(WORDS_MAX + 1)),
            ("days", |one| one.days = 0),
        ];
        assert!(asked().usable().is_ok());
        for (field, change) in changes {
            let mut one = asked();
            change(&mut one);
            let refused = one.usable().err();
            let at = match &refused {
                Some(Error::Field { field, .. }) => field,
                other => panic!("{field}: {other:?}"),
            };
            assert_eq!(at, field);
        }
    }
}
