//! Export templates on both databases: kept, replaced, bounded, removed, each with its record, and nobody else's.

use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;
use zhida_platform::access::{Origin, Person, Viewer};
use zhida_platform::audit::{self, Query, Record};
use zhida_platform::clock::FixedClock;
use zhida_platform::export::{Chosen, ExportTemplates};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{TestDatabase, both_databases};

const LIST: &str = "test.list";

async fn templates(db: &TestDatabase) -> ExportTemplates {
    db.migrate(&[]).await.expect("the schema is built");
    let day = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a date");
    ExportTemplates::new(db.handle(), Arc::new(FixedClock::on(day)))
}

fn person(account: u128) -> Viewer {
    Viewer::person(Person {
        account: Uuid::from_u128(account),
        name: format!("账号 {account}"),
        seat: None,
        second_factor: true,
        token: None,
        origin: Origin::default(),
    })
}

async fn records(db: &TestDatabase) -> Vec<Record> {
    let page = PageRequest::first(100);
    let query = Query {
        oldest_first: true,
        ..Query::default()
    };
    let found = audit::list(&db.handle(), &query, &page).await;
    found.expect("the records").items
}

async fn names(templates: &ExportTemplates, viewer: &Viewer, list: &str) -> Vec<String> {
    let found = templates.list(viewer, list).await.expect("the templates");
    found.into_iter().map(|one| one.name).collect()
}

async fn they_are_kept_replaced_and_removed_each_with_its_record(db: TestDatabase) {
    let templates = templates(&db).await;
    let me = person(1);
    let save = async |name: &str, columns: &str| {
        let chosen = Chosen::read(["", columns]);
        templates.save(&me, LIST, name, &chosen).await
    };
    save("月报", "编号,企业").await.expect("kept");
    save("核对", "=1+1").await.expect("kept");
    save("月报", "编号").await.expect("replaced");
    let there = templates.list(&me, LIST).await.expect("the templates");
    let told: Vec<(&str, &[String])> = there
        .iter()
        .map(|one| (one.name.as_str(), one.headings.as_slice()))
        .collect();
    assert_eq!(
        told,
        [
            ("月报", &["编号".to_owned()][..]),
            ("核对", &["=1+1".to_owned()][..])
        ]
    );
    assert!(names(&templates, &me, "test.other").await.is_empty());
    templates.remove(&me, &there[0].id).await.expect("removed");
    assert_eq!(names(&templates, &me, LIST).await, ["核对"]);
    let records = records(&db).await;
    let actions: Vec<&str> = records.iter().map(|one| one.action.as_str()).collect();
    let (save, remove) = ("export_template.save", "export_template.remove");
    assert_eq!(actions, [save, save, save, remove]);
    let replaced = &records[2];
    assert_eq!(replaced.subject_id, there[0].id, "it keeps its id");
    let columns = |part: &Option<serde_json::Value>| {
        let part = part.as_ref().expect("what it was");
        part["columns"].to_string()
    };
    assert_eq!(columns(&replaced.before), r#"["编号","企业"]"#);
    assert_eq!(columns(&replaced.after), r#"["编号"]"#);
    assert_eq!(columns(&records[3].before), r#"["编号"]"#);
}

async fn another_account_neither_sees_nor_removes_them(db: TestDatabase) {
    let templates = templates(&db).await;
    let (me, other) = (person(1), person(2));
    let chosen = Chosen::read(["编号"]);
    templates
        .save(&me, LIST, "月报", &chosen)
        .await
        .expect("kept");
    let id = templates.list(&me, LIST).await.expect("the templates")[0]
        .id
        .clone();
    assert!(names(&templates, &other, LIST).await.is_empty());
    assert!(names(&templates, &Viewer::visitor(), LIST).await.is_empty());
    let theirs = templates.remove(&other, &id).await.expect_err("another's");
    let none = templates.remove(&other, "0").await.expect_err("nobody's");
    assert_eq!(theirs.to_json(), none.to_json());
    assert_eq!(theirs.status.as_u16(), 404);
    for refused in [
        templates.remove(&Viewer::visitor(), &id).await,
        templates
            .save(&Viewer::visitor(), LIST, "月报", &chosen)
            .await,
    ] {
        assert_eq!(refused.expect_err("a visitor").status.as_u16(), 401);
    }
    // the same name is another template of another account
    templates
        .save(&other, LIST, "月报", &chosen)
        .await
        .expect("kept");
    assert_eq!(names(&templates, &me, LIST).await, ["月报"]);
    assert_eq!(records(&db).await.len(), 2);
}

async fn what_cannot_be_kept_is_refused_in_words(db: TestDatabase) {
    let templates = templates(&db).await;
    let me = person(1);
    let long = "长".repeat(21);
    let headings: Vec<String> = (0..101).map(|number| format!("列{number}")).collect();
    let headings = headings.join(",");
    let wide = "宽".repeat(61);
    for (list, name, columns, words) in [
        (LIST, "", "编号", "最多 20 个字"),
        (LIST, long.as_str(), "编号", "最多 20 个字"),
        (LIST, "月报", "", "至少选择一列"),
        (LIST, "月报", headings.as_str(), "列表里有的列"),
        (LIST, "月报", wide.as_str(), "列表里有的列"),
        ("", "月报", "编号", "哪个列表"),
        ("../list", "月报", "编号", "哪个列表"),
    ] {
        let refused = templates
            .save(&me, list, name, &Chosen::read([columns]))
            .await;
        let problem = refused.expect_err(words);
        assert_eq!(problem.status.as_u16(), 400);
        assert!(problem.detail.contains(words), "{problem}");
    }
    assert!(
        templates
            .save(&me, LIST, "月报", &Chosen::default())
            .await
            .is_err(),
        "nothing was chosen"
    );
    let chosen = Chosen::read(["编号"]);
    for number in 0..20 {
        let name = format!("模板 {number}");
        templates
            .save(&me, LIST, &name, &chosen)
            .await
            .expect("kept");
    }
    let full = templates.save(&me, LIST, "第二十一个", &chosen).await;
    let full = full.expect_err("too many");
    assert!(full.detail.contains("最多保存 20 个"), "{full}");
    // there is room for another of a name that is there, and in another list
    templates
        .save(&me, LIST, "模板 7", &chosen)
        .await
        .expect("replaced");
    templates
        .save(&me, "test.other", "模板", &chosen)
        .await
        .expect("kept");
    assert_eq!(records(&db).await.len(), 22);
}

both_databases!(
    they_are_kept_replaced_and_removed_each_with_its_record,
    another_account_neither_sees_nor_removes_them,
    what_cannot_be_kept_is_refused_in_words,
);
