//! One enterprise → all items, and what changed facts change.

use zhida_rules::Truth;

use crate::{
    index::{BLOCK, Block, Index, Indexed},
    lanes::{Instructions, Lanes, Work},
    planes::{PART, WORDS},
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

/// What the rows say of the slots of some blocks, in registers.
struct Slots<L: Lanes, const N: usize> {
    /// Does a condition fail?
    failed: [L::Word; N],
    /// Is a condition not met?
    missing: [L::Word; N],
    /// Are two, or one that cannot be mended?
    far: [L::Word; N],
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

    /// What the rows say of some blocks, the first of which is told. Without `NEAR` a condition that
    /// fails is not noted as missing.
    #[inline(always)]
    fn slots<L: Lanes, const N: usize, const NEAR: bool>(
        &self,
        lanes: L,
        rows: &Rows,
        block: usize,
    ) -> Slots<L, N> {
        let all: &[Block] = &self.rows;
        let mut slots = Slots::<L, N> {
            failed: [lanes.splat(0); N],
            missing: [lanes.splat(0); N],
            far: [lanes.splat(0); N],
        };
        for row in &rows.fixed {
            let failed = &all[row + block..][..N];
            for i in 0..N {
                let failed = lanes.word(&failed[i]);
                slots.failed[i] = lanes.or(slots.failed[i], failed);
                if NEAR {
                    slots.missing[i] = lanes.or(slots.missing[i], failed);
                    slots.far[i] = lanes.or(slots.far[i], failed);
                }
            }
        }
        for row in &rows.failed {
            let failed = &all[row + block..][..N];
            for i in 0..N {
                let failed = lanes.word(&failed[i]);
                slots.failed[i] = lanes.or(slots.failed[i], failed);
                if NEAR {
                    slots.miss(lanes, i, failed);
                }
            }
        }
        for row in &rows.unmet {
            let unmet = &all[row + block..][..N];
            for i in 0..N {
                let unmet = lanes.word(&unmet[i]);
                match NEAR {
                    true => slots.miss(lanes, i, unmet),
                    false => slots.missing[i] = lanes.or(slots.missing[i], unmet),
                }
            }
        }
        for (row, fixed) in &rows.refused {
            let refused = &all[row + block..][..N];
            let fixed = lanes.splat(if *fixed { u64::MAX } else { 0 });
            for i in 0..N {
                let refused = lanes.word(&refused[i]);
                slots.failed[i] = lanes.or(slots.failed[i], refused);
                slots.far[i] = lanes.or(slots.far[i], lanes.and(refused, fixed));
            }
        }
        slots
    }
}

impl<L: Lanes, const N: usize> Slots<L, N> {
    /// One condition more is missing in some slots of a block.
    #[inline(always)]
    fn miss(&mut self, lanes: L, i: usize, slots: L::Word) {
        self.far[i] = lanes.or(self.far[i], lanes.and(self.missing[i], slots));
        self.missing[i] = lanes.or(self.missing[i], slots);
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
    fn run<L: Lanes>(self, lanes: L) {
        match (self.near, L::PARTS) {
            (true, 1) => self.blocks::<L, 1, true>(lanes),
            (true, _) => self.blocks::<L, { WORDS / PART }, true>(lanes),
            (false, 1) => self.blocks::<L, 1, false>(lanes),
            (false, _) => self.blocks::<L, { WORDS / PART }, false>(lanes),
        }
    }
}

impl Question<'_> {
    /// Looks at all blocks within reach, `N` at a time where so many lie in a row.
    #[inline(always)]
    fn blocks<L: Lanes, const N: usize, const NEAR: bool>(self, lanes: L) {
        let index = self.index;
        let mut finder = Finder {
            index,
            codes: self.codes,
            answer: self.answer,
            last: (NO_ITEM, NOTHING),
        };
        let mut live = index.live(self.codes);
        while let [first, ..] = live {
            let block = *first as usize;
            let last = live.get(N - 1).map(|last| *last as usize);
            let count = if last == Some(block + N - 1) {
                let slots = index.slots::<L, N, NEAR>(lanes, self.rows, block);
                for i in 0..N {
                    finder.block::<L, N, NEAR>(lanes, &slots, i, block + i);
                }
                N
            } else {
                let slots = index.slots::<L, 1, NEAR>(lanes, self.rows, block);
                finder.block::<L, 1, NEAR>(lanes, &slots, 0, block);
                1
            };
            live = &live[count..];
        }
        finder.close();
    }
}

/// Lists the items of slots.
struct Finder<'a> {
    index: &'a Index,
    codes: &'a Codes,
    answer: &'a mut Answer,
    /// The latest item that several slots speak of, and the best that they said.
    last: (u32, Finding),
}

impl Finder<'_> {
    #[inline(always)]
    fn block<L: Lanes, const N: usize, const NEAR: bool>(
        &mut self,
        lanes: L,
        slots: &Slots<L, N>,
        i: usize,
        block: usize,
    ) {
        let failed = lanes.part(slots.failed[i]);
        let missing = lanes.part(slots.missing[i]);
        let far = lanes.part(slots.far[i]);
        let index = self.index;
        let (used, alone) = (&index.used[block], &index.alone[block]);
        let items: &[[u32; 64]; BLOCK] = &index.items.as_chunks().0.as_chunks().0[block];
        for word in 0..BLOCK {
            let possible = used[word] & !failed[word];
            let close = if NEAR {
                used[word] & missing[word] & !far[word]
            } else {
                0
            };
            let found = possible | close;
            if found == 0 {
                continue;
            }
            let open = missing[word] | index.manual[block][word];
            // Where the rows do not say it all, the rule itself does.
            let unsure = !index.settled[block][word] | (close & !index.exact[block][word]);
            let plain = found & alone[word] & !unsure;
            let Answer { met, unknown, near } = &mut *self.answer;
            list(plain & possible & !open, &items[word], met, |item| item);
            list(plain & possible & open, &items[word], unknown, |item| item);
            if NEAR {
                let entry = |item| (item, Truth::Unknown);
                list(plain & close & possible, &items[word], near, entry);
                let entry = |item| (item, Truth::False);
                list(plain & close & !possible, &items[word], near, entry);
            }
            let mut rest = found & !plain;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                let set = |plane: u64| plane >> bit & 1 == 1;
                let item = items[word][bit as usize];
                if set(unsure) {
                    self.whole::<NEAR>(item);
                    continue;
                }
                let slot = Finding {
                    verdict: match (set(possible), set(open)) {
                        (false, _) => Truth::False,
                        (true, true) => Truth::Unknown,
                        (true, false) => Truth::True,
                    },
                    distance: match (set(missing[word]), set(close)) {
                        (false, _) => 0,
                        (true, true) => u8::from(NEAR),
                        (true, false) => 2 * u8::from(NEAR),
                    },
                };
                self.turn(item);
                self.last.1 = better(self.last.1, slot);
            }
        }
    }

    /// What the rule itself says of an item.
    fn whole<const NEAR: bool>(&mut self, item: u32) {
        self.turn(item);
        let program = &*self.index.program;
        self.last.1 = finding(&program.rules[item as usize], &program.atoms, &self.codes.0);
        if !NEAR {
            self.last.1.distance = 0;
        }
    }

    /// Lists the item before this one, when it is another.
    #[inline]
    fn turn(&mut self, item: u32) {
        if item != self.last.0 {
            self.close();
            self.last = (item, NOTHING);
        }
    }

    /// Lists the latest item.
    #[inline]
    fn close(&mut self) {
        if self.last.0 != NO_ITEM {
            self.answer.note(self.last.0, self.last.1);
        }
    }
}

/// Adds the items of the slots that are set.
#[inline(always)]
fn list<T>(slots: u64, items: &[u32; 64], list: &mut Vec<T>, entry: impl Fn(u32) -> T) {
    let mut rest = slots;
    list.extend((0..slots.count_ones()).map(|_| {
        let item = items[rest.trailing_zeros() as usize % 64];
        rest &= rest.wrapping_sub(1);
        entry(item)
    }));
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
    fn touched<L: Lanes>(&self, lanes: L, block: usize) -> L::Word {
        let [old, new] = self.unmet.map(|row| &row[block]);
        let unmet = lanes.xor(lanes.word(old), lanes.word(new));
        let failed = differing(lanes, self.failed, block);
        let unsure = differing(lanes, self.unsure, block);
        let touched = lanes.or(unmet, lanes.or(failed, unsure));
        match self.several.get(block) {
            Some(several) => lanes.or(touched, lanes.word(several)),
            None => touched,
        }
    }
}

/// Where two rows differ; a row that there is none of is empty.
#[inline(always)]
fn differing<L: Lanes>(lanes: L, rows: [Option<&[Block]>; 2], block: usize) -> L::Word {
    match rows {
        [Some(a), Some(b)] => lanes.xor(lanes.word(&a[block]), lanes.word(&b[block])),
        [Some(row), None] | [None, Some(row)] => lanes.word(&row[block]),
        [None, None] => lanes.splat(0),
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
    fn run<L: Lanes>(self, lanes: L) {
        let index = self.index;
        for block in self.live {
            let block = *block as usize;
            let mut touched = lanes.splat(0);
            for moved in self.moved {
                touched = lanes.or(touched, moved.touched(lanes, block));
            }
            let touched = lanes.part(lanes.and(touched, lanes.word(&index.used[block])));
            if touched == [0; BLOCK] {
                continue;
            }
            let slots = index.slots::<L, 1, true>(lanes, self.rows, block);
            let gone = lanes.part(lanes.and(slots.failed[0], slots.far[0]));
            let items: &[[u32; 64]; BLOCK] = &index.items.as_chunks().0.as_chunks().0[block];
            for word in 0..BLOCK {
                let within = touched[word] & !gone[word];
                list(within, &items[word], self.items, |item| item);
            }
        }
    }
}
