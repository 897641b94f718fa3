//! Use cases of the library; pages, API, CLI and import call these.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use serde_json::json;
use zhida_platform::audit::Actor;
use zhida_platform::clock::SharedClock;
use zhida_platform::db::Database;
use zhida_platform::paging::{Page, PageRequest};
use zhida_rules::{Dictionary, ItemRules, RuleError};

use crate::analysis;
use crate::applying::Applications;
use crate::catalogue::{Catalogue, Shelf};
use crate::error::Error;
use crate::lint::{self, Finding, Peer, Peers};
use crate::model::{PolicyDocument, PolicyEntry};
use crate::query::{Facet, Query};
use crate::store::{Change, FacetCount, ItemRecord, ListRow, Prepared, Revision, Store};
use crate::vocabulary::ItemState;

/// The library. Made once at start, after the migrations, and shared.
pub struct Policies {
    pub(crate) store: Store,
    pub(crate) dictionary: &'static Dictionary,
    pub(crate) clock: SharedClock,
    pub(crate) applications: OnceLock<Arc<dyn Applications>>,
    shelf: Shelf,
}

/// An item as pages show it: what is current, and whether it is public.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The library's record.
    pub record: ItemRecord,
    /// The current revision; `None` when the item was never published.
    pub current: Option<Revision>,
}

impl Shown {
    /// The entry to show: the current revision's, else the draft's.
    #[must_use]
    pub fn entry(&self) -> Option<&PolicyEntry> {
        let published = self.current.as_ref().map(|revision| &revision.entry);
        published.or(self.record.draft.as_ref())
    }
}

/// What checking an entry gives.
#[derive(Debug)]
pub struct Checked {
    /// The compiled rules, or all mistakes.
    pub rules: Result<ItemRules, Vec<RuleError>>,
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Policies {
    /// Opens the library and loads its catalogue.
    ///
    /// # Errors
    /// When the database cannot be read; its migrations must be done.
    pub async fn new(
        db: Database,
        dictionary: &'static Dictionary,
        clock: SharedClock,
    ) -> Result<Self, Error> {
        let shelf = Shelf::empty(clock.today());
        let policies = Self {
            store: Store { db },
            dictionary,
            clock,
            applications: OnceLock::new(),
            shelf,
        };
        policies.refresh().await?;
        Ok(policies)
    }

    /// All published items, compiled; `open` holds those open on the day. Never waits.
    #[must_use]
    pub fn catalogue(&self, on: NaiveDate) -> Arc<Catalogue> {
        self.shelf.on(on)
    }

    /// Takes over what other servers published. After a change of its own the library does so
    /// itself.
    ///
    /// # Errors
    /// When the database fails; the old catalogue stays.
    pub async fn refresh(&self) -> Result<(), Error> {
        self.shelf.refresh(&self.store, self.dictionary).await
    }

    /// The dictionary that rules are written in.
    #[must_use]
    pub fn dictionary(&self) -> &'static Dictionary {
        self.dictionary
    }

    /// Today in Shanghai.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    /// A page of the list.
    ///
    /// # Errors
    /// A cursor of another list; the database.
    pub async fn list(&self, query: &Query, page: &PageRequest) -> Result<Page<ListRow>, Error> {
        self.store.list(query, page, self.today()).await
    }

    /// How many items the list has.
    ///
    /// # Errors
    /// The database.
    pub async fn count(&self, query: &Query) -> Result<u64, Error> {
        self.store.count(query, self.today()).await
    }

    /// The options of a facet under the query's other filters.
    ///
    /// # Errors
    /// The database.
    pub async fn facet(&self, query: &Query, facet: Facet) -> Result<Vec<FacetCount>, Error> {
        self.store.facet(query, facet, self.today()).await
    }

    /// An item by id or number, drafts and withdrawn ones too.
    ///
    /// # Errors
    /// No such item; the database.
    pub async fn item(&self, id_or_number: &str) -> Result<Shown, Error> {
        let record = self.store.item(id_or_number).await?;
        let current = match record.revision {
            0 => None,
            revision => Some(self.store.revision(&record.id, revision).await?),
        };
        Ok(Shown { record, current })
    }

    /// Its revisions, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn revisions(&self, id: &str) -> Result<Vec<Revision>, Error> {
        self.store.revisions(id).await
    }

    /// One revision.
    ///
    /// # Errors
    /// No such revision; the database.
    pub async fn revision(&self, id: &str, revision: i64) -> Result<Revision, Error> {
        self.store.revision(id, revision).await
    }

    /// A document.
    ///
    /// # Errors
    /// No such document; the database.
    pub async fn document(&self, id: &str) -> Result<PolicyDocument, Error> {
        self.store.document(id).await
    }

    /// The newest documents, for choosing one.
    ///
    /// # Errors
    /// The database.
    pub async fn documents(&self) -> Result<Vec<PolicyDocument>, Error> {
        self.store.documents().await
    }

    /// Compiles and lints an entry as it would be published today.
    #[must_use]
    pub fn check(&self, entry: &PolicyEntry) -> Checked {
        let today = self.today();
        let catalogue = self.catalogue(today);
        let peers: Peers<'_> = catalogue
            .items
            .iter()
            .map(|item| Peer {
                id: &item.id,
                item: &item.elements,
            })
            .collect();
        self.check_among(entry, &peers)
    }

    pub(crate) fn check_among(&self, entry: &PolicyEntry, peers: &Peers<'_>) -> Checked {
        let rules = entry.compile(self.dictionary);
        let context = lint::Context {
            dictionary: self.dictionary,
            today: self.today(),
            peers,
        };
        let findings = lint::lint(entry, rules.as_ref().map_err(Vec::as_slice), &context);
        Checked { rules, findings }
    }

    /// Publishes an entry as a new revision: compile, lint, store and audit. Unchanged content
    /// makes no revision. `expected` is the revision that the author edited.
    ///
    /// # Errors
    /// Rules that do not compile; a newer revision; an item of another document; the database.
    pub async fn publish(
        &self,
        actor: impl Into<Actor>,
        entry: PolicyEntry,
        expected: Option<i64>,
    ) -> Result<Shown, Error> {
        let id = entry.item.id.clone();
        let Checked { rules, findings } = self.check(&entry);
        let rules = rules.map_err(|errors| Error::Rules {
            id: id.clone(),
            errors,
        })?;
        let prepared = self.prepare(entry, &rules, &findings, expected);
        self.publish_prepared(&actor.into(), &[prepared]).await?;
        self.item(&id).await
    }

    pub(crate) fn prepare(
        &self,
        entry: PolicyEntry,
        rules: &ItemRules,
        findings: &[Finding],
        expected: Option<i64>,
    ) -> Prepared {
        let normal: Vec<_> = rules
            .conditions()
            .iter()
            .map(|condition| json!({ "text": condition.text, "rule": rules.normal_text(self.dictionary, condition) }))
            .collect();
        let formula = analysis::formula_texts(&entry, rules, self.dictionary).map(|(feel, _)| feel);
        Prepared {
            digest: entry.digest(),
            rules: json!({ "conditions": normal, "formula": formula }).to_string(),
            lint: serde_json::to_string(findings).expect("findings are plain text"),
            entry,
            expected,
        }
    }

    pub(crate) async fn publish_prepared(
        &self,
        actor: &Actor,
        entries: &[Prepared],
    ) -> Result<Vec<Change>, Error> {
        let changes = self.store.publish(self.clock.now(), actor, entries).await?;
        self.refresh().await?;
        Ok(changes)
    }

    /// Which of these items are stored with other content, and to which document they belong.
    pub(crate) async fn stored(
        &self,
        ids: &[&str],
    ) -> Result<HashMap<String, (String, String)>, Error> {
        let found = self.store.existing(self.store.db.conn(), ids).await?;
        Ok(found
            .into_iter()
            .map(|one| (one.id, (one.document_id, one.digest)))
            .collect())
    }

    /// Keeps an entry that need not compile yet.
    ///
    /// # Errors
    /// An item of another document; the database.
    pub async fn save_draft(
        &self,
        actor: impl Into<Actor>,
        entry: &PolicyEntry,
    ) -> Result<(), Error> {
        let actor = actor.into();
        self.store.save_draft(self.clock.now(), &actor, entry).await
    }

    /// Takes an item down; its revisions and number stay.
    ///
    /// # Errors
    /// No such item; the database.
    pub async fn withdraw(&self, actor: impl Into<Actor>, id: &str) -> Result<(), Error> {
        self.set_state(actor.into(), id, ItemState::Withdrawn).await
    }

    /// Puts a withdrawn item up again, in its last revision.
    ///
    /// # Errors
    /// No such item; the database.
    pub async fn reinstate(&self, actor: impl Into<Actor>, id: &str) -> Result<(), Error> {
        self.set_state(actor.into(), id, ItemState::Published).await
    }

    async fn set_state(&self, actor: Actor, id: &str, state: ItemState) -> Result<(), Error> {
        let record = self.store.item(id).await?;
        self.store
            .set_state(self.clock.now(), &actor, &record.id, state)
            .await?;
        self.refresh().await
    }
}
