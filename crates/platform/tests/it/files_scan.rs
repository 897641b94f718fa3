//! Quarantine and clamd: a stand-in speaks clamd's own protocol on a real
//! socket.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use zhida_platform::files::{FileError, ScanReport, State};
use zhida_testkit::{TestDatabase, both_databases};

use crate::files::{Shelf, attach, pdf, read};

/// Longer content is refused as clamd refuses what exceeds StreamMaxLength.
const STREAM_BYTES_MAX: usize = 100_000;

/// The test file that every scanner knows; in two halves, so that no scanner
/// finds it here.
fn eicar() -> Vec<u8> {
    let halves = [
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-",
        "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    ];
    halves.concat().into_bytes()
}

/// A stand-in for clamd; counts what it is asked.
#[derive(Clone, Default)]
struct FakeClamd {
    asked: Arc<AtomicU32>,
    pause: Duration,
    /// Whoever has it keeps the answers back.
    held: Arc<tokio::sync::Mutex<()>>,
}

impl FakeClamd {
    async fn on_tcp(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("tcp:{}", listener.local_addr().expect("an address"));
        let clamd = self.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let clamd = clamd.clone();
                tokio::spawn(async move { clamd.answer(socket).await });
            }
        });
        address
    }

    async fn on_unix(&self, path: &Path) -> String {
        let listener = UnixListener::bind(path).expect("a socket");
        let clamd = self.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let clamd = clamd.clone();
                tokio::spawn(async move { clamd.answer(socket).await });
            }
        });
        format!("unix:{}", path.display())
    }

    async fn answer(&self, mut socket: impl AsyncRead + AsyncWrite + Unpin) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.pause).await;
        let answer = match instream(&mut socket).await {
            Some(content) if content.windows(68).any(|part| part == eicar()) => {
                "stream: Win.Test.EICAR_HDB-1 FOUND\0"
            }
            Some(_) => "stream: OK\0",
            None => "INSTREAM size limit exceeded. ERROR\0",
        };
        let _may_answer = self.held.lock().await;
        socket
            .write_all(answer.as_bytes())
            .await
            .expect("the client listens");
        socket.shutdown().await.expect("the client listens");
    }
}

/// Reads what is sent, by the protocol: the command, then pieces with their
/// lengths, then a piece of no length; `None` when it is too much.
async fn instream(socket: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut command = [0; 10];
    socket.read_exact(&mut command).await.expect("a command");
    assert_eq!(&command, b"zINSTREAM\0");
    let mut content = Vec::new();
    loop {
        let length = socket.read_u32().await.expect("a length") as usize;
        if length == 0 {
            return Some(content);
        }
        if content.len() + length > STREAM_BYTES_MAX {
            return None;
        }
        let mut piece = vec![0; length];
        socket.read_exact(&mut piece).await.expect("a piece");
        content.extend(piece);
    }
}

/// A shelf that asks the scanner at `address`.
fn scanned_by(address: &str) -> Shelf {
    Shelf::new(|config| {
        address.clone_into(&mut config.clamd);
        config.clamd_timeout_seconds = 1;
    })
}

async fn state(shelf: &Shelf, db: &TestDatabase, id: &str) -> (State, String) {
    let file = shelf.store.get(db.conn(), id).await.expect("read");
    (file.state, file.reason)
}

both_databases!(
    a_clean_file_leaves_quarantine,
    an_infected_file_is_removed_and_not_taken_again,
    what_the_scanner_does_not_take_waits_for_an_officer,
    an_officers_word_holds_though_a_scan_was_under_way,
    a_scanner_that_is_away_blocks_nobody,
    a_file_kept_before_there_was_a_scanner_is_scanned,
    two_servers_scan_each_file_once,
    a_scanner_on_a_unix_socket_is_asked,
);

async fn a_clean_file_leaves_quarantine(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = scanned_by(&FakeClamd::default().on_tcp().await);
    let content = pdf(&[3; 90_000]);
    let file = shelf.hand_in(&db, "a.pdf", &content, "account-1").await;
    assert_eq!(file.state, State::Pending);
    assert_eq!(file.state.word(), "待查毒");
    let refused = read(&shelf.store, &db, &file.id, "account-2")
        .await
        .expect_err("quarantined");
    assert!(
        matches!(refused, FileError::Quarantined { .. }),
        "{refused}"
    );
    let own = shelf
        .store
        .open_for(&db, &file.id, "account-1")
        .await
        .expect("its uploader may");
    assert!(!own.is_inline(), "saved, never shown");

    let report = shelf.store.scan_pending(&db, 10).await.expect("scanned");
    assert_eq!(
        report,
        ScanReport {
            clean: 1,
            ..ScanReport::default()
        }
    );
    assert_eq!(
        state(&shelf, &db, &file.id).await,
        (State::Clean, String::new())
    );
    assert_eq!(
        read(&shelf.store, &db, &file.id, "account-2")
            .await
            .expect("free"),
        content
    );
    let report = shelf.store.scan_pending(&db, 10).await.expect("scanned");
    assert_eq!(report, ScanReport::default(), "nothing is left to do");
}

async fn an_infected_file_is_removed_and_not_taken_again(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = scanned_by(&FakeClamd::default().on_tcp().await);
    let file = shelf
        .hand_in(&db, "a.pdf", &pdf(&eicar()), "account-1")
        .await;
    let report = shelf.store.scan_pending(&db, 10).await.expect("scanned");
    assert_eq!(
        report,
        ScanReport {
            infected: 1,
            ..ScanReport::default()
        }
    );
    let found = (State::Infected, "Win.Test.EICAR_HDB-1".to_owned());
    assert_eq!(state(&shelf, &db, &file.id).await, found);
    assert!(shelf.on_disk().is_empty(), "the bytes are gone");
    for reader in ["account-1", "account-2"] {
        let refused = read(&shelf.store, &db, &file.id, reader)
            .await
            .expect_err("infected");
        assert!(
            refused.to_string().contains("Win.Test.EICAR_HDB-1"),
            "{refused}"
        );
    }
    let again = shelf
        .receive("b.pdf", &pdf(&eicar()))
        .await
        .expect("received");
    let refused = attach(&shelf.store, &db, &again, "account-3")
        .await
        .expect_err("known");
    assert!(matches!(refused, FileError::Infected { .. }), "{refused}");
    shelf.clock.advance(TimeDelta::hours(25));
    shelf.store.sweep(&db).await.expect("swept");
    assert!(shelf.on_disk().is_empty(), "its bytes are gone again");
    assert_eq!(state(&shelf, &db, &file.id).await, found);
}

async fn what_the_scanner_does_not_take_waits_for_an_officer(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let shelf = scanned_by(&FakeClamd::default().on_tcp().await);
    let content = pdf(&[3; 4 << 20]);
    let file = shelf.hand_in(&db, "a.pdf", &content, "account-1").await;
    let report = shelf.store.scan_pending(&db, 10).await.expect("scanned");
    assert_eq!(
        report,
        ScanReport {
            refused: 1,
            ..ScanReport::default()
        }
    );
    let (now, why) = state(&shelf, &db, &file.id).await;
    assert_eq!(now, State::Unscannable);
    assert!(why.contains("StreamMaxLength"), "{why}");
    read(&shelf.store, &db, &file.id, "account-2")
        .await
        .expect_err("still quarantined");
    let (store, id) = (&shelf.store, file.id.as_str());
    db.write(|tx| async move { store.release(&tx, id, "经办员甲：电话核实").await })
        .await
        .expect("released");
    let released = (State::Released, "经办员甲：电话核实".to_owned());
    assert_eq!(state(&shelf, &db, id).await, released);
    assert_eq!(
        read(store, &db, id, "account-2").await.expect("free"),
        content
    );
    let twice = db
        .write(|tx| async move { store.release(&tx, id, "again").await })
        .await;
    assert!(
        matches!(twice, Err(FileError::NotQuarantined { .. })),
        "{twice:?}"
    );
}

async fn an_officers_word_holds_though_a_scan_was_under_way(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let clamd = FakeClamd::default();
    let address = clamd.on_tcp().await;
    let shelf = Shelf::new(|config| {
        config.clamd = address;
        config.clamd_timeout_seconds = 60;
    });
    let clean = pdf(b"clean");
    for (content, reported, after) in [
        (&clean, (1, 0), State::Released),
        (&pdf(&eicar()), (0, 1), State::Infected),
    ] {
        let asked = clamd.asked.load(Ordering::Relaxed);
        let file = shelf.hand_in(&db, "a.pdf", content, "account-1").await;
        let keep_back = clamd.held.lock().await;
        let scan = shelf.store.scan_pending(&db, 1);
        let release = async {
            while clamd.asked.load(Ordering::Relaxed) == asked {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let (store, digest) = (&shelf.store, file.digest.as_str());
            db.write(|tx| async move { store.release_content(&tx, digest, "急用").await })
                .await
                .expect("released");
            drop(keep_back);
        };
        let (report, ()) = tokio::join!(scan, release);
        let report = report.expect("scanned");
        assert_eq!((report.clean, report.infected), reported);
        assert_eq!(state(&shelf, &db, &file.id).await.0, after);
    }
}

async fn a_scanner_that_is_away_blocks_nobody(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("clamd.ctl");
    let shelf = scanned_by(&format!("unix:{}", socket.display()));
    let file = shelf.hand_in(&db, "a.pdf", &pdf(b"x"), "account-1").await;
    shelf.hand_in(&db, "b.pdf", &pdf(b"y"), "account-1").await;
    read(&shelf.store, &db, &file.id, "account-1")
        .await
        .expect("its uploader may");
    let postponed = ScanReport {
        postponed: 1,
        ..ScanReport::default()
    };
    assert_eq!(
        shelf.store.scan_pending(&db, 10).await.expect("tried"),
        postponed
    );
    let (now, why) = state(&shelf, &db, &file.id).await;
    assert_eq!(now, State::Pending);
    assert!(why.contains("连不上查毒程序"), "{why}");

    // it comes back, mute at first
    let mute = UnixListener::bind(&socket).expect("a socket");
    assert_eq!(
        shelf.store.scan_pending(&db, 10).await.expect("tried"),
        postponed
    );
    drop(mute);
    std::fs::remove_file(&socket).expect("removed");
    FakeClamd::default().on_unix(&socket).await;
    let none = shelf
        .store
        .scan_pending(&db, 10)
        .await
        .expect("nothing is due yet");
    assert_eq!(none, ScanReport::default());
    shelf.clock.advance(TimeDelta::seconds(31));
    let report = shelf.store.scan_pending(&db, 10).await.expect("scanned");
    assert_eq!(
        report,
        ScanReport {
            clean: 2,
            ..ScanReport::default()
        }
    );
}

async fn a_file_kept_before_there_was_a_scanner_is_scanned(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let mut shelf = Shelf::new(|_| {});
    let file = shelf
        .hand_in(&db, "a.pdf", &pdf(&eicar()), "account-1")
        .await;
    assert!(!shelf.store.scans());
    let report = shelf
        .store
        .scan_pending(&db, 10)
        .await
        .expect("nothing to ask");
    assert_eq!(report, ScanReport::default());
    assert_eq!(state(&shelf, &db, &file.id).await.0, State::Unscanned);
    read(&shelf.store, &db, &file.id, "account-2")
        .await
        .expect("free, and marked");

    let mut config = zhida_platform::config::Config::default().files;
    config.folder = shelf.folder.path().join("files").display().to_string();
    config.clamd = FakeClamd::default().on_tcp().await;
    shelf.store =
        zhida_platform::files::FileStore::open(&config, shelf.clock.clone()).expect("opened");
    let report = shelf.store.scan_pending(&db, 10).await.expect("scanned");
    assert_eq!(
        report,
        ScanReport {
            infected: 1,
            ..ScanReport::default()
        }
    );
    assert_eq!(state(&shelf, &db, &file.id).await.0, State::Infected);
}

async fn two_servers_scan_each_file_once(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let clamd = FakeClamd {
        pause: Duration::from_millis(5),
        ..FakeClamd::default()
    };
    let shelf = scanned_by(&clamd.on_tcp().await);
    for number in 0..20 {
        let name = format!("{number}.pdf");
        shelf
            .hand_in(&db, &name, &pdf(name.as_bytes()), "account-1")
            .await;
    }
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let (store, db) = (shelf.store.clone(), db.handle());
            tokio::spawn(async move { store.scan_pending(&db, 100).await.expect("scanned").clean })
        })
        .collect();
    let mut clean = 0;
    for run in runs {
        clean += run.await.expect("no panic");
    }
    assert_eq!(clean, 20);
    assert_eq!(
        clamd.asked.load(Ordering::Relaxed),
        20,
        "no file is scanned twice"
    );
}

async fn a_scanner_on_a_unix_socket_is_asked(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let folder = tempfile::tempdir().expect("a folder");
    let clamd = FakeClamd::default();
    let shelf = scanned_by(&clamd.on_unix(&folder.path().join("clamd.ctl")).await);
    shelf
        .hand_in(&db, "a.pdf", &pdf(&eicar()), "account-1")
        .await;
    let report = shelf.store.scan_pending(&db, 10).await.expect("scanned");
    assert_eq!(
        report,
        ScanReport {
            infected: 1,
            ..ScanReport::default()
        }
    );
    assert_eq!(clamd.asked.load(Ordering::Relaxed), 1);
}
