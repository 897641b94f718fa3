//! Asking the index: which texts may be alike, and how alike two texts are.

use std::cmp::Reverse;

use super::{
    alike::{Alike, Ask, Likeness},
    index::{Index, Kept, List},
    packed::unpack,
    shape::{Pair, Shape},
};

/// Texts that are compared exactly for one query; those that share most of what is rare come first.
const COMPARED_MAX: usize = 400;
/// Entries of lists that a query reads beyond those that near copies need.
const READ_MAX: u64 = 100_000;
/// Pairs that a text must have before being contained in another makes it a near copy.
const CONTAINED_PAIRS: usize = 12;

/// The text asked about, beside what the index knows of it.
struct Asked {
    shape: Shape,
    /// Numbers of the pairs that the index knows, rising.
    known: Vec<u32>,
    /// Pairs that it does not know.
    unknown: u64,
    /// Whether one of those ends a place's name.
    unknown_place: bool,
    /// The length of the whole text as a vector, squared.
    square: u64,
}

/// What two texts share, pair by pair.
#[derive(Default)]
struct Shared {
    pairs: u64,
    dot: u64,
    /// The other text's length as a vector, squared.
    square: u64,
    /// Whether each side has the end of a place's name for itself.
    own_place: [bool; 2],
}

impl<T: Clone> Index<T> {
    /// The texts like this one, closest first, among those that `of` lets through.
    ///
    /// The answer depends on the texts held and on nothing else: not on the order in which they came.
    pub fn query(&self, text: &str, ask: &Ask, of: impl Fn(&T) -> bool) -> Vec<Alike<T>> {
        let Some(asked) = Shape::of(text).map(|shape| self.asked(shape)) else {
            return Vec::new();
        };
        let mut found: Vec<Alike<T>> = self
            .candidates(&asked, ask, of)
            .into_iter()
            .filter_map(|slot| self.compare(&asked, self.slots[slot as usize].as_ref()?, ask))
            .collect();
        found.sort_by_key(|alike| (alike.likeness, Reverse(alike.strength()), alike.id));
        found.truncate(ask.limit);
        found
    }

    fn asked(&self, shape: Shape) -> Asked {
        let unlisted = |pair: &&Pair| !self.number_of.contains_key(*pair);
        let mut known: Vec<u32> = shape
            .pairs
            .iter()
            .filter_map(|pair| self.number_of.get(pair).copied())
            .collect();
        known.sort_unstable();
        let unknown = (shape.pairs.len() - known.len()) as u64;
        let never = self.weight(0);
        let square = known.iter().map(|n| self.weight_of(*n).pow(2)).sum::<u64>();
        Asked {
            unknown_place: shape
                .pairs
                .iter()
                .filter(unlisted)
                .any(|pair| pair.ends_place()),
            square: square + unknown * never * never,
            unknown,
            known,
            shape,
        }
    }

    /// How much a pair counts that stands in so many texts. Whole numbers: sums are the same in any order.
    fn weight(&self, texts: u32) -> u64 {
        const SCALE: f64 = 16.0;
        let rare = (1.0 + self.len() as f64) / (1.0 + f64::from(texts));
        (SCALE * (1.0 + libm::log(rare))).round() as u64
    }

    fn weight_of(&self, number: u32) -> u64 {
        self.weight(self.lists[number as usize].texts)
    }

    /// Slots that share most of what is rare: from the lists of as many of the rarest pairs as near copies must meet,
    /// and further ones while they are short.
    fn candidates(&self, asked: &Asked, ask: &Ask, of: impl Fn(&T) -> bool) -> Vec<u32> {
        let mut lists: Vec<&List> = asked
            .known
            .iter()
            .map(|n| &self.lists[*n as usize])
            .collect();
        lists.sort_unstable_by_key(|list| (list.texts, list.pair));
        let pairs = asked.shape.pairs.len();
        let shared = (pairs * usize::from(ask.near)).div_ceil(1000).max(1);
        // pairs that nobody has are the rarest and already met
        let needed = (pairs - shared + 1).saturating_sub(asked.unknown as usize);

        let mut sums = vec![0_u32; self.slots.len()];
        let mut met = Vec::new();
        let mut read = 0;
        for (n, list) in lists.into_iter().enumerate() {
            read += u64::from(list.texts);
            if n >= needed && read > READ_MAX {
                break;
            }
            let weight = self.weight(list.texts).pow(2) as u32;
            for slot in list.slots.iter() {
                let sum = &mut sums[slot as usize];
                if *sum == 0 {
                    met.push(slot);
                }
                *sum = sum.saturating_add(weight);
            }
        }
        let met = met
            .into_iter()
            .map(|slot| (sums[slot as usize], slot))
            .collect();
        self.strongest(met, of)
    }

    /// Of slots with their sums, those with the largest that are still there and let through; of equal ones those with
    /// the smallest id. Only as many texts are looked at as it takes: each is somewhere else in memory.
    fn strongest(&self, mut met: Vec<(u32, u32)>, of: impl Fn(&T) -> bool) -> Vec<u32> {
        let mut passed: Vec<(Reverse<u32>, u128, u32)> = Vec::new();
        while !met.is_empty() && passed.len() < COMPARED_MAX {
            let rest = met.len().saturating_sub(4 * COMPARED_MAX);
            let least = met.select_nth_unstable(rest).1.0;
            let there = |slot: u32| {
                self.slots[slot as usize]
                    .as_ref()
                    .filter(|kept| of(&kept.attributes))
            };
            passed.extend(
                met.iter()
                    .filter(|(sum, _)| *sum >= least)
                    .filter_map(|(sum, slot)| Some((Reverse(*sum), there(*slot)?.id, *slot))),
            );
            met.retain(|(sum, _)| *sum < least);
        }
        passed.sort_unstable();
        passed.truncate(COMPARED_MAX);
        passed.into_iter().map(|(_, _, slot)| slot).collect()
    }

    fn compare(&self, asked: &Asked, kept: &Kept<T>, ask: &Ask) -> Option<Alike<T>> {
        let shared = self.shared(asked, kept);
        let ours = asked.shape.pairs.len() as u64;
        let (theirs, smaller) = (u64::from(kept.count), ours.min(u64::from(kept.count)));
        let overlap = (shared.pairs * 1000 / (ours + theirs - shared.pairs)) as u16;
        let contained = shared.pairs * 1000 / smaller;
        let lengths = (asked.square as f64 * shared.square as f64).sqrt();
        let cosine = (shared.dot as f64 * 1000.0 / lengths) as u16;
        let near = overlap >= ask.near
            || smaller >= CONTAINED_PAIRS as u64 && contained >= u64::from(ask.contained);
        let likeness = if asked.shape.digest == kept.digest {
            Likeness::Copy
        } else if near && Self::contradict(asked, kept, &shared) {
            Likeness::OtherDetails
        } else if near {
            Likeness::NearCopy
        } else if cosine >= ask.similar {
            Likeness::Similar
        } else {
            return None;
        };
        Some(Alike {
            id: kept.id,
            attributes: kept.attributes.clone(),
            likeness,
            overlap,
            cosine,
        })
    }

    fn shared(&self, asked: &Asked, kept: &Kept<T>) -> Shared {
        let mut shared = Shared {
            own_place: [asked.unknown_place, false],
            ..Shared::default()
        };
        let own_place = |number: u32| self.lists[number as usize].pair.ends_place();
        let mut ours = asked.known.iter().copied().peekable();
        for theirs in unpack(&kept.pairs) {
            while let Some(own) = ours.next_if(|own| *own < theirs) {
                shared.own_place[0] |= own_place(own);
            }
            let square = self.weight_of(theirs).pow(2);
            shared.square += square;
            if ours.next_if_eq(&theirs).is_some() {
                shared.pairs += 1;
                shared.dot += square;
            } else {
                shared.own_place[1] |= own_place(theirs);
            }
        }
        shared.own_place[0] |= ours.any(own_place);
        shared
    }

    /// Whether both texts have a number, or both the name of a place, that the other lacks.
    fn contradict(asked: &Asked, kept: &Kept<T>, shared: &Shared) -> bool {
        let (ours, theirs) = (&asked.shape.numbers, &kept.numbers);
        let number = ours.iter().any(|n| theirs.binary_search(n).is_err())
            && theirs.iter().any(|n| ours.binary_search(n).is_err());
        number || shared.own_place == [true, true]
    }
}
