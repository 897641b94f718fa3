//! JSON endpoints under `/api/v1/match`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use crate::Matching;
use crate::answers;
use crate::error::Error;
use crate::judge::Detail;
use crate::model::{EnterpriseMatch, ItemMatch, WhatIf};
use crate::news::{News, NewsQuery, RunRecord};
use crate::rights::{LIST, RUNS};
use crate::service::Patience;
use crate::verdict::Label;
use crate::views;

/// The endpoints.
pub(crate) fn router(matching: Arc<Matching>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(enterprise))
        .routes(routes!(item))
        .routes(routes!(calculate))
        .routes(routes!(what_if))
        .routes(routes!(news))
        .routes(routes!(runs))
        .with_state(matching)
}

/// How an enterprise is matched.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EnterpriseParams {
    /// 基准日，默认今天。
    on: Option<NaiveDate>,
    /// 是否逐条说明条件，默认是。
    #[serde(default = "yes")]
    #[param(default = true)]
    explain: bool,
}

fn yes() -> bool {
    true
}

fn detail(explain: bool) -> Detail {
    if explain { Detail::Full } else { Detail::Brief }
}

/// 一家企业的政策匹配
#[utoipa::path(
    get,
    path = "/api/v1/match/enterprises/{code}",
    tag = "政策直达",
    params(("code" = String, Path, description = "统一社会信用代码"), EnterpriseParams),
    responses(
        (status = 200, description = "全部在办事项的结论、依据、金额与最优组合", body = EnterpriseMatch),
        (status = 404, description = "库中没有这个市场主体", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn enterprise(
    State(matching): State<Arc<Matching>>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(params): Query<EnterpriseParams>,
) -> Result<Json<EnterpriseMatch>, Problem> {
    let code = matching
        .reached(&viewer, &code, "政策匹配结果", None)
        .await?
        .code;
    let on = matching.day(params.on)?;
    Ok(Json(
        matching
            .for_enterprise(&code, on, detail(params.explain))
            .await?,
    ))
}

/// Which enterprises of an item.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ItemParams {
    /// 基准日，默认今天。
    on: Option<NaiveDate>,
    /// 结论：eligible、manual、near_miss、one_unknown、unknown、ineligible、out_of_reach；不填为全部。
    #[serde(default)]
    verdict: String,
    /// 企业名称中的字。
    #[serde(default)]
    q: String,
    /// 区划代码。
    #[serde(default)]
    region: String,
    /// 行业代码。
    #[serde(default)]
    industry: String,
    /// 企业规模。
    #[serde(default)]
    size: String,
    /// 企业标签。
    #[serde(default)]
    tag: String,
}

/// 一个事项匹配到的企业
#[utoipa::path(
    get,
    path = "/api/v1/match/items/{id}",
    tag = "政策直达",
    params(("id" = String, Path, description = "事项标识或编号"), ItemParams, PageRequest),
    responses(
        (status = 200, description = "按结论计数与一页企业", body = ItemMatch),
        (status = 400, description = "筛选条件有误，或范围太大", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个已发布的事项", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn item(
    State(matching): State<Arc<Matching>>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<ItemParams>,
    page: PageRequest,
) -> Result<Json<ItemMatch>, Problem> {
    viewer.need(LIST)?;
    let on = matching.day(params.on)?;
    let label = match params.verdict.trim() {
        "" => None,
        key => Some(Label::from_key(key).ok_or_else(|| {
            Problem::bad_input("筛选条件 verdict 没有这个选项").field(
                "verdict",
                "可用 eligible、manual、near_miss、one_unknown、unknown、ineligible、out_of_reach",
            )
        })?),
    };
    let query = zhida_registry::Query {
        text: params.q,
        region: params.region,
        industry: params.industry,
        size: params.size,
        tag: params.tag,
        reach: viewer.reach(LIST),
        ..Default::default()
    };
    let found = matching
        .for_item(&id, &query, label, on, &page, Patience::Page)
        .await?;
    let look = views::of_item("matching.list", &found.item.id, label, &query);
    let count = label.map_or(found.counts.total, |label| found.counts.get(label));
    matching.record_list(&viewer, look, count).await?;
    Ok(Json(found))
}

/// 不针对具体企业的测算。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CalculateBody {
    /// 事实：`{"企业规模": "小型", "营业收入": {"2025": 20000000}}`，属性写名称或标识。
    #[schema(value_type = Object)]
    facts: serde_json::Value,
    /// 基准日，默认今天。
    on: Option<NaiveDate>,
    /// 是否逐条说明条件，默认是。
    #[serde(default = "yes")]
    explain: bool,
}

/// 按填写的情况匹配（不保存）
#[utoipa::path(
    post,
    path = "/api/v1/match/calculate",
    tag = "政策直达",
    request_body = CalculateBody,
    responses(
        (status = 200, description = "与企业匹配的答复相同，没有企业信息", body = EnterpriseMatch),
        (status = 400, description = "填写的内容有误", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn calculate(
    State(matching): State<Arc<Matching>>,
    Json(body): Json<CalculateBody>,
) -> Result<Json<EnterpriseMatch>, Problem> {
    let on = matching.day(body.on)?;
    let answers =
        answers::from_json(matching.dictionary(), &body.facts, on).map_err(Error::Facts)?;
    Ok(Json(
        matching
            .for_answers(&answers, on, detail(body.explain))
            .await?,
    ))
}

/// 要改变的数据。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhatIfBody {
    /// 统一社会信用代码。
    code: String,
    /// 改变的事实：`{"营业收入": {"2025": 30000000}, "高新技术企业": true}`；null 表示当作不知道。
    #[schema(value_type = Object)]
    changes: serde_json::Value,
    /// 基准日，默认今天。
    on: Option<NaiveDate>,
}

/// 假设情况改变，哪些结论会变（不保存）
#[utoipa::path(
    post,
    path = "/api/v1/match/what-if",
    tag = "政策直达",
    request_body = WhatIfBody,
    responses(
        (status = 200, description = "结论与金额的变化", body = WhatIf),
        (status = 400, description = "填写的内容有误", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "库中没有这个市场主体", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn what_if(
    State(matching): State<Arc<Matching>>,
    viewer: Viewer,
    Json(body): Json<WhatIfBody>,
) -> Result<Json<WhatIf>, Problem> {
    let code = matching
        .reached(&viewer, &body.code, "假设试算", None)
        .await?
        .code;
    let on = matching.day(body.on)?;
    let changes =
        answers::from_json(matching.dictionary, &body.changes, on).map_err(Error::Facts)?;
    Ok(Json(matching.what_if(&code, &changes, on).await?))
}

/// Which news.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NewsParams {
    /// 统一社会信用代码；不填为全部。
    #[serde(default)]
    enterprise: String,
    /// 事项标识或编号；不填为全部。
    #[serde(default)]
    item: String,
}

/// 新匹配：与上一次全量匹配相比新符合的
#[utoipa::path(
    get,
    path = "/api/v1/matches/news",
    tag = "政策直达",
    params(NewsParams, PageRequest),
    responses(
        (status = 200, description = "一页新匹配，新的在前", body = Page<News>),
        (status = 400, description = "翻页位置有误", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个市场主体或事项", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn news(
    State(matching): State<Arc<Matching>>,
    viewer: Viewer,
    Query(params): Query<NewsParams>,
    page: PageRequest,
) -> Result<Json<Page<News>>, Problem> {
    viewer.need(LIST)?;
    let query = NewsQuery {
        enterprise: params.enterprise,
        item: params.item,
        reach: viewer.reach(LIST),
    };
    let found = matching.news(&query, &page).await?;
    let look = views::of_news("matching.list", &query);
    let count = matching.news_count(&query).await?;
    matching.record_list(&viewer, look, count).await?;
    Ok(Json(found))
}

/// 全量匹配的进展：最近几次，新的在前
#[utoipa::path(
    get,
    path = "/api/v1/matches/runs",
    tag = "政策直达",
    responses(
        (status = 200, description = "最近的全量匹配，各到哪一步", body = Vec<RunRecord>),
    )
)]
async fn runs(
    State(matching): State<Arc<Matching>>,
    viewer: Viewer,
) -> Result<Json<Vec<RunRecord>>, Problem> {
    viewer.need(RUNS)?;
    Ok(Json(matching.runs().await?))
}
