//! Within `{% call ui::section(…) %}…{% endcall %}` the macro's own parameters hide the page's fields of the
//! same name, silently: `{{ id }}` there is the section's, not the case's.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};

/// Where the macros are.
const COMPONENTS: &str = "crates/ui/templates/ui/components.html";
/// Words of the template language.
const WORDS: [&str; 14] = [
    "if", "else", "elif", "match", "when", "let", "set", "for", "in", "is", "not", "call", "true",
    "false",
];

/// What a part of a template gives names to.
enum Scope<'t> {
    /// Content of a call: parameters of this macro.
    Call(&'t str),
    /// A loop, a condition or a match with the names that it binds.
    Bound(Vec<&'t str>),
}

/// One sentence for each name that does not mean what it seems to.
pub fn problems(root: &Path) -> Result<Vec<String>> {
    let components = std::fs::read_to_string(root.join(COMPONENTS));
    let components = components.with_context(|| format!("读不出 {COMPONENTS}"))?;
    let macros = macros(&components);
    let mut problems = Vec::new();
    let templates = super::files::committed(root)?.into_iter();
    for shown in templates.filter(|path| path.contains("/templates/") && path.ends_with(".html")) {
        let path = root.join(&shown);
        // one that was removed and is not committed yet
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (line, word, of) in hidden(&text, &macros) {
            problems.push(format!(
                "{shown}:{line} 在 ui::{of} 的内容里用了 {word}，得到的是这个宏自己的参数：请给页面的字段换个名字"
            ));
        }
    }
    Ok(problems)
}

/// The parameters of each macro.
fn macros(text: &str) -> HashMap<&str, Vec<&str>> {
    let heads = tags(text).filter_map(|(_, tag)| tag.strip_prefix("macro "));
    heads
        .filter_map(|head| {
            let (name, rest) = head.split_once('(')?;
            Some((name.trim(), words(rest).map(|(word, _)| word).collect()))
        })
        .collect()
}

/// Line, name and macro of each name that a macro hides.
fn hidden<'t>(
    text: &'t str,
    macros: &HashMap<&'t str, Vec<&'t str>>,
) -> Vec<(usize, &'t str, &'t str)> {
    let mut scopes: Vec<Scope<'t>> = Vec::new();
    let mut found = Vec::new();
    for (line, tag) in tags(text) {
        let first = tag.split_whitespace().next().unwrap_or_default();
        if matches!(first, "when" | "else" | "elif") {
            scopes.pop();
        }
        if matches!(first, "endcall" | "endfor" | "endif" | "endmatch") {
            scopes.pop();
            continue;
        }
        let bound = bound(first, tag);
        for (word, _) in words(tag).filter(|(word, is_field)| !is_field && !bound.contains(word)) {
            let giver = scopes.iter().rev().find(|scope| match scope {
                Scope::Call(name) => macros.get(name).is_some_and(|of| of.contains(&word)),
                Scope::Bound(names) => names.contains(&word),
            });
            if let Some(Scope::Call(name)) = giver {
                found.push((line, word, *name));
            }
        }
        match first {
            "call" => {
                let name = tag.trim_start_matches("call").trim_start();
                let name = name.split('(').next().unwrap_or_default();
                scopes.push(Scope::Call(name.rsplit("::").next().unwrap_or_default()));
            }
            "for" | "if" | "elif" | "else" | "match" | "when" => scopes.push(Scope::Bound(bound)),
            // a name given on the way holds to the end of what it stands in
            "let" | "set" => match scopes.last_mut() {
                Some(Scope::Bound(names)) => names.extend(bound),
                _ => scopes.insert(0, Scope::Bound(bound)),
            },
            _ => {}
        }
    }
    found
}

/// The names that a tag binds.
fn bound<'t>(first: &str, tag: &'t str) -> Vec<&'t str> {
    let pattern = match first {
        "for" => tag.split_once(" in ").map(|(pattern, _)| pattern),
        "let" | "set" => tag.split_once('=').map(|(pattern, _)| pattern),
        "if" | "elif" | "else" => tag
            .split_once("let ")
            .and_then(|(_, rest)| rest.split_once('='))
            .map(|(pattern, _)| pattern),
        "when" => Some(tag),
        _ => None,
    };
    pattern
        .into_iter()
        .flat_map(words)
        .map(|(word, _)| word)
        .collect()
}

/// What stands between `{{` and `}}` or `{%` and `%}`, with its line.
fn tags(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let open = at + text[at..].find('{')?;
            let close = match text.as_bytes().get(open + 1) {
                Some(b'{') => "}}",
                Some(b'%') => "%}",
                Some(b'#') => "#}",
                _ => {
                    at = open + 1;
                    continue;
                }
            };
            let from = open + 2;
            let to = text[from..]
                .find(close)
                .map_or(text.len(), |end| from + end);
            at = (to + 2).min(text.len());
            if close != "#}" {
                let line = text[..open].lines().count().max(1);
                let tag = text[from..to].trim_matches(['-', '~', '+']).trim();
                return Some((line, tag));
            }
        }
    })
}

/// Names in an expression, and whether each is a field, a path, a call or a named argument of something.
fn words(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let (mut at, mut before, mut in_quotes) = (0, ' ', false);
    std::iter::from_fn(move || {
        while let Some(c) = text[at..].chars().next() {
            if c == '"' {
                in_quotes = !in_quotes;
            }
            if in_quotes || !is_part(c) || c.is_numeric() {
                if !c.is_whitespace() {
                    before = c;
                }
                at += c.len_utf8();
                continue;
            }
            let rest = &text[at..];
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, after) = (&rest[..length], rest[length..].trim_start());
            let is_named = after.starts_with('=') && !after.starts_with("==");
            let is_field = matches!(before, '.' | ':' | '|')
                || after.starts_with(['(', '!'])
                || after.starts_with("::")
                || is_named;
            at += length;
            before = 'a';
            if !WORDS.contains(&word) {
                return Some((word, is_field && !after.starts_with("!=")));
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, &str, &str)> {
        let macros = HashMap::from([
            ("section", vec!["title", "id", "lead"]),
            ("actions", vec![]),
        ]);
        hidden(text, &macros)
    }

    #[test]
    fn a_parameter_hides_a_field_within_the_call_only() {
        let text = "{{ id }}{% call ui::section(id, \"x\") %}\n{{ case.id }}{{ id }}{% call ui::actions() %}\
                    {{ ui::link(\"/{}\"|format(id)) }}{% endcall %}{% endcall %}{{ id }}";
        assert_eq!(found(text), [(2, "id", "section"), (2, "id", "section")]);
    }

    #[test]
    fn names_bound_inside_are_their_own() {
        let inside = [
            "{% for (id, title) in list %}{{ id }}{{ title }}{% endfor %}",
            "{% if let Some(id) = found %}{{ id }}{% endif %}",
            "{% match found %}{% when Some(id) %}{{ id }}{% endmatch %}",
            "{{ ui::field(id = \"x\", hint = \"id\") }}{{ \"id\" }}{# id #}{{ id() }}",
        ];
        for inside in inside {
            let text = format!("{{% call ui::section(\"a\") %}}{inside}{{% endcall %}}");
            assert_eq!(found(&text), [], "{inside}");
        }
        let text = "{% call ui::section(\"a\") %}{% if id == 1 %}{% else %}{{ lead }}{% endif %}{% endcall %}";
        assert_eq!(found(text), [(1, "id", "section"), (1, "lead", "section")]);
    }
}
