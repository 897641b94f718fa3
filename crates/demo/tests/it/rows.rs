//! The rows make sense together.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use zhida_demo::City;
use zhida_standards::industry;
use zhida_standards::size::{self, SizeResult};

use crate::{alone, csv_of, day, number, rows_of};

type Row = HashMap<String, String>;

fn at_most(row: &Row, low: &str, high: &str) {
    if let (Some(low_value), Some(high_value)) = (number(row, low), number(row, high)) {
        assert!(
            low_value <= high_value,
            "{low} {low_value} > {high} {high_value}"
        );
    }
}

fn check(row: &Row) {
    for year in [2025, 2024] {
        at_most(
            row,
            &format!("社保参保人数{year}"),
            &format!("从业人数{year}"),
        );
    }
    for year in [2025, 2024, 2023] {
        at_most(row, &format!("研发费用{year}"), &format!("营业收入{year}"));
    }
    at_most(row, "科技人员数2025", "从业人数2025");
    at_most(row, "主营业务收入2025", "营业收入2025");
    at_most(row, "净利润2025", "利润总额2025");
    at_most(row, "增值税2025", "纳税总额2025");
    at_most(row, "募集资金本地投资额", "首发融资额");
    at_most(row, "新增领取失业保险金人数2025", "社保参保人数2025");
    if let (Some(premium), Some(insured)) = (
        number(row, "失业保险缴费额2025"),
        number(row, "社保参保人数2025"),
    ) {
        assert!((insured * 400..=insured * 1000).contains(&premium));
    }
    if let (Some(revenue), Some(cost), Some(profit)) = (
        number(row, "营业收入2025"),
        number(row, "成本费用总额2025"),
        number(row, "利润总额2025"),
    ) {
        assert_eq!(revenue - cost, profit);
    }
    let founded = day(row, "成立日期").unwrap();
    for year in [2025, 2024, 2023] {
        let existed = founded < chrono::NaiveDate::from_ymd_opt(year + 1, 1, 1).unwrap();
        assert!(existed || !row.contains_key(&format!("营业收入{year}")));
    }
    if let (Some(first), Some(last)) = (day(row, "设备发票最早日期"), day(row, "设备发票最晚日期"))
    {
        assert!(first <= last);
    }
    check_high_tech(row);
    check_size(row);
}

fn check_high_tech(row: &Row) {
    if !row.contains_key("高新技术企业") {
        assert!(!row.contains_key("高企认定日期"));
        return;
    }
    if let (Some(research), Some(revenue)) =
        (number(row, "研发费用2025"), number(row, "营业收入2025"))
    {
        assert!(research * 100 >= revenue * 3, "{research} of {revenue}");
    }
    let founded = day(row, "成立日期").unwrap();
    assert!(day(row, "高企认定日期").is_none_or(|on| (on - founded).num_days() >= 365));
}

fn check_size(row: &Row) {
    let yuan = |heading: &str| number(row, heading).map(|yuan| yuan * 100);
    let (Some(size), Some(code), Some(staff)) = (
        row.get("企业规模"),
        row.get("所属行业"),
        number(row, "从业人数2025"),
    ) else {
        return;
    };
    let (revenue, assets) = (yuan("营业收入2025"), yuan("资产总额2025"));
    if let SizeResult::Class(class) = size::classify(code, Some(staff as u64), revenue, assets) {
        assert_eq!(class.name(), size, "{code} {staff} {revenue:?} {assets:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn figures_agree_with_each_other(seed: u64, only_enterprises: bool) {
        for row in rows_of(&City { only_enterprises, ..alone(400, seed) }) {
            check(&row);
        }
    }
}

#[test]
fn a_smaller_city_is_a_prefix_of_a_larger_one() {
    // More than a chunk for each of many threads, and not a whole number of chunks.
    let (small, large) = (csv_of(&alone(4_321, 9)), csv_of(&alone(30_011, 9)));
    assert!(large.starts_with(&small));
    assert_eq!(large.lines().count(), 30_012);
    assert_ne!(csv_of(&alone(100, 10)), csv_of(&alone(100, 9)));
}

#[test]
fn nobody_is_mistaken_for_a_real_enterprise() {
    let rows = rows_of(&City {
        only_enterprises: false,
        ..alone(20_000, 2)
    });
    let codes: HashSet<_> = rows.iter().map(|row| &row["统一社会信用代码"]).collect();
    assert_eq!(codes.len(), rows.len());
    assert!(rows.iter().all(|row| row["企业名称"].contains("样例")));
    assert!(
        rows.iter()
            .all(|row| row["统一社会信用代码"][8..].starts_with("PDY"))
    );
    let names: HashSet<_> = rows.iter().map(|row| &row["企业名称"]).collect();
    assert!(
        names.len() * 10 > rows.len() * 9,
        "{} names of {}",
        names.len(),
        rows.len()
    );
}

#[test]
fn the_city_looks_like_one() {
    let city = City {
        only_enterprises: false,
        elsewhere: Vec::new(),
        ..alone(20_000, 4)
    };
    let rows = rows_of(&city);
    let share = |test: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| test(row)).count() / 20;
    let is = |heading: &'static str, value: &'static str| {
        share(&|row: &Row| row.get(heading).is_some_and(|cell| cell == value))
    };
    assert!((430..=470).contains(&is("主体类别", "企业")));
    assert!((510..=550).contains(&is("主体类别", "个体工商户")));
    assert!((700..=990).contains(&is("企业规模", "微型")) || is("企业规模", "") == 0);
    assert!(
        (3..=25).contains(&is("高新技术企业", "是")),
        "{}",
        is("高新技术企业", "是")
    );
    assert!(is("列入经营异常名录", "是") < 50);
    let unknown = share(&|row: &Row| !row.contains_key("营业收入2025"));
    assert!((200..=600).contains(&unknown), "{unknown}");
    assert!(share(&|row: &Row| row["所在区划"].starts_with("3701")) == 1000);
    let retail = share(&|row: &Row| {
        row.get("所属行业")
            .is_some_and(|code| code.starts_with("F52"))
    });
    assert!((200..=400).contains(&retail), "{retail}");
    assert!(
        rows.iter()
            .filter_map(|row| row.get("所属行业"))
            .all(|code| industry::lookup(code).is_some())
    );
}
