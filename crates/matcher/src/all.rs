//! All items × all enterprises.
//!
//! Work is cut into runs of tiles of one segment. For each, the rules are cut down to what differs
//! among its rows; then every tile builds the planes of its conditions once and runs the rules
//! over them. Threads take runs as they become free.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    error::MatcherError,
    kernel::{Bench, Said},
    plan::{Cutter, Local},
    planes,
    scan::Counts,
    store::Store,
};

/// Tiles that one run of work has at most.
const RUN: usize = 16;

/// How to compute all pairs.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Bytes that the computation may use beside the store and the result; fewer threads run when
    /// it is short.
    pub memory: usize,
    /// Threads; `None` takes all cores.
    pub threads: Option<usize>,
    /// Count near misses too.
    pub near: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            threads: None,
            near: true,
        }
    }
}

/// The verdicts of one item on the enterprises of one tile.
pub struct Block<'a> {
    /// The item.
    pub item: u32,
    ids: &'a [u64],
    said: &'a Said,
}

impl Block<'_> {
    /// Ids of the enterprises that meet the item.
    pub fn met(&self) -> impl Iterator<Item = u64> + '_ {
        planes::rows(&self.said.met).map(|row| self.ids[row])
    }

    /// Ids of the enterprises of which too little is known.
    pub fn unknown(&self) -> impl Iterator<Item = u64> + '_ {
        planes::rows(&self.said.unknown).map(|row| self.ids[row])
    }

    /// Ids of the enterprises that miss one condition.
    pub fn near(&self) -> impl Iterator<Item = u64> + '_ {
        planes::rows(&self.said.near).map(|row| self.ids[row])
    }
}

/// Told of progress: tiles done, and all tiles.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);
/// Shown each block that has anything to say, from several threads and in no order.
pub type Visit<'a> = &'a (dyn Fn(&Block<'_>) + Sync);

impl Store<'_, '_> {
    /// Counts of all items.
    ///
    /// # Errors
    /// When the memory bound is too small for one thread.
    pub fn all_items(
        &self,
        options: Options,
        progress: Option<Progress<'_>>,
        visit: Option<Visit<'_>>,
    ) -> Result<Vec<Counts>, MatcherError> {
        let threads = self.threads(options)?;
        let runs = self.runs();
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(0);
        let total = Mutex::new(vec![Counts::default(); self.rules.len()]);
        let work = || {
            let mut worker = Worker {
                store: self,
                near: options.near,
                counts: vec![Counts::default(); self.rules.len()],
                local: Local::default(),
                bench: Bench::new(),
                cutter: Cutter::new(&self.program.atoms),
            };
            while let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                worker.run(run, visit);
                let so_far = done.fetch_add(run.tiles.len(), Ordering::Relaxed);
                if let Some(progress) = progress {
                    progress(so_far + run.tiles.len(), self.tiles.len());
                }
            }
            let mut total = total.lock().unwrap_or_else(|broken| broken.into_inner());
            for (sum, part) in total.iter_mut().zip(&worker.counts) {
                sum.join(part);
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        Ok(total
            .into_inner()
            .unwrap_or_else(|broken| broken.into_inner()))
    }

    fn threads(&self, options: Options) -> Result<usize, MatcherError> {
        let tokens: usize = self.rules.iter().map(|rule| rule.verdict.len()).sum();
        let ranges = self.program.atoms.iter().map(|atom| atom.ranges.len());
        let borders = (2 * ranges.sum::<usize>()).min(self.program.report().codes);
        let needed = Bench::bytes(self.program.atoms.len(), borders, self.columns.len())
            + self.rules.len() * (size_of::<Counts>() + 64)
            + tokens * 16;
        let given = options.memory;
        if given < needed {
            return Err(MatcherError::Memory { given, needed });
        }
        let wanted = options
            .threads
            .or_else(|| thread::available_parallelism().ok().map(usize::from));
        Ok(wanted.unwrap_or(1).clamp(1, given / needed))
    }

    fn runs(&self) -> Vec<Run> {
        let mut runs = Vec::new();
        for (segment, around) in self.segments.iter().enumerate() {
            let mut start = around.tiles.start;
            while start < around.tiles.end {
                let end = around.tiles.end.min(start + RUN);
                runs.push(Run {
                    segment,
                    tiles: start..end,
                });
                start = end;
            }
        }
        // The longest first, so that no thread is left alone with one at the end.
        runs.sort_by_key(|run| std::cmp::Reverse(run.tiles.len()));
        runs
    }
}

struct Run {
    segment: usize,
    tiles: std::ops::Range<usize>,
}

struct Worker<'a, 'p, 'd> {
    store: &'a Store<'p, 'd>,
    near: bool,
    counts: Vec<Counts>,
    local: Local,
    bench: Bench,
    cutter: Cutter<'a>,
}

impl Worker<'_, '_, '_> {
    fn run(&mut self, run: &Run, visit: Option<Visit<'_>>) {
        let store = self.store;
        let rules = (0..).zip(&store.rules);
        let zones = store.segment_zones(run.segment);
        self.cutter.cut(rules, zones, self.near, &mut self.local);
        for tile in run.tiles.clone() {
            self.bench.turn(store, tile, &self.local);
            for rule in &self.local.rules {
                let said = match self.near {
                    true => self.bench.ask::<true>(store, &self.local, rule),
                    false => self.bench.ask::<false>(store, &self.local, rule),
                };
                let Some(said) = said else { continue };
                self.counts[rule.item as usize].add(&said);
                if let Some(visit) = visit {
                    let start = store.tiles[tile].start;
                    visit(&Block {
                        item: rule.item,
                        ids: &store.ids[start..][..store.tiles[tile].len],
                        said: &said,
                    });
                }
            }
        }
    }
}
