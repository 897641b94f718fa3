//! 审计记录: list, one record, exports.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use zhida_platform::audit::{self, Record};
use zhida_platform::clock::to_shanghai;
use zhida_platform::export::{csv_response, xlsx_response};
use zhida_platform::files::content_disposition;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, Pager, Tab};

use super::{AUDIT, Answer, App, ROWS, office, tabs};
use crate::difference;
use crate::filters::AuditFilters;
use crate::words;

struct Line {
    no: i64,
    at: String,
    who: String,
    organisation: String,
    action: String,
    viewed: bool,
    kind: String,
    object: String,
    enterprise: String,
    address: String,
}

impl Line {
    fn new(record: Record) -> Self {
        Self {
            at: time(&record),
            who: record.actor,
            organisation: record.organisation.unwrap_or_default(),
            action: words::action(&record.action).to_owned(),
            viewed: record.viewed,
            kind: words::kind(&record.subject_kind).to_owned(),
            object: record.subject_id,
            enterprise: record.enterprise.unwrap_or_default(),
            address: record.address.unwrap_or_default(),
            no: record.no,
        }
    }
}

/// To the second, as a court would ask for it.
fn time(record: &Record) -> String {
    let at = to_shanghai(record.at);
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

#[derive(Template)]
#[template(path = "office/audit.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    errors: FormErrors,
    filters: AuditFilters,
    actions: Vec<Choice>,
    kinds: Vec<Choice>,
    natures: Vec<Choice>,
    lines: Vec<Line>,
    summary: String,
    csv: String,
    xlsx: String,
    json: String,
    pager: Pager,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct After {
    pub after: Option<String>,
}

/// 审计记录
pub(crate) async fn list(
    State(app): State<App>,
    frame: Frame,
    Query(filters): Query<AuditFilters>,
    Query(after): Query<After>,
) -> Answer {
    let mut view = list_page(&frame, filters);
    let query = match view.filters.query() {
        Ok(query) => query,
        Err(problem) => {
            view.errors = problem.fields.into();
            return Ok((StatusCode::BAD_REQUEST, Html(view)).into_response());
        }
    };
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let viewer = &frame.viewer;
    let total = app.record_words(viewer, &query).await?;
    let found = app.records(viewer, &query, &request).await?;
    view.lines = found.items.into_iter().map(Line::new).collect();
    view.summary = format!("共 {total}");
    view.pager = Pager {
        summary: format!("{}，本页 {} 条", view.summary, view.lines.len()),
        first: request
            .after
            .map_or_else(String::new, |_| view.filters.to_address(AUDIT, None)),
        next: found.next.map_or_else(String::new, |next| {
            view.filters.to_address(AUDIT, Some(&next))
        }),
    };
    Ok(Html(view).into_response())
}

fn list_page(frame: &Frame, filters: AuditFilters) -> ListPage {
    let mut actions = vec![Choice::new("", "全部操作", &filters.action)];
    actions.extend(words::actions().map(|(slug, word)| {
        let part = !slug.ends_with('.');
        let label = if part {
            format!("　{word}")
        } else {
            word.to_owned()
        };
        Choice::new(slug, label, &filters.action)
    }));
    let mut kinds = vec![Choice::new("", "全部对象", &filters.kind)];
    kinds.extend(words::kinds().map(|(slug, word)| Choice::new(slug, word, &filters.kind)));
    // what has no word yet can still be asked for by its slug
    for (choices, current) in [(&mut actions, &filters.action), (&mut kinds, &filters.kind)] {
        if !choices.iter().any(|choice| choice.chosen) {
            choices.push(Choice::new(current, current.as_str(), current));
        }
    }
    let nature = filters.nature.as_str();
    ListPage {
        page: office(frame, "审计记录")
            .lead("谁、何时、从哪里、对什么做了什么。只增不改，每条与前一条相扣。")
            .crumb("后台", super::OVERVIEW),
        tabs: tabs(&frame.viewer, AUDIT),
        errors: FormErrors::none(),
        actions,
        kinds,
        natures: vec![
            Choice::new("", "变更和查看", nature),
            Choice::new("changed", "只看变更", nature),
            Choice::new("viewed", "只看查看", nature),
        ],
        lines: Vec::new(),
        summary: String::new(),
        csv: filters.to_address("/office/audit/export.csv", None),
        xlsx: filters.to_address("/office/audit/export.xlsx", None),
        json: filters.to_address("/office/audit/export.jsonl", None),
        pager: Pager::default(),
        filters,
    }
}

#[derive(Template)]
#[template(path = "office/record.html")]
struct RecordPage {
    page: Page,
    rows: Vec<(&'static str, String)>,
    difference: Vec<difference::Line>,
    detail: Vec<(String, String)>,
    hash: String,
    more: Vec<(&'static str, String)>,
}

/// 一条审计记录
pub(crate) async fn show(State(app): State<App>, frame: Frame, Path(no): Path<i64>) -> Answer {
    let record = app.record(&frame.viewer, no).await?;
    let page = office(&frame, format!("第 {no} 条审计记录"))
        .lead(words::action(&record.action))
        .crumb("后台", super::OVERVIEW)
        .crumb("审计记录", AUDIT);
    let same = |kind: &str, object: &str| AuditFilters {
        kind: kind.to_owned(),
        object: object.to_owned(),
        ..AuditFilters::default()
    };
    let whole = same(&record.subject_kind, &record.subject_id);
    Ok(Html(RecordPage {
        page,
        difference: difference::between(record.before.as_ref(), record.after.as_ref()),
        detail: difference::values(record.detail.as_ref()),
        more: vec![("同一对象的全部记录", whole.to_address(AUDIT, None))],
        rows: rows(&record),
        hash: record.hash,
    })
    .into_response())
}

fn rows(record: &Record) -> Vec<(&'static str, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let nature = if record.viewed { "查看" } else { "变更" };
    vec![
        ("时间（北京）", time(record)),
        ("操作人", record.actor.clone()),
        (
            "账号",
            record.account.map(|id| id.to_string()).unwrap_or_default(),
        ),
        ("单位", text(&record.organisation)),
        ("由其代办的企业", text(&record.on_behalf_of)),
        (
            "操作",
            format!("{}（{}）", words::action(&record.action), record.action),
        ),
        ("性质", nature.to_owned()),
        (
            "对象",
            format!(
                "{} {}",
                words::kind(&record.subject_kind),
                record.subject_id
            ),
        ),
        ("企业", text(&record.enterprise)),
        ("来源地址", text(&record.address)),
        ("客户端", text(&record.agent)),
        ("请求编号", text(&record.request)),
    ]
}

/// CSV of the list.
pub(crate) async fn csv(
    State(app): State<App>,
    frame: Frame,
    Query(filters): Query<AuditFilters>,
) -> Answer {
    let query = app.export_query(&frame.viewer, &filters, "CSV").await?;
    Ok(csv_response(audit::table(app.db.clone(), query)))
}

/// XLSX of the list.
pub(crate) async fn xlsx(
    State(app): State<App>,
    frame: Frame,
    Query(filters): Query<AuditFilters>,
) -> Answer {
    let query = app.export_query(&frame.viewer, &filters, "Excel").await?;
    Ok(xlsx_response(audit::table(app.db.clone(), query)).await?)
}

/// JSON lines of the list.
pub(crate) async fn json_lines(
    State(app): State<App>,
    frame: Frame,
    Query(filters): Query<AuditFilters>,
) -> Answer {
    let query = app.export_query(&frame.viewer, &filters, "JSON").await?;
    let body = Body::from_stream(audit::json_lines(app.db.clone(), query));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/x-ndjson");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = content_disposition("审计记录.jsonl", false);
    let name = HeaderValue::try_from(name).map_err(Problem::internal)?;
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
