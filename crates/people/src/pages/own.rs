//! 我的账号: seats to act in, sessions, tokens, second factor.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use zhida_platform::access::{Rights, mask};
use zhida_platform::format::datetime_zh;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame, Html, Page};

use super::form::{Fields, FormPage, Input, OncePage};
use super::identities::IdentityLine;
use super::sign_in::numbered;
use super::{Answer, App, SeatLine, to, to_with};
use crate::identify::{Me, Visit};
use crate::model::{Account, Session, Token};
use crate::service::{Current, NewToken, token_actions};

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountPage {
    page: Page,
    account: Account,
    seats: Vec<SeatChoice>,
    /// The seat's id, the mandate's id, what it allows, whether it is the current one.
    mandates: Vec<MandateChoice>,
    sessions: Vec<SessionLine>,
    tokens: Vec<TokenLine>,
    codes_left: u64,
    identities: Vec<IdentityLine>,
    /// Where identities are ended, and whether they are linked here.
    end_identity: &'static str,
    links: bool,
    /// Only a browser's session has these sections.
    session: bool,
}

struct SeatChoice {
    line: SeatLine,
    current: bool,
}

struct MandateChoice {
    seat: String,
    mandate: String,
    enterprise: String,
    actions: String,
    until: String,
    current: bool,
}

struct SessionLine {
    id: String,
    agent: String,
    address: String,
    started: String,
    seen: String,
    current: bool,
}

struct TokenLine {
    id: String,
    name: String,
    hint: String,
    actions: String,
    expires: String,
    used: String,
    open: bool,
}

/// 我的账号
pub(crate) async fn show(State(people): State<App>, Me(me): Me, frame: Frame) -> Answer {
    let seats = me.seats.iter().map(|seat| SeatChoice {
        line: SeatLine::new(seat, &people),
        current: me.mandate.is_none() && me.seat.as_ref().is_some_and(|own| own.id == seat.id),
    });
    let mandates = people.mandates_of(&me).await.map_err(Problem::from)?;
    let sessions = people.own_sessions(&me).await.map_err(Problem::from)?;
    let tokens = people.own_tokens(&me).await.map_err(Problem::from)?;
    let left = people
        .recovery_codes_left(&me)
        .await
        .map_err(Problem::from)?;
    let identities = people.own_identities(&me).await.map_err(Problem::from)?;
    let page = frame
        .page("我的账号")
        .lead("权限属于任职：同一时间以一个任职办事。");
    let now = people.now();
    Ok(Html(AccountPage {
        page,
        account: me.account.clone(),
        seats: seats.collect(),
        mandates: mandates
            .into_iter()
            .map(|(seat, mandate)| MandateChoice {
                seat: seat.to_string(),
                current: me.mandate.as_ref().is_some_and(|own| own.id == mandate.id),
                mandate: mandate.id.to_string(),
                enterprise: mandate.enterprise_name,
                actions: names(&mandate.actions),
                until: zhida_platform::format::date_zh(mandate.valid_until),
            })
            .collect(),
        sessions: sessions.iter().map(|one| session_line(one, &me)).collect(),
        tokens: tokens.iter().map(|one| token_line(one, now)).collect(),
        codes_left: left,
        identities: IdentityLine::all(&identities, &people),
        end_identity: "/account/identities",
        links: me.session.is_some(),
        session: me.session.is_some(),
    })
    .into_response())
}

fn session_line(session: &Session, me: &Current) -> SessionLine {
    SessionLine {
        id: session.id.to_string(),
        agent: match session.agent.as_str() {
            "" => "未说明的浏览器".to_owned(),
            agent => agent.to_owned(),
        },
        address: session.address.clone(),
        started: datetime_zh(session.started_at),
        seen: datetime_zh(session.seen_at),
        current: me.session.as_ref().is_some_and(|own| own.id == session.id),
    }
}

fn token_line(token: &Token, now: chrono::DateTime<chrono::Utc>) -> TokenLine {
    TokenLine {
        id: token.id.to_string(),
        name: token.name.clone(),
        hint: token.hint.clone(),
        actions: names(&token.actions),
        expires: datetime_zh(token.expires_at),
        used: token
            .used_at
            .map_or_else(|| "从未使用".to_owned(), datetime_zh),
        open: token.open(now),
    }
}

fn names(actions: &[String]) -> String {
    let rights = Rights::shipped();
    let names = actions
        .iter()
        .map(|slug| rights.action_name(slug).unwrap_or(slug));
    names.collect::<Vec<_>>().join("、")
}

/// 切换任职
pub(crate) async fn switch(
    State(people): State<App>,
    Me(me): Me,
    visit: Visit,
    fields: Fields,
) -> Answer {
    let seat = fields.id("seat").map_err(Problem::from)?;
    let mandate = fields.maybe_id("mandate").map_err(Problem::from)?;
    let entrance = people
        .switch(&me, seat, mandate)
        .await
        .map_err(Problem::from)?;
    Ok(to_with("/account", visit.door, &entrance.cookie))
}

/// 结束会话
pub(crate) async fn end_session(State(people): State<App>, Me(me): Me, fields: Fields) -> Answer {
    let id = fields.maybe_id("session").map_err(Problem::from)?;
    people
        .end_own_session(&me, id)
        .await
        .map_err(Problem::from)?;
    Ok(to("/account"))
}

/// 重新生成恢复码
pub(crate) async fn codes(Me(_me): Me, frame: Frame) -> Response {
    codes_form(&frame).shown()
}

fn codes_form(frame: &Frame) -> FormPage {
    let page = frame
        .page("重新生成恢复码")
        .lead("原来的恢复码将全部作废。");
    FormPage::new(page, "/account/codes", "生成")
        .input(Input::password("old", "现在的密码", "current-password"))
        .cancel("/account")
}

pub(crate) async fn submit_codes(
    State(people): State<App>,
    Me(me): Me,
    frame: Frame,
    fields: Fields,
) -> Answer {
    match people.new_recovery_codes(&me, &fields.secret("old")).await {
        Ok(codes) => Ok(OncePage {
            page: frame.page("恢复码"),
            note: "每个恢复码可以代替验证码用一次。请抄下来或打印，与手机分开保存。".to_owned(),
            secrets: numbered(&codes),
            next: "/account".to_owned(),
            button: "我已经保存好",
        }
        .shown()),
        Err(error) => codes_form(&frame).refused(error),
    }
}

/// 建立访问令牌
pub(crate) async fn new_token(Me(me): Me, frame: Frame) -> Response {
    token_form(&frame, &me, None).shown()
}

fn token_form(frame: &Frame, me: &Current, sent: Option<&Fields>) -> FormPage {
    let chosen = sent.map(|fields| fields.all("actions")).unwrap_or_default();
    let choices = token_actions(me).into_iter().map(|(slug, name)| Choice {
        chosen: chosen.iter().any(|one| one == slug),
        ..Choice::new(slug, name, "")
    });
    let seat = me.seat.as_ref();
    let seat = seat.map_or_else(String::new, |seat| {
        format!("{} {}", seat.place.name(), seat.role_name())
    });
    let was = |name: &str, other: &str| sent.map_or(other, |fields| fields.get(name)).to_owned();
    let page = frame
        .page("建立访问令牌")
        .lead("给别的系统使用：权限不超过现在的任职，任职结束时一起失效。");
    FormPage::new(page, "/account/tokens/new", "建立")
        .note(format!("现在的任职：{seat}"))
        .input(Input::text("name", "用途", &was("name", "")).hint("给哪个系统用"))
        .input(Input::checks("actions", "权限", choices.collect()))
        .input(Input::text("days", "有效天数", &was("days", "90")).hint("1 至 365"))
        .cancel("/account")
}

pub(crate) async fn submit_token(
    State(people): State<App>,
    Me(me): Me,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let made = match fields.number("days") {
        Ok(days) => {
            let new = NewToken {
                name: fields.get("name").to_owned(),
                actions: fields.all("actions"),
                days,
            };
            people.create_token(&me, &new).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok((token, secret)) => Ok(OncePage {
            page: frame.page("访问令牌"),
            note: "请存到使用它的系统里。请求时写在 Authorization 头：Bearer 加空格加令牌。"
                .to_owned(),
            secrets: vec![(token.name, secret.expose().to_owned())],
            next: "/account".to_owned(),
            button: "我已经保存好",
        }
        .shown()),
        Err(error) => token_form(&frame, &me, Some(&fields)).refused(error),
    }
}

/// 停用访问令牌
pub(crate) async fn end_token(
    State(people): State<App>,
    Me(me): Me,
    Path(id): Path<Uuid>,
) -> Answer {
    people.end_token(&me, id).await.map_err(Problem::from)?;
    Ok(to("/account"))
}

/// The person's own contact, masked for the screen.
impl AccountPage {
    fn phone(&self) -> String {
        match self.account.phone.as_str() {
            "" => String::new(),
            phone => mask::phone(phone),
        }
    }
}
