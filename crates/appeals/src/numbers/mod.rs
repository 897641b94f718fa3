//! 诉求数据: figures by channel, category, department, place, enterprise and week; the monthly report.
//!
//! A figure is the count of a list: [`Counted`] says which appeals of an [`crate::AppealQuery`] it counts, the query's
//! field `counted` shows just these, and both are one condition. A rate is two such figures ([`Measure`]), shown with
//! numerator and denominator. What would pay for being closed early or left open does not help: on time is closed on
//! time ÷ (closed + overdue open), and what nobody confirmed counts as not solved.

mod api;
mod counted;
mod export;
mod figures;
mod measure;
mod pages;
mod period;
mod report;
mod store;

use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::service::Appeals;

pub use counted::Counted;
pub use figures::{Dimension, Figures, Group};
pub use measure::Measure;
pub(crate) use pages::{NUMBERS, list_address};
pub use period::Month;
pub use report::{Report, ReportFile};

pub(crate) fn routes(app: &Arc<Appeals>) -> Router {
    pages::routes(Arc::clone(app))
}

pub(crate) fn api(app: &Arc<Appeals>) -> OpenApiRouter {
    api::routes(Arc::clone(app))
}
