//! What is refused says why, and nothing that was typed is lost.

use serde_json::json;
use zhida_appeals::words::Confidentiality;
use zhida_testkit::{block_on, sqlite};

use crate::world::{World, boss, clerk, operator};

#[test]
fn a_refused_form_comes_back_with_what_was_typed() {
    block_on(async {
        let world = World::new(sqlite().await).await;
        let id = &world
            .appeal(Some(1), "工伤待遇没有到账", Confidentiality::Normal)
            .await
            .case_id;
        let accept = json!({ "step": "accept", "category": "labour/insurance/injury", "track": "difficult" });
        world.step(operator(), id, accept).await;
        world
            .step(
                operator(),
                id,
                json!({ "step": "dispatch", "helpers": ["供电公司"] }),
            )
            .await;
        let lead = world.app(clerk(0));
        let path = format!("/appeals/{id}/steps/reply");
        let reply = |version: i64, signer: &'static str| {
            [
                ("version", version.to_string()),
                ("reply-claim", "explained".to_owned()),
                ("reply-text", "政策是这样规定的".to_owned()),
                ("reply-signer", signer.to_owned()),
            ]
        };
        let send = async |version, signer| {
            let fields = reply(version, signer);
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            lead.post_form(&path, &fields).await
        };
        let version = world.version(id).await;
        // at a field; as the case stands; because somebody was faster
        for (version, signer, status, words) in [
            (version, "", 400, "由分管领导回复"),
            (version, "李副局长", 422, "未反馈意见（供电公司）"),
            (version - 1, "李副局长", 409, "操作之前"),
        ] {
            let page = send(version, signer).await.expect_status(status);
            for part in [
                words,
                "政策是这样规定的",
                signer,
                "value=\"explained\" checked",
            ] {
                assert!(
                    page.text().contains(part),
                    "{status} {part}: {}",
                    page.text()
                );
            }
        }
        // somebody else has answered meanwhile: the form is gone, the words are not
        world
            .step(clerk(1), id, json!({ "step": "opinion", "text": "同意" }))
            .await;
        let done =
            json!({ "step": "reply", "claim": "solved", "text": "办好了", "signer": "李副局长" });
        world.step(clerk(0), id, done).await;
        let page = send(version, "李副局长").await.expect_status(409);
        assert!(
            page.text().contains("您填写的内容在这里") && page.text().contains("政策是这样规定的"),
            "{}",
            page.text()
        );

        // an appellant's word after the window likewise
        let own = world.app(boss(1));
        let path = format!("/appeals/{id}/own");
        let page = own
            .post_form(&path, &[("step", "reopen"), ("reason", "又停发了")])
            .await
            .expect_status(422);
        assert!(
            page.text().contains("您写的话在这里") && page.text().contains("又停发了"),
            "{}",
            page.text()
        );
    });
}
