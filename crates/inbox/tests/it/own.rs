//! One's own inbox and preferences: who sees what, what is marked, what cannot be switched off.

use chrono::TimeDelta;
use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::messages::{Recipient, Side};
use zhida_testkit::{TestDatabase, both_databases, seated};

use crate::world::{ENTERPRISE, NEWS, OTHER, RESET, World, account, between, staff};

fn side() -> Side {
    Side::Enterprise {
        uscc: ENTERPRISE.to_owned(),
    }
}

async fn an_inbox_belongs_to_the_enterprise_and_the_role(db: TestDatabase) {
    let world = World::new(db).await;
    let (boss, reader) = (
        staff("legal", ENTERPRISE, 11),
        staff("reader", ENTERPRISE, 12),
    );
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "稳岗返还")
        .await;
    world
        .tell(&NEWS, Recipient::Enterprise(OTHER), "别家的")
        .await;
    world
        .tell(&RESET, Recipient::Account(&account(&boss)), "本人的")
        .await;
    world
        .tell(&NEWS, Recipient::Role("sysadmin"), "管理员的")
        .await;
    for (viewer, seen) in [
        (boss.clone(), vec!["新政策：本人的", "新政策：稳岗返还"]),
        (reader.clone(), vec!["新政策：稳岗返还"]),
        (staff("agent", ENTERPRISE, 13), vec!["新政策：稳岗返还"]),
        (staff("legal", OTHER, 14), vec!["新政策：别家的"]),
        (
            seated("sysadmin", Some("330300"), None),
            vec!["新政策：管理员的"],
        ),
        (seated("clerk", Some("330300"), None), vec![]),
    ] {
        let app = world.app(viewer);
        let list = app.get("/api/v1/messages").await.expect_status(200).json();
        let titles: Vec<&str> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["title"].as_str().unwrap())
            .collect();
        assert_eq!(titles, seen);
        let count = app.get("/api/v1/messages/unread").await.expect_status(200);
        assert_eq!(count.json(), json!({ "unread": seen.len() }));
        let page = app.get("/messages").await.expect_status(200);
        let told = match seen.len() {
            0 => "没有未读消息".to_owned(),
            number => format!("未读消息 {number}"),
        };
        assert!(page.text().contains(&told), "{}", page.text());
    }
    let _ = world
        .app(Viewer::visitor())
        .get("/messages")
        .await
        .expect_status(401);
}

async fn reading_is_each_persons_own(db: TestDatabase) {
    let world = World::new(db).await;
    let (boss, reader) = (
        staff("legal", ENTERPRISE, 11),
        staff("reader", ENTERPRISE, 12),
    );
    for item in ["甲", "乙", "丙"] {
        world
            .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), item)
            .await;
        world.clock.pass(TimeDelta::minutes(1));
    }
    let app = world.app(boss);
    let page = app.get("/messages").await.expect_status(200);
    let id = between(page.text(), "action=\"/messages/0", "/read\"");
    let path = format!("/messages/0{id}/read");
    let opened = app
        .post_form(&path, &[("go", "1")])
        .await
        .expect_status(303);
    assert_eq!(opened.header("location"), "/policies/1");
    let page = app.get("/messages").await.expect_status(200);
    assert!(page.text().contains("共 2 条未读") && !page.text().contains("新政策：丙"));
    let all = app.get("/messages?show=all").await.expect_status(200);
    assert!(all.text().contains("新政策：丙") && all.text().contains("已读"));
    // a stranger's click marks nothing
    let other = world.app(staff("legal", OTHER, 14));
    let _ = other.post_form(&path, &[]).await.expect_status(404);
    let _ = app
        .post_form("/messages/read-all", &[])
        .await
        .expect_status(303);
    let page = app.get("/messages").await.expect_status(200);
    assert!(page.text().contains("没有未读消息"), "{}", page.text());
    let count = world.app(reader).get("/api/v1/messages/unread").await;
    assert_eq!(
        count.json(),
        json!({ "unread": 3 }),
        "nobody read for the other"
    );
}

async fn a_choice_holds_and_security_cannot_be_switched_off(db: TestDatabase) {
    let world = World::new(db).await;
    let boss = staff("legal", ENTERPRISE, 11);
    world.book.add(&boss, side(), "boss@example.cn");
    let app = world.app(boss.clone());
    let page = app.get("/messages/preferences").await.expect_status(200);
    assert!(page.text().contains("立即（不能关闭）"), "{}", page.text());
    assert!(!page.text().contains("test.reset/mail"), "no field for it");
    let off = [("test.news/mail", "off"), ("test.reset/mail", "off")];
    let _ = app
        .post_form("/messages/preferences", &off)
        .await
        .expect_status(400);
    assert_eq!(world.recorded("messages.choose").await, 0, "none or all");
    let off = [("test.news/mail", "off")];
    let _ = app
        .post_form("/messages/preferences", &off)
        .await
        .expect_status(303);
    let _ = app
        .post_form("/messages/preferences", &off)
        .await
        .expect_status(303);
    assert_eq!(
        world.recorded("messages.choose").await,
        1,
        "what holds is no change"
    );
    let lines = app
        .get("/api/v1/messages/preferences")
        .await
        .expect_status(200)
        .json();
    let line = |event: &str| {
        let lines = lines.as_array().unwrap().iter();
        lines
            .clone()
            .find(|line| line["event"] == event && line["channel"] == "mail")
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&line("test.news")["mode"], &line("test.news")["chosen"]),
        (&json!("off"), &json!(true))
    );
    assert_eq!(line("test.reset")["required"], json!(true));
    assert!(
        lines
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line["event"] != "messages.code")
    );

    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "静悄悄")
        .await;
    world
        .tell(&RESET, Recipient::Account(&account(&boss)), "大声")
        .await;
    world.work().await;
    let subjects: Vec<String> = world
        .mail
        .taken()
        .into_iter()
        .map(|mail| mail.subject)
        .collect();
    assert_eq!(subjects, ["新政策：大声"]);
    let count = app.get("/api/v1/messages/unread").await;
    assert_eq!(
        count.json(),
        json!({ "unread": 2 }),
        "the inbox has everything"
    );
}

async fn the_daily_cap_holds_the_rest_for_the_morning(db: TestDatabase) {
    let world = World::with(db, |config| config.messages.enterprise_pushes_per_day = 2).await;
    let boss = staff("legal", ENTERPRISE, 11);
    world.book.add(&boss, side(), "boss@example.cn");
    for item in ["甲", "乙", "丙", "丁"] {
        world
            .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), item)
            .await;
    }
    world.work().await;
    assert_eq!(world.mail.taken().len(), 2);
    world.clock.pass(TimeDelta::days(1));
    world.work().await;
    let taken = world.mail.taken();
    assert_eq!(taken.len(), 3, "one digest");
    assert_eq!(taken[2].subject, "11月23日消息汇总：2 条");
    assert!(taken[2].text.contains("新政策：丙") && taken[2].text.contains("新政策：丁"));
    assert!(
        taken[0]
            .text
            .contains("https://zhida.example.gov.cn/policies/1")
    );
}

async fn one_click_switches_a_kind_off(db: TestDatabase) {
    let world = World::new(db).await;
    let boss = staff("legal", ENTERPRISE, 11);
    world.book.add(&boss, side(), "boss@example.cn");
    let app = world.app(boss.clone());
    world
        .tell(&RESET, Recipient::Account(&account(&boss)), "本人的")
        .await;
    let page = app.get("/messages").await.expect_status(200);
    assert!(!page.text().contains("不再推送这类消息"), "it is required");
    for item in ["甲", "乙", "丙", "丁", "戊"] {
        world
            .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), item)
            .await;
    }
    let page = app.get("/messages/preferences").await.expect_status(200);
    assert!(
        page.text().contains("最近四周 5 条，每周约 1 条")
            && page.text().contains("最近四周 1 条。"),
        "{}",
        page.text()
    );
    let page = app.get("/messages").await.expect_status(200);
    let (before, _) = page.text().split_once("/mute\"").unwrap();
    let (_, id) = before.rsplit_once("/messages/").unwrap();
    let mute = format!("/messages/{id}/mute");
    let other = world.app(staff("legal", OTHER, 22));
    let _ = other.post_form(&mute, &[]).await.expect_status(404);
    let done = app.post_form(&mute, &[]).await.expect_status(303);
    let page = app.get(done.header("location")).await.expect_status(200);
    assert!(page.text().contains("“新政策”以后不再用邮件、短信推送"));
    assert!(!page.text().contains("不再推送这类消息"));
    let sent = world.mail.taken().len();
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "静悄悄")
        .await;
    world.work().await;
    let late = world.mail.taken().split_off(sent);
    assert!(late.iter().all(|mail| !mail.subject.contains("静悄悄")));
    assert_eq!(world.recorded("messages.choose").await, 1);
}

async fn the_link_of_a_mail_switches_its_kind_off_without_signing_in(db: TestDatabase) {
    let world = World::new(db).await;
    let boss = staff("legal", ENTERPRISE, 11);
    world.book.add(&boss, side(), "boss@example.cn");
    let to = account(&boss);
    world.tell(&RESET, Recipient::Account(&to), "密码").await;
    world.tell(&NEWS, Recipient::Account(&to), "甲").await;
    world.work().await;
    let taken = world.mail.taken();
    let (required, news) = (&taken[0], &taken[1]);
    assert!(!required.text.contains("/messages/off/"), "{required:?}");
    let site = "https://zhida.example.gov.cn";
    let link = between(&news.text, &format!("不再接收这类邮件：{site}"), "\n");
    let link = link.trim();
    let nobody = world.app(Viewer::default());
    for forged in [
        format!("{} test.news", account(&boss)),
        format!("plain:{} test.news", account(&boss)),
        format!("{}x", link.trim_start_matches("/messages/off/")),
    ] {
        let path = format!("/messages/off/{}", forged.replace(' ', "%20"));
        let _ = nobody.get(&path).await.expect_status(404);
        let _ = nobody.post_form(&path, &[]).await.expect_status(404);
    }
    let page = nobody.get(link).await.expect_status(200);
    assert!(page.text().contains("以后不再用邮件发送“新政策”"));
    assert_eq!(
        world.recorded("messages.unsubscribe").await,
        0,
        "looking changes nothing"
    );
    let done = nobody.post_form(link, &[]).await.expect_status(200);
    assert!(done.text().contains("已退订"), "{}", done.text());
    assert_eq!(world.recorded("messages.unsubscribe").await, 1);
    world.tell(&NEWS, Recipient::Account(&to), "乙").await;
    world.work().await;
    assert_eq!(world.mail.taken().len(), 2);
}

async fn the_link_of_a_digest_switches_its_kinds_off(db: TestDatabase) {
    let world = World::with(db, |config| config.messages.enterprise_pushes_per_day = 1).await;
    let boss = staff("legal", ENTERPRISE, 11);
    world.book.add(&boss, side(), "boss@example.cn");
    for item in ["甲", "乙", "丙"] {
        world
            .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), item)
            .await;
    }
    world.work().await;
    world.clock.pass(TimeDelta::days(1));
    world.work().await;
    let digest = world.mail.taken().remove(1);
    assert_eq!(digest.subject, "11月23日消息汇总：2 条");
    let site = "https://zhida.example.gov.cn";
    let link = between(&digest.text, &format!("不再接收这几类邮件：{site}"), "\n");
    let nobody = world.app(Viewer::default());
    let done = nobody.post_form(link.trim(), &[]).await.expect_status(200);
    assert!(done.text().contains("以后不再用邮件发送“新政策”"));
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "丁")
        .await;
    world.clock.pass(TimeDelta::days(1));
    world.work().await;
    assert_eq!(world.mail.taken().len(), 2);
}

both_databases!(
    the_link_of_a_digest_switches_its_kinds_off,
    one_click_switches_a_kind_off,
    the_link_of_a_mail_switches_its_kind_off_without_signing_in,
    an_inbox_belongs_to_the_enterprise_and_the_role,
    reading_is_each_persons_own,
    a_choice_holds_and_security_cannot_be_switched_off,
    the_daily_cap_holds_the_rest_for_the_morning,
);
