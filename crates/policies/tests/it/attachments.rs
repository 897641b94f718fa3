//! The original text attached to a document: handed in, read back, removed, and who sees what.

use std::fs;
use std::sync::Arc;

use serde_json::Value;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Query, Record};
use zhida_platform::config::Config;
use zhida_platform::files::{FileStore, State};
use zhida_platform::paging::PageRequest;
use zhida_policies::Policies;
use zhida_testkit::{App, Browser, Part, TestDatabase, TestServer, both_databases, seated, sqlite};

use crate::pages::site_with;
use crate::{clock, sample};

const DOCUMENT: &str = "/policies/documents/sample-gaoqi-2026";
const PDF: &[u8] = b"%PDF-1.7\nsample";

struct Desk {
    policies: Arc<Policies>,
    files: FileStore,
    folder: tempfile::TempDir,
    db: TestDatabase,
}

impl Desk {
    async fn new(db: TestDatabase, clamd: &str) -> Self {
        let policies = sample(&db).await;
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default().files;
        config.folder = folder.path().join("files").display().to_string();
        clamd.clone_into(&mut config.clamd);
        let files = FileStore::open(&config, clock()).unwrap();
        Self {
            policies,
            files,
            folder,
            db,
        }
    }

    fn app(&self, viewer: Viewer) -> App {
        App::new(site_with(&self.policies, self.files.clone(), viewer))
    }

    fn editor(&self) -> App {
        self.app(seated("policy_editor", Some("330300"), None))
    }

    fn public(&self) -> App {
        self.app(Viewer::visitor())
    }

    async fn records(&self, action: &str) -> Vec<Record> {
        let query = Query {
            action: Some(action.to_owned()),
            ..Query::default()
        };
        let first = PageRequest::default();
        let found = audit::list(&self.db, &query, &first).await;
        found.unwrap().items
    }
}

async fn hand_in(app: &App, name: &str, content: &[u8]) -> zhida_testkit::TestResponse {
    let parts = [Part::file("file", name, content)];
    app.post_multipart(&format!("{DOCUMENT}/files"), &parts)
        .await
}

/// The address of the only file on the page.
fn address(page: &str) -> String {
    let (_, rest) = page.split_once(&format!("{DOCUMENT}/files/")).unwrap();
    let id: String = rest
        .chars()
        .take_while(|c| *c != '"' && *c != '/')
        .collect();
    format!("{DOCUMENT}/files/{id}")
}

async fn an_editor_attaches_everybody_reads_and_it_is_removed(db: TestDatabase) {
    let desk = Desk::new(db, "").await;
    let (editor, public) = (desk.editor(), desk.public());
    let page = public.get(DOCUMENT).await.expect_status(200);
    assert!(!page.text().contains("原文附件"));
    let name = "..\\..\\关于；\u{202e}印发=办法 的通知.pdf";
    let sent = hand_in(&editor, "../关于印发办法的通知.pdf", PDF)
        .await
        .expect_status(303);
    assert_eq!(sent.header("location"), format!("{DOCUMENT}#files"));
    let page = public.get(DOCUMENT).await.expect_status(200);
    for words in ["原文附件", "关于印发办法的通知.pdf", "PDF", "1 KB"] {
        assert!(page.text().contains(words), "{words}");
    }
    assert!(!page.text().contains("上传") && !page.text().contains("移除"));
    let path = address(page.text());
    let file = public.get(&path).await.expect_status(200);
    assert_eq!(&file.bytes[..], PDF);
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    let disposition = file.header("content-disposition");
    assert!(
        disposition.contains("filename*=UTF-8''") && !disposition.contains(".."),
        "{disposition}"
    );
    let attached = desk.records("policies.attach").await;
    let after = attached[0].after.as_ref().unwrap();
    assert_eq!(attached[0].subject_id, "sample-gaoqi-2026");
    assert_eq!(after["bytes"], PDF.len());
    // printf '%%PDF-1.7\nsample' | sha256sum
    let digest = "4e1ef76add7f5d1ed25b1c2ea21651e67e1dfe121795bd4374962d8fdfd1a4b8";
    assert_eq!(after["digest"], digest);
    assert!(page.text().contains(digest), "the digest is shown");
    let removed = editor.post_form(&format!("{path}/remove"), &[]).await;
    let _ = removed.expect_status(303);
    let _ = public.get(&path).await.expect_status(404);
    let page = public.get(DOCUMENT).await.expect_status(200);
    assert!(!page.text().contains("原文附件"));
    let detached = desk.records("policies.detach").await;
    assert_eq!(detached[0].before, attached[0].after);
    // a name that would break a header is cleaned
    let _ = hand_in(&editor, name, PDF).await.expect_status(303);
    let page = public.get(DOCUMENT).await;
    let file = public.get(&address(page.text())).await.expect_status(200);
    assert!(!file.header("content-disposition").contains('\n'));
}

async fn until_it_is_scanned_only_editors_know_of_it(db: TestDatabase) {
    // nobody listens there: the upload does not wait for the scanner
    let desk = Desk::new(db, "tcp:127.0.0.1:1").await;
    let (editor, public) = (desk.editor(), desk.public());
    let _ = hand_in(&editor, "办法.pdf", PDF).await.expect_status(303);
    assert!(!public.get(DOCUMENT).await.text().contains("办法.pdf"));
    let page = editor.get(DOCUMENT).await.expect_status(200);
    assert!(page.text().contains("待查毒"));
    let path = address(page.text());
    let _ = public.get(&path).await.expect_status(404);
    let own = editor.get(&path).await.expect_status(200);
    assert!(
        own.header("content-disposition").starts_with("attachment"),
        "saved, not shown"
    );
    let mut another = seated("policy_editor", Some("330300"), None)
        .as_person()
        .unwrap()
        .clone();
    another.account = uuid::Uuid::from_u128(77);
    let another = desk.app(Viewer::person(another));
    assert!(another.get(DOCUMENT).await.text().contains("待查毒"));
    let _ = another.get(&path).await.expect_status(403);
    // released by an administrator it is everybody's
    let (files, digest) = (&desk.files, &digest_of(&desk).await);
    desk.db
        .write(|tx| async move { files.release_content(&tx, digest, "已在别处查过").await })
        .await
        .unwrap();
    assert!(public.get(DOCUMENT).await.text().contains("办法.pdf"));
    let _ = public.get(&path).await.expect_status(200);
}

async fn digest_of(desk: &Desk) -> String {
    let attached = desk.records("policies.attach").await;
    let after = attached[0].after.clone().unwrap();
    after["digest"].as_str().unwrap().to_owned()
}

async fn what_is_not_wanted_is_refused_at_its_field(db: TestDatabase) {
    let desk = Desk::new(db, "").await;
    let editor = desk.editor();
    for (name, content, status, words) in [
        (
            "办法.exe",
            &b"MZ\x90\0\x03\0\0\0"[..],
            415,
            "政策文件附件不接受",
        ),
        (
            "办法.pdf",
            &b"MZ\x90\0\x03\0\0\0"[..],
            415,
            "不要只改扩展名",
        ),
        ("办法.pdf", &b""[..], 400, "是空文件"),
        ("", &b"x"[..], 400, "请选择要上传的文件"),
    ] {
        let page = hand_in(&editor, name, content).await.expect_status(status);
        assert!(page.text().contains(words), "{name}: {}", page.text());
        assert!(page.text().contains("file-error"), "at the field");
    }
    assert!(desk.records("policies.attach").await.is_empty());
    for role in ["clerk", "data_manager", "legal", "sysadmin"] {
        let app = desk.app(seated(role, Some("330300"), None));
        let _ = hand_in(&app, "办法.pdf", PDF).await.expect_status(403);
    }
    let _ = hand_in(&desk.public(), "办法.pdf", PDF)
        .await
        .expect_status(401);
    let parts = [Part::file("file", "办法.pdf", PDF)];
    let nowhere = editor
        .post_multipart("/policies/documents/none/files", &parts)
        .await;
    let _ = nowhere.expect_status(404);
}

async fn a_file_is_found_only_at_its_own_document_and_only_when_that_is_public(db: TestDatabase) {
    let desk = Desk::new(db, "").await;
    let (editor, public) = (desk.editor(), desk.public());
    let _ = hand_in(&editor, "办法.pdf", PDF).await.expect_status(303);
    let page = public.get(DOCUMENT).await.expect_status(200);
    let path = address(page.text());
    let id = path.rsplit('/').next().unwrap();
    let other = format!("/policies/documents/none/files/{id}");
    let _ = public.get(&other).await.expect_status(404);
    let _ = editor
        .post_form(&format!("{other}/remove"), &[])
        .await
        .expect_status(404);
    // its items are withdrawn: the page is gone, and so are its files
    for item in ["sample-gaoqi-jiangli", "sample-yanfa-buzhu"] {
        desk.policies.withdraw("经办员甲", item).await.unwrap();
    }
    let _ = public.get(DOCUMENT).await.expect_status(404);
    let _ = public.get(&path).await.expect_status(404);
    let _ = editor.get(&path).await.expect_status(200);
}

async fn damaged_content_is_never_passed_on_as_whole(db: TestDatabase) {
    let desk = Desk::new(db, "").await;
    let (editor, public) = (desk.editor(), desk.public());
    let _ = hand_in(&editor, "办法.pdf", PDF).await.expect_status(303);
    let path = address(public.get(DOCUMENT).await.text());
    let digest = digest_of(&desk).await;
    let folder = desk.folder.path().join("files");
    let lies = folder.join(&digest[..2]).join(&digest[2..4]).join(&digest);
    fs::remove_file(lies).unwrap();
    let _ = public.get(&path).await.expect_status(500);
    let found = desk
        .files
        .content(&desk.db, &digest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.state, State::Damaged);
    assert!(!public.get(DOCUMENT).await.text().contains("办法.pdf"));
    assert!(editor.get(DOCUMENT).await.text().contains("存储内容已损坏"));
    // handed in again it is whole again
    let _ = hand_in(&editor, "办法.pdf", PDF).await.expect_status(303);
    let _ = public.get(&path).await.expect_status(200);
    let record = &desk.records("policies.attach").await[0];
    assert_eq!(
        (record.actor.as_str(), record.account.is_some()),
        ("张三", true)
    );
    assert_ne!(record.after, Some(Value::Null));
}

both_databases!(
    an_editor_attaches_everybody_reads_and_it_is_removed,
    until_it_is_scanned_only_editors_know_of_it,
    what_is_not_wanted_is_refused_at_its_field,
    a_file_is_found_only_at_its_own_document_and_only_when_that_is_public,
    damaged_content_is_never_passed_on_as_whole,
);

#[tokio::test(flavor = "multi_thread")]
async fn the_page_with_files_is_accessible_and_fits_a_phone() {
    let desk = Desk::new(sqlite().await, "").await;
    let editor = seated("policy_editor", Some("330300"), None);
    let name = "关于印发《样例市支持高新技术企业高质量发展若干政策措施》的通知.pdf";
    let _ = hand_in(&desk.editor(), name, PDF).await.expect_status(303);
    let browser = Browser::start().await;
    browser.phone().await;
    for (viewer, shot) in [
        (editor, "policies-document-editor-phone"),
        (Viewer::visitor(), "policies-document-files-phone"),
    ] {
        let site = site_with(&desk.policies, desk.files.clone(), viewer);
        let server = TestServer::start(site).await;
        browser.open(&server.url(DOCUMENT)).await;
        let wide = "return document.documentElement.scrollWidth - window.innerWidth";
        let wide = browser.execute(wide, vec![]).await.unwrap();
        browser.screenshot(shot).await;
        browser.axe(shot).await;
        assert_eq!(wide.as_i64(), Some(0), "{shot} is wider than a phone");
    }
}
