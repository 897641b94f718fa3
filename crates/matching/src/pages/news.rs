//! 新匹配, for officers: list, filters and exports of one query.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::export::{Chosen, Table, csv_response, xlsx_response};
use zhida_platform::format::{count, date_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_policies::Catalogue;
use zhida_ui::{Exports, Frame, Html, Page, PageError, Pager};

use super::{address, percent};
use crate::Matching;
use crate::news::{self, NewsQuery, RunRecord, RunState};
use crate::rights::{LIST, RUNS};
use crate::views;

const PATH: &str = "/match/news";

/// The filters of the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewsFilters {
    enterprise: String,
    item: String,
    after: String,
}

impl NewsFilters {
    fn is_empty(&self) -> bool {
        [&self.enterprise, &self.item]
            .iter()
            .all(|field| field.trim().is_empty())
    }

    fn query(&self, matching: &Matching, viewer: &Viewer) -> NewsQuery {
        let catalogue = matching.policies.catalogue(matching.today());
        NewsQuery {
            enterprise: self.enterprise.clone(),
            item: item_named(&catalogue, self.item.trim()),
            reach: viewer.reach(LIST),
        }
    }

    fn address(&self, path: &str, after: &str) -> String {
        let fields = [
            ("enterprise", self.enterprise.as_str()),
            ("item", &self.item),
            ("after", after),
        ];
        address(path, &fields)
    }
}

/// Items that the field for one offers.
const OFFERED: usize = 200;

/// Names of items in force with their numbers, as the field offers them.
fn suggested(matching: &Matching) -> Vec<String> {
    let catalogue = matching.policies.catalogue(matching.today());
    let open = catalogue.open.iter().take(OFFERED);
    open.map(|item| format!("{}（{}）", item.name, item.number))
        .collect()
}

/// The item that was typed or chosen: its name with the number behind, its name, its number or its id.
fn item_named(catalogue: &Catalogue, typed: &str) -> String {
    let inside = typed
        .strip_suffix('）')
        .and_then(|text| text.rsplit_once('（'));
    let number = inside.map(|(_, number)| number);
    let known = number.and_then(|number| catalogue.find(number));
    let known = known.or_else(|| catalogue.items.iter().find(|item| item.name == typed));
    known.map_or(typed, |item| item.id.as_str()).to_owned()
}

/// A line of the list.
struct Line {
    code: String,
    name: String,
    item: String,
    href: String,
    since: String,
    reason: &'static str,
}

#[derive(Template)]
#[template(path = "matching/news.html")]
pub(crate) struct NewsPage {
    page: Page,
    filters: NewsFilters,
    items: Vec<String>,
    lines: Vec<Line>,
    /// The newest run, and the last that was finished if that is another.
    runs: Vec<RunRecord>,
    exports: Exports,
    pager: Pager,
}

/// 新匹配
pub(crate) async fn show(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Query(filters): Query<NewsFilters>,
) -> Result<Html<NewsPage>, PageError> {
    frame.viewer.need(LIST)?;
    let page = PageRequest {
        after: Some(filters.after.clone()),
        limit: 50,
    }
    .checked(200)?;
    let query = filters.query(&matching, &frame.viewer);
    let total = matching.news_count(&query).await.map_err(Problem::from)?;
    let found = matching.news(&query, &page).await.map_err(Problem::from)?;
    let look = views::of_news("matching.list", &query);
    let recorded = matching.record_list(&frame.viewer, look, total).await;
    recorded.map_err(Problem::from)?;
    let mut runs = match frame.viewer.may(RUNS) {
        true => matching.runs().await.map_err(Problem::from)?,
        false => Vec::new(),
    };
    runs.truncate(told(&runs));
    let summary = format!("共 {} 条", count(total));
    let csv = filters.address("/match/news.csv", "");
    let exports = frame
        .exports("matching.news", &csv, &news::columns(), &summary)
        .await?;
    let lines: Vec<Line> = found
        .items
        .into_iter()
        .map(|news| Line {
            href: format!("/enterprises/{}/matches/{}", news.code, percent(&news.item)),
            code: news.code,
            name: news.name,
            item: news.item_name,
            since: date_zh(news.since),
            reason: news.reason,
        })
        .collect();
    Ok(Html(NewsPage {
        page: frame
            .page("新匹配")
            .lead("与上一次夜间全量匹配相比，新符合政策事项的市场主体")
            .active(PATH)
            .office(),
        exports,
        pager: Pager {
            summary: format!("{summary}，本页 {} 条", lines.len()),
            first: match filters.after.is_empty() {
                true => String::new(),
                false => filters.address(PATH, ""),
            },
            next: found
                .next
                .map(|next| filters.address(PATH, &next))
                .unwrap_or_default(),
        },
        items: suggested(&matching),
        filters,
        lines,
        runs,
    }))
}

/// How many of the latest runs a page tells of: up to the newest finished one, which is the newest
/// or the one before.
fn told(runs: &[RunRecord]) -> usize {
    let finished = runs.iter().position(|run| run.state == RunState::Finished);
    finished.map_or(1, |at| at + 1)
}

/// CSV of the list.
pub(crate) async fn csv(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Query(filters): Query<NewsFilters>,
    chosen: Chosen,
) -> Result<Response, PageError> {
    let table = table(&matching, &frame, &filters, &chosen).await?;
    Ok(csv_response(table))
}

/// XLSX of the list.
pub(crate) async fn xlsx(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Query(filters): Query<NewsFilters>,
    chosen: Chosen,
) -> Result<Response, PageError> {
    let table = table(&matching, &frame, &filters, &chosen).await?;
    Ok(xlsx_response(table).await?)
}

async fn table(
    matching: &Arc<Matching>,
    frame: &Frame,
    filters: &NewsFilters,
    chosen: &Chosen,
) -> Result<Table, PageError> {
    frame.viewer.need(LIST)?;
    let query = filters.query(matching, &frame.viewer);
    let total = matching.news_count(&query).await.map_err(Problem::from)?;
    let table = matching.export_news(&query).await.map_err(Problem::from)?;
    let table = table.only(chosen)?;
    let mut look = views::of_news("matching.export", &query);
    look.filter = chosen.told(look.filter);
    let recorded = matching.record_list(&frame.viewer, look, total).await;
    recorded.map_err(Problem::from)?;
    Ok(table)
}
