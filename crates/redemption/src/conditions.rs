//! Conditions of queries with their values: the platform's.

pub(crate) use zhida_platform::db::{Where, like};
