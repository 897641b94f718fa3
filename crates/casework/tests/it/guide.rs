//! What docs/casework.md shows is what the clocks say.

use zhida_casework::clock::Resume;
use zhida_casework::route::Ladder;
use zhida_casework::{Calendar, Clock, Route};

use crate::kit::{Grant, Stage, at, limit, route};

const GUIDE: &str = include_str!("../../../../docs/casework.md");

fn shown(clock: &Clock) {
    let due = clock.due(&Calendar::default()).unwrap().unwrap();
    let text = due.explain();
    assert!(GUIDE.contains(&text), "docs/casework.md lacks: {text}");
}

fn start(text: &str, when: &str) -> Clock {
    assert!(
        GUIDE.contains(&format!("`{text}`")),
        "docs/casework.md lacks {text}"
    );
    Clock::start(limit(text), at(when))
}

#[test]
fn every_kind_of_clock_has_its_example() {
    shown(&start("5 个工作日", "2026-09-18 16:50"));
    shown(&start("5 个工作日（当日起算）", "2026-09-18 09:00"));
    shown(&start("5 天", "2026-03-02 10:00"));
    shown(&start("1 个工作日（下班截止）", "2026-03-02 10:00"));
    shown(&start("1 个工作小时", "2026-03-06 17:30"));
    shown(&start("24 小时", "2026-03-06 17:30"));
    shown(&start("60 分钟", "2026-03-06 23:40"));
    shown(&start("5 个工作日", "2026-12-29 10:00"));
}

#[test]
fn pauses_and_extensions_have_theirs() {
    for resume in [Resume::Continue, Resume::Restart] {
        let mut clock = start("5 个工作日", "2026-03-02 10:00");
        clock.pause("completion", "等待企业补正", resume, at("2026-03-05 10:00"));
        clock.resume("completion", at("2026-03-10 15:00"));
        shown(&clock);
    }
    let mut hours = start("4 个工作小时", "2026-03-02 10:00");
    hours.pause(
        "hold:1",
        "暂停办理",
        Resume::Continue,
        at("2026-03-02 11:00"),
    );
    hours.resume("hold:1", at("2026-03-03 10:00"));
    shown(&hours);
    let mut extended = start("5 个工作日", "2026-03-02 10:00");
    extended.extend(3, "案情复杂", at("2026-03-06 10:00"));
    shown(&extended);
}

#[test]
fn the_route_of_the_guide_is_one() {
    let json = GUIDE.split("```json\n").nth(1).unwrap();
    let json = json.split("```").next().unwrap();
    let read: Route<Grant> = serde_json::from_str(json).unwrap();
    assert_eq!(read.steps[0].ladder, Ladder::usual());
    assert_eq!(read.onward(Stage::Accept), route().onward(Stage::Accept));
}
