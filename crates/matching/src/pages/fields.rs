//! Form fields for facts: the right input for each kind of attribute, “不清楚” included.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use zhida_policies::PublishedItem;
use zhida_rules::{Check, Dictionary, Expr, FactKey, Kind, Test, Value};
use zhida_standards::{division, industry};
use zhida_ui::Choice;

use crate::answers::{Answers, DECLINED, field_name, is_multiple};
use crate::calculator::question_text;

/// A field for one fact.
pub(crate) struct FieldView {
    pub name: String,
    pub label: String,
    pub hint: String,
    pub value: String,
    pub error: String,
    pub unit: String,
    /// `text`, `date`, `select`, `radios` or `checkboxes`.
    pub kind: &'static str,
    pub choices: Vec<Choice>,
}

/// The field for a fact, with what was typed before.
pub(crate) fn field(
    dictionary: &Dictionary,
    key: FactKey,
    answers: &Answers,
    on: NaiveDate,
    with_unknown: bool,
) -> FieldView {
    let attribute = dictionary.attribute(key.0);
    let name = field_name(dictionary, key);
    let value = answers.texts.get(&name).cloned().unwrap_or_default();
    let error = answers.errors.iter().find(|error| error.field == name);
    let mut choices = Vec::new();
    let kind = match attribute.kind {
        Kind::Bool => {
            choices = [("是", "是"), ("否", "否")]
                .map(|(v, l)| Choice::new(v, l, &value))
                .to_vec();
            "radios"
        }
        Kind::Choice => {
            choices = attribute
                .choices
                .iter()
                .map(|c| Choice::new(c, c, &value))
                .collect();
            if choices.len() > 6 {
                choices.insert(0, Choice::new("", "请选择", &value));
                "select"
            } else {
                "radios"
            }
        }
        Kind::Set if is_multiple(dictionary, key) => {
            let chosen: Vec<&str> = value.split('、').collect();
            let choice = |member: &String| {
                let current = if chosen.contains(&member.as_str()) {
                    member
                } else {
                    ""
                };
                Choice::new(member, member, current)
            };
            choices = attribute.choices.iter().map(choice).collect();
            "checkboxes"
        }
        Kind::Date => "date",
        _ => "text",
    };
    if with_unknown && !choices.is_empty() {
        choices.push(Choice::new(DECLINED, "不清楚", &value));
    }
    let mut hint = hint(attribute.kind, attribute.unit.as_deref()).to_owned();
    if with_unknown && choices.is_empty() {
        hint.push_str("不清楚可以填“?”。");
    }
    let unit = attribute.unit.clone().unwrap_or_default();
    FieldView {
        label: question_text(dictionary, key, on),
        error: error.map(|error| error.message.clone()).unwrap_or_default(),
        unit: if kind == "text" { unit } else { String::new() },
        hint,
        name,
        value,
        kind,
        choices,
    }
}

fn hint(kind: Kind, unit: Option<&str>) -> &'static str {
    match (kind, unit) {
        (Kind::Number, Some("元")) => "可以写 2000万、1.5亿。",
        (Kind::Number, Some("%")) => "可以写 5%。",
        (Kind::Division, _) => "写县（市、区）的名称或六位代码。",
        (Kind::Industry, _) => "写行业名称或 GB/T 4754-2017 代码，如 C35。",
        (Kind::Set, _) => "可选多项。",
        _ => "",
    }
}

/// The next step of choosing a county: everything below `area`, provinces at first.
pub(crate) fn region_step(area: &str) -> FieldView {
    let here = division::lookup(area);
    let places: Vec<&division::Division> = match here {
        None => division::provinces().collect(),
        Some(place) => below(place.code.as_str()),
    };
    let last = here.is_some()
        && places
            .iter()
            .all(|place| place.level >= division::Level::County);
    let mut choices = vec![Choice::new("", "请选择", "")];
    choices.extend(
        places
            .iter()
            .map(|place| Choice::new(place.code.as_str(), place.name, "")),
    );
    let hint = match here {
        None => "先选省，再选市和县（市、区）。".to_owned(),
        Some(place) => format!("已选{}。", place.full_name()),
    };
    // 东莞市、台湾省 and their like are not divided further: they are the answer themselves.
    let undivided = |code: &str| below(code).is_empty();
    let answer = last || places.iter().all(|place| undivided(place.code.as_str()));
    FieldView {
        name: if answer { "division" } else { "area" }.to_owned(),
        label: "贵企业注册在哪个县（市、区）？".to_owned(),
        hint,
        value: String::new(),
        error: String::new(),
        unit: String::new(),
        kind: "select",
        choices,
    }
}

/// Is a place the end of choosing, because nothing lies below it but townships?
pub(crate) fn is_place(code: &str) -> bool {
    division::lookup(code)
        .is_some_and(|place| place.level >= division::Level::County || below(code).is_empty())
}

/// Divisions one step below, down to counties; grouping entries are replaced by what they hold.
fn below(code: &str) -> Vec<&'static division::Division> {
    let mut found = Vec::new();
    for child in division::children(code) {
        if child.is_grouping() {
            found.extend(division::children(child.code.as_str()));
        } else {
            found.push(child);
        }
    }
    found.retain(|place| place.level <= division::Level::County);
    found
}

/// Industry codes that any rule names.
pub(crate) fn named_industries<'i>(
    items: impl IntoIterator<Item = &'i PublishedItem>,
) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for item in items {
        for condition in item.rules.conditions() {
            let Check::Rule(expr) = &condition.check else {
                continue;
            };
            expr.visit(&mut |part| {
                let Expr::In(_, tests, Some(zhida_rules::Hierarchy::Industry)) = part else {
                    return;
                };
                for test in tests {
                    if let Test::Is(Expr::Literal(Value::Text(code))) = test {
                        codes.insert(code.clone());
                    }
                }
            });
        }
    }
    codes
}

/// Whether an industry is told finely enough: no rule names a part of it.
pub(crate) fn is_fine_enough(code: &str, named: &BTreeSet<String>) -> bool {
    named
        .iter()
        .all(|other| other == code || !industry::is_within(other, code))
}

/// The next step of choosing an industry: sections at first, then what lies below `sector`. A
/// choice that is fine enough is the answer; others lead one step deeper.
pub(crate) fn industry_step(sector: &str) -> FieldView {
    let here = industry::lookup(sector);
    let below: Vec<&industry::Industry> = match here {
        None => industry::all()
            .iter()
            .filter(|i| i.parent().is_none())
            .collect(),
        Some(found) => industry::children(found.code).collect(),
    };
    let mut choices = vec![Choice::new("", "请选择", "")];
    choices.extend(
        below
            .iter()
            .map(|i| Choice::new(i.code, format!("{} {}", i.code, i.name), "")),
    );
    choices.push(Choice::new(DECLINED, "不清楚", ""));
    FieldView {
        name: "sector".to_owned(),
        label: "贵企业主要从事什么行业？".to_owned(),
        hint: match here {
            None => "国民经济行业分类（GB/T 4754-2017）。".to_owned(),
            Some(found) => format!(
                "已选{} {}，有的政策只适用于其中一部分，请再选细一级。",
                found.code, found.name
            ),
        },
        value: String::new(),
        error: String::new(),
        unit: String::new(),
        kind: "select",
        choices,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choosing_a_county_takes_two_or_three_steps_and_ends_everywhere() {
        assert_eq!(region_step("").name, "area");
        assert_eq!(region_step("370000").name, "area");
        assert_eq!(region_step("370100").name, "division");
        let beijing = region_step("110000");
        assert_eq!(beijing.name, "division");
        assert!(
            beijing
                .choices
                .iter()
                .any(|choice| choice.label == "东城区")
        );
        assert!(is_place("441900") && is_place("370102") && !is_place("370000"));
        assert_eq!(
            region_step("胡说").name,
            "area",
            "an unknown area starts over"
        );
    }

    #[test]
    fn an_industry_is_fine_enough_when_no_rule_names_a_part_of_it() {
        let named: BTreeSet<String> = ["C", "I65", "F52"].map(str::to_owned).into();
        assert!(is_fine_enough("C", &named));
        assert!(!is_fine_enough("I", &named));
        assert!(is_fine_enough("I65", &named) && is_fine_enough("I63", &named));
        assert_eq!(industry_step("").choices.len(), 22);
        assert!(
            industry_step("I")
                .choices
                .iter()
                .any(|choice| choice.value == "I65")
        );
    }

    #[test]
    fn every_kind_of_attribute_has_its_input() {
        let dictionary = Dictionary::shipped();
        let on = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a date");
        let kind = |id: &str| {
            let index = dictionary.find(id).expect("shipped");
            let year = dictionary.attribute(index).annual.then_some(2025);
            field(dictionary, (index, year), &Answers::default(), on, true).kind
        };
        assert_eq!(kind("legal_person"), "radios");
        assert_eq!(kind("size"), "radios");
        assert_eq!(kind("registration_status"), "select");
        assert_eq!(kind("registered_on"), "date");
        assert_eq!(kind("revenue"), "text");
    }
}
