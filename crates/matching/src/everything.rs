//! All items in force × all enterprises, summed up by item, level, county and size class.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use futures::stream;
use serde::Serialize;
use tokio::task::spawn_blocking;
use zhida_matcher::{Block, Counts, Engine, MatcherError, Options, View};
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::progress::Progress;
use zhida_policies::Catalogue;
use zhida_rules::Truth;
use zhida_standards::division;

use crate::Matching;
use crate::engine::{Groups, Items, SIZES, Snapshot, UNKNOWN};
use crate::error::Error;
use crate::judge;
use crate::model::ItemHead;

impl Summary {
    /// The items as a table for CSV and XLSX.
    #[must_use]
    pub fn table(&self) -> Table {
        let columns = vec![
            Column::wide("事项编号", 18),
            Column::wide("事项", 40),
            Column::new("发布层级"),
            Column::wide("责任部门", 24),
            Column::new("符合"),
            Column::new("信息不足"),
            Column::new("只差一项"),
            Column::new("缺一项数据"),
        ];
        let row = |sum: &ItemSum| {
            let texts = [
                &sum.head.number,
                &sum.head.name,
                &sum.head.level,
                &sum.head.department,
            ];
            let Pairs {
                met,
                unknown,
                near_miss,
                one_unknown,
            } = sum.pairs;
            let numbers = [met, unknown, near_miss, one_unknown];
            let texts = texts.into_iter().map(|text| Cell::Text(text.clone()));
            let numbers = numbers.into_iter().map(|n| Cell::Integer(n.cast_signed()));
            texts.chain(numbers).collect()
        };
        let rows: Vec<Vec<Cell>> = self.items.iter().map(row).collect();
        let name = format!("全部事项匹配_{}", self.on);
        Table::new(name, columns, stream::iter(rows.into_iter().map(Ok)))
    }
}

/// How a full run may use the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// Threads; all cores when not given.
    pub threads: Option<usize>,
    /// Bytes beside the index and the result.
    pub memory: Option<usize>,
}

/// A full run, summed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// 基准日.
    pub on: NaiveDate,
    /// Enterprises that were matched.
    pub enterprises: u64,
    /// Enterprises that meet at least one item.
    pub reached: u64,
    /// Pairs of all items together.
    pub total: Pairs,
    /// By item, most 符合 first.
    pub items: Vec<ItemSum>,
    /// Numbers of the items whose conditions are too large for columns: the interpreter computed them,
    /// one enterprise after the other.
    pub interpreted: Vec<String>,
    /// By 发布层级, from the country down.
    pub levels: Vec<LevelSum>,
    /// By county, in the order of codes.
    pub regions: Vec<GroupSum>,
    /// By 企业规模, largest first.
    pub sizes: Vec<GroupSum>,
    /// Time of the matching itself, without loading.
    #[serde(skip)]
    pub took: Duration,
}

/// Pairs of an item and an enterprise, by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pairs {
    /// 符合.
    pub met: u64,
    /// 信息不足, with those of which one fact is missing and those left to people.
    pub unknown: u64,
    /// 只差一项: one condition is not met.
    pub near_miss: u64,
    /// 缺一项数据: one fact is missing; part of `unknown`.
    pub one_unknown: u64,
}

impl Pairs {
    fn add(&mut self, counts: &Counts) {
        self.met += counts.met;
        self.unknown += counts.unknown;
        self.near_miss += counts.near_unmet;
        self.one_unknown += counts.near_unknown;
    }
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemSum {
    /// The item.
    #[serde(flatten)]
    pub head: ItemHead,
    /// Its enterprises.
    #[serde(flatten)]
    pub pairs: Pairs,
}

/// All items of a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelSum {
    /// 发布层级 in words.
    pub level: String,
    /// Items of the level.
    pub items: u64,
    /// Their enterprises.
    #[serde(flatten)]
    pub pairs: Pairs,
}

/// All enterprises of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupSum {
    /// Division code or size class; empty when not known.
    pub key: String,
    /// In words.
    pub name: String,
    /// Its enterprises.
    pub enterprises: u64,
    /// Those that meet at least one item.
    pub reached: u64,
    /// Their items.
    #[serde(flatten)]
    pub pairs: Pairs,
}

impl Matching {
    /// Matches all items in force on a day with all enterprises, after bringing the engine up to
    /// date.
    ///
    /// # Errors
    /// A day out of range; a memory bound that is too small; the database.
    pub async fn match_all(
        &self,
        on: NaiveDate,
        options: RunOptions,
        progress: Arc<dyn Progress>,
    ) -> Result<Summary, Error> {
        let on = self.day(Some(on))?;
        let snapshot = self.keeper.bring_up(&progress).await?;
        let snapshot = snapshot.ok_or(Error::NoEngine)?;
        let other_day = (snapshot.view.on() != on).then(|| self.policies.catalogue(on));
        let run = move || {
            let snapshot = match other_day {
                Some(catalogue) => of_day(&snapshot, &catalogue),
                None => Snapshot::clone(&snapshot),
            };
            summary(&snapshot, options, &progress)
        };
        Ok(spawn_blocking(run).await??)
    }
}

/// The same enterprises with the items of another day.
fn of_day(snapshot: &Snapshot, catalogue: &Catalogue) -> Snapshot {
    let items: Items = (0..).zip(catalogue.open.iter().cloned()).collect();
    let rules = items
        .iter()
        .map(|(key, item)| (*key, Arc::new(item.rules.clone())));
    let engine = Engine::new(snapshot.view.table().clone(), catalogue.on, rules.collect());
    Snapshot {
        view: engine.view(),
        items: Arc::new(items),
        ..snapshot.clone()
    }
}

fn summary(
    snapshot: &Snapshot,
    options: RunOptions,
    progress: &dyn Progress,
) -> Result<Summary, MatcherError> {
    let Snapshot {
        view,
        groups,
        items,
        ..
    } = snapshot;
    view.warm();
    let start = Instant::now();
    let tally = Tally::new(groups, snapshot.roll.end());
    let defaults = Options::default();
    let options = Options {
        threads: options.threads,
        memory: options.memory.unwrap_or(defaults.memory),
        ..defaults
    };
    let told = |done: usize, all: usize| {
        progress.report(done as u64, Some(all as u64), "正在匹配全部事项");
    };
    let visit = |_: u64, block: &Block<'_>| tally.note(block);
    let counts = view.all(options, Some(&told), Some(&visit))?;
    let took = start.elapsed();

    let mut total = Pairs::default();
    let mut levels = BTreeMap::new();
    let mut sums = Vec::with_capacity(counts.len());
    for (key, counts) in &counts {
        let Some(item) = items.get(key) else { continue };
        let mut pairs = Pairs::default();
        pairs.add(counts);
        total.add(counts);
        let (number, of_level): &mut (u64, Pairs) =
            levels.entry(item.document.level as usize).or_default();
        *number += 1;
        of_level.add(counts);
        let level = item.document.level;
        sums.push((
            level,
            ItemSum {
                head: judge::head(item),
                pairs,
            },
        ));
    }
    let word = |at: usize| {
        let mut sums = sums.iter();
        let of_level = sums.find(|(level, _)| *level as usize == at);
        of_level
            .map(|(_, sum)| sum.head.level.clone())
            .unwrap_or_default()
    };
    let level = |(at, (items, pairs)): (usize, (u64, Pairs))| LevelSum {
        level: word(at),
        items,
        pairs,
    };
    let levels = levels.into_iter().map(level).collect();
    let interpreted = interpreted(view, items);
    let mut items: Vec<ItemSum> = sums.into_iter().map(|(_, sum)| sum).collect();
    items.sort_by(|a, b| {
        let order = |sum: &ItemSum| (std::cmp::Reverse(sum.pairs.met), sum.head.number.clone());
        order(a).cmp(&order(b))
    });
    let (regions, sizes) = tally.groups(view);
    Ok(Summary {
        on: view.on(),
        enterprises: view.table().len() as u64,
        reached: sizes.iter().map(|size| size.reached).sum(),
        total,
        items,
        interpreted,
        levels,
        regions,
        sizes,
        took,
    })
}

/// The numbers of the items that the interpreter answers.
fn interpreted(view: &View, items: &Items) -> Vec<String> {
    let found = view.interpreted().filter_map(|key| items.get(&key));
    let mut numbers: Vec<String> = found.map(|item| judge::head(item).number).collect();
    numbers.sort_unstable();
    numbers
}

/// Pairs of one group, in the order of [`Pairs`].
type Sums = [AtomicU64; 4];

/// Sums by group, filled from several threads.
struct Tally<'a> {
    groups: &'a Groups,
    counties: Vec<Sums>,
    sizes: Vec<Sums>,
    /// Does the enterprise meet any item?
    reached: Vec<AtomicBool>,
}

impl<'a> Tally<'a> {
    fn new(groups: &'a Groups, end: usize) -> Self {
        let sums = |number: usize| (0..number).map(|_| Sums::default()).collect();
        Self {
            groups,
            counties: sums(groups.counties().len()),
            sizes: sums(SIZES.len()),
            reached: (0..end).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    fn note(&self, block: &Block<'_>) {
        let met = block.met().inspect(|number| {
            if let Some(reached) = self.reached.get(*number as usize) {
                reached.store(true, Ordering::Relaxed);
            }
        });
        self.count(0, met);
        self.count(1, block.unknown());
        for (slot, wanted) in [(2, Truth::False), (3, Truth::Unknown)] {
            let near = block.near().filter(|(_, verdict)| *verdict == wanted);
            self.count(slot, near.map(|(number, _)| number));
        }
    }

    /// A block is of one county, or nearly so: its sums are added run by run.
    fn count(&self, slot: usize, numbers: impl Iterator<Item = u64>) {
        let mut sizes = [0; SIZES.len()];
        let mut run = (0, 0);
        let add = |(county, number): (u16, u64)| {
            if let Some(sums) = self.counties.get(usize::from(county)) {
                sums[slot].fetch_add(number, Ordering::Relaxed);
            }
        };
        for number in numbers {
            let group = self.groups.of(number);
            sizes[usize::from(group.size)] += 1;
            if group.county != run.0 {
                add(run);
                run = (group.county, 0);
            }
            run.1 += 1;
        }
        add(run);
        for (sums, number) in self.sizes.iter().zip(sizes) {
            sums[slot].fetch_add(number, Ordering::Relaxed);
        }
    }

    /// The sums by county and by size class; groups without enterprises are left out.
    fn groups(self, view: &View) -> (Vec<GroupSum>, Vec<GroupSum>) {
        let told = |sums: Vec<Sums>, words: Vec<(String, String)>| -> Vec<GroupSum> {
            let told = |((key, name), sums): ((String, String), Sums)| {
                let [met, unknown, near_miss, one_unknown] = sums.map(AtomicU64::into_inner);
                GroupSum {
                    key,
                    name,
                    enterprises: 0,
                    reached: 0,
                    pairs: Pairs {
                        met,
                        unknown,
                        near_miss,
                        one_unknown,
                    },
                }
            };
            words.into_iter().zip(sums).map(told).collect()
        };
        let mut counties = told(self.counties, self.groups.counties().map(county).collect());
        let mut sizes = told(self.sizes, SIZES.map(size).to_vec());
        for number in view.table().ids() {
            let group = self.groups.of(number);
            let reached = self.reached.get(number as usize);
            let reached = reached.is_some_and(|reached| reached.load(Ordering::Relaxed));
            let places = [
                counties.get_mut(usize::from(group.county)),
                sizes.get_mut(usize::from(group.size)),
            ];
            for sum in places.into_iter().flatten() {
                sum.enterprises += 1;
                sum.reached += u64::from(reached);
            }
        }
        counties.retain(|sum| sum.enterprises > 0);
        sizes.retain(|sum| sum.enterprises > 0);
        counties.sort_by(|a, b| a.key.cmp(&b.key));
        (counties, sizes)
    }
}

fn county(code: String) -> (String, String) {
    let name = match code.as_str() {
        "" => UNKNOWN.to_owned(),
        known => division::full_name(known).unwrap_or_else(|| code.clone()),
    };
    (code, name)
}

fn size(name: &str) -> (String, String) {
    let key = if name == UNKNOWN { "" } else { name };
    (key.to_owned(), name.to_owned())
}
