//! Three administrators, kept apart; the first run; what forms do not ask for.

use serde_json::json;
use zhida_people::{NewSeat, OrganisationQuery, PlaceKey};
use zhida_testkit::{App, TestDatabase, both_databases, sqlite};

use crate::world::{ENTERPRISE, World, between, empty, organisation, router, system};

/// What each administrator does, as requests; each of the others is refused.
const WORK: [(&str, &str); 9] = [
    ("sys", "GET /organisations/new"),
    ("sys", "POST /organisations/new"),
    ("sys", "POST /accounts/new"),
    ("sys", "POST /accounts/{id}/password"),
    ("sys", "POST /accounts/{id}/state"),
    ("sec", "POST /accounts/{id}/seats/new"),
    ("sec", "POST /accounts/{id}/factor"),
    ("sec", "POST /accounts/{id}/access"),
    ("sec", "GET /invitations"),
];

async fn no_administrator_does_the_work_of_another(db: TestDatabase) {
    let world = World::new(&db).await;
    let id = world.person("known", "知某").await.to_string();
    for login in ["sys", "sec", "aud"] {
        let mut browser = world.administrator(login).await;
        for (whose, work) in WORK {
            let (method, path) = work.split_once(' ').unwrap();
            let path = path.replace("{id}", &id);
            let answer = match method {
                "GET" => browser.get(&path).await,
                _ => browser.post(&path, &[]).await,
            };
            let refused = answer.status == 403;
            assert_eq!(refused, whose != login, "{login} {work}: {}", answer.status);
        }
        // business is nobody's of the three
        let _ = browser.get("/staff").await.expect_status(403);
        let me = browser.get("/api/v1/me").await.expect_status(200).json();
        let actions = me["actions"].as_array().unwrap();
        for business in [
            "enterprise.read",
            "match.read",
            "policy.edit",
            "enterprise.import",
        ] {
            assert!(!actions.contains(&json!(business)), "{login} {business}");
        }
    }
}

async fn nobody_holds_two_of_the_three_roles(db: TestDatabase) {
    let world = World::new(&db).await;
    let found = world
        .people
        .accounts(&system(), &Default::default(), &Default::default())
        .await
        .unwrap();
    let seat = |account, role: &str| NewSeat {
        account,
        place: PlaceKey::Organisation(world.bureau.id),
        role: role.into(),
        valid_from: world.people.today(),
        valid_until: None,
    };
    for account in &found.items {
        for role in ["sysadmin", "secadmin", "auditor"] {
            let granted = world.people.grant(&system(), &seat(account.id, role)).await;
            assert!(granted.is_err(), "{} {role}", account.login);
        }
    }
    // nor one after the other from a later day on
    let mut later = seat(found.items[0].id, "secadmin");
    later.valid_from = crate::world::day("2030-01-01");
    assert_eq!(found.items[0].login, "aud");
    assert!(world.people.grant(&system(), &later).await.is_err());
    for account in &found.items {
        let (_, seats) = world.people.account(&system(), account.id).await.unwrap();
        assert_eq!(seats.len(), 1);
        let ended = world.people.end_seat(&system(), seats[0].id, "").await;
        assert!(ended.unwrap_err().to_string().contains("最后一个在任的"));
    }
}

async fn two_last_holders_cannot_leave_at_the_same_time(db: TestDatabase) {
    let world = World::new(&db).await;
    let second = world.person("second", "二某").await;
    let bureau = PlaceKey::Organisation(world.bureau.id);
    let mine = world.seat(second, bureau.clone(), "auditor").await;
    let seats = world.people.seats_at(&system(), &bureau).await.unwrap();
    let first = seats
        .iter()
        .find(|seat| seat.role == "auditor" && seat.id != mine.id)
        .unwrap();
    let viewer = system();
    let (one, two) = futures::join!(
        world.people.end_seat(&viewer, first.id, ""),
        world.people.end_seat(&viewer, mine.id, ""),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

async fn the_first_run_makes_three_administrators_once(db: TestDatabase) {
    let (people, _) = empty(&db, false).await;
    let old = people.first_run().await.unwrap().unwrap();
    let code = people.first_run().await.unwrap().unwrap();
    let app = App::new(router(&people));
    let page = |code: &str| format!("/setup?code={code}");
    let closed = app.get("/setup").await.expect_status(400);
    assert!(closed.text().contains("请用服务器最近一次启动时显示的地址"));
    assert!(!closed.text().contains("向发出的人"), "{}", closed.text());
    let _ = app.get(&page(old.expose())).await.expect_status(400);
    let _ = app.get(&page(code.expose())).await.expect_status(200);
    let fields = |third: &'static str| {
        [
            ("code", code.expose().to_owned()),
            ("organisation_name", "样例市数据局".into()),
            ("organisation_kind", "department".into()),
            ("organisation_division", "330300".into()),
            ("sysadmin_login", "a-sys".into()),
            ("sysadmin_name", "甲某".into()),
            ("secadmin_login", "b-sec".into()),
            ("secadmin_name", "乙某".into()),
            ("auditor_login", third.into()),
            ("auditor_name", "丙某".into()),
        ]
    };
    let post = async |fields: [(&str, String); 10]| {
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        app.post_form("/setup", &fields).await
    };
    let same = post(fields("a-sys")).await.expect_status(400);
    assert!(same.text().contains("href=\"#auditor_login\""));
    let done = post(fields("c-aud")).await.expect_status(200);
    let passwords: Vec<&str> = done
        .text()
        .split("data-copy=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(passwords.len(), 3);
    let _ = post(fields("d-aud")).await.expect_status(400);
    assert!(people.first_run().await.unwrap().is_none());
    let sign_in = [("login", "c-aud"), ("password", passwords[2])];
    let answer = app.post_form("/sign-in", &sign_in).await.expect_status(303);
    assert_eq!(answer.header("location"), "/account/password?next=%2F");
}

async fn jurisdictions_nest_by_hierarchy(db: TestDatabase) {
    let world = World::new(&db).await;
    let people = &world.people;
    let city = world.bureau.id;
    for (division, fits) in [
        ("330302", true),
        ("330300", true),
        ("330302006", true),
        ("330100", false),
        ("33", false),
    ] {
        let form = organisation(people, Some(city), &format!("下级{division}"), division);
        let made = people.create_organisation(&system(), &form).await;
        assert_eq!(made.is_ok(), fits, "{division} {made:?}");
    }
    let county = organisation(people, Some(city), "县", "330302");
    let county = people
        .create_organisation(&system(), &county)
        .await
        .unwrap();
    let mut loop_back = organisation(people, Some(county.id), "样例市发展和改革局", "330302");
    let error = people
        .change_organisation(&system(), city, &loop_back)
        .await
        .unwrap_err();
    let error = zhida_platform::problem::Problem::from(error);
    assert_eq!(error.fields[0].field, "parent");
    loop_back.parent = None;
    loop_back.division = "330326".into();
    let error = people
        .change_organisation(&system(), city, &loop_back)
        .await
        .unwrap_err();
    let error = zhida_platform::problem::Problem::from(error);
    assert_eq!(error.fields[0].field, "division");
}

both_databases!(
    no_administrator_does_the_work_of_another,
    nobody_holds_two_of_the_three_roles,
    two_last_holders_cannot_leave_at_the_same_time,
    the_first_run_makes_three_administrators_once,
    jurisdictions_nest_by_hierarchy,
);

#[tokio::test]
async fn the_place_of_an_organisation_is_written_by_its_name() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let mut sys = world.administrator("sys").await;
    let above = format!("/organisations/new?parent={}", world.bureau.id);
    let page = sys.get(&above).await.expect_status(200);
    for words in [
        "value=\"浙江省温州市\"",
        "<option value=\"浙江省温州市鹿城区\">",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let parent = world.bureau.id.to_string();
    for (place, status, words) in [
        ("桃花源", 400, "没有“桃花源”这个地方"),
        ("浙江省温州市鹿城区", 303, ""),
    ] {
        let fields = [
            ("parent", parent.as_str()),
            ("name", "样例区政务服务中心"),
            ("kind", "government"),
            ("division", place),
            ("valid_from", "2026-11-22"),
        ];
        let answer = sys.post("/organisations/new", &fields).await;
        let answer = answer.expect_status(status);
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    let query = OrganisationQuery {
        name: "样例区政务服务中心".to_owned(),
        ..OrganisationQuery::default()
    };
    let people = &world.people;
    let found = people
        .organisations(&system(), &query, &Default::default())
        .await
        .unwrap();
    assert_eq!(found.items[0].division, "330302");
}

#[tokio::test]
async fn a_security_administrator_does_not_raise_himself() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let mut sec = world.administrator("sec").await;
    let me = sec.get("/api/v1/me").await.expect_status(200).json();
    let own = me["account"].as_str().unwrap().to_owned();
    let fields = [
        ("enterprise", ENTERPRISE),
        ("role", "legal"),
        ("valid_from", "2026-11-22"),
    ];
    let path = format!("/accounts/{own}/seats/new");
    let refused = sec.post(&path, &fields).await.expect_status(403);
    assert!(refused.text().contains("不能给自己授权"));
    let _ = sec
        .post(&format!("/accounts/{own}/factor"), &[])
        .await
        .expect_status(403);
}

#[tokio::test]
async fn fields_that_a_form_does_not_ask_for_change_nothing() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let mut sys = world.administrator("sys").await;
    let fields = [
        ("login", "new.one"),
        ("name", "新某"),
        ("demo", "true"),
        ("must_change", "false"),
        ("role", "sysadmin"),
        ("password", "chosen by the caller"),
        ("factor_confirmed", "true"),
    ];
    let page = sys.post("/accounts/new", &fields).await.expect_status(200);
    assert!(!page.text().contains("chosen by"));
    let account = world
        .people
        .account_by_login(&system(), "new.one")
        .await
        .unwrap();
    assert!(account.must_change && !account.demo && !account.factor);
    let (_, seats) = world.people.account(&system(), account.id).await.unwrap();
    assert!(seats.is_empty());
    // a program is told
    let app = &world.app;
    let extra = json!({ "login": "two", "name": "二某", "demo": true });
    let _ = app
        .post_json("/api/v1/accounts", &extra)
        .await
        .expect_status(401);
}

#[tokio::test]
async fn telephones_are_masked_for_administrators() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let mut sys = world.administrator("sys").await;
    let fields = [
        ("login", "new.one"),
        ("name", "新某"),
        ("phone", "13812345678"),
        ("email", "new@example.cn"),
    ];
    let _ = sys.post("/accounts/new", &fields).await.expect_status(200);
    for path in ["/accounts", "/accounts?q=new"] {
        let page = sys.get(path).await.expect_status(200);
        assert!(page.text().contains("138****5678") && !page.text().contains("13812345678"));
    }
    let list = sys.get("/api/v1/accounts").await.expect_status(200);
    assert!(!list.text().contains("13812345678") && !list.text().contains("new@example"));
    let id = between(list.text(), "\"id\":\"", "\"");
    let _ = sys.get(&format!("/accounts/{id}")).await.expect_status(200);
}
