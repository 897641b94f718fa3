//! Reads an attribute's value from what people and files write.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use zhida_standards::{division, industry};

use crate::{Attribute, Kind, Number, NumberError, Value};

/// Characters that a text value may have at most.
pub const TEXT_MAX: usize = 4_000;

/// Multipliers (万, 亿, %) that a number may have: 万亿 is the longest that people write, and each
/// makes the number longer than its digits.
const MULTIPLIERS_MAX: usize = 2;

/// The first and last year that a date may lie in.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// Why a text is not a value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not 是 or 否.
    #[error("“{0}”应为“是”或“否”")]
    Bool(String),
    /// Not a number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// Outside the plausible range.
    #[error("{value} 超出合理范围（{range}），请核对数值和单位")]
    Range {
        /// What was given.
        value: String,
        /// The range in words.
        range: String,
    },
    /// Not a date.
    #[error("“{0}”不是日期，请写成 2025-01-31")]
    Date(String),
    /// A date that cannot be meant.
    #[error("日期 {0} 不合理，年份应在 1900 至 2200 之间")]
    DateRange(NaiveDate),
    /// Not one of the choices.
    #[error("“{value}”不在可选值之内：{choices}")]
    Choice {
        /// What was given.
        value: String,
        /// The choices, joined.
        choices: String,
    },
    /// No such division.
    #[error("“{0}”不是有效的行政区划代码或名称")]
    Division(String),
    /// A province or city where a county is meant.
    #[error("“{0}”是{1}区划，这里应填到县（区）级，如 330114")]
    DivisionLevel(String, &'static str),
    /// No such industry.
    #[error("“{0}”不是 GB/T 4754-2017 的行业代码或名称")]
    Industry(String),
    /// Too long.
    #[error("文字超过 {TEXT_MAX} 个字")]
    TooLong,
    /// A JSON value of the wrong type.
    #[error("值的类型不对：{0}")]
    Type(String),
}

impl Attribute {
    /// Reads a value as a person or a spreadsheet writes it: “是”, “1,234.5万元”, “35%”,
    /// “2025年1月31日”, a division or industry by code or unambiguous name.
    pub fn read_text(&self, text: &str) -> Result<Value, ValueError> {
        let text = text.trim();
        if text.chars().count() > TEXT_MAX {
            return Err(ValueError::TooLong);
        }
        match self.kind {
            Kind::Bool => read_bool(text).map(Value::Bool),
            Kind::Number => self.bounded(read_number(text, self.unit.as_deref())?),
            Kind::Text => Ok(Value::Text(text.to_owned())),
            Kind::Choice => self.choice(text).map(Value::Text),
            Kind::Set => text
                .split(['、', ',', '，', ';', '；', '|'])
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| self.choice(part))
                .collect::<Result<BTreeSet<_>, _>>()
                .map(Value::Set),
            Kind::Date => read_date(text).map(Value::Date),
            Kind::Division => self.division(text),
            Kind::Industry => industry::lookup(text)
                .or_else(|| match industry::find_by_name(text).as_slice() {
                    [only] => Some(*only),
                    _ => None,
                })
                .map(|found| Value::Text(found.code.to_owned()))
                .ok_or_else(|| ValueError::Industry(text.to_owned())),
        }
    }

    /// Reads a JSON value: text as [`Attribute::read_text`], numbers and booleans as they are.
    pub fn read_json(&self, json: &serde_json::Value) -> Result<Value, ValueError> {
        use serde_json::Value as Json;
        match (self.kind, json) {
            (Kind::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
            (Kind::Number, Json::Number(_)) => self.bounded(Number::from_json(json)?),
            (Kind::Set, Json::Array(members)) => members
                .iter()
                .map(|member| match member {
                    Json::String(text) => self.choice(text),
                    other => Err(ValueError::Type(other.to_string())),
                })
                .collect::<Result<BTreeSet<_>, _>>()
                .map(Value::Set),
            (_, Json::String(text)) => self.read_text(text),
            (_, other) => Err(ValueError::Type(
                other.to_string().chars().take(60).collect(),
            )),
        }
    }

    fn bounded(&self, number: Number) -> Result<Value, ValueError> {
        let low = self.min.as_ref().is_none_or(|min| number >= *min);
        let high = self.max.as_ref().is_none_or(|max| number <= *max);
        if low && high {
            return Ok(Value::Number(number));
        }
        let show = |bound: &Option<Number>| bound.as_ref().map(Number::to_string);
        let range = match (show(&self.min), show(&self.max)) {
            (Some(min), Some(max)) => format!("{min} 至 {max}"),
            (Some(min), None) => format!("不小于 {min}"),
            (None, max) => format!("不大于 {}", max.unwrap_or_default()),
        };
        Err(ValueError::Range {
            value: number.to_string(),
            range,
        })
    }

    fn choice(&self, text: &str) -> Result<String, ValueError> {
        let free = self.kind == Kind::Set && self.choices.is_empty();
        if free || self.choices.iter().any(|choice| choice == text) {
            return Ok(text.to_owned());
        }
        Err(ValueError::Choice {
            value: text.to_owned(),
            choices: self.choices.join("、"),
        })
    }

    fn division(&self, text: &str) -> Result<Value, ValueError> {
        let found = division::resolve(text)
            .map(|found| found.code())
            .or_else(|| match division::find_by_name(text).as_slice() {
                [only] => Some(only.code),
                _ => None,
            });
        let code = found.ok_or_else(|| ValueError::Division(text.to_owned()))?;
        // 东莞、中山 and their like have no counties: the city is the deepest level there.
        let divided = division::children(code.as_str()).next().is_some();
        match code.level() {
            level @ (division::Level::Province | division::Level::City) if divided => {
                Err(ValueError::DivisionLevel(text.to_owned(), level.name()))
            }
            _ => Ok(Value::Text(code.as_str().to_owned())),
        }
    }
}

fn read_bool(text: &str) -> Result<bool, ValueError> {
    match text {
        "是" | "有" | "true" | "TRUE" | "True" | "1" | "Y" | "y" | "√" | "yes" => Ok(true),
        "否" | "无" | "false" | "FALSE" | "False" | "0" | "N" | "n" | "×" | "no" => Ok(false),
        _ => Err(ValueError::Bool(text.chars().take(20).collect())),
    }
}

/// A number with thousands separators, a Chinese multiplier (万, 亿), a per cent sign or the unit.
fn read_number(text: &str, unit: Option<&str>) -> Result<Number, NumberError> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ',' | '，' | ' ' | '\u{a0}' | '¥' | '￥'))
        .map(|c| match c {
            '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
            '．' => '.',
            '－' | '−' => '-',
            '％' => '%',
            other => other,
        })
        .collect();
    let unit_word = unit.filter(|word| *word != "%").unwrap_or_default();
    let mut rest = plain.strip_suffix(unit_word).unwrap_or(&plain);
    let mut factor = Number::integer(1);
    for _ in 0..MULTIPLIERS_MAX {
        let (shorter, by) = match rest.char_indices().next_back() {
            Some((at, '万')) => (&rest[..at], Some(Number::integer(10_000))),
            Some((at, '亿')) => (&rest[..at], Some(Number::integer(100_000_000))),
            Some((at, '%')) => (&rest[..at], Number::ratio(1, 100)),
            _ => break,
        };
        let Some(by) = by else { break };
        factor = factor * by;
        rest = shorter;
    }
    rest.parse::<Number>()
        .map(|number| number * factor)
        .map_err(|error| match error {
            NumberError::Malformed(_) => NumberError::Malformed(text.chars().take(40).collect()),
            other => other,
        })
}

/// `2025-01-31`, `2025/1/31`, `2025.1.31`, `20250131`, `2025年1月31日`, with or without a time.
pub fn read_date(text: &str) -> Result<NaiveDate, ValueError> {
    let wrong = || ValueError::Date(text.chars().take(40).collect());
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day
        .split(['-', '/', '.', '年', '月', '日'])
        .filter(|part| !part.is_empty())
        .collect();
    let date = match parts.as_slice() {
        [year, month, day] => {
            let number = |part: &str| part.parse::<u32>().map_err(|_| wrong());
            NaiveDate::from_ymd_opt(number(year)? as i32, number(month)?, number(day)?)
        }
        [compact] if compact.len() == 8 => NaiveDate::parse_from_str(compact, "%Y%m%d").ok(),
        _ => None,
    }
    .ok_or_else(wrong)?;
    if YEARS.contains(&date.year()) {
        Ok(date)
    } else {
        Err(ValueError::DateRange(date))
    }
}
