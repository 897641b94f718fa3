//! Providers that lie: nothing of it signs anybody in.

use std::sync::Arc;

use chrono::TimeDelta;
use zhida_testkit::sqlite;

use crate::providers::{Outside, SITE, Site, comes_back, expects, leaves, people_with, world_with};
use crate::world::{World, system};

const LIES: [&str; 16] = [
    "key",
    "alg-none",
    "alg-shared",
    "own-key-in-header",
    "tampered",
    "issuer",
    "audience",
    "audiences",
    "expired",
    "no-nonce",
    "other-nonce",
    "at-hash",
    "no-subject",
    "no-id-token",
    "redirected",
    "endless",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_lies_signs_nobody_in() {
    let db = sqlite().await;
    let site = Site::hostile().await;
    let world = world_with(&db, &site).await;
    for (login, number) in [("admin", "E-admin"), ("mallory", "E-mallory")] {
        let id = world.person(login, &format!("人{login}")).await;
        expects(&world, id, number).await.unwrap();
    }
    let comes = async |lie: &str| {
        site.told(&format!("/lie/{lie}")).await;
        let mut browser = world.browser();
        let to = leaves(&mut browser, "/").await;
        let back = Outside::default().signs_in(&to, "", "").await;
        let answer = comes_back(&mut browser, &back).await;
        (answer.status.as_u16(), answer.text().to_owned(), browser)
    };
    for lie in LIES {
        let (status, text, browser) = comes(lie).await;
        assert_eq!(status, 401, "{lie}: {text}");
        assert!(text.contains("没有通过核对"), "{lie}: {text}");
        assert!(browser.cookie.is_none(), "{lie}");
    }
    // what comes of another issuer is not looked at
    let (status, _, browser) = comes("answer-of-another").await;
    assert!(status == 400 && browser.cookie.is_none());
    // claims of another subject are of nobody
    let (status, text, browser) = comes("user-info").await;
    assert!(status == 403 && browser.cookie.is_none(), "{text}");
    assert!(text.contains("没有工号"), "{text}");
    // and when it does not lie it gets in, as whom it is: the refusals above are for the lies
    let (status, text, mut browser) = comes("none").await;
    assert_eq!(status, 303, "{text}");
    let me = browser.get("/api/v1/me").await.expect_status(200).json();
    assert_eq!(me["login"], "admin");
    // who is linked needs no more than the signature
    let (status, text, mut browser) = comes("user-info-down").await;
    assert_eq!(status, 303, "{text}");
    let me = browser.get("/api/v1/me").await.expect_status(200).json();
    assert_eq!(me["login"], "admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_does_not_send_us_into_the_network_we_stand_in() {
    for (lie, fails_at_once) in [
        ("discovery-of-another", true),
        ("keys-inside", true),
        ("token-inside", false),
    ] {
        let db = sqlite().await;
        let site = Site::hostile().await;
        site.told(&format!("/lie/{lie}")).await;
        let (people, clock) = people_with(&db, &site, SITE, |_| {}).await;
        let world = World::over(people, clock).await;
        let mut browser = world.browser();
        if fails_at_once {
            let answer = browser.get("/sign-in/with/city").await;
            let answer = answer.expect_status(503);
            assert!(answer.text().contains("暂时连不上"), "{lie}");
            continue;
        }
        let to = leaves(&mut browser, "/").await;
        let back = Outside::default().signs_in(&to, "", "").await;
        let started = std::time::Instant::now();
        let _ = comes_back(&mut browser, &back).await.expect_status(401);
        // refused, not tried
        assert!(started.elapsed().as_secs() < 3, "{lie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_of_a_provider_holds_while_it_is_away_and_it_is_not_asked_each_time() {
    let db = sqlite().await;
    let site = Site::hostile().await;
    let world = world_with(&db, &site).await;
    let discovered = async || {
        let asked = format!("{}/discovered", site.issuer);
        String::from_utf8(Outside::default().get(&asked).await.into_body()).unwrap()
    };
    let leaves = async || {
        let _to = leaves(&mut world.browser(), "/").await;
    };
    leaves().await;
    assert_eq!(discovered().await, "1");
    site.told("/lie/discovery-of-another").await;
    for (minutes, asked) in [(61, "2"), (4, "2"), (2, "3")] {
        world.clock.pass(TimeDelta::minutes(minutes));
        leaves().await;
        assert_eq!(discovered().await, asked, "after {minutes} minutes");
    }
    // back again, it is good for another hour
    site.told("/lie/none").await;
    for (minutes, asked) in [(6, "4"), (59, "4")] {
        world.clock.pass(TimeDelta::minutes(minutes));
        leaves().await;
        assert_eq!(discovered().await, asked, "after {minutes} minutes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_leaves_the_password() {
    let db = sqlite().await;
    let site = Site::hostile().await;
    let down = |config: &mut zhida_platform::config::OidcConfig| {
        // a port that nobody listens on
        config.issuer = "http://127.0.0.1:9".to_owned();
    };
    let (people, clock) = people_with(&db, &site, SITE, down).await;
    let world = World::over(people, clock).await;
    let id = world.person("zhang", "张某").await;
    let page = world.browser().get("/sign-in/with/city").await;
    assert!(
        page.expect_status(503)
            .text()
            .contains("用登录名和密码登录")
    );
    let mut browser = world.signed_in("zhang").await;
    let _ = browser.get("/account").await.expect_status(200);
    // without a provider there is no way to it
    let none = Arc::clone(&world.people);
    assert!(none.identities(&system(), id).await.unwrap().is_empty());
}
