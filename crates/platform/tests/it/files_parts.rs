//! Files that come in parts: what broke off is taken up again, whatever is sent in between, and only by its owner.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::{Origin, Person, Viewer};
use zhida_platform::config::Config;
use zhida_platform::files::{Announced, FileError, FileStore, UNFINISHED_MAX, Unfinished, uploads};
use zhida_platform::http::harden;
use zhida_testkit::{App, TestDatabase, TestResponse, both_databases};

use crate::files::{ANYTHING, Shelf, attach, pdf, read};

const KB: usize = 1 << 10;
const PART: usize = 64 * KB;

/// Somebody with an account of this number.
fn account(number: u128) -> Viewer {
    Viewer::person(Person {
        account: Uuid::from_u128(number),
        name: "某人".to_owned(),
        seat: None,
        second_factor: true,
        token: None,
        origin: Origin::default(),
    })
}

fn announced(name: &str, bytes: usize) -> Announced {
    Announced {
        name: name.to_owned(),
        bytes: bytes as u64,
        modified: 1,
        place: "/form#invoices".to_owned(),
    }
}

async fn begun(store: &FileStore, viewer: &Viewer, name: &str, bytes: usize) -> Unfinished {
    let begun = store.announce(viewer, announced(name, bytes)).await;
    begun.expect("begun")
}

async fn send(
    store: &FileStore,
    viewer: &Viewer,
    id: Uuid,
    content: &[u8],
    (from, to): (usize, usize),
) -> Result<u64, FileError> {
    let part = Bytes::copy_from_slice(&content[from..to]);
    store
        .append(viewer, &id.to_string(), from as u64, part)
        .await
}

/// Bytes of which no two places are alike.
fn content(bytes: usize) -> Vec<u8> {
    let rest: Vec<u8> = (0..).flat_map(u32::to_be_bytes).take(bytes).collect();
    let mut all = pdf(&rest);
    all.truncate(bytes);
    all
}

both_databases!(a_file_in_parts_is_a_file_like_any_other,);

async fn a_file_in_parts_is_a_file_like_any_other(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = Shelf::new(|_| {});
    let (owner, all) = (account(1), content(3 * PART + 10));
    let begun = begun(&shelf.store, &owner, "../发票.pdf", all.len()).await;
    assert_eq!((begun.name.as_str(), begun.offset), ("发票.pdf", 0));
    let (id, text) = (begun.id, begun.id.to_string());
    let first = send(&shelf.store, &owner, id, &all, (0, PART)).await;
    assert_eq!(first.expect("taken"), PART as u64);
    let early = shelf.store.receive_parts(&owner, &text, &ANYTHING).await;
    assert!(
        matches!(early, Err(FileError::Unfinished { .. })),
        "{early:?}"
    );

    // the server starts anew, another one of the same folder
    let mut config = Config::default().files;
    config.folder = shelf.folder.path().join("files").display().to_string();
    let store = FileStore::open(&config, shelf.clock.clone()).expect("opened");
    let found = store.unfinished(&owner, &text).await.expect("still there");
    assert_eq!(found.offset, PART as u64);
    let again = store
        .announce(&owner, announced("发票.pdf", all.len()))
        .await;
    assert_eq!(again.expect("the same file"), found);
    let rest = send(&store, &owner, id, &all, (PART, all.len())).await;
    assert_eq!(rest.expect("taken"), all.len() as u64);

    let received = store.receive_parts(&owner, &text, &ANYTHING).await;
    let received = received.expect("whole");
    let at_once = shelf.receive("发票.pdf", &all).await.expect("taken");
    assert_eq!(received, at_once, "nothing tells how it came");
    let file = attach(&store, &db, &received, "1").await.expect("attached");
    assert_eq!(read(&store, &db, &file.id, "1").await.expect("read"), all);
    store.forget(&owner, id).await.expect("forgotten");
    store.forget(&owner, id).await.expect("nothing to do");
    assert_eq!(shelf.on_disk().len(), 1, "the content, and no parts");
}

#[tokio::test]
async fn what_is_refused_at_once_is_refused_in_parts() {
    let shelf = Shelf::new(|config| config.file_bytes_max = 1 << 20);
    let (owner, store) = (account(1), &shelf.store);
    for (bytes, is_refused) in [(0, true), (1 << 20, false), ((1 << 20) + 1, true)] {
        let begun = store.announce(&owner, announced("a.pdf", bytes)).await;
        assert_eq!(begun.is_err(), is_refused, "{bytes}");
    }
    let begun = store.announce(&owner, announced("a.pdf", usize::MAX)).await;
    assert!(
        matches!(begun, Err(FileError::TooLarge { .. })),
        "{begun:?}"
    );
    // a name that says another thing than the bytes
    let all = content(PART);
    let lie = begun_and_sent(store, &owner, "a.png", &all).await;
    let refused = store.receive_parts(&owner, &lie, &ANYTHING).await;
    assert!(
        matches!(refused, Err(FileError::Mismatch { .. })),
        "{refused:?}"
    );
}

async fn begun_and_sent(store: &FileStore, owner: &Viewer, name: &str, all: &[u8]) -> String {
    let upload = begun(store, owner, name, all.len()).await;
    let sent = send(store, owner, upload.id, all, (0, all.len())).await;
    assert_eq!(sent.expect("taken"), all.len() as u64);
    upload.id.to_string()
}

#[tokio::test]
async fn another_account_finds_nothing() {
    let shelf = Shelf::new(|_| {});
    let (store, all) = (&shelf.store, content(PART));
    let id = begun_and_sent(store, &account(1), "a.pdf", &all).await;
    let visitor = Viewer::visitor();
    for stranger in [&account(2), &visitor] {
        let asked = store.unfinished(stranger, &id).await;
        let part = Bytes::from_static(b"x");
        let sent = store.append(stranger, &id, 0, part).await;
        let taken = store.receive_parts(stranger, &id, &ANYTHING).await;
        assert!(matches!(asked, Err(FileError::NoUpload)), "{asked:?}");
        assert!(matches!(sent, Err(FileError::NoUpload)), "{sent:?}");
        assert!(matches!(taken, Err(FileError::NoUpload)), "{taken:?}");
        let _ = store.forget(stranger, id.parse().expect("an id")).await;
    }
    let begun = begun(store, &account(2), "a.pdf", PART).await;
    assert_ne!(
        begun.id.to_string(),
        id,
        "a description finds only one's own"
    );
    for id in ["", "..", "../tmp", "1.2", &format!("{id}/about")] {
        let asked = store.unfinished(&account(1), id).await;
        assert!(matches!(asked, Err(FileError::NoUpload)), "{id}: {asked:?}");
    }
    let there = store.unfinished(&account(1), &id).await.expect("there");
    assert!(there.is_whole());
}

#[tokio::test]
async fn one_of_two_parts_for_one_place_counts() {
    let shelf = Arc::new(Shelf::new(|_| {}));
    let all = Arc::new(content(4 * PART));
    let upload = begun(&shelf.store, &account(1), "a.pdf", all.len()).await;
    let tasks = (1..=4).map(|parts| {
        let (shelf, all) = (shelf.clone(), all.clone());
        tokio::spawn(async move {
            send(
                &shelf.store,
                &account(1),
                upload.id,
                &all,
                (0, parts * PART),
            )
            .await
        })
    });
    let mut taken = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        match task.await.expect("no panic") {
            Ok(offset) => taken.push(offset),
            Err(FileError::Elsewhere { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let id = upload.id.to_string();
    let now = shelf
        .store
        .unfinished(&account(1), &id)
        .await
        .expect("there");
    assert_eq!(
        taken,
        [now.offset],
        "one of them, and it is the one that is kept"
    );
}

#[tokio::test]
async fn uploads_that_lie_still_are_swept_and_are_few() {
    let (db, shelf) = (zhida_testkit::sqlite().await, Shelf::new(|_| {}));
    db.migrate(&[]).await.expect("migrated");
    let (owner, store, all) = (account(1), &shelf.store, content(3 * PART));
    let slow = begun(store, &owner, "slow.pdf", all.len()).await;
    let left = begun(store, &owner, "left.pdf", all.len()).await;
    for part in 0..3 {
        shelf.clock.advance(TimeDelta::hours(20));
        let span = (part * PART, (part + 1) * PART);
        let sent = send(store, &owner, slow.id, &all, span).await;
        assert_eq!(sent.expect("it does not lie still"), span.1 as u64);
    }
    let gone = store.unfinished(&owner, &left.id.to_string()).await;
    assert!(matches!(gone, Err(FileError::NoUpload)), "{gone:?}");
    let anew = begun(store, &owner, "left.pdf", all.len()).await;
    assert_ne!(anew.id, left.id);
    let swept = store.sweep(&db).await.expect("swept");
    assert_eq!((swept.contents, swept.leftovers), (0, 1));
    // as many as an account may have, and then more
    shelf.clock.advance(TimeDelta::hours(1));
    for number in 0..UNFINISHED_MAX {
        begun(store, &owner, &format!("{number}.pdf"), PART).await;
        begun(store, &account(2), &format!("{number}.pdf"), PART).await;
    }
    let about = shelf
        .on_disk()
        .into_iter()
        .filter(|path| path.ends_with("about"));
    assert_eq!(about.count(), 2 * UNFINISHED_MAX);
    for id in [slow.id, anew.id] {
        let gone = store.unfinished(&owner, &id.to_string()).await;
        assert!(matches!(gone, Err(FileError::NoUpload)), "it lay longest");
    }
    shelf.clock.advance(TimeDelta::hours(25));
    let swept = store.sweep(&db).await.expect("swept");
    assert_eq!(swept.leftovers, 2 * UNFINISHED_MAX as u64);
    assert_eq!(shelf.on_disk().len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever parts come in whatever order and however often: what is kept is the beginning of the file.
    #[test]
    fn what_is_kept_is_always_a_beginning(parts in prop::collection::vec((0..6_usize, 0..6_usize, any::<bool>()), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (shelf, all) = (Shelf::new(|_| {}), content(4 * PART + 7));
            let (owner, store) = (account(1), &shelf.store);
            let upload = begun(store, &owner, "a.pdf", all.len()).await;
            let mut holds = 0;
            for (from, length, is_next) in parts {
                let from = if is_next { holds } else { (from * PART / 2).min(all.len()) };
                let to = (from + length * PART / 2).min(all.len());
                let may = from == holds && (to - from >= PART || to == all.len() || to == from);
                match send(store, &owner, upload.id, &all, (from, to)).await {
                    Ok(offset) => {
                        assert!(may, "{from}..{to} at {holds}");
                        holds = usize::try_from(offset).expect("small");
                        assert_eq!(holds, to);
                    }
                    Err(error) => assert!(!may, "{from}..{to} at {holds}: {error}"),
                }
            }
            let rest = send(store, &owner, upload.id, &all, (holds, all.len())).await;
            assert_eq!(rest.expect("the rest"), all.len() as u64);
            let whole = store.receive_parts(&owner, &upload.id.to_string(), &ANYTHING).await;
            let digest = whole.expect("whole").digest().to_owned();
            assert_eq!(digest, shelf.receive("a.pdf", &all).await.expect("taken").digest());
        });
    }
}

/// The routes as the browser of one account meets them.
struct Door {
    app: App,
    viewer: Viewer,
}

impl Door {
    fn of(shelf: &Shelf, viewer: Viewer) -> Self {
        let routes = uploads(shelf.store.clone());
        let app = App::new(harden(routes, &Config::default()));
        Self { app, viewer }
    }

    async fn ask(
        &self,
        (method, path): (Method, &str),
        offset: Option<&str>,
        body: impl Into<Body>,
    ) -> TestResponse {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .extension(self.viewer.clone());
        if let Some(offset) = offset {
            request = request.header("upload-offset", offset);
        }
        let request = request.body(body.into()).expect("a request");
        self.app.send(request).await
    }

    async fn begin(&self, announced: serde_json::Value) -> TestResponse {
        let body = announced.to_string();
        self.ask((Method::POST, "/uploads"), None, body).await
    }
}

#[tokio::test]
async fn the_door_says_where_to_go_on() {
    let (shelf, all) = (Shelf::new(|_| {}), content(5 << 20));
    let door = Door::of(&shelf, account(1));
    let stranger = Door::of(&shelf, account(2));
    let begun = door
        .begin(json!({ "name": "a.pdf", "bytes": all.len() }))
        .await;
    let begun = begun.expect_status(201);
    assert_eq!(begun.header("upload-offset"), "0");
    let path = format!("/uploads/{}", begun.json()["id"].as_str().expect("an id"));
    let patch = (Method::PATCH, path.as_str());
    let first = door
        .ask(patch.clone(), Some("0"), all[..PART].to_vec())
        .await;
    assert_eq!(first.expect_status(204).header("upload-offset"), "65536");

    // repeated, because the answer was lost; and anything that is no place
    for offset in [
        "0",
        "65535",
        "65537",
        "9007199254740993",
        "18446744073709551615",
    ] {
        let wrong = door
            .ask(patch.clone(), Some(offset), all[..PART].to_vec())
            .await;
        let wrong = wrong.expect_status(409);
        assert_eq!(wrong.header("upload-offset"), "65536", "{offset}");
        assert!(wrong.text().contains("65,536 字节"), "{}", wrong.text());
    }
    for offset in [
        None,
        Some("-1"),
        Some(""),
        Some("1e3"),
        Some("18446744073709551616"),
    ] {
        let wrong = door.ask(patch.clone(), offset, all[..PART].to_vec()).await;
        let _ = wrong.expect_status(400);
    }
    let short = door
        .ask(patch.clone(), Some("65536"), vec![1; PART - 1])
        .await;
    assert!(short.expect_status(400).text().contains("太短"));
    let large = door
        .ask(patch.clone(), Some("65536"), vec![1; (4 << 20) + 1])
        .await;
    let _ = large.expect_status(413);
    for method in [Method::GET, Method::HEAD] {
        let now = door.ask((method, &path), None, Body::empty()).await;
        assert_eq!(now.expect_status(200).header("upload-offset"), "65536");
    }
    let theirs = stranger
        .ask(patch.clone(), Some("65536"), all[PART..2 * PART].to_vec())
        .await;
    assert!(theirs.expect_status(404).header("upload-offset").is_empty());
    let middle = door
        .ask(patch.clone(), Some("65536"), all[PART..4 << 20].to_vec())
        .await;
    let _ = middle.expect_status(204);
    let long = door
        .ask(patch.clone(), Some("4194304"), vec![1; (1 << 20) + 1])
        .await;
    assert!(long.expect_status(400).text().contains("比开始时说的长"));
    let last = door
        .ask(patch, Some("4194304"), all[4 << 20..].to_vec())
        .await;
    let _ = last.expect_status(204);
}

#[tokio::test]
async fn the_door_takes_no_strange_description() {
    let shelf = Shelf::new(|_| {});
    let door = Door::of(&shelf, account(1));
    for announced in [
        json!({ "name": "a.pdf", "bytes": -1 }),
        json!({ "name": "a.pdf", "bytes": 1.5 }),
        json!({ "name": "a.pdf", "bytes": 0 }),
        json!({ "name": "a.pdf" }),
        json!({ "bytes": 1 }),
        json!([]),
    ] {
        let refused = door.begin(announced.clone()).await;
        let status = refused.status.as_u16();
        assert!(matches!(status, 400 | 422), "{announced}: {status}");
    }
    let endless = json!({ "name": "长".repeat(4_000), "bytes": 1 });
    let _ = door.begin(endless).await.expect_status(413);
    let huge = json!({ "name": "a.pdf", "bytes": u64::MAX });
    let _ = door.begin(huge).await.expect_status(413);
    let nothing = door
        .ask((Method::GET, "/uploads/none"), None, Body::empty())
        .await;
    let _ = nothing.expect_status(404);
}
