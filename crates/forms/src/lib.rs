//! 表单: forms as data, for rooms that ask enterprises for something.
//!
//! A form is written in YAML or JSON ([`FormSource`]), checked once against the dictionary ([`Form::new`]) and kept with
//! the revision of what it belongs to. What the registers know is prefilled with its source and not asked; the
//! enterprise may say that it is wrong, which stands beside the fact ([`prefill`], [`Dispute`]). What is filled in is a
//! draft ([`Drafts`]) that is saved on every change, keeps also what is not yet right, and never loses what a stale tab
//! wrote. What is sent is [`Filled`]: typed answers, each with whose word it is.
//!
//! Words: *field* 字段, *group* 分组, *draft* 草稿, *answer* 答案, *prefilled* 预填, *dispute* 指出有误, *mark* 标注,
//! *round* 轮次 (a form that was returned for completion is sent again).
//!
//! ```
//! use zhida_forms::{Answers, Form, FormSource, Known, When, fill, validate};
//! use zhida_rules::{Dictionary, Facts};
//!
//! let form = FormSource::read("
//! title: 设备补贴申请
//! nodes:
//!   - { id: has_patent, label: 有发明专利, kind: yes_no, required: true }
//!   - { id: patents, label: 发明专利数, kind: integer, min: 1, required: true, shown_when: 有发明专利 }
//! ").and_then(|source| Form::new(source, Dictionary::shipped()).map_err(|mut all| all.remove(0)));
//! let form = form.map_err(|mistake| mistake.to_string())?;
//! let (facts, on) = (Facts::new(), "2026-11-22".parse()?);
//! let known = Known { facts: &facts, on };
//!
//! let mut answers = Answers::default();
//! answers.set("has_patent", "是");
//! let faults = validate(&form, &answers, &known, When::Submit);
//! assert_eq!(faults[0].message, "请填写：发明专利数");
//! answers.set("has_patent", "否");
//! assert!(fill(&form, &answers, &known).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answers;
mod check;
mod difference;
mod drafts;
mod error;
mod filled;
mod form;
mod migration;
mod page;
mod prefill;
mod shown;
mod source;
mod typed;
mod validate;

pub use answers::{Answer, Answers, Dispute, FileRef, Row};
pub use difference::{Change, Line, Mark, difference, lines};
pub use drafts::{
    Aside, Draft, DraftLine, Drafts, FILES_OF, Opened, Save, Saved, Start, Submission,
};
pub use error::Error;
pub use filled::{Entry, Filled, Origin};
pub use form::{
    FIELDS_MAX, FILES_MAX, Field, FileRule, Form, Group, Kind, MEGABYTES_MAX, Node, ROWS_MAX,
    Source, TEXT_MAX, Words,
};
pub use page::{DifferenceView, FormView, SummaryView, Taken, take};
pub use prefill::{Given, Known, prefill};
pub use shown::{Shown, State, shown};
pub use source::{
    FORM_BYTES_MAX, FileType, FormSource, KINDS, KindName, Mistake, NodeSource, RepeatSource,
};
pub use typed::{BankAccount, Typed};
pub use validate::{ANSWERS_BYTES_MAX, Fault, When, fill, validate};

/// The crate's tables.
#[must_use]
pub fn migrations() -> zhida_platform::db::MigrationSet {
    migration::MIGRATIONS
}
