//! Signing in: who gets in, who does not, and what a session is.

use chrono::TimeDelta;
use zhida_people::{NewAccount, code_at};
use zhida_platform::audit;
use zhida_platform::clock::Clock;
use zhida_platform::keys::KeyBytes;
use zhida_platform::seal::Sealer;
use zhida_testkit::{TestDatabase, both_databases, sqlite};

use crate::world::{PASSWORD, World, empty, router, system};

async fn the_first_sign_in_changes_the_password_and_sets_up_the_factor(db: TestDatabase) {
    let world = World::new(&db).await;
    let mut browser = world.browser();
    let to = browser.sign_in("SYS ", &world.initial[0]).await;
    assert_eq!(to, "/account/password?next=%2F");
    // nothing else is open before
    let _ = browser.get("/account").await.expect_status(401);
    let _ = browser.get("/organisations").await.expect_status(401);
    let to = browser.change_password(&world.initial[0], PASSWORD).await;
    assert_eq!(to, "/account/factor?next=%2F");
    let _ = browser.get("/organisations").await.expect_status(401);
    let (_, codes) = browser.set_up_factor().await;
    assert_eq!(codes.len(), 8);
    let page = browser.get("/organisations").await.expect_status(200);
    assert!(page.text().contains("样例市发展和改革局"));
    assert!(page.text().contains("系甲") && page.text().contains("退出登录"));
    // the initial password is gone
    let mut again = world.browser();
    let refused = [("login", "sys"), ("password", world.initial[0].as_str())];
    let _ = again.post("/sign-in", &refused).await.expect_status(401);
}

async fn a_wrong_password_and_an_unknown_login_are_answered_alike(db: TestDatabase) {
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    let mut texts = Vec::new();
    for login in ["known", "nobody"] {
        let mut statuses = Vec::new();
        let mut last = String::new();
        for _ in 0..6 {
            let fields = [("login", login), ("password", "不是这个密码呀")];
            let answer = world.browser().post("/sign-in", &fields).await;
            assert_eq!(answer.header("set-cookie"), "");
            statuses.push(answer.status.as_u16());
            last = answer.text().replace(login, "X");
        }
        // five guesses, then a pause, whether the login exists or not
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429], "{login}");
        texts.push(last);
    }
    assert_eq!(texts[0], texts[1]);
    // right, but paused
    let right = [("login", "known"), ("password", PASSWORD)];
    let _ = world
        .browser()
        .post("/sign-in", &right)
        .await
        .expect_status(429);
    world.clock.pass(TimeDelta::minutes(15));
    assert_eq!(
        world.signed_in("known").await.get("/account").await.status,
        200
    );
}

async fn pauses_grow(db: TestDatabase) {
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    let wrong = [("login", "known"), ("password", "不是这个密码呀")];
    for minutes in [15, 30, 60] {
        for _ in 0..5 {
            let _ = world
                .browser()
                .post("/sign-in", &wrong)
                .await
                .expect_status(401);
        }
        world
            .clock
            .pass(TimeDelta::minutes(minutes) - TimeDelta::seconds(1));
        let _ = world
            .browser()
            .post("/sign-in", &wrong)
            .await
            .expect_status(429);
        world.clock.pass(TimeDelta::seconds(1));
    }
}

async fn many_guesses_at_once_are_not_more_guesses(db: TestDatabase) {
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    let guesses = (0..20).map(|at| {
        let mut browser = world.browser();
        async move {
            let password = format!("不是这个密码 {at}");
            let fields = [("login", "known"), ("password", password.as_str())];
            browser.post("/sign-in", &fields).await.status.as_u16()
        }
    });
    let answers = futures::future::join_all(guesses).await;
    let tried = answers.iter().filter(|status| **status == 401).count();
    assert_eq!(tried, 5, "{answers:?}");
}

async fn a_code_is_accepted_once_and_a_recovery_code_too(db: TestDatabase) {
    let world = World::new(&db).await;
    let mut browser = world.browser();
    browser.sign_in("sec", &world.initial[1]).await;
    browser.change_password(&world.initial[1], PASSWORD).await;
    let (key, codes) = browser.set_up_factor().await;
    let code = || code_at(&key, world.clock.now()).unwrap();
    // the code of the set-up itself is used up
    let mut other = world.signed_in("sec").await;
    let _ = other.get("/accounts").await.expect_status(401);
    let _ = other
        .post("/sign-in/code", &[("code", &code())])
        .await
        .expect_status(401);
    world.clock.pass(TimeDelta::seconds(30));
    let given = code();
    let _ = other
        .post("/sign-in/code", &[("code", &given)])
        .await
        .expect_status(303);
    let _ = other.get("/accounts").await.expect_status(200);
    let mut third = world.signed_in("sec").await;
    let _ = third
        .post("/sign-in/code", &[("code", &given)])
        .await
        .expect_status(401);
    let recovery = [("code", codes[0].as_str())];
    let _ = third
        .post("/sign-in/code", &recovery)
        .await
        .expect_status(303);
    let _ = third.get("/accounts").await.expect_status(200);
    let mut fourth = world.signed_in("sec").await;
    let _ = fourth
        .post("/sign-in/code", &recovery)
        .await
        .expect_status(401);
    // wrong codes count as failures, too, and the password alone does not forgive them
    for _ in 0..3 {
        let _ = fourth.post("/sign-in/code", &[("code", "000000")]).await;
    }
    let _ = fourth
        .post("/sign-in/code", &[("code", "000000")])
        .await
        .expect_status(429);
}

async fn nothing_secret_is_kept_or_recorded(db: TestDatabase) {
    let world = World::new(&db).await;
    let mut browser = world.administrator("sys").await;
    let (_, codes) = {
        let mut sec = world.browser();
        sec.sign_in("sec", &world.initial[1]).await;
        sec.change_password(&world.initial[1], PASSWORD).await;
        sec.set_up_factor().await
    };
    let cookie = browser.cookie.clone().unwrap();
    let cookie = cookie.split_once('=').unwrap().1;
    let _ = browser.get("/account").await.expect_status(200);
    let secrets = [
        cookie,
        PASSWORD,
        &world.initial[0],
        &codes[0],
        &codes[0].replace('-', ""),
    ];
    let mut kept = String::new();
    for table in [
        "people_account",
        "people_password",
        "people_session",
        "people_recovery_code",
        "people_setup",
    ] {
        kept += &dump(&db, table).await;
    }
    let listed = audit::list(&db, &audit::Query::default(), &Default::default())
        .await
        .unwrap();
    assert!(listed.items.len() > 5);
    kept += &format!("{:?}", listed.items);
    for secret in secrets {
        assert!(!kept.contains(secret), "{secret}");
    }
    assert!(kept.contains("people.set_up_factor") && kept.contains("people.sign_in"));
}

/// All text columns of a table, as they lie there.
async fn dump(db: &TestDatabase, table: &str) -> String {
    use zhida_platform::db::{ConnectionTrait, Engine};
    let sql = match db.engine() {
        Engine::Postgres => format!("SELECT CAST(t AS TEXT) AS line FROM {table} t"),
        Engine::Sqlite => {
            let columns = format!(
                "SELECT group_concat(name, ' || ''|'' || ') AS line FROM \
                 (SELECT 'coalesce(' || name || ','''')' AS name FROM pragma_table_info('{table}'))"
            );
            let row = db
                .conn()
                .query_one_raw(statement(db, &columns))
                .await
                .unwrap()
                .unwrap();
            let columns: String = row.try_get("", "line").unwrap();
            format!("SELECT {columns} AS line FROM {table}")
        }
    };
    let rows = db.conn().query_all_raw(statement(db, &sql)).await.unwrap();
    rows.iter()
        .map(|row| row.try_get::<String>("", "line").unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

fn statement(db: &TestDatabase, sql: &str) -> sea_orm::Statement {
    sea_orm::Statement::from_string(db.conn().get_database_backend(), sql)
}

async fn keys_of_second_factors_are_sealed_also_those_from_before(db: TestDatabase) {
    let world = World::new(&db).await;
    let mut browser = world.browser();
    browser.sign_in("sec", &world.initial[1]).await;
    browser.change_password(&world.initial[1], PASSWORD).await;
    let (key, _) = browser.set_up_factor().await;
    assert!(
        dump(&db, "people_account").await.contains(&key),
        "no key to seal with"
    );
    // the program is started with a key
    let sealer = Sealer::new(&[KeyBytes::new([7; 32])]);
    let sealed = db.handle().with_sealer(sealer);
    let world = world.restarted(sealed);
    assert_eq!(world.people.seal_factors().await.unwrap(), 1);
    assert_eq!(world.people.seal_factors().await.unwrap(), 0);
    let kept = dump(&db, "people_account").await;
    assert!(!kept.contains(&key) && kept.contains("sm4-gcm"), "{kept}");
    world.clock.pass(TimeDelta::seconds(30));
    let code = code_at(&key, world.clock.now()).unwrap();
    let mut again = world.signed_in("sec").await;
    let _ = again
        .post("/sign-in/code", &[("code", &code)])
        .await
        .expect_status(303);
    let _ = again.get("/accounts").await.expect_status(200);
    // a new one is sealed from the start
    let mut sys = world.browser();
    sys.sign_in("sys", &world.initial[0]).await;
    sys.change_password(&world.initial[0], PASSWORD).await;
    let (key, _) = sys.set_up_factor().await;
    assert!(!dump(&db, "people_account").await.contains(&key));
}

async fn a_paused_login_costs_the_same_work_and_record(db: TestDatabase) {
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    let failures = async || {
        let query = audit::Query {
            action: Some("people.sign_in_failed".to_owned()),
            ..audit::Query::default()
        };
        let found = audit::list(&db, &query, &Default::default()).await.unwrap();
        found.items.len()
    };
    let before = failures().await;
    for attempt in 0..7 {
        for (login, password) in [("known", PASSWORD), ("nobody", PASSWORD)] {
            let password = if attempt < 5 {
                "不是这个密码呀"
            } else {
                password
            };
            let fields = [("login", login), ("password", password)];
            let _ = world.browser().post("/sign-in", &fields).await;
        }
    }
    // also while it is paused, with the right password or a wrong one, known or not
    assert_eq!(failures().await - before, 14);
}

both_databases!(
    keys_of_second_factors_are_sealed_also_those_from_before,
    a_paused_login_costs_the_same_work_and_record,
    the_first_sign_in_changes_the_password_and_sets_up_the_factor,
    a_wrong_password_and_an_unknown_login_are_answered_alike,
    pauses_grow,
    many_guesses_at_once_are_not_more_guesses,
    a_code_is_accepted_once_and_a_recovery_code_too,
    nothing_secret_is_kept_or_recorded,
);

#[tokio::test]
async fn a_session_is_never_one_that_the_browser_brought() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    let mut browser = world.browser();
    browser.cookie = Some("zhida=chosen-by-somebody-else".into());
    browser.sign_in("known", PASSWORD).await;
    let first = browser.cookie.clone().unwrap();
    assert!(!first.contains("chosen"));
    // signing in again gives another, and ends the one before
    browser.sign_in("known", PASSWORD).await;
    let second = browser.cookie.clone().unwrap();
    assert_ne!(first, second);
    browser.cookie = Some(first);
    let _ = browser.get("/account").await.expect_status(401);
    browser.cookie = Some(second);
    let _ = browser.get("/account").await.expect_status(200);
}

#[tokio::test]
async fn cookies_are_guarded_and_over_tls_bound_to_the_host() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    let fields = [("login", "known"), ("password", PASSWORD)];
    let local = world.browser().post("/sign-in", &fields).await;
    let local = local.header("set-cookie").to_owned();
    assert!(local.starts_with("zhida=") && local.ends_with("; Path=/; HttpOnly; SameSite=Lax"));
    // any other host, or none, is thought to be reached over TLS
    let outside = world.app.post_form("/sign-in", &fields).await;
    let outside = outside.header("set-cookie").to_owned();
    assert!(outside.starts_with("__Host-zhida="), "{outside}");
    assert!(
        outside.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{outside}"
    );
}

#[tokio::test]
async fn sessions_end_idle_in_time_on_leaving_and_with_the_password() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    let mut idle = world.signed_in("known").await;
    world.clock.pass(TimeDelta::minutes(29));
    let _ = idle.get("/account").await.expect_status(200);
    world.clock.pass(TimeDelta::minutes(29));
    let _ = idle.get("/account").await.expect_status(200);
    world.clock.pass(TimeDelta::minutes(30));
    let _ = idle.get("/account").await.expect_status(401);

    let mut long = world.signed_in("known").await;
    for _ in 0..35 {
        world.clock.pass(TimeDelta::minutes(20));
        let _ = long.get("/account").await.expect_status(200);
    }
    world.clock.pass(TimeDelta::minutes(20));
    let _ = long.get("/account").await.expect_status(401);

    let (mut one, mut two) = (
        world.signed_in("known").await,
        world.signed_in("known").await,
    );
    let page = one.get("/account").await.expect_status(200);
    assert_eq!(page.text().matches("name=\"session\"").count(), 1);
    let before = one.cookie.clone();
    assert_eq!(
        one.change_password(PASSWORD, "断桥残雪 雷峰夕照 一年")
            .await,
        "/account"
    );
    assert_ne!(one.cookie, before);
    let _ = one.get("/account").await.expect_status(200);
    let _ = two.get("/account").await.expect_status(401);
    let kept = one.cookie.clone();
    let _ = one.post("/sign-out", &[]).await.expect_status(303);
    assert_eq!(one.cookie, None);
    one.cookie = kept;
    let _ = one.get("/account").await.expect_status(401);
}

#[tokio::test]
async fn the_last_five_passwords_and_weak_ones_are_refused() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    let mut browser = world.signed_in("known").await;
    let mut current = PASSWORD.to_owned();
    for at in 0..4 {
        let new = format!("三潭印月 平湖秋月 {at}");
        browser.change_password(&current, &new).await;
        current = new;
    }
    let attempt = async |browser: &mut crate::world::Browser, old: &str, new: &str| {
        let fields = [("old", old), ("new", new), ("again", new)];
        browser.post("/account/password", &fields).await
    };
    for bad in [
        PASSWORD,
        current.as_str(),
        "short",
        "Password123",
        "known-known-1",
    ] {
        let refused = attempt(&mut browser, &current, bad)
            .await
            .expect_status(400);
        assert!(refused.text().contains("href=\"#new\""), "{bad}");
    }
    let refused = attempt(&mut browser, "不是现在的密码", "柳浪闻莺 花港观鱼 两年").await;
    assert!(refused.expect_status(400).text().contains("现在的密码不对"));
    browser
        .change_password(&current, "柳浪闻莺 花港观鱼 两年")
        .await;
    // six changes ago is long enough
    browser
        .change_password("柳浪闻莺 花港观鱼 两年", PASSWORD)
        .await;
}

#[tokio::test]
async fn signing_in_leads_to_this_site_only() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.person("known", "知某").await;
    for (next, to) in [
        ("/account", "/account"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/%0d%0aSet-Cookie:x=y", "/%0d%0aSet-Cookie:x=y"),
        ("/\r\nSet-Cookie: x=y", "/"),
    ] {
        let fields = [("login", "known"), ("password", PASSWORD), ("next", next)];
        let answer = world
            .browser()
            .post("/sign-in", &fields)
            .await
            .expect_status(303);
        assert_eq!(answer.header("location"), to, "{next:?}");
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    }
    let page = world.browser().get("/sign-in?next=//evil.example").await;
    assert!(!page.text().contains("evil"));
}

#[tokio::test]
async fn a_closed_account_and_one_of_the_demonstration_do_not_get_in() {
    let db = sqlite().await;
    let (demo, _) = empty(&db, true).await;
    let taken = NewAccount {
        login: "auditor".into(),
        name: "真有其人".into(),
        ..NewAccount::default()
    };
    demo.create_account(&system(), &taken).await.unwrap();
    let (password, made) = demo.make_demo_accounts("330300", None).await.unwrap();
    assert!(made.len() > 7);
    assert!(
        made.iter().all(|one| one.login != "auditor"),
        "somebody else's is not listed as one that opens"
    );
    let mut fields = vec![("login", "clerk"), ("password", password.expose())];
    let inside = zhida_testkit::App::new(router(&demo))
        .post_form("/sign-in", &fields)
        .await;
    assert_eq!(inside.expect_status(303).header("location"), "/");
    // the same database served in earnest
    let (serious, _) = empty(&db, false).await;
    let app = zhida_testkit::App::new(router(&serious));
    let _ = app.post_form("/sign-in", &fields).await.expect_status(401);
    assert!(serious.make_demo_accounts("330300", None).await.is_err());
    // even if the page of the demonstration were there
    for (people, status) in [(&serious, 404), (&demo, 303)] {
        let router = zhida_people::demo_routes(people.clone(), &[]);
        let router = zhida_people::identified(router, people.clone());
        let app = zhida_testkit::App::new(router);
        let answer = app.post_form("/demo", &[("role", "clerk")]).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("set-cookie").is_empty(), status == 404);
    }

    let db = sqlite().await;
    let world = World::new(&db).await;
    let id = world.person("known", "知某").await;
    let mut inside = world.signed_in("known").await;
    world
        .people
        .set_account_open(&crate::world::system(), id, false)
        .await
        .unwrap();
    let _ = inside.get("/account").await.expect_status(401);
    fields = vec![("login", "known"), ("password", PASSWORD)];
    let _ = world
        .browser()
        .post("/sign-in", &fields)
        .await
        .expect_status(401);
}

#[tokio::test]
async fn an_initial_password_waits_two_weeks() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let fields = [("login", "sys"), ("password", world.initial[0].as_str())];
    world.clock.pass(TimeDelta::days(14));
    let _ = world
        .browser()
        .post("/sign-in", &fields)
        .await
        .expect_status(303);
    world.clock.pass(TimeDelta::seconds(1));
    let late = world.browser().post("/sign-in", &fields).await;
    assert!(
        late.expect_status(401)
            .text()
            .contains("初始密码超过 14 天")
    );
    let viewer = crate::world::system();
    let sys = world.people.account_by_login(&viewer, "sys").await.unwrap();
    let new = world.people.reset_password(&viewer, sys.id).await.unwrap();
    let fields = [("login", "sys"), ("password", new.expose())];
    let _ = world
        .browser()
        .post("/sign-in", &fields)
        .await
        .expect_status(303);
}

#[tokio::test]
async fn another_site_cannot_sign_somebody_in() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let request = axum::http::Request::post("/sign-in")
        .header("host", "localhost:8080")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from("login=a&password=b"))
        .unwrap();
    let _ = world.app.send(request).await.expect_status(403);
}
