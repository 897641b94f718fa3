//! Meetings from their planning to their minutes.

use chrono::{NaiveDate, NaiveTime};
use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::db::Tx;
use zhida_platform::ids;
use zhida_platform::paging::{Page, PageRequest};

use super::{MINUTES_MAX, Meetings, account, line, organisation, place, reached, some_line, text};
use crate::error::Error;
use crate::model::{Attendee, Item, Line, Meeting, NewMeeting, Task};
use crate::query::MeetingQuery;
use crate::rights::{MANAGE, READ};
use crate::store;
use crate::words::{AttendeePart, MeetingState};

/// Days that a task has where nobody says otherwise: “两周办理” (S3-22).
pub(crate) const TASK_DAYS: i64 = 14;
/// Bodies of a list of members at most.
const MEMBERS_MAX: usize = 100;

/// A meeting with all that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub meeting: Meeting,
    pub items: Vec<Item>,
    pub attendees: Vec<Attendee>,
    pub tasks: Vec<Task>,
}

/// When and where.
#[derive(Debug, Clone, Default)]
pub(crate) struct Appointment {
    pub held_on: String,
    pub at_time: String,
    pub venue: String,
    pub chair: String,
}

impl Meetings {
    /// A page of the meetings within reach, the latest first.
    ///
    /// # Errors
    /// No right; a cursor of another list; the database.
    pub async fn meetings(
        &self,
        viewer: &Viewer,
        query: &MeetingQuery,
        page: &PageRequest,
    ) -> Result<Page<Line>, Error> {
        viewer.need(READ)?;
        store::meetings::list(self.db.conn(), query, viewer, page).await
    }

    /// How many meetings [`Meetings::meetings`] has in all.
    ///
    /// # Errors
    /// As [`Meetings::meetings`].
    pub async fn meeting_count(&self, viewer: &Viewer, query: &MeetingQuery) -> Result<u64, Error> {
        viewer.need(READ)?;
        store::meetings::count(self.db.conn(), query, viewer).await
    }

    /// A meeting with its agenda, attendees and tasks.
    pub(crate) async fn whole(&self, viewer: &Viewer, id: &str) -> Result<Whole, Error> {
        let conn = self.db.conn();
        let meeting = reached(conn, viewer, READ, id).await?;
        Ok(Whole {
            items: store::meetings::items(conn, id).await?,
            attendees: store::meetings::attendees(conn, id).await?,
            tasks: store::tasks::of_meeting(conn, id).await?,
            meeting,
        })
    }

    /// Plans a meeting that belongs to no series; its id.
    ///
    /// # Errors
    /// A field that is wrong; no right in the place; the database.
    pub async fn plan(&self, viewer: &Viewer, new: &NewMeeting) -> Result<String, Error> {
        viewer.need(MANAGE)?;
        let now = self.clock.now();
        let when = appointment(&Appointment {
            held_on: new.held_on.clone(),
            at_time: new.at_time.clone(),
            venue: new.venue.clone(),
            chair: new.chair.clone(),
        })?;
        if when.0 < self.clock.today() {
            return Err(Error::field(
                "held_on",
                "日期已经过去，请写今天或以后的日期",
            ));
        }
        let meeting = Meeting {
            id: ids::next(now).to_string(),
            series: None,
            slot: None,
            title: line("title", &new.title, "名称")?,
            place: place(viewer, MANAGE, new.place.trim())?,
            organisation: organisation(viewer),
            held_on: when.0,
            at_time: when.1,
            venue: some_line("venue", &new.venue, "地点")?,
            chair: line("chair", &new.chair, "主持人")?,
            moved: String::new(),
            task_days: task_days(new.task_days)?,
            state: MeetingState::Planned,
            minutes: String::new(),
            why: String::new(),
            secretary: account(viewer),
            version: 1,
        };
        let members = members(&new.members)?;
        let entry = &self
            .entry(viewer, "meeting.plan", "meeting", &meeting.id)
            .after(json!({ "title": meeting.title, "held_on": meeting.held_on }));
        let (meeting, members) = (&meeting, &members);
        self.db
            .write(|tx| async move {
                self.insert(&tx, meeting, members).await?;
                audit::append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(meeting.id.clone())
    }

    /// Writes a meeting with its chair and members.
    pub(super) async fn insert(
        &self,
        tx: &Tx,
        meeting: &Meeting,
        members: &[String],
    ) -> Result<(), Error> {
        let now = self.clock.now();
        store::meetings::insert(tx, meeting, now).await?;
        let chair = (AttendeePart::Chair, "", meeting.chair.as_str());
        let bodies = members
            .iter()
            .map(|body| (AttendeePart::Member, body.as_str(), ""));
        for (part, body, person) in std::iter::once(chair).chain(bodies) {
            let one = Attendee {
                id: ids::next(now).to_string(),
                part,
                body: body.to_owned(),
                person: person.to_owned(),
                present: false,
            };
            store::meetings::insert_attendee(tx, &meeting.id, &one).await?;
        }
        Ok(())
    }

    /// Changes when and where a planned meeting is.
    pub(crate) async fn reschedule(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        asked: &Appointment,
    ) -> Result<(), Error> {
        let when = &appointment(asked)?;
        let venue = &some_line("venue", &asked.venue, "地点")?;
        let chair = &line("chair", &asked.chair, "主持人")?;
        self.change(viewer, id, version, "meeting.reschedule", |meeting| {
            planned(meeting)?;
            if meeting.held_on != when.0 {
                meeting.moved = format!("由 {} 改期", meeting.held_on);
            }
            (meeting.held_on, meeting.at_time) = when.clone();
            meeting.venue.clone_from(venue);
            meeting.chair.clone_from(chair);
            Ok(())
        })
        .await
    }

    /// Calls a planned meeting off.
    pub(crate) async fn cancel(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        why: &str,
    ) -> Result<(), Error> {
        let why = &text("why", why, "取消的原因", 5)?;
        self.change(viewer, id, version, "meeting.cancel", |meeting| {
            planned(meeting)?;
            meeting.state = MeetingState::Cancelled;
            meeting.why.clone_from(why);
            Ok(())
        })
        .await
    }

    /// Records that a meeting took place, and who was there.
    pub(crate) async fn hold(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        present: &[String],
    ) -> Result<(), Error> {
        let whole = self.whole(viewer, id).await?;
        if whole.meeting.held_on > self.clock.today() {
            return Err(Error::refused(format!(
                "会议定于 {} 召开，还没有到；提前召开的，请先改日期",
                whole.meeting.held_on
            )));
        }
        if whole.items.is_empty() {
            return Err(Error::refused("会议还没有议题，请先选定诉求或写议题"));
        }
        let mut meeting = self.checked(viewer, whole.meeting, version)?;
        planned(&meeting)?;
        meeting.state = MeetingState::Held;
        let entry = &self
            .entry(viewer, "meeting.hold", "meeting", id)
            .after(json!({ "present": present.len() }));
        let (meeting, attendees) = (&meeting, &whole.attendees);
        self.db
            .write(|tx| async move {
                store::meetings::update(&tx, meeting, self.clock.now()).await?;
                for one in attendees {
                    let there = present.contains(&one.id);
                    store::meetings::set_present(&tx, &one.id, there).await?;
                }
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Keeps the minutes of a meeting that took place; issued, they no longer change.
    pub(crate) async fn save_minutes(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        minutes: &str,
        issue: bool,
    ) -> Result<(), Error> {
        let minutes = minutes.trim();
        let count = minutes.chars().count();
        if count > MINUTES_MAX {
            let why = format!("纪要最多 {MINUTES_MAX} 字，现在是 {count} 字");
            return Err(Error::field("minutes", why));
        }
        if issue && count < 10 {
            return Err(Error::field("minutes", "请先写好纪要再印发，至少 10 个字"));
        }
        let action = if issue {
            "meeting.issue"
        } else {
            "meeting.minutes"
        };
        self.change(viewer, id, version, action, |meeting| {
            if meeting.state != MeetingState::Held {
                return Err(Error::refused(match meeting.state {
                    MeetingState::Issued => "纪要已经印发，不能再改；有补充的，请在下次会议说明",
                    _ => "会议召开之后才能写纪要",
                }));
            }
            minutes.clone_into(&mut meeting.minutes);
            if issue {
                meeting.state = MeetingState::Issued;
            }
            Ok(())
        })
        .await
    }

    /// A meeting that was shown with this version.
    pub(super) fn checked(
        &self,
        viewer: &Viewer,
        meeting: Meeting,
        version: i64,
    ) -> Result<Meeting, Error> {
        viewer.need(MANAGE)?;
        if !viewer.covers(MANAGE, &meeting.access()) {
            return Err(Error::Missing("这次会议"));
        }
        match meeting.version == version {
            true => Ok(meeting),
            false => Err(Error::Stale("这次会议")),
        }
    }

    async fn change(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        action: &'static str,
        work: impl Fn(&mut Meeting) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let before = reached(self.db.conn(), viewer, MANAGE, id).await?;
        let mut meeting = self.checked(viewer, before.clone(), version)?;
        work(&mut meeting)?;
        let told = |one: &Meeting| json!({ "state": one.state.slug(), "held_on": one.held_on, "why": one.why });
        let entry = &self
            .entry(viewer, action, "meeting", id)
            .before(told(&before))
            .after(told(&meeting));
        let meeting = &meeting;
        self.db
            .write(|tx| async move {
                store::meetings::update(&tx, meeting, self.clock.now()).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }
}

fn planned(meeting: &Meeting) -> Result<(), Error> {
    match meeting.state {
        MeetingState::Planned => Ok(()),
        state => Err(Error::refused(format!(
            "会议{}，不能再这样操作",
            state.word()
        ))),
    }
}

/// Day and time.
pub(super) fn appointment(asked: &Appointment) -> Result<(NaiveDate, String), Error> {
    let day = asked
        .held_on
        .trim()
        .parse()
        .map_err(|_| Error::field("held_on", "请写日期，例如 2026-11-25"))?;
    Ok((day, time(&asked.at_time)?))
}

/// A time of day as `09:30`.
pub(super) fn time(asked: &str) -> Result<String, Error> {
    let time = NaiveTime::parse_from_str(asked.trim(), "%H:%M")
        .map_err(|_| Error::field("at_time", "请写时间，例如 09:30"))?;
    Ok(time.format("%H:%M").to_string())
}

pub(super) fn task_days(asked: i64) -> Result<i64, Error> {
    match asked {
        0 => Ok(TASK_DAYS),
        1..=365 => Ok(asked),
        _ => Err(Error::field("task_days", "请写 1 至 365 之间的天数")),
    }
}

/// The bodies of a list, one a line.
pub(super) fn members(text: &str) -> Result<Vec<String>, Error> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .collect();
    if lines.len() > MEMBERS_MAX {
        let why = format!("参加的单位最多 {MEMBERS_MAX} 个，一行一个");
        return Err(Error::field("members", why));
    }
    let names = lines
        .into_iter()
        .map(|one| line("members", one, "单位名称"));
    names.collect()
}
