//! IDOR: what belongs to somebody else is answered like what is not there, in every role.

use chrono::Datelike as _;
use uuid::Uuid;
use zhida_appeals::words::{Channel, Confidentiality};
use zhida_appeals::{Contact, NewAppeal};
use zhida_demo::shipped;
use zhida_funds::NewPool;
use zhida_people::{NewInvitation, NewMandate, OrganisationKind, OrganisationQuery, PlaceKey};
use zhida_platform::{
    access::{Action, Open, Origin, Person, Reach, Rights, Viewer},
    db::{self, Tx},
    paging::PageRequest,
    progress::Silent,
};
use zhida_redemption::Scheme;
use zhida_testkit::{TestResponse, seated};

use super::super::city::{BESIDE, City, FORM, ITEM, JSON, PLACE, code, form, viewer};

/// An id that nothing has.
const NOTHING: &str = "0192f3a0-0000-7000-8000-000000000000";

/// Routes whose parameter names something that is everybody's.
const EVERYBODYS: [&str; 13] = [
    // a month of what is within reach
    "/api/v1/appeal-reports/{month}",
    "/policies/{id}/enterprises",
    "/api/v1/match/items/{id}",
    "/redemption/apply/{item}",
    "/redemption/closure/{item}",
    "/redemption/evaluation/{item}",
    "/api/v1/redemption/candidates/{item}",
    "/api/v1/redemption/scorecards/{item}",
    // one's own: the parameter is looked for among what the account itself keeps
    "/redemption/desk/views/{id}",
    "/redemption/batches/{id}",
    "/api/v1/redemption/batches/{id}",
    "/redemption/phrases/{id}",
    "/appeals/phrases/{id}",
];

/// Routes open to every account whose handlers ask who may see the thing: the appellant, the bodies in charge, and
/// whoever reads or registers within reach.
const ASKED_INSIDE: [&str; 2] = ["/appeals/{id}", "/api/v1/appeals/{id}"];

/// What is there only after money moved; the room's own test asks a stranger for it
/// (`funds/tests/it/payments.rs`, `what_is_another_places_is_answered_like_nothing`).
const PAID: [&str; 7] = [
    "/funds/payments/",
    "/funds/batches/",
    "/funds/receipts/",
    "/funds/unclaimed/",
    "/funds/payers/",
    "/funds/recoveries/",
    "/api/v1/payment-batches/",
];

/// An item that is paid without an application.
const PAID_UNASKED: &str = "p068-shouci-nashang";

/// What the first enterprise has.
struct Things {
    invitation: String,
    mandate: String,
    seat: String,
    account: String,
    pool: String,
    case: String,
    letter: String,
    objection: String,
    appeal: String,
    theme: String,
    meeting: String,
    series: String,
}

async fn things(city: &City) -> Things {
    let (people, place) = (&city.app.people, PlaceKey::Enterprise(code(0)));
    let owner = seated("legal", None, Some(&code(0)));
    let new = NewInvitation {
        place: place.clone(),
        role: "handler".to_owned(),
        invitee: "新来的".to_owned(),
        days: 3,
    };
    let (invitation, _) = people.invite(&owner, &new).await.unwrap();
    let system = Viewer::system("测试");
    let (query, page) = (
        OrganisationQuery {
            kind: Some(OrganisationKind::Agency),
            ..OrganisationQuery::default()
        },
        PageRequest::default(),
    );
    let agencies = people.organisations(&system, &query, &page).await.unwrap();
    let agency = &agencies.items[0];
    let new = NewMandate {
        organisation: agency.id,
        actions: vec!["enterprise.read".to_owned()],
        valid_from: people.today(),
        valid_until: people.today() + chrono::TimeDelta::days(30),
    };
    let mandate = people.give_mandate(&owner, &new).await.unwrap();
    let seats = people.seats_at(&system, &place).await.unwrap();
    let seat = seats.iter().find(|seat| seat.role == "handler").unwrap();
    let pool = pool(city).await;
    let (case, letter, objection) = case(city).await;
    let (meeting, series) = meetings(city).await;
    Things {
        appeal: appeal(city).await,
        theme: theme(city).await,
        meeting,
        series,
        pool,
        case,
        letter,
        objection,
        invitation: invitation.id.to_string(),
        mandate: mandate.id.to_string(),
        seat: seat.id.to_string(),
        account: seat.account.to_string(),
    }
}

/// The first part of a path that follows a beginning in a text.
fn id_after(text: &str, beginning: &str) -> String {
    let ids = text.split(beginning).skip(1);
    let ids = ids.filter_map(|rest| rest.get(..NOTHING.len()));
    let mut ids = ids.filter(|id| id.bytes().filter(|byte| *byte == b'-').count() == 4);
    ids.next().expect(beginning).to_owned()
}

/// Money of the place for the item.
async fn pool(city: &City) -> String {
    let new = NewPool {
        item: PAID_UNASKED.to_owned(),
        item_name: "首次纳统限上商贸企业奖励".to_owned(),
        year: city.app.matching.today().year(),
        organisation: "财政局".to_owned(),
        place: PLACE.to_owned(),
        amount: 500_000_000,
        note: "测试".to_owned(),
    };
    let pool = city
        .app
        .funds
        .open_pool(&Viewer::system("测试"), &new)
        .await;
    pool.unwrap().id
}

/// A case of the first enterprise in public notice, its letter, and an objection to it.
async fn case(city: &City) -> (String, String, String) {
    let (system, room) = (Viewer::system("测试"), &city.app.redemption);
    let (first, year) = (code(0), city.app.matching.today().year() - 1);
    city.bring(&format!(
        "信用代码,企业名称,所在区划,所属行业,{year}年新获资质,主体类别\n\
         {first},第0有限公司,{PLACE},F5121,首次纳统限上,企业\n"
    ))
    .await;
    let schemes = shipped::schemes();
    let (_, text) = schemes.iter().find(|(id, _)| *id == PAID_UNASKED).unwrap();
    let scheme = Scheme::read(text).unwrap();
    room.publish_scheme(&system, &scheme, 0).await.unwrap();
    room.night(&Silent).await.unwrap();
    room.release(&system, PAID_UNASKED, &[]).await.unwrap();
    let handler = viewer(Rights::shipped().role("handler").unwrap(), PLACE, &first);
    let mine = city.ask_as(&handler, "GET", "/redemption", "").await;
    let case = id_after(mine.text(), "/redemption/cases/");
    let payee = [
        ("holder", "第0有限公司"),
        ("bank", "中国工商银行温州分行"),
        ("cnaps", "102100099996"),
        ("account", "33050162892700000123"),
    ];
    let path = format!("/redemption/cases/{case}");
    let confirm = format!("{path}/confirm");
    let answer = city.ask_as(&handler, "POST", &confirm, &form(&payee)).await;
    let _ = answer.expect_status(303);
    let page = city.ask_as(&handler, "GET", &path, "").await;
    let letter = id_after(page.text(), "/redemption/letters/");
    let notices = city.ask_as(&handler, "GET", "/notices", "").await;
    let notice = format!("/notices/{}", id_after(notices.text(), "/notices/"));
    let notice = city.ask_as(&handler, "GET", &notice, "").await;
    let row = id_after(notice.text(), "/notices/rows/");
    let words = [
        ("person", "王小明"),
        ("phone", "13800001234"),
        ("words", "这家企业不是首次纳统"),
    ];
    let path = format!("/notices/rows/{row}/object");
    // somebody of an account of its own: what one made oneself is not another's
    let somebody = Viewer::person(Person {
        account: Uuid::from_u128(77),
        name: "王小明".to_owned(),
        seat: None,
        second_factor: true,
        token: None,
        origin: Origin::default(),
    });
    let answer = city.ask_as(&somebody, "POST", &path, &form(&words)).await;
    let answer = answer.expect_status(303);
    let objection = id_after(answer.header("location"), "/redemption/objections/");
    (case, letter, objection)
}

/// An appeal of the first enterprise.
async fn appeal(city: &City) -> String {
    let (system, first) = (&Viewer::system("测试"), code(0));
    let new = &NewAppeal {
        channel: Channel::Hotline,
        source: "",
        title: "用地指标迟迟不下",
        text: "申请用地指标三个月没有答复，厂房不能开工。",
        category: "",
        place: PLACE,
        place_words: "",
        enterprise: Some((&first, "第0有限公司")),
        account: None,
        contact: Contact {
            name: "王女士",
            phone: "0577-88880000",
            email: "",
        },
        confidentiality: Confidentiality::Normal,
        files: &[],
    };
    let appeals = &city.app.appeals;
    let submitted = city
        .app
        .db
        .write(|tx: Tx| async move { appeals.submit(&tx, new, system).await });
    submitted.await.unwrap().case_id
}

/// A theme of the place, as the night would find it.
async fn theme(city: &City) -> String {
    let id = "0192f3a0-0000-7000-8000-00000000abcd";
    let sql = "INSERT INTO appeal_theme (id, name, category, category_name, place, state, recent, earlier, found_on,
            counted_on, why, version)
        VALUES ($1, '停电', 'utilities', '水电气网', $2, 'found', 5, 1, '2026-11-20', '2026-11-20', '', 1)";
    let values = [id.into(), PLACE.into()];
    let done = db::execute(city.app.db.conn(), sql, values).await;
    assert_eq!(done.unwrap(), 1);
    id.to_owned()
}

/// A meeting of the place, and a series of them.
async fn meetings(city: &City) -> (String, String) {
    let leader = viewer(Rights::shipped().role("leader").unwrap(), PLACE, &code(0));
    let fields = [
        ("title", "双周调度会"),
        ("held_on", "2026-12-23"),
        ("at_time", "09:30"),
        ("chair", "分管副县长"),
        ("every", "week"),
        ("weekday", "3"),
        ("task_days", "14"),
    ];
    let made = city
        .ask_as(&leader, "POST", "/meetings/new", &form(&fields))
        .await
        .expect_status(303);
    let meeting = made.header("location").replace("/meetings/", "");
    let made = city
        .ask_as(&leader, "POST", "/meetings/series", &form(&fields))
        .await;
    let _ = made.expect_status(303);
    let page = city.ask_as(&leader, "GET", "/meetings/series", "").await;
    (meeting, id_after(page.text(), "/meetings/series/"))
}

/// The address of a thing of the first enterprise, and the same of none; `None` for a route that
/// this test does not know.
fn addresses(path: &str, things: &Things) -> Option<(String, String)> {
    let item = path.replace("{item}", ITEM).replace("{step}", "note");
    let item = item
        .replace("{file}", NOTHING)
        .replace("{measure}", NOTHING);
    let (parameter, theirs, none) = match path {
        path if path.contains("{code}") => ("{code}", code(0), code(9)),
        path if path.starts_with("/staff/invitations/") => {
            ("{id}", things.invitation.clone(), NOTHING.to_owned())
        }
        path if path.starts_with("/staff/mandates/") => {
            ("{id}", things.mandate.clone(), NOTHING.to_owned())
        }
        path if path.starts_with("/staff/seats/") => {
            ("{id}", things.seat.clone(), NOTHING.to_owned())
        }
        path if path.starts_with("/staff/people/") => {
            ("{id}", things.account.clone(), NOTHING.to_owned())
        }
        path if path.contains("/funds/pools/") || path.contains("/fund-pools/") => {
            ("{id}", things.pool.clone(), NOTHING.to_owned())
        }
        path if path.contains("/redemption/cases/") || path.contains("/redemption/desk/{id}") => {
            ("{id}", things.case.clone(), NOTHING.to_owned())
        }
        path if ASKED_INSIDE.iter().any(|asked| path.starts_with(asked)) => {
            ("{id}", things.appeal.clone(), NOTHING.to_owned())
        }
        path if path.contains("/appeals/themes/") || path.contains("/appeal-themes/") => {
            ("{id}", things.theme.clone(), NOTHING.to_owned())
        }
        path if path.starts_with("/meetings/series/") => {
            ("{id}", things.series.clone(), NOTHING.to_owned())
        }
        path if path.starts_with("/meetings/{id}") || path.starts_with("/api/v1/meetings/{id}") => {
            ("{id}", things.meeting.clone(), NOTHING.to_owned())
        }
        path if path.starts_with("/redemption/letters/") => {
            ("{id}", things.letter.clone(), NOTHING.to_owned())
        }
        path if path.starts_with("/redemption/objections/") => {
            ("{id}", things.objection.clone(), NOTHING.to_owned())
        }
        _ => return None,
    };
    Some((
        item.replace(parameter, &theirs),
        item.replace(parameter, &none),
    ))
}

/// Status and text without what differs between two requests: the ids of the address and of the request.
fn told(answer: &TestResponse, address: &str) -> (u16, String) {
    let ids = address
        .split(['/', '?', '.'])
        .filter(|part| part.len() > 15);
    let ids = ids.chain([answer.header("x-request-id")]);
    let text = ids.fold(answer.text().to_owned(), |text, id| text.replace(id, ""));
    (answer.status.as_u16(), text)
}

#[tokio::test]
async fn what_is_anothers_is_answered_like_what_is_not_there() {
    let city = City::new().await;
    let things = things(&city).await;
    let before = city.changes().await;
    let (mut tried, mut hidden, mut faults) = (0, 0, Vec::new());
    let rights = Rights::shipped();
    for role in rights.roles() {
        // of the place beside, or of the second enterprise
        let stranger = viewer(role, BESIDE, &code(1));
        for route in rights.routes().filter(|route| route.path.contains('{')) {
            let Open::To(action) = &route.open else {
                continue;
            };
            let action = Action(action.clone().leak());
            let mut left = EVERYBODYS.iter().chain(&PAID);
            let left = left.any(|path| route.path.starts_with(path));
            let asked = ASKED_INSIDE.iter().any(|path| route.path.starts_with(path));
            if left || stranger.reach(action) == Reach::All && !asked {
                continue;
            }
            let Some((theirs, none)) = addresses(&route.path, &things) else {
                assert!(
                    !stranger.may(action),
                    "say in addresses() what another's {} is",
                    route.path
                );
                continue;
            };
            let body = if route.path.starts_with("/api/") {
                "{}"
            } else {
                "successor=x&reason=x"
            };
            let method = route.method.as_str();
            let one = city.ask_as(&stranger, method, &theirs, body).await;
            let other = city.ask_as(&stranger, method, &none, body).await;
            let what = format!("{} {method} {theirs}", role.id);
            if told(&one, &theirs) != told(&other, &none) || !one.status.is_client_error() {
                faults.push(format!("{what}: {}, of none {}", one.status, other.status));
            }
            tried += 1;
            hidden += usize::from(one.status == 404);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(tried > 100 && hidden > 20, "{tried} tried, {hidden} hidden");
    assert_eq!(city.changes().await, before);
}

#[tokio::test]
async fn a_what_if_of_another_is_answered_like_one_of_nobody() {
    let city = City::new().await;
    for role in ["clerk", "legal", "agent", "supervisor"] {
        let role = Rights::shipped().role(role).unwrap();
        let stranger = viewer(role, BESIDE, &code(1));
        let ask = async |code: String| {
            let body = format!(r#"{{"code":"{code}","changes":{{}}}}"#);
            let answer = city
                .ask_as(&stranger, "POST", "/api/v1/match/what-if", &body)
                .await;
            let answer = answer.expect_status(404);
            told(&answer, &code)
        };
        assert_eq!(ask(code(0)).await, ask(code(9)).await, "{}", role.id);
    }
}

/// Tokens, seats and sessions belong to an account, whatever its role.
#[tokio::test]
async fn what_belongs_to_another_account_is_not_there() {
    let city = City::new().await;
    let (legal, handler) = (city.sign_in("legal").await, city.sign_in("handler").await);
    let new = form(&[
        ("name", "人事系统"),
        ("days", "3"),
        ("actions", "account.own"),
    ]);
    let made = city
        .ask(&legal, "POST", "/account/tokens/new", FORM, new)
        .await;
    let _ = made.expect_status(200);
    let tokens = async || {
        let list = city.ask(&legal, "GET", "/api/v1/tokens", "", "").await;
        list.expect_status(200).json()
    };
    let token = tokens().await[0]["id"].as_str().unwrap().to_owned();
    let before = city.changes().await;
    for (method, path) in [
        ("DELETE", "/api/v1/tokens/{id}"),
        ("POST", "/account/tokens/{id}/end"),
    ] {
        let ask = async |id: &str| {
            let path = path.replace("{id}", id);
            let answer = city.ask(&handler, method, &path, FORM, "x=1").await;
            told(&answer, &path)
        };
        let theirs = ask(&token).await;
        assert_eq!(theirs.0, 404, "{path}: {}", theirs.1);
        assert_eq!(theirs, ask(NOTHING).await, "{path}");
    }
    let upload = r#"{"name":"a.pdf","bytes":10,"place":"x"}"#;
    let upload = city.ask(&legal, "POST", "/uploads", JSON, upload).await;
    let upload = upload.expect_status(201).json();
    let path = format!("/uploads/{}", upload["id"].as_str().unwrap());
    let own = city.ask(&legal, "GET", &path, "", "").await;
    assert_eq!(own.expect_status(200).header("upload-offset"), "0");
    let theirs = city.ask(&handler, "GET", &path, "", "").await;
    let none = format!("/uploads/{NOTHING}");
    let nothing = city.ask(&handler, "GET", &none, "", "").await;
    assert_eq!(told(&theirs, &path), told(&nothing, &none));
    assert_eq!(theirs.status, 404);
    let place = PlaceKey::Enterprise(code(0));
    let system = Viewer::system("测试");
    let seats = city.app.people.seats_at(&system, &place).await.unwrap();
    let seat = seats.iter().find(|seat| seat.role == "legal").unwrap();
    for id in [seat.id.to_string().as_str(), NOTHING] {
        let fields = form(&[("seat", id), ("session", id)]);
        for path in ["/account/seat", "/account/sessions/end"] {
            let answer = city.ask(&handler, "POST", path, FORM, fields.clone()).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        }
    }
    assert_eq!(city.changes().await, before);
    assert_eq!(tokens().await[0]["id"], token.as_str());
}
