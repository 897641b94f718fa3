//! The bodies of the fuzzing targets: the same as the tests of `crates/rules`, `crates/matcher` and
//! `crates/classifier` run with fixed inputs.

#[path = "../../crates/rules/tests/it/exercise.rs"]
pub mod exercise;

#[path = "../../crates/matcher/tests/it/snapshot/exercise.rs"]
pub mod enterprises;

#[path = "../../crates/classifier/tests/it/exercise.rs"]
pub mod texts;
