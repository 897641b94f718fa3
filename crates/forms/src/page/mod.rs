//! A form on a page: the model that templates show, and the request that comes back.
//!
//! A room prints [`FormView`], [`SummaryView`] or [`DifferenceView`] into its template with `{{ form }}`; they escape
//! what they show. The form works without JavaScript: every button sends the whole page, so nothing typed is lost.
//! With it, changes save themselves, and conditions are followed at once (`crates/ui/theme/autosave.js`).

mod conflict;
mod post;
mod view;
mod widget;

pub use post::{Taken, take};
pub use view::{DifferenceView, FormView, SummaryView};

// their templates escape the texts, so another must not escape them again
impl askama::filters::HtmlSafe for FormView {}
impl askama::filters::HtmlSafe for SummaryView {}
impl askama::filters::HtmlSafe for DifferenceView {}
