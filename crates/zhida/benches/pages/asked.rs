//! What routes are asked with: ids that are there, filters that people use.

use std::collections::BTreeMap;

use zhida_platform::db::{self, FromQueryResult};
use zhida_testkit::TestResponse;

use crate::product::{Product, client::percent};

/// Ids of a parameter that are taken turns with.
const IDS: usize = 30;
/// The enterprise of the seat, in the queries below.
const OWN: &str = "{own}";

/// What a parameter stands for, by the path before it: the ids within an officer's reach, and of the enterprise's own,
/// where these are others. `{own}` is the enterprise.
const PARAMETERS: &[(&str, &str, &str)] = &[
    ("/enterprises/{", ENTERPRISES, "SELECT '{own}' AS id"),
    (
        "/enterprises/{code}/matches/{",
        "SELECT id FROM policy_item",
        "",
    ),
    (
        "/enterprises/import/jobs/{",
        "SELECT id FROM job WHERE kind = 'registry.import'",
        "",
    ),
    (
        "/api/v1/enterprise-imports/{",
        "SELECT id FROM job WHERE kind = 'registry.import'",
        "",
    ),
    (
        "/enterprises/import/batches/{",
        "SELECT CAST(no AS TEXT) AS id FROM import_batch",
        "",
    ),
    ("/api/v1/enterprises/{", ENTERPRISES, "SELECT '{own}' AS id"),
    (
        "/api/v1/enterprise-batches/{",
        "SELECT CAST(no AS TEXT) AS id FROM import_batch",
        "",
    ),
    (
        "/api/v1/match/enterprises/{",
        ENTERPRISES,
        "SELECT '{own}' AS id",
    ),
    ("/api/v1/match/items/{", "SELECT id FROM policy_item", ""),
    (
        "/policies/documents/{id}/files/{",
        "SELECT id FROM file WHERE subject_kind = 'policy_document'",
        "",
    ),
    (
        "/policies/documents/{",
        "SELECT id FROM policy_document",
        "",
    ),
    ("/policies/{", "SELECT id FROM policy_item", ""),
    ("/api/v1/policies/{", "SELECT id FROM policy_item", ""),
    ("/organisations/{", "SELECT id FROM people_organisation", ""),
    (
        "/api/v1/organisations/{",
        "SELECT id FROM people_organisation",
        "",
    ),
    ("/accounts/{", "SELECT id FROM people_account", ""),
    ("/api/v1/accounts/{", "SELECT id FROM people_account", ""),
    (
        "/staff/people/{",
        "",
        "SELECT account AS id FROM people_seat WHERE enterprise = '{own}'",
    ),
    (
        "/account/identities/{",
        "SELECT id FROM people_identity",
        "",
    ),
    (
        "/office/audit/{",
        "SELECT CAST(no AS TEXT) AS id FROM audit_event",
        "",
    ),
    (
        "/api/v1/audit/{",
        "SELECT CAST(no AS TEXT) AS id FROM audit_event",
        "",
    ),
    ("/office/jobs/{", "SELECT id FROM job", ""),
    ("/api/v1/jobs/{", "SELECT id FROM job", ""),
    ("/office/files/{", "SELECT id FROM file", ""),
    ("/office/webhooks/{", "SELECT id FROM webhook_endpoint", ""),
    ("/api/v1/webhooks/{", "SELECT id FROM webhook_endpoint", ""),
    ("/office/templates/{event}/{", "SELECT 'mail' AS id", ""),
    (
        "/office/templates/{",
        "SELECT DISTINCT event AS id FROM message",
        "",
    ),
    ("/funds/pools/{", "SELECT id FROM fund_pool", ""),
    ("/api/v1/fund-pools/{", "SELECT id FROM fund_pool", ""),
    ("/funds/batches/{", "SELECT id FROM fund_batch", ""),
    ("/api/v1/payment-batches/{", "SELECT id FROM fund_batch", ""),
    (
        "/funds/receipts/{",
        "SELECT digest AS id FROM fund_receipt_file",
        "",
    ),
    ("/verify/{", CODES, CODES),
    ("/api/v1/letters/{", CODES, CODES),
    (
        "/redemption/letters/{",
        "SELECT id FROM redemption_letter",
        "SELECT id FROM redemption_letter WHERE enterprise = '{own}'",
    ),
    (
        "/notices/rows/{",
        "SELECT id FROM redemption_notice_row WHERE open_case IS NOT NULL",
        "",
    ),
    ("/notices/{", "SELECT id FROM redemption_notice", ""),
    ("/api/v1/notices/{", "SELECT id FROM redemption_notice", ""),
    (
        "/redemption/objections/{",
        "SELECT id FROM redemption_objection",
        "",
    ),
    ("/schemes/{", SCHEMES, SCHEMES),
    ("/api/v1/schemes/{", SCHEMES, SCHEMES),
    ("/redemption/closure/{", UNASKED, ""),
    ("/api/v1/redemption/candidates/{", UNASKED, ""),
    ("/redemption/evaluation/{", SCHEMES, ""),
    ("/api/v1/redemption/scorecards/{", SCHEMES, ""),
    (
        "/redemption/apply/{item}/form",
        "",
        "SELECT 'p079-shebao' AS id",
    ),
    (
        "/redemption/apply/{",
        "",
        "SELECT item AS id FROM redemption_scheme WHERE delivery <> 'no_application' AND revision > 0",
    ),
    (
        "/redemption/cases/{id}/complete",
        "",
        "SELECT id FROM case_head WHERE stage = 'review' AND turn = 'enterprise' AND closed_at IS NULL AND enterprise = '{own}'",
    ),
    (
        "/redemption/cases/{",
        CASES,
        "SELECT case_id AS id FROM redemption_case WHERE enterprise = '{own}'",
    ),
    (
        "/api/v1/redemption/cases/{",
        CASES,
        "SELECT case_id AS id FROM redemption_case WHERE enterprise = '{own}'",
    ),
    (
        "/redemption/desk/{id}/files/{",
        "SELECT id FROM file WHERE subject_kind = 'form_submission'",
        "",
    ),
    ("/redemption/desk/{", CASES, ""),
    (
        "/redemption/batches/{",
        "SELECT id FROM redemption_batch",
        "",
    ),
    (
        "/redemption/scoring/{id}/files/{",
        "SELECT id FROM file WHERE subject_kind = 'form_submission'",
        "",
    ),
    (
        "/redemption/scoring/{",
        "SELECT case_id AS id FROM redemption_score",
        "",
    ),
    ("/appeals/f/{", CHECK_CODES, CHECK_CODES),
    ("/appeals/received/{", CHECK_CODES, CHECK_CODES),
    ("/q/{", "SELECT id FROM appeal_code", ""),
    ("/appeals/codes/{", "SELECT id FROM appeal_code", ""),
    ("/appeals/themes/{", "SELECT id FROM appeal_theme", ""),
    ("/api/v1/appeal-themes/{", "SELECT id FROM appeal_theme", ""),
    (
        "/api/v1/appeal-reports/{",
        "SELECT DISTINCT SUBSTR(opened_at, 1, 7) AS id FROM case_head WHERE room = 'appeals'",
        "",
    ),
    ("/appeals/{ clerk", OF_BODY, ""),
    ("/appeals/{", APPEALS, OWN_APPEALS),
    ("/api/v1/appeals/{ clerk", OF_BODY, ""),
    ("/api/v1/appeals/{", APPEALS, OWN_APPEALS),
    ("/open311/v2/{", "SELECT 'services' AS id", ""),
    (
        "/open311/v2/{resource}/{",
        "SELECT 'logistics.road' AS id",
        "",
    ),
    ("/meetings/tasks/{", "SELECT id FROM meeting_task", ""),
    ("/api/v1/meeting-tasks/{", "SELECT id FROM meeting_task", ""),
    ("/meetings/{", "SELECT id FROM meeting", ""),
    ("/meetings/{id}/papers/{", "SELECT 'agenda.pdf' AS id", ""),
    ("/api/v1/meetings/{", "SELECT id FROM meeting", ""),
];
/// Those of the body in which the demonstration's officers sit.
const OF_BODY: &str = "SELECT h.id FROM case_head h JOIN people_organisation o ON o.id = h.holder
     WHERE h.room = 'appeals' AND o.name = '演示市发展和改革局'";
const APPEALS: &str = "SELECT id FROM case_head WHERE room = 'appeals' AND place LIKE '3701%'";
const OWN_APPEALS: &str =
    "SELECT id FROM case_head WHERE room = 'appeals' AND enterprise = '{own}'";
/// Those of the samples, which their copies have too.
const CHECK_CODES: &str = "SELECT DISTINCT SUBSTR(code, 7) AS id FROM appeal_intake";
/// Within the city, too.
const CASES: &str = "SELECT case_id AS id FROM redemption_case WHERE place LIKE '3701%'";
/// Within the city in which the officers sit.
const ENTERPRISES: &str = "SELECT code AS id FROM enterprise WHERE division LIKE '3701%'";
/// Copies' codes are no right ones; those of the samples are.
const CODES: &str = "SELECT code AS id FROM redemption_letter WHERE LENGTH(code) = 16";
const SCHEMES: &str = "SELECT item AS id FROM redemption_scheme WHERE revision > 0";
const UNASKED: &str =
    "SELECT item AS id FROM redemption_scheme WHERE revision > 0 AND delivery = 'no_application'";

/// Questions that people put to lists.
const QUESTIONS: &[(&str, &[&str])] = &[
    (
        "/enterprises",
        &["", "text=样例精密", "region=370102", "q=91370102"],
    ),
    ("/api/v1/enterprises", &["", "q=有限", "limit=100"]),
    ("/api/v1/enterprises/count", &["", "q=有限"]),
    ("/policies", &["", "q=研发"]),
    ("/redemption", &["", "show=applicable"]),
    (
        "/redemption/desk",
        &[
            "",
            "stage=review",
            "who=mine",
            "who=free",
            "who=asked",
            "due=overdue",
            "due=week",
            "state=closed",
            "state=all",
            "state=closed&outcome=paid",
            "q=样例",
            "item=yanfa",
            "q=兑付-2020-1000007",
        ],
    ),
    (
        "/redemption/desk/export.csv",
        &["due=overdue", "state=closed&outcome=refused"],
    ),
    (
        "/redemption/desk/export.xlsx",
        &["due=overdue", "state=closed&outcome=refused"],
    ),
    (
        "/redemption/closure/{item}",
        &["", "state=waiting", "q=样例"],
    ),
    (
        "/api/v1/redemption/candidates/{item}",
        &["", "state=waiting", "q=样例"],
    ),
    ("/api/v1/redemption/cases", &["", "limit=100"]),
    ("/notices", &["", "q=就业"]),
    ("/notices/{id}", &["", "q=样例"]),
    (
        "/funds/payments",
        &["", "state=due", "state=paid", "q=样例"],
    ),
    ("/api/v1/payments", &["", "limit=100"]),
    ("/office/audit", &["", "action=redemption.release"]),
    ("/appeals", APPEALS_ASKED),
    ("/api/v1/appeals", APPEALS_ASKED),
    (
        "/appeals/export.csv",
        &[
            "standing=overdue",
            "stage=intake",
            "state=closed&outcome=unsolved",
        ],
    ),
    (
        "/appeals/export.xlsx",
        &[
            "standing=overdue",
            "stage=intake",
            "state=closed&outcome=unsolved",
        ],
    ),
    (
        "/appeals/numbers",
        &[
            "",
            "by=channel",
            "by=category",
            "by=department",
            "by=place",
            "by=enterprise",
            "by=week",
        ],
    ),
    ("/meetings", &["", "q=调度", "state=held"]),
    (
        "/meetings/tasks",
        &["", "q=用地", "state=overdue", "state=struck"],
    ),
];

const APPEALS_ASKED: &[&str] = &[
    "",
    "standing=overdue",
    "standing=today",
    "standing=week",
    "standing=unassigned",
    "standing=silent",
    "standing=reopened",
    "standing=dissatisfied",
    "who=lead",
    "who=mine",
    "who=free",
    "who=asked",
    "state=closed",
    "state=all",
    "stage=handle",
    "track=single",
    "channel=api",
    "category=labour",
    "place=370102",
    "q=路灯",
    "state=closed&outcome=solved",
    "state=all&counted=on_time",
    "state=all&counted=overdue_open",
];

/// Who is asked in where every account may ask, and what is seen follows from the seat.
pub const SEATS: &[(&str, &[&str])] = &[
    ("/appeals", &["operator", "clerk", "supervisor"]),
    ("/appeals/export.csv", &["operator", "clerk", "supervisor"]),
    ("/appeals/export.xlsx", &["supervisor"]),
    ("/appeals/mine", &["legal"]),
    (
        "/appeals/{id}",
        &["operator", "clerk", "supervisor", "legal"],
    ),
    ("/api/v1/appeals", &["operator", "clerk", "supervisor"]),
    ("/api/v1/appeals/{id}", &["operator", "clerk", "supervisor"]),
];

/// Pages that speak to an enterprise only.
pub const OF_ENTERPRISES: &[&str] = &[
    "/payee",
    "/redemption",
    "/redemption/apply/{item}",
    "/redemption/apply/{item}/form",
    "/redemption/cases/{id}/complete",
    "/messages",
];

/// The requests of a route.
pub enum Asked {
    Paths(Vec<String>),
    /// There is nothing of this kind.
    Nothing,
}

#[derive(FromQueryResult)]
struct Id {
    id: String,
}

/// Fills parameters.
pub struct Filling<'p> {
    product: &'p Product,
    own: String,
    known: BTreeMap<String, Vec<String>>,
}

impl<'p> Filling<'p> {
    pub fn new(product: &'p Product, own: &str) -> Self {
        Self {
            product,
            own: own.to_owned(),
            known: BTreeMap::new(),
        }
    }

    /// The requests of a route of an officer in a role, or of the enterprise itself.
    pub async fn asked(&mut self, route: &str, role: &str, own: bool) -> Asked {
        let mut paths = vec![String::new()];
        let (mut done, mut rest) = (String::new(), route);
        while let Some((before, after)) = rest.split_once('{') {
            let (parameter, after) = after.split_once('}').unwrap();
            let ids = self
                .ids(&format!("{done}{before}{{"), route, role, own)
                .await;
            if ids.is_empty() {
                return Asked::Nothing;
            }
            paths = (0..IDS)
                .map(|n| {
                    format!(
                        "{}{before}{}",
                        paths[n % paths.len()],
                        percent(&ids[n % ids.len()])
                    )
                })
                .collect();
            done = format!("{done}{before}{{{parameter}}}");
            rest = after;
        }
        for path in &mut paths {
            path.push_str(rest);
        }
        let questions = QUESTIONS.iter().find(|(path, _)| *path == route);
        let Some((_, questions)) = questions else {
            return Asked::Paths(paths);
        };
        let count = paths.len().max(questions.len());
        let ask = |n: usize| {
            let (path, question) = (&paths[n % paths.len()], questions[n % questions.len()]);
            match question {
                "" => path.clone(),
                question => format!("{path}?{}", encoded(question)),
            }
        };
        Asked::Paths((0..count).map(ask).collect())
    }

    /// Some ids of a parameter, in no order.
    async fn ids(&mut self, before: &str, route: &str, role: &str, own: bool) -> Vec<String> {
        if before == "/assets/{" {
            return self.assets().await;
        }
        let of_role = format!("{before} {role}");
        let mut names = [route, &of_role, before].into_iter();
        let known = names.find_map(|name| PARAMETERS.iter().find(|(known, ..)| *known == name));
        let sql = known.map_or("", |(_, officers, enterprises)| {
            match own && !enterprises.is_empty() {
                true => enterprises,
                false => officers,
            }
        });
        if sql.is_empty() {
            return Vec::new();
        }
        let sql = sql.replace(OWN, &self.own);
        if let Some(ids) = self.known.get(&sql) {
            return ids.clone();
        }
        let drawn = format!("SELECT id FROM ({sql}) x ORDER BY random() LIMIT {IDS}");
        let rows: Vec<Id> = db::query_all(self.product.app.db.conn(), &drawn, [])
            .await
            .unwrap_or_else(|error| panic!("{drawn}: {error}"));
        let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
        self.known.insert(sql, ids.clone());
        ids
    }

    /// What the first page loads.
    async fn assets(&self) -> Vec<String> {
        let page = self.product.site.get("/").await;
        let names = page.text().split("/assets/").skip(1);
        let name = |rest: &str| rest.split(['"', '?']).next().unwrap_or_default().to_owned();
        names.map(name).collect()
    }
}

/// `a=b&c=d` with its values encoded.
fn encoded(question: &str) -> String {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        format!("{name}={}", percent(value))
    };
    question.split('&').map(pair).collect::<Vec<_>>().join("&")
}

/// The page after, as an answer of this route tells it.
pub fn next_page(route: &str, path: &str, answer: &TestResponse) -> Option<String> {
    if !answer.status.is_success() {
        return None;
    }
    let here = path.split('?').next().unwrap_or_default();
    if route.starts_with("/api/") {
        let body: serde_json::Value = serde_json::from_slice(&answer.bytes).ok()?;
        let next = body["next"].as_str()?;
        return Some(format!("{here}?after={}", percent(next)));
    }
    let text = std::str::from_utf8(&answer.bytes).ok()?;
    let mut links = text.split("href=\"").skip(1);
    let link = links.find(|link| {
        let href = link.split('"').next().unwrap_or_default();
        href.starts_with(&format!("{here}?")) && href.contains("after=")
    })?;
    Some(
        link.split('"')
            .next()?
            .replace("&amp;", "&")
            .replace("&#38;", "&"),
    )
}

/// The gist of a refusal.
pub fn said(text: &str) -> String {
    let plain: String = match text.split_once("<main") {
        Some((_, main)) => {
            let mut inside = false;
            main.chars()
                .filter(|c| {
                    inside = (inside || *c == '>') && *c != '<';
                    inside && *c != '>'
                })
                .collect()
        }
        None => text.to_owned(),
    };
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").chars().take(160).collect()
}
