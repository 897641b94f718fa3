//! Organisations.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;

use super::App;
use crate::OrganisationQuery;
use crate::model::{Organisation, OrganisationKind};
use crate::service::{OrganisationForm, People};

pub(super) fn routes() -> OpenApiRouter<Arc<People>> {
    OpenApiRouter::new()
        .routes(routes!(list_organisations, create_organisation))
        .routes(routes!(get_organisation, change_organisation))
}

/// 组织。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganisationView {
    /// 标识。
    id: Uuid,
    /// 上级；最上一级没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Uuid>,
    /// 名称。
    name: String,
    /// 类别。
    kind: OrganisationKind,
    /// 辖区的行政区划代码。
    division: String,
    /// 起始日。
    valid_from: NaiveDate,
    /// 截止日；长期的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<NaiveDate>,
}

impl From<Organisation> for OrganisationView {
    fn from(one: Organisation) -> Self {
        Self {
            id: one.id,
            parent: one.parent,
            name: one.name,
            kind: one.kind,
            division: one.division,
            valid_from: one.valid_from,
            valid_until: one.valid_until,
        }
    }
}

/// 一页组织。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganisationList {
    /// 本页组织。
    items: Vec<OrganisationView>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct OrganisationAsked {
    /// 名称里的字。
    q: String,
    /// 只要这个组织的直接下级。
    parent: Option<Uuid>,
    /// 只要这一类。
    kind: Option<OrganisationKind>,
}

/// 组织列表，按名称
#[utoipa::path(get, path = "/api/v1/organisations", tag = "组织与账号",
    params(OrganisationAsked, PageRequest),
    responses(
        (status = 200, description = "一页组织和总数", body = OrganisationList),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_organisations(
    State(people): App,
    viewer: Viewer,
    Parameters(asked): Parameters<OrganisationAsked>,
    page: PageRequest,
) -> Result<Json<OrganisationList>, Problem> {
    let query = OrganisationQuery {
        text: asked.q.trim().chars().take(80).collect(),
        parent: asked.parent,
        roots: false,
        kind: asked.kind,
        ..OrganisationQuery::default()
    };
    let total = people.organisation_count(&viewer, &query).await?;
    let found = people.organisations(&viewer, &query, &page).await?;
    Ok(Json(OrganisationList {
        items: found
            .items
            .into_iter()
            .map(OrganisationView::from)
            .collect(),
        total,
        next: found.next,
    }))
}

/// 一个组织
#[utoipa::path(get, path = "/api/v1/organisations/{id}", tag = "组织与账号",
    params(("id" = Uuid, Path, description = "组织标识")),
    responses(
        (status = 200, description = "组织", body = OrganisationView),
        (status = 404, description = "没有这个组织", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_organisation(
    State(people): App,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<OrganisationView>, Problem> {
    Ok(Json(people.organisation(&viewer, id).await?.into()))
}

/// 要写入的组织。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationInput {
    /// 上级；最上一级不写。
    #[serde(default)]
    parent: Option<Uuid>,
    /// 名称。
    name: String,
    /// 类别。
    kind: OrganisationKind,
    /// 辖区的行政区划代码，要在上级的辖区之内。
    division: String,
    /// 起始日。
    valid_from: NaiveDate,
    /// 截止日；长期的不写。
    #[serde(default)]
    valid_until: Option<NaiveDate>,
}

impl From<OrganisationInput> for OrganisationForm {
    fn from(input: OrganisationInput) -> Self {
        Self {
            parent: input.parent,
            name: input.name,
            kind: input.kind,
            division: input.division,
            valid_from: input.valid_from,
            valid_until: input.valid_until,
        }
    }
}

/// 新建组织
#[utoipa::path(post, path = "/api/v1/organisations", tag = "组织与账号", request_body = OrganisationInput,
    responses(
        (status = 201, description = "已建立", body = OrganisationView),
        (status = 400, description = "内容有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn create_organisation(
    State(people): App,
    viewer: Viewer,
    Json(input): Json<OrganisationInput>,
) -> Result<(StatusCode, Json<OrganisationView>), Problem> {
    let made = people.create_organisation(&viewer, &input.into()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// 修改组织
#[utoipa::path(put, path = "/api/v1/organisations/{id}", tag = "组织与账号", request_body = OrganisationInput,
    params(("id" = Uuid, Path, description = "组织标识")),
    responses(
        (status = 200, description = "修改后的组织", body = OrganisationView),
        (status = 400, description = "内容有误", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个组织", body = Problem, content_type = "application/problem+json"),
    ))]
async fn change_organisation(
    State(people): App,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    Json(input): Json<OrganisationInput>,
) -> Result<Json<OrganisationView>, Problem> {
    let changed = people
        .change_organisation(&viewer, id, &input.into())
        .await?;
    Ok(Json(changed.into()))
}
