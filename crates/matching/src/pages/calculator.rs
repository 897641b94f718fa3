//! 政策计算器: a visitor answers only what still matters. All answers live in the address: nothing
//! is stored, the page works without JavaScript, and a link can be kept or sent on.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use chrono::NaiveDate;
use zhida_platform::problem::Problem;
use zhida_rules::{Dictionary, FactKey, Kind};
use zhida_ui::chart::Chart;
use zhida_ui::{FormErrors, Frame, Html, Page, PageError};

use super::enterprise::verdict_bar;
use super::fields::{
    FieldView, field, industry_step, is_fine_enough, is_place, named_industries, region_step,
};
use super::{CARDS_SHOWN, DayQuery, Group, groups, percent};
use crate::Matching;
use crate::answers::{Answers, DECLINED, field_name, read_name};
use crate::calculator::{Assessment, Question};
use crate::judge::{Detail, Telling};
use crate::model::EnterpriseMatch;
use crate::what_if::words;

/// Questions asked at a time.
const ASKED: usize = 3;
/// Attributes that are asked first: most items rest on them.
const LEADING: [&str; 3] = ["division", "industry", "size"];

/// An answer given before, with the address without it.
struct Given {
    label: String,
    value: String,
    href: String,
}

#[derive(Template)]
#[template(path = "matching/calculator.html")]
pub(crate) struct CalculatorPage {
    page: Page,
    found: EnterpriseMatch,
    item: String,
    item_name: String,
    on: String,
    hidden: Vec<(String, String)>,
    given: Vec<Given>,
    fields: Vec<FieldView>,
    errors: FormErrors,
    open: usize,
    groups: Vec<Group>,
    chart: Chart,
    again: String,
}

/// 政策计算器
pub(crate) async fn show(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Query(day): Query<DayQuery>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Html<CalculatorPage>, PageError> {
    let on = day.day(&matching)?;
    let dictionary = matching.dictionary();
    let value = |name: &str| {
        let found = pairs
            .iter()
            .rev()
            .find(|(key, value)| key == name && !value.trim().is_empty());
        found
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let (item, area, sector) = (value("item"), value("area"), value("sector"));
    let mut pairs = pairs.clone();
    steps_to_answers(&matching, &mut pairs, &area, &sector, on);
    let answers = Answers::parse(dictionary, &pairs, on);
    let only = Some(item.as_str()).filter(|item| !item.is_empty());
    let (found, assessment) = matching
        .calculator(
            &answers,
            only,
            on,
            Telling::first(Detail::Brief, CARDS_SHOWN),
        )
        .await
        .map_err(Problem::from)?;
    let asked = asked(dictionary, &assessment, &answers, on);
    let mut fields: Vec<FieldView> = asked
        .iter()
        .map(|key| match dictionary.attribute(key.0).kind {
            Kind::Division => region_step(&area),
            Kind::Industry => industry_step(&sector),
            _ => field(dictionary, *key, &answers, on, true),
        })
        .collect();
    for field in &mut fields {
        if let Some(error) = answers
            .errors
            .iter()
            .find(|error| error.field == field.name)
        {
            field.error = error.message.clone();
        }
    }
    let hidden = hidden(dictionary, &answers);
    let page = frame
        .page("政策计算器")
        .lead("回答几个问题，看看能享受哪些政策、大约多少钱。不保存任何填写的内容。")
        .active("/calculator");
    let item_name = only
        .and_then(|id| matching.item(id, on).ok())
        .map(|item| item.name.clone());
    Ok(Html(CalculatorPage {
        page,
        given: given(dictionary, &answers, &item, &day.on),
        hidden,
        fields,
        errors: answers.errors.clone().into(),
        open: assessment.open_count(),
        groups: groups(
            &found,
            None,
            |item| format!("/policies/{}", percent(&item.head.id)),
            |_| "/policies".to_owned(),
        ),
        chart: verdict_bar(
            "政策事项，按结论",
            "项",
            &found.counts,
            false,
            |_| String::new(),
        ),
        again: super::address("/calculator", &[("item", &item), ("on", &day.on)]),
        item_name: item_name.unwrap_or_default(),
        item,
        on: day.on,
        found,
    }))
}

/// Choosing a region or an industry in steps ends in an answer once nothing finer matters.
fn steps_to_answers(
    matching: &Matching,
    pairs: &mut Vec<(String, String)>,
    area: &str,
    sector: &str,
    on: NaiveDate,
) {
    let answered = |pairs: &[(String, String)], name: &str| {
        pairs
            .iter()
            .any(|(key, value)| key == name && !value.trim().is_empty())
    };
    if !answered(pairs, "division") && is_place(area) {
        pairs.push(("division".to_owned(), area.to_owned()));
    }
    if answered(pairs, "industry") || sector.is_empty() {
        return;
    }
    let catalogue = matching.policies.catalogue(on);
    let known = zhida_standards::industry::lookup(sector).is_some();
    let fine = || {
        is_fine_enough(
            sector,
            &named_industries(catalogue.items.iter().map(|i| &**i)),
        )
    };
    if sector == DECLINED || (known && fine()) {
        pairs.push(("industry".to_owned(), sector.to_owned()));
    }
}

/// The questions of the next screen: region, industry and size together, then the best few; a
/// question answered wrongly is asked again.
fn asked(
    dictionary: &Dictionary,
    assessment: &Assessment,
    answers: &Answers,
    on: NaiveDate,
) -> Vec<FactKey> {
    let wrong = answers
        .errors
        .iter()
        .filter_map(|error| read_name(dictionary, &error.field, on));
    let mut asked: Vec<FactKey> = wrong.collect();
    let open = |question: &&Question| !asked.contains(&question.key);
    let is_leading =
        |question: &&Question| LEADING.contains(&dictionary.attribute(question.key.0).id.as_str());
    let questions = || assessment.questions.iter().filter(open);
    let mut next: Vec<FactKey> = LEADING
        .iter()
        .filter_map(|id| questions().find(|q| dictionary.attribute(q.key.0).id == *id))
        .map(|question| question.key)
        .collect();
    if next.is_empty() {
        next = questions()
            .filter(|q| !is_leading(q))
            .map(|question| question.key)
            .collect();
    }
    asked.extend(next);
    asked.truncate(ASKED);
    asked
}

/// Answers that the form carries on.
fn hidden(dictionary: &Dictionary, answers: &Answers) -> Vec<(String, String)> {
    let known = answers.values.keys().chain(&answers.declined);
    known
        .map(|key| field_name(dictionary, *key))
        .filter_map(|name| {
            answers
                .texts
                .get(&name)
                .map(|text| (name.clone(), text.clone()))
        })
        .collect()
}

/// Answers with the address that takes each back.
fn given(dictionary: &Dictionary, answers: &Answers, item: &str, on: &str) -> Vec<Given> {
    let all = hidden(dictionary, answers);
    let without = |name: &str| {
        let mut fields: Vec<(&str, &str)> = vec![("item", item), ("on", on)];
        fields.extend(
            all.iter()
                .filter(|(other, _)| other != name)
                .map(|(n, v)| (n.as_str(), v.as_str())),
        );
        super::address("/calculator", &fields)
    };
    let label = |key: &FactKey| {
        let attribute = dictionary.attribute(key.0);
        match key.1 {
            Some(year) => format!("{year} 年{}", attribute.name),
            None => attribute.name.clone(),
        }
    };
    let values = answers
        .values
        .iter()
        .map(|(key, value)| (key, words(dictionary, key.0, value)));
    let declined = answers
        .declined
        .iter()
        .map(|key| (key, "不清楚".to_owned()));
    values
        .chain(declined)
        .map(|(key, value)| Given {
            label: label(key),
            value,
            href: without(&field_name(dictionary, *key)),
        })
        .collect()
}
