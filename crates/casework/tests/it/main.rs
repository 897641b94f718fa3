//! Cases from outside: clocks, routes, transitions, escalation; by vectors, by stories and at random.
#![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure

mod calendar;
mod dates;
mod escalation;
mod guide;
mod kit;
mod model;
mod objections;
mod random;
mod routes;
mod statistics;
mod stories;
mod terms;
mod vectors;
mod vectors_cases;
