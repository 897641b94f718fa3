//! Series, and the meetings that follow from their rhythm.

use chrono::{Days, NaiveDate};
use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::format::date_zh;
use zhida_platform::ids;
use zhida_platform::messages::Recipient;

use super::meetings::{members, task_days, time};
use super::{Meetings, account, line, organisation, place, some_line};
use crate::error::Error;
use crate::model::{Meeting, NewSeries, Series};
use crate::pages::MEETINGS;
use crate::rhythm::{Appointed, Rhythm, appointed};
use crate::rights::{MANAGE, READ};
use crate::store;
use crate::told::COMING;
use crate::words::{Every, MeetingState};

/// Days ahead of which a series' next meeting is planned.
const AHEAD: u64 = 14;

impl Meetings {
    /// The series within reach, each with its next day.
    pub(crate) async fn series(
        &self,
        viewer: &Viewer,
    ) -> Result<Vec<(Series, Option<Appointed>)>, Error> {
        viewer.need(READ)?;
        let city = self.city().await?;
        let today = self.clock.today();
        let found = store::series::list(self.db.conn(), &viewer.reach(READ)).await?;
        let next = |series: Series| {
            let next = appointed(&series.rhythm, today, &city).ok();
            (series, next)
        };
        Ok(found.into_iter().map(next).collect())
    }

    /// Founds a series; its id.
    pub(crate) async fn found_series(
        &self,
        viewer: &Viewer,
        new: &NewSeries,
    ) -> Result<String, Error> {
        viewer.need(MANAGE)?;
        let now = self.clock.now();
        let asked = &new.meeting;
        members(&asked.members)?;
        let series = &Series {
            id: ids::next(now).to_string(),
            name: line("title", &asked.title, "名称")?,
            place: place(viewer, MANAGE, asked.place.trim())?,
            organisation: organisation(viewer),
            rhythm: self.rhythm(new)?,
            at_time: time(&asked.at_time)?,
            venue: some_line("venue", &asked.venue, "地点")?,
            chair: line("chair", &asked.chair, "主持人")?,
            members: asked.members.trim().to_owned(),
            task_days: task_days(asked.task_days)?,
            active: true,
            secretary: account(viewer),
        };
        let entry = &self
            .entry(viewer, "meeting.found_series", "meeting_series", &series.id)
            .after(json!({ "name": series.name, "rhythm": series.rhythm }));
        self.db
            .write(|tx| async move {
                store::series::insert(&tx, series, now).await?;
                audit::append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        self.plan_ahead(series).await?;
        Ok(series.id.clone())
    }

    fn rhythm(&self, new: &NewSeries) -> Result<Rhythm, Error> {
        let every =
            Every::parse(&new.every).ok_or_else(|| Error::field("every", "请选多久一次"))?;
        let starts_on = match new.starts_on.as_str() {
            "" => self.clock.today(),
            text => text
                .parse()
                .map_err(|_| Error::field("starts_on", "请写日期，例如 2026-12-01"))?,
        };
        let small = |text: &str| text.parse().unwrap_or_default();
        Rhythm::new(every, small(&new.weekday), small(&new.week), starts_on)
            .map_err(|(field, why)| Error::field(field, why))
    }

    /// Lets a series meet on, or no longer. Meetings that are planned already stay.
    pub(crate) async fn switch_series(
        &self,
        viewer: &Viewer,
        id: &str,
        active: bool,
    ) -> Result<(), Error> {
        viewer.need(MANAGE)?;
        let found = store::series::find(self.db.conn(), id).await?;
        let found = found.ok_or(Error::Missing("这个例会"))?;
        let row = zhida_platform::access::Row {
            enterprise: None,
            division: Some(&found.place),
        };
        if !viewer.covers(MANAGE, &row) {
            return Err(Error::Missing("这个例会"));
        }
        let entry = &self
            .entry(viewer, "meeting.switch_series", "meeting_series", id)
            .before(json!({ "active": found.active }))
            .after(json!({ "active": active }));
        self.db
            .write(|tx| async move {
                store::series::switch(&tx, id, active, self.clock.now()).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Plans what comes within two weeks of every series that still meets; how many meetings are new.
    ///
    /// # Errors
    /// The database; a year of which no working days are known.
    pub async fn plan_series(&self) -> Result<u64, Error> {
        let mut planned = 0;
        for series in store::series::active(self.db.conn()).await? {
            planned += self.plan_ahead(&series).await?;
        }
        Ok(planned)
    }

    async fn plan_ahead(&self, series: &Series) -> Result<u64, Error> {
        let city = self.city().await?;
        let today = self.clock.today();
        let until = today.checked_add_days(Days::new(AHEAD)).unwrap_or(today);
        let (mut from, mut planned) = (today, 0);
        loop {
            let next = appointed(&series.rhythm, from, &city)?;
            if next.slot > until {
                return Ok(planned);
            }
            planned += u64::from(self.plan_slot(series, &next).await?);
            from = next
                .slot
                .checked_add_days(Days::new(1))
                .unwrap_or(NaiveDate::MAX);
        }
    }

    /// Plans one meeting of a series, once; whether it was new.
    async fn plan_slot(&self, series: &Series, next: &Appointed) -> Result<bool, Error> {
        let now = self.clock.now();
        let meeting = &Meeting {
            id: ids::next(now).to_string(),
            series: Some(series.id.clone()),
            slot: Some(next.slot),
            title: series.name.clone(),
            place: series.place.clone(),
            organisation: series.organisation.clone(),
            held_on: next.on,
            at_time: series.at_time.clone(),
            venue: series.venue.clone(),
            chair: series.chair.clone(),
            moved: next.why.clone(),
            task_days: series.task_days,
            state: MeetingState::Planned,
            minutes: String::new(),
            why: String::new(),
            secretary: series.secretary.clone(),
            version: 1,
        };
        let members = &members(&series.members)?;
        let system = Viewer::system("例会排期");
        let entry = &self
            .entry(&system, "meeting.plan", "meeting", &meeting.id)
            .after(
                json!({ "title": meeting.title, "held_on": meeting.held_on, "series": series.id }),
            );
        self.db
            .write(|tx| async move {
                if store::meetings::has_slot(&tx, &series.id, next.slot).await? {
                    return Ok(false);
                }
                self.insert(&tx, meeting, members).await?;
                if !series.secretary.is_empty() {
                    let when = format!("{} {}", date_zh(meeting.held_on), meeting.at_time);
                    let fields = [("meeting", meeting.title.as_str()), ("due", when.as_str())];
                    let link = format!("{MEETINGS}/{}", meeting.id);
                    let to = Recipient::Account(&series.secretary);
                    self.tell(&tx, &COMING, to, &fields, &link).await?;
                }
                audit::append(&tx, entry).await?;
                Ok(true)
            })
            .await
    }
}
