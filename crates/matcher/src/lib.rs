//! The matching engine: items against enterprises as columns of small codes.
//!
//! The interpreter of `zhida_rules` says what is right; this crate says the same thing fast.
//!
//! ```text
//!  rules ──lower──▶ atoms over dimensions, programs of literals          (Program)
//!  facts ──encode─▶ one small code for each dimension                    (Codes)
//! ```

mod all;
mod answer;
mod clauses;
mod dimension;
mod error;
mod eval;
mod exact;
mod flatten;
mod index;
mod kernel;
mod lower;
mod node;
mod plan;
mod planes;
mod program;
mod scalar;
mod scan;
pub mod sql;
mod store;

pub use all::{Block, Options, Progress, Visit};
pub use answer::{Answer, Desk, Flip};
pub use error::MatcherError;
pub use index::Index;
pub use program::{Codes, Program, Report};
pub use scalar::Finding;
pub use scan::{Counts, ItemMatches, Want};
pub use store::{Builder, Store};
