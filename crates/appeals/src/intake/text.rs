//! Whether a text says anything; pure.

/// Letters, digits and Chinese characters at least.
const WORDS_MIN: usize = 5;

/// The text as it is kept: line ends alike, no other control characters, nothing around it.
pub(crate) fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = |one: &char| matches!(one, '\n' | '\t') || !one.is_control();
    let text: String = text.chars().filter(kept).collect();
    text.trim().to_owned()
}

/// What is wrong with a cleaned text, for whoever wrote it. With a recording no text is needed.
pub(crate) fn fault(text: &str, length_max: usize, recorded: bool) -> Option<String> {
    let length = text.chars().count();
    if length > length_max {
        return Some(format!(
            "写了 {} 个字，最多 {} 个：请写要点，详细材料作为附件上传。您写的还在下面，没有丢",
            grouped(length),
            grouped(length_max)
        ));
    }
    if recorded {
        return None;
    }
    if text.is_empty() {
        return Some(
            "请写什么事、在哪里、希望怎样解决；也可以不写字，上传一段语音或视频".to_owned(),
        );
    }
    match words(text) {
        0 => Some("只有表情或符号，看不出是什么事：请用文字写，或上传一段语音、视频".to_owned()),
        few if few < WORDS_MIN => Some(format!(
            "只有 {few} 个字，看不出是什么事：请至少写 {WORDS_MIN} 个字"
        )),
        _ => None,
    }
}

/// The text of an appeal that was spoken: what stands there, and where the rest is.
pub(crate) fn spoken(text: &str) -> String {
    match (words(text), text) {
        (0, "") => "语音或视频诉求，内容见附件".to_owned(),
        (0, signs) => format!("语音或视频诉求，内容见附件\n{signs}"),
        _ => text.to_owned(),
    }
}

/// The text as it is compared: sent again with another dash or space it is still the same.
pub(crate) fn compared(text: &str) -> String {
    let words = text.chars().filter(|one| one.is_alphanumeric());
    words.flat_map(char::to_lowercase).collect()
}

fn words(text: &str) -> usize {
    text.chars().filter(|one| one.is_alphanumeric()).count()
}

fn grouped(number: usize) -> String {
    zhida_platform::format::count(number as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_says_nothing_is_told_so() {
        let said = |text: &str| fault(&cleaned(text), 5_000, false).unwrap_or_default();
        assert!(said(" \n ").contains("请写什么事"));
        assert!(said("😡😡👎！！！").contains("只有表情或符号"));
        assert!(said("停电😡").contains("只有 2 个字"));
        assert_eq!(said("昨天起停电了"), "");
        assert!(said(&"长".repeat(50_000)).contains("写了 50,000 个字，最多 5,000 个"));
    }

    #[test]
    fn a_recording_needs_no_words() {
        assert_eq!(fault("", 5_000, true), None);
        assert!(fault(&"长".repeat(5_001), 5_000, true).is_some());
    }

    #[test]
    fn what_was_spoken_says_where_it_is() {
        assert_eq!(spoken("😡"), "语音或视频诉求，内容见附件\n😡");
        assert_eq!(spoken("停电"), "停电");
    }

    #[test]
    fn line_ends_and_control_characters_do_not_matter() {
        assert_eq!(cleaned(" 甲\r\n乙\u{0}\u{7}\r丙 "), "甲\n乙\n丙");
        assert_eq!(compared("停电 了！"), compared("停电，了。"));
        assert_ne!(compared("停电了"), compared("停水了"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_told_why(text in any::<String>()) {
            let kept = cleaned(&text);
            prop_assert!(words(&spoken(&kept)) > 0);
            if fault(&kept, 5_000, false).is_none() {
                prop_assert!(words(&kept) >= WORDS_MIN);
            }
        }
    }
}
