//! Short Chinese texts: which class, how sure, and which others are alike.
//!
//! Pure: no I/O, no clock, no database, no threads; the same texts give the same bytes on every machine and in every
//! order ([docs/classifier.md](../../../docs/classifier.md) has the method and the figures).
//!
//! ```
//! use zhida_classifier::{ClassPath, Index, Model, Options, Sample, Text};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sample = |class: &str, title: &str, text: &str| {
//!     Ok::<_, zhida_classifier::PathError>(Sample { class: class.parse()?, title: title.into(), text: text.into() })
//! };
//! let samples = [
//!     sample("utilities/power", "车间停电", "变压器故障，整个厂区停电两天")?,
//!     sample("utilities/water", "水压不足", "自来水水压低，锅炉进不了水")?,
//!     sample("finance", "贷款被拒", "银行说抵押不够，流动资金贷款没有批")?,
//!     sample("finance", "利率太高", "银行续贷要加收费用，利率上浮")?,
//! ];
//! let mut model = Model::train(&samples, &Options::default())?;
//! let asked = Text { title: "又停电了", body: "今天上午厂区停电，生产线停下来" };
//! let answer = model.suggest(asked, 3);
//! assert_eq!(answer.candidates[0].class.to_string(), "utilities/power");
//! assert!(answer.sure.is_none()); // four samples prove nothing: “不确定”
//! let why = model.explain(asked, &answer.candidates[0].class, 5);
//! assert!(why.iter().any(|reason| "厂区停电".contains(&reason.words)));
//! model.learn(&sample("utilities/network", "断网", "园区宽带断了三天")?); // a clerk's correction, at once
//!
//! let mut index = Index::new();
//! index.add(1, "330114", "2号大街昨天又停电了，请尽快处理！");
//! let alike = index.query("２号大街，昨天又停电了。请尽快处理", &Default::default(), |place| *place == "330114");
//! assert_eq!(alike[0].likeness, zhida_classifier::Likeness::Copy);
//! # Ok(()) }
//! ```
//!
//! | module | what it answers |
//! |---|---|
//! | [`text`] | a text as it is compared; its n-grams |
//! | [`class`] | classes as paths of up to three levels, samples |
//! | [`model`] | training, suggesting, explaining, learning from a correction |
//! | [`report`] | how right the model was on texts that it had not seen |
//! | [`saved`] | a model as bytes, and why bytes are none |
//! | [`similar`] | copies, near copies and similar texts among a million |
//! | [`themes`] | heaps of similar texts with the words that name them |

pub mod class;
mod folds;
mod linear;
pub mod model;
pub mod report;
pub mod saved;
pub mod similar;
pub mod text;
pub mod themes;
mod tree;
mod vocabulary;

pub use class::{ClassPath, PathError, Sample, Text};
pub use model::{Model, Options, Reason, Suggested, Suggestion, TrainError};
pub use report::{Level, Report};
pub use saved::SavedError;
pub use similar::{Alike, Ask, Index, Likeness};
pub use text::normalise;
pub use themes::{Grouped, Theme, ThemeOptions, themes};
