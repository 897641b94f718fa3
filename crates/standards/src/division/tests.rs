#![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn name_of(code: &str) -> &'static str {
    lookup(code).unwrap().name
}

#[test]
fn the_lists_are_whole() {
    let count = |level| all_upper().iter().filter(|d| d.level == level).count();
    // 31 provinces of NBS and three of GB/T 2260; 东莞, 中山 and 儋州 stand once, as prefectures.
    assert_eq!(count(Level::Province), 34);
    assert_eq!(count(Level::City), 342);
    assert_eq!(count(Level::County), 2978 - 3);
    assert_eq!(all_townships().len(), 41_352);
    assert!(all_townships().is_sorted_by_key(|d| d.code));
    assert_eq!(provinces().count(), 34);
}

#[rstest]
#[case("33", "330000", "浙江省")]
#[case("3301", "330100", "杭州市")]
#[case("330114", "330114", "钱塘区")]
#[case("330100000", "330100", "杭州市")]
#[case("330106002", "330106002", "北山街道")]
#[case("330106002000", "330106002", "北山街道")]
#[case("33 01 14", "330114", "钱塘区")]
#[case("３３０１１４", "330114", "钱塘区")]
#[case("429004", "429004", "仙桃市")]
#[case("441900003", "441900003", "东城街道")]
#[case("810000", "810000", "香港特别行政区")]
fn spellings_are_normalised(#[case] given: &str, #[case] code: &str, #[case] name: &str) {
    assert_eq!(DivisionCode::parse(given).unwrap().as_str(), code);
    assert_eq!(name_of(given), name);
}

#[rstest]
#[case("33010", DivisionCodeError::Length { found: 5 })]
#[case("", DivisionCodeError::Length { found: 0 })]
#[case("33010A", DivisionCodeError::Character { position: 6, found: 'A' })]
#[case("330006", DivisionCodeError::Gap { code: "330006".into() })]
#[case("000000", DivisionCodeError::Gap { code: "000000".into() })]
#[case("330106002003", DivisionCodeError::Village { code: "330106002003".into() })]
fn other_texts_are_refused(#[case] given: &str, #[case] expected: DivisionCodeError) {
    assert_eq!(DivisionCode::parse(given), Err(expected));
    assert!(lookup(given).is_none());
}

#[rstest]
#[case("371325", "费县")]
#[case("130433", "馆陶县")]
#[case("211223", "西丰县")]
#[case("330113", "临平区")]
#[case("330281", "余姚市")]
#[case("330303", "龙湾区")]
#[case("330603", "柯桥区")]
#[case("330782", "义乌市")]
#[case("330902", "定海区")]
#[case("331004", "路桥区")]
#[case("331122", "缙云县")]
#[case("370100", "济南市")]
#[case("330500", "湖州市")]
fn the_places_of_the_seeds_are_there(#[case] code: &str, #[case] name: &str) {
    assert_eq!(name_of(code), name);
}

#[rstest]
#[case("330114", "浙江省杭州市钱塘区")]
#[case("330106002", "浙江省杭州市西湖区北山街道")]
#[case("429004", "湖北省仙桃市")]
#[case("110101", "北京市东城区")]
#[case("500230", "重庆市丰都县")]
#[case("441900003", "广东省东莞市东城街道")]
#[case("110100", "北京市市辖区")]
#[case("710000", "台湾省")]
#[case("330103", "浙江省杭州市下城区")]
fn full_names_leave_out_the_groupings(#[case] code: &str, #[case] name: &str) {
    assert_eq!(full_name(code).unwrap(), name);
}

#[rstest]
#[case("330114", "3301", true)]
#[case("330114", "33", true)]
#[case("330114", "330100000000", true)]
#[case("330114", "33010", false)]
#[case("330114", "33011", false)]
#[case("330114", "330102", false)]
#[case("331004", "330100", false)]
#[case("3301", "330114", false)]
#[case("429004", "42", true)]
#[case("429004", "429000", true)]
#[case("429004", "420100", false)]
#[case("500230", "500100", false)]
#[case("441900003", "441900", true)]
#[case("330103", "330100", true)]
#[case("330106002", "330106", true)]
#[case("", "33", false)]
fn within_follows_the_hierarchy(#[case] code: &str, #[case] above: &str, #[case] expected: bool) {
    assert_eq!(is_within(code, above), expected);
}

#[test]
fn children_are_one_level_down() {
    assert_eq!(children("33").count(), 11);
    assert_eq!(
        children("330100")
            .map(|d| d.name)
            .take(2)
            .collect::<Vec<_>>(),
        ["上城区", "拱墅区"]
    );
    assert!(children("330100").all(|d| d.level == Level::County));
    assert!(children("441900").all(|d| d.level == Level::Township));
    assert!(children("441900").count() > 20);
    assert!(children("330106").any(|d| d.name == "北山街道"));
    assert_eq!(children("429000").count(), 4);
    assert_eq!(children("710000").count(), 0);
    assert_eq!(children("330106002").count(), 0);
    assert_eq!(children("x").count(), 0);
}

#[test]
fn abolished_codes_are_found_in_the_old_lists() {
    let old = lookup_historical("330103").unwrap();
    assert_eq!((old.name, old.first_year), ("下城区", 2002));
    assert!(lookup("330103").is_none());
    assert!(resolve("330103").unwrap().is_historical());
    assert!(!resolve("330114").unwrap().is_historical());
    let names: Vec<_> = historical_names("330402").iter().map(|d| d.name).collect();
    assert_eq!(names, ["秀城区", "南湖区"]);
    assert_eq!(lookup_historical("330402").unwrap().name, "南湖区");
    assert!(resolve("370222").is_none());
    assert!(historical_names("?").is_empty());
}

#[rstest]
#[case("浙江省", "杭州市", "钱塘区", "330114")]
#[case("浙江", "杭州", "钱塘", "330114")]
#[case("山东", "青岛", "青岛市崂山区中韩街道", "370212")]
#[case("江苏", "常州", "钟楼区五星街道", "320404")]
#[case("江苏", "常州", "常州市", "320400")]
#[case("江苏", "常州", "", "320400")]
#[case("江苏", "", "", "320000")]
#[case("浙江", "义乌", "", "330782")]
#[case("浙江", "义乌市", "", "330782")]
#[case("山东", "济南", "章丘市明水街道", "370114")]
#[case("吉林", "通化", "通化县", "220521")]
#[case("吉林", "通化县", "", "220521")]
#[case("", "", "吉林市船营区", "220204")]
#[case("", "", "吉林市", "220200")]
#[case("湖南", "长沙", "长沙", "430100")]
#[case("湖南", "长沙", "长沙县星沙街道", "430121")]
#[case("北京市", "北京市", "朝阳区", "110105")]
#[case("北京", "市辖区", "海淀", "110108")]
#[case("重庆", "县", "丰都县", "500230")]
#[case("湖北", "省直辖县级行政区划", "仙桃", "429004")]
#[case("广东", "东莞", "东城街道", "441900")]
#[case("内蒙古", "呼和浩特", "新城区", "150102")]
#[case("广西自治区", "南宁", "", "450100")]
#[case("湖北", "恩施州", "利川", "422802")]
#[case("湖北", "恩施", "恩施市", "422801")]
#[case("江苏", "", "鼓楼区", "320000")]
#[case("江苏", "徐州", "鼓楼区", "320302")]
#[case("", "", "浙江杭州西湖区", "330106")]
#[case("", "", "河南蒙古族自治县", "632324")]
#[case("山东", "青岛", "中韩街道", "370212")]
#[case("山东", "济南", "济南高新技术产业开发区", "370176")]
#[case("山东", "青岛", "青岛市南区", "370202")]
#[case("山东", "济南", "济南市中区", "370103")]
#[case("山东", "济南", "莱芜市钢城区", "370117")]
#[case("山东", "济南", "莱芜市", "370100")]
#[case("山东", "青岛", "青岛即墨市大信镇", "370215")]
#[case("青海", "海南州", "", "632500")]
#[case("香港", "", "", "810000")]
#[case("山东省济南市", "", "长清区", "370113")]
#[case(" 浙江省 ", "　杭州市", "钱塘区 ", "330114")]
fn messy_names_are_found(
    #[case] province: &str,
    #[case] city: &str,
    #[case] area: &str,
    #[case] code: &str,
) {
    let found = find(province, city, area).map(|d| d.code.to_string());
    assert_eq!(found.as_deref(), Some(code));
}

#[rstest]
#[case("", "", "")]
#[case("", "", "鼓楼区")]
#[case("火星", "", "")]
fn uncertain_names_are_not_guessed(#[case] province: &str, #[case] city: &str, #[case] area: &str) {
    assert_eq!(find(province, city, area), None);
}

#[test]
fn names_lead_to_all_their_places() {
    let codes = |name| {
        find_by_name(name)
            .iter()
            .map(|d| d.code.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("义乌"), ["330782"]);
    assert_eq!(codes("通化"), ["220500", "220521"]);
    assert_eq!(codes("鼓楼区"), ["320106", "320302", "350102", "410204"]);
    assert!(codes("北山街道").contains(&"330106002".to_owned()));
    assert!(codes("").is_empty());
    let township = find_township("370212", "青岛市崂山区中韩街道海尔路 1 号").unwrap();
    assert_eq!(township.name, "中韩街道");
    assert!(find_township("370212", "海尔路").is_none());
}

#[test]
fn every_chain_of_ancestors_ends_at_a_province() {
    for division in all_upper().iter().chain(all_townships()) {
        let top = ancestors(division.code.as_str()).last().unwrap_or(division);
        assert_eq!(top.level, Level::Province, "{division:?}");
        let expected = match division.level {
            Level::Township if division.parent.unwrap().level() == Level::City => 2,
            level => level as usize,
        };
        assert_eq!(
            ancestors(division.code.as_str()).count(),
            expected,
            "{division:?}"
        );
    }
}

#[test]
fn every_unique_name_finds_itself() {
    for division in all_upper().iter().filter(|d| d.level == Level::County) {
        let chain: Vec<_> = ancestors(division.code.as_str()).collect();
        let [city, province] = chain[..] else {
            panic!("{division:?}")
        };
        let twins = children(city.code.as_str())
            .filter(|d| d.name == division.name)
            .count();
        if twins == 1 {
            assert_eq!(
                find(province.name, city.name, division.name),
                Some(division)
            );
        }
    }
}

fn any_division() -> impl Strategy<Value = &'static Division> {
    let upper = (0..all_upper().len()).prop_map(|i| &all_upper()[i]);
    let towns = (0..all_townships().len()).prop_map(|i| &all_townships()[i]);
    prop_oneof![upper, towns]
}

proptest! {
    #[test]
    fn within_is_reflexive_and_transitive(division in any_division(), other in any_division()) {
        let code = division.code.as_str();
        prop_assert!(is_within(code, code));
        let chain: Vec<_> = ancestors(code).collect();
        for (i, above) in chain.iter().enumerate() {
            prop_assert!(is_within(code, above.code.as_str()));
            prop_assert!(!is_within(above.code.as_str(), code));
            for higher in &chain[i..] {
                prop_assert!(is_within(above.code.as_str(), higher.code.as_str()));
            }
        }
        let expected = other == division || chain.contains(&other);
        prop_assert_eq!(is_within(code, other.code.as_str()), expected);
    }

    #[test]
    fn a_division_is_among_its_parents_children(division in any_division()) {
        let above = division.parent.map(|code| code.to_string());
        if let Some(above) = above {
            prop_assert!(children(&above).any(|child| child == division));
            prop_assert_eq!(parent(division.code.as_str()).map(|d| d.code.to_string()), Some(above));
        }
    }

    #[test]
    fn any_text_is_read_without_panic(a in "\\PC{0,12}", b in "\\PC{0,12}", c in "[省市区县浙江杭州吉林通化街道]{0,12}") {
        let _ = DivisionCode::parse(&a);
        if let Some(found) = find(&a, &b, &c) {
            prop_assert!(found.level <= Level::County);
        }
    }
}
