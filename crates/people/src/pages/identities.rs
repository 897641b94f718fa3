//! Signing in with an identity provider, and linking accounts to whom it knows.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;
use zhida_platform::format::datetime_zh;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame, Html, Page};

use super::accounts::HERE;
use super::form::{Fields, FormPage, Input};
use super::sign_in::{Next, entered, onward};
use super::{Answer, App, office, to, with_cookie};
use crate::identify::{Begun, Me, Visit};
use crate::model::{Account, Identity};
use crate::next::safe;
use crate::secret::Secret;
use crate::service::{Arrival, People, Returned};

/// 到身份源登录
pub(crate) async fn depart(
    State(people): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    begun: Begun,
    Query(Next { next }): Query<Next>,
) -> Answer {
    if let Some(current) = begun.0 {
        return Ok(to(&onward(current.stage, &next)));
    }
    let provider = people.provider(&id).map_err(Problem::from)?;
    let departure = people
        .depart(provider, safe(&next))
        .await
        .map_err(Problem::from)?;
    let cookie = visit.door.set_flow(&departure.cookie);
    Ok(with_cookie(to(&departure.address), cookie))
}

/// How a provider sends people back (RFC 6749 §4.1.2, RFC 9207).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answered {
    state: String,
    code: Secret,
    error: String,
    iss: Option<String>,
}

/// 从身份源回来
pub(crate) async fn arrive(
    State(people): State<App>,
    Path(id): Path<String>,
    visit: Visit,
    begun: Begun,
    Query(answered): Query<Answered>,
) -> Answer {
    let provider = people.provider(&id).map_err(Problem::from)?;
    let returned = Returned {
        state: answered.state,
        code: answered.code,
        error: answered.error,
        issuer: answered.iss,
    };
    let before = begun.0.as_deref();
    let arrival = people
        .arrive(
            provider,
            visit.flow.as_ref(),
            &returned,
            before,
            &visit.origin,
        )
        .await
        .map_err(Problem::from)?;
    let response = match arrival {
        Arrival::Linked => to("/account#identities"),
        Arrival::In(entrance, next) => {
            // whoever signs in again on the same browser leaves the session before
            if let Some(before) = before {
                people.sign_out(before).await.map_err(Problem::from)?;
            }
            entered(&visit, &entrance, &next)
        }
    };
    Ok(with_cookie(response, visit.door.clear_flow()))
}

/// 关联单位统一身份认证
pub(crate) async fn link(
    State(people): State<App>,
    Me(_me): Me,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let provider = people.provider(&id).map_err(Problem::from)?;
    Ok(link_form(&frame, &id, &provider.config.name).shown())
}

fn link_form(frame: &Frame, id: &str, name: &str) -> FormPage {
    let page = frame
        .page(format!("关联“{name}”"))
        .crumb("我的账号", "/account")
        .lead("关联以后，也可以用它登录这个账号。");
    FormPage::new(page, format!("/account/identities/{id}"), "继续")
        .input(Input::password("old", "现在的密码", "current-password"))
        .cancel("/account")
}

/// A page that leads away: the security policy lets no form do it.
#[derive(Template)]
#[template(path = "people/depart.html")]
struct DepartPage {
    page: Page,
    note: String,
    /// What the link says, and where it leads.
    onward: (String, String),
    back: &'static str,
    back_label: &'static str,
}

pub(crate) async fn submit_link(
    State(people): State<App>,
    Me(me): Me,
    visit: Visit,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let provider = people.provider(&id).map_err(Problem::from)?;
    let name = &provider.config.name;
    let password = fields.secret("old");
    match people.depart_to_link(provider, &me, &password).await {
        Ok(departure) => {
            let page = DepartPage {
                page: frame
                    .page(format!("关联“{name}”"))
                    .crumb("我的账号", "/account"),
                note: "密码正确。接着在那边登录您自己的身份，回来就关联好了；请在 10 分钟内完成。"
                    .to_owned(),
                onward: (format!("前往{name}"), departure.address),
                back: "/account",
                back_label: "取消",
            };
            let cookie = visit.door.set_flow(&departure.cookie);
            Ok(with_cookie(Html(page).into_response(), cookie))
        }
        Err(error) => link_form(&frame, &id, name).refused(error),
    }
}

/// 解除自己的关联
pub(crate) async fn end_own(State(people): State<App>, Me(me): Me, Path(id): Path<Uuid>) -> Answer {
    people.unlink_own(&me, id).await.map_err(Problem::from)?;
    Ok(to("/account#identities"))
}

/// After signing out here, the way out there.
pub(crate) fn farewell(frame: &Frame, name: &str, address: String) -> Response {
    let page = DepartPage {
        page: frame.page("已退出登录"),
        note: format!("您已退出直达。在“{name}”那边还是登录着的；用公共电脑的，请也退出那边。"),
        onward: (format!("退出{name}"), address),
        back: "/",
        back_label: "回首页",
    };
    Html(page).into_response()
}

/// 事先关联: the administrator names the person.
pub(crate) async fn expect(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    let (account, _) = people
        .account(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    Ok(expect_form(&people, &frame, &account, None).shown())
}

fn expect_form(
    people: &People,
    frame: &Frame,
    account: &Account,
    sent: Option<&Fields>,
) -> FormPage {
    let was = |name: &str| sent.map_or("", |fields| fields.get(name)).to_owned();
    let providers = people.providers.iter().map(|provider| {
        let config = &provider.config;
        let label = format!("{}（按{}）", config.name, config.claim_name);
        Choice::new(config.id.as_str(), label, &was("provider"))
    });
    let title = format!("给{}关联统一身份", account.name);
    let page = office(frame, &title, HERE)
        .crumb("账号", HERE)
        .lead("身份源里是这个标识的人，第一次用它登录时就进入这个账号；请核对无误。");
    FormPage::new(
        page,
        format!("{HERE}/{}/identities/new", account.id),
        "关联",
    )
    .input(Input::select("provider", "身份源", providers.collect()))
    .input(Input::text("value", "标识", &was("value")).hint("身份源里这个人的标识，如工号"))
    .cancel(format!("{HERE}/{}", account.id))
}

pub(crate) async fn submit_expect(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
    fields: Fields,
) -> Answer {
    let (provider, value) = (fields.get("provider"), fields.get("value"));
    let done = people.expect_identity(&frame.viewer, id, provider, value);
    match done.await {
        Ok(()) => Ok(to(&format!("{HERE}/{id}"))),
        Err(error) => {
            let (account, _) = people
                .account(&frame.viewer, id)
                .await
                .map_err(Problem::from)?;
            expect_form(&people, &frame, &account, Some(&fields)).refused(error)
        }
    }
}

/// 解除关联
pub(crate) async fn end(State(people): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    let account = people
        .unlink(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    Ok(to(&format!("{HERE}/{account}")))
}

/// What an account has with one provider.
pub(super) struct IdentityLine {
    /// Id of the identity; empty when there is none.
    pub id: String,
    pub provider: String,
    pub name: String,
    /// What the administrator wrote; empty when the person linked it.
    pub value: String,
    /// 未关联, 等待首次登录 or 已关联, with its tone.
    pub state: (&'static str, &'static str),
    pub signed_in: String,
}

impl IdentityLine {
    /// One line for each provider.
    pub(super) fn all(identities: &[Identity], people: &People) -> Vec<Self> {
        let line = |provider: &crate::oidc::Provider| {
            let config = &provider.config;
            let own = identities
                .iter()
                .find(|one| one.issuer == provider.issuer());
            let expected = own.and_then(|one| one.expected.as_ref());
            Self {
                id: own.map_or_else(String::new, |one| one.id.to_string()),
                provider: config.id.clone(),
                name: config.name.clone(),
                value: expected.map_or_else(String::new, |value| {
                    format!("{} {value}", config.claim_name)
                }),
                state: match own {
                    None => ("未关联", "grey"),
                    Some(one) if one.subject.is_none() => ("等待首次登录", "blue"),
                    Some(_) => ("已关联", "green"),
                },
                signed_in: own
                    .and_then(|one| one.signed_in_at)
                    .map_or_else(String::new, datetime_zh),
            }
        };
        people.providers.iter().map(|one| line(one)).collect()
    }
}
