//! Import: sums, rejects by field, unchanged files, hostile files.

use zhida_platform::progress::Silent;
use zhida_policies::import::{ImportOptions, import_paths, rejects_csv};
use zhida_policies::{Error, Query};
use zhida_testkit::{TestDatabase, both_databases};

use crate::{SAMPLE, empty, entry, import, import_with, sample};

async fn the_same_file_again_changes_nothing(db: TestDatabase) {
    let policies = sample(&db).await;
    let version = policies.catalogue(policies.today()).version;
    let report = import(&policies, SAMPLE).await;
    assert_eq!(
        (report.accepted, report.unchanged, report.rejected),
        (0, 2, 0)
    );
    assert_eq!(policies.catalogue(policies.today()).version, version);
    assert_eq!(
        policies
            .revisions("sample-gaoqi-jiangli")
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn only_the_changed_item_gets_a_revision(db: TestDatabase) {
    let policies = sample(&db).await;
    let report = import(&policies, &SAMPLE.replace("0531-00000001", "0531-00000009")).await;
    assert_eq!((report.accepted, report.unchanged), (1, 1));
    assert_eq!(
        policies
            .revisions("sample-yanfa-buzhu")
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        policies
            .revisions("sample-gaoqi-jiangli")
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn a_broken_item_stays_out_and_the_others_come_in(db: TestDatabase) {
    let policies = empty(&db).await;
    let text = SAMPLE.replace("上年.研发费用 > 前年.研发费用", "上年.研发经费 > 0");
    let report = import(&policies, &text).await;
    assert_eq!((report.accepted, report.rejected), (1, 1));
    let reason = &report.reasons[0];
    assert_eq!(
        (reason.item.as_str(), reason.field.as_str()),
        ("sample-yanfa-buzhu", "conditions[1].rule")
    );
    assert!(reason.message.contains("研发经费"), "{reason:?}");
    assert!(reason.hint.contains("研发费用"), "{reason:?}");
    assert_eq!(policies.count(&Query::default()).await.unwrap(), 1);
}

async fn a_dry_run_tells_and_stores_nothing(db: TestDatabase) {
    let policies = empty(&db).await;
    let options = ImportOptions {
        dry_run: true,
        ..ImportOptions::default()
    };
    let report = import_with(&policies, &[("a.yaml", SAMPLE)], options).await;
    assert_eq!((report.rows, report.accepted), (2, 2));
    assert_eq!(policies.count(&Query::default()).await.unwrap(), 0);
}

async fn doubles_and_foreign_items_are_refused(db: TestDatabase) {
    let policies = sample(&db).await;
    let moved = SAMPLE.replace("id: sample-gaoqi-2026", "id: moved-2026");
    let files = [
        ("a.yaml", SAMPLE),
        ("b.yaml", SAMPLE),
        ("c.yaml", moved.as_str()),
    ];
    let report = import_with(&policies, &files, ImportOptions::default()).await;
    assert_eq!((report.rows, report.unchanged, report.rejected), (6, 2, 4));
    assert!(
        report
            .reasons
            .iter()
            .any(|reason| reason.message.contains("a.yaml"))
    );
    let report = import(&policies, &moved).await;
    assert_eq!(report.rejected, 2);
    assert!(
        report.reasons[0].message.contains("sample-gaoqi-2026"),
        "{:?}",
        report.reasons
    );
}

async fn hostile_files_are_refused_with_a_reason(db: TestDatabase) {
    let policies = sample(&db).await;
    let before = entry(&policies, "sample-gaoqi-jiangli").await;
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{list}]\n"));
    }
    let deep = format!("document: {}{}", "[".repeat(500), "]".repeat(500));
    let year_one = SAMPLE.replace("2026-01-05", "0001-01-01");
    let long = SAMPLE.replace("市科学技术局高新处", &"长".repeat(10_000));
    let province = SAMPLE.replace("regions: [\"370100\"]", "regions: [\"济南\"]");
    let files = [
        ("bomb.yaml", bomb.as_str(), "", 1),
        ("deep.yaml", &deep, "", 1),
        ("empty.yaml", "", "document", 1),
        ("list.yaml", "- 1\n", "document", 1),
        ("nothing.yaml", "document: {id: a}\nitems: []\n", "items", 1),
        (
            "tag.yaml",
            "document: !!python/object:os.system x\nitems: [1]\n",
            "",
            1,
        ),
        ("year.yaml", &year_one, "1900", 2),
        ("long.yaml", &long, "8000", 1),
        ("names.yaml", &province, "济南", 2),
    ];
    for (name, text, word, rejected) in files {
        let report = import_with(&policies, &[(name, text)], ImportOptions::default()).await;
        assert_eq!(report.rejected, rejected, "{name}: {:?}", report.reasons);
        let told = |reason: &zhida_policies::import::Reject| {
            !reason.hint.is_empty() && (reason.message.contains(word) || reason.hint.contains(word))
        };
        assert!(
            report.reasons.iter().any(told),
            "{name}: {:?}",
            report.reasons
        );
    }
    assert_eq!(
        entry(&policies, "sample-gaoqi-jiangli").await.document,
        before.document
    );
}

async fn folders_are_read_and_rejects_written(db: TestDatabase) {
    let policies = empty(&db).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("市级")).unwrap();
    std::fs::write(folder.path().join("市级/a.yaml"), SAMPLE).unwrap();
    std::fs::write(
        folder.path().join("b.json"),
        r#"{"document": {"id": "=cmd()"}, "items": [{}]}"#,
    )
    .unwrap();
    std::fs::write(folder.path().join("readme.txt"), "不是政策文件").unwrap();
    let rejects = folder.path().join("rejects.csv");
    let options = ImportOptions {
        rejects: Some(rejects.clone()),
        ..ImportOptions::default()
    };
    let paths = [folder.path().to_path_buf()];
    let report = import_paths(&policies, &paths, &options, &Silent)
        .await
        .unwrap();
    assert_eq!(
        (report.files, report.rows, report.accepted, report.rejected),
        (2, 3, 2, 1)
    );
    assert_eq!(report.rejects.as_ref(), Some(&rejects));
    let csv = std::fs::read_to_string(&rejects).unwrap();
    assert!(
        csv.starts_with("\u{feff}文件") && csv.contains("b.json"),
        "{csv}"
    );
    let nothing = import_paths(
        &policies,
        &[folder.path().join("missing")],
        &options,
        &Silent,
    )
    .await;
    assert!(matches!(nothing, Err(Error::File { .. })));
}

both_databases!(
    the_same_file_again_changes_nothing,
    only_the_changed_item_gets_a_revision,
    a_broken_item_stays_out_and_the_others_come_in,
    a_dry_run_tells_and_stores_nothing,
    doubles_and_foreign_items_are_refused,
    hostile_files_are_refused_with_a_reason,
    folders_are_read_and_rejects_written,
);

#[test]
fn cells_of_the_rejects_cannot_run_as_formulas() {
    let reject = zhida_policies::import::Reject {
        file: "=cmd|' /C calc'!A0".into(),
        item: "a\"b".into(),
        field: String::new(),
        message: String::new(),
        hint: String::new(),
    };
    let csv = String::from_utf8(rejects_csv(&[reject])).unwrap();
    assert!(csv.contains("\"'=cmd|' /C calc'!A0\",\"a\"\"b\""), "{csv}");
}
