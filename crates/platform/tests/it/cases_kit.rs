//! A small room with cases.

use chrono::{DateTime, NaiveDateTime, Utc};
use uuid::Uuid;
use zhida_casework::calendar::instant;
use zhida_casework::route::{AtDue, Ladder};
use zhida_casework::{
    Calendar, Case, Command, Draft, Kind, Limit, Opening, Organisation, Party, Person, Route,
    Rules, Step, Turn,
};
use zhida_platform::cases::{Cases, Error, Loaded, NewCase};
use zhida_platform::db::{self, Database, FromQueryResult, Tx};

zhida_casework::words! {
    /// Stages.
    pub enum Stage {
        Review = "review" "审核",
        Notice = "notice" "公示",
        Pay = "pay" "拨付",
    }
}

zhida_casework::words! {
    /// Outcomes.
    pub enum Outcome {
        Paid = "paid" "已兑付",
        Refused = "refused" "不予兑付",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant;

impl Kind for Grant {
    type Stage = Stage;
    type Outcome = Outcome;
}

pub const CASES: Cases<Grant> = Cases::new("test", "兑付");
pub const ENTERPRISE: &str = "91330106MA2ABCDE1X";

/// 2026-11-23 10:00 in China.
pub fn at(text: &str) -> DateTime<Utc> {
    instant(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time"))
}

pub fn bureau() -> Organisation {
    Organisation {
        id: Uuid::from_u128(1),
        name: "江城市经信局".to_owned(),
    }
}

pub fn officer(name: &str) -> Party {
    Party::Officer {
        person: Person {
            account: Uuid::from_u128(7),
            name: name.to_owned(),
        },
        organisation: bureau(),
    }
}

pub fn enterprise() -> Party {
    Party::Enterprise {
        code: ENTERPRISE.to_owned(),
        person: None,
        agency: None,
    }
}

pub fn route() -> Route<Grant> {
    let steps = [
        Step::new(Stage::Review, Turn::Office)
            .limit(Limit::working_days(5))
            .ladder(Ladder::usual())
            .closes([Outcome::Refused]),
        Step::new(Stage::Notice, Turn::System)
            .limit(Limit::working_days(5).from_the_same_day())
            .at_due(AtDue::Advance),
        Step::new(Stage::Pay, Turn::System).closes([Outcome::Paid]),
    ];
    Route::new(Draft {
        total: Some(Limit::working_days(20)),
        ..Draft::new("简易", steps)
    })
    .expect("a route")
}

pub fn advance() -> Command<Grant> {
    Command::Advance {
        to: None,
        note: String::new(),
    }
}

pub fn refuse() -> Command<Grant> {
    Command::Close {
        outcome: Outcome::Refused,
        reason: "条件不符".to_owned(),
    }
}

/// What goes wrong in a transaction of a test.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Cases(#[from] Error),
    #[error("undone")]
    Undone,
}

pub async fn open_in(tx: &Tx, now: DateTime<Utc>) -> Result<Loaded<Grant>, Error> {
    let (route, calendar) = (route(), Calendar::default());
    let rules = Rules {
        route: &route,
        calendar: &calendar,
    };
    let opening = Opening {
        holder: Some(bureau()),
        handler: None,
    };
    let events = Case::open(&opening, &enterprise(), now, &rules)?;
    let new = NewCase {
        enterprise: ENTERPRISE,
        place: "330106",
        title: "研发补助",
        topic: "",
    };
    CASES.open(tx, &new, &events, &rules).await
}

pub async fn open(db: &Database, now: DateTime<Utc>) -> Loaded<Grant> {
    let answer: Result<_, TestError> = db
        .write(|tx| async move { Ok(open_in(&tx, now).await?) })
        .await;
    answer.expect("opened")
}

/// Loads, decides, appends; as a room does.
pub async fn decide(
    db: &Database,
    id: Uuid,
    command: Command<Grant>,
    by: &Party,
    now: DateTime<Utc>,
) -> Result<Loaded<Grant>, TestError> {
    let command = &command;
    db.write(|tx| async move {
        let loaded = CASES.need(&tx, id).await?;
        decide_in(&tx, &loaded, command, by, now).await
    })
    .await
}

pub async fn decide_in(
    tx: &Tx,
    loaded: &Loaded<Grant>,
    command: &Command<Grant>,
    by: &Party,
    now: DateTime<Utc>,
) -> Result<Loaded<Grant>, TestError> {
    let (route, calendar) = (route(), Calendar::default());
    let rules = Rules {
        route: &route,
        calendar: &calendar,
    };
    let decided = CASES.decide(tx, loaded, command.clone(), by, now, &rules);
    Ok(decided.await?)
}

/// A row of `case_clock`.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ClockRow {
    pub clock: String,
    pub acts: String,
    pub organisation: Option<String>,
    pub due_at: Option<String>,
    pub look_at: Option<String>,
    pub level: i64,
}

pub async fn clocks(db: &Database, id: Uuid) -> Vec<ClockRow> {
    let sql = "SELECT clock, acts, organisation, due_at, look_at, level FROM case_clock
        WHERE case_id = $1 ORDER BY clock";
    db::query_all(db.conn(), sql, [id.to_string().into()])
        .await
        .expect("clocks")
}
