//! The enterprises of one item, for officers: counts, list, filters and exports of one query.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::export::{Chosen, Table, csv_response, xlsx_response};
use zhida_platform::format::{count, date_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::chart::{Caption, Chart, Datum, funnel};
use zhida_ui::{Choice, Exports, Frame, Html, Mark, Page, PageError, Pager, industries, places};

use super::enterprise::verdict_bar;
use super::{DayQuery, address, percent};
use crate::Matching;
use crate::model::{ItemMatch, MatchedEnterprise};
use crate::rights::LIST;
use crate::service::Patience;
use crate::verdict::{Counts, Label};
use crate::views;

/// The filters of the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ItemQuery {
    verdict: String,
    q: String,
    region: String,
    industry: String,
    size: String,
    tag: String,
    on: String,
    after: String,
}

impl ItemQuery {
    fn registry(&self, viewer: &Viewer) -> zhida_registry::Query {
        zhida_registry::Query {
            text: self.q.trim().to_owned(),
            region: self.region.trim().to_owned(),
            industry: self.industry.trim().to_owned(),
            size: self.size.trim().to_owned(),
            tag: self.tag.trim().to_owned(),
            reach: viewer.reach(LIST),
            ..Default::default()
        }
    }

    fn label(&self) -> Result<Option<Label>, Problem> {
        super::label_asked("verdict", &self.verdict)
    }

    /// The address with another verdict and place in the list.
    fn address(&self, path: &str, verdict: &str, after: &str) -> String {
        address(
            path,
            &[
                ("verdict", verdict),
                ("q", &self.q),
                ("region", &self.region),
                ("industry", &self.industry),
                ("size", &self.size),
                ("tag", &self.tag),
                ("on", &self.on),
                ("after", after),
            ],
        )
    }
}

/// A line of the list.
struct Line {
    code: String,
    name: String,
    mark: Mark,
    label: &'static str,
    amount: String,
    distance: String,
    href: String,
}

#[derive(Template)]
#[template(path = "matching/item.html")]
pub(crate) struct ItemPage {
    page: Page,
    found: ItemMatch,
    cost: String,
    bar: Chart,
    funnel: Chart,
    lines: Vec<Line>,
    path: String,
    query: ItemQuery,
    verdicts: Vec<Choice>,
    sizes: Vec<Choice>,
    regions: Vec<Choice>,
    industries: Vec<Choice>,
    exports: Exports,
    pager: Pager,
}

impl ItemPage {
    fn count(&self, number: &u64) -> String {
        count(*number)
    }
}

/// 符合企业
pub(crate) async fn show(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<ItemQuery>,
) -> Result<Html<ItemPage>, PageError> {
    frame.viewer.need(LIST)?;
    let on = DayQuery {
        on: query.on.clone(),
    }
    .day(&matching)?;
    let label = query.label()?;
    let page = PageRequest {
        after: Some(query.after.clone()),
        limit: 50,
    }
    .checked(200)?;
    let wanted = query.registry(&frame.viewer);
    let found = matching
        .for_item(&id, &wanted, label, on, &page, Patience::Page)
        .await
        .map_err(Problem::from)?;
    let path = format!("/policies/{}/enterprises", percent(&found.item.id));
    let lines = found
        .enterprises
        .iter()
        .map(|row| line(row, &found.item.id, &query.on))
        .collect();
    let in_list = label.map_or(found.counts.total, |label| found.counts.get(label));
    let look = views::of_item("matching.list", &found.item.id, label, &wanted);
    let recorded = matching.record_list(&frame.viewer, look, in_list).await;
    recorded.map_err(Problem::from)?;
    let summary = format!("共 {} 家", count(in_list));
    let csv = query.address(&format!("{path}.csv"), &query.verdict, "");
    let exports = frame
        .exports("matching.item", &csv, &crate::item::columns(), &summary)
        .await?;
    let mut shown = frame
        .page(found.item.name.clone())
        .lead(format!("哪些市场主体符合这一事项。基准日 {}", date_zh(on)))
        .active("/policies")
        .crumb("惠企政策库", "/policies")
        .crumb(
            found.item.name.clone(),
            format!("/policies/{}", percent(&found.item.id)),
        )
        .office();
    if let Some(reason) = &found.not_open {
        let text = format!("{reason}，以下结论只供参考，不能据此兑现。");
        shown = shown.notice(zhida_ui::Tone::Warning, text);
    }
    let by_label = |label: Label| query.address(&path, label.key(), "");
    Ok(Html(ItemPage {
        page: shown,
        bar: verdict_bar("市场主体，按结论", "家", &found.counts, true, by_label),
        funnel: steps(&found.counts),
        cost: found.cost.words(),
        lines,
        verdicts: std::iter::once(Choice::new("", "全部", &query.verdict))
            .chain(Label::ALL.map(|label| Choice::new(label.key(), label.words(), &query.verdict)))
            .collect(),
        sizes: std::iter::once(Choice::new("", "不限", &query.size))
            .chain(["微型", "小型", "中型", "大型"].map(|s| Choice::new(s, s, &query.size)))
            .collect(),
        regions: places::within_reach(&frame.viewer, LIST, &query.region),
        industries: industries::choices(&query.industry),
        exports,
        pager: Pager {
            summary: format!("{summary}，本页 {} 家", found.enterprises.len()),
            first: match query.after.is_empty() {
                true => String::new(),
                false => query.address(&path, &query.verdict, ""),
            },
            next: found
                .next
                .as_ref()
                .map(|next| query.address(&path, &query.verdict, next))
                .unwrap_or_default(),
        },
        path,
        query,
        found,
    }))
}

fn line(row: &MatchedEnterprise, item: &str, on: &str) -> Line {
    Line {
        code: row.code.clone(),
        name: row.name.clone(),
        mark: row.label.mark(),
        label: row.label.words(),
        amount: row
            .amount
            .as_ref()
            .map(|amount| amount.text.clone())
            .unwrap_or_default(),
        distance: match row.label {
            Label::OutOfReach => "—".to_owned(),
            _ => row.distance.to_string(),
        },
        href: address(
            &format!("/enterprises/{}/matches/{}", row.code, percent(item)),
            &[("on", on)],
        ),
    }
}

/// From all enterprises to those that could be paid: each step is part of the one before.
fn steps(counts: &Counts) -> Chart {
    let reachable = counts.total - counts.out_of_reach;
    let near = reachable - counts.ineligible - counts.unknown;
    let candidates = counts.eligible + counts.manual;
    let data = [
        Datum::new("筛选范围内", counts.total),
        Datum::new("在适用范围", reachable),
        Datum::new("至多差一项", near),
        Datum::new("能算的都符合", candidates),
        Datum::new("全部符合", counts.eligible).tone("yes"),
    ];
    let summary = format!(
        "筛选范围内 {} 家，全部符合 {} 家。",
        count(counts.total),
        count(counts.eligible)
    );
    funnel(
        &Caption::new("从全部到符合", summary, "步骤", "市场主体（家）"),
        &data,
    )
}

/// CSV of the list.
pub(crate) async fn csv(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<ItemQuery>,
    chosen: Chosen,
) -> Result<Response, PageError> {
    let table = table(&matching, &frame, &id, &query, &chosen).await?;
    Ok(csv_response(table))
}

/// XLSX of the list.
pub(crate) async fn xlsx(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<ItemQuery>,
    chosen: Chosen,
) -> Result<Response, PageError> {
    let table = table(&matching, &frame, &id, &query, &chosen).await?;
    Ok(xlsx_response(table).await?)
}

async fn table(
    matching: &Matching,
    frame: &Frame,
    id: &str,
    query: &ItemQuery,
    chosen: &Chosen,
) -> Result<Table, PageError> {
    frame.viewer.need(LIST)?;
    let on = DayQuery {
        on: query.on.clone(),
    }
    .day(matching)?;
    let label = query.label()?;
    let wanted = query.registry(&frame.viewer);
    let (table, lines) = matching
        .export_item_counted(id, &wanted, label, on, Patience::Page)
        .await
        .map_err(Problem::from)?;
    let table = table.only(chosen)?;
    let mut look = views::of_item("matching.export", id, label, &wanted);
    look.filter = chosen.told(look.filter);
    let recorded = matching.record_list(&frame.viewer, look, lines).await;
    recorded.map_err(Problem::from)?;
    Ok(table)
}
