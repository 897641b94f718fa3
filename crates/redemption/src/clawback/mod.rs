//! 追回: money of a case that was paid is demanded back, whole or in part.
//!
//! Whoever may decide says why and on what basis. In one transaction the funds demand the money (and tell the
//! enterprise), the decision letter is revoked when the grant itself is withdrawn, and the case's history says so. What
//! comes back is noted in the funds, which tell the case.

mod api;
mod cause;
mod form;
mod pages;
mod service;
pub(crate) mod store;

pub use cause::{Cause, Withdraws, causes};
pub use form::{Extent, ToClawBack};
pub use service::RecoveryLine;

pub(crate) use api::routes as api;
pub(crate) use pages::routes;
pub(crate) use service::Recoveries;
