//! Enterprises as columns of facts, whatever the rules are.
//!
//! A table is what a [`Store`](crate::Store) is computed from, again and again as items change, and
//! what a snapshot keeps. Rows are sorted by county and trade and cut into chunks of at most 2,048,
//! which correspond to the tiles of a store. A table is cheap to clone, for chunks are shared: a
//! writer changes a clone, which copies the chunks that it touches.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
    thread,
};

use zhida_rules::{AttributeIndex, Dictionary, Fact, FactKey, Facts, Kind, Value};
use zhida_standards::division::DivisionCode;

use crate::{
    error::MatcherError,
    eval::Val,
    ids::Ids,
    planes::{self, Plane, ROWS},
    raw::Raw,
};

/// Enterprises that one table may hold.
const ROWS_MAX: usize = u32::MAX as usize - 1;

/// A chunk, and a row of it.
pub(crate) type At = (u32, u32);

/// Facts of at most [`ROWS`] enterprises.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    /// The caller's id of each row; those of removed rows stay.
    pub ids: Ids,
    /// Rows in use.
    pub alive: Plane,
    /// Ascending; attributes unknown for all rows are left out.
    pub columns: Vec<(FactKey, Raw)>,
}

impl Chunk {
    pub fn column(&self, key: FactKey) -> Option<&Raw> {
        let found = self.columns.binary_search_by_key(&key, |(key, _)| *key);
        found.ok().map(|at| &self.columns[at].1)
    }

    pub fn is_alive(&self, row: usize) -> bool {
        self.alive[row / 64] >> (row % 64) & 1 == 1
    }

    /// The facts of a row, without their sources.
    pub fn facts(&self, row: usize) -> Facts {
        let mut facts = Facts::new();
        for ((attribute, year), raw) in &self.columns {
            if let Some(value) = raw.value(row) {
                facts.assume(*attribute, *year, value);
            }
        }
        facts
    }

    fn facts_of(&self, row: usize, attributes: &[AttributeIndex]) -> Facts {
        let mut facts = Facts::new();
        for wanted in attributes {
            let from = self
                .columns
                .partition_point(|((attribute, _), _)| attribute < wanted);
            let columns = self.columns[from..].iter();
            let columns = columns.take_while(|((attribute, _), _)| attribute == wanted);
            for ((attribute, year), raw) in columns {
                if let Some(value) = raw.value(row) {
                    facts.assume(*attribute, *year, value);
                }
            }
        }
        facts
    }

    fn put<'f>(&mut self, row: usize, facts: impl Iterator<Item = (&'f FactKey, &'f Fact)>) {
        for (_, raw) in &mut self.columns {
            raw.clear(row);
        }
        for (key, Fact { value, .. }) in facts {
            let found = self.columns.binary_search_by_key(key, |(key, _)| *key);
            let at = found.unwrap_or_else(|at| {
                let raw = Raw::like(value, self.ids.len());
                self.columns.insert(at, (*key, raw));
                at
            });
            let fits = self.columns[at].1.put(row, value);
            debug_assert!(fits, "facts were checked against the dictionary");
        }
    }

    fn revive(&mut self, row: usize, alive: bool) {
        let bit = 1 << (row % 64);
        match alive {
            true => self.alive[row / 64] |= bit,
            false => self.alive[row / 64] &= !bit,
        }
    }
}

/// All enterprises as columns of facts.
#[derive(Clone)]
pub struct Table {
    pub(crate) dictionary: Arc<Dictionary>,
    pub(crate) chunks: Vec<Arc<Chunk>>,
    /// The chunks of each county.
    pub(crate) counties: Vec<(u32, Vec<u32>)>,
    /// Where enterprises were when the table was built, by id.
    built: Arc<[(u64, At)]>,
    /// Those that came or went since.
    since: HashMap<u64, Option<At>>,
    len: usize,
}

impl Table {
    pub(crate) fn assembled(
        dictionary: Arc<Dictionary>,
        chunks: Vec<Chunk>,
        counties: Vec<(u32, Vec<u32>)>,
    ) -> Result<Self, MatcherError> {
        let mut built: Vec<(u64, At)> = Vec::with_capacity(chunks.len() * ROWS);
        for (number, chunk) in (0..).zip(&chunks) {
            let rows = (0..).zip(chunk.ids.iter());
            built.extend(rows.map(|(row, id)| (id, (number, row))));
        }
        built.sort_unstable();
        if let Some(twice) = built.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(MatcherError::DuplicateEnterprise(twice[0].0));
        }
        Ok(Self {
            dictionary,
            chunks: chunks.into_iter().map(Arc::new).collect(),
            counties,
            len: built.len(),
            built: built.into(),
            since: HashMap::new(),
        })
    }

    /// The number of enterprises.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Are there no enterprises?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The dictionary that the facts are of.
    pub fn dictionary(&self) -> &Arc<Dictionary> {
        &self.dictionary
    }

    /// Bytes of facts and ids, about.
    pub fn bytes(&self) -> usize {
        let chunks = self.chunks.iter().map(|chunk| {
            let columns = chunk.columns.iter().map(|(_, raw)| raw.bytes());
            columns.sum::<usize>() + chunk.ids.bytes()
        });
        chunks.sum::<usize>() + size_of_val(&*self.built)
    }

    /// Ids of all enterprises, in no particular order.
    pub fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.chunks.iter().flat_map(|chunk| {
            let rows = chunk.ids.iter().enumerate();
            rows.filter_map(|(row, id)| chunk.is_alive(row).then_some(id))
        })
    }

    /// The facts of an enterprise, without their sources.
    pub fn facts(&self, id: u64) -> Option<Facts> {
        let (chunk, row) = self.at(id)?;
        Some(self.chunks[chunk as usize].facts(row as usize))
    }

    /// As [`Table::facts`], of these attributes only: each column is memory of its own to be waited for.
    pub fn facts_of(&self, id: u64, attributes: &[AttributeIndex]) -> Option<Facts> {
        let (chunk, row) = self.at(id)?;
        Some(self.chunks[chunk as usize].facts_of(row as usize, attributes))
    }

    /// Replaces the facts of an enterprise or adds it. One that is known keeps its place among the
    /// rows even when it has moved to another county: a table that changed much answers slower,
    /// never wrong. The chunk that it lies in is copied when others still read it.
    ///
    /// # Errors
    /// When a value is of another kind than the attribute's other values.
    pub fn put(&mut self, id: u64, facts: &Facts) -> Result<(), MatcherError> {
        self.place(id, facts).map(|_| ())
    }

    pub(crate) fn place(&mut self, id: u64, facts: &Facts) -> Result<At, MatcherError> {
        check(&self.dictionary, facts)?;
        let (chunk, row) = match self.at(id) {
            Some(at) => at,
            None => self.room(id, Sorting::of(&self.dictionary).county(facts)),
        };
        let rows = Arc::make_mut(&mut self.chunks[chunk as usize]);
        rows.put(row as usize, useful(&self.dictionary, facts));
        Ok((chunk, row))
    }

    /// Forgets an enterprise; `false` when there is none of this id.
    pub fn remove(&mut self, id: u64) -> bool {
        let Some((chunk, row)) = self.at(id) else {
            return false;
        };
        Arc::make_mut(&mut self.chunks[chunk as usize]).revive(row as usize, false);
        self.since.insert(id, None);
        self.len -= 1;
        true
    }

    /// A free row in a county.
    fn room(&mut self, id: u64, county: u32) -> At {
        let known = self.counties.iter().position(|(of, _)| *of == county);
        let county = known.unwrap_or_else(|| {
            self.counties.push((county, Vec::new()));
            self.counties.len() - 1
        });
        let has_room = |chunk: &&u32| self.chunks[**chunk as usize].ids.len() < ROWS;
        let chunk = match self.counties[county].1.iter().rev().find(has_room) {
            Some(chunk) => *chunk,
            None => {
                let chunk = self.chunks.len() as u32;
                self.chunks.push(Arc::new(Chunk {
                    ids: Ids::default(),
                    alive: planes::ZEROS,
                    columns: Vec::new(),
                }));
                self.counties[county].1.push(chunk);
                chunk
            }
        };
        let rows = Arc::make_mut(&mut self.chunks[chunk as usize]);
        let row = rows.ids.len();
        rows.ids.push(id);
        rows.revive(row, true);
        for (_, raw) in &mut rows.columns {
            raw.extend(row + 1);
        }
        self.since.insert(id, Some((chunk, row as u32)));
        self.len += 1;
        (chunk, row as u32)
    }

    pub(crate) fn at(&self, id: u64) -> Option<At> {
        if let Some(at) = self.since.get(&id) {
            return *at;
        }
        let found = self.built.binary_search_by_key(&id, |(id, _)| *id);
        found.ok().map(|at| self.built[at].1)
    }
}

/// The facts that rules can name. What tells of persons is not held, and so in no snapshot.
fn useful<'f>(
    dictionary: &Dictionary,
    facts: &'f Facts,
) -> impl Iterator<Item = (&'f FactKey, &'f Fact)> {
    let named = |(index, _): &FactKey| dictionary.attribute(*index).personal.is_none();
    facts.iter().filter(move |(key, _)| named(key))
}

/// Is every value of its attribute's kind?
fn check(dictionary: &Dictionary, facts: &Facts) -> Result<(), MatcherError> {
    let fits = |((index, _), fact): &(&FactKey, &Fact)| {
        let kind = dictionary.attribute(*index).kind;
        match &fact.value {
            Value::Bool(_) => kind == Kind::Bool,
            Value::Number(_) => kind == Kind::Number,
            Value::Date(_) => kind == Kind::Date,
            Value::Set(_) => kind == Kind::Set,
            Value::Text(_) => matches!(
                kind,
                Kind::Text | Kind::Choice | Kind::Division | Kind::Industry
            ),
        }
    };
    match facts.iter().find(|fact| !fits(fact)) {
        Some((key, _)) => Err(mixed(dictionary, *key)),
        None => Ok(()),
    }
}

fn mixed(dictionary: &Dictionary, (index, _): FactKey) -> MatcherError {
    MatcherError::Kind(dictionary.attribute(index).name.clone())
}

/// By what rows are sorted: the first division and the first industry of the dictionary.
#[derive(Clone, Copy)]
struct Sorting {
    place: Option<AttributeIndex>,
    trade: Option<AttributeIndex>,
}

impl Sorting {
    fn of(dictionary: &Dictionary) -> Self {
        let first = |kind: Kind| {
            dictionary.indices().find(|index| {
                let attribute = dictionary.attribute(*index);
                attribute.kind == kind && !attribute.annual && attribute.formula.is_none()
            })
        };
        Self {
            place: first(Kind::Division),
            trade: first(Kind::Industry),
        }
    }

    fn county(self, facts: &Facts) -> u32 {
        self.place.map_or(0, |place| {
            county(facts.get(place, None).map(|fact| &fact.value))
        })
    }
}

fn county(value: Option<&Value>) -> u32 {
    let Some(Value::Text(code)) = value else {
        return 0;
    };
    let code = DivisionCode::parse(code).ok();
    let county = code.and_then(|code| code.as_str().get(..6)?.parse().ok());
    county.unwrap_or(0)
}

/// Collects enterprises one by one; several builders (one a thread) can be joined.
pub struct TableBuilder {
    dictionary: Arc<Dictionary>,
    sorting: Sorting,
    columns: BTreeMap<FactKey, Raw>,
    ids: Vec<u64>,
    counties: Vec<u32>,
}

impl TableBuilder {
    /// An empty table in the making.
    pub fn new(dictionary: &Arc<Dictionary>) -> Self {
        Self {
            dictionary: Arc::clone(dictionary),
            sorting: Sorting::of(dictionary),
            columns: BTreeMap::new(),
            ids: Vec::new(),
            counties: Vec::new(),
        }
    }

    /// Adds an enterprise under the caller's id.
    ///
    /// # Errors
    /// When a value is of another kind than its attribute.
    pub fn push(&mut self, id: u64, facts: &Facts) -> Result<(), MatcherError> {
        check(&self.dictionary, facts)?;
        let row = self.ids.len();
        for (key, Fact { value, .. }) in useful(&self.dictionary, facts) {
            let raw = self.columns.entry(*key);
            let raw = raw.or_insert_with(|| Raw::like(value, row));
            raw.extend(row + 1);
            if !raw.put(row, value) {
                return Err(mixed(&self.dictionary, *key));
            }
        }
        self.ids.push(id);
        self.counties.push(self.sorting.county(facts));
        Ok(())
    }

    /// Adds all that another builder of the same dictionary collected.
    pub fn join(&mut self, other: Self) {
        let (rows, more) = (self.ids.len(), other.ids.len());
        for (key, mut raw) in other.columns {
            raw.extend(more);
            match self.columns.get_mut(&key) {
                Some(first) => {
                    first.extend(rows);
                    first.append(&raw, more);
                }
                None => {
                    let some = (0..more).find_map(|row| raw.value(row));
                    let mut first = match some {
                        Some(value) => Raw::like(&value, rows),
                        None => continue,
                    };
                    first.append(&raw, more);
                    self.columns.insert(key, first);
                }
            }
        }
        self.ids.extend(other.ids);
        self.counties.extend(other.counties);
    }

    /// Sorts the rows and cuts them into chunks.
    ///
    /// # Errors
    /// When an id came twice or there are too many enterprises.
    pub fn finish(mut self) -> Result<Table, MatcherError> {
        let rows = self.ids.len();
        if rows > ROWS_MAX {
            return Err(MatcherError::TooManyEnterprises(rows));
        }
        self.columns.values_mut().for_each(|raw| raw.extend(rows));
        let order = self.order();
        let (runs, counties) = cut(&order);
        let mut chunks: Vec<Chunk> = runs
            .iter()
            .map(|run| Chunk {
                ids: rows_of(&order, run).map(|row| self.ids[row]).collect(),
                alive: planes::first(run.len()),
                columns: Vec::with_capacity(self.columns.len()),
            })
            .collect();
        self.ids = Vec::new();
        // Each column goes when it has been dealt out, so that facts are held once, not twice.
        while let Some((key, raw)) = self.columns.pop_first() {
            in_shares(
                &mut chunks,
                &runs,
                || (),
                |(), chunk, run| {
                    let raw = raw.gathered(rows_of(&order, run));
                    if !raw.is_unknown() {
                        chunk.columns.push((key, raw));
                    }
                },
            );
        }
        let counties = counties.into_iter();
        let counties =
            counties.map(|(county, runs)| (county, runs.map(|run| run as u32).collect()));
        Table::assembled(self.dictionary, chunks, counties.collect())
    }

    /// Counties with rows, sorted.
    fn order(&self) -> Vec<(u64, u32)> {
        let trade = self
            .sorting
            .trade
            .and_then(|t| self.columns.get(&(t, None)));
        let ranks = match trade {
            Some(Raw::Words(words)) => {
                let mut order: Vec<usize> = (0..words.values.len()).collect();
                order.sort_by_key(|at| match words.values[*at].val() {
                    Val::Text(text) => text.to_owned(),
                    _ => String::new(),
                });
                let mut ranks = vec![0_u64; order.len() + 1];
                for (rank, at) in (1..).zip(order) {
                    ranks[at + 1] = rank;
                }
                words.at.iter().map(|at| ranks[*at as usize]).collect()
            }
            _ => vec![0; self.ids.len()],
        };
        let keys = self.counties.iter().zip(ranks);
        let keys = keys.map(|(county, rank)| u64::from(*county) << 32 | rank);
        let mut order: Vec<(u64, u32)> = keys.zip(0..).collect();
        order.sort_unstable();
        order
    }
}

fn rows_of<'o>(
    order: &'o [(u64, u32)],
    run: &Range<usize>,
) -> impl ExactSizeIterator<Item = usize> + Clone + 'o {
    order[run.clone()].iter().map(|(_, row)| *row as usize)
}

/// Threads that the machine runs at once.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does something to every pair, on all cores, each with a desk of its own.
pub(crate) fn in_shares<'w, T: Send, U: Sync, D>(
    list: &mut [T],
    with: &'w [U],
    desk: impl Fn() -> D + Sync,
    each: impl Fn(&mut D, &mut T, &'w U) + Sync,
) {
    let share = list.len().div_ceil(threads()).max(1);
    let (desk, each) = (&desk, &each);
    thread::scope(|scope| {
        for (list, with) in list.chunks_mut(share).zip(with.chunks(share)) {
            scope.spawn(move || {
                let mut desk = desk();
                let pairs = list.iter_mut().zip(with);
                pairs.for_each(|(a, b)| each(&mut desk, a, b));
            });
        }
    });
}

/// A county and its runs of rows.
type CountyRuns = (u32, Range<usize>);

/// Runs of about equal length of each county's rows, and which runs are which county's.
fn cut(order: &[(u64, u32)]) -> (Vec<Range<usize>>, Vec<CountyRuns>) {
    let county = |(key, _): &(u64, u32)| (key >> 32) as u32;
    let (mut runs, mut counties) = (Vec::new(), Vec::new());
    let mut start = 0;
    for rows in order.chunk_by(|a, b| county(a) == county(b)) {
        let first = runs.len();
        let count = rows.len().div_ceil(ROWS);
        runs.extend((0..count).map(|part| {
            start + rows.len() * part / count..start + rows.len() * (part + 1) / count
        }));
        counties.push((county(&rows[0]), first..runs.len()));
        start += rows.len();
    }
    (runs, counties)
}
