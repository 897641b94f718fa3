//! 兑付报表.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format::money_fen;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Exports, FormErrors, Frame, Html, Page};

use super::model::{By, ReportLine};
use super::query::ReportQuery;
use super::service::columns;
use crate::desk::DESK;
use crate::error::Error;
use crate::pages::Answer;
use crate::rights::HANDLE;
use crate::service::Redemption;

/// 兑付报表.
pub(crate) const REPORTS: &str = "/redemption/reports";

pub(crate) fn routes(app: Arc<Redemption>) -> Router {
    Router::new()
        .route("/redemption/reports", get(report))
        .route("/redemption/reports/export.csv", get(csv))
        .route("/redemption/reports/export.xlsx", get(xlsx))
        .with_state(app)
}

struct Line {
    line: ReportLine,
    on_time: String,
    days: String,
    paid: String,
    /// The item's own page, or its queue, for who may open it.
    href: String,
}

#[derive(Template)]
#[template(path = "redemption/reports.html")]
struct ReportPage {
    page: Page,
    errors: FormErrors,
    query: ReportQuery,
    choices: Vec<Choice>,
    by: &'static str,
    lines: Vec<Line>,
    sum: Option<Line>,
    exports: Exports,
}

fn line(line: ReportLine, href: String) -> Line {
    Line {
        on_time: line.on_time_percent(),
        days: line.days.map_or_else(
            || "–".to_owned(),
            |days| format!("{} / {}", days.median, days.p90),
        ),
        paid: money_fen(line.paid_fen),
        href,
        line,
    }
}

/// 兑付报表
async fn report(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Query(query): Query<ReportQuery>,
) -> Answer {
    let (by, lines, sum, errors) = match app.report(&frame.viewer, &query).await {
        Ok(report) => (
            report.by,
            report.lines,
            Some(report.sum),
            FormErrors::none(),
        ),
        Err(error @ Error::Field { .. }) => {
            let by = By::parse(&query.by).unwrap_or(By::Item);
            (by, Vec::new(), None, Problem::from(error).fields.into())
        }
        Err(error) => return Err(error.into()),
    };
    let status = match sum {
        Some(_) => StatusCode::OK,
        None => StatusCode::BAD_REQUEST,
    };
    let links = by == By::Item && frame.viewer.may(HANDLE);
    let href = |line: &ReportLine| match links {
        true => format!("{DESK}?item={}&state=all", line.key),
        false => String::new(),
    };
    let csv = address(&format!("{REPORTS}/export.csv"), &query);
    let exports = frame
        .exports("redemption.reports", &csv, &columns(by), "")
        .await?;
    let chosen = By::ALL
        .iter()
        .map(|one| Choice::new(one.slug(), one.word(), by.slug()));
    let page = ReportPage {
        page: frame
            .page("兑付报表")
            .lead("按受理日期统计本辖区的办件。按时率 = 按时办结 ÷（办结 + 在办逾期）；工作日不算等待企业的时间。")
            .active(REPORTS)
            .office(),
        choices: chosen.collect(),
        by: by.word(),
        lines: lines
            .into_iter()
            .map(|one| {
                let href = href(&one);
                line(one, href)
            })
            .collect(),
        sum: sum.map(|sum| line(sum, String::new())),
        exports,
        errors,
        query,
    };
    Ok((status, Html(page)).into_response())
}

fn address(path: &str, query: &ReportQuery) -> String {
    let fields = [
        ("by", query.by.as_str()),
        ("from", &query.from),
        ("until", &query.until),
        ("item", &query.item),
    ];
    zhida_ui::address(path, &fields)
}

/// 导出 CSV
async fn csv(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Query(query): Query<ReportQuery>,
    chosen: Chosen,
) -> Answer {
    let report = app.report(&frame.viewer, &query).await?;
    Ok(csv_response(report.table().only(&chosen)?).into_response())
}

/// 导出 XLSX
async fn xlsx(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Query(query): Query<ReportQuery>,
    chosen: Chosen,
) -> Answer {
    let report = app.report(&frame.viewer, &query).await?;
    let table = report.table().only(&chosen)?;
    Ok(xlsx_response(table).await?.into_response())
}
