//! `cargo bench -p zhida-classifier --bench crossval -- FILE.jsonl`: the classifier beside its baseline, by five-fold
//! cross-validation.
//!
//! The file has one text a line: `{"title": "…", "body": "…", "label": "…"}`. Without a file the samples of our own in
//! data/appeals/samples.yaml are taken, whose classes have three levels. What is printed:
//!
//! | block | what |
//! |---|---|
//! | accuracy | each method on the same folds, `ZHIDA_BENCH_SEEDS` (5) divisions: mean and deviation |
//! | | with `ZHIDA_BENCH_GRID` also ours with each option changed by itself |
//! | calibration | confidence stated and share right, by tenths; how many are sure and how many of these right |
//! | learning curve | a quarter, half and all of the training texts |
//! | time | training, one suggestion, bytes of the model |

mod measure;
mod methods;
mod texts;

use std::time::Instant;

use measure::{Outcome, Spread};
use methods::Method;
use zhida_classifier::{Model, Options, Sample};

const FOLDS: usize = 5;

fn main() {
    let seeds: u64 = std::env::var("ZHIDA_BENCH_SEEDS").map_or(5, |n| n.parse().expect("a number"));
    let samples = texts::read();
    println!(
        "{} 条，{} 个分类，{FOLDS} 折 × {seeds} 次划分",
        samples.len(),
        texts::classes(&samples)
    );
    println!("{}", measure::load());

    let over_seeds = |part, method: &Method| -> Vec<Outcome> {
        (0..seeds)
            .map(|seed| validate(&samples, seed, part, method))
            .collect()
    };

    println!("\n## 准确率与宏平均 F1（均值 ± 标准差）");
    for method in [Method::baseline(), Method::complement()] {
        println!(
            "{:<24} {}",
            method.name,
            Spread::of(&over_seeds(1.0, &method))
        );
    }
    let ours = Method::ours("我们：默认", Options::default());
    let outcomes = over_seeds(1.0, &ours);
    println!("{:<24} {}", ours.name, Spread::of(&outcomes));
    for method in Method::variants() {
        println!(
            "{:<24} {}",
            method.name,
            Spread::of(&over_seeds(1.0, &method))
        );
    }
    println!(
        "\n## 可信度（默认参数，全部划分合计）\n{}",
        Outcome::joined(outcomes).reliability()
    );

    println!("\n## 学习曲线（全部样本见上）");
    for part in [0.25, 0.5] {
        for method in [&Method::baseline(), &ours] {
            println!(
                "{:>3} % {:<24} {}",
                part * 100.0,
                method.name,
                Spread::of(&over_seeds(part, method))
            );
        }
    }
    times(&samples);
}

/// Each fifth judged by what the others taught; of those only the first `part`.
fn validate(samples: &[Sample], seed: u64, part: f64, method: &Method) -> Outcome {
    let folds = texts::folds(samples, FOLDS, seed);
    let mut outcome = Outcome::default();
    for fold in 0..FOLDS {
        let others: Vec<Sample> = folds
            .iter()
            .filter(|(f, _)| *f != fold)
            .map(|(_, s)| (*s).clone())
            .collect();
        let kept = (others.len() as f64 * part) as usize;
        let tested: Vec<&Sample> = folds
            .iter()
            .filter(|(f, _)| *f == fold)
            .map(|(_, s)| *s)
            .collect();
        for (sample, said) in tested.iter().zip((method.judge)(&others[..kept], &tested)) {
            outcome.push(sample.class.to_string(), said);
        }
    }
    outcome
}

fn times(samples: &[Sample]) {
    println!("\n## 时间");
    let start = Instant::now();
    let model = Model::train(samples, &Options::default()).expect("samples of several classes");
    println!(
        "训练 {} 条（含 5 折校准）：{:?}",
        samples.len(),
        start.elapsed()
    );
    let start = Instant::now();
    for sample in samples {
        std::hint::black_box(model.suggest(sample.as_text(), 3));
    }
    println!("每次建议：{:?}", start.elapsed() / samples.len() as u32);
    println!("模型：{} KB", model.to_bytes().len() / 1024);
    println!("{}", measure::load());
}
