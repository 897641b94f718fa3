//! What is constant where: zones, the order of conditions, and programs cut down to a segment.

use crate::{
    lower::Literal,
    program::{Atom, Program, Rule, Token},
};

/// Which codes occur among some rows, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone {
    /// Lowest known code; above `high` when none is known.
    low: u16,
    high: u16,
    /// Does any row have no known value?
    unknown: bool,
}

impl Default for Zone {
    fn default() -> Self {
        Self {
            low: u16::MAX,
            high: 0,
            unknown: false,
        }
    }
}

/// An atom's truth for all rows of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Constant {
    True,
    False,
    Unknown,
    /// It differs from row to row.
    No,
}

impl Zone {
    pub fn include(&mut self, code: u16) {
        if code == 0 {
            self.unknown = true;
        } else {
            self.low = self.low.min(code);
            self.high = self.high.max(code);
        }
    }

    pub fn join(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.unknown |= other.unknown;
    }

    /// Is any value unknown?
    pub fn any_unknown(self) -> bool {
        self.unknown
    }

    pub fn constant(self, atom: &Atom) -> Constant {
        let nothing = match atom.known {
            true => Constant::False,
            false => Constant::Unknown,
        };
        if self.low > self.high {
            return nothing;
        }
        let after = atom.ranges.partition_point(|(_, to)| *to < self.low);
        let known = match atom.ranges.get(after) {
            Some((from, to)) if *from <= self.low && self.high <= *to => Constant::True,
            Some((from, _)) if *from <= self.high => return Constant::No,
            _ => Constant::False,
        };
        if self.unknown && known != nothing {
            return Constant::No;
        }
        known
    }
}

/// The rules with the conditions first that fewest enterprises pass.
pub(crate) fn ordered(program: &Program<'_>, histograms: &[Vec<u32>], rows: usize) -> Vec<Rule> {
    let possible: Vec<(u64, u64)> = program
        .atoms
        .iter()
        .map(|atom| {
            let histogram = &histograms[atom.dimension as usize];
            let inside = atom.ranges.iter().map(|(from, to)| {
                let codes = &histogram[usize::from(*from)..=usize::from(*to)];
                codes.iter().map(|count| u64::from(*count)).sum::<u64>()
            });
            let unknown = if atom.known { 0 } else { histogram[0] };
            (inside.sum(), unknown.into())
        })
        .collect();
    let rows = rows as u64;
    let passing = |tokens: &[Token]| match tokens {
        [Token::Literal(literal)] => {
            let (inside, unknown) = possible[literal.atom as usize];
            if literal.negated {
                rows - inside
            } else {
                inside + unknown
            }
        }
        // A group costs more than it is likely to refuse.
        _ => rows + 1,
    };
    let sorted = |tokens: &[Token]| {
        let mut parts: Vec<&[Token]> = parts(tokens).collect();
        parts.sort_by_key(|part| passing(part));
        parts.concat().into_boxed_slice()
    };
    program
        .rules
        .iter()
        .map(|rule| Rule {
            verdict: sorted(&rule.verdict),
            distance: rule.distance.as_deref().map(sorted),
            manual: rule.manual,
        })
        .collect()
}

/// The parts of a group, each a literal or a whole group.
pub(crate) fn parts(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let mut rest = tokens;
    std::iter::from_fn(move || {
        let length = match rest.first()? {
            Token::Literal(_) => 1,
            Token::All(length) | Token::Any(length) => 1 + *length as usize,
        };
        let (part, after) = rest.split_at(length);
        rest = after;
        Some(part)
    })
}

/// One item's programs within a [`Local`].
#[derive(Debug)]
pub(crate) struct LocalRule {
    pub item: u32,
    pub verdict: std::ops::Range<usize>,
    pub distance: Option<std::ops::Range<usize>>,
    pub manual: bool,
}

/// Programs cut down to what differs from row to row in some rows; atoms are numbered densely.
#[derive(Debug, Default)]
pub(crate) struct Local {
    /// The program's numbers of the atoms.
    pub atoms: Vec<u32>,
    pub tokens: Vec<Token>,
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
    near: bool,
}

const NONE: u32 = u32::MAX;

impl<'a> Cutter<'a> {
    pub fn new(atoms: &'a [Atom]) -> Self {
        Self {
            atoms,
            constants: Vec::new(),
            numbers: Vec::new(),
            near: true,
        }
    }

    /// The programs that remain of these rules among rows of these zones. Rules that nobody there
    /// meets, may meet or (with `near`) nearly meets are left out.
    pub fn cut<'r>(
        &mut self,
        rules: impl Iterator<Item = (u32, &'r Rule)>,
        zones: &[Zone],
        near: bool,
        local: &mut Local,
    ) {
        self.near = near;
        self.constants.clear();
        self.constants.resize(self.atoms.len(), None);
        self.numbers.clear();
        self.numbers.resize(self.atoms.len(), NONE);
        local.atoms.clear();
        local.tokens.clear();
        local.rules.clear();
        for (item, rule) in rules {
            let verdict = self.all(&rule.verdict, zones);
            // With a program of its own the distance says nothing of the verdict.
            let keep = match &rule.distance {
                None => verdict != Folded::Dead,
                Some(distance) => {
                    !matches!(verdict, Folded::Dead | Folded::Near)
                        || near && self.all(distance, zones) != Folded::Dead
                }
            };
            if !keep {
                continue;
            }
            let verdict = self.program(&rule.verdict, zones, local);
            let distance = rule.distance.as_deref().filter(|_| near);
            let distance = distance.map(|tokens| self.program(tokens, zones, local));
            local.rules.push(LocalRule {
                item,
                verdict,
                distance,
                manual: rule.manual,
            });
        }
        local.note_borders(self.atoms, zones.len());
    }

    fn program(
        &mut self,
        tokens: &[Token],
        zones: &[Zone],
        local: &mut Local,
    ) -> std::ops::Range<usize> {
        let start = local.tokens.len();
        for part in parts(tokens) {
            if self.part(part, zones) != Folded::True {
                self.copy(part, zones, local);
            }
        }
        start..local.tokens.len()
    }

    fn copy(&mut self, part: &[Token], zones: &[Zone], local: &mut Local) {
        let (first, inside) = part.split_first().expect("a part has a token");
        match first {
            Token::Literal(literal) => {
                let atom = literal.atom as usize;
                if self.numbers[atom] == NONE {
                    self.numbers[atom] = local.atoms.len() as u32;
                    local.atoms.push(literal.atom);
                }
                local.tokens.push(Token::Literal(Literal {
                    atom: self.numbers[atom],
                    ..*literal
                }));
            }
            group => {
                let at = local.tokens.len();
                local.tokens.push(*group);
                let neutral = match group {
                    Token::Any(_) => Folded::Dead,
                    _ => Folded::True,
                };
                for inner in parts(inside) {
                    if self.part(inner, zones) != neutral {
                        self.copy(inner, zones, local);
                    }
                }
                let length = (local.tokens.len() - at - 1) as u32;
                local.tokens[at] = match group {
                    Token::Any(_) => Token::Any(length),
                    _ => Token::All(length),
                };
            }
        }
    }

    fn part(&mut self, part: &[Token], zones: &[Zone]) -> Folded {
        match part {
            [Token::Literal(literal)] => self.literal(*literal, zones),
            [Token::Any(_), inside @ ..] => self.any(inside, zones),
            [_, inside @ ..] => self.all(inside, zones),
            [] => Folded::True,
        }
    }

    fn literal(&mut self, literal: Literal, zones: &[Zone]) -> Folded {
        let constant = *self.constants[literal.atom as usize].get_or_insert_with(|| {
            let atom = &self.atoms[literal.atom as usize];
            zones[atom.dimension as usize].constant(atom)
        });
        match (constant, literal.negated) {
            (Constant::True, false) | (Constant::False, true) => Folded::True,
            (Constant::True, true) | (Constant::False, false) => {
                match literal.fixed || !self.near {
                    true => Folded::Dead,
                    false => Folded::Near,
                }
            }
            (Constant::Unknown | Constant::No, _) => Folded::Open,
        }
    }

    fn all(&mut self, tokens: &[Token], zones: &[Zone]) -> Folded {
        let (mut near, mut open) = (0, false);
        for part in parts(tokens) {
            match self.part(part, zones) {
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

    fn any(&mut self, tokens: &[Token], zones: &[Zone]) -> Folded {
        let mut best = Folded::Dead;
        for part in parts(tokens) {
            match self.part(part, zones) {
                Folded::True => return Folded::True,
                Folded::Open => best = Folded::Open,
                Folded::Near if best == Folded::Dead => best = Folded::Near,
                Folded::Near | Folded::Dead => {}
            }
        }
        best
    }
}
