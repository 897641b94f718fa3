//! 一类事: appeals of one kind that grow are found every night, shown with their appeals, turned into a measure, and
//! followed week by week.
//!
//! A *theme* is a heap of similar texts of one category and one county that grows: in the last seven days at least
//! three appeals, and at least one and a half times the weekly average of the four weeks before. Once found it is
//! followed: what comes later and is similar belongs to it, so that its weeks before and after a *measure* 举措 can be
//! compared. Secret appeals belong to none: a theme's words tell of its texts.

mod api;
mod model;
mod night;
mod pages;
mod service;
mod store;

use std::sync::Arc;

use axum::Router;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use zhida_platform::jobs::{Cadence, JobContext, JobError, Jobs, Kind, Outcome, Schedule};

use crate::error::Error;
use crate::service::Appeals;

pub use model::{MeasureState, NewRemedy, Remedy, Theme, ThemeState};
pub use night::Night;
pub(crate) use pages::THEMES;

const RUN: &str = "appeals.themes";

/// The tables of themes and their measures.
pub(crate) const MIGRATION: &str = "CREATE TABLE appeal_theme (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    category_name TEXT NOT NULL,
    place TEXT NOT NULL,
    state TEXT NOT NULL,
    recent BIGINT NOT NULL,
    earlier BIGINT NOT NULL,
    found_on TEXT NOT NULL,
    counted_on TEXT NOT NULL,
    why TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX appeal_theme_list ON appeal_theme (state, id);
CREATE TABLE appeal_remedy (
    id TEXT NOT NULL PRIMARY KEY,
    theme TEXT NOT NULL REFERENCES appeal_theme (id),
    words TEXT NOT NULL,
    body TEXT NOT NULL,
    person TEXT NOT NULL,
    due_on TEXT NOT NULL,
    state TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_at TEXT NOT NULL,
    done_on TEXT,
    result TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX appeal_remedy_theme ON appeal_remedy (theme, id);";

pub(crate) fn routes(app: &Arc<Appeals>) -> Router {
    pages::routes(Arc::clone(app))
}

pub(crate) fn api(app: &Arc<Appeals>) -> OpenApiRouter {
    api::routes(Arc::clone(app))
}

/// Looks for themes every night at five; at the first start, too.
pub(crate) fn background(app: &Arc<Appeals>, jobs: &Jobs) {
    let app = Arc::clone(app);
    let run = move |_: JobContext, _: Value| {
        let app = Arc::clone(&app);
        async move { run(&app).await }
    };
    jobs.register(Kind::new(RUN, "发现一类事", run));
    jobs.schedule(Schedule::new(RUN, "夜间发现一类事", RUN, Cadence::daily(5, 0)).at_once());
}

async fn run(app: &Appeals) -> Result<Outcome, JobError> {
    let night = app
        .find_themes()
        .await
        .map_err(|error: Error| match error {
            Error::Db(error) => error.into(),
            other => JobError::Retry(other.to_string()),
        })?;
    Ok(Outcome::done(format!(
        "看了 {} 件诉求，新发现一类事 {} 个，跟踪中 {} 个",
        night.looked, night.found, night.followed
    )))
}
