//! Templates: plain text with named fields. They are never HTML, so nothing in
//! a field can become markup; what shows them escapes them like any text.

use super::event::Field;

/// Characters of a title once filled in.
pub(super) const TITLE_CHARS_MAX: usize = 200;
/// Characters of a body once filled in.
pub(super) const BODY_CHARS_MAX: usize = 10_000;

/// A template that has been checked against the fields of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A sentence, when it names a field that the event has not, or a brace is
    /// left open.
    pub(crate) fn parse(text: &str, fields: &[Field]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                plain.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            let (label, after) = brace
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
                .ok_or_else(|| {
                    format!(
                        "有没配对的花括号（{}）：字段写成 {{字段名}}，花括号本身写两遍",
                        start(brace)
                    )
                })?;
            let field = find(label, fields)?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Field(field));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// Fills in the fields; `Err` is the field that has no value.
    pub(crate) fn fill(&self, values: &[(&str, &str)]) -> Result<String, Field> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Field(field) => {
                    let value = values.iter().find(|(name, _)| *name == field.name);
                    text.push_str(value.ok_or(*field)?.1);
                }
            }
        }
        Ok(text)
    }
}

fn find(label: &str, fields: &[Field]) -> Result<Field, String> {
    let found = fields
        .iter()
        .find(|field| field.label == label.trim())
        .copied();
    found.ok_or_else(|| {
        let known: Vec<String> = fields
            .iter()
            .map(|field| format!("{{{}}}", field.label))
            .collect();
        let known = if known.is_empty() {
            "这里没有字段".to_owned()
        } else {
            format!("可用的字段：{}", known.join("、"))
        };
        format!("没有名为「{}」的字段。{known}", start(label))
    })
}

fn start(text: &str) -> String {
    text.chars().take(20).collect()
}

/// Whether text fits one line of a header: no control character at all.
pub(super) fn is_one_line(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Text of several lines: CR LF becomes LF; `None` when other control
/// characters are in it.
pub(super) fn paragraphs(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n");
    let fine = text
        .chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    fine.then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIELDS: [Field; 2] = [
        Field {
            name: "item",
            label: "事项名称",
        },
        Field {
            name: "days",
            label: "剩余天数",
        },
    ];

    #[test]
    fn fields_are_filled_in() {
        let values = [("item", "稳岗返还{剩余天数}"), ("days", "3")];
        for (text, filled) in [
            ("{事项名称}还有{ 剩余天数 }天", "稳岗返还{剩余天数}还有3天"),
            ("{{事项名称}}", "{事项名称}"),
            ("没有字段", "没有字段"),
            ("", ""),
        ] {
            let template = Template::parse(text, &FIELDS).expect(text);
            assert_eq!(template.fill(&values).expect(text), filled);
        }
    }

    #[test]
    fn a_wrong_template_is_explained() {
        for (text, words) in [
            ("{事项}", "「事项」"),
            ("{事项}", "{剩余天数}"),
            ("{事项名称", "没配对"),
            ("事项名称}", "没配对"),
            ("{}", "「」"),
        ] {
            let message = Template::parse(text, &FIELDS).expect_err(text);
            assert!(message.contains(words), "{message}");
        }
        let template = Template::parse("{事项名称}", &FIELDS).expect("known");
        assert_eq!(template.fill(&[("days", "3")]), Err(FIELDS[0]));
    }

    #[test]
    fn a_header_has_one_line() {
        for (text, fine) in [
            ("稳岗返还", true),
            ("a\r\nBcc: x@y.cn", false),
            ("a\nb", false),
            ("a\u{2028}b", false),
            ("a\0", false),
        ] {
            assert_eq!(is_one_line(text), fine, "{text:?}");
        }
        assert_eq!(paragraphs("甲\r\n乙").as_deref(), Some("甲\n乙"));
        assert_eq!(paragraphs("甲\0"), None);
    }

    proptest! {
        #[test]
        fn a_value_is_never_read_as_a_template(value in "[{}事项名称a-z<>&]{0,30}") {
            let template = Template::parse("《{事项名称}》", &FIELDS).expect("known");
            let filled = template.fill(&[("item", &value)]).expect("given");
            prop_assert_eq!(filled, format!("《{value}》"));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            if let Ok(template) = Template::parse(&text, &FIELDS) {
                prop_assert!(template.fill(&[("item", ""), ("days", "")]).is_ok());
            }
        }
    }
}
