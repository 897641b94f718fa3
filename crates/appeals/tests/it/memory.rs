//! What the room remembers of texts is made anew from the database: a restart forgets nothing that people taught it.

use serde_json::json;
use zhida_appeals::words::Confidentiality;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, operator};

/// The text of [`World::appeal`] with this title.
fn body(title: &str) -> String {
    format!("{title}：从上周起一直没有解决，影响生产，请尽快处理")
}

impl World {
    /// The category that the machine names first; nothing when it knows none.
    async fn guessed(&self, title: &str) -> String {
        let found = self.appeals.suggest(title, &body(title)).await.unwrap();
        found
            .into_iter()
            .next()
            .map_or(String::new(), |one| one.path)
    }

    /// Until the room has learnt: the first look of a start registers the job, which runs within a minute.
    async fn learnt(&self) {
        self.clock.pass(chrono::TimeDelta::minutes(2));
        self.work().await;
    }

    /// Appeals that the case page names as alike.
    async fn alike(&self, id: &str) -> bool {
        let page = self.app(operator()).get(&format!("/appeals/{id}")).await;
        page.expect_status(200).text().contains("相同和相似的诉求")
    }
}

async fn corrections_and_texts_are_known_after_a_restart(db: TestDatabase) {
    let mut world = World::new(db).await;
    world.learnt().await;
    let titles = ["行吊年检到期排不上号", "园区通勤班车改线没有通知"];
    let chosen = "ip/pledge";
    for title in titles {
        assert_ne!(
            world.guessed(title).await,
            chosen,
            "the machine thinks otherwise"
        );
    }
    let mut ids = Vec::new();
    for (number, title) in titles.iter().enumerate() {
        let made = world.appeal(Some(number + 1), title, Confidentiality::Normal);
        ids.push(made.await.case_id);
        let accept = json!({ "step": "accept", "category": chosen, "track": "single" });
        world.step(operator(), &ids[number], accept).await;
        assert_eq!(world.guessed(title).await, chosen, "learnt at once");
    }
    let again = world
        .appeal(Some(3), titles[0], Confidentiality::Normal)
        .await;
    assert!(world.alike(&again.case_id).await);

    // the page names who would handle it
    let path = format!("/appeals/{}", again.case_id);
    let page = world.app(operator()).get(&path).await.expect_status(200);
    let body = world.appeals.catalogue().await.unwrap().catalogue;
    let named = format!("，由{}办理，把握", body.department(chosen).unwrap());
    assert!(page.text().contains(&named), "{named}: {}", page.text());

    world.restart();
    assert_eq!(world.guessed(titles[0]).await, "", "nothing is known yet");
    assert!(!world.alike(&again.case_id).await);
    world.learnt().await;
    for title in titles {
        assert_eq!(world.guessed(title).await, chosen, "{title}");
    }
    assert!(world.alike(&again.case_id).await);
}

/// What is secret teaches nobody, by day or by night: its words would stand in what others are shown.
async fn secret_appeals_are_not_learnt_from(db: TestDatabase) {
    let mut world = World::new(db).await;
    world.learnt().await;
    let title = "行吊年检到期排不上号";
    let before = world.guessed(title).await;
    let made = world.appeal(Some(1), title, Confidentiality::Secret).await;
    let accept = json!({ "step": "accept", "category": "ip/pledge", "track": "single" });
    world.step(operator(), &made.case_id, accept).await;
    assert_eq!(world.guessed(title).await, before);
    world.restart();
    world.learnt().await;
    assert_eq!(world.guessed(title).await, before);
}

both_databases!(
    corrections_and_texts_are_known_after_a_restart,
    secret_appeals_are_not_learnt_from,
);
