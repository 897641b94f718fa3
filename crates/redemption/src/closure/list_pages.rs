//! 比对名单.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;
use zhida_platform::clock::to_shanghai;
use zhida_platform::format::{count, date_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_standards::division;
use zhida_ui::{FormErrors, Frame, Html, Page, Pager, Tab};

use super::lists::ListToSave;
use super::model::ComparisonList;
use super::pages::tabs;
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, CLOSURE, LISTS, to};
use crate::rights::LISTS_ALL;
use crate::service::Redemption;

/// Rows of a page.
const ROWS: u32 = 50;

pub(super) fn routes(app: Arc<Redemption>) -> Router {
    Router::new()
        .route("/redemption/lists", get(lists).post(save))
        .with_state(app)
}

struct Line {
    list: ComparisonList,
    /// Name of the owner's place.
    place: String,
    updated: String,
}

fn line(list: ComparisonList) -> Line {
    Line {
        place: division::full_name(&list.place).unwrap_or_default(),
        updated: format!(
            "{}，{}",
            date_zh(to_shanghai(list.updated_at).date_naive()),
            list.updated_by
        ),
        list,
    }
}

#[derive(Template)]
#[template(path = "redemption/lists.html")]
struct ListsPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    pager: Pager,
    errors: FormErrors,
    form: ListToSave,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct After {
    after: String,
}

/// 比对名单
async fn lists(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Query(After { after }): Query<After>,
) -> Answer {
    let page = made(
        &app,
        &frame,
        after,
        ListToSave::default(),
        FormErrors::none(),
    );
    Ok(Html(page.await?).into_response())
}

async fn made(
    app: &Redemption,
    frame: &Frame,
    after: String,
    form: ListToSave,
    errors: FormErrors,
) -> Result<ListsPage, Error> {
    let first = match after.is_empty() {
        true => String::new(),
        false => LISTS.to_owned(),
    };
    let request = PageRequest {
        after: Some(after),
        limit: ROWS,
    };
    let request = request.checked(ROWS)?;
    let total = app.comparison_list_count(&frame.viewer).await?;
    let found = app.comparison_lists(&frame.viewer, &request).await?;
    let next = found.next.map(|next| format!("{LISTS}?after={next}"));
    // who sees all lists has them in the menu
    let line_of_menu = match frame.viewer.may(LISTS_ALL) {
        true => LISTS,
        false => CLOSURE,
    };
    Ok(ListsPage {
        page: frame
            .page("比对名单")
            .lead("各部门给的不予兑付的企业名单。名单上的企业不放行；放行之后才上名单的，拨付前会被拦下。")
            .active(line_of_menu)
            .office(),
        tabs: tabs(&frame.viewer, LISTS),
        lines: found.items.into_iter().map(line).collect(),
        pager: Pager {
            summary: format!("共 {} 个名单", count(total)),
            first,
            next: next.unwrap_or_default(),
        },
        form,
        errors,
    })
}

/// 建立或更新名单
async fn save(State(app): State<Arc<Redemption>>, frame: Frame, fields: Fields) -> Answer {
    let list = ListToSave {
        id: fields.get("id").to_owned(),
        name: fields.get("name").to_owned(),
        department: fields.get("department").to_owned(),
        lines: fields.get("lines").to_owned(),
    };
    match app.save_list(&frame.viewer, &list).await {
        Ok(_) => Ok(to(LISTS)),
        Err(error @ Error::Field { .. }) => {
            let errors = Problem::from(error).fields.into();
            let page = made(&app, &frame, String::new(), list, errors).await?;
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
