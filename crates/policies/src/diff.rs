//! What changed from one revision to another, field by field, in words.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::model::{PolicyEntry, industry_name, region_name};
use crate::vocabulary::{Category, Delivery, DeliveryBasis, Level, SourceQuality, Status, Theme};

/// 一处改动。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldChange {
    /// 字段的位置，如 `item.conditions[2].rule`。
    pub field: String,
    /// 字段的名称，如“申报条件第 2 条 规则”。
    pub name: String,
    /// 改动前；原来没有的为空。
    pub before: String,
    /// 改动后；已删除的为空。
    pub after: String,
}

/// All fields that differ, in the order of the file. 核对日期 do not make a revision and are left
/// out.
#[must_use]
pub fn diff(before: &PolicyEntry, after: &PolicyEntry) -> Vec<FieldChange> {
    let value = |entry| serde_json::to_value(entry).expect("an entry has text keys only");
    let mut changes = Vec::new();
    compare("", "", &value(before), &value(after), &mut changes);
    changes.retain(|change| {
        !change.field.ends_with("checked_on") && !change.field.ends_with("review_by")
    });
    changes
}

fn compare(field: &str, name: &str, before: &Value, after: &Value, changes: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    let object = |value: &Value| match value {
        Value::Object(object) => Some(object.clone()),
        Value::Null => Some(serde_json::Map::new()),
        _ => None,
    };
    let nested = |value: &Value| value.is_object();
    if let (true, Some(old), Some(new)) = (
        nested(before) || nested(after),
        object(before),
        object(after),
    ) {
        let keys = old
            .keys()
            .chain(new.keys().filter(|key| !old.contains_key(*key)));
        for key in keys {
            let inner = if field.is_empty() {
                key.clone()
            } else {
                format!("{field}.{key}")
            };
            let label = [name, word(key)]
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>();
            let get = |object: &serde_json::Map<String, Value>| {
                object.get(key).cloned().unwrap_or_default()
            };
            compare(&inner, &label.join(" "), &get(&old), &get(&new), changes);
        }
        return;
    }
    if let (Value::Array(old), Value::Array(new)) = (before, after)
        && old.iter().chain(new).any(Value::is_object)
    {
        for at in 0..old.len().max(new.len()) {
            let get = |list: &[Value]| list.get(at).cloned().unwrap_or_default();
            let label = format!("{name}第 {} 条", at + 1);
            compare(
                &format!("{field}[{}]", at + 1),
                &label,
                &get(old),
                &get(new),
                changes,
            );
        }
        return;
    }
    let key = field.rsplit('.').next().unwrap_or(field);
    changes.push(FieldChange {
        field: field.to_owned(),
        name: name.to_owned(),
        before: text(key, before),
        after: text(key, after),
    });
}

fn text(key: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => spoken(key, text),
        Value::Bool(flag) => if *flag { "是" } else { "否" }.to_owned(),
        Value::Array(list) => list
            .iter()
            .map(|one| text(key, one))
            .collect::<Vec<_>>()
            .join("、"),
        other => other.to_string(),
    }
}

fn spoken(key: &str, text: &str) -> String {
    let found = match key {
        "level" => Level::parse(text).map(Level::word),
        "status" => Status::parse(text).map(Status::word),
        "source_quality" => SourceQuality::parse(text).map(SourceQuality::word),
        "theme" => Theme::parse(text).map(Theme::word),
        "category" => Category::parse(text).map(Category::word),
        "delivery" => Delivery::parse(text).map(Delivery::word),
        "delivery_basis" => DeliveryBasis::parse(text).map(DeliveryBasis::word),
        "region" | "regions" => return region_name(text),
        "industries" => return industry_name(text),
        _ => None,
    };
    found.unwrap_or(text).to_owned()
}

/// Name of a field for people; empty for the two that only group others.
pub(crate) fn word(key: &str) -> &str {
    match key {
        "document" | "item" => "",
        "id" => "标识",
        "title" => "政策名称",
        "doc_no" => "发文字号",
        "issuer" => "发布机构",
        "level" => "发布层级",
        "region" => "发布机构区域",
        "published_on" => "发布日期",
        "effective_from" => "施行日期",
        "effective_until" => "有效期至",
        "status" => "效力状态",
        "source_url" => "发布网址",
        "source_quality" => "来源质量",
        "name" => "事项名称",
        "theme" => "主题分类",
        "category" => "政策类别",
        "delivery" => "兑现方式",
        "delivery_basis" => "兑现方式依据",
        "clause" => "实施依据",
        "audience" => "适用对象",
        "regions" => "适用区域",
        "industries" => "适用行业",
        "sizes" => "企业规模",
        "qualifications" => "资质要求",
        "conditions" => "申报条件",
        "rule" => "规则",
        "manual" => "人工核验",
        "benefit" => "兑现标准",
        "kind" => "方式",
        "let" => "中间量",
        "formula" => "公式",
        "cap" => "最高金额",
        "floor" => "最低金额",
        "de_minimis" => "不予资助限额",
        "round_to" => "取整",
        "budget_limited" => "视预算调整",
        "text" => "原文",
        "materials" => "申报材料",
        "process" => "兑现流程",
        "apply_from" => "申报开始",
        "apply_until" => "申报截止",
        "window" => "申报时间",
        "pay_within" => "兑现时限",
        "channel" => "受理地址或平台",
        "department" => "责任部门与处室",
        "phone" => "咨询电话",
        "tags" => "标签",
        "interpretation_url" => "解读链接",
        "exclusive_group" => "从高不重复分组",
        "excludes" => "互斥事项",
        "clawback" => "追回条件",
        "notes" => "备注",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn each_changed_field_is_told_with_both_texts() {
        let before = sample::entry();
        assert!(diff(&before, &before).is_empty());
        let mut after = before.clone();
        after.document.checked_on = None;
        after.item.delivery = crate::Delivery::Application;
        after.item.conditions[0].rule = Some("科技型中小企业".into());
        after.item.conditions.push(zhida_rules::ConditionSource {
            text: "新增一条".into(),
            ..Default::default()
        });
        after.item.benefit.as_mut().expect("has one").cap = Some("30万".into());
        after.item.regions = vec!["370102".into()];
        let changes = diff(&before, &after);
        let told: Vec<(&str, &str, &str)> = changes
            .iter()
            .map(|change| {
                (
                    change.name.as_str(),
                    change.before.as_str(),
                    change.after.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("兑现方式", "免申即享", "申报"),
                ("适用区域", "山东省济南市", "山东省济南市历下区"),
                ("申报条件第 1 条 规则", "高新技术企业", "科技型中小企业"),
                ("申报条件第 2 条 原文", "", "新增一条"),
                ("兑现标准 最高金额", "", "30万"),
            ]
        );
    }
}
