//! Quotients that SQL never divides.

use zhida_rules::{Comparison, Operator};

use super::{Lowered, limited, operator, refused};
use crate::exact::Exact;

/// A numeric expression: numerator, and a denominator above zero when it is not 1. Where the
/// quotient is unknown the numerator is NULL.
#[derive(Clone)]
pub(super) struct Fraction {
    pub num: String,
    pub den: Option<String>,
}

/// To which whole multiple of a unit.
#[derive(Clone, Copy)]
pub(super) enum Rounding {
    Down,
    Up,
    /// The nearest, from the middle away from zero.
    Nearest,
}

impl Fraction {
    pub fn whole(num: String) -> Self {
        Self { num, den: None }
    }

    pub fn unknown() -> Self {
        Self::whole("CAST(NULL AS NUMERIC(1, 0))".into())
    }

    pub fn zero() -> Self {
        Self::whole(decimal("0"))
    }

    pub fn literal(number: &Exact) -> Lowered<Self> {
        match (number.to_number().exact_text(), number) {
            (Some(text), _) => Ok(Self::whole(decimal(&text))),
            (None, Exact::Small { num, den }) => Ok(Self {
                num: decimal(&num.to_string()),
                den: Some(decimal(&den.to_string())),
            }),
            (None, Exact::Big(_)) => refused("写不成有限小数的常数"),
        }
    }

    /// Divided by a constant.
    pub fn part(self, divisor: &Exact) -> Lowered<Self> {
        match Exact::integer(1).div(divisor) {
            Some(part) => self.combine(Operator::Multiply, Self::literal(&part)?),
            None => Ok(Self::unknown()),
        }
    }

    pub fn combine(self, operator: Operator, other: Self) -> Lowered<Self> {
        let (num, den) = match operator {
            Operator::Add | Operator::Subtract => {
                let sign = if operator == Operator::Add { '+' } else { '-' };
                if self.den == other.den {
                    (format!("({} {sign} {})", self.num, other.num), self.den)
                } else {
                    let left = times(&self.num, &other.den);
                    let right = times(&other.num, &self.den);
                    let num = format!("({left} {sign} {right})");
                    (num, product(self.den, &other.den))
                }
            }
            Operator::Multiply => (
                format!("({} * {})", self.num, other.num),
                product(self.den, &other.den),
            ),
            Operator::Divide => {
                let divisor = &other.num;
                let sign = format!(
                    "(CASE WHEN {divisor} > 0 THEN {} WHEN {divisor} < 0 THEN {} END)",
                    decimal("1"),
                    decimal("-1")
                );
                let num = times(&format!("({} * {sign})", self.num), &other.den);
                let below = format!("ABS(NULLIF({divisor}, 0))");
                (num, product(Some(below), &self.den))
            }
        };
        Ok(Self {
            num: limited(num)?,
            den: den.map(limited).transpose()?,
        })
    }

    /// The sum of numbers, by halves: engines follow brackets within brackets call by call.
    pub fn sum(mut parts: Vec<Self>) -> Lowered<Self> {
        if parts.len() < 2 {
            return Ok(parts.pop().unwrap_or_else(Self::zero));
        }
        let half = parts.split_off(parts.len() / 2);
        Self::sum(parts)?.combine(Operator::Add, Self::sum(half)?)
    }

    /// The same with this denominator on top of its own; only where both count.
    fn over(self, den: &Option<String>) -> Lowered<Self> {
        Ok(Self {
            num: limited(times(&self.num, den))?,
            den: product(self.den, den).map(limited).transpose()?,
        })
    }

    /// Two numbers that both count, with one denominator when it costs nothing.
    pub fn aligned(self, other: Self) -> Lowered<(Self, Self)> {
        match (&self.den, &other.den) {
            (Some(den), None) => {
                let other = other.over(&Some(den.clone()))?;
                Ok((self, other))
            }
            (None, Some(den)) => Ok((self.over(&Some(den.clone()))?, other)),
            _ => Ok((self, other)),
        }
    }

    /// Zero with this denominator, where the number counts.
    pub fn nothing(&self) -> Self {
        Self {
            den: self.den.clone(),
            ..Self::zero()
        }
    }

    /// Comparison without dividing: each side times the other's denominator, which is above zero.
    pub fn compare(&self, comparison: Comparison, other: &Self) -> Lowered<String> {
        let (left, right) = match self.den == other.den {
            true => (self.num.clone(), other.num.clone()),
            false => (times(&self.num, &other.den), times(&other.num, &self.den)),
        };
        limited(format!("({left} {} {right})", operator(comparison)))
    }

    /// Rounded to a multiple of a unit, by remainders: SQL's `%` has the sign of the dividend.
    pub fn rounded(self, rounding: Rounding, unit: &Exact) -> Lowered<Self> {
        let unit = Self::literal(unit)?.num;
        let (n, unit) = (&self.num, times(&unit, &self.den));
        let num = match rounding {
            Rounding::Down => format!("({n} - ({n} % {unit} + {unit}) % {unit})"),
            Rounding::Up => format!("({n} + ({unit} - {n} % {unit}) % {unit})"),
            Rounding::Nearest => {
                format!("({n} + {n} % {unit} - ({n} * {}) % {unit})", decimal("2"))
            }
        };
        Ok(Self {
            num: limited(num)?,
            den: self.den,
        })
    }
}

/// The number of the first condition that is met; zero where none is.
pub(super) fn first(cases: Vec<(String, Fraction)>) -> Lowered<Fraction> {
    if cases.is_empty() {
        return Ok(Fraction::zero());
    }
    let pick = |part: &dyn Fn(&Fraction) -> String, otherwise: &str| {
        let cases = cases
            .iter()
            .map(|(when, found)| format!("WHEN {when} THEN {}", part(found)));
        let cases = cases.collect::<Vec<_>>().join(" ");
        limited(format!("(CASE {cases} ELSE {otherwise} END)"))
    };
    let whole = cases.iter().all(|(_, found)| found.den.is_none());
    let below = |found: &Fraction| found.den.clone().unwrap_or_else(|| decimal("1"));
    Ok(Fraction {
        num: pick(&|found| found.num.clone(), &decimal("0"))?,
        den: match whole {
            true => None,
            false => Some(pick(&below, &decimal("1"))?),
        },
    })
}

/// One of two numbers; without `unless` the second is for all the rest, unknown conditions too.
pub(super) fn choose(
    when: &str,
    unless: Option<&str>,
    yes: Fraction,
    no: Fraction,
) -> Lowered<Fraction> {
    let pick = |yes: &str, no: &str| {
        limited(match unless {
            Some(unless) => format!("(CASE WHEN {when} THEN {yes} WHEN {unless} THEN {no} END)"),
            None => format!("(CASE WHEN {when} THEN {yes} ELSE {no} END)"),
        })
    };
    let one = || decimal("1");
    let num = pick(&yes.num, &no.num)?;
    let den = match (yes.den, no.den) {
        (a, b) if a == b => a,
        (a, b) => Some(pick(&a.unwrap_or_else(one), &b.unwrap_or_else(one))?),
    };
    Ok(Fraction { num, den })
}

fn times(text: &str, factor: &Option<String>) -> String {
    match factor {
        Some(factor) => format!("({text} * {factor})"),
        None => text.to_owned(),
    }
}

fn product(a: Option<String>, b: &Option<String>) -> Option<String> {
    match a {
        Some(a) => Some(times(&a, b)),
        None => b.clone(),
    }
}

/// A decimal with the least type that holds it: a bare number would be a machine integer or a float,
/// and a wide type would use up the digits that products need.
fn decimal(text: &str) -> String {
    let digits = text.trim_start_matches('-').trim_start_matches('0');
    let scale = text.split_once('.').map_or(0, |(_, places)| places.len());
    let whole = digits.split('.').next().map_or(0, str::len);
    let precision = (whole + scale).max(1);
    format!("CAST('{text}' AS NUMERIC({precision}, {scale}))")
}
