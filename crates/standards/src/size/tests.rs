#![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
use proptest::prelude::*;
use rstest::rstest;

use super::table::ROWS;
use super::*;
use crate::FEN_PER_WAN;

/// Amounts in 万元.
fn class(code: &str, x: Option<u64>, y: Option<i64>, z: Option<i64>) -> SizeResult {
    classify(
        code,
        x,
        y.map(|v| v * FEN_PER_WAN),
        z.map(|v| v * FEN_PER_WAN),
    )
}

fn unknown(missing: &[Indicator]) -> SizeResult {
    SizeResult::Unknown {
        missing: missing.to_vec(),
    }
}

#[rstest]
#[case("C2710", Some(1000), Some(40_000), None, Size::Large)]
#[case("C2710", Some(1000), Some(39_999), None, Size::Medium)]
#[case("C", Some(299), Some(50_000), None, Size::Small)]
#[case("06", Some(19), Some(1_000_000), None, Size::Micro)]
#[case("D44", Some(20), Some(299), None, Size::Micro)]
#[case("F51", Some(5), Some(1000), None, Size::Small)]
#[case("K7010", None, Some(200_000), Some(9999), Size::Medium)]
#[case("I65", Some(9), Some(99_999), None, Size::Micro)]
#[case("M73", Some(100), None, None, Size::Medium)]
#[case("A01", None, Some(20_000), None, Size::Large)]
#[case("E47", None, Some(80_000), Some(79_999), Size::Medium)]
#[case("F52", Some(300), Some(20_000), None, Size::Large)]
#[case("G54", Some(300), Some(2999), None, Size::Small)]
#[case("G591", Some(20), Some(200), None, Size::Small)]
#[case("G592", Some(200), Some(30_000), None, Size::Large)]
#[case("G60", Some(1000), Some(30_000), None, Size::Large)]
#[case("H61", Some(100), Some(2000), None, Size::Medium)]
#[case("H62", Some(10), Some(100), None, Size::Small)]
#[case("H", Some(10), Some(100), None, Size::Small)]
#[case("I63", Some(2000), Some(100_000), None, Size::Large)]
#[case("I64", Some(1999), Some(100_000), None, Size::Medium)]
#[case("K702", Some(1000), Some(5000), None, Size::Large)]
#[case("K703", Some(300), None, None, Size::Large)]
#[case("K709", Some(9), None, None, Size::Micro)]
#[case("L72", Some(300), None, Some(120_000), Size::Large)]
#[case("Q85", Some(10), None, None, Size::Small)]
#[case("R86", Some(299), None, None, Size::Medium)]
#[case("O80", Some(0), None, None, Size::Micro)]
#[case("C13", Some(10), None, None, Size::Micro)]
#[case("C13", None, Some(299), None, Size::Micro)]
#[case("F", Some(4), Some(99), None, Size::Micro)]
fn the_table_is_followed(
    #[case] code: &str,
    #[case] x: Option<u64>,
    #[case] y: Option<i64>,
    #[case] z: Option<i64>,
    #[case] expected: Size,
) {
    assert_eq!(class(code, x, y, z), SizeResult::Class(expected));
    assert_eq!(
        possible(
            code,
            x,
            y.map(|v| v * FEN_PER_WAN),
            z.map(|v| v * FEN_PER_WAN)
        ),
        [expected]
    );
}

#[rstest]
#[case("C13", Some(20), None, None, &[Indicator::Revenue])]
#[case("C13", None, None, None, &[Indicator::Employees, Indicator::Revenue])]
#[case("K701", None, Some(100), None, &[Indicator::Assets])]
#[case("F", Some(100), Some(600), None, &[Indicator::Industry])]
#[case("G59", Some(100), Some(6000), None, &[Indicator::Industry])]
#[case("G", Some(1), Some(1), None, &[Indicator::Industry])]
#[case("", Some(1), Some(1), None, &[Indicator::Industry])]
#[case("Q", Some(1), None, None, &[Indicator::Industry])]
fn what_is_missing_is_named(
    #[case] code: &str,
    #[case] x: Option<u64>,
    #[case] y: Option<i64>,
    #[case] z: Option<i64>,
    #[case] missing: &[Indicator],
) {
    assert_eq!(class(code, x, y, z), unknown(missing));
}

#[rstest]
#[case("J66")]
#[case("P83")]
#[case("Q84")]
#[case("S91")]
#[case("T97")]
#[case("G53")]
#[case("K704")]
fn the_method_does_not_reach_everywhere(#[case] code: &str) {
    let SizeResult::NotApplicable { reason } = class(code, Some(1), Some(1), Some(1)) else {
        panic!("{code}")
    };
    assert!(reason.contains("不适用"));
    assert!(possible(code, Some(1), None, None).is_empty());
    assert_eq!(row_name(code), None);
}

#[test]
fn bounds_are_exact_to_the_fen() {
    let large = 40_000 * FEN_PER_WAN;
    assert_eq!(
        classify("C13", Some(1000), Some(large), None),
        SizeResult::Class(Size::Large)
    );
    assert_eq!(
        classify("C13", Some(1000), Some(large - 1), None),
        SizeResult::Class(Size::Medium)
    );
    assert_eq!(
        classify("C13", Some(u64::MAX), Some(-1), None),
        SizeResult::Class(Size::Micro)
    );
}

#[test]
fn every_row_has_an_industry_and_falling_bounds() {
    for row in ROWS {
        assert!(
            industry::all()
                .iter()
                .any(|i| row_name(i.code) == Some(row.name)),
            "{}",
            row.name
        );
        for (_, [large, medium, small]) in row.bounds {
            assert!(
                large > medium && medium > small && *small > 0,
                "{}",
                row.name
            );
        }
    }
    assert_eq!(ROWS.len(), 16);
}

#[test]
fn every_class_code_has_exactly_one_answer() {
    for industry in industry::all().iter().filter(|i| i.code.len() == 5) {
        assert_eq!(table::reaches(industry).len(), 1, "{}", industry.code);
    }
}

#[test]
fn what_is_possible_narrows() {
    assert_eq!(
        possible("C13", Some(300), None, None),
        [Size::Micro, Size::Small, Size::Medium]
    );
    assert_eq!(possible("C13", None, None, None), Size::ALL);
    assert!(possible("?", None, None, None).is_empty());
}

#[test]
fn names_go_both_ways() {
    for size in Size::ALL {
        assert_eq!(Size::from_name(size.name()), Some(size));
    }
    assert_eq!(Size::from_name(" 小微企业"), None);
    assert_eq!(Size::from_name("小型企业"), Some(Size::Small));
    assert_eq!(Size::from_name("大"), Some(Size::Large));
}

fn any_code() -> impl Strategy<Value = &'static str> {
    (0..industry::all().len()).prop_map(|index| industry::all()[index].code)
}

proptest! {
    #[test]
    fn growing_never_makes_smaller(
        code in any_code(),
        x in 0..3000_u64, y in 0..300_000_i64, z in 0..300_000_i64,
        dx in 0..3000_u64, dy in 0..300_000_i64, dz in 0..300_000_i64,
    ) {
        let before = class(code, Some(x), Some(y), Some(z));
        let after = class(code, Some(x + dx), Some(y + dy), Some(z + dz));
        if let (SizeResult::Class(before), SizeResult::Class(after)) = (before, after) {
            prop_assert!(before <= after);
        }
    }

    #[test]
    fn a_certain_class_stays_when_more_is_known(
        code in any_code(),
        x in proptest::option::of(0..3000_u64),
        y in proptest::option::of(0..300_000_i64),
        z in proptest::option::of(0..300_000_i64),
        more in (0..3000_u64, 0..300_000_i64, 0..300_000_i64),
    ) {
        let whole = class(code, Some(x.unwrap_or(more.0)), Some(y.unwrap_or(more.1)), Some(z.unwrap_or(more.2)));
        match class(code, x, y, z) {
            SizeResult::Class(size) => prop_assert_eq!(whole, SizeResult::Class(size)),
            SizeResult::NotApplicable { reason } => prop_assert_eq!(whole, SizeResult::NotApplicable { reason }),
            SizeResult::Unknown { missing } => {
                prop_assert!(!missing.is_empty());
                if let SizeResult::Class(size) = whole {
                    let left = possible(code, x, y.map(|v| v * FEN_PER_WAN), z.map(|v| v * FEN_PER_WAN));
                    prop_assert!(left.is_empty() || left.contains(&size));
                }
            }
        }
    }
}
