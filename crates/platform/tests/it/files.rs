//! The file store: what is handed in comes back, once on disk, whole or not at
//! all.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::response::IntoResponse;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use proptest::prelude::*;
use tempfile::TempDir;
use zhida_platform::clock::{Clock, FixedClock};
use zhida_platform::config::Config;
use zhida_platform::db::Database;
use zhida_platform::files::{
    FileError, FileRecord, FileStore, FileUse, FilesConfig, RECEIVED, Received, State, Subject,
    Upload, kinds,
};
use zhida_platform::progress::Silent;
use zhida_testkit::{TestDatabase, both_databases};

/// Everything that is ever taken.
pub(crate) const ANYTHING: FileUse = FileUse {
    name: "材料",
    kinds: &[
        kinds::IMAGES,
        kinds::PAGES,
        kinds::OFFICE,
        kinds::TEXT,
        kinds::ARCHIVES,
        kinds::AUDIO,
        kinds::VIDEO,
    ],
    bytes_max: 64 << 20,
};
pub(crate) const CASE: Subject<'static> = Subject {
    kind: "case",
    id: "42",
};

/// A clock that the test moves.
#[derive(Debug)]
pub(crate) struct HandClock(Mutex<DateTime<Utc>>);

impl HandClock {
    /// Noon in Shanghai on 2026-11-22.
    pub fn new() -> Arc<Self> {
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a valid date");
        Arc::new(Self(Mutex::new(FixedClock::on(day).now())))
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("not poisoned") += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("not poisoned")
    }
}

/// A store in a folder of its own.
pub(crate) struct Shelf {
    pub store: FileStore,
    pub clock: Arc<HandClock>,
    pub folder: TempDir,
}

impl Shelf {
    pub fn new(change: impl FnOnce(&mut FilesConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = HandClock::new();
        let store = open(folder.path(), clock.clone(), change);
        Self {
            store,
            clock,
            folder,
        }
    }

    pub async fn receive(&self, name: &str, content: &[u8]) -> Result<Received, FileError> {
        let upload = Upload {
            name,
            bytes: None,
            purpose: &ANYTHING,
        };
        self.store.receive(upload, pieces(content, 1_000)).await
    }

    /// Hands a file in for [`CASE`].
    pub async fn hand_in(&self, db: &Database, name: &str, content: &[u8], by: &str) -> FileRecord {
        let received = self.receive(name, content).await.expect("taken");
        attach(&self.store, db, &received, by)
            .await
            .expect("attached")
    }

    /// Every file in the folder.
    pub fn on_disk(&self) -> BTreeSet<PathBuf> {
        let mut folders = vec![self.folder.path().to_path_buf()];
        let mut files = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(path);
                }
            }
        }
        files
    }
}

fn open(folder: &Path, clock: Arc<HandClock>, change: impl FnOnce(&mut FilesConfig)) -> FileStore {
    let mut config = Config::default().files;
    config.folder = folder.join("files").display().to_string();
    change(&mut config);
    FileStore::open(&config, clock).expect("opened")
}

pub(crate) async fn attach(
    store: &FileStore,
    db: &Database,
    received: &Received,
    by: &str,
) -> Result<FileRecord, FileError> {
    db.write(|tx| async move { store.attach(&tx, received, CASE, by).await })
        .await
}

pub(crate) fn pieces(
    content: &[u8],
    size: usize,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Unpin + use<> {
    let pieces: Vec<_> = content
        .chunks(size.max(1))
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    stream::iter(pieces)
}

pub(crate) async fn read(
    store: &FileStore,
    db: &Database,
    id: &str,
    reader: &str,
) -> Result<Vec<u8>, FileError> {
    let download = store.open_for(db, id, reader).await?;
    let pieces: Vec<Bytes> = download.content.try_collect().await?;
    Ok(pieces.concat())
}

/// A PDF as far as its first bytes tell.
pub(crate) fn pdf(rest: &[u8]) -> Vec<u8> {
    [b"%PDF-1.7\n", rest].concat()
}

/// The head of a PNG of this size.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

both_databases!(
    what_is_handed_in_comes_back,
    the_same_content_is_kept_once,
    many_at_once_keep_one_content,
    a_file_lives_and_dies_with_its_transaction,
    a_spoilt_file_ends_with_an_error_and_is_mended_by_a_new_upload,
    a_lost_file_says_so,
    what_nothing_refers_to_is_swept,
    what_a_room_received_and_left_lying_is_swept_and_nothing_else_of_it,
    a_night_finds_what_the_disk_has_spoilt,
);

async fn what_is_handed_in_comes_back(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    let content = pdf(&[7; 300_000]);
    let file = shelf
        .hand_in(&db, "../营业执照.PDF", &content, "account-1")
        .await;
    assert_eq!(file.name, "营业执照.PDF");
    assert_eq!(file.media_type, "application/pdf");
    assert_eq!(file.bytes, 300_009);
    assert_eq!(
        file.state,
        State::Unscanned,
        "no scanner is configured, and it says so"
    );
    assert!(file.state.word().contains("没有配置"));
    assert_eq!(file.uploaded_at, shelf.clock.now());
    let listed = shelf
        .store
        .of_subject(db.conn(), CASE)
        .await
        .expect("listed");
    assert_eq!(listed, std::slice::from_ref(&file));
    let other = Subject {
        kind: "case",
        id: "4",
    };
    assert_eq!(
        shelf
            .store
            .of_subject(db.conn(), other)
            .await
            .expect("listed"),
        []
    );

    assert_eq!(
        read(&shelf.store, &db, &file.id, "account-2")
            .await
            .expect("read"),
        content
    );
    let path = shelf.on_disk().pop_first().expect("one file");
    let digest = &file.digest;
    assert!(path.ends_with(format!("files/{}/{}/{digest}", &digest[..2], &digest[2..4])));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&path).expect("it is there").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600, "for the owner only");

    let download = shelf
        .store
        .open_for(&db, &file.id, "account-2")
        .await
        .expect("opened");
    let response = download.into_response();
    let header = |name: &str| response.headers()[name].to_str().expect("ASCII").to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(header("content-length"), "300009");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let disposition = header("content-disposition");
    assert!(disposition.starts_with("inline; filename=\"____.PDF\"; filename*=UTF-8''%E8%90%A5"));
    let body = to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("a body");
    assert_eq!(body, content);

    let text = shelf
        .hand_in(&db, "a.csv", b"code,name\n", "account-1")
        .await;
    let download = shelf
        .store
        .open_for(&db, &text.id, "account-2")
        .await
        .expect("opened");
    assert!(
        !download.is_inline(),
        "only pictures and PDF are shown in place"
    );
    let missing = shelf
        .store
        .open_for(&db, "nobody", "account-1")
        .await
        .expect_err("missing");
    assert!(matches!(missing, FileError::NotFound { .. }), "{missing}");
}

async fn the_same_content_is_kept_once(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    let one = shelf.hand_in(&db, "a.pdf", &pdf(b"x"), "account-1").await;
    let two = shelf.hand_in(&db, "b.pdf", &pdf(b"x"), "account-2").await;
    assert_eq!(one.digest, two.digest);
    assert_ne!(one.id, two.id);
    assert_eq!(shelf.on_disk().len(), 1);
}

async fn many_at_once_keep_one_content(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Arc::new(Shelf::new(|_| {}));
    let content = Arc::new(pdf(&[9; 200_000]));
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (shelf, content, db) = (shelf.clone(), content.clone(), db.handle());
            tokio::spawn(async move {
                shelf
                    .hand_in(&db, &format!("{number}.pdf"), &content, "account-1")
                    .await
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for task in tasks {
        ids.insert(task.await.expect("no panic").id);
    }
    assert_eq!(ids.len(), 16);
    assert_eq!(
        shelf.on_disk().len(),
        1,
        "one content, and nothing left under way"
    );
    for id in ids {
        assert_eq!(
            read(&shelf.store, &db, &id, "x").await.expect("read"),
            *content
        );
    }
}

async fn a_file_lives_and_dies_with_its_transaction(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    let received = &shelf.receive("a.pdf", &pdf(b"x")).await.expect("taken");
    let store = &shelf.store;
    let undone: Result<(), FileError> = db
        .write(|tx| async move {
            store.attach(&tx, received, CASE, "account-1").await?;
            Err(FileError::NotFound {
                id: "undone".to_owned(),
            })
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(store.of_subject(db.conn(), CASE).await.expect("listed"), []);
}

async fn a_spoilt_file_ends_with_an_error_and_is_mended_by_a_new_upload(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    let content = pdf(&[1; 200_000]);
    let file = shelf.hand_in(&db, "a.pdf", &content, "account-1").await;
    let path = shelf.on_disk().pop_first().expect("one file");
    let mut spoilt = content.clone();
    spoilt[150_000] ^= 1;
    std::fs::write(&path, &spoilt).expect("written");

    let download = shelf
        .store
        .open_for(&db, &file.id, "account-1")
        .await
        .expect("opened");
    let mut got = Vec::new();
    let mut pieces = download.content;
    let mut fault = None;
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => got.extend_from_slice(&piece),
            Err(error) => fault = Some(error),
        }
    }
    assert!(
        fault
            .expect("an error at the end")
            .to_string()
            .contains("摘要不一致")
    );
    assert!(got.len() < content.len(), "the end is withheld");
    let refused = read(&shelf.store, &db, &file.id, "account-1")
        .await
        .expect_err("marked");
    assert!(matches!(refused, FileError::Damaged { .. }), "{refused}");

    shelf.clock.advance(TimeDelta::hours(1));
    shelf.hand_in(&db, "again.pdf", &content, "account-1").await;
    let mended = shelf.store.content(&db, &file.digest).await;
    let mended = mended.expect("read").expect("kept");
    assert_eq!(
        (mended.state, mended.state_at),
        (State::Unscanned, shelf.clock.now())
    );
    assert_eq!(
        read(&shelf.store, &db, &file.id, "account-1")
            .await
            .expect("mended"),
        content
    );
}

async fn a_lost_file_says_so(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    let file = shelf.hand_in(&db, "a.pdf", &pdf(b"x"), "account-1").await;
    std::fs::remove_file(shelf.on_disk().pop_first().expect("one file")).expect("removed");
    let refused = read(&shelf.store, &db, &file.id, "account-1")
        .await
        .expect_err("lost");
    assert!(matches!(refused, FileError::Damaged { .. }), "{refused}");
    let record = shelf.store.get(db.conn(), &file.id).await.expect("read");
    assert_eq!(record.state, State::Damaged);
}

async fn what_nothing_refers_to_is_swept(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    let store = &shelf.store;
    let kept = shelf
        .hand_in(&db, "kept.pdf", &pdf(b"kept"), "account-1")
        .await;
    let gone = shelf
        .hand_in(&db, "gone.pdf", &pdf(b"gone"), "account-1")
        .await;
    let shared = shelf
        .hand_in(&db, "shared.pdf", &pdf(b"kept"), "account-1")
        .await;
    let late = shelf
        .receive("late.pdf", &pdf(b"late"))
        .await
        .expect("taken");
    let broken = shelf.folder.path().join("files/tmp/upload-broken");
    let unfinished = std::fs::File::create(broken).expect("made");
    unfinished
        .set_modified(shelf.clock.now().into())
        .expect("set");
    for file in [&gone, &shared] {
        db.write(|tx| async move { store.detach(&tx, &file.id).await })
            .await
            .expect("detached");
    }
    let report = store.sweep(&db).await.expect("swept");
    assert_eq!(
        (report.contents, report.leftovers),
        (0, 0),
        "nothing is old enough"
    );

    shelf.clock.advance(TimeDelta::hours(25));
    let fresh = shelf
        .receive("fresh.pdf", &pdf(b"fresh"))
        .await
        .expect("taken");
    let report = store.sweep(&db).await.expect("swept");
    assert_eq!((report.contents, report.bytes), (1, 13), "{report:?}");
    assert_eq!(
        report.leftovers, 2,
        "never attached, and broken off: {report:?}"
    );
    assert_eq!(
        read(store, &db, &kept.id, "x").await.expect("read"),
        pdf(b"kept")
    );
    assert_eq!(shelf.on_disk().len(), 2, "kept and fresh");
    attach(store, &db, &fresh, "account-1")
        .await
        .expect("attached");
    let refused = attach(store, &db, &late, "account-1")
        .await
        .expect_err("swept");
    assert!(matches!(refused, FileError::Swept { .. }), "{refused}");
    assert_eq!(store.sweep(&db).await.expect("swept"), Default::default());
}

async fn what_a_room_received_and_left_lying_is_swept_and_nothing_else_of_it(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    let room = shelf.store.room_folder("imports");
    let received = room.join(RECEIVED);
    std::fs::create_dir_all(&received).expect("made");
    let lay = |path: PathBuf, at: DateTime<Utc>| {
        let file = std::fs::File::create(&path).expect("made");
        file.set_modified(at.into()).expect("set");
        path
    };
    let old = lay(received.join("upload-old"), shelf.clock.now());
    let kept = lay(room.join("rejects.csv"), shelf.clock.now());
    shelf.clock.advance(TimeDelta::hours(25));
    let fresh = lay(received.join("upload-fresh"), shelf.clock.now());
    let report = shelf.store.sweep(&db).await.expect("swept");
    assert_eq!((report.contents, report.leftovers), (0, 1));
    assert!(!old.exists() && kept.exists() && fresh.exists());
}

async fn a_night_finds_what_the_disk_has_spoilt(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    for (name, content) in [("a.pdf", b"a"), ("b.pdf", b"b"), ("c.pdf", b"c")] {
        shelf.hand_in(&db, name, &pdf(content), "account-1").await;
    }
    let report = shelf.store.verify(&db, &Silent).await.expect("verified");
    assert_eq!(
        (report.checked, report.bytes, report.damaged.len()),
        (3, 30, 0)
    );
    let read = |path: PathBuf| (path.clone(), std::fs::read(path).expect("read"));
    let kept: Vec<(PathBuf, Vec<u8>)> = shelf.on_disk().into_iter().map(read).collect();
    let mut files = shelf.on_disk().into_iter();
    std::fs::write(files.next().expect("one"), "spoilt").expect("written");
    std::fs::remove_file(files.next().expect("two")).expect("removed");
    let report = shelf.store.verify(&db, &Silent).await.expect("verified");
    assert_eq!((report.checked, report.damaged.len()), (3, 2));
    let files = shelf
        .store
        .of_subject(db.conn(), CASE)
        .await
        .expect("listed");
    let damaged = files
        .iter()
        .filter(|file| file.state == State::Damaged)
        .count();
    assert_eq!(damaged, 2);
    let report = shelf.store.verify(&db, &Silent).await.expect("verified");
    assert_eq!(
        (report.checked, report.damaged.len()),
        (1, 0),
        "each is told once"
    );
    for (path, content) in kept {
        std::fs::write(path, content).expect("written");
    }
    shelf.store.verify(&db, &Silent).await.expect("verified");
    let files = shelf.store.of_subject(db.conn(), CASE).await;
    let files = files.expect("listed");
    assert!(
        files.iter().all(|file| file.state == State::Unscanned),
        "what is back is good again: {files:?}"
    );
}

#[test]
fn whatever_is_stored_is_read_back() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (db, shelf) = runtime.block_on(async {
        let db = zhida_testkit::sqlite().await;
        db.migrate(&[]).await.expect("migrated");
        (db, Shelf::new(|_| {}))
    });
    let config = ProptestConfig {
        cases: 48,
        ..ProptestConfig::default()
    };
    let any = (
        prop::collection::vec(any::<u8>(), 0..200_000),
        1_usize..100_000,
    );
    proptest!(config, |((rest, size) in any)| {
        let content = pdf(&rest);
        let back = runtime.block_on(async {
            let upload = Upload { name: "a.pdf", bytes: None, purpose: &ANYTHING };
            let received = shelf.store.receive(upload, pieces(&content, size)).await.expect("taken");
            let file = attach(&shelf.store, &db, &received, "account-1").await.expect("attached");
            read(&shelf.store, &db, &file.id, "account-1").await.expect("read")
        });
        prop_assert_eq!(back, content);
    });
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let shelf = Shelf::new(|_| {});
    let upload = Upload {
        name: "a.pdf",
        bytes: None,
        purpose: &ANYTHING,
    };
    let broken = vec![
        Ok(Bytes::from(pdf(b"x"))),
        Err(std::io::Error::other("gone")),
    ];
    let refused = shelf
        .store
        .receive(upload, stream::iter(broken))
        .await
        .expect_err("broken");
    assert!(
        matches!(refused, FileError::Interrupted { .. }),
        "{refused}"
    );
    assert_eq!(shelf.on_disk(), BTreeSet::new());
}

#[tokio::test]
async fn a_large_upload_is_refused_by_its_announcement_and_by_what_arrives() {
    let shelf = Shelf::new(|config| config.file_bytes_max = 10_000);
    let never = stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<Bytes, std::io::Error>>> {
            panic!("nothing is read of what announces too much")
        },
    );
    let upload = Upload {
        name: "a.pdf",
        bytes: Some(10_001),
        purpose: &ANYTHING,
    };
    let refused = shelf
        .store
        .receive(upload, never)
        .await
        .expect_err("announced");
    assert!(
        matches!(
            refused,
            FileError::TooLarge {
                bytes_max: 10_000,
                ..
            }
        ),
        "{refused}"
    );

    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(b"%PDF-1.7")));
    let upload = Upload {
        name: "a.pdf",
        bytes: Some(10),
        purpose: &ANYTHING,
    };
    let refused = shelf
        .store
        .receive(upload, endless)
        .await
        .expect_err("lied");
    assert!(matches!(refused, FileError::TooLarge { .. }), "{refused}");
    assert_eq!(shelf.on_disk(), BTreeSet::new());

    let whole = Body::from(pdf(&[0; 9_991])).into_data_stream();
    let upload = Upload {
        name: "a.pdf",
        bytes: Some(10_000),
        purpose: &ANYTHING,
    };
    let received = shelf
        .store
        .receive(upload, whole)
        .await
        .expect("exactly the limit");
    assert_eq!(received.bytes(), 10_000);
}
