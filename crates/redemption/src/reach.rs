//! The rows that a right reaches: the platform's.

pub(crate) use zhida_platform::db::within;
