//! The e-mail address of one's own: proved by a code, never by typing it.

use chrono::TimeDelta;
use zhida_platform::db::Tx;
use zhida_platform::messages::{Reached, Recipient, Side};
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{ENTERPRISE, NEWS, World, account, between, staff};

async fn an_address_counts_once_its_code_came_back(db: TestDatabase) {
    let world = World::new(db).await;
    let boss = staff("legal", ENTERPRISE, 11);
    let app = world.app(boss.clone());
    for wrong in [
        "",
        "boss",
        "boss@example.cn, other@example.cn",
        "a@b.cn\r\nBcc: c@d.cn",
    ] {
        let answer = app.post_form("/messages/mail", &[("mail", wrong)]).await;
        let answer = answer.expect_status(400);
        assert!(answer.text().contains("邮箱应写成"), "{wrong:?}");
    }
    let asked = [("mail", "boss@example.cn")];
    let _ = app
        .post_form("/messages/mail", &asked)
        .await
        .expect_status(303);
    let again = app
        .post_form("/messages/mail", &asked)
        .await
        .expect_status(409);
    assert!(again.text().contains("刚刚发过"), "{}", again.text());
    world.work().await;
    let taken = world.mail.taken();
    assert_eq!((taken.len(), taken[0].to.as_str()), (1, "boss@example.cn"));
    let code = between(&taken[0].text, "验证码是 ", "，");
    assert_eq!(code.len(), 6);
    let page = app.get("/messages/preferences").await.expect_status(200);
    assert!(page.text().contains("还没有登记") && page.text().contains("b***@example.cn"));
    let inbox = app.get("/messages?show=all").await.expect_status(200);
    assert!(!inbox.text().contains(&code), "the code is in no inbox");

    let other = world.app(staff("handler", ENTERPRISE, 12));
    let _ = other
        .post_form("/messages/mail/code", &[("code", &code)])
        .await
        .expect_status(400);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let _ = app
        .post_form("/messages/mail/code", &[("code", wrong)])
        .await
        .expect_status(400);
    let _ = app
        .post_form("/messages/mail/code", &[("code", &code)])
        .await
        .expect_status(303);
    let page = app.get("/messages/preferences").await.expect_status(200);
    assert!(page.text().contains("boss@example.cn") && page.text().contains("已验证"));
    let twice = app
        .post_form("/messages/mail/code", &[("code", &code)])
        .await;
    let _ = twice.expect_status(400);
    assert_eq!(world.recorded("messages.confirm_mail").await, 1);
    world
        .tell(&NEWS, Recipient::Account(&account(&boss)), "甲")
        .await;
    world.clock.pass(TimeDelta::days(1));
    world.work().await;
    assert_eq!(world.mail.taken().len(), 2, "mail goes there now");
}

async fn codes_are_not_guessed_and_grow_old(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(staff("legal", ENTERPRISE, 11));
    let asked = [("mail", "boss@example.cn")];
    let _ = app
        .post_form("/messages/mail", &asked)
        .await
        .expect_status(303);
    world.work().await;
    let code = between(&world.mail.taken()[0].text, "验证码是 ", "，");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let offers = async || {
        let page = app.get("/messages/preferences").await.expect_status(200);
        page.text().contains("15 分钟内有效")
    };
    assert!(offers().await);
    for _ in 0..5 {
        let _ = app
            .post_form("/messages/mail/code", &[("code", wrong)])
            .await
            .expect_status(400);
    }
    assert!(!offers().await, "no try is left");
    let _ = app
        .post_form("/messages/mail/code", &[("code", &code)])
        .await
        .expect_status(400);
    world.clock.pass(TimeDelta::minutes(2));
    let _ = app
        .post_form("/messages/mail", &asked)
        .await
        .expect_status(303);
    world.work().await;
    let code = between(&world.mail.taken()[1].text, "验证码是 ", "，");
    assert!(offers().await);
    world.clock.pass(TimeDelta::minutes(15));
    assert!(!offers().await, "the code has expired");
    let _ = app
        .post_form("/messages/mail/code", &[("code", &code)])
        .await
        .expect_status(400);
}

async fn without_a_mail_server_pages_say_so(db: TestDatabase) {
    let world = World::with(db, |config| config.mail.server.clear()).await;
    let boss = staff("legal", ENTERPRISE, 11);
    let side = Side::Enterprise {
        uscc: ENTERPRISE.to_owned(),
    };
    world.book.add(&boss, side, "boss@example.cn");
    let app = world.app(boss);
    let page = app.get("/messages/preferences").await.expect_status(200);
    assert!(
        page.text().contains("系统没有配置邮件服务器"),
        "{}",
        page.text()
    );
    let asked = app
        .post_form("/messages/mail", &[("mail", "boss@example.cn")])
        .await;
    assert!(
        asked
            .expect_status(409)
            .text()
            .contains("没有配置邮件服务器")
    );
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "甲")
        .await;
    let office = world.app(crate::world::sysadmin());
    let list = office.get("/office/deliveries").await.expect_status(200);
    assert!(
        list.text().contains("zhida message test"),
        "{}",
        list.text()
    );
    assert!(list.text().contains("无法发送") && list.text().contains("再发一次"));
}

async fn an_address_that_refuses_mail_is_told_and_mended(db: TestDatabase) {
    let world = World::new(db).await;
    let boss = staff("legal", ENTERPRISE, 11);
    let side = || Side::Enterprise {
        uscc: ENTERPRISE.to_owned(),
    };
    world.book.add(&boss, side(), "refused@example.cn");
    let app = world.app(boss.clone());
    let page = async |path: &str| app.get(path).await.expect_status(200).text().to_owned();
    assert!(!page("/messages").await.contains("拒收"));
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "甲")
        .await;
    world.work().await;
    assert!(page("/messages").await.contains("您的邮箱拒收了邮件"));
    let told = page("/messages/preferences").await;
    assert!(told.contains("拒收邮件") && told.contains("550"), "{told}");
    let office = world.app(crate::world::sysadmin());
    let list = office.get("/office/deliveries?state=refused").await;
    let list = list.expect_status(200);
    assert!(
        list.text().contains("共 1 条") && list.text().contains("地址拒收"),
        "{}",
        list.text()
    );
    let messages = &world.messages;
    let reached = async || {
        let to = Recipient::Enterprise(ENTERPRISE);
        let asked = world
            .db
            .write(|tx: Tx| async move { messages.reached(&tx, to).await });
        asked.await.unwrap()
    };
    let refused = Reached {
        people: 1,
        unverified: 0,
        refused: 1,
    };
    assert_eq!(reached().await, refused);

    world.clock.pass(TimeDelta::minutes(2));
    let _ = app
        .post_form("/messages/mail", &[("mail", "boss@example.cn")])
        .await
        .expect_status(303);
    world.work().await;
    let code = between(&world.mail.taken()[0].text, "验证码是 ", "，");
    let _ = app
        .post_form("/messages/mail/code", &[("code", &code)])
        .await
        .expect_status(303);
    assert!(!page("/messages").await.contains("您的邮箱拒收了邮件"));
}

both_databases!(
    an_address_that_refuses_mail_is_told_and_mended,
    an_address_counts_once_its_code_came_back,
    codes_are_not_guessed_and_grow_old,
    without_a_mail_server_pages_say_so,
);
