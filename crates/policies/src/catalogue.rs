//! All published items, compiled and in memory. Readers take a reference-counted copy and never
//! wait; a publication swaps the whole.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, NaiveDate, Utc};
use zhida_rules::{Dictionary, ItemRules, RuleError};

use crate::error::Error;
use crate::model::{ItemElements, PolicyDocument};
use crate::store::{Current, Store};
use crate::vocabulary::Validity;

/// A published item with its rules compiled.
#[derive(Debug)]
pub struct PublishedItem {
    /// Stable slug.
    pub id: String,
    /// 事项编号, for instance `直达-2026-000123`.
    pub number: String,
    /// Which revision this is.
    pub revision: i64,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// 事项名称.
    pub name: String,
    /// The document as frozen in the revision.
    pub document: PolicyDocument,
    /// The item's elements.
    pub elements: ItemElements,
    /// The compiled rules: automatic conditions first, then the item's own.
    pub rules: ItemRules,
    /// How many of the conditions follow from 适用区域, 适用行业 and 企业规模.
    pub automatic: usize,
    /// SHA-256 of the frozen content.
    pub digest: String,
}

impl PublishedItem {
    /// 时效 on a day.
    #[must_use]
    pub fn validity(&self, on: NaiveDate) -> Validity {
        self.document.validity(on)
    }

    /// Whether it can be enjoyed or applied for on a day: its document is in force, and the day
    /// lies within the dates of application where the item names them.
    #[must_use]
    pub fn is_open(&self, on: NaiveDate) -> bool {
        self.validity(on).is_in_force()
            && self.elements.apply_from.is_none_or(|from| from <= on)
            && self.elements.apply_until.is_none_or(|until| on <= until)
    }

    /// Whether an enterprise may have only one of the two: they name each other, or belong to one
    /// group of 从高不重复.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.elements, &other.elements);
        let grouped =
            !mine.exclusive_group.is_empty() && mine.exclusive_group == theirs.exclusive_group;
        self.id != other.id
            && (grouped || mine.excludes.contains(&other.id) || theirs.excludes.contains(&self.id))
    }
}

/// A published item whose rules this program's dictionary does not compile: it is shown, and not
/// matched.
#[derive(Debug)]
pub struct BrokenItem {
    /// The item.
    pub id: String,
    /// Why.
    pub errors: Vec<RuleError>,
}

/// All published items on a day.
#[derive(Debug)]
pub struct Catalogue {
    /// Grows with every change of the library.
    pub version: i64,
    /// The day that `open` is for.
    pub on: NaiveDate,
    /// Every published item, expired ones too, in the order of first publication.
    pub items: Arc<[Arc<PublishedItem>]>,
    /// Those of `items` that are open on the day.
    pub open: Vec<Arc<PublishedItem>>,
    /// Items that could not be compiled.
    pub broken: Arc<[BrokenItem]>,
    places: Arc<HashMap<String, usize>>,
}

impl Catalogue {
    /// The published item with this id or number.
    #[must_use]
    pub fn find(&self, id_or_number: &str) -> Option<&Arc<PublishedItem>> {
        self.places
            .get(id_or_number)
            .and_then(|place| self.items.get(*place))
    }

    fn for_day(&self, on: NaiveDate) -> Self {
        Self {
            version: self.version,
            on,
            items: Arc::clone(&self.items),
            open: self
                .items
                .iter()
                .filter(|item| item.is_open(on))
                .cloned()
                .collect(),
            broken: Arc::clone(&self.broken),
            places: Arc::clone(&self.places),
        }
    }
}

/// The current catalogue.
pub(crate) struct Shelf {
    current: RwLock<Arc<Catalogue>>,
    refreshing: tokio::sync::Mutex<()>,
}

impl Shelf {
    pub(crate) fn empty(on: NaiveDate) -> Self {
        let catalogue = Catalogue {
            version: -1,
            on,
            items: Arc::new([]),
            open: Vec::new(),
            broken: Arc::new([]),
            places: Arc::default(),
        };
        Self {
            current: RwLock::new(Arc::new(catalogue)),
            refreshing: tokio::sync::Mutex::new(()),
        }
    }

    fn latest(&self) -> Arc<Catalogue> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn swap(&self, catalogue: &Arc<Catalogue>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // A slower reader of another day must not bring an older version back.
        if catalogue.version >= current.version {
            *current = Arc::clone(catalogue);
        }
    }

    pub(crate) fn on(&self, on: NaiveDate) -> Arc<Catalogue> {
        let latest = self.latest();
        if latest.on == on {
            return latest;
        }
        let catalogue = Arc::new(latest.for_day(on));
        self.swap(&catalogue);
        catalogue
    }

    /// Reads what has changed since; items whose revision is the same are taken over.
    pub(crate) async fn refresh(
        &self,
        store: &Store,
        dictionary: &'static Dictionary,
    ) -> Result<(), Error> {
        let _turn = self.refreshing.lock().await;
        let before = self.latest();
        // Read first: a change that comes between is then read again, never missed.
        let version = store.version().await?;
        if version == before.version {
            return Ok(());
        }
        let (mut items, mut broken) = (Vec::new(), Vec::new());
        let mut after = 0;
        loop {
            let rows = store.current(after).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for row in rows {
                match before
                    .find(&row.id)
                    .filter(|old| old.revision == row.revision)
                {
                    Some(old) => items.push(Arc::clone(old)),
                    None => match compile(row, dictionary) {
                        Ok(item) => items.push(Arc::new(item)),
                        Err(item) => {
                            tracing::error!(item = %item.id, errors = ?item.errors, "已发布的规则不能编译");
                            broken.push(item);
                        }
                    },
                }
            }
        }
        let mut places = HashMap::with_capacity(items.len() * 2);
        for (place, item) in items.iter().enumerate() {
            places.insert(item.id.clone(), place);
            places.insert(item.number.clone(), place);
        }
        let on = before.on;
        let open = items
            .iter()
            .filter(|item| item.is_open(on))
            .cloned()
            .collect();
        self.swap(&Arc::new(Catalogue {
            version,
            on,
            items: items.into(),
            open,
            broken: broken.into(),
            places: Arc::new(places),
        }));
        Ok(())
    }
}

fn compile(row: Current, dictionary: &Dictionary) -> Result<PublishedItem, BrokenItem> {
    let automatic = row.entry.automatic_conditions().len();
    let digest = row.entry.digest();
    match row.entry.compile(dictionary) {
        Ok(rules) => Ok(PublishedItem {
            id: row.id,
            number: row.number,
            revision: row.revision,
            published_at: row.published_at,
            name: row.entry.item.name.clone(),
            document: row.entry.document,
            elements: row.entry.item,
            rules,
            automatic,
            digest,
        }),
        Err(errors) => Err(BrokenItem { id: row.id, errors }),
    }
}
