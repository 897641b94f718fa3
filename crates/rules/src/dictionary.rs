//! The attribute dictionary: what may be known of an enterprise, in which unit, from whom, and
//! whether silence means “no”.
//!
//! The file format is YAML; `data/dictionary.yaml` is the shipped example and documents itself.

use std::{
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zhida_standards::mask;

use crate::{Expr, Number, RuleError, Value, compile, size::Size};

/// Attributes that a dictionary may hold at most.
pub const ATTRIBUTES_MAX: usize = 2_000;

/// Characters that the name of an attribute, a constant or an intermediate quantity may have.
pub const NAME_MAX: usize = 40;

/// The type of an attribute's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 是 / 否.
    Bool,
    /// An exact number in the attribute's unit.
    Number,
    /// Free text; only equality can be tested.
    Text,
    /// One of `choices`; the choices are in ascending order where an order exists.
    Choice,
    /// Any of `choices`, or of free tags when `choices` is empty.
    Set,
    /// A calendar day.
    Date,
    /// An administrative division code (GB/T 2260); `in` and `=` mean “lies within”.
    Division,
    /// An industry code (GB/T 4754-2017); `in` and `=` mean “belongs to”.
    Industry,
}

/// Who may see an attribute's values.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Published by law (企业信息公示): everybody.
    Public,
    /// The enterprise itself and officers.
    #[default]
    Internal,
    /// The enterprise itself and officers whose work needs it (amounts, taxes, persons).
    Confidential,
}

/// What an attribute tells of a natural person. It is shown plain only to those who may see it so,
/// and rules cannot name it: a verdict would tell of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    /// 姓名.
    Name,
    /// 电话号码.
    Phone,
    /// 证件号码.
    Id,
    /// 电子邮箱.
    Email,
}

impl Personal {
    /// What may be shown to everybody else.
    #[must_use]
    pub fn masked(self, text: &str) -> String {
        match self {
            Self::Name => mask::name(text),
            Self::Phone => mask::mobile(text),
            Self::Id => mask::citizen_id(text),
            Self::Email => mask::email(text),
        }
    }
}

/// What it means that nothing is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Open world: nobody sent it, so it is unknown.
    #[default]
    Unknown,
    /// Closed world: the register is complete, so an enterprise not in it does not have it.
    No,
}

impl Attribute {
    /// The value as those see it who may not see personal data plain.
    #[must_use]
    pub fn masked(&self, value: &Value) -> Value {
        match (self.personal, value) {
            (Some(personal), Value::Text(text)) => Value::Text(personal.masked(text)),
            _ => value.clone(),
        }
    }

    /// Whether it is a share, stored plain and shown in percent.
    #[must_use]
    pub fn is_share(&self) -> bool {
        self.unit.as_deref() == Some("%")
    }
}

/// One attribute of an enterprise.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// English snake_case key of storage, files and the API.
    pub id: String,
    /// The name used in rules and on screens.
    pub name: String,
    /// Type of the values.
    pub kind: Kind,
    /// Unit of a number: 元, 人, 项, 平方米 …; `%` marks a ratio (stored plain, shown in per cent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// One value per year, read as `上年.营业收入`.
    #[serde(default)]
    pub annual: bool,
    /// Heading of the enterprise file under which it stands.
    #[serde(default)]
    pub group: String,
    /// Department that owns the fact: its word wins over others of the same day.
    pub department: String,
    /// Who may see it.
    #[serde(default)]
    pub sensitivity: Sensitivity,
    /// What of a natural person it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Personal>,
    /// What silence means.
    #[serde(default)]
    pub absence: Absence,
    /// An enterprise cannot change it to meet a condition (place, founding date): not a near miss.
    #[serde(default)]
    pub fixed: bool,
    /// Other headings and names under which files bring it and rules may name it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Allowed values of a choice or set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Smallest plausible number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// Largest plausible number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// FEEL formula of a derived attribute. In an annual one a bare annual name is the same year
    /// and 上年 the year before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// How a visitor of the calculator is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What it is, with the standard or clause that defines it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A named number that changes by date, such as the loan prime rate.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The name used in rules.
    pub name: String,
    /// Unit, as of an attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where the values are published.
    pub source: String,
    /// Values by first day, ascending.
    pub values: Vec<ConstantValue>,
}

/// A constant's value from a day on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantValue {
    /// First day.
    pub from: NaiveDate,
    /// Last day when the value is known to have lapsed or to need a new look; unknown after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The value; a ratio is plain.
    pub value: Number,
}

/// Position of an attribute in its dictionary; stable for the dictionary's life only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeIndex(u16);

impl AttributeIndex {
    /// As an index into columns.
    pub fn position(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn raw(self) -> u16 {
        self.0
    }
}

/// Position of a constant in its dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConstantIndex(u16);

impl ConstantIndex {
    pub(crate) fn raw(self) -> u16 {
        self.0
    }
}

/// All attributes and constants that rules may name.
#[derive(Debug, Clone)]
pub struct Dictionary {
    attributes: Vec<Attribute>,
    constants: Vec<Constant>,
    names: HashMap<String, Named>,
    formulas: Vec<Option<Expr>>,
    sizes: Vec<Size>,
    digest: OnceLock<[u8; 32]>,
}

/// What a word of a rule stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// An attribute.
    Attribute(AttributeIndex),
    /// A constant.
    Constant(ConstantIndex),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    attributes: Vec<Attribute>,
    #[serde(default)]
    constants: Vec<Constant>,
}

/// Why a dictionary cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DictionaryError {
    /// Not the file format.
    #[error("属性字典格式有误：{0}")]
    Format(String),
    /// Too many attributes.
    #[error("属性字典有 {0} 个属性，最多 {ATTRIBUTES_MAX} 个")]
    TooLarge(usize),
    /// A name or id twice.
    #[error("属性字典中“{0}”出现了两次，请改名或删除其一")]
    Duplicate(String),
    /// An unusable id or name.
    #[error("属性“{0}”的标识或名称不可用：{1}")]
    Name(String, &'static str),
    /// A description that contradicts itself.
    #[error("属性“{0}”的说明有误：{1}")]
    Attribute(String, String),
    /// A formula that cannot be compiled.
    #[error("派生属性“{0}”的公式有误：{1}")]
    Formula(String, RuleError),
    /// Derived attributes that need each other.
    #[error("派生属性互相引用成环：{}，请改写其中一个公式", .0.join(" → "))]
    Cycle(Vec<String>),
}

static SHIPPED: LazyLock<Dictionary> = LazyLock::new(|| {
    Dictionary::from_yaml(include_str!("../../../data/dictionary.yaml"))
        .expect("the shipped dictionary is checked by a test")
});

impl Dictionary {
    /// The dictionary that Zhida ships (`data/dictionary.yaml`).
    pub fn shipped() -> &'static Dictionary {
        &SHIPPED
    }

    /// Reads the YAML (or JSON) form and checks it whole: names, kinds, formulas, cycles.
    pub fn from_yaml(text: &str) -> Result<Self, DictionaryError> {
        let file: File = serde_norway::from_str(text)
            .map_err(|error| DictionaryError::Format(error.to_string()))?;
        Self::new(file.attributes, file.constants)
    }

    /// Builds and checks a dictionary.
    pub fn new(
        attributes: Vec<Attribute>,
        constants: Vec<Constant>,
    ) -> Result<Self, DictionaryError> {
        if attributes.len() > ATTRIBUTES_MAX || constants.len() > ATTRIBUTES_MAX {
            return Err(DictionaryError::TooLarge(
                attributes.len().max(constants.len()),
            ));
        }
        let mut names = HashMap::new();
        let mut claim = |word: &str, named: Named| match names.insert(word.to_owned(), named) {
            Some(other) if other != named => Err(DictionaryError::Duplicate(word.to_owned())),
            _ => Ok(()),
        };
        for (position, attribute) in attributes.iter().enumerate() {
            check_attribute(attribute)?;
            let named = Named::Attribute(AttributeIndex(position as u16));
            claim(&attribute.name, named)?;
            claim(&attribute.id, named)?;
        }
        for (position, attribute) in attributes.iter().enumerate() {
            for alias in &attribute.aliases {
                claim(alias, Named::Attribute(AttributeIndex(position as u16)))?;
            }
        }
        for (position, constant) in constants.iter().enumerate() {
            check_name(&constant.name, &constant.name)?;
            claim(
                &constant.name,
                Named::Constant(ConstantIndex(position as u16)),
            )?;
        }
        let formulas = vec![None; attributes.len()];
        let sizes = vec![Size::ONE; attributes.len()];
        let mut dictionary = Self {
            attributes,
            constants,
            names,
            formulas,
            sizes,
            digest: OnceLock::new(),
        };
        dictionary.compile_formulas()?;
        Ok(dictionary)
    }

    fn compile_formulas(&mut self) -> Result<(), DictionaryError> {
        let mut formulas = Vec::with_capacity(self.attributes.len());
        for attribute in &self.attributes {
            let formula = match &attribute.formula {
                None => None,
                Some(text) => Some(
                    compile::formula_of(self, attribute, text)
                        .map_err(|error| DictionaryError::Formula(attribute.name.clone(), error))?,
                ),
            };
            formulas.push(formula);
        }
        self.formulas = formulas;
        self.measure_formulas()
    }

    /// Refuses formulas that need each other, or grow too large through each other.
    fn measure_formulas(&mut self) -> Result<(), DictionaryError> {
        let mut done = vec![false; self.attributes.len()];
        for start in self.indices() {
            self.walk(start, &mut Vec::new(), &mut done)?;
        }
        Ok(())
    }

    fn walk(
        &mut self,
        index: AttributeIndex,
        path: &mut Vec<AttributeIndex>,
        done: &mut [bool],
    ) -> Result<(), DictionaryError> {
        if done[index.position()] {
            return Ok(());
        }
        if let Some(from) = path.iter().position(|seen| *seen == index) {
            let names = path[from..].iter().chain([&index]);
            return Err(DictionaryError::Cycle(
                names.map(|i| self.attribute(*i).name.clone()).collect(),
            ));
        }
        path.push(index);
        let needed = self.formula(index).map(Expr::attributes);
        for next in needed.into_iter().flatten() {
            self.walk(next, path, done)?;
        }
        if let Some(formula) = self.formula(index) {
            self.sizes[index.position()] =
                Size::of(formula, self, &[]).check().map_err(|error| {
                    DictionaryError::Formula(self.attribute(index).name.clone(), error)
                })?;
        }
        path.pop();
        done[index.position()] = true;
        Ok(())
    }

    /// What a word stands for: an attribute by name, id or alias, or a constant.
    pub fn named(&self, word: &str) -> Option<Named> {
        self.names.get(word).copied()
    }

    /// The attribute with this name, id or alias.
    pub fn find(&self, name_or_id: &str) -> Option<AttributeIndex> {
        match self.named(name_or_id) {
            Some(Named::Attribute(index)) => Some(index),
            _ => None,
        }
    }

    /// The attribute at an index of this dictionary.
    pub fn attribute(&self, index: AttributeIndex) -> &Attribute {
        &self.attributes[index.position()]
    }

    /// The attribute at a position, when there is one.
    pub(crate) fn attribute_at(&self, position: u16) -> Option<AttributeIndex> {
        (usize::from(position) < self.attributes.len()).then_some(AttributeIndex(position))
    }

    /// The constant at a position, when there is one.
    pub(crate) fn constant_at(&self, position: u16) -> Option<ConstantIndex> {
        (usize::from(position) < self.constants.len()).then_some(ConstantIndex(position))
    }

    /// SHA-256 of the content: what is saved by position belongs to dictionaries of one digest.
    pub fn digest(&self) -> [u8; 32] {
        *self.digest.get_or_init(|| {
            // the debug form writes numbers exactly, and cannot fail
            let content = format!("{:?}{:?}", self.attributes, self.constants);
            Sha256::digest(content).into()
        })
    }

    /// The compiled formula of a derived attribute.
    pub fn formula(&self, index: AttributeIndex) -> Option<&Expr> {
        self.formulas.get(index.position()).and_then(Option::as_ref)
    }

    /// How large a derived attribute's formula is.
    pub(crate) fn size(&self, index: AttributeIndex) -> Size {
        self.sizes
            .get(index.position())
            .copied()
            .unwrap_or(Size::ONE)
    }

    /// The constant at an index of this dictionary.
    pub fn constant(&self, index: ConstantIndex) -> &Constant {
        &self.constants[usize::from(index.0)]
    }

    /// A constant's value on a day; `None` when none is published for it.
    pub fn constant_on(&self, index: ConstantIndex, day: NaiveDate) -> Option<&Number> {
        let values = &self.constant(index).values;
        let current = values.iter().rev().find(|value| value.from <= day)?;
        current
            .until
            .is_none_or(|until| day <= until)
            .then_some(&current.value)
    }

    /// All attributes in the file's order.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// All constants in the file's order.
    pub fn constants(&self) -> &[Constant] {
        &self.constants
    }

    /// All attribute indices in the file's order.
    pub fn indices(&self) -> impl Iterator<Item = AttributeIndex> + use<> {
        (0..self.attributes.len() as u16).map(AttributeIndex)
    }

    /// Every word that a rule may use, for suggestions.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.attributes
            .iter()
            .map(|attribute| attribute.name.as_str())
            .chain(self.constants.iter().map(|constant| constant.name.as_str()))
    }
}

fn check_name(owner: &str, word: &str) -> Result<(), DictionaryError> {
    let refuse = |why| Err(DictionaryError::Name(owner.to_owned(), why));
    if word.is_empty() || word.chars().count() > NAME_MAX {
        return refuse("长度应为 1–40 个字");
    }
    if !word.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return refuse("只能用汉字、字母、数字和下划线");
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return refuse("不能以数字开头");
    }
    if crate::words::is_reserved(word) {
        return refuse("与规则语言的保留词相同");
    }
    Ok(())
}

fn check_attribute(attribute: &Attribute) -> Result<(), DictionaryError> {
    check_name(&attribute.name, &attribute.name)?;
    check_name(&attribute.name, &attribute.id)?;
    let wrong = |why: &str| {
        Err(DictionaryError::Attribute(
            attribute.name.clone(),
            why.to_owned(),
        ))
    };
    if attribute.kind == Kind::Choice && attribute.choices.is_empty() {
        return wrong("选项型属性没有列出选项（choices）");
    }
    if attribute.kind != Kind::Number && (attribute.min.is_some() || attribute.max.is_some()) {
        return wrong("只有数值型属性可以有上下限");
    }
    if attribute.absence == Absence::No && !matches!(attribute.kind, Kind::Bool | Kind::Set) {
        return wrong("只有是否型和集合型属性可以声明“未登记即为否”");
    }
    if attribute.personal.is_some() && (attribute.kind != Kind::Text || attribute.annual) {
        return wrong("个人信息（personal）只能是不分年度的文字型属性");
    }
    Ok(())
}
