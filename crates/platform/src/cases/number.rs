//! Numbers of cases, made to be read over the phone: 兑付-2026-000123-8.

use chrono::{DateTime, Datelike, Utc};
use thiserror::Error;

use crate::clock::to_shanghai;
use crate::db::{self, Tx};

/// Digits of the running number at least.
const DIGITS: usize = 6;

/// Why a text is no number of a case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Its form is another.
    #[error(
        "「{0}」不是办件编号：编号由名称、年份、流水号和一位校验码组成，例如“兑付-2026-000123-8”“诉求-2026-000123-8”"
    )]
    Form(String),
    /// Its last digit does not fit.
    #[error("办件编号「{0}」的校验码不对，有一位数字可能听错或写错了，请核对")]
    Check(String),
}

/// The next number of a room in the year of `now`. Whoever asks holds it until the transaction ends, so that
/// there are no gaps.
pub(super) async fn next(
    tx: &Tx,
    room: &str,
    prefix: &str,
    now: DateTime<Utc>,
) -> db::Result<String> {
    let year = to_shanghai(now).year();
    let sql = "INSERT INTO case_number (room, year, last) VALUES ($1, $2, 1)
        ON CONFLICT (room, year) DO UPDATE SET last = case_number.last + 1 RETURNING last";
    let last = db::query_count(tx, sql, [room.into(), i64::from(year).into()]).await?;
    Ok(number(prefix, year, last))
}

fn number(prefix: &str, year: i32, serial: i64) -> String {
    let digits = format!("{year:04}{serial:0DIGITS$}");
    let check = check_digit(digits.bytes());
    format!("{prefix}-{year:04}-{serial:0DIGITS$}-{check}")
}

/// Reads a number as somebody typed it: with other dashes, spaces or full-width digits.
///
/// # Errors
/// It is none, or its check digit does not fit.
pub fn read(text: &str) -> Result<String, NumberError> {
    let form = || NumberError::Form(text.trim().to_owned());
    let plain: String = text.chars().filter_map(plain).collect();
    let parts: Vec<&str> = plain.split('-').collect();
    let [prefix, year, serial, check] = parts[..] else {
        return Err(form());
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let fits = digits(year) && year.len() == 4 && digits(serial) && serial.len() >= DIGITS;
    if prefix.is_empty() || !fits || !digits(check) || check.len() != 1 {
        return Err(form());
    }
    let expected = check_digit(year.bytes().chain(serial.bytes())).to_string();
    match expected == check {
        true => Ok(plain),
        false => Err(NumberError::Check(plain)),
    }
}

/// Whether a text looks like a number, right or wrong: what a search box asks first.
#[must_use]
pub fn is_number(text: &str) -> bool {
    !matches!(read(text), Err(NumberError::Form(_)))
}

fn plain(c: char) -> Option<char> {
    match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
        '－' | '—' | '–' | '‐' | '‑' | '−' => Some('-'),
        c if c.is_whitespace() => None,
        c => Some(c),
    }
}

/// The quasigroup of H. M. Damm, “Total anti-symmetrische Quasigruppen” (dissertation, Marburg 2004).
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// Damm's check digit: finds every single wrong digit and every swapped pair of neighbours. (MOD 11,10 of
/// GB/T 17710 misses some swaps, 01 for 10 at the end among them.)
fn check_digit(digits: impl Iterator<Item = u8>) -> u8 {
    digits.fold(0, |interim, digit| {
        DAMM[usize::from(interim)][usize::from(digit.wrapping_sub(b'0') % 10)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_damms() {
        // the example of the dissertation and of every description since
        assert_eq!(check_digit("572".bytes()), 4);
        assert_eq!(number("兑付", 2026, 123), "兑付-2026-000123-8");
        assert!(number("兑付", 2026, 1_234_567).starts_with("兑付-2026-1234567-"));
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let number = number("兑付", 2026, 123);
        let (head, check) = number.rsplit_once('-').expect("a check digit");
        for text in [
            format!(" {head} - {check} "),
            number.replace('-', "－"),
            number.replace("2026", "２０２６"),
        ] {
            assert_eq!(read(&text), Ok(number.clone()), "{text}");
        }
        for text in [
            "",
            "兑付",
            "兑付-2026-123-7",
            "-2026-000123-8",
            "兑付-2026-000123-87",
        ] {
            assert!(matches!(read(text), Err(NumberError::Form(_))), "{text}");
            assert!(!is_number(text));
        }
    }

    #[test]
    fn every_swap_of_neighbours_is_found() {
        let number = number("兑付", 2026, 120_345);
        let (head, check) = number.rsplit_once('-').expect("a check digit");
        let digits: Vec<u8> = head.bytes().filter(u8::is_ascii_digit).collect();
        for at in 1..digits.len() {
            let mut swapped = digits.clone();
            swapped.swap(at - 1, at);
            let same = check_digit(swapped.iter().copied()).to_string() == check;
            assert_eq!(same, swapped == digits, "{swapped:?}");
        }
    }

    #[test]
    fn every_single_wrong_digit_is_found() {
        let number = number("兑付", 2026, 10_207);
        let digits = number.char_indices().filter(|(_, c)| c.is_ascii_digit());
        for (at, right) in digits {
            for wrong in ('0'..='9').filter(|digit| *digit != right) {
                let mut text = number.clone();
                text.replace_range(at..=at, &wrong.to_string());
                assert_eq!(read(&text), Err(NumberError::Check(text.clone())));
                assert!(is_number(&text));
            }
        }
    }
}
