//! Copies, near copies and similar texts among a million.
//!
//! A text is the set of its pairs of neighbouring characters. For each pair the index has the list of texts, so a query
//! reads the lists of its rarest pairs, takes the texts that share most, and compares those exactly. A near copy by
//! overlap is thereby never missed: of a text with n pairs, any n − ⌈t·n⌉ + 1 meet every text that shares the part t.

mod alike;
mod index;
mod packed;
mod query;
mod shape;

pub use alike::{Alike, Ask, Likeness};
pub use index::Index;

#[cfg(test)]
mod tests;
