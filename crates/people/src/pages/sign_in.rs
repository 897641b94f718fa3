//! Signing in: password, second factor, forced change, set-up of the factor; and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use zhida_platform::access::SIGN_IN;
use zhida_ui::{FormErrors, Frame, Html, Page};

use super::form::{Fields, FormPage, Input, OncePage};
use super::identities::farewell;
use super::{Answer, App, to, to_with, with_cookie};
use crate::error::Error;
use crate::identify::{Begun, Visit};
use crate::next::{percent, safe};
use crate::service::{Current, Entrance, Stage};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Next {
    pub next: String,
}

/// 登录
pub(crate) async fn show(
    State(people): State<App>,
    frame: Frame,
    begun: Begun,
    Query(Next { next }): Query<Next>,
) -> Response {
    match begun.0 {
        Some(current) => to(&onward(current.stage, &next)),
        None => sign_in_form(&people, &frame, &next, "").shown(),
    }
}

fn sign_in_form(people: &App, frame: &Frame, next: &str, login: &str) -> FormPage {
    let page = frame
        .page("登录")
        .lead("企业人员、代办人员和工作人员都从这里登录。");
    let form = FormPage::new(page, SIGN_IN, "登录")
        .input(Input::hidden("next", safe(next)))
        .input(Input::login(login))
        .input(Input::password("password", "密码", "current-password"))
        .note("没有账号：企业人员请向本单位的法定代表人索取邀请码，工作人员请联系系统管理员。");
    let form = match people.settings.demo {
        true => form.other(
            "不用密码，选择演示身份".to_owned(),
            format!("/demo?next={}", percent(safe(next))),
        ),
        false => form,
    };
    // links, not forms: the security policy lets no form lead to another site
    people.providers.iter().fold(form, |form, provider| {
        let (id, name) = (&provider.config.id, &provider.config.name);
        let href = format!("{SIGN_IN}/with/{id}?next={}", percent(safe(next)));
        form.other(format!("用{name}登录"), href)
    })
}

/// Where a session goes: first to what comes first.
pub(super) fn onward(stage: Stage, next: &str) -> String {
    match stage {
        Stage::Complete => safe(next).to_owned(),
        _ => format!("{}?next={}", stage.page(), percent(safe(next))),
    }
}

pub(crate) async fn submit(
    State(people): State<App>,
    visit: Visit,
    begun: Begun,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let (login, next) = (fields.get("login"), fields.get("next"));
    let password = fields.secret("password");
    match people.sign_in(login, &password, &visit.origin).await {
        Ok(entrance) => {
            // whoever signs in again on the same browser leaves the session before
            if let Some(before) = begun.0 {
                people
                    .sign_out(&before)
                    .await
                    .map_err(zhida_platform::problem::Problem::from)?;
            }
            Ok(entered(&visit, &entrance, next))
        }
        Err(error) => sign_in_form(&people, &frame, next, login).refused(error),
    }
}

pub(super) fn entered(visit: &Visit, entrance: &Entrance, next: &str) -> Response {
    to_with(&onward(entrance.stage, next), visit.door, &entrance.cookie)
}

/// 第二因素
pub(crate) async fn code(frame: Frame, begun: Begun, Query(Next { next }): Query<Next>) -> Answer {
    let current = begun.session()?;
    if current.stage != Stage::GiveCode {
        return Ok(to(&onward(current.stage, &next)));
    }
    Ok(code_form(&frame, &next).shown())
}

fn code_form(frame: &Frame, next: &str) -> FormPage {
    let page = frame
        .page("输入验证码")
        .lead("密码正确，还要核对第二因素。");
    FormPage::new(page, "/sign-in/code", "继续")
        .input(Input::hidden("next", safe(next)))
        .input(
            Input::code("验证码")
                .hint("打开手机上的身份验证器，输入 6 位数字；手机不在身边时可以输入一个恢复码"),
        )
        .note("手机丢失且没有恢复码，请联系安全管理员重置。")
        .leave()
}

pub(crate) async fn submit_code(
    State(people): State<App>,
    visit: Visit,
    begun: Begun,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let current = begun.session()?;
    let next = fields.get("next");
    if current.stage != Stage::GiveCode {
        return Ok(to(&onward(current.stage, next)));
    }
    match people.give_code(&current, fields.get("code")).await {
        Ok(entrance) => Ok(entered(&visit, &entrance, next)),
        Err(error) => code_form(&frame, next).refused(error),
    }
}

/// 退出登录
pub(crate) async fn sign_out(
    State(people): State<App>,
    visit: Visit,
    begun: Begun,
    frame: Frame,
) -> Answer {
    let mut response = to(SIGN_IN);
    if let Some(current) = begun.0 {
        // first, for the provider may be slow and the person may leave
        people
            .sign_out(&current)
            .await
            .map_err(zhida_platform::problem::Problem::from)?;
        if let Some((name, address)) = people.farewell(&current).await {
            response = farewell(&frame, &name, address);
        }
    }
    Ok(with_cookie(response, visit.door.clear()))
}

/// 修改密码
pub(crate) async fn password(
    frame: Frame,
    begun: Begun,
    Query(Next { next }): Query<Next>,
) -> Answer {
    let current = begun.session()?;
    match current.stage {
        Stage::GiveCode => Ok(to(&onward(current.stage, &next))),
        _ => Ok(password_form(&frame, &current, &next).shown()),
    }
}

fn password_form(frame: &Frame, current: &Arc<Current>, next: &str) -> FormPage {
    let page = frame.page("修改密码").lead(if current.account.must_change {
        "现在的密码是别人给的，请先换成只有您自己知道的。"
    } else {
        "改好以后，其他地方的登录都会退出。"
    });
    let new = Input::password("new", "新密码", "new-password").hint(
        "至少 10 个字符，可以用几个词连成一句；不要太常见，不要含登录名或姓名，不要与最近 5 个相同",
    );
    let form = FormPage::new(page, "/account/password", "修改密码")
        .input(Input::hidden("next", safe(next)))
        .input(Input::password("old", "现在的密码", "current-password"))
        .input(new)
        .input(Input::password("again", "再输入一次新密码", "new-password"));
    match current.account.must_change {
        true => form.leave(),
        false => form.cancel("/account"),
    }
}

pub(crate) async fn submit_password(
    State(people): State<App>,
    visit: Visit,
    begun: Begun,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let current = begun.session()?;
    let next = fields.get("next");
    let form = password_form(&frame, &current, next);
    let (old, new) = (fields.secret("old"), fields.secret("new"));
    if new != fields.secret("again") {
        return form.refused(Error::field("again", "两次输入的新密码不一样"));
    }
    match people.change_password(&current, &old, &new).await {
        Ok(entrance) => {
            let next = if current.account.must_change {
                next
            } else {
                "/account"
            };
            Ok(entered(&visit, &entrance, next))
        }
        Err(error) => form.refused(error),
    }
}

/// 设置第二因素
#[derive(Template)]
#[template(path = "people/factor.html")]
struct FactorPage {
    page: Page,
    errors: FormErrors,
    /// SVG of our own making.
    picture: String,
    letters: String,
    next: String,
    /// Whether the sign-in is not complete and can be given up.
    leave: bool,
}

pub(crate) async fn factor(
    State(people): State<App>,
    frame: Frame,
    begun: Begun,
    Query(Next { next }): Query<Next>,
) -> Answer {
    let current = begun.session()?;
    if matches!(current.stage, Stage::GiveCode | Stage::ChangePassword) || current.account.factor {
        return Ok(to(&onward(current.stage, &next)));
    }
    let page = factor_page(&people, &frame, &current, &next).await?;
    Ok(Html(page).into_response())
}

async fn factor_page(
    people: &App,
    frame: &Frame,
    current: &Current,
    next: &str,
) -> Result<FactorPage, zhida_platform::problem::Problem> {
    let set_up = people.begin_factor(current).await?;
    let groups: Vec<&str> = (0..set_up.key.expose().len() / 4)
        .map(|at| &set_up.key.expose()[at * 4..at * 4 + 4])
        .collect();
    Ok(FactorPage {
        page: frame
            .page("设置第二因素")
            .lead("以后登录除了密码，还要输入手机上的 6 位验证码。"),
        errors: FormErrors::none(),
        picture: set_up.picture,
        letters: groups.join(" "),
        next: safe(next).to_owned(),
        leave: current.stage != Stage::Complete,
    })
}

pub(crate) async fn submit_factor(
    State(people): State<App>,
    visit: Visit,
    begun: Begun,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let current = begun.session()?;
    let next = fields.get("next");
    match people.confirm_factor(&current, fields.get("code")).await {
        Ok((entrance, codes)) => {
            let page = OncePage {
                page: frame.page("恢复码"),
                note:
                    "手机丢失时，每个恢复码可以代替验证码用一次。请抄下来或打印，与手机分开保存。"
                        .to_owned(),
                secrets: numbered(&codes),
                next: onward(entrance.stage, next),
                button: "我已经保存好",
            };
            Ok(with_cookie(page.shown(), visit.door.set(&entrance.cookie)))
        }
        Err(error @ (Error::WrongCode | Error::Locked { .. })) => {
            let mut page = factor_page(&people, &frame, &current, next).await?;
            page.errors.add("code", error.to_string());
            let status = zhida_platform::problem::Problem::from(error).status;
            Ok((status, Html(page)).into_response())
        }
        Err(error) => Err(zhida_platform::problem::Problem::from(error).into()),
    }
}

pub(super) fn numbered(codes: &[crate::secret::Secret]) -> Vec<(String, String)> {
    let codes = codes.iter().enumerate();
    codes
        .map(|(at, code)| (format!("恢复码 {}", at + 1), code.expose().to_owned()))
        .collect()
}
