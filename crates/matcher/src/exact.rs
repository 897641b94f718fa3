//! Exact rationals that fit two machine words almost always.
//!
//! Facts and thresholds are whole numbers or short decimals, so a fraction of two `i64` holds them
//! and their ratios; products are formed in `i128`. What does not fit is carried as
//! [`Number`], which has no bounds. Nothing is ever rounded.

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

use zhida_rules::Number;

/// Decimal places that stored quantities have at most; more take the slow road.
const PLACES: i64 = 1_000_000;

/// An exact rational number.
#[derive(Debug, Clone)]
pub(crate) enum Exact {
    /// A fraction with a positive denominator, not necessarily reduced.
    Small { num: i64, den: i64 },
    /// Anything else.
    Big(Number),
}

impl Exact {
    pub fn integer(value: i64) -> Self {
        Self::Small { num: value, den: 1 }
    }

    /// A decimal given in units of its last place.
    pub fn scaled(value: i64, places: u8) -> Self {
        Self::Small {
            num: value,
            den: 10_i64.pow(places.into()),
        }
    }

    pub fn from_number(number: &Number) -> Self {
        if let Some(num) = number.to_i64() {
            return Self::Small { num, den: 1 };
        }
        match (number.clone() * Number::integer(PLACES)).to_i64() {
            Some(num) => Self::parts(i128::from(num), i128::from(PLACES)),
            None => Self::Big(number.clone()),
        }
    }

    pub fn to_number(&self) -> Number {
        match self {
            Self::Small { num, den } => {
                Number::ratio(*num, *den).expect("a denominator is above zero")
            }
            Self::Big(number) => number.clone(),
        }
    }

    /// `num / den` for a positive `den`.
    fn parts(num: i128, den: i128) -> Self {
        let fits = |num: i128, den: i128| match (i64::try_from(num), i64::try_from(den)) {
            (Ok(num), Ok(den)) => Some(Self::Small { num, den }),
            _ => None,
        };
        if den == 1
            && let Some(small) = fits(num, 1)
        {
            return small;
        }
        let divisor = gcd(num.unsigned_abs(), den.unsigned_abs());
        let (num, den) = match i128::try_from(divisor) {
            Ok(divisor) => (num / divisor, den / divisor),
            Err(_) => (num, den),
        };
        fits(num, den).unwrap_or_else(|| {
            let quotient = big(num).divide(&big(den));
            Self::Big(quotient.expect("a denominator is above zero"))
        })
    }

    fn combine(
        &self,
        other: &Self,
        small: impl Fn(i128, i128, i128, i128) -> Option<(i128, i128)>,
        large: impl Fn(Number, Number) -> Number,
    ) -> Self {
        if let (Self::Small { num: a, den: b }, Self::Small { num: c, den: d }) = (self, other)
            && let Some((num, den)) = small((*a).into(), (*b).into(), (*c).into(), (*d).into())
        {
            return Self::parts(num, den);
        }
        Self::Big(large(self.to_number(), other.to_number()))
    }

    pub fn add(&self, other: &Self) -> Self {
        let small = |a: i128, b: i128, c: i128, d: i128| Some(((a * d).checked_add(c * b)?, b * d));
        self.combine(other, small, |a, b| a + b)
    }

    pub fn sub(&self, other: &Self) -> Self {
        let small = |a: i128, b: i128, c: i128, d: i128| Some(((a * d).checked_sub(c * b)?, b * d));
        self.combine(other, small, |a, b| a - b)
    }

    pub fn mul(&self, other: &Self) -> Self {
        self.combine(other, |a, b, c, d| Some((a * c, b * d)), |a, b| a * b)
    }

    /// `None` when `other` is zero.
    pub fn div(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let small = |a: i128, b: i128, c: i128, d: i128| {
            let sign = c.signum();
            Some((a * d * sign, b * c * sign))
        };
        let large = |a: Number, b: Number| a.divide(&b).expect("the divisor was seen not to be 0");
        Some(self.combine(other, small, large))
    }

    pub fn is_zero(&self) -> bool {
        match self {
            Self::Small { num, .. } => *num == 0,
            Self::Big(number) => number.is_zero(),
        }
    }

    pub fn abs(&self) -> Self {
        if self.cmp(&Self::integer(0)).is_lt() {
            Self::integer(0).sub(self)
        } else {
            self.clone()
        }
    }

    pub fn floor(&self) -> Self {
        match self {
            Self::Small { num, den } => Self::integer(num.div_euclid(*den)),
            Self::Big(number) => Self::from_number(&number.floor()),
        }
    }

    pub fn ceil(&self) -> Self {
        Self::from_number(&self.to_number().ceil())
    }

    /// Rounded half away from zero.
    pub fn round(&self, places: u32) -> Self {
        Self::from_number(&self.to_number().round(places))
    }

    /// Numerator and positive denominator, when they are small.
    pub fn fraction(&self) -> Option<(i64, i64)> {
        match self {
            Self::Small { num, den } => Some((*num, *den)),
            Self::Big(_) => None,
        }
    }

    pub fn to_i64(&self) -> Option<i64> {
        self.to_number().to_i64()
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    // Most fractions fit a word, and a word is divided ten times faster.
    loop {
        if let (Ok(mut x), Ok(mut y)) = (u64::try_from(a), u64::try_from(b)) {
            while y != 0 {
                (x, y) = (y, x % y);
            }
            return u128::from(x.max(1));
        }
        if b == 0 {
            return a.max(1);
        }
        (a, b) = (b, a % b);
    }
}

/// Any `i128` as a number without bounds.
fn big(value: i128) -> Number {
    const BASE: i128 = 1_000_000_000_000_000_000;
    let digit = |value: i128| Number::integer((value % BASE) as i64);
    let base = Number::integer(BASE as i64);
    let (low, middle, high) = (value, value / BASE, value / BASE / BASE);
    (digit(high) * base.clone() + digit(middle)) * base + digit(low)
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Small { num: a, den: b }, Self::Small { num: c, den: d }) if b == d => a.cmp(c),
            (Self::Small { num: a, den: b }, Self::Small { num: c, den: d }) => {
                (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b)))
            }
            _ => self.to_number().cmp(&other.to_number()),
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Exact {}

impl Hash for Exact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_number().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = Number> {
        let edge = prop_oneof![
            any::<i64>(),
            -20i64..20,
            Just(i64::MAX),
            Just(i64::MIN),
            Just(1_000_000_007),
        ];
        (edge.clone(), edge).prop_map(|(a, b)| Number::ratio(a, b).unwrap_or_else(Number::zero))
    }

    proptest! {
        #[test]
        fn equals_the_unbounded_number(a in number(), b in number()) {
            let (x, y) = (Exact::from_number(&a), Exact::from_number(&b));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.add(&y).to_number(), a.clone() + b.clone());
            prop_assert_eq!(x.sub(&y).to_number(), a.clone() - b.clone());
            prop_assert_eq!(x.mul(&y).to_number(), a.clone() * b.clone());
            prop_assert_eq!(x.div(&y).map(|q| q.to_number()), a.divide(&b));
            prop_assert_eq!(x.floor().to_number(), a.floor());
            prop_assert_eq!(x.ceil().to_number(), a.ceil());
            prop_assert_eq!(x.abs().to_number(), a.abs());
            prop_assert_eq!(x.round(2).to_number(), a.round(2));
            prop_assert_eq!(x.to_i64(), a.to_i64());
        }

        #[test]
        fn small_fractions_stay_small(a in -1_000_000i64..1_000_000, b in 1i64..1_000_000) {
            let ratio = Exact::integer(a).div(&Exact::integer(b)).expect("b is not 0");
            let is_small = matches!(ratio, Exact::Small { .. });
            prop_assert!(is_small);
            prop_assert_eq!(ratio.to_number(), Number::ratio(a, b).expect("b is not 0"));
        }
    }
}
