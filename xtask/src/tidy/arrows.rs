//! Arrows between the crates run one way (docs: ARCHITECTURE.md).
//!
//! `standards ← casework ← platform ← ui ← rooms ← zhida`; `standards ← rules ← {matcher, demo, rooms}`;
//! `{registry, policies, matcher} ← matching ← redemption`; `{registry, classifier} ← appeals ← meetings`; `testkit` and `sqlproof` only for tests.

use super::metadata::{Metadata, Package};

/// A crate and the crates it may use outside tests. A new crate gets its row here.
const MAY_USE: [(&str, &[&str]); 24] = [
    ("standards", &[]),
    ("rules", &["standards"]),
    ("matcher", &["rules", "standards"]),
    ("casework", &["standards"]),
    ("letters", &[]),
    ("platform", &["standards", "casework"]),
    ("ui", &["standards", "platform"]),
    ("forms", &["standards", "rules", "platform", "ui"]),
    ("funds", &["standards", "platform", "ui"]),
    ("people", &["standards", "casework", "platform", "ui"]),
    ("office", &["standards", "casework", "platform", "ui"]),
    ("inbox", &["standards", "platform", "ui"]),
    ("registry", &["standards", "rules", "platform", "ui"]),
    ("policies", &["standards", "rules", "platform", "ui"]),
    (
        "matching",
        &[
            "standards",
            "rules",
            "platform",
            "ui",
            "registry",
            "policies",
            "matcher",
        ],
    ),
    (
        "redemption",
        &[
            "standards",
            "rules",
            "casework",
            "letters",
            "platform",
            "ui",
            "forms",
            "funds",
            "registry",
            "policies",
            "matching",
        ],
    ),
    ("classifier", &[]),
    (
        "appeals",
        &[
            "standards",
            "rules",
            "casework",
            "classifier",
            "letters",
            "platform",
            "ui",
            "registry",
        ],
    ),
    (
        "meetings",
        &["casework", "letters", "platform", "ui", "appeals"],
    ),
    ("demo", &["standards", "rules"]),
    (
        "zhida",
        &[
            "standards",
            "rules",
            "platform",
            "ui",
            "people",
            "office",
            "inbox",
            "registry",
            "policies",
            "matcher",
            "matching",
            "forms",
            "funds",
            "redemption",
            "classifier",
            "letters",
            "appeals",
            "meetings",
            "demo",
        ],
    ),
    ("testkit", &["standards", "rules", "platform"]),
    ("sqlproof", &[]),
    ("xtask", &[]),
];

/// Crates that tests of any crate may use on top.
const FOR_TESTS: [&str; 1] = ["testkit"];
/// Tests of these may use every crate: they look at the product from outside.
const TESTS_THE_WHOLE: [&str; 1] = ["sqlproof"];

/// Crates that know no I/O, no database, no clock, no async; and what they therefore do not use.
const PURE: [&str; 4] = ["standards", "rules", "matcher", "casework"];
const IMPURE: [&str; 9] = [
    "tokio", "futures", "axum", "tower", "sea-orm", "tracing", "figment", "rusqlite", "tempfile",
];

/// One sentence for each dependency that points the wrong way.
pub fn problems(metadata: &Metadata) -> Vec<String> {
    metadata.members().flat_map(of_crate).collect()
}

fn of_crate(package: &Package) -> Vec<String> {
    let name = short(&package.name);
    let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
        return vec![format!(
            "{name} 不在依赖方向表里：请在 xtask/src/tidy/arrows.rs 写明它可以依赖谁"
        )];
    };
    let mut problems = Vec::new();
    for dependency in &package.dependencies {
        let test = dependency.kind.as_deref() == Some("dev");
        if dependency.path.is_some() {
            let target = short(&dependency.name);
            let fine = allowed.contains(&target)
                || test && (FOR_TESTS.contains(&target) || TESTS_THE_WHOLE.contains(&name));
            if !fine {
                problems.push(format!("{name} 不可以依赖 {target}：依赖只朝一个方向"));
            }
        } else if PURE.contains(&name) && !test && IMPURE.contains(&dependency.name.as_str()) {
            problems.push(format!(
                "{name} 是纯计算的库，不可以依赖 {}",
                dependency.name
            ));
        }
    }
    problems
}

/// `registry` of `zhida-registry`.
fn short(name: &str) -> &str {
    name.strip_prefix("zhida-").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn package(name: &str, dependency: &str, kind: Option<&str>, ours: bool) -> Package {
        let path = if ours { Some("crates/x") } else { None };
        serde_json::from_value(serde_json::json!({
            "id": name, "name": name, "version": "0.0.0", "license": "MIT", "targets": [],
            "dependencies": [{"name": dependency, "kind": kind, "path": path}],
        }))
        .unwrap()
    }

    #[test]
    fn arrows_run_one_way() {
        for (from, to, kind, fine) in [
            ("zhida-rules", "zhida-standards", None, true),
            ("zhida-standards", "zhida-rules", None, false),
            ("zhida-matching", "zhida-registry", None, true),
            ("zhida-registry", "zhida-policies", None, false),
            ("zhida-demo", "zhida-registry", None, false),
            ("zhida-registry", "zhida-testkit", Some("dev"), true),
            ("zhida-registry", "zhida-testkit", None, false),
            ("zhida-registry", "zhida-matching", Some("dev"), false),
            ("zhida-sqlproof", "zhida", Some("dev"), true),
            ("zhida-newcomer", "zhida-ui", None, false),
        ] {
            let problems = of_crate(&package(from, to, kind, true));
            assert_eq!(problems.is_empty(), fine, "{from} → {to}: {problems:?}");
        }
    }

    #[test]
    fn pure_crates_stay_pure() {
        assert_eq!(
            of_crate(&package("zhida-rules", "tokio", None, false)).len(),
            1
        );
        assert!(of_crate(&package("zhida-rules", "num-rational", None, false)).is_empty());
        assert!(of_crate(&package("zhida-registry", "tokio", None, false)).is_empty());
    }
}
