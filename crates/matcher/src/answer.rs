//! One enterprise → all items, and what changed facts change.

use zhida_rules::Truth;

use crate::{
    index::{BLOCK, Index, Indexed},
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
#[derive(Debug, Default)]
pub struct Desk {
    possible: Vec<u64>,
    missing: Vec<u64>,
    far: Vec<u64>,
    live: Vec<u32>,
    items: Vec<u32>,
}

impl Answer {
    fn note(&mut self, item: u32, finding: Finding) {
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

impl Index<'_, '_> {
    /// The items that an enterprise meets, may meet or (with `near`) nearly meets; the answer's
    /// lists are replaced.
    pub fn answer(&self, codes: &Codes, near: bool, desk: &mut Desk, answer: &mut Answer) {
        answer.met.clear();
        answer.unknown.clear();
        answer.near.clear();
        desk.live.clear();
        desk.live.extend_from_slice(self.live(codes));
        self.combine(codes, near, |_| true, desk);
        let mut last = (u32::MAX, NOTHING);
        for (at, block) in desk.live.iter().enumerate() {
            for word in 0..BLOCK {
                let here = at * BLOCK + word;
                let there = *block as usize * BLOCK + word;
                let (possible, missing) = (desk.possible[here], desk.missing[here]);
                let close = if near { missing & !desk.far[here] } else { 0 };
                let mut rest = (possible | close) & self.used[there];
                while rest != 0 {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    let item = self.items[there * 64 + bit as usize];
                    if item != last.0 {
                        self.settle(last, near, answer);
                        last = (item, NOTHING);
                    }
                    let set = |plane: u64| plane >> bit & 1 == 1;
                    if !set(self.exact[there]) {
                        last.1 = finding(
                            &self.program.rules[item as usize],
                            &self.program.atoms,
                            &codes.0,
                        );
                        continue;
                    }
                    let slot = Finding {
                        verdict: match (set(possible), set(missing)) {
                            (false, _) => Truth::False,
                            (true, true) => Truth::Unknown,
                            (true, false) => Truth::True,
                        },
                        distance: match (set(missing), set(close)) {
                            (false, _) => 0,
                            (true, true) => 1,
                            (true, false) => 2,
                        },
                    };
                    last.1 = better(last.1, slot);
                }
            }
        }
        self.settle(last, near, answer);
    }

    fn settle(&self, (item, mut finding): (u32, Finding), near: bool, answer: &mut Answer) {
        if item == u32::MAX {
            return;
        }
        if !near {
            finding.distance = 0;
        }
        answer.note(item, finding);
    }

    /// The items whose finding differs between two rows of codes, from what to what.
    pub fn flips(&self, before: &Codes, after: &Codes, desk: &mut Desk) -> Vec<Flip> {
        let changed = |dimension: u32| before.0[dimension as usize] != after.0[dimension as usize];
        desk.live.clear();
        desk.live.extend_from_slice(self.live(before));
        if self.live.as_ref().is_some_and(|(place, _)| changed(*place)) {
            desk.live.extend_from_slice(self.live(after));
            desk.live.sort_unstable();
            desk.live.dedup();
        }
        self.combine(before, true, |dimension| !changed(dimension), desk);
        let moved: Vec<&Indexed> = self
            .dimensions
            .iter()
            .filter(|indexed| changed(indexed.dimension))
            .collect();
        desk.items.clear();
        for (at, block) in desk.live.iter().enumerate() {
            for word in 0..BLOCK {
                let there = *block as usize * BLOCK + word;
                let touched = self.touched(&moved, before, after, there);
                let here = at * BLOCK + word;
                let mut rest = touched & (desk.possible[here] | !desk.far[here]);
                while rest != 0 {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    desk.items.push(self.items[there * 64 + bit as usize]);
                }
            }
        }
        for (dimension, items) in (0..).zip(&self.unseen) {
            if changed(dimension) {
                desk.items.extend_from_slice(items);
            }
        }
        desk.items.sort_unstable();
        desk.items.dedup();
        let program = self.program;
        desk.items
            .iter()
            .filter_map(|item| {
                let rule = &program.rules[*item as usize];
                let from = finding(rule, &program.atoms, &before.0);
                let to = finding(rule, &program.atoms, &after.0);
                (from != to).then_some(Flip {
                    item: *item,
                    from,
                    to,
                })
            })
            .collect()
    }

    /// Slots of a word for which a changed dimension says something else now.
    fn touched(&self, moved: &[&Indexed], before: &Codes, after: &Codes, word: usize) -> u64 {
        let mut touched = 0;
        for indexed in moved {
            let (old, new) = (
                before.0[indexed.dimension as usize],
                after.0[indexed.dimension as usize],
            );
            let unmet = |code: u16| match code {
                0 => self.row(indexed.unmet_unknown)[word],
                code => self.row(indexed.first + u32::from(code) - 1)[word],
            };
            let failed = |code: u16| match code {
                0 => indexed.failed_unknown.map_or(0, |row| self.row(row)[word]),
                code => unmet(code),
            };
            touched |= (unmet(old) ^ unmet(new)) | (failed(old) ^ failed(new));
        }
        touched & self.used[word]
    }

    /// The blocks with slots that an enterprise can reach.
    fn live(&self, codes: &Codes) -> &[u32] {
        match &self.live {
            Some((place, live)) => &live[usize::from(codes.0[*place as usize])],
            None => &self.every,
        }
    }

    /// For the slots of the live blocks: may they be met, is a condition missing, are two?
    fn combine(&self, codes: &Codes, near: bool, uses: impl Fn(u32) -> bool, desk: &mut Desk) {
        let words = desk.live.len() * BLOCK;
        for (plane, start) in [
            (&mut desk.possible, u64::MAX),
            (&mut desk.missing, 0),
            (&mut desk.far, 0),
        ] {
            plane.clear();
            plane.resize(words, start);
        }
        for indexed in &self.dimensions {
            if !uses(indexed.dimension) {
                continue;
            }
            let code = codes.0[indexed.dimension as usize];
            if code == 0 {
                let unmet = self.row(indexed.unmet_unknown);
                desk.each(unmet, |possible, missing, far, unmet| {
                    (possible, missing | unmet, far | (missing & unmet))
                });
                if let Some(failed) = indexed.failed_unknown {
                    let fixed = if indexed.fixed { u64::MAX } else { 0 };
                    desk.each(self.row(failed), |possible, missing, far, failed| {
                        (possible & !failed, missing, far | (failed & fixed))
                    });
                }
                continue;
            }
            let failed = self.row(indexed.first + u32::from(code) - 1);
            match (indexed.fixed, near) {
                (true, _) => desk.each(failed, |possible, missing, far, failed| {
                    (possible & !failed, missing | failed, far | failed)
                }),
                (false, true) => desk.each(failed, |possible, missing, far, failed| {
                    (
                        possible & !failed,
                        missing | failed,
                        far | (missing & failed),
                    )
                }),
                (false, false) => desk.each(failed, |possible, missing, far, failed| {
                    (possible & !failed, missing | failed, far)
                }),
            }
        }
    }
}

impl Desk {
    #[inline]
    fn each(&mut self, row: &[u64], step: impl Fn(u64, u64, u64, u64) -> (u64, u64, u64)) {
        let planes = self
            .possible
            .chunks_exact_mut(BLOCK)
            .zip(self.missing.chunks_exact_mut(BLOCK))
            .zip(self.far.chunks_exact_mut(BLOCK));
        for (((possible, missing), far), block) in planes.zip(&self.live) {
            let start = *block as usize * BLOCK;
            let row = &row[start..start + BLOCK];
            for i in 0..BLOCK {
                (possible[i], missing[i], far[i]) = step(possible[i], missing[i], far[i], row[i]);
            }
        }
    }
}
