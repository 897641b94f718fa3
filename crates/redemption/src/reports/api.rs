//! JSON endpoint of reports.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

use super::model::ReportLine;
use super::query::ReportQuery;
use crate::service::Redemption;

pub(crate) fn routes(app: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(get_report))
        .with_state(app)
}

/// 报表的一行和它的按时率。
#[derive(Debug, Serialize, ToSchema)]
struct RatedLine {
    #[serde(flatten)]
    line: ReportLine,
    /// 按时率 = 按时办结 ÷（办结 + 在办逾期）；分母为零时是“–”。
    on_time_percent: String,
}

impl From<ReportLine> for RatedLine {
    fn from(line: ReportLine) -> Self {
        Self {
            on_time_percent: line.on_time_percent(),
            line,
        }
    }
}

/// 兑付报表。
#[derive(Debug, Serialize, ToSchema)]
struct RedemptionReport {
    /// 各行，受理多的在前。
    items: Vec<RatedLine>,
    /// 行数。
    total: usize,
    /// 总是没有：一次给完。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// 合计。
    sum: RatedLine,
}

/// 兑付报表：按事项、区划或责任部门，只算可及范围内的办件
#[utoipa::path(get, path = "/api/v1/redemption/reports", tag = "兑付", params(ReportQuery), responses(
    (status = 200, description = "各行和合计", body = RedemptionReport),
    (status = 400, description = "日期或汇总方式不对", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn get_report(
    State(app): State<Arc<Redemption>>,
    viewer: Viewer,
    Query(query): Query<ReportQuery>,
) -> Result<Json<RedemptionReport>, Problem> {
    let report = app.report(&viewer, &query).await?;
    Ok(Json(RedemptionReport {
        total: report.lines.len(),
        items: report.lines.into_iter().map(Into::into).collect(),
        next: None,
        sum: report.sum.into(),
    }))
}
