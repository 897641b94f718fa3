//! What a model says of texts that it has not seen: each text is judged by a tree made from the other folds.

use crate::{
    class::{ClassPath, LEVELS},
    model::Options,
    report::Judged,
    tree::{Counts, Node, softmax},
};

/// Sharpness of a level for which no text tells a better one.
const SHARPNESS: f64 = 2.0;

/// What cross-fitting found.
pub(crate) struct CrossFit {
    /// How strongly margins speak at each level.
    pub(crate) sharpness: [f64; LEVELS],
    /// Each sample's best class at each level, as it was judged unseen.
    pub(crate) judged: [Vec<Judged>; LEVELS],
}

/// Trains once for each fold. `fold_of` has a fold below `options.folds` for each sample.
pub(crate) fn cross_fit(samples: &[Counts<'_>], fold_of: &[u8], options: &Options) -> CrossFit {
    let trees: Vec<Node> = (0..options.folds)
        .map(|fold| {
            let others = samples.iter().zip(fold_of).filter(|(_, f)| **f != fold);
            let others: Vec<Counts<'_>> = others.map(|(sample, _)| *sample).collect();
            Node::train(&others, options)
        })
        .collect();
    let unseen = || {
        samples
            .iter()
            .zip(fold_of.iter().map(|fold| &trees[usize::from(*fold)]))
    };

    let mut trails: [Vec<(Vec<f64>, usize)>; LEVELS] = Default::default();
    for (sample, tree) in unseen() {
        let trail = tree.trail(sample.counted, sample.class);
        for (level, step) in trail.into_iter().take(LEVELS).enumerate() {
            trails[level].push(step);
        }
    }
    let sharpness = trails.map(|steps| sharpness(&steps));

    let mut judged: [Vec<Judged>; LEVELS] = Default::default();
    for (sample, tree) in unseen() {
        let leaves = tree.leaves(sample.counted, &sharpness);
        for (depth, judged) in judged.iter_mut().enumerate() {
            if sample.class.level() > depth {
                judged.push(judge(sample.class, &leaves, depth + 1));
            }
        }
    }
    CrossFit { sharpness, judged }
}

fn judge(class: &ClassPath, leaves: &[(ClassPath, f64)], level: usize) -> Judged {
    let (best, share) = best_at(leaves, level).unwrap_or_else(|| (class.to_level(level), 0.0));
    Judged {
        truth: class.to_level(level),
        said: best,
        share,
    }
}

/// The class of at most this level that has most of the probability, and how much; the first of equals.
pub(crate) fn best_at(leaves: &[(ClassPath, f64)], level: usize) -> Option<(ClassPath, f64)> {
    let mut sums: Vec<(ClassPath, f64)> = Vec::new();
    for (class, share) in leaves {
        let class = class.to_level(level);
        match sums.last_mut() {
            Some((last, sum)) if *last == class => *sum += share,
            _ => sums.push((class, *share)),
        }
    }
    sums.into_iter()
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// The sharpness under which the true classes are most likely: the loss has one minimum, found by golden section.
fn sharpness(steps: &[(Vec<f64>, usize)]) -> f64 {
    const SECTION: f64 = 0.618_033_988_749_894_9;
    const ROUNDS: u32 = 40;
    let told: Vec<&(Vec<f64>, usize)> = steps.iter().filter(|(m, _)| m.len() > 1).collect();
    if told.is_empty() {
        return SHARPNESS;
    }
    let loss = |sharp: f64| -> f64 {
        told.iter()
            .map(|(margins, truth)| -libm::log(softmax(margins, sharp)[*truth].max(1e-12)))
            .sum()
    };
    let (mut low, mut high) = (0.1, 10.0);
    for _ in 0..ROUNDS {
        let (left, right) = (high - SECTION * (high - low), low + SECTION * (high - low));
        if loss(left) <= loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high)
}
