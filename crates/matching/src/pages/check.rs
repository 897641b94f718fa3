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
use zhida_policies::Way;
use zhida_standards::uscc::Uscc;
use zhida_ui::{FormErrors, Frame, Html, Mark, Page, PageError};

use super::DayQuery;
use super::pair::{ConditionRow, condition_rows};
use crate::Matching;
use crate::error::Error;
use crate::model::{AmountView, PairMatch};
use crate::rights::READ;
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
    way: Way,
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
    let mut viewer = Viewer::visitor();
    match Uscc::parse(code) {
        _ if code.is_empty() => {}
        Err(error) => errors.add("code", error.to_string()),
        Ok(code) => match matching.enterprise(code.as_str()).await {
            Ok(enterprise) => {
                viewer = frame.viewer.facing(READ, &enterprise.access());
                if let Some(item) = &item {
                    if !viewer.is_visitor() {
                        matching
                            .record_view(&viewer, code.as_str(), "匹配依据", Some(&item.id))
                            .await
                            .map_err(Problem::from)?;
                    }
                    let found = matching.for_pair_as(&viewer, code.as_str(), &item.id, on);
                    let found = found.await.map_err(Problem::from)?;
                    let way = super::way(&matching, &found).await?;
                    answer = Some(answer_for(&matching, &viewer, found, way));
                } else if id.is_empty() && viewer.may(READ) {
                    let all = format!("/enterprises/{}/matches", code.as_str());
                    let all = super::address(&all, &[("on", &query.on)]);
                    return Ok(Redirect::to(&all).into_response());
                }
            }
            Err(Error::NoEnterprise(_)) if item.is_some() || frame.viewer.may(READ) => errors.add(
                "code",
                "库中没有这个市场主体的数据，无法直接判断；可以用政策计算器回答几个问题自行测算",
            ),
            Err(Error::NoEnterprise(_)) => {}
            Err(error) => return Err(Problem::from(error).into()),
        },
    }
    let told = frame.viewer.may(READ) && !errors.is_empty();
    if id.is_empty() && !code.is_empty() && !told {
        errors.add("item", "请填写政策事项编号，或从政策页面点“查一查”进入");
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
        // whoever acts for an enterprise asks about that one first
        code: match query.code.is_empty() {
            true => frame.viewer.own_enterprise().unwrap_or_default().to_owned(),
            false => query.code,
        },
        on: query.on,
        errors,
        // before a code is given, who may see matches at all may leave the item open
        public: match answer {
            Some(_) => viewer.is_visitor(),
            None => !frame.viewer.may(READ),
        },
        answer,
    };
    Ok((status, Html(page)).into_response())
}

fn answer_for(matching: &Matching, viewer: &Viewer, mut found: PairMatch, way: Way) -> Answer {
    if let Some(conditions) = &mut found.item.conditions {
        sight::mark_withheld(viewer, matching.dictionary, conditions);
    }
    let amount = match &found.item.amount {
        // Without the hidden facts it is no more than the policy's own range.
        Some(_) if viewer.is_visitor() => String::new(),
        Some(amount) => amount.text.clone(),
        None => String::new(),
    };
    let bounds = found.item.amount.as_ref();
    Answer {
        quiet: bounds.is_some_and(AmountView::is_words),
        mark: found.item.label.mark(),
        conditions: condition_rows(found.item.conditions.as_deref().unwrap_or_default()),
        amount,
        way,
        found,
    }
}
