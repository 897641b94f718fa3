//! The index for one enterprise: bitmaps over rules, one for each code.
//!
//! Every rule is written out as clauses, and a clause has a slot. For each dimension and code there
//! is a row of bits: the slots with a condition on the dimension that the code does not meet.
//!
//! ```text
//!                         slots, clustered by place ────────────▶
//!                         nationwide │ province │ 杭州市 │ 宁波市 …
//! 从业人数  code 3         01000100   00010000   10000000  00100000
//! 企业规模  小型           00100000   00000010   00000000  00000001
//! …                       ─────────────────────────────────────────  and, or: three words' work
//! ```
//!
//! An enterprise is one row of each dimension. Slots of other places are out of reach and their
//! blocks are never looked at. What the rows cannot settle (rules too large to write out, several
//! conditions on one dimension, rare dimensions) is decided by the rule itself.

use std::{cmp::Reverse, collections::HashSet};

use zhida_rules::Hierarchy;

use crate::{
    clauses::{Clause, clauses},
    dimension::ScaleKind,
    lower::Literal,
    plan::parts,
    program::{Atom, Program, Rule, Token},
};

/// Words in a block of slots.
pub(crate) const BLOCK: usize = 8;
const SLOTS: usize = BLOCK * 64;

/// A dimension with rows.
#[derive(Debug)]
pub(crate) struct Indexed {
    pub dimension: u32,
    /// Row of code 0: conditions that are not known to be met.
    pub unmet_unknown: u32,
    /// Row of code 0: conditions that are known to fail because nothing is known.
    pub failed_unknown: Option<u32>,
    /// Row of code 1; the others follow.
    pub first: u32,
    /// Are all its conditions out of an enterprise's reach?
    pub fixed: bool,
}

/// Answers for one enterprise at a time.
pub struct Index<'p, 'd> {
    pub(crate) program: &'p Program<'d>,
    /// The item of each slot.
    pub(crate) items: Vec<u32>,
    /// Slots whose rows say everything.
    pub(crate) exact: Vec<u64>,
    /// Slots in use.
    pub(crate) used: Vec<u64>,
    pub(crate) blocks: usize,
    pub(crate) rows: Vec<u64>,
    pub(crate) dimensions: Vec<Indexed>,
    /// All blocks.
    pub(crate) every: Box<[u32]>,
    /// For the dimension of the place: the blocks that matter, by code.
    pub(crate) live: Option<(u32, Vec<Box<[u32]>>)>,
    /// Items that use a dimension in a way that its rows do not show.
    pub(crate) unseen: Vec<Vec<u32>>,
}

struct Slot {
    item: u32,
    clause: Clause,
    whole: bool,
}

impl<'p, 'd> Index<'p, 'd> {
    /// Builds the index of a program.
    pub fn build(program: &'p Program<'d>) -> Self {
        let place = program
            .main_dimension(ScaleKind::Code(Hierarchy::Division))
            .map(|(dimension, _)| dimension);
        let mut slots = Vec::new();
        for (item, rule) in (0..).zip(&program.rules) {
            let clauses = clauses(rule);
            slots.extend(clauses.list.into_iter().map(|clause| Slot {
                item,
                clause,
                whole: clauses.whole,
            }));
        }
        slots.sort_by_cached_key(|slot| {
            let rule = &program.rules[slot.item as usize];
            (region(program, place, rule), slot.item)
        });
        let blocks = slots.len().div_ceil(SLOTS);
        let mut index = Self {
            program,
            items: slots.iter().map(|slot| slot.item).collect(),
            exact: vec![0; blocks * BLOCK],
            used: vec![0; blocks * BLOCK],
            blocks,
            rows: Vec::new(),
            dimensions: Vec::new(),
            every: (0..blocks as u32).collect(),
            live: None,
            unseen: vec![Vec::new(); program.dimensions.len()],
        };
        let columns = index.choose(&slots);
        for (number, slot) in slots.iter().enumerate() {
            index.place(number, slot, &columns);
        }
        index.note_unseen(&slots, &columns);
        index.live = place.and_then(|place| index.live_blocks(place));
        index
    }

    /// The program that the index was built for.
    pub fn program(&self) -> &'p Program<'d> {
        self.program
    }

    /// Bytes of rows.
    pub fn bytes(&self) -> usize {
        self.rows.len() * 8
    }

    /// Gives rows to the dimensions that enough slots use; says for each dimension which.
    fn choose(&mut self, slots: &[Slot]) -> Vec<Option<usize>> {
        let program = self.program;
        let mut uses = vec![(0_usize, true, false); program.dimensions.len()];
        for literal in slots.iter().flat_map(|slot| &slot.clause) {
            let atom = &program.atoms[literal.atom as usize];
            let (count, fixed, known) = &mut uses[atom.dimension as usize];
            *count += 1;
            *fixed &= literal.fixed;
            *known |= atom.known;
        }
        let enough = (slots.len() / 1_000).max(1);
        let mut next = 0;
        let mut columns = Vec::with_capacity(uses.len());
        for (dimension, (count, fixed, known)) in uses.into_iter().enumerate() {
            if count < enough {
                columns.push(None);
                continue;
            }
            columns.push(Some(self.dimensions.len()));
            let codes = program.dimensions[dimension].codes() as u32;
            let first = next + 1 + u32::from(known);
            self.dimensions.push(Indexed {
                dimension: dimension as u32,
                unmet_unknown: next,
                failed_unknown: known.then_some(next + 1),
                first,
                fixed,
            });
            next = first + codes - 1;
        }
        self.rows = vec![0; next as usize * self.blocks * BLOCK];
        columns
    }

    /// Enters a slot's conditions in the rows.
    fn place(&mut self, slot: usize, entry: &Slot, columns: &[Option<usize>]) {
        let program = self.program;
        let (word, bit) = (slot / 64, 1_u64 << (slot % 64));
        self.used[word] |= bit;
        let mut exact = entry.whole;
        let mut seen = Vec::with_capacity(entry.clause.len());
        for literal in &entry.clause {
            let atom = &program.atoms[literal.atom as usize];
            let Some(column) = columns[atom.dimension as usize] else {
                exact = false;
                continue;
            };
            let Indexed {
                unmet_unknown,
                failed_unknown,
                first,
                fixed,
                ..
            } = self.dimensions[column];
            exact &= fixed == literal.fixed && !seen.contains(&atom.dimension);
            seen.push(atom.dimension);
            let stride = self.blocks * BLOCK;
            let rows = &mut self.rows;
            let mut set = |row: u32| rows[row as usize * stride + word] |= bit;
            if atom.is_unknown(0) {
                set(unmet_unknown);
            } else if !literal.negated {
                // 已知(x), and x is not known.
                set(unmet_unknown);
                failed_unknown.into_iter().for_each(&mut set);
            }
            let last = (program.dimensions[atom.dimension as usize].codes() - 1) as u16;
            for (from, to) in failing(atom, *literal, last) {
                (from..=to).for_each(|code| set(first + u32::from(code) - 1));
            }
        }
        if exact {
            self.exact[word] |= bit;
        }
    }

    /// Where a changed code may matter although no row shows it.
    fn note_unseen(&mut self, slots: &[Slot], columns: &[Option<usize>]) {
        for slot in slots {
            let rule = &self.program.rules[slot.item as usize];
            let programs = [Some(&rule.verdict), rule.distance.as_ref()];
            let tokens = programs.into_iter().flatten().flat_map(|list| list.iter());
            let dimension =
                |literal: &Literal| self.program.atoms[literal.atom as usize].dimension as usize;
            let mut unseen: Vec<usize> = tokens
                .filter_map(|token| match token {
                    Token::Literal(literal) => Some(dimension(literal)),
                    _ => None,
                })
                .filter(|dimension| !slot.whole || columns[*dimension].is_none())
                .collect();
            // Two conditions on one dimension share a bit.
            let mut once = HashSet::new();
            let twice = slot
                .clause
                .iter()
                .map(dimension)
                .filter(|d| !once.insert(*d));
            unseen.extend(twice);
            for dimension in unseen {
                if self.unseen[dimension].last() != Some(&slot.item) {
                    self.unseen[dimension].push(slot.item);
                }
            }
        }
    }

    /// The blocks with any slot that an enterprise of a place can reach, for each place.
    fn live_blocks(&self, place: u32) -> Option<(u32, Vec<Box<[u32]>>)> {
        let indexed = self
            .dimensions
            .iter()
            .find(|indexed| indexed.dimension == place && indexed.fixed)?;
        let codes = self.program.dimensions[place as usize].codes() as u32;
        let live = (0..codes).map(|code| {
            if code == 0 {
                return self.every.clone();
            }
            let row = self.row(indexed.first + code - 1);
            let blocks = (0..self.blocks).filter(|block| {
                let words = block * BLOCK..(block + 1) * BLOCK;
                let mut open = row[words.clone()].iter().zip(&self.used[words]);
                open.any(|(failed, used)| used & !failed != 0)
            });
            blocks.map(|block| block as u32).collect()
        });
        Some((place, live.collect()))
    }

    pub(crate) fn row(&self, row: u32) -> &[u64] {
        let stride = self.blocks * BLOCK;
        &self.rows[row as usize * stride..][..stride]
    }
}

/// Known codes that do not meet a condition.
fn failing(atom: &Atom, literal: Literal, last: u16) -> Vec<(u16, u16)> {
    if literal.negated {
        return atom.ranges.to_vec();
    }
    let mut rest = Vec::with_capacity(atom.ranges.len() + 1);
    let mut next = 1;
    for (from, to) in &atom.ranges {
        if next < *from {
            rest.push((next, from - 1));
        }
        next = to + 1;
    }
    if next <= last {
        rest.push((next, last));
    }
    rest
}

/// Rules of one place stand together, those for everybody first.
fn region(program: &Program<'_>, place: Option<u32>, rule: &Rule) -> Option<(u16, Reverse<u16>)> {
    parts(&rule.verdict).find_map(|part| match part {
        [Token::Literal(literal)] if !literal.negated => {
            let atom = &program.atoms[literal.atom as usize];
            let (from, to) = atom.ranges.first()?;
            (Some(atom.dimension) == place).then_some((*from, Reverse(*to)))
        }
        _ => None,
    })
}
