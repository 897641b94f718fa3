//! The items in the repository's `data/policies`.

use std::path::{Path, PathBuf};

use zhida_platform::progress::Silent;
use zhida_policies::import::{ImportOptions, import_paths};
use zhida_policies::lint::Severity;
use zhida_testkit::sqlite;

use crate::empty;

#[tokio::test]
async fn all_shipped_policies_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/policies");
    let db = sqlite().await;
    let policies = empty(&db).await;
    let options = ImportOptions::default();
    // Vectors are facts and expected verdicts for the demo's tests, not a policy file.
    let files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.file_name().is_some_and(|name| name != "vectors.yaml")
                && path.extension().is_some_and(|kind| kind == "yaml")
        })
        .collect();
    let report = import_paths(&policies, &files, &options, &Silent)
        .await
        .unwrap();
    assert_eq!(report.rejected, 0, "{:#?}", report.reasons);
    assert!(
        report.accepted >= 60,
        "at least 60 real items: {}",
        report.accepted
    );
    let unmeetable: Vec<_> = report
        .warnings
        .iter()
        .filter(|warning| {
            warning.finding.severity == Severity::Error
                && matches!(warning.finding.code, "never_met" | "cap_differs")
        })
        .collect();
    assert!(unmeetable.is_empty(), "{unmeetable:#?}");
    let catalogue = policies.catalogue(policies.today());
    assert!(catalogue.broken.is_empty());
    assert_eq!(catalogue.items.len() as u64, report.accepted);
}
