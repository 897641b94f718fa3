//! 谁看过我们的档案, for the enterprise itself.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use zhida_platform::access::Viewer;
use zhida_platform::export::{Chosen, Table, csv_response, xlsx_response};
use zhida_platform::format;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Exports, Frame, Html, Page, PageError, Pager};

use super::LIST;
use crate::RegistryError;
use crate::room::App;
use crate::views::{FileView, view_columns};

/// Orders of the list with the words shown for them.
const ORDERS: [(&str, &str); 2] = [("newest", "新的在前"), ("oldest", "旧的在前")];

/// The order of the list as it stands in an address.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ViewsParams {
    /// 排序：newest（新的在前，默认）或 oldest（旧的在前）。
    order: String,
}

impl ViewsParams {
    pub(crate) fn oldest_first(&self) -> Result<bool, RegistryError> {
        match self.order.trim() {
            "" | "newest" => Ok(false),
            "oldest" => Ok(true),
            _ => Err(RegistryError::Query(
                "order",
                "排序应为 newest 或 oldest".to_owned(),
            )),
        }
    }

    fn href(&self, path: &str) -> String {
        match self.oldest_first() {
            Ok(true) => format!("{path}?order=oldest"),
            _ => path.to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "registry/views.html")]
pub(crate) struct ViewsPage {
    page: Page,
    path: String,
    orders: Vec<Choice>,
    lines: Vec<Line>,
    exports: Exports,
    pager: Pager,
}

/// A view in words.
struct Line {
    at: String,
    view: FileView,
}

/// 谁看过我们的档案
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(code): Path<String>,
    Query(params): Query<ViewsParams>,
    request: PageRequest,
) -> Result<Html<ViewsPage>, PageError> {
    let registry = &app.registry;
    let enterprise = registry.watched(&frame.viewer, &code).await?;
    let oldest_first = params.oldest_first()?;
    let count = registry.views_count(&enterprise).await?;
    let found = registry.views(&enterprise, oldest_first, &request).await?;
    let file = format!("{LIST}/{}", enterprise.code);
    let path = format!("{file}/views");
    let first = params.href(&path);
    let joint = if first.contains('?') { '&' } else { '?' };
    let summary = format!("共 {} 次", format::count(count));
    let csv = params.href(&format!("{path}.csv"));
    let exports = frame
        .exports("registry.views", &csv, &view_columns(), &summary)
        .await?;
    let page = frame
        .page("谁看过我们的档案")
        .lead("政府部门和受托机构每次查看本企业的非公开数据、匹配结果，都记在这里。")
        .active(LIST)
        .crumb("市场主体", LIST)
        .crumb(enterprise.name, file);
    Ok(Html(ViewsPage {
        page,
        orders: ORDERS
            .iter()
            .map(|(value, label)| Choice::new(*value, *label, ORDERS[usize::from(oldest_first)].0))
            .collect(),
        exports,
        pager: Pager {
            summary: format!("{summary}，本页 {} 次", found.items.len()),
            first: match request.after {
                Some(_) => first.clone(),
                None => String::new(),
            },
            next: found
                .next
                .map(|next| format!("{first}{joint}after={next}&limit={}", request.limit))
                .unwrap_or_default(),
        },
        lines: found.items.into_iter().map(line).collect(),
        path,
    }))
}

fn line(view: FileView) -> Line {
    Line {
        at: format::datetime_zh(view.at),
        view,
    }
}

/// 导出 CSV
pub(crate) async fn csv(
    State(app): State<App>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(params): Query<ViewsParams>,
    chosen: Chosen,
) -> Result<Response, Problem> {
    let table = table(&app, &viewer, &code, &params).await?;
    Ok(csv_response(table.only(&chosen)?))
}

/// 导出 XLSX
pub(crate) async fn xlsx(
    State(app): State<App>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(params): Query<ViewsParams>,
    chosen: Chosen,
) -> Result<Response, Problem> {
    let table = table(&app, &viewer, &code, &params).await?;
    xlsx_response(table.only(&chosen)?).await
}

async fn table(
    app: &App,
    viewer: &Viewer,
    code: &str,
    params: &ViewsParams,
) -> Result<Table, RegistryError> {
    let enterprise = app.registry.watched(viewer, code).await?;
    let oldest_first = params.oldest_first()?;
    Ok(app.registry.views_table(&enterprise, oldest_first))
}
