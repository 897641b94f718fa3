//! Every route of the program stands in `[routes]` of data/rights.toml, and the reverse.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use zhida_platform::{
    access::{Rights, Scope},
    config::Config,
};

use super::snapshot::ROOT;
use crate::app::App;

/// Handlers of a method, as sources name them.
const METHODS: [(&str, &str); 5] = [
    ("get(", "GET"),
    ("post(", "POST"),
    ("put(", "PUT"),
    ("patch(", "PATCH"),
    ("delete(", "DELETE"),
];

/// What is done to rows, so that a scope narrower than all says something.
const WITH_ROWS: [&str; 30] = [
    "appeal.handle",
    "appeal.intake",
    "appeal.numbers",
    "appeal.own",
    "appeal.read",
    "appeal.supervise",
    "appeal.visit",
    "audit.own",
    "enterprise.list",
    "enterprise.read",
    "enterprise.show",
    "enterprise.staff",
    "fund.manage",
    "fund.payee",
    "fund.read",
    "match.list",
    "match.read",
    "meeting.manage",
    "meeting.read",
    "meeting.strike",
    "message.enterprise",
    "payment.approve",
    "payment.draw",
    "payment.receipt",
    "redemption.apply",
    "redemption.decide",
    "redemption.handle",
    "redemption.lists",
    "redemption.read",
    "redemption.report",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// The product's text of each source of a crate; tests stand at the end.
fn texts(src: &Path) -> Vec<String> {
    let mut files = Vec::new();
    sources(src, &mut files);
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        text.split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap()
            .to_owned()
    };
    files.iter().map(read).collect()
}

/// `const NAME: &str = "/path";` of a crate.
fn constants(texts: &[String]) -> BTreeMap<String, String> {
    let lines = texts.iter().flat_map(|text| text.lines());
    let constants = lines.filter_map(|line| {
        let (_, rest) = line.split_once("const ")?;
        let (name, value) = rest.split_once(": &str = \"")?;
        Some((name.to_owned(), value.split('"').next()?.to_owned()))
    });
    constants.collect()
}

/// What stands between the parentheses that open before `text`.
fn within(text: &str) -> &str {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}

/// Routes of pages, as the sources of all rooms write them.
fn of_pages() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for folder in fs::read_dir(Path::new(ROOT).join("crates")).unwrap() {
        let src = folder.unwrap().path().join("src");
        // the test kit has an app of its own
        if !src.is_dir() || src.starts_with(Path::new(ROOT).join("crates/testkit")) {
            continue;
        }
        let texts = texts(&src);
        let constants = constants(&texts);
        for text in &texts {
            for other in [".route_service(", ".nest(", ".nest_service(", ".fallback("] {
                assert!(
                    !text.contains(other),
                    "{other} of {} is not seen here",
                    src.display()
                );
            }
            // what a comment shows is no route
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let code = code.collect::<Vec<_>>().join("\n");
            for rest in code.split(".route(").skip(1) {
                let arguments = within(rest);
                let (path, handlers) = arguments.split_once(',').unwrap();
                let path = path.trim();
                let path = match path.strip_prefix('"') {
                    Some(literal) => literal.trim_end_matches('"').to_owned(),
                    None => constants
                        .get(path)
                        .unwrap_or_else(|| panic!("{path}?"))
                        .clone(),
                };
                let before = routes.len();
                for (handler, method) in METHODS {
                    let named = handlers.match_indices(handler).any(|(at, _)| {
                        !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    });
                    if named {
                        routes.insert(format!("{method} {path}"));
                    }
                }
                assert!(routes.len() > before, "no method of {path}");
            }
        }
    }
    routes
}

fn of_the_api(app: &App) -> BTreeSet<String> {
    let document = app.document(&Config::default());
    let mut routes = BTreeSet::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ] {
            if operation.is_some() {
                routes.insert(format!("{method} {path}"));
            }
        }
    }
    routes
}

#[tokio::test]
async fn each_route_stands_in_the_table_and_the_reverse() {
    let mut config = Config::default();
    config.database.url = "sqlite::memory:".to_owned();
    let app = App::open(&config).await.unwrap();
    let mut there = of_pages();
    there.extend(of_the_api(&app));
    let table: BTreeSet<String> = Rights::shipped()
        .routes()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let missing: Vec<&String> = there.difference(&table).collect();
    let gone: Vec<&String> = table.difference(&there).collect();
    assert!(there.len() > 60, "{there:?}");
    assert!(
        missing.is_empty(),
        "data/rights.toml 的 [routes] 缺少：{missing:?}"
    );
    assert!(
        gone.is_empty(),
        "data/rights.toml 的 [routes] 多出：{gone:?}"
    );
}

/// A narrower scope of what knows no rows would promise what nothing keeps.
#[test]
fn what_knows_no_rows_is_held_for_all_or_not_at_all() {
    for role in Rights::shipped().roles() {
        for (action, scope) in role.may() {
            let kept = scope == Scope::All || WITH_ROWS.contains(&action);
            assert!(kept, "{} {action}", role.id);
        }
    }
}
