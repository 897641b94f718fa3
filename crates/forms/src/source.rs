//! A form as it is written: YAML or JSON, kept with the revision of what it belongs to.
//!
//! Reading finds what is wrong with the writing (a misspelt key, a kind that does not exist) and says the line;
//! [`crate::Form::new`] finds what is wrong with the meaning and says the field. `docs/forms.md` is the author's guide.

use serde::{Deserialize, Serialize};
use zhida_rules::{Number, Personal, nearest};

/// Bytes of a form's text at most.
pub const FORM_BYTES_MAX: usize = 256 << 10;

/// What is wrong with a form, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The place: `第 12 行第 5 列`, or the field: `字段“staff”`.
    pub at: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Mistake {
    pub(crate) fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            message: message.into(),
        }
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}：{}", self.at, self.message)
    }
}

/// A form as written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormSource {
    /// The form's name.
    pub title: String,
    /// What stands above it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lead: String,
    /// Headings, notes, fields and groups in the order of the page.
    pub nodes: Vec<NodeSource>,
}

/// A heading (`heading`), a note (`note`), a group (`group`) or a field (`id`). Which keys go with which is said in
/// `docs/forms.md` and checked by [`crate::Form::new`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSource {
    /// A heading's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// A note's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// A group's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How many rows a group has; without it the group is a part of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<RepeatSource>,
    /// A group's fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeSource>,
    /// A field's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The words beside the field, or the group's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A line of help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<KindName>,
    /// Whether it must be answered before the form is sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The attribute it is prefilled from: `企业名称`, `上年.营业收入`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it is shown: a condition over attributes and fields of this form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown_when: Option<String>,
    /// What of a person it tells: kept sealed, masked on screens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<Personal>,
    /// A confidential answer: masked whole on screens.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// A number's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The smallest number (money in 元, a ratio plain), or the fewest choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// The largest number, or the most choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// Places after the point of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// The first day: `2026-01-01`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest: Option<String>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// Characters of a text at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// What may be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Types of files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<FileType>,
    /// Files at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<usize>,
    /// Megabytes of one file at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub megabytes: Option<u64>,
    /// Address of a sample or an empty form to fill in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// What is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How many rows a group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatSource {
    /// Rows at least.
    #[serde(default)]
    pub min: usize,
    /// Rows at most.
    pub max: usize,
}

/// What a field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "KINDS names each")]
pub enum KindName {
    Text,
    LongText,
    Integer,
    Number,
    Money,
    Ratio,
    Date,
    Year,
    YesNo,
    OneOf,
    SeveralOf,
    CreditCode,
    Division,
    Industry,
    Phone,
    Email,
    PersonName,
    BankAccount,
    Files,
    Declaration,
}

/// Every kind: as it is written, and its name.
pub const KINDS: [(KindName, &str, &str); 20] = [
    (KindName::Text, "text", "一行文字"),
    (KindName::LongText, "long_text", "多行文字"),
    (KindName::Integer, "integer", "整数"),
    (KindName::Number, "number", "数值"),
    (KindName::Money, "money", "金额"),
    (KindName::Ratio, "ratio", "比例"),
    (KindName::Date, "date", "日期"),
    (KindName::Year, "year", "年份"),
    (KindName::YesNo, "yes_no", "是否"),
    (KindName::OneOf, "one_of", "单选"),
    (KindName::SeveralOf, "several_of", "多选"),
    (KindName::CreditCode, "credit_code", "统一社会信用代码"),
    (KindName::Division, "division", "行政区划"),
    (KindName::Industry, "industry", "行业"),
    (KindName::Phone, "phone", "电话"),
    (KindName::Email, "email", "电子邮箱"),
    (KindName::PersonName, "person_name", "姓名"),
    (KindName::BankAccount, "bank_account", "银行账户"),
    (KindName::Files, "files", "附件"),
    (KindName::Declaration, "declaration", "承诺"),
];

impl KindName {
    /// As it is written in a form.
    #[must_use]
    pub fn slug(self) -> &'static str {
        self.row().1
    }

    /// Its Chinese name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        let mut rows = KINDS.iter();
        rows.find(|(kind, ..)| *kind == self)
            .expect("every kind has its row, see the test")
    }
}

/// A group of file types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// PDF, OFD.
    Pages,
    /// Pictures.
    Images,
    /// Office documents.
    Office,
    /// CSV and spreadsheets.
    Tables,
    /// ZIP.
    Archives,
    /// Video.
    Video,
    /// Sound.
    Audio,
}

/// Every key, for suggestions.
const KEYS: [&str; 29] = [
    "title",
    "lead",
    "nodes",
    "heading",
    "note",
    "group",
    "repeat",
    "id",
    "label",
    "help",
    "kind",
    "required",
    "source",
    "shown_when",
    "personal",
    "sensitive",
    "unit",
    "min",
    "max",
    "decimals",
    "earliest",
    "latest",
    "length",
    "choices",
    "types",
    "files",
    "megabytes",
    "sample",
    "text",
];

impl FormSource {
    /// Reads YAML or JSON.
    ///
    /// # Errors
    /// What is wrong with the writing, with line and column.
    pub fn read(text: &str) -> Result<Self, Mistake> {
        if text.len() > FORM_BYTES_MAX {
            let limit = FORM_BYTES_MAX >> 10;
            return Err(Mistake::new(
                "表单",
                format!("文字超过 {limit} KB，请拆成几张表单"),
            ));
        }
        serde_norway::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            let at = error.location().map_or_else(
                || "表单".to_owned(),
                |at| format!("第 {} 行第 {} 列", at.line(), at.column()),
            );
            Mistake::new(at, in_words(&error.to_string()))
        })
    }

    /// As YAML, the form that people edit.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_norway::to_string(self).unwrap_or_default()
    }
}

/// What the YAML reader found, in words of the author.
fn in_words(found: &str) -> String {
    let quoted = |after: &str| {
        let rest = &found[found.find(after)? + after.len()..];
        rest.split('`').next().map(str::to_owned)
    };
    if let Some(key) = quoted("unknown field `") {
        let near = nearest(&key, KEYS.iter().copied(), 1);
        let near = near
            .first()
            .map_or_else(String::new, |near| format!("，是不是“{near}”"));
        return format!("没有“{key}”这一项{near}？可用的写法见《表单》");
    }
    if let Some(value) = quoted("unknown variant `") {
        let known: Vec<&str> = found.split('`').skip(3).step_by(2).collect();
        return format!("“{value}”不是可用的值，可以写：{}", known.join("、"));
    }
    if let Some(key) = quoted("missing field `") {
        return format!("缺少“{key}”");
    }
    if let Some(key) = quoted("duplicate field `") {
        return format!("“{key}”出现了两次，请删除其一");
    }
    if found.contains("invalid type") {
        return format!("这里的值类型不对（{found}）：文字请加引号，列表每项以“- ”开头");
    }
    format!("格式有误（{found}），请检查缩进、冒号后的空格和引号")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_written_as_it_is_read() {
        for (kind, slug, name) in KINDS {
            let read: KindName = serde_norway::from_str(slug).expect("a kind");
            assert_eq!((read, read.slug(), read.name()), (kind, slug, name));
        }
    }

    #[test]
    fn mistakes_say_the_line_and_the_word() {
        let wrong = |text: &str| FormSource::read(text).expect_err("wrong").to_string();
        let misspelt = wrong("title: 甲\nnodes:\n  - id: a\n    labl: 甲\n    kind: text\n");
        assert!(
            misspelt.contains("第 4 行") && misspelt.contains("是不是“label”"),
            "{misspelt}"
        );
        let kind = wrong("title: 甲\nnodes:\n  - id: a\n    label: 甲\n    kind: txt\n");
        assert!(
            kind.contains("第 5 行") && kind.contains("“txt”") && kind.contains("long_text"),
            "{kind}"
        );
        assert!(wrong("nodes: []").contains("缺少“title”"));
        assert!(wrong("title: [1").contains("格式有误") || wrong("title: [1").contains("类型"));
        assert!(wrong(&" ".repeat(FORM_BYTES_MAX + 1)).contains("KB"));
        let aliases = "title: x\nnodes: &a\n  - note: *a\n";
        assert!(FormSource::read(aliases).is_err());
    }

    #[test]
    fn json_and_yaml_are_read_alike_and_written_back() {
        let yaml = "title: 甲\nnodes:\n- id: a\n  label: 甲\n  kind: money\n  min: 0.5\n";
        let json = r#"{"title":"甲","nodes":[{"id":"a","label":"甲","kind":"money","min":"0.5"}]}"#;
        let read = FormSource::read(yaml).expect("yaml");
        assert_eq!(read, FormSource::read(json).expect("json"));
        assert_eq!(read, FormSource::read(&read.to_yaml()).expect("written"));
    }
}
