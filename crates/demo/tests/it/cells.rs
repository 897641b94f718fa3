//! Every cell is a value of its attribute.

use zhida_demo::City;
use zhida_rules::Dictionary;
use zhida_standards::uscc::Uscc;

use crate::{alone, column, csv_of, rows_of};

#[test]
fn every_heading_is_an_attribute_that_may_be_given() {
    let text = csv_of(&alone(1, 1));
    let header = text.lines().next().unwrap();
    assert!(header.starts_with("统一社会信用代码,企业名称,"));
    assert!(header.contains(",营业收入2025,营业收入2024,营业收入2023,"));
    assert!(header.contains(",从业人数2026,从业人数2025,从业人数2024,从业人数2023,"));
    let mut seen = std::collections::HashSet::new();
    for heading in header.split(',').skip(1) {
        let (index, year) = column(heading);
        let attribute = Dictionary::shipped().attribute(index);
        assert_eq!(attribute.annual, year.is_some(), "{heading}");
        assert!(attribute.formula.is_none(), "{heading}");
        assert!(seen.insert((index, year)), "{heading} twice");
    }
}

#[test]
fn every_cell_is_accepted_by_the_dictionary() {
    for only_enterprises in [true, false] {
        for row in rows_of(&City {
            only_enterprises,
            ..alone(4_000, 5)
        }) {
            for (heading, cell) in &row {
                if heading == "统一社会信用代码" {
                    let code: Uscc = cell.parse().unwrap();
                    assert!(code.is_synthetic());
                    continue;
                }
                let attribute = Dictionary::shipped().attribute(column(heading).0);
                if let Err(error) = attribute.read_text(cell) {
                    panic!("{heading} = {cell}: {error}");
                }
            }
        }
    }
}

#[test]
fn another_day_gives_other_years() {
    let reference_date = chrono::NaiveDate::from_ymd_opt(2024, 3, 31).unwrap();
    let text = csv_of(&City {
        reference_date,
        ..alone(50, 1)
    });
    assert!(
        text.lines()
            .next()
            .unwrap()
            .contains(",营业收入2023,营业收入2022,营业收入2021,")
    );
    assert!(!text.contains(",2025-"), "a date after the reference date");
}
