//! Rules over what is known of an enterprise: conditions and amounts written in FEEL (OMG DMN 1.5)
//! with Chinese names, evaluated in Kleene's three-valued logic, with a reason for every verdict.
//!
//! Pure: no I/O, no clock, no database. The language is described in `docs/rules.md`, the
//! dictionary's file format by the shipped example `data/dictionary.yaml`.
//!
//! ```
//! use zhida_rules::{Dictionary, Env, Facts, Rule};
//!
//! let dictionary = Dictionary::from_yaml(r#"
//! attributes:
//!   - { id: staff, name: 从业人数, kind: number, unit: 人, department: 人社 }
//!   - { id: high_tech, name: 高新技术企业, kind: bool, department: 科技, absence: "no" }
//! "#)?;
//! let rule = Rule::compile(&dictionary, "从业人数 不低于 20人 且 非 高新技术企业")?;
//! assert_eq!(rule.normal_text(&dictionary), "从业人数 >= 20 and not(高新技术企业)");
//!
//! let on = "2026-11-22".parse()?;
//! let nothing = Facts::new();
//! let env = Env { dictionary: &dictionary, facts: &nothing, on };
//! assert_eq!(rule.evaluate(&env), None, "an unknown fact is unknown, not false");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod analyse;
pub mod archive;
mod benefit;
mod bounds;
mod compile;
mod dictionary;
mod error;
mod evaluate;
mod explain;
mod expr;
mod facts;
mod fit;
mod functions;
mod item;
mod lexer;
mod number;
mod order;
mod part;
mod read;
mod render;
mod size;
mod suggest;
mod value;
mod verdict;
mod words;

pub use analyse::{CLAUSES_MAX, Reach, analyse, expression_texts};
pub use benefit::{
    Amount, AmountEnds, AmountKind, Benefit, BenefitKind, BenefitSource, RoundTo, Step,
};
pub use dictionary::{
    ATTRIBUTES_MAX, Absence, Attribute, AttributeIndex, Constant, ConstantIndex, ConstantValue,
    Dictionary, DictionaryError, Kind, NAME_MAX, Named, Personal, Sensitivity,
};
pub use error::{RuleError, Span};
pub use evaluate::Env;
pub use explain::{Missing, Node, Test as TestExplanation, Used};
pub use expr::{Comparison, Expr, Function, Hierarchy, Members, Operator, Table, Test, Year};
pub use facts::{Fact, FactKey, Facts, FactsError, Provenance};
pub use item::{
    Check, Condition, ConditionExplanation, ConditionSource, Explanation, Formula, ItemRules,
    ItemRulesSource, Rule,
};
pub use number::{DIGITS_MAX, Number, NumberError};
pub use read::{TEXT_MAX, ValueError, read_date};
pub use render::{show, show_number};
pub use size::{FACTORS_MAX, LEVELS_MAX, OPERANDS_MAX, PARTS_MAX};
pub use suggest::nearest;
pub use value::Value;
pub use verdict::{OUT_OF_REACH, Outcome, Truth, is_fixed};
