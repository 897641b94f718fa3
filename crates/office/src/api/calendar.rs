//! The calendar.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query as Parameters, State};
use axum::http::StatusCode;
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

use super::App;
use crate::calendar::{CalendarChange, MonthView, Preview, YearLine, months, to_do, years};
use crate::service::Office;

pub(super) fn routes() -> OpenApiRouter<Arc<Office>> {
    OpenApiRouter::new()
        .routes(routes!(get_calendar, change_calendar))
        .routes(routes!(preview_calendar))
}

/// 工作日历。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CalendarView {
    /// 变更过几次；变更时要带上。
    version: i64,
    /// 最近一次变更和原因。
    why: String,
    /// 已收录的年度。
    years: Vec<YearLine>,
    /// 要处理的事，如快到没有放假安排的年份。
    to_do: Vec<String>,
    /// 平时的作息时间。
    hours: String,
    /// 所问的年份。
    year: i32,
    /// 这一年各月的工作日和放假。
    months: Vec<MonthView>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct CalendarAsked {
    /// 年份；不填为今年。
    year: Option<i32>,
}

/// 一项变更和原因。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarAsk {
    /// 变更。
    change: CalendarChange,
    /// 原因。
    why: String,
    /// 看到的日历的 version；试算时不用。
    #[serde(default)]
    version: i64,
}

/// 工作日历：收录的年度、作息时间、一年的工作日
#[utoipa::path(get, path = "/api/v1/calendar", tag = "后台", params(CalendarAsked),
    responses(
        (status = 200, description = "工作日历", body = CalendarView),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "这一年没有收录", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_calendar(
    State(office): App,
    viewer: Viewer,
    Parameters(asked): Parameters<CalendarAsked>,
) -> Result<Json<CalendarView>, Problem> {
    let city = office.calendar(&viewer).await?;
    let today = office.clock.today();
    let year = asked.year.unwrap_or_else(|| today.year());
    let months = months(&city.calendar, year);
    let months = months.ok_or_else(|| Problem::not_found(format!("{year} 年的工作日历")))?;
    Ok(Json(CalendarView {
        version: city.version,
        years: years(&city.calendar),
        to_do: to_do(&city.calendar, today),
        hours: city.calendar.hours().to_string(),
        why: city.why,
        year,
        months,
    }))
}

/// 试算一项变更对在办办件的影响，不保存
#[utoipa::path(post, path = "/api/v1/calendar/preview", tag = "后台", request_body = CalendarAsk,
    responses(
        (status = 200, description = "影响", body = Preview),
        (status = 400, description = "变更有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn preview_calendar(
    State(office): App,
    viewer: Viewer,
    Json(ask): Json<CalendarAsk>,
) -> Result<Json<Preview>, Problem> {
    let found = office.preview_calendar(&viewer, &ask.change, &ask.why);
    Ok(Json(found.await?))
}

/// 变更工作日历
#[utoipa::path(post, path = "/api/v1/calendar", tag = "后台", request_body = CalendarAsk,
    responses(
        (status = 204, description = "已变更，在办办件的时限一分钟内重新计算"),
        (status = 400, description = "变更有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "日历刚刚有人改过", body = Problem, content_type = "application/problem+json"),
    ))]
async fn change_calendar(
    State(office): App,
    viewer: Viewer,
    Json(ask): Json<CalendarAsk>,
) -> Result<StatusCode, Problem> {
    let CalendarAsk {
        change,
        why,
        version,
    } = ask;
    office
        .change_calendar(&viewer, &change, &why, version)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
