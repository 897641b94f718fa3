//! 我的兑付.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Parameters, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_matching::model::{AmountView, MissingView};
use zhida_platform::access::Viewer;
use zhida_platform::format::{count, date_zh, money_fen, until_zh};
use zhida_platform::paging::PageRequest;
use zhida_policies::Delivery;
use zhida_ui::{Frame, Html, Mark, Page, Pager, Tab};

use crate::apply::applicable::ApplicableLine;
use crate::apply::mine::MineLine;
use crate::error::Error;
use crate::pages::{Answer, MINE};
use crate::rights::APPLY;
use crate::service::Redemption;

/// Rows of a page.
const ROWS: u32 = 20;
/// Items that can be applied for which are shown above the cases.
const OFFERS: u32 = 6;

#[derive(Template)]
#[template(path = "redemption/mine.html")]
struct MinePage {
    page: Page,
    tabs: Vec<Tab>,
    waiting: Vec<MineRow>,
    /// What can be applied for, for those who may.
    offers: Option<Offers>,
    /// The cases; `None` on the page of what can be applied for.
    lines: Option<Vec<MineRow>>,
    /// What the cases that wait for nobody here are called.
    others: &'static str,
    /// All cases of the page wait for the enterprise: their number stands below them.
    no_others: bool,
    pager: Pager,
}

struct MineRow {
    line: MineLine,
    due: String,
    amount: String,
}

fn mine_row(line: MineLine) -> MineRow {
    MineRow {
        due: line.due_at.map(until_zh).unwrap_or_default(),
        amount: line.fen.map(money_fen).unwrap_or_default(),
        line,
    }
}

struct Offers {
    rows: Vec<OfferRow>,
    /// How many there are beside those shown; their page.
    rest: String,
    /// All items for the enterprise.
    matches: String,
}

struct OfferRow {
    name: String,
    href: String,
    meta: String,
    amount: String,
    /// The amount is words, not money: it is not shouted.
    quiet: bool,
    mark: Mark,
    label: &'static str,
    delivery: String,
    deadline: String,
    /// The facts that are missing, with who has them.
    missing: String,
    /// What else leaves the verdict open.
    reason: String,
    /// What stands against filing it now, or that nobody files it.
    note: String,
}

fn offer_row(line: ApplicableLine) -> OfferRow {
    let missing: Vec<String> = line.missing.iter().map(MissingView::words).collect();
    let unasked = line.head.delivery == Delivery::NoApplication.word();
    OfferRow {
        href: line.href,
        meta: format!("{} · {}", line.head.department, line.head.document),
        quiet: line.amount.as_ref().is_some_and(AmountView::is_words),
        amount: line.amount.map(|amount| amount.text).unwrap_or_default(),
        mark: line.label.mark(),
        label: line.label.words(),
        deadline: line
            .head
            .deadline
            .map(|day| format!("{}截止", date_zh(day)))
            .unwrap_or_default(),
        missing: missing.join("、"),
        reason: line.reason,
        note: match (line.bars, unasked) {
            (Some(why), _) => format!("现在还不能提交：{why}"),
            (None, true) => "不用申请：部门核对放行后，请贵单位在这里确认。".to_owned(),
            (None, false) => String::new(),
        },
        delivery: line.head.delivery,
        name: line.head.name,
    }
}

/// What the page shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Open,
    Applicable,
    Closed,
}

impl Show {
    fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "" => Ok(Self::Open),
            "applicable" => Ok(Self::Applicable),
            "closed" => Ok(Self::Closed),
            _ => Err(Error::field(
                "show",
                "没有这个选项，可用 applicable、closed，不填为办理中",
            )),
        }
    }

    fn address(self) -> &'static str {
        match self {
            Self::Open => MINE,
            Self::Applicable => "/redemption?show=applicable",
            Self::Closed => "/redemption?show=closed",
        }
    }
}

/// The tabs: what can be applied for is there for those who apply.
fn tabs(show: Show, applies: bool) -> Vec<Tab> {
    let tab = |one: Show, label| Tab::new(label, one.address(), one == show);
    let mut tabs = vec![tab(Show::Open, "办理中"), tab(Show::Closed, "已办结")];
    if applies {
        tabs.insert(1, tab(Show::Applicable, "可以申请的"));
    }
    tabs
}

fn pager(show: Show, total: String, after: &str, next: Option<String>) -> Pager {
    let here = show.address();
    let sign = if here.contains('?') { '&' } else { '?' };
    Pager {
        summary: total,
        first: match after.is_empty() {
            true => String::new(),
            false => here.to_owned(),
        },
        next: next
            .map(|next| format!("{here}{sign}after={next}"))
            .unwrap_or_default(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    show: String,
    after: String,
}

/// 我的兑付
pub(super) async fn mine(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Parameters(asked): Parameters<Asked>,
) -> Answer {
    let viewer = &frame.viewer;
    let show = Show::parse(&asked.show)?;
    let request = PageRequest {
        after: Some(asked.after.clone()),
        limit: ROWS,
    }
    .checked(ROWS)?;
    let applies = viewer.may(APPLY) && viewer.own_enterprise().is_some();
    let page = MinePage {
        page: frame
            .page("我的兑付")
            .lead(
                "免申即享的请在这里确认；可以申请的、办到哪一步、轮到谁、什么时候到期，都在这里。",
            )
            .active(MINE),
        tabs: tabs(show, applies),
        waiting: Vec::new(),
        offers: None,
        lines: None,
        others: "",
        no_others: false,
        pager: Pager::default(),
    };
    let page = match show {
        Show::Applicable => {
            let (offers, total, next) = offers(&app, viewer, &request).await?;
            MinePage {
                offers: Some(offers),
                pager: pager(show, format!("共 {} 项", count(total)), &asked.after, next),
                ..page
            }
        }
        Show::Open | Show::Closed => {
            let open = Some(show == Show::Open);
            let found = app.my_cases(viewer, open, &request).await?;
            let total = app.my_case_count(viewer, open).await?;
            let (waiting, lines): (Vec<MineRow>, Vec<MineRow>) = found
                .items
                .into_iter()
                .map(mine_row)
                .partition(|row| row.line.is_turn || row.line.awaits_reply);
            let first = applies && show == Show::Open && asked.after.is_empty();
            MinePage {
                others: match (show, waiting.is_empty()) {
                    (Show::Closed, _) => "已办结的",
                    (_, true) => "在办的",
                    (_, false) => "其他在办的",
                },
                no_others: lines.is_empty(),
                waiting,
                offers: match first {
                    true => Some(first_offers(&app, viewer).await?),
                    false => None,
                },
                lines: Some(lines),
                pager: pager(
                    show,
                    format!("共 {} 件", count(total)),
                    &asked.after,
                    found.next,
                ),
                ..page
            }
        }
    };
    Ok(Html(page).into_response())
}

/// A page of what can be applied for, how many there are in all, and where the next page starts.
async fn offers(
    app: &Redemption,
    viewer: &Viewer,
    request: &PageRequest,
) -> Result<(Offers, u64, Option<String>), Error> {
    let found = app.applicable(viewer, request).await?;
    let offers = Offers {
        rows: found.items.into_iter().map(offer_row).collect(),
        rest: String::new(),
        matches: format!(
            "/enterprises/{}/matches",
            viewer.own_enterprise().unwrap_or_default()
        ),
    };
    Ok((offers, found.total, found.next))
}

/// The first of them, with the way to the others.
async fn first_offers(app: &Redemption, viewer: &Viewer) -> Result<Offers, Error> {
    let request = PageRequest::first(OFFERS);
    let (offers, total, next) = offers(app, viewer, &request).await?;
    Ok(Offers {
        rest: match next {
            Some(_) => format!("看全部 {} 项", count(total)),
            None => String::new(),
        },
        ..offers
    })
}
