//! Runs the DMN conformance cases (github.com/dmn-tck/tck) that our language shares with FEEL.
//!
//! `cargo run -p zhida-rules --example feel_tck -- PATH/TO/TestCases`
//!
//! Taken are decisions that are one literal expression without inputs. Those whose expression our
//! subset refuses are counted as refused; the others must give what the standard says, or stand in
//! `docs/rules.md` as a departure.
#![allow(
    clippy::unwrap_used,
    reason = "a tool run by hand stops at the first surprise"
)]

use std::{collections::HashMap, env, fs, path::Path};

use zhida_rules::{Dictionary, Env, Facts, Formula, Number, Rule};

#[derive(Default)]
struct Tally {
    same: usize,
    refused: usize,
    different: Vec<String>,
}

fn main() {
    let root = env::args()
        .nth(1)
        .expect("usage: feel_tck PATH/TO/TestCases");
    let mut tally = Tally::default();
    let mut models: Vec<_> = walk(Path::new(&root));
    models.sort();
    for model in &models {
        run(model, &mut tally);
    }
    for line in &tally.different {
        println!("{line}");
    }
    println!(
        "{} models: {} cases as DMN says, {} differ, {} refused by the subset",
        models.len(),
        tally.same,
        tally.different.len(),
        tally.refused
    );
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path)
            } else if path.extension().is_some_and(|extension| extension == "dmn") {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect()
}

fn run(model: &Path, tally: &mut Tally) {
    let text = fs::read_to_string(model).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let mut expressions = HashMap::new();
    for decision in document
        .descendants()
        .filter(|node| node.has_tag_name_local("decision"))
    {
        let literal = decision
            .children()
            .find(|node| node.has_tag_name_local("literalExpression"))
            .and_then(|node| {
                node.children()
                    .find(|child| child.has_tag_name_local("text"))
            })
            .and_then(|node| node.text());
        let inputs = decision
            .children()
            .any(|node| node.has_tag_name_local("informationRequirement"));
        if let (Some(literal), false, Some(name)) = (literal, inputs, decision.attribute("name")) {
            expressions.insert(name.to_owned(), literal.trim().to_owned());
        }
    }
    for entry in fs::read_dir(model.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains("-test-"));
        if !is_test {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let tests = roxmltree::Document::parse(&text).unwrap();
        for result in tests
            .descendants()
            .filter(|node| node.has_tag_name_local("resultNode"))
        {
            let Some(expression) = result
                .attribute("name")
                .and_then(|name| expressions.get(name))
            else {
                continue;
            };
            let Some(expected) = expected(result) else {
                continue;
            };
            case(expression, &expected, tally);
        }
    }
}

/// The expected boolean, number or null as text; `None` for other kinds of values.
fn expected(result: roxmltree::Node<'_, '_>) -> Option<String> {
    let expected = result
        .children()
        .find(|node| node.has_tag_name_local("expected"))?;
    let value = expected.children().find(|node| node.is_element())?;
    if !value.has_tag_name_local("value") {
        return None;
    }
    let kind = value
        .attributes()
        .find(|attribute| attribute.name() == "type");
    match kind.map(|attribute| attribute.value()) {
        Some("xsd:boolean" | "xsd:decimal" | "xsd:double" | "xsd:integer") => {
            Some(value.text()?.trim().to_owned())
        }
        None => Some("null".to_owned()),
        Some(_) => None,
    }
}

fn case(expression: &str, expected: &str, tally: &mut Tally) {
    let dictionary = Dictionary::new(Vec::new(), Vec::new()).unwrap();
    let facts = Facts::new();
    let on = "2026-11-22".parse().unwrap();
    let env = Env {
        dictionary: &dictionary,
        facts: &facts,
        on,
    };
    let found = if let Ok(rule) = Rule::compile(&dictionary, expression) {
        rule.evaluate(&env)
            .map_or("null".to_owned(), |truth| truth.to_string())
    } else if let Ok(formula) = Formula::compile(&dictionary, &format!("0 + ({expression})")) {
        // An amount is never negative and kept to fen: compare through a condition instead.
        let equal = Rule::compile(&dictionary, &format!("({expression}) = ({expected})"));
        match equal.ok().and_then(|rule| rule.evaluate(&env)) {
            Some(true) => expected.to_owned(),
            Some(false) => formula.amount(&env).text,
            None => "null".to_owned(),
        }
    } else {
        tally.refused += 1;
        return;
    };
    let same = found == expected
        || matches!((found.parse::<Number>(), expected.parse::<Number>()), (Ok(a), Ok(b)) if a == b);
    if same {
        tally.same += 1;
    } else {
        tally
            .different
            .push(format!("{expression}  DMN: {expected}  here: {found}"));
    }
}

trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for roxmltree::Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}
