//! The schemes that the demonstration publishes, for the items that Zhida ships.

use std::path::PathBuf;
use std::sync::Arc;

use zhida_platform::progress::Silent;
use zhida_policies::import::{ImportOptions, import_paths};
use zhida_redemption::Scheme;
use zhida_testkit::sqlite;

use crate::world::{World, editor};

#[tokio::test]
async fn every_shipped_scheme_can_be_published_and_has_nothing_against_it() {
    let world = World::new(sqlite().await).await;
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    let options = ImportOptions::default();
    let report = import_paths(
        &Arc::clone(&world.policies),
        &[root.join("policies")],
        &options,
        &Silent,
    )
    .await
    .unwrap();
    assert_eq!(report.rejected, 0, "{:?}", report.reasons);
    let mut published = 0;
    for file in std::fs::read_dir(root.join("schemes/demo")).unwrap() {
        let path = file.unwrap().path();
        let scheme = Scheme::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let checked = world.redemption.check_scheme(&scheme).await.unwrap();
        assert!(
            checked.errors().is_empty(),
            "{}: {:?}",
            path.display(),
            checked.errors()
        );
        world
            .redemption
            .publish_scheme(&editor(), &scheme, 0)
            .await
            .unwrap();
        published += 1;
    }
    assert_eq!(published, 3);
    let broken = Scheme::read("item: x\npreset: [").unwrap_err();
    assert!(broken.detail.contains("第 2 行"), "{}", broken.detail);
}
