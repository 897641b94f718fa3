//! All items × all enterprises.
//!
//! Work is cut into runs of tiles of one segment. For each, the rules are cut down to what differs
//! among its rows; then every tile builds the planes of its conditions once and runs the rules
//! over them. Threads take runs as they become free.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use zhida_rules::Truth;

use crate::{
    cut::{Cutter, Local},
    error::MatcherError,
    ids::Ids,
    kernel::{Bench, Place},
    lanes::{Instructions, Lanes, Work},
    planes::{self, Plane, WORDS},
    said::{ALL, MET, NONE, Said, Sums},
    scan::{Counts, Want},
    store::Store,
    table::threads,
};

/// Tiles that one run of work has at most.
const RUN: usize = 16;

/// How to compute all pairs.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Bytes that the computation may use beside the result and the store, which from the first run on
    /// keeps up to 64 MB of rules cut down; fewer threads run when it is short.
    pub memory: usize,
    /// Threads; `None` takes all cores.
    pub threads: Option<usize>,
    /// Count near misses too.
    pub near: bool,
    /// The instructions to compute with.
    pub instructions: Instructions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            threads: None,
            near: true,
            instructions: Instructions::best(),
        }
    }
}

/// The verdicts of one item on the enterprises of one tile.
pub struct Block<'a> {
    /// The item.
    pub item: u32,
    pub(crate) tile: u32,
    found: Found<'a>,
}

impl Block<'_> {
    /// The rows that meet the item and how many they are.
    pub(crate) fn met_rows(&self) -> (u32, &Plane) {
        (self.found.sums.met, &self.found.said.met)
    }

    /// Ids of the enterprises that meet the item.
    pub fn met(&self) -> impl Iterator<Item = u64> + '_ {
        self.found.met()
    }

    /// Ids of the enterprises of which too little is known.
    pub fn unknown(&self) -> impl Iterator<Item = u64> + '_ {
        self.found.unknown()
    }

    /// Ids of the enterprises that miss one condition, with the verdict.
    pub fn near(&self) -> impl Iterator<Item = (u64, Truth)> + '_ {
        self.found.near()
    }
}

/// What a rule says of the rows of a tile, with their ids.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub ids: &'a Ids,
    pub said: &'a Said,
    pub sums: Sums,
}

impl<'a> Found<'a> {
    pub fn met(self) -> impl Iterator<Item = u64> + 'a {
        let Self { ids, said, sums } = self;
        rows(sums.met, &said.met).map(move |row| ids.at(row))
    }

    pub fn unknown(self) -> impl Iterator<Item = u64> + 'a {
        let Self { ids, said, sums } = self;
        rows(sums.unknown, &said.unknown).map(move |row| ids.at(row))
    }

    pub fn near(self) -> impl Iterator<Item = (u64, Truth)> + 'a {
        let Self { ids, said, sums } = self;
        rows(sums.near, &said.near).map(move |row| {
            let (at, bit) = (row / 64, row % 64);
            (ids.at(row), verdict(said.met[at], said.unknown[at], bit))
        })
    }

    /// Those of the lists that are wanted, each once.
    pub fn named(self, want: Want) -> impl Iterator<Item = Named> + 'a {
        let Self { ids, said, sums } = self;
        (0..WORDS).flat_map(move |at| {
            let word = |sum: u32, plane: &Plane| if sum > 0 { plane[at] } else { 0 };
            let met = word(sums.met, &said.met);
            let unknown = word(sums.unknown, &said.unknown);
            let near = word(sums.near, &said.near);
            let lists = [(want.met, met), (want.unknown, unknown), (want.near, near)];
            let wanted = lists.into_iter().filter(|(wanted, _)| *wanted);
            let named = wanted.fold(0, |named, (_, list)| named | list);
            planes::bits(named).map(move |bit| Named {
                id: ids.at(at * 64 + bit),
                verdict: verdict(met, unknown, bit),
                near: near >> bit & 1 == 1,
            })
        })
    }
}

fn verdict(met: u64, unknown: u64, bit: usize) -> Truth {
    match (met >> bit & 1, unknown >> bit & 1) {
        (1, _) => Truth::True,
        (_, 1) => Truth::Unknown,
        _ => Truth::False,
    }
}

/// An enterprise that an item's lists name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The id under which it was pushed.
    pub id: u64,
    /// What the item's rule says of it.
    pub verdict: Truth,
    /// Does it miss one condition (只差一项)?
    pub near: bool,
}

/// The rows of a plane that has so many.
fn rows(sum: u32, plane: &Plane) -> impl Iterator<Item = usize> + '_ {
    let plane = Some(plane).filter(|_| sum > 0);
    plane.into_iter().flat_map(planes::rows)
}

/// Told of progress: tiles done, and all tiles.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);
/// Shown each block that has anything to say, from several threads and in no order.
pub type Visit<'a> = &'a (dyn Fn(&Block<'_>) + Sync);

/// What a thread does with what items say, tile by tile.
pub(crate) trait Sink: Send {
    /// Which rows it asks for, see [`NONE`], [`MET`] and [`ALL`].
    const KEEP: u8;

    /// Shown each block with a row that it asks for.
    fn take(&mut self, block: &Block<'_>);
}

/// Counts are enough.
impl Sink for () {
    const KEEP: u8 = NONE;

    fn take(&mut self, _: &Block<'_>) {}
}

impl Sink for Visit<'_> {
    const KEEP: u8 = ALL;

    fn take(&mut self, block: &Block<'_>) {
        self(block);
    }
}

impl Store {
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
        let counts = match visit {
            Some(visit) => self.all_into(options, progress, || visit)?.0,
            None => self.all_into(options, progress, || ())?.0,
        };
        Ok(counts)
    }

    /// The same, into a sink for each thread.
    pub(crate) fn all_into<S: Sink>(
        &self,
        options: Options,
        progress: Option<Progress<'_>>,
        sink: impl Fn() -> S + Sync,
    ) -> Result<(Vec<Counts>, Vec<S>), MatcherError> {
        let threads = self.threads(options)?;
        let order = self.order();
        let runs = self.runs();
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(0);
        let total = Mutex::new((vec![Counts::default(); order.rules.len()], Vec::new()));
        let work = || {
            let mut worker = Worker {
                store: self,
                near: options.near,
                counts: vec![Counts::default(); order.rules.len()],
                here: Vec::new(),
                county: usize::MAX,
                local: Arc::default(),
                bench: Bench::new(),
                cutter: Cutter::new(&self.program.atoms),
                sink: sink(),
            };
            while let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                options.instructions.run(Turn {
                    worker: &mut worker,
                    run,
                });
                let so_far = done.fetch_add(run.tiles.len(), Ordering::Relaxed);
                if let Some(progress) = progress {
                    progress(so_far + run.tiles.len(), self.tiles.len());
                }
            }
            let mut total = total.lock().unwrap_or_else(|broken| broken.into_inner());
            let (sums, sinks) = &mut *total;
            for (sum, part) in sums.iter_mut().zip(&worker.counts) {
                sum.join(part);
            }
            sinks.push(worker.sink);
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
        let program = &self.program;
        let lengths = || {
            let both = program
                .rules
                .iter()
                .map(|rule| (&rule.verdict, &rule.distance));
            both.flat_map(|(verdict, distance)| {
                [verdict.len(), distance.as_deref().map_or(0, <[_]>::len)]
            })
        };
        let tokens: usize = lengths().sum();
        let longest = lengths().max().unwrap_or_default();
        let ranges = program.atoms.iter().map(|atom| atom.ranges.len());
        let borders = (2 * ranges.sum::<usize>()).min(program.report().codes);
        let dimensions = program.dimensions.len();
        let needed = Bench::bytes(program.atoms.iter(), borders, dimensions, longest)
            + Cutter::bytes(program.atoms.len())
            + program.rules.len() * (size_of::<Counts>() + 64)
            + tokens * 16;
        let given = options.memory;
        if given < needed {
            return Err(MatcherError::Memory { given, needed });
        }
        let wanted = options.threads.unwrap_or_else(threads);
        Ok(wanted.clamp(1, given / needed))
    }

    fn runs(&self) -> Vec<Run<'_>> {
        let mut runs: Vec<Run<'_>> = self
            .segments()
            .enumerate()
            .flat_map(|(county, (tiles, _))| {
                let runs = tiles.chunks(RUN);
                runs.map(move |tiles| Run { county, tiles })
            })
            .collect();
        // The longest first, so that no thread is left alone with one at the end.
        runs.sort_by_key(|run| std::cmp::Reverse(run.tiles.len()));
        runs
    }
}

struct Run<'a> {
    county: usize,
    tiles: &'a [u32],
}

struct Worker<'a, S> {
    store: &'a Store,
    near: bool,
    counts: Vec<Counts>,
    /// Sums of the run's rules.
    here: Vec<Sums>,
    /// Where the rules in hand are cut down for.
    county: usize,
    local: Arc<Local>,
    bench: Bench,
    cutter: Cutter<'a>,
    sink: S,
}

struct Turn<'a, 'w, S> {
    worker: &'a mut Worker<'w, S>,
    run: &'a Run<'w>,
}

impl<S: Sink> Work for Turn<'_, '_, S> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Worker {
            store,
            near,
            counts,
            here,
            county,
            local,
            bench,
            cutter,
            sink,
        } = self.worker;
        if *county != self.run.county {
            *county = self.run.county;
            *local = store.cut(*county, cutter);
        }
        here.clear();
        here.resize(local.rules.len(), Sums::default());
        for number in self.run.tiles {
            let chunk = store.chunk(*number);
            let place = Place {
                program: &store.program,
                local,
                chunk,
                tile: &store.tiles[*number as usize],
            };
            bench.turn(place);
            for (rule, here) in local.rules.iter().zip(&mut *here) {
                let sums = match (*near, S::KEEP) {
                    (false, NONE) => bench.ask::<L, false, NONE>(lanes, place, rule),
                    (true, NONE) => bench.ask::<L, true, NONE>(lanes, place, rule),
                    (false, MET) => bench.ask::<L, false, MET>(lanes, place, rule),
                    (true, MET) => bench.ask::<L, true, MET>(lanes, place, rule),
                    (false, _) => bench.ask::<L, false, ALL>(lanes, place, rule),
                    (true, _) => bench.ask::<L, true, ALL>(lanes, place, rule),
                };
                here.join(&sums);
                let wanted = match S::KEEP {
                    NONE => false,
                    MET => sums.met > 0,
                    _ => sums.any(),
                };
                if wanted {
                    sink.take(&Block {
                        item: rule.item,
                        tile: *number,
                        found: Found {
                            ids: &chunk.ids,
                            said: bench.said(),
                            sums,
                        },
                    });
                }
            }
        }
        for (rule, here) in local.rules.iter().zip(here) {
            counts[rule.item as usize].add(here);
        }
    }
}
