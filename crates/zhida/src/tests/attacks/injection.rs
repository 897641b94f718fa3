//! Injection: what people write stays text, in pages, in headers and in spreadsheets.

use zhida_people::{NewAccount, OrganisationForm, OrganisationKind};
use zhida_platform::access::{Rights, Viewer};

use super::super::city::{City, FORM, ITEM, PLACE, code, form, percent};

/// Breaks out of a text, an attribute of either kind, and a script, where it is not escaped.
const EVIL: &str = "\"'></script><x-evil onload=1>=1+1";
/// What may stand before it in a page.
const ESCAPED: [&str; 5] = ["&#60;", "&lt;", "%3C", "%253C", "\\u003c"];
/// Parameters that pages know.
const PARAMETERS: [&str; 16] = [
    "q",
    "region",
    "industry",
    "tag",
    "size",
    "status",
    "order",
    "after",
    "item",
    "code",
    "on",
    "verdict",
    "next",
    "enterprise",
    "group",
    "name",
];

/// An enterprise whose name breaks lines, too.
const ENTERPRISE: usize = 7;

async fn written_everywhere(city: &City) -> (String, String) {
    let name = format!("甲{EVIL}").replace('"', "\"\"");
    city.bring(&format!(
        "信用代码,企业名称,所在区划,所属行业,法定代表人\n{},\"{name}\r\nX-Evil: 1\",{PLACE},C2710,\"{name}\"\n",
        code(ENTERPRISE)
    ))
    .await;
    let (people, system) = (&city.app.people, Viewer::system("测试"));
    let new = OrganisationForm {
        parent: None,
        name: format!("局{EVIL}"),
        kind: OrganisationKind::Department,
        division: PLACE.to_owned(),
        valid_from: people.today(),
        valid_until: None,
    };
    let organisation = people.create_organisation(&system, &new).await.unwrap();
    let new = NewAccount {
        login: "evil".to_owned(),
        name: EVIL.to_owned(),
        ..NewAccount::default()
    };
    let (account, _) = people.create_account(&system, &new).await.unwrap();
    let manager = city.sign_in("data_manager").await;
    let fields = [
        ("name", "恶意标签"),
        ("rule", "高新技术企业"),
        ("note", EVIL),
        ("action", "add"),
    ];
    let added = city
        .ask(&manager, "POST", "/tags", FORM, form(&fields))
        .await;
    let _ = added.expect_status(303);
    let legal = city.sign_in("legal").await;
    let fields = [("role", "handler"), ("invitee", EVIL), ("days", "3")];
    let path = "/staff/invitations/new";
    let invited = city.ask(&legal, "POST", path, FORM, form(&fields)).await;
    let _ = invited.expect_status(200);
    let fields = [("name", EVIL), ("days", "3"), ("actions", "account.own")];
    let path = "/account/tokens/new";
    let made = city.ask(&legal, "POST", path, FORM, form(&fields)).await;
    let _ = made.expect_status(200);
    (organisation.id.to_string(), account.id.to_string())
}

/// How often it stands in a page; each time it must be escaped.
fn escaped(page: &str, told: &str) -> usize {
    let places: Vec<usize> = page.match_indices("x-evil").map(|(at, _)| at).collect();
    for at in &places {
        let before = &page[..*at];
        let safe = ESCAPED.iter().any(|escape| before.ends_with(escape));
        let around: String = before.chars().rev().take(80).collect();
        let around: String = around.chars().rev().collect();
        assert!(safe, "{told}: {around}x-evil");
    }
    if let Some(at) = page.find("onload=1>") {
        let around: String = page[..at].chars().rev().take(80).collect();
        let around: String = around.chars().rev().collect();
        panic!("{told}: {around}onload=1>");
    }
    places.len()
}

#[tokio::test]
async fn what_people_write_is_shown_as_text_on_every_page() {
    let city = City::new().await;
    let (organisation, account) = written_everywhere(&city).await;
    let query = PARAMETERS
        .map(|name| format!("{name}={}", percent(EVIL)))
        .join("&");
    let (mut stored, mut reflected) = (0, 0);
    for role in [
        "",
        "legal",
        "clerk",
        "policy_editor",
        "data_manager",
        "sysadmin",
        "secadmin",
        "auditor",
    ] {
        let cookie = match role {
            "" => String::new(),
            role => city.sign_in(role).await,
        };
        for route in Rights::shipped().routes() {
            if route.method != "GET" || route.path.starts_with("/assets/") {
                continue;
            }
            let id = match route.path.as_str() {
                path if path.starts_with("/organisations") => &organisation,
                path if path.starts_with("/accounts") => &account,
                _ => ITEM,
            };
            let path = route.path.replace("{code}", &code(ENTERPRISE));
            let path = path
                .replace("{id}", id)
                .replace("{item}", ITEM)
                .replace("{no}", "1");
            let evil = percent(EVIL).replace("%2F", "");
            let misplaced = route
                .path
                .replace(['{', '}'], "")
                .replace("/id", &format!("/{evil}"));
            let misplaced = misplaced.replace("/code", &format!("/{evil}"));
            let asked = [
                (path.clone(), true),
                (format!("{path}?{query}"), false),
                (misplaced, false),
            ];
            for (path, is_stored) in asked {
                let answer = city.ask(&cookie, "GET", &path, "", "").await;
                if answer.header("content-type").starts_with("text/html") {
                    let of = if is_stored {
                        &mut stored
                    } else {
                        &mut reflected
                    };
                    *of += escaped(answer.text(), &format!("{role} {path}"));
                }
                has_one_line(&answer.headers, &path);
            }
        }
    }
    assert!(
        stored > 10 && reflected > 50,
        "{stored} stored, {reflected} reflected"
    );
}

fn has_one_line(headers: &axum::http::HeaderMap, told: &str) {
    assert!(!headers.contains_key("x-evil"), "{told}");
    for (name, value) in headers {
        let plain = value
            .as_bytes()
            .iter()
            .all(|byte| (0x20..0x7f).contains(byte));
        assert!(plain, "{told}: {name}: {value:?}");
    }
}

#[tokio::test]
async fn names_write_no_header_and_no_formula_into_downloads() {
    let city = City::new().await;
    written_everywhere(&city).await;
    let owner = zhida_testkit::seated("legal", None, Some(&code(ENTERPRISE)));
    let officer = Viewer::officer("=1+1");
    let file = format!("/enterprises/{}", code(ENTERPRISE));
    let _ = city
        .ask_as(&officer, "GET", &file, "")
        .await
        .expect_status(200);
    for (viewer, path) in [
        (&owner, format!("{file}/views.csv")),
        (&owner, format!("{file}/views.xlsx")),
        (&officer, "/enterprises/export.csv".to_owned()),
        (&officer, "/enterprises/export.xlsx".to_owned()),
        (&officer, format!("/policies/{ITEM}/enterprises.csv")),
    ] {
        let answer = city
            .ask_as(viewer, "GET", &path, "")
            .await
            .expect_status(200);
        has_one_line(&answer.headers, &path);
        let disposition = answer.header("content-disposition");
        assert!(
            disposition.starts_with("attachment; filename=\""),
            "{path}: {disposition}"
        );
        assert_eq!(disposition.matches('"').count(), 2, "{path}: {disposition}");
        if path.ends_with(".csv") {
            let mut cells = answer.text().lines().flat_map(|line| line.split(','));
            let formula = |cell: &&str| cell.starts_with(['=', '+', '-', '@', '\t']);
            assert_eq!(cells.find(formula), None, "{path}");
        }
    }
}
