//! The bodies of the fuzzing targets: the same as the tests of `crates/rules` and `crates/matcher` run with fixed
//! inputs.

#[path = "../../crates/rules/tests/it/exercise.rs"]
pub mod exercise;

#[path = "../../crates/matcher/tests/it/snapshot/exercise.rs"]
pub mod enterprises;
