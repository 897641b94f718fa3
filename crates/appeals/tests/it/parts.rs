//! Files that came in parts before their form: taken from their owner only, whole only, as many as at once.

use zhida_appeals::words::Confidentiality;
use zhida_platform::access::Viewer;
use zhida_platform::files::{Announced, FileStore};
use zhida_testkit::{Part, sqlite};

use crate::intake::{PNG, send};
use crate::world::{World, boss, clerk};

/// Begins an upload of [`PNG`].
async fn begun(files: &FileStore, by: &Viewer, name: &str) -> String {
    let announced = Announced {
        name: name.to_owned(),
        bytes: PNG.len() as u64,
        modified: 0,
        place: String::new(),
    };
    files.announce(by, announced).await.unwrap().id.to_string()
}

async fn whole(files: &FileStore, by: &Viewer, name: &str) -> String {
    let id = begun(files, by, name).await;
    files.append(by, &id, 0, PNG.into()).await.unwrap();
    id
}

#[tokio::test]
async fn an_appeal_takes_them_from_the_appellant() {
    let world = World::new(sqlite().await).await;
    let (files, owner) = (world.files(), boss(1));
    let id = begun(&files, &owner, "现场.png").await;
    let text = Part::text("text", "园区三号路的路灯坏了一周，夜班工人出入不安全。");
    let parts = [text.clone(), Part::text("sent:files", &id)];
    let app = world.app(owner.clone());
    let early = send(&app, "/appeals/new", &parts).await.expect_status(400);
    assert!(early.text().contains("还没有传完"), "{}", early.text());
    files.append(&owner, &id, 0, PNG.into()).await.unwrap();
    for stranger in [Viewer::visitor(), boss(2)] {
        let told = send(&world.app(stranger), "/appeals/new", &parts).await;
        let told = told.expect_status(400);
        assert!(
            told.text().contains("没有找到这个没传完的文件"),
            "{}",
            told.text()
        );
    }
    let many = vec![Part::text("sent:files", &id); 10];
    let many = [vec![text], many].concat();
    let told = send(&app, "/appeals/new", &many).await.expect_status(400);
    assert!(told.text().contains("最多 9 个附件"), "{}", told.text());
    assert_eq!(world.count("SELECT COUNT(*) FROM appeal").await, 0);
    let sent = send(&app, "/appeals/new", &parts).await;
    let _ = sent.expect_status(303);
    let kept = "SELECT COUNT(*) FROM file WHERE name = '现场.png'";
    assert_eq!(world.count(kept).await, 1);
}

#[tokio::test]
async fn a_message_takes_them_from_its_writer() {
    let world = World::new(sqlite().await).await;
    let made = world
        .appeal(Some(1), "工伤待遇没有到账", Confidentiality::Normal)
        .await;
    world.handled(&made.case_id).await;
    let (files, writer) = (world.files(), clerk(0));
    let (own, anothers) = (
        whole(&files, &writer, "单据.png").await,
        whole(&files, &boss(1), "别人的.png").await,
    );
    let path = format!("/appeals/{}/messages", made.case_id);
    let app = world.app(writer);
    let words = Part::text("message", "见附件");
    let wrong = [words.clone(), Part::text("sent:files", &anothers)];
    let wrong = app.post_multipart(&path, &wrong).await.expect_status(400);
    assert!(
        wrong.text().contains("没有找到这个没传完的文件"),
        "{}",
        wrong.text()
    );
    let many = [vec![words.clone()], vec![Part::text("sent:files", &own); 6]].concat();
    let many = app.post_multipart(&path, &many).await.expect_status(400);
    assert!(many.text().contains("最多 5 个附件"), "{}", many.text());
    assert_eq!(world.count("SELECT COUNT(*) FROM thread_entry").await, 0);
    let good = [words, Part::text("sent:files", &own)];
    let _ = app.post_multipart(&path, &good).await.expect_status(303);
    let page = app.get(&format!("/appeals/{}", made.case_id)).await;
    assert!(page.text().contains("单据.png"));
}
