//! The samples that are shipped, as a new installation meets them.

mod exercise;

use std::collections::BTreeSet;

use proptest::prelude::*;

use zhida_classifier::{ClassPath, Model, Options, Sample, Text};

fn shipped() -> Vec<Sample> {
    serde_norway::from_str(include_str!("../../../../data/appeals/samples.yaml")).expect("samples")
}

#[test]
fn thirteen_themes_have_samples_of_their_own() {
    let samples = shipped();
    assert!(samples.len() >= 120, "{}", samples.len());
    let themes: BTreeSet<ClassPath> = samples.iter().map(|s| s.class.to_level(1)).collect();
    assert_eq!(themes.len(), 13);
    let texts: BTreeSet<String> = samples
        .iter()
        .map(|s| zhida_classifier::normalise(&s.text))
        .collect();
    assert_eq!(texts.len(), samples.len(), "a text stands twice");
}

#[test]
fn a_new_installation_sorts_plain_cases() {
    let model = Model::train(&shipped(), &Options::default()).expect("thirteen themes");
    let cases = [
        (
            "厂里又停电",
            "今天上午停电两个小时，没有接到通知",
            "utilities/power/outage",
        ),
        (
            "工程款一直不给",
            "给镇政府修的路验收三年了，工程款还欠着",
            "arrears/public/project",
        ),
        (
            "员工孩子上学",
            "外地员工的子女进不了公办学校",
            "labour/living/school",
        ),
        ("出口退税", "出口退税两个月没有到账", "tax/refund"),
        (
            "专利被仿冒",
            "网店在卖仿制我们专利的产品",
            "ip/infringement",
        ),
    ];
    for (title, body, class) in cases {
        let answer = model.suggest(Text { title, body }, 3);
        assert_eq!(answer.candidates[0].class.to_string(), class, "{answer:?}");
    }
    let report = model.report();
    println!("{report:#?}");
    assert!(
        report.levels[0].right * 2 > report.levels[0].texts,
        "{report:?}"
    );
}

/// A small model's content.
fn content() -> Vec<u8> {
    let few: Vec<Sample> = shipped().into_iter().step_by(24).collect();
    let model = Model::train(&few, &Options::default()).expect("several themes");
    exercise::content(&model.to_bytes()).to_vec()
}

#[test]
fn a_forged_model_is_refused_or_works() {
    let content = content();
    exercise::model(&content);
    exercise::model(&[0xff; 400]);
    // deep nesting, if nodes were nested
    exercise::model(&[1; 100_000]);
    for at in (0..content.len()).step_by(content.len() / 150) {
        let mut forged = content.clone();
        forged[at] = forged[at].wrapping_add(1);
        exercise::model(&forged);
        exercise::model(&content[..at]);
    }
}

proptest! {
    #[test]
    fn any_lines_are_borne(all in "(\\PC{0,20}\n){0,12}") {
        exercise::texts(&all);
    }
}
