//! Pages of the room.

pub(crate) mod calculator;
pub(crate) mod check;
pub(crate) mod enterprise;
pub(crate) mod fields;
pub(crate) mod home;
pub(crate) mod item;
pub(crate) mod news;
pub(crate) mod pair;
pub(crate) mod places;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::format::{count, date_zh};
use zhida_platform::problem::Problem;
use zhida_policies::Way;
use zhida_ui::Mark;

use crate::Matching;
use crate::model::{AmountView, EnterpriseMatch, MatchedItem, PairMatch};
use crate::verdict::Label;

/// Cards of one group that are shown before one asks for the whole group.
const CARDS_SHOWN: usize = 12;
/// Cards of the one group that was asked for.
const GROUP_SHOWN: usize = 1_000;

/// The pages.
pub(crate) fn router(matching: Arc<Matching>) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/calculator", get(calculator::show))
        .route("/match/check", get(check::show))
        .route("/match/news", get(news::show))
        .route("/match/news.csv", get(news::csv))
        .route("/match/news.xlsx", get(news::xlsx))
        .route("/enterprises/{code}/matches", get(enterprise::show))
        .route("/enterprises/{code}/matches/{item}", get(pair::show))
        .route("/enterprises/{code}/matches/{item}/mute", post(pair::mute))
        .route("/policies/{id}/enterprises", get(item::show))
        .route("/policies/{id}/enterprises.csv", get(item::csv))
        .route("/policies/{id}/enterprises.xlsx", get(item::xlsx))
        .with_state(matching)
}

/// What the page of all items for an enterprise is called: its own people say mine.
fn matches_title(viewer: &Viewer, code: &str) -> &'static str {
    match viewer.own_enterprise() == Some(code) {
        true => "我的政策",
        false => "可享政策",
    }
}

/// How the item of a match is had today; nothing of one that is not open on the day asked for.
async fn way(matching: &Matching, found: &PairMatch) -> Result<Way, Problem> {
    if found.not_open.is_some() {
        return Ok(Way::default());
    }
    let item = matching.item(&found.item.head.id, found.on)?;
    matching.policies.way_to(&item.elements).await
}

/// The label that a filter asks for; an empty one asks for none.
fn label_asked(name: &str, text: &str) -> Result<Option<Label>, Problem> {
    let key = text.trim();
    if key.is_empty() {
        return Ok(None);
    }
    Label::from_key(key).map(Some).ok_or_else(|| {
        let key: String = key.chars().take(40).collect();
        Problem::bad_input(format!("筛选条件 {name} 没有“{key}”这个选项"))
            .field(name, "请从列表中选择")
    })
}

/// 基准日 of an address.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct DayQuery {
    #[serde(default)]
    pub on: String,
}

impl DayQuery {
    /// The day asked for; today when none is.
    pub fn day(&self, matching: &Matching) -> Result<NaiveDate, Problem> {
        let text = self.on.trim();
        if text.is_empty() {
            return Ok(matching.today());
        }
        let day = zhida_rules::read_date(text).map_err(|error| {
            Problem::bad_input(format!("基准日写法有误：{error}"))
                .field("on", "请写成 2026-11-22 的形式")
        })?;
        Ok(matching.day(Some(day))?)
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
pub(crate) fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// An address with a query part; empty values are left out.
pub(crate) fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let parts: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}={}", percent(name), percent(value)))
        .collect();
    if parts.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", parts.join("&"))
    }
}

/// The day for an address: empty for today, so that links stay true tomorrow.
pub(crate) fn day_text(matching: &Matching, on: NaiveDate) -> String {
    if on == matching.today() {
        String::new()
    } else {
        on.to_string()
    }
}

/// One item of a list of matches.
pub(crate) struct Card {
    pub title: String,
    pub href: String,
    pub mark: Mark,
    pub label: &'static str,
    pub amount: String,
    /// The amount is words, not money: it is not shouted.
    pub quiet: bool,
    /// Outline of the card.
    pub class: &'static str,
    pub meta: String,
    pub reason: String,
    /// The reason is what the enterprise can do next.
    pub todo: bool,
    pub deadline: String,
}

impl Card {
    pub fn new(item: &MatchedItem, href: String) -> Self {
        let deadline = item.head.deadline.map(date_zh);
        Self {
            title: item.head.name.clone(),
            href,
            mark: item.label.mark(),
            label: item.label.words(),
            amount: item
                .amount
                .as_ref()
                .map(|amount| amount.text.clone())
                .unwrap_or_default(),
            quiet: item.amount.as_ref().is_some_and(AmountView::is_words),
            class: match item.label {
                Label::NearMiss => "near",
                label => label.mark().class(),
            },
            todo: matches!(item.label, Label::NearMiss | Label::OneUnknown),
            meta: format!(
                "{} · {} · {}",
                item.head.level, item.head.delivery, item.head.document
            ),
            reason: item.reason.clone(),
            deadline: deadline.map(|day| format!("{day}截止")).unwrap_or_default(),
        }
    }
}

/// The items of one label.
pub(crate) struct Group {
    /// Where figures lead to.
    pub id: &'static str,
    pub title: String,
    pub hint: &'static str,
    pub cards: Vec<Card>,
    /// Folded: nobody looks for these first.
    pub folded: bool,
    /// Where the rest is; empty when all are shown.
    pub more: String,
}

/// Groups in the order of labels, those without items left out. `only` shows one group whole.
pub(crate) fn groups(
    found: &EnterpriseMatch,
    only: Option<Label>,
    href: impl Fn(&MatchedItem) -> String,
    more: impl Fn(Label) -> String,
) -> Vec<Group> {
    let shown = Label::ALL
        .into_iter()
        .filter(|label| only.is_none_or(|only| only == *label));
    shown
        .filter_map(|label| {
            let of_label = found.items.iter().filter(|item| item.label == label);
            let limit = if only.is_some() {
                GROUP_SHOWN
            } else {
                CARDS_SHOWN
            };
            let cards: Vec<Card> = of_label
                .take(limit)
                .map(|item| Card::new(item, href(item)))
                .collect();
            if cards.is_empty() {
                return None;
            }
            let all = found.counts.get(label);
            let rest = all > limit as u64 && only.is_none();
            let cut = match all > GROUP_SHOWN as u64 && only.is_some() {
                true => format!("，列出前 {} 项", count(GROUP_SHOWN as u64)),
                false => String::new(),
            };
            Some(Group {
                id: label.key(),
                title: format!("{} {} 项{cut}", label.words(), count(all)),
                hint: hint(label),
                cards,
                folded: only.is_none() && label >= Label::Ineligible,
                more: if rest { more(label) } else { String::new() },
            })
        })
        .collect()
}

fn hint(label: Label) -> &'static str {
    match label {
        Label::Eligible => "按现有数据，全部条件都已满足。",
        Label::Manual => "能够计算的条件都已满足，其余由主管部门核验。",
        Label::NearMiss => "只有一个条件没有满足，做到它就能享受。",
        Label::OneUnknown => "只缺一项数据，补上就能判断。",
        Label::Unknown => "缺少多项数据，还不能判断。",
        Label::Ineligible => "有多个条件没有满足。",
        Label::OutOfReach => "所在地区、行业等无法改变的条件不相符。",
    }
}
