//! 政策直达: enterprises and items brought together, every verdict explained.
pub mod calculator;
pub mod combination;
pub mod explain;
pub mod model;
pub mod rank;
pub mod verdict;
