//! `zhida rule`: rules and facts from files, without a database.

use std::fs;

use crate::program::zhida;

#[test]
fn a_rule_is_shown_back_in_its_normal_form() {
    let ran = zhida([
        "rule",
        "check",
        "上年营业收入不低于2000万且（高新技术企业或科技型中小企业）",
    ]);
    let ran = if ran.code == 0 {
        ran
    } else {
        panic!("{}", ran.out)
    };
    assert!(ran.out.contains("上年.营业收入 >= 20000000"), "{}", ran.out);
    assert!(ran.out.contains("不低于2,000 万元"), "{}", ran.out);
}

#[test]
fn a_wrong_rule_has_its_place_marked() {
    let ran = zhida(["rule", "check", "没这个 > 5"]).expect(1);
    assert!(ran.out.contains("^^^^^^\n"), "{}", ran.out);
    let json = zhida(["rule", "check", "--json", "没这个 > 5"])
        .expect(1)
        .json();
    assert_eq!(json["valid"], false);
    assert_eq!(json["error"]["at"]["start"], 0);
    assert_eq!(json["error"]["at"]["end"], 3);
    assert!(json["error"]["hint"].is_string());
}

#[test]
fn the_documented_example_gives_what_the_document_says() {
    let folder = tempfile::tempdir().unwrap();
    let document = include_str!("../../../../docs/rule-files.md");
    let blocks: Vec<&str> = document.split("```").collect();
    let block = |language: &str, nth: usize| {
        let found = blocks
            .iter()
            .filter_map(|block| block.strip_prefix(language))
            .nth(nth);
        found.unwrap_or_else(|| panic!("no {language} block {nth}"))
    };
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let dictionary = file("dictionary.yaml", block("yaml\n", 0));
    let facts = file("facts.jsonl", block("json\n", 0));
    let rules = file("rules.json", block("json\n", 1));
    let ran = zhida([
        "rule",
        "eval",
        "--json",
        "--on",
        "2026-11-22",
        "--dictionary",
        &dictionary,
        "--facts",
        &facts,
        "--rules",
        &rules,
    ])
    .expect(0);
    let lines = ran.json_lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["verdicts"]["R1"], true);
    assert_eq!(lines[0]["verdicts"]["R2"], serde_json::Value::Null);
    assert_eq!(lines[0]["distances"]["R2"], 1);
    assert_eq!(lines[0]["amounts"]["R2"]["kind"], "range");
    assert_eq!(lines[0]["amounts"]["R2"]["high"], "2000000");
    assert_eq!(lines[0]["amounts"]["R3"]["kind"], "assessed");
    assert_eq!(
        lines[1]["verdicts"]["R1"], false,
        "12 persons are fewer than 20, whatever the size"
    );
}

#[test]
fn a_wrong_line_of_facts_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let facts = folder.path().join("facts.jsonl");
    fs::write(
        &facts,
        "{\"id\":1,\"facts\":{}}\n{\"id\":2,\"facts\":{\"营收额\":1}}\n",
    )
    .unwrap();
    let rules = folder.path().join("rules.json");
    fs::write(&rules, "{\"R1\":\"高新技术企业\"}").unwrap();
    let ran = zhida([
        "rule".as_ref(),
        "eval".as_ref(),
        "--facts".as_ref(),
        facts.as_os_str(),
        "--rules".as_ref(),
        rules.as_os_str(),
    ])
    .expect(2);
    assert!(
        ran.err.contains("第 2 行") && ran.err.contains("营收额"),
        "{}",
        ran.err
    );
}

#[test]
fn rules_are_written_as_sql_with_the_columns_they_read() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.json");
    let text = r#"{"甲": "上年.营业收入 / 注册资本 >= 0.5", "乙": "所在区划 in (\"330100\")",
        "丙": "round(上年.营业收入, 注册资本) > 1"}"#;
    fs::write(&rules, text).unwrap();
    let run = |more: &[&str]| {
        let words = ["rule", "sql", "--on", "2026-11-22", "--rules"].map(std::ffi::OsStr::new);
        let more = more.iter().map(std::ffi::OsStr::new);
        zhida(words.into_iter().chain([rules.as_os_str()]).chain(more)).expect(1)
    };
    let lines = run(&["--json"]).json_lines();
    let names = |line: usize| {
        let columns = lines[line]["columns"].as_array().unwrap();
        let names = columns
            .iter()
            .map(|column| column["name"].as_str().unwrap());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["\"registered_capital\"", "\"revenue_2025\""]);
    assert_eq!(lines[0]["columns"][1]["type"], "NUMERIC");
    assert_eq!(lines[0]["columns"][1]["attribute"], "营业收入");
    assert_eq!(names(1), ["\"division\""]);
    assert_eq!(
        lines[1]["sql"],
        "((\"division\" LIKE '3301%' OR (CASE WHEN \"division\" IN ('330000') THEN NULL ELSE FALSE END)))"
    );
    let near = lines[1]["near_miss"].as_str().unwrap();
    assert!(
        near.starts_with("((CASE ((\"division\" LIKE '3301%'"),
        "{near}"
    );
    // nobody moves for a policy's sake
    assert!(
        near.ends_with("WHEN TRUE THEN 0 WHEN FALSE THEN 2 ELSE 1 END)) = 1"),
        "{near}"
    );
    assert_eq!(lines[2]["sql"], serde_json::Value::Null);
    assert_eq!(lines[2]["near_miss"], serde_json::Value::Null);
    assert_eq!(
        lines[2]["problem"],
        "规则不能写成 SQL：小数位数不是常数的四舍五入"
    );
    let script = run(&[]).out;
    for line in script.lines().filter(|line| line.contains("不能写成 SQL")) {
        assert!(line.starts_with("-- "), "{script}");
    }
    assert!(
        script.contains("-- \"revenue_2025\" NUMERIC  2025年营业收入\n"),
        "{script}"
    );
}
