//! The methods that are compared.

use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
};

use zhida_classifier::{Model, Options, Sample, normalise};

use crate::measure::Said;

type Judge = dyn Fn(&[Sample], &[&Sample]) -> Vec<Said>;

/// Made from the first texts, it judges the second ones.
pub struct Method {
    pub name: String,
    pub judge: Box<Judge>,
}

impl Method {
    /// With `ZHIDA_BENCH_GRID`, ours with each option changed by itself.
    pub fn variants() -> Vec<Method> {
        match std::env::var_os("ZHIDA_BENCH_GRID") {
            Some(_) => grid().collect(),
            None => Vec::new(),
        }
    }

    /// Another known method, on all that ours looks at.
    pub fn complement() -> Method {
        Method::bayes("补集贝叶斯 1–3 字", 1..=3, true)
    }

    /// Multinomial naive Bayes on pairs of characters.
    pub fn baseline() -> Method {
        Method::bayes("基线：二字组朴素贝叶斯", 2..=2, false)
    }

    pub fn ours(name: &str, options: Options) -> Method {
        let judge = move |known: &[Sample], asked: &[&Sample]| {
            let model = Model::train(known, &options).expect("samples of several classes");
            asked.iter().map(|sample| say(&model, sample)).collect()
        };
        Method {
            name: name.into(),
            judge: Box::new(judge),
        }
    }

    fn bayes(name: &str, lengths: RangeInclusive<usize>, complement: bool) -> Method {
        let judge = move |known: &[Sample], asked: &[&Sample]| {
            let bayes = Bayes::of(known, lengths.clone(), complement);
            asked
                .iter()
                .map(|sample| (bayes.say(sample), 1.0, false))
                .collect()
        };
        Method {
            name: name.into(),
            judge: Box::new(judge),
        }
    }
}

fn grid() -> impl Iterator<Item = Method> {
    let base = Options::default;
    let with =
        |name: &str, value: f64, options| Method::ours(&format!("　{name} = {value}"), options);
    let costs = [0.3, 3.0, 10.0].map(|cost| with("cost", cost, Options { cost, ..base() }));
    let bayes = [0.0, 0.5, 8.0].map(|bayes| with("bayes", bayes, Options { bayes, ..base() }));
    let balances =
        [0.0, 1.0].map(|balance| with("balance", balance, Options { balance, ..base() }));
    let titles = [1, 5].map(|n| {
        with(
            "title_weight",
            n.into(),
            Options {
                title_weight: n,
                ..base()
            },
        )
    });
    let lengths = [1, 2].map(|n| {
        with(
            "gram_chars",
            n.into(),
            Options {
                gram_chars: n,
                ..base()
            },
        )
    });
    let texts = [1, 2, 3].map(|n| {
        with(
            "gram_texts",
            n.into(),
            Options {
                gram_texts: n,
                ..base()
            },
        )
    });
    costs
        .into_iter()
        .chain(bayes)
        .chain(balances)
        .chain(titles)
        .chain(lengths)
        .chain(texts)
}

fn say(model: &Model, sample: &Sample) -> Said {
    let answer = model.suggest(sample.as_text(), 1);
    match answer.candidates.first() {
        Some(best) => (
            best.class.to_string(),
            f64::from(best.confidence) / 1000.0,
            answer.sure.is_some_and(|sure| sure.class == best.class),
        ),
        None => (String::new(), 0.0, false),
    }
}

struct Bayes {
    lengths: RangeInclusive<usize>,
    complement: bool,
    samples: f64,
    classes: BTreeMap<String, Class>,
    all: Class,
}

#[derive(Default)]
struct Class {
    samples: f64,
    sum: f64,
    counts: HashMap<String, f64>,
}

impl Class {
    fn of(&self, gram: &str) -> f64 {
        self.counts.get(gram).copied().unwrap_or_default()
    }

    fn add(&mut self, gram: String) {
        self.sum += 1.0;
        *self.counts.entry(gram).or_default() += 1.0;
    }
}

impl Bayes {
    fn of(known: &[Sample], lengths: RangeInclusive<usize>, complement: bool) -> Bayes {
        let mut bayes = Bayes {
            lengths,
            complement,
            samples: known.len() as f64,
            classes: BTreeMap::new(),
            all: Class::default(),
        };
        for sample in known {
            let grams = bayes.grams(sample);
            let class = bayes.classes.entry(sample.class.to_string()).or_default();
            class.samples += 1.0;
            for gram in grams {
                class.add(gram.clone());
                bayes.all.add(gram);
            }
        }
        bayes
    }

    fn grams(&self, sample: &Sample) -> Vec<String> {
        let text = normalise(&format!("{}{}", sample.title, sample.text));
        let chars: Vec<char> = text.chars().collect();
        let windows = self.lengths.clone().flat_map(|n| chars.windows(n));
        windows.map(String::from_iter).collect()
    }

    /// Multinomial with one added to each count; the complement asks which class the text fits worst outside of.
    fn say(&self, sample: &Sample) -> String {
        let grams = self.grams(sample);
        let words = self.all.counts.len() as f64;
        let score = |class: &Class| {
            let rest = self.all.sum - class.sum + words;
            let outside = |g: &String| -((self.all.of(g) - class.of(g) + 1.0) / rest).ln();
            let inside = |g: &String| ((class.of(g) + 1.0) / (class.sum + words)).ln();
            if self.complement {
                grams.iter().map(outside).sum::<f64>()
            } else {
                (class.samples / self.samples).ln() + grams.iter().map(inside).sum::<f64>()
            }
        };
        let scored = self
            .classes
            .iter()
            .map(|(name, class)| (score(class), name));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
        best.map(|(_, name)| name.clone()).unwrap_or_default()
    }
}
