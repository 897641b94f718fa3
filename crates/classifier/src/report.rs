//! How right a model was on texts that it had not seen while it was made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::class::ClassPath;

/// Fewer texts than these prove no threshold.
const PROOF: usize = 20;
/// Intervals of confidence among which the calibration is measured.
const BINS: usize = 10;

/// What cross-validation within the training found; shares are per mille, rounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Texts that the model was made from; copies of one text in one class count once.
    pub samples: u32,
    /// Classes that texts belong to.
    pub classes: u32,
    /// For each level from the first on; ends where no text has a class of the level.
    pub levels: Vec<Level>,
}

/// The figures of one level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Texts whose class goes down to this level.
    pub texts: u32,
    /// Texts of which the best suggestion was right.
    pub right: u32,
    /// Mean of the classes' F1, per mille: rare classes count as much as common ones.
    pub macro_f1: u16,
    /// Expected calibration error: mean distance between stated confidence and share of right ones, per mille.
    pub calibration_error: u16,
    /// The least confidence, per mille, that is called sure; none if no confidence proved right often enough.
    pub threshold: Option<u16>,
    /// Texts whose best suggestion reached the threshold.
    pub sure: u32,
    /// … and was right.
    pub sure_right: u32,
}

/// One text that was judged unseen.
pub(crate) struct Judged {
    pub(crate) truth: ClassPath,
    pub(crate) said: ClassPath,
    pub(crate) share: f64,
}

impl Judged {
    fn is_right(&self) -> bool {
        self.truth == self.said
    }
}

impl Level {
    /// `target` is the share of right ones, per mille, that “sure” promises.
    pub(crate) fn of(judged: &[Judged], target: u16) -> Level {
        let threshold = threshold(judged, target);
        let sure = || {
            judged
                .iter()
                .filter(move |j| threshold.is_some_and(|t| per_mille(j.share) >= t))
        };
        Level {
            texts: judged.len() as u32,
            right: judged.iter().filter(|j| j.is_right()).count() as u32,
            macro_f1: macro_f1(judged),
            calibration_error: calibration_error(judged),
            threshold,
            sure: sure().count() as u32,
            sure_right: sure().filter(|j| j.is_right()).count() as u32,
        }
    }
}

/// A probability as it is shown. Nothing is certain: at most 999.
pub(crate) fn per_mille(share: f64) -> u16 {
    (share * 1000.0).round().clamp(0.0, 999.0) as u16
}

/// The least confidence from which on enough were right.
fn threshold(judged: &[Judged], target: u16) -> Option<u16> {
    let mut by_share: Vec<(u16, bool)> = judged
        .iter()
        .map(|j| (per_mille(j.share), j.is_right()))
        .collect();
    by_share.sort_unstable_by_key(|(share, _)| std::cmp::Reverse(*share));
    let mut found = None;
    let mut right = 0_usize;
    for (n, (share, is_right)) in by_share.iter().enumerate() {
        right += usize::from(*is_right);
        let all = n + 1;
        let last_of_equals = by_share.get(all).is_none_or(|next| next.0 != *share);
        if last_of_equals && all >= PROOF && right * 1000 >= all * usize::from(target) {
            found = Some(*share);
        }
    }
    found
}

fn macro_f1(judged: &[Judged]) -> u16 {
    // of each class: right, said, true
    let mut counts: BTreeMap<&ClassPath, [u32; 3]> = BTreeMap::new();
    for j in judged {
        counts.entry(&j.said).or_default()[1] += 1;
        counts.entry(&j.truth).or_default()[2] += 1;
        if j.is_right() {
            counts.entry(&j.truth).or_default()[0] += 1;
        }
    }
    let classes: Vec<&[u32; 3]> = counts.values().filter(|c| c[2] > 0).collect();
    let sum: f64 = classes
        .iter()
        .map(|[right, said, truth]| 2.0 * f64::from(*right) / f64::from(said + truth))
        .sum();
    (sum * 1000.0 / classes.len().max(1) as f64).round() as u16
}

fn calibration_error(judged: &[Judged]) -> u16 {
    let mut bins = [(0.0, 0.0); BINS];
    for j in judged {
        let bin = &mut bins[((j.share * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += j.share;
        bin.1 += f64::from(u8::from(j.is_right()));
    }
    let apart: f64 = bins
        .iter()
        .map(|(stated, right)| (stated - right).abs())
        .sum();
    (apart * 1000.0 / judged.len().max(1) as f64).round() as u16
}
