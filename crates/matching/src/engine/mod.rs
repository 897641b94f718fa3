//! The engine of this installation: all enterprises and all items in force, in memory and current.
//!
//! ```text
//!  registry ── everything, once ──▶ Table ─┐                    ┌─▶ lists of one item
//!           ── what changed since ───────▶ ├─ Engine ─ Snapshot ┤
//!  policies ── catalogue of the day ─────▶ ┘                    └─▶ all items × all enterprises
//!  disk ────── the table of an earlier run, so that only what changed since is read
//! ```
//!
//! **Never stale.** A [`Snapshot`] says for which version of the registry it holds. Whoever asks
//! gets one for the version that the database has now: a few changed enterprises are taken over at
//! that moment. When there are more, or nothing is loaded yet, there is none; the interpreter
//! answers and the engine is loaded anew in the background.
//!
//! **No reader waits for a writer.** A snapshot never changes; the next one is made beside it.

mod found;
mod groups;
mod labels;
mod loading;
mod roll;
mod shelf;
mod store;
mod tending;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use zhida_matcher::{Engine, MatcherError, View};
use zhida_platform::clock::SharedClock;
use zhida_platform::db::Database;
use zhida_platform::progress::Progress;
use zhida_policies::{Catalogue, Policies, PublishedItem};
use zhida_registry::{Enterprise, Registry};
use zhida_rules::{Dictionary, Facts, ItemRules};

use crate::error::Error;
pub(crate) use found::Found;
pub(crate) use groups::{Groups, SIZES, UNKNOWN};
pub(crate) use labels::labels;
pub use store::forget_snapshots;

use roll::{Member, Roll};
use shelf::Shelf;

/// Changed enterprises that are taken over while somebody waits; more are loaded anew.
const CHANGES_MAX: usize = 5_000;

/// Items by the engine's keys.
pub(crate) type Items = HashMap<u64, Arc<PublishedItem>>;

/// All enterprises and items at one moment.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// What the engine knows; enterprises by their numbers in the registry.
    pub view: Arc<View>,
    /// All enterprises in the order of lists.
    pub roll: Roll,
    /// Where enterprises are and how large.
    pub groups: Groups,
    /// The version of the registry that it holds for.
    pub registry: i64,
    /// The items of the view.
    pub items: Arc<Items>,
    /// The version of the policies that they are from.
    pub catalogue: i64,
}

/// Keeps the engine current.
pub(crate) struct Keeper {
    db: Database,
    registry: Arc<Registry>,
    policies: Arc<Policies>,
    dictionary: Arc<Dictionary>,
    clock: SharedClock,
    now: RwLock<Option<Arc<Snapshot>>>,
    /// One writer at a time.
    writer: Mutex<Writer>,
    loading: AtomicBool,
    shelf: Option<Shelf>,
    /// Enterprises that changed since the snapshot on the shelf.
    unsaved: AtomicUsize,
    /// One saves at a time.
    saving: Mutex<()>,
}

#[derive(Default)]
struct Writer {
    engine: Option<Arc<Engine>>,
    /// The key of each item that there ever was, by its id.
    keys: HashMap<String, u64>,
}

impl Writer {
    fn key(&mut self, id: &str) -> u64 {
        if let Some(key) = self.keys.get(id) {
            return *key;
        }
        let key = self.keys.len() as u64;
        self.keys.insert(id.to_owned(), key);
        key
    }

    /// The items of a catalogue that are open on its day.
    fn items(&mut self, catalogue: &Catalogue) -> Items {
        let open = catalogue.open.iter();
        open.map(|item| (self.key(&item.id), Arc::clone(item)))
            .collect()
    }
}

fn compiled(items: &Items) -> Vec<(u64, Arc<ItemRules>)> {
    let items = items.iter();
    items.map(|(key, item)| (*key, rules(item))).collect()
}

fn rules(item: &PublishedItem) -> Arc<ItemRules> {
    Arc::new(item.rules.clone())
}

fn number(enterprise: &Enterprise) -> u64 {
    enterprise.seq.unsigned_abs()
}

impl Keeper {
    pub fn new(
        db: Database,
        registry: Arc<Registry>,
        policies: Arc<Policies>,
        dictionary: &Dictionary,
        clock: SharedClock,
    ) -> Self {
        Self {
            db,
            registry,
            policies,
            dictionary: Arc::new(dictionary.clone()),
            clock,
            now: RwLock::default(),
            writer: Mutex::default(),
            loading: AtomicBool::new(false),
            shelf: None,
            unsaved: AtomicUsize::new(0),
            saving: Mutex::default(),
        }
    }

    /// Keeps a snapshot in this folder.
    pub fn save_in(&mut self, folder: &Path) {
        self.shelf = Some(Shelf::in_folder(folder));
    }

    fn now(&self) -> Option<Arc<Snapshot>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }

    fn put(&self, snapshot: Option<Snapshot>) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        *now = snapshot.map(Arc::new);
    }

    /// All enterprises as the registry has them now; `None` when the engine cannot tell yet.
    ///
    /// # Errors
    /// The database.
    pub async fn current(&self) -> Result<Option<Arc<Snapshot>>, Error> {
        let version = self.registry.version().await?;
        match self.now() {
            None => return Ok(None),
            Some(now) if now.registry == version => return Ok(Some(now)),
            Some(_) if self.loading.load(Ordering::Relaxed) => return Ok(None),
            Some(_) => {}
        }
        let writer = self.writer.lock().await;
        self.follow_registry(&writer).await
    }

    /// Takes over what changed in the registry; `None` when that is too much.
    async fn follow_registry(&self, writer: &Writer) -> Result<Option<Arc<Snapshot>>, Error> {
        let (Some(now), Some(engine)) = (self.now(), &writer.engine) else {
            return Ok(None);
        };
        let version = self.registry.version().await?;
        if version == now.registry {
            return Ok(Some(now));
        }
        let limit = CHANGES_MAX + 1;
        let changed = self.registry.changed_after(now.registry, limit).await?;
        if changed.len() == limit {
            return Ok(None);
        }
        let members: Vec<Member> = changed.iter().map(Member::of).collect();
        let roll = now.roll.with(&members);
        let mut groups = now.groups.clone();
        groups.note(&members);
        let facts = |enterprise: Enterprise| (number(&enterprise), Some(enterprise.facts));
        let changes: Vec<(u64, Option<Facts>)> = changed.into_iter().map(facts).collect();
        let change = {
            let engine = Arc::clone(engine);
            move || engine.change_facts(&changes)
        };
        match spawn_blocking(change).await? {
            Ok(_) => {
                self.put(Some(Snapshot {
                    view: engine.view(),
                    roll,
                    groups,
                    registry: version,
                    ..Snapshot::clone(&now)
                }));
                self.unsaved.fetch_add(members.len(), Ordering::Relaxed);
            }
            Err(error) => self.give_up(&error),
        }
        Ok(self.now())
    }

    /// Facts that the engine does not take: the interpreter answers from now on.
    fn give_up(&self, error: &MatcherError) {
        tracing::error!(%error, "匹配索引不能建立，改为逐家计算");
        self.put(None);
    }

    /// Takes over the items in force today; readers go on with those that they have.
    async fn follow_policies(&self, writer: &mut Writer) -> Result<(), Error> {
        let today = self.clock.today();
        let catalogue = self.policies.catalogue(today);
        let (Some(now), Some(engine)) = (self.now(), writer.engine.clone()) else {
            return Ok(());
        };
        let new_day = now.view.on() != today;
        if !new_day && now.catalogue == catalogue.version {
            return Ok(());
        }
        let items = Arc::new(writer.items(&catalogue));
        let (before, after) = (Arc::clone(&now.items), Arc::clone(&items));
        let change = {
            let engine = Arc::clone(&engine);
            move || match new_day {
                true => engine.rebuild(today, compiled(&after), None),
                false => engine.change_items(differences(&before, &after)),
            }
        };
        spawn_blocking(change).await?;
        self.put(Some(Snapshot {
            view: engine.view(),
            items,
            catalogue: catalogue.version,
            ..Snapshot::clone(&now)
        }));
        Ok(())
    }

    /// Brings the engine up to date, loading it when need be, and gives its state.
    ///
    /// # Errors
    /// The database; facts that the engine does not take.
    pub async fn bring_up(&self, progress: &dyn Progress) -> Result<Option<Arc<Snapshot>>, Error> {
        let mut writer = self.writer.lock().await;
        self.policies.refresh().await?;
        if self.follow_registry(&writer).await?.is_none() {
            self.loading.store(true, Ordering::Relaxed);
            let loaded = self.load(&mut writer, progress).await;
            self.loading.store(false, Ordering::Relaxed);
            loaded?;
        }
        self.follow_policies(&mut writer).await?;
        Ok(self.now())
    }

    /// Takes over what is published and what little changed; loads nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn follow(&self) -> Result<(), Error> {
        let mut writer = self.writer.lock().await;
        self.policies.refresh().await?;
        self.follow_registry(&writer).await?;
        self.follow_policies(&mut writer).await
    }
}

/// Items that came, changed or went.
fn differences(before: &Items, after: &Items) -> Vec<(u64, Option<Arc<ItemRules>>)> {
    let same = |key: &u64, item: &PublishedItem| {
        let known = before.get(key);
        known.is_some_and(|known| known.digest == item.digest)
    };
    let fresh = after.iter().filter(|(key, item)| !same(key, item));
    let gone = before.keys().filter(|key| !after.contains_key(key));
    let fresh = fresh.map(|(key, item)| (*key, Some(rules(item))));
    fresh.chain(gone.map(|key| (*key, None))).collect()
}
