//! The clock vectors of peers.md §7.2 that are about cases: escalation, calendars, reopening.

use zhida_casework::calendar::LocalChange;
use zhida_casework::escalation::{Recipient, Superior, Telling};
use zhida_casework::event::Lack;
use zhida_casework::route::{Act, Ladder, Rung, When};
use zhida_casework::{
    Action, Calendar, Chain, Change, ClockName, Command, Draft, Limit, Route, Step, Term, Turn,
    Unit, due_actions, next_look,
};

use crate::kit::{
    Grant, Outcome, Play, Stage, answer, at, body, bureau, close, enterprise, handler, lacking,
    limit, route, simple,
};

fn with_ladder(text: &str, rungs: Vec<Rung>) -> Route<Grant> {
    let step = Step::new(Stage::Review, Turn::Office)
        .limit(limit(text))
        .ladder(Ladder(rungs))
        .closes([Outcome::Paid]);
    Route::new(Draft::new("催办", [step])).unwrap()
}

fn superior(n: u128, name: &str) -> Option<Superior> {
    Some(Superior {
        organisation: body(n, name),
        person: None,
    })
}

fn chain(levels: Vec<Option<Superior>>) -> Chain {
    Chain::of(bureau().id, levels)
}

fn told(play: &Play, now: &str, chain: &Chain) -> Vec<Telling> {
    let actions = due_actions(&play.case, at(now), &play.rules(), chain).unwrap();
    let telling = |action| match action {
        Action::Tell(telling) => telling,
        Action::TimeUp { .. } => panic!("nothing passes by itself here"),
    };
    actions.into_iter().map(telling).collect()
}

/// GLPI PR #22678: “1 hour before” of a deadline reached over a closed night was 00:00.
#[test]
fn c04_an_hour_before_lies_within_open_hours() {
    let rung = Rung::remind(When::Before(Term::new(1, Unit::WorkingHours)));
    for (created, due, reminded) in [
        ("2026-03-02 10:00", "2026-03-02 14:00", "2026-03-02 13:00"),
        ("2026-03-02 17:00", "2026-03-03 11:00", "2026-03-03 10:00"),
    ] {
        let mut play = Play::open(with_ladder("4 个工作小时", vec![rung]), created);
        play.calendar = Calendar::with_hours("08:00-18:00".parse().unwrap());
        play.system(
            created,
            Command::Recalculate {
                why: "办公时间调整".to_owned(),
            },
        );
        assert_eq!(play.due(ClockName::Stage).unwrap().at, at(due));
        let look = next_look(&play.case, ClockName::Stage, at(created), &play.rules()).unwrap();
        assert_eq!(look, Some(at(reminded)));
    }
}

/// freeitsm's wiki: recomputed on reading, or stored. Here: stored, open ones are recomputed with an event,
/// closed ones stay.
#[test]
fn c07_a_holiday_added_later_moves_open_cases_only() {
    let mut open = Play::open(simple("5 个工作日"), "2026-03-02 10:00");
    let mut closed = Play::open(simple("5 个工作日"), "2026-03-02 10:00");
    closed.office("2026-03-03 10:00", close(Outcome::Paid));
    let day = "2026-03-04".parse().unwrap();
    let changed = Calendar::default().change(
        day,
        LocalChange::Closed {
            why: "台风".to_owned(),
        },
    );
    for play in [&mut open, &mut closed] {
        assert_eq!(play.stage_due(), "2026年3月9日 24:00");
        play.calendar = changed.clone();
        assert_eq!(
            play.stage_due(),
            "2026年3月9日 24:00",
            "nothing changes on reading"
        );
        play.system(
            "2026-03-03 11:00",
            Command::Recalculate {
                why: "台风停工".to_owned(),
            },
        );
    }
    assert_eq!(open.stage_due(), "2026年3月10日 24:00");
    let last = open.events.last().unwrap();
    assert_eq!(
        last.change,
        Change::Recalculated {
            why: "台风停工".to_owned()
        }
    );
    let derivation = &last.clocks[0].due.as_ref().unwrap().derivation;
    assert!(
        derivation.contains(&"3月4日 本地停止办公（台风），不计".to_owned()),
        "{derivation:?}"
    );
    assert_eq!(closed.stage_due(), "2026年3月9日 24:00");
    assert!(matches!(
        closed.events.last().unwrap().change,
        Change::Closed { .. }
    ));
    // the same calendar again changes nothing and notes nothing
    let before = open.events.len();
    open.system(
        "2026-03-03 12:00",
        Command::Recalculate {
            why: "再算一次".to_owned(),
        },
    );
    assert_eq!(open.events.len(), before);
}

/// Zammad#5177: a short update time overruled the first response. The clock of what comes later does not
/// exist before what comes first is done.
#[test]
fn c08_a_later_target_cannot_overrule_the_first_response() {
    let steps = [
        Step::new(Stage::Accept, Turn::Office).limit(limit("4 个工作小时")),
        Step::new(Stage::Review, Turn::Office)
            .limit(limit("1 个工作小时"))
            .closes([Outcome::Paid]),
    ];
    let route = Route::new(Draft::new("响应", steps)).unwrap();
    let mut play = Play::open(route, "2026-03-02 09:00");
    assert_eq!(play.case.due().unwrap().1.at, at("2026-03-02 15:00"));
    play.office(
        "2026-03-02 09:10",
        Command::Note {
            text: "内部备注".to_owned(),
        },
    );
    assert_eq!(play.case.due().unwrap().1.at, at("2026-03-02 15:00"));
    play.office("2026-03-02 11:00", crate::kit::advance());
    assert_eq!(play.case.due().unwrap().1.at, at("2026-03-02 12:00"));
}

/// Zammad#4432: reminders in the night.
#[test]
fn c09_reminders_come_in_office_hours_only() {
    let rungs = vec![
        Rung::remind(When::Before(Term::new(2, Unit::Hours))),
        Rung::remind(When::AtDue),
    ];
    // due at 03:00
    let mut play = Play::open(with_ladder("12 小时", rungs), "2026-03-02 15:00");
    play.office("2026-03-02 15:00", Command::Assign { handler: handler() });
    let nobody = Chain::default();
    // the warning would be at 01:00; it comes in the afternoon before, and clocks that began within it have none
    let look = next_look(
        &play.case,
        ClockName::Stage,
        at("2026-03-02 15:00"),
        &play.rules(),
    );
    assert_eq!(look.unwrap(), Some(at("2026-03-03 09:00")));
    for night in [
        "2026-03-03 01:00",
        "2026-03-03 03:00",
        "2026-03-03 08:59",
        "2026-03-03 12:30",
    ] {
        assert_eq!(told(&play, night, &nobody), [], "{night}");
    }
    let morning = told(&play, "2026-03-03 09:00", &nobody);
    assert_eq!(morning.len(), 1);
    assert_eq!(morning[0].to, Recipient::Handler { person: handler() });
    play.system("2026-03-03 09:00", Command::Tell(morning[0].clone()));
    assert_eq!(
        told(&play, "2026-03-03 09:01", &nobody),
        [],
        "each rung once"
    );
}

/// DIGIT's reopen window and escalation moved with every comment after the resolution.
#[test]
fn c11_a_comment_after_the_end_moves_nothing() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-03 10:00", close(Outcome::Refused));
    let until = play.case.ending().unwrap().reopen_until.clone();
    assert_eq!(until.as_ref().unwrap().words(), "2026年3月18日 24:00");
    let clocks = play.case.clocks().clone();
    play.company(
        "2026-03-17 10:00",
        Command::Note {
            text: "我们不同意".to_owned(),
        },
    );
    assert_eq!(play.case.ending().unwrap().reopen_until, until);
    assert_eq!(play.case.clocks(), &clocks);
    let actions = due_actions(
        &play.case,
        at("2026-04-20 10:00"),
        &play.rules(),
        &Chain::default(),
    );
    assert_eq!(actions.unwrap(), []);
    let late = Command::Reopen {
        reason: "请重新审核".to_owned(),
    };
    let refusal = crate::kit::refusal(play.ask("2026-03-19 00:01", &enterprise(), late.clone()));
    assert!(refusal.contains("2026年3月18日 24:00"), "{refusal}");
    play.company("2026-03-18 23:59", late);
    assert_eq!(play.case.stage(), Stage::Review);
}

/// DIGIT's EscalationScheduler skips what nobody is assigned to.
#[test]
fn c12_an_unassigned_case_goes_to_the_head_of_the_department() {
    let rungs = vec![
        Rung::remind(When::AtDue),
        Rung::escalate(When::After(Term::working_days(1)), 1),
    ];
    let play = Play::open(with_ladder("4 个工作日", rungs), "2026-03-02 10:00");
    assert_eq!(play.case.handler(), None);
    let chain = chain(vec![superior(11, "经信局企业服务科")]);
    let overdue = told(&play, "2026-03-09 09:00", &chain);
    assert_eq!(overdue.len(), 2, "{overdue:?}");
    for telling in overdue {
        let Recipient::Superior { level, superior } = telling.to else {
            panic!("{:?}", telling.to)
        };
        assert_eq!(
            (level, superior.organisation.name.as_str()),
            (1, "经信局企业服务科")
        );
    }
    // whose head nobody knows: all who work there, and the gap is reported
    let reminder = &told(&play, "2026-03-06 09:00", &Chain::default())[0];
    assert_eq!(
        reminder.to,
        Recipient::Body {
            organisation: bureau()
        }
    );
    assert_eq!(reminder.missing, [1]);
}

/// DIGIT's EscalationService stops where a supervisor is missing.
#[test]
fn c13_a_missing_superior_is_passed_over_and_reported() {
    let rungs = vec![Rung::escalate(When::AtDue, 1)];
    let play = Play::open(with_ladder("4 个工作日", rungs), "2026-03-02 10:00");
    let gap = chain(vec![None, superior(12, "江城市经信局")]);
    let telling = &told(&play, "2026-03-09 09:00", &gap)[0];
    assert_eq!(telling.missing, [1]);
    assert_eq!(telling.act, Act::Escalate { level: 1 });
    assert!(matches!(telling.to, Recipient::Superior { level: 2, .. }));
    // nobody at all: the administrators, and every gap is named
    let nobody = &told(&play, "2026-03-09 09:00", &chain(vec![None, None]))[0];
    assert_eq!(
        (&nobody.to, nobody.missing.as_slice()),
        (&Recipient::Administrators, &[1, 2][..])
    );
}

/// DIGIT reads one page of a hundred. The store's side stands in `platform` (tests/it/cases_watch.rs).
#[test]
fn c14_every_one_of_many_overdue_cases_is_due() {
    let rungs = vec![Rung::escalate(When::AtDue, 1)];
    let chain = chain(vec![superior(11, "企业服务科")]);
    let plays =
        (0..250).map(|_| Play::open(with_ladder("1 个工作日", rungs.clone()), "2026-03-02 10:00"));
    let due: usize = plays
        .map(|play| told(&play, "2026-03-09 09:00", &chain).len())
        .sum();
    assert_eq!(due, 250);
}

/// C5 and C10 through a whole case: the office's clocks wait, the enterprise's runs.
#[test]
fn c10_a_completion_stops_the_offices_clocks_and_starts_the_enterprises() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-05 10:00", lacking(Lack::Wrong));
    assert_eq!(play.stage_due(), "暂停");
    assert_eq!(play.due(ClockName::Total), None);
    assert_eq!(play.case.turn(), Turn::Enterprise);
    assert_eq!(
        play.due(ClockName::Completion).unwrap().words(),
        "2026年3月19日 24:00"
    );
    play.company("2026-03-10 15:00", answer());
    assert_eq!(play.stage_due(), "2026年3月13日 24:00");
    play.office(
        "2026-03-11 10:00",
        Command::Relimit {
            limit: Limit::working_days(3),
            reason: "转为简易办理".to_owned(),
        },
    );
    assert_eq!(play.stage_due(), "2026年3月11日 24:00", "the pause is kept");
    // something missing begins anew
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-05 10:00", lacking(Lack::Missing));
    play.company("2026-03-10 15:00", answer());
    assert_eq!(play.stage_due(), "2026年3月17日 24:00");
}

/// One reading of the clock for a batch: the answer depends on the instant that is passed, on nothing else.
#[test]
fn c18_one_reading_of_the_clock_answers_alike() {
    let play = Play::open(
        with_ladder("1 个工作日", vec![Rung::escalate(When::AtDue, 1)]),
        "2026-03-02 10:00",
    );
    let chain = chain(vec![superior(11, "企业服务科")]);
    let first = told(&play, "2026-03-04 09:00", &chain);
    assert_eq!(first, told(&play, "2026-03-04 09:00", &chain));
    assert_eq!(first.len(), 1);
}
