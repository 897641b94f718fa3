//! 公示: what is about to be paid to whom stands in public before it is; anybody can object.
//!
//! A case that enters the stage 公示 becomes a *row* of a *notice*: rows of one item and department that begin and end on the
//! same days stand in one public list. The period is the case's own clock (5 working days by default, the first day counts).
//! An *objection* is made by a person with an account, who gives name and telephone (sealed at rest, never published); it
//! holds the case, and with it the payment of this row and no other. An officer who decides cases decides it with reasons:
//! not upheld, the clock goes on; upheld, the case goes back to review or ends. What came of a row is recorded and published.

mod api;
mod migration;
mod model;
mod objections;
mod pages;
mod query;
mod service;
mod store;
mod words;

pub(crate) use model::NewRow;
pub(crate) use words::{OBJECTION, OBJECTION_DECIDED};

pub(crate) use api::routes as api;
pub(crate) use migration::NOTICE as MIGRATION;
pub(crate) use pages::{OBJECTIONS, routes};
pub(crate) use service::{conclude, may_pay, publish};
