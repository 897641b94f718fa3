//! Rules on tiles.

use crate::{
    cut::{Group, Local, LocalRule, Step},
    lanes::Lanes,
    lower::Literal,
    plan::Constant,
    planes::{self, ONES, Plane, Planes, ZEROS},
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
    /// The state of each open group of a rule, the rule itself first.
    levels: Vec<Planes>,
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
            levels: vec![Planes::any()],
        }
    }

    /// Bytes that a tile of a program needs at most.
    pub fn bytes(atoms: usize, borders: usize, dimensions: usize) -> usize {
        (atoms + borders + dimensions + 2) * size_of::<Plane>() + atoms * size_of::<Built>()
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
    }

    /// A rule's answer for the current tile; `None` when there is nothing to say.
    #[inline(always)]
    pub fn ask<L: Lanes, const NEAR: bool>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        rule: &LocalRule,
    ) -> Option<Said> {
        let steps = &place.local.steps[rule.verdict.clone()];
        let alive = self.follow::<L, NEAR>(lanes, place, steps);
        let near = match &rule.distance {
            Some(distance) if NEAR => {
                let verdict = match alive {
                    true => self.levels[0].clone(),
                    false => Planes::any(),
                };
                let steps = &place.local.steps[distance.clone()];
                let alive = self.follow::<L, NEAR>(lanes, place, steps);
                let near = if alive { near(&self.levels[0]) } else { ZEROS };
                self.levels[0] = verdict;
                near
            }
            _ if !alive => return None,
            _ if NEAR => near(&self.levels[0]),
            _ => ZEROS,
        };
        let state = &self.levels[0];
        let (mut met, mut unknown) = (state.certain, state.possible);
        let mut any = [0; 3];
        // The machine cannot settle what people verify.
        let settled = if rule.manual { 0 } else { u64::MAX };
        for i in 0..planes::WORDS {
            met[i] &= settled;
            unknown[i] &= !met[i];
            any[0] |= met[i];
            any[1] |= unknown[i];
            any[2] |= near[i];
        }
        let any = any.map(|word| word != 0);
        any.contains(&true).then_some(Said {
            met,
            unknown,
            near,
            any,
        })
    }

    /// Follows the steps of a rule; `false` when no row is left that could be met or, with
    /// `NEAR`, near.
    #[inline(always)]
    fn follow<L: Lanes, const NEAR: bool>(
        &mut self,
        lanes: L,
        place: Place<'_>,
        steps: &[Step],
    ) -> bool {
        if self.hopeless::<NEAR>(steps) {
            return false;
        }
        self.levels[0] = Planes::all(&place.chunk.alive);
        let (mut depth, mut any) = (0, false);
        for step in steps {
            let mut alive = true;
            match *step {
                Step::Literal(literal) => {
                    let built = self.atom(lanes, place, literal.atom);
                    if built == Built::TRUE && !literal.negated && !any {
                        continue;
                    }
                    let Literal { negated, fixed, .. } = literal;
                    let state = &mut self.levels[depth];
                    let yes = &self.planes[built.yes as usize];
                    let unknown = &self.planes[built.unknown as usize];
                    if any {
                        state.or_literal::<NEAR>(yes, unknown, negated, fixed);
                    } else {
                        alive = state.and_literal::<NEAR>(yes, unknown, negated, fixed);
                    }
                }
                Step::Open(group) => {
                    depth += 1;
                    if depth == self.levels.len() {
                        self.levels.push(Planes::any());
                    }
                    any = group == Group::Any;
                    self.levels[depth] = match group {
                        Group::Any => Planes::any(),
                        Group::All => Planes::all(&ONES),
                    };
                }
                Step::Close(around) => {
                    let (outer, inner) = self.levels.split_at_mut(depth);
                    depth -= 1;
                    any = around == Group::Any;
                    match around {
                        Group::Any => outer[depth].or_planes::<NEAR>(&inner[0]),
                        Group::All => alive = outer[depth].and_planes::<NEAR>(&inner[0]),
                    }
                }
            }
            if depth == 0 && !alive {
                return false;
            }
        }
        true
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
        slot as u32
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
            for i in 0..planes::WORDS {
                fresh[0][i] |= high[i] & !low[i];
            }
        }
        slot as u32
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

/// Exactly one condition is missing.
#[inline(always)]
fn near(state: &Planes) -> Plane {
    std::array::from_fn(|i| !state.certain[i] & !state.far[i])
}
