//! Whatever bytes and texts: the same bodies run here with fixed inputs and in `fuzz/` with any.

use sha2::{Digest, Sha256};
use zhida_classifier::{
    Ask, Grouped, Index, Model, Options, Sample, Text, ThemeOptions, normalise, themes,
};

/// The content of a model under a head and digest that fit it: read, asked, corrected, written, or refused.
pub fn model(content: &[u8]) {
    let mut bytes = b"ZHCM\x01\x00".to_vec();
    bytes.extend_from_slice(&Sha256::digest(content));
    bytes.extend_from_slice(content);
    let Ok(mut model) = Model::from_bytes(&bytes) else {
        return;
    };
    let text = Text {
        title: "停电",
        body: "厂区又停电了",
    };
    for suggestion in model.suggest(text, 3).candidates {
        let _ = model.explain(text, &suggestion.class, 3);
    }
    if let Ok(class) = "a/b/c".parse() {
        model.learn(&Sample {
            class,
            title: String::new(),
            text: "停水".into(),
        });
    }
    let _ = model.to_bytes();
}

/// Lines as samples, and as texts of an index and of themes.
pub fn texts(all: &str) {
    let classes = ["a", "a/b", "c/d/e"];
    let lines: Vec<&str> = all.lines().take(40).collect();
    let sample = |(n, line): (usize, &&str)| Sample {
        class: classes[n % classes.len()].parse().expect("a path"),
        title: String::new(),
        text: (*line).into(),
    };
    let samples: Vec<Sample> = lines.iter().enumerate().map(sample).collect();
    if let Ok(model) = Model::train(&samples, &Options::default()) {
        for sample in &samples {
            let _ = model.suggest(sample.as_text(), 3);
        }
        assert_eq!(Model::from_bytes(&model.to_bytes()).as_ref(), Ok(&model));
    }
    let mut index = Index::new();
    for (id, line) in lines.iter().enumerate() {
        assert_eq!(index.add(id as u128, (), line), !normalise(line).is_empty());
        let held = index
            .query(line, &Ask::default(), |()| true)
            .iter()
            .any(|alike| alike.overlap == 1000);
        assert_eq!(held, index.contains(id as u128));
    }
    let window: Vec<Grouped<'_>> = lines
        .iter()
        .enumerate()
        .map(|(id, text)| Grouped {
            id: id as u128,
            group: "a",
            text,
        })
        .collect();
    let _ = themes(&window, &ThemeOptions::default());
}

/// What follows head and digest in a model's bytes.
#[must_use]
pub fn content(bytes: &[u8]) -> &[u8] {
    &bytes[38..]
}
