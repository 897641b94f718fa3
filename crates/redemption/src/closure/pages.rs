//! 免申即享 for officers: items and candidates.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::clock::to_shanghai;
use zhida_platform::format::{count, date_zh, money_fen};
use zhida_platform::paging::PageRequest;
use zhida_policies::Delivery;
use zhida_ui::{Choice, Frame, Html, Page, Pager, Tab, Tone};

use super::list_pages;
use super::model::{Candidate, CandidateQuery, CandidateState, ItemCount};
use super::release::Released;
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, CLOSURE, LISTS as LISTS_PAGE};
use crate::rights::{HANDLE, LISTS};
use crate::service::Redemption;

/// Rows of a page.
const ROWS: u32 = 50;
/// Enterprises that are named at a reason.
const NAMES_MAX: usize = 20;

pub(crate) fn routes(app: Arc<Redemption>) -> Router {
    Router::new()
        .route("/redemption/closure", get(items))
        .route("/redemption/closure/{item}", get(candidates).post(release))
        .with_state(Arc::clone(&app))
        .merge(list_pages::routes(app))
}

/// The two pages, those that the viewer may open.
pub(super) fn tabs(viewer: &Viewer, here: &str) -> Vec<Tab> {
    [("候选", CLOSURE, HANDLE), ("比对名单", LISTS_PAGE, LISTS)]
        .into_iter()
        .filter(|(_, _, action)| viewer.may(*action))
        .map(|(label, href, _)| Tab::new(label, href, href == here))
        .collect()
}

struct ItemLine {
    item: String,
    name: String,
    department: String,
    release: &'static str,
    counts: ItemCount,
}

#[derive(Template)]
#[template(path = "redemption/closure.html")]
struct ItemsPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<ItemLine>,
}

/// 免申即享的事项
async fn items(State(app): State<Arc<Redemption>>, frame: Frame) -> Answer {
    frame.viewer.need(HANDLE)?;
    let rows = crate::scheme::store::published(app.db.conn(), Delivery::NoApplication.slug())
        .await
        .map_err(Error::from)?;
    let mut lines = Vec::new();
    for row in rows {
        let Ok(item) = app.item(&row.item) else {
            continue;
        };
        lines.push(ItemLine {
            counts: app.candidate_states(&frame.viewer, &item.id).await?,
            item: item.id.clone(),
            name: item.name.clone(),
            department: item.elements.department.clone(),
            release: crate::words::Release::parse(&row.release_by).map_or("", |one| one.word()),
        });
    }
    Ok(Html(ItemsPage {
        page: frame
            .page("免申即享")
            .lead("每天夜里比对一遍：谁新符合、谁不再符合、金额有没有变。核对后放行，企业点一次确认就进入公示和拨付。")
            .active(CLOSURE)
            .office(),
        tabs: tabs(&frame.viewer, CLOSURE),
        lines,
    })
    .into_response())
}

struct Line {
    id: String,
    enterprise: String,
    name: String,
    state: &'static str,
    tone: &'static str,
    amount: String,
    before: String,
    note: String,
    since: String,
    case: String,
    can_release: bool,
}

fn line(candidate: Candidate) -> Line {
    let tone = match candidate.state {
        CandidateState::Waiting => "blue",
        CandidateState::Blocked => "red",
        CandidateState::Released => "green",
        CandidateState::Lost => "grey",
    };
    Line {
        enterprise: candidate.enterprise,
        name: candidate.name,
        state: candidate.state.word(),
        tone,
        amount: candidate.fen.map_or_else(|| "待核定".to_owned(), money_fen),
        before: candidate.fen_before.map(money_fen).unwrap_or_default(),
        note: candidate.blocked_by,
        since: date_zh(to_shanghai(candidate.changed_at).date_naive()),
        case: candidate.case_id.unwrap_or_default(),
        can_release: candidate.state == CandidateState::Waiting,
        id: candidate.id,
    }
}

#[derive(Template)]
#[template(path = "redemption/candidates.html")]
struct CandidatesPage {
    page: Page,
    item: String,
    query: CandidateQuery,
    states: Vec<Choice>,
    lines: Vec<Line>,
    waiting: i64,
    /// Why those asked for were not released.
    held: Vec<Reason>,
    /// Where the next press goes on; empty: from the first.
    next: String,
    pager: Pager,
}

/// Candidates that one reason keeps from being released.
struct Reason {
    words: String,
    count: u64,
    /// The first of them.
    names: String,
}

/// What kept them, the commonest reason first.
fn held(report: &Released) -> Vec<Reason> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &report.held {
        by_reason.entry(&one.reason).or_default().push(&one.name);
    }
    let reason = |(words, names): (&str, Vec<&str>)| Reason {
        words: words.to_owned(),
        count: names.len() as u64,
        names: match names.len() > NAMES_MAX {
            true => format!("{}等", names[..NAMES_MAX].join("、")),
            false => names.join("、"),
        },
    };
    let mut reasons: Vec<Reason> = by_reason.into_iter().map(reason).collect();
    reasons.sort_by_key(|one| Reverse(one.count));
    reasons
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct After {
    after: String,
}

/// 一个事项的候选
async fn candidates(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
    Parameters(query): Parameters<CandidateQuery>,
    Parameters(After { after }): Parameters<After>,
) -> Answer {
    frame.viewer.need(HANDLE)?;
    let page = candidates_page(&app, &frame, &item, query, after, None).await?;
    Ok(Html(page).into_response())
}

async fn candidates_page(
    app: &Redemption,
    frame: &Frame,
    item: &str,
    query: CandidateQuery,
    after: String,
    report: Option<Released>,
) -> Result<CandidatesPage, Error> {
    let item = app.item(item)?;
    let request = PageRequest {
        after: Some(after.clone()),
        limit: ROWS,
    }
    .checked(ROWS)?;
    let total = app.candidate_count(&frame.viewer, &item.id, &query).await?;
    let found = app
        .candidates(&frame.viewer, &item.id, &query, &request)
        .await?;
    let counts = app.candidate_states(&frame.viewer, &item.id).await?;
    let state = query.state.map_or("", CandidateState::slug);
    let here = |after: &str| {
        let fields = [("state", state), ("q", query.q.as_str()), ("after", after)];
        zhida_ui::address(&format!("{CLOSURE}/{}", item.id), &fields)
    };
    let states = std::iter::once(Choice::new("", "全部", state)).chain(
        CandidateState::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), state)),
    );
    let mut page = frame
        .page(format!("免申候选：{}", item.name))
        .active(CLOSURE)
        .crumb("免申即享", CLOSURE)
        .office();
    if let Some(report) = &report {
        let words = format!(
            "已放行 {} 家，{} 家没有放行，还有 {} 家待放行",
            report.opened,
            report.held.len(),
            report.left
        );
        let tone = match report.opened {
            0 => Tone::Warning,
            _ => Tone::Success,
        };
        page = page.notice(tone, words);
    }
    Ok(CandidatesPage {
        page,
        item: item.id.clone(),
        states: states.collect(),
        lines: found.items.into_iter().map(line).collect(),
        waiting: counts.waiting,
        held: report.as_ref().map(held).unwrap_or_default(),
        next: report.and_then(|report| report.next).unwrap_or_default(),
        pager: Pager {
            summary: format!("共 {} 家", count(total)),
            first: match after.is_empty() {
                true => String::new(),
                false => here(""),
            },
            next: found.next.map(|next| here(&next)).unwrap_or_default(),
        },
        query,
    })
}

/// 放行
async fn release(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
    fields: Fields,
) -> Answer {
    let named: Vec<String> = fields.all("candidate").map(str::to_owned).collect();
    let wants_all = fields.get("do") == "all";
    if named.is_empty() && !wants_all {
        return Err(Error::Refused("没有选中任何候选，请先勾选，或点“全部放行”".to_owned()).into());
    }
    let report = match wants_all {
        true => {
            let after = fields.get("after");
            let after = (!after.is_empty()).then(|| after.to_owned());
            app.release_waiting(&frame.viewer, &item, after).await?
        }
        false => app.release(&frame.viewer, &item, &named).await?,
    };
    let query = CandidateQuery::default();
    let page = candidates_page(&app, &frame, &item, query, String::new(), Some(report)).await?;
    Ok(Html(page).into_response())
}
