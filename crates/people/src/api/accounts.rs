//! Accounts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;

use super::App;
use super::seats::SeatView;
use crate::AccountQuery;
use crate::model::Account;
use crate::service::{NewAccount, People};

pub(super) fn routes() -> OpenApiRouter<Arc<People>> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts, create_account))
        .routes(routes!(get_account))
        .routes(routes!(set_account_state))
}

/// 账号。电话和邮箱按权限脱敏。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    /// 标识。
    id: Uuid,
    /// 登录名。
    login: String,
    /// 姓名。
    name: String,
    /// 电话。
    phone: String,
    /// 邮箱。
    email: String,
    /// 在用。
    open: bool,
    /// 已设置第二因素。
    second_factor: bool,
    /// 建立时间。
    created_at: DateTime<Utc>,
    /// 最近登录。
    signed_in_at: Option<DateTime<Utc>>,
}

impl From<Account> for AccountView {
    fn from(one: Account) -> Self {
        Self {
            id: one.id,
            login: one.login,
            name: one.name,
            phone: one.phone,
            email: one.email,
            open: one.open,
            second_factor: one.factor,
            created_at: one.created_at,
            signed_in_at: one.signed_in_at,
        }
    }
}

/// 一页账号。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountList {
    /// 本页账号。
    items: Vec<AccountView>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct AccountAsked {
    /// 姓名或登录名里的字。
    q: String,
    /// 只要在用的，或只要停用的。
    open: Option<bool>,
}

/// 账号列表，按登录名
#[utoipa::path(get, path = "/api/v1/accounts", tag = "组织与账号", params(AccountAsked, PageRequest),
    responses(
        (status = 200, description = "一页账号和总数", body = AccountList),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_accounts(
    State(people): App,
    viewer: Viewer,
    Parameters(asked): Parameters<AccountAsked>,
    page: PageRequest,
) -> Result<Json<AccountList>, Problem> {
    let query = AccountQuery {
        text: asked.q.trim().chars().take(80).collect(),
        open: asked.open,
    };
    let total = people.account_count(&viewer, &query).await?;
    let found = people.accounts(&viewer, &query, &page).await?;
    Ok(Json(AccountList {
        items: found.items.into_iter().map(AccountView::from).collect(),
        total,
        next: found.next,
    }))
}

/// 账号和它的任职。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountDetail {
    #[serde(flatten)]
    account: AccountView,
    /// 任职，过去的在后。
    seats: Vec<SeatView>,
}

/// 一个账号
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "组织与账号",
    params(("id" = Uuid, Path, description = "账号标识")),
    responses(
        (status = 200, description = "账号和任职", body = AccountDetail),
        (status = 404, description = "没有这个账号", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_account(
    State(people): App,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<AccountDetail>, Problem> {
    let (account, seats) = people.account(&viewer, id).await?;
    Ok(Json(AccountDetail {
        account: account.into(),
        seats: seats.iter().map(SeatView::from).collect(),
    }))
}

/// 要建立的账号。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountInput {
    /// 登录名：3 至 40 个英文字母、数字或 . _ - @。
    login: String,
    /// 姓名。
    name: String,
    /// 电话。
    #[serde(default)]
    phone: String,
    /// 邮箱。
    #[serde(default)]
    email: String,
}

/// 建立的账号和初始密码；初始密码只在这里出现一次，首次登录要修改。
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountMade {
    #[serde(flatten)]
    account: AccountView,
    /// 初始密码。
    initial_password: String,
}

/// 建立账号；账号没有任何权限，权限由安全管理员授予
#[utoipa::path(post, path = "/api/v1/accounts", tag = "组织与账号", request_body = AccountInput,
    responses(
        (status = 201, description = "账号和初始密码", body = AccountMade),
        (status = 400, description = "内容有误，或登录名已有人用", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn create_account(
    State(people): App,
    viewer: Viewer,
    Json(input): Json<AccountInput>,
) -> Result<(StatusCode, Json<AccountMade>), Problem> {
    let new = NewAccount {
        login: input.login,
        name: input.name,
        phone: input.phone,
        email: input.email,
    };
    let (account, password) = people.create_account(&viewer, &new).await?;
    let made = AccountMade {
        account: account.into(),
        initial_password: password.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// 账号的状态。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountState {
    /// 在用；false 为停用，立即退出全部登录。
    open: bool,
}

/// 停用或启用账号
#[utoipa::path(post, path = "/api/v1/accounts/{id}/state", tag = "组织与账号", request_body = AccountState,
    params(("id" = Uuid, Path, description = "账号标识")),
    responses(
        (status = 204, description = "已办"),
        (status = 404, description = "没有这个账号", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "最后一个在任的管理员或法定代表人", body = Problem, content_type = "application/problem+json"),
    ))]
async fn set_account_state(
    State(people): App,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    Json(state): Json<AccountState>,
) -> Result<StatusCode, Problem> {
    people.set_account_open(&viewer, id, state.open).await?;
    Ok(StatusCode::NO_CONTENT)
}
