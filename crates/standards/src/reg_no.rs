//! 15 位工商注册号 (GS15-2006): the number of a registration before the unified code of 2015.

use std::fmt;

use thiserror::Error;

/// A valid 15-digit registration number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegNo([u8; 15]);

/// What the seventh digit says about the registrant (GS15-2006).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegNoKind {
    /// 内资企业, digits 0 to 3.
    Domestic,
    /// 外资企业, digits 4 and 5.
    Foreign,
    /// 个体工商户, digits 6 to 9.
    Individual,
}

impl RegNoKind {
    /// The kind in Chinese.
    pub fn name(self) -> &'static str {
        match self {
            Self::Domestic => "内资企业",
            Self::Foreign => "外资企业",
            Self::Individual => "个体工商户",
        }
    }
}

/// Why a text is no registration number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegNoError {
    /// Not fifteen characters.
    #[error("注册号应为 15 位数字，现为 {found} 位，请核对原营业执照")]
    Length {
        /// How many characters were found.
        found: usize,
    },
    /// A character that is no digit; `position` counts from 1.
    #[error("注册号第 {position} 位“{found}”不是数字，请核对原营业执照")]
    Character {
        /// Position counted from 1.
        position: usize,
        /// The offending character.
        found: char,
    },
    /// The check digit does not fit.
    #[error("注册号校验位有误：第 15 位应为“{expected}”，现为“{found}”，请核对原营业执照")]
    Check {
        /// The digit that would fit.
        expected: char,
        /// The digit found.
        found: char,
    },
}

impl RegNo {
    /// Reads a registration number; spaces, hyphens and full-width digits are accepted.
    pub fn parse(text: &str) -> Result<Self, RegNoError> {
        let (chars, found) = crate::uscc::normalised::<15>(text);
        if found != 15 {
            return Err(RegNoError::Length { found });
        }
        let mut digits = [0_u8; 15];
        for (index, &c) in chars.iter().enumerate() {
            if !c.is_ascii_digit() {
                return Err(RegNoError::Character {
                    position: index + 1,
                    found: c,
                });
            }
            digits[index] = c as u8;
        }
        let [body @ .., found] = &digits;
        let expected = check_digit(body).expect("the digits were just checked");
        if expected as u8 != *found {
            return Err(RegNoError::Check {
                expected,
                found: *found as char,
            });
        }
        Ok(Self(digits))
    }

    /// The fifteen digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a registration number holds digits only")
    }

    /// The registrar's division code, the first six digits.
    pub fn region(&self) -> &str {
        &self.as_str()[..6]
    }

    /// The kind of registrant by the seventh digit.
    pub fn kind(&self) -> RegNoKind {
        match self.0[6] {
            b'0'..=b'3' => RegNoKind::Domestic,
            b'4' | b'5' => RegNoKind::Foreign,
            _ => RegNoKind::Individual,
        }
    }
}

impl fmt::Display for RegNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The check digit of fourteen digits by ISO 7064 MOD 11,10; `None` when one is no digit.
pub fn check_digit(body: &[u8; 14]) -> Option<char> {
    let mut product = 10;
    for &c in body {
        let sum = match (product + char::from(c).to_digit(10)?) % 10 {
            0 => 10,
            sum => sum,
        };
        product = sum * 2 % 11;
    }
    // (product + check) mod 10 must be 1, and product is 1 to 10.
    char::from_digit((11 - product) % 10, 10)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
    use super::*;

    #[test]
    fn accepts_the_published_numbers() {
        for text in ["110108000000016", "440301103097413"] {
            assert_eq!(RegNo::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(check_digit(b"33010600000001"), Some('3'));
        let number = RegNo::parse("440301103097413").unwrap();
        assert_eq!(number.region(), "440301");
        assert_eq!(number.kind().name(), "内资企业");
    }

    #[test]
    fn refuses_with_the_digit_that_was_due() {
        assert_eq!(
            RegNo::parse("110108000000017"),
            Err(RegNoError::Check {
                expected: '6',
                found: '7'
            })
        );
        assert_eq!(RegNo::parse("12"), Err(RegNoError::Length { found: 2 }));
        assert_eq!(
            RegNo::parse("11010800000001A"),
            Err(RegNoError::Character {
                position: 15,
                found: 'A'
            })
        );
    }
}
