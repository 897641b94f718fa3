//! Random histories against the model: never an illegal state, never a lost event, and always the same
//! state from the events, also through JSON.

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;
use zhida_casework::event::{Lack, Point, Stance};
use zhida_casework::{
    Action, Case, Chain, ClockName, Command, Event, Limit, Named as _, Organisation, Party, Turn,
    due_actions, next_look,
};

use crate::kit::{
    Grant, Outcome, Play, Stage, at, body, bureau, enterprise, handler, officer_of, route,
};
use crate::model::Model;

/// One step of a history, before it is a command.
#[derive(Debug, Clone)]
struct Draw {
    what: u8,
    who: u8,
    a: u8,
    b: u8,
    minutes: i64,
}

fn draw() -> impl Strategy<Value = Draw> {
    // mostly the same day; sometimes weeks, so that clocks run out
    let minutes = prop_oneof![4 => 0..600_i64, 2 => 600..6_000_i64, 1 => 6_000..40_000_i64];
    (0..44_u8, 0..16_u8, any::<u8>(), any::<u8>(), minutes).prop_map(
        |(what, who, a, b, minutes)| Draw {
            what,
            who,
            a,
            b,
            minutes,
        },
    )
}

fn some_body(n: u8) -> Organisation {
    match n % 4 {
        0 => bureau(),
        n => body(u128::from(n) + 100, &format!("部门{n}")),
    }
}

/// Half the time whoever's turn it is: others are refused, and nothing would ever end.
fn party(n: u8, case: &Case<Grant>) -> Party {
    match (n, case.turn()) {
        (0 | 1, _) | (8.., Turn::Enterprise) => enterprise(),
        (2 | 3, _) | (8.., Turn::System) => Party::system(),
        (n, _) => officer_of(some_body(n)),
    }
}

fn pick<T: Copy>(list: &[T], n: u8) -> T {
    list[usize::from(n) % list.len()]
}

fn command(draw: &Draw, play: &Play) -> Command<Grant> {
    let reason = || "随机".to_owned();
    let (a, b) = (draw.a, draw.b);
    match draw.what {
        0..=7 | 40..=43 => Command::Advance {
            to: (a % 3 == 0).then(|| pick(Stage::ALL, b)),
            note: String::new(),
        },
        8 | 9 => Command::Return {
            to: pick(Stage::ALL, a),
            reason: reason(),
        },
        10 | 11 => Command::AskCompletion {
            lack: if a % 2 == 0 {
                Lack::Missing
            } else {
                Lack::Wrong
            },
            points: vec![Point {
                field: String::new(),
                text: reason(),
            }],
        },
        12..=14 => Command::AnswerCompletion {
            note: String::new(),
        },
        15 | 16 => Command::AskOpinions {
            question: reason(),
            organisations: [a, b]
                .iter()
                .take(usize::from(1 + b % 2))
                .map(|n| some_body(*n))
                .collect(),
            limit: None,
        },
        17..=19 => Command::GiveOpinion {
            stance: pick(&[Stance::Agree, Stance::Disagree, Stance::Remark], a),
            text: if b % 2 == 0 { String::new() } else { reason() },
        },
        20 | 21 => Command::WithdrawOpinion {
            organisation: some_body(a).id,
            reason: reason(),
        },
        22 => Command::Extend {
            amount: u32::from(a % 7),
            reason: reason(),
        },
        23 => Command::Relimit {
            limit: Limit::working_days(u32::from(a % 20) + 1),
            reason: reason(),
        },
        24 => Command::Transfer {
            to: some_body(a),
            reason: reason(),
        },
        25 => Command::Hold {
            hold: format!("{}", a % 3),
            reason: reason(),
        },
        26..=28 => Command::Release {
            hold: format!("{}", a % 3),
            result: reason(),
        },
        29..=31 => Command::TimeUp {
            clock: pick(
                &[
                    ClockName::Stage,
                    ClockName::Completion,
                    ClockName::Total,
                    ClockName::Opinion(Uuid::nil()),
                ],
                a,
            ),
        },
        32 => {
            let step = play.route.step(play.case.stage()).unwrap();
            let fits = step.closes.first().filter(|_| b % 2 == 0);
            let outcome = fits.copied().unwrap_or(pick(Outcome::ALL, a));
            Command::Close {
                outcome,
                reason: reason(),
            }
        }
        33 => Command::Withdraw { reason: reason() },
        34..=36 => Command::Reopen { reason: reason() },
        37 => Command::Assign { handler: handler() },
        38 => Command::Recalculate { why: reason() },
        _ => Command::Note { text: reason() },
    }
}

/// What the reader of a stored history has.
fn through_json(events: &[Event<Grant>]) -> Vec<Event<Grant>> {
    let texts = events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap());
    texts
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect()
}

fn check_whole(play: &Play) {
    assert_eq!(play.case.version() as usize, play.events.len());
    assert!(
        play.events
            .iter()
            .zip(1..)
            .all(|(event, seq)| event.seq == seq)
    );
    assert!(play.events.is_sorted_by_key(|event| event.at));
    assert_eq!(Case::replay(&play.events).as_ref(), Ok(&play.case));
    let read = through_json(&play.events);
    assert_eq!(read, play.events);
    let again = Case::replay(&read).unwrap();
    let json = |case: &Case<Grant>| serde_json::to_string(case).unwrap();
    assert_eq!(json(&again), json(&play.case));
    let stored: Case<Grant> = serde_json::from_str(&json(&play.case)).unwrap();
    assert_eq!(stored, play.case);
}

/// Whatever a page offers is accepted.
fn check_choices(play: &Play, by: &Party, now: chrono::DateTime<chrono::Utc>) {
    let choices = play.case.choices(by, &play.rules());
    let text = || "按页面所列".to_owned();
    let mut offered: Vec<Command<Grant>> = Vec::new();
    offered.extend(choices.advance.iter().map(|to| Command::Advance {
        to: Some(*to),
        note: text(),
    }));
    offered.extend(choices.send_back.iter().map(|to| Command::Return {
        to: *to,
        reason: text(),
    }));
    offered.extend(choices.close.iter().map(|outcome| Command::Close {
        outcome: *outcome,
        reason: text(),
    }));
    if choices.ask_completion {
        offered.push(crate::kit::lacking(Lack::Wrong));
    }
    if choices.answer_completion {
        offered.push(crate::kit::answer());
    }
    if choices.give_opinion {
        offered.push(Command::GiveOpinion {
            stance: Stance::Agree,
            text: text(),
        });
    }
    if choices.withdraw {
        offered.push(Command::Withdraw { reason: text() });
    }
    if choices.manage {
        offered.push(Command::Assign { handler: handler() });
        offered.push(Command::Transfer {
            to: body(999, "别的部门"),
            reason: text(),
        });
        offered.push(Command::Hold {
            hold: "new".to_owned(),
            reason: text(),
        });
    }
    if choices.ask_opinions {
        let organisations = vec![body(999, "别的部门")];
        offered.push(Command::AskOpinions {
            question: text(),
            organisations,
            limit: None,
        });
    }
    for command in offered {
        let answer = play.case.decide(command.clone(), by, now, &play.rules());
        assert!(answer.is_ok_and(|events| !events.is_empty()), "{command:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn histories_follow_the_model(draws in prop::collection::vec(draw(), 1..60)) {
        let mut play = Play::open(route(), "2024-03-01 10:00");
        let mut model = Model::new(bureau().id);
        let mut now = at("2024-03-01 10:00");
        for draw in &draws {
            now += TimeDelta::minutes(draw.minutes);
            let (by, command) = (party(draw.who, &play.case), command(draw, &play));
            let (case, events) = (play.case.clone(), play.events.len());
            let allowed = {
                let before = model.clone();
                let allowed = model.ask(&command, &by, now, &case, &play.rules());
                if !allowed { prop_assert_eq!(&before, &model, "a refused command changes nothing"); }
                allowed
            };
            let answer = play.ask_at(now, &by, command.clone());
            prop_assert_eq!(answer.is_ok(), allowed, "{:?} by {:?}: {:?}", command, by, answer);
            if let Err(refusal) = answer {
                prop_assert!(!refusal.to_string().is_empty());
                prop_assert_eq!(&play.case, &case);
                prop_assert_eq!(play.events.len(), events);
            }
            model.check(&play.case, &play.rules());
            check_choices(&play, &by, now);
        }
        check_whole(&play);
    }

    #[test]
    fn the_watch_comes_to_rest_and_tells_each_rung_once(draws in prop::collection::vec(draw(), 1..25)) {
        let mut play = Play::open(route(), "2024-03-01 10:00");
        let mut now = at("2024-03-01 10:00");
        let chain = Chain::default();
        for draw in &draws {
            now += TimeDelta::minutes(draw.minutes);
            let (by, command) = (party(draw.who, &play.case), command(draw, &play));
            let _refused = play.ask_at(now, &by, command);
            for _ in 0..20 {
                let actions = due_actions(&play.case, now, &play.rules(), &chain).unwrap();
                let Some(action) = actions.into_iter().next() else { break };
                let command = match action {
                    Action::Tell(telling) => Command::Tell(telling),
                    Action::TimeUp { clock } => Command::TimeUp { clock },
                };
                play.ask_at(now, &Party::system(), command).unwrap();
            }
            prop_assert_eq!(due_actions(&play.case, now, &play.rules(), &chain).unwrap(), []);
            // what is next lies ahead, or waits for the offices to open
            let open = play.calendar.is_open(now).unwrap();
            for name in play.case.clocks().keys() {
                let look = next_look(&play.case, *name, now, &play.rules()).unwrap();
                prop_assert!(look.is_none_or(|look| look > now || !open), "{name}: {look:?} at {now}");
            }
            for running in play.case.clocks().values() {
                let mut reached = running.reached.clone();
                reached.sort_unstable();
                reached.dedup();
                prop_assert_eq!(reached.len(), running.reached.len());
            }
        }
        check_whole(&play);
    }

    #[test]
    fn a_history_with_a_gap_is_refused(draws in prop::collection::vec(draw(), 5..40), at_which in any::<prop::sample::Index>()) {
        let mut play = Play::open(route(), "2024-03-01 10:00");
        let mut now = at("2024-03-01 10:00");
        for draw in &draws {
            now += TimeDelta::minutes(draw.minutes);
            let (by, command) = (party(draw.who, &play.case), command(draw, &play));
            let _refused = play.ask_at(now, &by, command);
        }
        prop_assume!(play.events.len() > 1);
        let mut events = play.events.clone();
        let gone = at_which.index(events.len() - 1);
        events.remove(gone);
        prop_assert!(Case::replay(&events).is_err(), "event {gone} of {} was taken out", play.events.len());
    }
}

/// A property over histories that never get anywhere would prove little.
#[test]
fn the_histories_reach_every_event_and_stage() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let histories = prop::collection::vec(draw(), 1..60);
    let (mut kinds, mut stages, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..400 {
        let draws = histories.new_tree(&mut runner).unwrap().current();
        let mut play = Play::open(route(), "2024-03-01 10:00");
        let mut now = at("2024-03-01 10:00");
        for draw in &draws {
            now += TimeDelta::minutes(draw.minutes);
            let (by, command) = (party(draw.who, &play.case), command(draw, &play));
            let _refused = play.ask_at(now, &by, command);
            stages.push(play.case.stage());
        }
        kinds.extend(play.events.iter().map(|event| event.change.slug()));
        outcomes.extend(play.case.ending().map(|ending| ending.outcome));
    }
    stages.sort_unstable();
    stages.dedup();
    assert_eq!(stages, Stage::ALL);
    outcomes.sort_unstable();
    outcomes.dedup();
    assert_eq!(outcomes, Outcome::ALL);
    kinds.sort_unstable();
    kinds.dedup();
    // all but reminders and another calendar, which have their own tests
    assert_eq!(kinds.len(), 19, "{kinds:?}");
}
