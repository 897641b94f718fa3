//! Signing in with a certified identity provider, started for the test.

use axum::Router;
use axum::http::Request;
use chrono::TimeDelta;
use fantoccini::Locator;
use url::Url;
use zhida_people::{PlaceKey, code_at};
use zhida_platform::audit;
use zhida_platform::clock::Clock;
use zhida_testkit::{Browser as Chromium, TestDatabase, block_on, both_databases, sqlite};

use crate::providers::{
    NAME, Outside, SITE, Site, comes_back, expects, leaves, people_with, through, world_with,
};
use crate::world::{Browser, PASSWORD, World, between, router, system};

async fn recorded(db: &TestDatabase, action: &str) -> usize {
    let query = audit::Query {
        action: Some(action.to_owned()),
        ..audit::Query::default()
    };
    let found = audit::list(db, &query, &Default::default()).await.unwrap();
    found.items.len()
}

async fn somebody_who_was_named_comes_in_and_stays_the_same(db: TestDatabase) {
    let site = Site::certified(SITE).await;
    let world = world_with(&db, &site).await;
    let id = world.person("zhang", "张某").await;
    let (mut browser, mut outside) = (world.browser(), Outside::default());
    // not before: the same name or number of another is of no use
    let refused = through(&mut browser, &mut outside, "u1", "pwd").await;
    let page = refused.expect_status(403);
    assert!(page.text().contains("工号 E-u1") && page.text().contains("还没有与它关联的账号"));
    assert!(browser.cookie.is_none());

    expects(&world, id, "E-u1").await.unwrap();
    let done = through(&mut browser, &mut outside, "u1", "pwd").await;
    assert_eq!(done.expect_status(303).header("location"), "/account");
    assert!(browser.flow.is_none());
    let page = browser.get("/account").await.expect_status(200);
    assert!(page.text().contains("张某") && page.text().contains("已关联"));
    // the number was handed on to another: it opens nothing
    let mut other = world.browser();
    let stranger = through(&mut other, &mut Outside::default(), "u2", "pwd").await;
    let _ = stranger.expect_status(403);
    let again = world.person("lisi", "李某").await;
    assert!(expects(&world, again, "E-u1").await.is_err());

    // the same person comes back, also after the keys were changed
    site.told("/rotate").await;
    let mut second = world.browser();
    let done = through(&mut second, &mut outside, "u1", "pwd").await;
    assert_eq!(done.expect_status(303).header("location"), "/account");
    assert_eq!(recorded(&db, "people.expect_identity").await, 1);
    assert_eq!(recorded(&db, "people.identity_refused").await, 2);

    // an account that is closed stays closed
    let closed = world.people.set_account_open(&system(), id, false).await;
    closed.unwrap();
    let refused = through(&mut world.browser(), &mut outside, "u1", "pwd").await;
    assert!(refused.expect_status(403).text().contains("已停用"));
    let _ = second.get("/account").await.expect_status(401);
}

async fn a_person_links_the_own_account_and_takes_the_link_back(db: TestDatabase) {
    let site = Site::certified(SITE).await;
    let world = world_with(&db, &site).await;
    world.person("zhang", "张某").await;
    let mut browser = world.signed_in("zhang").await;
    let way = "/account/identities/city";
    let page = browser.get("/account").await.expect_status(200);
    assert!(page.text().contains(way));
    let _ = browser.get(way).await.expect_status(200);
    let wrong = browser.post(way, &[("old", "不是这个密码")]).await;
    assert!(wrong.expect_status(400).text().contains("href=\"#old\""));
    let page = browser.post(way, &[("old", PASSWORD)]).await;
    let page = page.expect_status(200);
    let to = between(page.text(), &format!("href=\"{}", site.issuer), "\"");
    let to = format!(
        "{}{}",
        site.issuer,
        to.replace("&#38;", "&").replace("&amp;", "&")
    );
    assert!(to.contains("prompt=login"), "{to}");
    let mut outside = Outside::default();
    let back = outside.signs_in(&to, "u1", "pwd").await;
    // another browser, signed in or not, gains nothing from the answer
    let mut thief = world.browser();
    let _ = comes_back(&mut thief, &back).await.expect_status(400);
    let done = comes_back(&mut browser, &back).await.expect_status(303);
    assert_eq!(done.header("location"), "/account#identities");
    assert_eq!(recorded(&db, "people.link_identity").await, 1);

    let mut by_identity = world.browser();
    let done = through(&mut by_identity, &mut outside, "u1", "pwd").await;
    let _ = done.expect_status(303);
    // the way out leads on to the provider, by a link
    let out = by_identity.post("/sign-out", &[]).await.expect_status(200);
    assert!(out.text().contains(&format!("退出{NAME}")) && out.text().contains("/session/end?"));
    let done = through(&mut by_identity, &mut outside, "u1", "pwd").await;
    let _ = done.expect_status(303);

    // nobody takes another's link away
    world.person("lisi", "李某").await;
    let mut li = world.signed_in("lisi").await;
    let page = browser.get("/account").await.expect_status(200);
    let end = between(page.text(), "action=\"/account/identities/", "\"");
    let end = format!("/account/identities/{end}");
    let _ = li.post(&end, &[]).await.expect_status(404);
    let _ = browser.post(&end, &[]).await.expect_status(303);
    let _ = by_identity.get("/account").await.expect_status(401);
    let _ = browser.get("/account").await.expect_status(200);
    let refused = through(&mut world.browser(), &mut outside, "u1", "pwd").await;
    let _ = refused.expect_status(403);
    assert_eq!(recorded(&db, "people.unlink_identity").await, 1);
}

async fn officers_give_their_second_factor_once_before_the_providers_counts(db: TestDatabase) {
    let site = Site::certified(SITE).await;
    let world = world_with(&db, &site).await;
    let id = world.person("zhang", "张某").await;
    world
        .seat(id, PlaceKey::Organisation(world.bureau.id), "clerk")
        .await;
    let mut browser = world.signed_in("zhang").await;
    let (key, _) = browser.set_up_factor().await;
    expects(&world, id, "E-u1").await.unwrap();
    // whoever named a wrong person gets no further than the code
    let mut outside = Outside::default();
    let mut first = world.browser();
    let done = through(&mut first, &mut outside, "u1", "pwd otp").await;
    let to = done.expect_status(303).header("location").to_owned();
    assert_eq!(to, "/sign-in/code?next=%2Faccount");
    let mut again = world.browser();
    let done = through(&mut again, &mut outside, "u1", "pwd otp").await;
    let to = done.expect_status(303).header("location").to_owned();
    assert_eq!(to, "/sign-in/code?next=%2Faccount");
    world.clock.pass(TimeDelta::seconds(30));
    let code = code_at(&key, world.clock.now()).unwrap();
    let _ = again
        .post("/sign-in/code", &[("code", &code)])
        .await
        .expect_status(303);
    let _ = again.get("/organisations").await.expect_status(200);
    // from now on the provider's word is enough, where it says that there was a second factor
    let mut trusted = world.browser();
    let done = through(&mut trusted, &mut outside, "u1", "pwd otp").await;
    assert_eq!(done.expect_status(303).header("location"), "/account");
    let _ = trusted.get("/organisations").await.expect_status(200);
    let mut weak = world.browser();
    let done = through(&mut weak, &mut Outside::default(), "u1", "pwd").await;
    let to = done.expect_status(303).header("location").to_owned();
    assert_eq!(to, "/sign-in/code?next=%2Faccount");
    let _ = weak.get("/organisations").await.expect_status(401);
}

async fn a_seat_that_ended_gives_nothing_however_one_comes_in(db: TestDatabase) {
    let site = Site::certified(SITE).await;
    let world = world_with(&db, &site).await;
    let id = world.person("zhang", "张某").await;
    let bureau = PlaceKey::Organisation(world.bureau.id);
    let seat = world.seat(id, bureau, "clerk").await;
    expects(&world, id, "E-u1").await.unwrap();
    let mut outside = Outside::default();
    let mut browser = world.browser();
    let done = through(&mut browser, &mut outside, "u1", "otp").await;
    assert_eq!(done.expect_status(303).header("location"), "/account");
    let _ = browser.get("/organisations").await.expect_status(200);
    world.people.end_seat(&system(), seat.id, "").await.unwrap();
    let _ = browser.get("/organisations").await.expect_status(403);
    let mut later = world.browser();
    let done = through(&mut later, &mut outside, "u1", "otp").await;
    assert_eq!(done.expect_status(303).header("location"), "/account");
    let _ = later.get("/organisations").await.expect_status(403);
}

both_databases!(
    somebody_who_was_named_comes_in_and_stays_the_same,
    a_person_links_the_own_account_and_takes_the_link_back,
    officers_give_their_second_factor_once_before_the_providers_counts,
    a_seat_that_ended_gives_nothing_however_one_comes_in,
);

/// Changes one parameter of an address.
fn with(address: &str, name: &str, value: &str) -> String {
    let mut url = Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(known, old)| {
            let new = if known == name { value.into() } else { old };
            (known.into_owned(), new.into_owned())
        })
        .collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

async fn refused(browser: &mut Browser, address: &str) {
    let before = browser.cookie.clone();
    let answer = comes_back(browser, address).await;
    assert!(
        [400, 401].contains(&answer.status.as_u16()),
        "{address}: {}",
        answer.text()
    );
    assert_eq!(browser.cookie, before, "{address}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_good_once_for_the_browser_that_asked() {
    let db = sqlite().await;
    let site = Site::certified(SITE).await;
    let world = world_with(&db, &site).await;
    let id = world.person("zhang", "张某").await;
    expects(&world, id, "E-u1").await.unwrap();
    let (mut browser, mut outside) = (world.browser(), Outside::default());
    let to = leaves(&mut browser, "/account").await;
    let back = outside.signs_in(&to, "u1", "pwd").await;
    for (name, value) in [("state", "guessed"), ("state", "")] {
        refused(&mut browser, &with(&back, name, value)).await;
    }
    // the attacker's answer in the victim's browser, before and during a sign-in of the victim's own
    let mut victim = world.browser();
    refused(&mut victim, &back).await;
    leaves(&mut victim, "/").await;
    refused(&mut victim, &back).await;
    let done = comes_back(&mut browser, &back).await.expect_status(303);
    assert_eq!(done.header("location"), "/account");
    let inside = browser.cookie.clone();
    // replayed: without the cookie, with the cookie of then, and the code in another sign-in
    refused(&mut world.browser(), &back).await;
    let mut again = world.browser();
    let to = leaves(&mut again, "/").await;
    let fresh = outside.signs_in(&to, "u1", "pwd").await;
    let code = Url::parse(&back).unwrap();
    let code = code.query_pairs().find(|(name, _)| name == "code").unwrap();
    refused(&mut again, &with(&fresh, "code", &code.1)).await;
    refused(&mut again, &fresh).await;
    // too late
    let mut slow = world.browser();
    let to = leaves(&mut slow, "/").await;
    let back = outside.signs_in(&to, "u1", "pwd").await;
    world.clock.pass(TimeDelta::minutes(10));
    refused(&mut slow, &back).await;
    browser.cookie = inside;
    let _ = browser.get("/account").await.expect_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_keeps_no_session_that_somebody_else_put_there() {
    let db = sqlite().await;
    let site = Site::certified(SITE).await;
    let world = world_with(&db, &site).await;
    let id = world.person("zhang", "张某").await;
    world.person("lisi", "李某").await;
    expects(&world, id, "E-u1").await.unwrap();
    let mut outside = Outside::default();
    let mut browser = world.browser();
    browser.cookie = Some("zhida=chosen-by-somebody-else".into());
    browser.flow = Some("zhida-flow=chosen-by-somebody-else".into());
    let done = through(&mut browser, &mut outside, "u1", "pwd").await;
    let _ = done.expect_status(303);
    assert!(!browser.cookie.as_ref().unwrap().contains("chosen"));
    // whoever was signed in here is out: the answer began before
    let mut browser = world.browser();
    let to = leaves(&mut browser, "/").await;
    let back = outside.signs_in(&to, "u1", "pwd").await;
    browser.sign_in("lisi", PASSWORD).await;
    let before = browser.cookie.clone();
    let _ = comes_back(&mut browser, &back).await.expect_status(303);
    let page = browser.get("/account").await.expect_status(200);
    assert!(page.text().contains("张某"));
    browser.cookie = before;
    let _ = browser.get("/account").await.expect_status(401);
    // the cookie of a sign-in is guarded like the session's, and short
    let request = Request::get("/sign-in/with/city").body(Default::default());
    let answer = world.app.send(request.unwrap()).await.expect_status(303);
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-zhida-flow="), "{set}");
    assert!(
        set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600"),
        "{set}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_with_a_provider_leads_to_this_site_only() {
    let db = sqlite().await;
    let site = Site::certified(SITE).await;
    let world = world_with(&db, &site).await;
    let id = world.person("zhang", "张某").await;
    expects(&world, id, "E-u1").await.unwrap();
    let mut outside = Outside::default();
    for (next, to) in [
        ("%2Fpolicies%3Fq%3Da", "/policies?q=a"),
        ("%2F%2Fevil.example", "/"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("%2F%0D%0ASet-Cookie%3Ax%3Dy", "/"),
    ] {
        let mut browser = world.browser();
        let away = leaves(&mut browser, next).await;
        assert!(away.starts_with(&site.issuer), "{away}");
        let back = outside.signs_in(&away, "u1", "pwd").await;
        let done = comes_back(&mut browser, &back).await.expect_status(303);
        assert_eq!(done.header("location"), to, "{next}");
    }
    let _ = world
        .browser()
        .get("/sign-in/with/none")
        .await
        .expect_status(404);
    // the person leaves without signing in
    let mut browser = world.browser();
    let away = leaves(&mut browser, "/").await;
    let back = Outside::default().signs_in(&away, "", "").await;
    assert!(back.contains("error=access_denied"), "{back}");
    let page = comes_back(&mut browser, &back).await.expect_status(400);
    assert!(page.text().contains("没有完成登录") && !page.text().contains("access_denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_administrator_links_and_unlinks() {
    let db = sqlite().await;
    let site = Site::certified(SITE).await;
    let world = world_with(&db, &site).await;
    let id = world.person("zhang", "张某").await;
    let form = format!("/accounts/{id}/identities/new");
    let fields = [("provider", "city"), ("value", "E-u1")];
    let mut sec = world.administrator("sec").await;
    let _ = sec.post(&form, &fields).await.expect_status(403);
    let mut sys = world.administrator("sys").await;
    let page = sys.get(&form).await.expect_status(200);
    assert!(page.text().contains(&format!("{NAME}（按工号）")));
    for (provider, value, field) in [("city", "", "value"), ("none", "E-u1", "provider")] {
        let fields = [("provider", provider), ("value", value)];
        let refused = sys.post(&form, &fields).await.expect_status(400);
        assert!(refused.text().contains(&format!("href=\"#{field}\"")));
    }
    let _ = sys.post(&form, &fields).await.expect_status(303);
    let page = sys.get(&format!("/accounts/{id}")).await.expect_status(200);
    assert!(page.text().contains("工号 E-u1") && page.text().contains("等待首次登录"));
    let end = between(page.text(), "action=\"/identities/", "\"");
    let reset = sys.post(&format!("/accounts/{id}/password"), &[]).await;
    assert!(reset.expect_status(200).text().contains("仍可用它登录"));
    let mut outside = Outside::default();
    let mut browser = world.browser();
    let done = through(&mut browser, &mut outside, "u1", "pwd").await;
    let _ = done.expect_status(303);
    let end = format!("/identities/{end}");
    let _ = sec.post(&end, &[]).await.expect_status(403);
    let _ = sys.post(&end, &[]).await.expect_status(303);
    let _ = browser.get("/account").await.expect_status(401);
    let _ = sys.post(&end, &[]).await.expect_status(404);
}

/// What a form may not do, a link does: the security policy is kept by a real browser.
#[test]
fn in_a_real_browser_to_the_provider_and_back_and_out_again() {
    block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let db = sqlite().await;
        let site = Site::certified(&address).await;
        let (people, clock) = people_with(&db, &site, &address, |_| {}).await;
        let world = World::over(people, clock).await;
        let id = world.person("zhang", "张某").await;
        expects(&world, id, "E-u1").await.unwrap();
        let router: Router = router(&world.people);
        let served = tokio::spawn(async move { axum::serve(listener, router).await });
        let browser = Chromium::start().await;
        browser.open(&format!("{address}/account")).await;
        browser
            .open(&format!("{address}/sign-in?next=/account"))
            .await;
        browser.screenshot("people-sign-in-with").await;
        browser.axe("sign-in with a provider").await;
        let way = format!("用{NAME}登录");
        browser.follow(Locator::LinkText(&way)).await;
        let login = browser.find(Locator::Id("login")).await.unwrap();
        login.send_keys("u1").await.unwrap();
        browser.follow(Locator::Css("form button")).await;
        let page = browser.source().await.unwrap();
        assert!(page.contains("我的账号") && page.contains("张某"), "{page}");
        browser.screenshot("people-account-identities").await;
        browser.axe("account with identities").await;
        let out = Locator::Css("form[action='/sign-out'] button");
        browser.follow(out).await;
        browser.screenshot("people-signed-out").await;
        let way = format!("退出{NAME}");
        browser.follow(Locator::LinkText(&way)).await;
        let at = browser.current_url().await.unwrap();
        assert!(at.as_str().starts_with(&site.issuer), "{at}");
        browser.follow(Locator::Css("button[name=logout]")).await;
        let at = browser.current_url().await.unwrap();
        assert_eq!(at.as_str(), format!("{address}/sign-in"));
        served.abort();
    });
}
