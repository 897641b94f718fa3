//! The matching engine: items against enterprises as columns of small codes.
//!
//! The interpreter of `zhida_rules` says what is right; this crate says the same thing fast, verdict
//! by verdict and near miss by near miss. Pure but for the files of [`snapshot`]: no I/O, no clock; the
//! reference date is a parameter.
//!
//! ```text
//!  items ──lower──▶ Program   conditions as codes of dimensions, rules as programs over them
//!                     │
//!  facts ──encode─▶ Codes     one small number for each dimension, 0 is unknown
//!                     │
//!        ┌────────────┴──────────────┐
//!      Index                       Store
//!   bitmaps over rules          columns over enterprises, by county, in tiles of 2,048
//!   one enterprise → all items  one item → all enterprises; all × all
//!   changed facts → flips
//! ```
//!
//! **Exactness.** All thresholds that rules use cut a scale into classes, so a code loses nothing a
//! rule could see; ratios are fractions, never floats. Three-valued logic is kept by two planes
//! (certain, possible) on which Kleene's “and” and “or” are bitwise; negation is pushed to single
//! conditions as in the interpreter. A third plane (far: two or more conditions missing) carries
//! the distance: sums and minima up to two. See `planes`, and `lower` for `if`.
//!
//! **What has no column form.** A condition that is no range of one scale is computed row by row
//! when facts are encoded and is then a flag like any other. An item whose nested branches are too
//! many to write out is answered by the interpreter at that moment. [`Report`] counts both.
//!
//! [`Program::reasons`] says which conditions made a verdict; words for those that are shown are
//! the interpreter's: `ItemRules::explain`.
//!
//! ```
//! use std::sync::Arc;
//! use zhida_matcher::{Answer, Desk, Index, Program, Store, TableBuilder, Want};
//! use zhida_rules::{ConditionSource, Dictionary, Facts, ItemRules, ItemRulesSource};
//!
//! let dictionary = Arc::new(Dictionary::from_yaml(r#"
//! attributes:
//!   - { id: staff, name: 从业人数, kind: number, unit: 人, department: 人社 }
//! "#)?);
//! let condition = ConditionSource { rule: Some("从业人数 >= 20".into()), ..Default::default() };
//! let source = ItemRulesSource { conditions: vec![condition], benefit: None };
//! let items = [ItemRules::compile(&dictionary, &source).map_err(|errors| format!("{errors:?}"))?];
//!
//! let program = Arc::new(Program::compile(&dictionary, "2026-11-22".parse()?, &items));
//! let facts = Facts::from_json(&dictionary, &"{\"从业人数\": 19}".parse()?)?;
//!
//! let index = Index::build(&program);
//! let mut answer = Answer::default();
//! index.answer(&program.encode(&facts), true, &mut Desk::default(), &mut answer);
//! assert_eq!(answer.near, [(0, zhida_rules::Truth::False)], "one person short");
//!
//! let mut builder = TableBuilder::new(&dictionary);
//! builder.push(7, &facts)?;
//! builder.push(8, &Facts::new())?;
//! let store = Store::encode(&program, builder.finish()?);
//! let found = store.one_item(0, Want::EVERYTHING)?;
//! assert!(found.unknown().eq([8]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod all;
mod answer;
mod clauses;
mod cut;
mod dimension;
mod encode;
mod engine;
mod error;
mod eval;
mod exact;
mod flatten;
mod fresh;
mod ids;
mod index;
mod kernel;
mod lanes;
mod link;
mod lists;
mod lower;
mod node;
mod pages;
mod plan;
mod planes;
mod program;
mod raw;
mod said;
mod scalar;
mod scan;
pub mod snapshot;
pub mod sql;
mod state;
mod store;
mod table;

pub use all::{Block, Named, Options, Progress, Visit};
pub use answer::{Answer, Desk, Flip};
pub use engine::{
    Engine, EnterpriseMatches, FactFlip, ItemFlip, KeyedItem, KeyedVisit, Standing, View,
};
pub use error::MatcherError;
pub use index::Index;
pub use lanes::Instructions;
pub use lists::MatchLists;
pub use program::{Codes, Program, Report};
pub use scalar::{Finding, Reason};
pub use scan::{Counts, ItemMatches, Share, Want};
pub use store::Store;
pub use table::{Table, TableBuilder};
