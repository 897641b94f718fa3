//! The embedded lists, parsed once into sorted arrays.

use std::sync::LazyLock;

use super::{Division, DivisionCode, HistoricalDivision};

/// Provinces, prefectures and counties, sorted by code.
pub(super) static UPPER: LazyLock<Vec<Division>> =
    LazyLock::new(|| parse(include_str!("../../../../data/standards/divisions.csv")));

/// Townships, sorted by code; apart, because most callers never need them.
pub(super) static TOWNSHIPS: LazyLock<Vec<Division>> =
    LazyLock::new(|| parse(include_str!("../../../../data/standards/townships.csv")));

/// The lists of 2002–2013, sorted by code and year.
pub(super) static HISTORICAL: LazyLock<Vec<HistoricalDivision>> = LazyLock::new(|| {
    include_str!("../../../../data/standards/divisions_2002_2013.csv")
        .lines()
        .map(|line| {
            let mut cells = line.split(',');
            let mut cell = || cells.next().expect("the embedded history has four columns");
            let (code, name) = (DivisionCode::embedded(cell()), cell());
            let mut year = || cell().parse().expect("the embedded history holds years");
            HistoricalDivision {
                code,
                name,
                first_year: year(),
                last_year: year(),
            }
        })
        .collect()
});

fn parse(text: &'static str) -> Vec<Division> {
    let divisions: Vec<Division> = text
        .lines()
        .map(|line| {
            let (code, name) = line.split_once(',').expect("an embedded line is code,name");
            let code = DivisionCode::embedded(code);
            Division {
                code,
                name,
                level: code.level(),
                parent: code.parent(),
            }
        })
        .collect();
    debug_assert!(divisions.is_sorted_by_key(|division| division.code));
    divisions
}

/// The part of a sorted list that lies in `code`, itself included.
pub(super) fn within(list: &'static [Division], code: DivisionCode) -> &'static [Division] {
    let start = list.partition_point(|division| division.code < code);
    let end = list.partition_point(|division| division.code <= code.last_within());
    &list[start..end]
}
