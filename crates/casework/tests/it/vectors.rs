//! The clock vectors that were harvested from the bugs of other systems (peers.md §7.2): single clocks.

use zhida_casework::calendar::{Calendar, LocalChange};
use zhida_casework::clock::Resume;
use zhida_casework::{Clock, Due, Standing, Term};

use crate::kit::{at, limit};

fn hours(text: &str) -> Calendar {
    Calendar::with_hours(text.parse().unwrap())
}

fn due(clock: &Clock, calendar: &Calendar) -> Due {
    clock.due(calendar).unwrap().unwrap()
}

/// GLPI#687: a ticket made outside hours had a delay of 0.
#[test]
fn c01_outside_hours_the_clock_starts_at_the_next_opening() {
    let calendar = Calendar::default();
    for evening in ["2026-03-02 20:00", "2026-03-03 03:00", "2026-03-03 09:00"] {
        let clock = Clock::start(limit("4 个工作小时"), at(evening));
        let due = due(&clock, &calendar);
        assert_eq!(due.at, at("2026-03-03 15:00"), "{evening}");
        assert_eq!(
            clock
                .standing(Some(&due), at(evening), &calendar)
                .unwrap()
                .words(),
            "剩余 4 个工作小时"
        );
    }
}

/// Chatwoot#13392: Friday 16:30 and one hour, open from 9 to 17.
#[test]
fn c02_friday_afternoon_goes_on_on_monday() {
    let clock = Clock::start(limit("1 个工作小时"), at("2026-03-06 16:30"));
    let due = due(&clock, &hours("09:00-17:00"));
    assert_eq!(due.at, at("2026-03-09 09:30"));
    assert_eq!(
        due.explain(),
        "2026年3月6日 16:30 开始，即时起算；只计办公时间（09:00至17:00），午休、夜间和非工作日不计；\
         满 1 个工作小时，2026年3月9日 09:30 截止。"
    );
}

/// GLPI#10594, PR #14937: the weekend of a pause was credited as 24-hour days on top of being skipped.
#[test]
fn c03_a_pause_over_a_weekend_is_not_credited_twice() {
    let calendar = Calendar::default();
    let mut clock = Clock::start(limit("2 个工作日"), at("2026-03-05 10:00"));
    clock.pause(
        "completion",
        "等待补正",
        Resume::Continue,
        at("2026-03-06 09:30"),
    );
    clock.resume("completion", at("2026-03-09 16:00"));
    // Friday and Monday do not count, nor does the weekend: Tuesday is day 1
    assert_eq!(due(&clock, &calendar).words(), "2026年3月11日 24:00");
    // in hours the pause takes out the three open hours it had, and not the sixty between
    let mut clock = Clock::start(limit("8 个工作小时"), at("2026-03-06 14:00"));
    clock.pause(
        "completion",
        "等待补正",
        Resume::Continue,
        at("2026-03-06 16:00"),
    );
    clock.resume("completion", at("2026-03-09 10:00"));
    assert_eq!(due(&clock, &calendar).at, at("2026-03-09 18:00"));
}

/// GLPI#6902, #15605: another SLA after a pause forgot the pause.
#[test]
fn c05_another_limit_keeps_what_was_paused() {
    let calendar = Calendar::default();
    let mut clock = Clock::start(limit("10 个工作日"), at("2026-03-02 10:00"));
    clock.pause(
        "completion",
        "等待补正",
        Resume::Continue,
        at("2026-03-04 10:00"),
    );
    clock.resume("completion", at("2026-03-06 10:00"));
    assert_eq!(due(&clock, &calendar).day.to_string(), "2026-03-19");
    let shorter = clock.clone().with_limit(limit("5 个工作日"));
    assert_eq!(shorter.pauses, clock.pauses);
    // 3 March, then 9 to 12 March: the three days of the pause still do not count
    assert_eq!(due(&shorter, &calendar).day.to_string(), "2026-03-12");
}

/// Frappe#2212, Chatwoot#14009: the lunch break counted.
#[test]
fn c06_the_lunch_break_does_not_count() {
    let clock = Clock::start(limit("1 个工作小时"), at("2026-03-02 11:30"));
    assert_eq!(due(&clock, &Calendar::default()).at, at("2026-03-02 14:30"));
    let in_the_break = Clock::start(limit("30 个工作分钟"), at("2026-03-02 12:45"));
    assert_eq!(
        due(&in_the_break, &Calendar::default()).at,
        at("2026-03-02 14:30")
    );
    let at_closing = Clock::start(limit("3 个工作小时"), at("2026-03-02 09:00"));
    assert_eq!(
        due(&at_closing, &Calendar::default()).at,
        at("2026-03-02 12:00")
    );
}

/// demarches-simplifiees, SVA: the days from the request to the day of the return do not count; `reset`
/// begins anew, `continue` goes on.
#[test]
fn c10_after_a_correction_the_clock_goes_on_the_day_after_the_return() {
    let calendar = Calendar::default();
    let paused = |resume| {
        let mut clock = Clock::start(limit("5 个工作日"), at("2026-03-02 10:00"));
        clock.pause("completion", "等待企业补正", resume, at("2026-03-05 10:00"));
        assert_eq!(clock.due(&calendar).unwrap(), None, "nobody knows yet");
        let standing = clock
            .standing(None, at("2026-03-08 10:00"), &calendar)
            .unwrap();
        assert_eq!(standing.words(), "暂停计时，剩余 3 个工作日");
        clock.resume("completion", at("2026-03-10 15:00"));
        due(&clock, &calendar)
    };
    let goes_on = paused(Resume::Continue);
    assert_eq!(goes_on.words(), "2026年3月13日 24:00");
    assert_eq!(
        goes_on.explain(),
        "2026年3月2日 10:00 开始，次日起算；3月5日至10日 等待企业补正，不计；\
         第 5 个工作日为 3月13日；2026年3月13日 24:00 截止。"
    );
    let anew = paused(Resume::Restart);
    assert_eq!(anew.words(), "2026年3月17日 24:00");
    assert_eq!(
        anew.explain(),
        "2026年3月2日 10:00 开始，次日起算；2026年3月10日 15:00 等待企业补正结束，次日起重新计算；\
         期间双休日 2 天不计；第 5 个工作日为 3月17日；2026年3月17日 24:00 截止。"
    );
}

/// Frappe PR #3354: “failed by −34 min”.
#[test]
fn c15_what_is_late_says_by_how_much() {
    let calendar = Calendar::default();
    let words = |text: &str, started: &str, now: &str| {
        let clock = Clock::start(limit(text), at(started));
        let due = due(&clock, &calendar);
        clock
            .standing(Some(&due), at(now), &calendar)
            .unwrap()
            .words()
    };
    // due on Friday, 6 March
    for (now, expected) in [
        ("2026-03-02 10:00", "剩余 4 个工作日"),
        ("2026-03-05 10:00", "即将到期，剩余 1 个工作日"),
        ("2026-03-06 23:59", "今日到期"),
        ("2026-03-07 00:01", "逾期不足 1 个工作日"),
        ("2026-03-09 09:00", "逾期 1 个工作日"),
        ("2026-03-10 09:00", "逾期 2 个工作日"),
    ] {
        assert_eq!(
            words("4 个工作日", "2026-03-02 09:00", now),
            expected,
            "{now}"
        );
    }
    assert_eq!(
        words("24 小时", "2026-03-02 09:00", "2026-03-03 09:34"),
        "逾期不足 1 小时"
    );
    assert_eq!(
        words("24 小时", "2026-03-02 09:00", "2026-03-03 12:00"),
        "逾期 3 小时"
    );
    assert_eq!(
        words("24 小时", "2026-03-02 09:00", "2026-03-03 08:30"),
        "即将到期，不足 1 小时"
    );
    assert_eq!(
        words("7 天", "2026-03-02 09:00", "2026-03-12 08:30"),
        "逾期 3 个自然日"
    );
    let mut clock = Clock::start(limit("4 个工作日"), at("2026-03-02 09:00"));
    let due = due(&clock, &calendar);
    clock.stopped = Some(at("2026-03-10 09:00"));
    let missed = clock
        .standing(Some(&due), at("2027-03-10 09:00"), &calendar)
        .unwrap();
    assert_eq!(
        missed,
        Standing::Missed {
            by: Term::working_days(2)
        }
    );
    assert_eq!(missed.words(), "逾期 2 个工作日办结");
    clock.stopped = Some(due.at);
    let met = clock
        .standing(Some(&due), at("2027-03-10 09:00"), &calendar)
        .unwrap();
    assert_eq!((met, met.words().as_str()), (Standing::Met, "按时办结"));
}

/// FixMyStreet's class has no make-up days: a Saturday that is worked, and the weekday off for it.
#[test]
fn c16_moved_working_days_count_as_such_and_unknown_years_are_told() {
    let calendar = Calendar::default();
    let spring = due(
        &Clock::start(limit("5 个工作日"), at("2026-02-13 15:00")),
        &calendar,
    );
    assert_eq!(spring.words(), "2026年2月27日 24:00");
    assert_eq!(
        spring.explain(),
        "2026年2月13日 15:00 开始，次日起算；2月14日（星期六） 春节调休上班，计入；\
         2月15日至23日 春节放假，不计；第 5 个工作日为 2月27日；2026年2月27日 24:00 截止。"
    );
    let hours = due(
        &Clock::start(limit("1 个工作小时"), at("2026-09-20 10:00")),
        &calendar,
    );
    assert_eq!(hours.at, at("2026-09-20 11:00"), "a Sunday that is worked");
    // 2027 is not announced: statutory holidays, and a warning
    let next_year = due(
        &Clock::start(limit("5 个工作日"), at("2026-12-29 10:00")),
        &calendar,
    );
    assert_eq!(next_year.words(), "2027年1月6日 24:00");
    assert!(next_year.provisional && next_year.explain().contains("2027 年放假安排尚未公布"));
    assert!(!spring.provisional);
    // beyond, nothing is known, and weekends alone are no calendar
    let error = Clock::start(limit("5 个工作日"), at("2027-12-29 10:00"))
        .due(&calendar)
        .unwrap_err();
    assert!(error.to_string().contains("2028 年的放假安排"), "{error}");
    // hours of the wall clock need no calendar
    let hours = Clock::start(limit("24 小时"), at("2028-01-01 10:00"));
    assert_eq!(due(&hours, &calendar).at, at("2028-01-02 10:00"));
}

/// demarches-simplifiees added `+ 1.day` in code: here each limit says it.
#[test]
fn c17_first_day_and_last_minute_are_the_limits_own() {
    let calendar = Calendar::default();
    let words = |text: &str| {
        due(
            &Clock::start(limit(text), at("2026-03-02 10:00")),
            &calendar,
        )
        .words()
    };
    assert_eq!(words("1 个工作日"), "2026年3月3日 24:00");
    assert_eq!(words("1 个工作日（当日起算）"), "2026年3月2日 24:00");
    assert_eq!(words("1 个工作日（下班截止）"), "2026年3月3日 18:00");
    assert_eq!(
        words("1 个工作日（当日起算，下班截止）"),
        "2026年3月2日 18:00"
    );
    // 民法典第二百零三条: a last day off rolls on to the next working day
    assert_eq!(words("5 天"), "2026年3月9日 24:00");
    let rolled = due(
        &Clock::start(limit("5 天"), at("2026-03-02 10:00")),
        &calendar,
    );
    assert_eq!(
        rolled.explain(),
        "2026年3月2日 10:00 开始，次日起算；第 5 天为 3月7日；\
         该日不上班，顺延至其后第一个工作日 3月9日；2026年3月9日 24:00 截止。"
    );
    // an office that closes earlier that day
    let noon = calendar.change(
        "2026-03-03".parse().unwrap(),
        LocalChange::Hours {
            why: "停电".to_owned(),
            hours: "09:00-12:00".parse().unwrap(),
        },
    );
    let due = due(
        &Clock::start(limit("1 个工作日（下班截止）"), at("2026-03-02 10:00")),
        &noon,
    );
    assert_eq!(due.words(), "2026年3月3日 12:00");
}

/// DIGIT's BusinessCalendar used the server's zone. Late evening in UTC is tomorrow in China, and there is
/// no summer time.
#[test]
fn c18_days_are_those_of_shanghai() {
    let calendar = Calendar::default();
    let utc = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    // 00:30 on Tuesday in China
    let clock = Clock::start(limit("1 个工作日"), utc("2026-03-02T16:30:00Z"));
    let found = due(&clock, &calendar);
    assert_eq!(found.at, utc("2026-03-04T16:00:00Z"), "24:00 of Wednesday");
    assert_eq!(found.day.to_string(), "2026-03-04");
    // the night in which Europe changes its clocks
    let hours = Clock::start(limit("24 小时"), utc("2026-03-28T16:00:00Z"));
    assert_eq!(due(&hours, &calendar).at, utc("2026-03-29T16:00:00Z"));
}
