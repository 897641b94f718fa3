//! Mass assignment: fields that a form or an endpoint does not ask for have no effect.

use serde_json::{Value, json};
use zhida_platform::{access::Rights, db};

use super::super::city::{City, FORM, JSON, PLACE, code, form};

/// An id that a sender would like a thing to have.
const WISHED: &str = "0192f3a0-1111-7111-8111-111111111111";
/// What a sender would like to be, in every way it might be called.
const WISHES: [(&str, &str); 14] = [
    ("id", WISHED),
    ("account", WISHED),
    ("account_id", WISHED),
    ("seat", WISHED),
    ("role", "sysadmin"),
    ("roles", "sysadmin"),
    ("demo", "true"),
    ("open", "true"),
    ("factor", "true"),
    ("second_factor", "true"),
    ("must_change", "false"),
    ("enterprise", "91330302PDY000019A"),
    ("granted_by", "系统"),
    ("viewer", "系统"),
];

/// What must stay as it is: holders of roles that decide, demonstration accounts, factors, rows of the wished id.
async fn standing(city: &City) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM people_seat WHERE role IN ('sysadmin', 'secadmin', 'auditor', 'legal')",
        "SELECT COUNT(*) FROM people_account WHERE demo",
        "SELECT COUNT(*) FROM people_account WHERE factor_confirmed",
        "SELECT COUNT(*) FROM people_account WHERE NOT must_change",
        "SELECT COUNT(*) FROM people_account WHERE id = '0192f3a0-1111-7111-8111-111111111111'",
        "SELECT COUNT(*) FROM people_organisation WHERE id = '0192f3a0-1111-7111-8111-111111111111'",
        "SELECT COUNT(*) FROM people_seat WHERE id = '0192f3a0-1111-7111-8111-111111111111'",
    ] {
        counts.push(db::query_count(city.app.db.conn(), sql, []).await.unwrap());
    }
    counts
}

/// Sends the fields with the wishes among them; the status.
async fn wish(city: &City, cookie: &str, path: &str, fields: &[(&str, &str)]) -> u16 {
    if path.starts_with("/api/") {
        let mut body = json!({});
        for (name, value) in WISHES.iter().chain(fields) {
            body[*name] = match *value {
                "true" => json!(true),
                "false" => json!(false),
                text => json!(text),
            };
        }
        let answer = city.ask(cookie, "POST", path, JSON, body.to_string()).await;
        return answer.status.as_u16();
    }
    let unasked = |wish: &&(&str, &str)| !fields.iter().any(|(name, _)| *name == wish.0);
    let wishes = WISHES.iter().filter(unasked);
    let all: Vec<(&str, &str)> = fields.iter().chain(wishes).copied().collect();
    city.ask(cookie, "POST", path, FORM, form(&all))
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn good_requests_with_more_fields_do_what_they_are_for_or_nothing() {
    let city = City::new().await;
    let (sysadmin, legal) = (city.sign_in("sysadmin").await, city.sign_in("legal").await);
    let before = standing(&city).await;
    let organisation = [
        ("name", "样例局"),
        ("kind", "department"),
        ("division", PLACE),
        ("valid_from", "2026-01-01"),
    ];
    let account = [("login", "new.one"), ("name", "新来的")];
    for (cookie, path, fields, good) in [
        (&sysadmin, "/organisations/new", &organisation[..], 303),
        (&sysadmin, "/accounts/new", &account[..], 200),
        (&sysadmin, "/api/v1/organisations", &organisation[..], 422),
        (&sysadmin, "/api/v1/accounts", &account[..], 422),
        (
            &legal,
            "/staff/invitations/new",
            &[("role", "handler"), ("invitee", "新来的"), ("days", "3")][..],
            200,
        ),
    ] {
        assert_eq!(wish(&city, cookie, path, fields).await, good, "{path}");
    }
    let mut after = standing(&city).await;
    // the new account of the form still has to change its password
    assert_eq!(after.remove(3), before[3]);
    let mut before = before;
    before.remove(3);
    assert_eq!(after, before);
    let sql = "SELECT COUNT(*) FROM people_invitation WHERE enterprise <> $1";
    let own: db::Value = code(0).into();
    let elsewhere = db::query_count(city.app.db.conn(), sql, [own])
        .await
        .unwrap();
    assert_eq!(elsewhere, 0, "an invitation is for the own enterprise");
}

#[tokio::test]
async fn no_route_grants_what_is_merely_wished_for() {
    let city = City::new().await;
    let before = standing(&city).await;
    let mut tried = 0;
    for role in [
        "handler",
        "clerk",
        "policy_editor",
        "data_manager",
        "leader",
    ] {
        let cookie = city.sign_in(role).await;
        for route in Rights::shipped().routes() {
            let ends_the_session =
                ["/sign-out", "/account/sessions/end", "/demo"].contains(&route.path.as_str());
            if route.method != "POST" || ends_the_session {
                continue;
            }
            let path = route
                .path
                .replace("{id}", WISHED)
                .replace("{name}", "专精特新");
            let status = wish(&city, &cookie, &path, &[]).await;
            let me = city.ask(&cookie, "GET", "/api/v1/me", "", "").await;
            assert!(
                status < 500 && me.status == 200,
                "{role} {path}: {status}, {}",
                me.status
            );
            let me: Value = me.json();
            assert_eq!(me["seat"]["role"], role, "{path}: {me}");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
    assert_eq!(standing(&city).await, before);
}
