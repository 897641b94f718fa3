//! Use cases; pages, API and CLI call these.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use chrono::{Datelike, NaiveDate};
use tokio::sync::Semaphore;
use zhida_platform::access::{Level, Viewer};
use zhida_platform::clock::SharedClock;
use zhida_platform::db::{Counts, Database};
use zhida_platform::messages::Messages;
use zhida_policies::{Policies, PublishedItem};
use zhida_registry::{Enterprise, Registry};
use zhida_rules::{Dictionary, Env, FactKey, Facts};
use zhida_standards::{division, industry};

use crate::answers::Answers;
use crate::calculator::{self, Assessment};
use crate::engine::Keeper;
use crate::error::Error;
use crate::judge::{self, Detail, Ranking, Telling};
use crate::list::Cache;
use crate::model::{BestCombination, EnterpriseHead, EnterpriseMatch, PairMatch, WhatIf};
use crate::pages::places::Spreads;
use crate::rights::READ;
use crate::sight;
use crate::size_class;
use crate::what_if;

/// Enterprises that a page or the API matches one by one while somebody waits; with the engine there
/// is no limit.
pub const INTERACTIVE_MAX: u64 = 300_000;

/// Who waits for a bulk match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// A person before a page: without the engine at most [`INTERACTIVE_MAX`] enterprises.
    Page,
    /// A command or a job: any number.
    Job,
}

/// Brings enterprises and items together. Made once at start and shared.
pub struct Matching {
    pub(crate) db: Database,
    pub(crate) registry: Arc<Registry>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) dictionary: &'static Dictionary,
    public: OnceLock<Dictionary>,
    pub(crate) clock: SharedClock,
    pub(crate) cache: Cache,
    pub(crate) spreads: Spreads,
    /// Counts of news, by the versions of the registry and of the news.
    pub(crate) news_counts: Counts<(i64, i64)>,
    pub(crate) keeper: Keeper,
    /// Tells enterprises what the night found; without it nobody is told.
    pub(crate) messages: Option<Messages>,
    // One bulk match at a time: it takes both cores, and a second asker finds the first one's list.
    pub(crate) turn: Semaphore,
}

impl Matching {
    /// Brings the two libraries together; what full runs find is kept in the database.
    #[must_use]
    pub fn new(
        db: Database,
        registry: Arc<Registry>,
        policies: Arc<Policies>,
        dictionary: &'static Dictionary,
        clock: SharedClock,
    ) -> Self {
        let keeper = Keeper::new(
            db.clone(),
            Arc::clone(&registry),
            Arc::clone(&policies),
            dictionary,
            Arc::clone(&clock),
        );
        Self {
            db,
            keeper,
            registry,
            policies,
            dictionary,
            public: OnceLock::new(),
            clock,
            cache: Cache::default(),
            spreads: Spreads::default(),
            news_counts: Counts::default(),
            messages: None,
            turn: Semaphore::new(1),
        }
    }

    /// Tells enterprises what they newly meet from now on; the service must know [`crate::EVENTS`].
    #[must_use]
    pub fn with_messages(mut self, messages: Messages) -> Self {
        self.messages = Some(messages);
        self
    }

    /// Keeps a snapshot of all enterprises in this folder, to start from next time.
    #[must_use]
    pub fn with_snapshots(mut self, folder: &Path) -> Self {
        self.keeper.save_in(folder);
        self
    }

    /// Today in Shanghai.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    /// The day asked for, today when none is; refuses days that no calendar of policies reaches.
    ///
    /// # Errors
    /// A day before 1990 or after 2100.
    pub fn day(&self, on: Option<NaiveDate>) -> Result<NaiveDate, Error> {
        let on = on.unwrap_or_else(|| self.today());
        if (1990..=2100).contains(&on.year()) {
            Ok(on)
        } else {
            Err(Error::Day(on))
        }
    }

    /// The attribute dictionary.
    #[must_use]
    pub fn dictionary(&self) -> &'static Dictionary {
        self.dictionary
    }

    /// The enterprise with this code.
    ///
    /// # Errors
    /// No such enterprise; the database.
    pub async fn enterprise(&self, code: &str) -> Result<Enterprise, Error> {
        let code = code.trim().to_ascii_uppercase();
        match self.registry.enterprise(&code).await? {
            Some(enterprise) => Ok(enterprise),
            None => Err(Error::NoEnterprise(code.chars().take(40).collect())),
        }
    }

    /// The published item with this id or number.
    ///
    /// # Errors
    /// No such item.
    pub fn item(&self, id_or_number: &str, on: NaiveDate) -> Result<Arc<PublishedItem>, Error> {
        let id = id_or_number.trim();
        let found = self.policies.catalogue(on).find(id).cloned();
        found.ok_or_else(|| Error::NoItem(id.chars().take(80).collect()))
    }

    /// All items for one enterprise.
    ///
    /// # Errors
    /// No such enterprise; a day out of range; the database.
    pub async fn for_enterprise(
        &self,
        code: &str,
        on: NaiveDate,
        detail: Detail,
    ) -> Result<EnterpriseMatch, Error> {
        self.told_to_enterprise(code, on, Telling::all(detail))
            .await
    }

    /// As [`Matching::for_enterprise`], with so much told as a page shows: a province has tens of thousands
    /// of items, and their words cost more than their verdicts.
    ///
    /// # Errors
    /// No such enterprise; a day out of range; the database.
    pub async fn told_to_enterprise(
        &self,
        code: &str,
        on: NaiveDate,
        telling: Telling,
    ) -> Result<EnterpriseMatch, Error> {
        let on = self.day(Some(on))?;
        let enterprise = self.enterprise(code).await?;
        let items = Arc::clone(&self.policies.catalogue(on).items);
        self.judge_all(head(&enterprise), enterprise.facts, items, on, telling)
            .await
    }

    /// As [`Matching::for_enterprise`], of these items only; ids that no published item has are passed over.
    ///
    /// # Errors
    /// No such enterprise; a day out of range; the database.
    pub async fn for_enterprise_among(
        &self,
        code: &str,
        ids: &[String],
        on: NaiveDate,
        detail: Detail,
    ) -> Result<EnterpriseMatch, Error> {
        let on = self.day(Some(on))?;
        let enterprise = self.enterprise(code).await?;
        let catalogue = self.policies.catalogue(on);
        let items = ids.iter().filter_map(|id| catalogue.find(id).cloned());
        let items = items.collect();
        let telling = Telling::all(detail);
        self.judge_all(head(&enterprise), enterprise.facts, items, on, telling)
            .await
    }

    /// All items for facts that belong to nobody on record: a register's silence is unknown.
    ///
    /// # Errors
    /// A day out of range.
    pub async fn for_facts(
        &self,
        facts: Facts,
        on: NaiveDate,
        detail: Detail,
    ) -> Result<EnterpriseMatch, Error> {
        let on = self.day(Some(on))?;
        let items = Arc::clone(&self.policies.catalogue(on).items);
        let telling = Telling::all(detail);
        self.judge_all(EnterpriseHead::default(), facts, items, on, telling)
            .await
    }

    /// As [`Matching::for_facts`] for what a visitor answered; the size class is computed where the
    /// figures for it were given.
    ///
    /// # Errors
    /// Answers that cannot be read; a day out of range.
    pub async fn for_answers(
        &self,
        answers: &Answers,
        on: NaiveDate,
        detail: Detail,
    ) -> Result<EnterpriseMatch, Error> {
        if !answers.errors.is_empty() {
            return Err(Error::Facts(answers.errors.clone()));
        }
        let mut facts = answers.facts();
        size_class::recompute(self.dictionary, &mut facts, self.states_size(answers));
        self.for_facts(facts, on, detail).await
    }

    async fn judge_all(
        &self,
        head: EnterpriseHead,
        facts: Facts,
        items: Arc<[Arc<PublishedItem>]>,
        on: NaiveDate,
        telling: Telling,
    ) -> Result<EnterpriseMatch, Error> {
        let dictionary = self.dictionary;
        let judge = move || {
            let env = Env {
                dictionary,
                facts: &facts,
                on,
            };
            Ranking::of(&items, &env).told(head, &env, telling)
        };
        Ok(tokio::task::spawn_blocking(judge).await?)
    }

    /// One item for one enterprise, explained in full, with why it is not open when it is not.
    ///
    /// # Errors
    /// No such enterprise or item; a day out of range; the database.
    pub async fn for_pair(&self, code: &str, id: &str, on: NaiveDate) -> Result<PairMatch, Error> {
        let on = self.day(Some(on))?;
        let item = self.item(id, on)?;
        let enterprise = self.enterprise(code).await?;
        let env = Env {
            dictionary: self.dictionary,
            facts: &enterprise.facts,
            on,
        };
        Ok(judge::match_pair(head(&enterprise), &item, &env))
    }

    /// As [`Matching::for_pair`], judged by the facts that this viewer may see: those of an
    /// enterprise beyond reach as everybody may.
    ///
    /// # Errors
    /// As [`Matching::for_pair`].
    pub async fn for_pair_as(
        &self,
        viewer: &Viewer,
        code: &str,
        id: &str,
        on: NaiveDate,
    ) -> Result<PairMatch, Error> {
        let on = self.day(Some(on))?;
        let item = self.item(id, on)?;
        let enterprise = self.enterprise(code).await?;
        let viewer = &viewer.facing(READ, &enterprise.access());
        if viewer.can_see(Level::Confidential) {
            let env = Env {
                dictionary: self.dictionary,
                facts: &enterprise.facts,
                on,
            };
            return Ok(judge::match_pair(head(&enterprise), &item, &env));
        }
        let facts = sight::seen(viewer, self.dictionary, &enterprise.facts);
        let env = Env {
            dictionary: self
                .public
                .get_or_init(|| sight::public_dictionary(self.dictionary)),
            facts: &facts,
            on,
        };
        let head = EnterpriseHead {
            size: None,
            ..head(&enterprise)
        };
        Ok(judge::match_pair(head, &item, &env))
    }

    /// What the enterprise can have together.
    ///
    /// # Errors
    /// No such enterprise; a day out of range; the database.
    pub async fn best_combination(
        &self,
        code: &str,
        on: NaiveDate,
    ) -> Result<BestCombination, Error> {
        Ok(self
            .told_to_enterprise(code, on, Telling::first(Detail::Verdict, 0))
            .await?
            .best_combination)
    }

    /// What would change if facts were different; nothing is stored.
    ///
    /// # Errors
    /// No such enterprise; changes that cannot be read; the database.
    pub async fn what_if(
        &self,
        code: &str,
        changes: &Answers,
        on: NaiveDate,
    ) -> Result<WhatIf, Error> {
        let on = self.day(Some(on))?;
        if !changes.errors.is_empty() {
            return Err(Error::Facts(changes.errors.clone()));
        }
        let enterprise = self.enterprise(code).await?;
        let mut after = enterprise.facts.clone();
        changes.apply(&mut after);
        let stated = self.states_size(changes);
        size_class::recompute(self.dictionary, &mut after, stated);
        let before = enterprise.facts.clone();
        self.compare(head(&enterprise), before, after, on).await
    }

    /// What new facts changed for an enterprise: its items before and after.
    ///
    /// # Errors
    /// No such enterprise; a day out of range; the database.
    pub async fn fact_news(
        &self,
        code: &str,
        before: Facts,
        after: Facts,
        on: NaiveDate,
    ) -> Result<WhatIf, Error> {
        let on = self.day(Some(on))?;
        let enterprise = self.enterprise(code).await?;
        self.compare(head(&enterprise), before, after, on).await
    }

    async fn compare(
        &self,
        head: EnterpriseHead,
        before: Facts,
        after: Facts,
        on: NaiveDate,
    ) -> Result<WhatIf, Error> {
        let (catalogue, dictionary) = (self.policies.catalogue(on), self.dictionary);
        let compare =
            move || what_if::compare(head, &catalogue.items, dictionary, &before, &after, on);
        Ok(tokio::task::spawn_blocking(compare).await?)
    }

    fn states_size(&self, answers: &Answers) -> bool {
        let size = self.dictionary.find("size").map(|index| (index, None));
        size.is_some_and(|key| answers.values.contains_key(&key) || answers.declined.contains(&key))
    }

    /// The calculator: items by verdict for what was answered, as many of each as a page shows, and the
    /// questions that still matter; for one item when `only` names it.
    ///
    /// # Errors
    /// No such item; a day out of range.
    pub(crate) async fn calculator(
        &self,
        answers: &Answers,
        only: Option<&str>,
        on: NaiveDate,
        telling: Telling,
    ) -> Result<(EnterpriseMatch, Assessment), Error> {
        let on = self.day(Some(on))?;
        let items: Vec<Arc<PublishedItem>> = match only {
            Some(id) => vec![self.item(id, on)?],
            None => self.policies.catalogue(on).items.to_vec(),
        };
        let mut facts = answers.facts();
        size_class::recompute(self.dictionary, &mut facts, self.states_size(answers));
        let declined: BTreeSet<FactKey> = answers.declined.clone();
        let dictionary = self.dictionary;
        let judge = move || {
            let env = Env {
                dictionary,
                facts: &facts,
                on,
            };
            let head = EnterpriseHead::default();
            let matched = Ranking::of(&items, &env).told(head, &env, telling);
            let open = items
                .iter()
                .filter(|item| item.is_open(on))
                .map(|item| &item.rules);
            let assessment = calculator::assess(&env, open, &declined);
            (matched, assessment)
        };
        Ok(tokio::task::spawn_blocking(judge).await?)
    }
}

/// What matches show of an enterprise.
#[must_use]
pub fn head(enterprise: &Enterprise) -> EnterpriseHead {
    EnterpriseHead {
        code: Some(enterprise.code.clone()),
        name: Some(enterprise.name.clone()),
        division: enterprise.division.clone(),
        division_name: enterprise.division.as_deref().and_then(division::full_name),
        industry: enterprise.industry.clone(),
        industry_name: enterprise
            .industry
            .as_deref()
            .and_then(industry::lookup)
            .map(|industry| industry.name.to_owned()),
        size: enterprise.size.clone(),
    }
}
