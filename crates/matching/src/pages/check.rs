//! 我符合吗: one item for the enterprise whose code a visitor types. For the public it is judged by
//! public facts alone.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html, Mark, Page, PageError};

use super::DayQuery;
use super::pair::{ConditionRow, condition_rows};
use crate::Matching;
use crate::error::Error;
use crate::model::{AmountView, PairMatch};
use crate::sight;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CheckQuery {
    item: String,
    code: String,
    on: String,
}

/// What the form led to.
struct Answer {
    found: PairMatch,
    mark: Mark,
    conditions: Vec<ConditionRow>,
    amount: String,
    /// The amount is words, not money: it is not shouted.
    quiet: bool,
}

#[derive(Template)]
#[template(path = "matching/check.html")]
pub(crate) struct CheckPage {
    page: Page,
    item: String,
    item_name: String,
    code: String,
    on: String,
    errors: FormErrors,
    answer: Option<Answer>,
    public: bool,
    calculator: String,
}

/// 我符合吗
pub(crate) async fn show(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Query(query): Query<CheckQuery>,
) -> Result<Response, PageError> {
    let on = DayQuery {
        on: query.on.clone(),
    }
    .day(&matching)?;
    let (id, code) = (query.item.trim(), query.code.trim());
    let item = if id.is_empty() {
        None
    } else {
        matching.item(id, on).ok()
    };
    let mut errors = FormErrors::none();
    if !id.is_empty() && item.is_none() {
        errors.add(
            "item",
            "没有这个已发布的政策事项，请核对事项编号，或从政策页面点“我符合吗”进入",
        );
    }
    let mut answer = None;
    let officer = matches!(frame.viewer, Viewer::Officer { .. });
    if !code.is_empty() && id.is_empty() {
        if officer && let Ok(code) = zhida_standards::uscc::Uscc::parse(code) {
            let all = format!("/enterprises/{}/matches", code.as_str());
            return Ok(Redirect::to(&super::address(&all, &[("on", &query.on)])).into_response());
        }
        if !officer {
            errors.add("item", "请填写政策事项编号，或从政策页面点“查一查”进入");
        }
    }
    if !code.is_empty() {
        match (zhida_standards::uscc::Uscc::parse(code), &item) {
            (Err(error), _) => errors.add("code", error.to_string()),
            (Ok(_), None) => {}
            (Ok(code), Some(item)) => match matching
                .for_pair_as(&frame.viewer, code.as_str(), &item.id, on)
                .await
            {
                Ok(found) => answer = Some(answer_for(&matching, &frame.viewer, found)),
                Err(Error::NoEnterprise(_)) => errors.add(
                    "code",
                    "库中没有这个市场主体的数据，无法直接判断；可以用政策计算器回答几个问题自行测算",
                ),
                Err(error) => return Err(Problem::from(error).into()),
            },
        }
    }
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let page = CheckPage {
        page: frame
            .page("我符合吗")
            .lead("填写统一社会信用代码，看企业是否符合一项政策的条件，差在哪里。")
            .active("/match/check"),
        calculator: super::address("/calculator", &[("item", id), ("on", &query.on)]),
        item_name: item
            .as_ref()
            .map(|item| item.name.clone())
            .unwrap_or_default(),
        item: query.item,
        code: query.code,
        on: query.on,
        errors,
        answer,
        public: frame.viewer == Viewer::Public,
    };
    Ok((status, Html(page)).into_response())
}

fn answer_for(matching: &Matching, viewer: &Viewer, mut found: PairMatch) -> Answer {
    if let Some(conditions) = &mut found.item.conditions {
        sight::mark_withheld(viewer, matching.dictionary, conditions);
    }
    let amount = match &found.item.amount {
        // Without the hidden facts it is no more than the policy's own range.
        Some(_) if *viewer == Viewer::Public => String::new(),
        Some(amount) => amount.text.clone(),
        None => String::new(),
    };
    let bounds = found.item.amount.as_ref();
    Answer {
        quiet: bounds.is_some_and(AmountView::is_words),
        mark: found.item.label.mark(),
        conditions: condition_rows(found.item.conditions.as_deref().unwrap_or_default()),
        amount,
        found,
    }
}
