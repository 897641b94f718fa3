//! Whatever somebody writes or sends: no panic, and what is accepted is consistent.

use proptest::prelude::*;
use zhida_forms::{
    Answer, Answers, Form, FormSource, KINDS, When, difference, fill, lines, prefill, shown,
    validate,
};
use zhida_rules::{Dictionary, Facts};

use crate::gallery;
use crate::world::known;

fn gallery_form() -> Form {
    let source = FormSource::read(gallery::FORM).expect("well written");
    Form::new(source, Dictionary::shipped()).expect("well meant")
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,12}",
        2 => "-?[0-9]{1,9}(\\.[0-9]{1,4})?(万|亿|%|元)?",
        1 => "20[0-9]{2}-[01][0-9]-[0-3][0-9]",
        1 => Just("true".to_owned()),
        1 => Just("false".to_owned()),
        1 => Just("技术改造".to_owned()),
        1 => "[0-9]{12,19}",
        1 => "1[0-9]{10}",
        1 => Just(String::new()),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let row = prop::collection::btree_map(
        "(device|price|imported|origin|colour)",
        text().prop_map(Answer::Text),
        0..4,
    );
    prop_oneof![
        6 => text().prop_map(Answer::Text),
        1 => prop::collection::vec(text(), 0..4).prop_map(Answer::Texts),
        1 => prop::collection::btree_map("(holder|bank|cnaps|number|other)", text(), 0..5).prop_map(Answer::Parts),
        1 => prop::collection::vec(row, 0..7).prop_map(Answer::Rows),
    ]
}

fn answers() -> impl Strategy<Value = Answers> {
    let ids: Vec<String> = gallery_form()
        .fields()
        .map(|field| field.id.clone())
        .chain(["equipment".to_owned(), "stranger".to_owned()])
        .collect();
    prop::collection::btree_map(prop::sample::select(ids), answer(), 0..30).prop_map(|fields| {
        Answers {
            fields,
            ..Answers::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is answered: drafts forgive more than sending does, and what is sent holds only what is shown.
    #[test]
    fn any_answers_are_judged(answers in answers(), with_facts in any::<bool>()) {
        let form = gallery_form();
        let facts = if with_facts { gallery::facts() } else { Facts::new() };
        let known = known(&facts);
        let draft = validate(&form, &answers, &known, When::Draft);
        let submit = validate(&form, &answers, &known, When::Submit);
        for fault in &draft {
            prop_assert!(submit.iter().any(|other| other.path == fault.path), "{fault:?}");
        }
        let shown = shown(&form, &answers, &known);
        let told = lines(&form, &answers);
        prop_assert!(difference(&told, &told).is_empty());
        match fill(&form, &answers, &known) {
            Err(faults) => prop_assert_eq!(faults, submit),
            Ok(filled) => {
                prop_assert!(submit.is_empty());
                for entry in &filled.entries {
                    prop_assert!(shown.at(&entry.path).is_visible(), "{}", entry.path);
                }
                let again = fill(&form, &filled.answers, &known).expect("what was sent can be sent again");
                prop_assert!(difference(&filled.lines(), &again.lines()).is_empty());
                let json = serde_json::to_string(&filled).expect("json");
                let back: zhida_forms::Filled = serde_json::from_str(&json).expect("read back");
                prop_assert!(back == filled);
            }
        }
    }

    /// Answers survive JSON.
    #[test]
    fn answers_go_through_json(answers in answers()) {
        let json = serde_json::to_value(&answers).expect("json");
        let back: Answers = serde_json::from_value(json.clone()).expect("read back");
        prop_assert_eq!(serde_json::to_value(&back).expect("json"), json);
    }

    /// Any text is a form or says what is wrong.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        if let Err(mistake) = FormSource::read(&text) {
            prop_assert!(!mistake.at.is_empty() && !mistake.message.is_empty());
        }
    }

    /// Random definitions: compiled or refused with places, never a panic; what is compiled can be asked.
    #[test]
    fn random_forms_are_compiled_or_refused(fields in prop::collection::vec(
        (0..KINDS.len(), any::<bool>(), 0..8_usize, 0..6_usize), 1..8,
    )) {
        let mut yaml = String::from("title: 试\nnodes:\n");
        for (place, (kind, required, other, shape)) in fields.iter().enumerate() {
            let condition = match shape {
                0 | 1 => String::new(),
                2 => format!(", shown_when: 已知(f{other})"),
                3 => format!(", shown_when: f{other} = true"),
                4 => format!(", shown_when: f{other} > 3"),
                _ => ", shown_when: 上年.营业收入 >= 2000万".to_owned(),
            };
            let more = match KINDS[*kind].1 {
                "one_of" | "several_of" => ", choices: [甲, 乙]",
                "declaration" => ", text: 属实",
                _ => "",
            };
            yaml.push_str(&format!("  - {{ id: f{place}, label: 问{place}, kind: {}, required: {required}{more}{condition} }}\n", KINDS[*kind].1));
        }
        let source = FormSource::read(&yaml).expect("well written");
        prop_assert_eq!(&FormSource::read(&source.to_yaml()).expect("written back"), &source);
        match Form::new(source, Dictionary::shipped()) {
            Err(mistakes) => prop_assert!(mistakes.iter().all(|m| !m.at.is_empty())),
            Ok(form) => {
                let facts = gallery::facts();
                let known = known(&facts);
                prop_assert!(prefill(&form, &known).is_empty());
                let nothing = Answers::default();
                prop_assert!(validate(&form, &nothing, &known, When::Draft).is_empty());
                let _ = fill(&form, &nothing, &known);
            }
        }
    }
}
