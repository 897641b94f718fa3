//! 资金池.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use zhida_platform::access::Viewer;
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format::{count, datetime_zh, money_fen};
use zhida_platform::problem::Problem;
use zhida_standards::Fen;
use zhida_ui::{
    Choice, Exports, FormErrors, Frame, Html, Page, PageError, Pager, Tab, Tone, places,
};

use super::fields::Fields;
use super::{Answer, App, Asked, POOLS, address, at_fields, office, own_place, tabs, to};
use crate::actions::MANAGE;
use crate::files::yuan;
use crate::model::Pool;
use crate::service::{Funds, NewPool, PoolFilters, pool_columns};

#[derive(Template)]
#[template(path = "funds/pools.html")]
struct PoolsPage {
    page: Page,
    tabs: Vec<Tab>,
    filters: PoolFilters,
    may_manage: bool,
    is_filtered: bool,
    figures: Vec<(&'static str, String)>,
    exports: Exports,
    rows: Vec<Line>,
    pager: Pager,
}

struct Line {
    id: String,
    name: String,
    year: i64,
    organisation: String,
    amount: String,
    reserved: String,
    committed: String,
    paid: String,
    left: String,
    is_open: bool,
}

fn line(pool: &Pool) -> Line {
    Line {
        id: pool.id.clone(),
        name: pool.item_name.clone(),
        year: pool.year,
        organisation: pool.organisation.clone(),
        amount: money_fen(pool.amount),
        reserved: money_fen(pool.reserved),
        committed: money_fen(pool.committed),
        paid: money_fen(pool.paid),
        left: money_fen(pool.left()),
        is_open: pool.is_open,
    }
}

/// 资金池
pub(crate) async fn list(
    State(funds): State<App>,
    frame: Frame,
    Query(filters): Query<PoolFilters>,
    Query(asked): Query<Asked>,
) -> Answer {
    let found = funds.pools(&frame.viewer, &filters, &asked.page()?).await;
    let ((total, sums), found) = found.map_err(Problem::from)?;
    let fields = [("year", filters.year.as_str()), ("q", &filters.q)];
    let summary = format!("共 {} 个资金池", count(total));
    let csv = address("/funds/export.csv", &fields);
    let exports = frame
        .exports("funds.pools", &csv, &pool_columns(), &summary)
        .await?;
    Ok(Html(PoolsPage {
        page: office(&frame, "资金")
            .lead("每个事项一年一个资金池：预占、锁定、拨付之和不会超过预算。"),
        tabs: tabs(POOLS),
        may_manage: frame.viewer.may(MANAGE),
        is_filtered: filters != PoolFilters::default(),
        figures: vec![
            ("预算", money_fen(sums.amount)),
            ("预占", money_fen(sums.reserved)),
            ("锁定待拨", money_fen(sums.committed)),
            ("已拨付", money_fen(sums.paid)),
            (
                "余额",
                money_fen(sums.amount - sums.reserved - sums.committed - sums.paid),
            ),
        ],
        exports,
        rows: found.items.iter().map(line).collect(),
        pager: asked.pager(&address(POOLS, &fields), summary, found.next),
        filters,
    })
    .into_response())
}

/// 导出 CSV
pub(crate) async fn csv(
    State(funds): State<App>,
    frame: Frame,
    Query(filters): Query<PoolFilters>,
    chosen: Chosen,
) -> Answer {
    let table = funds.export_pools(&frame.viewer, &filters);
    let table = table.map_err(Problem::from)?.only(&chosen)?;
    Ok(csv_response(table))
}

/// 导出 Excel
pub(crate) async fn xlsx(
    State(funds): State<App>,
    frame: Frame,
    Query(filters): Query<PoolFilters>,
    chosen: Chosen,
) -> Answer {
    let table = funds.export_pools(&frame.viewer, &filters);
    let table = table.map_err(Problem::from)?.only(&chosen)?;
    Ok(xlsx_response(table).await?)
}

#[derive(Template)]
#[template(path = "funds/pool_new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    form: NewPool,
    places: Vec<Choice>,
    year: String,
    amount: String,
}

fn new_page(frame: &Frame, form: NewPool, year: String, amount: String) -> NewPage {
    NewPage {
        page: office(frame, "建立资金池").crumb("资金", POOLS),
        errors: FormErrors::none(),
        places: places::choices(
            "本单位的区划",
            &places::roots(&frame.viewer, MANAGE, ""),
            &form.place,
        ),
        form,
        year,
        amount,
    }
}

/// 建立资金池
pub(crate) async fn new(
    State(funds): State<App>,
    frame: Frame,
    Query(form): Query<Prefill>,
) -> Answer {
    let seat = frame.viewer.seat();
    let form = NewPool {
        item: form.item,
        item_name: form.item_name,
        organisation: seat
            .map(|seat| seat.organisation_name.clone())
            .unwrap_or_default(),
        ..NewPool::default()
    };
    let year = funds.day().format("%Y").to_string();
    Ok(Html(new_page(&frame, form, year, String::new())).into_response())
}

/// What a link from an item's page knows already.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Prefill {
    item: String,
    item_name: String,
}

pub(crate) async fn submit_new(State(funds): State<App>, frame: Frame, fields: Fields) -> Answer {
    let form = NewPool {
        item: fields.text("item"),
        item_name: fields.text("item_name"),
        year: fields.get("year").parse().unwrap_or(0),
        organisation: fields.text("organisation"),
        place: fields.text("place"),
        amount: 0,
        note: fields.text("note"),
    };
    let made = match fields.yuan("amount") {
        Ok(amount) => {
            let place = match form.place.as_str() {
                "" => own_place(&frame.viewer),
                chosen => chosen.to_owned(),
            };
            let form = NewPool {
                amount,
                place,
                ..form.clone()
            };
            funds.open_pool(&frame.viewer, &form).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(pool) => Ok(to(&format!("{POOLS}/pools/{}?done=made", pool.id))),
        Err(error) => {
            let (status, problem) = at_fields(error.into())?;
            let mut page = new_page(&frame, form, fields.text("year"), fields.text("amount"));
            page.errors = problem.fields.into();
            Ok((status, Html(page)).into_response())
        }
    }
}

#[derive(Template)]
#[template(path = "funds/pool.html")]
struct PoolPage {
    page: Page,
    errors: FormErrors,
    pool: Line,
    item: String,
    place: String,
    note: String,
    may_manage: bool,
    amount: String,
    reason: String,
    queue: Vec<Waiter>,
    waiting: String,
    ledger: Vec<Booked>,
    pager: Pager,
}

struct Waiter {
    place: usize,
    case: String,
    enterprise: String,
    wanted: String,
}

struct Booked {
    when: String,
    kind: &'static str,
    amount: String,
    case: String,
    enterprise: String,
    reason: String,
    by: String,
}

/// 一个资金池：账面、等待资金、流水
pub(crate) async fn show(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let mut page = made(&funds, &frame, &id, &asked).await?;
    let words = match asked.done.as_str() {
        "made" => "资金池已建立。",
        "budget" => "预算已调整；等待资金的按先后顺序补上了能补的。",
        "switch" => "已办。",
        _ => "",
    };
    if !words.is_empty() {
        page.page = page.page.notice(Tone::Success, words);
    }
    Ok(Html(page).into_response())
}

async fn made(
    funds: &Funds,
    frame: &Frame,
    id: &str,
    asked: &Asked,
) -> Result<PoolPage, PageError> {
    let viewer: &Viewer = &frame.viewer;
    let pool = funds.pool(viewer, id).await.map_err(Problem::from)?;
    let ((number, wanted), queue) = funds.queue(viewer, id).await.map_err(Problem::from)?;
    let ledger = funds.ledger(viewer, id, &asked.page()?).await;
    let ledger = ledger.map_err(Problem::from)?;
    let row = |(index, claim): (usize, &crate::model::ClaimRow)| Waiter {
        place: index + 1,
        case: claim.case_number.clone(),
        enterprise: claim.enterprise_name.clone(),
        wanted: money_fen(claim.wanted),
    };
    let booked = |entry: &crate::model::Entry| Booked {
        when: datetime_zh(entry.at),
        kind: entry.kind.word(),
        amount: money_fen(entry.amount),
        case: entry.case_number.clone(),
        enterprise: entry.enterprise_name.clone(),
        reason: entry.reason.clone(),
        by: entry.by.clone(),
    };
    let amount: Fen = pool.amount;
    Ok(PoolPage {
        page: office(frame, &pool.item_name)
            .lead(format!("{} 年资金池", pool.year))
            .crumb("资金", POOLS),
        errors: FormErrors::none(),
        item: pool.item.clone(),
        place: zhida_standards::division::full_name(&pool.place)
            .unwrap_or_else(|| pool.place.clone()),
        note: pool.note.clone(),
        may_manage: viewer.may(MANAGE),
        amount: yuan(amount),
        reason: String::new(),
        waiting: format!(
            "共 {number} 件，合计 {}，还差 {}{}。按申请的先后：排在前面的没有补上，后面的不能越过。",
            money_fen(wanted),
            money_fen((wanted - pool.left()).max(0)),
            match usize::try_from(number).is_ok_and(|number| number > queue.len()) {
                true => format!("；这里列出前 {} 件", queue.len()),
                false => String::new(),
            }
        ),
        queue: queue.iter().enumerate().map(row).collect(),
        ledger: ledger.items.iter().map(booked).collect(),
        pager: asked.pager(&format!("{POOLS}/pools/{id}"), String::new(), ledger.next),
        pool: line(&pool),
    })
}

/// 调整预算
pub(crate) async fn budget(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let done = match fields.yuan("amount") {
        Ok(amount) => {
            let reason = fields.get("reason");
            funds
                .change_budget(&frame.viewer, &id, amount, reason)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(to(&format!("{POOLS}/pools/{id}?done=budget"))),
        Err(error) => {
            let (status, problem) = at_fields(error.into())?;
            let mut page = made(&funds, &frame, &id, &Asked::default()).await?;
            page.errors = problem.fields.into();
            page.amount = fields.text("amount");
            page.reason = fields.text("reason");
            Ok((status, Html(page)).into_response())
        }
    }
}

/// 停用、启用
pub(crate) async fn switch(
    State(funds): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let on = fields.get("on") == "yes";
    let done = funds.switch_pool(&frame.viewer, &id, on).await;
    done.map_err(Problem::from)?;
    Ok(to(&format!("{POOLS}/pools/{id}?done=switch")))
}
