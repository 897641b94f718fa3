//! Who is told when time runs out.

use zhida_platform::db::{self, FromQueryResult};
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{HEAD, World, boss, clerk, fields, payee};

#[derive(Debug, FromQueryResult)]
struct Told {
    recipient_kind: String,
    recipient: String,
    title: String,
}

async fn told(world: &World) -> Vec<String> {
    let sql = "SELECT recipient_kind, recipient, title FROM message
        WHERE event = 'redemption.reminder' ORDER BY id";
    let found: Vec<Told> = db::query_all(world.db.conn(), sql, []).await.unwrap();
    let words = found
        .into_iter()
        .map(|one| format!("{} {} {}", one.recipient_kind, one.recipient, one.title));
    words.collect()
}

/// The queue of those that were pressed for, its export and the API; a case that is over stays one of them.
async fn found_by(world: &World, urged: &str, expected: usize) {
    let app = world.app(clerk());
    for state in ["", "&state=all"] {
        let filter = format!("?urged={urged}{state}");
        let list = app.get(&format!("/redemption/desk{filter}")).await;
        let list = list.expect_status(200);
        assert!(
            list.text().contains(&format!("共 {expected} 件")),
            "{filter}: {}",
            list.text()
        );
        let tags = list.text().matches("已上报</span>").count();
        assert_eq!(tags, expected, "{filter}: {}", list.text());
        let csv = app
            .get(&format!("/redemption/desk/export.csv{filter}"))
            .await;
        let csv = csv.expect_status(200);
        let lines: Vec<&str> = csv.text().lines().skip(1).collect();
        assert_eq!(lines.len(), expected, "{filter}: {}", csv.text());
        assert!(
            lines.iter().all(|line| line.ends_with(",已上报")),
            "{lines:?}"
        );
        let found = app.get(&format!("/api/v1/redemption/desk{filter}")).await;
        let found = found.expect_status(200).json();
        assert_eq!(found["total"], expected, "{filter}: {found}");
        if expected > 0 {
            assert_eq!(found["items"][0]["urged"], "escalated", "{found}");
        }
    }
}

async fn an_overdue_case_is_told_to_whoever_stands_above_the_body_that_holds_it(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let _ = world
        .app(boss(1))
        .post_form("/redemption/apply/yanfa", &fields(&payee(1)))
        .await
        .expect_status(303);
    let case = world.case(1, "yanfa").await;
    let id = case["id"].as_str().unwrap();
    let version = world.redemption_version(id).await;
    let _ = world
        .app(clerk())
        .post_form(
            &format!("/redemption/desk/{id}/transfer"),
            &[
                ("transfer-to", "历下区生态环境局"),
                ("transfer-reason", "职责所在"),
                ("version", version.as_str()),
            ],
        )
        .await
        .expect_status(303);
    assert!(told(&world).await.is_empty());
    found_by(&world, "reminded", 0).await;
    for _ in 0..14 {
        world.clock.pass(1);
        world.work().await;
    }
    let told = told(&world).await;
    assert!(!told.is_empty());
    // nobody took it and the body has no head: who stands above it is told, by name
    let head = format!("account {HEAD} ");
    assert!(told.iter().all(|line| line.starts_with(&head)), "{told:#?}");
    assert!(told.iter().any(|line| line.contains("上报")), "{told:#?}");
    found_by(&world, "reminded", 1).await;
    found_by(&world, "escalated", 1).await;
    let page = world
        .app(clerk())
        .get(&format!("/redemption/desk/{id}"))
        .await
        .expect_status(200);
    for words in [
        "历下区人民政府 区长",
        "第 1 级没有负责人，请在组织机构里补上任职",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
}

both_databases!(an_overdue_case_is_told_to_whoever_stands_above_the_body_that_holds_it,);
