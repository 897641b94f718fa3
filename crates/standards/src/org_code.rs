//! 组织机构代码 (GB 11714-1997): eight characters and one check character.

use std::fmt;

use thiserror::Error;

/// Weights of the eight characters, GB 11714-1997 §3.
const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// A valid organisation code: nine characters without the hyphen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgCode([u8; 9]);

/// Why a text is no organisation code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrgCodeError {
    /// Not nine characters once hyphens and spaces are gone.
    #[error("组织机构代码应为 9 位（8 位本体代码和 1 位校验码），现为 {found} 位，请补全后重试")]
    Length {
        /// How many characters were found.
        found: usize,
    },
    /// A character outside 0-9 A-Z; `position` counts from 1.
    #[error("组织机构代码第 {position} 位“{found}”不是数字或大写字母，请核对原证照")]
    Character {
        /// Position counted from 1.
        position: usize,
        /// The offending character.
        found: char,
    },
    /// The check character does not fit.
    #[error("组织机构代码校验码有误：第 9 位应为“{expected}”，现为“{found}”，请核对原证照")]
    Check {
        /// The character that would fit.
        expected: char,
        /// The character found.
        found: char,
    },
}

impl OrgCode {
    /// Reads an organisation code; hyphen, spaces, full-width and lower-case forms are accepted.
    pub fn parse(text: &str) -> Result<Self, OrgCodeError> {
        let (chars, found) = crate::uscc::normalised::<9>(text);
        if found != 9 {
            return Err(OrgCodeError::Length { found });
        }
        let mut code = [0_u8; 9];
        for (index, &c) in chars.iter().enumerate() {
            let legal = c.is_ascii_digit() || (c.is_ascii_uppercase());
            if !legal || (index == 8 && !(c.is_ascii_digit() || c == 'X')) {
                return Err(OrgCodeError::Character {
                    position: index + 1,
                    found: c,
                });
            }
            code[index] = c as u8;
        }
        let [body @ .., found] = &code;
        let expected = check_char(body).expect("the eight characters were just checked");
        if expected as u8 != *found {
            return Err(OrgCodeError::Check {
                expected,
                found: *found as char,
            });
        }
        Ok(Self(code))
    }

    /// The nine characters, without hyphen.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an organisation code holds ASCII only")
    }

    /// Whether the code lies in PDY00001–PDY99999, the range GB 11714 keeps for internal use and
    /// never issues: generated enterprises live there.
    pub fn is_synthetic(&self) -> bool {
        is_reserved(&self.0[..8])
    }
}

impl fmt::Display for OrgCode {
    /// The usual spelling with a hyphen before the check character.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (body, check) = self.as_str().split_at(8);
        write!(f, "{body}-{check}")
    }
}

/// The check character of eight characters 0-9 A-Z, letters counting A=10 … Z=35
/// (GB 11714-1997; the 31-letter values of GB 32100 do not apply here). `None` when a character
/// is neither a digit nor an upper-case letter.
pub fn check_char(body: &[u8; 8]) -> Option<char> {
    let mut sum = 0;
    for (&c, weight) in body.iter().zip(WEIGHTS) {
        if c.is_ascii_lowercase() {
            return None;
        }
        sum += char::from(c).to_digit(36)? * weight;
    }
    Some(match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).expect("11 - n mod 11 is 1 to 9 here"),
    })
}

/// PDY00001–PDY99999, the 自定义区 of GB 11714.
pub(crate) fn is_reserved(body: &[u8]) -> bool {
    body.strip_prefix(b"PDY").is_some_and(|number| {
        number.len() == 5 && number.iter().all(u8::is_ascii_digit) && number != b"00000"
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
    use super::*;

    #[test]
    fn reads_the_sample_of_the_standard() {
        let code = OrgCode::parse("D2143569-X").unwrap();
        assert_eq!(code.as_str(), "D2143569X");
        assert_eq!(code.to_string(), "D2143569-X");
        assert!(!code.is_synthetic());
        assert_eq!(OrgCode::parse(" ｄ2143569－x ").unwrap(), code);
    }

    #[test]
    fn says_which_check_character_was_due() {
        assert_eq!(
            OrgCode::parse("D2143569-1"),
            Err(OrgCodeError::Check {
                expected: 'X',
                found: '1'
            })
        );
        assert_eq!(
            OrgCode::parse("D214356"),
            Err(OrgCodeError::Length { found: 7 })
        );
        assert_eq!(
            OrgCode::parse("D2143*69X"),
            Err(OrgCodeError::Character {
                position: 6,
                found: '*'
            })
        );
        assert_eq!(
            OrgCode::parse("D2143569A"),
            Err(OrgCodeError::Character {
                position: 9,
                found: 'A'
            })
        );
    }

    #[test]
    fn the_reserved_range_has_its_bounds() {
        assert!(is_reserved(b"PDY00001"));
        assert!(is_reserved(b"PDY99999"));
        assert!(!is_reserved(b"PDY00000"));
        assert!(!is_reserved(b"PDZ00001"));
        assert!(!is_reserved(b"PDY0000A"));
    }
}
