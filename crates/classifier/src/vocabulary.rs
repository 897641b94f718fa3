//! Which n-grams count, and a text as their weights.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    class::Text,
    model::Options,
    text::{GRAM_CHARS, Gram, pieces},
};

/// How often each n-gram stands in a text, in the order of n-grams.
pub(crate) type Counted = Vec<(Gram, u32)>;
/// A text in one vocabulary: number of the n-gram and weight, of length one altogether.
pub(crate) type Row = Vec<(u32, f32)>;

/// Counts a text's n-grams; those of the title count several times.
pub(crate) fn count(text: Text<'_>, options: &Options) -> Counted {
    let most = usize::from(options.gram_chars).clamp(1, GRAM_CHARS);
    let mut counts: BTreeMap<Gram, u32> = BTreeMap::new();
    for (part, weight) in [(text.title, options.title_weight), (text.body, 1)] {
        for gram in Gram::all(&pieces(part), 1, most) {
            *counts.entry(gram).or_default() += u32::from(weight);
        }
    }
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// The n-grams, in their order, that stand in enough of all samples.
///
/// One that stands in a single text makes the text look longer than it is and lets training learn it by heart; while
/// classes have few samples, though, most of what a new text shares with them stands in one only.
pub(crate) struct Common(Vec<Gram>);

/// From so many samples a class on, an n-gram must stand in two.
const MANY: usize = 10;

impl Common {
    pub(crate) fn of(texts: &[&Counted], classes: usize, options: &Options) -> Common {
        let least = match options.gram_texts {
            0 if texts.len() < MANY * classes => 1,
            0 => 2,
            chosen => u32::from(chosen),
        };
        let kept = found(texts)
            .into_iter()
            .filter(|(_, texts)| *texts >= least);
        Common(kept.map(|(gram, _)| gram).collect())
    }
}

/// In how many texts each n-gram stands.
fn found(texts: &[&Counted]) -> BTreeMap<Gram, u32> {
    let mut found: BTreeMap<Gram, u32> = BTreeMap::new();
    for (gram, _) in texts.iter().copied().flatten() {
        *found.entry(*gram).or_default() += 1;
    }
    found
}

/// N-grams in their order, each with the weight of its rarity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Vocabulary {
    grams: Vec<Gram>,
    rarity: Vec<f32>,
}

impl Vocabulary {
    /// The n-grams of these texts that are among the common ones; the commonest here if they are too many.
    pub(crate) fn of(texts: &[&Counted], common: &Common, options: &Options) -> Vocabulary {
        let mut kept: Vec<(Gram, u32)> = found(texts)
            .into_iter()
            .filter(|(gram, _)| common.0.binary_search(gram).is_ok())
            .collect();
        if kept.len() > options.grams_max as usize {
            kept.sort_by_key(|(gram, texts)| (u32::MAX - texts, *gram));
            kept.truncate(options.grams_max as usize);
            kept.sort_unstable();
        }
        let all = texts.len();
        Vocabulary {
            grams: kept.iter().map(|(gram, _)| *gram).collect(),
            rarity: kept.iter().map(|(_, n)| rarity(all, *n)).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.grams.len()
    }

    pub(crate) fn gram(&self, number: u32) -> Gram {
        self.grams[number as usize]
    }

    /// The text in this vocabulary; n-grams it does not have are passed over.
    pub(crate) fn row(&self, counted: &Counted) -> Row {
        let mut row = Vec::with_capacity(counted.len());
        for (gram, count) in counted {
            if let Ok(number) = self.grams.binary_search(gram) {
                let weight = (1.0 + libm::log(f64::from(*count))) * f64::from(self.rarity[number]);
                row.push((number as u32, weight as f32));
            }
        }
        let square: f64 = row.iter().map(|(_, w)| f64::from(*w) * f64::from(*w)).sum();
        if square > 0.0 {
            let length = square.sqrt();
            for (_, weight) in &mut row {
                *weight = (f64::from(*weight) / length) as f32;
            }
        }
        row
    }

    /// Takes in the n-grams that are new, as rare as can be among `all` texts. Gives the new place of each old one.
    pub(crate) fn extend(&mut self, counted: &Counted, all: usize) -> Vec<u32> {
        let (old, old_rarity) = (
            std::mem::take(&mut self.grams),
            std::mem::take(&mut self.rarity),
        );
        let mut fresh = counted
            .iter()
            .map(|(gram, _)| *gram)
            .filter(|gram| old.binary_search(gram).is_err())
            .peekable();
        let mut places = Vec::with_capacity(old.len());
        let take = |vocabulary: &mut Vocabulary, gram, weight| {
            vocabulary.grams.push(gram);
            vocabulary.rarity.push(weight);
        };
        for (gram, weight) in old.iter().zip(old_rarity) {
            while let Some(new) = fresh.next_if(|new| new < gram) {
                take(self, new, rarity(all, 1));
            }
            places.push(self.grams.len() as u32);
            take(self, *gram, weight);
        }
        for new in fresh {
            take(self, new, rarity(all, 1));
        }
        places
    }

    /// Whether the parts belong together, for a vocabulary that was read.
    pub(crate) fn is_sound(&self) -> bool {
        self.grams.len() == self.rarity.len()
            && self.grams.is_sorted_by(|a, b| a < b)
            && self.rarity.iter().all(|weight| weight.is_finite())
    }
}

/// The logarithm of how rare an n-gram is, smoothed; never below one.
fn rarity(all: usize, texts: u32) -> f32 {
    (1.0 + libm::log((1.0 + all as f64) / (1.0 + f64::from(texts)))) as f32
}
