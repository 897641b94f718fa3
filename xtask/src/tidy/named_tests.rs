//! Tests that a document names as proof must exist: docs/security.md says which test shows what.

use std::path::Path;

use anyhow::{Context, Result};

/// The documents that name tests as `crates/…/file.rs::name`.
const DOCUMENTS: [&str; 1] = ["docs/security.md"];
/// Attributes of a test; one of `both_databases!` is named there a second time instead.
const ATTRIBUTES: [&str; 3] = ["#[test]", "#[tokio::test", "#[rstest]"];

/// One sentence for each test that a document names and that is not there.
pub fn problems(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(root.join(document))
            .with_context(|| format!("读不出 {document}"))?;
        for (path, name) in named(&text) {
            // a file that is gone holds no test either
            let source = std::fs::read_to_string(root.join(path)).unwrap_or_default();
            if !is_test(&source, name) {
                problems.push(format!(
                    "{document} 说测试 {path}::{name} 可以证明，但没有这个测试：请改正名称，或如实写“尚未”"
                ));
            }
        }
    }
    Ok(problems)
}

/// Path and name of each test that stands in backticks.
fn named(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter_map(|quoted| quoted.split_once("::"))
        .filter(|(path, _)| path.starts_with("crates/") && path.ends_with(".rs"))
}

/// Whether the source has a test of this name: a function under an attribute of tests, or in the
/// list of `both_databases!`.
fn is_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let Some(at) = lines.iter().position(|line| line.contains(&head)) else {
        return false;
    };
    let above = lines[..at].iter().rev();
    let marked = above
        .take_while(|line| !line.is_empty() && !line.ends_with('}'))
        .any(|line| {
            ATTRIBUTES
                .iter()
                .any(|attribute| line.starts_with(attribute))
        });
    let listed = source.split("both_databases!(").skip(1).any(|list| {
        let list = list.split(')').next().unwrap_or_default();
        list.split(',').any(|listed| listed.trim() == name)
    });
    marked || listed
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "
#[test]
fn one() {}

/// Words.
#[tokio::test(flavor = \"multi_thread\")]
async fn two() {}

async fn three(db: TestDatabase) {}

fn helper() {}

both_databases!(
    three,
);
";

    #[test]
    fn a_test_is_told_from_a_helper_and_from_nothing() {
        for name in ["one", "two", "three"] {
            assert!(is_test(SOURCE, name), "{name}");
        }
        for name in ["helper", "four", "tw", "db"] {
            assert!(!is_test(SOURCE, name), "{name}");
        }
    }

    #[test]
    fn names_are_found_in_backticks_only() {
        let text =
            "| `crates/a/b.rs::one`<br>`crates/c.rs::two` | crates/d.rs::three `x::y` `config` |";
        let found: Vec<_> = named(text).collect();
        assert_eq!(found, [("crates/a/b.rs", "one"), ("crates/c.rs", "two")]);
    }
}
