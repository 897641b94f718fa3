//! The engine of an installation: all items and all enterprises, kept current while they are asked.
//!
//! Readers take a [`View`] and keep it as long as they like; nothing that happens later touches it,
//! and nobody waits. Writers prepare the next view beside it and put it in place.
//!
//! ```text
//!           View                       parts, newest first
//!   ┌──────────────────────┐   ┌───────┐ ┌───────┐ ┌──────────────────────────┐
//!   │ table: all facts     │   │1 item │ │3 items│ │ 46,000 items (the base)  │
//!   └──────────────────────┘   └───────┘ └───────┘ └──────────────────────────┘
//! ```
//!
//! A new or changed item becomes a small part of its own, so that it answers within milliseconds;
//! the item that it replaces is passed over in the older part. [`Engine::rebuild`] makes one part of
//! all again, as is due every night when the reference date moves.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
};

use chrono::NaiveDate;
use zhida_rules::{Dictionary, Env, Facts, ItemRules, Truth};

use crate::{
    all::{Block, Options, Progress},
    answer::{Answer, Desk},
    error::MatcherError,
    fresh::Fresh,
    index::Index,
    lanes::Instructions,
    program::{Codes, Program},
    scalar::Finding,
    scan::{Counts, ItemMatches, Want},
    store::Store,
    table::Table,
};

/// Small parts beside the base; more are joined into one.
const PARTS_MAX: usize = 12;
/// Items that nobody waits for who asks for one of them.
const MANY: usize = 64;

/// An item under the caller's key.
pub type KeyedItem = (u64, Arc<ItemRules>);

/// Shown an item's key and what it says of the enterprises of a tile.
pub type KeyedVisit<'a> = &'a (dyn Fn(u64, &Block<'_>) + Sync);

/// Items compiled together, when something first needs all of them.
struct Part {
    items: Vec<KeyedItem>,
    positions: HashMap<u64, u32>,
    dictionary: Arc<Dictionary>,
    on: NaiveDate,
    program: OnceLock<Arc<Program>>,
    index: OnceLock<Index>,
}

impl Part {
    /// Of a key that comes twice the last counts.
    fn new(dictionary: &Arc<Dictionary>, on: NaiveDate, mut items: Vec<KeyedItem>) -> Self {
        let last: HashMap<u64, usize> = items.iter().map(|(key, _)| *key).zip(0..).collect();
        let mut position = 0;
        items.retain(|(key, _)| {
            position += 1;
            last[key] == position - 1
        });
        let keys = items.iter().map(|(key, _)| *key);
        Self {
            positions: keys.zip(0..).collect(),
            items,
            dictionary: Arc::clone(dictionary),
            on,
            program: OnceLock::new(),
            index: OnceLock::new(),
        }
    }

    fn program(&self) -> &Arc<Program> {
        self.program.get_or_init(|| {
            let rules = self.items.iter().map(|(_, rules)| &**rules);
            Arc::new(Program::compile(&self.dictionary, self.on, rules))
        })
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::build(self.program()))
    }

    /// What the items are to an enterprise; as many as these are computed one by one until
    /// [`View::warm`] is done.
    fn answer(&self, facts: &Facts, near: bool, desk: &mut Desk, answer: &mut Answer) {
        if self.index.get().is_some() || self.items.len() <= MANY {
            let codes = self.program().encode(facts);
            return self.index().answer(&codes, near, desk, answer);
        }
        *answer = Answer::default();
        let env = Env {
            dictionary: &self.dictionary,
            facts,
            on: self.on,
        };
        for (position, (_, rules)) in (0..).zip(&self.items) {
            let outcome = rules.evaluate(&env);
            let distance = if near {
                outcome.distance.min(2) as u8
            } else {
                0
            };
            let verdict = outcome.verdict;
            answer.note(position, Finding { verdict, distance });
        }
    }
}

/// A part as a view sees it.
#[derive(Clone)]
struct Live {
    part: Arc<Part>,
    /// Keys that a newer part answers for, or nobody any more.
    gone: Arc<HashSet<u64>>,
    /// Computed when an item is first asked of all enterprises.
    store: Arc<OnceLock<Store>>,
}

impl Live {
    fn new(part: Part) -> Self {
        Self {
            part: Arc::new(part),
            gone: Arc::default(),
            store: Arc::default(),
        }
    }

    /// Beside a base that is there already, of which most codes can be read.
    fn store(&self, table: &Table, base: Option<&Store>) -> &Store {
        self.store
            .get_or_init(|| Store::encode_beside(self.part.program(), table.clone(), base))
    }

    fn has(&self, key: u64) -> bool {
        self.part.positions.contains_key(&key) && !self.gone.contains(&key)
    }

    fn len(&self) -> usize {
        self.part.items.len() - self.gone.len()
    }

    /// What an enterprise's new codes flip.
    fn flips(
        &self,
        enterprise: u64,
        before: Option<&Facts>,
        after: &Codes,
        desk: &mut Desk,
    ) -> impl Iterator<Item = FactFlip> {
        let (program, index) = (self.part.program(), self.part.index());
        let flips: Vec<(u32, Option<Finding>, Finding)> = match before {
            Some(before) => {
                let flips = index.flips(&program.encode(before), after, desk);
                let flips = flips.into_iter();
                flips
                    .map(|flip| (flip.item, Some(flip.from), flip.to))
                    .collect()
            }
            None => {
                let mut answer = Answer::default();
                index.answer(after, true, desk, &mut answer);
                let near = answer.near.iter().map(|(item, _)| *item);
                let items = answer.met.iter().chain(&answer.unknown).copied();
                let items: BTreeSet<u32> = items.chain(near).collect();
                let found = |item| (item, None, program.finding(item, after));
                items.into_iter().map(found).collect()
            }
        };
        flips.into_iter().map(move |(item, from, to)| FactFlip {
            enterprise,
            item: self.part.items[item as usize].0,
            from,
            to,
        })
    }

    fn items(&self) -> impl Iterator<Item = &KeyedItem> {
        let items = self.part.items.iter();
        items.filter(|(key, _)| !self.gone.contains(key))
    }
}

/// All items and all enterprises at one moment.
#[derive(Clone)]
pub struct View {
    dictionary: Arc<Dictionary>,
    on: NaiveDate,
    table: Table,
    /// Newest first.
    parts: Vec<Live>,
}

/// What an item is to one enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The verdict.
    pub verdict: Truth,
    /// 只差一项.
    pub near: bool,
}

/// An enterprise for which a changed item says something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemFlip {
    /// The enterprise.
    pub enterprise: u64,
    /// Before; `None` when there was no such item.
    pub from: Option<Standing>,
    /// After; `None` when there is no such item any more.
    pub to: Option<Standing>,
}

impl View {
    /// The reference date.
    pub fn on(&self) -> NaiveDate {
        self.on
    }

    /// Computes now what the first question on an item would have to wait for.
    pub fn warm(&self) {
        for live in self.parts.iter().rev() {
            self.store(live).order();
            live.part.index();
        }
    }

    /// The codes of the largest part, when they have been asked for.
    fn base(&self) -> Option<&Store> {
        self.parts.last()?.store.get()
    }

    fn store<'v>(&'v self, live: &'v Live) -> &'v Store {
        live.store(&self.table, self.base())
    }

    /// The facts of all enterprises.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The number of items.
    pub fn items(&self) -> usize {
        self.parts.iter().map(Live::len).sum()
    }

    /// Is there an item of this key?
    pub fn has_item(&self, key: u64) -> bool {
        self.parts.iter().any(|live| live.has(key))
    }

    /// The keys of the items that have no column form, so that the interpreter answers for them; compiles
    /// what was not asked for yet.
    pub fn interpreted(&self) -> impl Iterator<Item = u64> + '_ {
        self.parts.iter().flat_map(|live| {
            let items = &live.part.program().report().interpreted;
            let keys = items.iter().map(|item| live.part.items[*item as usize].0);
            keys.filter(|key| !live.gone.contains(key))
        })
    }

    /// One enterprise, real or hypothetical → all items, by their keys.
    pub fn enterprise(&self, facts: &Facts, near: bool, desk: &mut Desk) -> EnterpriseMatches {
        let mut found = EnterpriseMatches::default();
        let mut answer = Answer::default();
        for live in &self.parts {
            live.part.answer(facts, near, desk, &mut answer);
            let key = |item: u32| live.part.items[item as usize].0;
            let open = |key: &u64| !live.gone.contains(key);
            let keys = |list: &[u32]| {
                list.iter()
                    .map(|i| key(*i))
                    .filter(open)
                    .collect::<Vec<_>>()
            };
            found.met.extend(keys(&answer.met));
            found.unknown.extend(keys(&answer.unknown));
            let near = answer.near.iter().map(|(item, truth)| (key(*item), *truth));
            found.near.extend(near.filter(|(key, _)| open(key)));
        }
        found
    }

    /// One item → all enterprises. Until [`View::warm`] is done, an item of many is compiled alone:
    /// the first answer after a start does not wait for all the others.
    ///
    /// # Errors
    /// When there is no such item.
    pub fn item(&self, key: u64, want: Want) -> Result<ItemMatches<'_>, MatcherError> {
        let live = self.parts.iter().find(|live| live.has(key));
        let live = live.ok_or(MatcherError::NoSuchKey(key))?;
        let position = live.part.positions[&key];
        if live.store.get().is_none() && live.part.items.len() > MANY {
            let (_, rules) = &live.part.items[position as usize];
            return Ok(self.rule(rules, want));
        }
        self.store(live).one_item(position, want)
    }

    /// A rule that is no item (yet) → all enterprises.
    pub fn rule(&self, rules: &ItemRules, want: Want) -> ItemMatches<'_> {
        let mut found = ItemMatches::default();
        self.rule_into(rules, want, &mut found);
        found
    }

    /// The same, in place of what was found before, whose memory is used again.
    pub fn rule_into<'v>(&'v self, rules: &ItemRules, want: Want, found: &mut ItemMatches<'v>) {
        let program = Program::compile(&self.dictionary, self.on, [rules]);
        let fresh = Fresh::new(&program, &self.table, self.base());
        fresh.answer(want, Instructions::best(), found);
    }

    /// All items × all enterprises: the counts of every item by key. `visit` is shown what has
    /// anything to say, tile by tile, from several threads and in no order.
    ///
    /// # Errors
    /// When the memory bound is too small for one thread.
    pub fn all(
        &self,
        options: Options,
        progress: Option<Progress<'_>>,
        visit: Option<KeyedVisit<'_>>,
    ) -> Result<Vec<(u64, Counts)>, MatcherError> {
        let mut list = Vec::with_capacity(self.items());
        let parts = self.parts.len();
        for (number, live) in self.parts.iter().enumerate() {
            let on = |done, of| {
                if let Some(progress) = progress {
                    progress(number * of + done, parts * of);
                }
            };
            let key = |item: u32| live.part.items[item as usize].0;
            let shown = |block: &Block<'_>| {
                if let Some(visit) = visit
                    && !live.gone.contains(&key(block.item))
                {
                    visit(key(block.item), block);
                }
            };
            let shown = visit
                .is_some()
                .then_some(&shown as &(dyn Fn(&Block<'_>) + Sync));
            let counts = self.store(live).all_items(options, Some(&on), shown)?;
            let counts = (0..).zip(counts).map(|(item, counts)| (key(item), counts));
            list.extend(counts.filter(|(key, _)| !live.gone.contains(key)));
        }
        Ok(list)
    }

    /// What an item says of whom otherwise than in an earlier view.
    ///
    /// # Errors
    /// Never at present; the item's matches are computed as by [`View::item`].
    pub fn item_flips(&self, earlier: &Self, key: u64) -> Result<Vec<ItemFlip>, MatcherError> {
        let (from, to) = (earlier.standings(key)?, self.standings(key)?);
        let nothing = Standing {
            verdict: Truth::False,
            near: false,
        };
        let mut flips = Vec::new();
        let known: HashSet<u64> = from
            .iter()
            .chain(&to)
            .flat_map(|standings| standings.keys().copied())
            .collect();
        for enterprise in known {
            let of = |side: &Option<HashMap<u64, Standing>>, table: &Table| {
                let side = side.as_ref()?;
                table.at(enterprise)?;
                Some(side.get(&enterprise).copied().unwrap_or(nothing))
            };
            let flip = ItemFlip {
                enterprise,
                from: of(&from, &earlier.table),
                to: of(&to, &self.table),
            };
            if flip.from != flip.to {
                flips.push(flip);
            }
        }
        flips.sort_unstable_by_key(|flip| flip.enterprise);
        Ok(flips)
    }

    /// All enterprises to which an item is anything; `None` without such an item.
    fn standings(&self, key: u64) -> Result<Option<HashMap<u64, Standing>>, MatcherError> {
        if !self.has_item(key) {
            return Ok(None);
        }
        let found = self.item(key, Want::EVERYTHING)?;
        let mut standings = HashMap::new();
        let standing = |verdict, near| Standing { verdict, near };
        let met = found.met().map(|id| (id, standing(Truth::True, false)));
        standings.extend(met);
        let unknown = found.unknown();
        standings.extend(unknown.map(|id| (id, standing(Truth::Unknown, false))));
        let near = found.near();
        standings.extend(near.map(|(id, verdict)| (id, standing(verdict, true))));
        Ok(Some(standings))
    }
}

/// Items by what they are to one enterprise, by key and in no particular order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnterpriseMatches {
    /// 符合.
    pub met: Vec<u64>,
    /// 信息不足.
    pub unknown: Vec<u64>,
    /// 只差一项, with the verdict; the unknown ones are in the list above too.
    pub near: Vec<(u64, Truth)>,
}

/// A pair that changed with an enterprise's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FactFlip {
    /// The enterprise.
    pub enterprise: u64,
    /// The item.
    pub item: u64,
    /// Before; `None` when there was no such enterprise.
    pub from: Option<Finding>,
    /// After.
    pub to: Finding,
}

/// Keeps a [`View`] current.
pub struct Engine {
    view: RwLock<Arc<View>>,
    /// One writer at a time.
    writing: Mutex<()>,
}

impl Engine {
    /// Items for a reference date over a table of enterprises; compiled when [`View::warm`] or a
    /// question asks for all of them.
    pub fn new(table: Table, on: NaiveDate, items: Vec<KeyedItem>) -> Self {
        let dictionary = Arc::clone(table.dictionary());
        let base = Live::new(Part::new(&dictionary, on, items));
        let view = View {
            dictionary,
            on,
            table,
            parts: vec![base],
        };
        Self {
            view: RwLock::new(Arc::new(view)),
            writing: Mutex::default(),
        }
    }

    /// The present moment; a reader keeps it for as long as its answers must agree.
    pub fn view(&self) -> Arc<View> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&view)
    }

    fn publish(&self, view: View) {
        let next = Arc::new(view);
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// New or changed items, and (`None`) items that are no more; of a key that comes twice the last
    /// counts.
    pub fn change_items(&self, changes: Vec<(u64, Option<Arc<ItemRules>>)>) {
        let _turn = self.turn();
        let mut view = View::clone(&self.view());
        let changes: HashMap<u64, Option<Arc<ItemRules>>> = changes.into_iter().collect();
        for live in &mut view.parts {
            let changed = changes.keys().copied().filter(|key| live.has(*key));
            let changed = changed.collect::<Vec<_>>();
            if !changed.is_empty() {
                Arc::make_mut(&mut live.gone).extend(changed);
            }
        }
        let base = view.parts.pop();
        view.parts.retain(|live| live.len() > 0);
        let fresh = changes
            .into_iter()
            .filter_map(|(key, rules)| Some((key, rules?)));
        let mut fresh: HashMap<u64, Arc<ItemRules>> = fresh.collect();
        if view.parts.len() == PARTS_MAX {
            let joined = view.parts.drain(..).collect::<Vec<_>>();
            fresh.extend(joined.iter().flat_map(Live::items).cloned());
        }
        if !fresh.is_empty() {
            let fresh = fresh.into_iter().collect();
            let part = Part::new(&view.dictionary, view.on, fresh);
            view.parts.insert(0, Live::new(part));
        }
        view.parts.extend(base);
        self.publish(view);
    }

    /// New or changed facts of enterprises, and (`None`) enterprises that are no more; of an id that
    /// comes twice the last counts. Gives the pairs that flipped for those that remain; of an
    /// enterprise that is new, the items that are anything to it.
    ///
    /// # Errors
    /// When a value is of another kind than its attribute; nothing is changed then.
    pub fn change_facts(
        &self,
        changes: &[(u64, Option<Facts>)],
    ) -> Result<Vec<FactFlip>, MatcherError> {
        let _turn = self.turn();
        let mut view = View::clone(&self.view());
        let stores = view.parts.iter().map(|live| live.store.get().cloned());
        let mut stores: Vec<Option<Store>> = stores.collect();
        let mut flips = Vec::new();
        let mut desk = Desk::default();
        let last: HashMap<u64, Option<&Facts>> = changes
            .iter()
            .map(|(id, facts)| (*id, facts.as_ref()))
            .collect();
        for (id, facts) in last {
            let before = view.table.facts(id);
            let Some(facts) = facts else {
                view.table.remove(id);
                continue;
            };
            let at = view.table.place(id, facts)?;
            // As the table holds them: without sources, and silence as the dictionary reads it.
            let facts = view.table.facts(id).unwrap_or_default();
            for (live, store) in view.parts.iter().zip(&mut stores) {
                let codes = live.part.program().encode(&facts);
                let found = live.flips(id, before.as_ref(), &codes, &mut desk);
                flips.extend(found.filter(|flip| !live.gone.contains(&flip.item)));
                if let Some(store) = store {
                    store.enter(&view.table, at, &codes);
                }
            }
        }
        for (live, store) in view.parts.iter_mut().zip(stores) {
            live.store = Arc::new(match store {
                Some(mut store) => {
                    store.follow(&view.table);
                    OnceLock::from(store)
                }
                None => OnceLock::new(),
            });
        }
        self.publish(view);
        Ok(flips)
    }

    /// Compiles all items anew, for a reference date; with a table when its rows were sorted anew
    /// too. Readers go on with the view that they have.
    pub fn rebuild(&self, on: NaiveDate, items: Vec<KeyedItem>, table: Option<Table>) {
        let _turn = self.turn();
        let now = self.view();
        let table = table.unwrap_or_else(|| now.table.clone());
        let view = View {
            dictionary: Arc::clone(&now.dictionary),
            on,
            parts: vec![Live::new(Part::new(&now.dictionary, on, items))],
            table,
        };
        view.warm();
        self.publish(view);
    }
}
