//! Importing good files: forms, encodings, idempotence, resumption, computed facts.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zhida_platform::progress::Progress;
use zhida_registry::BatchStatus;
use zhida_registry::import::{ImportOptions, Importer};
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{code, gzip, options, setup};

async fn the_same_table_in_every_form_gives_the_same_facts(db: TestDatabase) {
    let setup = setup(db).await;
    let table = |delimiter: &str| {
        let row = |n| {
            format!(
                "{}|江城{n}号有限公司|2001-02-03|1,250.5万|山东|济南|历下区",
                code(n)
            )
        };
        let text = format!(
            "统一社会信用代码|企业名称|成立日期|注册资本|省|市|区县\n{}\n{}\n",
            row(1),
            row(2)
        );
        let quoted = |cell: &str| {
            if cell.contains(delimiter) {
                format!("\"{cell}\"")
            } else {
                cell.to_owned()
            }
        };
        text.lines()
            .map(|line| {
                line.split('|')
                    .map(quoted)
                    .collect::<Vec<_>>()
                    .join(delimiter)
                    + "\r\n"
            })
            .collect::<String>()
    };
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let forms: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a.csv", table(",").into_bytes(), "UTF-8 编码，逗号"),
        (
            "b.csv",
            format!("\u{feff}{}", table(";")).into_bytes(),
            "UTF-8 编码，分号",
        ),
        ("c.txt", gbk(&table("\t")), "GB18030（GBK） 编码，制表符"),
        (
            "d.csv.gz",
            gzip(&gbk(&table(","))),
            "GB18030（GBK） 编码，逗号",
        ),
        (
            "e.csv",
            format!("江城市场主体名单\n\n{}", table(",")).into_bytes(),
            "UTF-8 编码，逗号",
        ),
    ];
    for (at, (name, content, form)) in forms.into_iter().enumerate() {
        let path = setup.file(name, content);
        let report = setup
            .import(&path, &options("市场监管", "2026-01-01"))
            .await
            .unwrap();
        let expected = if at == 0 { (2, 0, 0, 2) } else { (0, 0, 2, 0) };
        let found = (
            report.accepted,
            report.rejected,
            report.unchanged,
            report.created,
        );
        assert_eq!(
            found, expected,
            "{name}: {:?} {:?}",
            report.examples, report.columns
        );
        assert!(
            report.file.form.starts_with(form),
            "{name}: {}",
            report.file.form
        );
    }
    assert_eq!(
        setup.fact(&code(1), "registered_capital", None).await,
        "12505000"
    );
    assert_eq!(setup.fact(&code(1), "division", None).await, "370102");
    assert_eq!(
        setup.fact(&code(1), "registered_on", None).await,
        "2001-02-03"
    );
    assert_eq!(setup.fact(&code(1), "subject_class", None).await, "企业");
}

async fn workbooks_are_read_as_people_see_them(db: TestDatabase) {
    let setup = setup(db).await;
    let mut book = Workbook::new();
    book.add_worksheet()
        .set_name("说明")
        .unwrap()
        .write(0, 0, "请看第二张表")
        .unwrap();
    let sheet = book.add_worksheet().set_name("名单").unwrap();
    sheet.write(0, 0, "江城市场主体名单").unwrap();
    for (column, heading) in [
        "统一社会信用代码",
        "企业名称",
        "成立日期",
        "2024年营业收入(万元)",
        "高新技术企业",
        "从业人数",
    ]
    .iter()
    .enumerate()
    {
        sheet.write(2, column as u16, *heading).unwrap();
    }
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let day = ExcelDateTime::from_ymd(2001, 2, 3).unwrap();
    sheet.write(3, 0, code(1)).unwrap();
    sheet.write(3, 1, "江城一号有限公司").unwrap();
    sheet.write_with_format(3, 2, &day, &date).unwrap();
    sheet.write(3, 3, 1_234.56).unwrap();
    sheet.write(3, 4, true).unwrap();
    sheet.write(3, 5, 12).unwrap();
    let path = setup.file("名单.xlsx", book.save_to_buffer().unwrap());
    let import = ImportOptions {
        sheet: Some("名单".to_owned()),
        ..options("市场监管", "2026-01-01")
    };
    let report = setup.import(&path, &import).await.unwrap();
    assert_eq!(
        (report.rows, report.accepted),
        (1, 1),
        "{:?}",
        report.examples
    );
    for (id, year, value) in [
        ("registered_on", None, "2001-02-03"),
        ("revenue", Some(2024), "12345600"),
        ("high_tech", None, "true"),
        ("employees", Some(2025), "12"),
    ] {
        assert_eq!(setup.fact(&code(1), id, year).await, value, "{id}");
    }
    let missing = ImportOptions {
        sheet: Some("没有".to_owned()),
        ..import
    };
    let error = setup
        .import(&path, &missing)
        .await
        .expect_err("no such sheet")
        .to_string();
    assert!(error.contains("说明、名单"), "{error}");
}

async fn foreign_capital_is_never_taken_as_yuan(db: TestDatabase) {
    let setup = setup(db).await;
    let text = format!(
        "uscc,name,capital_10k,currency\n{},甲,100,USD\n{},乙,100,CNY\n{},丙,100,\n{},丁,50美元,\n",
        code(1),
        code(2),
        code(3),
        code(4)
    );
    let report = setup.bring(&text, "市场监管", "2026-01-01").await;
    assert_eq!(report.accepted, 4);
    let found = [1, 2, 3, 4].map(code);
    assert_eq!(
        setup.fact(&found[0], "registered_capital", None).await,
        "unknown"
    );
    assert_eq!(setup.fact(&found[0], "capital_currency", None).await, "USD");
    assert_eq!(
        setup.fact(&found[1], "registered_capital", None).await,
        "1000000"
    );
    assert_eq!(
        setup.fact(&found[2], "registered_capital", None).await,
        "1000000"
    );
    assert_eq!(
        setup.fact(&found[3], "registered_capital", None).await,
        "unknown"
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.message.contains("USD") && note.count == 1),
        "{:?}",
        report.notes
    );
}

async fn a_new_enterprise_needs_a_name_an_old_one_does_not(db: TestDatabase) {
    let setup = setup(db).await;
    setup
        .bring(
            &format!("信用代码,企业名称\n{},甲\n", code(1)),
            "市场监管",
            "2026-01-01",
        )
        .await;
    let text = format!("信用代码,2024年营业收入\n{},5\n{},6\n", code(1), code(2));
    let report = setup.bring(&text, "税务", "2026-01-01").await;
    assert_eq!((report.accepted, report.rejected), (1, 1));
    assert!(
        report.examples[0].reason.contains("没有企业名称"),
        "{:?}",
        report.examples
    );
    assert_eq!(setup.fact(&code(1), "revenue", Some(2024)).await, "5");
}

async fn size_is_computed_until_somebody_states_it(db: TestDatabase) {
    let setup = setup(db).await;
    let name = format!("信用代码,企业名称,所属行业\n{},甲,C2710\n", code(1));
    setup.bring(&name, "市场监管", "2025-01-01").await;
    assert_eq!(setup.fact(&code(1), "size", None).await, "unknown");
    let figures = |people, revenue| {
        format!(
            "信用代码,2024年从业人数,2024年营业收入\n{},{people},{revenue}\n",
            code(1)
        )
    };
    setup
        .bring(&figures(100, "3000万"), "统计", "2025-02-01")
        .await;
    assert_eq!(setup.fact(&code(1), "size", None).await, "小型");
    let enterprise = setup.registry.enterprise(&code(1)).await.unwrap().unwrap();
    assert_eq!(enterprise.size.as_deref(), Some("小型"));
    assert!(
        enterprise.tags.contains(&"小微企业".to_owned()),
        "{:?}",
        enterprise.tags
    );
    let index = zhida_rules::Dictionary::shipped().find("size").unwrap();
    let source = enterprise
        .facts
        .get(index, None)
        .unwrap()
        .provenance
        .clone()
        .unwrap();
    assert_eq!(
        source.department,
        "系统计算（统计上大中小微型企业划分办法(2017)）"
    );
    assert_eq!(source.as_of.unwrap().to_string(), "2025-02-01");

    setup
        .bring(&figures(400, "3亿"), "统计", "2025-03-01")
        .await;
    assert_eq!(setup.fact(&code(1), "size", None).await, "中型");
    setup
        .bring(
            &format!("信用代码,企业规模\n{},大型\n", code(1)),
            "统计",
            "2020-01-01",
        )
        .await;
    assert_eq!(
        setup.fact(&code(1), "size", None).await,
        "大型",
        "what is stated wins over what is computed"
    );
    setup
        .bring(&figures(10, "10万"), "统计", "2025-04-01")
        .await;
    assert_eq!(setup.fact(&code(1), "size", None).await, "大型");
}

async fn importing_again_changes_nothing(db: TestDatabase) {
    let setup = setup(db).await;
    let old = format!("信用代码,企业名称,2024年营业收入\n{},甲,5\n", code(1));
    let new = format!("信用代码,企业名称,2024年营业收入\n{},甲,6\n", code(1));
    setup.bring(&new, "税务", "2025-06-01").await;
    let late = setup.bring(&old, "税务", "2025-01-01").await;
    assert_eq!(
        (late.accepted, late.unchanged),
        (1, 0),
        "the losing statement is kept in the history"
    );
    let version = setup.registry.version().await.unwrap();
    for text in [&old, &new] {
        let day = if text == &old {
            "2025-01-01"
        } else {
            "2025-06-01"
        };
        let again = setup.bring(text, "税务", day).await;
        assert_eq!((again.accepted, again.unchanged), (0, 1));
    }
    assert_eq!(setup.registry.version().await.unwrap(), version);
    let history = setup.registry.history(&code(1)).await.unwrap();
    assert_eq!(history.len(), 1);
    assert!(!history[0].facts[0].adopted);
    assert_eq!(history[0].facts[0].value, "5");
}

async fn an_interrupted_import_goes_on_where_it_stopped(db: TestDatabase) {
    let setup = setup(db).await;
    let rows: String = (1..=25_000)
        .map(|n| match n {
            // refused rows before and after the interruption, for either reason
            100 | 24_900 => format!("{},第{n}号,0001-01-01\n", code(n)),
            200 | 24_800 => format!("{},,2001-01-01\n", code(n)),
            _ => format!("{},第{n}号,2001-01-01\n", code(n)),
        })
        .collect();
    let path = setup.file("many.csv", format!("信用代码,企业名称,成立日期\n{rows}"));
    let importer = Importer::new(Arc::clone(&setup.registry));
    let schema = setup.db.dump_schema().await.unwrap();
    let broken = interrupted(importer, &path).await;
    assert!(broken, "the import was killed after its first chunk");
    let stopped = setup
        .registry
        .batches(&zhida_platform::paging::PageRequest::default())
        .await
        .unwrap();
    let batch = &stopped.items[0];
    let without_list_indexes = setup.db.dump_schema().await.unwrap();
    assert!(without_list_indexes.len() < schema.len());
    assert_eq!(
        (batch.status, batch.position, batch.total),
        (BatchStatus::Running, 10_000, 25_000)
    );

    let report = setup
        .import(&path, &options("市场监管", "2026-01-01"))
        .await
        .unwrap();
    assert_eq!(report.resumed_after, Some(10_000));
    assert_eq!(setup.db.dump_schema().await.unwrap(), schema);
    assert_eq!(report.batch, Some(batch.no));
    assert_eq!(
        (
            report.rows,
            report.accepted,
            report.rejected,
            report.created
        ),
        (25_000, 24_996, 4, 24_996)
    );
    let refused: Vec<u64> = report.examples.iter().map(|row| row.row).collect();
    assert_eq!(refused, [101, 201, 24_801, 24_901]);
    let done = setup.registry.batch(batch.no).await.unwrap();
    assert_eq!(
        (done.status, done.accepted, done.rejected),
        (BatchStatus::Done, 24_996, 4)
    );
    assert_eq!(
        setup
            .registry
            .count(&zhida_registry::Query::default())
            .await
            .unwrap(),
        24_996
    );
    let again = setup
        .import(&path, &options("市场监管", "2026-01-01"))
        .await
        .unwrap();
    assert_eq!(
        (again.accepted, again.unchanged, again.resumed_after),
        (0, 24_996, None)
    );
}

/// Dies when the first chunk is stored, as a killed process does.
struct Killer(AtomicU64);

impl Progress for Killer {
    fn report(&self, done: u64, _total: Option<u64>, _message: &str) {
        if done > 0 && self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            panic!("killed");
        }
    }
}

async fn interrupted(importer: Importer, path: &Path) -> bool {
    let path = path.to_owned();
    let killed = tokio::spawn(async move {
        let options = options("市场监管", "2026-01-01");
        importer
            .run(&path, &options, &Killer(AtomicU64::new(0)))
            .await
    });
    killed.await.is_err()
}

both_databases!(
    the_same_table_in_every_form_gives_the_same_facts,
    workbooks_are_read_as_people_see_them,
    foreign_capital_is_never_taken_as_yuan,
    a_new_enterprise_needs_a_name_an_old_one_does_not,
    size_is_computed_until_somebody_states_it,
    importing_again_changes_nothing,
    an_interrupted_import_goes_on_where_it_stopped,
);
