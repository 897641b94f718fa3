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

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use crate::{
    clauses::{Clause, clauses},
    dimension::Scale,
    lower::Literal,
    pages::Pages,
    plan::parts,
    program::{Atom, Program, Rule, Token},
};

/// Words in a block of slots.
pub(crate) const BLOCK: usize = 8;
const SLOTS: usize = BLOCK * 64;

/// A bit for each slot of a block.
pub(crate) type Block = [u64; BLOCK];

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
    /// The first code that may be too coarse for a condition, and the row of the conditions that
    /// are unknown for it; the others follow.
    pub unsure: Option<(u16, u32)>,
    /// Are all its conditions out of an enterprise's reach?
    pub fixed: bool,
    /// Slots with several conditions on the dimension, which share a bit; none when empty.
    pub several: Vec<Block>,
}

/// Answers for one enterprise at a time.
pub struct Index {
    pub(crate) program: Arc<Program>,
    /// The item of each slot, whole blocks of them.
    pub(crate) items: Vec<u32>,
    /// Slots in use.
    pub(crate) used: Vec<Block>,
    /// Slots whose rows say everything of the verdict.
    pub(crate) settled: Vec<Block>,
    /// Those among them that are the only ones of their items.
    pub(crate) alone: Vec<Block>,
    /// Slots whose rows say everything of the distance too.
    pub(crate) exact: Vec<Block>,
    /// Slots with conditions that people verify.
    pub(crate) manual: Vec<Block>,
    pub(crate) blocks: usize,
    pub(crate) rows: Pages,
    pub(crate) dimensions: Vec<Indexed>,
    /// For each code of the dimension of the place: the blocks with slots within reach. Without
    /// such a dimension one list of all.
    pub(crate) live: Vec<Box<[u32]>>,
    pub(crate) place: Option<u32>,
    /// Items that use a dimension in a way that its rows do not show.
    pub(crate) unseen: Vec<Vec<u32>>,
}

struct Slot {
    item: u32,
    clause: Clause,
    whole: bool,
}

impl Index {
    /// Builds the index of a program.
    pub fn build(program: &Arc<Program>) -> Self {
        let place = program.place;
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
        let none = || vec![[0; BLOCK]; blocks];
        let mut index = Self {
            items: slots.iter().map(|slot| slot.item).collect(),
            used: none(),
            settled: none(),
            alone: none(),
            exact: none(),
            manual: none(),
            blocks,
            rows: Pages::zeros(0),
            dimensions: Vec::new(),
            live: vec![(0..blocks as u32).collect()],
            place: None,
            unseen: vec![Vec::new(); program.dimensions.len()],
            program: Arc::clone(program),
        };
        let columns = index.choose(&slots);
        for (number, slot) in slots.iter().enumerate() {
            index.place(number, slot, &columns);
        }
        index.note_alone();
        index.items.resize(blocks * SLOTS, 0);
        index.note_unseen(&slots, &columns);
        if let Some(place) = place {
            index.note_live(place);
        }
        index
    }

    /// The program that the index was built for.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Bytes of rows.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rows)
    }

    /// Gives rows to the dimensions that enough slots use; says for each dimension which.
    fn choose(&mut self, slots: &[Slot]) -> Vec<Option<usize>> {
        let program = Arc::clone(&self.program);
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
            let coarse = match &program.dimensions[dimension].scale {
                Scale::Code(places) => u32::from(places.first_around()),
                _ => codes,
            };
            let unsure = (coarse < codes).then_some((coarse as u16, first + codes - 1));
            self.dimensions.push(Indexed {
                dimension: dimension as u32,
                unmet_unknown: next,
                failed_unknown: known.then_some(next + 1),
                first,
                unsure,
                fixed,
                several: Vec::new(),
            });
            next = first + codes - 1 + (codes - coarse);
        }
        self.rows = Pages::zeros(next as usize * self.blocks);
        columns
    }

    /// Enters a slot's conditions in the rows.
    fn place(&mut self, slot: usize, entry: &Slot, columns: &[Option<usize>]) {
        let program = Arc::clone(&self.program);
        let (block, word, bit) = position(slot);
        self.used[block][word] |= bit;
        if program.rules[entry.item as usize].manual {
            self.manual[block][word] |= bit;
        }
        let (mut settled, mut exact) = (entry.whole, entry.whole);
        let mut seen = Vec::with_capacity(entry.clause.len());
        for literal in &entry.clause {
            let atom = &program.atoms[literal.atom as usize];
            let Some(column) = columns[atom.dimension as usize] else {
                (settled, exact) = (false, false);
                continue;
            };
            let indexed = &mut self.dimensions[column];
            if seen.contains(&column) {
                exact = false;
                indexed.several.resize(self.blocks, [0; BLOCK]);
                indexed.several[block][word] |= bit;
            }
            exact &= indexed.fixed == literal.fixed;
            seen.push(column);
            let (blocks, rows) = (self.blocks, &mut self.rows);
            let mut set = |row: u32| rows[row as usize * blocks + block][word] |= bit;
            if atom.is_unknown(0) {
                set(indexed.unmet_unknown);
            } else if !literal.negated {
                // 已知(x), and x is not known.
                set(indexed.unmet_unknown);
                indexed.failed_unknown.into_iter().for_each(&mut set);
            }
            let last = (program.dimensions[atom.dimension as usize].codes() - 1) as u16;
            for (from, to) in failing(atom, *literal, last) {
                let failed = (from..=to).filter(|code| !atom.is_unknown(*code));
                failed.for_each(|code| set(indexed.first + u32::from(code) - 1));
            }
            if let Some((coarse, row)) = indexed.unsure {
                let unsure = atom.unsure.iter().flat_map(|(from, to)| *from..=*to);
                unsure.for_each(|code| set(row + u32::from(code - coarse)));
            }
        }
        if settled {
            self.settled[block][word] |= bit;
        }
        if exact {
            self.exact[block][word] |= bit;
        }
    }

    /// Finds the slots that say everything of an item.
    fn note_alone(&mut self) {
        let mut number = 0;
        for slots in self.items.chunk_by(|a, b| a == b) {
            if slots.len() == 1 {
                let (block, word, bit) = position(number);
                self.alone[block][word] |= self.settled[block][word] & bit;
            }
            number += slots.len();
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
            let unseen = tokens
                .filter_map(|token| match token {
                    Token::Literal(literal) => Some(dimension(literal)),
                    _ => None,
                })
                .filter(|dimension| !slot.whole || columns[*dimension].is_none());
            for dimension in unseen.collect::<HashSet<_>>() {
                if self.unseen[dimension].last() != Some(&slot.item) {
                    self.unseen[dimension].push(slot.item);
                }
            }
        }
    }

    /// Finds the blocks with any slot that an enterprise of a place can reach, for each place.
    fn note_live(&mut self, place: u32) {
        let mut candidates = self.dimensions.iter();
        let Some(indexed) = candidates.find(|i| i.dimension == place && i.fixed) else {
            return;
        };
        let codes = self.program.dimensions[place as usize].codes() as u32;
        let live = (0..codes).map(|code| {
            if code == 0 {
                return (0..self.blocks as u32).collect();
            }
            let row = self.row(indexed.first + code - 1);
            let blocks = (0..self.blocks).filter(|block| {
                let mut open = row[*block].iter().zip(&self.used[*block]);
                open.any(|(failed, used)| used & !failed != 0)
            });
            blocks.map(|block| block as u32).collect()
        });
        self.live = live.collect();
        self.place = Some(place);
    }

    /// The row of conditions for which a code is too coarse.
    pub(crate) fn unsure(&self, indexed: &Indexed, code: u16) -> Option<u32> {
        let (coarse, row) = indexed.unsure?;
        Some(row + u32::from(code.checked_sub(coarse)?))
    }

    pub(crate) fn row(&self, row: u32) -> &[Block] {
        &self.rows[row as usize * self.blocks..][..self.blocks]
    }
}

/// The block of a slot, the word in it, and the bit.
fn position(slot: usize) -> (usize, usize, u64) {
    (slot / SLOTS, slot / 64 % BLOCK, 1 << (slot % 64))
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

/// Rules of one place stand together; before them those for everybody, and those of several places,
/// which would draw the blocks of one place into the reach of another.
fn region(program: &Program, place: Option<u32>, rule: &Rule) -> Option<(u16, Reverse<u16>)> {
    let place = place?;
    let Scale::Code(places) = &program.dimensions[place as usize].scale else {
        return None;
    };
    let coarse = places.first_around();
    parts(&rule.verdict).find_map(|part| match part {
        [Token::Literal(literal)] if !literal.negated => {
            let atom = &program.atoms[literal.atom as usize];
            let mut named = atom.ranges.iter().filter(|(from, _)| *from < coarse);
            let (from, to) = named.next().filter(|_| atom.dimension == place)?;
            named.next().is_none().then_some((*from, Reverse(*to)))
        }
        _ => None,
    })
}
