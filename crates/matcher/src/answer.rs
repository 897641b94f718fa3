//! One enterprise → all items, and what changed facts change.
#![allow(
    clippy::needless_range_loop,
    reason = "one index over several planes is what the compiler widens"
)]

use zhida_rules::Truth;

use crate::{
    index::{BLOCK, Block, Index, Indexed},
    lanes::{Instructions, Lanes, Work},
    program::Codes,
    scalar::{Finding, finding},
};

/// Items by what they are to one enterprise; in no particular order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// 符合.
    pub met: Vec<u32>,
    /// 信息不足.
    pub unknown: Vec<u32>,
    /// 只差一项, with the verdict; the unknown ones are in the list above too.
    pub near: Vec<(u32, Truth)>,
}

/// An item whose finding changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flip {
    /// The item.
    pub item: u32,
    /// The finding before.
    pub from: Finding,
    /// The finding after.
    pub to: Finding,
}

/// Working space of [`Index`], kept from one question to the next.
#[derive(Debug)]
pub struct Desk {
    /// The instructions to compute with.
    pub instructions: Instructions,
    rows: Rows,
    live: Vec<u32>,
    items: Vec<u32>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            instructions: Instructions::best(),
            rows: Rows::default(),
            live: Vec::new(),
            items: Vec::new(),
        }
    }
}

/// The rows of one enterprise, by what their bits mean; positions of their first blocks.
#[derive(Debug, Default)]
struct Rows {
    /// The condition fails and cannot be mended.
    fixed: Vec<usize>,
    /// The condition fails.
    failed: Vec<usize>,
    /// The condition is not known to be met.
    unmet: Vec<usize>,
    /// The condition, not known to be met by the rows above, fails, and can it be mended?
    refused: Vec<(usize, bool)>,
}

/// What the rows say of the slots of a block.
#[derive(Clone, Copy)]
struct Slots {
    possible: Block,
    /// Is a condition not met?
    missing: Block,
    /// Are two, or one that cannot be mended?
    far: Block,
}

impl Answer {
    #[inline]
    pub(crate) fn note(&mut self, item: u32, finding: Finding) {
        match finding.verdict {
            Truth::True => self.met.push(item),
            Truth::Unknown => self.unknown.push(item),
            Truth::False => {}
        }
        if finding.is_near_miss() {
            self.near.push((item, finding.verdict));
        }
    }
}

/// The best of some alternatives.
#[inline]
fn better(a: Finding, b: Finding) -> Finding {
    Finding {
        verdict: a.verdict.max(b.verdict),
        distance: a.distance.min(b.distance),
    }
}

const NOTHING: Finding = Finding {
    verdict: Truth::False,
    distance: 2,
};
const NO_ITEM: u32 = u32::MAX;

impl Index {
    /// The items that an enterprise meets, may meet or (with `near`) nearly meets; the answer's
    /// lists are replaced.
    pub fn answer(&self, codes: &Codes, near: bool, desk: &mut Desk, answer: &mut Answer) {
        answer.met.clear();
        answer.unknown.clear();
        answer.near.clear();
        desk.rows.gather(self, codes, |_| true);
        let question = Question {
            index: self,
            codes,
            rows: &desk.rows,
            near,
            answer,
        };
        desk.instructions.run(question);
    }

    /// The items whose finding differs between two rows of codes, from what to what.
    pub fn flips(&self, before: &Codes, after: &Codes, desk: &mut Desk) -> Vec<Flip> {
        let changed = |dimension: u32| before.0[dimension as usize] != after.0[dimension as usize];
        desk.items.clear();
        for (dimension, items) in (0..).zip(&self.unseen) {
            if changed(dimension) {
                desk.items.extend_from_slice(items);
            }
        }
        desk.live.clear();
        desk.live.extend_from_slice(self.live(before));
        if self.place.is_some_and(changed) {
            desk.live.extend_from_slice(self.live(after));
            desk.live.sort_unstable();
            desk.live.dedup();
        }
        desk.rows
            .gather(self, before, |dimension| !changed(dimension));
        let moved = self.dimensions.iter().filter(|i| changed(i.dimension));
        let moved: Vec<Moved<'_>> = moved.map(|i| Moved::of(self, i, before, after)).collect();
        let comparison = Comparison {
            index: self,
            rows: &desk.rows,
            live: &desk.live,
            moved: &moved,
            items: &mut desk.items,
        };
        desk.instructions.run(comparison);
        desk.items.sort_unstable();
        desk.items.dedup();
        let program = &*self.program;
        let flips = desk.items.iter().filter_map(|item| {
            let rule = &program.rules[*item as usize];
            let from = finding(rule, &program.atoms, &before.0);
            let to = finding(rule, &program.atoms, &after.0);
            (from != to).then_some(Flip {
                item: *item,
                from,
                to,
            })
        });
        flips.collect()
    }

    /// The blocks with slots that an enterprise can reach.
    fn live(&self, codes: &Codes) -> &[u32] {
        match self.place {
            Some(place) => &self.live[usize::from(codes.0[place as usize])],
            None => &self.live[0],
        }
    }

    #[inline(always)]
    fn slots<const NEAR: bool>(all: &[Block], rows: &Rows, block: usize) -> Slots {
        let mut slots = Slots {
            possible: [u64::MAX; BLOCK],
            missing: [0; BLOCK],
            far: [0; BLOCK],
        };
        for row in &rows.fixed {
            let failed = &all[row + block];
            for i in 0..BLOCK {
                slots.possible[i] &= !failed[i];
                slots.missing[i] |= failed[i];
                slots.far[i] |= failed[i];
            }
        }
        for row in &rows.failed {
            let failed = &all[row + block];
            for i in 0..BLOCK {
                slots.possible[i] &= !failed[i];
                if NEAR {
                    slots.far[i] |= slots.missing[i] & failed[i];
                }
                slots.missing[i] |= failed[i];
            }
        }
        for row in &rows.unmet {
            let unmet = &all[row + block];
            for i in 0..BLOCK {
                if NEAR {
                    slots.far[i] |= slots.missing[i] & unmet[i];
                }
                slots.missing[i] |= unmet[i];
            }
        }
        for (row, fixed) in &rows.refused {
            let refused = &all[row + block];
            let fixed = if *fixed { u64::MAX } else { 0 };
            for i in 0..BLOCK {
                slots.possible[i] &= !refused[i];
                slots.far[i] |= refused[i] & fixed;
            }
        }
        slots
    }
}

impl Rows {
    fn gather(&mut self, index: &Index, codes: &Codes, uses: impl Fn(u32) -> bool) {
        for list in [&mut self.fixed, &mut self.failed, &mut self.unmet] {
            list.clear();
        }
        self.refused.clear();
        let at = |row: u32| row as usize * index.blocks;
        for indexed in index.dimensions.iter().filter(|i| uses(i.dimension)) {
            let code = codes.0[indexed.dimension as usize];
            self.unmet.extend(index.unsure(indexed, code).map(at));
            match (code, indexed.fixed) {
                (0, fixed) => {
                    self.unmet.push(at(indexed.unmet_unknown));
                    let refused = indexed.failed_unknown.map(|row| (at(row), fixed));
                    self.refused.extend(refused);
                }
                (code, true) => self.fixed.push(at(indexed.first + u32::from(code) - 1)),
                (code, false) => self.failed.push(at(indexed.first + u32::from(code) - 1)),
            }
        }
    }
}

struct Question<'a> {
    index: &'a Index,
    codes: &'a Codes,
    rows: &'a Rows,
    near: bool,
    answer: &'a mut Answer,
}

impl Work for Question<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        match self.near {
            true => self.blocks::<true>(),
            false => self.blocks::<false>(),
        }
    }
}

impl Question<'_> {
    #[inline(always)]
    fn blocks<const NEAR: bool>(self) {
        let Self {
            index,
            codes,
            rows,
            answer,
            ..
        } = self;
        let mut last = (NO_ITEM, NOTHING);
        let all: &[Block] = &index.rows;
        for block in index.live(codes) {
            let block = *block as usize;
            let slots = Index::slots::<NEAR>(all, rows, block);
            for word in 0..BLOCK {
                let possible = slots.possible[word];
                let missing = slots.missing[word];
                let close = if NEAR { missing & !slots.far[word] } else { 0 };
                let mut rest = (possible | close) & index.used[block][word];
                if rest == 0 {
                    continue;
                }
                let open = missing | index.manual[block][word];
                // Where the rows do not say it all, the rule itself does.
                let unsure = !index.settled[block][word] | (close & !index.exact[block][word]);
                while rest != 0 {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    let item = index.items[(block * BLOCK + word) * 64 + bit as usize];
                    if item != last.0 {
                        if last.0 != NO_ITEM {
                            answer.note(last.0, last.1);
                        }
                        last = (item, NOTHING);
                    }
                    let set = |plane: u64| plane >> bit & 1 == 1;
                    if set(unsure) {
                        let program = &*index.program;
                        last.1 = finding(&program.rules[item as usize], &program.atoms, &codes.0);
                        if !NEAR {
                            last.1.distance = 0;
                        }
                        continue;
                    }
                    let slot = Finding {
                        verdict: match (set(possible), set(open)) {
                            (false, _) => Truth::False,
                            (true, true) => Truth::Unknown,
                            (true, false) => Truth::True,
                        },
                        distance: match (set(missing), set(close)) {
                            (false, _) => 0,
                            (true, true) => u8::from(NEAR),
                            (true, false) => 2 * u8::from(NEAR),
                        },
                    };
                    last.1 = better(last.1, slot);
                }
            }
        }
        if last.0 != NO_ITEM {
            answer.note(last.0, last.1);
        }
    }
}

/// The rows of a changed dimension.
struct Moved<'a> {
    unmet: [&'a [Block]; 2],
    failed: [Option<&'a [Block]>; 2],
    unsure: [Option<&'a [Block]>; 2],
    several: &'a [Block],
}

impl<'a> Moved<'a> {
    fn of(index: &'a Index, indexed: &'a Indexed, before: &Codes, after: &Codes) -> Self {
        let codes = [before, after].map(|codes| codes.0[indexed.dimension as usize]);
        let known = |code: u16| index.row(indexed.first + u32::from(code) - 1);
        Self {
            unmet: codes.map(|code| match code {
                0 => index.row(indexed.unmet_unknown),
                code => known(code),
            }),
            failed: codes.map(|code| match code {
                0 => indexed.failed_unknown.map(|row| index.row(row)),
                code => Some(known(code)),
            }),
            unsure: codes.map(|code| index.unsure(indexed, code).map(|row| index.row(row))),
            several: &indexed.several,
        }
    }

    /// Slots of which the dimension may say something else now.
    #[inline(always)]
    fn touched(&self, block: usize) -> Block {
        let here = |row: Option<&[Block]>| row.map_or([0; BLOCK], |row| row[block]);
        let (failed, unsure) = (self.failed.map(here), self.unsure.map(here));
        let several = self.several.get(block).copied().unwrap_or_default();
        let [old, new] = self.unmet;
        std::array::from_fn(|i| {
            let unmet = old[block][i] ^ new[block][i];
            let refused = (failed[0][i] ^ failed[1][i]) | (unsure[0][i] ^ unsure[1][i]);
            unmet | refused | several[i]
        })
    }
}

struct Comparison<'a> {
    index: &'a Index,
    rows: &'a Rows,
    live: &'a [u32],
    moved: &'a [Moved<'a>],
    items: &'a mut Vec<u32>,
}

impl Work for Comparison<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let index = self.index;
        let all: &[Block] = &index.rows;
        for block in self.live {
            let block = *block as usize;
            let mut touched = [0; BLOCK];
            for moved in self.moved {
                let more = moved.touched(block);
                for i in 0..BLOCK {
                    touched[i] |= more[i];
                }
            }
            for i in 0..BLOCK {
                touched[i] &= index.used[block][i];
            }
            if touched == [0; BLOCK] {
                continue;
            }
            let slots = Index::slots::<true>(all, self.rows, block);
            for word in 0..BLOCK {
                let mut rest = touched[word] & (slots.possible[word] | !slots.far[word]);
                while rest != 0 {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    let slot = (block * BLOCK + word) * 64 + bit as usize;
                    self.items.push(index.items[slot]);
                }
            }
        }
    }
}
