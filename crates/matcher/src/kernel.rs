//! Rules on tiles.

use std::ops::Range;

use crate::{
    cut::{Group, Local, LocalRule, Step},
    lanes::Lanes,
    plan::Constant,
    planes::{ONES, PART, Part, Plane, State, WORDS, ZEROS},
    program::{Atom, Program},
    store::Tile,
    table::Chunk,
};

/// Slots of the planes that every tile has.
const NO_ROW: u32 = 0;
const EVERY_ROW: u32 = 1;
const UNBUILT: u32 = u32::MAX;

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
    around: Vec<State>,
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
#[derive(Debug)]
pub(crate) struct Said {
    pub met: Plane,
    pub unknown: Plane,
    pub near: Plane,
    /// Is any row met, unknown, near? Most often one of them is empty and need not be counted.
    pub any: [bool; 3],
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
        }
    }

    /// Bytes that a tile needs at most.
    pub fn bytes<'a>(
        atoms: impl Iterator<Item = &'a Atom>,
        borders: usize,
        dimensions: usize,
    ) -> usize {
        let (planes, atoms) = planes(atoms, borders, dimensions);
        planes * size_of::<Plane>() + atoms * size_of::<Built>()
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
        self.atoms.extend(local.atoms.iter().map(|number| {
            let atom = &program.atoms[*number as usize];
            match tile.zones[atom.dimension as usize].constant(atom) {
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
        let borders = local.borders.iter().map(Vec::len).sum();
        let (most, _) = planes(atoms, borders, program.dimensions.len());
        if most > self.planes.capacity() {
            // Exactly what may be needed, and never old and new at once: the bound is the caller's.
            self.planes = Vec::new();
            self.planes.reserve_exact(most);
            self.planes.extend([ZEROS, ONES]);
        }
    }

    /// A rule's answer for the current tile; `None` when there is nothing to say.
    #[inline(always)]
    pub fn ask<L: Lanes, const NEAR: bool>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        rule: &LocalRule,
    ) -> Option<Said> {
        let mut said = Said::NOTHING;
        // The machine cannot settle what people verify.
        let settled = if rule.manual { 0 } else { u64::MAX };
        let own_distance = rule.distance.as_ref().filter(|_| NEAR);
        if self.wire::<L, NEAR>(lanes, place, &rule.verdict) {
            match own_distance {
                Some(_) => self.run::<false, true>(place, &mut said, settled),
                None => self.run::<NEAR, true>(place, &mut said, settled),
            }
        }
        if let Some(distance) = own_distance
            && self.wire::<L, NEAR>(lanes, place, distance)
        {
            self.run::<NEAR, false>(place, &mut said, settled);
        }
        said.any.contains(&true).then_some(said)
    }

    /// Looks up what the steps of a rule read, building it where nobody asked yet; `false` when no
    /// row could be met or, with `NEAR`, near.
    #[inline(always)]
    fn wire<L: Lanes, const NEAR: bool>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        steps: &Range<usize>,
    ) -> bool {
        let steps = &place.local.steps[steps.clone()];
        if self.hopeless::<NEAR>(steps) {
            return false;
        }
        self.wires.clear();
        let (mut depth, mut any, mut missing) = (0_u32, false, 0);
        for step in steps {
            let wire = match *step {
                Step::Literal(literal) => {
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
                Step::Open(group) => {
                    depth += 1;
                    any = group == Group::Any;
                    Wire::Open(group)
                }
                Step::Close(around) => {
                    depth -= 1;
                    any = around == Group::Any;
                    Wire::Close(around)
                }
            };
            self.wires.push(wire);
        }
        true
    }

    /// Computes the rule in hand, part of the rows after part, and notes its verdict and distance.
    #[inline(always)]
    fn run<const NEAR: bool, const VERDICT: bool>(
        &mut self,
        place: Place<'_>,
        said: &mut Said,
        settled: u64,
    ) {
        let planes = &self.planes;
        let alive: &[Part] = place.chunk.alive.as_chunks().0;
        for (at, alive) in alive.iter().enumerate() {
            let mut state = State::all(alive);
            for wire in &self.wires {
                match wire {
                    Wire::And(input) => state.and::<NEAR>(&input.state(planes, at)),
                    Wire::Or(input) => state.or::<NEAR>(&input.state(planes, at)),
                    Wire::Open(group) => {
                        self.around.push(state);
                        state = match group {
                            Group::Any => State::any(),
                            Group::All => State::all(&[u64::MAX; PART]),
                        };
                    }
                    Wire::Close(around) => {
                        let inner = state;
                        state = self.around.pop().unwrap_or(inner);
                        match around {
                            Group::Any => state.or::<NEAR>(&inner),
                            Group::All => state.and::<NEAR>(&inner),
                        }
                    }
                }
            }
            if VERDICT {
                said.verdict(at, &state, settled);
            }
            if NEAR {
                said.distance(at, &state);
            }
        }
    }

    /// Do the conditions that are the same for the whole tile refuse it?
    #[inline(always)]
    fn hopeless<const NEAR: bool>(&self, steps: &[Step]) -> bool {
        let mut missing = 0;
        for step in steps {
            let Step::Literal(literal) = step else { break };
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
            _ if zone.meets(&atom.unsure) => self.unsure(lanes, tile, atom),
            true => self.unknown(lanes, tile, dimension),
            false => NO_ROW,
        };
        let borders = &place.local.borders[dimension];
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
    #[inline(never)]
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
        column.mark(lanes, ranges, &mut self.planes[slot]);
        self.unless_empty(slot)
    }

    /// The latest slot, or that of no row: what nobody meets refuses rules without being computed.
    #[inline(always)]
    fn unless_empty(&mut self, slot: usize) -> u32 {
        let parts: &[Part] = self.planes[slot].as_chunks().0;
        if parts.iter().any(is_any) {
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
        self.unless_empty(slot)
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
    /// The literal for a part of the rows.
    #[inline(always)]
    fn state(&self, planes: &[Plane], at: usize) -> State {
        let yes = &planes[self.yes as usize].as_chunks().0[at];
        let unknown = &planes[self.unknown as usize].as_chunks().0[at];
        State::literal(yes, unknown, self.negated, self.fixed)
    }
}

impl Said {
    const NOTHING: Self = Self {
        met: ZEROS,
        unknown: ZEROS,
        near: ZEROS,
        any: [false; 3],
    };

    #[inline(always)]
    fn verdict(&mut self, at: usize, state: &State, settled: u64) {
        let (mut met, mut unknown) = (state.certain, state.possible);
        for i in 0..PART {
            met[i] &= settled;
            unknown[i] &= !met[i];
        }
        self.met.as_chunks_mut().0[at] = met;
        self.unknown.as_chunks_mut().0[at] = unknown;
        self.any[0] |= is_any(&met);
        self.any[1] |= is_any(&unknown);
    }

    /// Exactly one condition is missing.
    #[inline(always)]
    fn distance(&mut self, at: usize, state: &State) {
        let mut near = state.certain;
        for (near, far) in near.iter_mut().zip(&state.far) {
            *near = !(*near | far);
        }
        self.near.as_chunks_mut().0[at] = near;
        self.any[2] |= is_any(&near);
    }
}

#[inline(always)]
fn is_any(part: &Part) -> bool {
    let mut all = 0;
    for word in part {
        all |= word;
    }
    all != 0
}
