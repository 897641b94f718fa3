//! Hand-over, mandates, invitations, ended seats.

use chrono::TimeDelta;
use zhida_people::{HandOver, NewMandate, PlaceKey};
use zhida_platform::access::Viewer;
use zhida_testkit::{TestDatabase, both_databases, sqlite};

use crate::world::{ENTERPRISE, OTHER, PASSWORD, World, between, day, organisation, system};

async fn a_leaver_hands_over_and_nothing_is_lost(db: TestDatabase) {
    let world = World::new(&db).await;
    let (boss, _) = world.staff("boss", "legal").await;
    let handler = world.person("handler", "办某").await;
    let place = PlaceKey::Enterprise(ENTERPRISE.into());
    world.seat(boss, place.clone(), "handler").await;
    let mut leaving = world.signed_in("boss").await;
    let _ = leaving.get("/staff").await.expect_status(200);
    // without a successor the enterprise would have no head
    let path = format!("/staff/people/{boss}/hand-over");
    let alone = leaving
        .post(&path, &[("on", "2026-11-22")])
        .await
        .expect_status(409);
    assert!(alone.text().contains("最后一个在任的法定代表人"));
    let fields = [
        ("on", "2026-11-25"),
        ("successor", "企handler（handler）"),
        ("reason", "离职"),
    ];
    let _ = leaving.post(&path, &fields).await.expect_status(303);
    // until the day the leaver is in office, from then on the successor
    let mut following = world.signed_in("handler").await;
    let _ = leaving.get("/staff").await.expect_status(200);
    let _ = following.get("/staff").await.expect_status(403);
    world.clock.pass(TimeDelta::days(3));
    let mut leaving = world.signed_in("boss").await;
    let _ = leaving.get("/staff").await.expect_status(403);
    let mut following = world.signed_in("handler").await;
    let seats = world.people.seats_at(&system(), &place).await.unwrap();
    let today = world.people.today();
    let mut now: Vec<(&str, &str)> = seats
        .iter()
        .filter(|seat| seat.active(today))
        .map(|seat| (seat.account_login.as_str(), seat.role.as_str()))
        .collect();
    now.sort_unstable();
    assert_eq!(now, [("handler", "handler"), ("handler", "legal")]);
    let page = following.get("/account").await.expect_status(200);
    assert!(page.text().contains("法定代表人") && page.text().contains("样例一公司"));
    let _ = handler;
}

async fn an_ended_seat_ends_the_rights_of_its_sessions_at_once(db: TestDatabase) {
    let world = World::new(&db).await;
    world.staff("boss", "legal").await;
    let (_, seat) = world.staff("second", "legal").await;
    let mut second = world.signed_in("second").await;
    let _ = second.get("/staff").await.expect_status(200);
    let mut boss = world.signed_in("boss").await;
    let path = format!("/staff/seats/{}/end", seat.id);
    let _ = boss.post(&path, &[]).await.expect_status(303);
    let _ = second.get("/staff").await.expect_status(403);
    let page = second.get("/account").await.expect_status(200);
    assert!(page.text().contains("还没有任职"));
}

async fn an_agent_acts_under_a_mandate_while_it_lasts(db: TestDatabase) {
    let world = World::new(&db).await;
    world.staff("boss", "legal").await;
    let (agency, _) = world.agency().await;
    let mut boss = world.signed_in("boss").await;
    let organisation = agency.id.to_string();
    let fields = [
        ("organisation", organisation.as_str()),
        ("actions", "match.read"),
        ("valid_from", "2026-11-22"),
        ("valid_until", "2026-11-23"),
    ];
    let _ = boss
        .post("/staff/mandates/new", &fields)
        .await
        .expect_status(303);
    let mut agent = world.signed_in("agent").await;
    let me = agent.get("/api/v1/me").await.expect_status(200).json();
    assert_eq!(me["name"], "代丁");
    let page = agent.get("/account").await.expect_status(200);
    assert!(page.text().contains("样例一公司"));
    let mandate = between(page.text(), "name=\"mandate\" value=\"", "\"");
    let seat = between(page.text(), "name=\"seat\" value=\"", "\"");
    let before = agent.cookie.clone();
    let fields = [("seat", seat.as_str()), ("mandate", mandate.as_str())];
    let _ = agent
        .post("/account/seat", &fields)
        .await
        .expect_status(303);
    assert_ne!(
        agent.cookie, before,
        "a change of rights gives a new cookie"
    );
    let me = agent.get("/api/v1/me").await.expect_status(200).json();
    assert_eq!(me["name"], "样例一公司（由样例代办公司 代丁代办）");
    let may = |me: &serde_json::Value, action: &str| {
        me["actions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one == action)
    };
    assert!(may(&me, "match.read") && !may(&me, "enterprise.read"));
    let page = agent.get("/account").await.expect_status(200);
    assert!(page.text().contains("由样例代办公司 代丁代办"));
    // the last day is over
    world.clock.pass(TimeDelta::days(2));
    let mut agent = world.signed_in("agent").await;
    let _ = agent
        .post("/account/seat", &fields)
        .await
        .expect_status(404);
    let page = agent.get("/account").await.expect_status(200);
    assert!(!page.text().contains("样例一公司"));
}

async fn an_invitation_makes_one_account_once(db: TestDatabase) {
    let world = World::new(&db).await;
    world.staff("boss", "legal").await;
    let mut boss = world.signed_in("boss").await;
    let fields = [("invitee", "小王"), ("role", "finance"), ("days", "3")];
    let page = boss
        .post("/staff/invitations/new", &fields)
        .await
        .expect_status(200);
    let code = between(page.text(), "data-copy=\"", "\"");
    let mut guest = world.browser();
    let looked = guest
        .post(
            "/invitations/accept",
            &[("code", &code.to_lowercase()), ("step", "look")],
        )
        .await
        .expect_status(200);
    assert!(looked.text().contains("样例一公司 财务人员"));
    // what the form does not ask for changes nothing
    let fields = [
        ("code", code.as_str()),
        ("login", "wang"),
        ("name", "王某"),
        ("password", PASSWORD),
        ("again", PASSWORD),
        ("role", "legal"),
        ("demo", "true"),
        ("state", "open"),
        ("enterprise", OTHER),
    ];
    let _ = guest
        .post("/invitations/accept", &fields)
        .await
        .expect_status(303);
    let me = guest.get("/api/v1/me").await.expect_status(200).json();
    assert_eq!(me["seat"]["role"], "finance");
    assert_eq!(me["seat"]["enterprise"], ENTERPRISE);
    let _ = guest.get("/staff").await.expect_status(403);
    let mut second = world.browser();
    let again = [
        ("code", code.as_str()),
        ("login", "other"),
        ("name", "李某"),
    ];
    let refused = second
        .post("/invitations/accept", &again)
        .await
        .expect_status(400);
    assert!(refused.text().contains("邀请码不对、已经用过"));
    let accounts = world
        .people
        .accounts(&system(), &Default::default(), &Default::default())
        .await
        .unwrap();
    assert!(accounts.items.iter().all(|account| !account.demo));
    // expired
    let fields = [("invitee", "小李"), ("role", "reader"), ("days", "1")];
    let page = boss
        .post("/staff/invitations/new", &fields)
        .await
        .expect_status(200);
    let code = between(page.text(), "data-copy=\"", "\"");
    world.clock.pass(TimeDelta::days(1));
    let late = [("code", code.as_str()), ("step", "look")];
    let _ = second
        .post("/invitations/accept", &late)
        .await
        .expect_status(400);
}

async fn an_officer_cannot_make_the_own_account(db: TestDatabase) {
    let world = World::new(&db).await;
    let mut sec = world.administrator("sec").await;
    let bureau = world.bureau.id.to_string();
    let fields = [
        ("invitee", "小赵"),
        ("organisation", bureau.as_str()),
        ("role", "clerk"),
        ("days", "3"),
    ];
    let page = sec
        .post("/invitations/new", &fields)
        .await
        .expect_status(200);
    let code = between(page.text(), "data-copy=\"", "\"");
    let fields = [
        ("code", code.as_str()),
        ("login", "zhao"),
        ("name", "赵某"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let _ = world
        .browser()
        .post("/invitations/accept", &fields)
        .await
        .expect_status(403);
    // nor does whoever sent it take it
    let own = sec
        .post("/invitations/accept", &[("code", &code)])
        .await
        .expect_status(403);
    assert!(own.text().contains("不能给自己授权"));
    world.person("zhao", "赵某").await;
    let mut zhao = world.signed_in("zhao").await;
    let _ = zhao
        .post("/invitations/accept", &[("code", &code)])
        .await
        .expect_status(303);
    // the seat asks for a second factor that the session has not given
    let _ = zhao.get("/organisations").await.expect_status(401);
    zhao.set_up_factor().await;
    let _ = zhao.get("/organisations").await.expect_status(200);
}

both_databases!(
    a_leaver_hands_over_and_nothing_is_lost,
    an_ended_seat_ends_the_rights_of_its_sessions_at_once,
    an_agent_acts_under_a_mandate_while_it_lasts,
    an_invitation_makes_one_account_once,
    an_officer_cannot_make_the_own_account,
);

#[tokio::test]
async fn an_administrator_hands_over_to_one_who_may() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let accounts = world
        .people
        .accounts(&system(), &Default::default(), &Default::default())
        .await
        .unwrap();
    let id = |login: &str| {
        accounts
            .items
            .iter()
            .find(|one| one.login == login)
            .unwrap()
            .id
    };
    let order = |successor| HandOver {
        leaver: id("aud"),
        successor,
        on: day("2026-11-22"),
        reason: String::new(),
    };
    let viewer: Viewer = system();
    let alone = world
        .people
        .hand_over(&viewer, &order(None))
        .await
        .unwrap_err();
    assert!(
        alone.to_string().contains("最后一个在任的审计管理员"),
        "{alone}"
    );
    let both = world
        .people
        .hand_over(&viewer, &order(Some(id("sys"))))
        .await
        .unwrap_err();
    assert!(both.to_string().contains("须由三人分任"), "{both}");
    let next = world.person("next", "继某").await;
    let moved = world
        .people
        .hand_over(&viewer, &order(Some(next)))
        .await
        .unwrap();
    assert_eq!(moved.len(), 1);
    let (_, seats) = world.people.account(&viewer, next).await.unwrap();
    assert_eq!(seats[0].role, "auditor");
}

#[tokio::test]
async fn one_enterprise_does_not_look_after_another() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.staff("boss", "legal").await;
    let stranger = world.person("stranger", "外某").await;
    let seat = world
        .seat(stranger, PlaceKey::Enterprise(OTHER.into()), "legal")
        .await;
    let mut boss = world.signed_in("boss").await;
    let end = format!("/staff/seats/{}/end", seat.id);
    let _ = boss.post(&end, &[]).await.expect_status(404);
    let over = format!("/staff/people/{stranger}/hand-over");
    let _ = boss.get(&over).await.expect_status(404);
    let fields = [("on", "2026-11-22"), ("successor", "boss")];
    let _ = boss.post(&over, &fields).await.expect_status(404);
    let (_, seats) = world.people.account(&system(), stranger).await.unwrap();
    assert!(seats[0].active(world.people.today()));
}

#[tokio::test]
async fn a_mandate_is_dated_and_narrow() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.staff("boss", "legal").await;
    let (agency, _) = world.agency().await;
    let mut boss = world.signed_in("boss").await;
    let good = NewMandate {
        organisation: agency.id,
        actions: vec!["match.read".into()],
        valid_from: day("2026-11-22"),
        valid_until: day("2027-11-22"),
    };
    let bureau = world.bureau.id.to_string();
    let id = good.organisation.to_string();
    let mut closed = organisation(&world.people, None, "歇业代办公司", "330300");
    closed.kind = zhida_people::OrganisationKind::Agency;
    (closed.valid_from, closed.valid_until) = (day("2025-01-01"), Some(day("2026-11-21")));
    let closed = world.people.create_organisation(&system(), &closed).await;
    let closed = closed.unwrap().id.to_string();
    for (organisation, action, from, until, field) in [
        (
            bureau.as_str(),
            "match.read",
            "2026-11-22",
            "2026-12-01",
            "organisation",
        ),
        (
            &id,
            "enterprise.staff",
            "2026-11-22",
            "2026-12-01",
            "actions",
        ),
        (
            &closed,
            "match.read",
            "2026-11-22",
            "2026-12-01",
            "organisation",
        ),
        (&id, "match.read", "2026-11-21", "2026-12-01", "valid_from"),
        (&id, "match.read", "2026-11-22", "2026-11-21", "valid_until"),
        (&id, "match.read", "2026-11-22", "2027-11-23", "valid_until"),
    ] {
        let fields = [
            ("organisation", organisation),
            ("actions", action),
            ("valid_from", from),
            ("valid_until", until),
        ];
        let refused = boss
            .post("/staff/mandates/new", &fields)
            .await
            .expect_status(400);
        assert!(
            refused.text().contains(&format!("href=\"#{field}\"")),
            "{field}"
        );
    }
}

#[tokio::test]
async fn organisations_are_chosen_by_name_among_any_number() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let make = async |name: &str, division: &str| {
        let form = organisation(&world.people, Some(world.bureau.id), name, division);
        let made = world.people.create_organisation(&system(), &form).await;
        made.unwrap()
    };
    // more than any list shows
    for number in 0..230 {
        make(&format!("样例街道{number:03}"), "330302").await;
    }
    make("税务局", "330302").await;
    make("税务局", "330303").await;
    // more than are suggested have been dissolved
    for number in 0..25 {
        let name = format!("撤并街道{number:02}");
        let mut form = organisation(&world.people, Some(world.bureau.id), &name, "330302");
        (form.valid_from, form.valid_until) = (day("2020-01-01"), Some(day("2025-12-31")));
        let made = world.people.create_organisation(&system(), &form).await;
        made.unwrap();
    }
    make("撤并街道改设的街道", "330302").await;
    make("样例局（筹）", "330302").await;
    let id = world.person("zhang", "张某").await;
    let form = format!("/accounts/{id}/seats/new");
    let mut sec = world.administrator("sec").await;
    let found = sec
        .get("/organisations/choices?organisation=%E8%A1%97%E9%81%93229")
        .await
        .expect_status(200);
    assert!(found.text().contains("样例街道229（浙江省温州市鹿城区）"));
    assert_eq!(found.text().matches("<option").count(), 1);
    let found = sec
        .get("/organisations/choices?organisation=%E6%92%A4%E5%B9%B6")
        .await
        .expect_status(200);
    assert!(found.text().contains("撤并街道改设的街道") && !found.text().contains("撤并街道0"));
    let mut grant = async |organisation: &str| {
        let fields = [
            ("organisation", organisation),
            ("role", "clerk"),
            ("valid_from", "2026-11-22"),
        ];
        let answer = sec.post(&form, &fields).await;
        (answer.status.as_u16(), answer.text().to_owned())
    };
    for (typed, told) in [
        ("没有这个局", "没有“没有这个局”"),
        ("撤并街道07", "没有“撤并街道07”"),
        ("税务局", "税务局（浙江省温州市鹿城区）"),
        ("街道1", "不止一个，请写全"),
        ("税务局（浙江省杭州市）", "没有“税务局（浙江省杭州市）”"),
        ("", "组织和企业请填一个"),
    ] {
        let (status, text) = grant(typed).await;
        assert!(status == 400 && text.contains(told), "{typed}: {text}");
        assert!(text.contains(&format!("value=\"{typed}\"")), "{typed}");
    }
    for typed in [
        "税务局（浙江省温州市鹿城区）",
        "街道007",
        "样例局（筹）",
        "样例街道229（浙江省温州市鹿城区）",
    ] {
        let (status, text) = grant(typed).await;
        assert_eq!(status, 303, "{typed}: {text}");
    }
    let (_, seats) = world.people.account(&system(), id).await.unwrap();
    assert_eq!(seats.len(), 4);
    // enterprises see agencies and nothing else
    world.staff("boss", "legal").await;
    world.agency().await;
    let mut boss = world.signed_in("boss").await;
    let _ = boss.get("/organisations/choices").await.expect_status(403);
    let found = boss.get("/staff/agencies").await.expect_status(200);
    assert!(found.text().contains("样例代办公司") && !found.text().contains("税务局"));
}
