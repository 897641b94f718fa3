//! What is known already, and from whom: the enterprise is not asked for it, but may say that it is wrong.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use zhida_platform::format::date_zh;
use zhida_rules::{Env, Facts};

use crate::form::{Field, Form};
use crate::typed::{Typed, year_on};

/// What is known of the enterprise, and the day for which the form is filled in.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The facts, read with the dictionary that the form was checked against.
    pub facts: &'a Facts,
    /// 基准日: 上年 is the year before its year.
    pub on: NaiveDate,
}

/// A prefilled answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The value.
    pub value: Typed,
    /// As the enterprise itself reads it.
    pub shown: String,
    /// From whom and when: `市场监管，2026年10月31日，批次 20261101`.
    pub source: String,
}

/// The prefilled answers by the id of their field.
#[must_use]
pub fn prefill(form: &Form, known: &Known<'_>) -> BTreeMap<String, Given> {
    let given = |field: &Field| Some((field.id.clone(), given(form, field, known)?));
    form.fields().filter_map(given).collect()
}

fn given(form: &Form, field: &Field, known: &Known<'_>) -> Option<Given> {
    let source = field.source.as_ref()?;
    let env = Env {
        dictionary: form.dictionary(),
        facts: known.facts,
        on: known.on,
    };
    let value = env.value(source.attribute, source.year)?;
    let value = Typed::of_fact(field, value)?;
    Some(Given {
        shown: value.show(field),
        source: from_whom(form, field, known)?,
        value,
    })
}

fn from_whom(form: &Form, field: &Field, known: &Known<'_>) -> Option<String> {
    let source = field.source.as_ref()?;
    let attribute = form.dictionary().attribute(source.attribute);
    let year = year_on(source.year, known.on);
    let of_year = year.map_or_else(String::new, |year| format!("{year}年，"));
    let Some(fact) = known.facts.get(source.attribute, year) else {
        return Some(match attribute.formula {
            Some(_) => format!("{of_year}由已知数据算出"),
            None => format!("{}名册中没有登记，即为“否”", attribute.department),
        });
    };
    let Some(from) = &fact.provenance else {
        return Some(format!("{of_year}假设"));
    };
    let day = from
        .as_of
        .map_or_else(String::new, |day| format!("，{}", date_zh(day)));
    let batch = from
        .batch
        .as_ref()
        .map_or_else(String::new, |batch| format!("，批次 {batch}"));
    Some(format!("{of_year}{}{day}{batch}", from.department))
}
