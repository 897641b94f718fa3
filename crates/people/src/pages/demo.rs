//! 演示身份: the demonstration is entered in a role by one click, without a password. These routes are put together
//! by `zhida demo` only, and answer nothing where [`crate::Settings::demo`] is not set.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
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

pub(crate) fn routes(people: Arc<People>) -> Router {
    Router::new()
        .route("/demo", get(show).post(enter))
        .with_state(people)
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
}

impl RoleLine {
    fn new(role: &'static Role) -> Self {
        let rights = Rights::shipped();
        let names = role
            .may()
            .filter(|(slug, _)| rights.account().may().all(|(always, _)| always != *slug))
            .filter_map(|(slug, _)| rights.action_name(slug));
        Self {
            id: &role.id,
            name: &role.name,
            may: names.collect::<Vec<_>>().join("、"),
        }
    }
}

/// 选择演示身份
pub(crate) async fn show(
    State(people): State<App>,
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
            .map(|role| RoleLine::new(role))
            .collect(),
    });
    let page = frame
        .page("以演示身份进入")
        .lead("选一个身份，不用密码；页首随时可以换一个。退出登录就是访客。");
    Ok(Html(DemoPage {
        page,
        groups: groups.into(),
        next: safe(&next).to_owned(),
    })
    .into_response())
}

/// 进入
pub(crate) async fn enter(
    State(people): State<App>,
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
    Ok(entered(&visit, &entrance, fields.get("next")))
}
