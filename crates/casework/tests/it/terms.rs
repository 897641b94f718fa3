//! Terms, limits and rungs as text.

use proptest::prelude::*;
use rstest::rstest;
use zhida_casework::route::{Act, Rung, When};
use zhida_casework::term::{AMOUNT_MAX, End, Start};
use zhida_casework::{Limit, Term, Unit};

#[rstest]
#[case("5 个工作日", 5, Unit::WorkingDays, "5 个工作日")]
#[case("5个工作日", 5, Unit::WorkingDays, "5 个工作日")]
#[case(" 60 工作日 ", 60, Unit::WorkingDays, "60 个工作日")]
#[case("7天", 7, Unit::Days, "7 个自然日")]
#[case("7 日", 7, Unit::Days, "7 个自然日")]
#[case("24 小时", 24, Unit::Hours, "24 小时")]
#[case("4 个工作小时", 4, Unit::WorkingHours, "4 个工作小时")]
#[case("60分钟", 60, Unit::Minutes, "60 分钟")]
#[case("30 个工作分钟", 30, Unit::WorkingMinutes, "30 个工作分钟")]
fn terms_are_read_and_written(
    #[case] text: &str,
    #[case] amount: u32,
    #[case] unit: Unit,
    #[case] written: &str,
) {
    let term: Term = text.parse().unwrap();
    assert_eq!(
        (term, term.to_string()),
        (Term::new(amount, unit), written.to_owned())
    );
}

#[rstest]
#[case("", "应以数字开头")]
#[case("五个工作日", "应以数字开头")]
#[case("-1 天", "应以数字开头")]
#[case("0 天", "应在 1 至 9999 之间")]
#[case("10000 小时", "应在 1 至 9999 之间")]
#[case("99999999999 小时", "应在 1 至 9999 之间")]
#[case("5", "单位「」看不懂")]
#[case("5 周", "单位「周」看不懂")]
#[case("1.5 天", "单位「.5 天」看不懂")]
fn what_is_no_term_is_explained(#[case] text: &str, #[case] why: &str) {
    let error = text.parse::<Term>().unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

#[rstest]
#[case("5 个工作日", Start::NextDay, End::Midnight, "5 个工作日")]
#[case(
    "5 个工作日（次日起算，24:00截止）",
    Start::NextDay,
    End::Midnight,
    "5 个工作日"
)]
#[case(
    "5 个工作日（当日起算）",
    Start::SameDay,
    End::Midnight,
    "5 个工作日（当日起算）"
)]
#[case(
    "5天(下班截止)",
    Start::NextDay,
    End::OfficeClose,
    "5 个自然日（下班截止）"
)]
#[case(
    "3 个工作日(当日起算,下班截止)",
    Start::SameDay,
    End::OfficeClose,
    "3 个工作日（当日起算，下班截止）"
)]
#[case("24 小时", Start::AtOnce, End::Exact, "24 小时")]
fn limits_carry_their_rule(
    #[case] text: &str,
    #[case] start: Start,
    #[case] end: End,
    #[case] written: &str,
) {
    let limit: Limit = text.parse().unwrap();
    assert_eq!((limit.start(), limit.end()), (start, end));
    assert_eq!(limit.to_string(), written);
    let json = serde_json::to_string(&limit).unwrap();
    assert_eq!(json, format!("\"{written}\""));
    assert_eq!(serde_json::from_str::<Limit>(&json).unwrap(), limit);
}

#[rstest]
#[case("24 小时（当日起算）", "总是即时起算")]
#[case("5 个工作日（后天起算）", "括号里的「后天起算」看不懂")]
fn what_is_no_limit_is_explained(#[case] text: &str, #[case] why: &str) {
    let error = text.parse::<Limit>().unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
    let json = serde_json::to_string(text).unwrap();
    let error = serde_json::from_str::<Limit>(&json).unwrap_err();
    assert!(error.to_string().contains(why), "{error}");
}

#[rstest]
#[case(
    "到期前 1 个工作日 提醒",
    When::Before(Term::working_days(1)),
    Act::Remind
)]
#[case("到期提醒", When::AtDue, Act::Remind)]
#[case("逾期2个工作日上报1级", When::After(Term::working_days(2)), Act::Escalate { level: 1 })]
fn rungs_are_read(#[case] text: &str, #[case] when: When, #[case] act: Act) {
    let rung: Rung = text.parse().unwrap();
    assert_eq!(rung, Rung { when, act });
    assert_eq!(rung.to_string().parse::<Rung>().unwrap(), rung);
}

#[rstest]
#[case("提前一天叫他", "看不懂")]
#[case("到期前 提醒", "时间有误")]
#[case("逾期 1 天 上报 0 级", "1 至 9")]
#[case("昨天 提醒", "看不懂")]
fn what_is_no_rung_is_explained(#[case] text: &str, #[case] why: &str) {
    let error = text.parse::<Rung>().unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

fn unit() -> impl Strategy<Value = Unit> {
    prop::sample::select(vec![
        Unit::WorkingDays,
        Unit::Days,
        Unit::WorkingHours,
        Unit::Hours,
        Unit::WorkingMinutes,
        Unit::Minutes,
    ])
}

proptest! {
    #[test]
    fn every_limit_survives_its_text(amount in 1..=AMOUNT_MAX, unit in unit(), same: bool, close: bool) {
        let mut limit = Limit::new(Term::new(amount, unit));
        if same { limit = limit.from_the_same_day(); }
        if close { limit = limit.until_office_close(); }
        prop_assert_eq!(limit.to_string().parse::<Limit>(), Ok(limit));
    }

    #[test]
    fn any_text_is_a_limit_or_explained(text in ".{0,30}") {
        if let Err(error) = text.parse::<Limit>() {
            prop_assert!(error.to_string().contains("时限"));
        }
    }
}
