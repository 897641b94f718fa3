//! Appeals as the room keeps them, written straight into its tables: thousands of a seed's figures would take minutes by
//! the front door, and figures are asked of the tables alone.

use uuid::Uuid;
use zhida_appeals::words::{Appeal, Outcome, Stage};
use zhida_casework::{Change, Event, Party, Turn};
use zhida_platform::db::{self, Tx, Value};

use crate::world::{CITY, World, code, name};

/// An appeal as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The instant of registration.
    pub opened_at: String,
    pub channel: &'static str,
    pub category: &'static str,
    pub place: &'static str,
    /// Number of the enterprise; 0 for nobody.
    pub enterprise: usize,
    pub confidentiality: &'static str,
    /// Number of the body; 0 for none.
    pub body: u128,
    pub title: String,
    pub stage: &'static str,
    pub outcome: Option<&'static str>,
    pub due_at: Option<&'static str>,
    pub late: bool,
    pub responded: bool,
    pub response_late: bool,
    pub replied: bool,
    pub visited: bool,
    pub satisfaction: Option<&'static str>,
    /// The way of the last visit.
    pub way: &'static str,
    /// Visits before the last: number of the voice, which is 1 for the last, and its word.
    pub before: &'static [(usize, &'static str)],
    pub dispatches: i64,
    pub reopenings: i64,
    pub theme: Option<String>,
}

impl Kept {
    /// One that was solved in time, visited, and satisfied.
    pub(crate) fn solved(opened_at: &str) -> Self {
        Self {
            opened_at: opened_at.to_owned(),
            channel: "web",
            category: "utilities/power",
            place: "370102",
            enterprise: 1,
            confidentiality: "normal",
            body: 22,
            title: "车间停电".to_owned(),
            stage: "visit",
            outcome: Some("solved"),
            due_at: None,
            late: false,
            responded: true,
            response_late: false,
            replied: true,
            visited: true,
            satisfaction: Some("satisfied"),
            way: "phone",
            before: &[],
            dispatches: 1,
            reopenings: 0,
            theme: None,
        }
    }

    /// One that waits for its body.
    pub(crate) fn open(opened_at: &str) -> Self {
        Self {
            stage: "handle",
            outcome: None,
            due_at: Some("2027-01-01T00:00:00.000000Z"),
            replied: false,
            visited: false,
            satisfaction: None,
            ..Self::solved(opened_at)
        }
    }

    /// How often somebody was not satisfied.
    fn dissatisfied(&self) -> i64 {
        let before = self.before.iter().map(|(_, word)| *word);
        let all = before.chain(self.satisfaction);
        all.map(|word| i64::from(word == "not")).sum()
    }
}

impl World {
    /// Keeps appeals; their ids.
    pub(crate) async fn keep(&self, appeals: &[Kept]) -> Vec<String> {
        let before = self.count("SELECT COUNT(*) FROM case_head").await;
        let ids: Vec<String> = (before + 1..)
            .zip(appeals)
            .map(|(number, _)| {
                Uuid::from_u128(0x7000_8000_0000_0000_0000 + number as u128).to_string()
            })
            .collect();
        let ids_ref = &ids;
        self.db
            .write(|tx: Tx| async move {
                for (id, one) in ids_ref.iter().zip(appeals) {
                    insert(&tx, id, one).await?;
                }
                Ok::<_, db::Error>(())
            })
            .await
            .unwrap();
        ids
    }
}

/// An instant as the rooms keep it.
fn stored(at: &str) -> String {
    zhida_platform::clock::instant_text(at.parse().unwrap())
}

async fn insert(tx: &Tx, id: &str, one: &Kept) -> db::Result<()> {
    let none = Option::<String>::None;
    let closed = one.outcome.map(|_| stored(&one.opened_at));
    let holder = (one.body > 0).then(|| Uuid::from_u128(one.body).to_string());
    let (enterprise, enterprise_name) = match one.enterprise {
        0 => (String::new(), String::new()),
        number => (code(number), name(number)),
    };
    let sql = format!(
        "INSERT INTO case_head (id, room, number, enterprise, place, title, stage, outcome, turn, held, holder, holder_name,
         handler, handler_name, version, opened_at, closed_at, changed_at, due_at, due_clock) VALUES ({})",
        db::placeholders(1, 20)
    );
    let values: [Value; 20] = [
        id.into(),
        "appeals".into(),
        format!("诉求-{id}").into(),
        enterprise.into(),
        one.place.into(),
        one.title.as_str().into(),
        one.stage.into(),
        one.outcome.map(str::to_owned).into(),
        "office".into(),
        false.into(),
        holder.into(),
        (one.body > 0).then(|| format!("单位{}", one.body)).into(),
        none.clone().into(),
        none.clone().into(),
        1_i64.into(),
        stored(&one.opened_at).into(),
        closed.into(),
        stored(&one.opened_at).into(),
        one.due_at.map(stored).into(),
        one.due_at.map(|_| "stage".to_owned()).into(),
    ];
    db::execute(tx, &sql, values).await?;
    let at = |is: bool| is.then(|| stored(&one.opened_at));
    let sql = format!(
        "INSERT INTO appeal (case_id, channel, source, text, category, category_name, track, place_words, enterprise_name,
         confidentiality, rules, voices, repeats, dispatches, dissatisfied, reopenings, satisfaction, dispatched_at,
         responded_at, response_late, replied_at, late, theme, suggested) VALUES ({})",
        db::placeholders(1, 24)
    );
    let values: [Value; 24] = [
        id.into(),
        one.channel.into(),
        "".into(),
        one.title.as_str().into(),
        one.category.into(),
        match one.category {
            "utilities/power" => "水电气网 / 供电",
            "labour/insurance" => "用工社保 / 社会保险",
            _ => "",
        }
        .into(),
        "single".into(),
        "".into(),
        enterprise_name.into(),
        one.confidentiality.into(),
        0_i64.into(),
        1_i64.into(),
        0_i64.into(),
        one.dispatches.into(),
        one.dissatisfied().into(),
        one.reopenings.into(),
        one.satisfaction.map(str::to_owned).into(),
        at(one.dispatches > 0).into(),
        at(one.responded).into(),
        one.response_late.into(),
        at(one.replied).into(),
        one.late.into(),
        one.theme.clone().into(),
        "".into(),
    ];
    db::execute(tx, &sql, values).await?;
    visits(tx, id, one).await?;
    events(tx, id, one).await
}

/// What happened: it was opened, and closed in the same moment.
async fn events(tx: &Tx, id: &str, one: &Kept) -> db::Result<()> {
    let event = |seq, change: Change<Appeal>| Event {
        seq,
        at: one.opened_at.parse().unwrap(),
        by: Party::System {
            name: "样例".to_owned(),
        },
        change,
        clocks: Vec::new(),
    };
    let mut all = vec![event(
        1,
        Change::Opened {
            stage: Stage::Intake,
            turn: Turn::Office,
            holder: None,
        },
    )];
    if let Some(outcome) = one.outcome.and_then(Outcome::parse) {
        let change = Change::Closed {
            outcome,
            reason: "样例".to_owned(),
            reopen_until: None,
        };
        all.push(event(2, change));
    }
    for event in all {
        let sql = "INSERT INTO case_event (case_id, seq, at, kind, party, actor, body) VALUES ($1, $2, $3, $4, 'system', '', $5)";
        let values = [
            id.into(),
            i64::from(event.seq).into(),
            stored(&one.opened_at).into(),
            event.change.slug().into(),
            serde_json::to_string(&event).unwrap().into(),
        ];
        db::execute(tx, sql, values).await?;
    }
    Ok(())
}

/// The voices that were visited, and the visits in their order.
async fn visits(tx: &Tx, id: &str, one: &Kept) -> db::Result<()> {
    let last = (1, one.satisfaction.unwrap_or("unreached"));
    let last = one.visited.then_some((last, one.way));
    let before = one.before.iter().map(|visit| (*visit, "phone"));
    for (number, ((voice, word), way)) in before.chain(last).enumerate() {
        let (visit, voice) = (format!("{id}-{number:02}"), format!("{id}-{voice}"));
        let sql = "INSERT INTO appeal_voice (id, case_id, origin, said_at, channel, enterprise, enterprise_name, text, contact,
            confidentiality, code_digest) VALUES ($2, $1, $1, $3, 'web', '', '', '', '', 'normal', $2)
            ON CONFLICT (id) DO NOTHING";
        let at = stored(&one.opened_at);
        db::execute(
            tx,
            sql,
            [id.into(), voice.as_str().into(), at.as_str().into()],
        )
        .await?;
        let sql = "INSERT INTO appeal_visit (id, case_id, voice, round, way, satisfaction, words, visited_by, visited_at)
            VALUES ($1, $2, $3, 1, $4, $5, '', '', $6)";
        let values = [visit.as_str(), id, &voice, way, word, &at].map(Value::from);
        db::execute(tx, sql, values).await?;
    }
    Ok(())
}

/// Somebody who looks at the figures of the city.
pub(crate) fn supervisor() -> zhida_platform::access::Viewer {
    crate::world::person("supervisor", Some(CITY), None, 61)
}
