use zhida_rules::ConditionSource;

use super::*;
use crate::sample;
use crate::vocabulary::Status;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn findings_among(entry: &PolicyEntry, others: &[ItemElements]) -> Vec<Finding> {
    let rules = entry.compile(sample::dictionary());
    let peers: Peers<'_> = others
        .iter()
        .map(|item| Peer { id: &item.id, item })
        .collect();
    let context = Context {
        dictionary: sample::dictionary(),
        today: day("2026-11-22"),
        peers: &peers,
    };
    lint(entry, rules.as_ref().map_err(Vec::as_slice), &context)
}

/// Codes of the findings after a change of the complete sample.
fn codes(change: impl FnOnce(&mut PolicyEntry)) -> Vec<&'static str> {
    let mut entry = sample::entry();
    change(&mut entry);
    findings_among(&entry, &[])
        .iter()
        .map(|finding| finding.code)
        .collect()
}

fn rule(text: &str) -> ConditionSource {
    ConditionSource {
        text: "条款".into(),
        rule: Some(text.into()),
        manual: None,
    }
}

fn with_rule(text: &'static str) -> impl FnOnce(&mut PolicyEntry) {
    move |entry| entry.item.conditions = vec![rule(text)]
}

fn with_benefit(
    formula: &'static str,
    cap: Option<&'static str>,
    text: &'static str,
) -> impl FnOnce(&mut PolicyEntry) {
    move |entry| {
        let benefit = entry.item.benefit.as_mut().expect("has one");
        benefit.formula = Some(formula.into());
        benefit.cap = cap.map(str::to_owned);
        benefit.text = text.into();
    }
}

#[test]
fn a_complete_entry_has_no_finding() {
    assert!(codes(|_| {}).is_empty());
}

#[test]
fn gaps_among_the_elements_are_named() {
    assert_eq!(codes(|entry| entry.item.phone.clear()), ["no_phone"]);
    assert_eq!(
        codes(|entry| entry.document.source_url.clear()),
        ["no_source"]
    );
    let mut entry = sample::entry();
    entry.item.process.clear();
    let found = findings_among(&entry, &[]);
    assert_eq!(
        (found[0].code, found[0].element),
        ("missing_element", Some(24))
    );
    assert!(found[0].message.contains("第 24 要素“兑现流程”"));
}

#[test]
fn expired_bases_periods_and_reviews_are_told() {
    assert_eq!(
        codes(|entry| entry.document.status = Status::Repealed),
        ["basis_expired"]
    );
    let over = |entry: &mut PolicyEntry| entry.document.effective_until = Some(day("2026-11-21"));
    assert_eq!(codes(over), ["period_over"]);
    let closed = |entry: &mut PolicyEntry| entry.item.apply_until = Some(day("2026-11-21"));
    assert_eq!(codes(closed), ["application_over"]);
    let old = |entry: &mut PolicyEntry| entry.document.checked_on = Some(day("2025-11-01"));
    assert_eq!(codes(old), ["review_due"]);
    let named = |entry: &mut PolicyEntry| entry.document.review_by = Some(day("2026-11-21"));
    assert_eq!(codes(named), ["review_due"]);
    let today = |entry: &mut PolicyEntry| entry.document.review_by = Some(day("2026-11-22"));
    assert!(codes(today).is_empty());
}

#[test]
fn rules_that_nobody_or_everybody_meets_are_told() {
    assert_eq!(
        codes(with_rule("上年.从业人数 > 300 and 上年.从业人数 < 20")),
        ["never_met"]
    );
    assert_eq!(
        codes(with_rule("高新技术企业 or not(高新技术企业)")),
        ["always_met"]
    );
    assert_eq!(codes(with_rule("上年.从业人数 >= 0")), ["always_met"]);
    // Only together, and with the place, they cannot be met.
    let elsewhere = with_rule("所在区划 in (\"330100\")");
    assert_eq!(codes(elsewhere), ["never_met"]);
    let everybody = |entry: &mut PolicyEntry| {
        entry.document.region = WHOLE_COUNTRY.into();
        entry.document.level = Level::National;
        entry.item.regions = vec![WHOLE_COUNTRY.into()];
        entry.item.conditions.clear();
    };
    assert!(codes(everybody).contains(&"no_condition"));
}

#[test]
fn an_unknown_attribute_is_told_at_its_condition() {
    let mut entry = sample::entry();
    entry.item.conditions.push(rule("没这个词 > 1"));
    let found = findings_among(&entry, &[]);
    assert_eq!(
        (found[0].code, found[0].field.as_str()),
        ("unknown_attribute", "conditions[2].rule")
    );
    let mut entry = sample::entry();
    with_benefit("20万 +", None, "奖励 20 万元")(&mut entry);
    let found = findings_among(&entry, &[]);
    assert_eq!(
        (found[0].code, found[0].field.as_str()),
        ("rule_error", "benefit.formula")
    );
}

#[test]
fn caps_of_text_and_rule_are_compared() {
    let open = "上年.研发费用 * 5%";
    assert_eq!(
        codes(with_benefit(open, None, "按 5% 补助，最高 100 万元")),
        ["cap_missing"]
    );
    assert!(
        codes(with_benefit(
            open,
            Some("100万"),
            "按 5% 补助，最高 100 万元"
        ))
        .is_empty()
    );
    assert_eq!(
        codes(with_benefit(open, Some("10万"), "不超过100万元")),
        ["cap_differs"]
    );
    let inside = "min(上年.研发费用 * 5%, 100万)";
    assert!(codes(with_benefit(inside, None, "最高 100 万元")).is_empty());
    assert_eq!(
        codes(with_benefit(inside, None, "最高 200 万元")),
        ["cap_differs"]
    );
    // An upper end per head is no upper end of the whole.
    assert!(
        codes(with_benefit(
            "上年.从业人数 * 1500",
            None,
            "每人不超过 1500 元"
        ))
        .is_empty()
    );
    assert!(codes(with_benefit(open, None, "按 5% 补助")).is_empty());
}

#[test]
fn places_must_fit_the_issuer() {
    let outside = |entry: &mut PolicyEntry| entry.item.regions = vec!["330100".into()];
    assert_eq!(codes(outside), ["region_outside"]);
    let wider = |entry: &mut PolicyEntry| entry.item.regions = vec!["370000".into()];
    assert_eq!(codes(wider), ["region_outside"]);
    let county = |entry: &mut PolicyEntry| entry.document.level = Level::County;
    assert_eq!(codes(county), ["area_too_wide"]);
    let inside = |entry: &mut PolicyEntry| entry.item.regions = vec!["370102".into()];
    assert!(codes(inside).is_empty());
}

#[test]
fn exclusive_items_that_overlap_are_named() {
    let entry = sample::entry();
    let mut other = entry.item.clone();
    other.id = "other".into();
    other.name = "另一项奖励".into();
    let found = findings_among(&entry, std::slice::from_ref(&other));
    assert_eq!(found[0].code, "exclusive_overlap");
    assert!(found[0].message.contains("另一项奖励"));
    other.regions = vec!["330100".into()];
    assert!(findings_among(&entry, std::slice::from_ref(&other)).is_empty());
    assert_eq!(
        codes(|entry| entry.item.excludes = vec!["nowhere".into()]),
        ["excludes_unknown"]
    );
    let itself = |entry: &mut PolicyEntry| entry.item.excludes = vec![entry.item.id.clone()];
    assert_eq!(codes(itself), ["excludes_itself"]);
}
