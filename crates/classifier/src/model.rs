//! A model: made from samples, asked for classes, corrected by clerks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    class::{ClassPath, LEVELS, Sample, Text},
    folds::{best_at, cross_fit},
    report::{Level, Report, per_mille},
    text::normalise,
    tree::{Counts, Node},
    vocabulary::{Counted, count},
};

/// How a model is made. The values by default are those of docs/classifier.md.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Characters of the longest n-gram, 1 to 3.
    pub gram_chars: u8,
    /// Texts that an n-gram must stand in to count; 0: one while classes have fewer than ten samples on average, then
    /// two.
    pub gram_texts: u8,
    /// N-grams at most at each node of the tree, the commonest; bounds the memory.
    pub grams_max: u32,
    /// How often an n-gram of the title counts.
    pub title_weight: u8,
    /// What a sample on the wrong side costs against the size of the weights: higher follows the samples more closely.
    pub cost: f64,
    /// How much naive Bayes counts beside the separators: it helps while a class has few samples.
    pub bayes: f64,
    /// How far rare classes are raised: 0 not at all, 1 until all classes weigh the same.
    pub balance: f64,
    /// Parts into which samples are divided to learn how far the model may be trusted; 2 to 20.
    pub folds: u8,
    /// Share of right suggestions, per mille, that “sure” promises.
    pub target: u16,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            gram_chars: 3,
            gram_texts: 0,
            grams_max: 200_000,
            title_weight: 2,
            cost: 1.0,
            bayes: 2.0,
            balance: 0.5,
            folds: 5,
            target: 900,
        }
    }
}

/// Why no model could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// One class, or none, has a text with letters.
    #[error("至少要有两个分类各有一条带文字的样本，现在只有 {0} 个分类有")]
    TooFewClasses(usize),
    /// An option beyond its range.
    #[error("训练参数 {0} 超出范围")]
    Option(&'static str),
}

/// A class with how sure the model is of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The class.
    pub class: ClassPath,
    /// Calibrated probability, per mille, 0 to 999.
    pub confidence: u16,
}

/// What a model says of one text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggested {
    /// The deepest class of which the model may be called sure; none means 不确定.
    pub sure: Option<Suggestion>,
    /// The likeliest classes, likeliest first; empty if the text has no letter at all.
    pub candidates: Vec<Suggestion>,
}

/// A part of the text that spoke for a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The characters; runs of digits stand as `0`.
    pub words: String,
    /// Its share, per mille, of all that spoke for the class.
    pub share: u16,
}

/// A trained classifier. Equal samples and options, in whatever order, give equal models.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(crate) tree: Node,
    pub(crate) about: About,
}

/// What a model has beside its tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct About {
    options: Options,
    sharpness: [f64; LEVELS],
    report: Report,
    learnt: u32,
}

impl Model {
    /// Makes a model. Copies of one text in one class count once, however often they were sent.
    ///
    /// It trains `folds + 1` times, to learn on unseen texts what its confidence is worth.
    ///
    /// # Errors
    /// Fewer than two classes with a text, or an option beyond its range.
    pub fn train(samples: &[Sample], options: &Options) -> Result<Model, TrainError> {
        check(options)?;
        let mut seen = BTreeSet::new();
        let mut samples: Vec<(&Sample, u64)> = samples
            .iter()
            .map(|sample| (sample, [normalise(&sample.title), normalise(&sample.text)]))
            .filter(|(_, words)| words.iter().any(|text| !text.is_empty()))
            .filter(|(sample, words)| seen.insert((&sample.class, words.clone())))
            .map(|(sample, words)| (sample, mixed(&words)))
            .collect();
        samples.sort_by(|a, b| (&a.0.class, a.1, a.0).cmp(&(&b.0.class, b.1, b.0)));
        let classes: BTreeSet<&ClassPath> = samples.iter().map(|(s, _)| &s.class).collect();
        if classes.len() < 2 {
            return Err(TrainError::TooFewClasses(classes.len()));
        }

        let counted: Vec<Counted> = samples
            .iter()
            .map(|(sample, _)| count(sample.as_text(), options))
            .collect();
        let counts: Vec<Counts<'_>> = samples
            .iter()
            .zip(&counted)
            .map(|((sample, _), counted)| Counts {
                class: &sample.class,
                counted,
            })
            .collect();
        let fold_of = (0..counts.len()).map(|n| (n % usize::from(options.folds)) as u8);
        let fit = cross_fit(&counts, &fold_of.collect::<Vec<_>>(), options);
        let levels = fit.judged.iter().take_while(|judged| !judged.is_empty());
        let report = Report {
            samples: counts.len() as u32,
            classes: classes.len() as u32,
            levels: levels
                .map(|judged| Level::of(judged, options.target))
                .collect(),
        };
        let about = About {
            options: options.clone(),
            sharpness: fit.sharpness,
            report,
            learnt: 0,
        };
        Ok(Model {
            tree: Node::train(&counts, options),
            about,
        })
    }

    /// The `k` likeliest classes of a text, and the one that may be called sure.
    #[must_use]
    pub fn suggest(&self, text: Text<'_>, k: usize) -> Suggested {
        let counted = count(text, &self.about.options);
        if counted.is_empty() {
            return Suggested::default();
        }
        let mut leaves = self.tree.leaves(&counted, &self.about.sharpness);
        let sure = self
            .tree
            .knows(&counted)
            .then(|| self.sure(&leaves))
            .flatten();
        leaves.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        leaves.truncate(k);
        let candidates = leaves.into_iter().map(suggestion).collect();
        Suggested { sure, candidates }
    }

    fn sure(&self, leaves: &[(ClassPath, f64)]) -> Option<Suggestion> {
        let levels = self.about.report.levels.iter().enumerate().rev();
        levels
            .filter_map(|(depth, level)| Some((level.threshold?, best_at(leaves, depth + 1)?)))
            .map(|(threshold, best)| (threshold, suggestion(best)))
            .find(|(threshold, best)| best.confidence >= *threshold)
            .map(|(_, best)| best)
    }

    /// What in the text spoke for a class, strongest first, at most `n`; a part of a longer part is not named again.
    #[must_use]
    pub fn explain(&self, text: Text<'_>, class: &ClassPath, n: usize) -> Vec<Reason> {
        let mut reasons = self.tree.reasons(&count(text, &self.about.options), class);
        let sum: f64 = reasons.iter().map(|(_, weight)| weight).sum();
        reasons.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut named: Vec<Reason> = Vec::new();
        for (gram, weight) in reasons {
            let words = gram.text();
            let overlaps =
                |other: &Reason| other.words.contains(&words) || words.contains(&other.words);
            if named.len() < n && !named.iter().any(overlaps) {
                let share = per_mille(weight / sum);
                named.push(Reason { words, share });
            }
        }
        named
    }

    /// Takes a correction in at once: the same text is in its class from now on, and similar ones are nearer to it. A
    /// class never seen is added.
    ///
    /// Corrections depend on their order, and the report stays that of the training: train anew from all samples when
    /// there is time (every night).
    pub fn learn(&mut self, sample: &Sample) {
        let counted = count(sample.as_text(), &self.about.options);
        if !counted.is_empty() {
            let counts = Counts {
                class: &sample.class,
                counted: &counted,
            };
            self.tree.learn(counts, 0, &self.about.sharpness);
            self.about.learnt = self.about.learnt.saturating_add(1);
        }
    }

    /// How right it was on unseen texts when it was made.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.about.report
    }

    /// Corrections taken in since it was made.
    #[must_use]
    pub fn learnt(&self) -> u32 {
        self.about.learnt
    }
}

impl About {
    /// Whether the values are possible ones, for what was read.
    pub(crate) fn is_sound(&self) -> bool {
        check(&self.options).is_ok()
            && self.sharpness.iter().all(|s| s.is_finite() && *s > 0.0)
            && self.report.levels.len() <= LEVELS
    }
}

fn suggestion((class, share): (ClassPath, f64)) -> Suggestion {
    Suggestion {
        class,
        confidence: per_mille(share),
    }
}

fn check(options: &Options) -> Result<(), TrainError> {
    let fits = [
        ("gram_chars", (1..=3).contains(&options.gram_chars)),
        ("grams_max", (100..=2_000_000).contains(&options.grams_max)),
        ("title_weight", options.title_weight <= 20),
        ("cost", (0.001..=1000.0).contains(&options.cost)),
        ("bayes", (0.0..=1000.0).contains(&options.bayes)),
        ("balance", (0.0..=1.0).contains(&options.balance)),
        ("folds", (2..=20).contains(&options.folds)),
        ("target", (500..=999).contains(&options.target)),
    ];
    match fits.iter().find(|(_, fits)| !fits) {
        Some((name, _)) => Err(TrainError::Option(name)),
        None => Ok(()),
    }
}

/// A number that mixes the order of samples whatever order they came in (FNV-1a).
fn mixed(words: &[String; 2]) -> u64 {
    let bytes = words.iter().flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
#[path = "model/tests.rs"]
mod tests;
