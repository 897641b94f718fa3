//! Inbox, choices, templates, digests and the daily cap.

use std::sync::Arc;

use chrono::TimeDelta;
use zhida_platform::config::Config;
use zhida_platform::db;
use zhida_platform::messages::{
    Channel, DeliveryFilter, DeliveryState, EventKind, Message, MessageError, Messages, Mode,
    Reader, Recipient, Side,
};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{TestDatabase, both_databases};

use crate::messages_kit::{Book, DUE, MailServer, PUBLISHED, Post, USCC};

fn enterprise() -> Side {
    Side::Enterprise {
        uscc: USCC.to_owned(),
    }
}

/// The deliveries, oldest first, as channel, state and words.
async fn deliveries(post: &Post, db: &TestDatabase) -> Vec<(String, DeliveryState, String)> {
    let filter = DeliveryFilter::default();
    let page = post
        .messages
        .deliveries(db.conn(), &filter, &PageRequest::first(200))
        .await;
    let rows = page.expect("listed").items.into_iter().rev();
    rows.map(|row| (row.channel.clone(), row.state, row.label()))
        .collect()
}

both_databases!(
    a_message_lives_and_dies_with_its_transaction,
    an_inbox_belongs_to_whom_it_is_for,
    an_inbox_is_paged_without_gaps,
    choices_decide_what_is_pushed,
    a_full_day_waits_for_the_next_mornings_digest,
    officers_get_one_digest_a_day,
    what_cannot_be_sent_says_why,
    templates_are_written_checked_and_reset,
    nothing_is_injected,
    text_messages_go_to_the_file,
);

async fn a_message_lives_and_dies_with_its_transaction(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|_| {});
    post.book
        .add("a-1", enterprise(), None, Some("13800138000"));
    let messages = &post.messages;
    let undone: Result<(), MessageError> = db
        .write(|tx| async move {
            let message = Message {
                event: &PUBLISHED,
                to: Recipient::Enterprise(USCC),
                fields: &[("item", "甲")],
                link: None,
                subject: ("item", "1"),
            };
            messages.send(&tx, &message).await?;
            Err(MessageError::NotFound("undone".to_owned()))
        })
        .await;
    assert!(undone.is_err());
    for table in ["message", "delivery", "message_push"] {
        let count = db::query_count(db.conn(), &format!("SELECT COUNT(*) FROM {table}"), []).await;
        assert_eq!(count.expect("counted"), 0, "{table}");
    }
}

async fn an_inbox_belongs_to_whom_it_is_for(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|_| {});
    post.tell(&db, Recipient::Account("a-1"), "给个人").await;
    let shared = post.tell(&db, Recipient::Enterprise(USCC), "给企业").await;
    post.tell(
        &db,
        Recipient::Enterprise("91330100MA27XF1C0X"),
        "给别的企业",
    )
    .await;
    post.tell(&db, Recipient::Subscribers, "给接口").await;
    let messages = &post.messages;
    let titles = async |reader: &Reader<'_>, unread: bool| {
        let page = PageRequest::first(50);
        let page = messages
            .inbox(db.conn(), reader, unread, &page)
            .await
            .expect("listed");
        page.items
            .into_iter()
            .map(|message| message.title)
            .collect::<Vec<_>>()
    };
    let one = Reader {
        account: "a-1",
        enterprises: &[USCC],
        role: None,
        organisation: None,
    };
    // who joins later finds what came before
    let two = Reader {
        account: "a-2",
        enterprises: &[USCC],
        role: None,
        organisation: None,
    };
    let left = Reader {
        account: "a-1",
        enterprises: &[],
        role: None,
        organisation: None,
    };
    let stranger = Reader {
        account: USCC,
        enterprises: &["a-1"],
        role: None,
        organisation: None,
    };
    assert_eq!(
        titles(&one, false).await,
        ["新政策：给企业", "新政策：给个人"]
    );
    assert_eq!(titles(&two, false).await, ["新政策：给企业"]);
    assert_eq!(titles(&left, false).await, ["新政策：给个人"]);
    assert_eq!(titles(&stranger, false).await, Vec::<String>::new());

    let first = messages.unread(db.conn(), &one, 1).await.expect("counted");
    assert_eq!(first, 1, "no further than asked");
    let most = messages.unread(db.conn(), &one, 9).await.expect("counted");
    assert_eq!(most, 2);
    let mark = async |reader: Reader<'static>| {
        let shared = &shared;
        db.write(|tx| async move { messages.mark_read(&tx, &reader, shared).await })
            .await
    };
    mark(Reader {
        account: "a-9",
        enterprises: &[],
        role: None,
        organisation: None,
    })
    .await
    .expect("nothing happens");
    let enterprises: &'static [&'static str] = &[USCC];
    mark(Reader {
        account: "a-1",
        enterprises,
        role: None,
        organisation: None,
    })
    .await
    .expect("marked");
    mark(Reader {
        account: "a-1",
        enterprises,
        role: None,
        organisation: None,
    })
    .await
    .expect("twice is fine");
    assert_eq!(
        messages.unread(db.conn(), &one, 9).await.expect("counted"),
        1
    );
    assert_eq!(
        messages.unread(db.conn(), &two, 9).await.expect("counted"),
        1,
        "each reads alone"
    );
    assert_eq!(titles(&one, true).await, ["新政策：给个人"]);
    let reads = db::query_count(db.conn(), "SELECT COUNT(*) FROM message_read", []).await;
    assert_eq!(reads.expect("counted"), 1, "a stranger marks nothing");
    let all = db
        .write(|tx| async move { messages.mark_all_read(&tx, &one).await })
        .await;
    assert_eq!(all.expect("marked"), 1);
    assert_eq!(
        messages.unread(db.conn(), &one, 9).await.expect("counted"),
        0
    );
}

async fn an_inbox_is_paged_without_gaps(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|_| {});
    // all in the same microsecond
    for number in 0..25 {
        post.tell(&db, Recipient::Account("a-1"), &number.to_string())
            .await;
    }
    let reader = Reader {
        account: "a-1",
        enterprises: &[],
        role: None,
        organisation: None,
    };
    let mut page = PageRequest::first(10);
    let mut titles = Vec::new();
    loop {
        let found = post
            .messages
            .inbox(db.conn(), &reader, false, &page)
            .await
            .expect("listed");
        titles.extend(found.items.into_iter().map(|message| message.title));
        let Some(next) = found.next else { break };
        page.after = Some(next);
    }
    let expected: Vec<String> = (0..25)
        .rev()
        .map(|number| format!("新政策：{number}"))
        .collect();
    assert_eq!(titles, expected);
}

async fn choices_decide_what_is_pushed(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    let messages = &post.messages;
    post.book.add(
        "a-1",
        enterprise(),
        Some("a@example.cn"),
        Some("13800138000"),
    );
    let lines = messages
        .preferences(db.conn(), "a-1", &enterprise())
        .await
        .expect("listed");
    assert_eq!(lines.len(), 8, "four events, two channels");
    assert!(lines.iter().all(|line| !line.is_chosen));
    let choose = async |event: &'static str, channel, mode| {
        db.write(|tx| async move {
            messages
                .set_preference(&tx, "a-1", event, channel, mode)
                .await
        })
        .await
    };
    choose(PUBLISHED.slug, Channel::Sms, Some(Mode::Off))
        .await
        .expect("kept");
    choose(PUBLISHED.slug, Channel::Mail, Some(Mode::Digest))
        .await
        .expect("kept");
    choose("no.such", Channel::Mail, Some(Mode::Off))
        .await
        .expect_err("unknown event");
    choose(PUBLISHED.slug, Channel::Inbox, Some(Mode::Off))
        .await
        .expect_err("always there");
    let lines = messages
        .preferences(db.conn(), "a-1", &enterprise())
        .await
        .expect("listed");
    let chosen: Vec<_> = lines
        .iter()
        .filter(|line| line.is_chosen)
        .map(|line| line.mode)
        .collect();
    assert_eq!(chosen, [Mode::Digest, Mode::Off]);

    post.tell(&db, Recipient::Enterprise(USCC), "甲").await;
    let waiting = (
        "mail".to_owned(),
        DeliveryState::Queued,
        "等待每日汇总".to_owned(),
    );
    assert_eq!(deliveries(&post, &db).await, [waiting]);
    choose(PUBLISHED.slug, Channel::Sms, None)
        .await
        .expect("forgotten");
    choose(PUBLISHED.slug, Channel::Mail, None)
        .await
        .expect("forgotten");
    post.tell(&db, Recipient::Enterprise(USCC), "乙").await;
    let report = messages.deliver_due(&db, 10).await.expect("delivered");
    assert_eq!((report.sent, report.digests), (2, 0));
    assert_eq!(server.taken().len(), 1);
    assert_eq!(post.sms().len(), 1);
}

async fn a_full_day_waits_for_the_next_mornings_digest(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| {
        server.configure(config);
        config.messages.enterprise_pushes_per_day = 2;
    });
    // two people of one enterprise: a message counts once
    post.book
        .add("a-1", enterprise(), Some("a@example.cn"), None);
    post.book
        .add("a-2", enterprise(), Some("b@example.cn"), None);
    let other = Side::Enterprise {
        uscc: "91330100MA27XF1C0X".to_owned(),
    };
    post.book.add("a-3", other, Some("c@example.cn"), None);
    for item in ["一", "二", "三", "四"] {
        post.tell(&db, Recipient::Enterprise(USCC), item).await;
    }
    post.send(&db, &DUE, Recipient::Enterprise(USCC), "紧急")
        .await
        .expect("sent");
    post.tell(&db, Recipient::Enterprise("91330100MA27XF1C0X"), "别家")
        .await;
    let report = post
        .messages
        .deliver_due(&db, 100)
        .await
        .expect("delivered");
    // two and the urgent one to each of two, one to the other enterprise
    assert_eq!((report.sent, report.digests), (7, 0));
    let undeliverable = DeliveryFilter {
        state: Some(DeliveryState::Queued),
        ..DeliveryFilter::default()
    };
    let page = PageRequest::first(50);
    let held = post
        .messages
        .deliveries(db.conn(), &undeliverable, &page)
        .await
        .expect("listed");
    assert_eq!(held.items.len(), 4);
    assert!(held.items.iter().all(|row| row.is_held && row.is_digest));
    assert!(
        held.items
            .iter()
            .all(|row| row.due_at.to_string() == "2026-11-23 00:30:00 UTC")
    );

    post.clock
        .advance(TimeDelta::hours(20) + TimeDelta::minutes(29));
    assert_eq!(
        post.messages
            .deliver_due(&db, 100)
            .await
            .expect("delivered")
            .sent,
        0
    );
    post.clock.advance(TimeDelta::minutes(1));
    let report = post
        .messages
        .deliver_due(&db, 100)
        .await
        .expect("delivered");
    assert_eq!((report.sent, report.digests), (4, 2), "nothing is lost");
    let digest = server.taken().pop().expect("a digest");
    assert_eq!(digest.header("Subject"), "11月23日消息汇总：2 条");
    let body = digest.body();
    assert!(
        body.starts_with(
            "1. 新政策：三\n   https://zhida.example.gov.cn/policies/42\n2. 新政策：四"
        )
    );
    // a new day, room again
    post.tell(&db, Recipient::Enterprise(USCC), "五").await;
    assert_eq!(
        post.messages
            .deliver_due(&db, 100)
            .await
            .expect("delivered")
            .sent,
        2
    );
}

async fn officers_get_one_digest_a_day(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    post.book.add(
        "o-1",
        Side::Officer,
        Some("officer@example.gov.cn"),
        Some("13800138000"),
    );
    for number in 0..120 {
        post.tell(&db, Recipient::Account("o-1"), &format!("事项{number}"))
            .await;
    }
    post.send(&db, &DUE, Recipient::Account("o-1"), "紧急")
        .await
        .expect("sent");
    let report = post.messages.deliver_due(&db, 10).await.expect("delivered");
    assert_eq!(
        report.sent, 2,
        "the urgent one, by mail and by text message"
    );
    post.clock.advance(TimeDelta::days(1));
    let report = post.messages.deliver_due(&db, 10).await.expect("delivered");
    assert_eq!((report.sent, report.digests), (120, 1));
    assert_eq!(server.taken().len(), 2);
    let body = server.taken()[1].body();
    assert!(body.contains("100. 新政策：事项99\n"), "{body}");
    assert!(
        !body.contains("事项100") && body.contains("另有 20 条"),
        "{body}"
    );
    assert_eq!(
        post.messages
            .deliver_due(&db, 10)
            .await
            .expect("delivered")
            .sent,
        0
    );
}

async fn what_cannot_be_sent_says_why(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    post.book.add("a-1", enterprise(), None, None);
    post.book.add(
        "a-2",
        enterprise(),
        Some("new@example.cn"),
        Some("1380013800"),
    );
    post.book.unverify("a-2");
    post.tell(&db, Recipient::Enterprise(USCC), "甲").await;
    let filter = DeliveryFilter {
        state: Some(DeliveryState::Undeliverable),
        ..DeliveryFilter::default()
    };
    let page = PageRequest::first(50);
    let rows = post
        .messages
        .deliveries(db.conn(), &filter, &page)
        .await
        .expect("listed")
        .items;
    let why: Vec<&str> = rows.iter().rev().map(|row| row.error.as_str()).collect();
    let nowhere = "没有登记地址或号码";
    assert_eq!(
        why,
        [nowhere, nowhere, "邮箱还没有验证", "登记的手机号写错了"]
    );
    assert_eq!(
        post.messages
            .deliver_due(&db, 10)
            .await
            .expect("delivered")
            .sent,
        0
    );
    assert_eq!(server.taken().len(), 0);

    let post = Post::new(|config| config.messages.sms_file.clear());
    post.book.add(
        "a-1",
        enterprise(),
        Some("a@example.cn"),
        Some("13800138000"),
    );
    let message = post.tell(&db, Recipient::Enterprise(USCC), "乙").await;
    let filter = DeliveryFilter {
        message: Some(&message),
        ..DeliveryFilter::default()
    };
    let rows = post
        .messages
        .deliveries(db.conn(), &filter, &page)
        .await
        .expect("listed")
        .items;
    let why: Vec<&str> = rows.iter().rev().map(|row| row.error.as_str()).collect();
    assert_eq!(why, ["系统没有配置邮件服务器", "系统没有配置短信网关"]);
    assert_eq!(rows[0].label(), "无法发送");
}

async fn templates_are_written_checked_and_reset(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|_| {});
    let messages = &post.messages;
    let write = async |channel, title: &'static str, body: &'static str| {
        db.write(|tx| async move {
            messages
                .set_template(&tx, (PUBLISHED.slug, channel), (title, body), "admin")
                .await
        })
        .await
    };
    for (title, body, words) in [
        ("{政策名称}", "正文", "没有名为「政策名称」的字段"),
        ("标题", "{政策名称}", "{事项名称}"),
        ("标题", "{事项名称", "没配对"),
        ("", "正文", "标题是空的"),
        ("标题", " ", "正文是空的"),
        ("标题\r\nBcc: a@b.cn", "正文", "换行"),
    ] {
        let refused = write(Channel::Mail, title, body)
            .await
            .expect_err(words)
            .to_string();
        assert!(refused.contains(words), "{refused}");
    }
    write(Channel::Webhook, "标题", "正文")
        .await
        .expect_err("webhooks have no template");
    write(Channel::Inbox, "【新】{事项名称}", "请看：{事项名称}")
        .await
        .expect("kept");
    post.tell(&db, Recipient::Account("a-1"), "甲").await;
    let reader = Reader {
        account: "a-1",
        enterprises: &[],
        role: None,
        organisation: None,
    };
    let page = PageRequest::first(1);
    let newest = async || {
        let page = messages
            .inbox(db.conn(), &reader, false, &page)
            .await
            .expect("listed");
        page.items
            .into_iter()
            .next()
            .map(|message| (message.title, message.body))
    };
    assert_eq!(
        newest().await,
        Some(("【新】甲".to_owned(), "请看：甲".to_owned()))
    );
    let views = messages.templates(db.conn()).await.expect("listed");
    let written: Vec<_> = views.iter().filter(|view| view.is_written).collect();
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].channel, Channel::Inbox);
    db.write(|tx| async move {
        messages
            .reset_template(&tx, PUBLISHED.slug, Channel::Inbox)
            .await
    })
    .await
    .expect("reset");
    post.tell(&db, Recipient::Account("a-1"), "乙").await;
    assert_eq!(
        newest().await,
        Some(("新政策：乙".to_owned(), "《乙》已发布。".to_owned()))
    );
}

async fn nothing_is_injected(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    for item in [
        "甲\r\nBcc: thief@example.cn",
        "甲\n乙",
        "甲\0",
        "甲\u{85}乙",
    ] {
        let to = Recipient::Address("a@example.cn");
        let refused = post
            .send(&db, &PUBLISHED, to, item)
            .await
            .expect_err("a line break");
        assert!(
            matches!(refused, MessageError::ControlCharacter { .. }),
            "{refused}"
        );
    }
    for address in [
        "a@example.cn\r\nBcc: thief@example.cn",
        "a@example.cn,b@c.cn",
        "a",
    ] {
        let to = Recipient::Address(address);
        let refused = post
            .send(&db, &PUBLISHED, to, "甲")
            .await
            .expect_err("an address");
        assert!(!refused.to_string().contains('\r'), "{refused}");
    }
    let html = "<script>alert(1)</script>{事项名称}&amp;";
    post.send(&db, &PUBLISHED, Recipient::Address("a@example.cn"), html)
        .await
        .expect("sent");
    post.messages.deliver_due(&db, 10).await.expect("delivered");
    let mail = server.taken().pop().expect("a mail");
    assert!(mail.header("Content-Type").starts_with("text/plain"));
    assert!(
        mail.body().contains(html),
        "as it was, and only text: {}",
        mail.body()
    );
    assert_eq!(mail.header("To"), "a@example.cn");

    let messages = &post.messages;
    let try_send = async |fields: &'static [(&'static str, &'static str)], link| {
        db.write(|tx| async move {
            let to = Recipient::Account("a-1");
            let message = Message {
                event: &PUBLISHED,
                to,
                fields,
                link,
                subject: ("item", "1"),
            };
            messages.send(&tx, &message).await
        })
        .await
    };
    for link in [
        "https://evil.cn/",
        "//evil.cn/",
        "/\\evil.cn",
        "policies",
        "/a\r\nb",
    ] {
        let refused = try_send(&[("item", "甲")], Some(link))
            .await
            .expect_err(link);
        assert!(matches!(refused, MessageError::Link { .. }), "{refused}");
    }
    let missing = try_send(&[], None).await.expect_err("no item").to_string();
    assert!(
        missing.contains("缺少字段「事项名称」（item）"),
        "{missing}"
    );
    let fields = &[("item", "甲"), ("itme", "乙")];
    let unknown = try_send(fields, None)
        .await
        .expect_err("misspelt")
        .to_string();
    assert!(unknown.contains("没有字段「itme」"), "{unknown}");
}

async fn text_messages_go_to_the_file(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|_| {});
    post.book
        .add("a-1", enterprise(), None, Some("13800138000"));
    post.tell(&db, Recipient::Enterprise(USCC), "甲").await;
    post.messages.deliver_due(&db, 10).await.expect("delivered");
    let sms = post.sms();
    assert_eq!(sms.len(), 1);
    assert_eq!(sms[0]["phone"], "13800138000");
    assert_eq!(sms[0]["text"], "甲已发布");
    assert_eq!(sms[0]["at"], "2026-11-22T04:00:00.000000Z");
    let rows = deliveries(&post, &db).await;
    assert_eq!(
        rows[1],
        (
            "sms".to_owned(),
            DeliveryState::Sent,
            "对方已收下".to_owned()
        )
    );
}

#[test]
fn a_wrong_declaration_is_refused_at_the_start() {
    const WRONG: EventKind = EventKind {
        body: "{政策名称}",
        ..PUBLISHED
    };
    let start = |events: &[&'static EventKind]| {
        let clock = crate::files::HandClock::new();
        Messages::new(
            &Config::default(),
            events,
            Arc::new(Book::default()),
            None,
            clock,
        )
        .expect_err("refused")
        .to_string()
    };
    assert!(start(&[&WRONG]).contains("政策名称"));
    assert!(start(&[&PUBLISHED, &PUBLISHED]).contains("登记了两次"));
}
