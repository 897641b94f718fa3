//! The index: texts by number, and for each pair of characters the list of texts that have it.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{
    packed::{Packed, unpack},
    shape::{Pair, Shape},
};

/// Removed texts are swept out when they are more than this and than half.
const SWEEP: usize = 1_000;

/// Texts by what they share, in memory. `T` is what the caller filters by: enterprise, place, theme, time.
///
/// It holds pairs of characters and no text; made anew from the texts when a server starts.
#[derive(Clone, Debug)]
pub struct Index<T> {
    pub(super) slot_of: HashMap<u128, u32>,
    pub(super) slots: Vec<Option<Kept<T>>>,
    pub(super) number_of: HashMap<Pair, u32, FixedState>,
    pub(super) lists: Vec<List>,
}

#[derive(Clone, Debug)]
pub(super) struct Kept<T> {
    pub(super) id: u128,
    pub(super) digest: u128,
    /// Numbers of its pairs.
    pub(super) pairs: Box<[u8]>,
    pub(super) count: u32,
    pub(super) numbers: Box<[u32]>,
    pub(super) attributes: T,
}

/// The texts that have one pair.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) pair: Pair,
    pub(super) slots: Packed,
    /// Texts that are still there.
    pub(super) texts: u32,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Index {
            slot_of: HashMap::new(),
            slots: Vec::new(),
            number_of: HashMap::default(),
            lists: Vec::new(),
        }
    }
}

impl<T: Clone> Index<T> {
    /// An index without texts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many texts it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slot_of.len()
    }

    /// Whether it holds no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slot_of.is_empty()
    }

    /// Whether a text is held under the id.
    #[must_use]
    pub fn contains(&self, id: u128) -> bool {
        self.slot_of.contains_key(&id)
    }

    /// Adds a text, or puts it in place of what was held under the id. Says whether it is held: a text without any
    /// letter or digit is like nothing and is not.
    pub fn add(&mut self, id: u128, attributes: T, text: &str) -> bool {
        self.remove(id);
        let Some(shape) = Shape::of(text) else {
            return false;
        };
        let slot = self.slots.len() as u32;
        let count = shape.pairs.len() as u32;
        let pairs = self.enlist(slot, shape.pairs);
        self.slots.push(Some(Kept {
            id,
            digest: shape.digest,
            pairs,
            count,
            numbers: shape.numbers.into_boxed_slice(),
            attributes,
        }));
        self.slot_of.insert(id, slot);
        true
    }

    /// Enters the slot into the lists of its pairs; gives the pairs' numbers, packed.
    fn enlist(&mut self, slot: u32, pairs: impl IntoIterator<Item = Pair>) -> Box<[u8]> {
        let mut numbers: Vec<u32> = pairs.into_iter().map(|pair| self.number(pair)).collect();
        numbers.sort_unstable();
        let mut packed = Packed::default();
        for number in numbers {
            packed.push(number);
            let list = &mut self.lists[number as usize];
            list.slots.push(slot);
            list.texts += 1;
        }
        packed.into_bytes()
    }

    fn number(&mut self, pair: Pair) -> u32 {
        let next = self.lists.len() as u32;
        *self.number_of.entry(pair).or_insert_with(|| {
            self.lists.push(List {
                pair,
                slots: Packed::default(),
                texts: 0,
            });
            next
        })
    }

    /// Removes a text; says whether it was there.
    pub fn remove(&mut self, id: u128) -> bool {
        let Some(slot) = self.slot_of.remove(&id) else {
            return false;
        };
        if let Some(kept) = self.slots[slot as usize].take() {
            for number in unpack(&kept.pairs) {
                self.lists[number as usize].texts -= 1;
            }
        }
        if self.slots.len() > SWEEP && self.slots.len() > 2 * self.slot_of.len() {
            self.sweep();
        }
        true
    }

    /// Numbers texts and pairs anew without those that are gone.
    fn sweep(&mut self) {
        let old = std::mem::take(self);
        for kept in old.slots.into_iter().flatten() {
            let slot = self.slots.len() as u32;
            let pairs = unpack(&kept.pairs).map(|number| old.lists[number as usize].pair);
            let pairs = self.enlist(slot, pairs);
            self.slot_of.insert(kept.id, slot);
            self.slots.push(Some(Kept { pairs, ..kept }));
        }
    }

    /// Bytes in memory, estimated from the capacity of all parts but what `T` holds elsewhere.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let lists: usize = self.lists.iter().map(|list| list.slots.bytes()).sum();
        let kept: usize = self
            .slots
            .iter()
            .flatten()
            .map(|kept| kept.pairs.len() + kept.numbers.len() * size_of::<u32>())
            .sum();
        lists
            + kept
            + self.lists.capacity() * size_of::<List>()
            + self.slots.capacity() * size_of::<Option<Kept<T>>>()
            + self.number_of.capacity() * size_of::<(Pair, u32, u8)>()
            + self.slot_of.capacity() * size_of::<(u128, u32, u8)>()
    }
}
