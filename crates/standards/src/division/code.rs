//! [`DivisionCode`]: one spelling for the many lengths in which division codes are written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::Level;

/// A division code in its normal form: six digits for provinces, prefectures and counties
/// (330000, 330100, 330106), nine for townships (330106001). The order is the order of the
/// digits, so a division stands right before what lies in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode([u8; 9]);

/// Why a text is no division code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DivisionCodeError {
    /// A length that no level has.
    #[error("行政区划代码应为 2、4、6、9 或 12 位数字，现为 {found} 位，请核对代码")]
    Length {
        /// How many characters were found.
        found: usize,
    },
    /// A character that is no digit; `position` counts from 1.
    #[error("行政区划代码第 {position} 位“{found}”不是数字，请核对代码")]
    Character {
        /// Position counted from 1.
        position: usize,
        /// The offending character.
        found: char,
    },
    /// Digits below a level that is not named: 330006 names a county of no prefecture.
    #[error("行政区划代码“{code}”跳过了上一级（上级部分为 00），请核对代码")]
    Gap {
        /// The code as given.
        code: String,
    },
    /// A village (村级) code: townships are the lowest level kept.
    #[error("“{code}”是村级代码，本系统只收录到乡级，请使用前 9 位")]
    Village {
        /// The code as given.
        code: String,
    },
}

impl DivisionCode {
    /// Reads a code of 2, 4, 6, 9 or 12 digits; trailing zeros of a higher level are dropped.
    ///
    /// # Errors
    /// Another length, a character that is no digit, a level skipped, a village.
    pub fn parse(text: &str) -> Result<Self, DivisionCodeError> {
        let (chars, found) = crate::uscc::normalised::<12>(text);
        if !matches!(found, 2 | 4 | 6 | 9 | 12) {
            return Err(DivisionCodeError::Length { found });
        }
        let mut digits = [b'0'; 12];
        for (index, &c) in chars.iter().enumerate().take(found) {
            if !c.is_ascii_digit() {
                return Err(DivisionCodeError::Character {
                    position: index + 1,
                    found: c,
                });
            }
            digits[index] = c as u8;
        }
        let given = || chars[..found].iter().collect();
        if digits[9..] != *b"000" {
            return Err(DivisionCodeError::Village { code: given() });
        }
        let [province, prefecture, county] =
            [&digits[..2], &digits[2..4], &digits[4..6]].map(|part| part != b"00");
        let township = digits[6..9] != *b"000";
        // A township may lie directly in a prefecture (东莞 441900003); a county may not skip one.
        if !province || (!prefecture && (county || township)) {
            return Err(DivisionCodeError::Gap { code: given() });
        }
        let mut code = [b'0'; 9];
        code.copy_from_slice(&digits[..9]);
        Ok(Self(code))
    }

    /// A code of the embedded tables, which hold six or nine digits.
    pub(super) fn embedded(text: &str) -> Self {
        Self::parse(text).expect("the embedded tables hold valid division codes")
    }

    /// Six or nine digits.
    pub fn as_str(&self) -> &str {
        let len = if self.0[6..] == *b"000" { 6 } else { 9 };
        std::str::from_utf8(&self.0[..len]).expect("a division code holds digits only")
    }

    /// The level that the digits name.
    pub fn level(&self) -> Level {
        if self.0[6..] != *b"000" {
            Level::Township
        } else if self.0[4..6] != *b"00" {
            Level::County
        } else if self.0[2..4] != *b"00" {
            Level::City
        } else {
            Level::Province
        }
    }

    /// The code one level up; `None` for a province. A township of 东莞, 中山 and 儋州, which have
    /// no counties, goes up to the prefecture.
    pub fn parent(&self) -> Option<Self> {
        let keep = match self.level() {
            Level::Province => return None,
            Level::City => 2,
            Level::County => 4,
            Level::Township if self.0[4..6] == *b"00" => 4,
            Level::Township => 6,
        };
        let mut code = [b'0'; 9];
        code[..keep].copy_from_slice(&self.0[..keep]);
        Some(Self(code))
    }

    /// Whether this code is `ancestor` or lies in it, level by level.
    pub fn is_within(&self, ancestor: Self) -> bool {
        std::iter::successors(Some(*self), Self::parent).any(|code| code == ancestor)
    }

    /// The last code that may lie in this one, for ranges over sorted codes.
    pub(super) fn last_within(&self) -> Self {
        let keep = match self.level() {
            Level::Province => 2,
            Level::City => 4,
            Level::County => 6,
            Level::Township => 9,
        };
        let mut code = [b'9'; 9];
        code[..keep].copy_from_slice(&self.0[..keep]);
        Self(code)
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DivisionCode({self})")
    }
}

impl FromStr for DivisionCode {
    type Err = DivisionCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for DivisionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DivisionCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
