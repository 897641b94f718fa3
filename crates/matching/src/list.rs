//! The enterprises of one item as a list: counts, pages and exports are of the same lines.
//!
//! A line is a number and a label. What else is shown of it is computed when it is shown: by the
//! interpreter, from the facts that the label was found with.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use chrono::NaiveDate;
use tokio::task::spawn_blocking;
use zhida_matcher::{MatcherError, Table};
use zhida_registry::{EnterpriseName, Registry};
use zhida_rules::{AttributeIndex, Dictionary, Env, ItemRules};

use crate::bulk::{self, Row, RowList, Worth};
use crate::engine::{Snapshot, labels};
use crate::error::Error;
use crate::model::Cost;
use crate::verdict::{Counts, Label};

/// Bytes that the cache keeps at most, over all its lists.
const CACHED_BYTES_MAX: usize = 256 << 20;
/// Lists that the cache keeps at most.
const CACHED_LISTS_MAX: usize = 64;
/// Bytes of a row, about.
const ROW_BYTES: usize = 160;

/// An enterprise and what the item is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    number: u32,
    label: Label,
}

/// All enterprises of one question in the order of lists, with their counts.
pub(crate) struct MatchList {
    /// Counts of the lines.
    pub counts: Counts,
    /// What the candidates would get.
    pub cost: Cost,
    lines: Vec<Line>,
    rows: Rows,
}

/// Where the rows of lines come from.
enum Rows {
    /// Judged already, by number.
    Judged(HashMap<u32, Row>),
    /// Judged when they are shown.
    Facts(Arc<Judge>),
}

/// What rows are judged by.
struct Judge {
    rules: Arc<ItemRules>,
    /// What the verdict and the amount depend on, in order.
    judged_by: Vec<AttributeIndex>,
    /// What the amount alone depends on.
    priced_by: Vec<AttributeIndex>,
    dictionary: &'static Dictionary,
    on: NaiveDate,
    table: Table,
}

impl MatchList {
    /// The list of judged rows.
    pub fn judged(rows: Vec<Row>) -> Self {
        let RowList { rows, counts, cost } = RowList::new(rows);
        let number = |row: &Row| u32::try_from(row.seq).unwrap_or(u32::MAX);
        let line = |row: &Row| Line {
            number: number(row),
            label: row.label,
        };
        Self {
            counts,
            cost,
            lines: rows.iter().map(line).collect(),
            rows: Rows::Judged(rows.into_iter().map(|row| (number(&row), row)).collect()),
        }
    }

    /// The list by the engine; of those enterprises only whose numbers are marked, when some are.
    pub fn computed(
        snapshot: &Snapshot,
        only: Option<&[bool]>,
        rules: &Arc<ItemRules>,
        dictionary: &'static Dictionary,
        on: NaiveDate,
    ) -> Result<Self, MatcherError> {
        let judge = Judge {
            rules: Arc::clone(rules),
            judged_by: rules.attributes(dictionary).into_iter().collect(),
            priced_by: rules.amount_attributes(dictionary).into_iter().collect(),
            dictionary,
            on,
            table: snapshot.view.table().clone(),
        };
        let end = snapshot.roll.end();
        let labels = labels(&judge.table, end, rules, on)?;
        let mut groups: [Vec<u32>; Label::ALL.len()] = Default::default();
        for number in snapshot.roll.numbers() {
            let at = number as usize;
            if only.is_none_or(|only| only.get(at).copied().unwrap_or_default()) {
                groups[labels[at] as usize].push(number);
            }
        }
        let mut costs = Vec::new();
        for label in Label::ALL.into_iter().filter(|label| label.is_candidate()) {
            let group = &mut groups[label as usize];
            let mut priced = judge.worths(group);
            // A stable sort: the order of codes stays among equals.
            priced.sort_by_key(|(_, worth)| worth.map(Worth::order));
            *group = priced.iter().map(|(number, _)| *number).collect();
            costs.extend(priced.into_iter().map(|(_, worth)| worth));
        }
        let mut counts = Counts::default();
        let mut lines = Vec::with_capacity(groups.iter().map(Vec::len).sum());
        for (label, group) in Label::ALL.into_iter().zip(groups) {
            counts.add_many(label, group.len() as u64);
            lines.extend(group.into_iter().map(|number| Line { number, label }));
        }
        Ok(Self {
            counts,
            cost: bulk::cost(costs.into_iter()),
            lines,
            rows: Rows::Facts(Arc::new(judge)),
        })
    }

    fn with(&self, label: Option<Label>) -> &[Line] {
        let Some(label) = label else {
            return &self.lines;
        };
        let from = self.lines.partition_point(|line| line.label < label);
        let to = self.lines.partition_point(|line| line.label <= label);
        &self.lines[from..to]
    }

    /// How many lines have a label, or how many there are.
    pub fn len(&self, label: Option<Label>) -> usize {
        self.with(label).len()
    }

    /// Where the line after an enterprise's is. One that left the list meanwhile: the list starts
    /// over rather than skip.
    pub fn after(&self, label: Option<Label>, number: i64) -> usize {
        let mut lines = self.with(label).iter();
        let at = lines.position(|line| i64::from(line.number) == number);
        at.map_or(0, |at| at + 1)
    }

    /// So many rows from a place in the list on.
    pub async fn rows(
        &self,
        registry: &Registry,
        label: Option<Label>,
        from: usize,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let lines = self.with(label);
        let lines = &lines[from.min(lines.len())..lines.len().min(from.saturating_add(limit))];
        let judge = match &self.rows {
            Rows::Judged(rows) => {
                let rows = lines.iter().filter_map(|line| rows.get(&line.number));
                return Ok(rows.cloned().collect());
            }
            Rows::Facts(judge) => Arc::clone(judge),
        };
        let numbers: Vec<i64> = lines.iter().map(|line| line.number.into()).collect();
        let names = registry.names(&numbers).await?;
        let names: HashMap<i64, _> = names.into_iter().map(|name| (name.seq, name)).collect();
        let judge = move || {
            let rows = numbers.iter().filter_map(|number| {
                let name = names.get(number)?;
                judge.row(name)
            });
            rows.collect()
        };
        Ok(spawn_blocking(judge).await?)
    }

    fn bytes(&self) -> usize {
        let rows = match &self.rows {
            Rows::Judged(rows) => rows.len() * ROW_BYTES,
            Rows::Facts(_) => 0,
        };
        rows + self.lines.len() * size_of::<Line>()
    }
}

impl Judge {
    /// What these enterprises would get, on all cores.
    fn worths(&self, numbers: &[u32]) -> Vec<(u32, Option<Worth>)> {
        if !self.rules.amount_varies() {
            let worth = numbers.first().and_then(|number| self.worth(*number));
            return numbers.iter().map(|number| (*number, worth)).collect();
        }
        // Facts lie about in the order of numbers: one after the other they are read several at a time.
        let mut places: Vec<usize> = (0..numbers.len()).collect();
        places.sort_unstable_by_key(|place| numbers[*place]);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = places.len().div_ceil(threads).max(1);
        let worths = |part: &[usize]| -> Vec<Option<Worth>> {
            let numbers = part.iter().map(|place| numbers[*place]);
            numbers.map(|number| self.worth(number)).collect()
        };
        let worths: Vec<Option<Worth>> = thread::scope(|scope| {
            let parts: Vec<_> = places
                .chunks(share)
                .map(|part| scope.spawn(move || worths(part)))
                .collect();
            let joined = parts.into_iter().map(|part| match part.join() {
                Ok(part) => part,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.flatten().collect()
        });
        let mut priced: Vec<_> = numbers.iter().map(|number| (*number, None)).collect();
        for (place, worth) in places.into_iter().zip(worths) {
            priced[place].1 = worth;
        }
        priced
    }

    fn row(&self, name: &EnterpriseName) -> Option<Row> {
        let number = name.seq.unsigned_abs();
        let facts = self.table.facts_of(number, &self.judged_by)?;
        let env = Env {
            dictionary: self.dictionary,
            facts: &facts,
            on: self.on,
        };
        Some(Row::judge(
            &self.rules,
            &env,
            name.seq,
            &name.code,
            &name.name,
        ))
    }

    fn worth(&self, number: u32) -> Option<Worth> {
        let facts = self.table.facts_of(number.into(), &self.priced_by)?;
        let env = Env {
            dictionary: self.dictionary,
            facts: &facts,
            on: self.on,
        };
        Worth::of(&self.rules, &env)
    }
}

/// Which list: item and revision, the query, the registry's version, the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Digest of the item's revision.
    pub digest: String,
    /// Id of the item.
    pub item: String,
    /// The registry's version.
    pub registry: i64,
    /// The day.
    pub on: NaiveDate,
    /// The query as JSON.
    pub query: String,
}

/// The most recent lists.
#[derive(Default)]
pub(crate) struct Cache {
    lists: Mutex<VecDeque<(Key, Arc<MatchList>)>>,
}

impl Cache {
    /// The list, when it is kept.
    pub fn get(&self, key: &Key) -> Option<Arc<MatchList>> {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let at = lists.iter().position(|(kept, _)| kept == key)?;
        let entry = lists.remove(at)?;
        let list = Arc::clone(&entry.1);
        lists.push_back(entry);
        Some(list)
    }

    /// Keeps a list; the longest unused ones go. Lists of older versions of the registry go first.
    pub fn put(&self, key: Key, list: &Arc<MatchList>) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|(kept, _)| kept.registry >= key.registry && *kept != key);
        lists.push_back((key, Arc::clone(list)));
        let mut total: usize = lists.iter().map(|(_, list)| list.bytes()).sum();
        while lists.len() > 1 && (total > CACHED_BYTES_MAX || lists.len() > CACHED_LISTS_MAX) {
            if let Some((_, gone)) = lists.pop_front() {
                total -= gone.bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_forgets_older_versions_of_the_registry() {
        let cache = Cache::default();
        let on = NaiveDate::MIN;
        let key = |registry, query: &str| Key {
            digest: "d".into(),
            item: "i".into(),
            registry,
            on,
            query: query.into(),
        };
        let list = Arc::new(MatchList::judged(Vec::new()));
        cache.put(key(1, "a"), &list);
        cache.put(key(1, "b"), &list);
        assert!(cache.get(&key(1, "a")).is_some());
        cache.put(key(2, "a"), &list);
        assert!(cache.get(&key(1, "b")).is_none());
        assert!(cache.get(&key(2, "a")).is_some());
    }
}
