use zhida_standards::Fen;

use crate::model::AMOUNT_MAX;

/// `1234.50`: yuan with two decimals, without grouping, for files.
pub(crate) fn yuan(fen: Fen) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// Fen of a text in yuan as people and banks write it: `1,234.5`, `1234.50`, `1,234.50 元`, full-width digits not;
/// `None` for anything else, and for more than can be paid.
#[must_use]
pub fn parse_yuan(text: &str) -> Option<Fen> {
    let text = text.trim().trim_end_matches('元').trim_end();
    let text = text.strip_prefix(['¥', '￥']).unwrap_or(text);
    let plain: String = text
        .chars()
        .filter(|sign| !matches!(sign, ',' | '，' | ' '))
        .collect();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    // more decimals than fen only when they say nothing
    let (cents, rest) = fraction.split_at(fraction.len().min(2));
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let fen: i64 = format!("{whole}{cents:0<2}").parse().ok()?;
    (fen <= AMOUNT_MAX).then_some(fen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn yuan_are_read_as_people_write_them() {
        for (text, fen) in [
            ("0", Some(0)),
            ("1,234.5", Some(123_450)),
            (" ¥1234.50 元", Some(123_450)),
            ("12.3400", Some(1_234)),
            ("12.345", None),
            ("-1", None),
            ("1e3", None),
            ("", None),
            (".5", None),
            ("１", None),
            ("99999999999999999999", None),
            ("10000000000001", None),
        ] {
            assert_eq!(parse_yuan(text), fen, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(fen in 0..=AMOUNT_MAX) {
            prop_assert_eq!(parse_yuan(&yuan(fen)), Some(fen));
        }

        #[test]
        fn no_text_is_too_much(text in ".*") {
            let _any = parse_yuan(&text);
        }
    }
}
