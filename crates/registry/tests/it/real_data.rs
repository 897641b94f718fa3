//! The real registrations, which may not be copied into the repository: run with
//! `ZHIDA_TEST_ENTERPRISES=FOLDER cargo nextest run -p zhida-registry --run-ignored all real_data`.

use std::path::PathBuf;

use zhida_testkit::TestDatabase;

use crate::support::{options, setup};

fn folder() -> PathBuf {
    PathBuf::from(
        std::env::var_os("ZHIDA_TEST_ENTERPRISES")
            .expect("ZHIDA_TEST_ENTERPRISES names the folder"),
    )
}

async fn real_registrations(db: TestDatabase) {
    let setup = setup(db).await;
    let options = options("市场监管", "2005-01-01");
    let started = std::time::Instant::now();
    let report = setup
        .import(&folder().join("shandong.csv.gz"), &options)
        .await
        .unwrap();
    println!(
        "{:?}: {} 行，{:?}",
        setup.db.engine(),
        report.rows,
        started.elapsed()
    );
    println!("{:#?}\n{:#?}", report.notes, report.examples);
    assert_eq!(
        (report.rows, report.accepted, report.rejected),
        (37_534, 37_534, 0)
    );
    let started = std::time::Instant::now();
    let again = setup
        .import(&folder().join("shandong.csv.gz"), &options)
        .await
        .unwrap();
    println!("again: {:?}", started.elapsed());
    assert_eq!(
        (again.accepted, again.unchanged, again.rejected),
        (0, 37_534, 0)
    );

    let report = setup
        .import(&folder().join("invalid_uscc.csv.gz"), &options)
        .await
        .unwrap();
    assert_eq!(
        (report.rows, report.accepted, report.rejected),
        (3_361, 0, 3_361)
    );
    let rejects = std::fs::read_to_string(report.rejects.unwrap()).unwrap();
    assert_eq!(rejects.matches("15 位旧工商注册号").count(), 3_039);
}

mod real {
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs ZHIDA_TEST_ENTERPRISES, a folder that is not in the repository"]
    async fn sqlite() {
        super::real_registrations(zhida_testkit::sqlite().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs ZHIDA_TEST_ENTERPRISES, a folder that is not in the repository"]
    async fn postgres() {
        super::real_registrations(zhida_testkit::postgres().await).await;
    }
}
