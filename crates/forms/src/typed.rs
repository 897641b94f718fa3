//! Answers read: from what was typed to a value, or to a sentence that says what is wrong.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use zhida_platform::format::{date_zh, money_fen};
use zhida_rules::{Number, Value, ValueError, show, show_number};
use zhida_standards::uscc::Uscc;
use zhida_standards::{Fen, bank, division, industry, mask};

use crate::answers::{Answer, FileRef};
use crate::form::{Field, Kind};

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Typed {
    /// A text, one choice, or a code in normal form.
    Text(String),
    /// A number in the field's unit; a ratio plain.
    Number(Number),
    /// Money.
    Money(Fen),
    /// A day.
    Date(NaiveDate),
    /// 是 or 否; 承诺.
    Bool(bool),
    /// Several choices.
    Texts(Vec<String>),
    /// A bank account.
    Account(BankAccount),
    /// Files.
    Files(Vec<FileRef>),
}

/// A bank account whose numbers were checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    /// 户名
    pub holder: String,
    /// 开户银行, with the branch.
    pub bank: String,
    /// 支付系统行号, 12 digits.
    pub cnaps: String,
    /// 账号, digits only.
    pub number: String,
}

impl std::fmt::Debug for BankAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BankAccount({})", mask::bank_card(&self.number))
    }
}

/// The parts of a bank account: key, label.
pub(crate) const ACCOUNT_PARTS: [(&str, &str); 4] = [
    ("holder", "户名"),
    ("bank", "开户银行"),
    ("cnaps", "支付系统行号"),
    ("number", "账号"),
];

/// What is wrong with an answer: a part of it (of a bank account) or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub part: Option<&'static str>,
    pub message: String,
    /// The part is not there yet: no mistake in a draft.
    pub is_missing: bool,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self {
            part: None,
            message,
            is_missing: false,
        }
    }
}

impl Typed {
    /// As conditions see it.
    pub(crate) fn value(&self) -> Option<Value> {
        Some(match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Money(fen) => Value::Number(Number::integer(*fen).divide(&Number::integer(100))?),
            Self::Date(day) => Value::Date(*day),
            Self::Bool(value) => Value::Bool(*value),
            Self::Texts(texts) => Value::Set(texts.iter().cloned().collect()),
            Self::Account(_) | Self::Files(_) => return None,
        })
    }

    /// A fact as an answer to this field; `None` when the field cannot hold it exactly.
    pub(crate) fn of_fact(field: &Field, value: Value) -> Option<Self> {
        Some(match (&field.kind, value) {
            (Kind::Money, Value::Number(number)) => Self::Money(exact_fen(&number)?),
            (Kind::Integer | Kind::Year, Value::Number(number)) if !number.is_integer() => {
                return None;
            }
            (_, Value::Number(number)) => Self::Number(number),
            (_, Value::Bool(value)) => Self::Bool(value),
            (_, Value::Text(text)) => Self::Text(text),
            (_, Value::Date(day)) => Self::Date(day),
            (_, Value::Set(members)) => Self::Texts(members.into_iter().collect()),
        })
    }

    /// As a person reads it, nothing hidden.
    #[must_use]
    pub fn show(&self, field: &Field) -> String {
        match (self, &field.kind) {
            (Self::Text(code), Kind::Division) => match division::full_name(code) {
                Some(name) => format!("{name}（{code}）"),
                None => code.clone(),
            },
            (Self::Text(code), Kind::Industry) => match industry::lookup(code) {
                Some(found) => format!("{}（{code}）", found.name),
                None => code.clone(),
            },
            (Self::Text(text), _) => text.clone(),
            (Self::Number(number), Kind::Year) => format!("{number}年"),
            (Self::Number(number), _) => {
                let unit = field.unit();
                show(
                    &Value::Number(number.clone()),
                    (!unit.is_empty()).then_some(unit),
                )
            }
            (Self::Money(fen), _) => money_fen(*fen),
            (Self::Date(day), _) => date_zh(*day),
            (Self::Bool(true), Kind::Declaration(_)) => "已承诺".to_owned(),
            (Self::Bool(value), _) => if *value { "是" } else { "否" }.to_owned(),
            (Self::Texts(texts), _) => texts.join("、"),
            (Self::Account(account), _) => account.show(&account.number),
            (Self::Files(files), _) => {
                let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
                names.join("、")
            }
        }
    }

    /// As it is shown to those who may not see it plain, and by default.
    #[must_use]
    pub fn masked(&self, field: &Field) -> String {
        match (self, field.personal) {
            (Self::Account(account), _) => account.show(&mask::bank_card(&account.number)),
            (Self::Text(text), Some(personal)) => personal.masked(text),
            _ if field.sensitive => "（保密，已填写）".to_owned(),
            _ => self.show(field),
        }
    }
}

impl BankAccount {
    fn show(&self, number: &str) -> String {
        let Self {
            holder,
            bank,
            cnaps,
            ..
        } = self;
        format!("{holder}，{bank}（行号 {cnaps}），账号 {number}")
    }
}

/// Reads an answer; `None` when nothing was said.
pub(crate) fn read(field: &Field, answer: &Answer) -> Result<Option<Typed>, Wrong> {
    if answer.is_empty() {
        return Ok(None);
    }
    let typed = match (&field.kind, answer) {
        (Kind::BankAccount, Answer::Parts(parts)) => account(parts)?,
        (Kind::Files(rule), Answer::Files(files)) => {
            if files.len() > rule.count {
                return Err(format!("最多 {} 个文件，请移除多余的", rule.count).into());
            }
            Typed::Files(files.clone())
        }
        (Kind::SeveralOf(least, most), Answer::Texts(texts)) => {
            several(field, texts, *least, *most)?
        }
        (Kind::SeveralOf(least, most), Answer::Text(text)) => {
            several(field, std::slice::from_ref(text), *least, *most)?
        }
        (Kind::BankAccount | Kind::Files(_), _)
        | (_, Answer::Parts(_) | Answer::Files(_) | Answer::Rows(_) | Answer::Texts(_)) => {
            return Err("答案的形式与字段不符".to_owned().into());
        }
        (_, Answer::Text(text)) => one(field, text.trim())?,
    };
    // an unticked declaration is none
    Ok(Some(typed).filter(|typed| {
        !matches!(
            (typed, &field.kind),
            (Typed::Bool(false), Kind::Declaration(_))
        )
    }))
}

fn one(field: &Field, text: &str) -> Result<Typed, String> {
    match &field.kind {
        Kind::Text(most) | Kind::LongText(most) => {
            let count = text.chars().count();
            if count > *most {
                return Err(format!("有 {count} 个字，最多 {most} 个"));
            }
            match field.personal {
                Some(zhida_rules::Personal::Id) => citizen(text),
                _ => Ok(Typed::Text(text.to_owned())),
            }
        }
        Kind::CreditCode => Uscc::parse(text)
            .map(|code| Typed::Text(code.as_str().to_owned()))
            .map_err(|error| error.to_string()),
        Kind::Phone => phone(text).map(Typed::Text),
        Kind::Email => email(text).map(Typed::Text),
        Kind::PersonName => person(text).map(Typed::Text),
        Kind::Ratio if !text.ends_with(['%', '％']) => by_attribute(field, &format!("{text}%")),
        _ => by_attribute(field, text),
    }
}

/// Through the field's attribute, which reads as files and rules are read.
fn by_attribute(field: &Field, text: &str) -> Result<Typed, String> {
    let Some(attribute) = &field.attribute else {
        return Err("这种字段不能这样填写".to_owned());
    };
    let value = attribute.read_text(text).map_err(|error| match error {
        ValueError::Range { .. } if matches!(field.kind, Kind::Ratio) => {
            let percent = |bound: &Option<Number>| {
                let bound = bound.as_ref();
                bound.map_or("不限".to_owned(), |bound| show_number(bound, Some("%")))
            };
            let (min, max) = (percent(&attribute.min), percent(&attribute.max));
            format!("“{text}”超出范围（{min} 至 {max}）")
        }
        error => error.to_string(),
    })?;
    let number = |value: Value| value.as_number().cloned().unwrap_or_else(Number::zero);
    match &field.kind {
        Kind::Money => {
            let fen = exact_fen(&number(value)).ok_or("金额最小到分，请核对小数位数和大小")?;
            Ok(Typed::Money(fen))
        }
        Kind::Integer | Kind::Year => match number(value) {
            whole if whole.is_integer() => Ok(Typed::Number(whole)),
            _ => Err(format!("“{text}”应为整数")),
        },
        Kind::Number(places) => {
            let value = number(value);
            if value.round(*places) != value {
                return Err(format!("最多 {places} 位小数"));
            }
            Ok(Typed::Number(value))
        }
        Kind::Date(earliest, latest) => date(value, *earliest, *latest),
        _ => Typed::of_fact(field, value).ok_or_else(|| "这种字段不能这样填写".to_owned()),
    }
}

fn date(
    value: Value,
    earliest: Option<NaiveDate>,
    latest: Option<NaiveDate>,
) -> Result<Typed, String> {
    let Value::Date(day) = value else {
        return Err("不是日期".to_owned());
    };
    if earliest.is_some_and(|earliest| day < earliest) || latest.is_some_and(|latest| day > latest)
    {
        let from = earliest.map_or_else(String::new, |day| format!("不早于 {}", date_zh(day)));
        let to = latest.map_or_else(String::new, |day| format!("不晚于 {}", date_zh(day)));
        let both = [from, to].into_iter().filter(|part| !part.is_empty());
        return Err(format!("日期应{}", both.collect::<Vec<_>>().join("、")));
    }
    Ok(Typed::Date(day))
}

fn several(field: &Field, texts: &[String], least: usize, most: usize) -> Result<Typed, String> {
    let chosen = field
        .choices()
        .iter()
        .filter(|choice| texts.contains(choice));
    let chosen: Vec<String> = chosen.cloned().collect();
    if let Some(other) = texts.iter().find(|text| !chosen.contains(text)) {
        return Err(format!("“{other}”不在可选项之内，请重新选择"));
    }
    if chosen.len() < least {
        return Err(format!("至少选 {least} 项，现在选了 {} 项", chosen.len()));
    }
    if chosen.len() > most {
        return Err(format!("最多选 {most} 项，现在选了 {} 项", chosen.len()));
    }
    Ok(Typed::Texts(chosen))
}

fn account(parts: &BTreeMap<String, String>) -> Result<Typed, Wrong> {
    let part = |key: &str| parts.get(key).map_or("", |text| text.trim());
    for (key, label) in ACCOUNT_PARTS {
        let count = part(key).chars().count();
        let message = match count {
            0 => format!("请填写{label}"),
            101.. => format!("{label}有 {count} 个字，最多 100 个"),
            _ => continue,
        };
        return Err(Wrong {
            part: Some(key),
            message,
            is_missing: count == 0,
        });
    }
    let at = |part: &'static str| {
        move |error: bank::BankError| Wrong {
            part: Some(part),
            message: error.to_string(),
            is_missing: false,
        }
    };
    let cnaps = bank::cnaps(part("cnaps")).map_err(at("cnaps"))?;
    let number = bank::account_number(part("number")).map_err(at("number"))?;
    Ok(Typed::Account(BankAccount {
        holder: part("holder").to_owned(),
        bank: part("bank").to_owned(),
        cnaps,
        number: number.expose().to_owned(),
    }))
}

fn exact_fen(number: &Number) -> Option<Fen> {
    (number.round(2) == *number)
        .then(|| number.to_fen())
        .flatten()
}

fn citizen(text: &str) -> Result<Typed, String> {
    zhida_standards::citizen_id::CitizenId::parse(text)
        .map(|id| Typed::Text(id.expose().to_owned()))
        .map_err(|error| error.to_string())
}

/// A mobile number (11 digits, 1 first), or one with its area code.
fn phone(text: &str) -> Result<String, String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '（' | '）'))
        .collect();
    let plain = plain.strip_prefix("+86").unwrap_or(&plain);
    let digits = plain.bytes().all(|byte| byte.is_ascii_digit());
    let mobile = plain.len() == 11 && plain.starts_with('1');
    let landline = (10..=16).contains(&plain.len()) && plain.starts_with('0');
    let service = plain.len() == 10 && (plain.starts_with("400") || plain.starts_with("800"));
    if digits && (mobile || landline || service) {
        return Ok(plain.to_owned());
    }
    Err("不是电话号码：请填 11 位手机号，或带区号的固定电话，如 0572-1234567".to_owned())
}

fn email(text: &str) -> Result<String, String> {
    let wrong = || Err("不是电子邮箱：请写成 name@example.cn 的样子".to_owned());
    let Some((local, domain)) = text.rsplit_once('@') else {
        return wrong();
    };
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control()) && text.len() <= 254;
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
    match plain && dotted && !local.is_empty() && !local.contains('@') {
        true => Ok(text.to_owned()),
        false => wrong(),
    }
}

fn person(text: &str) -> Result<String, String> {
    let count = text.chars().count();
    let letters = text
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, '·' | ' ' | '.' | '-' | '\''));
    match letters && (2..=50).contains(&count) {
        true => Ok(text.to_owned()),
        false => Err("不是姓名：请写全名，2 至 50 个字，不带数字和符号".to_owned()),
    }
}

/// The year of an annual source on a day.
pub(crate) fn year_on(year: zhida_rules::Year, on: NaiveDate) -> Option<i32> {
    match year {
        zhida_rules::Year::None => None,
        zhida_rules::Year::Relative(by) => Some(on.year() + by),
        zhida_rules::Year::Absolute(year) => Some(year),
    }
}
