//! An appeal's way through the room, by the steps of the API, on both databases.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zhida_appeals::words::{Alert, Channel, Confidentiality};
use zhida_appeals::{AppealQuery, Contact, Error, NewAppeal, Submitted};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{block_on, databases};

use crate::world::{CITY, World, boss, clerk, code, name, operator, person};

pub(crate) fn supervisor() -> Viewer {
    person("supervisor", Some(CITY), None, 12)
}

impl World {
    /// Registers an appeal as the hotline does; of an enterprise when a number is given.
    pub(crate) async fn appeal(
        &self,
        enterprise: Option<usize>,
        title: &str,
        confidentiality: Confidentiality,
    ) -> Submitted {
        let owner = enterprise.map(|number| (code(number), name(number)));
        let owner = owner
            .as_ref()
            .map(|(code, name)| (code.as_str(), name.as_str()));
        let text = format!("{title}：从上周起一直没有解决，影响生产，请尽快处理");
        let new = &NewAppeal {
            channel: Channel::Hotline,
            source: "",
            title,
            text: &text,
            category: "",
            place: "370102",
            place_words: "",
            enterprise: owner,
            account: None,
            contact: Contact {
                name: "张三",
                phone: "13800001111",
                email: "",
            },
            confidentiality,
            files: &[],
        };
        let viewer = &operator();
        let now = zhida_platform::clock::Clock::now(self.clock.as_ref());
        let done: Result<Submitted, Error> = self
            .db
            .write(|tx| async move {
                let done = self.appeals.submit(&tx, new, viewer).await?;
                let entry = Entry::new(now, viewer, "appeals.submit", "appeal", &done.case_id);
                audit::append(&tx, &entry).await?;
                Ok(done)
            })
            .await;
        done.unwrap()
    }

    /// Takes a step; the status.
    pub(crate) async fn try_step(
        &self,
        viewer: Viewer,
        id: &str,
        mut step: Value,
    ) -> (u16, String) {
        let version = self.version(id).await;
        step["version"] = version.into();
        let path = format!("/api/v1/appeals/{id}/steps");
        let response = self.app(viewer).post_json(&path, &step).await;
        (response.status.as_u16(), response.text().to_owned())
    }

    pub(crate) async fn step(&self, viewer: Viewer, id: &str, step: Value) {
        let (status, text) = self.try_step(viewer, id, step.clone()).await;
        assert_eq!(status, 204, "{step}: {text}");
    }

    pub(crate) async fn version(&self, id: &str) -> i64 {
        let sql = "SELECT version FROM case_head WHERE id = $1";
        zhida_platform::db::query_count(self.db.conn(), sql, [id.into()])
            .await
            .unwrap()
    }

    pub(crate) async fn shown(&self, viewer: Viewer, id: &str) -> Value {
        self.app(viewer)
            .get(&format!("/api/v1/appeals/{id}"))
            .await
            .expect_status(200)
            .json()
    }

    /// Accepted, dispatched to 人社局 (0) and answered.
    pub(crate) async fn handled(&self, id: &str) {
        self.step(
            operator(),
            id,
            json!({ "step": "accept", "category": "labour/insurance/injury", "track": "single" }),
        )
        .await;
        self.dispatched(id).await;
    }

    pub(crate) async fn dispatched(&self, id: &str) {
        self.step(
            operator(),
            id,
            json!({ "step": "dispatch", "department": "", "helpers": [], "note": "请尽快办理" }),
        )
        .await;
        let reply = json!({ "step": "reply", "claim": "solved", "text": "已经补缴并恢复待遇", "signer": "李副局长" });
        self.step(clerk(0), id, reply).await;
    }

    pub(crate) async fn voice(&self, id: &str) -> String {
        use zhida_platform::db::FromQueryResult;
        #[derive(FromQueryResult)]
        struct Row {
            id: String,
        }
        let sql = "SELECT id FROM appeal_voice WHERE origin = $1";
        let row: Option<Row> = zhida_platform::db::query_one(self.db.conn(), sql, [id.into()])
            .await
            .unwrap();
        row.unwrap().id
    }

    pub(crate) async fn visited(&self, id: &str, voice: &str, satisfaction: &str) {
        let visit = json!({ "step": "visit", "voice": voice, "way": "phone", "satisfaction": satisfaction, "words": "电话里说的" });
        self.step(operator(), id, visit).await;
    }
}

fn state(shown: &Value) -> String {
    format!(
        "{}/{}",
        shown["row"]["head"]["stage"].as_str().unwrap(),
        shown["row"]["head"]["outcome"].as_str().unwrap_or("-")
    )
}

#[test]
fn from_registration_to_the_appellants_word() {
    block_on(async {
        for db in databases().await {
            let world = World::new(db).await;
            let made = world
                .appeal(Some(1), "工伤待遇没有到账", Confidentiality::Normal)
                .await;
            let id = &made.case_id;
            world.handled(id).await;
            let shown = world.shown(operator(), id).await;
            assert_eq!(state(&shown), "visit/-");
            assert_eq!(shown["row"]["head"]["holder_name"], "人力资源和社会保障局");
            // no officer can close it as solved
            let closing = json!({ "step": "turn_down", "outcome": "solved", "reason": "办好了" });
            let (status, text) = world.try_step(operator(), id, closing).await;
            assert_eq!(status, 400);
            assert!(text.contains("办结要听诉求人的话"), "{text}");
            // whose word it waits for reads that, and not the date by which the office asks
            let mine = async || {
                let page = world.app(boss(1)).get("/appeals/mine").await;
                page.expect_status(200).text().to_owned()
            };
            let waiting = mine().await;
            assert!(waiting.contains("等您评价"), "{waiting}");
            assert!(!waiting.contains("期限"), "{waiting}");
            world.visited(id, &world.voice(id).await, "satisfied").await;
            assert!(!mine().await.contains("等您评价"));
            let shown = world.shown(operator(), id).await;
            assert_eq!(state(&shown), "visit/solved");
            assert_eq!(shown["row"]["satisfaction"], "satisfied");
            assert_eq!(shown["row"]["late"], false);
            // the enterprise has it taken up again within the window, and not after it
            let own = format!("/appeals/{id}/own");
            let _ = world
                .app(boss(1))
                .post_form(&own, &[("step", "reopen"), ("reason", "又停发了")])
                .await
                .expect_status(303);
            assert_eq!(state(&world.shown(operator(), id).await), "dispatch/-");
            world.dispatched(id).await;
            world.visited(id, &world.voice(id).await, "basically").await;
            assert_eq!(state(&world.shown(operator(), id).await), "visit/basically");
            world.clock.pass(chrono::TimeDelta::days(40));
            let late = world
                .app(boss(1))
                .post_form(&own, &[("step", "reopen"), ("reason", "又停发了")])
                .await;
            assert_eq!(late.status.as_u16(), 422);
            assert!(late.text().contains("须在"), "{}", late.text());
        }
    });
}

#[test]
fn unsatisfied_once_is_dispatched_again_twice_is_supervised() {
    block_on(async {
        for db in databases().await {
            let world = World::new(db).await;
            let id = &world
                .appeal(Some(1), "工伤待遇没有到账", Confidentiality::Normal)
                .await
                .case_id;
            let voice = &world.voice(id).await;
            world.handled(id).await;
            world.visited(id, voice, "not").await;
            assert_eq!(state(&world.shown(operator(), id).await), "dispatch/-");
            // who answers the second time is named
            world
                .step(
                    operator(),
                    id,
                    json!({ "step": "dispatch", "department": "人力资源和社会保障局" }),
                )
                .await;
            let unsigned =
                json!({ "step": "reply", "claim": "solved", "text": "已经办好", "signer": "" });
            let (status, text) = world.try_step(clerk(0), id, unsigned).await;
            assert_eq!(status, 400, "{text}");
            assert!(text.contains("分管领导"), "{text}");
            let signed = json!({ "step": "reply", "claim": "solved", "text": "已经办好", "signer": "李副局长" });
            world.step(clerk(0), id, signed.clone()).await;
            world.visited(id, voice, "not").await;
            let shown = world.shown(supervisor(), id).await;
            assert_eq!(state(&shown), "supervision/-");
            assert_eq!(shown["row"]["dissatisfied"], 2);
            let interview = json!({ "step": "supervise", "kind": "interview", "words": "请局长到场说明", "due_on": "2026-11-30" });
            world.step(supervisor(), id, interview).await;
            world
                .step(
                    supervisor(),
                    id,
                    json!({ "step": "rehandle", "reason": "本周内办结" }),
                )
                .await;
            world.step(clerk(0), id, signed).await;
            world.visited(id, voice, "satisfied").await;
            let shown = world.shown(operator(), id).await;
            assert_eq!(state(&shown), "visit/solved");
            assert_eq!(shown["row"]["supervision"], "interview");
            assert_eq!(world.count("SELECT COUNT(*) FROM appeal_visit").await, 3);
        }
    });
}

#[test]
fn what_was_said_of_another_reply_is_asked_again_after_merging() {
    block_on(async {
        for db in databases().await {
            let world = World::new(db).await;
            let mut ids = Vec::new();
            for number in 1..=3 {
                let made = world
                    .appeal(Some(number), "二号大街停电", Confidentiality::Normal)
                    .await;
                ids.push(made);
            }
            let [main, other, third] = ids.as_slice() else {
                unreachable!("three were made")
            };
            let merge =
                |into: &str| json!({ "step": "merge", "number": into, "reason": "同一次停电" });
            let visit = |voice: &str, satisfaction: &str, resolved: Option<bool>| {
                json!({ "step": "visit", "voice": voice, "way": "phone", "satisfaction": satisfaction,
                    "resolved": resolved, "words": "" })
            };
            world
                .step(operator(), &third.case_id, merge(&other.number))
                .await;
            world.handled(&other.case_id).await;
            let voice = world.voice(&other.case_id).await;
            let said = visit(&voice, "satisfied", Some(true));
            world.step(operator(), &other.case_id, said).await;
            world
                .step(operator(), &other.case_id, merge(&main.number))
                .await;
            world.handled(&main.case_id).await;
            // one who says that it is not solved is not outvoted by those who are asked later
            for (of, satisfaction, resolved) in [
                (main, "basically", Some(false)),
                (third, "satisfied", Some(true)),
                (other, "satisfied", None),
            ] {
                let shown = world.shown(operator(), &main.case_id).await;
                assert_eq!(state(&shown), "visit/-", "{satisfaction}");
                let said = visit(&world.voice(&of.case_id).await, satisfaction, resolved);
                world.step(operator(), &main.case_id, said).await;
            }
            let shown = world.shown(operator(), &main.case_id).await;
            assert_eq!(state(&shown), "visit/explained");
            assert_eq!(shown["row"]["satisfaction"], "basically");
        }
    });
}

#[test]
fn merging_keeps_every_voice_and_unmerging_gives_them_back() {
    block_on(async {
        for db in databases().await {
            let world = World::new(db).await;
            let mut ids = Vec::new();
            for number in 1..=3 {
                ids.push(
                    world
                        .appeal(Some(number), "二号大街停电", Confidentiality::Normal)
                        .await,
                );
            }
            let main = &ids[0];
            for other in &ids[1..] {
                let merge =
                    json!({ "step": "merge", "number": main.number, "reason": "同一次停电" });
                world.step(operator(), &other.case_id, merge).await;
            }
            let voices = "SELECT COUNT(*) FROM appeal_voice";
            assert_eq!(world.count(voices).await, 3);
            assert_eq!(
                world.shown(operator(), &main.case_id).await["row"]["voices"],
                3
            );
            world.handled(&main.case_id).await;
            // every voice is visited before it can end
            for (at, one) in ids.iter().enumerate() {
                assert_eq!(
                    state(&world.shown(operator(), &main.case_id).await),
                    "visit/-",
                    "{at}"
                );
                world
                    .visited(&main.case_id, &world.voice(&one.case_id).await, "satisfied")
                    .await;
            }
            assert_eq!(
                state(&world.shown(operator(), &main.case_id).await),
                "visit/solved"
            );
            let unmerge = json!({ "step": "unmerge", "reason": "不是同一条线路" });
            world.step(operator(), &ids[2].case_id, unmerge).await;
            assert_eq!(world.count(voices).await, 3);
            assert_eq!(
                world.shown(operator(), &main.case_id).await["row"]["voices"],
                2
            );
            assert_eq!(
                world.shown(operator(), &ids[2].case_id).await["row"]["voices"],
                1
            );
        }
    });
}

#[test]
fn whose_it_is_finds_out_nobody_who_may_not_know() {
    block_on(async {
        let world = World::new(zhida_testkit::sqlite().await).await;
        let id = &world
            .appeal(Some(2), "工伤待遇没有到账", Confidentiality::Concealed)
            .await
            .case_id;
        world.handled(id).await;
        let code = code(2);
        for viewer in [clerk(0), supervisor()] {
            let api = world
                .app(viewer.clone())
                .get(&format!("/api/v1/appeals/{id}"))
                .await
                .expect_status(200)
                .text()
                .to_owned();
            let page = world
                .app(viewer.clone())
                .get(&format!("/appeals/{id}"))
                .await
                .expect_status(200)
                .text()
                .to_owned();
            let list = world
                .app(viewer.clone())
                .get("/appeals/export.csv")
                .await
                .expect_status(200)
                .text()
                .to_owned();
            for secret in [code.as_str(), "样例企业2号", "张三", "13800001111"] {
                assert!(!api.contains(secret), "API: {secret}");
                assert!(!page.contains(secret), "page: {secret}");
                assert!(!list.contains(secret), "export: {secret}");
            }
            // nor by asking for it
            let asked = world
                .app(viewer)
                .get(&format!("/api/v1/appeals?enterprise={code}&state=all"))
                .await
                .json();
            assert_eq!(asked["total"], 0);
        }
        let operators = world
            .app(operator())
            .get(&format!("/appeals/{id}"))
            .await
            .expect_status(200)
            .text()
            .to_owned();
        assert!(operators.contains("13800001111") && operators.contains(&code));
        // another body does not see it at all
        assert_eq!(
            world
                .app(clerk(1))
                .get(&format!("/appeals/{id}"))
                .await
                .status
                .as_u16(),
            404
        );
    });
}

#[test]
fn lists_counts_and_exports_are_one_query() {
    block_on(async {
        for db in databases().await {
            let world = World::new(db).await;
            for number in 1..=3 {
                let made = world
                    .appeal(Some(number), "停电", Confidentiality::Normal)
                    .await;
                if number > 1 {
                    world.handled(&made.case_id).await;
                }
            }
            world.clock.pass(chrono::TimeDelta::days(4));
            let mut views = Vec::new();
            for query in [
                "",
                "stage=visit",
                "stage=intake",
                "standing=overdue",
                "standing=unassigned",
                "category=labour",
                "channel=web",
                "state=all",
                "q=%E5%81%9C%E7%94%B5",
            ] {
                let address = format!("/api/v1/appeals?{query}");
                let list = world
                    .app(operator())
                    .get(&address)
                    .await
                    .expect_status(200)
                    .json();
                let csv = world
                    .app(operator())
                    .get(&format!("/appeals/export.csv?{query}"))
                    .await
                    .expect_status(200)
                    .text()
                    .to_owned();
                let rows = csv
                    .lines()
                    .filter(|line| line.contains("诉求-2026-"))
                    .count();
                assert_eq!(
                    list["total"],
                    list["items"].as_array().unwrap().len(),
                    "{query}"
                );
                assert_eq!(list["total"], rows, "{query}");
                // and so is what a saved view of it counts, together with the others
                let name = format!("视图 {}", views.len());
                let fields: BTreeMap<_, _> =
                    url::form_urlencoded::parse(query.as_bytes()).collect();
                let kept = serde_json::to_string(&fields).unwrap();
                let saved = [("name", name.as_str()), ("query", kept.as_str())];
                let _ = world
                    .app(operator())
                    .post_form("/appeals/views", &saved)
                    .await
                    .expect_status(303);
                views.push(format!(
                    "{name}<span class=\"zd-tabs__count\">{rows}</span>"
                ));
            }
            let queue = world.app(operator()).get("/appeals").await;
            for tab in views {
                assert!(queue.text().contains(&tab), "{tab}: {}", queue.text());
            }
            let overdue = AppealQuery {
                standing: Some(Alert::Overdue),
                ..AppealQuery::default()
            };
            assert_eq!(world.appeals.count(&operator(), &overdue).await.unwrap(), 1);
            let page = world
                .appeals
                .list(&operator(), &overdue, &PageRequest::first(10))
                .await
                .unwrap();
            assert_eq!(page.items[0].state_words(), "受理");
        }
    });
}
