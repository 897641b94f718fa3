//! The room's state; its use cases stand in the modules.

mod agenda;
mod meetings;
mod series;
mod tasks;

use std::sync::Arc;

use zhida_letters::Press;
use zhida_platform::access::{Action, Row, Viewer};
use zhida_platform::audit::Entry;
use zhida_platform::cases::Departments;
use zhida_platform::cases::calendar::{self, CityCalendar};
use zhida_platform::clock::SharedClock;
use zhida_platform::db::{ConnectionTrait, Database, Tx};
use zhida_platform::messages::{EventKind, Message, Messages, Recipient};

use crate::error::Error;
use crate::model::Meeting;
use crate::questions::Questions;
use crate::store;

pub(crate) use meetings::{Appointment, Whole};
pub(crate) use tasks::{May, Step, lateness, task_columns};

/// Characters of one line: titles, names, places.
const LINE_MAX: usize = 100;
/// Characters of a text.
const TEXT_MAX: usize = 2_000;
/// Characters of minutes.
const MINUTES_MAX: usize = 50_000;

/// What the room stands on.
#[derive(Clone)]
pub struct Ground {
    /// The migrated database.
    pub db: Database,
    /// The time.
    pub clock: SharedClock,
    /// Tells people; it must know [`crate::EVENTS`].
    pub messages: Messages,
    /// Finds the bodies that are charged.
    pub departments: Arc<dyn Departments>,
    /// The appeals behind the agenda.
    pub questions: Arc<dyn Questions>,
    /// Prints agenda, task list and minutes.
    pub press: Press,
}

/// 调度会. Made once at start, after the migrations, and shared.
pub struct Meetings {
    pub(crate) db: Database,
    pub(crate) clock: SharedClock,
    pub(crate) messages: Messages,
    pub(crate) departments: Arc<dyn Departments>,
    pub(crate) questions: Arc<dyn Questions>,
    pub(crate) press: Press,
}

impl Meetings {
    /// The room.
    #[must_use]
    pub fn new(ground: Ground) -> Arc<Self> {
        Arc::new(Self {
            db: ground.db,
            clock: ground.clock,
            messages: ground.messages,
            departments: ground.departments,
            questions: ground.questions,
            press: ground.press,
        })
    }

    pub(crate) async fn city(&self) -> Result<CityCalendar, Error> {
        Ok(calendar::load(self.db.conn()).await?)
    }

    fn entry(&self, viewer: &Viewer, action: &'static str, kind: &'static str, id: &str) -> Entry {
        Entry::new(self.clock.now(), viewer, action, kind, id)
    }

    async fn tell(
        &self,
        tx: &Tx,
        event: &'static EventKind,
        to: Recipient<'_>,
        fields: &[(&str, &str)],
        link: &str,
    ) -> Result<(), Error> {
        let asked: Vec<(&str, &str)> = fields
            .iter()
            .copied()
            .filter(|(name, _)| event.fields.iter().any(|field| field.name == *name))
            .collect();
        let message = Message {
            event,
            to,
            fields: &asked,
            link: Some(link),
            subject: ("meeting", ""),
        };
        self.messages.send(tx, &message).await?;
        Ok(())
    }
}

/// A meeting within an action's reach; one beyond is answered like one that is not there.
async fn reached(
    conn: &impl ConnectionTrait,
    viewer: &Viewer,
    action: Action,
    id: &str,
) -> Result<Meeting, Error> {
    viewer.need(action)?;
    let found = store::meetings::find(conn, id).await?;
    found
        .filter(|meeting| viewer.covers(action, &meeting.access()))
        .ok_or(Error::Missing("这次会议"))
}

/// The account that is told of what becomes of a meeting; empty for the program itself.
fn account(viewer: &Viewer) -> String {
    viewer
        .account()
        .map(|id| id.to_string())
        .unwrap_or_default()
}

/// The place of something new: the one asked for, or the seat's, within the action's reach.
fn place(viewer: &Viewer, action: Action, asked: &str) -> Result<String, Error> {
    let own = viewer.seat().and_then(|seat| seat.division.clone());
    let place = match asked {
        "" => own.unwrap_or_default(),
        asked => asked.to_owned(),
    };
    let row = Row {
        enterprise: None,
        division: Some(&place),
    };
    match !place.is_empty() && viewer.covers(action, &row) {
        true => Ok(place),
        false => Err(Error::field(
            "place",
            "请填写本单位区划之内的行政区划代码，例如 330523",
        )),
    }
}

fn organisation(viewer: &Viewer) -> String {
    let seat = viewer.seat().map(|seat| seat.organisation_name.clone());
    seat.unwrap_or_else(|| viewer.name().to_owned())
}

/// A line that must be there.
fn line(name: &'static str, text: &str, what: &str) -> Result<String, Error> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(Error::field(name, format!("请填写{what}"))),
        1..=LINE_MAX if !text.contains('\n') => Ok(text.to_owned()),
        _ => Err(Error::field(
            name,
            format!("{what}请写在一行内，最多 {LINE_MAX} 字"),
        )),
    }
}

/// A line that may be left out.
fn some_line(name: &'static str, text: &str, what: &str) -> Result<String, Error> {
    match text.trim() {
        "" => Ok(String::new()),
        text => line(name, text, what),
    }
}

/// A text within limits.
fn text(name: &'static str, text: &str, what: &str, least: usize) -> Result<String, Error> {
    let text = text.trim();
    let count = text.chars().count();
    if count < least {
        let why = format!("请写明{what}，至少 {least} 个字");
        return Err(Error::field(name, why));
    }
    match count > TEXT_MAX {
        true => Err(Error::field(
            name,
            format!("{what}最多 {TEXT_MAX} 字，现在是 {count} 字"),
        )),
        false => Ok(text.to_owned()),
    }
}
