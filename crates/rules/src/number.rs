//! Exact numbers: every threshold is compared and every amount computed without rounding.

use std::{
    fmt,
    ops::{Add, Mul, Neg, Sub},
    str::FromStr,
};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Digits that a number written in a rule, a file or a form may have at most.
pub const DIGITS_MAX: usize = 30;

/// Decimal places shown of a number whose decimal form does not end (a ratio such as 1/3).
const PLACES_SHOWN: u32 = 6;

/// An exact rational number. Amounts of money are in yuan, ratios are plain (5 % is 0.05).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigRational);

/// Why a text is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not digits with at most one point.
    #[error("“{0}”不是数字，请写成 1234.56 这样的形式")]
    Malformed(String),
    /// Too long to be a real quantity.
    #[error("数字超过 {DIGITS_MAX} 位，请检查是否多写了位数")]
    TooLong,
}

impl Number {
    /// Zero.
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// The integer `value`.
    pub fn integer(value: i64) -> Self {
        Self(BigRational::from_integer(value.into()))
    }

    /// `numerator / denominator`; `None` when the denominator is zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Self> {
        Self::integer(numerator).divide(&Self::integer(denominator))
    }

    /// The exact quotient; `None` when `divisor` is zero.
    pub fn divide(&self, divisor: &Self) -> Option<Self> {
        (!divisor.0.is_zero()).then(|| Self(&self.0 / &divisor.0))
    }

    /// Is it zero?
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Is it below zero?
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// The absolute value.
    pub fn abs(&self) -> Self {
        Self(self.0.abs())
    }

    /// The largest integer not above the number.
    pub fn floor(&self) -> Self {
        Self(self.0.floor())
    }

    /// The smallest integer not below the number.
    pub fn ceil(&self) -> Self {
        Self(self.0.ceil())
    }

    /// Rounded half away from zero to `places` decimal places (四舍五入).
    pub fn round(&self, places: u32) -> Self {
        let scale = BigRational::from_integer(BigInt::from(10).pow(places));
        Self((&self.0 * &scale).round() / scale)
    }

    /// Is it a whole number?
    pub fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    /// The number as `i64` when it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        if !self.is_integer() {
            return None;
        }
        i64::try_from(self.0.numer()).ok()
    }

    /// The number times 100 as `i64`, rounded half up: yuan to fen. `None` when out of range.
    pub fn to_fen(&self) -> Option<i64> {
        (self.clone() * Self::integer(100)).round(0).to_i64()
    }

    /// The exact decimal text, or `None` when the decimal form does not end.
    pub fn exact_text(&self) -> Option<String> {
        let mut denominator = self.0.denom().clone();
        let (mut twos, mut fives) = (0u32, 0u32);
        while (&denominator % 2u8).is_zero() {
            denominator /= 2u8;
            twos += 1;
        }
        while (&denominator % 5u8).is_zero() {
            denominator /= 5u8;
            fives += 1;
        }
        (denominator == BigInt::from(1)).then(|| self.fixed_text(twos.max(fives)))
    }

    /// The text with exactly `places` decimals, rounded half up.
    pub fn fixed_text(&self, places: u32) -> String {
        let scaled = (&self.0 * BigRational::from_integer(BigInt::from(10).pow(places)))
            .round()
            .to_integer();
        let digits = scaled.abs().to_string();
        let places = places as usize;
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, part) = padded.split_at(padded.len() - places);
        let sign = if scaled.is_negative() { "-" } else { "" };
        if part.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{part}")
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact_text() {
            Some(text) if text.len() <= DIGITS_MAX => f.write_str(&text),
            _ => {
                let text = self.fixed_text(PLACES_SHOWN);
                f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let malformed = || NumberError::Malformed(text.chars().take(40).collect());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + part.len() > DIGITS_MAX {
            return Err(NumberError::TooLong);
        }
        if whole.is_empty() && part.is_empty()
            || !whole
                .bytes()
                .chain(part.bytes())
                .all(|b| b.is_ascii_digit())
        {
            return Err(malformed());
        }
        let numerator: BigInt = format!("0{whole}{part}").parse().map_err(|_| malformed())?;
        let value = BigRational::new(numerator, BigInt::from(10).pow(part.len() as u32));
        Ok(Self(if negative { -value } else { value }))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::integer(value)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl $trait for Number {
            type Output = Number;
            fn $method(self, other: Number) -> Number {
                Number($trait::$method(self.0, other.0))
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);

impl Neg for Number {
    type Output = Number;
    fn neg(self) -> Number {
        Number(-self.0)
    }
}

impl Serialize for Number {
    /// Written as decimal text, so that no reader turns it into a binary float.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Self::from_json(&value).map_err(de::Error::custom)
    }
}

impl Number {
    /// From a JSON number or a decimal text. A JSON number with more than 15 significant digits is
    /// refused, because JSON readers keep no more of it; such a number must be written as text.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, NumberError> {
        match value {
            serde_json::Value::String(text) => text.parse(),
            serde_json::Value::Number(number) if number.is_i64() || number.is_u64() => {
                number.to_string().parse()
            }
            serde_json::Value::Number(number) => {
                let text = number.to_string();
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                if digits > 16 || text.contains(['e', 'E']) {
                    return Err(NumberError::Malformed(format!(
                        "{text}（请写成带引号的文本）"
                    )));
                }
                text.parse()
            }
            other => Err(NumberError::Malformed(
                other.to_string().chars().take(40).collect(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn n(text: &str) -> Number {
        text.parse().expect("a number in a test")
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(n("0.1") + n("0.2"), n("0.3"));
        assert_eq!((n("1000") * n("0.025")).to_string(), "25");
        assert_eq!(
            n("1").divide(&n("3")).expect("not zero").to_string(),
            "0.333333"
        );
        assert_eq!(n("-12.50").to_string(), "-12.5");
        assert_eq!(n("0.005").to_fen(), Some(1));
        assert_eq!(n("1").divide(&n("0")), None);
    }

    #[test]
    fn hostile_numbers_are_refused() {
        for text in ["", ".", "1e9", "１", "0x10", "1,000", "--1", "NaN"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
        assert_eq!("9".repeat(31).parse::<Number>(), Err(NumberError::TooLong));
    }

    #[test]
    fn json_numbers_keep_their_digits_or_are_refused() {
        assert_eq!(Number::from_json(&serde_json::json!(0.1)), Ok(n("0.1")));
        assert!(Number::from_json(&serde_json::json!(0.12345678901234568)).is_err());
    }

    proptest! {
        #[test]
        fn text_and_back(whole in -1_000_000_000_000i64..1_000_000_000_000, part in 0u32..10_000) {
            let text = format!("{whole}.{part:04}");
            let number = n(&text);
            prop_assert_eq!(n(&number.to_string()), number.clone());
            prop_assert_eq!(number.fixed_text(4), text);
        }
    }
}
