//! `zhida open311`: keys are made, listed and ended, over one database.

use crate::program::{Ran, zhida};

#[test]
fn a_key_is_shown_once_listed_without_its_text_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("z.db").display());
    let run =
        |arguments: &[&str]| -> Ran { zhida([arguments, &["--database", &database]].concat()) };
    let policies = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/policies/wenzhou-shangmao-2022.yaml"
    );
    let _ = run(&["import", "policies", policies]).expect(0);
    let none = run(&["open311", "list"]).expect(0);
    assert!(none.out.contains("没有密钥"), "{}", none.out);
    let wrong = run(&["open311", "add", "12345 热线", "--place", "99"]).expect(2);
    assert!(wrong.err.contains("没有这个行政区划代码"), "{}", wrong.err);
    let made = run(&["open311", "add", "12345 热线", "--place", "330500"]).expect(0);
    let secret = made.out.split_whitespace().next().unwrap();
    let secret = secret.trim_start_matches("密钥：").to_owned();
    assert!(secret.starts_with("zhida311_"), "{}", made.out);
    let listed = run(&["open311", "list"]).expect(0);
    assert!(
        listed.out.contains("12345 热线") && listed.out.contains("没有用过"),
        "{}",
        listed.out
    );
    assert!(!listed.out.contains(&secret));
    let line = listed
        .out
        .lines()
        .find(|line| line.contains("12345 热线"))
        .unwrap();
    let id = line.split_whitespace().next().unwrap();
    let _ = run(&["open311", "revoke", id]).expect(0);
    let again = run(&["open311", "revoke", id]).expect(2);
    assert!(
        again.err.contains("没有找到在用的这个密钥"),
        "{}",
        again.err
    );
    assert!(run(&["open311", "list"]).expect(0).out.contains("没有密钥"));
    let all = run(&["open311", "list", "--all"]).expect(0);
    assert!(all.out.contains("已停用"), "{}", all.out);
}
