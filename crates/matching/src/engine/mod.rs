//! The engine of this installation: all enterprises and all items in force, in memory and current.
//!
//! ```text
//!  registry ── everything, once ──▶ Table ─┐                    ┌─▶ lists of one item
//!           ── what changed since ───────▶ ├─ Engine ─ Snapshot ┤
//!  policies ── catalogue of the day ─────▶ ┘                    └─▶ all items × all enterprises
//! ```
//!
//! **Never stale.** A [`Snapshot`] says for which version of the registry it holds. Whoever asks
//! gets one for the version that the database has now: a few changed enterprises are taken over at
//! that moment. When there are more, or nothing is loaded yet, there is none; the interpreter
//! answers and the engine is loaded anew in the background.
//!
//! **No reader waits for a writer.** A snapshot never changes; the next one is made beside it.

mod groups;
mod labels;
mod roll;
mod tending;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use futures::TryStreamExt;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use zhida_matcher::{Engine, MatcherError, TableBuilder, View};
use zhida_platform::clock::SharedClock;
use zhida_platform::progress::Progress;
use zhida_policies::{Catalogue, Policies, PublishedItem};
use zhida_registry::{Enterprise, Query, Registry};
use zhida_rules::{Dictionary, Facts, ItemRules};

use crate::error::Error;
pub(crate) use groups::{Groups, SIZES};
pub(crate) use labels::labels;
use roll::Roll;

/// Enterprises that are read at a time.
const CHUNK: usize = 5_000;
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
    registry: Arc<Registry>,
    policies: Arc<Policies>,
    dictionary: Arc<Dictionary>,
    clock: SharedClock,
    now: RwLock<Option<Arc<Snapshot>>>,
    /// One writer at a time.
    writer: Mutex<Writer>,
    loading: AtomicBool,
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

fn on_roll(enterprise: &Enterprise) -> (&str, u32) {
    let number = u32::try_from(enterprise.seq).unwrap_or(u32::MAX);
    (&enterprise.code, number)
}

impl Keeper {
    pub fn new(
        registry: Arc<Registry>,
        policies: Arc<Policies>,
        dictionary: &Dictionary,
        clock: SharedClock,
    ) -> Self {
        Self {
            registry,
            policies,
            dictionary: Arc::new(dictionary.clone()),
            clock,
            now: RwLock::default(),
            writer: Mutex::default(),
            loading: AtomicBool::new(false),
        }
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
        let roll = now.roll.with(changed.iter().map(on_roll));
        let mut groups = now.groups.clone();
        groups.note(changed.iter());
        let facts = |enterprise: Enterprise| (number(&enterprise), Some(enterprise.facts));
        let changes: Vec<(u64, Option<Facts>)> = changed.into_iter().map(facts).collect();
        let change = {
            let engine = Arc::clone(engine);
            move || engine.change_facts(&changes)
        };
        match spawn_blocking(change).await? {
            Ok(_) => self.put(Some(Snapshot {
                view: engine.view(),
                roll,
                groups,
                registry: version,
                ..Snapshot::clone(&now)
            })),
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

    async fn load(&self, writer: &mut Writer, progress: &dyn Progress) -> Result<(), Error> {
        let message = "正在建立匹配索引";
        // Read first: what changes while it is loaded is taken over afterwards.
        let version = self.registry.version().await?;
        let total = self.registry.count(&Query::default()).await?;
        let query = Query::default();
        let mut chunks = std::pin::pin!(self.registry.scan(&query, CHUNK));
        let mut builder = TableBuilder::new(&self.dictionary);
        let (mut names, mut groups, mut done) = (Vec::new(), Groups::default(), 0);
        while let Some(chunk) = chunks.try_next().await? {
            names.extend(chunk.iter().map(|enterprise| {
                let (code, number) = on_roll(enterprise);
                (code.to_owned(), number)
            }));
            groups.note(chunk.iter());
            done += chunk.len() as u64;
            let push = move || {
                let mut enterprises = chunk.iter();
                enterprises.try_for_each(|one| builder.push(number(one), &one.facts))?;
                Ok::<_, MatcherError>(builder)
            };
            builder = spawn_blocking(push).await??;
            progress.report(done, Some(total.max(done)), message);
        }
        let today = self.clock.today();
        let catalogue = self.policies.catalogue(today);
        let items = writer.items(&catalogue);
        let rules = compiled(&items);
        let build = move || {
            let engine = Engine::new(builder.finish()?, today, rules);
            engine.view().warm();
            Ok::<_, MatcherError>(engine)
        };
        let engine = Arc::new(spawn_blocking(build).await??);
        let names = names.iter().map(|(code, number)| (code.as_str(), *number));
        self.put(Some(Snapshot {
            view: engine.view(),
            roll: Roll::default().with(names),
            groups,
            registry: version,
            items: Arc::new(items),
            catalogue: catalogue.version,
        }));
        writer.engine = Some(engine);
        Ok(())
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
