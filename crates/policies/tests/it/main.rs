//! The library on both databases, its import, its API and its pages.
#![allow(clippy::unwrap_used)] // a failed test may panic

mod attachments;
mod browser;
mod importing;
mod library;
mod pages;
mod shipped;

use std::sync::Arc;

use zhida_platform::clock::{FixedClock, SharedClock};
use zhida_platform::progress::Silent;
use zhida_policies::import::{ImportOptions, ImportReport, SourceFile, import_files};
use zhida_policies::{Policies, PolicyEntry};
use zhida_rules::Dictionary;
use zhida_testkit::TestDatabase;

/// The sample file of the crate.
pub(crate) const SAMPLE: &str = include_str!("../data/sample.yaml");

pub(crate) fn clock() -> SharedClock {
    Arc::new(FixedClock::on("2026-11-22".parse().unwrap()))
}

/// An empty library.
pub(crate) async fn empty(db: &TestDatabase) -> Arc<Policies> {
    db.migrate(&[zhida_policies::migrations()]).await.unwrap();
    Arc::new(
        Policies::new(db.handle(), Dictionary::shipped(), clock())
            .await
            .unwrap(),
    )
}

/// A library with the two sample items.
pub(crate) async fn sample(db: &TestDatabase) -> Arc<Policies> {
    let policies = empty(db).await;
    let report = import(&policies, SAMPLE).await;
    assert_eq!(
        (report.accepted, report.rejected),
        (2, 0),
        "{:?}",
        report.reasons
    );
    policies
}

pub(crate) async fn import(policies: &Policies, text: &str) -> ImportReport {
    import_with(policies, &[("样例.yaml", text)], ImportOptions::default()).await
}

pub(crate) async fn import_with(
    policies: &Policies,
    files: &[(&str, &str)],
    options: ImportOptions,
) -> ImportReport {
    let files = files
        .iter()
        .map(|(name, text)| SourceFile {
            name: (*name).into(),
            bytes: text.as_bytes().to_vec(),
        })
        .collect();
    let options = ImportOptions {
        actor: "经办员甲".into(),
        ..options
    };
    let report = import_files(policies, files, &options, &Silent)
        .await
        .unwrap();
    assert_eq!(
        report.rows,
        report.accepted + report.rejected + report.unchanged
    );
    report
}

/// The published content of an item.
pub(crate) async fn entry(policies: &Policies, id: &str) -> PolicyEntry {
    policies.item(id).await.unwrap().current.unwrap().entry
}
