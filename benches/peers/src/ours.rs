//! Our engine, through its public API only.

use std::{
    collections::BTreeSet,
    fs::File,
    hint::black_box,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use zhida_matcher::{
    Answer, Codes, Counts, Desk, Index, Instructions, ItemMatches, Named, Options, Program, Share,
    Store, TableBuilder, Want,
};
use zhida_rules::{Facts, Number};

use crate::{
    engines::Engine,
    row::{Cell, Reader},
    workload::{Attributes, Random, World},
};

/// The four-digit industries in ascending order; a column holds positions in it.
pub fn leaves(world: &World) -> Vec<String> {
    let mut leaves = world.trades.clone();
    leaves.sort();
    leaves
}

fn micros(times: &[Duration]) -> Vec<f64> {
    times
        .iter()
        .map(|time| time.as_nanos() as f64 / 1_000.0)
        .collect()
}

fn sorted(list: &[u32]) -> Vec<u32> {
    let mut list = list.to_vec();
    list.sort_unstable();
    list
}

/// Enterprises drawn for the questions about one, and the right answers.
pub struct One<'a> {
    index: &'a Index,
    reader: Reader,
    facts: Vec<Facts>,
    codes: Vec<Codes>,
    right: Vec<(Vec<u32>, Vec<u32>)>,
    changed: Vec<Codes>,
}

impl<'a> One<'a> {
    pub fn new(index: &'a Index, attributes: &Attributes, facts: Vec<Facts>) -> Self {
        let program = index.program();
        let codes: Vec<Codes> = facts.iter().map(|facts| program.encode(facts)).collect();
        let (mut desk, mut answer) = (Desk::default(), Answer::default());
        let right = codes.iter().map(|codes| {
            index.answer(codes, false, &mut desk, &mut answer);
            (sorted(&answer.met), sorted(&answer.unknown))
        });
        let random = &mut Random::new(77);
        let changed = facts.iter().map(|facts| {
            let number = attributes.numbers[random.below(attributes.numbers.len())];
            let value = match facts
                .get(number, None)
                .and_then(|fact| fact.value.as_number())
            {
                Some(old) => {
                    let share = Number::ratio(70 + random.below(60) as i64, 100);
                    old.clone() * share.expect("100 is not 0")
                }
                None => Number::integer(10_i64.pow(2 + random.below(5) as u32)),
            };
            let mut facts = facts.clone();
            facts.assume(number, None, zhida_rules::Value::Number(value.round(0)));
            program.encode(&facts)
        });
        Self {
            reader: Reader::new(program.dictionary()),
            right: right.collect(),
            changed: changed.collect(),
            index,
            facts,
            codes,
        }
    }

    /// The attributes of one of the enterprises.
    pub fn named(&self, at: usize, leaves: &[String]) -> Vec<(String, Option<Cell>)> {
        self.reader.named(&self.facts[at], leaves)
    }

    /// Lists of met and unknown for the first so many.
    pub fn ask(&self, count: usize) -> Value {
        let (mut desk, mut answer) = (Desk::default(), Answer::default());
        let (mut preparing, mut asking) = (Vec::new(), Vec::new());
        let (mut met, mut unknown) = (0, 0);
        for (facts, codes) in self.facts.iter().zip(&self.codes).take(count) {
            let start = Instant::now();
            black_box(self.index.program().encode(facts));
            preparing.push(start.elapsed());
            let start = Instant::now();
            self.index.answer(codes, false, &mut desk, &mut answer);
            asking.push(start.elapsed());
            met += answer.met.len();
            unknown += answer.unknown.len();
        }
        json!({
            "prepare_us": micros(&preparing), "times_us": micros(&asking),
            "met": met, "unknown": unknown,
        })
    }

    /// A peer on the first so many, and where it differs from us.
    pub fn compare(&self, engine: &dyn Engine, count: usize, leaves: &[String]) -> Value {
        let (mut preparing, mut asking) = (Vec::new(), Vec::new());
        let (mut met, mut unknown) = (0, 0);
        let (mut met_pairs, mut unknown_pairs) = (0, 0);
        let (mut met_rules, mut unknown_rules) = (BTreeSet::new(), BTreeSet::new());
        for (at, right) in self.right.iter().enumerate().take(count) {
            let found = engine.ask(&self.named(at, leaves));
            preparing.push(found.preparing);
            asking.push(found.asking);
            met += found.met.len();
            unknown += found.unknown.len();
            met_pairs += differ(&found.met, &right.0, &mut met_rules);
            unknown_pairs += differ(&found.unknown, &right.1, &mut unknown_rules);
        }
        json!({
            "prepare_us": micros(&preparing), "times_us": micros(&asking),
            "met": met, "unknown": unknown,
            "met_differ": { "pairs": met_pairs, "rules": met_rules.len() },
            "unknown_differ": { "pairs": unknown_pairs, "rules": unknown_rules.len() },
        })
    }

    /// What flips when one fact changes.
    pub fn change(&self, count: usize) -> Value {
        let mut desk = Desk::default();
        let mut times = Vec::new();
        let mut flips = 0;
        for (before, after) in self.codes.iter().zip(&self.changed).take(count) {
            let start = Instant::now();
            let found = self.index.flips(before, after, &mut desk);
            times.push(start.elapsed());
            flips += found.len();
        }
        json!({ "times_us": micros(&times), "flips": flips })
    }
}

/// Members of one list only; their rules are noted.
fn differ(found: &[u32], right: &[u32], rules: &mut BTreeSet<u32>) -> usize {
    let found: BTreeSet<u32> = found.iter().copied().collect();
    let right: BTreeSet<u32> = right.iter().copied().collect();
    let only: Vec<u32> = found.symmetric_difference(&right).copied().collect();
    rules.extend(&only);
    only.len()
}

/// Our store of all enterprises; each is written as a line of CSV on the way.
pub fn store(
    program: &Arc<Program>,
    world: &World,
    attributes: &Attributes,
    count: usize,
    folder: &Path,
) -> Result<Store, Box<dyn std::error::Error>> {
    let reader = Reader::new(program.dictionary());
    let leaves = leaves(world);
    let part = |number: usize, range: std::ops::Range<usize>| -> io::Result<TableBuilder> {
        let mut builder = TableBuilder::new(program.dictionary());
        let path = folder.join(format!("enterprises-{number}.csv"));
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let names: Vec<&str> = reader.names().collect();
        writeln!(file, "id,{}", names.join(","))?;
        for id in range {
            let facts = world.enterprise(attributes, id as u64);
            builder
                .push(id as u64, &facts)
                .expect("the facts are of the dictionary");
            write!(file, "{id}")?;
            for cell in reader.columns(&facts, &leaves) {
                match cell {
                    Some(Cell::Int(value)) => write!(file, ",{value}")?,
                    Some(Cell::Bool(value)) => write!(file, ",{value}")?,
                    None => file.write_all(b",")?,
                }
            }
            file.write_all(b"\n")?;
        }
        file.flush()?;
        Ok(builder)
    };
    let builder = thread::scope(|scope| {
        let second = scope.spawn(|| part(1, count / 2..count));
        let mut first = part(0, 0..count / 2)?;
        first.join(second.join().expect("the part does not panic")?);
        io::Result::Ok(first)
    })?;
    Ok(Store::encode(program, builder.finish()?))
}

/// Rules drawn for the question of one rule against all enterprises.
pub struct Sample {
    rules: Vec<u32>,
    met: Vec<u64>,
    unknown: Vec<u64>,
}

impl Sample {
    pub fn new(store: &Store, rules: Vec<u32>) -> Self {
        let counts = rules.iter().map(|rule| {
            let found = store.one_item(*rule, Want::default());
            let counts = found.expect("the item exists").counts;
            (counts.met, counts.unknown)
        });
        let (met, unknown) = counts.unzip();
        Self {
            rules,
            met,
            unknown,
        }
    }

    /// Counts and the bits of those who meet a rule, or of all three lists; `ids` reads off into an array
    /// whom they name, as peers give it.
    pub fn ask(&self, store: &Store, everything: bool, ids: bool) -> Value {
        let want = match everything {
            true => Want::EVERYTHING,
            false => Want {
                met: true,
                ..Want::default()
            },
        };
        let mut found = ItemMatches::default();
        let mut times = Vec::new();
        for rule in &self.rules {
            let start = Instant::now();
            let done = store.one_item_into(*rule, want, Instructions::best(), &mut found);
            done.expect("the item exists");
            match (ids, everything) {
                (true, true) => drop(black_box(arrays(&found, |named| named))),
                (true, false) => drop(black_box(arrays(&found, |named| named.id))),
                (false, _) => {}
            }
            black_box(&found);
            times.push(start.elapsed());
        }
        json!({ "times_us": micros(&times), "met": self.met, "unknown": self.unknown })
    }
}

/// Whom the lists name, an array from each share; the shares side by side, as peers use all cores too.
fn arrays<T: Send>(found: &ItemMatches<'_>, of: impl Fn(Named) -> T + Copy + Send) -> Vec<Vec<T>> {
    let array = move |share: Share<'_>| share.named().map(of).collect();
    let mut shares = found.shares();
    let Some(mine) = shares.next() else {
        return Vec::new();
    };
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| scope.spawn(move || array(share)))
            .collect();
        let mut arrays = vec![array(mine)];
        arrays.extend(
            others
                .into_iter()
                .map(|other| other.join().expect("it only reads")),
        );
        arrays
    })
}

/// All rules against all enterprises on all threads: counts, or also near misses and the list of
/// those who meet each rule.
pub fn all(store: &Store, everything: bool) -> Value {
    let options = Options {
        near: everything,
        memory: (store.len() << 9).max(256 << 20),
        ..Options::default()
    };
    let sum = |counts: &[Counts], of: fn(&Counts) -> u64| counts.iter().map(of).sum::<u64>();
    let said = |seconds: f64, counts: &[Counts]| {
        json!({
            "seconds": seconds,
            "met": sum(counts, |counts| counts.met),
            "unknown": sum(counts, |counts| counts.unknown),
        })
    };
    let start = Instant::now();
    if everything {
        let lists = store.match_lists(options, None);
        let lists = lists.expect("the memory suffices");
        return said(start.elapsed().as_secs_f64(), lists.counts());
    }
    let counts = store.all_items(options, None, None);
    let counts = counts.expect("the memory suffices");
    said(start.elapsed().as_secs_f64(), &counts)
}
