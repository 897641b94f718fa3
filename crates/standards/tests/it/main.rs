//! The library as another crate uses it: one row of a clerk's spreadsheet, from text to answers.

use zhida_standards::calendar;
use zhida_standards::division::{self, KnownDivision, Level};
use zhida_standards::industry;
use zhida_standards::size::{self, Indicator, Size, SizeResult};
use zhida_standards::uscc::{Uscc, UsccError};

#[test]
fn a_row_of_a_spreadsheet_becomes_answers() {
    let code = Uscc::parse("91330782pdy00001xm").expect("a reserved code with right checks");
    assert!(code.is_synthetic());

    let seat = division::find("浙江", "金华市", "义乌").expect("义乌 is a county of 金华");
    assert_eq!(seat.level, Level::County);
    assert_eq!(code.region_division(), Some(KnownDivision::Current(seat)));
    assert!(seat.code.is_within("33".parse().expect("33 is a province")));

    let industry = industry::parse("1751").expect("a class of 2017");
    assert_eq!(
        industry::section_of(industry.code).map(|i| i.code),
        Some("C")
    );
    let unknown = SizeResult::Unknown {
        missing: vec![Indicator::Revenue],
    };
    assert_eq!(
        size::classify(industry.code, Some(120), None, None),
        unknown
    );
    let revenue = Some(1234 * zhida_standards::FEN_PER_WAN);
    assert_eq!(
        size::classify(industry.code, Some(120), revenue, None),
        SizeResult::Class(Size::Small)
    );
}

#[test]
fn messages_say_what_where_and_how_to_mend() {
    let shown = |text| {
        Uscc::parse(text)
            .expect_err("each text is wrong")
            .to_string()
    };
    assert_eq!(
        shown("91110000600037341N"),
        "统一社会信用代码校验码有误：按前 17 位计算第 18 位应为“L”，现为“N”，请核对各位是否抄错"
    );
    assert_eq!(
        shown("110108000000016"),
        "这是 15 位旧工商注册号（校验通过），不是统一社会信用代码，请查询并填写换照后的 18 位代码"
    );
    assert!(UsccError::OldRegistrationNumber.is_old_registration_number());
    let next_year = "2027-03-01".parse().expect("an ISO date");
    let refused = calendar::day(next_year).expect_err("no notice for 2027 yet");
    assert!(
        refused.to_string().starts_with("2027 年的放假安排"),
        "{refused}"
    );
}
