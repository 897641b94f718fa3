//! The pages of the room. Every one works without JavaScript.

mod audit;
mod calendar;
mod chain;
mod files;
mod jobs;
mod overview;
mod schedules;
mod stuck;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use zhida_platform::access::{Action, Viewer};
use zhida_ui::{Frame, Page, PageError, Tab};

use crate::actions::{AUDIT_READ, FILE_READ, JOB_READ};
use crate::service::Office;

type App = Arc<Office>;
type Answer = Result<Response, PageError>;

/// Rows of a page of a list.
const ROWS: u32 = 50;

pub(crate) const OVERVIEW: &str = "/office";
pub(crate) const AUDIT: &str = "/office/audit";
pub(crate) const CHAIN: &str = "/office/audit/chain";
pub(crate) const JOBS: &str = "/office/jobs";
pub(crate) const SCHEDULES: &str = "/office/schedules";
pub(crate) const CALENDAR: &str = "/office/calendar";
pub(crate) const STUCK: &str = "/office/stuck";
pub(crate) const FILES: &str = "/office/files";

pub(crate) fn routes(office: App) -> Router {
    Router::new()
        .route("/office", get(overview::show))
        .route("/office/audit", get(audit::list))
        .route("/office/audit/export.csv", get(audit::csv))
        .route("/office/audit/export.xlsx", get(audit::xlsx))
        .route("/office/audit/export.jsonl", get(audit::json_lines))
        .route("/office/audit/chain", get(chain::show))
        .route("/office/audit/chain/verify", post(chain::verify))
        .route("/office/audit/{no}", get(audit::show))
        .route("/office/jobs", get(jobs::list))
        .route("/office/jobs/{id}", get(jobs::show))
        .route("/office/jobs/{id}/cancel", post(jobs::cancel))
        .route("/office/jobs/{id}/again", post(jobs::again))
        .route("/office/schedules", get(schedules::list))
        .route("/office/schedules/{name}/switch", post(schedules::switch))
        .route("/office/schedules/{name}/run", post(schedules::run))
        .route(
            "/office/calendar",
            get(calendar::show).post(calendar::preview),
        )
        .route("/office/calendar/save", post(calendar::save))
        .route("/office/stuck", get(stuck::list))
        .route("/office/stuck/{case}/{task}", post(stuck::again))
        .route("/office/files", get(files::list))
        .route("/office/files/{id}", get(files::show))
        .route("/office/files/{id}/release", post(files::release))
        .with_state(office)
}

/// The parts of the room that this viewer has.
fn tabs(viewer: &Viewer, here: &str) -> Vec<Tab> {
    let parts: [(&str, &str, Option<Action>); 8] = [
        ("概况", OVERVIEW, None),
        ("审计记录", AUDIT, Some(AUDIT_READ)),
        ("审计链", CHAIN, Some(AUDIT_READ)),
        ("任务", JOBS, Some(JOB_READ)),
        ("定时任务", SCHEDULES, Some(JOB_READ)),
        ("受阻办件", STUCK, Some(JOB_READ)),
        ("工作日历", CALENDAR, None),
        ("文件", FILES, Some(FILE_READ)),
    ];
    let has = |action: &Option<Action>| action.is_none_or(|action| viewer.may(action));
    parts
        .into_iter()
        .filter(|(_, _, action)| has(action))
        .map(|(label, href, _)| Tab::new(label, href, href == here))
        .collect()
}

/// A page of the room.
fn office(frame: &Frame, title: impl Into<String>) -> Page {
    frame.page(title).active(OVERVIEW).office()
}

/// Goes on to another page after a write.
fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}
