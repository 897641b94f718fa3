//! 报表: how many cases an item, a place, a department had, how fast, how much; page, API and command line from one query.
//!
//! *Closed* is what was granted or refused; what the enterprise took back, gave up or let lapse, and what a repeal
//! ended, is counted apart. 按时率 is closed on time ÷ (closed + open and overdue): cases do not leave it by lying.

mod api;
mod model;
mod pages;
mod query;
mod service;
mod store;

pub use model::{By, Report, ReportLine};
pub use query::ReportQuery;

pub(crate) use api::routes as api;
pub(crate) use pages::{REPORTS, routes};
pub(crate) use store::{REPORT, TIME};
