//! Definitions: what is wrong is told where, all at once.

use zhida_forms::{FIELDS_MAX, Form, FormSource, KINDS, Mistake};
use zhida_rules::Dictionary;

use crate::gallery;
use crate::world::form;

fn wrong(nodes: &str) -> String {
    let mistakes = form(nodes).expect_err(nodes);
    mistakes
        .iter()
        .map(Mistake::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The mistakes of one field written on one line.
fn field(rest: &str) -> String {
    wrong(&format!("  - {{ id: a, label: 甲, {rest} }}\n"))
}

#[test]
fn the_gallery_has_every_kind() {
    let source = FormSource::read(gallery::FORM).expect("written well");
    let form = Form::new(source, Dictionary::shipped()).expect("meant well");
    for (kind, slug, _) in KINDS {
        assert!(
            form.fields().any(|field| field.kind_name() == kind),
            "{slug}"
        );
    }
}

#[test]
fn a_circle_is_told_as_a_path() {
    let nodes = "
  - { id: a, label: 甲, kind: yes_no, shown_when: 丙 }
  - { id: b, label: 乙, kind: yes_no, shown_when: 甲 }
  - { id: c, label: 丙, kind: yes_no, shown_when: 乙 }
";
    let told = wrong(nodes);
    assert!(told.contains("a → c → b → a"), "{told}");
    let alone = wrong("  - { id: a, label: 甲, kind: yes_no, shown_when: 非 甲 }\n");
    assert!(alone.contains("a → a"), "{alone}");
}

#[test]
fn a_circle_through_a_group_its_rows_or_a_prefilled_field_is_found() {
    let group = "
  - group: g
    label: 组
    shown_when: 甲
    nodes:
      - { id: a, label: 甲, kind: yes_no }
";
    assert!(wrong(group).contains("g → a → g"), "{}", wrong(group));
    let rows = "
  - group: g
    label: 组
    repeat: { max: 3 }
    nodes:
      - { id: a, label: 甲, kind: yes_no, shown_when: 乙 }
      - { id: b, label: 乙, kind: yes_no, shown_when: 甲 }
";
    assert!(wrong(rows).contains("a → b → a"), "{}", wrong(rows));
    // the growth is computed from what the field stands for
    let derived = "
  - { id: a, label: 甲, kind: money, source: 上年.营业收入, shown_when: 上年.营业收入增长率 >= 10% }
";
    assert!(wrong(derived).contains("a → a"), "{}", wrong(derived));
}

#[test]
fn a_condition_on_a_later_field_or_a_field_of_a_group_is_no_circle() {
    let nodes = "
  - { id: a, label: 甲, kind: yes_no, shown_when: 丙 }
  - group: g
    label: 组
    nodes:
      - { id: b, label: 乙, kind: yes_no, shown_when: 甲 }
      - { id: c, label: 丙, kind: yes_no }
";
    assert!(form(nodes).is_ok(), "{:?}", form(nodes).err());
}

#[test]
fn names_must_be_unique_and_usable() {
    let twice =
        wrong("  - { id: a, label: 甲, kind: text }\n  - { id: a, label: 乙, kind: text }\n");
    assert!(
        twice.contains("字段“a”") && twice.contains("用了两次"),
        "{twice}"
    );
    let with_group = "
  - { id: a, label: 甲, kind: text }
  - group: a
    label: 组
    nodes: [{ id: b, label: 乙, kind: text }]
";
    assert!(wrong(with_group).contains("用了两次"));
    for id in ["A", "1a", "a-b", "甲", ""] {
        let told = wrong(&format!("  - {{ id: \"{id}\", label: 甲, kind: text }}\n"));
        assert!(told.contains("标识"), "{told}");
    }
    // a field may be called as an attribute is, as long as no condition names it
    let taken = "  - { id: legal_person, label: 甲, kind: yes_no }\n";
    assert!(form(taken).is_ok());
    let named = format!("{taken}  - {{ id: b, label: 乙, kind: text, shown_when: 独立法人 }}\n");
    assert!(
        wrong(&named).contains("字段“legal_person”的名称或标识"),
        "{}",
        wrong(&named)
    );
    let by_label = format!("{taken}  - {{ id: b, label: 乙, kind: text, shown_when: 甲 }}\n");
    assert!(form(&by_label).is_ok());
}

#[test]
fn sources_must_exist_and_fit() {
    let told = field("kind: text, source: 上年.营业俄");
    assert!(told.contains("source") && told.contains("营业俄"), "{told}");
    assert!(field("kind: money, source: 营业收入").contains("分年度"));
    assert!(field("kind: text, source: 上年.营业收入").contains("应为 money"));
    assert!(field("kind: integer, unit: 万人, source: 上年.从业人数").contains("单位不同"));
    assert!(field("kind: one_of, choices: [存续, 关门], source: 登记状态").contains("关门"));
    assert!(field("kind: money, source: 上年.营业收入 + 1").contains("只写一个属性"));
    let rows = "
  - group: g
    label: 组
    repeat: { max: 3 }
    nodes: [{ id: a, label: 甲, kind: text, source: 企业名称 }]
";
    assert!(wrong(rows).contains("可重复分组"));
    // what may be chosen comes from the dictionary, what tells of persons may be prefilled too
    let fine = "
  - { id: a, label: 甲, kind: one_of, source: 登记状态 }
  - { id: b, label: 乙, kind: integer, unit: 人, source: 上年.从业人数 }
";
    let fine = form(fine).expect("well meant");
    assert!(
        fine.field("a")
            .expect("there")
            .choices()
            .contains(&"存续".to_owned())
    );
}

#[test]
fn conditions_are_checked_as_rules_are() {
    assert!(field("kind: text, shown_when: 有专例").contains("显示条件有误"));
    assert!(field("kind: text, shown_when: 上年.营业收入").contains("是”或“否"));
    let told = field("kind: text, shown_when: 上年.营业收入 >= \"大\"");
    assert!(told.contains("显示条件有误"), "{told}");
    let other_row = "
  - { id: x, label: 外, kind: text, shown_when: 进口 }
  - group: g
    label: 组
    repeat: { max: 3 }
    nodes: [{ id: imported, label: 进口, kind: yes_no }]
";
    assert!(wrong(other_row).contains("每一行都不同"));
    let persons = "
  - { id: boss, label: 负责人, kind: person_name }
  - { id: x, label: 外, kind: text, shown_when: 负责人 = \"张三\" }
";
    assert!(
        wrong(persons).contains("显示条件有误"),
        "rules cannot name persons"
    );
}

#[test]
fn a_word_that_may_mean_two_things_is_refused_where_it_is_used() {
    let nodes = |source: &str| {
        format!(
            "
  - {{ id: place, label: 所在区划, kind: division{source} }}
  - {{ id: x, label: 外, kind: text, shown_when: 所在区划 in (\"330502\") }}
"
        )
    };
    let told = wrong(&nodes(""));
    assert!(told.contains("既是属性，又是字段“place”"), "{told}");
    assert!(form(&nodes(", source: 所在区划")).is_ok());
}

#[test]
fn keys_that_do_not_belong_are_told() {
    assert!(field("kind: text, choices: [甲]").contains("choices"));
    assert!(field("kind: yes_no, min: 1").contains("min"));
    assert!(field("kind: text, files: 3").contains("files"));
    assert!(field("kind: one_of").contains("选项"));
    assert!(field("kind: one_of, choices: [甲, 甲]").contains("重复"));
    assert!(field("kind: several_of, choices: [甲, 乙], min: 3").contains("选几项"));
    assert!(field("kind: integer, min: 5, max: 1").contains("大于"));
    assert!(field("kind: date, earliest: 明天").contains("earliest"));
    assert!(field("kind: date, earliest: 2026-02-01, latest: 2026-01-01").contains("晚于"));
    assert!(field("kind: number, decimals: 9").contains("decimals"));
    assert!(field("kind: text, length: 90000").contains("length"));
    assert!(field("kind: files, files: 90").contains("20 个"));
    assert!(field("kind: files, sample: \"javascript:alert(1)\"").contains("sample"));
    assert!(field("kind: files, sample: \"//evil.example\"").contains("sample"));
    assert!(field("kind: declaration").contains("承诺什么"));
    assert!(field("required: true").contains("缺少类型"));
    assert!(
        wrong("  - { heading: 甲, note: 乙 }\n  - { id: a, label: 甲, kind: text }\n")
            .contains("第 1 项")
    );
    assert!(wrong("  - { heading: 甲, required: true }\n").contains("只能再写"));
    assert!(
        wrong("  - { group: g, label: 组, kind: text, nodes: [{ note: 甲 }] }\n")
            .contains("只能有字段")
    );
    let rows = "  - { group: g, label: 组, repeat: { min: 3, max: 2 }, nodes: [{ id: a, label: 甲, kind: text }] }\n";
    assert!(wrong(rows).contains("repeat"));
}

#[test]
fn a_form_has_fields_and_not_too_many() {
    assert!(wrong("  - note: 只有说明\n").contains("没有字段"));
    let many: String = (0..=FIELDS_MAX)
        .map(|n| format!("  - {{ id: f{n}, label: 字段{n}, kind: text }}\n"))
        .collect();
    assert!(wrong(&many).contains("最多 300 个"));
}

#[test]
fn the_largest_form_is_compiled_quickly() {
    let chain: String = (0..FIELDS_MAX)
        .map(|n| match n {
            0 => "  - { id: f0, label: 问0, kind: yes_no }\n".to_owned(),
            n => format!(
                "  - {{ id: f{n}, label: 问{n}, kind: yes_no, shown_when: 问{} }}\n",
                n - 1
            ),
        })
        .collect();
    let started = std::time::Instant::now();
    assert!(form(&chain).is_ok());
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}
