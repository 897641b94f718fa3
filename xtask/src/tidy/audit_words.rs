//! Every action that is written to the audit has its Chinese: an auditor reads no slugs.
//!
//! The sources are read, not run: a text `room.action` of a room with words is taken for one, unless it is a right, or stands
//! where messages, jobs and settings are named.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

const WORDS: &str = "crates/office/src/words.rs";
const RIGHTS: &str = "data/rights.toml";
/// What comes before a slug that is no action: of a message, a job, a schedule, a list, a setting.
const OTHERS: [&str; 7] = [
    "EventKind::new(",
    "&str =",
    "name:",
    "wrong(",
    "title) = (",
    "Schedule::new(",
    ".exports(",
];
/// Sources of settings.
const SETTINGS: [&str; 3] = [
    "crates/platform/src/config",
    "crates/platform/src/files/settings.rs",
    "crates/platform/src/messages/settings.rs",
];

/// One sentence for each action without a word.
pub fn problems(root: &Path) -> Result<Vec<String>> {
    let read = |path: &str| {
        let text = std::fs::read_to_string(root.join(path));
        text.with_context(|| format!("读不出 {path}"))
    };
    let (words, rights) = (read(WORDS)?, read(RIGHTS)?);
    let known: BTreeSet<&str> = slugs(&words).map(|(_, slug)| slug).collect();
    let rights: BTreeSet<&str> = rights.lines().filter_map(right).collect();
    let mut problems = Vec::new();
    for path in super::files::committed(root)? {
        let source = path.starts_with("crates/")
            && path.contains("/src/")
            && path.ends_with(".rs")
            && !path.contains("/tests/");
        if !source || path == WORDS || SETTINGS.iter().any(|start| path.starts_with(start)) {
            continue;
        }
        // one that was removed and is not committed yet
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else {
            continue;
        };
        for slug in actions(&text) {
            if !known.contains(slug.as_str()) && !rights.contains(slug.as_str()) {
                problems.push(format!(
                    "{path} 的审计动作“{slug}”没有中文：请写进 {WORDS} 的 ACTIONS"
                ));
            }
        }
    }
    Ok(problems)
}

/// The action of a line of the table of rights.
fn right(line: &str) -> Option<&str> {
    line.strip_prefix('"')?
        .split_once("\" =")
        .map(|(slug, _)| slug)
}

/// What looks like actions in a source, its comments and tests left out.
fn actions(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<&str> = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let found = slugs(&code).filter(|(before, _)| {
        let before = before.trim_end();
        !OTHERS.iter().any(|other| before.ends_with(other))
    });
    found.map(|(_, slug)| slug.to_owned()).collect()
}

/// The texts `room.action`, each with what stands before it.
fn slugs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let quotes = text.match_indices('"').map(|(at, _)| at);
    quotes.filter_map(|at| {
        let (before, rest) = text.split_at(at);
        let (slug, _) = rest.get(1..)?.split_once('"')?;
        is_slug(slug).then_some((before, slug))
    })
}

fn is_slug(text: &str) -> bool {
    let small = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    text.split_once('.')
        .is_some_and(|(room, action)| ROOMS.contains(&room) && small(action))
}

/// The rooms, and the platform's parts, that write to the audit.
const ROOMS: [&str; 17] = [
    "appeals",
    "audit",
    "backup",
    "calendar",
    "cases",
    "files",
    "forms",
    "funds",
    "jobs",
    "matching",
    "meetings",
    "messages",
    "people",
    "phrase",
    "policies",
    "redemption",
    "registry",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_told_from_messages_jobs_and_comments() {
        let source = r#"
            const NIGHT: &str = "matching.night";
            /// As "people.sign_in" does.
            const PAID: EventKind = EventKind::new(
                "funds.paid", "已拨付");
            let entry = self.entry(viewer, "funds.draw", "batch", id);
            let file = "forms.yaml.bak";
            #[cfg(test)]
            mod tests { const X: [&str; 1] = ["people.nothing"]; }
        "#;
        assert_eq!(actions(source), ["funds.draw"]);
    }
}
