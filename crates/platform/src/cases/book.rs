use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zhida_casework::{Case, Command, Event, Kind, Party, Rules};

use super::{Conflict, Error, Head, number, store, stuck};
use crate::db::{ConnectionTrait, Tx};
use crate::ids;

/// The cases of one room.
#[derive(Debug)]
pub struct Cases<K: Kind> {
    room: &'static str,
    prefix: &'static str,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Clone for Cases<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Kind> Copy for Cases<K> {}

/// A case with a clock that is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueCase {
    /// The case.
    pub id: Uuid,
    /// Since when.
    pub look_at: DateTime<Utc>,
}

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewCase<'a> {
    /// 统一社会信用代码 of whose case it is.
    pub enterprise: &'a str,
    /// The division it lies in, for rights by place; empty when unknown.
    pub place: &'a str,
    /// What it is about, for lists.
    pub title: &'a str,
    /// What it is of, by which its room lists and counts: an item; empty where the room has none. It never changes.
    pub topic: &'a str,
}

/// A case as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded<K: Kind> {
    /// Its row.
    pub head: Head,
    /// Its state.
    pub case: Case<K>,
    /// Everything that happened, in order: its history.
    pub events: Vec<Event<K>>,
}

impl<K: Kind> Loaded<K> {
    /// Refuses to go on when somebody changed the case after the version that a page showed.
    ///
    /// # Errors
    /// [`Error::Conflict`], naming who did what when.
    pub fn expect_version(&self, shown: i64) -> Result<(), Error> {
        let newer = self
            .events
            .iter()
            .rev()
            .find(|event| i64::from(event.seq) > shown && !by_itself(event));
        match newer {
            Some(event) => Err(Error::Conflict(store::conflict(event))),
            None => Ok(()),
        }
    }
}

/// What the system notes without changing what an officer decides on: reminders, due dates computed again.
fn by_itself<K: Kind>(event: &Event<K>) -> bool {
    use zhida_casework::Change;
    matches!(
        event.change,
        Change::Escalated { .. } | Change::Recalculated { .. }
    )
}

impl<K: Kind> Cases<K> {
    /// The cases of a room; `prefix` begins their numbers: 兑付.
    #[must_use]
    pub const fn new(room: &'static str, prefix: &'static str) -> Self {
        Self {
            room,
            prefix,
            kind: PhantomData,
        }
    }

    /// The room.
    #[must_use]
    pub const fn room(&self) -> &'static str {
        self.room
    }

    /// Keeps a new case with the events of [`Case::open`] and gives it a number.
    ///
    /// # Errors
    /// The events are not those of a new case, or the database does not answer.
    pub async fn open(
        &self,
        tx: &Tx,
        new: &NewCase<'_>,
        events: &[Event<K>],
        rules: &Rules<'_, K>,
    ) -> Result<Loaded<K>, Error> {
        let case = Case::replay(events).map_err(|source| Error::Broken {
            id: Uuid::nil(),
            source,
        })?;
        let opened = case.opened_at();
        let id = ids::next(opened);
        let number = number::next(tx, self.room, self.prefix, opened).await?;
        let fixed = store::Fixed {
            room: self.room,
            number: &number,
            enterprise: new.enterprise,
            place: new.place,
            title: new.title,
            topic: new.topic,
        };
        let last = last_at(events, opened);
        store::add_head(tx, id, &fixed, &case, last).await?;
        store::add_events(tx, id, events).await?;
        store::set_clocks(tx, id, self.room, &case, rules, last).await?;
        self.need_head(tx, id).await.map(|head| Loaded {
            head,
            case,
            events: events.to_vec(),
        })
    }

    /// Reads a case with its history.
    ///
    /// # Errors
    /// What is stored is no case, or the database does not answer.
    pub async fn load(
        &self,
        conn: &impl ConnectionTrait,
        id: Uuid,
    ) -> Result<Option<Loaded<K>>, Error> {
        let Some(head) = store::head(conn, self.room, id).await? else {
            return Ok(None);
        };
        let events = store::events(conn, id, 0).await?;
        let case = Case::replay(&events).map_err(|source| Error::Broken { id, source })?;
        Ok(Some(Loaded { head, case, events }))
    }

    /// As [`Cases::load`], for a case that must be there.
    ///
    /// # Errors
    /// [`Error::Missing`] too.
    pub async fn need(&self, conn: &impl ConnectionTrait, id: Uuid) -> Result<Loaded<K>, Error> {
        self.load(conn, id).await?.ok_or(Error::Missing(id))
    }

    /// The row of a case without its history.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn head(&self, conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Head>, Error> {
        Ok(store::head(conn, self.room, id).await?)
    }

    async fn need_head(&self, conn: &impl ConnectionTrait, id: Uuid) -> Result<Head, Error> {
        self.head(conn, id).await?.ok_or(Error::Missing(id))
    }

    /// The case with a number, as [`super::read_number`] gives it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(
        &self,
        conn: &impl ConnectionTrait,
        number: &str,
    ) -> Result<Option<Uuid>, Error> {
        Ok(store::id_of(conn, self.room, number).await?)
    }

    /// Decides and keeps what follows; the case as it is then. Nothing is written when nothing follows.
    ///
    /// # Errors
    /// [`Error::Refused`] and those of [`Cases::append`].
    pub async fn decide(
        &self,
        tx: &Tx,
        loaded: &Loaded<K>,
        command: Command<K>,
        by: &Party,
        at: DateTime<Utc>,
        rules: &Rules<'_, K>,
    ) -> Result<Loaded<K>, Error> {
        let events = loaded.case.decide(command, by, at, rules)?;
        self.append(tx, loaded, &events, rules).await
    }

    /// Keeps more events of a case.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else was faster, [`Error::Broken`] when the events do not follow.
    pub async fn append(
        &self,
        tx: &Tx,
        loaded: &Loaded<K>,
        events: &[Event<K>],
        rules: &Rules<'_, K>,
    ) -> Result<Loaded<K>, Error> {
        let id = loaded.head.id;
        let mut after = loaded.clone();
        let Some(last) = events.last() else {
            return Ok(after);
        };
        for event in events {
            let applied = after.case.apply(event);
            applied.map_err(|source| Error::Broken { id, source })?;
        }
        let before = i64::from(loaded.case.version());
        if !store::change_head(tx, id, before, &after.case, last.at).await? {
            return Err(self.slower(tx, id, before).await?);
        }
        store::add_events(tx, id, events).await?;
        store::set_clocks(tx, id, self.room, &after.case, rules, last.at).await?;
        stuck::clear_all(tx, id).await?;
        after.events.extend_from_slice(events);
        after.head = self.need_head(tx, id).await?;
        Ok(after)
    }

    async fn slower(&self, tx: &Tx, id: Uuid, before: i64) -> Result<Error, Error> {
        let event = store::last_event::<K>(tx, id, before).await?;
        Ok(match event {
            Some(event) => Error::Conflict(store::conflict(&event)),
            None => Error::Missing(id),
        })
    }

    /// Makes a case's row and clocks again from its events, as they are to be at `now`.
    ///
    /// # Errors
    /// As [`Cases::need`].
    pub async fn rebuild(
        &self,
        tx: &Tx,
        id: Uuid,
        rules: &Rules<'_, K>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let Loaded { head, case, events } = self.need(tx, id).await?;
        let last = last_at(&events, head.opened_at);
        if !store::change_head(tx, id, head.version, &case, last).await? {
            return Err(self.slower(tx, id, head.version).await?);
        }
        store::set_clocks(tx, id, self.room, &case, rules, now).await
    }

    /// Cases of which a clock is to be looked at, those that wait longest first, after `after`: as many as `limit`. A
    /// case with two such clocks may come twice; one that is stuck comes when its next try is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn due_before(
        &self,
        conn: &impl ConnectionTrait,
        now: DateTime<Utc>,
        after: Option<DueCase>,
        limit: i64,
    ) -> Result<Vec<DueCase>, Error> {
        Ok(store::due_before(conn, self.room, now, after, limit).await?)
    }

    /// Ids of open cases, from the smallest after `after`: as many as `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_after(
        &self,
        conn: &impl ConnectionTrait,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Uuid>, Error> {
        Ok(store::open_after(conn, self.room, after, limit).await?)
    }
}

fn last_at<K: Kind>(events: &[Event<K>], opened: DateTime<Utc>) -> DateTime<Utc> {
    events.last().map_or(opened, |event| event.at)
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}
