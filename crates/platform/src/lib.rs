//! The ground of the rooms: database, clock, errors, audit, paging, search,
//! exports, configuration and the outer HTTP layers. It knows no business word.
//!
//! A room is built from [`room::Room`]; its `store.rs` speaks to [`db`], its
//! handlers answer `Result<_, problem::Problem>`.

pub mod access;
pub mod audit;
pub mod backup;
pub mod cases;
pub mod clock;
pub mod config;
pub mod db;
pub mod export;
pub mod files;
pub mod format;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod limit;
pub mod log;
pub mod messages;
pub mod metrics;
pub mod outgoing;
pub mod paging;
pub mod phrases;
pub mod problem;
pub mod progress;
pub mod rate;
pub mod room;
pub mod seal;
pub mod search;
pub mod server;
pub mod thread;
pub mod vocabulary;
