//! 交办清单: charging, progress, overdue by working days, striking off.

use zhida_meetings::{NewMeeting, NewTask, TaskQuery};
use zhida_platform::db;
use zhida_platform::paging::PageRequest;
use zhida_platform::rate::{Rate, Rounding};
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, clerk_of, leader, neighbour, supervisor};

async fn a_body_is_charged_told_and_reports(db: TestDatabase) {
    let world = World::new(db).await;
    let here = world.held().await;
    let task = world.given(&here).await;
    let sql = "SELECT COUNT(*) FROM message WHERE event = 'meeting.task_given' AND recipient_kind = 'organisation'";
    assert_eq!(world.count(sql).await, 1, "the body is told");
    assert!(
        world
            .heard
            .noted("7")
            .last()
            .unwrap()
            .contains("交办县自然资源局")
    );
    let own = world.app(clerk_of(0));
    let list = own
        .get("/api/v1/meeting-tasks")
        .await
        .expect_status(200)
        .json();
    assert_eq!(list["total"], 1);
    assert_eq!(
        list["items"][0]["due_on"], "2026-12-07",
        "14 days after the meeting"
    );
    assert_eq!(list["items"][0]["matter"], "厂房扩建用地指标迟迟不下");
    let other = world
        .app(clerk_of(1))
        .get("/api/v1/meeting-tasks")
        .await
        .expect_status(200)
        .json();
    assert_eq!(other["total"], 0, "another body's is not shown");
    let _ = world
        .app(clerk_of(1))
        .get(&format!("/meetings/tasks/{task}"))
        .await
        .expect_status(404);
    let _ = world
        .app(neighbour())
        .get(&format!("/meetings/tasks/{task}"))
        .await
        .expect_status(404);
    let _ = world
        .step(clerk_of(0), &task, "progress", "方案已报市局")
        .await
        .expect_status(204);
    let _ = world
        .step(clerk_of(0), &task, "done", "指标已经下达到企业")
        .await
        .expect_status(204);
    // the appeal behind it is linked for those who can open it
    let path = format!("/meetings/tasks/{task}");
    for linked in [true, false] {
        let page = own.get(&path).await.expect_status(200);
        let text = page.text();
        assert!(text.contains("诉求-2026-000007-1"), "{text}");
        assert_eq!(text.contains("href=\"/appeals/7\""), linked, "{text}");
        world.heard.known.lock().unwrap().clear();
    }
    let whole = own
        .get(&format!("/api/v1/meeting-tasks/{task}"))
        .await
        .json();
    assert_eq!(whole["task"]["state"], "done");
    assert_eq!(whole["notes"].as_array().unwrap().len(), 3);
    let sql = "SELECT COUNT(*) FROM message WHERE event = 'meeting.task_changed' AND recipient_kind = 'account'";
    assert_eq!(
        world.count(sql).await,
        2,
        "whoever prepares the meeting hears of it"
    );
}

async fn only_the_chair_strikes_off_and_not_before_the_enterprise_has_spoken(db: TestDatabase) {
    let world = World::new(db).await;
    let here = world.held().await;
    let task = world.given(&here).await;
    let _ = world
        .step(clerk_of(0), &task, "strike", "我们自己销号吧")
        .await
        .expect_status(403);
    let _ = world
        .step(supervisor(), &task, "strike", "我们替领导销号")
        .await
        .expect_status(403);
    let open = world
        .step(leader(), &task, "strike", "")
        .await
        .expect_status(400);
    assert!(
        open.text().contains("企业还没有确认解决"),
        "{}",
        open.text()
    );
    let _ = world
        .step(clerk_of(0), &task, "done", "指标已经下达到企业")
        .await
        .expect_status(204);
    let waiting = world
        .step(leader(), &task, "strike", "")
        .await
        .expect_status(400);
    assert!(
        waiting.text().contains("诉求-2026-000007-1"),
        "{}",
        waiting.text()
    );
    let _ = world
        .step(supervisor(), &task, "return", "企业说没有收到")
        .await
        .expect_status(204);
    let _ = world
        .step(clerk_of(0), &task, "done", "已当面送达企业")
        .await
        .expect_status(204);
    world.heard.confirm("7");
    let _ = world
        .step(leader(), &task, "strike", "")
        .await
        .expect_status(204);
    let app = world.app(leader());
    let whole = app
        .get(&format!("/api/v1/meeting-tasks/{task}"))
        .await
        .json();
    assert_eq!(whole["task"]["state"], "struck");
    assert_eq!(
        whole["notes"][0]["words"],
        "责任单位报送办结，企业确认已解决"
    );
    let _ = world
        .step(leader(), &task, "strike", "再销一次号")
        .await
        .expect_status(422);
    let _ = world
        .step(leader(), &task, "restore", "企业反映又停下来了")
        .await
        .expect_status(204);
    assert!(world.heard.noted("7").last().unwrap().contains("恢复办理"));
}

async fn a_reason_replaces_the_enterprises_word_and_stays(db: TestDatabase) {
    let world = World::new(db).await;
    let here = world.held().await;
    let task = world.given(&here).await;
    let _ = world
        .step(leader(), &task, "strike", "企业已注销，无法回访")
        .await
        .expect_status(204);
    let whole = world
        .app(leader())
        .get(&format!("/api/v1/meeting-tasks/{task}"))
        .await
        .json();
    assert_eq!(whole["notes"][0]["words"], "企业已注销，无法回访");
}

async fn overdue_counts_working_days_and_reminds_once_a_day(db: TestDatabase) {
    let world = World::new(db).await;
    let here = world.held().await;
    let task = world.given(&here).await;
    assert_eq!(world.meetings.remind().await.unwrap(), 0, "there is time");
    // due on Monday, 7 December; the Monday after is five working days later
    world.clock.pass(21);
    let page = world
        .app(supervisor())
        .get("/meetings/tasks")
        .await
        .expect_status(200);
    assert!(page.text().contains("逾期 5 个工作日"), "{}", page.text());
    assert_eq!(world.meetings.remind().await.unwrap(), 1);
    assert_eq!(world.meetings.remind().await.unwrap(), 0, "once a day");
    world.clock.pass(5);
    assert_eq!(
        world.meetings.remind().await.unwrap(),
        0,
        "not on a Saturday"
    );
    world.clock.pass(2);
    assert_eq!(world.meetings.remind().await.unwrap(), 1);
    let app = world.app(supervisor());
    let whole = app
        .get(&format!("/api/v1/meeting-tasks/{task}"))
        .await
        .json();
    let body = serde_json::json!({ "step": "move", "words": "等省厅批复", "due_on": "2026-12-26", "version": whole["task"]["version"] });
    let moved = app
        .post_json(&format!("/api/v1/meeting-tasks/{task}/steps"), &body)
        .await;
    let _ = moved.expect_status(204);
    let whole = app
        .get(&format!("/api/v1/meeting-tasks/{task}"))
        .await
        .json();
    assert_eq!(
        whole["task"]["due_on"], "2026-12-28",
        "a Saturday moves to the Monday after"
    );
}

async fn a_state_that_there_is_not_is_refused_and_not_everything(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(supervisor());
    for path in [
        "/meetings",
        "/api/v1/meetings",
        "/meetings/tasks",
        "/api/v1/meeting-tasks",
    ] {
        let refused = app.get(&format!("{path}?state=foo")).await;
        let refused = refused.expect_status(400);
        assert!(refused.text().contains("没有“foo”"), "{}", refused.text());
        let _ = app.get(&format!("{path}?state=")).await.expect_status(200);
    }
}

async fn a_body_that_is_unknown_or_one_of_two_is_said_so(db: TestDatabase) {
    let world = World::new(db).await;
    let here = world.held().await;
    let app = world.app(supervisor());
    for (body, words) in [
        ("县航天局", "组织机构中没有"),
        ("园区管委会", "有 2 个单位都叫"),
    ] {
        let fields = [
            ("matter", "供电"),
            ("measure", "增容"),
            ("body", body),
            ("person", "赵"),
        ];
        let page = app
            .post_form(&format!("{here}/task"), &fields)
            .await
            .expect_status(400);
        assert!(page.text().contains(words), "{}", page.text());
        assert!(page.text().contains("增容"), "what was typed is kept");
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM meeting_task").await, 0);
}

/// S2-10: 30 meetings charged 456 tasks; the list, its count, its figures and its export say the same.
async fn thirty_meetings_and_456_tasks_are_counted_by_the_list(db: TestDatabase) {
    let world = World::new(db).await;
    for number in 0..30 {
        let new = NewMeeting {
            title: format!("第 {} 次党企月商会", number + 1),
            held_on: "2026-11-23".to_owned(),
            at_time: "09:30".to_owned(),
            chair: "县委书记".to_owned(),
            ..NewMeeting::default()
        };
        let id = world.meetings.plan(&supervisor(), &new).await.unwrap();
        let here = format!("/meetings/{id}");
        let app = world.app(supervisor());
        let _ = app
            .post_form(&format!("{here}/topic"), &[("topic", "问题建议清单")])
            .await
            .expect_status(303);
        let _ = app
            .post_form(&format!("{here}/hold"), &[("version", "1")])
            .await
            .expect_status(303);
        // 456 = 30 × 15 + 6
        let tasks = 15 + usize::from(number < 6);
        for task in 0..tasks {
            let new = NewTask {
                matter: format!("第 {} 项", task + 1),
                measure: "按会议要求办理".to_owned(),
                body: "县供电公司".to_owned(),
                person: "责任人".to_owned(),
                ..NewTask::default()
            };
            world.meetings.give(&supervisor(), &id, &new).await.unwrap();
        }
    }
    let meetings = world
        .app(leader())
        .get("/api/v1/meetings?state=held")
        .await
        .json();
    assert_eq!(meetings["total"], 30);
    let query = TaskQuery::default();
    let tally = world.meetings.tally(&leader(), &query).await.unwrap();
    assert_eq!((tally.all, tally.open, tally.overdue), (456, 456, 0));
    let (mut rows, mut after) = (0, None);
    loop {
        let page = PageRequest { after, limit: 100 };
        let found = world
            .meetings
            .tasks(&leader(), &query, &page)
            .await
            .unwrap();
        rows += found.items.len();
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(rows, 456);
    let csv = world
        .app(leader())
        .get("/meetings/tasks/export.csv")
        .await
        .expect_status(200);
    assert_eq!(
        csv.text().lines().count(),
        457,
        "a heading and a line a task"
    );
    // 9 done in time and struck off, 3 never: on time is 9 of 12, not 9 of 9
    let sql = "UPDATE meeting_task SET state = 'struck', done_on = due_on WHERE position = 1 AND meeting IN
        (SELECT id FROM meeting ORDER BY id LIMIT 9)";
    db::execute(world.db.conn(), sql, []).await.unwrap();
    let sql = "UPDATE meeting_task SET due_on = '2026-11-20' WHERE position = 2 AND meeting IN
        (SELECT id FROM meeting ORDER BY id LIMIT 3)";
    db::execute(world.db.conn(), sql, []).await.unwrap();
    let tally = world.meetings.tally(&leader(), &query).await.unwrap();
    let on_time = Rate::new(tally.on_time, tally.struck + tally.done + tally.overdue);
    assert_eq!(
        (
            on_time.fraction().as_str(),
            on_time.percent(Rounding::Nearest).as_str()
        ),
        ("9 ÷ 12", "75.00%")
    );
    let page = world
        .app(leader())
        .get("/meetings/tasks?state=overdue")
        .await
        .expect_status(200);
    assert!(page.text().contains("共 3 件") && page.text().contains("9 ÷ 12"));
}

both_databases!(
    a_body_is_charged_told_and_reports,
    only_the_chair_strikes_off_and_not_before_the_enterprise_has_spoken,
    a_reason_replaces_the_enterprises_word_and_stays,
    overdue_counts_working_days_and_reminds_once_a_day,
    a_state_that_there_is_not_is_refused_and_not_everything,
    a_body_that_is_unknown_or_one_of_two_is_said_so,
    thirty_meetings_and_456_tasks_are_counted_by_the_list,
);
