//! 公示 for everybody; objections for those who make and decide them.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format::{count, date_zh, datetime_zh, money_fen};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Exports, FormErrors, Frame, Html, Page, Pager, Tab, address};

use super::model::{NoticeView, Objection, ObjectionState, RowState, RowView};
use super::query::{NoticeQuery, NoticeState, ObjectionQuery, RowQuery};
use super::service::{ObjectionForm, columns};
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, to};
use crate::rights::{DECIDE, OBJECT};
use crate::service::Redemption;

/// The public list.
pub(crate) const NOTICES: &str = "/notices";
/// The queue of objections.
pub(crate) const OBJECTIONS: &str = "/redemption/objections";
const ROWS: u32 = 20;
const ROWS_OF_NOTICE: u32 = 50;

type App = State<Arc<Redemption>>;

pub(crate) fn routes(redemption: Arc<Redemption>) -> Router {
    Router::new()
        .route("/notices", get(list))
        .route("/notices/{id}", get(show))
        .route("/notices/{id}/export.csv", get(csv))
        .route("/notices/{id}/export.xlsx", get(xlsx))
        .route("/notices/rows/{row}/object", get(ask).post(object))
        .route("/redemption/objections", get(objections))
        .route("/redemption/objections/{id}", get(objection).post(decide))
        .route("/redemption/objections/{id}/withdraw", post(withdraw))
        .with_state(redemption)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct After {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "redemption/notice/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    q: String,
    notices: Vec<NoticeView>,
    pager: Pager,
}

/// 公示
async fn list(
    State(app): App,
    frame: Frame,
    Query(query): Query<NoticeQuery>,
    Query(after): Query<After>,
) -> Answer {
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let total = app.notice_count(&query).await.map_err(Problem::from)?;
    let found = app.notices(&query, &request).await.map_err(Problem::from)?;
    let here = |state: Option<NoticeState>, after: &str| {
        address(
            NOTICES,
            &[
                ("state", state.map_or("", NoticeState::slug)),
                ("q", &query.q),
                ("item", &query.item),
                ("after", after),
            ],
        )
    };
    let tab = |word: &str, state: Option<NoticeState>| {
        Tab::new(word, here(state, ""), state == query.state)
    };
    let tabs = std::iter::once(tab("全部", None))
        .chain(
            NoticeState::ALL
                .iter()
                .map(|state| tab(state.word(), Some(*state))),
        )
        .collect();
    let pager = Pager {
        summary: format!("共 {} 份公示", count(total)),
        first: if request.after.is_some() {
            here(query.state, "")
        } else {
            String::new()
        },
        next: found
            .next
            .map(|next| here(query.state, &next))
            .unwrap_or_default(),
    };
    Ok(Html(ListPage {
        page: frame
            .page("公示")
            .lead("准备兑付给谁、多少钱，先在这里公示。公示期内任何人都可以提出异议。")
            .active(NOTICES),
        tabs,
        pager,
        notices: found.items,
        q: query.q,
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "redemption/notice/show.html")]
struct ShowPage {
    page: Page,
    action: String,
    q: String,
    states: Vec<Choice>,
    rows: Vec<RowLine>,
    exports: Exports,
    pager: Pager,
}

struct RowLine {
    row: RowView,
    amount: String,
    until: String,
    can_object: bool,
}

/// 公示名单
async fn show(
    State(app): App,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<RowQuery>,
    Query(after): Query<After>,
) -> Answer {
    let notice = app.notice(&id).await.map_err(Problem::from)?;
    let request = PageRequest {
        after: after.after,
        limit: ROWS_OF_NOTICE,
    }
    .checked(ROWS_OF_NOTICE)?;
    let total = app
        .notice_row_count(&id, &query)
        .await
        .map_err(Problem::from)?;
    let found = app
        .notice_rows(&id, &query, &request)
        .await
        .map_err(Problem::from)?;
    let path = format!("{NOTICES}/{id}");
    let state = query.state.map_or("", RowState::slug);
    let here = |path: &str, after: &str| {
        address(path, &[("q", &query.q), ("state", state), ("after", after)])
    };
    let today = app.clock.today();
    let mut states = vec![Choice::new("", "全部", state)];
    states.extend(
        RowState::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), state)),
    );
    let summary = format!("共 {} 家", count(total));
    let csv = here(&format!("{path}/export.csv"), "");
    let exports = frame
        .exports("redemption.notice", &csv, &columns(), &summary)
        .await?;
    Ok(Html(ShowPage {
        page: frame
            .page(format!("{}：公示", notice.item_name))
            .lead(format!(
                "{} 至 {}，{}",
                date_zh(notice.starts_on),
                date_zh(notice.ends_on),
                notice.organisation
            ))
            .active(NOTICES)
            .crumb("公示", NOTICES),
        pager: Pager {
            summary,
            first: if request.after.is_some() {
                here(&path, "")
            } else {
                String::new()
            },
            next: found
                .next
                .map(|next| here(&path, &next))
                .unwrap_or_default(),
        },
        exports,
        rows: found
            .items
            .into_iter()
            .map(|row| RowLine {
                amount: row.fen.map(money_fen).unwrap_or_default(),
                until: date_zh(row.ends_on),
                can_object: row.is_open_on(today),
                row,
            })
            .collect(),
        action: path,
        q: query.q,
        states,
    })
    .into_response())
}

/// CSV of a notice.
async fn csv(
    State(app): App,
    Path(id): Path<String>,
    Query(query): Query<RowQuery>,
    chosen: Chosen,
) -> Answer {
    let notice = app.notice(&id).await.map_err(Problem::from)?;
    let table = app.notice_table(&notice, query).only(&chosen)?;
    Ok(csv_response(table))
}

/// XLSX of a notice.
async fn xlsx(
    State(app): App,
    Path(id): Path<String>,
    Query(query): Query<RowQuery>,
    chosen: Chosen,
) -> Answer {
    let notice = app.notice(&id).await.map_err(Problem::from)?;
    let table = app.notice_table(&notice, query).only(&chosen)?;
    Ok(xlsx_response(table).await?)
}

#[derive(Template)]
#[template(path = "redemption/notice/object.html")]
struct ObjectPage {
    page: Page,
    errors: FormErrors,
    row: RowView,
    amount: String,
    form: ObjectionForm,
}

async fn object_page(
    app: &Redemption,
    frame: &Frame,
    row: &str,
    form: ObjectionForm,
) -> Result<ObjectPage, Error> {
    let row = app.notice_row(row).await?;
    let notice = app.notice(&row.notice).await?;
    Ok(ObjectPage {
        page: frame
            .page("提出异议")
            .lead(format!(
                "对象：{}，事项：{}",
                row.enterprise_name, notice.item_name
            ))
            .active(NOTICES)
            .crumb("公示", NOTICES)
            .crumb(notice.item_name.clone(), format!("{NOTICES}/{}", notice.id)),
        errors: FormErrors::none(),
        amount: row.fen.map(money_fen).unwrap_or_default(),
        row,
        form,
    })
}

/// 提出异议
async fn ask(State(app): App, frame: Frame, Path(row): Path<String>) -> Answer {
    frame.viewer.need(OBJECT)?;
    let page = object_page(&app, &frame, &row, ObjectionForm::default()).await;
    Ok(Html(page.map_err(Problem::from)?).into_response())
}

/// 提交异议
async fn object(State(app): App, frame: Frame, Path(row): Path<String>, fields: Fields) -> Answer {
    let form = ObjectionForm {
        person: fields.get("person").to_owned(),
        phone: fields.get("phone").to_owned(),
        words: fields.get("words").to_owned(),
    };
    let error = match app.object(&frame.viewer, &row, &form).await {
        Ok(id) => return Ok(to(&format!("{OBJECTIONS}/{id}"))),
        Err(error @ (Error::Field { .. } | Error::Refused(_) | Error::Overtaken(_))) => {
            Problem::from(error)
        }
        Err(error) => return Err(Problem::from(error).into()),
    };
    let mut page = object_page(&app, &frame, &row, form)
        .await
        .map_err(Problem::from)?;
    match error.fields.is_empty() {
        true => page.errors.add("words", error.detail),
        false => page.errors = error.fields.into(),
    }
    Ok((error.status, Html(page)).into_response())
}

#[derive(Template)]
#[template(path = "redemption/notice/objections.html")]
struct ObjectionsPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<ObjectionLine>,
    pager: Pager,
}

struct ObjectionLine {
    objection: Objection,
    when: String,
}

/// 异议
async fn objections(
    State(app): App,
    frame: Frame,
    Query(query): Query<ObjectionQuery>,
    Query(after): Query<After>,
) -> Answer {
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let viewer = &frame.viewer;
    let total = app
        .objection_count(viewer, &query)
        .await
        .map_err(Problem::from)?;
    let found = app
        .objections(viewer, &query, &request)
        .await
        .map_err(Problem::from)?;
    let here =
        |state: &str, after: &str| address(OBJECTIONS, &[("state", state), ("after", after)]);
    let wanted = query.wanted().map_err(Problem::from)?;
    let mut tabs: Vec<Tab> = ObjectionState::ALL
        .iter()
        .map(|state| Tab::new(state.word(), here(state.slug(), ""), wanted == Some(*state)))
        .collect();
    tabs.push(Tab::new("全部", here("all", ""), wanted.is_none()));
    Ok(Html(ObjectionsPage {
        page: frame
            .page("公示异议")
            .lead("异议只暂停它所对的那一家的拨付。等得最久的在前。")
            .active(OBJECTIONS)
            .office(),
        tabs,
        pager: Pager {
            summary: format!("共 {} 件", count(total)),
            first: if request.after.is_some() {
                here(&query.state, "")
            } else {
                String::new()
            },
            next: found
                .next
                .map(|next| here(&query.state, &next))
                .unwrap_or_default(),
        },
        lines: found
            .items
            .into_iter()
            .map(|objection| ObjectionLine {
                when: datetime_zh(objection.made_at),
                objection,
            })
            .collect(),
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "redemption/notice/objection.html")]
struct ObjectionPage {
    page: Page,
    errors: FormErrors,
    objection: Objection,
    when: String,
    decided: String,
    is_own: bool,
    decides: bool,
    words: String,
    results: Vec<Choice>,
}

async fn objection_page(
    app: &Redemption,
    frame: &Frame,
    id: &str,
    words: &str,
    result: &str,
) -> Result<ObjectionPage, Error> {
    let found = app.objection(&frame.viewer, id).await?;
    let account = frame.viewer.account().map(|id| id.to_string());
    let is_own = account.is_some_and(|account| account == found.account);
    let is_open = found.state == ObjectionState::Open;
    Ok(ObjectionPage {
        page: frame
            .page("公示异议")
            .lead(format!("{}：{}", found.item_name, found.enterprise_name))
            .crumb("公示", NOTICES),
        errors: FormErrors::none(),
        when: datetime_zh(found.made_at),
        decided: found.decided_at.map(datetime_zh).unwrap_or_default(),
        is_own: is_own && is_open,
        decides: frame.viewer.may(DECIDE) && is_open,
        words: words.to_owned(),
        results: vec![
            Choice::new("dismissed", "不成立：继续公示和拨付", result),
            Choice::new("upheld", "成立：取消公示，退回重审", result),
        ],
        objection: found,
    })
}

/// 一件异议
async fn objection(State(app): App, frame: Frame, Path(id): Path<String>) -> Answer {
    let page = objection_page(&app, &frame, &id, "", "").await;
    Ok(Html(page.map_err(Problem::from)?).into_response())
}

/// 处理异议
async fn decide(State(app): App, frame: Frame, Path(id): Path<String>, fields: Fields) -> Answer {
    let result = fields.get("result");
    let decided = match result {
        "upheld" | "dismissed" => {
            app.decide_objection(&frame.viewer, &id, result == "upheld", fields.get("words"))
                .await
        }
        _ => Err(Error::field("result", "请选择异议是否成立")),
    };
    let error = match decided {
        Ok(()) => return Ok(to(&format!("{OBJECTIONS}/{id}"))),
        Err(error @ (Error::Field { .. } | Error::Refused(_) | Error::Overtaken(_))) => {
            Problem::from(error)
        }
        Err(error) => return Err(Problem::from(error).into()),
    };
    let page = objection_page(&app, &frame, &id, fields.get("words"), result).await;
    let mut page = page.map_err(Problem::from)?;
    match error.fields.is_empty() {
        true => page.errors.add("words", error.detail),
        false => page.errors = error.fields.into(),
    }
    Ok((error.status, Html(page)).into_response())
}

/// 撤回异议
async fn withdraw(State(app): App, frame: Frame, Path(id): Path<String>) -> Answer {
    app.withdraw_objection(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    Ok(to(&format!("{OBJECTIONS}/{id}")))
}
