//! 样例数据: a generated city of any size, and the real items that the program ships.
//!
//! [`generate::city`] writes enterprises and policy items that look like a Chinese city's: real
//! divisions and industries, plausible sizes, growth, taxes and qualifications, gaps in the data.
//! The same parameters give the same bytes on every machine: integers only, one ChaCha8 stream
//! per row, files written in order whatever the number of threads. Row *i* does not depend on how
//! many rows are asked for, so a smaller city is a prefix of a larger one.
//!
//! Nobody can mistake the result for real data: every name contains 样例, and every code carries an
//! organisation code of PDY00001–PDY99999, which GB 11714 never issues (see [`Places`]).
//!
//! [`shipped`] holds the dictionary and the real items of `data/`, inside the binary; [`sample_appeals`] what the
//! demonstration's enterprises complain of.

mod appeals;
mod city;
mod columns;
mod enterprise;
mod error;
pub mod generate;
mod industries;
mod items;
mod names;
mod output;
mod places;
mod random;
pub mod shipped;

pub use appeals::{End, SampleAppeal, sample_appeals};
pub use city::{City, ENTERPRISES_MAX, ITEMS_MAX, Label};
pub use error::DemoError;
pub use generate::{FileSummary, GENERATOR_VERSION, Summary};
pub use places::Places;
