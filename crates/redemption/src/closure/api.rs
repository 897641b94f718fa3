//! JSON endpoints of 免申即享.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;

use super::lists::ListToSave;
use super::model::{Candidate, CandidateQuery, ComparisonList};
use super::release::Released;
use crate::rights::HANDLE;
use crate::service::Redemption;

type App = State<Arc<Redemption>>;

pub(crate) fn routes(app: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_candidates, release_candidates))
        .routes(routes!(list_lists, save_list))
        .with_state(app)
}

/// 一页候选。
#[derive(Debug, Serialize, ToSchema)]
struct CandidateList {
    /// 本页候选。
    items: Vec<Candidate>,
    /// 符合筛选条件的总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 一个事项的免申候选
#[utoipa::path(get, path = "/api/v1/redemption/candidates/{item}", tag = "兑付",
    params(("item" = String, Path, description = "事项标识"), CandidateQuery, PageRequest),
    responses(
        (status = 200, description = "一页候选和总数", body = CandidateList),
        (status = 400, description = "条件、游标或条数有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_candidates(
    State(app): App,
    viewer: Viewer,
    Path(item): Path<String>,
    Parameters(query): Parameters<CandidateQuery>,
    page: PageRequest,
) -> Result<Json<CandidateList>, Problem> {
    viewer.need(HANDLE)?;
    let total = app.candidate_count(&viewer, &item, &query).await?;
    let found = app.candidates(&viewer, &item, &query, &page).await?;
    Ok(Json(CandidateList {
        items: found.items,
        total,
        next: found.next,
    }))
}

/// 要放行的候选。
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct ToRelease {
    /// 候选的标识；空是待放行的全部，一次约 500 家。
    candidates: Vec<String>,
    /// 上一次结果的 next：从那里接着放行；只在 candidates 为空时有用。
    after: String,
}

/// 放行免申候选，一次约 500 家；不能放行的说明原因，后面的照样放行
#[utoipa::path(post, path = "/api/v1/redemption/candidates/{item}", tag = "兑付",
    params(("item" = String, Path, description = "事项标识")),
    request_body = ToRelease,
    responses(
        (status = 200, description = "每一家的结果", body = Released),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个事项", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "还没有方案，或现在不能放行", body = Problem, content_type = "application/problem+json"),
    ))]
async fn release_candidates(
    State(app): App,
    viewer: Viewer,
    Path(item): Path<String>,
    Json(wanted): Json<ToRelease>,
) -> Result<Json<Released>, Problem> {
    let ToRelease { candidates, after } = wanted;
    let after = (!after.is_empty()).then_some(after);
    Ok(Json(match (candidates.as_slice(), after) {
        ([], after) => app.release_waiting(&viewer, &item, after).await?,
        (named, _) => app.release(&viewer, &item, named).await?,
    }))
}

/// 一页比对名单。
#[derive(Debug, Serialize, ToSchema)]
struct ComparisonLists {
    /// 本页名单。
    items: Vec<ComparisonList>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 与本辖区有关的比对名单
#[utoipa::path(get, path = "/api/v1/redemption/lists", tag = "兑付", params(PageRequest), responses(
    (status = 200, description = "一页名单和总数", body = ComparisonLists),
    (status = 400, description = "翻页参数不对", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_lists(
    State(app): App,
    viewer: Viewer,
    page: PageRequest,
) -> Result<Json<ComparisonLists>, Problem> {
    let total = app.comparison_list_count(&viewer).await?;
    let found = app.comparison_lists(&viewer, &page).await?;
    Ok(Json(ComparisonLists {
        items: found.items,
        total,
        next: found.next,
    }))
}

/// 名单存了多少家。
#[derive(Debug, Serialize, ToSchema)]
struct ListSaved {
    /// 名单上的企业数。
    entries: u64,
}

/// 保存比对名单：整个替换；新名单归保存的单位
#[utoipa::path(post, path = "/api/v1/redemption/lists", tag = "兑付",
    request_body = ListToSave,
    responses(
        (status = 200, description = "存了多少家", body = ListSaved),
        (status = 400, description = "有几行不能用，或标识已被别的单位使用", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限，或名单由别的单位维护", body = Problem, content_type = "application/problem+json"),
    ))]
async fn save_list(
    State(app): App,
    viewer: Viewer,
    Json(list): Json<ListToSave>,
) -> Result<Json<ListSaved>, Problem> {
    let entries = app.save_list(&viewer, &list).await?;
    Ok(Json(ListSaved { entries }))
}
