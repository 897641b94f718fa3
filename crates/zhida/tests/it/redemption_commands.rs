//! `zhida scheme` and `zhida cases`, over one database.

use std::{fs, path::PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::program::{Ran, zhida};

const ITEM: &str = "p068-shouci-nashang";

fn data(path: &str) -> String {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    root.join(path).display().to_string()
}

/// A database with the items of one document.
struct Desk {
    folder: TempDir,
    database: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("z.db").display());
        let desk = Self { folder, database };
        let policies = data("policies/wenzhou-shangmao-2022.yaml");
        let _ = desk.run(&["import", "policies", &policies]).expect(0);
        desk
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        zhida([arguments, &["--database", &self.database]].concat())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

#[test]
fn a_scheme_is_checked_published_shown_and_listed() {
    let desk = Desk::new();
    let shipped = data("schemes/demo/p068-shouci-nashang.yaml");
    let none = desk.run(&["scheme", "list"]).expect(0);
    assert!(none.out.contains("还没有兑付方案"), "{}", none.out);
    let unpublished = desk.run(&["scheme", "show", ITEM]).expect(1);
    assert!(
        unpublished.err.contains("还没有发布"),
        "{}",
        unpublished.err
    );

    let checked = desk.run(&["scheme", "check", &shipped]).expect(0);
    assert!(
        checked.out.contains("提醒") && checked.out.contains("资金池"),
        "no money yet: {}",
        checked.out
    );
    let first = desk.run(&["scheme", "publish", &shipped]).expect(0);
    assert!(
        first.out.contains("第 1 版") && first.out.contains("意愿确认 → 公示 → 拨付"),
        "{}",
        first.out
    );
    let again = desk
        .run(&["scheme", "publish", &shipped, "--json"])
        .expect(0);
    assert_eq!(
        (
            again.json()["revision"].clone(),
            again.json()["is_new"].clone()
        ),
        (json!(1), json!(false))
    );
    let shown = desk.run(&["scheme", "show", ITEM]).expect(0);
    for words in [
        "首次纳统限上商贸企业奖励",
        "第 1 版，命令行 发布",
        "公示",
        "5 个工作日",
        "只有一次",
    ] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    let listed = desk.run(&["scheme", "list", "--json"]).expect(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["item"], ITEM);
    let all = desk.run(&["scheme", "list", "--all"]).expect(0);
    assert!(all.out.contains("没有方案"), "{}", all.out);

    // what was shown can be changed and published
    let kept = desk.run(&["scheme", "show", ITEM, "--json"]).expect(0).out;
    let changed = desk.file("changed.json", &kept.replace("3 个工作日", "2 个工作日"));
    let second = desk.run(&["scheme", "publish", &changed]).expect(0);
    assert!(second.out.contains("第 2 版"), "{}", second.out);
}

#[test]
fn a_scheme_with_mistakes_is_not_published() {
    let desk = Desk::new();
    let text = fs::read_to_string(data("schemes/demo/p068-shouci-nashang.yaml")).unwrap();
    let slow = desk.file(
        "slow.yaml",
        &text.replace("term: 3 个工作日", "term: 30 个工作日"),
    );
    let refused = desk.run(&["scheme", "publish", &slow]).expect(1);
    assert!(
        refused.out.contains("错误") && refused.err.contains("没有发布"),
        "{} {}",
        refused.out,
        refused.err
    );
    let checked = desk
        .run(&["scheme", "check", &slow, "--json"])
        .expect(1)
        .json();
    assert_eq!(checked[0]["code"], "pays_within");
    assert!(
        desk.run(&["scheme", "list"]).out.contains("还没有兑付方案"),
        "nothing was published"
    );
    let broken = desk.file("broken.yaml", "item: x\npreset: [");
    let broken = desk.run(&["scheme", "check", &broken]).expect(2);
    assert!(broken.err.contains("第 2 行"), "{}", broken.err);
    let unknown = desk.file("unknown.yaml", &text.replace(ITEM, "p999-nothing"));
    let unknown = desk.run(&["scheme", "check", &unknown]).expect(2);
    assert!(unknown.err.contains("没有找到政策事项"), "{}", unknown.err);
    let missing = desk.run(&["scheme", "check", "/nowhere/x.yaml"]).expect(2);
    assert!(missing.err.contains("读不了"), "{}", missing.err);
}

#[test]
fn a_report_of_nothing_and_a_wrong_date_are_said() {
    let desk = Desk::new();
    let empty = desk.run(&["cases", "report"]).expect(0);
    assert!(empty.out.contains("没有办件"), "{}", empty.out);
    let found = desk
        .run(&["cases", "report", "--by", "place", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (found["total"].clone(), found["sum"]["opened"].clone()),
        (json!(0), json!(0))
    );
    let wrong = desk.run(&["cases", "report", "--from", "昨天"]).expect(2);
    assert!(wrong.err.contains("不是日期"), "{}", wrong.err);
    let csv = desk.folder.path().join("r.csv").display().to_string();
    let _ = desk
        .run(&["cases", "report", "--by", "department", "--csv", &csv])
        .expect(0);
    let text = fs::read_to_string(csv).unwrap();
    assert!(text.contains("责任部门") && text.contains("合计"), "{text}");
}
