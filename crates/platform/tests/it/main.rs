//! The platform against real databases, a real router and real files.

mod audit;
mod db;
mod export;
mod http;
mod migrate;
mod paging;
mod search;
