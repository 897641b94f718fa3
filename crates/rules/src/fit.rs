//! Does a value fit what it is compared with? Texts are checked against choices and code tables.

use chrono::Datelike;
use zhida_standards::{division, industry};

use crate::{
    AttributeIndex, Dictionary, Expr, Hierarchy, RuleError, Value,
    compile::{Type, Typed},
    read, suggest,
};

/// Years that a date in a rule may lie in.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 1949..=2100;

pub(crate) fn date(text: &str) -> Typed {
    if text.contains(['T', ':']) {
        return Err(RuleError::new(
            "date",
            format!("“{text}”带有时刻，规则里只写日期"),
        ));
    }
    let date = read::read_date(text).map_err(|error| RuleError::new("date", error.to_string()))?;
    if !YEARS.contains(&date.year()) {
        return Err(
            RuleError::new("date", format!("规则里的日期 {date} 不合理"))
                .hint("年份应在 1949 至 2100 之间"),
        );
    }
    Ok((Expr::Literal(Value::Date(date)), Type::Date))
}

/// Checks a value against what it is compared with, and brings codes to their normal form.
pub(crate) fn fit(
    dictionary: &Dictionary,
    expr: Expr,
    found: Type,
    wanted: Type,
) -> Result<Expr, RuleError> {
    let Expr::Literal(Value::Text(text)) = &expr else {
        return match (found, wanted) {
            _ if found == wanted => Ok(expr),
            (Type::Choice(_) | Type::Text, Type::Choice(_) | Type::Text) => Ok(expr),
            _ => Err(RuleError::new(
                "type",
                format!("{}不能与{}比较", wanted.word(), found.word()),
            )),
        };
    };
    match wanted {
        Type::Text => Ok(expr),
        Type::Choice(index) => {
            choose(dictionary, index, text)?;
            Ok(expr)
        }
        Type::Set(_) => Err(
            RuleError::new("type", format!("“{text}”是文字，这里应是集合"))
                .hint("请写 包含(集合, \"内容\")"),
        ),
        Type::Code(hierarchy) => Ok(Expr::Literal(Value::Text(code_of(hierarchy, text)?))),
        Type::Date => date(text).map(|(date, _)| date),
        Type::Number => Err(
            RuleError::new("type", format!("“{text}”是文字，这里应是数字")).hint("数字不加引号"),
        ),
        Type::Bool => Err(
            RuleError::new("type", format!("“{text}”是文字，这里应是条件"))
                .hint("是否型属性直接写名称"),
        ),
    }
}

/// Checks that an attribute has such a choice.
pub(crate) fn choose(
    dictionary: &Dictionary,
    index: AttributeIndex,
    text: &str,
) -> Result<(), RuleError> {
    let attribute = dictionary.attribute(index);
    let known = attribute.choices.is_empty() || attribute.choices.iter().any(|c| c == text);
    if known {
        return Ok(());
    }
    let near = suggest::nearest(text, attribute.choices.iter().map(String::as_str), 2);
    let hint = match near.is_empty() {
        true => format!("可选：{}", attribute.choices.join("、")),
        false => format!(
            "是不是“{}”？可选：{}",
            near.join("”“"),
            attribute.choices.join("、")
        ),
    };
    Err(RuleError::new(
        "choice",
        format!("“{}”没有“{text}”这个选项", attribute.name),
    )
    .hint(hint))
}

/// A division or industry code in normal form; a name is answered with the code to write.
fn code_of(hierarchy: Hierarchy, text: &str) -> Result<String, RuleError> {
    let found = match hierarchy {
        Hierarchy::Division => {
            division::resolve(text).map(|found| found.code().as_str().to_owned())
        }
        Hierarchy::Industry => industry::lookup(text).map(|found| found.code.to_owned()),
    };
    found.ok_or_else(|| no_code(hierarchy, text))
}

fn no_code(hierarchy: Hierarchy, text: &str) -> RuleError {
    let (what, form, near): (_, _, Vec<String>) = match hierarchy {
        Hierarchy::Division => (
            "行政区划代码",
            "请写六位代码，如 330114",
            division::find_by_name(text)
                .iter()
                .take(3)
                .map(|d| d.code.to_string())
                .collect(),
        ),
        Hierarchy::Industry => (
            "GB/T 4754-2017 行业代码",
            "请写代码，如 C 或 I65",
            industry::find_by_name(text)
                .iter()
                .take(3)
                .map(|i| i.code.to_owned())
                .collect(),
        ),
    };
    let error = RuleError::new("code", format!("“{text}”不是{what}"));
    match near.is_empty() {
        true => error.hint(form),
        false => error.hint(format!("{form}；“{text}”的代码可能是 {}", near.join("、"))),
    }
}
