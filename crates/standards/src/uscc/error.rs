//! Why a text is no unified code: what is wrong, where, and what to do.

use thiserror::Error;

use crate::org_code::OrgCode;
use crate::reg_no::{RegNo, RegNoError};

/// Why a text is no unified social credit code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UsccError {
    /// Nothing but spaces and hyphens.
    #[error("统一社会信用代码为空，请填写营业执照上的 18 位代码")]
    Empty,
    /// Not eighteen characters.
    #[error("统一社会信用代码应为 18 位，现为 {found} 位，请对照营业执照补全")]
    Length {
        /// How many characters were found.
        found: usize,
    },
    /// Fifteen digits: the registration number of before 2015, right by its own check.
    #[error(
        "这是 15 位旧工商注册号（校验通过），不是统一社会信用代码，请查询并填写换照后的 18 位代码"
    )]
    OldRegistrationNumber,
    /// Fifteen digits that fail the check of a registration number too.
    #[error(
        "这是 15 位旧工商注册号的格式，但其校验位也有误（第 15 位应为“{expected}”，现为“{found}”），请核对后填写换照后的 18 位代码"
    )]
    OldRegistrationNumberCheck {
        /// The digit that would fit.
        expected: char,
        /// The digit found.
        found: char,
    },
    /// Thirteen digits: the registration number of before 2007, which had no check digit.
    #[error(
        "这是 2007 年以前的 13 位工商注册号格式，不是统一社会信用代码，请查询并填写换照后的 18 位代码"
    )]
    OlderRegistrationNumber,
    /// Nine characters that are a valid organisation code.
    #[error("这是 9 位组织机构代码，不是统一社会信用代码，请查询并填写 18 位代码")]
    OrganisationCodeOnly,
    /// A character outside the alphabet; `position` counts from 1.
    #[error(
        "统一社会信用代码第 {position} 位“{found}”不允许出现（只用数字和除 I、O、S、V、Z 外的大写字母），请核对是否与 1、0、5、2 混淆"
    )]
    Character {
        /// Position counted from 1.
        position: usize,
        /// The offending character.
        found: char,
    },
    /// Position 1 names no registering authority.
    #[error(
        "统一社会信用代码第 1 位“{found}”不是登记管理部门代码（应为 1–9、A、N、Y），请核对营业执照"
    )]
    Authority {
        /// The character found.
        found: char,
    },
    /// Position 2 names no kind of organisation under the authority of position 1.
    #[error("统一社会信用代码第 2 位“{found}”不是“{authority}”部门的机构类别代码，请核对营业执照")]
    Kind {
        /// Name of the authority of position 1.
        authority: &'static str,
        /// The character found.
        found: char,
    },
    /// A character of the division code (3–8) is no digit; `position` counts from 1.
    #[error(
        "统一社会信用代码第 {position} 位“{found}”应为数字（第 3–8 位是登记机关行政区划码），请核对营业执照"
    )]
    Region {
        /// Position counted from 1.
        position: usize,
        /// The character found.
        found: char,
    },
    /// The check character of the whole code does not fit.
    #[error(
        "统一社会信用代码校验码有误：按前 17 位计算第 18 位应为“{expected}”，现为“{found}”，请核对各位是否抄错"
    )]
    Check {
        /// The character that would fit.
        expected: char,
        /// The character found.
        found: char,
    },
    /// The check character of the organisation code inside does not fit.
    #[error(
        "代码中第 9–17 位的组织机构代码校验码有误：第 17 位应为“{expected}”，现为“{found}”，请核对各位是否抄错"
    )]
    OrganisationCheck {
        /// The character that would fit.
        expected: char,
        /// The character found.
        found: char,
    },
}

impl UsccError {
    /// Names what a text of another length than 18 is instead, as far as it can be told.
    /// `chars` are its characters, at most eighteen of them; `found` is how many there were.
    pub(super) fn of_length(chars: &[char], found: usize) -> Self {
        let digits_only = chars.iter().all(char::is_ascii_digit);
        match found {
            0 => Self::Empty,
            9 if OrgCode::parse(&chars.iter().collect::<String>()).is_ok() => {
                Self::OrganisationCodeOnly
            }
            13 if digits_only => Self::OlderRegistrationNumber,
            15 if digits_only => match RegNo::parse(&chars.iter().collect::<String>()) {
                Err(RegNoError::Check { expected, found }) => {
                    Self::OldRegistrationNumberCheck { expected, found }
                }
                _ => Self::OldRegistrationNumber,
            },
            _ => Self::Length { found },
        }
    }

    /// Whether the text is an old 15-digit registration number, with a right or a wrong check
    /// digit.
    pub fn is_old_registration_number(&self) -> bool {
        matches!(
            self,
            Self::OldRegistrationNumber | Self::OldRegistrationNumberCheck { .. }
        )
    }
}
