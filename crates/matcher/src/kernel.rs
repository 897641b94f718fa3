//! Rules on tiles.

use crate::{
    lower::Literal,
    plan::{Constant, Local, LocalRule},
    planes::{self, ONES, Plane, Planes, ZEROS},
    program::Token,
    store::{Column, Store, Tile},
};

/// Slots of the planes that every tile has.
const NO_ROW: u32 = 0;
const EVERY_ROW: u32 = 1;
const UNBUILT: u32 = u32::MAX;
/// Up to so many borders, comparing codes is cheaper than sorting rows.
const BORDERS_MARKED: usize = 6;

/// An atom's planes in the current tile.
#[derive(Debug, Clone, Copy)]
struct Built {
    yes: u32,
    unknown: u32,
}

/// The planes of one tile, built when a rule first asks; one for each thread.
pub(crate) struct Bench {
    planes: Vec<Plane>,
    used: usize,
    atoms: Vec<Built>,
    unknowns: Vec<u32>,
    /// The first of a dimension's planes of codes below its borders.
    below: Vec<u32>,
    /// An “and” of nothing over the tile's rows.
    start: Planes,
    tile: Tile,
    number: usize,
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

impl Bench {
    pub fn new() -> Self {
        Self {
            planes: vec![ZEROS, ONES],
            used: 2,
            atoms: Vec::new(),
            unknowns: Vec::new(),
            below: Vec::new(),
            start: Planes::all(0),
            tile: Tile { start: 0, len: 0 },
            number: 0,
        }
    }

    /// Bytes that a tile of a program needs at most.
    pub fn bytes(atoms: usize, borders: usize, dimensions: usize) -> usize {
        (atoms + borders + dimensions + 2) * size_of::<Plane>() + atoms * size_of::<Built>()
    }

    /// Turns to another tile.
    pub fn turn(&mut self, store: &Store<'_, '_>, number: usize, local: &Local) {
        let unbuilt = Built {
            yes: UNBUILT,
            unknown: UNBUILT,
        };
        self.tile = store.tiles[number];
        self.number = number;
        self.used = 2;
        self.atoms.clear();
        self.atoms.resize(local.atoms.len(), unbuilt);
        self.unknowns.clear();
        self.unknowns.resize(store.columns.len(), UNBUILT);
        self.below.clear();
        self.below.resize(store.columns.len(), UNBUILT);
        self.start = Planes::all(self.tile.len);
    }

    /// A rule's answer for the current tile; `None` when there is nothing to say.
    pub fn ask<const NEAR: bool>(
        &mut self,
        store: &Store<'_, '_>,
        local: &Local,
        rule: &LocalRule,
    ) -> Option<Said> {
        let mut state = self.start.clone();
        let tokens = &local.tokens[rule.verdict.clone()];
        let alive = self.all::<NEAR>(store, local, tokens, &mut state);
        let near = match &rule.distance {
            Some(distance) if NEAR => {
                let mut state = self.start.clone();
                self.all::<NEAR>(store, local, &local.tokens[distance.clone()], &mut state);
                near(&state)
            }
            _ if !alive => return None,
            _ if NEAR => near(&state),
            _ => ZEROS,
        };
        let (mut met, mut unknown) = (state.certain, state.possible);
        let mut any = [0; 3];
        for i in 0..planes::WORDS {
            // The machine cannot settle what people verify.
            met[i] = if rule.manual { 0 } else { met[i] };
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

    fn all<const NEAR: bool>(
        &mut self,
        store: &Store<'_, '_>,
        local: &Local,
        tokens: &[Token],
        state: &mut Planes,
    ) -> bool {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let alive = match *token {
                Token::Literal(literal) => {
                    let built = self.atom(store, local, literal);
                    if built.yes == EVERY_ROW && !literal.negated {
                        continue;
                    }
                    let (yes, unknown) = self.built(built);
                    state.and_literal::<NEAR>(yes, unknown, literal.negated, literal.fixed)
                }
                Token::All(length) => {
                    let inside = &tokens[at..at + length as usize];
                    at += inside.len();
                    let mut part = Planes::all(planes::ROWS);
                    self.all::<NEAR>(store, local, inside, &mut part);
                    state.and_planes::<NEAR>(&part)
                }
                Token::Any(length) => {
                    let inside = &tokens[at..at + length as usize];
                    at += inside.len();
                    let part = self.any::<NEAR>(store, local, inside);
                    state.and_planes::<NEAR>(&part)
                }
            };
            if !alive {
                return false;
            }
        }
        true
    }

    fn any<const NEAR: bool>(
        &mut self,
        store: &Store<'_, '_>,
        local: &Local,
        tokens: &[Token],
    ) -> Planes {
        let mut state = Planes::any();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match *token {
                Token::Literal(literal) => {
                    let built = self.atom(store, local, literal);
                    let (yes, unknown) = self.built(built);
                    state.or_literal::<NEAR>(yes, unknown, literal.negated, literal.fixed);
                }
                Token::All(length) => {
                    let inside = &tokens[at..at + length as usize];
                    at += inside.len();
                    let mut part = Planes::all(planes::ROWS);
                    self.all::<NEAR>(store, local, inside, &mut part);
                    state.or_planes::<NEAR>(&part);
                }
                Token::Any(length) => {
                    let inside = &tokens[at..at + length as usize];
                    at += inside.len();
                    let part = self.any::<NEAR>(store, local, inside);
                    state.or_planes::<NEAR>(&part);
                }
            }
        }
        state
    }

    fn built(&self, built: Built) -> (&Plane, &Plane) {
        (
            &self.planes[built.yes as usize],
            &self.planes[built.unknown as usize],
        )
    }

    fn atom(&mut self, store: &Store<'_, '_>, local: &Local, literal: Literal) -> Built {
        let built = self.atoms[literal.atom as usize];
        if built.yes != UNBUILT {
            return built;
        }
        let built = self.build(store, local, local.atoms[literal.atom as usize]);
        self.atoms[literal.atom as usize] = built;
        built
    }

    fn build(&mut self, store: &Store<'_, '_>, local: &Local, number: u32) -> Built {
        let atom = &store.program.atoms[number as usize];
        let dimension = atom.dimension as usize;
        let zone = store.tile_zones(self.number)[dimension];
        let (yes, unknown) = match zone.constant(atom) {
            Constant::True => (EVERY_ROW, NO_ROW),
            Constant::False => (NO_ROW, NO_ROW),
            Constant::Unknown => (NO_ROW, EVERY_ROW),
            Constant::No => {
                let column = &store.columns[dimension];
                let unknown = match zone.any_unknown() && !atom.known {
                    true => self.unknown(column, dimension),
                    false => NO_ROW,
                };
                let borders = &local.borders[dimension];
                let yes = match borders.len() > BORDERS_MARKED {
                    true => self.between(column, dimension, borders, &atom.ranges),
                    false => self.marked(column, &atom.ranges),
                };
                (yes, unknown)
            }
        };
        Built { yes, unknown }
    }

    fn unknown(&mut self, column: &Column, dimension: usize) -> u32 {
        if self.unknowns[dimension] == UNBUILT {
            self.unknowns[dimension] = self.marked(column, &[(0, 0)]);
        }
        self.unknowns[dimension]
    }

    /// A new plane of the rows whose code lies in the ranges.
    fn marked(&mut self, column: &Column, ranges: &[(u16, u16)]) -> u32 {
        let slot = self.slots(1);
        let plane = &mut self.planes[slot];
        let Tile { start, len } = self.tile;
        match column {
            Column::Narrow(codes) => planes::mark(&codes[start..start + len], ranges, plane),
            Column::Wide(codes) => planes::mark(&codes[start..start + len], ranges, plane),
        }
        slot as u32
    }

    /// The same, as differences of planes that all conditions on the dimension share.
    fn between(
        &mut self,
        column: &Column,
        dimension: usize,
        borders: &[u16],
        ranges: &[(u16, u16)],
    ) -> u32 {
        if self.below[dimension] == UNBUILT {
            let first = self.slots(borders.len());
            let planes = &mut self.planes[first..first + borders.len()];
            let Tile { start, len } = self.tile;
            match column {
                Column::Narrow(codes) => planes::below(&codes[start..start + len], borders, planes),
                Column::Wide(codes) => planes::below(&codes[start..start + len], borders, planes),
            }
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
fn near(state: &Planes) -> Plane {
    std::array::from_fn(|i| !state.certain[i] & !state.far[i])
}
