//! Labelled texts and their division into folds.

use std::{collections::BTreeMap, env, fs};

use zhida_classifier::Sample;

const OWN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../data/appeals/samples.yaml"
);

#[derive(serde::Deserialize)]
struct Line {
    title: String,
    body: String,
    label: String,
}

/// The file named on the command line, or our own samples.
pub fn read() -> Vec<Sample> {
    match env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
    {
        Some(path) => {
            labelled(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")))
        }
        None => {
            serde_norway::from_str(&fs::read_to_string(OWN).expect("our samples")).expect("samples")
        }
    }
}

fn labelled(text: &str) -> Vec<Sample> {
    let line = |line| {
        let Line { title, body, label } = serde_json::from_str(line).expect("title, body, label");
        Sample {
            class: label.parse().expect("a class"),
            title,
            text: body,
        }
    };
    text.lines().map(line).collect()
}

pub fn classes(samples: &[Sample]) -> usize {
    samples
        .iter()
        .map(|s| &s.class)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

/// Every class spread evenly over the folds, in an order that follows from the seed; texts come out mixed.
pub fn folds(samples: &[Sample], folds: usize, seed: u64) -> Vec<(usize, &Sample)> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut mixed: Vec<&Sample> = samples.iter().collect();
    for end in (1..mixed.len()).rev() {
        mixed.swap(end, dice.below(end + 1));
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut start = 0;
    mixed
        .into_iter()
        .map(|sample| {
            let class = seen.entry(sample.class.to_string()).or_insert_with(|| {
                start += 1;
                start
            });
            *class += 1;
            (*class % folds, sample)
        })
        .collect()
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
