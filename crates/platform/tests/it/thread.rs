//! Threads on both databases: who reads what, whose turn it is, and that nothing crosses from one to another.

use std::sync::Arc;

use axum::body::Bytes;
use chrono::NaiveDate;
use futures::stream;
use tempfile::TempDir;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::clock::FixedClock;
use zhida_platform::config::Config;
use zhida_platform::files::{FileStore, FilesConfig, Received, Upload};
use zhida_platform::thread::{ATTACHMENT, About, NewEntry, Side, ThreadError, Threads, WORDS_MAX};
use zhida_testkit::{TestDatabase, both_databases, seated};

const ONE: About<'static> = About {
    room: "redemption",
    id: "1",
};

struct World {
    db: TestDatabase,
    threads: Threads,
    _folder: TempDir,
}

impl World {
    async fn new(db: TestDatabase) -> Self {
        db.migrate(&[]).await.expect("the schema is built");
        let folder = tempfile::tempdir().expect("a folder");
        let config = FilesConfig {
            folder: folder.path().display().to_string(),
            ..Config::default().files
        };
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a date");
        let clock = Arc::new(FixedClock::on(day));
        let files = FileStore::open(&config, clock.clone()).expect("the store opens");
        Self {
            db,
            threads: Threads::new(files, clock),
            _folder: folder,
        }
    }

    async fn received(&self) -> Received {
        let upload = Upload {
            name: "合同.pdf",
            bytes: None,
            purpose: &ATTACHMENT,
        };
        let content = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(
            b"%PDF-1.7\nsample",
        ))]);
        let received = self.threads.files().receive(upload, content).await;
        received.expect("taken")
    }

    async fn write(
        &self,
        about: About<'_>,
        viewer: &Viewer,
        new: NewEntry<'_>,
    ) -> Result<String, ThreadError> {
        let (threads, side, new) = (&self.threads, Side::of(viewer), &new);
        self.db
            .write(|tx| async move { threads.write(&tx, about, viewer, side, new).await })
            .await
    }

    async fn awaits(&self, viewer: &Viewer) -> (Option<Side>, i64) {
        let side = Side::of(viewer);
        let standing = self.threads.standing(self.db.conn(), ONE, viewer, side);
        let standing = standing.await.expect("read");
        (standing.awaits, standing.unread)
    }
}

fn somebody(role: &str, enterprise: Option<&str>, number: u128) -> Viewer {
    let viewer = seated(role, Some("370100"), enterprise);
    let mut person = viewer.as_person().expect("a person").clone();
    person.account = Uuid::from_u128(number);
    Viewer::person(person)
}

fn own() -> Viewer {
    somebody("legal", Some("91370102PDY0000017"), 1)
}

fn officer() -> Viewer {
    somebody("clerk", None, 2)
}

async fn each_side_reads_what_is_meant_for_it(db: TestDatabase) {
    let world = World::new(db).await;
    let (own, officer) = (own(), officer());
    let file = [world.received().await];
    let asked = world.write(ONE, &own, NewEntry::message("请问\r\n何时办完", &file));
    let asked = asked.await.expect("written");
    assert_eq!(world.awaits(&officer).await, (Some(Side::Office), 1));
    assert_eq!(world.awaits(&own).await, (Some(Side::Office), 0));
    let _ = world
        .write(ONE, &officer, NewEntry::remark("先核实", &file))
        .await
        .expect("written");
    // a remark answers nobody, and is nobody's news on the other side
    assert_eq!(world.awaits(&own).await, (Some(Side::Office), 0));
    let conn = world.db.conn();
    let theirs = world.threads.entries(conn, ONE, Side::Enterprise).await;
    let theirs = theirs.expect("read");
    assert_eq!(theirs.len(), 1);
    assert_eq!(
        (theirs[0].text.as_str(), theirs[0].is_read),
        ("请问\n何时办完", true)
    );
    let ours = world.threads.entries(conn, ONE, Side::Office).await;
    let ours = ours.expect("read");
    assert_eq!(ours.len(), 2);
    assert!(ours[1].is_internal && !ours[1].is_read);

    // files: of this thread, of this side
    let (message, remark) = (&ours[0].files[0].id, &ours[1].files[0].id);
    let two = About { id: "2", ..ONE };
    let elsewhere = About {
        room: "appeals",
        ..ONE
    };
    for (about, side, file, opens) in [
        (ONE, Side::Enterprise, message, true),
        (ONE, Side::Office, remark, true),
        (ONE, Side::Enterprise, remark, false),
        (two, Side::Office, message, false),
        (elsewhere, Side::Office, message, false),
    ] {
        let opened = world.threads.file(&world.db, about, (&officer, side), file);
        assert_eq!(opened.await.is_ok(), opens, "{about:?} {side:?}");
    }
    let answer = NewEntry {
        wants_reply: true,
        ..NewEntry::message("月底。请补合同", &[])
    };
    let _ = world.write(ONE, &officer, answer).await.expect("written");
    assert_eq!(world.awaits(&own).await, (Some(Side::Enterprise), 1));
    let read = world.threads.read(&world.db, ONE, &own, Side::Enterprise);
    read.await.expect("noted");
    assert_eq!(world.awaits(&own).await, (Some(Side::Enterprise), 0));
    let entries = world.threads.entries(conn, ONE, Side::Office).await;
    assert!(entries.expect("read")[2].is_read);
    assert!(*asked < *ours[1].id, "ids follow time");
}

async fn what_cannot_be_written_is_said(db: TestDatabase) {
    let world = World::new(db).await;
    let long = "长".repeat(WORDS_MAX + 1);
    for (viewer, new, words) in [
        (own(), NewEntry::message(" \n", &[]), "请写留言的内容"),
        (own(), NewEntry::message(&long, &[]), "最多 2000 个字"),
        (own(), NewEntry::message("甲\0", &[]), "控制字符"),
        (own(), NewEntry::remark("悄悄话", &[]), "只有部门能写"),
    ] {
        let refused = world.write(ONE, &viewer, new).await.expect_err(words);
        assert!(refused.to_string().contains(words), "{refused}");
    }
    let _ = world
        .write(ONE, &own(), NewEntry::message("谢谢", &[]))
        .await
        .expect("written");
    let threads = &world.threads;
    let settled = world
        .db
        .write(|tx| async move { threads.settle(&tx, ONE).await });
    assert!(settled.await.expect("settled"));
    assert_eq!(world.awaits(&officer()).await.0, None);
}

both_databases!(
    each_side_reads_what_is_meant_for_it,
    what_cannot_be_written_is_said,
);
