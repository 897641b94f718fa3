//! The generated city as its users see it: files, cells, codes, and the same bytes every time.
#![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure

mod cells;
mod files;
mod rows;
mod shipped;

use std::collections::HashMap;

use chrono::NaiveDate;
use zhida_demo::{City, generate};
use zhida_rules::{AttributeIndex, Dictionary};
use zhida_standards::division::DivisionCode;

/// A city that does not depend on the shipped items.
pub fn alone(enterprises: u64, seed: u64) -> City {
    City {
        enterprises,
        items: 40,
        seed,
        elsewhere: vec![
            DivisionCode::parse("330114").unwrap(),
            DivisionCode::parse("371325").unwrap(),
        ],
        labels: Vec::new(),
        ..City::default()
    }
}

/// The enterprises as CSV text.
pub fn csv_of(city: &City) -> String {
    let mut out = Vec::new();
    generate::enterprises_csv(city, &mut out, |_, _| ()).unwrap();
    String::from_utf8(out).unwrap()
}

/// A heading's attribute and year.
pub fn column(heading: &str) -> (AttributeIndex, Option<i32>) {
    let dictionary = Dictionary::shipped();
    if let Some(index) = dictionary.find(heading) {
        return (index, None);
    }
    let (name, year) = heading.split_at(heading.len() - 4);
    (dictionary.find(name).unwrap(), Some(year.parse().unwrap()))
}

/// The rows of a city by heading; empty cells are left out.
pub fn rows_of(city: &City) -> Vec<HashMap<String, String>> {
    let text = csv_of(city);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headings = reader.headers().unwrap().clone();
    let known = |record: csv::StringRecord| {
        let cells = headings
            .iter()
            .zip(&record)
            .filter(|(_, cell)| !cell.is_empty());
        cells
            .map(|(heading, cell)| (heading.to_owned(), cell.to_owned()))
            .collect()
    };
    reader
        .records()
        .map(|record| known(record.unwrap()))
        .collect()
}

/// A number of a row.
pub fn number(row: &HashMap<String, String>, heading: &str) -> Option<i64> {
    row.get(heading).map(|cell| cell.parse().unwrap())
}

/// A day of a row.
pub fn day(row: &HashMap<String, String>, heading: &str) -> Option<NaiveDate> {
    row.get(heading).map(|cell| cell.parse().unwrap())
}
