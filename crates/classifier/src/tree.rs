//! Classes below classes: at each one, separators between what lies below it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    class::{ClassPath, LEVELS},
    linear::{Linear, Problem},
    model::Options,
    vocabulary::{Common, Counted, Row, Vocabulary},
};

/// How far, in margin times sharpness, a corrected text is brought to its class's side: of twenty classes it has
/// more than 99 %.
const CLEAR: f64 = 4.0;

/// One class with what lies below it. A name is empty where samples belong to the class itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    /// In their order.
    pub(crate) names: Vec<String>,
    below: Vec<Option<Node>>,
    vocabulary: Vocabulary,
    linear: Linear,
    samples: u32,
}

/// A node as it is saved: whether something lies below each name, but not what. A list of them, each before what lies
/// below it, is a tree; nested ones could be nested so deep that reading them overflows the stack.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    names: Vec<String>,
    below: Vec<bool>,
    vocabulary: Vocabulary,
    linear: Linear,
    samples: u32,
}

/// A sample as training looks at it.
#[derive(Clone, Copy)]
pub(crate) struct Counts<'a> {
    pub(crate) class: &'a ClassPath,
    pub(crate) counted: &'a Counted,
}

impl Node {
    /// The tree of all samples.
    pub(crate) fn train(samples: &[Counts<'_>], options: &Options) -> Node {
        let counted: Vec<&Counted> = samples.iter().map(|s| s.counted).collect();
        let classes: BTreeSet<&ClassPath> = samples.iter().map(|s| s.class).collect();
        Node::at(
            0,
            samples,
            &Common::of(&counted, classes.len(), options),
            options,
        )
    }

    /// The node at `depth` of samples that are alike in their path up to there.
    fn at(depth: usize, samples: &[Counts<'_>], common: &Common, options: &Options) -> Node {
        let mut names: Vec<String> = samples
            .iter()
            .map(|s| s.class.name_at(depth).into())
            .collect();
        names.sort_unstable();
        names.dedup();
        let class_of: Vec<usize> = samples
            .iter()
            .map(|s| place(&names, s.class.name_at(depth)).unwrap_or(0))
            .collect();
        let below = names
            .iter()
            .enumerate()
            .map(|(class, name)| {
                let inside = samples.iter().zip(&class_of).filter(|(_, c)| **c == class);
                let inside: Vec<Counts<'_>> = inside.map(|(sample, _)| *sample).collect();
                let ends = name.is_empty() || inside.iter().all(|s| s.class.level() == depth + 1);
                (!ends).then(|| Node::at(depth + 1, &inside, common, options))
            })
            .collect();
        let mut node = Node {
            names,
            below,
            samples: samples.len() as u32,
            ..Node::default()
        };
        node.separate(samples, &class_of, common, options);
        node
    }

    /// Nothing is to be told apart where there is one class only.
    fn separate(
        &mut self,
        samples: &[Counts<'_>],
        class_of: &[usize],
        common: &Common,
        options: &Options,
    ) {
        if self.names.len() < 2 {
            self.linear = Linear::none(self.names.len());
            return;
        }
        let counted: Vec<&Counted> = samples.iter().map(|s| s.counted).collect();
        self.vocabulary = Vocabulary::of(&counted, common, options);
        let rows: Vec<Row> = counted.iter().map(|c| self.vocabulary.row(c)).collect();
        self.linear = Linear::train(&Problem {
            rows: &rows,
            class_of,
            classes: self.names.len(),
            grams: self.vocabulary.len(),
            cost: &costs(class_of, self.names.len(), options),
            bayes: options.bayes,
        });
    }

    /// Whether the text has an n-gram that the samples have too; if not, only the classes' sizes speak.
    pub(crate) fn knows(&self, counted: &Counted) -> bool {
        !self.vocabulary.row(counted).is_empty()
    }

    /// Every class that ends here or below, with its probability, in the order of paths.
    pub(crate) fn leaves(
        &self,
        counted: &Counted,
        sharpness: &[f64; LEVELS],
    ) -> Vec<(ClassPath, f64)> {
        let mut leaves = Vec::new();
        self.spread(counted, sharpness, &mut Vec::new(), 1.0, &mut leaves);
        leaves
    }

    fn spread<'a>(
        &'a self,
        counted: &Counted,
        sharpness: &[f64; LEVELS],
        path: &mut Vec<&'a str>,
        share: f64,
        leaves: &mut Vec<(ClassPath, f64)>,
    ) {
        let sharp = sharpness[path.len().min(LEVELS - 1)];
        let shares = softmax(&self.margins(counted), sharp);
        for ((name, below), part) in self.names.iter().zip(&self.below).zip(shares) {
            if !name.is_empty() {
                path.push(name);
            }
            match below {
                Some(below) => below.spread(counted, sharpness, path, share * part, leaves),
                None => leaves.push((ClassPath::from_names(path), share * part)),
            }
            if !name.is_empty() {
                path.pop();
            }
        }
    }

    pub(crate) fn margins(&self, counted: &Counted) -> Vec<f64> {
        self.linear.margins(&self.vocabulary.row(counted))
    }

    /// At each level of the path: the margins there and which of them is the path's; ends where the path is not known.
    pub(crate) fn trail(&self, counted: &Counted, class: &ClassPath) -> Vec<(Vec<f64>, usize)> {
        let mut trail = Vec::new();
        self.walk(class, |node, place| {
            trail.push((node.margins(counted), place))
        });
        trail
    }

    /// The nodes along a path, each with the place of the path's name in it.
    fn walk<'a>(&'a self, class: &ClassPath, mut visit: impl FnMut(&'a Node, usize)) {
        let mut node = Some(self);
        let mut depth = 0;
        while let Some(here) = node {
            let Some(place) = place(&here.names, class.name_at(depth)) else {
                return;
            };
            visit(here, place);
            node = here.below[place].as_ref();
            depth += 1;
        }
    }

    /// What each n-gram of the text adds for a class against the mean of its neighbours, above zero only, level by
    /// level.
    pub(crate) fn reasons(
        &self,
        counted: &Counted,
        class: &ClassPath,
    ) -> Vec<(crate::text::Gram, f64)> {
        let mut reasons = Vec::new();
        self.walk(class, |node, place| {
            for (number, value) in node.vocabulary.row(counted) {
                let weights = node.linear.of_gram(number);
                let mean =
                    weights.iter().map(|w| f64::from(*w)).sum::<f64>() / weights.len() as f64;
                let weight = f64::from(value) * (f64::from(weights[place]) - mean);
                if weight > 0.0 {
                    reasons.push((node.vocabulary.gram(number), weight));
                }
            }
        });
        reasons
    }

    /// Takes one sample in at once: new names, new n-grams, and separators moved just as far as needed.
    pub(crate) fn learn(&mut self, sample: Counts<'_>, depth: usize, sharpness: &[f64; LEVELS]) {
        self.samples = self.samples.saturating_add(1);
        let name = sample.class.name_at(depth);
        let known = self.names.binary_search_by(|n| n.as_str().cmp(name));
        let (place, new_class) =
            known.map_or_else(|place| (place, Some(place)), |place| (place, None));
        if new_class.is_some() {
            self.names.insert(place, name.into());
            self.below.insert(place, None);
        }
        let places = self
            .vocabulary
            .extend(sample.counted, self.samples as usize);
        self.linear.widen(self.vocabulary.len(), &places, new_class);
        let reach = (CLEAR / sharpness[depth]).max(1.0);
        self.linear
            .correct(&self.vocabulary.row(sample.counted), place, reach);

        let goes_on = sample.class.level() > depth + 1;
        match &mut self.below[place] {
            Some(below) => below.learn(sample, depth + 1, sharpness),
            None if goes_on => {
                // what was here before anything lay below belongs to the class itself
                let next = if new_class.is_some() {
                    sample.class.name_at(depth + 1)
                } else {
                    ""
                };
                self.below[place]
                    .insert(Node::only(next))
                    .learn(sample, depth + 1, sharpness);
            }
            None => {}
        }
    }

    /// A node at which nothing is to be told apart.
    fn only(name: &str) -> Node {
        Node {
            names: vec![name.into()],
            below: vec![None],
            linear: Linear::none(1),
            ..Node::default()
        }
    }

    /// Appends this node, then what lies below it.
    pub(crate) fn save(&self, list: &mut Vec<Saved>) {
        list.push(Saved {
            names: self.names.clone(),
            below: self.below.iter().map(Option::is_some).collect(),
            vocabulary: self.vocabulary.clone(),
            linear: self.linear.clone(),
            samples: self.samples,
        });
        for below in self.below.iter().flatten() {
            below.save(list);
        }
    }

    /// The next node of the list with what lies below it; none if the parts do not belong together.
    pub(crate) fn read(list: &mut impl Iterator<Item = Saved>, depth: usize) -> Option<Node> {
        let saved = list.next()?;
        let sound = depth < LEVELS
            && !saved.names.is_empty()
            && saved.names.is_sorted_by(|a, b| a < b)
            && saved.names.len() == saved.below.len()
            && saved.vocabulary.is_sound()
            && saved
                .linear
                .is_sound(saved.names.len(), saved.vocabulary.len());
        if !sound {
            return None;
        }
        let below = saved
            .below
            .into_iter()
            .zip(&saved.names)
            .map(|(some, name)| match some {
                // nothing lies below “the class itself”
                true if name.is_empty() => None,
                true => Some(Some(Node::read(list, depth + 1)?)),
                false => Some(None),
            });
        Some(Node {
            below: below.collect::<Option<_>>()?,
            names: saved.names,
            vocabulary: saved.vocabulary,
            linear: saved.linear,
            samples: saved.samples,
        })
    }
}

fn place(names: &[String], name: &str) -> Option<usize> {
    names.binary_search_by(|n| n.as_str().cmp(name)).ok()
}

/// A sample of a rare class costs more, by the chosen share of full balance.
fn costs(class_of: &[usize], classes: usize, options: &Options) -> Vec<f64> {
    let mut sizes = vec![0.0_f64; classes];
    for class in class_of {
        sizes[*class] += 1.0;
    }
    let even = class_of.len() as f64 / classes as f64;
    sizes
        .iter()
        .map(|size| options.cost * libm::pow(even / size.max(1.0), options.balance))
        .collect()
}

/// Margins as shares of one.
pub(crate) fn softmax(margins: &[f64], sharpness: f64) -> Vec<f64> {
    let most = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raised: Vec<f64> = margins
        .iter()
        .map(|m| libm::exp(sharpness * (m - most)))
        .collect();
    let sum: f64 = raised.iter().sum();
    raised.iter().map(|r| r / sum).collect()
}
