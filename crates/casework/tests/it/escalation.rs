//! When each rung of a ladder is reached, and what happens by itself.

use rstest::rstest;
use zhida_casework::escalation::Recipient;
use zhida_casework::event::Lack;
use zhida_casework::route::{AtDue, Ladder, Lapse};
use zhida_casework::{
    Action, Chain, ClockName, Command, Draft, Route, Step, Turn, due_actions, next_look,
};

use crate::kit::{Grant, Outcome, Play, Stage, at, body, draft, handler, lacking, limit};

fn with(text: &str, rung: &str) -> Play {
    let step = Step::new(Stage::Review, Turn::Office)
        .limit(limit(text))
        .ladder(Ladder(vec![rung.parse().unwrap()]))
        .closes([Outcome::Paid]);
    let route = Route::new(Draft::new("催办", [step])).unwrap();
    Play::open(route, "2026-03-02 10:00")
}

fn actions(play: &Play, now: &str) -> Vec<Action> {
    due_actions(&play.case, at(now), &play.rules(), &Chain::default()).unwrap()
}

/// Five working days from Monday, 2 March are due on Monday, 9 March, 24:00.
#[rstest]
#[case("5 个工作日", "到期前 1 个工作日 提醒", Some("2026-03-06 09:00"))]
#[case("5 个工作日", "到期前 2 天 提醒", Some("2026-03-06 14:00"))]
#[case("5 个工作日", "到期前 1 个工作小时 提醒", Some("2026-03-09 17:00"))]
#[case("5 个工作日", "到期前 2 小时 提醒", Some("2026-03-09 14:00"))]
#[case("5 个工作日", "到期 提醒", Some("2026-03-09 09:00"))]
#[case("5 个工作日", "到期 上报 1 级", Some("2026-03-10 09:00"))]
#[case("5 个工作日", "逾期 1 个工作日 上报 1 级", Some("2026-03-10 09:00"))]
#[case("5 个工作日", "逾期 5 天 上报 1 级", Some("2026-03-16 09:00"))]
#[case("5 个工作日", "逾期 4 个工作小时 上报 1 级", Some("2026-03-10 15:00"))]
#[case("5 个工作日", "逾期 1 小时 上报 1 级", Some("2026-03-10 09:00"))]
// before the clock began there is nothing to warn of
#[case("5 个工作日", "到期前 9 个工作日 提醒", None)]
#[case("1 个工作日", "到期前 1 个工作日 提醒", None)]
fn each_rung_has_its_moment(#[case] text: &str, #[case] rung: &str, #[case] moment: Option<&str>) {
    let play = with(text, rung);
    let look = next_look(
        &play.case,
        ClockName::Stage,
        at("2026-03-02 10:00"),
        &play.rules(),
    );
    assert_eq!(look.unwrap(), moment.map(at));
    if let Some(moment) = moment {
        assert_eq!(actions(&play, moment).len(), 1);
        let before = at(moment) - chrono::TimeDelta::minutes(1);
        let none = due_actions(&play.case, before, &play.rules(), &Chain::default()).unwrap();
        assert_eq!(none, []);
    }
}

#[test]
fn a_warning_is_not_told_when_the_time_is_over() {
    let play = with("5 个工作日", "到期前 1 个工作日 提醒");
    assert_eq!(
        actions(&play, "2026-03-09 23:59"),
        [],
        "the offices are closed"
    );
    assert_eq!(actions(&play, "2026-03-09 15:00").len(), 1);
    assert_eq!(actions(&play, "2026-03-10 09:00"), []);
    let look = next_look(
        &play.case,
        ClockName::Stage,
        at("2026-03-10 09:00"),
        &play.rules(),
    );
    assert_eq!(look.unwrap(), None);
}

#[test]
fn a_due_date_that_moves_has_its_rungs_again() {
    let mut play = with("5 个工作日", "到期 提醒");
    play.office("2026-03-02 11:00", Command::Assign { handler: handler() });
    let tell = |play: &mut Play, now: &str| {
        let Action::Tell(telling) = actions(play, now).remove(0) else {
            panic!("a reminder")
        };
        assert_eq!(telling.to, Recipient::Handler { person: handler() });
        let again = Command::Tell(telling.clone());
        play.system(now, Command::Tell(telling));
        let twice = play.ask(now, &zhida_casework::Party::system(), again);
        assert!(crate::kit::refusal(twice).contains("已经发出"));
    };
    tell(&mut play, "2026-03-09 09:00");
    assert_eq!(actions(&play, "2026-03-09 10:00"), []);
    play.office(
        "2026-03-09 11:00",
        Command::Hold {
            hold: "1".to_owned(),
            reason: "异议".to_owned(),
        },
    );
    assert_eq!(
        actions(&play, "2026-03-11 09:00"),
        [],
        "what is paused is not late"
    );
    play.office(
        "2026-03-11 10:00",
        Command::Release {
            hold: "1".to_owned(),
            result: "不成立".to_owned(),
        },
    );
    assert_eq!(play.stage_due(), "2026年3月12日 24:00");
    tell(&mut play, "2026-03-12 09:00");
}

#[test]
fn the_enterprise_is_told_in_its_turn_and_a_body_of_its_opinion() {
    let mut draft = draft();
    draft.completion.as_mut().unwrap().ladder = Ladder(vec!["到期 提醒".parse().unwrap()]);
    let mut play = Play::open(Route::new(draft).unwrap(), "2026-03-02 10:00");
    play.office("2026-03-03 10:00", lacking(Lack::Wrong));
    let Action::Tell(telling) = actions(&play, "2026-03-17 09:00").remove(0) else {
        panic!("a reminder")
    };
    assert_eq!(
        (telling.clock, telling.to),
        (ClockName::Completion, Recipient::Enterprise)
    );
    let asked = Command::AskOpinions {
        question: "请核实".to_owned(),
        organisations: vec![body(2, "税务局")],
        limit: None,
    };
    play.office("2026-03-04 10:00", asked);
    let told = actions(&play, "2026-03-09 09:00");
    let Action::Tell(telling) = &told[0] else {
        panic!("a reminder")
    };
    assert_eq!(
        telling.to,
        Recipient::Body {
            organisation: body(2, "税务局")
        }
    );
}

#[test]
fn a_notice_passes_at_midnight_and_not_while_it_is_held() {
    let steps = [
        Step::new(Stage::Notice, Turn::System)
            .limit(limit("5 个工作日（当日起算）"))
            .at_due(AtDue::Advance),
        Step::new(Stage::Pay, Turn::System).closes([Outcome::Paid]),
    ];
    let route = Route::<Grant>::new(Draft::new("公示", steps)).unwrap();
    let mut play = Play::open(route, "2026-03-02 10:00");
    assert_eq!(
        actions(&play, "2026-03-07 00:00"),
        [],
        "24:00 is still in time"
    );
    let over = vec![Action::TimeUp {
        clock: ClockName::Stage,
    }];
    assert_eq!(
        actions(&play, "2026-03-07 00:01"),
        over,
        "no office needs to be open for it"
    );
    let look = next_look(
        &play.case,
        ClockName::Stage,
        at("2026-03-02 10:00"),
        &play.rules(),
    )
    .unwrap();
    assert!(
        look.is_some_and(|look| look > at("2026-03-07 00:00") && look < at("2026-03-07 00:01"))
    );
    play.office(
        "2026-03-06 10:00",
        Command::Hold {
            hold: "1".to_owned(),
            reason: "异议".to_owned(),
        },
    );
    assert_eq!(actions(&play, "2026-03-20 00:01"), []);
    play.office(
        "2026-03-20 10:00",
        Command::Release {
            hold: "1".to_owned(),
            result: "不成立".to_owned(),
        },
    );
    // 2 to 5 March were counted; the day of the release is not, so Monday is the fifth
    assert_eq!(play.stage_due(), "2026年3月23日 24:00");
    assert_eq!(actions(&play, "2026-03-24 00:01"), over);
}

#[test]
fn a_lapsed_completion_may_let_the_office_go_on() {
    let mut draft = draft();
    draft.completion.as_mut().unwrap().lapse = Lapse::Continue;
    let mut play = Play::open(Route::new(draft).unwrap(), "2026-03-02 10:00");
    play.office("2026-03-03 10:00", lacking(Lack::Wrong));
    let up = actions(&play, "2026-03-18 00:01");
    assert_eq!(
        up,
        [Action::TimeUp {
            clock: ClockName::Completion
        }]
    );
    play.system(
        "2026-03-18 00:01",
        Command::TimeUp {
            clock: ClockName::Completion,
        },
    );
    assert!(play.case.is_open() && play.case.completion().is_none());
    assert_eq!(play.stage_due(), "2026年3月25日 24:00");
}
