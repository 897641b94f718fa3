//! One field: its kind, its limits, and the attribute it is prefilled from.

use zhida_rules::{
    Absence, Attribute, Dictionary, Expr, Kind as ValueKind, NAME_MAX, Number, Personal, Rule,
    Sensitivity, Year, read_date,
};

use super::{Checker, NOTE_MAX};
use crate::form::{FILES_MAX, Field, FileRule, Kind, MEGABYTES_MAX, Source, TEXT_MAX};
use crate::{FileType, KindName, NodeSource};

/// Characters of a line of text, unless the form says otherwise.
const LINE: usize = 200;
/// Characters of a long text, unless the form says otherwise.
const LONG: usize = 2_000;
/// Places after the point, unless the form says otherwise, and at most.
const DECIMALS: u32 = 2;
const DECIMALS_MAX: u32 = 6;
/// Choices of a field at most.
const CHOICES_MAX: usize = 200;
/// Megabytes of a file, unless the form says otherwise.
const MEGABYTES: u64 = 20;

/// A key, whether a node has it, and the kinds it belongs to.
type Only = (&'static str, fn(&NodeSource) -> bool, &'static [KindName]);

/// The keys that only some kinds have.
const ONLY: [Only; 11] = [
    (
        "unit",
        |n| n.unit.is_some(),
        &[KindName::Integer, KindName::Number],
    ),
    ("min", |n| n.min.is_some(), RANGED),
    ("max", |n| n.max.is_some(), RANGED),
    ("decimals", |n| n.decimals.is_some(), &[KindName::Number]),
    ("earliest", |n| n.earliest.is_some(), &[KindName::Date]),
    ("latest", |n| n.latest.is_some(), &[KindName::Date]),
    (
        "length",
        |n| n.length.is_some(),
        &[KindName::Text, KindName::LongText],
    ),
    (
        "choices",
        |n| !n.choices.is_empty(),
        &[KindName::OneOf, KindName::SeveralOf],
    ),
    ("personal", |n| n.personal.is_some(), &[KindName::Text]),
    (
        "types、files、megabytes、sample",
        |n| !n.types.is_empty() || n.files.is_some() || n.megabytes.is_some() || n.sample.is_some(),
        &[KindName::Files],
    ),
    ("text", |n| n.text.is_some(), &[KindName::Declaration]),
];
const RANGED: &[KindName] = &[
    KindName::Integer,
    KindName::Number,
    KindName::Money,
    KindName::Ratio,
    KindName::Year,
    KindName::SeveralOf,
];

impl Checker<'_> {
    pub(super) fn field(&mut self, node: &NodeSource, at: &str, in_rows: bool) -> Option<Field> {
        let id = node.id.clone().unwrap_or_default();
        self.id(&id, at);
        let label = self.label(node, at);
        if !node.nodes.is_empty() || node.repeat.is_some() {
            self.wrong(at, "字段不能有 nodes 和 repeat：要成组请写 group");
        }
        let Some(name) = node.kind else {
            self.wrong(at, "缺少类型（kind），如 text、money、date、files");
            return None;
        };
        for (key, is_there, kinds) in &ONLY {
            if is_there(node) && !kinds.contains(&name) {
                self.wrong(at, format!("类型 {} 不能写 {key}，请删去", name.slug()));
            }
        }
        let source = node.source.as_deref();
        let source = source.and_then(|text| self.source(text, at, in_rows));
        let kind = self.kind(node, name, at)?;
        let mut attribute = attribute(&id, &kind, node);
        if let Some(source) = &source {
            let from = self.dictionary.attribute(source.attribute);
            if let Some(why) = unlike(name, node, from) {
                self.wrong(at, format!("不能从“{}”预填：{why}", source.text));
            }
            if let Some(own) = attribute.as_mut().filter(|own| own.choices.is_empty()) {
                own.choices.clone_from(&from.choices);
            }
        }
        if matches!(kind, Kind::OneOf | Kind::SeveralOf(..)) {
            let choices = attribute.as_ref().map_or(&[][..], |a| &a.choices);
            self.choices(choices, &kind, at);
        }
        let personal = match name {
            KindName::Phone => Some(Personal::Phone),
            KindName::Email => Some(Personal::Email),
            KindName::PersonName => Some(Personal::Name),
            _ => node.personal,
        };
        Some(Field {
            id,
            label,
            help: node.help.clone().unwrap_or_default(),
            kind,
            required: node.required,
            personal,
            sensitive: node.sensitive,
            source,
            attribute,
            index: None,
            condition: None,
        })
    }

    fn kind(&mut self, node: &NodeSource, name: KindName, at: &str) -> Option<Kind> {
        let length = |usual: usize| node.length.unwrap_or(usual);
        if node
            .length
            .is_some_and(|length| length == 0 || length > TEXT_MAX)
        {
            self.wrong(at, format!("length 应为 1 至 {TEXT_MAX}"));
        }
        if let (Some(min), Some(max)) = (&node.min, &node.max)
            && min > max
        {
            self.wrong(at, format!("min（{min}）大于 max（{max}）"));
        }
        Some(match name {
            KindName::Text => Kind::Text(length(LINE)),
            KindName::LongText => Kind::LongText(length(LONG)),
            KindName::Integer => Kind::Integer,
            KindName::Number => Kind::Number(self.decimals(node, at)),
            KindName::Money => Kind::Money,
            KindName::Ratio => Kind::Ratio,
            KindName::Date => self.dates(node, at),
            KindName::Year => Kind::Year,
            KindName::YesNo => Kind::YesNo,
            KindName::OneOf => Kind::OneOf,
            KindName::SeveralOf => {
                let number = |bound: &Option<Number>| {
                    bound
                        .as_ref()
                        .and_then(Number::to_i64)
                        .and_then(|n| usize::try_from(n).ok())
                };
                Kind::SeveralOf(
                    number(&node.min).unwrap_or(0),
                    number(&node.max).unwrap_or(CHOICES_MAX),
                )
            }
            KindName::CreditCode => Kind::CreditCode,
            KindName::Division => Kind::Division,
            KindName::Industry => Kind::Industry,
            KindName::Phone => Kind::Phone,
            KindName::Email => Kind::Email,
            KindName::PersonName => Kind::PersonName,
            KindName::BankAccount => Kind::BankAccount,
            KindName::Files => Kind::Files(self.files(node, at)),
            KindName::Declaration => self.declaration(node, at),
        })
    }

    fn decimals(&mut self, node: &NodeSource, at: &str) -> u32 {
        let decimals = node.decimals.unwrap_or(DECIMALS);
        if decimals > DECIMALS_MAX {
            self.wrong(at, format!("decimals 最多 {DECIMALS_MAX}"));
        }
        decimals
    }

    fn dates(&mut self, node: &NodeSource, at: &str) -> Kind {
        let mut day = |text: &Option<String>, key: &str| {
            let read = read_date(text.as_deref()?);
            if let Err(error) = &read {
                self.wrong(at, format!("{key} 有误：{error}"));
            }
            read.ok()
        };
        let (earliest, latest) = (day(&node.earliest, "earliest"), day(&node.latest, "latest"));
        if let (Some(earliest), Some(latest)) = (earliest, latest)
            && earliest > latest
        {
            self.wrong(at, "earliest 晚于 latest");
        }
        Kind::Date(earliest, latest)
    }

    fn files(&mut self, node: &NodeSource, at: &str) -> FileRule {
        let count = node.files.unwrap_or(1);
        let megabytes = node.megabytes.unwrap_or(MEGABYTES);
        if !(1..=FILES_MAX).contains(&count) {
            self.wrong(at, format!("files 应为 1 至 {FILES_MAX} 个"));
        }
        if !(1..=MEGABYTES_MAX).contains(&megabytes) {
            self.wrong(at, format!("megabytes 应为 1 至 {MEGABYTES_MAX}"));
        }
        let sample = node.sample.clone().unwrap_or_default();
        let inside = sample.starts_with('/') && !sample.starts_with("//");
        if !sample.is_empty() && !inside && !sample.starts_with("https://") {
            self.wrong(at, "sample 应是本站地址（以 / 开头）或 https:// 开头的网址");
        }
        let usual = vec![FileType::Pages, FileType::Images];
        FileRule {
            types: if node.types.is_empty() {
                usual
            } else {
                node.types.clone()
            },
            count,
            bytes: megabytes << 20,
            sample,
        }
    }

    fn declaration(&mut self, node: &NodeSource, at: &str) -> Kind {
        let text = node.text.clone().unwrap_or_default();
        if text.trim().is_empty() {
            self.wrong(at, "承诺缺少内容（text）：请写明承诺什么");
        }
        self.words(at, &text, "承诺内容（text）", NOTE_MAX);
        Kind::Declaration(text)
    }

    fn choices(&mut self, choices: &[String], kind: &Kind, at: &str) {
        if !(1..=CHOICES_MAX).contains(&choices.len()) {
            self.wrong(at, format!("选项（choices）应有 1 至 {CHOICES_MAX} 个"));
        }
        let mut sorted: Vec<&str> = choices.iter().map(|choice| choice.trim()).collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) || sorted.first() == Some(&"") {
            self.wrong(at, "选项（choices）里有空的或重复的，请改正");
        }
        if let Kind::SeveralOf(least, most) = kind
            && (least > most || *least > choices.len() || *most == 0)
        {
            self.wrong(at, "min、max 是最少、最多选几项，应在选项个数之内");
        }
    }

    fn source(&mut self, text: &str, at: &str, in_rows: bool) -> Option<Source> {
        if in_rows {
            self.wrong(
                at,
                "可重复分组里的字段不能预填（source）：属性说的是企业，不是某一行",
            );
            return None;
        }
        match named(self.dictionary, text) {
            Ok((attribute, year)) => Some(Source {
                attribute,
                year,
                text: text.to_owned(),
            }),
            Err(why) => {
                self.wrong(at, format!("预填来源（source）“{text}”有误：{why}"));
                None
            }
        }
    }
}

/// An attribute with its year, as rules name them. Personal attributes, which rules cannot name, by their name alone.
fn named(
    dictionary: &Dictionary,
    text: &str,
) -> Result<(zhida_rules::AttributeIndex, Year), String> {
    let found = dictionary.find(text.trim());
    if let Some(index) = found.filter(|index| !dictionary.attribute(*index).annual) {
        return Ok((index, Year::None));
    }
    let rule = Rule::compile(dictionary, &format!("已知({text})"));
    let rule = rule.map_err(|error| {
        let hint = error
            .hint
            .map_or_else(String::new, |hint| format!("。{hint}"));
        format!("{}{hint}", error.message)
    })?;
    match rule.expr() {
        Expr::Known(inner) => match inner.as_ref() {
            Expr::Attribute(index, year) => Ok((*index, *year)),
            _ => Err("应当只写一个属性，如 企业名称、上年.营业收入".to_owned()),
        },
        _ => Err("应当只写一个属性，如 企业名称、上年.营业收入".to_owned()),
    }
}

/// Why a field cannot hold an attribute's value.
fn unlike(name: KindName, node: &NodeSource, from: &Attribute) -> Option<String> {
    let unit = from.unit.as_deref();
    let wanted: &[KindName] = match (from.kind, from.personal) {
        (ValueKind::Text, Some(Personal::Name)) => &[KindName::PersonName],
        (ValueKind::Text, Some(Personal::Phone)) => &[KindName::Phone],
        (ValueKind::Text, Some(Personal::Email)) => &[KindName::Email],
        (ValueKind::Text, Some(Personal::Id)) if node.personal != Some(Personal::Id) => {
            return Some("属性是证件号码，请写 kind: text 和 personal: id".to_owned());
        }
        (ValueKind::Text, _) => &[KindName::Text, KindName::LongText],
        (ValueKind::Bool, _) => &[KindName::YesNo],
        (ValueKind::Number, _) if unit == Some("元") => &[KindName::Money],
        (ValueKind::Number, _) if unit == Some("%") => &[KindName::Ratio],
        (ValueKind::Number, _) => &[KindName::Integer, KindName::Number],
        (ValueKind::Choice, _) => &[KindName::OneOf],
        (ValueKind::Set, _) => &[KindName::SeveralOf],
        (ValueKind::Date, _) => &[KindName::Date],
        (ValueKind::Division, _) => &[KindName::Division],
        (ValueKind::Industry, _) => &[KindName::Industry],
    };
    if !wanted.contains(&name) {
        let wanted: Vec<&str> = wanted.iter().map(|kind| kind.slug()).collect();
        return Some(format!("类型不符，应为 {}", wanted.join(" 或 ")));
    }
    if matches!(name, KindName::Integer | KindName::Number) && node.unit.as_deref() != unit {
        let unit = unit.map_or("没有单位".to_owned(), |unit| format!("以“{unit}”计"));
        return Some(format!("单位不同，属性{unit}，请写一致的 unit"));
    }
    let known = |choice: &&String| !from.choices.contains(choice);
    if let Some(other) = node.choices.iter().find(known)
        && !from.choices.is_empty()
    {
        return Some(format!(
            "选项“{other}”不在属性的选项之内：{}",
            from.choices.join("、")
        ));
    }
    None
}

/// The attribute that reads and shows a field's values.
fn attribute(id: &str, kind: &Kind, node: &NodeSource) -> Option<Attribute> {
    let (values, unit) = match kind {
        Kind::Text(_) | Kind::CreditCode => (ValueKind::Text, None),
        Kind::Integer | Kind::Number(_) => (ValueKind::Number, node.unit.clone()),
        Kind::Money => (ValueKind::Number, Some("元".to_owned())),
        Kind::Ratio => (ValueKind::Number, Some("%".to_owned())),
        Kind::Year => (ValueKind::Number, None),
        Kind::Date(..) => (ValueKind::Date, None),
        Kind::YesNo | Kind::Declaration(_) => (ValueKind::Bool, None),
        Kind::OneOf => (ValueKind::Choice, None),
        Kind::SeveralOf(..) => (ValueKind::Set, None),
        Kind::Division => (ValueKind::Division, None),
        Kind::Industry => (ValueKind::Industry, None),
        Kind::LongText(_)
        | Kind::Phone
        | Kind::Email
        | Kind::PersonName
        | Kind::BankAccount
        | Kind::Files(_) => return None,
    };
    let is_number = values == ValueKind::Number;
    let bound = |written: &Option<Number>, usual: Option<i64>| {
        let usual = usual.map(Number::integer);
        written.clone().or(usual).filter(|_| is_number)
    };
    let usual = match kind {
        Kind::Money | Kind::Ratio => (Some(0), None),
        Kind::Year => (Some(1900), Some(2200)),
        _ => (None, None),
    };
    Some(Attribute {
        kind: values,
        unit,
        choices: node.choices.clone(),
        min: bound(&node.min, usual.0),
        max: bound(&node.max, usual.1),
        ..plain(id)
    })
}

/// The attribute by which conditions may name a field; what tells of persons cannot be named.
pub(super) fn nameable(field: &Field) -> Option<&Attribute> {
    field
        .attribute
        .as_ref()
        .filter(|_| field.personal.is_none() && !field.sensitive)
}

/// Whether the rule language can have a word as a name.
pub(super) fn is_word(text: &str) -> bool {
    let letters = text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let length = (1..=NAME_MAX).contains(&text.chars().count());
    let digit = text.starts_with(|c: char| c.is_ascii_digit());
    letters && length && !digit && !is_reserved(text)
}

/// Whether the rule language keeps a word for itself: then no dictionary can have it.
fn is_reserved(word: &str) -> bool {
    let alone = Attribute {
        name: word.to_owned(),
        ..plain("probe")
    };
    Dictionary::new(vec![alone], Vec::new()).is_err()
}

/// An attribute with nothing said of it yet.
fn plain(id: &str) -> Attribute {
    Attribute {
        id: id.to_owned(),
        name: id.to_owned(),
        kind: ValueKind::Bool,
        unit: None,
        annual: false,
        group: String::new(),
        department: "本表填报".to_owned(),
        sensitivity: Sensitivity::Confidential,
        personal: None,
        absence: Absence::Unknown,
        fixed: false,
        aliases: Vec::new(),
        choices: Vec::new(),
        min: None,
        max: None,
        formula: None,
        question: None,
        note: None,
    }
}
