//! Programs cut down to what differs from row to row in a segment.

use std::ops::Range;

use crate::{
    lower::Literal,
    plan::{Constant, Order, Ordered, Zone, parts},
    program::{Atom, Token},
};

/// How the parts of a group are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    All,
    Any,
}

/// One step of a rule cut down; the outermost group is an “and”.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// With the number of a local atom.
    Literal(Literal),
    Open(Group),
    /// Ends a group; with the kind of the one around it.
    Close(Group),
}

/// One item's programs within a [`Local`].
#[derive(Debug)]
pub(crate) struct LocalRule {
    pub item: u32,
    pub verdict: Range<usize>,
    pub distance: Option<Range<usize>>,
    pub manual: bool,
}

/// Rules cut down for one segment; atoms are numbered densely.
#[derive(Debug, Default)]
pub(crate) struct Local {
    /// The program's numbers of the atoms.
    pub atoms: Vec<u32>,
    pub steps: Vec<Step>,
    pub rules: Vec<LocalRule>,
    /// For each dimension the codes at which the ranges of its atoms begin and end.
    pub borders: Vec<Vec<u16>>,
}

impl Local {
    fn note_borders(&mut self, atoms: &[Atom], dimensions: usize) {
        self.borders.resize(dimensions, Vec::new());
        self.borders.iter_mut().for_each(Vec::clear);
        for number in &self.atoms {
            let atom = &atoms[*number as usize];
            let borders = &mut self.borders[atom.dimension as usize];
            borders.extend(atom.ranges.iter().flat_map(|(from, to)| [*from, to + 1]));
        }
        for borders in &mut self.borders {
            borders.sort_unstable();
            borders.dedup();
        }
    }
}

/// What is known of part of a rule for all rows of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folded {
    /// Met by all.
    True,
    /// Met by none, and one condition is missing for all.
    Near,
    /// Met by none, and more conditions are missing for all.
    Dead,
    Open,
}

/// Cuts programs down, segment after segment.
pub(crate) struct Cutter<'a> {
    atoms: &'a [Atom],
    constants: Vec<Option<Constant>>,
    numbers: Vec<u32>,
    /// Atoms with a constant or a number of the current segment.
    seen: Vec<u32>,
    near: bool,
}

const NONE: u32 = u32::MAX;

impl<'a> Cutter<'a> {
    pub fn new(atoms: &'a [Atom]) -> Self {
        Self {
            atoms,
            constants: vec![None; atoms.len()],
            numbers: vec![NONE; atoms.len()],
            seen: Vec::new(),
            near: true,
        }
    }

    /// The same for all rules; those of other places are passed over together.
    pub fn cut_all(&mut self, order: &Order, zones: &[Zone], near: bool, local: &mut Local) {
        let atoms = self.atoms;
        let elsewhere = |gate: Option<u32>| {
            gate.is_some_and(|gate| {
                let atom = &atoms[gate as usize];
                zones[atom.dimension as usize].constant(atom) == Constant::False
            })
        };
        let here = order.places.iter().filter(|place| !elsewhere(place.gate));
        let rules = here.flat_map(|place| &order.rules[place.rules.clone()]);
        self.cut(rules, zones, near, local);
    }

    /// The programs that remain of these rules among rows of these zones. Rules that nobody there
    /// meets, may meet or (with `near`) nearly meets are left out.
    pub fn cut<'r>(
        &mut self,
        rules: impl IntoIterator<Item = &'r Ordered>,
        zones: &[Zone],
        near: bool,
        local: &mut Local,
    ) {
        self.near = near;
        for atom in self.seen.drain(..) {
            self.constants[atom as usize] = None;
            self.numbers[atom as usize] = NONE;
        }
        local.atoms.clear();
        local.steps.clear();
        local.rules.clear();
        for Ordered { item, rule } in rules {
            let start = local.steps.len();
            let folded = self.all(&rule.verdict, zones, local);
            let verdict = start..local.steps.len();
            let own_distance = rule.distance.as_deref().filter(|_| near);
            let distance = own_distance.map(|tokens| {
                let folded = self.all(tokens, zones, local);
                (folded, verdict.end..local.steps.len())
            });
            // With a program of its own the distance says nothing of the verdict.
            let keep = match &distance {
                Some((distance, _)) => {
                    !matches!(folded, Folded::Dead | Folded::Near) || *distance != Folded::Dead
                }
                None => folded != Folded::Dead,
            };
            if !keep {
                local.steps.truncate(start);
                continue;
            }
            local.rules.push(LocalRule {
                item: *item,
                verdict,
                distance: distance.map(|(_, steps)| steps),
                manual: rule.manual,
            });
        }
        local.note_borders(self.atoms, zones.len());
    }

    /// Adds what remains of a part, within a group; nothing when it is the neutral of the group.
    fn part(&mut self, part: &[Token], around: Group, zones: &[Zone], local: &mut Local) -> Folded {
        let (group, inside) = match part {
            [Token::Literal(literal), ..] => return self.literal(*literal, around, zones, local),
            [Token::Any(_), inside @ ..] => (Group::Any, inside),
            [Token::All(_), inside @ ..] => (Group::All, inside),
            [] => return Folded::True,
        };
        let start = local.steps.len();
        local.steps.push(Step::Open(group));
        let folded = match group {
            Group::Any => self.any(inside, zones, local),
            Group::All => self.all(inside, zones, local),
        };
        let neutral = match around {
            Group::All => Folded::True,
            Group::Any => Folded::Dead,
        };
        match folded == neutral {
            true => local.steps.truncate(start),
            false => local.steps.push(Step::Close(around)),
        }
        folded
    }

    #[inline]
    fn literal(
        &mut self,
        literal: Literal,
        around: Group,
        zones: &[Zone],
        local: &mut Local,
    ) -> Folded {
        let at = literal.atom as usize;
        let (atoms, seen) = (self.atoms, &mut self.seen);
        let constant = *self.constants[at].get_or_insert_with(|| {
            seen.push(literal.atom);
            let atom = &atoms[at];
            zones[atom.dimension as usize].constant(atom)
        });
        let folded = match (constant, literal.negated) {
            (Constant::True, false) | (Constant::False, true) => Folded::True,
            (Constant::True, true) | (Constant::False, false) => {
                match literal.fixed || !self.near {
                    true => Folded::Dead,
                    false => Folded::Near,
                }
            }
            (Constant::Unknown | Constant::No, _) => Folded::Open,
        };
        let neutral = match around {
            Group::All => folded == Folded::True,
            Group::Any => folded == Folded::Dead,
        };
        if !neutral {
            if self.numbers[at] == NONE {
                self.numbers[at] = local.atoms.len() as u32;
                local.atoms.push(literal.atom);
            }
            let atom = self.numbers[at];
            local.steps.push(Step::Literal(Literal { atom, ..literal }));
        }
        folded
    }

    /// Adds what remains of an “and”; once nothing can be met the rest is left out, for the group
    /// around it drops the steps or keeps one that fails.
    fn all(&mut self, tokens: &[Token], zones: &[Zone], local: &mut Local) -> Folded {
        let (mut near, mut open) = (0, false);
        for part in parts(tokens) {
            match self.part(part, Group::All, zones, local) {
                Folded::True => {}
                Folded::Open => open = true,
                Folded::Near => near += 1,
                Folded::Dead => return Folded::Dead,
            }
            if near == 2 {
                return Folded::Dead;
            }
        }
        match (near, open) {
            (0, false) => Folded::True,
            (1, false) => Folded::Near,
            _ => Folded::Open,
        }
    }

    fn any(&mut self, tokens: &[Token], zones: &[Zone], local: &mut Local) -> Folded {
        let mut best = Folded::Dead;
        for part in parts(tokens) {
            match self.part(part, Group::Any, zones, local) {
                Folded::True => return Folded::True,
                Folded::Open => best = Folded::Open,
                Folded::Near if best == Folded::Dead => best = Folded::Near,
                Folded::Near | Folded::Dead => {}
            }
        }
        best
    }
}
