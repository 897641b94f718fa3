//! 演示身份: the demonstration is entered in a role by one click, without a password. These routes are put together
//! by `zhida demo` only, and answer nothing where [`crate::Settings::demo`] is not set.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use zhida_platform::access::{Rights, Role, Side};
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Html, Page};

use super::form::Fields;
use super::sign_in::{Next, entered};
use super::{Answer, App};
use crate::identify::{Begun, Visit};
use crate::next::safe;
use crate::service::People;

/// Groups of the page.
const SIDES: [(Side, &str); 4] = [
    (Side::Enterprise, "企业"),
    (Side::Agency, "代办机构"),
    (Side::Government, "政府部门"),
    (Side::Administration, "平台管理"),
];

/// Where a role finds something in the demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoHint {
    /// Id of the role.
    pub role: &'static str,
    /// The page to which entering leads.
    pub href: &'static str,
    /// What there is to see, in words.
    pub words: &'static str,
}

pub(crate) type Hints = &'static [DemoHint];

pub(crate) fn routes(people: Arc<People>, hints: Hints) -> Router {
    Router::new()
        .route("/demo", get(show).post(enter))
        .layer(Extension(hints))
        .with_state(people)
}

fn hint(hints: Hints, role: &str) -> Option<&'static DemoHint> {
    hints.iter().find(|hint| hint.role == role)
}

#[derive(Template)]
#[template(path = "people/demo.html")]
struct DemoPage {
    page: Page,
    groups: Vec<Group>,
    next: String,
}

struct Group {
    name: &'static str,
    roles: Vec<RoleLine>,
}

struct RoleLine {
    id: &'static str,
    name: &'static str,
    /// What it may do, in words.
    may: String,
    /// Where to look first; empty when nobody said.
    hint: &'static str,
}

impl RoleLine {
    fn new(role: &'static Role, hints: Hints) -> Self {
        let rights = Rights::shipped();
        let names = role
            .may()
            .filter(|(slug, _)| rights.account().may().all(|(always, _)| always != *slug))
            .filter_map(|(slug, _)| rights.action_name(slug));
        Self {
            id: &role.id,
            name: &role.name,
            may: names.collect::<Vec<_>>().join("、"),
            hint: hint(hints, &role.id).map_or("", |hint| hint.words),
        }
    }
}

/// 选择演示身份
pub(crate) async fn show(
    State(people): State<App>,
    Extension(hints): Extension<Hints>,
    frame: Frame,
    Query(Next { next }): Query<Next>,
) -> Answer {
    let there = people.demo_roles().await.map_err(Problem::from)?;
    let roles = Rights::shipped().roles().iter();
    let roles: Vec<&'static Role> = roles.filter(|role| there.contains(&role.id)).collect();
    let groups = SIDES.map(|(side, name)| Group {
        name,
        roles: roles
            .iter()
            .filter(|role| role.side == side)
            .map(|role| RoleLine::new(role, hints))
            .collect(),
    });
    let page = frame.page("以演示身份进入").lead(
        "选一个身份，不用密码，进去就是有内容可看的一页；页首随时可以换一个。退出登录就是访客。",
    );
    Ok(Html(DemoPage {
        page,
        groups: groups.into(),
        // without a page to come back to, entering leads to where there is something to see
        next: match next.is_empty() {
            true => next,
            false => safe(&next).to_owned(),
        },
    })
    .into_response())
}

/// 进入
pub(crate) async fn enter(
    State(people): State<App>,
    Extension(hints): Extension<Hints>,
    visit: Visit,
    begun: Begun,
    fields: Fields,
) -> Answer {
    let entrance = people
        .enter_demo(fields.get("role"), &visit.origin)
        .await
        .map_err(Problem::from)?;
    if let Some(before) = begun.0 {
        people.sign_out(&before).await.map_err(Problem::from)?;
    }
    let next = match (fields.get("next"), hint(hints, fields.get("role"))) {
        ("", Some(hint)) => hint.href,
        (next, _) => next,
    };
    Ok(entered(&visit, &entrance, next))
}
