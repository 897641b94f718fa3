//! Bad input of the issue: categories gone with appeals open, holidays announced later, clocks moved backwards, filters that
//! there are not.

use chrono::TimeDelta;
use serde_json::json;
use zhida_appeals::words::Confidentiality;
use zhida_casework::Change;
use zhida_casework::calendar::LocalChange;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::cases::calendar;
use zhida_platform::db::{self, Tx, Value};
use zhida_testkit::{Part, block_on, databases, sqlite};

use crate::intake::send;
use crate::journey::supervisor;
use crate::world::{World, clerk, manager, operator};

#[test]
fn a_category_that_is_gone_stays_with_open_appeals_until_they_are_sorted_or_end() {
    block_on(async {
        for db in databases().await {
            let world = World::new(db).await;
            let id = &world
                .appeal(Some(1), "工伤待遇没有到账", Confidentiality::Normal)
                .await
                .case_id;
            let sorted = json!({ "step": "accept", "category": "labour/insurance/injury", "track": "single" });
            world.step(operator(), id, sorted.clone()).await;
            let other = &world
                .appeal(Some(3), "工伤认定没有结论", Confidentiality::Normal)
                .await
                .case_id;
            world.step(operator(), other, sorted.clone()).await;
            let mut catalogue = world.appeals.catalogue().await.unwrap().catalogue;
            let gone = "labour/insurance/injury";
            catalogue.categories.retain(|one| one.path != gone);
            let catalogue = serde_norway::to_string(&catalogue).unwrap();
            let deleted = [
                ("catalogue", catalogue.as_str()),
                ("revision", "0"),
                ("note", "调整"),
            ];
            let publish = "/appeals/setup/categories";
            let done = world.app(manager()).post_form(publish, &deleted).await;
            let _ = done.expect_status(303);
            let services = world.app(operator()).get("/open311/v2/services.json").await;
            assert!(!services.text().contains("labour.insurance.injury"));
            assert!(services.text().contains("utilities.power.outage"));
            let page = world
                .app(operator())
                .get(&format!("/appeals/{id}"))
                .await
                .expect_status(200);
            assert!(
                page.text().contains("用工社保 / 社会保险 / 工伤（已停用）"),
                "{}",
                page.text()
            );
            // a new one cannot have it, with words
            let new = &world
                .appeal(Some(2), "工伤", Confidentiality::Normal)
                .await
                .case_id;
            let (status, text) = world.try_step(operator(), new, sorted).await;
            assert_eq!(status, 400);
            assert!(text.contains("在用的分类"), "{text}");
            // the one that has it goes on, or is sorted anew
            world.step(operator(), id, json!({ "step": "sort", "category": "labour/insurance", "track": "joint", "reason": "分类停用" })).await;
            world
                .step(
                    operator(),
                    id,
                    json!({ "step": "dispatch", "department": "人力资源和社会保障局" }),
                )
                .await;
            // or ends with it
            let named = json!({ "step": "dispatch", "department": "人力资源和社会保障局" });
            world.step(operator(), other, named).await;
            let reply = json!({ "step": "reply", "claim": "solved", "text": "结论已经送达", "signer": "李副局长" });
            world.step(clerk(0), other, reply).await;
            let voice = world.voice(other).await;
            world.visited(other, &voice, "satisfied").await;
            let shown = world.shown(operator(), other).await;
            assert_eq!(shown["row"]["head"]["outcome"], "solved");
            assert_eq!(shown["row"]["category"], gone);
            let stale = world.app(manager()).post_form(publish, &deleted).await;
            let stale = stale.expect_status(409);
            assert!(
                stale.text().contains("已由别人发布到第 1 版"),
                "{}",
                stale.text()
            );
        }
    });
}

#[test]
fn a_holiday_announced_after_due_dates_were_given_moves_them_and_says_why() {
    block_on(async {
        for db in databases().await {
            let world = World::new(db).await;
            let id = &world
                .appeal(Some(1), "停电", Confidentiality::Normal)
                .await
                .case_id;
            let before = world.shown(operator(), id).await["due"]
                .as_str()
                .unwrap()
                .to_owned();
            assert_eq!(before, "2026年11月24日（周二）24:00");
            let city = calendar::load(world.db.conn()).await.unwrap();
            let closed = LocalChange::Closed {
                why: "全市停办".to_owned(),
            };
            let changed = city
                .calendar
                .clone()
                .change("2026-11-24".parse().unwrap(), closed);
            let now = zhida_platform::clock::Clock::now(world.clock.as_ref());
            let (changed, version) = (&changed, city.version);
            let done: Result<(), zhida_platform::problem::Problem> = world
                .db
                .write(|tx| async move {
                    let first =
                        calendar::change(&tx, version, changed, "11月24日全市停办", now).await?;
                    assert!(first, "nobody else has changed it");
                    audit::append(
                        &tx,
                        &Entry::new(now, &manager(), "calendar.change", "calendar", "1"),
                    )
                    .await?;
                    Ok(())
                })
                .await;
            done.unwrap();
            world.clock.pass(TimeDelta::minutes(2));
            world.work().await;
            let shown = world.shown(operator(), id).await;
            assert_eq!(shown["due"], "2026年11月25日（周三）24:00");
            let history = shown["history"].to_string();
            assert!(
                history.contains("重新计算时限：11月24日全市停办"),
                "{history}"
            );
        }
    });
}

#[test]
fn a_clock_moved_backwards_loses_nothing_and_keeps_the_order() {
    block_on(async {
        let world = World::new(sqlite().await).await;
        let id = &world
            .appeal(Some(1), "停电", Confidentiality::Normal)
            .await
            .case_id;
        world.handled(id).await;
        let page = world.app(Viewer::visitor());
        let text = [Part::text("text", "园区三号路的路灯坏了一周，请尽快修复。")];
        let _ = send(&page, "/appeals/new", &text).await.expect_status(303);
        world.clock.pass(TimeDelta::hours(-30));
        // what came in what is now the future is still known, and others are taken
        let again = send(&page, "/appeals/new", &text).await.expect_status(200);
        assert!(again.text().contains("第 2 次提交"), "{}", again.text());
        let other = [Part::text("text", "园区四号路的井盖丢了，请尽快补上。")];
        let _ = send(&page, "/appeals/new", &other).await.expect_status(303);
        assert_eq!(world.count("SELECT COUNT(*) FROM appeal").await, 3);
        let voice = world.voice(id).await;
        world.visited(id, &voice, "satisfied").await;
        let case: uuid::Uuid = id.parse().unwrap();
        let shown = world.shown(operator(), id).await;
        assert_eq!(shown["row"]["head"]["outcome"], "solved");
        let cases =
            zhida_platform::cases::Cases::<zhida_appeals::words::Appeal>::new("appeals", "诉求");
        let loaded = cases.need(world.db.conn(), case).await.unwrap();
        assert!(loaded.events.windows(2).all(|two| two[0].at <= two[1].at));
        assert!(matches!(
            loaded.events.last().unwrap().change,
            Change::Closed { .. }
        ));
    });
}

#[test]
fn steps_that_are_anothers_or_not_possible_are_refused_with_words() {
    block_on(async {
        let world = World::new(sqlite().await).await;
        let id = &world
            .appeal(Some(1), "停电", Confidentiality::Normal)
            .await
            .case_id;
        for (viewer, step, part) in [
            (
                supervisor(),
                json!({ "step": "accept", "category": "labour", "track": "single" }),
                "诉求登记人员",
            ),
            (
                operator(),
                json!({ "step": "dispatch", "department": "供电公司" }),
                "在“交办”环节办理",
            ),
            (
                operator(),
                json!({ "step": "accept", "category": "没有", "track": "single" }),
                "在用的分类",
            ),
            (
                operator(),
                json!({ "step": "merge", "number": "诉求-2026-000009-9", "reason": "同" }),
                "校验码不对",
            ),
            (
                operator(),
                json!({ "step": "turn_down", "outcome": "not_accepted", "reason": " " }),
                "原因和应当去哪里",
            ),
        ] {
            let (status, text) = world.try_step(viewer, id, step.clone()).await;
            assert!((400..500).contains(&status), "{step}: {status}");
            assert!(text.contains(part), "{step}: {text}");
        }
        // somebody was faster
        world.step(operator(), id, json!({ "step": "accept", "category": "utilities/power/outage", "track": "single" })).await;
        let stale = json!({ "step": "dispatch", "department": "供电公司", "version": 1 });
        let response = world
            .app(operator())
            .post_json(&format!("/api/v1/appeals/{id}/steps"), &stale)
            .await;
        assert_eq!(response.status.as_u16(), 409);
        assert!(response.text().contains("操作之前"), "{}", response.text());
        let (status, _) = world
            .try_step(
                clerk(1),
                id,
                json!({ "step": "reply", "claim": "solved", "text": "好了" }),
            )
            .await;
        assert_eq!(status, 404);
    });
}

/// A view that was saved when there was still another channel.
#[test]
fn a_saved_view_with_a_filter_that_is_gone_is_said_and_can_be_deleted() {
    block_on(async {
        let world = World::new(sqlite().await).await;
        world.appeal(Some(1), "停电", Confidentiality::Normal).await;
        let account: &str = &operator().account().unwrap().to_string();
        for (id, name, query) in [
            ("1", "传真来的", r#"{"channel":"fax"}"#),
            ("2", "热线来的", r#"{"channel":"hotline"}"#),
        ] {
            let sql = "INSERT INTO appeal_view (id, account, name, query) VALUES ($1, $2, $3, $4)";
            let kept = world.db.write(|tx: Tx| async move {
                let values = [id, account, name, query].map(Value::from);
                db::execute(&tx, sql, values).await
            });
            assert_eq!(kept.await.unwrap(), 1);
        }
        let app = world.app(operator());
        let page = app.get("/appeals").await.expect_status(200);
        for part in [
            "常用视图“传真来的”里有的条件已经不存在",
            "删除视图：传真来的",
            "热线来的<span class=\"zd-tabs__count\">1</span>",
        ] {
            assert!(page.text().contains(part), "{part}: {}", page.text());
        }
        assert!(!page.text().contains("传真来的<span"), "it is no tab");
        let removed = app.post_form("/appeals/views/1/remove", &[]).await;
        let _ = removed.expect_status(303);
        let page = app.get("/appeals").await.expect_status(200);
        assert!(!page.text().contains("传真"), "{}", page.text());
    });
}

/// To a filter that there is not, all appeals would be no answer: neither in the list nor in figures or exports.
#[test]
fn a_filter_that_is_not_there_is_refused_by_every_list() {
    block_on(async {
        let world = World::new(sqlite().await).await;
        world.appeal(Some(1), "停电", Confidentiality::Normal).await;
        let app = world.app(supervisor());
        for field in [
            "channel",
            "stage",
            "track",
            "standing",
            "who",
            "reply",
            "state",
            "outcome",
            "satisfaction",
            "supervision",
            "counted",
            "place",
        ] {
            for list in [
                "/api/v1/appeals",
                "/appeals",
                "/appeals/export.csv",
                "/appeals/numbers",
            ] {
                let address = format!("{list}?{field}=nowhere");
                let answer = app.get(&address).await.expect_status(400);
                assert!(
                    answer.text().contains("“nowhere”"),
                    "{address}: {}",
                    answer.text()
                );
                // what a form sends of a field that nobody filled in
                let _ = app
                    .get(&format!("{list}?{field}="))
                    .await
                    .expect_status(200);
            }
        }
        for list in [
            "/api/v1/appeals",
            "/appeals",
            "/appeals/export.csv",
            "/appeals/export.xlsx",
            "/appeals/numbers",
            "/appeals/numbers/export.csv",
            "/api/v1/appeal-figures",
        ] {
            let address = format!("{list}?from=2026-11-02&to=2026-11-01");
            let answer = app.get(&address).await.expect_status(400);
            assert!(
                answer.text().contains("在结束的一天之后"),
                "{}",
                answer.text()
            );
            let one_day = format!("{list}?from=2026-11-02&to=2026-11-02");
            let _ = app.get(&one_day).await.expect_status(200);
        }
    });
}
