//! The pages of the room. Every one works without JavaScript.

mod accounts;
mod batches;
mod fields;
mod payments;
mod pools;
mod receipts;
mod recoveries;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::export::percent_encoded;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Page, PageError, Pager, Tab};

pub(crate) use batches::xml;

use crate::service::{BYTES_MAX, Funds};

type App = Arc<Funds>;
type Answer = Result<Response, PageError>;

/// Rows of a page of a list.
const ROWS: u32 = 20;

pub(crate) const POOLS: &str = "/funds";
pub(crate) const PAYMENTS: &str = "/funds/payments";
pub(crate) const BATCHES: &str = "/funds/batches";
pub(crate) const RECEIPTS: &str = "/funds/receipts";
pub(crate) const UNCLAIMED: &str = "/funds/unclaimed";
pub(crate) const RECONCILIATION: &str = "/funds/reconciliation";
pub(crate) const RECOVERIES: &str = "/funds/recoveries";
pub(crate) const PAYERS: &str = "/funds/payers";
pub(crate) const PAYEE: &str = "/payee";

pub(crate) fn routes(funds: App) -> Router {
    Router::new()
        .route("/funds", get(pools::list))
        .route("/funds/export.csv", get(pools::csv))
        .route("/funds/export.xlsx", get(pools::xlsx))
        .route("/funds/pools/new", get(pools::new).post(pools::submit_new))
        .route("/funds/pools/{id}", get(pools::show))
        .route("/funds/pools/{id}/budget", post(pools::budget))
        .route("/funds/pools/{id}/switch", post(pools::switch))
        .route("/funds/payments", get(payments::list))
        .route("/funds/payments/export.csv", get(payments::csv))
        .route("/funds/payments/export.xlsx", get(payments::xlsx))
        .route("/funds/payments/{id}/again", post(payments::again))
        .route("/funds/batches", get(batches::list))
        .route(
            "/funds/batches/new",
            get(batches::new).post(batches::submit_new),
        )
        .route("/funds/batches/{id}", get(batches::show))
        .route("/funds/batches/{id}/approve", post(batches::approve))
        .route("/funds/batches/{id}/reject", post(batches::reject))
        .route("/funds/batches/{id}/withdraw", post(batches::withdraw))
        .route("/funds/batches/{id}/sent", post(batches::sent))
        .route("/funds/batches/{id}/payments.csv", get(batches::csv))
        .route("/funds/batches/{id}/pain001.xml", get(batches::pain001))
        .route(
            "/funds/receipts",
            get(receipts::list).post(receipts::submit),
        )
        .layer(DefaultBodyLimit::max(BYTES_MAX + (1 << 16)))
        .route("/funds/receipts/{digest}", get(receipts::show))
        .route("/funds/unclaimed", get(receipts::unclaimed))
        .route("/funds/unclaimed/{id}", post(receipts::handle))
        .route("/funds/reconciliation", get(batches::reconciliation))
        .route("/funds/recoveries", get(recoveries::list))
        .route("/funds/recoveries/{id}", post(recoveries::settle))
        .route(
            "/funds/payers",
            get(accounts::payers).post(accounts::add_payer),
        )
        .route("/funds/payers/{id}/switch", post(accounts::switch_payer))
        .route("/payee", get(accounts::payee).post(accounts::keep_payee))
        .with_state(funds)
}

/// Goes on to another page after a write.
fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

fn office(frame: &Frame, title: &str) -> Page {
    frame.page(title).active(POOLS).office()
}

/// The parts of the room.
fn tabs(here: &str) -> Vec<Tab> {
    [
        ("资金池", POOLS),
        ("拨付", PAYMENTS),
        ("批次", BATCHES),
        ("回单", RECEIPTS),
        ("未认领", UNCLAIMED),
        ("对账", RECONCILIATION),
        ("追回", RECOVERIES),
        ("付款账户", PAYERS),
    ]
    .into_iter()
    .map(|(label, href)| Tab::new(label, href, href == here))
    .collect()
}

/// What every list is asked for beside its filters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    after: String,
    done: String,
}

impl Asked {
    fn page(&self) -> Result<PageRequest, Problem> {
        let request = PageRequest {
            after: Some(self.after.clone()),
            limit: ROWS,
        };
        request.checked(ROWS)
    }

    /// The way through the pages of a list at this address, which may have a query already.
    fn pager(&self, address: &str, summary: String, next: Option<String>) -> Pager {
        let sign = if address.contains('?') { '&' } else { '?' };
        Pager {
            summary,
            first: match self.after.is_empty() {
                true => String::new(),
                false => address.to_owned(),
            },
            next: next
                .map(|next| format!("{address}{sign}after={next}"))
                .unwrap_or_default(),
        }
    }
}

/// An address with the fields that say something.
fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let said = fields.iter().filter(|(_, value)| !value.is_empty());
    let parts: Vec<String> = said
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    match parts.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", parts.join("&")),
    }
}

/// A problem that the form can show at its fields; any other is a page of its own.
fn at_fields(problem: Problem) -> Result<(StatusCode, Problem), PageError> {
    match problem.status {
        StatusCode::BAD_REQUEST => Ok((problem.status, problem)),
        StatusCode::UNPROCESSABLE_ENTITY if !problem.fields.is_empty() => {
            Ok((problem.status, problem))
        }
        _ => Err(problem.into()),
    }
}

/// The division of the viewer's seat, as a form's first value.
fn own_place(viewer: &Viewer) -> String {
    let division = viewer.seat().and_then(|seat| seat.division.clone());
    division.unwrap_or_default()
}
