use std::fmt::Write as _;

/// Characters of a file's name at most.
const CHARS_MAX: usize = 200;
/// Characters of an extension that is kept when the rest is cut.
const EXTENSION_CHARS_MAX: usize = 20;
/// Names that Windows gives to devices, whatever their extension.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The name as it is kept and shown: the last part of a path, without control
/// characters and characters that turn or hide text (`报告\u{202e}fdp.exe` shows as
/// `报告exe.pdf`), without what other systems cannot keep, and at most 200
/// characters long with its extension. A name of which nothing is left is
/// `未命名`.
#[must_use]
pub fn clean_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| {
            if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') {
                '_'
            } else {
                c
            }
        })
        .collect();
    // Windows drops dots and blanks at the end, and so would change the extension
    let name = trim_end(kept.trim_start());
    let stem = name.split('.').next().unwrap_or_default().trim();
    let prefix = match stem {
        "" => "未命名",
        _ if DEVICES.contains(&stem.to_ascii_lowercase().as_str()) => "_",
        _ => "",
    };
    trim_end(&cut(&format!("{prefix}{name}"))).to_owned()
}

fn trim_end(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// Bidirectional controls, zero-width characters, line separators, tags and
/// private use: nobody types them into a file's name.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}'
            | '\u{061C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF0}'..='\u{FFFF}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

fn cut(name: &str) -> String {
    let chars = name.chars().count();
    if chars <= CHARS_MAX {
        return name.to_owned();
    }
    let tail = match name.rsplit_once('.') {
        Some((_, extension)) if extension.chars().count() <= EXTENSION_CHARS_MAX => {
            format!(".{extension}")
        }
        _ => String::new(),
    };
    let head: String = name
        .chars()
        .take(CHARS_MAX - tail.chars().count())
        .collect();
    head + &tail
}

/// The extension in small letters, without its dot.
pub(super) fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

/// `Content-Disposition` with the name in both forms of RFC 6266: ASCII for
/// old programs, UTF-8 (RFC 5987) for all others. `name` is cleaned first.
#[must_use]
pub fn content_disposition(name: &str, inline: bool) -> String {
    let name = clean_name(name);
    let ascii: String = name
        .chars()
        // % is read as an escape by some
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let how = if inline { "inline" } else { "attachment" };
    let mut text = format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        // attr-char of RFC 5987
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _infallible = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (given, kept) in [
            ("营业执照.pdf", "营业执照.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\fakepath\\执照.jpg", "执照.jpg"),
            ("报告\u{202E}fdp.exe", "报告fdp.exe"),
            ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
            ("a\0.pdf", "a.pdf"),
            ("  表 格 .xlsx . ", "表 格 .xlsx"),
            ("零\u{200B}宽.pdf", "零宽.pdf"),
            ("", "未命名"),
            ("..", "未命名"),
            (".pdf", "未命名.pdf"),
            ("CON.pdf", "_CON.pdf"),
            ("a<b>|c?.pdf", "a_b__c_.pdf"),
        ] {
            assert_eq!(clean_name(given), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = clean_name(&format!("{}.pdf", "长".repeat(300)));
        assert_eq!(name.chars().count(), CHARS_MAX);
        assert!(name.ends_with("长.pdf"));
        let name = clean_name(&format!("a.{}", "长".repeat(300)));
        assert_eq!(name.chars().count(), CHARS_MAX);
    }

    #[test]
    fn the_extension_is_the_last_one() {
        for (name, found) in [
            ("a.PDF", Some("pdf")),
            ("a.pdf.exe", Some("exe")),
            ("a", None),
            (".pdf", None),
            ("a.", None),
        ] {
            assert_eq!(extension(name).as_deref(), found, "{name}");
        }
    }

    #[test]
    fn the_disposition_has_both_names() {
        assert_eq!(
            content_disposition("执照 1%.pdf", false),
            "attachment; filename=\"__ 1_.pdf\"; filename*=UTF-8''%E6%89%A7%E7%85%A7%201%25.pdf"
        );
        assert_eq!(
            content_disposition("a\".pdf", true),
            "inline; filename=\"a_.pdf\"; filename*=UTF-8''a_.pdf"
        );
    }

    proptest! {
        #[test]
        fn any_name_is_safe_once_cleaned(given in "\\PC{0,300}|[./\\\\\u{202E}\r\n\"a]{0,40}") {
            let name = clean_name(&given);
            prop_assert!(!name.is_empty() && name.chars().count() <= CHARS_MAX);
            let harmful = ['/', '\\', '\r', '\n', '\0', '"', '\u{202E}'];
            prop_assert!(!name.contains(harmful));
            prop_assert!(name != "." && name != "..");
            prop_assert_eq!(clean_name(&name), name.clone(), "cleaning twice changes nothing");
            let header = content_disposition(&given, false);
            prop_assert!(axum::http::HeaderValue::from_str(&header).is_ok());
            prop_assert_eq!(header.matches('"').count(), 2);
        }
    }
}
