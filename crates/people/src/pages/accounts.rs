//! 账号: made by the system administrator, seated and secured by the security administrator.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use uuid::Uuid;
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Html, Page, Pager};

use super::form::{Fields, FormPage, Input, OncePage};
use super::identities::IdentityLine;
use super::{Answer, App, SeatLine, office, to};
use crate::AccountQuery;
use crate::actions::{ORGANISATION_MANAGE, SEAT_GRANT, SESSION_MANAGE};
use crate::model::Account;
use crate::next::percent;
use crate::service::NewAccount;

/// Rows of a page.
const PAGE: u32 = 50;
pub(super) const HERE: &str = "/accounts";

#[derive(Template)]
#[template(path = "people/accounts.html")]
struct ListPage {
    page: Page,
    q: String,
    rows: Vec<Account>,
    pager: Pager,
    manages: bool,
}

#[derive(Template)]
#[template(path = "people/person.html")]
struct ShowPage {
    page: Page,
    account: Account,
    signed_in: String,
    seats: Vec<SeatLine>,
    identities: Vec<IdentityLine>,
    /// Where identities are ended; empty for viewers who do not.
    end_identity: &'static str,
    links: bool,
    manages: bool,
    grants: bool,
    secures: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    after: Option<String>,
}

/// 账号
pub(crate) async fn list(
    State(people): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let text: String = asked.q.trim().chars().take(80).collect();
    let query = AccountQuery {
        text: text.clone(),
        open: None,
    };
    let request = PageRequest {
        after: asked.after,
        limit: PAGE,
    }
    .checked(PAGE)?;
    let viewer = &frame.viewer;
    let total = people
        .account_count(viewer, &query)
        .await
        .map_err(Problem::from)?;
    let found = people
        .accounts(viewer, &query, &request)
        .await
        .map_err(Problem::from)?;
    let address = |after: &str| format!("{HERE}?q={}&after={}", percent(&text), percent(after));
    Ok(Html(ListPage {
        page: office(&frame, "账号", HERE).lead("账号只用来登录，能做什么由任职决定。"),
        rows: found.items,
        pager: Pager {
            summary: format!("共 {} 个", count(total)),
            first: request.after.map_or_else(String::new, |_| address("")),
            next: found.next.map_or_else(String::new, |next| address(&next)),
        },
        q: text,
        manages: viewer.may(ORGANISATION_MANAGE),
    })
    .into_response())
}

pub(crate) async fn show(State(people): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    let viewer = &frame.viewer;
    let (account, seats) = people.account(viewer, id).await.map_err(Problem::from)?;
    let identities = people.identities(viewer, id).await.map_err(Problem::from)?;
    let manages = viewer.may(ORGANISATION_MANAGE);
    let signed_in = account.signed_in_at;
    Ok(Html(ShowPage {
        page: office(&frame, &account.name, HERE).crumb("账号", HERE),
        signed_in: signed_in.map_or_else(|| "从未登录".to_owned(), datetime_zh),
        account,
        seats: SeatLine::all(&seats, &people),
        identities: IdentityLine::all(&identities, &people),
        end_identity: if manages { "/identities" } else { "" },
        links: false,
        manages,
        grants: viewer.may(SEAT_GRANT),
        secures: viewer.may(SESSION_MANAGE),
    })
    .into_response())
}

fn form(frame: &Frame, title: &str, action: String, values: &NewAccount, new: bool) -> FormPage {
    let page = office(frame, title, HERE).crumb("账号", HERE);
    let form = FormPage::new(page, action, "保存").cancel(HERE);
    let form = match new {
        true => form.input(
            Input::text("login", "登录名", &values.login)
                .hint("3 至 40 个英文字母、数字或 . _ - @，以后不能改"),
        ),
        false => form.note(format!("登录名：{}", values.login)),
    };
    form.input(Input::text("name", "姓名", &values.name))
        .input(Input::text("phone", "电话（可不填）", &values.phone))
        .input(Input::text("email", "邮箱（可不填）", &values.email))
}

fn read(fields: &Fields) -> NewAccount {
    NewAccount {
        login: fields.get("login").to_owned(),
        name: fields.get("name").to_owned(),
        phone: fields.get("phone").to_owned(),
        email: fields.get("email").to_owned(),
    }
}

/// 新建账号
pub(crate) async fn new(frame: Frame) -> Answer {
    let action = format!("{HERE}/new");
    Ok(form(&frame, "新建账号", action, &NewAccount::default(), true).shown())
}

pub(crate) async fn submit_new(State(people): State<App>, frame: Frame, fields: Fields) -> Answer {
    let new = read(&fields);
    match people.create_account(&frame.viewer, &new).await {
        Ok((account, password)) => Ok(initial(&frame, &account, password.expose()).shown()),
        Err(error) => form(&frame, "新建账号", format!("{HERE}/new"), &new, true).refused(error),
    }
}

fn initial(frame: &Frame, account: &Account, password: &str) -> OncePage {
    OncePage {
        page: office(frame, "初始密码", HERE),
        note: "请当面或用安全的方式交给本人，14 天内有效；首次登录时要换成自己的密码。".to_owned(),
        secrets: vec![
            ("登录名".to_owned(), account.login.clone()),
            ("初始密码".to_owned(), password.to_owned()),
        ],
        next: format!("{HERE}/{}", account.id),
        button: "已经交给本人",
    }
}

/// 修改账号
pub(crate) async fn edit(State(people): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    let (account, _) = people
        .account(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    let values = NewAccount {
        login: account.login,
        name: account.name,
        phone: String::new(),
        email: String::new(),
    };
    Ok(form(
        &frame,
        "修改账号",
        format!("{HERE}/{id}/edit"),
        &values,
        false,
    )
    .note("电话和邮箱请重新填写；不填就会清空。")
    .shown())
}

pub(crate) async fn submit(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
    fields: Fields,
) -> Answer {
    let new = read(&fields);
    match people.change_account(&frame.viewer, id, &new).await {
        Ok(()) => Ok(to(&format!("{HERE}/{id}"))),
        Err(error) => {
            form(&frame, "修改账号", format!("{HERE}/{id}/edit"), &new, false).refused(error)
        }
    }
}

/// 停用、启用
pub(crate) async fn set_state(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
    fields: Fields,
) -> Answer {
    let open = fields.get("open") == "yes";
    people
        .set_account_open(&frame.viewer, id, open)
        .await
        .map_err(Problem::from)?;
    Ok(to(&format!("{HERE}/{id}")))
}

/// 重置密码
pub(crate) async fn reset_password(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    let viewer = &frame.viewer;
    let (account, _) = people.account(viewer, id).await.map_err(Problem::from)?;
    let password = people
        .reset_password(viewer, id)
        .await
        .map_err(Problem::from)?;
    let mut page = initial(&frame, &account, password.expose());
    let linked = people.identities(viewer, id).await.map_err(Problem::from)?;
    if !linked.is_empty() {
        page.note
            .push_str("这个账号关联了统一身份，仍可用它登录；不该再用的，请在账号页面解除关联。");
    }
    Ok(page.shown())
}

/// 重置第二因素
pub(crate) async fn reset_factor(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    people
        .reset_factor(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    Ok(to(&format!("{HERE}/{id}")))
}

/// 结束会话和令牌
pub(crate) async fn end_access(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    people
        .end_access(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    Ok(to(&format!("{HERE}/{id}")))
}

impl ShowPage {
    /// Where seats are ended; empty for viewers who do not.
    fn end(&self) -> &'static str {
        if self.grants { "/seats" } else { "" }
    }
}
