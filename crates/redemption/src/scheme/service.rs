//! Use cases of schemes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Actor, Entry};
use zhida_platform::clock::parse_instant;
use zhida_policies::lint::Severity;
use zhida_policies::{Applying, Delivery, PublishedItem};

use super::difference::{Change, ListNames, difference};
use super::lint::{self, Context, Finding};
use super::model::Scheme;
use super::store::{self, CurrentRow, NewRevision, RevisionRow, SchemeRow};
use crate::closure::list_store as lists;
use crate::error::Error;
use crate::rights::SCHEME;
use crate::service::Redemption;

/// A published revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// 第几版.
    pub revision: i64,
    /// The scheme.
    pub scheme: Scheme,
    /// The item's revision of then.
    pub item_revision: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
}

/// A published revision beside the others.
#[derive(Debug, Clone)]
pub(crate) struct Revised {
    pub published: Published,
    /// What differs from the revision before; nothing of the first.
    pub changes: Vec<Change>,
    /// Cases under way that stay on it.
    pub running: i64,
}

/// What publishing a scheme would change, and what it leaves as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Next {
    /// The current revision; 0 before the first.
    pub after: i64,
    /// What would differ from it.
    pub changes: Vec<Change>,
    /// Cases under way, which stay on the revisions they began with.
    pub running: i64,
}

/// An item's scheme as pages show it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The item.
    pub item: Arc<PublishedItem>,
    /// The current revision; `None` before the first.
    pub current: Option<Published>,
    /// Whether new cases are not taken.
    pub paused: bool,
    /// What is being written, and by whom.
    pub draft: Option<(Scheme, String)>,
}

/// 兑付方案列表的一行。
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SchemeLine {
    /// 事项标识。
    pub item: String,
    /// 事项名称。
    pub name: String,
    /// 责任部门。
    pub department: String,
    /// 兑现方式。
    pub delivery: &'static str,
    /// 第几版；0 是还没有发布。
    pub revision: i64,
    /// 环节。
    pub route: String,
    /// 是否暂停受理。
    pub paused: bool,
    /// 有没有草稿。
    pub has_draft: bool,
}

/// What checking gives.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Findings, errors first.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// The findings that block publication.
    #[must_use]
    pub fn errors(&self) -> Vec<Finding> {
        let errors = self.findings.iter();
        errors
            .filter(|finding| finding.severity == Severity::Error)
            .cloned()
            .collect()
    }
}

impl Redemption {
    /// The published item.
    pub(crate) fn item(&self, id: &str) -> Result<Arc<PublishedItem>, Error> {
        let found = self
            .policies
            .catalogue(self.clock.today())
            .find(id)
            .cloned();
        found.ok_or_else(|| Error::missing(format!("政策事项“{id}”")))
    }

    /// All items that are open, or have a scheme, in the order of their names.
    ///
    /// # Errors
    /// The database.
    pub async fn schemes(&self) -> Result<Vec<SchemeLine>, Error> {
        let rows = store::all(self.db.conn()).await?;
        let catalogue = self.policies.catalogue(self.clock.today());
        let mut lines = Vec::new();
        for item in catalogue.items.iter() {
            let row = rows.iter().find(|row| row.item == item.id);
            if row.is_none() && !item.is_open(self.clock.today()) {
                continue;
            }
            let revision = row.map_or(0, |row| row.revision);
            let route = match revision {
                0 => String::new(),
                _ => self
                    .scheme_revision(&item.id, revision)
                    .await?
                    .scheme
                    .route_words(),
            };
            lines.push(SchemeLine {
                item: item.id.clone(),
                name: item.name.clone(),
                department: item.elements.department.clone(),
                delivery: item.elements.delivery.word(),
                revision,
                route,
                paused: row.is_some_and(|row| row.paused),
                has_draft: row.is_some_and(|row| row.draft.is_some()),
            });
        }
        lines.sort_by(|a, b| (a.revision == 0, &a.name).cmp(&(b.revision == 0, &b.name)));
        Ok(lines)
    }

    /// An item's scheme.
    ///
    /// # Errors
    /// No such item; the database.
    pub async fn scheme(&self, item: &str) -> Result<Shown, Error> {
        let item = self.item(item)?;
        let row = store::find(self.db.conn(), &item.id).await?;
        let current = match row.as_ref().map_or(0, |row| row.revision) {
            0 => None,
            revision => Some(self.scheme_revision(&item.id, revision).await?),
        };
        Ok(Shown {
            item,
            current,
            paused: row.as_ref().is_some_and(|row| row.paused),
            draft: row.and_then(draft),
        })
    }

    /// The revision by which new cases are opened.
    ///
    /// # Errors
    /// No scheme; paused; the database.
    pub(crate) async fn scheme_in_force(&self, item: &PublishedItem) -> Result<Published, Error> {
        let row = store::find(self.db.conn(), &item.id).await?;
        match row {
            Some(row) if row.paused => Err(Error::Paused(item.name.clone())),
            Some(row) if row.revision > 0 => self.scheme_revision(&item.id, row.revision).await,
            _ => Err(Error::NoScheme(item.name.clone())),
        }
    }

    /// How an item is had today.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn applying(&self, item: &PublishedItem) -> Result<Applying, Error> {
        if let Some(why) = zhida_matching::judge::not_open_reason(item, self.clock.today()) {
            return Ok(Applying::NotOpen(why));
        }
        let row = store::find(self.db.conn(), &item.id).await?;
        Ok(match row.filter(|row| row.revision > 0) {
            None => Applying::Elsewhere,
            Some(row) if row.paused => Applying::Paused,
            Some(_) if item.elements.delivery == Delivery::NoApplication => Applying::Unasked,
            Some(_) => Applying::Online,
        })
    }

    /// The schemes by which new cases of these items are opened, by item.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn schemes_of(
        &self,
        items: &[String],
    ) -> Result<HashMap<String, Scheme>, Error> {
        let rows = store::current(self.db.conn(), items).await?;
        let scheme = |row: CurrentRow| match serde_json::from_str(&row.content) {
            Ok(scheme) => Ok((row.item, scheme)),
            Err(_) => Err(Error::Stored("兑付方案")),
        };
        rows.into_iter().map(scheme).collect()
    }

    /// One revision.
    ///
    /// # Errors
    /// No such revision; the database.
    pub async fn scheme_revision(&self, item: &str, revision: i64) -> Result<Published, Error> {
        let row = store::revision(self.db.conn(), item, revision).await?;
        let row = row.ok_or_else(|| Error::missing(format!("方案的第 {revision} 版")))?;
        published(row)
    }

    /// All revisions, newest first, each with what it changed.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn scheme_revisions(&self, item: &str) -> Result<Vec<Revised>, Error> {
        let rows = store::revisions(self.db.conn(), item).await?;
        let running = store::running(self.db.conn(), item).await?;
        let names = self.list_names().await?;
        let all: Result<Vec<Published>, Error> = rows.into_iter().map(published).collect();
        let mut all = all?.into_iter().peekable();
        let mut revisions = Vec::new();
        while let Some(published) = all.next() {
            let before = all.peek();
            let changes =
                before.map(|before| difference(&before.scheme, &published.scheme, &names));
            revisions.push(Revised {
                changes: changes.unwrap_or_default(),
                running: running.get(&published.revision).copied().unwrap_or(0),
                published,
            });
        }
        Ok(revisions)
    }

    /// What a revision changed; nothing of the first.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn changed_by(&self, published: &Published) -> Result<Vec<Change>, Error> {
        let item = &published.scheme.item;
        let before = store::revision(self.db.conn(), item, published.revision - 1).await?;
        let Some(before) = before else {
            return Ok(Vec::new());
        };
        let before = self::published(before)?;
        let names = self.list_names().await?;
        Ok(difference(&before.scheme, &published.scheme, &names))
    }

    /// What publishing this scheme now would mean.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn next_revision(&self, scheme: &Scheme) -> Result<Next, Error> {
        let Some(current) = self.scheme(&scheme.item).await?.current else {
            return Ok(Next::default());
        };
        let running = store::running(self.db.conn(), &scheme.item).await?;
        Ok(Next {
            after: current.revision,
            changes: difference(&current.scheme, scheme, &self.list_names().await?),
            running: running.values().sum(),
        })
    }

    async fn list_names(&self) -> Result<ListNames, Error> {
        let all = lists::named(self.db.conn()).await?;
        Ok(all.into_iter().map(|list| (list.id, list.name)).collect())
    }

    /// Whether money of this year is there for an item.
    pub(crate) async fn is_funded(&self, item: &str) -> Result<bool, Error> {
        let year = self.clock.today().year();
        Ok(self.funds.has_open_pool(self.db.conn(), item, year).await?)
    }

    /// Looks a scheme over as it would be published today.
    ///
    /// # Errors
    /// No such item; the database.
    pub async fn check_scheme(&self, scheme: &Scheme) -> Result<Checked, Error> {
        let item = self.item(&scheme.item)?;
        let lists = lists::named(self.db.conn()).await?;
        let lists: BTreeSet<String> = lists.into_iter().map(|list| list.id).collect();
        let context = Context {
            item: &item,
            today: self.clock.today(),
            lists: &lists,
            has_pool: self.is_funded(&item.id).await?,
        };
        let mut findings = lint::lint(scheme, &context);
        findings.extend(self.form_findings(scheme));
        findings.sort_by_key(|finding| finding.severity);
        Ok(Checked { findings })
    }

    /// Keeps a scheme that need not be right yet.
    ///
    /// # Errors
    /// No right; no such item; the database.
    pub async fn save_scheme_draft(&self, viewer: &Viewer, scheme: &Scheme) -> Result<(), Error> {
        viewer.need(SCHEME)?;
        let item = self.item(&scheme.item)?;
        let (now, content) = (self.clock.now(), content(scheme));
        let by = viewer.name().to_owned();
        let entry = Entry::new(now, viewer, "redemption.scheme_draft", "scheme", &item.id);
        self.db
            .write(|tx| {
                let (item, content, by, entry) = (
                    Arc::clone(&item),
                    content.clone(),
                    by.clone(),
                    entry.clone(),
                );
                async move {
                    let delivery = item.elements.delivery.slug();
                    store::save_draft(&tx, &item.id, delivery, &content, &by, now).await?;
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }

    /// Publishes a scheme as a new revision; unchanged content makes none. `expected` is the revision
    /// that its author saw.
    ///
    /// # Errors
    /// No right; findings that are errors; somebody else was first; the database.
    pub async fn publish_scheme(
        &self,
        viewer: &Viewer,
        scheme: &Scheme,
        expected: i64,
    ) -> Result<Published, Error> {
        viewer.need(SCHEME)?;
        let item = self.item(&scheme.item)?;
        let errors = self.check_scheme(scheme).await?.errors();
        if !errors.is_empty() {
            return Err(Error::Lint(errors));
        }
        let content = content(scheme);
        let digest = digest(&content);
        let found = store::find(self.db.conn(), &item.id)
            .await?
            .map_or(0, |row| row.revision);
        if found != expected {
            return Err(Error::Stale { expected, found });
        }
        if let Some(row) = store::revision(self.db.conn(), &item.id, expected).await?
            && row.digest == digest
        {
            return published(row);
        }
        let now = self.clock.now();
        let by = viewer.name().to_owned();
        let actor = Actor::from(viewer);
        self.db
            .write(|tx| {
                let (item, content, digest) = (Arc::clone(&item), content.clone(), digest.clone());
                let (by, actor, release) = (by.clone(), actor.clone(), scheme.release);
                async move {
                    let new = NewRevision {
                        item: &item.id,
                        delivery: item.elements.delivery.slug(),
                        release,
                        after: expected,
                        content: &content,
                        digest: &digest,
                        item_revision: item.revision,
                        by: &by,
                        at: now,
                    };
                    if !store::publish(&tx, &new).await? {
                        let found = store::find(&tx, &item.id).await?;
                        let found = found.map_or(0, |row| row.revision);
                        return Err(Error::Stale { expected, found });
                    }
                    let entry =
                        Entry::new(now, actor, "redemption.scheme_publish", "scheme", &item.id)
                            .after(json!({ "revision": expected + 1, "digest": digest }));
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await?;
        self.scheme_revision(&item.id, expected + 1).await
    }

    /// Takes new cases, or none; those under way go on.
    ///
    /// # Errors
    /// No right; no published scheme; the database.
    pub async fn pause_scheme(
        &self,
        viewer: &Viewer,
        item: &str,
        paused: bool,
    ) -> Result<(), Error> {
        viewer.need(SCHEME)?;
        let item = self.item(item)?;
        let now = self.clock.now();
        let entry = Entry::new(now, viewer, "redemption.scheme_pause", "scheme", &item.id)
            .after(json!({ "paused": paused }));
        self.db
            .write(|tx| {
                let (item, entry) = (Arc::clone(&item), entry.clone());
                async move {
                    if store::pause(&tx, &item.id, paused, now).await? == 0 {
                        return Err(Error::NoScheme(item.name.clone()));
                    }
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }
}

fn content(scheme: &Scheme) -> String {
    serde_json::to_string(scheme).expect("a scheme has text keys only, so it is JSON")
}

fn digest(content: &str) -> String {
    use std::fmt::Write as _;
    let bytes = Sha256::digest(content.as_bytes());
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn draft(row: SchemeRow) -> Option<(Scheme, String)> {
    let scheme = serde_json::from_str(&row.draft?).ok()?;
    Some((scheme, row.draft_by))
}

fn published(row: RevisionRow) -> Result<Published, Error> {
    Ok(Published {
        revision: row.revision,
        scheme: serde_json::from_str(&row.content).map_err(|_| Error::Stored("兑付方案"))?,
        item_revision: row.item_revision,
        at: parse_instant(&row.published_at).unwrap_or_default(),
        by: row.published_by,
    })
}
