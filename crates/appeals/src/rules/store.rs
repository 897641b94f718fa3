//! Revisions of the rules and of the catalogue. What was published never changes; appeals keep the revision they began with.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zhida_casework::Route;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx};

use super::catalogue::Catalogue;
use super::preset::{Preset, presets};
use crate::error::Error;
use crate::rights::SETUP;
use crate::service::Appeals;
use crate::words::{Appeal, Track};

/// What is chosen where nobody chose.
const FIRST_PRESET: &str = "shanghai_1_5_15";
/// Unanswered return visits after which an appeal may be closed as not reached.
const TRIES: u32 = 3;

/// What a city decided: whose clocks, and what they leave open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityRules {
    /// The limits, whole: the shipped files may change, what was published does not.
    pub preset: Preset,
    /// How many unanswered return visits make “未获确认”.
    pub tries: u32,
    /// The body that takes what nobody is in charge of 兜底; its name.
    pub backstop: String,
    /// The city's own division code: where an appeal without a place lies. Empty: nowhere.
    pub place: String,
}

impl CityRules {
    /// The rules of a preset, as a city begins with them.
    #[must_use]
    pub fn of(preset: &Preset) -> Self {
        Self {
            preset: preset.clone(),
            tries: TRIES,
            backstop: String::new(),
            place: String::new(),
        }
    }
}

impl CityRules {
    /// The route of an appeal on a track.
    ///
    /// # Errors
    /// Limits that make no route.
    pub fn route(&self, track: Track) -> Result<Route<Appeal>, Error> {
        super::route_of(&self.preset, track)
    }
}

/// A revision of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRules {
    /// Its number, from 1.
    pub revision: i64,
    /// The rules.
    pub rules: CityRules,
    /// Why they were changed.
    pub note: String,
    /// Who published them.
    pub published_by: String,
    /// When.
    pub published_at: DateTime<Utc>,
}

/// A revision of the catalogue; 0 is the shipped one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedCatalogue {
    /// Its number.
    pub revision: i64,
    /// The categories.
    pub catalogue: Catalogue,
}

#[derive(FromQueryResult)]
struct Row {
    revision: i64,
    body: String,
    note: String,
    published_by: String,
    published_at: String,
}

async fn last(conn: &impl ConnectionTrait, table: &str) -> db::Result<Option<Row>> {
    let sql = format!(
        "SELECT revision, body, note, published_by, published_at FROM {table} ORDER BY revision DESC LIMIT 1"
    );
    db::query_one(conn, &sql, []).await
}

async fn insert(
    tx: &Tx,
    table: &str,
    revision: i64,
    body: &str,
    note: &str,
    by: &str,
    now: DateTime<Utc>,
) -> db::Result<()> {
    let sql = format!(
        "INSERT INTO {table} (revision, body, note, published_by, published_at) VALUES ($1, $2, $3, $4, $5)"
    );
    let values = [
        revision.into(),
        body.into(),
        note.into(),
        by.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, &sql, values).await?;
    Ok(())
}

fn read(row: Row) -> Result<PublishedRules, Error> {
    Ok(PublishedRules {
        revision: row.revision,
        rules: serde_json::from_str(&row.body).map_err(|_| Error::Stored("诉求时限"))?,
        note: row.note,
        published_by: row.published_by,
        published_at: parse_instant(&row.published_at).unwrap_or_default(),
    })
}

/// The rules now; `None` until somebody needed or chose them.
pub(crate) async fn rules(conn: &impl ConnectionTrait) -> Result<Option<PublishedRules>, Error> {
    last(conn, "appeal_rules").await?.map(read).transpose()
}

/// A revision of the rules.
pub(crate) async fn rules_of(
    conn: &impl ConnectionTrait,
    revision: i64,
) -> Result<PublishedRules, Error> {
    let sql = "SELECT revision, body, note, published_by, published_at FROM appeal_rules WHERE revision = $1";
    let row: Option<Row> = db::query_one(conn, sql, [revision.into()]).await?;
    read(row.ok_or(Error::Stored("诉求时限"))?)
}

/// The rules for an appeal that begins now: the first that begins keeps the shipped ones as revision 1.
pub(crate) async fn rules_in(tx: &Tx, now: DateTime<Utc>) -> Result<PublishedRules, Error> {
    if let Some(found) = rules(tx).await? {
        return Ok(found);
    }
    let preset = Preset::find(FIRST_PRESET).or(presets().first());
    let rules = CityRules::of(preset.ok_or(Error::Stored("时限预设"))?);
    let body = serde_json::to_string(&rules).map_err(|_| Error::Stored("时限预设"))?;
    let sql = "INSERT INTO appeal_rules (revision, body, note, published_by, published_at)
        VALUES (1, $1, $2, $3, $4) ON CONFLICT (revision) DO NOTHING";
    let values = [
        body.into(),
        "平台默认".into(),
        "系统".into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await?;
    rules_of(tx, 1).await
}

/// The catalogue now: the city's, or the shipped one.
pub(crate) async fn catalogue(conn: &impl ConnectionTrait) -> Result<PublishedCatalogue, Error> {
    let Some(row) = last(conn, "appeal_catalogue").await? else {
        let catalogue = super::shipped_catalogue()?.clone();
        return Ok(PublishedCatalogue {
            revision: 0,
            catalogue,
        });
    };
    Ok(PublishedCatalogue {
        revision: row.revision,
        catalogue: serde_json::from_str(&row.body).map_err(|_| Error::Stored("诉求分类"))?,
    })
}

/// What was edited, with the number that the editor began from.
fn newer(what: &'static str, expected: i64, found: i64) -> Result<i64, Error> {
    match expected == found {
        true => Ok(found + 1),
        false => Err(Error::Stale {
            what,
            expected,
            found,
        }),
    }
}

impl Appeals {
    /// The rules now, as revision 0 when nobody needed or chose any.
    ///
    /// # Errors
    /// What is stored cannot be read; the database.
    pub async fn rules(&self) -> Result<PublishedRules, Error> {
        if let Some(found) = rules(self.db.conn()).await? {
            return Ok(found);
        }
        let preset = Preset::find(FIRST_PRESET).or(presets().first());
        Ok(PublishedRules {
            revision: 0,
            rules: CityRules::of(preset.ok_or(Error::Stored("时限预设"))?),
            note: String::new(),
            published_by: String::new(),
            published_at: self.clock.now(),
        })
    }

    /// The categories now.
    ///
    /// # Errors
    /// What is stored cannot be read; the database.
    pub async fn catalogue(&self) -> Result<PublishedCatalogue, Error> {
        catalogue(self.db.conn()).await
    }

    /// Publishes other rules for appeals that begin from now on; what is under way keeps those it began with.
    ///
    /// # Errors
    /// A viewer who may not; rules that make no route; somebody was faster; the database.
    pub async fn publish_rules(
        &self,
        viewer: &Viewer,
        rules: &CityRules,
        edited: i64,
        note: &str,
    ) -> Result<i64, Error> {
        viewer.need(SETUP)?;
        for track in Track::ALL {
            super::route_of(&rules.preset, *track)?;
        }
        if !(1..=10).contains(&rules.tries) {
            return Err(Error::field(
                "tries",
                "回访几次未接通可以结束，请写 1 至 10",
            ));
        }
        let body = &serde_json::to_string(rules).map_err(|_| Error::Stored("诉求时限"))?;
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                let found = self::rules(&tx).await?.map_or(0, |found| found.revision);
                let revision = newer("诉求时限", edited, found)?;
                insert(
                    &tx,
                    "appeal_rules",
                    revision,
                    body,
                    note,
                    viewer.name(),
                    now,
                )
                .await?;
                let entry = Entry::new(
                    now,
                    viewer,
                    "appeals.rules",
                    "appeal_rules",
                    revision.to_string(),
                )
                .after(json!({ "preset": rules.preset.id, "note": note }));
                audit::append(&tx, &entry).await?;
                Ok(revision)
            })
            .await
    }

    /// Publishes other categories. Appeals keep the one they have, which is shown as closed if it is gone; they finish
    /// with it or are sorted anew.
    ///
    /// # Errors
    /// A viewer who may not; faults of the catalogue; somebody was faster; the database.
    pub async fn publish_catalogue(
        &self,
        viewer: &Viewer,
        catalogue: &Catalogue,
        edited: i64,
        note: &str,
    ) -> Result<i64, Error> {
        viewer.need(SETUP)?;
        let faults = catalogue.faults();
        if !faults.is_empty() {
            return Err(Error::field("catalogue", faults.join("；")));
        }
        let body = &serde_json::to_string(catalogue).map_err(|_| Error::Stored("诉求分类"))?;
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                let found = self::catalogue(&tx).await?.revision;
                let revision = newer("诉求分类", edited, found)?;
                insert(
                    &tx,
                    "appeal_catalogue",
                    revision,
                    body,
                    note,
                    viewer.name(),
                    now,
                )
                .await?;
                let entry = Entry::new(
                    now,
                    viewer,
                    "appeals.catalogue",
                    "appeal_catalogue",
                    revision.to_string(),
                )
                .after(json!({ "categories": catalogue.categories.len(), "note": note }));
                audit::append(&tx, &entry).await?;
                Ok(revision)
            })
            .await
    }
}
