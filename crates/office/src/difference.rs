//! What a record says stood there before and after, side by side.

use serde_json::Value;

use crate::words;

/// Lines that are shown at most; a record is a few dozen values.
const LINES_MAX: usize = 500;

/// One value before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its name in Chinese, with the names of what it is part of.
    pub name: String,
    /// Empty when there was none.
    pub before: String,
    /// Empty when there is none.
    pub after: String,
    /// Whether the two differ.
    pub changed: bool,
}

/// The values of both, those of the same name in one line, in the order in which they stand.
pub(crate) fn between(before: Option<&Value>, after: Option<&Value>) -> Vec<Line> {
    let (before, after) = (flat(before), flat(after));
    let mut names: Vec<&String> = before.iter().map(|(name, _)| name).collect();
    for (name, _) in &after {
        if !before.iter().any(|(known, _)| known == name) {
            names.push(name);
        }
    }
    let of = |values: &[(String, String)], name: &str| {
        let found = values.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    names
        .into_iter()
        .take(LINES_MAX)
        .map(|name| {
            let (before, after) = (of(&before, name), of(&after, name));
            Line {
                name: name.clone(),
                changed: before != after,
                before,
                after,
            }
        })
        .collect()
}

/// The values of one, with their names.
pub(crate) fn values(value: Option<&Value>) -> Vec<(String, String)> {
    let mut values = flat(value);
    values.truncate(LINES_MAX);
    values
}

fn flat(value: Option<&Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(value) = value {
        walk(String::new(), value, &mut found);
    }
    found
}

fn walk(name: String, value: &Value, found: &mut Vec<(String, String)>) {
    let below = |part: &str| match name.is_empty() {
        true => part.to_owned(),
        false => format!("{name} / {part}"),
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                walk(below(words::key(key)), value, found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, value) in items.iter().enumerate() {
                walk(below(&(at + 1).to_string()), value, found);
            }
        }
        Value::Array(items) => {
            found.push((name, items.iter().map(text).collect::<Vec<_>>().join("、")))
        }
        other => found.push((name, text(other))),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_stand_side_by_side_and_say_what_changed() {
        let before = json!({ "name": "甲", "division": "330300", "rule": null });
        let after = json!({ "name": "乙", "division": "330300", "actions": ["a", "b"] });
        let lines = between(Some(&before), Some(&after));
        let told: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.name.as_str(),
                    line.before.as_str(),
                    line.after.as_str(),
                    line.changed,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("名称", "甲", "乙", true),
                ("行政区划", "330300", "330300", false),
                ("规则", "", "", false),
                ("权限", "", "a、b", true),
            ]
        );
    }

    #[test]
    fn what_is_made_has_no_before_and_lists_are_numbered() {
        let detail =
            json!({ "items": [{ "item": "x", "enabled": true }, { "item": "y" }], "n": 1 });
        assert_eq!(
            values(Some(&detail)),
            [
                ("事项 / 1 / 事项", "x"),
                ("事项 / 1 / 启用", "是"),
                ("事项 / 2 / 事项", "y"),
                ("n", "1"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(between(None, None).is_empty());
        assert_eq!(between(None, Some(&json!("甲")))[0].after, "甲");
    }
}
