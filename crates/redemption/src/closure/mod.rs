//! 免申即享: whom the night finds, whom the lists hold back, whom an officer releases, who confirms.
//!
//! Every night, after the full match, the job looks for each 免申 item with a scheme who meets it now: a new
//! *candidate*, one that is *lost* because it no longer does, one whose amount *changed*. Comparison lists hold
//! candidates back. What is released becomes a case at 意愿确认; the enterprise confirms or declines with one tap.

mod api;
mod job;
mod list_pages;
pub(crate) mod list_store;
mod lists;
mod model;
mod night;
mod pages;
mod release;
pub(crate) mod store;

pub use lists::ListToSave;
pub use model::{Candidate, CandidateQuery, CandidateState, ComparisonList, ItemCount};
pub use night::NightReport;
pub use release::Released;

pub(crate) use api::routes as api;
pub(crate) use job::background;
pub(crate) use night::period;
pub(crate) use pages::routes;
