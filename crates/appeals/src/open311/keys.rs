//! Who may hand in requests: a key for each system, shown once, kept as a digest.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::ids;
use zhida_standards::division;

use super::store;
use crate::error::Error;
use crate::intake::take::new_token;
use crate::rights::SETUP;
use crate::service::Appeals;

/// What a key begins with, so that scanners of source code recognise a leaked one.
const PREFIX: &str = "zhida311_";
/// First characters that are kept to tell keys apart.
const HINT: usize = 14;
const NAME_MAX: usize = 60;
/// How exactly the last use is known: not every request writes.
const USED: TimeDelta = TimeDelta::hours(1);

/// A key that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewOpen311Key<'a> {
    /// The system that will have it.
    pub name: &'a str,
    /// The division of its requests; empty: the city's.
    pub place: &'a str,
    /// Whether it is answered with tokens.
    pub batch: bool,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id; ends it, opens nothing.
    pub id: String,
    /// Its first characters.
    pub hint: String,
    /// The system that has it.
    pub name: String,
    /// The division of its requests; empty: the city's.
    pub place: String,
    /// Whether it is answered with tokens.
    pub batch: bool,
    /// When it was last used, to the hour.
    pub used_at: Option<DateTime<Utc>>,
    /// Whether it opens nothing any more.
    pub ended: bool,
}

impl Key {
    /// Its requests' source, as intake keeps it.
    pub(super) fn source(&self) -> String {
        format!("program:{}", self.id)
    }

    /// The system itself, for the record.
    pub(super) fn viewer(&self) -> Viewer {
        Viewer::system(&format!("Open311 {}", self.name))
    }
}

fn digest(secret: &str) -> String {
    let digest = Sha256::digest(secret);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Appeals {
    /// All keys, those in use first.
    ///
    /// # Errors
    /// No right; the database.
    pub async fn open311_keys(&self, viewer: &Viewer) -> Result<Vec<Key>, Error> {
        viewer.need(SETUP)?;
        store::keys(self.db.conn()).await
    }

    /// Makes a key; its text is nowhere else.
    ///
    /// # Errors
    /// No right; a field that is wrong; the database.
    pub async fn make_open311_key(
        &self,
        viewer: &Viewer,
        new: &NewOpen311Key<'_>,
    ) -> Result<String, Error> {
        viewer.need(SETUP)?;
        let (name, place) = (new.name, new.place);
        if name.is_empty() || name.chars().count() > NAME_MAX {
            let sentence = format!("请写给哪个系统用，最多 {NAME_MAX} 个字");
            return Err(Error::field("name", sentence));
        }
        if !place.is_empty() && division::lookup(place).is_none() {
            return Err(Error::field(
                "place",
                "没有这个行政区划代码，例如 330500；也可以不填",
            ));
        }
        let secret = format!("{PREFIX}{}{}", new_token()?, new_token()?);
        let now = self.clock.now();
        let key = Key {
            id: ids::next(now).to_string(),
            hint: secret.chars().take(HINT).collect(),
            name: name.to_owned(),
            place: place.to_owned(),
            batch: new.batch,
            used_at: None,
            ended: false,
        };
        let (key, digest) = (&key, &digest(&secret));
        self.db
            .write(|tx| async move {
                store::insert_key(&tx, key, digest, now, viewer.actor()).await?;
                let entry = Entry::new(
                    now,
                    viewer,
                    "appeals.make_key",
                    "appeal_open311_key",
                    &key.id,
                )
                .after(json!({ "name": key.name, "place": key.place, "batch": key.batch }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(secret)
    }

    /// Ends a key; what it handed in goes on.
    ///
    /// # Errors
    /// No right; there is none in use; the database.
    pub async fn end_open311_key(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        viewer.need(SETUP)?;
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                if !store::end_key(&tx, id, now).await? {
                    return Err(Error::missing("在用的这个密钥"));
                }
                let entry = Entry::new(now, viewer, "appeals.end_key", "appeal_open311_key", id);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// The key of this text, if it is in use.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn open311_key(&self, secret: &str) -> Result<Option<Key>, Error> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let found = store::key_by_digest(self.db.conn(), &digest(secret)).await?;
        Ok(found.filter(|key| !key.ended))
    }

    /// Notes that a key is in use.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn touch_open311_key(&self, key: &Key) -> Result<(), Error> {
        let now = self.clock.now();
        if key.used_at.is_some_and(|used| now - used < USED) {
            return Ok(());
        }
        let id = key.id.as_str();
        self.db
            .write(|tx| async move { store::touch_key(&tx, id, now).await })
            .await
    }
}
