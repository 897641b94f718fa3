//! `zhida rule`: rules and facts from files, without a server or a database.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use zhida_platform::clock::{Clock, SystemClock};
use zhida_rules::{
    Amount, ConditionSource, Dictionary, Env, Explanation, Facts, ItemRules, ItemRulesSource, Rule,
    RuleError, Span, Truth,
};

use super::Outcome;
use crate::cli::{RuleCheck, RuleEval};

/// A line of facts longer than this is no enterprise.
const LINE_BYTES_MAX: u64 = 4 << 20;
/// A file of rules larger than this is refused.
const RULES_BYTES_MAX: u64 = 256 << 20;

pub(super) fn dictionary(path: Option<&Path>) -> Result<Dictionary> {
    match path {
        None => Ok(Dictionary::shipped().clone()),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("读不到属性字典 {}", path.display()))?;
            Dictionary::from_yaml(&text).with_context(|| format!("属性字典 {}", path.display()))
        }
    }
}

#[derive(Serialize)]
struct Checked<'a> {
    rule: &'a str,
    valid: bool,
    normal: Option<String>,
    plain: Option<String>,
    error: Option<RuleError>,
}

/// `zhida rule check RULE…`.
pub fn check(arguments: &RuleCheck) -> Result<Outcome> {
    let dictionary = dictionary(arguments.dictionary.as_deref())?;
    let mut out = io::stdout().lock();
    let mut all = true;
    for text in &arguments.rules {
        let compiled = Rule::compile(&dictionary, text);
        all &= compiled.is_ok();
        let checked = Checked {
            rule: text,
            valid: compiled.is_ok(),
            normal: compiled
                .as_ref()
                .ok()
                .map(|rule| rule.normal_text(&dictionary)),
            plain: compiled
                .as_ref()
                .ok()
                .map(|rule| rule.plain_text(&dictionary)),
            error: compiled.err(),
        };
        if arguments.json {
            serde_json::to_writer(&mut out, &checked)?;
            writeln!(out)?;
        } else {
            write_checked(&mut out, &checked)?;
        }
    }
    Ok(Outcome::of(all))
}

fn write_checked(out: &mut impl Write, checked: &Checked<'_>) -> io::Result<()> {
    match &checked.error {
        None => {
            writeln!(
                out,
                "正确  {}",
                checked.normal.as_deref().unwrap_or_default()
            )?;
            writeln!(
                out,
                "      {}",
                checked.plain.as_deref().unwrap_or_default()
            )
        }
        Some(error) => {
            writeln!(out, "有误  {}", checked.rule)?;
            if let Some(span) = error.at {
                writeln!(out, "      {}", underline(checked.rule, span))?;
            }
            writeln!(out, "      {error}")
        }
    }
}

/// Marks a span below a text; a Chinese character takes two columns.
fn underline(text: &str, span: Span) -> String {
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    let before: usize = text.chars().take(span.start).map(width).sum();
    let marked: usize = text
        .chars()
        .skip(span.start)
        .take(span.end - span.start)
        .map(width)
        .sum();
    format!("{}{}", " ".repeat(before), "^".repeat(marked.max(1)))
}

/// A rule of a rules file: one condition, or an item's conditions and benefit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    id: String,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    formula: Option<String>,
    #[serde(default)]
    conditions: Vec<ConditionSource>,
    #[serde(default)]
    benefit: Option<zhida_rules::BenefitSource>,
}

/// `[{"id":…,"rule":…}, …]`, `{"rules":[…]}` or `{"id": "rule", …}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum RulesFile {
    List(Vec<RuleEntry>),
    Wrapped { rules: Vec<RuleEntry> },
    Map(IndexMap<String, String>),
}

impl RulesFile {
    fn entries(self) -> Vec<RuleEntry> {
        match self {
            Self::List(rules) | Self::Wrapped { rules } => rules,
            Self::Map(map) => map
                .into_iter()
                .map(|(id, rule)| RuleEntry {
                    id,
                    rule: Some(rule),
                    formula: None,
                    conditions: Vec::new(),
                    benefit: None,
                })
                .collect(),
        }
    }
}

impl RuleEntry {
    fn source(self) -> Result<(String, ItemRulesSource)> {
        let mut conditions = self.conditions;
        if let Some(rule) = self.rule {
            let text = rule.clone();
            conditions.insert(
                0,
                ConditionSource {
                    text,
                    rule: Some(rule),
                    manual: None,
                },
            );
        }
        let benefit = match (self.benefit, self.formula) {
            (Some(_), Some(_)) => bail!("规则 {}：formula 与 benefit 只能写一个", self.id),
            (Some(benefit), None) => Some(benefit),
            (None, Some(formula)) => Some(zhida_rules::BenefitSource {
                formula: Some(formula),
                ..Default::default()
            }),
            (None, None) => None,
        };
        if conditions.is_empty() && benefit.is_none() {
            bail!("规则 {}：没有写 rule、conditions 或 formula", self.id);
        }
        Ok((
            self.id,
            ItemRulesSource {
                conditions,
                benefit,
            },
        ))
    }
}

pub(super) fn read_rules(dictionary: &Dictionary, path: &Path) -> Result<Vec<(String, ItemRules)>> {
    let file = File::open(path).with_context(|| format!("读不到规则文件 {}", path.display()))?;
    let mut text = String::new();
    let read = file.take(RULES_BYTES_MAX + 1).read_to_string(&mut text);
    let bytes = read.with_context(|| format!("规则文件 {} 不是 UTF-8 文本", path.display()))?;
    if bytes as u64 > RULES_BYTES_MAX {
        bail!(
            "规则文件 {} 超过 {} MB，请拆分",
            path.display(),
            RULES_BYTES_MAX >> 20
        );
    }
    let is_json = text.trim_start().starts_with(['[', '{']);
    let rules: RulesFile = if is_json {
        serde_json::from_str(&text).map_err(anyhow::Error::from)
    } else {
        serde_norway::from_str(&text).map_err(anyhow::Error::from)
    }
    .with_context(|| {
        format!(
            "规则文件 {} 的格式不对，应为 [{{\"id\":…,\"rule\":…}}]，见 docs/rule-files.md",
            path.display()
        )
    })?;
    let mut compiled = Vec::new();
    let mut mistakes = Vec::new();
    for entry in rules.entries() {
        let (id, source) = entry.source()?;
        match ItemRules::compile(dictionary, &source) {
            Ok(rules) => compiled.push((id, rules)),
            Err(errors) => {
                mistakes.extend(errors.iter().map(|error| format!("规则 {id}：{error}")));
            }
        }
    }
    if !mistakes.is_empty() {
        bail!("{} 处有误：\n{}", mistakes.len(), mistakes.join("\n"));
    }
    Ok(compiled)
}

#[derive(Deserialize)]
struct FactsLine {
    #[serde(alias = "code", alias = "uscc", alias = "统一社会信用代码")]
    id: serde_json::Value,
    facts: serde_json::Value,
}

#[derive(Serialize)]
struct Evaluated<'a> {
    id: serde_json::Value,
    on: NaiveDate,
    verdicts: IndexMap<&'a str, Truth>,
    distances: IndexMap<&'a str, u32>,
    amounts: IndexMap<&'a str, Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanations: Option<IndexMap<&'a str, Explanation>>,
}

/// `zhida rule eval`.
pub fn eval(arguments: &RuleEval) -> Result<Outcome> {
    let dictionary = dictionary(arguments.dictionary.as_deref())?;
    let rules = read_rules(&dictionary, &arguments.rules)?;
    let on = arguments.on.unwrap_or_else(|| SystemClock.today());
    let path = &arguments.facts;
    let file = File::open(path).with_context(|| format!("读不到事实文件 {}", path.display()))?;
    let mut reader = BufReader::new(file);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let bytes = reader
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_line(&mut line)
            .with_context(|| format!("{} 第 {number} 行不是 UTF-8 文本", path.display()))?;
        if bytes == 0 {
            break;
        }
        if bytes as u64 == LINE_BYTES_MAX {
            bail!(
                "{} 第 {number} 行超过 {} MB",
                path.display(),
                LINE_BYTES_MAX >> 20
            );
        }
        if line.trim().is_empty() {
            continue;
        }
        let place = || format!("{} 第 {number} 行", path.display());
        let entry: FactsLine = serde_json::from_str(&line)
            .with_context(|| format!("{}应为 {{\"id\":…,\"facts\":{{…}}}}", place()))?;
        let facts = Facts::from_json(&dictionary, &entry.facts).with_context(place)?;
        let env = Env {
            dictionary: &dictionary,
            facts: &facts,
            on,
        };
        let evaluated = evaluate(&rules, &env, entry.id, arguments.explain);
        if arguments.json {
            serde_json::to_writer(&mut out, &evaluated)?;
            writeln!(out)?;
        } else {
            write_evaluated(&mut out, &evaluated)?;
        }
    }
    out.flush()?;
    Ok(Outcome::Good)
}

fn evaluate<'a>(
    rules: &'a [(String, ItemRules)],
    env: &Env<'_>,
    id: serde_json::Value,
    explain: bool,
) -> Evaluated<'a> {
    let mut evaluated = Evaluated {
        id,
        on: env.on,
        verdicts: IndexMap::new(),
        distances: IndexMap::new(),
        amounts: IndexMap::new(),
        explanations: explain.then(IndexMap::new),
    };
    for (id, rules) in rules {
        let outcome = rules.evaluate(env);
        evaluated.verdicts.insert(id, outcome.verdict);
        evaluated.distances.insert(id, outcome.distance);
        if let Some(amount) = rules.amount(env) {
            evaluated.amounts.insert(id, amount);
        }
        if let Some(explanations) = &mut evaluated.explanations {
            explanations.insert(id, rules.explain(env));
        }
    }
    evaluated
}

fn write_evaluated(out: &mut impl Write, evaluated: &Evaluated<'_>) -> io::Result<()> {
    let id = match &evaluated.id {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    for (rule, verdict) in &evaluated.verdicts {
        let amount = evaluated
            .amounts
            .get(rule)
            .map_or("", |amount| amount.text.as_str());
        writeln!(out, "{id}  {rule}  {}  {amount}", verdict.word())?;
        let explained = evaluated
            .explanations
            .as_ref()
            .and_then(|all| all.get(rule));
        for condition in explained
            .iter()
            .flat_map(|explanation| &explanation.conditions)
        {
            writeln!(out, "    {}  {}", condition.verdict.word(), condition.text)?;
            for test in condition.node.iter().flat_map(|node| node.tests()) {
                let known = test.known.as_deref().unwrap_or("未知");
                writeln!(
                    out,
                    "        {}{}；现为 {known}",
                    test.subject, test.required
                )?;
            }
        }
    }
    Ok(())
}
