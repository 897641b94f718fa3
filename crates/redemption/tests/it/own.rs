//! What was filled in: whole for the enterprise's own people, masked for others, not there for strangers.

use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, both_databases, seated};

use crate::talk::send;
use crate::world::{CNAPS, World, agent, boss, clerk, code};

const FORM: &str = "/redemption/apply/yanfa/form";
const PHONE: &str = "13800138000";
const NEW_PHONE: &str = "13900139000";
const HOLDER: &str = "样例企业1号有限公司";
const ACCOUNT: &str = "3700123409000012345";

fn form() -> Value {
    json!({
        "title": "研发项目补助申请表",
        "nodes": [
            { "id": "contact", "label": "联系人", "kind": "person_name", "required": true },
            { "id": "phone", "label": "联系电话", "kind": "phone", "required": true },
            { "id": "quote", "label": "报价", "kind": "money", "sensitive": true, "required": true },
            { "id": "payee", "label": "收款账户", "kind": "bank_account", "required": true },
        ],
    })
}

/// Somebody of the enterprise in this role.
fn staff(role: &str, number: usize) -> Viewer {
    seated(role, None, Some(&code(number)))
}

/// The form filled in for the first enterprise, these fields so.
fn with<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let others = [
        ("contact", "张三丰"),
        ("quote", "123456"),
        ("payee-holder", HOLDER),
        ("payee-bank", "中国工商银行济南样例支行"),
        ("payee-cnaps", CNAPS),
        ("payee-number", ACCOUNT),
    ];
    [&others[..], fields].concat()
}

/// An application of the first enterprise; its case.
async fn applied(world: &World) -> String {
    let scheme = |scheme: &mut zhida_redemption::Scheme| scheme.form = Some(form());
    world.publish("yanfa", Delivery::Application, scheme).await;
    let given = with(&[("phone", PHONE), ("do", "submit")]);
    let own = world.app(boss(1));
    let _ = send(&own, FORM, &given, None).await.expect_status(303);
    world.case_id(1, "yanfa").await
}

/// What page and API show of the case.
async fn shown(world: &World, viewer: &Viewer, id: &str) -> [String; 2] {
    let app = world.app(viewer.clone());
    let page = app.get(&format!("/redemption/cases/{id}")).await;
    let answer = app.get(&format!("/api/v1/redemption/cases/{id}")).await;
    let answer = answer.expect_status(200).json();
    [
        page.expect_status(200).text().to_owned(),
        answer["record"]["answers"].to_string(),
    ]
}

async fn own_people_read_what_they_filed_and_others_masked(db: TestDatabase) {
    let world = World::new(db).await;
    let id = applied(&world).await;
    let secrets = ["张三丰", PHONE, "123,456 元", ACCOUNT];
    for viewer in [boss(1), staff("handler", 1), staff("finance", 1)] {
        for text in shown(&world, &viewer, &id).await {
            for secret in secrets {
                assert!(
                    text.contains(secret),
                    "{secret} for {}: {text}",
                    viewer.name()
                );
            }
        }
    }
    for viewer in [staff("reader", 1), agent(1), clerk()] {
        for text in shown(&world, &viewer, &id).await {
            for secret in secrets {
                assert!(
                    !text.contains(secret),
                    "{secret} for {}: {text}",
                    viewer.name()
                );
            }
            assert!(text.contains("138****8000"), "{text}");
        }
    }
    let desk = world
        .app(clerk())
        .get(&format!("/redemption/desk/{id}"))
        .await;
    let desk = desk.expect_status(200);
    for secret in secrets {
        assert!(!desk.text().contains(secret), "{secret}: {}", desk.text());
    }
    for path in ["/redemption/cases", "/api/v1/redemption/cases"] {
        let stranger = world.app(boss(2)).get(&format!("{path}/{id}")).await;
        let _ = stranger.expect_status(404);
    }
    // what is kept in plain sight is masked, whoever filed it
    let kept = "SELECT COUNT(*) FROM redemption_case WHERE answers LIKE '%13800138000%'";
    assert_eq!(world.count(kept).await, 0);
}

async fn what_was_completed_is_what_is_read(db: TestDatabase) {
    let world = World::new(db).await;
    let id = applied(&world).await;
    let version = world.redemption_version(&id).await;
    let asked = [
        ("version", version.as_str()),
        ("lack", "wrong"),
        ("mark-phone", "电话打不通"),
    ];
    let desk = world.app(clerk());
    let completion = format!("/redemption/desk/{id}/completion");
    let asked = desk.post_form(&completion, &asked).await;
    let _ = asked.expect_status(303);
    let given = with(&[("phone", NEW_PHONE), ("do", "submit")]);
    let complete = format!("/redemption/cases/{id}/complete");
    let own = world.app(boss(1));
    let _ = send(&own, &complete, &given, None).await.expect_status(303);
    for (viewer, new, old) in [
        (boss(1), NEW_PHONE, PHONE),
        (agent(1), "139****9000", "138****8000"),
        (clerk(), "139****9000", "138****8000"),
    ] {
        for text in shown(&world, &viewer, &id).await {
            let told = format!("for {}: {text}", viewer.name());
            assert!(text.contains(new) && !text.contains(old), "{told}");
        }
    }
    let answer = desk.get(&format!("/api/v1/redemption/desk/{id}")).await;
    let answer = answer.expect_status(200).json();
    let answers = answer["record"]["answers"].to_string();
    assert!(answers.contains("139****9000"), "{answers}");
}

both_databases!(
    own_people_read_what_they_filed_and_others_masked,
    what_was_completed_is_what_is_read,
);
