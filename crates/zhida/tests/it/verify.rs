//! `zhida verify uscc`.

use crate::program::zhida;

#[test]
fn valid_codes_are_taken_apart_one_line_each() {
    let ran = zhida(["verify", "uscc", "91330114PDY00001X7", "91350100M000100Y43"]).expect(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 2);
    for part in [
        "有效",
        "工商",
        "企业",
        "浙江省杭州市钱塘区",
        "PDY00001-X",
        "自定义区",
    ] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
}

#[test]
fn one_wrong_code_makes_the_exit_code_1_and_says_why() {
    let ran = zhida([
        "verify",
        "uscc",
        "91350100M000100Y43",
        "91350100M000100Y4Z",
        "440301103097413",
    ])
    .expect(1);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].contains("有效"));
    assert!(
        lines[1].contains("无效") && lines[1].contains('3'),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains("注册号"), "{}", lines[2]);
}

#[test]
fn json_has_the_parts() {
    let ran = zhida(["verify", "uscc", "--json", "91130433PDY00001XR", "12345"]).expect(1);
    let lines = ran.json_lines();
    assert_eq!(lines[0]["valid"], true);
    assert_eq!(lines[0]["region"], "130433");
    assert_eq!(lines[0]["region_name"], "河北省邯郸市馆陶县");
    assert_eq!(lines[0]["synthetic"], true);
    assert_eq!(lines[1]["valid"], false);
    assert!(lines[1]["error"].as_str().unwrap().contains("18"));
}

#[test]
fn a_code_is_needed() {
    let ran = zhida(["verify", "uscc"]).expect(2);
    assert!(ran.err.contains("缺少"), "{}", ran.err);
}
