//! A form that was checked: what it asks, and on what conditions.

use std::sync::Arc;

use zhida_rules::{Attribute, AttributeIndex, Dictionary, Personal, Rule, Year};

use crate::{FileType, FormSource, KindName, Mistake, check};

/// Fields of a form at most.
pub const FIELDS_MAX: usize = 300;
/// Rows of a repeatable group at most.
pub const ROWS_MAX: usize = 50;
/// Characters of one answer at most.
pub const TEXT_MAX: usize = 4_000;
/// Files of one field at most.
pub const FILES_MAX: usize = 20;
/// Megabytes of one file at most.
pub const MEGABYTES_MAX: u64 = 200;

/// A checked form. Cheap to clone; made once per revision and kept.
#[derive(Debug, Clone)]
pub struct Form(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub source: FormSource,
    pub digest: String,
    pub nodes: Vec<Node>,
    /// The city's dictionary, and behind it one attribute for each field that conditions may name.
    pub dictionary: Dictionary,
    /// Nodes and fields in an order in which each comes after those that its condition names.
    pub order: Vec<Slot>,
}

/// A node, or a field of the group that is this node.
pub(crate) type Slot = (usize, Option<usize>);

/// A part of the page.
#[derive(Debug, Clone)]
pub enum Node {
    /// A heading.
    Heading(Words),
    /// A note.
    Note(Words),
    /// A field.
    Field(Box<Field>),
    /// Fields that belong together.
    Group(Group),
}

/// A heading or a note.
#[derive(Debug, Clone)]
pub struct Words {
    /// Its place among the nodes, which names it: `node-3`.
    pub key: String,
    /// The words.
    pub text: String,
    pub(crate) condition: Option<Condition>,
}

/// Fields that belong together, as a part of the page or as rows of a list.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its title.
    pub label: String,
    /// A line of help.
    pub help: String,
    /// Rows at least and at most; `None` when it is a part of the page.
    pub rows: Option<(usize, usize)>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// For each row's fields, the order in which their conditions are asked.
    pub(crate) order: Vec<usize>,
    pub(crate) condition: Option<Condition>,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its id, unique in the form.
    pub id: String,
    /// The words beside it.
    pub label: String,
    /// A line of help.
    pub help: String,
    /// What it asks for.
    pub kind: Kind,
    /// Whether it must be answered.
    pub required: bool,
    /// What of a person it tells.
    pub personal: Option<Personal>,
    /// Whether screens mask it whole.
    pub sensitive: bool,
    /// Where it is prefilled from.
    pub source: Option<Source>,
    /// Reads and shows its values, where the dictionary has such values.
    pub(crate) attribute: Option<Attribute>,
    /// What conditions name when they name it.
    pub(crate) index: Option<AttributeIndex>,
    pub(crate) condition: Option<Condition>,
}

/// What a field asks for, with what limits it. Limits of numbers and choices stand in the field's attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// 一行文字 of so many characters.
    Text(usize),
    /// 多行文字 of so many characters.
    LongText(usize),
    /// 整数
    Integer,
    /// 数值 with so many places after the point.
    Number(u32),
    /// 金额, in 元 to the fen.
    Money,
    /// 比例, asked in per cent.
    Ratio,
    /// 日期 within these days.
    Date(Option<chrono::NaiveDate>, Option<chrono::NaiveDate>),
    /// 年份
    Year,
    /// 是否
    YesNo,
    /// 单选
    OneOf,
    /// 多选, so many at least and at most.
    SeveralOf(usize, usize),
    /// 统一社会信用代码
    CreditCode,
    /// 行政区划 at county level
    Division,
    /// 行业
    Industry,
    /// 电话
    Phone,
    /// 电子邮箱
    Email,
    /// 姓名
    PersonName,
    /// 银行账户: holder, bank, branch number and account
    BankAccount,
    /// 附件
    Files(FileRule),
    /// 承诺 of these words.
    Declaration(String),
}

/// What files a field takes.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRule {
    /// Types.
    pub types: Vec<FileType>,
    /// Files at most.
    pub count: usize,
    /// Bytes of one at most.
    pub bytes: u64,
    /// Address of a sample; empty for none.
    pub sample: String,
}

/// Where a field is prefilled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The attribute.
    pub attribute: AttributeIndex,
    /// The year, when the attribute is annual.
    pub year: Year,
    /// As it was written: `上年.营业收入`.
    pub text: String,
}

/// When something is shown.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub rule: Rule,
    /// In plain Chinese.
    pub plain: String,
    /// Ids of the fields of this form that it names.
    pub names: Vec<String>,
}

impl Form {
    /// Checks and compiles a form against the dictionary. Everything that is wrong is told at once.
    ///
    /// # Errors
    /// Ids that are unusable or used twice, unknown attributes, fields whose type is not their attribute's,
    /// conditions that cannot be read or name each other in a circle, and limits.
    pub fn new(source: FormSource, dictionary: &Dictionary) -> Result<Self, Vec<Mistake>> {
        check::compile(source, dictionary).map(|inner| Self(Arc::new(inner)))
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &FormSource {
        &self.0.source
    }

    /// Its name.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.0.source.title
    }

    /// SHA-256 of what was written: which form an answer belongs to.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Its parts in the order of the page.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.0.nodes
    }

    /// The field with this id, wherever it stands.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields().find(|field| field.id == id)
    }

    /// The group with this id.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.nodes().iter().find_map(|node| match node {
            Node::Group(group) if group.id == id => Some(group),
            _ => None,
        })
    }

    /// All fields in the order of the page.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.nodes().iter().flat_map(|node| match node {
            Node::Field(field) => std::slice::from_ref(field.as_ref()),
            Node::Group(group) => group.fields.as_slice(),
            Node::Heading(_) | Node::Note(_) => &[],
        })
    }

    pub(crate) fn dictionary(&self) -> &Dictionary {
        &self.0.dictionary
    }

    pub(crate) fn order(&self) -> &[Slot] {
        &self.0.order
    }
}

impl Group {
    /// Whether it is a list of rows.
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.rows.is_some()
    }
}

impl Field {
    /// The name of its kind.
    #[must_use]
    pub fn kind_name(&self) -> KindName {
        match &self.kind {
            Kind::Text(_) => KindName::Text,
            Kind::LongText(_) => KindName::LongText,
            Kind::Integer => KindName::Integer,
            Kind::Number(_) => KindName::Number,
            Kind::Money => KindName::Money,
            Kind::Ratio => KindName::Ratio,
            Kind::Date(..) => KindName::Date,
            Kind::Year => KindName::Year,
            Kind::YesNo => KindName::YesNo,
            Kind::OneOf => KindName::OneOf,
            Kind::SeveralOf(..) => KindName::SeveralOf,
            Kind::CreditCode => KindName::CreditCode,
            Kind::Division => KindName::Division,
            Kind::Industry => KindName::Industry,
            Kind::Phone => KindName::Phone,
            Kind::Email => KindName::Email,
            Kind::PersonName => KindName::PersonName,
            Kind::BankAccount => KindName::BankAccount,
            Kind::Files(_) => KindName::Files,
            Kind::Declaration(_) => KindName::Declaration,
        }
    }

    /// What may be chosen; empty for other kinds.
    #[must_use]
    pub fn choices(&self) -> &[String] {
        let of = |attribute: &Attribute| attribute.kind;
        match self.attribute.as_ref() {
            Some(attribute)
                if matches!(
                    of(attribute),
                    zhida_rules::Kind::Choice | zhida_rules::Kind::Set
                ) =>
            {
                &attribute.choices
            }
            _ => &[],
        }
    }

    /// The unit beside the input; empty for none.
    #[must_use]
    pub fn unit(&self) -> &str {
        let unit = self
            .attribute
            .as_ref()
            .and_then(|attribute| attribute.unit.as_deref());
        unit.unwrap_or_default()
    }
}
