//! Rules on tiles.

use crate::{
    cut::{Group, Local, LocalRule, Read, Span, Step, Steps},
    lanes::{Lanes, Tally, Work},
    plan::Constant,
    planes::{ONES, PART, Part, Plane, WORDS, ZEROS, both, without},
    program::{Atom, Program},
    state::{Seen, State},
    store::Tile,
    table::Chunk,
};

/// Slots of the planes that every tile has.
const NO_ROW: u32 = 0;
const EVERY_ROW: u32 = 1;
const UNBUILT: u32 = u32::MAX;

/// Rows that are kept of an answer: none are.
pub(crate) const NONE: u8 = 0;
/// Those that meet the rule.
pub(crate) const MET: u8 = 1;
/// All that it says something of.
pub(crate) const ALL: u8 = 2;

/// An atom's planes in the current tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Built {
    yes: u32,
    unknown: u32,
}

impl Built {
    const TRUE: Self = Self {
        yes: EVERY_ROW,
        unknown: NO_ROW,
    };
    const FALSE: Self = Self {
        yes: NO_ROW,
        unknown: NO_ROW,
    };
    const UNKNOWN: Self = Self {
        yes: NO_ROW,
        unknown: EVERY_ROW,
    };
    const LATER: Self = Self {
        yes: UNBUILT,
        unknown: UNBUILT,
    };
}

/// The planes of one tile, built when a rule first asks; one for each thread.
pub(crate) struct Bench {
    planes: Vec<Plane>,
    used: usize,
    atoms: Vec<Built>,
    unknowns: Vec<u32>,
    /// The first of a dimension's planes of codes below its borders.
    below: Vec<u32>,
    /// The rule in hand.
    wires: Vec<Wire>,
    /// The state around each open group of it.
    around: Vec<Part>,
    said: Said,
}

/// A step of a rule with the planes that it reads in the current tile.
#[derive(Debug, Clone, Copy)]
enum Wire {
    And(Input),
    Or(Input),
    Open(Group),
    Close(Group),
}

/// A literal; `negated` and `fixed` are all ones or all zeros.
#[derive(Debug, Clone, Copy)]
struct Input {
    yes: u32,
    unknown: u32,
    negated: u64,
    fixed: u64,
}

/// What a rule says of the rows of a tile.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub met: Plane,
    pub unknown: Plane,
    pub near: Plane,
}

/// How many rows of a tile a rule says what of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub met: u32,
    pub unknown: u32,
    pub near_unmet: u32,
    pub near_unknown: u32,
    /// All that miss one condition, whatever the verdict; of one tile, and counted only where the rows are kept.
    pub near: u32,
}

impl Sums {
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.met | self.unknown | self.near != 0
    }

    #[inline(always)]
    pub fn join(&mut self, other: &Self) {
        self.met += other.met;
        self.unknown += other.unknown;
        self.near_unmet += other.near_unmet;
        self.near_unknown += other.near_unknown;
    }
}

/// One tile with the rules that matter there.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub program: &'a Program,
    pub local: &'a Local,
    pub chunk: &'a Chunk,
    pub tile: &'a Tile,
}

impl Bench {
    pub fn new() -> Self {
        Self {
            planes: vec![ZEROS, ONES],
            used: 2,
            atoms: Vec::new(),
            unknowns: Vec::new(),
            below: Vec::new(),
            wires: Vec::new(),
            around: Vec::new(),
            said: Said::NOTHING,
        }
    }

    /// Bytes that a tile needs at most; `longest` is the number of tokens of the longest rule.
    pub fn bytes<'a>(
        atoms: impl Iterator<Item = &'a Atom>,
        borders: usize,
        dimensions: usize,
        longest: usize,
    ) -> usize {
        let (planes, atoms) = planes(atoms, borders, dimensions);
        // wires grow by doubling; a group has a token to open and one to close
        let wires = 4 * longest * size_of::<Wire>();
        planes * size_of::<Plane>() + atoms * (size_of::<Built>() + size_of::<Span>()) + wires
    }

    /// Turns to another tile.
    pub fn turn(&mut self, place: Place<'_>) {
        let Place {
            program,
            local,
            tile,
            ..
        } = place;
        self.used = 2;
        self.atoms.clear();
        let atoms = local.atoms.iter().zip(&local.spans);
        self.atoms.extend(atoms.map(|(number, span)| {
            match span.constant(&tile.zones, || &program.atoms[*number as usize]) {
                Constant::True => Built::TRUE,
                Constant::False => Built::FALSE,
                Constant::Unknown => Built::UNKNOWN,
                Constant::No => Built::LATER,
            }
        }));
        for list in [&mut self.unknowns, &mut self.below] {
            list.clear();
            list.resize(program.dimensions.len(), UNBUILT);
        }
        let atoms = local
            .atoms
            .iter()
            .map(|number| &program.atoms[*number as usize]);
        let (most, _) = planes(atoms, local.all_borders(), program.dimensions.len());
        if most > self.planes.capacity() {
            // Exactly what may be needed, and never old and new at once: the bound is the caller's.
            self.planes = Vec::new();
            self.planes.reserve_exact(most);
            self.planes.extend([ZEROS, ONES]);
        }
    }

    /// How many rows of the current tile a rule says what of; [`Bench::said`] tells which of those that `KEEP`
    /// names.
    #[inline(always)]
    pub fn ask<L: Lanes, const NEAR: bool, const KEEP: u8>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        rule: &LocalRule,
    ) -> Sums {
        // The machine cannot settle what people verify.
        let settled = if rule.manual() { 0 } else { u64::MAX };
        let (verdict, distance) = (rule.verdict(), rule.distance().filter(|_| NEAR));
        if distance.is_none() {
            return match self.wire::<L, NEAR>(lanes, place, verdict) {
                true => self.run::<L, NEAR, KEEP>(lanes, place, settled),
                false => Sums::default(),
            };
        }
        lanes.apart(Apart {
            bench: self,
            place,
            verdict,
            distance,
            settled,
        })
    }

    /// The same for a rule whose distance is computed by steps of its own.
    #[inline(always)]
    fn ask_apart<L: Lanes>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        verdict: Steps,
        distance: Option<Steps>,
        settled: u64,
    ) -> Sums {
        let mut sums = Sums::default();
        let (mut met, mut unknown) = (ZEROS, ZEROS);
        if self.wire::<L, false>(lanes, place, verdict) {
            sums = self.run::<L, false, ALL>(lanes, place, settled);
            (met, unknown) = (self.said.met, self.said.unknown);
        }
        if let Some(distance) = distance
            && self.wire::<L, true>(lanes, place, distance)
        {
            self.run::<L, true, ALL>(lanes, place, u64::MAX);
            let near = &self.said.near;
            let count = |plane: &Plane| plane.iter().map(|word| word.count_ones()).sum();
            sums.near = count(near);
            sums.near_unknown = count(&both(near, &unknown));
            sums.near_unmet = count(&without(&without(near, &met), &unknown));
        } else {
            self.said.near = ZEROS;
        }
        (self.said.met, self.said.unknown) = (met, unknown);
        sums
    }

    /// The rows of the latest answer that was kept, when its sums are not all nothing.
    pub fn said(&self) -> &Said {
        &self.said
    }

    /// Looks up what the steps of a rule read, building it where nobody asked yet; `false` when no
    /// row could be met or, with `NEAR`, near.
    #[inline(always)]
    fn wire<L: Lanes, const NEAR: bool>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        steps: Steps,
    ) -> bool {
        let steps = place.local.steps(steps);
        if self.hopeless::<NEAR>(steps) {
            return false;
        }
        self.wires.clear();
        let (mut depth, mut any, mut missing) = (0_u32, false, 0);
        for step in steps {
            let wire = match step.read() {
                Read::Literal(literal) => {
                    let built = self.atom(lanes, place, literal.atom);
                    let (passed, failed) = match literal.negated {
                        false => (Built::TRUE, Built::FALSE),
                        true => (Built::FALSE, Built::TRUE),
                    };
                    if depth == 0 {
                        if built == passed {
                            continue;
                        }
                        if built == failed {
                            missing += 1 + u32::from(literal.fixed || !NEAR);
                            if missing >= 2 {
                                return false;
                            }
                        }
                    }
                    let input = Input {
                        yes: built.yes,
                        unknown: built.unknown,
                        negated: u64::from(literal.negated).wrapping_neg(),
                        fixed: u64::from(literal.fixed).wrapping_neg(),
                    };
                    if any {
                        Wire::Or(input)
                    } else {
                        Wire::And(input)
                    }
                }
                Read::Open(group) => {
                    depth += 1;
                    any = group == Group::Any;
                    Wire::Open(group)
                }
                Read::Close(around) => {
                    depth -= 1;
                    any = around == Group::Any;
                    Wire::Close(around)
                }
            };
            self.wires.push(wire);
        }
        true
    }

    /// Computes the rule in hand.
    #[inline(always)]
    fn run<L: Lanes, const NEAR: bool, const KEEP: u8>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        settled: u64,
    ) -> Sums {
        match L::PARTS {
            1 => self.run_by::<L, 1, NEAR, KEEP>(lanes, place, settled),
            _ => self.run_by::<L, { WORDS / PART }, NEAR, KEEP>(lanes, place, settled),
        }
    }

    /// The same, so many parts of the rows after so many.
    #[inline(always)]
    fn run_by<L: Lanes, const N: usize, const NEAR: bool, const KEEP: u8>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        settled: u64,
    ) -> Sums {
        let mut sums: [L::Tally; 5] = Default::default();
        for from in (0..WORDS / PART).step_by(N) {
            let state = self.state::<L, N, NEAR>(lanes, place, from);
            for i in 0..N {
                let (at, answer) = (from + i, state.answer(lanes, i, settled));
                sums[0].add(lanes, answer.met);
                sums[1].add(lanes, answer.unknown);
                if KEEP >= MET {
                    self.said.met.as_chunks_mut().0[at] = lanes.part(answer.met);
                }
                if KEEP >= ALL {
                    self.said.unknown.as_chunks_mut().0[at] = lanes.part(answer.unknown);
                }
                if NEAR {
                    let settled = lanes.not(lanes.or(answer.met, answer.unknown));
                    sums[2].add(lanes, lanes.and(answer.near, settled));
                    sums[3].add(lanes, lanes.and(answer.near, answer.unknown));
                    if KEEP >= ALL {
                        sums[4].add(lanes, answer.near);
                        self.said.near.as_chunks_mut().0[at] = lanes.part(answer.near);
                    }
                }
            }
        }
        let [met, unknown, near_unmet, near_unknown, near] = sums;
        Sums {
            met: met.sum(),
            unknown: unknown.sum(),
            near_unmet: near_unmet.sum(),
            near_unknown: near_unknown.sum(),
            near: near.sum(),
        }
    }

    /// The rule in hand for some parts of the rows.
    #[inline(always)]
    fn state<L: Lanes, const N: usize, const NEAR: bool>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        from: usize,
    ) -> State<L, N> {
        let Self {
            planes,
            wires,
            around,
            ..
        } = self;
        let mut state = State::<L, N>::all(lanes, part(&place.chunk.alive, from));
        for wire in wires.iter() {
            match wire {
                Wire::And(input) => {
                    let literal = State::literal(lanes, input.seen::<N>(planes, from));
                    state.and::<NEAR>(lanes, &literal);
                }
                Wire::Or(input) => {
                    let literal = State::literal(lanes, input.seen::<N>(planes, from));
                    state.or::<NEAR>(lanes, &literal);
                }
                Wire::Open(group) => {
                    state.save(lanes, around);
                    state = match group {
                        Group::Any => State::any(lanes),
                        Group::All => State::every(lanes),
                    };
                }
                Wire::Close(group) => {
                    let inner = state;
                    state = State::restore(lanes, around);
                    match group {
                        Group::Any => state.or::<NEAR>(lanes, &inner),
                        Group::All => state.and::<NEAR>(lanes, &inner),
                    }
                }
            }
        }
        state
    }

    /// Do the conditions that are the same for the whole tile refuse it?
    #[inline(always)]
    fn hopeless<const NEAR: bool>(&self, steps: &[Step]) -> bool {
        let mut missing = 0;
        for step in steps {
            let Read::Literal(literal) = step.read() else {
                break;
            };
            let failed = match literal.negated {
                true => Built::TRUE,
                false => Built::FALSE,
            };
            if self.atoms[literal.atom as usize] == failed {
                missing += 1 + u32::from(literal.fixed || !NEAR);
            }
        }
        missing >= 2
    }

    #[inline(always)]
    fn atom<L: Lanes>(&mut self, lanes: L, place: Place<'_>, atom: u32) -> Built {
        let built = self.atoms[atom as usize];
        if built != Built::LATER {
            return built;
        }
        let built = self.build(lanes, place, place.local.atoms[atom as usize]);
        self.atoms[atom as usize] = built;
        built
    }

    #[inline(always)]
    fn build<L: Lanes>(&mut self, lanes: L, place: Place<'_>, number: u32) -> Built {
        let atom = &place.program.atoms[number as usize];
        let dimension = atom.dimension as usize;
        let tile = place.tile;
        let zone = tile.zones[dimension];
        let unknown = match zone.any_unknown() && !atom.known {
            _ if zone.meets(&atom.unsure) => lanes.apart(Unsure {
                bench: self,
                tile,
                atom,
            }),
            true => self.unknown(lanes, tile, dimension),
            false => NO_ROW,
        };
        let borders = match L::BORDERS {
            usize::MAX => &[],
            _ => place.local.borders(dimension),
        };
        let yes = match borders.len() > L::BORDERS {
            true => self.between(tile, dimension, borders, &atom.ranges),
            false => self.marked(lanes, tile, dimension, &atom.ranges),
        };
        Built { yes, unknown }
    }

    #[inline(always)]
    fn unknown<L: Lanes>(&mut self, lanes: L, tile: &Tile, dimension: usize) -> u32 {
        if self.unknowns[dimension] == UNBUILT {
            self.unknowns[dimension] = self.marked(lanes, tile, dimension, &[(0, 0)]);
        }
        self.unknowns[dimension]
    }

    /// A plane of rows with no code or one that is too coarse for an atom.
    #[inline(always)]
    fn unsure<L: Lanes>(&mut self, lanes: L, tile: &Tile, atom: &Atom) -> u32 {
        let mut ranges = atom.unsure.to_vec();
        if !atom.known {
            ranges.insert(0, (0, 0));
        }
        self.marked(lanes, tile, atom.dimension as usize, &ranges)
    }

    /// A new plane of the rows whose code lies in the ranges.
    #[inline(always)]
    fn marked<L: Lanes>(
        &mut self,
        lanes: L,
        tile: &Tile,
        dimension: usize,
        ranges: &[(u16, u16)],
    ) -> u32 {
        let slot = self.slots(1);
        let column = tile.column(dimension);
        let any = column.mark(lanes, ranges, &mut self.planes[slot]);
        self.unless_empty(slot, any)
    }

    /// The latest slot, or that of no row: what nobody meets refuses rules without being computed.
    #[inline(always)]
    fn unless_empty(&mut self, slot: usize, any: bool) -> u32 {
        if any {
            return slot as u32;
        }
        self.used = slot;
        NO_ROW
    }

    /// The same, as differences of planes that all conditions on the dimension share.
    fn between(
        &mut self,
        tile: &Tile,
        dimension: usize,
        borders: &[u16],
        ranges: &[(u16, u16)],
    ) -> u32 {
        if self.below[dimension] == UNBUILT {
            let first = self.slots(borders.len());
            let planes = &mut self.planes[first..first + borders.len()];
            tile.column(dimension).below(borders, planes);
            self.below[dimension] = first as u32;
        }
        let first = self.below[dimension] as usize;
        let border = |code: u16| {
            let found = borders.binary_search(&code);
            first + found.expect("the borders of all local atoms were noted")
        };
        let slot = self.slots(1);
        let (shared, fresh) = self.planes.split_at_mut(slot);
        fresh[0] = ZEROS;
        for (from, to) in ranges {
            let (low, high) = (&shared[border(*from)], &shared[border(to + 1)]);
            for i in 0..WORDS {
                fresh[0][i] |= high[i] & !low[i];
            }
        }
        let any = fresh[0].iter().any(|word| *word != 0);
        self.unless_empty(slot, any)
    }

    /// So many planes in a row.
    fn slots(&mut self, count: usize) -> usize {
        let first = self.used;
        self.used += count;
        if self.used > self.planes.len() {
            self.planes.resize(self.used, ZEROS);
        }
        first
    }
}

/// A rule whose distance is computed by steps of its own, which is rare.
struct Apart<'a, 'p> {
    bench: &'a mut Bench,
    place: Place<'p>,
    verdict: Steps,
    distance: Option<Steps>,
    settled: u64,
}

impl Work for Apart<'_, '_> {
    type Output = Sums;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Sums {
        let Self {
            bench,
            place,
            verdict,
            distance,
            settled,
        } = self;
        bench.ask_apart(lanes, place, verdict, distance, settled)
    }
}

/// A condition for which a place may be too coarse.
struct Unsure<'a> {
    bench: &'a mut Bench,
    tile: &'a Tile,
    atom: &'a Atom,
}

impl Work for Unsure<'_> {
    type Output = u32;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> u32 {
        self.bench.unsure(lanes, self.tile, self.atom)
    }
}

/// Planes for so many conditions, borders and dimensions at most, and the number of conditions.
fn planes<'a>(
    atoms: impl Iterator<Item = &'a Atom>,
    borders: usize,
    dimensions: usize,
) -> (usize, usize) {
    let (mut all, mut unsure) = (0, 0);
    for atom in atoms {
        all += 1;
        unsure += usize::from(!atom.unsure.is_empty());
    }
    (2 + all + unsure + borders + dimensions, all)
}

impl Input {
    /// The literal for some parts of the rows.
    #[inline(always)]
    fn seen<'p, const N: usize>(&self, planes: &'p [Plane], from: usize) -> Seen<'p, N> {
        Seen {
            yes: part(&planes[self.yes as usize], from),
            unknown: part(&planes[self.unknown as usize], from),
            negated: self.negated,
            fixed: self.fixed,
        }
    }
}

impl Said {
    const NOTHING: Self = Self {
        met: ZEROS,
        unknown: ZEROS,
        near: ZEROS,
    };
}

/// The parts from one on; some of them, or all.
#[inline(always)]
fn part<const N: usize>(plane: &Plane, from: usize) -> &[Part; N] {
    let parts: &[Part] = plane.as_chunks().0;
    &parts.as_chunks().0[from / N]
}
