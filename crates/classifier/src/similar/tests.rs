use proptest::prelude::*;

use super::{packed::Packed, *};

const POWER: &str =
    "下沙街道2号大街的园区昨天下午又停电了，生产线停了三个小时，请供电公司尽快处理。";

fn only(index: &Index<()>, text: &str) -> Option<Likeness> {
    index
        .query(text, &Ask::default(), |()| true)
        .first()
        .map(|alike| alike.likeness)
}

/// An index with this text and a few that speak of other things.
fn holding(text: &str) -> Index<()> {
    let mut index = Index::new();
    assert!(index.add(1, (), text));
    for (id, other) in [
        "出口退税没有到账",
        "工程款拖欠三年",
        "请银行尽快放款",
        "员工子女上学",
        "道路坑洼",
    ]
    .iter()
    .enumerate()
    {
        assert!(index.add(10 + id as u128, (), other));
    }
    index
}

#[test]
fn tells_copies_near_copies_other_details_and_similar_ones() {
    let index = holding(POWER);
    let cases = [
        (POWER, Some(Likeness::Copy)),
        (
            "下沙街道２号大街的园区，昨天下午又停电了！生产线停了三个小时。请供电公司尽快处理😡",
            Some(Likeness::Copy),
        ),
        // a typo, a greeting, another order, a sentence more
        (
            "下沙街道2号大街的园区昨天下午又停电了，生产线亭了三个小时，请供电公司尽快处理。",
            Some(Likeness::NearCopy),
        ),
        (
            "领导您好，下沙街道2号大街的园区昨天下午又停电了，生产线停了三个小时，请供电公司尽快处理。谢谢！",
            Some(Likeness::NearCopy),
        ),
        (
            "请供电公司尽快处理：生产线停了三个小时，下沙街道2号大街的园区昨天下午又停电了。",
            Some(Likeness::NearCopy),
        ),
        (
            "下沙街道2号大街的圆区昨天下午又停电了，生产线停了三个小时，请供电公司尽快处理。",
            Some(Likeness::NearCopy),
        ),
        // another road, another street office
        (
            "下沙街道5号大街的园区昨天下午又停电了，生产线停了三个小时，请供电公司尽快处理。",
            Some(Likeness::OtherDetails),
        ),
        (
            "白杨街道2号大街的园区昨天下午又停电了，生产线停了三个小时，请供电公司尽快处理。",
            Some(Likeness::OtherDetails),
        ),
        (
            "我们的园区这周又停电了两次，希望供电公司来检修",
            Some(Likeness::Similar),
        ),
        ("贷款到期不给续贷", None),
        ("😀", None),
        ("", None),
    ];
    for (text, likeness) in cases {
        assert_eq!(only(&index, text), likeness, "{text}");
    }
}

#[test]
fn a_text_within_a_longer_one_is_a_near_copy() {
    let story = "我公司成立于十年前，主要生产轴承，产品远销海外，职工一共两百多人，去年纳税三百多万元，今年订单比往年都多。";
    let index = holding(POWER);
    assert_eq!(
        only(&index, &format!("{story}{POWER}{story}")),
        Some(Likeness::NearCopy)
    );
    // … but what is short lies within everything
    assert_eq!(
        only(&holding("昨天下午又停电了"), POWER),
        Some(Likeness::Similar)
    );
}

#[test]
fn the_caller_filters_by_what_came_with_a_text() {
    let mut index = Index::new();
    index.add(1, "330114", POWER);
    index.add(2, "330110", POWER);
    let found = index.query(POWER, &Ask::default(), |place| *place == "330110");
    assert_eq!(found.iter().map(|alike| alike.id).collect::<Vec<_>>(), [2]);
    assert_eq!((found[0].overlap, found[0].cosine), (1000, 1000));
}

#[test]
fn adding_again_replaces_and_removing_removes() {
    let mut index = Index::new();
    assert!(index.add(1, (), POWER));
    assert!(index.add(1, (), "银行不给续贷"));
    assert_eq!((index.len(), only(&index, POWER)), (1, None));
    assert_eq!(only(&index, "银行不给续贷"), Some(Likeness::Copy));
    assert!(!index.add(1, (), "😀"));
    assert!(index.is_empty() && !index.contains(1) && !index.remove(1));
}

#[test]
fn a_flood_is_answered_within_the_limit() {
    let mut index = Index::new();
    for id in 0..2_000 {
        index.add(id, (), POWER);
    }
    let found = index.query(POWER, &Ask::default(), |()| true);
    assert_eq!(
        found.iter().map(|alike| alike.id).collect::<Vec<_>>(),
        (0..20).collect::<Vec<_>>()
    );
}

#[test]
fn sweeping_keeps_what_is_there() {
    let mut index = Index::new();
    for id in 0..3_000 {
        index.add(id, id, &format!("第{id}号车间停电"));
    }
    let full = index.bytes();
    for id in 0..2_900 {
        index.remove(id);
    }
    assert!(index.bytes() < full / 4, "{} of {full}", index.bytes());
    let found = index.query("第2950号车间停电", &Ask::default(), |_| true);
    assert_eq!((found[0].id, found[0].likeness), (2950, Likeness::Copy));
    assert_eq!(index.len(), 100);
}

/// Short texts of few characters, so that many share pairs.
fn texts() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[停水电路2号3]{0,14}", 0..24)
}

fn index(texts: &[String], order: impl Iterator<Item = usize>) -> Index<()> {
    let mut index = Index::new();
    for n in order {
        index.add(n as u128, (), &texts[n]);
    }
    index
}

fn answers(index: &Index<()>, texts: &[String]) -> Vec<Vec<Alike<()>>> {
    texts
        .iter()
        .map(|text| index.query(text, &Ask::default(), |()| true))
        .collect()
}

/// The overlap as it is defined, from all texts.
fn overlap(a: &str, b: &str) -> u16 {
    let pairs = |text: &str| -> std::collections::BTreeSet<Vec<char>> {
        let chars: Vec<char> = crate::normalise(text).chars().collect();
        if chars.len() == 1 {
            [chars].into()
        } else {
            chars.windows(2).map(<[char]>::to_vec).collect()
        }
    };
    let (a, b) = (pairs(a), pairs(b));
    let union = a.union(&b).count();
    let shared = a.intersection(&b).count() * 1000;
    shared.checked_div(union).unwrap_or_default() as u16
}

proptest! {
    #[test]
    fn the_order_of_texts_says_nothing(texts in texts()) {
        let forward = index(&texts, 0..texts.len());
        let backward = index(&texts, (0..texts.len()).rev());
        prop_assert_eq!(answers(&forward, &texts), answers(&backward, &texts));
    }

    #[test]
    fn adding_and_removing_gives_back_the_same_index(texts in texts(), others in texts()) {
        let before = index(&texts, 0..texts.len());
        let mut after = before.clone();
        for (n, text) in others.iter().enumerate() {
            after.add(1000 + n as u128, (), text);
        }
        for n in 0..others.len() {
            after.remove(1000 + n as u128);
        }
        prop_assert_eq!(answers(&before, &texts), answers(&after, &texts));
    }

    #[test]
    fn no_near_copy_is_missed(texts in texts(), asked in "[停水电路2号3]{0,14}") {
        let ask = Ask { limit: 100, ..Ask::default() };
        let found = index(&texts, 0..texts.len()).query(&asked, &ask, |()| true);
        for (n, text) in texts.iter().enumerate() {
            let overlap = overlap(&asked, text);
            let answer = found.iter().find(|alike| alike.id == n as u128);
            prop_assert!(overlap < ask.near || answer.is_some_and(|alike| alike.likeness < Likeness::Similar));
            prop_assert!(answer.is_none_or(|alike| alike.overlap == overlap));
        }
    }

    #[test]
    fn no_text_breaks_the_index(texts in proptest::collection::vec(any::<String>(), 0..8)) {
        let index = index(&texts, 0..texts.len());
        for (n, text) in texts.iter().enumerate() {
            let found = index.query(text, &Ask::default(), |()| true);
            prop_assert_eq!(found.iter().any(|a| a.id == n as u128), index.contains(n as u128));
        }
    }

    #[test]
    fn packed_numbers_come_back(numbers in proptest::collection::btree_set(any::<u32>(), 0..50)) {
        let mut packed = Packed::default();
        numbers.iter().for_each(|n| packed.push(*n));
        prop_assert_eq!(packed.iter().collect::<Vec<_>>(), numbers.into_iter().collect::<Vec<_>>());
    }
}
