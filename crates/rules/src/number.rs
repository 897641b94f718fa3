//! Exact numbers: every threshold is compared and every amount computed without rounding.

use std::{
    cmp::Ordering,
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
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Form);

/// Almost every quantity is small, and a small fraction needs no memory of its own. A number has one
/// form only, so that equal numbers are equal forms: `Big` is what does not fit `Small`.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    /// In lowest terms, the denominator above zero and the numerator above `i64::MIN`.
    Small(i64, i64),
    Big(Box<BigRational>),
}

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

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        // division of 128 bits is several times slower
        (a, b) = match (u64::try_from(a), u64::try_from(b)) {
            (Ok(short), Ok(divisor)) => (b, u128::from(short % divisor)),
            _ => (b, a % b),
        };
    }
    a
}

/// The quotient rounded half away from zero; `denominator` is above zero and fits 64 bits.
fn rounded(numerator: i128, denominator: i64) -> i128 {
    let denominator = i128::from(denominator);
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    match rest.abs() * 2 >= denominator {
        true => whole + rest.signum(),
        false => whole,
    }
}

fn is_short(numerator: i128, denominator: i128) -> bool {
    let most = 10_u128.pow(DIGITS_MAX as u32);
    numerator.unsigned_abs() < most && denominator.unsigned_abs() <= most
}

impl Number {
    /// Zero.
    pub fn zero() -> Self {
        Self(Form::Small(0, 1))
    }

    /// The integer `value`.
    pub fn integer(value: i64) -> Self {
        Self::fraction(value.into(), 1)
    }

    /// `numerator / denominator`; `None` when the denominator is zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Self> {
        Self::integer(numerator).divide(&Self::integer(denominator))
    }

    /// The fraction in its one form; the denominator is above zero.
    fn fraction(numerator: i128, denominator: i128) -> Self {
        let common = match denominator {
            1 => 1,
            _ => greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs()),
        };
        // it divides a positive i128, so it is one
        let common = common as i128;
        let (numerator, denominator) = (numerator / common, denominator / common);
        match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(short), Ok(divisor)) if short != i64::MIN => Self(Form::Small(short, divisor)),
            _ => Self(Form::Big(Box::new(BigRational::new_raw(
                numerator.into(),
                denominator.into(),
            )))),
        }
    }

    /// The number in its one form.
    fn of(value: BigRational) -> Self {
        match (i64::try_from(value.numer()), i64::try_from(value.denom())) {
            (Ok(short), Ok(divisor)) if short != i64::MIN => Self(Form::Small(short, divisor)),
            _ => Self(Form::Big(Box::new(value))),
        }
    }

    fn big(&self) -> BigRational {
        match &self.0 {
            Form::Small(numerator, denominator) => {
                BigRational::new_raw((*numerator).into(), (*denominator).into())
            }
            Form::Big(value) => (**value).clone(),
        }
    }

    /// The exact quotient; `None` when `divisor` is zero.
    pub fn divide(&self, divisor: &Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        Some(match (&self.0, &divisor.0) {
            (Form::Small(a, b), Form::Small(c, d)) => {
                let numerator = i128::from(*a) * i128::from(*d) * i128::from(c.signum());
                Self::fraction(numerator, i128::from(*b) * i128::from(c.abs()))
            }
            _ => Self::of(self.big() / divisor.big()),
        })
    }

    /// Numerator and denominator of a number that fits [`DIGITS_MAX`] digits, as each in a rule does.
    pub(crate) fn parts(&self) -> Option<(i128, i128)> {
        let (numerator, denominator) = match &self.0 {
            Form::Small(numerator, denominator) => ((*numerator).into(), (*denominator).into()),
            Form::Big(value) => (
                i128::try_from(value.numer()).ok()?,
                i128::try_from(value.denom()).ok()?,
            ),
        };
        is_short(numerator, denominator).then_some((numerator, denominator))
    }

    /// The inverse of [`Number::parts`]; `None` for what it never gives.
    pub(crate) fn of_parts(numerator: i128, denominator: i128) -> Option<Self> {
        (denominator > 0 && is_short(numerator, denominator))
            .then(|| Self::fraction(numerator, denominator))
    }

    /// Is it zero?
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Form::Small(0, _))
    }

    /// Is it below zero?
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Form::Small(numerator, _) => numerator.is_negative(),
            Form::Big(value) => value.is_negative(),
        }
    }

    /// The absolute value.
    pub fn abs(&self) -> Self {
        match self.is_negative() {
            true => -self.clone(),
            false => self.clone(),
        }
    }

    /// The largest integer not above the number.
    pub fn floor(&self) -> Self {
        match &self.0 {
            Form::Small(numerator, denominator) => {
                Self(Form::Small(numerator.div_euclid(*denominator), 1))
            }
            Form::Big(value) => Self::of(value.floor()),
        }
    }

    /// The smallest integer not below the number.
    pub fn ceil(&self) -> Self {
        -(-self.clone()).floor()
    }

    /// Rounded half away from zero to `places` decimal places (四舍五入).
    pub fn round(&self, places: u32) -> Self {
        if let (Some(scaled), Some(scale)) = (self.scaled(places), 10_i128.checked_pow(places)) {
            return Self::fraction(scaled, scale);
        }
        let scale = BigRational::from_integer(BigInt::from(10).pow(places));
        Self::of((self.big() * &scale).round() / scale)
    }

    /// Times ten to the `places`, rounded half away from zero; `None` when too large for this way.
    fn scaled(&self, places: u32) -> Option<i128> {
        let Form::Small(numerator, denominator) = self.0 else {
            return None;
        };
        let scaled = i128::from(numerator).checked_mul(10_i128.checked_pow(places)?)?;
        Some(rounded(scaled, denominator))
    }

    /// Is it a whole number?
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Form::Small(_, denominator) => *denominator == 1,
            Form::Big(value) => value.is_integer(),
        }
    }

    /// The number as `i64` when it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Small(numerator, 1) => Some(*numerator),
            Form::Big(value) if value.is_integer() => i64::try_from(value.numer()).ok(),
            _ => None,
        }
    }

    /// The number times 100 as `i64`, rounded half up: yuan to fen. `None` when out of range.
    pub fn to_fen(&self) -> Option<i64> {
        match self.scaled(2) {
            Some(fen) => i64::try_from(fen).ok(),
            None => (self.clone() * Self::integer(100)).round(0).to_i64(),
        }
    }

    /// The exact decimal text, or `None` when the decimal form does not end.
    pub fn exact_text(&self) -> Option<String> {
        if let Form::Small(_, denominator) = self.0
            && let Some(places) = (0..=18).find(|places| 10_i64.pow(*places) % denominator == 0)
        {
            return Some(self.fixed_text(places));
        }
        let mut denominator = self.big().denom().clone();
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
        let digits = match self.scaled(places) {
            Some(scaled) => scaled.to_string(),
            None => (self.big() * BigRational::from_integer(BigInt::from(10).pow(places)))
                .round()
                .to_integer()
                .to_string(),
        };
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", digits.as_str()),
        };
        let places = places as usize;
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, part) = padded.split_at(padded.len() - places);
        if part.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{part}")
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Form::Small(a, b), Form::Small(c, d)) if b == d => a.cmp(c),
            (Form::Small(a, b), Form::Small(c, d)) => {
                (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b)))
            }
            _ => self.big().cmp(&other.big()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Form::Small(numerator, 1) = self.0 {
            return write!(f, "{numerator}");
        }
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
        write!(f, "{}", self.big())
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
        // thirty digits fit an i128
        let numerator = whole
            .bytes()
            .chain(part.bytes())
            .fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        let numerator = if negative { -numerator } else { numerator };
        Ok(Self::fraction(numerator, 10_i128.pow(part.len() as u32)))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::integer(value)
    }
}

impl Add for Number {
    type Output = Number;
    fn add(self, other: Number) -> Number {
        match (&self.0, &other.0) {
            (Form::Small(a, b), Form::Small(c, d)) => Self::fraction(
                i128::from(*a) * i128::from(*d) + i128::from(*c) * i128::from(*b),
                i128::from(*b) * i128::from(*d),
            ),
            _ => Self::of(self.big() + other.big()),
        }
    }
}

impl Sub for Number {
    type Output = Number;
    fn sub(self, other: Number) -> Number {
        self + -other
    }
}

impl Mul for Number {
    type Output = Number;
    fn mul(self, other: Number) -> Number {
        match (&self.0, &other.0) {
            (Form::Small(a, b), Form::Small(c, d)) => Self::fraction(
                i128::from(*a) * i128::from(*c),
                i128::from(*b) * i128::from(*d),
            ),
            _ => Self::of(self.big() * other.big()),
        }
    }
}

impl Neg for Number {
    type Output = Number;
    fn neg(self) -> Number {
        match self.0 {
            Form::Small(numerator, denominator) => Self(Form::Small(-numerator, denominator)),
            Form::Big(value) => Self::of(-*value),
        }
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

    /// Fractions small, large and at the edge of what fits.
    fn fractions() -> impl Strategy<Value = BigRational> {
        let part = prop_oneof![
            -1_000i64..1_000,
            any::<i64>(),
            (0i64..4).prop_map(|near| i64::MAX - near),
            (0i64..4).prop_map(|near| i64::MIN + near),
        ];
        (part.clone(), part.clone(), part, any::<bool>()).prop_map(|(a, b, c, wide)| {
            let below = BigInt::from(if b == 0 { 1 } else { b });
            let above = if wide {
                BigInt::from(a) * BigInt::from(c)
            } else {
                a.into()
            };
            BigRational::new(above, below)
        })
    }

    proptest! {
        /// The short form changes no result: all of it equals the arithmetic of unlimited integers.
        #[test]
        fn results_are_those_of_unlimited_integers(
            a in fractions(), b in fractions(), places in 0u32..45,
        ) {
            let (x, y) = (Number::of(a.clone()), Number::of(b.clone()));
            prop_assert_eq!(x.clone() + y.clone(), Number::of(&a + &b));
            prop_assert_eq!(x.clone() - y.clone(), Number::of(&a - &b));
            prop_assert_eq!(x.clone() * y.clone(), Number::of(&a * &b));
            prop_assert_eq!(x.divide(&y), (!b.is_zero()).then(|| Number::of(&a / &b)));
            prop_assert_eq!(-x.clone(), Number::of(-a.clone()));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x == y, a == b);
            prop_assert_eq!(x.floor(), Number::of(a.floor()));
            prop_assert_eq!(x.ceil(), Number::of(a.ceil()));
            prop_assert_eq!(x.abs(), Number::of(a.abs()));
            prop_assert_eq!((x.is_negative(), x.is_zero(), x.is_integer()),
                (a.is_negative(), a.is_zero(), a.is_integer()));
            let scale = BigRational::from_integer(BigInt::from(10).pow(places));
            let scaled = (&a * &scale).round();
            prop_assert_eq!(x.round(places), Number::of(&scaled / &scale));
            let plain = x.fixed_text(places).replace('.', "");
            let digits: BigInt = plain.parse().expect("digits");
            prop_assert_eq!(digits, scaled.to_integer());
            let fen = (&a * BigRational::from_integer(100.into())).round();
            prop_assert_eq!(x.to_fen(), i64::try_from(fen.numer()).ok());
            prop_assert_eq!(format!("{x:?}"), a.to_string());
            prop_assert_eq!(x.big(), a);
        }

        #[test]
        fn any_thirty_digits_are_read(text in "-?[0-9]{1,15}(\\.[0-9]{1,15})?") {
            let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
            let numerator: BigInt = format!("{whole}{part}").parse().expect("digits");
            let value = BigRational::new(numerator, BigInt::from(10).pow(part.len() as u32));
            prop_assert_eq!(n(&text), Number::of(value));
        }

        #[test]
        fn text_and_back(whole in -1_000_000_000_000i64..1_000_000_000_000, part in 0u32..10_000) {
            let text = format!("{whole}.{part:04}");
            let number = n(&text);
            prop_assert_eq!(n(&number.to_string()), number.clone());
            prop_assert_eq!(number.fixed_text(4), text);
        }
    }
}
