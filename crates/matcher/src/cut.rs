//! Programs cut down to what differs from row to row in a segment.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

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

/// One step of a rule cut down; the outermost group is an “and”. Packed into a word, for a segment
/// has some ten thousand of them beside the planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step(u32);

/// A [`Step`] unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// With the number of a local atom.
    Literal(Literal),
    Open(Group),
    /// Ends a group; with the kind of the one around it.
    Close(Group),
}

impl Step {
    const GROUP: u32 = 1 << 31;
    const NEGATED: u32 = 1 << 30;
    const FIXED: u32 = 1 << 29;
    const ATOM: u32 = Self::FIXED - 1;
    const OPEN: u32 = 1;
    const ANY: u32 = 2;

    #[inline]
    fn literal(literal: Literal) -> Self {
        let negated = if literal.negated { Self::NEGATED } else { 0 };
        let fixed = if literal.fixed { Self::FIXED } else { 0 };
        Self(literal.atom | negated | fixed)
    }

    fn open(group: Group) -> Self {
        Self(Self::close(group).0 | Self::OPEN)
    }

    fn close(around: Group) -> Self {
        Self(Self::GROUP | if around == Group::Any { Self::ANY } else { 0 })
    }

    #[inline(always)]
    pub fn read(self) -> Read {
        if self.0 & Self::GROUP == 0 {
            return Read::Literal(Literal {
                atom: self.0 & Self::ATOM,
                negated: self.0 & Self::NEGATED != 0,
                fixed: self.0 & Self::FIXED != 0,
            });
        }
        let group = match self.0 & Self::ANY {
            0 => Group::All,
            _ => Group::Any,
        };
        match self.0 & Self::OPEN {
            0 => Read::Close(group),
            _ => Read::Open(group),
        }
    }
}

/// Where the steps of a rule are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    from: u32,
    to: u32,
}

/// One item's programs within a [`Local`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalRule {
    pub item: u32,
    from: u32,
    to: u32,
    /// The end of the steps of its own that the distance has; `to` when it has none.
    end: u32,
    flags: u8,
}

impl LocalRule {
    const MANUAL: u8 = 1;
    const APART: u8 = 2;

    #[inline(always)]
    pub fn verdict(&self) -> Steps {
        Steps {
            from: self.from,
            to: self.to,
        }
    }

    #[inline(always)]
    pub fn distance(&self) -> Option<Steps> {
        (self.flags & Self::APART != 0).then_some(Steps {
            from: self.to,
            to: self.end,
        })
    }

    #[inline(always)]
    pub fn manual(&self) -> bool {
        self.flags & Self::MANUAL != 0
    }
}

/// What tells of most atoms whether they are constant among some rows, side by side in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    dimension: u32,
    /// A range of codes; of an atom of another form, nothing.
    from: u16,
    to: u16,
}

impl Span {
    fn of(atom: &Atom) -> Self {
        let (from, to) = match &*atom.ranges {
            [range] if !atom.known && atom.unsure.is_empty() => *range,
            _ => (1, 0),
        };
        Self {
            dimension: atom.dimension,
            from,
            to,
        }
    }

    #[inline(always)]
    pub fn dimension(self) -> usize {
        self.dimension as usize
    }

    /// The codes for which the atom is true, which is unknown for none but 0; `None` of one of another
    /// form.
    #[inline(always)]
    pub fn range(self) -> Option<(u16, u16)> {
        (self.from <= self.to).then_some((self.from, self.to))
    }

    /// An atom's truth for all rows of a tile.
    #[inline]
    pub fn constant<'a>(self, zones: &[Zone], atom: impl FnOnce() -> &'a Atom) -> Constant {
        let zone = zones[self.dimension as usize];
        match self.range() {
            Some((from, to)) => zone.within(from, to),
            None => zone.constant(atom()),
        }
    }
}

/// Rules cut down for one segment; atoms are numbered densely.
#[derive(Debug, Default)]
pub(crate) struct Local {
    /// The program's numbers of the atoms.
    pub atoms: Vec<u32>,
    /// The same atoms as every tile asks of them.
    pub spans: Vec<Span>,
    /// Which of them a single step of all rules reads.
    pub once: Vec<bool>,
    /// Planes that one rule needs at most for such atoms.
    pub passing: usize,
    steps: Vec<Step>,
    pub rules: Vec<LocalRule>,
    /// The codes at which the ranges of its atoms begin and end, dimension by dimension.
    borders: Vec<u16>,
    /// Where those of each dimension end.
    ends: Vec<u32>,
}

impl Local {
    #[inline(always)]
    pub fn steps(&self, steps: Steps) -> &[Step] {
        &self.steps[steps.from as usize..steps.to as usize]
    }

    fn bytes(&self) -> usize {
        self.atoms.len() * (size_of::<u32>() + size_of::<Span>() + size_of::<bool>())
            + self.steps.len() * size_of::<Step>()
            + self.rules.len() * size_of::<LocalRule>()
            + self.borders.len() * size_of::<u16>()
            + self.ends.len() * size_of::<u32>()
    }

    /// The codes at which the ranges of a dimension's atoms begin and end, ascending.
    #[inline(always)]
    pub fn borders(&self, dimension: usize) -> &[u16] {
        let from = dimension
            .checked_sub(1)
            .map_or(0, |before| self.ends[before]);
        &self.borders[from as usize..self.ends[dimension] as usize]
    }

    /// Borders of all dimensions.
    #[inline(always)]
    pub fn all_borders(&self) -> usize {
        self.borders.len()
    }

    fn note_uses(&mut self, atoms: &[Atom]) {
        let literal = |step: &Step| match step.read() {
            Read::Literal(literal) => Some(literal.atom as usize),
            Read::Open(_) | Read::Close(_) => None,
        };
        let mut again = vec![false; self.atoms.len()];
        self.once.clear();
        self.once.resize(self.atoms.len(), false);
        for atom in self.steps.iter().filter_map(literal) {
            again[atom] |= self.once[atom];
            self.once[atom] = true;
        }
        for (once, again) in self.once.iter_mut().zip(again) {
            *once &= !again;
        }
        let planes = |atom: usize| match self.once[atom] {
            true => 1 + usize::from(!atoms[self.atoms[atom] as usize].unsure.is_empty()),
            false => 0,
        };
        let needed = self.rules.iter().map(|rule| {
            let steps = &self.steps[rule.from as usize..rule.end as usize];
            steps.iter().filter_map(literal).map(planes).sum()
        });
        self.passing = needed.max().unwrap_or_default();
    }

    fn note_borders(&mut self, atoms: &[Atom], dimensions: usize) {
        let atoms = self.atoms.iter().map(|number| &atoms[*number as usize]);
        let both = atoms.flat_map(|atom| {
            let ends = atom.ranges.iter().flat_map(|(from, to)| [*from, to + 1]);
            ends.map(|border| (atom.dimension, border))
        });
        let mut both: Vec<(u32, u16)> = both.collect();
        both.sort_unstable();
        both.dedup();
        self.ends.clear();
        self.ends.resize(dimensions, 0);
        for (dimension, _) in &both {
            self.ends[*dimension as usize] += 1;
        }
        let mut end = 0;
        for count in &mut self.ends {
            end += *count;
            *count = end;
        }
        self.borders.clear();
        self.borders.extend(both.iter().map(|(_, border)| border));
    }
}

/// Bytes of cut rules that are kept; those of further counties are cut anew each time.
const KEPT: usize = 64 << 20;

/// The rules cut down for each county, kept from the first question on.
#[derive(Clone, Default)]
pub(crate) struct Cuts {
    counties: Vec<Arc<OnceLock<Kept>>>,
    bytes: Arc<AtomicUsize>,
}

/// One county's rules; the last clone that holds them gives their bytes back.
struct Kept {
    local: Arc<Local>,
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Cuts {
    /// Room for so many counties.
    pub fn fit(&mut self, counties: usize) {
        self.counties.resize_with(counties, Arc::default);
    }

    /// The rules of a county, cut when nobody has asked yet.
    pub fn of(&self, county: usize, cut: impl FnOnce() -> Local) -> Arc<Local> {
        let kept = &self.counties[county];
        if let Some(kept) = kept.get() {
            return Arc::clone(&kept.local);
        }
        let mut local = cut();
        local.steps.shrink_to_fit();
        local.rules.shrink_to_fit();
        let local = Arc::new(local);
        let bytes = local.bytes();
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let keep = Kept {
            local: Arc::clone(&local),
            bytes,
            all: Arc::clone(&self.bytes),
        };
        if before + bytes <= KEPT {
            // when another thread was faster, this one is dropped
            let _ = kept.set(keep);
        }
        local
    }

    /// What was constant in a county may not be any more.
    pub fn forget(&mut self, county: usize) {
        self.counties[county] = Arc::default();
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
}

const NONE: u32 = u32::MAX;

impl<'a> Cutter<'a> {
    pub fn new(atoms: &'a [Atom]) -> Self {
        Self {
            atoms,
            constants: vec![None; atoms.len()],
            numbers: vec![NONE; atoms.len()],
            seen: Vec::new(),
        }
    }

    /// Bytes that one for so many atoms needs at most.
    pub fn bytes(atoms: usize) -> usize {
        // what is seen grows by doubling
        atoms * (size_of::<Option<Constant>>() + 3 * size_of::<u32>())
    }

    /// The same for all rules; those of other places are passed over together.
    pub fn cut_all(&mut self, order: &Order, zones: &[Zone], local: &mut Local) {
        let atoms = self.atoms;
        let elsewhere = |gate: Option<u32>| {
            gate.is_some_and(|gate| {
                let atom = &atoms[gate as usize];
                zones[atom.dimension as usize].constant(atom) == Constant::False
            })
        };
        let here = order.places.iter().filter(|place| !elsewhere(place.gate));
        let rules = here.flat_map(|place| &order.rules[place.rules.clone()]);
        self.cut(rules, zones, local);
    }

    /// The programs that remain of these rules among rows of these zones. Rules that nobody there
    /// meets, may meet or nearly meets are left out.
    pub fn cut<'r>(
        &mut self,
        rules: impl IntoIterator<Item = &'r Ordered>,
        zones: &[Zone],
        local: &mut Local,
    ) {
        for atom in self.seen.drain(..) {
            self.constants[atom as usize] = None;
            self.numbers[atom as usize] = NONE;
        }
        local.atoms.clear();
        local.steps.clear();
        local.rules.clear();
        for Ordered { item, rule } in rules {
            let from = local.steps.len();
            let folded = self.all(&rule.verdict, zones, local);
            let to = local.steps.len();
            let distance = rule.distance.as_deref();
            let distance = distance.map(|tokens| self.all(tokens, zones, local));
            // With a program of its own the distance says nothing of the verdict.
            let keep = match distance {
                Some(distance) => {
                    !matches!(folded, Folded::Dead | Folded::Near) || distance != Folded::Dead
                }
                None => folded != Folded::Dead,
            };
            if !keep {
                local.steps.truncate(from);
                continue;
            }
            let manual = if rule.manual { LocalRule::MANUAL } else { 0 };
            let apart = distance.map_or(0, |_| LocalRule::APART);
            local.rules.push(LocalRule {
                item: *item,
                from: from as u32,
                to: to as u32,
                end: local.steps.len() as u32,
                flags: manual | apart,
            });
        }
        let atoms = local.atoms.iter();
        local.spans.clear();
        local
            .spans
            .extend(atoms.map(|number| Span::of(&self.atoms[*number as usize])));
        local.note_uses(self.atoms);
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
        local.steps.push(Step::open(group));
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
            false => local.steps.push(Step::close(around)),
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
            (Constant::True, true) | (Constant::False, false) => match literal.fixed {
                true => Folded::Dead,
                false => Folded::Near,
            },
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
            local.steps.push(Step::literal(Literal { atom, ..literal }));
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
