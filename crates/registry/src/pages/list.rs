//! The list of enterprises with its filters and exports.

use askama::Template;
use axum::extract::{Query as Address, State};
use axum::response::Response;
use zhida_platform::access::Viewer;
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_rules::Dictionary;
use zhida_standards::{division, industry};
use zhida_ui::{Choice, Exports, Frame, Html, Page, PageError, Pager, industries, places};

use super::LIST;
use crate::forms::ListParams;
use crate::listing::Sight;
use crate::model::{Order, Row};
use crate::room::App;
use crate::{RegistryError, rights};

#[derive(Template)]
#[template(path = "registry/list.html")]
pub(crate) struct ListPage {
    page: Page,
    q: String,
    regions: Vec<Choice>,
    industries: Vec<Choice>,
    /// Empty when the viewer may not filter by size.
    sizes: Vec<Choice>,
    statuses: Vec<Choice>,
    tags: Vec<Choice>,
    orders: Vec<Choice>,
    lines: Vec<Line>,
    filtered: bool,
    can_import: bool,
    exports: Exports,
    pager: Pager,
}

/// A row in words.
struct Line {
    row: Row,
    place: String,
    industry: String,
    registered_on: String,
}

/// 市场主体列表
pub(crate) async fn list(
    State(app): State<App>,
    frame: Frame,
    Address(params): Address<ListParams>,
    page: PageRequest,
) -> Result<Html<ListPage>, PageError> {
    let registry = &app.registry;
    let sight = Sight::of(registry, &frame.viewer)
        .await
        .map_err(Problem::from)?;
    let filters = sight.filters();
    let query = params.query().map_err(Problem::from)?;
    let found = registry
        .search_as(&frame.viewer, &query, &page)
        .await
        .map_err(Problem::from)?;
    let count = registry
        .count_as(&frame.viewer, &query)
        .await
        .map_err(Problem::from)?;
    let first = params.href(LIST);
    let joint = if first.contains('?') { '&' } else { '?' };
    let summary = format!("共 {} 家", format::count(count));
    let csv = params.href("/enterprises/export.csv");
    let exports = frame
        .exports("registry.list", &csv, &sight.headings(), &summary)
        .await?;
    let pager = Pager {
        summary: format!("{summary}，本页 {} 家", found.items.len()),
        first: if page.after.is_some() {
            first.clone()
        } else {
            String::new()
        },
        next: found
            .next
            .map(|next| format!("{first}{joint}after={next}&limit={}", page.limit))
            .unwrap_or_default(),
    };
    let head = frame
        .page("市场主体")
        .lead("一企一档：每一项数据都注明来源部门和日期。可按名称、信用代码查找，也可按地区、行业和标签筛选。")
        .active(LIST)
        .office();
    let dictionary = registry.dictionary();
    let attribute = |id: &str, all: &str, current: &str| choices_of(dictionary, id, all, current);
    Ok(Html(ListPage {
        page: head,
        regions: places::regions(&params.region),
        industries: industries::choices(&params.industry),
        sizes: if filters.size {
            attribute("size", "全部规模", &params.size)
        } else {
            Vec::new()
        },
        statuses: attribute("registration_status", "全部状态", &params.status),
        tags: tags(&filters.tags, &params.tag),
        orders: Order::ALL
            .iter()
            .map(|order| Choice::new(order.slug(), order.word(), query.order.slug()))
            .collect(),
        lines: found.items.into_iter().map(line).collect(),
        filtered: first != LIST,
        can_import: frame.viewer.may(rights::IMPORT),
        exports,
        q: params.q,
        pager,
    }))
}

/// 导出 CSV
pub(crate) async fn export_csv(
    State(app): State<App>,
    viewer: Viewer,
    Address(params): Address<ListParams>,
    chosen: Chosen,
) -> Result<Response, Problem> {
    let query = params.query()?;
    let table = app.registry.export(&viewer, &query, &chosen).await?;
    Ok(csv_response(table))
}

/// 导出 XLSX
pub(crate) async fn export_xlsx(
    State(app): State<App>,
    viewer: Viewer,
    Address(params): Address<ListParams>,
    chosen: Chosen,
) -> Result<Response, Problem> {
    let query = params.query()?;
    let table = app.registry.export(&viewer, &query, &chosen).await?;
    xlsx_response(table).await
}

fn line(row: Row) -> Line {
    Line {
        place: row.division.as_deref().map(place_words).unwrap_or_default(),
        industry: row
            .industry
            .as_deref()
            .map(industry_words)
            .unwrap_or_default(),
        registered_on: row
            .registered_on
            .map(|day| day.to_string())
            .unwrap_or_default(),
        row,
    }
}

/// A division in words; a code that no list has is shown as it is.
pub(crate) fn place_words(code: &str) -> String {
    division::full_name(code).unwrap_or_else(|| code.to_owned())
}

/// An industry in words, with its code.
pub(crate) fn industry_words(code: &str) -> String {
    industry::lookup(code).map_or_else(
        || code.to_owned(),
        |found| format!("{} {}", found.code, found.name),
    )
}

fn choices_of(dictionary: &Dictionary, id: &str, all: &str, current: &str) -> Vec<Choice> {
    let choices = dictionary
        .find(id)
        .map(|index| dictionary.attribute(index).choices.as_slice())
        .unwrap_or_default();
    let first = Choice::new("", all, current);
    std::iter::once(first)
        .chain(
            choices
                .iter()
                .map(|choice| Choice::new(choice, choice, current)),
        )
        .collect()
}

fn tags(names: &[String], current: &str) -> Vec<Choice> {
    let first = Choice::new("", "全部标签", current);
    std::iter::once(first)
        .chain(names.iter().map(|name| Choice::new(name, name, current)))
        .collect()
}

impl From<RegistryError> for PageError {
    fn from(error: RegistryError) -> Self {
        Problem::from(error).into()
    }
}
