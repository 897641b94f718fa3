use proptest::prelude::*;

use super::*;

const POWER: &str = "utilities|330114";

fn grouped<'a>(texts: &[(u128, &'a str, &'a str)]) -> Vec<Grouped<'a>> {
    texts
        .iter()
        .map(|(id, group, text)| Grouped {
            id: *id,
            group,
            text,
        })
        .collect()
}

fn window() -> Vec<Grouped<'static>> {
    grouped(&[
        (1, POWER, "园区频繁停电，生产线停下来，请检修线路"),
        (2, POWER, "这个月园区又停电，没有通知，生产线损失很大"),
        (3, POWER, "园区又频繁停电三次，设备损坏"),
        (4, POWER, "自来水水压太低"),
        (
            5,
            "utilities|330110",
            "园区频繁停电，生产线停下来，请检修线路",
        ),
        (6, "finance|330114", "银行续贷要过桥资金，成本太高"),
        (7, "finance|330114", "贷款到期续贷需要过桥资金"),
        (8, "finance|330114", "希望无还本续贷，不用过桥资金"),
        (9, "finance|330114", "😀"),
    ])
}

#[test]
fn finds_heaps_within_a_group_and_names_them() {
    let found = themes(&window(), &ThemeOptions::default());
    let heaps: Vec<(&str, &[u128])> = found
        .iter()
        .map(|t| (t.group.as_str(), t.members.as_slice()))
        .collect();
    assert_eq!(
        heaps,
        [("finance|330114", &[6, 7, 8][..]), (POWER, &[1, 2, 3])]
    );
    assert_eq!(found[0].labels[0], "过桥资金");
    assert!(
        found[1].labels.iter().any(|label| label.contains("停电")),
        "{:?}",
        found[1].labels
    );
    assert!(
        found
            .iter()
            .all(|theme| theme.members.contains(&theme.middle))
    );
}

#[test]
fn nothing_similar_is_no_theme() {
    assert_eq!(themes(&[], &ThemeOptions::default()), []);
    assert_eq!(themes(&window()[3..6], &ThemeOptions::default()), []);
}

#[test]
fn an_id_that_comes_twice_counts_once() {
    let twice = grouped(&[
        (1, "a", "园区停电"),
        (1, "a", "园区停电"),
        (2, "a", "园区停电"),
    ]);
    assert_eq!(themes(&twice, &ThemeOptions::default()), []);
}

proptest! {
    #[test]
    fn the_order_of_texts_says_nothing(
        texts in proptest::collection::vec(("[ab]", "[停电水路]{0,8}"), 0..20).prop_shuffle(),
        seed in 0..20_usize,
    ) {
        let mut window: Vec<Grouped<'_>> = texts
            .iter()
            .enumerate()
            .map(|(n, (group, text))| Grouped { id: n as u128, group, text })
            .collect();
        let found = themes(&window, &ThemeOptions::default());
        let ids: Vec<u128> = found.iter().flat_map(|theme| theme.members.clone()).collect();
        prop_assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
        window.rotate_left(seed.min(texts.len()));
        prop_assert_eq!(themes(&window, &ThemeOptions::default()), found);
    }
}
