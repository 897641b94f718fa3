//! Interpreter = SQL, on PostgreSQL, row by row.

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use zhida_matcher::{MatcherError, sql};
use zhida_rules::{AttributeIndex, Dictionary, Facts, Kind, Truth, Value};

use crate::{agreement::noise, tools::Case};

const YEARS: std::ops::RangeInclusive<i32> = 2020..=2026;

fn column(index: AttributeIndex, year: Option<i32>) -> String {
    match year {
        Some(year) => format!("a{}_{year}", index.position()),
        None => format!("a{}", index.position()),
    }
}

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

fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "BOOLEAN",
        Kind::Number => "NUMERIC",
        Kind::Date => "DATE",
        _ => "VARCHAR(4000)",
    }
}

fn sql_value(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.exact_text().unwrap(),
        Value::Text(text) => format!("'{text}'"),
        Value::Date(date) => format!("DATE '{date}'"),
        Value::Set(members) => {
            format!("'{}'", sql::set_text(members.iter().map(String::as_str)))
        }
    }
}

fn create(table: &str, dictionary: &Dictionary, rows: &[&Facts]) -> Vec<String> {
    let columns = columns(dictionary);
    let types: Vec<String> = columns
        .iter()
        .map(|(index, year)| {
            let kind = dictionary.attribute(*index).kind;
            format!("{} {}", column(*index, *year), sql_type(kind))
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
    vec![
        format!("CREATE TABLE {table} (id BIGINT, {})", types.join(", ")),
        format!("INSERT INTO {table} VALUES {}", values.join(", ")),
    ]
}

#[test]
fn sql_equals_the_interpreter() {
    zhida_testkit::block_on(async {
        let database = zhida_testkit::postgres().await;
        let run = |text: String| Statement::from_string(DatabaseBackend::Postgres, text);
        let (mut asked, mut refused, mut seen) = (0, 0, [0; 3]);
        for seed in 0..24 {
            let case = Case::draw(&noise(1_000 + seed, 9_000), 16, 40);
            // SQL knows a register's silence only, not a visitor's.
            let rows: Vec<&Facts> = case
                .enterprises
                .iter()
                .filter(|facts| !is_stated(&case, facts))
                .collect();
            let table = format!("enterprise_{seed}");
            for text in create(&table, &case.dictionary, &rows) {
                database.conn().execute_raw(run(text)).await.unwrap();
            }
            for (number, item) in case.items.iter().enumerate() {
                let text = match sql::predicate(&case.dictionary, item, case.on, &column) {
                    Ok(text) => text,
                    Err(MatcherError::Sql(_)) => {
                        refused += 1;
                        continue;
                    }
                    Err(other) => panic!("{other}"),
                };
                asked += 1;
                let query = format!("SELECT ({text}) AS met FROM {table} ORDER BY id");
                let found = database.conn().query_all_raw(run(query)).await;
                let found = found.unwrap_or_else(|error| panic!("{error}: {text}"));
                assert_eq!(found.len(), rows.len());
                for (row, facts) in found.iter().zip(&rows) {
                    let met: Option<bool> = row.try_get("", "met").unwrap();
                    let expected = case.truth(number, facts).verdict;
                    seen[expected as usize] += 1;
                    assert_eq!(
                        Truth::from(met),
                        expected,
                        "{}\n{text}\n{facts:?}",
                        case.texts[number]
                    );
                }
            }
        }
        assert!(
            asked > 250 && asked > 2 * refused,
            "{asked} asked, {refused} refused"
        );
        assert!(seen.iter().all(|count| *count > 200), "{seen:?}");
    });
}

/// Are these the statements of a visitor?
fn is_stated(case: &Case, facts: &Facts) -> bool {
    let closed = case.dictionary.attributes().iter();
    closed
        .filter(|attribute| attribute.absence != zhida_rules::Absence::Unknown)
        .any(|attribute| facts.absence(attribute) != attribute.absence)
}

#[test]
fn quotes_in_texts_stay_texts() {
    let dictionary = Dictionary::from_yaml(
        "attributes:\n  - { id: name, name: 名称, kind: text, department: 测 }\n",
    )
    .unwrap();
    let source = zhida_rules::ItemRulesSource {
        conditions: vec![zhida_rules::ConditionSource {
            text: String::new(),
            rule: Some("名称 = \"甲' OR 'a'='a\"".into()),
            manual: None,
        }],
        benefit: None,
    };
    let item = zhida_rules::ItemRules::compile(&dictionary, &source).unwrap();
    let on = "2026-11-22".parse().unwrap();
    let text = sql::predicate(&dictionary, &item, on, &|_, _| "name".into()).unwrap();
    assert_eq!(text, "(name = '甲'' OR ''a''=''a')");
}
