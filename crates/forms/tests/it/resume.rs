//! Large files over a network that breaks off: they go on where they ended, and only what is missing is sent again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fantoccini::Locator;
use fantoccini::error::CmdError;
use futures::TryStreamExt as _;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use zhida_forms::{Answer, FileRef};
use zhida_platform::access::Viewer;
use zhida_platform::files::{Announced, FileError};
use zhida_testkit::{App, Browser, Part, TestResponse, TestServer, seated, sqlite};

use crate::gallery::{ENTERPRISE, routes, viewer};
use crate::world::World;

const PATH: &str = "/form/first";
const MB: usize = 1 << 20;
/// What a browser says beside a file's bytes: headers, other requests, the form at the end.
const TALK: u64 = 200 << 10;

/// A PDF as far as its first bytes tell, of which no two places are alike.
fn content(bytes: usize) -> Vec<u8> {
    let rest = (0..).flat_map(u32::to_be_bytes);
    b"%PDF-1.7\n"
        .iter()
        .copied()
        .chain(rest)
        .take(bytes)
        .collect()
}

async fn files(world: &World) -> Vec<FileRef> {
    let found = world.gallery.drafts.find(ENTERPRISE, "first").await;
    let draft = found.expect("asked").expect("there");
    match draft.answers.fields.get("invoices") {
        Some(Answer::Files(files)) => files.clone(),
        _ => Vec::new(),
    }
}

async fn read(world: &World, file: &FileRef) -> Vec<u8> {
    let (store, db) = (world.gallery.drafts.files(), world.db.handle());
    let by = viewer().account().expect("an account").to_string();
    let download = store.open_for(&db, &file.file, &by).await.expect("opened");
    let pieces: Vec<_> = download.content.try_collect().await.expect("read");
    pieces.concat()
}

/// Sends all but the last `missing` bytes in parts; the upload's id.
async fn sent(world: &World, by: &Viewer, name: &str, all: &[u8], missing: usize) -> String {
    let store = world.gallery.drafts.files();
    let announced = Announced {
        name: name.to_owned(),
        bytes: all.len() as u64,
        modified: 0,
        place: String::new(),
    };
    let id = store
        .announce(by, announced)
        .await
        .expect("begun")
        .id
        .to_string();
    let mut offset = 0;
    for part in all[..all.len() - missing].chunks(MB) {
        let part = part.to_vec().into();
        offset = store.append(by, &id, offset, part).await.expect("taken");
    }
    id
}

async fn hand_in(app: &App, fields: &[(&str, &str)]) -> TestResponse {
    let mut parts = vec![Part::text("version", "1"), Part::text("tab", "x")];
    parts.extend(fields.iter().map(|(name, text)| Part::text(name, text)));
    parts.push(Part::text("do", "upload"));
    app.post_multipart(PATH, &parts).await
}

#[tokio::test]
async fn a_form_takes_what_came_in_parts_like_what_comes_at_once() {
    let world = World::new(sqlite().await).await;
    let app = world.app();
    let _ = app.get(PATH).await.expect_status(200);
    let all = content(2 * MB + 5);
    let early = sent(&world, &viewer(), "发票.pdf", &all, 5).await;
    let told = hand_in(&app, &[("sent:invoices", &early), ("project", "改造")]).await;
    let told = told.expect_status(400);
    assert!(told.text().contains("还没有传完") && told.text().contains("value=\"改造\""));
    assert_eq!(files(&world).await, []);

    let store = world.gallery.drafts.files();
    let rest = all[2 * MB..].to_vec().into();
    let whole = store.append(&viewer(), &early, 2 * MB as u64, rest).await;
    assert_eq!(whole.expect("the rest"), all.len() as u64);
    let up = hand_in(&app, &[("sent:invoices", &early)]).await;
    let up = up.expect_status(303);
    assert_eq!(up.header("location"), "/form/first#ask-invoices");
    let kept = files(&world).await;
    assert_eq!((kept.len(), kept[0].name.as_str()), (1, "发票.pdf"));
    assert_eq!(read(&world, &kept[0]).await, all);
    // one is taken away and another handed in with one press
    let other = sent(&world, &viewer(), "另一张.pdf", &all, 0).await;
    let unfile = format!("unfile:invoices:{}", kept[0].file);
    let parts = [
        Part::text("version", "2"),
        Part::text("tab", "x"),
        Part::text("sent:invoices", &other),
        Part::text("do", &unfile),
    ];
    let pressed = app.post_multipart(PATH, &parts).await;
    let _ = pressed.expect_status(303);
    let kept = files(&world).await;
    assert_eq!((kept.len(), kept[0].name.as_str()), (1, "另一张.pdf"));
    // its parts are gone, and it cannot be handed in twice
    let gone = store.unfinished(&viewer(), &early).await;
    assert!(matches!(gone, Err(FileError::NoUpload)), "{gone:?}");
    let told = hand_in(&app, &[("sent:invoices", &early)]).await;
    assert!(
        told.expect_status(400)
            .text()
            .contains("发票：没有找到这个没传完的文件")
    );
    assert_eq!(files(&world).await.len(), 1);
}

#[tokio::test]
async fn a_form_refuses_in_parts_what_it_refuses_at_once() {
    let world = World::new(sqlite().await).await;
    let app = world.app();
    let _ = app.get(PATH).await.expect_status(200);
    let (small, large) = (content(100), content(5 * MB + 1));
    let archive = [&b"PK\x03\x04not really"[..], &[0; 100]].concat();
    let anothers = sent(
        &world,
        &seated("legal", None, Some(ENTERPRISE)),
        "a.pdf",
        &small,
        0,
    )
    .await;
    let large = sent(&world, &viewer(), "a.pdf", &large, 0).await;
    let archive = sent(&world, &viewer(), "a.xlsx", &archive, 0).await;
    for (id, words) in [
        (anothers.as_str(), "没有找到这个没传完的文件"),
        ("../tmp", "没有找到这个没传完的文件"),
        (&large, "超过 5 MB"),
        (&archive, "发票：「a.xlsx」"),
    ] {
        let told = hand_in(&app, &[("sent:invoices", id)]).await;
        let told = told.expect_status(400);
        assert!(told.text().contains(words), "{words}: {}", told.text());
    }
    assert_eq!(files(&world).await, []);
    // what is refused does not lie about
    for id in [&large, &archive] {
        let gone = world.gallery.drafts.files().unfinished(&viewer(), id).await;
        assert!(matches!(gone, Err(FileError::NoUpload)), "{gone:?}");
    }
    let good = sent(&world, &viewer(), "a.pdf", &small, 0).await;
    for path in ["project", "nothing", "equipment-9-device", ""] {
        let name = format!("sent:{path}");
        let id = sent(&world, &viewer(), path, &small, 0).await;
        let _ = hand_in(&app, &[(&name, &id)]).await.expect_status(303);
    }
    // never more of them than the field takes, nor than an account may have
    let four = [("sent:invoices", good.as_str()); 4];
    let told = hand_in(&app, &four).await.expect_status(400);
    assert!(told.text().contains("最多 3 个文件"), "{}", told.text());
    let many = [("sent:invoices", good.as_str()); 21];
    let _ = hand_in(&app, &many).await.expect_status(400);
    let nothing = sent(&world, &viewer(), "b.pdf", &small, 0).await;
    let many = [("sent:nothing", nothing.as_str()); 21];
    assert!(
        hand_in(&app, &many)
            .await
            .expect_status(400)
            .text()
            .contains("格式有误")
    );
}

/// A network between a browser and a server that counts what is sent, and breaks when it has carried enough.
struct Wire {
    port: u16,
    carried: Arc<AtomicU64>,
    breaks_at: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wire {
    async fn to(server: &TestServer) -> Self {
        let there = server.url("").replace("http://", "");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let carried = Arc::new(AtomicU64::new(0));
        let breaks_at = Arc::new(AtomicU64::new(u64::MAX));
        let (count, limit) = (carried.clone(), breaks_at.clone());
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (there, count, limit) = (there.clone(), count.clone(), limit.clone());
                tokio::spawn(async move { carry(near, &there, &count, &limit).await });
            }
        });
        Self {
            port,
            carried,
            breaks_at,
            task,
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    fn carried(&self) -> u64 {
        self.carried.load(Ordering::SeqCst)
    }

    fn breaks_after(&self, bytes: usize) {
        let at = self.carried() + bytes as u64;
        self.breaks_at.store(at, Ordering::SeqCst);
    }

    fn mend(&self) {
        self.breaks_at.store(u64::MAX, Ordering::SeqCst);
    }
}

/// Carries bytes both ways; once broken, whatever comes is dropped with its connection.
async fn carry(mut near: TcpStream, there: &str, carried: &AtomicU64, breaks_at: &AtomicU64) {
    let is_broken = || carried.load(Ordering::SeqCst) >= breaks_at.load(Ordering::SeqCst);
    let Ok(mut far) = TcpStream::connect(there).await else {
        return;
    };
    let (mut up, mut down) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    while !is_broken() {
        tokio::select! {
            read = near.read(&mut up) => {
                let Ok(bytes @ 1..) = read else { return };
                carried.fetch_add(bytes as u64, Ordering::SeqCst);
                if is_broken() || far.write_all(&up[..bytes]).await.is_err() {
                    return;
                }
            }
            read = far.read(&mut down) => {
                let Ok(bytes @ 1..) = read else { return };
                if near.write_all(&down[..bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A page with a large file that is being sent.
struct Sending {
    world: World,
    wire: Wire,
    browser: Browser,
    all: Vec<u8>,
    file: PathBuf,
    _server: TestServer,
    _folder: TempDir,
}

impl Sending {
    async fn new() -> Self {
        let world = World::new(sqlite().await).await;
        let server = TestServer::start(routes(Arc::clone(&world.gallery))).await;
        let wire = Wire::to(&server).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (all, file) = (content(5 * MB), folder.path().join("厂房.pdf"));
        std::fs::write(&file, &all).expect("written");
        let browser = Browser::start().await;
        browser.open(&wire.url()).await;
        Self {
            world,
            wire,
            browser,
            all,
            file,
            _server: server,
            _folder: folder,
        }
    }

    async fn choose(&self) {
        let input = self.browser.find(Locator::Id("invoices")).await;
        let path = self.file.to_str().expect("UTF-8");
        input.expect("there").send_keys(path).await.expect("chosen");
        let button = self
            .browser
            .find(Locator::Css(".zd-ask-upload button"))
            .await;
        button.expect("there").click().await.expect("pressed");
    }

    async fn state(&self) -> Result<String, CmdError> {
        let script = "return document.querySelector('.zd-upload-state')?.textContent ?? ''";
        let state = self.browser.execute(script, vec![]).await?;
        Ok(state.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the line below the input says this.
    async fn says(&self, words: &str) {
        let mut state = String::new();
        for _ in 0..400 {
            state = self.state().await.unwrap_or_default();
            if state.contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never says “{words}”, but “{state}”");
    }

    async fn arrived(&self) -> FileRef {
        for _ in 0..400 {
            if let [file] = files(&self.world).await.as_slice() {
                return file.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "it never arrives; the page says “{}”",
            self.state().await.unwrap_or_default()
        );
    }

    /// The file is there as it was sent, and no more than `missing` bytes of it were sent since `before`.
    async fn is_whole(&self, before: u64, missing: usize) {
        let file = self.arrived().await;
        assert_eq!(
            (file.name.as_str(), file.bytes),
            ("厂房.pdf", self.all.len() as u64)
        );
        assert!(read(&self.world, &file).await == self.all, "other bytes");
        let again = self.wire.carried() - before;
        let missing = missing as u64;
        assert!(
            (missing..missing + TALK).contains(&again),
            "{again} of {missing}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_by_itself_where_the_network_broke_it_off() {
    let page = Sending::new().await;
    page.wire.breaks_after(2 * MB);
    page.choose().await;
    page.says("厂房.pdf：已上传 1 MB / 5 MB，网络断了，恢复后接着传")
        .await;
    page.browser.screenshot("form-upload-broken").await;
    let before = page.wire.carried();
    page.wire.mend();
    page.is_whole(before, 4 * MB).await;
    let shown = page
        .browser
        .wait()
        .for_element(Locator::Css(".zd-ask-files a"))
        .await;
    let name = shown
        .expect("the page shows it")
        .text()
        .await
        .expect("its name");
    assert_eq!(name, "厂房.pdf");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reload_the_same_file_goes_on() {
    let page = Sending::new().await;
    page.wire.breaks_after(2 * MB);
    page.choose().await;
    page.says("网络断了").await;
    // nothing that waits in the old page may go on by itself
    let stop = "window.fetch = () => Promise.reject(new TypeError('gone'))";
    page.browser.execute(stop, vec![]).await.expect("runs");
    page.wire.mend();
    page.browser.open(&page.wire.url()).await;
    let before = page.wire.carried();
    page.choose().await;
    page.is_whole(before, 4 * MB).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_said_before_it_is_sent() {
    let mut page = Sending::new().await;
    page.file = page.file.with_file_name("过大.pdf");
    std::fs::write(&page.file, content(5 * MB + 1)).expect("written");
    let before = page.wire.carried();
    page.choose().await;
    page.says("“过大.pdf”超过 5 MB，请压缩或拆分后再上传").await;
    assert!(page.wire.carried() - before < TALK);
    // another choice takes its place
    page.file = page.file.with_file_name("厂房.pdf");
    page.choose().await;
    let before = before - before;
    assert_eq!(
        page.arrived().await.bytes,
        page.all.len() as u64,
        "{before}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_account_sends_it_with_the_form() {
    let page = Sending::new().await;
    // an answer takes a while: within the event of a press a form cannot be sent again
    let refused = "window.fetch = () => new Promise((done) => \
         setTimeout(() => done(new Response('', { status: 401 })), 20))";
    page.browser.execute(refused, vec![]).await.expect("runs");
    let before = page.wire.carried();
    page.choose().await;
    page.is_whole(before, 5 * MB).await;
}
