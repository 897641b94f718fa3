//! Objections to being given a case, decided once; and limits that count from an earlier stage.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use zhida_casework::route::Objections;
use zhida_casework::{
    Calendar, Case, ClockName, Command, Draft, Limit, Opening, Organisation, Party, Person, Route,
    Rules, Step, Turn,
};

use crate::kit::{Grant, Outcome, Stage};

fn body(id: u128) -> Organisation {
    Organisation {
        id: Uuid::from_u128(id),
        name: format!("{id} 局"),
    }
}

fn officer(id: u128) -> Party {
    Party::Officer {
        person: Person {
            account: Uuid::from_u128(100 + id),
            name: "王五".to_owned(),
        },
        organisation: body(id),
    }
}

/// Accept → review (5 days) → decide, which counts from the review.
fn route() -> Route<Grant> {
    let mut draft = Draft::new(
        "交办",
        [
            Step::new(Stage::Accept, Turn::Office),
            Step::new(Stage::Review, Turn::Office).limit(Limit::working_days(2)),
            Step::new(Stage::Decide, Turn::Office)
                .limit(Limit::working_days(5))
                .since(Stage::Review)
                .closes([Outcome::Refused]),
        ],
    );
    draft.objection = Some(Objections {
        window: Limit::working_days(1),
        decide: "1 个工作日（当日起算）".parse().unwrap(),
        ladder: zhida_casework::route::Ladder::default(),
    });
    Route::new(draft).unwrap()
}

struct Played {
    case: Case<Grant>,
    route: Route<Grant>,
    calendar: Calendar,
    now: DateTime<Utc>,
}

impl Played {
    /// A case of body 1 at review, on Monday 2026-03-02 10:00.
    fn new() -> Self {
        let (route, calendar) = (route(), Calendar::default());
        let now = "2026-03-02T02:00:00Z".parse().unwrap();
        let rules = Rules {
            route: &route,
            calendar: &calendar,
        };
        let opening = Opening {
            holder: Some(body(1)),
            handler: None,
        };
        let events = Case::open(&opening, &officer(9), now, &rules).unwrap();
        let case = Case::replay(&events).unwrap();
        let mut played = Self {
            case,
            route,
            calendar,
            now,
        };
        played.go(Stage::Review).unwrap();
        played
    }

    fn take(&mut self, by: &Party, command: Command<Grant>) -> Result<(), String> {
        let rules = Rules {
            route: &self.route,
            calendar: &self.calendar,
        };
        let events = self
            .case
            .decide(command, by, self.now, &rules)
            .map_err(|refusal| refusal.to_string())?;
        for event in &events {
            self.case.apply(event).unwrap();
        }
        Ok(())
    }

    fn go(&mut self, to: Stage) -> Result<(), String> {
        let command = Command::Advance {
            to: Some(to),
            note: String::new(),
        };
        self.take(&officer(1), command)
    }

    fn object(&mut self, by: u128) -> Result<(), String> {
        self.take(
            &officer(by),
            Command::Object {
                reason: "不是我局职责".to_owned(),
            },
        )
    }

    fn settle(&mut self, by: u128, to: u128) -> Result<(), String> {
        let command = Command::SettleObjection {
            to: body(to),
            reason: "按三定方案".to_owned(),
        };
        self.take(&officer(by), command)
    }

    fn due(&self, name: ClockName) -> String {
        self.case.clocks()[&name].due.as_ref().unwrap().words()
    }
}

#[test]
fn an_objection_is_decided_once_by_another_and_holds_the_case_meanwhile() {
    let mut played = Played::new();
    assert!(played.object(2).unwrap_err().contains("只有承办单位"));
    played.object(1).unwrap();
    assert_eq!(played.due(ClockName::Objection), "2026年3月2日 24:00");
    assert!(played.object(1).unwrap_err().contains("正在裁定"));
    assert!(
        played
            .go(Stage::Decide)
            .unwrap_err()
            .contains("异议还没有裁定")
    );
    assert!(played.settle(1, 2).unwrap_err().contains("不能自己裁定"));
    played.settle(9, 1).unwrap();
    assert_eq!(played.case.holder(), Some(&body(1)));
    assert!(played.object(1).unwrap_err().contains("不得再次提出"));
    played.go(Stage::Decide).unwrap();
}

#[test]
fn an_objection_comes_too_late_and_its_own_clock_does_not_stop_the_others() {
    let mut played = Played::new();
    played.now += TimeDelta::days(2);
    let refused = played.object(1).unwrap_err();
    assert!(refused.contains("3月3日 24:00"), "{refused}");
}

#[test]
fn whoever_gets_it_by_the_decision_begins_anew_and_cannot_object() {
    let mut played = Played::new();
    played.object(1).unwrap();
    played.now += TimeDelta::days(1);
    assert_eq!(played.due(ClockName::Stage), "2026年3月4日 24:00");
    played.settle(9, 2).unwrap();
    assert_eq!(played.case.holder(), Some(&body(2)));
    assert_eq!(played.due(ClockName::Stage), "2026年3月5日 24:00");
    assert!(played.object(2).unwrap_err().contains("不得再次提出"));
}

#[test]
fn a_limit_counts_from_the_stage_that_it_names_until_the_case_goes_back() {
    let mut played = Played::new();
    played.now += TimeDelta::days(1);
    played.go(Stage::Decide).unwrap();
    // entered on Tuesday, counted from Monday
    assert_eq!(played.due(ClockName::Stage), "2026年3月9日 24:00");
    played.now += TimeDelta::days(1);
    let back = Command::Return {
        to: Stage::Review,
        reason: "再核".to_owned(),
    };
    played.take(&officer(1), back).unwrap();
    played.go(Stage::Decide).unwrap();
    assert_eq!(played.due(ClockName::Stage), "2026年3月11日 24:00");
}

#[test]
fn a_route_says_what_is_wrong_with_since() {
    let draft = Draft::<Grant>::new(
        "错",
        [
            Step::new(Stage::Accept, Turn::Office)
                .limit(Limit::working_days(1))
                .since(Stage::Review),
            Step::new(Stage::Review, Turn::Office)
                .since(Stage::Accept)
                .closes([Outcome::Refused]),
        ],
    );
    let fault = Route::new(draft).unwrap_err().to_string();
    assert!(
        fault.contains("从“审核”起算，但它不在本环节之前") && fault.contains("却写了起算环节"),
        "{fault}"
    );
}
