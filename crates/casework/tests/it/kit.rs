//! A small room of its own, and time as people write it.

use chrono::{DateTime, NaiveDateTime, Utc};
use uuid::Uuid;
use zhida_casework::calendar::instant;
use zhida_casework::clock::Resume;
use zhida_casework::event::{Lack, Point};
use zhida_casework::route::{AtDue, Completion, Extensions, Ladder, Lapse, Opinions, Reopening};
use zhida_casework::{
    Calendar, Case, Command, Draft, Due, Event, Kind, Limit, Opening, Organisation, Party, Person,
    Refusal, Route, Rules, Step, Turn,
};

zhida_casework::words! {
    /// Stages.
    pub enum Stage {
        Confirm = "confirm" "意愿确认",
        Accept = "accept" "受理",
        Review = "review" "审核",
        Inspect = "inspect" "现场核查",
        Decide = "decide" "审定",
        Notice = "notice" "公示",
        Pay = "pay" "拨付",
    }
}

zhida_casework::words! {
    /// Outcomes.
    pub enum Outcome {
        Paid = "paid" "已兑付",
        Refused = "refused" "不予兑付",
        Declined = "declined" "放弃",
        Withdrawn = "withdrawn" "撤回",
        Lapsed = "lapsed" "逾期未补正",
        Ended = "ended" "终止",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant;

impl Kind for Grant {
    type Stage = Stage;
    type Outcome = Outcome;
}

/// 2026-09-18 16:50 in China.
pub fn at(text: &str) -> DateTime<Utc> {
    instant(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
}

pub fn limit(text: &str) -> Limit {
    text.parse().unwrap()
}

pub fn body(n: u128, name: &str) -> Organisation {
    Organisation {
        id: Uuid::from_u128(n),
        name: name.to_owned(),
    }
}

pub fn bureau() -> Organisation {
    body(1, "江城市经信局")
}

pub fn officer_of(organisation: Organisation) -> Party {
    Party::Officer {
        person: handler(),
        organisation,
    }
}

pub fn officer() -> Party {
    officer_of(bureau())
}

pub fn handler() -> Person {
    Person {
        account: Uuid::from_u128(7),
        name: "王五".to_owned(),
    }
}

pub fn enterprise() -> Party {
    Party::Enterprise {
        code: "91330100MA2ABCDE1X".to_owned(),
        person: None,
        agency: None,
    }
}

/// Everything that a route can have.
pub fn draft() -> Draft<Grant> {
    let day = |n: u32| Limit::working_days(n);
    Draft {
        total: Some(day(60)),
        completion: Some(Completion {
            limit: day(10),
            ladder: Ladder::default(),
            rounds: 1,
            missing: Resume::Restart,
            wrong: Resume::Continue,
            lapse: Lapse::Close(Outcome::Lapsed),
        }),
        extension: Some(Extensions {
            times: 1,
            most: "5 个工作日".parse().unwrap(),
            ahead: Some("1 个工作日".parse().unwrap()),
        }),
        opinions: Some(Opinions {
            limit: day(3),
            ladder: Ladder::usual(),
        }),
        reopening: Some(Reopening {
            window: limit("15 个自然日"),
            stage: Stage::Review,
            times: 1,
            outcomes: vec![Outcome::Refused],
        }),
        withdrawn: Some(Outcome::Withdrawn),
        anytime: vec![Outcome::Ended],
        ..Draft::new(
            "申报",
            [
                Step::new(Stage::Accept, Turn::Office)
                    .limit(day(5))
                    .ladder(Ladder::usual())
                    .closes([Outcome::Refused, Outcome::Lapsed])
                    .completable()
                    .withdrawable(),
                Step::new(Stage::Review, Turn::Office)
                    .limit(day(10))
                    .closes([Outcome::Refused])
                    .withdrawable(),
                Step::new(Stage::Inspect, Turn::Office).optional(),
                Step::new(Stage::Decide, Turn::Office).closes([Outcome::Refused]),
                Step::new(Stage::Confirm, Turn::Enterprise)
                    .limit(limit("5 个自然日"))
                    .at_due(AtDue::Close(Outcome::Declined))
                    .closes([Outcome::Declined]),
                Step::new(Stage::Notice, Turn::System)
                    .limit(limit("5 个工作日（当日起算）"))
                    .at_due(AtDue::Advance),
                Step::new(Stage::Pay, Turn::System)
                    .limit(day(3))
                    .closes([Outcome::Paid]),
            ],
        )
    }
}

pub fn route() -> Route<Grant> {
    Route::new(draft()).unwrap()
}

/// A route of one step with this limit.
pub fn simple(text: &str) -> Route<Grant> {
    let step = Step::new(Stage::Review, Turn::Office)
        .limit(limit(text))
        .closes([Outcome::Paid, Outcome::Refused]);
    Route::new(Draft::new("简单", [step])).unwrap()
}

/// A case that is played through.
pub struct Play {
    pub route: Route<Grant>,
    pub calendar: Calendar,
    pub events: Vec<Event<Grant>>,
    pub case: Case<Grant>,
}

impl Play {
    pub fn open(route: Route<Grant>, when: &str) -> Self {
        let opening = Opening {
            holder: Some(bureau()),
            handler: None,
        };
        let calendar = Calendar::default();
        let rules = Rules {
            route: &route,
            calendar: &calendar,
        };
        let events = Case::open(&opening, &enterprise(), at(when), &rules).unwrap();
        let case = Case::replay(&events).unwrap();
        Self {
            route,
            calendar,
            events,
            case,
        }
    }

    pub fn rules(&self) -> Rules<'_, Grant> {
        Rules {
            route: &self.route,
            calendar: &self.calendar,
        }
    }

    pub fn ask(&mut self, when: &str, by: &Party, command: Command<Grant>) -> Result<(), Refusal> {
        self.ask_at(at(when), by, command)
    }

    pub fn ask_at(
        &mut self,
        when: DateTime<Utc>,
        by: &Party,
        command: Command<Grant>,
    ) -> Result<(), Refusal> {
        let events = self.case.decide(command, by, when, &self.rules())?;
        for event in events {
            self.case.apply(&event).unwrap();
            self.events.push(event);
        }
        Ok(())
    }

    /// By an officer, who must not be refused.
    pub fn office(&mut self, when: &str, command: Command<Grant>) {
        self.ask(when, &officer(), command).unwrap();
    }

    /// By the enterprise, which must not be refused.
    pub fn company(&mut self, when: &str, command: Command<Grant>) {
        self.ask(when, &enterprise(), command).unwrap();
    }

    /// By the system, which must not be refused.
    pub fn system(&mut self, when: &str, command: Command<Grant>) {
        self.ask(when, &Party::system(), command).unwrap();
    }

    pub fn due(&self, name: zhida_casework::ClockName) -> Option<&Due> {
        self.case.clocks().get(&name)?.due.as_ref()
    }

    pub fn stage_due(&self) -> String {
        self.due(zhida_casework::ClockName::Stage)
            .map_or("暂停".to_owned(), Due::words)
    }
}

pub fn advance() -> Command<Grant> {
    Command::Advance {
        to: None,
        note: String::new(),
    }
}

pub fn lacking(lack: Lack) -> Command<Grant> {
    Command::AskCompletion {
        lack,
        points: vec![Point {
            field: "invoice".to_owned(),
            text: "请补交发票".to_owned(),
        }],
    }
}

pub fn answer() -> Command<Grant> {
    Command::AnswerCompletion {
        note: String::new(),
    }
}

pub fn close(outcome: Outcome) -> Command<Grant> {
    Command::Close {
        outcome,
        reason: "按规定办理".to_owned(),
    }
}

pub fn refusal(answer: Result<(), Refusal>) -> String {
    answer.unwrap_err().to_string()
}
