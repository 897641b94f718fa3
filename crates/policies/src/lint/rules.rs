//! Checks on the rules and the benefit.

use zhida_rules::{BenefitKind, Check, Expr, ItemRules, Number, Reach, RuleError, analyse};

use super::{Context, Findings, Severity};
use crate::analysis;
use crate::model::PolicyEntry;

pub(super) fn check(
    entry: &PolicyEntry,
    rules: Result<&ItemRules, &[RuleError]>,
    context: &Context<'_>,
    findings: &mut Findings,
) {
    match rules {
        Ok(rules) => {
            reach(entry, rules, context, findings);
            caps(entry, rules, context, findings);
        }
        Err(errors) => {
            let automatic = entry.automatic_conditions().len();
            for error in errors {
                let issue = analysis::rule_issue(error, automatic);
                let (code, element) = match error.code {
                    "unknown_name" => ("unknown_attribute", 20),
                    _ if issue.field.starts_with("benefit") => ("rule_error", 21),
                    _ => ("rule_error", 20),
                };
                findings.add(
                    code,
                    Severity::Error,
                    Some(element),
                    issue.field,
                    issue.message,
                    issue.hint,
                );
            }
        }
    }
}

fn reach(entry: &PolicyEntry, rules: &ItemRules, context: &Context<'_>, findings: &mut Findings) {
    let automatic = entry.automatic_conditions().len();
    let mut all: Vec<Expr> = Vec::new();
    let mut told = false;
    for (position, condition) in rules.conditions().iter().enumerate() {
        let Check::Rule(expr) = &condition.check else {
            continue;
        };
        all.push(expr.clone());
        let Some(own) = (position + 1).checked_sub(automatic).filter(|own| *own > 0) else {
            continue;
        };
        let field = format!("conditions[{own}].rule");
        match analyse(expr, rules.locals(), context.dictionary) {
            Reach::Never { why } => {
                told = true;
                findings.add(
                    "never_met",
                    Severity::Error,
                    Some(20),
                    field,
                    format!("“{}”没有企业能满足：{why}", condition.text),
                    "请核对规则里的数值、单位和“且/或”",
                );
            }
            Reach::Always => findings.add(
                "always_met",
                Severity::Warning,
                Some(20),
                field,
                format!("“{}”所有企业都满足，等于没有条件", condition.text),
                "请核对规则，或改为人工核验",
            ),
            Reach::Contingent => {}
        }
    }
    if all.is_empty() {
        if rules.manual_count() == 0 {
            findings.add(
                "no_condition",
                Severity::Warning,
                Some(20),
                "conditions",
                "没有任何条件，所有企业都符合",
                "请核对原文；确实普惠的请在备注中说明",
            );
        }
        return;
    }
    if let (false, Reach::Never { why }) = (
        told,
        analyse(&Expr::All(all), rules.locals(), context.dictionary),
    ) {
        findings.add(
            "never_met",
            Severity::Error,
            Some(20),
            "conditions",
            format!("各条件合起来没有企业能满足：{why}"),
            "请核对条件之间（包括适用区域、行业、规模）是否矛盾",
        );
    }
}

fn caps(entry: &PolicyEntry, rules: &ItemRules, context: &Context<'_>, findings: &mut Findings) {
    let (Some(source), Some(benefit)) = (&entry.item.benefit, rules.benefit()) else {
        return;
    };
    if source.kind == BenefitKind::Right {
        return;
    }
    let named = analysis::caps_in_text(&source.text);
    if named.is_empty() {
        return;
    }
    let mut written: Vec<Number> = Vec::new();
    benefit
        .formula()
        .into_iter()
        .chain(rules.locals())
        .for_each(|expr| analysis::literals(expr, &mut written));
    let cap = source.cap.as_deref();
    let exact = cap.and_then(|cap| analysis::constant(cap, context.dictionary, context.today));
    let words = || {
        named
            .iter()
            .map(analysis::yuan)
            .collect::<Vec<_>>()
            .join("、")
    };
    let bounded = benefit.formula().is_none_or(analysis::is_bounded)
        || rules.locals().iter().any(analysis::is_bounded);
    let known = named
        .iter()
        .any(|amount| written.contains(amount) || exact.as_ref() == Some(amount));
    match (cap, exact) {
        (None, _) if !known && !bounded => findings.add(
            "cap_missing",
            Severity::Warning,
            Some(21),
            "benefit.cap",
            format!("原文写有上限（{}），而公式没有最高金额", words()),
            "请写 cap，或在公式里用 min(…)",
        ),
        (Some(_), Some(cap)) if !known => findings.add(
            "cap_differs",
            Severity::Error,
            Some(21),
            "benefit.cap",
            format!(
                "最高金额是 {}，原文写的是 {}",
                analysis::yuan(&cap),
                words()
            ),
            "请核对金额和单位",
        ),
        (None, _) if !known && benefit.formula().is_some() => findings.add(
            "cap_differs",
            Severity::Warning,
            Some(21),
            "benefit.formula",
            format!("原文的上限（{}）没有出现在公式里", words()),
            "请核对金额和单位",
        ),
        _ => {}
    }
}
