//! Answers: what is shown, what is wrong, what is sent.

use rstest::rstest;
use zhida_forms::{
    Answer, Answers, Dispute, Origin, State, Typed, When, difference, fill, prefill, shown,
    validate,
};
use zhida_rules::Facts;

use crate::gallery;
use crate::world::{answers, form, known, row};

/// Reads one answer of a field written on one line.
fn read(field: &str, text: &str) -> Result<String, String> {
    let form = form(&format!("  - {{ id: a, label: 甲, {field} }}\n")).expect("well written");
    let facts = Facts::new();
    match fill(&form, &answers(&[("a", text)]), &known(&facts)) {
        Ok(filled) => Ok(filled
            .entries
            .first()
            .map_or(String::new(), |entry| entry.plain.clone())),
        Err(faults) => {
            assert_eq!(faults[0].path, "a");
            Err(faults[0].message.clone())
        }
    }
}

#[rstest]
#[case("kind: integer, unit: 人", "1,200", "1,200 人")]
#[case("kind: money", "12万", "120,000 元")]
#[case("kind: money", "0.01", "0.01 元")]
#[case("kind: ratio", "35", "35%")]
#[case("kind: ratio", "35%", "35%")]
#[case("kind: ratio", "12.5", "12.5%")]
#[case("kind: date", "2026年1月31日", "2026年1月31日")]
#[case("kind: year", "2026", "2026年")]
#[case("kind: yes_no", "true", "是")]
#[case("kind: division", "吴兴区", "浙江省湖州市吴兴区（330502）")]
#[case("kind: credit_code", "91330502ma2b4xk93m", "91330502MA2B4XK93M")]
#[case("kind: phone", "138 1234 5678", "13812345678")]
#[case("kind: phone", "0572-1234567", "05721234567")]
#[case("kind: email", "zhang@example.cn", "zhang@example.cn")]
#[case("kind: person_name", "阿依古丽·买买提", "阿依古丽·买买提")]
#[case("kind: number, unit: 平方米, decimals: 1", "80.5", "80.5 平方米")]
#[case("kind: text", "  ", "")]
fn answers_are_read_as_people_write_them(
    #[case] field: &str,
    #[case] text: &str,
    #[case] expected: &str,
) {
    assert_eq!(read(field, text).as_deref(), Ok(expected));
}

#[rstest]
#[case("kind: integer", "1.5", "整数")]
#[case("kind: integer, min: 10, max: 20", "9", "10 至 20")]
#[case("kind: money", "-1", "不小于 0")]
#[case("kind: money", "0.001", "分")]
#[case("kind: money", "很多", "很多")]
#[case("kind: ratio, max: 1", "120", "0% 至 100%")]
#[case("kind: number, decimals: 1", "1.25", "1 位小数")]
#[case("kind: date", "2026-02-30", "不是日期")]
#[case(
    "kind: date, earliest: 2026-01-01",
    "2025-12-31",
    "不早于 2026年1月1日"
)]
#[case("kind: year", "26", "1900 至 2200")]
#[case("kind: one_of, choices: [甲, 乙]", "丙", "可选值")]
#[case("kind: division", "月球", "月球")]
#[case("kind: industry", "炼丹", "炼丹")]
#[case("kind: credit_code", "91330502MA2B4XK93N", "校验")]
#[case("kind: phone", "12345", "手机号")]
#[case("kind: email", "zhang", "name@example.cn")]
#[case("kind: email", "a@b@c.cn", "name@example.cn")]
#[case("kind: person_name", "张3", "姓名")]
#[case("kind: text, length: 3", "四个字呢", "最多 3 个")]
#[case("kind: text, personal: id", "110101199001011234", "校验")]
#[case("kind: text, required: true", " ", "请填写：甲")]
#[case("kind: yes_no, required: true", "", "请选择：甲")]
#[case(
    "kind: declaration, text: 属实, required: true",
    "false",
    "请阅读并勾选：甲"
)]
fn what_is_wrong_is_said_at_the_field(
    #[case] field: &str,
    #[case] text: &str,
    #[case] words: &str,
) {
    let told = read(field, text).expect_err("wrong");
    assert!(told.contains(words) && told.contains('甲'), "{told}");
}

#[test]
fn a_bank_account_with_a_bad_check_digit_is_told_at_its_number() {
    let form = form("  - { id: payee, label: 收款账户, kind: bank_account, required: true }\n");
    let form = form.expect("well written");
    let facts = Facts::new();
    let account = |cnaps: &str, number: &str| {
        let parts = [
            ("holder", "某公司"),
            ("bank", "某银行"),
            ("cnaps", cnaps),
            ("number", number),
        ];
        let parts = parts.map(|(key, text)| (key.to_owned(), text.to_owned()));
        let mut answers = Answers::default();
        answers
            .fields
            .insert("payee".to_owned(), Answer::Parts(parts.into()));
        fill(&form, &answers, &known(&facts))
    };
    let wrong = |cnaps, number| account(cnaps, number).expect_err("wrong").remove(0);
    let card = wrong("105100000017", "6222021234567890127");
    assert_eq!(card.path, "payee-number");
    assert!(
        card.message.contains("收款账户") && card.message.contains("校验位"),
        "{card:?}"
    );
    let branch = wrong("105100000018", "6222021234567890128");
    assert_eq!(branch.path, "payee-cnaps");
    assert!(branch.message.contains("校验位"));
    assert!(
        wrong("", "6222021234567890128")
            .message
            .contains("支付系统行号")
    );
    let filled = account("1051 0000 0017", "6222 0212 3456 7890 128").expect("an account");
    let payee = filled.bank_account("payee").expect("there");
    assert_eq!(
        (payee.cnaps.as_str(), payee.number.as_str()),
        ("105100000017", "6222021234567890128")
    );
    let entry = &filled.entries[0];
    assert!(
        !entry.shown.contains("6222") && entry.shown.contains("0128"),
        "{}",
        entry.shown
    );
    assert!(!format!("{filled:?}{payee:?}").contains("6222021234567890128"));
}

#[test]
fn unknown_is_not_false() {
    let nodes = "
  - { id: asked, label: 有专利, kind: yes_no, required: true }
  - { id: may, label: 有商标, kind: yes_no }
  - { id: waits, label: 专利数, kind: integer, required: true, shown_when: 有专利 }
  - { id: open, label: 商标数, kind: integer, required: true, shown_when: 有商标 }
  - { id: deeper, label: 发明数, kind: integer, required: true, shown_when: 专利数 > 3 }
  - { id: foreign, label: 境外说明, kind: text, required: true, shown_when: 所在区划 in (\"330502\") }
";
    let form = form(nodes).expect("well written");
    let facts = Facts::new();
    let states = |texts: &[(&str, &str)]| {
        let shown = shown(&form, &answers(texts), &known(&facts));
        ["waits", "open", "deeper", "foreign"].map(|id| shown.at(id))
    };
    use State::{Hidden, Optional, Shown, Waiting};
    assert_eq!(states(&[]), [Waiting, Optional, Waiting, Optional]);
    assert_eq!(
        states(&[("asked", "是")]),
        [Shown, Optional, Waiting, Optional]
    );
    assert_eq!(
        states(&[("asked", "是"), ("waits", "5")]),
        [Shown, Optional, Shown, Optional]
    );
    // a hidden question says nothing, also when it was answered before
    assert_eq!(
        states(&[("asked", "否"), ("waits", "5")]),
        [Hidden, Optional, Hidden, Optional]
    );
    assert_eq!(states(&[("may", "否")])[1], Hidden);
    // what nobody can tell may stay empty
    assert!(fill(&form, &answers(&[("asked", "否")]), &known(&facts)).is_ok());
}

#[test]
fn hidden_answers_stay_in_the_draft_and_out_of_what_is_sent() {
    let nodes = "
  - { id: has, label: 有贷款, kind: yes_no, required: true }
  - { id: bank, label: 贷款银行, kind: text, required: true, shown_when: 有贷款 }
";
    let form = form(nodes).expect("well written");
    let facts = Facts::new();
    let draft = answers(&[("has", "否"), ("bank", "某银行")]);
    let filled = fill(&form, &draft, &known(&facts)).expect("well filled");
    assert_eq!(draft.text("bank"), "某银行");
    assert!(filled.value("bank").is_none() && filled.answers.text("bank").is_empty());
}

#[test]
fn a_fact_is_not_asked_and_a_dispute_stands_beside_it() {
    let nodes = "
  - { id: staff, label: 人数, kind: integer, unit: 人, source: 上年.从业人数, required: true }
  - { id: why_small, label: 小企业说明, kind: text, required: true, shown_when: 人数 < 100 }
";
    let form = form(nodes).expect("well written");
    let facts = gallery::facts();
    let known = known(&facts);
    let given = &prefill(&form, &known)["staff"];
    assert_eq!(given.shown, "186 人");
    assert_eq!(given.source, "2025年，统计，2026年3月31日");
    let filled = fill(&form, &Answers::default(), &known).expect("nothing to ask");
    assert!(matches!(filled.entries[0].origin, Origin::Fact { .. }));

    let mut disputed = answers(&[("why_small", "刚成立")]);
    let value = Answer::Text("80".to_owned());
    let why = "年报已更正".to_owned();
    disputed
        .disputes
        .insert("staff".to_owned(), Dispute { value, why });
    let filled = fill(&form, &disputed, &known).expect("both are kept");
    assert_eq!(filled.disputes().count(), 1);
    let entry = &filled.entries[0];
    assert_eq!(
        (entry.plain.as_str(), entry.fact.as_deref()),
        ("80 人", Some("186 人"))
    );
    let Origin::Disputed { fact, source, why } = &entry.origin else {
        panic!("{:?}", entry.plain);
    };
    assert_eq!(fact, &Typed::Number(186.into()));
    assert!(source.contains("统计") && why == "年报已更正");
    // conditions follow what the enterprise says
    assert!(filled.value("why_small").is_some());
    // a reason without the right value is not enough
    let value = Answer::Text(String::new());
    let why = "不对".to_owned();
    disputed
        .disputes
        .insert("staff".to_owned(), Dispute { value, why });
    let faults = validate(&form, &disputed, &known, When::Submit);
    assert_eq!(faults[0].path, "staff-right");
}

#[test]
fn what_was_typed_before_the_fact_was_known_is_not_overwritten() {
    let form =
        form("  - { id: staff, label: 人数, kind: integer, unit: 人, source: 上年.从业人数 }\n");
    let form = form.expect("well written");
    let nothing = Facts::new();
    let draft = answers(&[("staff", "90")]);
    let before = fill(&form, &draft, &known(&nothing)).expect("stated");
    assert!(matches!(before.entries[0].origin, Origin::Stated));
    let facts = gallery::facts();
    let after = fill(&form, &draft, &known(&facts)).expect("both");
    assert_eq!(after.entries[0].plain, "90 人");
    assert!(matches!(after.entries[0].origin, Origin::Disputed { .. }));
    // the same figure is no dispute
    let same = fill(&form, &answers(&[("staff", "186")]), &known(&facts)).expect("the fact");
    assert!(matches!(same.entries[0].origin, Origin::Fact { .. }));
    // and a dispute outlives the fact it was against
    let without = fill(&form, &after.answers, &known(&nothing)).expect("stated again");
    assert_eq!(without.entries[0].plain, "90 人");
}

#[test]
fn rows_are_counted_checked_and_told_by_number() {
    let nodes = "
  - group: g
    label: 设备
    repeat: { min: 2, max: 3 }
    nodes:
      - { id: device, label: 名称, kind: text, required: true }
      - { id: imported, label: 进口, kind: yes_no }
      - { id: origin, label: 产地, kind: text, required: true, shown_when: 进口 }
";
    let form = form(nodes).expect("well written");
    let facts = Facts::new();
    let with = |rows: Vec<zhida_forms::Row>| {
        let mut answers = Answers::default();
        answers.fields.insert("g".to_owned(), Answer::Rows(rows));
        answers
    };
    let lathe = || row(&[("device", "车床")]);
    let faults = |rows| validate(&form, &with(rows), &known(&facts), When::Submit);
    let missing = faults(vec![lathe()]);
    assert_eq!(missing[0].message, "请填写：设备第 2 行的名称");
    assert_eq!(missing.len(), 1, "one sentence is enough");
    assert!(faults(vec![lathe(); 4])[0].message.contains("最多 3 行"));
    let second = faults(vec![
        lathe(),
        row(&[("imported", "是"), ("device", "铣床")]),
    ]);
    assert_eq!(
        (second[0].path.as_str(), second[0].message.as_str()),
        ("g-1-origin", "请填写：设备第 2 行的产地")
    );
    assert!(validate(&form, &with(vec![row(&[])]), &known(&facts), When::Draft).is_empty());
    let stranger = faults(vec![lathe(), row(&[("device", "钻床"), ("colour", "红")])]);
    assert!(stranger[0].message.contains("colour"));
    let optional = crate::world::form(&nodes.replace("required: true", "required: false"));
    let optional = optional.expect("well written");
    let few = validate(
        &optional,
        &with(vec![lathe()]),
        &known(&facts),
        When::Submit,
    );
    assert_eq!(few[0].message, "设备：至少填写 2 行");
    let filled = fill(&form, &with(vec![lathe(), lathe()]), &known(&facts)).expect("two");
    assert_eq!(filled.rows("g").len(), 2);
}

#[test]
fn several_choices_and_strangers() {
    let form = form(
        "  - { id: a, label: 甲, kind: several_of, choices: [降本, 增产, 减排], min: 2, max: 2 }\n",
    );
    let form = form.expect("well written");
    let facts = Facts::new();
    let chosen = |texts: &[&str]| {
        let mut answers = Answers::default();
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        answers.fields.insert("a".to_owned(), Answer::Texts(texts));
        fill(&form, &answers, &known(&facts))
    };
    assert!(
        chosen(&["降本"]).expect_err("too few")[0]
            .message
            .contains("至少选 2 项")
    );
    assert!(
        chosen(&["降本", "增产", "减排"]).expect_err("too many")[0]
            .message
            .contains("最多选 2 项")
    );
    assert!(
        chosen(&["降本", "上市"]).expect_err("unknown")[0]
            .message
            .contains("上市")
    );
    assert_eq!(
        chosen(&["减排", "降本"]).expect("two").entries[0].plain,
        "降本、减排"
    );
    let faults = validate(&form, &answers(&[("b", "1")]), &known(&facts), When::Draft);
    assert!(faults[0].message.contains("没有“b”"));
}

#[test]
fn a_difference_tells_what_changed_also_when_the_mask_hides_it() {
    let nodes = "
  - { id: a, label: 金额, kind: money }
  - { id: b, label: 手机, kind: phone }
  - { id: c, label: 备注, kind: text }
";
    let form = form(nodes).expect("well written");
    let facts = Facts::new();
    let lines = |texts: &[(&str, &str)]| {
        fill(&form, &answers(texts), &known(&facts))
            .expect("well filled")
            .lines()
    };
    let before = lines(&[("a", "100"), ("b", "13811115678"), ("c", "旧")]);
    let after = lines(&[("a", "1,00"), ("b", "13822225678")]);
    let changes = difference(&before, &after);
    let told: Vec<(&str, Option<&str>, Option<&str>)> = changes
        .iter()
        .map(|c| (c.path.as_str(), c.before.as_deref(), c.after.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "b",
                Some("138****5678（原来的）"),
                Some("138****5678（已改动）")
            ),
            ("c", Some("旧"), None),
        ]
    );
    assert!(difference(&after, &after).is_empty());
}

#[test]
fn answers_come_from_json_and_go_back() {
    let json = r#"{"fields":{"n":12,"b":true,"t":["甲","乙"],"p":{"holder":"某"},
        "f":[{"file":"1","name":"a.pdf","bytes":3}],"g":[{"name":"车床","price":"5"}],"none":null}}"#;
    let answers: Answers = serde_json::from_str(json).expect("answers");
    assert_eq!((answers.text("n"), answers.text("b")), ("12", "true"));
    assert!(matches!(answers.fields["f"], Answer::Files(_)));
    assert!(matches!(answers.fields["g"], Answer::Rows(_)));
    let again: Answers =
        serde_json::from_str(&serde_json::to_string(&answers).expect("json")).expect("again");
    assert_eq!(answers, again);
    for wrong in [
        r#"{"fields":{"a":[["b"]]}}"#,
        r#"{"fields":{"a":{"b":{"c":1}}}}"#,
        r#"{"felder":{}}"#,
    ] {
        assert!(serde_json::from_str::<Answers>(wrong).is_err(), "{wrong}");
    }
}
