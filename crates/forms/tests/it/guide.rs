//! The author's guide: every example on it is a form, and it explains all there is.

use zhida_forms::{Form, FormSource, KINDS};
use zhida_rules::Dictionary;

const GUIDE: &str = include_str!("../../../../docs/forms.md");

/// The YAML examples of the page.
fn examples() -> Vec<&'static str> {
    let blocks = GUIDE.split("```yaml\n").skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_example_is_a_form() {
    let examples = examples();
    assert!(examples.len() > 20, "{}", examples.len());
    for example in examples {
        let text = match example.contains("title:") {
            true => example.to_owned(),
            false => format!("title: 例\nnodes:\n{example}"),
        };
        let source = FormSource::read(&text).unwrap_or_else(|mistake| panic!("{mistake}\n{text}"));
        let form = Form::new(source, Dictionary::shipped());
        assert!(form.is_ok(), "{:?}\n{text}", form.err());
    }
}

#[test]
fn every_kind_has_an_example() {
    let forms: Vec<&str> = examples();
    for (_, slug, name) in KINDS {
        let used = format!("kind: {slug}");
        assert!(
            forms.iter().any(|form| form
                .split([',', '\n', '}'])
                .any(|part| part.trim().ends_with(&used))),
            "no example of {slug}"
        );
        assert!(
            GUIDE.contains(&format!("`{slug}`")) && GUIDE.contains(name),
            "{slug} is not explained"
        );
    }
}

#[test]
fn every_key_is_explained() {
    let yaml = FormSource::read(crate::gallery::FORM)
        .expect("well written")
        .to_yaml();
    let keys: std::collections::BTreeSet<&str> = yaml
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").split_once(':'))
        .map(|(key, _)| key)
        .collect();
    for key in keys {
        assert!(
            GUIDE.contains(&format!("`{key}`")),
            "{key} is not explained"
        );
    }
}
