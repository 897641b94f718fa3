//! What can be told from an entry's rules without any enterprise: amounts in its text, its
//! formula in words, and where a mistake belongs.

use chrono::NaiveDate;
use zhida_rules::{
    AmountKind, Dictionary, Env, Expr, Facts, Formula, Function, ItemRules, Number, RuleError,
    Table, Value, expression_texts, show_number,
};

use crate::model::PolicyEntry;
use crate::read::Issue;

/// The benefit's formula in the normal FEEL form and in plain Chinese.
#[must_use]
pub fn formula_texts(
    entry: &PolicyEntry,
    rules: &ItemRules,
    dictionary: &Dictionary,
) -> Option<(String, String)> {
    let formula = rules.benefit()?.formula()?;
    let names: Vec<String> = entry
        .item
        .benefit
        .iter()
        .flat_map(|benefit| benefit.locals.keys().cloned())
        .collect();
    Some(expression_texts(formula, &names, dictionary))
}

/// What can be said of the amount while nothing is known of the enterprise.
#[must_use]
pub fn amount_text(rules: &ItemRules, dictionary: &Dictionary, on: NaiveDate) -> Option<String> {
    let facts = Facts::new();
    rules
        .amount(&Env {
            dictionary,
            facts: &facts,
            on,
        })
        .map(|amount| amount.text)
}

/// [`amount_text`] for a reader who has stated nothing yet, and whether it is words rather than a
/// figure.
pub(crate) fn headline(
    rules: &ItemRules,
    dictionary: &Dictionary,
    on: NaiveDate,
) -> Option<(String, bool)> {
    let facts = Facts::new();
    let amount = rules.amount(&Env {
        dictionary,
        facts: &facts,
        on,
    })?;
    // Nothing is known of the reader: an open end or a zero says no more than “it depends”.
    let open = amount.high.as_ref().is_none_or(Number::is_zero);
    let quiet = open && amount.low.as_ref().is_none_or(Number::is_zero);
    let computed = matches!(amount.kind, AmountKind::Exact | AmountKind::Range);
    Some(match quiet && computed {
        true => ("按企业情况计算".to_owned(), true),
        false => (amount.text, quiet),
    })
}

/// A constant written as a rule, such as a cap of `500万`, in yuan; `None` when it depends on
/// facts.
#[must_use]
pub fn constant(text: &str, dictionary: &Dictionary, on: NaiveDate) -> Option<Number> {
    let formula = Formula::compile(dictionary, text).ok()?;
    let facts = Facts::new();
    let amount = formula.amount(&Env {
        dictionary,
        facts: &facts,
        on,
    });
    (amount.kind == AmountKind::Exact)
        .then_some(amount.high)
        .flatten()
}

/// Numbers written in an expression.
pub(crate) fn literals(expr: &Expr, found: &mut Vec<Number>) {
    expr.visit(&mut |part| {
        if let Expr::Literal(Value::Number(number)) = part {
            found.push(number.clone());
        }
    });
}

/// Whether an expression's upper end can be read off it: it depends on no fact, or takes a
/// smallest, a tier or a stage.
pub(crate) fn is_bounded(expr: &Expr) -> bool {
    let mut bounded = expr.attributes().is_empty();
    expr.visit(&mut |part| {
        bounded |= matches!(
            part,
            Expr::Call(Function::Min, _)
                | Expr::Table(Table::Tier | Table::Matrix, ..)
                | Expr::Stages(..)
        );
    });
    bounded
}

/// Words after which a policy's text names a most.
const CAP_WORDS: [&str; 7] = ["最高", "不超过", "不高于", "上限", "封顶", "最多", "至多"];
/// Characters between such a word and its amount at most.
const REACH: usize = 12;

/// Upper ends in yuan that a text names: “最高 500 万元”, “不超过人民币1000元”.
#[must_use]
pub fn caps_in_text(text: &str) -> Vec<Number> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    for word in CAP_WORDS {
        let word: Vec<char> = word.chars().collect();
        for start in 0..chars.len().saturating_sub(word.len()) {
            if chars[start..start + word.len()] != word[..] {
                continue;
            }
            let after = &chars[start + word.len()..];
            if let Some(amount) = amount_near(after)
                && !found.contains(&amount)
            {
                found.push(amount);
            }
        }
    }
    found
}

fn amount_near(chars: &[char]) -> Option<Number> {
    let stop = |c: &char| matches!(c, '，' | '。' | '；' | ';' | '、' | '\n' | '（' | '(');
    let start = chars
        .iter()
        .take(REACH)
        .position(|c| c.is_ascii_digit() || stop(c))?;
    if stop(&chars[start]) {
        return None;
    }
    let digits: String = chars[start..]
        .iter()
        .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        .filter(|c| **c != ',')
        .collect();
    let written = chars[start..]
        .iter()
        .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    let rest: Vec<char> = chars[start + written.count()..]
        .iter()
        .copied()
        .filter(|c| *c != ' ')
        .take(3)
        .collect();
    let factor = match rest.as_slice() {
        ['亿', '元', ..] => 100_000_000,
        ['万', '元', ..] => 10_000,
        // “50万” alone is money; “50万吨” is not.
        ['万', next, ..] if is_word(*next) => return None,
        ['万', ..] => 10_000,
        ['元', ..] => 1,
        _ => return None,
    };
    let number: Number = digits.trim_end_matches('.').parse().ok()?;
    Some(number * Number::integer(factor))
}

fn is_word(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c) && !matches!(c, '的' | '给' | '为' | '和' | '或')
}

/// An amount in words.
pub(crate) fn yuan(number: &Number) -> String {
    show_number(number, Some("元"))
}

/// A mistake of [`zhida_rules::ItemRules::compile`] at the field where its author wrote it;
/// `automatic` conditions stand before the item's own.
#[must_use]
pub fn rule_issue(error: &RuleError, automatic: usize) -> Issue {
    let mut field = "benefit".to_owned();
    let mut message = error.message.clone();
    let numbered = message
        .strip_prefix("第 ")
        .and_then(|rest| rest.split_once(" 条："));
    if let Some((number, rest)) =
        numbered.and_then(|(n, rest)| Some((n.parse::<usize>().ok()?, rest)))
    {
        field = match number.checked_sub(automatic).filter(|number| *number > 0) {
            Some(own) => format!("conditions[{own}].rule"),
            None => "regions".to_owned(),
        };
        message = rest.to_owned();
    } else {
        let places = [
            ("兑现公式：", "benefit.formula"),
            ("最高金额：", "benefit.cap"),
            ("最低金额：", "benefit.floor"),
            ("不予资助的限额：", "benefit.de_minimis"),
            ("中间量", "benefit.let"),
        ];
        for (prefix, place) in places {
            if let Some(rest) = message.strip_prefix(prefix) {
                field = place.to_owned();
                if prefix.ends_with('：') {
                    message = rest.to_owned();
                }
                break;
            }
        }
    }
    if let Some(span) = error.at {
        message = format!("第 {} 个字：{message}", span.start + 1);
    }
    Issue {
        field,
        message,
        hint: error.hint.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_are_read_from_the_text() {
        let found = |text: &str| {
            caps_in_text(text)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(found("给予补助，最高 500 万元。"), ["5000000"]);
        assert_eq!(found("每户不超过人民币1,000元"), ["1000"]);
        assert_eq!(found("最高不超过1.5亿元"), ["150000000"]);
        assert_eq!(found("最高50万"), ["500000"]);
        assert!(found("不超过 30 人").is_empty());
        assert!(found("不超过50万吨").is_empty());
        assert!(found("最高比例为 3%").is_empty());
        assert!(found("封顶，另有 20 万元奖励").is_empty());
        assert!(found("最高").is_empty());
    }
}
