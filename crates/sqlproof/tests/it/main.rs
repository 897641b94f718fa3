//! Interpreter = SQL, near misses among it, on a row store and on a columnar engine, row by row.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../../matcher/tests/it/boundary.rs"]
mod boundary;
mod corners;
mod engines;
// The same random cases as the column engine's.
#[path = "../../../matcher/tests/it/random.rs"]
#[allow(dead_code, reason = "nothing changes here")]
mod random;
mod snapshot;
#[path = "../../../matcher/tests/it/tools.rs"]
#[allow(dead_code, reason = "only part of the tools is needed here")]
mod tools;

use zhida_matcher::{MatcherError, sql};
use zhida_rules::{AttributeIndex, Dictionary, Facts, ItemRules, Truth, Value};

use self::engines::{Columnar, Engine, RowStore};
use crate::tools::{Case, noise};

const YEARS: std::ops::RangeInclusive<i32> = 2020..=2026;

fn columns(dictionary: &Dictionary) -> Vec<(AttributeIndex, Option<i32>)> {
    dictionary
        .indices()
        .filter(|index| dictionary.attribute(*index).formula.is_none())
        .flat_map(|index| match dictionary.attribute(index).annual {
            true => YEARS.map(|year| (index, Some(year))).collect(),
            false => vec![(index, None)],
        })
        .collect()
}

fn sql_value(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        // Quoted, or it would be a float on its way into the column.
        Value::Number(number) => format!("'{}'", number.exact_text().unwrap()),
        Value::Text(text) => format!("'{text}'"),
        Value::Date(date) => format!("DATE '{date}'"),
        Value::Set(members) => {
            format!("'{}'", sql::set_text(members.iter().map(String::as_str)))
        }
    }
}

async fn fill(engine: &impl Engine, table: &str, dictionary: &Dictionary, rows: &[&Facts]) {
    let columns = columns(dictionary);
    let types: Vec<String> = columns
        .iter()
        .map(|(index, year)| {
            let kind = dictionary.attribute(*index).kind;
            let name = sql::column_name(dictionary, *index, *year);
            format!("{name} {}", engine.column_type(kind))
        })
        .collect();
    let values: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(row, facts)| {
            let cells = columns.iter().map(|(index, year)| {
                facts
                    .get(*index, *year)
                    .map_or("NULL".into(), |fact| sql_value(&fact.value))
            });
            format!("({row}, {})", cells.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let create = format!("CREATE TABLE {table} (row_id BIGINT, {})", types.join(", "));
    engine.run(&create).await;
    engine
        .run(&format!("INSERT INTO {table} VALUES {}", values.join(", ")))
        .await;
}

/// Compares verdict by verdict and near miss by near miss; gives how often each was seen.
async fn check(engine: &impl Engine, table: &str, case: &Case) -> [u32; 4] {
    // SQL knows a register's silence only, not a visitor's.
    let rows: Vec<&Facts> = case
        .enterprises
        .iter()
        .filter(|facts| !is_stated(case, facts))
        .collect();
    fill(engine, table, &case.dictionary, &rows).await;
    let mut seen = [0; 4];
    for (number, item) in case.items.iter().enumerate() {
        let rule = &case.texts[number];
        let text = predicate(case, item);
        let text = text.unwrap_or_else(|error| panic!("{error}: {rule}"));
        let found = truths(engine, table, &text).await;
        let close = near_miss(case, item).unwrap_or_else(|error| panic!("{error}: {rule}"));
        let near = truths(engine, table, &close).await;
        assert_eq!((found.len(), near.len()), (rows.len(), rows.len()));
        for ((met, near), facts) in found.into_iter().zip(near).zip(&rows) {
            let expected = case.truth(number, facts);
            seen[expected.verdict as usize] += 1;
            seen[3] += u32::from(expected.is_near_miss());
            assert_eq!(
                Truth::from(met),
                expected.verdict,
                "{rule}\n{text}\n{facts:?}"
            );
            assert_eq!(
                near,
                Some(expected.is_near_miss()),
                "{rule}\n{close}\n{facts:?}"
            );
        }
    }
    seen
}

/// What a condition is for each row, in their order.
async fn truths(engine: &impl Engine, table: &str, condition: &str) -> Vec<Option<bool>> {
    let query = format!("SELECT ({condition}) AS met FROM {table} ORDER BY row_id");
    let found = engine.truths(&query).await;
    found.unwrap_or_else(|error| panic!("{error}\n{condition}"))
}

fn near_miss(case: &Case, item: &ItemRules) -> Result<String, MatcherError> {
    let column = |index, year| sql::column_name(&case.dictionary, index, year);
    sql::near_miss(&case.dictionary, item, case.on, &column)
}

fn predicate(case: &Case, item: &ItemRules) -> Result<String, MatcherError> {
    let column = |index, year| sql::column_name(&case.dictionary, index, year);
    sql::predicate(&case.dictionary, item, case.on, &column)
}

/// Are these the statements of a visitor?
fn is_stated(case: &Case, facts: &Facts) -> bool {
    let closed = case.dictionary.attributes().iter();
    closed
        .filter(|attribute| attribute.absence != zhida_rules::Absence::Unknown)
        .any(|attribute| facts.absence(attribute) != attribute.absence)
}

/// Random rules, none of which is refused, also around each of their thresholds, and the corners of
/// each construct.
async fn everything(engine: &impl Engine) {
    let random = (0..24).map(|seed| Case::draw(&noise(1_000 + seed, 9_000), 16, 40));
    let around = (0..3).map(|seed| {
        Case::draw(&noise(4_000 + seed, 9_000), 6, 12)
            .at_thresholds()
            .0
    });
    let mut seen = [0; 4];
    for (number, case) in random.chain(around).chain(corners::cases()).enumerate() {
        let found = check(engine, &format!("enterprise_{number}"), &case).await;
        seen.iter_mut()
            .zip(found)
            .for_each(|(sum, one)| *sum += one);
    }
    assert!(seen.iter().all(|count| *count > 10_000), "{seen:?}");
}

#[test]
fn sql_on_a_row_store_equals_the_interpreter() {
    zhida_testkit::block_on(async { everything(&RowStore::start().await).await });
}

#[test]
fn sql_on_a_columnar_engine_equals_the_interpreter() {
    zhida_testkit::block_on(async { everything(&Columnar::start()).await });
}

#[test]
fn beyond_its_digits_the_columnar_engine_fails_and_never_rounds() {
    let fits = corners::long(&["甲 * 甲 - 0.001 < 甲 * 甲", "甲 * 甲 + 0.001 <= 甲 * 甲"]);
    let too_long = corners::long(&["甲 * 甲 * 甲 > 甲"]);
    zhida_testkit::block_on(async {
        let (rows, columns) = (RowStore::start().await, Columnar::start());
        check(&rows, "fits", &fits).await;
        check(&columns, "fits", &fits).await;
        check(&rows, "too_long", &too_long).await;
        fill(
            &columns,
            "too_long",
            &too_long.dictionary,
            &[&too_long.enterprises[0]],
        )
        .await;
        let text = predicate(&too_long, &too_long.items[0]).unwrap();
        let query = format!("SELECT ({text}) AS met FROM too_long");
        let said = columns.truths(&query).await.unwrap_err();
        assert!(said.contains("Arithmetic overflow"), "{said}");
    });
}

#[test]
fn quotes_in_texts_stay_texts() {
    let dictionary = Dictionary::from_yaml(
        "attributes:\n  - { id: name, name: 名称, kind: text, department: 测 }\n",
    )
    .unwrap();
    let item = corners::item(&dictionary, "名称 = \"甲' OR 'a'='a\"");
    let on = "2026-11-22".parse().unwrap();
    let text = sql::predicate(&dictionary, &item, on, &|_, _| "name".into()).unwrap();
    assert_eq!(text, "(name = '甲'' OR ''a''=''a')");
}

#[test]
fn what_has_no_form_is_refused_and_named() {
    let case = corners::numbers();
    let mut nested = "甲 / 乙".to_owned();
    for _ in 0..12 {
        nested = format!("round({nested}, 1)");
    }
    for (rule, reason) in [
        ("round(甲, 乙) = 1", "小数位数不是常数的四舍五入"),
        ("地 = 另地", "区划或行业与另一属性比较"),
        (&format!("{nested} = 1"), "展开后太长"),
        ("包含(集, \"乙\n甲\")", "含换行的集合成员"),
        ("包含全部(集, \"甲\", \"乙\n甲\")", "含换行的集合成员"),
        ("累计(集, [\"乙\n甲\", 1]) > 0", "含换行的集合成员"),
        ("派地 in (\"330000\")", "由文字得出的区划或行业"),
        ("派业 != \"C\"", "由文字得出的区划或行业"),
    ] {
        let item = corners::item(&case.dictionary, rule);
        for refused in [predicate(&case, &item), near_miss(&case, &item)] {
            assert_eq!(refused, Err(MatcherError::Sql(reason.into())), "{rule}");
        }
    }
}
