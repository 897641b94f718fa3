#![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case("91110000600037341L")]
#[case("121200004013590816")]
#[case("911522010783762860")]
#[case("91310115MA1K3BTP2B")]
#[case("91340600MA2PBM9HXD")]
#[case("91620105L015101280")]
#[case("91350100M000100Y43")]
fn accepts_the_published_codes(#[case] text: &str) {
    let code = Uscc::parse(text).unwrap();
    assert_eq!(code.as_str(), text);
    assert!(!code.is_synthetic());
}

#[rstest]
#[case("91371325PDY00001XC", "山东省临沂市费县")]
#[case("91130433PDY00001XR", "河北省邯郸市馆陶县")]
#[case("91330114PDY00001X7", "浙江省杭州市钱塘区")]
#[case("91330113PDY00001XQ", "浙江省杭州市临平区")]
#[case("91330281PDY00001XD", "浙江省宁波市余姚市")]
#[case("91330603PDY00001X3", "浙江省绍兴市柯桥区")]
#[case("91330782PDY00001XM", "浙江省金华市义乌市")]
#[case("91330902PDY00001X4", "浙江省舟山市定海区")]
#[case("91331004PDY00001XY", "浙江省台州市路桥区")]
#[case("91331122PDY00001X6", "浙江省丽水市缙云县")]
fn composes_the_reserved_codes(#[case] text: &str, #[case] region: &str) {
    let code = Uscc::parse(text).unwrap();
    assert!(code.is_synthetic());
    assert_eq!(code.region_division().unwrap().full_name(), region);
    let composed = Uscc::from_parts('9', '1', &text[2..8], &text[8..16]).unwrap();
    assert_eq!(composed, code);
}

#[rstest]
#[case("91110000600037341N", UsccError::Check { expected: 'L', found: 'N' })]
#[case("91350100M000100Y4Z", UsccError::Character { position: 18, found: 'Z' })]
#[case("A1110000600037341L", UsccError::Check { expected: 'K', found: 'L' })]
#[case("9111000060003IOZSV", UsccError::Character { position: 14, found: 'I' })]
#[case("12345", UsccError::Length { found: 5 })]
#[case("", UsccError::Empty)]
#[case(" - ", UsccError::Empty)]
#[case("110108000000016", UsccError::OldRegistrationNumber)]
#[case("110108000000015", UsccError::OldRegistrationNumberCheck { expected: '6', found: '5' })]
#[case("3212831108014", UsccError::OlderRegistrationNumber)]
#[case("D2143569-X", UsccError::OrganisationCodeOnly)]
#[case("企合苏宁总字第0002", UsccError::Length { found: 11 })]
#[case("B1110000600037341L", UsccError::Authority { found: 'B' })]
#[case("94110000600037341L", UsccError::Kind { authority: "工商", found: '4' })]
#[case("9111A000600037341L", UsccError::Region { position: 5, found: 'A' })]
fn refuses_with_the_reason(#[case] text: &str, #[case] expected: UsccError) {
    assert_eq!(Uscc::parse(text), Err(expected));
}

#[test]
fn a_wrong_inner_check_is_named_although_the_outer_fits() {
    let mut code = *b"91330114PDY000010X";
    code[17] = check_char(&code) as u8;
    assert_eq!(
        Uscc::parse(std::str::from_utf8(&code).unwrap()),
        Err(UsccError::OrganisationCheck {
            expected: 'X',
            found: '0'
        })
    );
}

#[test]
fn normalises_what_people_type() {
    let code = Uscc::parse("91110000600037341L").unwrap();
    for text in [
        "91110000600037341l",
        " 9111 0000-6000 37341L\n",
        "９１１１００００６０００３７３４１Ｌ",
        "\u{feff}91110000600037341L",
    ] {
        assert_eq!(Uscc::parse(text), Ok(code), "{text:?}");
    }
    // a long s upper-cases to S in Unicode; it is no ASCII letter and stays what it is
    assert!(matches!(
        Uscc::parse("91110000600037341ſ"),
        Err(UsccError::Character {
            position: 18,
            found: 'ſ'
        })
    ));
}

#[test]
fn a_text_of_a_million_characters_is_counted_and_refused() {
    assert_eq!(
        Uscc::parse(&"9".repeat(1_000_000)),
        Err(UsccError::Length { found: 1_000_000 })
    );
}

#[test]
fn tells_its_parts() {
    let code = Uscc::parse("91110000600037341L").unwrap();
    assert_eq!(
        (code.authority().code, code.authority().name),
        ('9', "工商")
    );
    assert_eq!((code.kind().code, code.kind().name), ('1', "企业"));
    assert_eq!(code.region(), "110000");
    assert_eq!(code.organisation_code(), "600037341");
    assert_eq!(code.check(), 'L');
    let old = Uscc::from_parts('9', '1', "330103", "PDY00002").unwrap();
    let KnownDivision::Historical(region) = old.region_division().unwrap() else {
        panic!("330103 下城区 was merged in 2021");
    };
    assert_eq!(region.name, "下城区");
    let unknown = Uscc::from_parts('9', '1', "370222", "PDY00002").unwrap();
    assert!(unknown.region_division().is_none());
}

#[rstest]
#[case('A', '1', "军队事业单位")]
#[case('N', '2', "村级集体经济组织")]
#[case('Y', '1', "其他")]
#[case('5', '3', "基金会")]
fn codes_of_every_authority_are_valid(
    #[case] authority: char,
    #[case] kind: char,
    #[case] name: &str,
) {
    let code = Uscc::from_parts(authority, kind, "330782", "PDY00001").unwrap();
    assert_eq!(code.kind().name, name);
    assert_eq!(Uscc::parse(code.as_str()), Ok(code));
}

#[test]
fn from_parts_refuses_parts_of_another_length() {
    assert_eq!(
        Uscc::from_parts('9', '1', "33078", "PDY000012"),
        Err(UsccError::Length { found: 18 })
    );
    assert_eq!(
        Uscc::from_parts('9', '1', "330782", "PDY"),
        Err(UsccError::Length { found: 13 })
    );
    assert_eq!(
        Uscc::from_parts('9', '1', "330782", "SDY00001"),
        Err(UsccError::Character {
            position: 9,
            found: 'S'
        })
    );
}

#[test]
fn travels_as_a_string() {
    let code = Uscc::parse("91110000600037341L").unwrap();
    let json = serde_json::to_string(&code).unwrap();
    assert_eq!(json, "\"91110000600037341L\"");
    assert_eq!(serde_json::from_str::<Uscc>(&json).unwrap(), code);
    let refused = serde_json::from_str::<Uscc>("\"91110000600037341N\"").unwrap_err();
    assert!(refused.to_string().contains("第 18 位应为“L”"), "{refused}");
}

/// Any code the registries could give: every authority and kind, any region, any body.
fn any_code() -> impl Strategy<Value = Uscc> {
    let heads: Vec<(char, char)> = Authority::all()
        .iter()
        .flat_map(|a| a.kinds.iter().map(|k| (a.code, k.code)))
        .collect();
    let body = proptest::collection::vec(0..31_usize, 8).prop_map(|v| {
        v.into_iter()
            .map(|i| ALPHABET[i] as char)
            .collect::<String>()
    });
    (proptest::sample::select(heads), 0..1_000_000_u32, body).prop_map(|((a, k), region, body)| {
        Uscc::from_parts(a, k, &format!("{region:06}"), &body).unwrap()
    })
}

proptest! {
    #[test]
    fn a_composed_code_is_valid(code in any_code()) {
        prop_assert_eq!(Uscc::parse(code.as_str()), Ok(code));
    }

    #[test]
    fn one_wrong_character_is_always_noticed(code in any_code(), at in 0..18_usize, to in 0..31_usize) {
        let mut chars = code.0;
        prop_assume!(chars[at] != ALPHABET[to]);
        chars[at] = ALPHABET[to];
        prop_assert!(Uscc::parse(std::str::from_utf8(&chars).unwrap()).is_err());
    }

    #[test]
    fn two_exchanged_neighbours_are_always_noticed(code in any_code(), at in 0..17_usize) {
        let mut chars = code.0;
        prop_assume!(chars[at] != chars[at + 1]);
        chars.swap(at, at + 1);
        prop_assert!(Uscc::parse(std::str::from_utf8(&chars).unwrap()).is_err());
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in ".{0,40}") {
        if let Ok(code) = Uscc::parse(&text) {
            prop_assert_eq!(code.as_str().len(), 18);
        }
    }
}
