//! From a generated city to explained matches on the command line, on both databases.

use std::{fs, path::Path};

use serde_json::Value;
use zhida_platform::db::{self, Database};
use zhida_testkit::{TestDatabase, both_databases};

use crate::{
    program::{Ran, zhida},
    snapshot::ROOT,
};

both_databases!(a_city_is_imported_and_matched, a_dry_run_writes_nothing);

/// 温州市: some of the shipped items apply there.
const CITY: &str = "330300";
/// For all of the country, and computed from facts alone.
const ITEM: &str = "p050-xiaoxing-weili";
/// A day on which that item is in force, whatever the calendar says.
const DAY: &str = "2026-11-22";
const ENTERPRISES: u64 = 200;

fn generate(folder: &Path) {
    let (count, out) = (ENTERPRISES.to_string(), folder.display().to_string());
    let arguments = [
        "--enterprises",
        &count,
        "--items",
        "10",
        "--seed",
        "7",
        "--division",
        CITY,
    ];
    zhida(
        ["generate", "city", "--out", &out]
            .into_iter()
            .chain(arguments),
    )
    .expect(0);
}

fn policies() -> String {
    format!("{ROOT}/data/policies")
}

/// A report whose numbers add up.
fn report(ran: &Value, rows: u64) -> [u64; 3] {
    let number = |name: &str| ran[name].as_u64().unwrap();
    let parts = ["accepted", "rejected", "unchanged"].map(number);
    assert_eq!(number("rows"), rows, "{ran}");
    assert_eq!(number("rows"), parts.iter().sum::<u64>(), "{ran}");
    assert!(ran.as_object().unwrap().contains_key("rejects"), "{ran}");
    parts
}

/// `match all` says of an item what `match policy` says, on the screen, as JSON and as CSV.
fn all_is_the_sum_of_items(run: &dyn Fn(&[&str]) -> Ran, matched: &Value, folder: &Path) {
    let all = run(&["match", "all", "--on", DAY, "--json"]).json();
    let number = |value: &Value, name: &str| value[name].as_u64().unwrap();
    assert_eq!(number(&all, "enterprises"), ENTERPRISES);
    let items = all["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["id"] == ITEM).unwrap();
    let counts = &matched["counts"];
    assert_eq!(item["met"], counts["eligible"]);
    assert_eq!(item["near_miss"], counts["near_miss"]);
    assert_eq!(item["one_unknown"], counts["one_unknown"]);
    for part in ["items", "levels", "regions", "sizes"] {
        let met = |line: &Value| number(line, "met");
        let sum: u64 = all[part].as_array().unwrap().iter().map(met).sum();
        assert_eq!(sum, number(&all["total"], "met"), "{part}");
    }
    let file = folder.join("all.csv").display().to_string();
    let arguments = ["--threads", "1", "--memory", "64", "--limit", "3"];
    let shown = ["match", "all", "--on", DAY, "--csv", &file];
    let text = run(&[&shown[..], &arguments].concat()).out;
    let head = format!(
        "基准日 2026年11月22日：{} 个事项，200 家市场主体",
        items.len()
    );
    assert!(text.starts_with(&head), "{text}");
    assert!(
        text.contains(&format!("另有 {} 个事项未列出", items.len() - 3)),
        "{text}"
    );
    let lines = fs::read_to_string(&file).unwrap().lines().count();
    assert_eq!(lines, items.len() + 1);
}

async fn a_city_is_imported_and_matched(db: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path());
    let run = |arguments: &[&str]| {
        let all = arguments.iter().copied().chain(["--database", db.url()]);
        zhida(all).expect(0)
    };
    let file = folder.path().join("enterprises.csv").display().to_string();
    let import = ["import", "enterprises", &file, "--json"];
    assert_eq!(
        report(&run(&import).json(), ENTERPRISES),
        [ENTERPRISES, 0, 0]
    );
    assert_eq!(
        report(&run(&import).json(), ENTERPRISES),
        [0, 0, ENTERPRISES]
    );
    let import = ["import", "policies", &policies(), "--json"];
    let first = run(&import).json();
    let items = first["rows"].as_u64().unwrap();
    assert!(items >= 60, "{items} items are shipped");
    assert_eq!(report(&first, items), [items, 0, 0]);
    assert_eq!(report(&run(&import).json(), items), [0, 0, items]);

    let json = ["match", "policy", ITEM, "--on", DAY, "--json"];
    let matched = run(&json).json();
    all_is_the_sum_of_items(&run, &matched, folder.path());
    counted(&matched);
    let path = folder.path().join("matched.csv").display().to_string();
    run(&["match", "policy", ITEM, "--on", DAY, "--csv", &path]);
    same_in_csv(&matched, &fs::read_to_string(&path).unwrap());
    let table = run(&["match", "policy", ITEM, "--on", DAY]).out;
    has(
        &table,
        &["基准日", "结论", "统一社会信用代码", "名称", "金额", "符合"],
    );

    let code = matched["enterprises"][0]["code"].as_str().unwrap();
    explained(
        &run(&["match", "enterprise", code, "--on", DAY, "--json"]).json(),
        code,
    );
    let table = run(&["match", "enterprise", code, "--on", DAY]).out;
    has(
        &table,
        &[code, "结论", "事项", "标识", "金额", "截止", "依据", ITEM],
    );

    let all = |arguments: &[&'static str]| [arguments, &["--database", db.url()]].concat();
    let none = zhida(all(&[
        "match",
        "enterprise",
        "91330302PDY0000000",
        "--json",
    ]))
    .expect(2);
    has(&none.err, &["91330302PDY0000000", "核对"]);
    let none = zhida(all(&["match", "policy", "no-such-item"])).expect(2);
    has(&none.err, &["no-such-item", "核对"]);
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "“{part}”不在\n{text}");
    }
}

/// The counts are those of the list, and the list holds verdicts of every kind.
fn counted(matched: &Value) {
    let enterprises = matched["enterprises"].as_array().unwrap();
    let counts = &matched["counts"];
    assert_eq!(counts["total"], ENTERPRISES);
    assert_eq!(enterprises.len() as u64, ENTERPRISES);
    let verdict = |value: Value| {
        let of = enterprises.iter().filter(|one| one["verdict"] == value);
        of.count() as u64
    };
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!(verdict(true.into()), count("eligible"));
    let unknown = ["manual", "one_unknown", "unknown"].map(count);
    assert_eq!(verdict(Value::Null), unknown.iter().sum::<u64>());
    let no = ["near_miss", "ineligible", "out_of_reach"].map(count);
    assert_eq!(verdict(false.into()), no.iter().sum::<u64>());
    for value in [Value::Bool(true), Value::Bool(false), Value::Null] {
        assert!(verdict(value.clone()) > 0, "no verdict is {value}");
    }
}

/// The CSV has the same enterprises with the same verdicts, in the same order.
fn same_in_csv(matched: &Value, csv: &str) {
    let text = csv
        .strip_prefix('\u{feff}')
        .expect("Excel needs the mark to read UTF-8");
    let mut lines = text.lines();
    has(
        lines.next().unwrap(),
        &["统一社会信用代码", "企业名称", "结论", "金额"],
    );
    let enterprises = matched["enterprises"].as_array().unwrap();
    let cell = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    for one in enterprises {
        let start = ["code", "name", "label"]
            .map(|name| cell(one, name))
            .join(",");
        let line = lines.next().unwrap();
        assert!(line.starts_with(&start), "{start}\n{line}");
    }
    assert_eq!(lines.next(), None);
}

/// Every condition of every item says what it asks, what is known and from where.
fn explained(found: &Value, code: &str) {
    assert_eq!(found["enterprise"]["code"], code);
    let (mut known, mut unknown) = (0, 0);
    for item in found["items"].as_array().unwrap() {
        assert!(
            item["verdict"].is_boolean() || item["verdict"].is_null(),
            "{item}"
        );
        let conditions = item["conditions"].as_array().unwrap();
        assert!(!conditions.is_empty(), "{item}");
        for condition in conditions {
            assert!(
                !condition["text"].as_str().unwrap().is_empty(),
                "{condition}"
            );
            let tests = condition["tests"].as_array().unwrap();
            let told = !tests.is_empty() || condition["manual"].is_string();
            assert!(told, "{condition}");
            for test in tests {
                assert!(!test["required"].as_str().unwrap().is_empty(), "{test}");
                for fact in test["facts"].as_array().unwrap() {
                    known += 1;
                    assert!(fact["value"].is_string(), "{test}");
                    let department = fact["department"].as_str().unwrap();
                    // what is taken for no because nobody registered it has no date
                    let dated = fact["as_of"].is_string() || department.contains("未登记");
                    assert!(dated, "{test}");
                }
                for missing in test["missing"].as_array().unwrap() {
                    unknown += 1;
                    assert!(missing["department"].is_string(), "{test}");
                }
            }
        }
    }
    assert!(known > 0 && unknown > 0, "{known} known, {unknown} unknown");
    let eligible = found["items"].as_array().unwrap().iter();
    let mut eligible = eligible.filter(|item| item["verdict"] == true);
    assert!(eligible.any(|item| item["id"] == ITEM), "{found}");
}

/// How many rows each table has.
async fn contents(db: &Database) -> Vec<(String, i64)> {
    let schema = db.dump_schema().await.unwrap();
    let names = schema
        .lines()
        .filter_map(|line| line.strip_prefix("CREATE TABLE "));
    let mut counts = Vec::new();
    for name in names.filter_map(|rest| rest.split([' ', '(']).next()) {
        let sql = format!("SELECT COUNT(*) FROM {name}");
        counts.push((
            name.to_owned(),
            db::query_count(db.conn(), &sql, []).await.unwrap(),
        ));
    }
    counts
}

async fn a_dry_run_writes_nothing(db: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path());
    let file = folder.path().join("enterprises.csv").display().to_string();
    let with = |arguments: &[&str]| {
        zhida(arguments.iter().copied().chain(["--database", db.url()])).expect(0)
    };
    // One item is there, so that the tables and the search index exist and hold something.
    let one = format!("{}/xiaoxing-weili-2027.yaml", policies());
    with(&["import", "policies", &one]);
    let before = contents(&db).await;
    let filled = before.iter().filter(|(_, rows)| *rows > 0).count();
    assert!(filled >= 4, "{before:?}");
    let dry = with(&["import", "enterprises", &file, "--dry-run", "--json"]).json();
    assert_eq!(report(&dry, ENTERPRISES), [ENTERPRISES, 0, 0]);
    let dry = with(&["import", "policies", &policies(), "--dry-run", "--json"]).json();
    assert!(dry["accepted"].as_u64().unwrap() > 0 && dry["unchanged"].as_u64().unwrap() > 0);
    let text = with(&["import", "enterprises", &file, "--dry-run"]).out;
    has(&text, &["可导入", "没有写入"]);
    assert_eq!(contents(&db).await, before);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    generate(one.path());
    generate(two.path());
    let mut folders = vec![std::path::PathBuf::new()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(one.path().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = [&one, &two].map(|folder| fs::read(folder.path().join(&path)).unwrap());
            assert!(bytes[0] == bytes[1], "{} differs", path.display());
        }
    }
    assert!(files >= 3, "{files} files");
}

#[test]
fn a_file_that_is_not_there_is_named_and_the_exit_code_is_2() {
    for what in ["enterprises", "policies"] {
        let ran = zhida([
            "import",
            what,
            "没有这个文件.csv",
            "--database",
            "sqlite::memory:",
        ]);
        has(&ran.expect(2).err, &["没有文件", "没有这个文件.csv"]);
    }
}

#[test]
fn rejected_rows_are_told_with_row_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let text =
        "统一社会信用代码,企业名称\n91330114PDY00001X7,好样例公司\n91330114PDY00001X8,坏样例公司\n";
    fs::write(path("e.csv"), text).unwrap();
    let database = format!("sqlite:{}", path("zhida.db"));
    let file = path("e.csv");
    let ran = zhida([
        "import",
        "enterprises",
        &file,
        "--json",
        "--database",
        &database,
    ]);
    let ran = ran.expect(0).json();
    assert_eq!(report(&ran, 2), [1, 1, 0]);
    let rejects = fs::read_to_string(ran["rejects"].as_str().unwrap()).unwrap();
    has(&rejects, &["91330114PDY00001X8", "校验"]);
}
