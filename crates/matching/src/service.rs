//! Use cases; pages, API and CLI call these.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use chrono::{Datelike, NaiveDate};
use futures::TryStreamExt;
use tokio::sync::Semaphore;
use zhida_platform::access::{Level, Viewer};
use zhida_platform::clock::SharedClock;
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::paging::{Cursor, PageRequest};
use zhida_policies::{Policies, PublishedItem};
use zhida_registry::{Enterprise, Query, Registry};
use zhida_rules::{Dictionary, Env, FactKey, Facts, ItemRules};
use zhida_standards::{division, industry};

use crate::answers::Answers;
use crate::bulk::{self, Cache, Row, RowList};
use crate::calculator::{self, Assessment};
use crate::error::Error;
use crate::judge::{self, Detail};
use crate::model::{
    BestCombination, EnterpriseHead, EnterpriseMatch, ItemMatch, PairMatch, WhatIf,
};
use crate::pages::places::Spreads;
use crate::sight;
use crate::size_class;
use crate::verdict::Label;
use crate::what_if;

/// Enterprises that are read and judged at a time.
const CHUNK: usize = 2_000;
/// Chunks judged at the same time.
const WORKERS: usize = 2;
/// Enterprises that a page or the API matches while somebody waits.
pub const INTERACTIVE_MAX: u64 = 300_000;

/// Who waits for a bulk match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// A person before a page: at most [`INTERACTIVE_MAX`] enterprises.
    Page,
    /// A command or a job: any number.
    Job,
}

/// Brings enterprises and items together. Made once at start and shared.
pub struct Matching {
    pub(crate) registry: Arc<Registry>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) dictionary: &'static Dictionary,
    public: OnceLock<Dictionary>,
    clock: SharedClock,
    pub(crate) cache: Cache,
    pub(crate) spreads: Spreads,
    // One bulk match at a time: it takes both cores, and a second asker finds the first one's list.
    pub(crate) turn: Semaphore,
}

impl Matching {
    /// Brings the two libraries together.
    #[must_use]
    pub fn new(
        registry: Arc<Registry>,
        policies: Arc<Policies>,
        dictionary: &'static Dictionary,
        clock: SharedClock,
    ) -> Self {
        Self {
            registry,
            policies,
            dictionary,
            public: OnceLock::new(),
            clock,
            cache: Cache::default(),
            spreads: Spreads::default(),
            turn: Semaphore::new(1),
        }
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
        let on = self.day(Some(on))?;
        let enterprise = self.enterprise(code).await?;
        self.judge_all(head(&enterprise), enterprise.facts, on, detail)
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
        self.judge_all(EnterpriseHead::default(), facts, on, detail)
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
        on: NaiveDate,
        detail: Detail,
    ) -> Result<EnterpriseMatch, Error> {
        let catalogue = self.policies.catalogue(on);
        let dictionary = self.dictionary;
        let judge = move || {
            let env = Env {
                dictionary,
                facts: &facts,
                on,
            };
            judge::match_items(head, &catalogue.items, &env, detail)
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

    /// As [`Matching::for_pair`], judged by the facts that this viewer may see.
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
        if viewer.can_see(Level::Confidential) {
            return self.for_pair(code, id, on).await;
        }
        let on = self.day(Some(on))?;
        let item = self.item(id, on)?;
        let enterprise = self.enterprise(code).await?;
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
            .for_enterprise(code, on, Detail::Brief)
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

    /// The calculator: items by verdict for what was answered, and the questions that still
    /// matter; for one item when `only` names it.
    ///
    /// # Errors
    /// No such item; a day out of range.
    pub async fn calculator(
        &self,
        answers: &Answers,
        only: Option<&str>,
        on: NaiveDate,
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
            let matched = judge::match_items(head, &items, &env, Detail::Brief);
            let open = items
                .iter()
                .filter(|item| item.is_open(on))
                .map(|item| &item.rules);
            let assessment = calculator::assess(&env, open, &declined);
            (matched, assessment)
        };
        Ok(tokio::task::spawn_blocking(judge).await?)
    }

    /// All enterprises of a query for one item, in the order of lists.
    ///
    /// # Errors
    /// Too many enterprises for a page; a day out of range; the database.
    pub async fn rows(
        &self,
        item: &Arc<PublishedItem>,
        query: &Query,
        on: NaiveDate,
        patience: Patience,
    ) -> Result<Arc<RowList>, Error> {
        let on = self.day(Some(on))?;
        let key = bulk::Key {
            digest: item.digest.clone(),
            item: item.id.clone(),
            registry: self.registry.version().await?,
            on,
            query: serde_json::to_string(query)
                .map_err(zhida_platform::problem::Problem::internal)?,
        };
        if let Some(list) = self.cache.get(&key) {
            return Ok(list);
        }
        let _turn = self.turn.acquire().await;
        if let Some(list) = self.cache.get(&key) {
            return Ok(list);
        }
        if patience == Patience::Page {
            let wanted = self.registry.count(query).await?;
            if wanted > INTERACTIVE_MAX {
                return Err(Error::TooMany(wanted, INTERACTIVE_MAX));
            }
        }
        let rules = Arc::new(item.rules.clone());
        let list = Arc::new(RowList::new(self.scan_rules(&rules, query, on).await?));
        self.cache.put(key, &list);
        Ok(list)
    }

    pub(crate) async fn scan_rules(
        &self,
        rules: &Arc<ItemRules>,
        query: &Query,
        on: NaiveDate,
    ) -> Result<Vec<Row>, Error> {
        let chunks = self.registry.scan(query, CHUNK);
        chunks
            .map_err(Error::from)
            .map_ok(|chunk| self.judge_rows(Arc::clone(rules), chunk, on))
            .try_buffered(WORKERS)
            .try_concat()
            .await
    }

    /// A page of the enterprises for one item.
    ///
    /// # Errors
    /// No such item; a cursor of another list; too many enterprises for a page; the database.
    pub async fn for_item(
        &self,
        id: &str,
        query: &Query,
        label: Option<Label>,
        on: NaiveDate,
        page: &PageRequest,
        patience: Patience,
    ) -> Result<ItemMatch, Error> {
        let item = self.item(id, on)?;
        let list = self.rows(&item, query, on, patience).await?;
        let name = format!("match:{}", item.id);
        let after: Option<String> = page.cursor(&name)?;
        // An enterprise that left the list meanwhile: the page starts over rather than skip.
        let after = after.and_then(|code| list.rows.iter().find(|row| *row.code == *code));
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let (rows, more) = list.page(label, after, limit);
        let next = match rows.last() {
            Some(last) if more => Some(Cursor::encode(&name, &last.code.to_string())?),
            _ => None,
        };
        Ok(ItemMatch {
            item: judge::head(&item),
            on,
            not_open: judge::not_open_reason(&item, on),
            counts: list.counts,
            cost: list.cost.clone(),
            enterprises: rows.iter().map(Row::view).collect(),
            next,
        })
    }

    /// The same list as a table for CSV and XLSX.
    ///
    /// # Errors
    /// As [`Matching::for_item`].
    pub async fn export_item(
        &self,
        id: &str,
        query: &Query,
        label: Option<Label>,
        on: NaiveDate,
        patience: Patience,
    ) -> Result<Table, Error> {
        let item = self.item(id, on)?;
        let list = self.rows(&item, query, on, patience).await?;
        let columns = vec![
            Column::wide("统一社会信用代码", 22),
            Column::wide("企业名称", 40),
            Column::wide("结论", 22),
            Column::new("未满足条件数"),
            Column::new("金额下限（元）"),
            Column::new("金额上限（元）"),
            Column::wide("金额说明", 28),
        ];
        let count = list.with(label).len();
        let rows =
            futures::stream::iter((0..count).map(move |at| Ok(cells(&list.with(label)[at]))));
        Ok(Table::new(
            format!("{}_匹配企业_{on}", item.name),
            columns,
            rows,
        ))
    }
}

fn cells(row: &Row) -> Vec<Cell> {
    let view = row.view();
    let distance = match row.label {
        Label::OutOfReach => Cell::Empty,
        _ => Cell::Integer(i64::from(row.distance)),
    };
    let (low, high, text) = match view.amount {
        Some(amount) => (amount.low, amount.high, Cell::Text(amount.text)),
        None => (None, None, Cell::Empty),
    };
    let decimal = |end: Option<zhida_rules::Number>| {
        end.map_or(Cell::Empty, |number| Cell::Decimal(number.to_string()))
    };
    vec![
        Cell::Text(view.code),
        Cell::Text(view.name),
        Cell::Text(row.label.words().to_owned()),
        distance,
        decimal(low),
        decimal(high),
        text,
    ]
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
