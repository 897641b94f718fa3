//! How values are written for people: money with its unit, Chinese dates,
//! grouped counts. Exact: nothing is rounded here.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc, Weekday};

use crate::clock::to_shanghai;

/// A plain decimal number taken apart.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        Some(Self {
            negative,
            whole: match whole.trim_start_matches('0') {
                "" => "0",
                trimmed => trimmed,
            },
            fraction: fraction.trim_end_matches('0'),
        })
    }

    fn sign(&self) -> &'static str {
        if self.negative && (self.whole != "0" || !self.fraction.is_empty()) {
            "-"
        } else {
            ""
        }
    }
}

/// `1,234.50 元` from a plain decimal text in yuan; whole yuan without
/// decimals, more than two decimals kept. A text that is not a number comes
/// back as it is.
#[must_use]
pub fn money_yuan(yuan: &str) -> String {
    let Some(number) = Decimal::parse(yuan) else {
        return yuan.to_owned();
    };
    let (sign, whole) = (number.sign(), grouped(number.whole));
    if number.fraction.is_empty() {
        format!("{sign}{whole} 元")
    } else {
        format!("{sign}{whole}.{:0<2} 元", number.fraction)
    }
}

/// The same from fen, the storage unit.
#[must_use]
pub fn money_fen(fen: i64) -> String {
    let magnitude = fen.unsigned_abs();
    let sign = if fen < 0 { "-" } else { "" };
    money_yuan(&format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100))
}

/// `123.45 万元` from a plain decimal text in yuan; exact, trailing zeros
/// dropped. A text that is not a number comes back as it is.
#[must_use]
pub fn wan(yuan: &str) -> String {
    let Some(number) = Decimal::parse(yuan) else {
        return yuan.to_owned();
    };
    let padded = format!("{:0>5}", number.whole);
    let (whole, shifted) = padded.split_at(padded.len() - 4);
    let fraction = format!("{shifted}{}", number.fraction);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{}{}{dot}{fraction} 万元", number.sign(), grouped(whole))
}

/// `1,234,567`.
#[must_use]
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// `2026年11月22日`.
#[must_use]
pub fn date_zh(date: NaiveDate) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// `2026年11月22日 09:05`, as read in China.
#[must_use]
pub fn datetime_zh(instant: DateTime<Utc>) -> String {
    let local = to_shanghai(instant);
    format!(
        "{} {:02}:{:02}",
        date_zh(local.date_naive()),
        local.hour(),
        local.minute()
    )
}

/// `2026年11月22日（周日）`: a day on which something is to be done.
#[must_use]
pub fn weekday_zh(date: NaiveDate) -> String {
    let day = match date.weekday() {
        Weekday::Mon => '一',
        Weekday::Tue => '二',
        Weekday::Wed => '三',
        Weekday::Thu => '四',
        Weekday::Fri => '五',
        Weekday::Sat => '六',
        Weekday::Sun => '日',
    };
    format!("{}（周{day}）", date_zh(date))
}

/// Until when, for people: `2026年11月23日（周一）18:00`; midnight is the end of the day before it,
/// `2026年11月22日（周日）24:00`.
#[must_use]
pub fn until_zh(due: DateTime<Utc>) -> String {
    let (day, time) = until(due);
    format!("{}{time}", weekday_zh(day))
}

/// The same as a day and a time of day, for tables that are sorted by the day.
#[must_use]
pub fn until(due: DateTime<Utc>) -> (NaiveDate, String) {
    let local = to_shanghai(due);
    match local.date_naive().pred_opt() {
        Some(before) if local.time() == NaiveTime::MIN => (before, "24:00".to_owned()),
        _ => (local.date_naive(), local.format("%H:%M").to_string()),
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_grouped_and_exact() {
        for (yuan, shown) in [
            ("0", "0 元"),
            ("-0.00", "0 元"),
            ("500000", "500,000 元"),
            ("500000.00", "500,000 元"),
            ("1234.5", "1,234.50 元"),
            ("-1234567.891", "-1,234,567.891 元"),
            ("0012", "12 元"),
            ("约五万", "约五万"),
            ("1e3", "1e3"),
            ("", ""),
        ] {
            assert_eq!(money_yuan(yuan), shown);
        }
        assert_eq!(money_fen(123_456), "1,234.56 元");
        assert_eq!(money_fen(-5), "-0.05 元");
        assert_eq!(money_fen(i64::MIN), "-92,233,720,368,547,758.08 元");
    }

    #[test]
    fn wan_shifts_four_places() {
        for (yuan, shown) in [
            ("1234500", "123.45 万元"),
            ("20000000", "2,000 万元"),
            ("5000", "0.5 万元"),
            ("1", "0.0001 万元"),
            ("0", "0 万元"),
            ("-12345.67", "-1.234567 万元"),
            ("123456789012", "12,345,678.9012 万元"),
        ] {
            assert_eq!(wan(yuan), shown);
        }
    }

    #[test]
    fn dates_are_chinese_and_instants_local() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 2).expect("a valid date");
        assert_eq!(date_zh(date), "2026年11月2日");
        let instant =
            crate::clock::parse_instant("2026-11-21T16:05:00.000000Z").expect("an instant");
        assert_eq!(datetime_zh(instant), "2026年11月22日 00:05");
    }

    #[test]
    fn what_is_due_says_the_weekday() {
        for (at, words) in [
            ("2026-11-30T16:00:00.000000Z", "2026年11月30日（周一）24:00"),
            ("2026-11-29T10:30:00.000000Z", "2026年11月29日（周日）18:30"),
        ] {
            let instant = crate::clock::parse_instant(at).expect("an instant");
            assert_eq!(until_zh(instant), words);
        }
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_400_000), "1,400,000");
    }
}
