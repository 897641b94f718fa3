//! Rules on tiles.

use crate::{
    cut::{Group, Local, LocalRule, Read, Span, Step, Steps},
    lanes::{Lanes, Tally, Work},
    plan::Constant,
    planes::{ONES, PART, Part, Plane, WORDS, ZEROS, both, without},
    program::{Atom, Program},
    said::{ALL, MET, Said, Sums},
    state::{CERTAIN, DISTANCE, Seen, State, VERDICT},
    store::Tile,
    table::Chunk,
};

/// Slots of the planes that every tile has.
const NO_ROW: u32 = 0;
const EVERY_ROW: u32 = 1;
const UNBUILT: u32 = u32::MAX;
/// The first slot behind them.
const FIRST: usize = 2;

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
    /// No row and every row; planes that only the rule in hand reads, which stay in the nearest cache;
    /// and those that others read too.
    planes: Vec<Plane>,
    passing: usize,
    used: usize,
    atoms: Vec<Built>,
    unknowns: Vec<u32>,
    /// The first of a dimension's planes of codes below its borders.
    below: Vec<u32>,
    /// The rule in hand.
    wires: Vec<Wire>,
    /// Room for the state around each open group of it.
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

/// What remains of a rule in a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nobody meets it, or may meet it, or is near.
    Dead,
    /// Nobody meets it or may meet it, and one condition is missing for all: that one is left out.
    Near,
    Open,
}

/// A literal; `negated` and `fixed` are all ones or all zeros.
#[derive(Debug, Clone, Copy)]
struct Input {
    yes: u32,
    unknown: u32,
    negated: u64,
    fixed: u64,
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
            passing: FIRST,
            used: FIRST,
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
        let notes = size_of::<Built>() + size_of::<Span>() + 2 * size_of::<bool>();
        planes * size_of::<Plane>() + atoms * notes + wires
    }

    /// Turns to another tile.
    pub fn turn(&mut self, place: Place<'_>) {
        let Place {
            program,
            local,
            tile,
            ..
        } = place;
        self.used = FIRST + local.passing;
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
        if self.used > self.planes.len() {
            self.planes.resize(self.used, ZEROS);
        }
    }

    /// How many rows of the current tile a rule, which is asked once, says what of; [`Bench::said`] tells
    /// which of those that `KEEP` names.
    #[inline(always)]
    pub fn ask<L: Lanes, const NEAR: bool, const KEEP: u8>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        rule: &LocalRule,
    ) -> Sums {
        self.passing = FIRST;
        // The machine cannot settle what people verify.
        let settled = if rule.manual() { 0 } else { u64::MAX };
        let (verdict, distance) = (rule.verdict(), rule.distance().filter(|_| NEAR));
        if distance.is_none() {
            return match self.wire::<L, NEAR>(lanes, place, verdict) {
                Rest::Open => self.run::<L, NEAR, KEEP>(lanes, place, settled),
                Rest::Near => self.run_near::<L, KEEP>(lanes, place),
                Rest::Dead => Sums::default(),
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
        if self.wire::<L, false>(lanes, place, verdict) != Rest::Dead {
            sums = self.run::<L, false, ALL>(lanes, place, settled);
            (met, unknown) = (self.said.met, self.said.unknown);
        }
        let rest = distance.map(|distance| self.wire::<L, true>(lanes, place, distance));
        if let Some(rest @ (Rest::Open | Rest::Near)) = rest {
            match rest {
                Rest::Near => self.run_near::<L, ALL>(lanes, place),
                _ => self.run::<L, true, ALL>(lanes, place, u64::MAX),
            };
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

    /// Looks up what the steps of a rule read, building it where nobody asked yet.
    #[inline(always)]
    fn wire<L: Lanes, const NEAR: bool>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        steps: Steps,
    ) -> Rest {
        let steps = place.local.steps(steps);
        if self.hopeless::<NEAR>(steps) {
            return Rest::Dead;
        }
        self.wires.clear();
        let (mut depth, mut deepest, mut any, mut missing) = (0, 0, false, 0);
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
                                return Rest::Dead;
                            }
                            continue;
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
                    deepest = deepest.max(depth);
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
        let room = deepest * State::<L, { WORDS / PART }>::ASIDE;
        if room > self.around.len() {
            self.around.resize(room, [0; PART]);
        }
        match missing {
            0 => Rest::Open,
            _ => Rest::Near,
        }
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
        let mut sums: [L::Tally; 4] = Default::default();
        for from in (0..WORDS / PART).step_by(N) {
            let state = match NEAR {
                true => self.state::<L, N, DISTANCE>(lanes, place, from),
                false => self.state::<L, N, VERDICT>(lanes, place, from),
            };
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
                        self.said.near.as_chunks_mut().0[at] = lanes.part(answer.near);
                    }
                }
            }
        }
        let [met, unknown, near_unmet, near_unknown] = L::Tally::sums(sums);
        Sums {
            met,
            unknown,
            near_unmet,
            near_unknown,
            // who meets all conditions misses none
            near: near_unmet + near_unknown,
        }
    }

    /// The same where one condition, left out, is met by no row: who meets all others misses that one.
    #[inline(always)]
    fn run_near<L: Lanes, const KEEP: u8>(&mut self, lanes: L, place: Place<'_>) -> Sums {
        match L::PARTS {
            1 => self.run_near_by::<L, 1, KEEP>(lanes, place),
            _ => self.run_near_by::<L, { WORDS / PART }, KEEP>(lanes, place),
        }
    }

    /// The same, so many parts of the rows after so many.
    #[inline(always)]
    fn run_near_by<L: Lanes, const N: usize, const KEEP: u8>(
        &mut self,
        lanes: L,
        place: Place<'_>,
    ) -> Sums {
        let mut sums: [L::Tally; 4] = Default::default();
        for from in (0..WORDS / PART).step_by(N) {
            let state = self.state::<L, N, CERTAIN>(lanes, place, from);
            for i in 0..N {
                let near = state.certain(i);
                sums[0].add(lanes, near);
                if KEEP >= ALL {
                    self.said.near.as_chunks_mut().0[from + i] = lanes.part(near);
                }
            }
        }
        if KEEP >= ALL {
            (self.said.met, self.said.unknown) = (ZEROS, ZEROS);
        }
        let [near, ..] = L::Tally::sums(sums);
        Sums {
            near_unmet: near,
            near,
            ..Sums::default()
        }
    }

    /// The rule in hand for some parts of the rows.
    #[inline(always)]
    fn state<L: Lanes, const N: usize, const WHAT: u8>(
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
        let mut aside = 0;
        for wire in wires.iter() {
            match wire {
                Wire::And(input) => {
                    let literal = State::literal(lanes, input.seen::<N>(planes, from));
                    state.and::<WHAT>(lanes, &literal);
                }
                Wire::Or(input) => {
                    let literal = State::literal(lanes, input.seen::<N>(planes, from));
                    state.or::<WHAT>(lanes, &literal);
                }
                Wire::Open(group) => {
                    state.save::<WHAT>(lanes, &mut around[aside..]);
                    aside += State::<L, N>::ASIDE;
                    state = match group {
                        Group::Any => State::any(lanes),
                        Group::All => State::every(lanes),
                    };
                }
                Wire::Close(group) => {
                    let inner = state;
                    aside -= State::<L, N>::ASIDE;
                    state = State::restore::<WHAT>(lanes, &around[aside..]);
                    match group {
                        Group::Any => state.or::<WHAT>(lanes, &inner),
                        Group::All => state.and::<WHAT>(lanes, &inner),
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
        let built = self.build(lanes, place, atom as usize);
        self.atoms[atom as usize] = built;
        built
    }

    #[inline(always)]
    fn build<L: Lanes>(&mut self, lanes: L, place: Place<'_>, number: usize) -> Built {
        let (span, once) = (place.local.spans[number], place.local.once[number]);
        let dimension = span.dimension();
        let tile = place.tile;
        let zone = tile.zones[dimension];
        let range = span.range();
        let atom = match range {
            Some(_) => None,
            None => Some(&place.program.atoms[place.local.atoms[number] as usize]),
        };
        let known = atom.is_some_and(|atom| atom.known);
        let unknown = match atom {
            Some(atom) if zone.meets(&atom.unsure) => lanes.apart(Unsure {
                bench: self,
                tile,
                atom,
                once,
            }),
            _ if zone.any_unknown() && !known => self.unknown(lanes, tile, dimension),
            _ => NO_ROW,
        };
        let ranges = match atom {
            Some(atom) => &*atom.ranges,
            None => range.as_slice(),
        };
        let borders = match L::BORDERS {
            usize::MAX => &[],
            _ => place.local.borders(dimension),
        };
        let yes = match borders.len() > L::BORDERS {
            true => self.between(tile, dimension, borders, ranges, once),
            false => self.marked(lanes, tile, dimension, ranges, once),
        };
        Built { yes, unknown }
    }

    #[inline(always)]
    fn unknown<L: Lanes>(&mut self, lanes: L, tile: &Tile, dimension: usize) -> u32 {
        if self.unknowns[dimension] == UNBUILT {
            self.unknowns[dimension] = self.marked(lanes, tile, dimension, &[(0, 0)], false);
        }
        self.unknowns[dimension]
    }

    /// A plane of rows with no code or one that is too coarse for an atom.
    #[inline(always)]
    fn unsure<L: Lanes>(&mut self, lanes: L, tile: &Tile, atom: &Atom, once: bool) -> u32 {
        let mut ranges = atom.unsure.to_vec();
        if !atom.known {
            ranges.insert(0, (0, 0));
        }
        self.marked(lanes, tile, atom.dimension as usize, &ranges, once)
    }

    /// A new plane of the rows whose code lies in the ranges.
    #[inline(always)]
    fn marked<L: Lanes>(
        &mut self,
        lanes: L,
        tile: &Tile,
        dimension: usize,
        ranges: &[(u16, u16)],
        once: bool,
    ) -> u32 {
        let slot = self.slot(once);
        let column = tile.column(dimension);
        let any = column.mark(lanes, ranges, &mut self.planes[slot]);
        self.unless_empty(slot, any, once)
    }

    /// The latest slot, or that of no row: what nobody meets refuses rules without being computed.
    #[inline(always)]
    fn unless_empty(&mut self, slot: usize, any: bool, once: bool) -> u32 {
        match (any, once) {
            (true, _) => return slot as u32,
            (false, true) => self.passing = slot,
            (false, false) => self.used = slot,
        }
        NO_ROW
    }

    /// The same, as differences of planes that all conditions on the dimension share.
    fn between(
        &mut self,
        tile: &Tile,
        dimension: usize,
        borders: &[u16],
        ranges: &[(u16, u16)],
        once: bool,
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
        let mut plane = ZEROS;
        for (from, to) in ranges {
            let (low, high) = (&self.planes[border(*from)], &self.planes[border(to + 1)]);
            for i in 0..WORDS {
                plane[i] |= high[i] & !low[i];
            }
        }
        let any = plane.iter().any(|word| *word != 0);
        let slot = self.slot(once);
        self.planes[slot] = plane;
        self.unless_empty(slot, any, once)
    }

    /// A plane for the rule in hand or for the tile.
    #[inline(always)]
    fn slot(&mut self, once: bool) -> usize {
        if !once {
            return self.slots(1);
        }
        self.passing += 1;
        self.passing - 1
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
    once: bool,
}

impl Work for Unsure<'_> {
    type Output = u32;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> u32 {
        let Self {
            bench,
            tile,
            atom,
            once,
        } = self;
        bench.unsure(lanes, tile, atom, once)
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
    (FIRST + all + unsure + borders + dimensions, all)
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

/// The parts from one on; some of them, or all.
#[inline(always)]
fn part<const N: usize>(plane: &Plane, from: usize) -> &[Part; N] {
    let parts: &[Part] = plane.as_chunks().0;
    &parts.as_chunks().0[from / N]
}
