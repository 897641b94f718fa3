//! `cargo bench -p zhida-classifier --bench similar [-- FILE.jsonl]`: copies found and missed on generated texts, and
//! the speed and memory of the index.
//!
//! | block | what |
//! |---|---|
//! | copies | of each kind of edit, how many are called copy or near copy, beside comparing texts as they are |
//! | similar | of the samples that are shipped: how often the nearest other one has the same class |
//! | themes | the same samples in heaps: how many of a heap have the class of its middle |
//! | speed | `ZHIDA_BENCH_TEXTS` (100000) texts: adding, asking, memory |
//! | file | a JSONL of `title` and `body`: how many texts have a copy or near copy before them |

mod dice;
mod edits;
mod stream;

use std::{collections::BTreeMap, env, fs, time::Instant};

use dice::Dice;
use edits::{Appeal, EDITS};
use zhida_classifier::{Ask, Grouped, Index, Likeness, Sample, ThemeOptions, themes};

const OWN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../data/appeals/samples.yaml"
);
const BASES: usize = 1000;

fn main() {
    println!("{}", load());
    let samples: Vec<Sample> =
        serde_norway::from_str(&fs::read_to_string(OWN).expect("our samples")).expect("samples");
    copies();
    similar(&samples);
    heaps(&samples);
    match env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
    {
        Some(path) => stream::file(&path),
        None => println!("\n没有给文件，不量真实数据"),
    }
    let texts = env::var("ZHIDA_BENCH_TEXTS").map_or(100_000, |n| n.parse().expect("a number"));
    speed(&samples, texts);
    println!("{}", load());
}

/// A thousand appeals, each asked for again after every kind of edit.
fn copies() {
    let mut dice = Dice::new(7);
    let bases: Vec<Appeal> = (0..BASES).map(|_| Appeal::any(&mut dice)).collect();
    let mut index = Index::new();
    for (id, base) in bases.iter().enumerate() {
        index.add(id as u128, (), &base.text());
    }
    println!("\n## 重复：{BASES} 条生成的诉求，每种改动各 {BASES} 条");
    println!("改动                  应合并   判为重复   提示不同细节   仅相似   原样比较");
    let (mut wanted, mut merged, mut right, mut exact) = (0, 0, 0, 0);
    for edit in EDITS {
        let mut counts: BTreeMap<Option<Likeness>, usize> = BTreeMap::new();
        let mut equal = 0;
        for (id, base) in bases.iter().enumerate() {
            let text = (edit.make)(base, &mut dice);
            let answer = index.query(&text, &Ask::default(), |()| true);
            let own = answer
                .iter()
                .find(|alike| alike.id == id as u128)
                .map(|alike| alike.likeness);
            *counts.entry(own).or_default() += 1;
            equal += usize::from(text == base.text());
            // another base may say the same by chance: counted as wrong unless it is the same appeal
            let wrong = answer
                .iter()
                .filter(|a| {
                    a.likeness <= Likeness::NearCopy && bases[a.id as usize].text() != base.text()
                })
                .count();
            merged += wrong;
        }
        let of = |likeness| counts.get(&likeness).copied().unwrap_or_default();
        let found = of(Some(Likeness::Copy)) + of(Some(Likeness::NearCopy));
        merged += found;
        wanted += usize::from(edit.same) * bases.len();
        right += usize::from(edit.same) * found;
        exact += usize::from(edit.same) * equal;
        println!(
            "{:<20} {:>6} {found:>9} {:>12} {:>10} {equal:>10}",
            edit.name,
            if edit.same { "是" } else { "否" },
            of(Some(Likeness::OtherDetails)),
            of(Some(Likeness::Similar)),
        );
    }
    println!(
        "查全 {:.4}（{right}/{wanted}），查准 {:.4}（{right}/{merged}）；原样比较的查全 {:.4}",
        right as f64 / wanted as f64,
        right as f64 / merged.max(1) as f64,
        exact as f64 / wanted as f64
    );
}

/// The nearest other sample, by threshold of the cosine: how many have one, and of how many it is of the same class.
fn similar(samples: &[Sample]) {
    let mut index = Index::new();
    let text = |sample: &Sample| format!("{}{}", sample.title, sample.text);
    for (id, sample) in samples.iter().enumerate() {
        index.add(id as u128, (), &text(sample));
    }
    println!("\n## 相似：{} 条样本中最像的另一条", samples.len());
    println!("余弦 ‰   有结果   同一级分类   同末级分类");
    for similar in [50, 80, 100, 150, 200, 300] {
        let ask = Ask {
            similar,
            ..Ask::default()
        };
        let nearest: Vec<(&Sample, &Sample)> = samples
            .iter()
            .enumerate()
            .filter_map(|(id, sample)| {
                let found = index.query(&text(sample), &ask, |()| true);
                let other = found.iter().find(|alike| alike.id != id as u128)?;
                Some((sample, &samples[other.id as usize]))
            })
            .collect();
        let first = nearest
            .iter()
            .filter(|(a, b)| a.class.to_level(1) == b.class.to_level(1))
            .count();
        let last = nearest.iter().filter(|(a, b)| a.class == b.class).count();
        println!("{similar:>6} {:>8} {first:>10} {last:>10}", nearest.len());
    }
}

/// Themes of the samples of one first-level class, and how many of their texts have the class of the middle one.
fn heaps(samples: &[Sample]) {
    let groups: Vec<String> = samples
        .iter()
        .map(|s| s.class.to_level(1).to_string())
        .collect();
    let texts: Vec<String> = samples
        .iter()
        .map(|s| format!("{}{}", s.title, s.text))
        .collect();
    let window: Vec<Grouped<'_>> = (0..samples.len())
        .map(|id| Grouped {
            id: id as u128,
            group: &groups[id],
            text: &texts[id],
        })
        .collect();
    println!("\n## 一类事：同一级分类的样本归堆（每个末级分类约三条，至少两条成堆）");
    println!("余弦 ‰   堆数   归入条数   其余成员与中心同末级分类");
    for similar in [40, 60, 80, 100] {
        let options = ThemeOptions {
            similar,
            least: 2,
            ..ThemeOptions::default()
        };
        let found = themes(&window, &options);
        let members: usize = found.iter().map(|theme| theme.members.len()).sum();
        let class = |id: u128| &samples[id as usize].class;
        let same: usize = found
            .iter()
            .map(|theme| {
                theme
                    .members
                    .iter()
                    .filter(|id| class(**id) == class(theme.middle))
                    .count()
                    - 1
            })
            .sum();
        println!(
            "{similar:>6} {:>6} {members:>8} {same:>8}/{}",
            found.len(),
            members - found.len()
        );
        if similar == 60 {
            for theme in found.iter().take(5) {
                println!("        {}：{}", theme.group, theme.labels.join("、"));
            }
        }
    }
}

fn speed(samples: &[Sample], count: usize) {
    let mut dice = Dice::new(11);
    let clauses = stream::clauses(samples);
    let texts: Vec<String> = (0..count)
        .map(|_| stream::text(&clauses, &mut dice))
        .collect();
    let chars: usize = texts.iter().map(|text| text.chars().count()).sum();
    println!("\n## 速度：{count} 条，平均 {} 字", chars / count);

    let start = Instant::now();
    let mut index = Index::new();
    for (id, text) in texts.iter().enumerate() {
        index.add(id as u128, (), text);
    }
    let took = start.elapsed();
    println!("加入：{:.0} 条/秒", count as f64 / took.as_secs_f64());
    println!(
        "内存：{} MB，每条 {} 字节",
        index.bytes() / 1_000_000,
        index.bytes() / count
    );

    let asked: Vec<String> = texts
        .iter()
        .step_by(count / 500)
        .map(|text| text.replacen('，', "。", 2))
        .collect();
    let mut took: Vec<u128> = Vec::new();
    let mut found = 0;
    for text in &asked {
        let start = Instant::now();
        found += index
            .query(text, &Ask::default(), |()| true)
            .iter()
            .filter(|a| a.likeness == Likeness::Copy)
            .count();
        took.push(start.elapsed().as_micros());
    }
    took.sort_unstable();
    println!(
        "查询：中位 {} µs，95 % {} µs，最长 {} µs；{} 次查询找到 {found} 条原文",
        took[took.len() / 2],
        took[took.len() * 95 / 100],
        took[took.len() - 1],
        asked.len()
    );
    let start = Instant::now();
    for id in (0..count).step_by(10) {
        index.remove(id as u128);
    }
    println!(
        "删除：{:.0} 条/秒",
        (count / 10) as f64 / start.elapsed().as_secs_f64()
    );
}

/// How busy the machine is, where the system says so.
fn load() -> String {
    match fs::read_to_string("/proc/loadavg") {
        Ok(load) => format!("负载 {}", load.split(' ').next().unwrap_or_default()),
        Err(_) => String::from("负载不明"),
    }
}
