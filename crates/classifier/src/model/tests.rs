use proptest::prelude::*;
use sha2::Digest;

use super::*;
use crate::SavedError;

fn sample(class: &str, title: &str, text: &str) -> Sample {
    Sample {
        class: class.parse().expect("a path"),
        title: title.into(),
        text: text.into(),
    }
}

/// Thirty texts of three classes, two of them below one.
fn samples() -> Vec<Sample> {
    let words = [
        (
            "utilities/power",
            ["停电", "电压不稳", "变压器", "跳闸", "供电"],
        ),
        (
            "utilities/water",
            ["停水", "水压低", "自来水", "污水", "管网"],
        ),
        ("finance", ["贷款", "银行", "利率", "抵押", "续贷"]),
    ];
    let ends = ["影响生产", "请尽快处理"];
    let of = |(class, words): &(&str, [&str; 5])| {
        let pairs = words.iter().flat_map(|word| ends.map(|end| (*word, end)));
        pairs
            .map(|(word, end)| sample(class, word, &format!("我公司{word}的问题，{end}")))
            .collect::<Vec<_>>()
    };
    words.iter().flat_map(of).collect()
}

fn model() -> Model {
    Model::train(&samples(), &Options::default()).expect("three classes")
}

fn text(body: &str) -> Text<'_> {
    Text { title: "", body }
}

#[test]
fn suggests_with_a_confidence_and_says_why() {
    let model = model();
    let answer = model.suggest(text("变压器跳闸，厂里停电"), 3);
    let shown: Vec<String> = answer
        .candidates
        .iter()
        .map(|s| s.class.to_string())
        .collect();
    assert_eq!(shown[0], "utilities/power");
    assert_eq!(shown.len(), 3);
    let sum: u16 = answer.candidates.iter().map(|s| s.confidence).sum();
    assert!((998..=1001).contains(&sum), "{sum}");
    let why = model.explain(text("变压器跳闸，厂里停电"), &answer.candidates[0].class, 3);
    assert_eq!(why.len(), 3);
    assert!(why.iter().all(|reason| reason.share > 0));
    assert!(
        why.iter()
            .any(|reason| "变压器跳闸停电".contains(&reason.words)),
        "{why:?}"
    );
}

#[test]
fn the_report_says_how_right_it_was_on_unseen_texts() {
    let report = model().report().clone();
    assert_eq!(
        (report.samples, report.classes, report.levels.len()),
        (30, 3, 2)
    );
    assert_eq!((report.levels[0].texts, report.levels[1].texts), (30, 20));
    assert!(report.levels[0].right >= 20, "{report:?}");
    for level in &report.levels {
        assert!(
            level.right <= level.texts
                && level.sure_right <= level.sure
                && level.sure <= level.texts
        );
    }
}

#[test]
fn says_unsure_of_what_it_knows_nothing_about() {
    let model = model();
    let answer = model.suggest(text("天气晴朗，适合郊游"), 3);
    assert_eq!(answer.sure, None);
    assert_eq!(model.suggest(text("😀👍"), 3), Suggested::default());
    assert_eq!(model.suggest(text(""), 3), Suggested::default());
}

#[test]
fn a_sure_answer_may_stop_at_a_higher_level() {
    let mut model = model();
    model.about.report.levels[0].threshold = Some(1);
    model.about.report.levels[1].threshold = None;
    let sure = model
        .suggest(text("停电停水"), 1)
        .sure
        .expect("a threshold that everything reaches");
    assert_eq!(sure.class.to_string(), "utilities");
}

#[test]
fn too_few_classes_and_wild_options_are_refused() {
    let train = |samples: &[Sample], options: &Options| Model::train(samples, options).err();
    let one = [
        sample("a", "", "停电"),
        sample("a", "", "停水"),
        sample("b", "", "😀"),
    ];
    assert_eq!(
        train(&one, &Options::default()),
        Some(TrainError::TooFewClasses(1))
    );
    assert_eq!(
        train(&[], &Options::default()),
        Some(TrainError::TooFewClasses(0))
    );
    let wild = Options {
        cost: f64::NAN,
        ..Options::default()
    };
    assert_eq!(train(&samples(), &wild), Some(TrainError::Option("cost")));
    let wild = Options {
        folds: 0,
        ..Options::default()
    };
    assert_eq!(train(&samples(), &wild), Some(TrainError::Option("folds")));
}

#[test]
fn a_flood_of_one_text_counts_once() {
    let mut flooded = samples();
    flooded
        .extend((0..500).map(|n| sample("finance", "贷款！".repeat(n % 3).as_str(), "停电停电")));
    let once: Vec<Sample> = samples()
        .into_iter()
        .chain((0..3).map(|n| sample("finance", "贷款！".repeat(n).as_str(), "停电停电")))
        .collect();
    let train = |samples: &[Sample]| Model::train(samples, &Options::default()).expect("classes");
    assert_eq!(train(&flooded).to_bytes(), train(&once).to_bytes());
}

#[test]
fn a_correction_holds_at_once_and_leaves_other_texts_alone() {
    let mut model = model();
    let power = model.suggest(text("变压器跳闸"), 1).candidates[0]
        .class
        .clone();
    let corrected = sample("utilities/network", "断网", "宽带和手机信号都断了");
    model.learn(&corrected);
    let best = |model: &Model, text| model.suggest(text, 1).candidates[0].class.to_string();
    assert_eq!(best(&model, corrected.as_text()), "utilities/network");
    assert_eq!(
        best(&model, text("手机信号不好，宽带断了")),
        "utilities/network"
    );
    assert_eq!(best(&model, text("变压器跳闸")), power.to_string());
    assert_eq!(model.learnt(), 1);
    // a class that is new from the first level on, and one below a class that had nothing below
    model.learn(&sample("foreign/customs", "", "报关单查验太慢"));
    assert_eq!(best(&model, text("报关查验慢")), "foreign/customs");
    model.learn(&sample("finance/loan", "", "过桥资金"));
    assert_eq!(best(&model, text("过桥资金")), "finance/loan");
    model.learn(&sample("utilities", "", "综合管廊"));
    assert_eq!(best(&model, text("综合管廊")), "utilities");
    model.learn(&sample("utilities", "", "😀"));
    assert_eq!(model.learnt(), 4);
}

#[test]
fn bytes_are_read_again_and_what_is_none_is_refused() {
    let mut model = model();
    model.learn(&sample("foreign/customs", "", "报关单查验太慢"));
    let bytes = model.to_bytes();
    assert_eq!(Model::from_bytes(&bytes).as_ref(), Ok(&model));
    assert_eq!(Model::from_bytes(b""), Err(SavedError::NotAModel));
    assert_eq!(Model::from_bytes(b"PK\x03\x04"), Err(SavedError::NotAModel));
    let mut older = bytes.clone();
    older[4] = 0;
    assert_eq!(
        Model::from_bytes(&older),
        Err(SavedError::OtherVersion { found: 0 })
    );
    assert!(
        SavedError::OtherVersion { found: 0 }
            .to_string()
            .contains("第 0 版")
    );
    for at in [6, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert_eq!(
            Model::from_bytes(&damaged),
            Err(SavedError::Damaged),
            "{at}"
        );
        assert_eq!(
            Model::from_bytes(&bytes[..at]),
            Err(SavedError::Damaged),
            "{at}"
        );
    }
}

/// The same on every machine and by every compiler. If it changes on purpose, raise the version in `saved`.
#[test]
fn training_gives_these_very_bytes() {
    let digest = sha2::Sha256::digest(model().to_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "3599d74aaaee4f33e35b3ee9e1f0d83058684db951821aa060753dc7363121ef"
    );
}

#[test]
fn hostile_texts_are_answered() {
    let model = model();
    let long = "停电，".repeat(20_000);
    assert_eq!(
        model.suggest(text(&long), 1).candidates[0]
            .class
            .to_string(),
        "utilities/power"
    );
    for odd in [
        "\u{0}\u{ffff}",
        "e\u{0301}\u{0301}\u{0301}",
        "𠮷",
        "١٢٣",
        "ﷺ",
    ] {
        let answer = model.suggest(text(odd), 3);
        assert_eq!(answer.sure, None, "{odd}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn the_order_of_samples_says_nothing(mixed in Just(samples()).prop_shuffle()) {
        let trained = Model::train(&mixed, &Options::default()).expect("classes");
        prop_assert_eq!(trained.to_bytes(), model().to_bytes());
    }
}

proptest! {
    #[test]
    fn no_text_breaks_training_asking_or_learning(
        texts in proptest::collection::vec((0..4_usize, any::<String>(), "\\PC{0,12}"), 0..12)
    ) {
        let classes = ["a", "a/b", "a/b/c", "d/e"];
        let samples: Vec<Sample> =
            texts.iter().map(|(class, title, text)| sample(classes[*class], title, text)).collect();
        if let Ok(mut model) = Model::train(&samples, &Options::default()) {
            for sample in &samples {
                let answer = model.suggest(sample.as_text(), 2);
                let _ = model.explain(sample.as_text(), &sample.class, 5);
                prop_assert!(answer.candidates.iter().all(|s| s.confidence <= 999));
            }
            for sample in &samples {
                model.learn(sample);
                let best = model.suggest(sample.as_text(), 1).candidates;
                prop_assert!(best.is_empty() || best[0].class == sample.class, "{:?} {:?}", best, sample);
            }
            prop_assert_eq!(Model::from_bytes(&model.to_bytes()), Ok(model));
        }
    }
}
