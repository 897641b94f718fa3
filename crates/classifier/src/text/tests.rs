use proptest::prelude::*;

use super::*;

#[test]
fn copies_with_small_changes_meet() {
    let first = normalise("园区２号楼，昨天又停电了！！请尽快处理。");
    for other in [
        "园区2号楼 昨天又停电了 请尽快处理",
        "  园区 2 号楼：昨天又停电了……请尽快处理😡😡",
        "【园区②号楼】昨天又停电了\u{200b}；请尽快\u{feff}处理",
        "园区2号楼\r\n昨天又停电了\t请尽快处理\u{0007}",
        "园\u{0301}区2号楼昨天又停电了请尽快处理",
    ] {
        assert_eq!(normalise(other), first, "{other}");
    }
    assert_ne!(normalise("园区3号楼，昨天又停电了！！请尽快处理。"), first);
}

#[test]
fn nothing_is_left_of_what_says_nothing() {
    for nothing in [
        "",
        "😀👍🏽👨‍👩‍👧",
        "。，！？…",
        "\u{0}\u{1b}\u{7f}\u{202e}",
        "\u{0301}\u{0302}",
        "   \n\t",
    ] {
        assert_eq!(normalise(nothing), "", "{nothing:?}");
        assert!(pieces(nothing).is_empty());
    }
}

#[test]
fn a_text_of_any_length_costs_the_same_at_most() {
    // U+FDFA becomes eighteen characters
    for long in [
        "停电".repeat(25_000),
        "\u{fdfa}".repeat(50_000),
        "①".repeat(50_000),
    ] {
        assert!(normalise(&long).chars().count() <= CHARS_MAX);
        assert!(pieces(&long).iter().map(Vec::len).sum::<usize>() <= CHARS_MAX);
    }
}

#[test]
fn no_number_reaches_a_model() {
    let pieces: Vec<String> = pieces("电话 138 0000-1234，二〇二六年，Ａ座１２层")
        .into_iter()
        .map(String::from_iter)
        .collect();
    assert_eq!(pieces, ["电话0", "0", "二0二六年", "a座0层"]);
}

#[test]
fn an_ngram_keeps_its_characters() {
    for text in ["电", "停电", "停电了", "𠮷野家"] {
        let chars: Vec<char> = text.chars().collect();
        assert_eq!(Gram::of(&chars).text(), text);
    }
    assert_eq!(Gram(u64::MAX).text(), "");
}

proptest! {
    #[test]
    fn normalising_again_changes_nothing(text in any::<String>()) {
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once.clone());
        prop_assert!(once.chars().all(char::is_alphanumeric));
    }
}
