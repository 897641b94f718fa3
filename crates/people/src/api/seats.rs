//! Seats.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

use super::App;
use crate::model::Seat;
use crate::service::{NewSeat, People, PlaceKey};

pub(super) fn routes() -> OpenApiRouter<Arc<People>> {
    OpenApiRouter::new()
        .routes(routes!(list_seats, grant_seat))
        .routes(routes!(end_seat))
}

/// 任职。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeatView {
    /// 标识。
    id: Uuid,
    /// 账号。
    account: Uuid,
    /// 组织；企业的任职没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<Uuid>,
    /// 企业的统一社会信用代码；组织的任职没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    enterprise: Option<String>,
    /// 组织或企业的名称。
    place: String,
    /// 角色。
    role: String,
    /// 起始日。
    valid_from: NaiveDate,
    /// 截止日；长期的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<NaiveDate>,
    /// 提前结束的时间。
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
}

impl From<&Seat> for SeatView {
    fn from(seat: &Seat) -> Self {
        Self {
            id: seat.id,
            account: seat.account,
            organisation: seat.place.organisation(),
            enterprise: seat.place.enterprise().map(str::to_owned),
            place: seat.place.name().to_owned(),
            role: seat.role.clone(),
            valid_from: seat.valid_from,
            valid_until: seat.valid_until,
            ended_at: seat.ended_at,
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct PlaceAsked {
    /// 组织。
    organisation: Option<Uuid>,
    /// 企业的统一社会信用代码。
    enterprise: Option<String>,
}

fn place(organisation: Option<Uuid>, enterprise: Option<String>) -> Result<PlaceKey, Problem> {
    match (organisation, enterprise) {
        (Some(id), None) => Ok(PlaceKey::Organisation(id)),
        (None, Some(code)) => Ok(PlaceKey::Enterprise(code)),
        _ => Err(Problem::bad_input("组织和企业要写一个，也只写一个")
            .field("organisation", "请写 organisation 或 enterprise")),
    }
}

/// 一个组织或一家企业的任职
#[utoipa::path(get, path = "/api/v1/seats", tag = "组织与账号", params(PlaceAsked),
    responses(
        (status = 200, description = "任职，过去的在后", body = Vec<SeatView>),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_seats(
    State(people): App,
    viewer: Viewer,
    Parameters(asked): Parameters<PlaceAsked>,
) -> Result<Json<Vec<SeatView>>, Problem> {
    let place = place(asked.organisation, asked.enterprise)?;
    let seats = people.seats_at(&viewer, &place).await?;
    Ok(Json(seats.iter().map(SeatView::from).collect()))
}

/// 要授予的任职：组织和企业写一个。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeatInput {
    /// 账号。
    account: Uuid,
    /// 组织。
    #[serde(default)]
    organisation: Option<Uuid>,
    /// 企业的统一社会信用代码。
    #[serde(default)]
    enterprise: Option<String>,
    /// 角色。
    role: String,
    /// 起始日。
    valid_from: NaiveDate,
    /// 截止日；长期的不写。
    #[serde(default)]
    valid_until: Option<NaiveDate>,
}

/// 授予任职；不能给自己授予，系统、安全、审计管理员不能由一人兼任
#[utoipa::path(post, path = "/api/v1/seats", tag = "组织与账号", request_body = SeatInput,
    responses(
        (status = 201, description = "已授予", body = SeatView),
        (status = 400, description = "内容有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "已经担任，或不能兼任", body = Problem, content_type = "application/problem+json"),
    ))]
async fn grant_seat(
    State(people): App,
    viewer: Viewer,
    Json(input): Json<SeatInput>,
) -> Result<(StatusCode, Json<SeatView>), Problem> {
    let new = NewSeat {
        account: input.account,
        place: place(input.organisation, input.enterprise)?,
        role: input.role,
        valid_from: input.valid_from,
        valid_until: input.valid_until,
    };
    let seat = people.grant(&viewer, &new).await?;
    Ok((StatusCode::CREATED, Json(SeatView::from(&seat))))
}

/// 结束任职的原因。
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SeatEnding {
    /// 原因。
    reason: String,
}

/// 立即结束任职；它的会话和令牌同时失去权限
#[utoipa::path(post, path = "/api/v1/seats/{id}/end", tag = "组织与账号", request_body = SeatEnding,
    params(("id" = Uuid, Path, description = "任职标识")),
    responses(
        (status = 204, description = "已结束"),
        (status = 404, description = "没有这个任职", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "已经结束，或是最后一个在任的人", body = Problem, content_type = "application/problem+json"),
    ))]
async fn end_seat(
    State(people): App,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    Json(ending): Json<SeatEnding>,
) -> Result<StatusCode, Problem> {
    people.end_seat(&viewer, id, &ending.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
