//! “Did you mean …” for names.

/// Up to `count` known words that share most characters with `word`, best first.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let mut scored: Vec<(usize, &str)> = known
        .filter_map(|candidate| {
            let score = likeness(word, candidate);
            (score >= 50).then_some((score, candidate))
        })
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    scored
        .into_iter()
        .take(count)
        .map(|(_, word)| word)
        .collect()
}

/// Dice coefficient of the characters in per cent; containment counts as near.
fn likeness(a: &str, b: &str) -> usize {
    let (left, mut right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let total = left.len() + right.len();
    if total == 0 {
        return 0;
    }
    let mut shared = 0;
    for c in &left {
        if let Some(at) = right.iter().position(|other| other == c) {
            right.swap_remove(at);
            shared += 1;
        }
    }
    let contained = left.len() >= 2 && (b.contains(a) || a.contains(b));
    (200 * shared / total).max(if contained { 60 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_first() {
        let known = ["营业收入", "营业收入增长率", "研发费用", "企业规模"];
        assert_eq!(nearest("营收收入", known.into_iter(), 1), ["营业收入"]);
        assert!(nearest("股东", known.into_iter(), 3).is_empty());
    }
}
