//! A start from a snapshot answers as one from the registry, or does not use the snapshot.

use std::fs;
use std::sync::{Arc, Mutex};

use zhida_matching::Matching;
use zhida_platform::clock::SharedClock;
use zhida_platform::progress::Progress;
use zhida_rules::Dictionary;
use zhida_testkit::{TestDatabase, both_databases};

use crate::engine::agree;
use crate::support::{OTHERS, Setup, code, filled, first};

/// What was said while it loaded.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn report(&self, _done: u64, _total: Option<u64>, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

/// Where an engine came from.
#[derive(Debug, PartialEq)]
enum Source {
    Snapshot,
    Registry,
    /// There was a snapshot, but too much had changed since.
    Both,
}

async fn load(matching: &Matching) -> Source {
    let told = Told::default();
    matching.prepare(&told).await.unwrap();
    assert!(matching.is_ready());
    let told = told.0.into_inner().unwrap();
    let said = |words: &str| told.iter().any(|told| told.contains(words));
    match (said("快照"), said("建立")) {
        (true, false) => Source::Snapshot,
        (false, true) => Source::Registry,
        (true, true) => Source::Both,
        (false, false) => panic!("nothing was said: {told:?}"),
    }
}

async fn restart(setup: &mut Setup) -> Source {
    setup.restarted();
    load(&setup.matching).await
}

/// A setup of which a snapshot was saved.
async fn saved(db: TestDatabase) -> Setup {
    let mut setup = filled(db).await;
    assert_eq!(restart(&mut setup).await, Source::Registry);
    setup.matching.save_snapshot().await.unwrap();
    setup
}

async fn a_restart_reads_the_snapshot_and_what_was_written_since(db: TestDatabase) {
    let mut setup = saved(db).await;
    assert_eq!(restart(&mut setup).await, Source::Snapshot);
    agree(&setup, &["2026-11-22", "2025-06-30"]).await;
    setup
        .bring(
            &format!(
                "统一社会信用代码,企业名称,所在区划,从业人数,高新技术企业\n\
                 {},济南样例制造有限公司,370202,120,否\n{},新来的样例企业,370112,30,是\n",
                first(),
                code(OTHERS + 9)
            ),
            "2026-09-30",
        )
        .await;
    setup.policies.withdraw("经办员甲", "jiuye").await.unwrap();
    assert_eq!(restart(&mut setup).await, Source::Snapshot);
    agree(&setup, &["2026-11-22"]).await;

    // What a stop saves holds what changed since the start.
    setup.matching.save_snapshot().await.unwrap();
    setup.clock.set("2026-12-16");
    assert_eq!(restart(&mut setup).await, Source::Snapshot);
    agree(&setup, &["2026-12-16"]).await;
    // Documents that cannot be read show that nobody reads them.
    setup
        .tamper("UPDATE enterprise_facts SET facts = 'damaged'")
        .await;
    assert_eq!(restart(&mut setup).await, Source::Snapshot);
}

async fn nothing_is_saved_when_nothing_changed(db: TestDatabase) {
    let mut setup = saved(db).await;
    let manifest = setup.snapshots().join("matching/snapshot/manifest.json");
    let before = fs::read(&manifest).unwrap();
    setup.matching.save_snapshot().await.unwrap();
    restart(&mut setup).await;
    setup.matching.save_snapshot().await.unwrap();
    assert_eq!(fs::read(&manifest).unwrap(), before);
    let text = format!("统一社会信用代码,企业名称,从业人数\n{},甲,7\n", first());
    setup.bring(&text, "2026-09-30").await;
    restart(&mut setup).await;
    setup.matching.save_snapshot().await.unwrap();
    assert_ne!(fs::read(&manifest).unwrap(), before);
}

async fn a_damaged_snapshot_is_made_anew(db: TestDatabase) {
    let mut setup = saved(db).await;
    for file in ["enterprises.parquet", "rules.bin", "manifest.json"] {
        let path = setup.snapshots().join("matching/snapshot").join(file);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(restart(&mut setup).await, Source::Registry, "{file}");
        agree(&setup, &["2026-11-22"]).await;
        setup.matching.save_snapshot().await.unwrap();
        assert_eq!(restart(&mut setup).await, Source::Snapshot, "{file}");
    }
    let manifest = setup.snapshots().join("matching/snapshot/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"version\": 1", "\"version\": 0")).unwrap();
    assert_eq!(restart(&mut setup).await, Source::Registry, "an older form");
    fs::remove_dir_all(setup.snapshots()).unwrap();
    assert_eq!(restart(&mut setup).await, Source::Registry);
}

async fn a_snapshot_of_another_state_is_not_used(db: TestDatabase) {
    let mut setup = saved(db).await;
    // As when the database is restored from a backup older than the snapshot.
    setup.tamper("DELETE FROM match_snapshot").await;
    assert_eq!(restart(&mut setup).await, Source::Registry);
    setup.matching.save_snapshot().await.unwrap();
    assert_eq!(restart(&mut setup).await, Source::Snapshot);
}

async fn a_snapshot_of_another_dictionary_is_not_used(db: TestDatabase) {
    let setup = saved(db).await;
    let shipped = include_str!("../../../../data/dictionary.yaml");
    let fresh = "  - { id: fresh, name: 新属性, kind: bool, department: 科技 }\nconstants:\n";
    let more = shipped.replace("constants:\n", fresh);
    let dictionary = Dictionary::from_yaml(&more).unwrap();
    let matching = Matching::new(
        setup.db.handle(),
        Arc::clone(&setup.registry),
        Arc::clone(&setup.policies),
        Box::leak(Box::new(dictionary)),
        Arc::clone(&setup.clock) as SharedClock,
    );
    let matching = matching.with_snapshots(&setup.snapshots());
    assert_eq!(load(&matching).await, Source::Registry);
}

async fn too_many_changes_are_loaded_anew(db: TestDatabase) {
    let mut setup = saved(db).await;
    let line = |n: usize| format!("{},样例企业{n}号\n", code(n));
    let lines: String = (OTHERS + 1..OTHERS + 5_002).map(line).collect();
    let text = format!("统一社会信用代码,企业名称\n{lines}");
    setup.bring(&text, "2026-09-30").await;
    assert_eq!(restart(&mut setup).await, Source::Both);
    setup.matching.save_snapshot().await.unwrap();
    assert_eq!(restart(&mut setup).await, Source::Snapshot);
    agree(&setup, &["2026-11-22"]).await;
}

both_databases!(
    a_restart_reads_the_snapshot_and_what_was_written_since,
    nothing_is_saved_when_nothing_changed,
    a_damaged_snapshot_is_made_anew,
    a_snapshot_of_another_state_is_not_used,
    a_snapshot_of_another_dictionary_is_not_used,
    too_many_changes_are_loaded_anew,
);
