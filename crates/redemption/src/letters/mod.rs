//! 决定书: what an enterprise is told in writing, and how anybody can check it.
//!
//! A letter is composed from the decision and the scheme's wording when the case is decided, in the same transaction, and
//! kept as data with its digest: what is shown, printed and checked later is this text, whatever else has changed. The PDF is
//! written when somebody first asks for it and kept as a file; the same letter gives the same bytes. A later letter of the
//! same case replaces the earlier one; a letter can be revoked. Whoever holds a letter has its check code, a random number
//! that cannot be guessed: it opens [`pages::VERIFY`] without signing in.

mod api;
mod compose;
mod migration;
mod model;
pub(crate) mod pages;
mod service;
mod store;

pub(crate) use model::{Basis, Decided, Issued, LetterState, Verdict, Verification};
pub use service::Letters;

pub(crate) use api::routes as api;
pub(crate) use migration::LETTERS as MIGRATION;
