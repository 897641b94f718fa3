//! 公民身份号码 (GB 11643-1999): 18 characters, checked before they are masked or compared.

use chrono::NaiveDate;
use thiserror::Error;

/// Weights of the first seventeen digits, GB 11643-1999 (ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters by the weighted sum mod 11.
const CHECKS: [u8; 11] = *b"10X98765432";

/// A valid citizen number. Personal data: it has no `Display`; use [`crate::mask::citizen_id`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CitizenId {
    chars: [u8; 18],
    born: NaiveDate,
}

/// Why a text is no citizen number. The number itself never stands in the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CitizenIdError {
    /// Not eighteen characters.
    #[error("身份证号应为 18 位，现为 {found} 位，请核对证件")]
    Length {
        /// How many characters were found.
        found: usize,
    },
    /// A character that may not stand there; `position` counts from 1.
    #[error("身份证号第 {position} 位只能是数字（末位可为 X），请核对证件")]
    Character {
        /// Position counted from 1.
        position: usize,
    },
    /// Digits 7 to 14 are no date.
    #[error("身份证号第 7–14 位不是有效的出生日期，请核对证件")]
    Date,
    /// The check character does not fit.
    #[error("身份证号校验码有误，请核对证件上的最后一位和其余各位")]
    Check,
}

impl CitizenId {
    /// Reads a citizen number; spaces, full-width digits and a lower-case x are accepted.
    pub fn parse(text: &str) -> Result<Self, CitizenIdError> {
        let (given, found) = crate::uscc::normalised::<18>(text);
        if found != 18 {
            return Err(CitizenIdError::Length { found });
        }
        let mut chars = [0_u8; 18];
        let mut sum = 0;
        for (index, &c) in given.iter().enumerate() {
            match c.to_digit(10) {
                Some(digit) if index < 17 => sum += digit * WEIGHTS[index],
                Some(_) => {}
                None if index == 17 && c == 'X' => {}
                None => {
                    return Err(CitizenIdError::Character {
                        position: index + 1,
                    });
                }
            }
            chars[index] = c as u8;
        }
        let number = |range: std::ops::Range<usize>| {
            chars[range]
                .iter()
                .fold(0_u32, |n, d| n * 10 + u32::from(d - b'0'))
        };
        let year = i32::try_from(number(6..10)).map_err(|_| CitizenIdError::Date)?;
        let born = NaiveDate::from_ymd_opt(year, number(10..12), number(12..14))
            .filter(|_| year >= 1800)
            .ok_or(CitizenIdError::Date)?;
        if CHECKS[sum as usize % 11] != chars[17] {
            return Err(CitizenIdError::Check);
        }
        Ok(Self { chars, born })
    }

    /// All eighteen characters; only for storage and comparison, never for a screen or a log.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.chars).expect("a citizen number holds ASCII only")
    }

    /// The division of first registration, six digits.
    pub fn region(&self) -> &str {
        &self.expose()[..6]
    }

    /// The date of birth.
    pub fn born(&self) -> NaiveDate {
        self.born
    }

    /// Whether the sequence digit is odd, which GB 11643 assigns to men.
    pub fn is_male(&self) -> bool {
        self.chars[16] % 2 == 1
    }
}

impl std::fmt::Debug for CitizenId {
    /// Masked, so that a log of a struct that holds one does not leak it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CitizenId({})", crate::mask::citizen_id(self.expose()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
    use super::*;

    #[test]
    fn reads_the_published_numbers() {
        let id = CitizenId::parse("360426199101010071").unwrap();
        assert_eq!(id.born(), NaiveDate::from_ymd_opt(1991, 1, 1).unwrap());
        assert_eq!(id.region(), "360426");
        assert!(id.is_male());
        assert_eq!(
            CitizenId::parse("44011320141005001x").unwrap().expose(),
            "44011320141005001X"
        );
    }

    #[test]
    fn refuses_with_a_reason_and_without_the_number() {
        assert_eq!(
            CitizenId::parse("360426199113010079"),
            Err(CitizenIdError::Date)
        );
        assert_eq!(
            CitizenId::parse("360426199101010072"),
            Err(CitizenIdError::Check)
        );
        assert_eq!(
            CitizenId::parse("36042619910101"),
            Err(CitizenIdError::Length { found: 14 })
        );
        assert_eq!(
            CitizenId::parse("3604261991010100X1"),
            Err(CitizenIdError::Character { position: 17 })
        );
    }

    #[test]
    fn debug_shows_the_mask() {
        let shown = format!("{:?}", CitizenId::parse("360426199101010071").unwrap());
        assert_eq!(shown, "CitizenId(360426********0071)");
    }
}
