//! Many texts: made from the clauses of our samples, or read from a file.

use std::fs;

use zhida_classifier::{Ask, Index, Likeness, Sample};

use crate::dice::Dice;

/// The parts between the commas of all samples.
pub fn clauses(samples: &[Sample]) -> Vec<String> {
    let split = |sample: &Sample| {
        sample
            .text
            .split(['，', '。'])
            .filter(|c| !c.is_empty())
            .map(String::from)
            .collect::<Vec<_>>()
    };
    samples.iter().flat_map(split).collect()
}

/// A text of three to nine clauses with a number and an invented name: harder than real ones, for nearly all pairs are
/// common.
pub fn text(clauses: &[String], dice: &mut Dice) -> String {
    let name: String = (0..3)
        .filter_map(|_| char::from_u32(0x4e00 + dice.below(3000) as u32))
        .collect();
    let mut text = format!("{name}公司{}号", 1 + dice.below(2000));
    for _ in 0..3 + dice.below(7) {
        text.push('，');
        text.push_str(dice.of::<String>(clauses));
    }
    text
}

#[derive(serde::Deserialize)]
struct Line {
    title: String,
    body: String,
}

/// Each text asked for before it is added, as at intake.
pub fn file(path: &str) {
    let lines = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut index = Index::new();
    let mut exact = std::collections::BTreeSet::new();
    let (mut copies, mut near, mut details, mut equal, mut all) = (0, 0, 0, 0, 0);
    for (id, line) in lines.lines().enumerate() {
        let Line { title, body } = serde_json::from_str(line).expect("title and body");
        let text = format!("{title}{body}");
        match index
            .query(&text, &Ask::default(), |()| true)
            .first()
            .map(|alike| alike.likeness)
        {
            Some(Likeness::Copy) => copies += 1,
            Some(Likeness::NearCopy) => near += 1,
            Some(Likeness::OtherDetails) => details += 1,
            _ => {}
        }
        index.add(id as u128, (), &text);
        equal += usize::from(!exact.insert(text));
        all += 1;
    }
    println!("\n## 真实数据：{all} 条依次登记");
    println!("此前已有：相同 {copies}，近似 {near}，近似但细节不同 {details}；原样比较 {equal}");
    println!("内存：每条 {} 字节", index.bytes() / all.max(1));
}
