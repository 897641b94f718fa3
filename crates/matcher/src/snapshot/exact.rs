//! Values as text, and back: sets as the rules' SQL reads them, and what the columns of other
//! engines cannot hold.

use std::collections::BTreeSet;

use zhida_rules::{Kind, Number, Value};

use crate::raw::Word;

/// Digits that are read at once.
const DIGITS: usize = 18;
/// Digits that a number may have: more than any that can be typed, and few enough to multiply.
const DIGITS_MAX: usize = 100;

/// A set of its text in a column, see [`crate::sql::set_text`].
pub(super) fn set(text: &str) -> Option<BTreeSet<String>> {
    let members = text.strip_prefix('\n')?;
    if !members.is_empty() && !members.ends_with('\n') {
        return None;
    }
    Some(members.split_terminator('\n').map(str::to_owned).collect())
}

/// A word of its text in a column of some kind.
pub(super) fn word(kind: Kind, text: &str) -> Option<Word> {
    match kind {
        Kind::Set => set(text).map(Word::Set),
        _ => Some(Word::Text(text.to_owned())),
    }
}

/// A number as a fraction of two whole numbers, or as one.
pub(super) fn number_text(number: &Number) -> String {
    // The debug form is the fraction, of any length.
    format!("{number:?}")
}

/// Members as JSON, which keeps line feeds apart from their ends.
pub(super) fn members_text(members: &BTreeSet<String>) -> String {
    serde_json::Value::from_iter(members.iter().map(String::as_str)).to_string()
}

/// The value of such a text.
pub(super) fn value(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Number => number(text).map(Value::Number),
        Kind::Set => serde_json::from_str(text).ok().map(Value::Set),
        _ => None,
    }
}

fn number(text: &str) -> Option<Number> {
    match text.split_once('/') {
        Some((top, bottom)) => whole(top)?.divide(&whole(bottom)?),
        None => whole(text),
    }
}

fn whole(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if !(1..=DIGITS_MAX).contains(&digits.len())
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let mut sum = Number::zero();
    let (first, rest) = digits.split_at(digits.len() % DIGITS);
    let parts = rest.as_bytes().chunks(DIGITS);
    for part in std::iter::once(first.as_bytes()).chain(parts) {
        let digits = |sum: i64, digit: &u8| sum * 10 + i64::from(digit - b'0');
        let unit = Number::integer(10_i64.pow(part.len() as u32));
        sum = sum * unit + Number::integer(part.iter().fold(0, digits));
    }
    Some(if negative { -sum } else { sum })
}
