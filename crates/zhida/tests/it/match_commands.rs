//! `zhida match`, run again and again over one database: snapshots, saved runs, mistakes.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use zhida_platform::db::{self, Database};
use zhida_testkit::{Program, TestDatabase, both_databases};

use crate::{
    openapi::answered,
    program::{Ran, ZHIDA, zhida},
};

both_databases!(an_interrupted_run_is_finished_by_the_next);

/// More than one transaction of a saved run takes.
const ITEMS: usize = 60;
const FIRST: &str = "91330114PDY00001X7";
const SECOND: &str = "91330114PDY0000287";
const DOCUMENT: &str = "
document: { id: wenjian, title: 样例文件, issuer: 国务院, level: national, region: '000000',
  published_on: 2026-01-05, effective_from: 2026-02-01, status: effective,
  source_url: https://www.example.gov.cn/1.html, source_quality: official,
  checked_on: 2026-11-01, text: 第一条…… }
items:
";

/// An item that is open on every day from 2026-02-01 on, for high-tech enterprises.
fn item(number: usize) -> String {
    format!(
        "- {{ id: x-{number:02}, name: 样例事项{number}, theme: 科技创新, category: 奖补类,
    delivery: no_application, delivery_basis: source, clause: 第一条, audience: 高新技术企业,
    regions: ['000000'], conditions: [{{ text: 高新技术企业, rule: 高新技术企业 }}],
    benefit: {{ kind: money, formula: 1万, text: 奖励 1 万元 }}, phone: 010-00000000 }}\n"
    )
}

/// A folder of files, and the database that they go into.
struct Desk {
    folder: TempDir,
    database: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("z.db").display());
        Self { folder, database }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        zhida([arguments, &["--database", &self.database]].concat())
    }

    fn import(&self, what: &str, name: &str, text: &str) {
        let file = self.path(name);
        fs::write(&file, text).unwrap();
        let ran = self.run(&["import", what, file.to_str().unwrap(), "--json"]);
        assert_eq!(ran.expect(0).json()["rejected"], 0);
    }

    fn items(&self) {
        let mut text = DOCUMENT.to_owned();
        (0..ITEMS).for_each(|number| text.push_str(&item(number)));
        self.import("policies", "items.yaml", &text);
    }

    /// One enterprise is known to be high-tech, of the other this is said.
    fn enterprises(&self, second: &str) {
        let text = format!(
            "统一社会信用代码,企业名称,高新技术企业\n{FIRST},甲样例公司,是\n{SECOND},乙样例公司,{second}\n"
        );
        self.import("enterprises", "enterprises.csv", &text);
    }

    fn snapshot(&self) -> PathBuf {
        self.path("z.db-snapshots/matching/snapshot")
    }

    /// The version of the registry that the snapshot holds for.
    fn saved_version(&self) -> i64 {
        let manifest = fs::read(self.snapshot().join("manifest.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let mark: Value = serde_json::from_str(manifest["mark"].as_str().unwrap()).unwrap();
        mark["registry"].as_i64().unwrap()
    }

    async fn tamper(&self, sql: &'static str) {
        execute(&Database::connect(&self.database).await.unwrap(), sql).await;
    }
}

async fn execute(db: &Database, sql: &'static str) {
    let change = |tx| async move { db::execute(&tx, sql, []).await };
    let changed: u64 = db.write(change).await.unwrap();
    assert!(changed > 0, "{sql}");
}

const POLICY: [&str; 4] = ["match", "policy", "x-07", "--json"];

#[tokio::test]
async fn a_second_command_reads_the_snapshot_of_the_first() {
    let desk = Desk::new();
    desk.items();
    desk.enterprises("");
    let first = desk.run(&POLICY).expect(0);
    let labels = |ran: &Ran| -> Vec<(String, String)> {
        let found = ran.json();
        let rows = found["enterprises"].as_array().unwrap().iter();
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        rows.map(|row| (text(row, "code"), text(row, "label")))
            .collect()
    };
    for (code, label) in labels(&first) {
        // The interpreter answers for one enterprise.
        let one = desk.run(&["match", "enterprise", &code, "--json"]);
        let one = one.expect(0).json();
        let mut items = one["items"].as_array().unwrap().iter();
        let item = items.find(|item| item["id"] == "x-07").unwrap();
        assert_eq!(item["label"], *label);
    }
    let version = desk.saved_version();
    desk.enterprises("是");
    let third = desk.run(&POLICY).expect(0);
    assert_ne!(labels(&third), labels(&first), "what was written since");
    assert!(desk.saved_version() > version);

    // Documents that cannot be read show that nobody reads them.
    desk.tamper("UPDATE enterprise_facts SET facts = 'damaged'")
        .await;
    assert_eq!(desk.run(&POLICY).expect(0).out, third.out);
    let all = desk.run(&["match", "all", "--json"]).expect(0).json();
    assert_eq!(
        (&all["enterprises"], &all["reached"]),
        (&2.into(), &2.into())
    );
    fs::write(desk.snapshot().join("rules.bin"), "").unwrap();
    let read = desk.run(&POLICY).expect(2).err;
    assert!(
        read.contains("快照已损坏") && read.contains(FIRST),
        "{read}"
    );
}

#[tokio::test]
async fn a_server_starts_from_what_the_last_one_saved() {
    let desk = Desk::new();
    desk.items();
    desk.enterprises("");
    let patience = Duration::from_secs(60);
    let arguments = [
        "serve",
        "--addr",
        "127.0.0.1:0",
        "--database",
        &desk.database,
    ];
    let server = Program::start(ZHIDA, &arguments);
    server.says("匹配快照已保存", patience).await;
    drop(server);
    let version = desk.saved_version();
    desk.enterprises("是");
    let server = Program::start(ZHIDA, &arguments);
    server.says("匹配索引已从快照恢复", patience).await;
    // A server that answers has begun to listen to signals, too.
    answered(&server, "/").await;
    drop(server);
    assert!(desk.saved_version() > version, "saved when it was stopped");
}

#[test]
fn the_sums_tell_near_misses_and_the_time_of_the_whole() {
    let desk = Desk::new();
    desk.items();
    desk.enterprises("否");
    let all = desk.run(&["match", "all", "--json"]).expect(0).json();
    for part in ["items", "levels", "regions", "sizes"] {
        let near = |line: &Value| line["near_miss"].as_u64().unwrap();
        let sum: u64 = all[part].as_array().unwrap().iter().map(near).sum();
        assert_eq!(sum, ITEMS as u64, "{part}");
    }
    let ran = desk.run(&["match", "all"]).expect(0);
    assert_eq!(ran.out.matches("只差一项").count(), 5, "{}", ran.out);
    let seconds: Vec<f64> = ran
        .err
        .split([' ', '，'])
        .filter_map(|word| word.parse().ok())
        .collect();
    assert!(
        ran.err.starts_with("共用时 ") && seconds[0] >= seconds[1],
        "{}",
        ran.err
    );
}

async fn an_interrupted_run_is_finished_by_the_next(db: TestDatabase) {
    let desk = Desk {
        folder: tempfile::tempdir().unwrap(),
        database: db.url().to_owned(),
    };
    desk.items();
    desk.enterprises("否");
    let save = || desk.run(&["match", "all", "--save", "--json"]);
    let told = |ran: Ran, words: &str| assert!(ran.err.contains(words), "{words}\n{}", ran.err);
    told(save().expect(0), "已保存，作为以后比较的起点");
    told(save().expect(0), "已保存，新匹配 0 条");

    desk.enterprises("是");
    // What the last item of the last transaction met cannot be read, so the run ends before it.
    execute(&db, "UPDATE match_met SET met = '*' WHERE item = 'x-59'").await;
    told(save().expect(2), "x-59");
    let count = async |sql: &str| db::query_count(db.conn(), sql, []).await.unwrap();
    let news = "SELECT COUNT(*) FROM match_news";
    assert_eq!(count(news).await, 50, "one transaction was kept");
    let open = "SELECT done FROM match_run WHERE finished_at = '' AND failure <> ''";
    assert_eq!(count(open).await, 50);

    execute(&db, "DELETE FROM match_met WHERE item = 'x-59'").await;
    // Of the item whose state is lost both enterprises are news.
    told(save().expect(0), "已保存，新匹配 61 条");
    assert_eq!(count(news).await, 61);
    let different = "SELECT COUNT(*) FROM (SELECT DISTINCT item, enterprise FROM match_news) AS n";
    assert_eq!(count(different).await, 61, "nothing twice");
    assert_eq!(count("SELECT MAX(no) FROM match_run").await, 3);
    assert_eq!(
        count("SELECT COUNT(*) FROM match_run WHERE finished_at = ''").await,
        0
    );
    told(save().expect(0), "已保存，新匹配 0 条");
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let desk = Desk::new();
    let file = desk.path("z.db");
    for command in [&["enterprise", FIRST][..], &["policy", "x-07"], &["all"]] {
        let ran = desk.run(&[&["match"], command].concat()).expect(2);
        let words = format!("没有数据库文件 {}", file.display());
        assert!(ran.err.contains(&words), "{}", ran.err);
        assert!(!file.exists());
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_in_chinese() {
    let desk = Desk::new();
    desk.items();
    desk.enterprises("是");
    let missing = desk.path("nope/x.csv");
    let within = desk.path("items.yaml/x.csv");
    let cases: [(&Path, &str); 3] = [
        (&missing, "目录不存在"),
        (desk.folder.path(), "这是一个目录"),
        (&within, "路径中有一段不是目录"),
    ];
    for (path, reason) in cases {
        for command in [&["policy", "x-07"][..], &["all"]] {
            let csv = ["--csv", path.to_str().unwrap()];
            let ran = desk.run(&[&["match"], command, &csv].concat()).expect(2);
            let words = format!("不能写 {}：{reason}", path.display());
            assert!(ran.err.contains(&words), "{}", ran.err);
        }
    }
}
