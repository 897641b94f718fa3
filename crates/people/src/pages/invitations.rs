//! 邀请: made by the security administrator for any place, accepted by whoever holds the code.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::format::datetime_zh;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Html, Page};

use super::form::{Fields, FormPage, Input, OncePage};
use super::seats::{place, role_choices};
use super::{Answer, App, choices, office, to, to_with};
use crate::error::Error;
use crate::identify::{Begun, Visit};
use crate::model::Invitation;
use crate::next::percent;
use crate::secret::Secret;
use crate::service::{Current, NewAccount, NewInvitation, People, Stage, may_register};

const HERE: &str = "/invitations";

/// An invitation as lists show it.
pub(super) struct InvitationLine {
    pub id: String,
    pub invitee: String,
    pub place: String,
    pub role: String,
    pub created_by: String,
    pub expires: String,
    /// In words, with its tone.
    pub state: (&'static str, &'static str),
    pub open: bool,
}

impl InvitationLine {
    pub(super) fn all(invitations: &[Invitation], people: &People) -> Vec<Self> {
        let now = people.now();
        let line = |one: &Invitation| Self {
            id: one.id.to_string(),
            invitee: one.invitee.clone(),
            place: one.place.name().to_owned(),
            role: one.role_name().to_owned(),
            created_by: one.created_by.clone(),
            expires: datetime_zh(one.expires_at),
            state: match (one.used_at, one.revoked_at) {
                (Some(_), _) => ("已接受", "green"),
                (None, Some(_)) => ("已撤回", "grey"),
                (None, None) if one.open(now) => ("等待接受", "blue"),
                (None, None) => ("已过期", "grey"),
            },
            open: one.open(now),
        };
        invitations.iter().map(line).collect()
    }
}

#[derive(Template)]
#[template(path = "people/invitations.html")]
struct ListPage {
    page: Page,
    invitations: Vec<InvitationLine>,
}

/// 邀请
pub(crate) async fn list(State(people): State<App>, frame: Frame) -> Answer {
    let found = people
        .invitations(&frame.viewer)
        .await
        .map_err(Problem::from)?;
    let page = office(&frame, "邀请", HERE).lead(
        "企业和代办机构的人凭邀请码自己建立账号；工作人员先由系统管理员建立账号，再凭邀请码任职。",
    );
    Ok(Html(ListPage {
        page,
        invitations: InvitationLine::all(&found, &people),
    })
    .into_response())
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    organisation: String,
}

pub(crate) async fn new(
    State(people): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    Ok(form(&people, &frame, &asked.organisation, None)
        .await?
        .shown())
}

async fn form(
    people: &People,
    frame: &Frame,
    organisation: &str,
    sent: Option<&Fields>,
) -> Result<FormPage, Problem> {
    let was = |name: &str| sent.map_or("", |fields| fields.get(name)).to_owned();
    let page = office(frame, "发出邀请", HERE).crumb("邀请", HERE);
    let organisation =
        choices::organisation(people, &frame.viewer, "organisation", "组织", organisation).await?;
    Ok(FormPage::new(page, format!("{HERE}/new"), "生成邀请码")
        .input(Input::text("invitee", "邀请谁", &was("invitee")).hint("姓名或称呼，只作记录"))
        .input(organisation.hint("输入名称里的字，从提示里选；邀请到企业的不填"))
        .input(
            Input::text("enterprise", "企业的统一社会信用代码", &was("enterprise"))
                .hint("邀请到组织的不填"),
        )
        .input(Input::select("role", "角色", role_choices(&was("role"))))
        .input(Input::text("days", "有效天数", days(sent)).hint("1 至 30"))
        .cancel(HERE))
}

pub(super) fn days(sent: Option<&Fields>) -> &str {
    sent.map_or("7", |fields| fields.get("days"))
}

pub(crate) async fn submit_new(State(people): State<App>, frame: Frame, fields: Fields) -> Answer {
    let made = match read(&people, &frame.viewer, &fields).await {
        Ok(new) => people.invite(&frame.viewer, &new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok((invitation, code)) => Ok(code_page(&frame, &invitation, &code, HERE).shown()),
        Err(error) => form(&people, &frame, fields.get("organisation"), Some(&fields))
            .await?
            .refused(error),
    }
}

async fn read(people: &People, viewer: &Viewer, fields: &Fields) -> Result<NewInvitation, Error> {
    Ok(NewInvitation {
        place: place(people, viewer, fields).await?,
        role: fields.get("role").to_owned(),
        invitee: fields.get("invitee").to_owned(),
        days: fields.number("days")?,
    })
}

pub(super) fn code_page(
    frame: &Frame,
    invitation: &Invitation,
    code: &Secret,
    next: &str,
) -> OncePage {
    OncePage {
        page: frame.page("邀请码"),
        note: format!(
            "请交给{}：打开本站的 {HERE}/accept 输入。只能用一次，{} 前有效。",
            invitation.invitee,
            datetime_zh(invitation.expires_at)
        ),
        secrets: vec![(
            format!("{} {}", invitation.place.name(), invitation.role_name()),
            code.expose().to_owned(),
        )],
        next: next.to_owned(),
        button: "已经交给本人",
    }
}

/// 撤回邀请
pub(crate) async fn revoke(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    people
        .revoke_invitation(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    Ok(to(HERE))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Code {
    code: String,
}

/// 接受邀请
pub(crate) async fn accept(
    State(people): State<App>,
    frame: Frame,
    begun: Begun,
    Query(Code { code }): Query<Code>,
) -> Answer {
    if code.trim().is_empty() {
        return Ok(ask_code(&frame).shown());
    }
    match people.invitation_of(&code).await {
        Ok(invitation) => {
            Ok(accept_form(&frame, begun.0.as_deref(), &invitation, &code, None).shown())
        }
        Err(error) => ask_code(&frame).refused(error),
    }
}

fn ask_code(frame: &Frame) -> FormPage {
    let page = frame.page("接受邀请").lead("请输入别人交给您的邀请码。");
    FormPage::new(page, format!("{HERE}/accept"), "继续")
        .input(Input::text("code", "邀请码", ""))
        .input(Input::hidden("step", "look"))
}

fn accept_form(
    frame: &Frame,
    current: Option<&Current>,
    invitation: &Invitation,
    code: &str,
    sent: Option<&Fields>,
) -> FormPage {
    let was = |name: &str| sent.map_or("", |fields| fields.get(name)).to_owned();
    let page = frame.page("接受邀请").lead(format!(
        "{}邀请您担任：{} {}",
        invitation.created_by,
        invitation.place.name(),
        invitation.role_name()
    ));
    let form = FormPage::new(page, format!("{HERE}/accept"), "接受邀请")
        .input(Input::hidden("code", code));
    let here = format!("{HERE}/accept?code={}", percent(code));
    let sign_in = format!("/sign-in?next={}", percent(&here));
    match current {
        Some(current) if current.stage == Stage::Complete => form.note(format!(
            "将以当前登录的账号“{}”接受。",
            current.account.name
        )),
        Some(_) => form.note("请先完成登录，再接受邀请。").cancel(sign_in),
        None if may_register(invitation) => form
            .note("已经有账号的，请先登录，再打开邀请页；没有账号的，在这里建立。")
            .input(Input::login(&was("login")))
            .input(Input::text("name", "姓名", &was("name")))
            .input(Input::text("phone", "电话（可不填）", &was("phone")))
            .input(
                Input::password("password", "密码", "new-password")
                    .hint("至少 10 个字符，可以用几个词连成一句；不要含登录名或姓名"),
            )
            .input(Input::password("again", "再输入一次密码", "new-password"))
            .cancel(sign_in),
        None => form
            .note("担任这个角色的账号由系统管理员建立，请先登录，再打开邀请页。")
            .cancel(sign_in),
    }
}

pub(crate) async fn submit_accept(
    State(people): State<App>,
    visit: Visit,
    begun: Begun,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let code = fields.get("code");
    let invitation = match people.invitation_of(code).await {
        Ok(invitation) => invitation,
        Err(error) => return ask_code(&frame).refused(error),
    };
    let current = begun.0.as_deref();
    if fields.get("step") == "look" {
        return Ok(accept_form(&frame, current, &invitation, code, None).shown());
    }
    let form = || accept_form(&frame, current, &invitation, code, Some(&fields));
    if let Some(current) = current {
        if current.stage != Stage::Complete {
            return form().refused(Error::First("请先完成登录"));
        }
        return match people.accept(&current.account, &visit.origin, code).await {
            Ok(_) => Ok(to("/account")),
            Err(error) => form().refused(error),
        };
    }
    match register(&people, &visit, &fields, code).await {
        Ok(response) => Ok(response),
        Err(error) => form().refused(error),
    }
}

/// A new account, signed in at once with the password that was just chosen.
async fn register(
    people: &People,
    visit: &Visit,
    fields: &Fields,
    code: &str,
) -> Result<axum::response::Response, Error> {
    let password = fields.secret("password");
    if password != fields.secret("again") {
        return Err(Error::field("again", "两次输入的密码不一样"));
    }
    let new = NewAccount {
        login: fields.get("login").to_owned(),
        name: fields.get("name").to_owned(),
        phone: fields.get("phone").to_owned(),
        email: String::new(),
    };
    people
        .accept_anew(&new, &password, &visit.origin, code)
        .await?;
    let entrance = people.sign_in(&new.login, &password, &visit.origin).await?;
    Ok(to_with("/account", visit.door, &entrance.cookie))
}
