//! JSON endpoints under `/api/v1`, for programs that keep organisations, accounts and seats in step.

mod accounts;
mod organisations;
mod seats;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use zhida_platform::access::{Action, Rights, Viewer};
use zhida_platform::problem::Problem;

use crate::identify::Me;
use crate::model::Token;
use crate::service::People;
use seats::SeatView;

type App = State<Arc<People>>;

pub(crate) fn routes(people: Arc<People>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(who_am_i))
        .routes(routes!(list_tokens))
        .routes(routes!(end_token))
        .merge(organisations::routes())
        .merge(accounts::routes())
        .merge(seats::routes())
        .with_state(people)
}

/// 当前身份。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Identity {
    /// 账号。
    account: Uuid,
    /// 登录名。
    login: String,
    /// 显示的名称；代办时写明由谁代办。
    name: String,
    /// 当前任职；没有任职的账号没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    seat: Option<SeatView>,
    /// 现在可以做的事。
    actions: Vec<String>,
}

/// 当前身份
#[utoipa::path(get, path = "/api/v1/me", tag = "组织与账号", responses(
    (status = 200, description = "账号、任职和权限", body = Identity),
    (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
))]
async fn who_am_i(Me(me): Me, viewer: Viewer) -> Json<Identity> {
    let actions = Rights::shipped().actions();
    let may = |(slug, _): &(&'static str, &'static str)| viewer.may(Action(slug));
    Json(Identity {
        account: me.account.id,
        login: me.account.login.clone(),
        name: viewer.name().to_owned(),
        seat: me.seat.as_ref().map(SeatView::from),
        actions: actions
            .filter(may)
            .map(|(slug, _)| slug.to_owned())
            .collect(),
    })
}

/// 访问令牌；令牌本身只在建立时显示一次。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// 标识。
    id: Uuid,
    /// 用途。
    name: String,
    /// 开头几个字符。
    hint: String,
    /// 任职。
    seat: Uuid,
    /// 可以做的事。
    actions: Vec<String>,
    /// 建立时间。
    created_at: DateTime<Utc>,
    /// 有效至。
    expires_at: DateTime<Utc>,
    /// 最近使用。
    used_at: Option<DateTime<Utc>>,
    /// 停用时间。
    ended_at: Option<DateTime<Utc>>,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            name: token.name,
            hint: token.hint,
            seat: token.seat,
            actions: token.actions,
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
            ended_at: token.ended_at,
        }
    }
}

/// 自己的访问令牌；建立要在网页上登录后办理
#[utoipa::path(get, path = "/api/v1/tokens", tag = "组织与账号", responses(
    (status = 200, description = "访问令牌，新的在前", body = Vec<TokenView>),
    (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
))]
async fn list_tokens(State(people): App, Me(me): Me) -> Result<Json<Vec<TokenView>>, Problem> {
    let tokens = people.own_tokens(&me).await?;
    Ok(Json(tokens.into_iter().map(TokenView::from).collect()))
}

/// 停用自己的一个访问令牌
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "组织与账号",
    params(("id" = Uuid, Path, description = "令牌标识")),
    responses(
        (status = 204, description = "已停用"),
        (status = 404, description = "没有这个令牌", body = Problem, content_type = "application/problem+json"),
    ))]
async fn end_token(
    State(people): App,
    Me(me): Me,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    people.end_token(&me, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
