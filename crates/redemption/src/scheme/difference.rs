//! What differs between two revisions of a scheme, in words.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zhida_forms::KINDS;

use super::model::Scheme;
use super::preset;

/// 方案两个版本之间的一处改动。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SchemeChange)]
pub struct Change {
    /// 改的是什么。
    pub name: String,
    /// 原来的；原来没有的为空。
    pub before: String,
    /// 现在的；去掉了的为空。
    pub after: String,
}

/// The names of comparison lists by id.
pub(crate) type ListNames = BTreeMap<String, String>;

/// A scheme in words: one line for each thing that can be changed by itself.
type Lines = Vec<(String, String)>;

/// All that differs, in the order of the editor; what was taken away comes last.
pub(crate) fn difference(before: &Scheme, after: &Scheme, names: &ListNames) -> Vec<Change> {
    let (old, new) = (lines(before, names), lines(after, names));
    let find = |lines: &Lines, name: &str| {
        let found = lines.iter().find(|(known, _)| known == name);
        found.map(|(_, words)| words.clone()).unwrap_or_default()
    };
    let names = new.iter().chain(&old).map(|(name, _)| name);
    let mut changes: Vec<Change> = Vec::new();
    for name in names {
        let (before, after) = (find(&old, name), find(&new, name));
        if before != after && !changes.iter().any(|change| change.name == *name) {
            changes.push(Change {
                name: name.clone(),
                before,
                after,
            });
        }
    }
    if changes.is_empty() && before != after {
        changes.push(Change {
            name: "次序".to_owned(),
            before: String::new(),
            after: "只调整了先后次序，内容没有变".to_owned(),
        });
    }
    changes
}

fn lines(scheme: &Scheme, names: &ListNames) -> Lines {
    // taken apart, so that nothing that is added later is forgotten here
    let Scheme {
        item: _,
        preset,
        class,
        delivery,
        route,
        completion,
        extension,
        reviewers,
        lists,
        parts,
        scoring,
        period,
        release,
        overlap,
        asks_payee,
        cap_yuan,
        letter,
        form,
    } = scheme;
    let mut lines = Lines::new();
    let mut line = |name: String, words: String| {
        if !words.is_empty() {
            lines.push((name, words));
        }
    };
    let known = preset::class(preset, class);
    let known = known.map(|(preset, class)| format!("{}，{}", preset.name, class.name));
    line("参照的预设".to_owned(), known.unwrap_or_default());
    line("兑现方式".to_owned(), delivery.word().to_owned());
    for step in route {
        let name = format!("环节“{}”的时限", step.stage.word());
        line(name, step.term.to_string());
    }
    let completion = completion.map(|term| term.to_string());
    line("补正期限".to_owned(), completion.unwrap_or_default());
    let extension = extension.map(|one| format!("最多 {} 次，每次最长 {}", one.times, one.term));
    line("延期".to_owned(), extension.unwrap_or_default());
    for one in reviewers {
        let name = format!("联审部门“{}”的期限", one.department);
        line(name, one.term.to_string());
    }
    for id in lists {
        let name = names.get(id).unwrap_or(id);
        line(format!("比对名单“{name}”"), "比对".to_owned());
    }
    let parts = parts
        .iter()
        .map(|part| format!("{} {}%", part.when, part.percent));
    line("分期拨付".to_owned(), parts.collect::<Vec<_>>().join("，"));
    if let Some(scoring) = scoring {
        line("评审专家".to_owned(), format!("{} 人", scoring.experts));
        line("评审通过".to_owned(), format!("平均 {} 分", scoring.pass));
        let taking = yes_or_no(scoring.self_taking);
        line("专家自己领取名额".to_owned(), taking.to_owned());
        for one in &scoring.criteria {
            let name = format!("评分项“{}”的满分", one.name);
            line(name, format!("{} 分", one.max));
        }
    }
    line("享受次数".to_owned(), period.word().to_owned());
    line("免申候选的放行".to_owned(), release.word().to_owned());
    let overlap = overlap.word().to_owned();
    line("已享受同组或互斥的事项时".to_owned(), overlap);
    let asks = yes_or_no(*asks_payee).to_owned();
    line("由企业填写收款账户".to_owned(), asks);
    let cap = cap_yuan.map(|yuan| format!("{yuan} 元"));
    line("每家企业每年最多".to_owned(), cap.unwrap_or_default());
    line("予以兑付的决定书".to_owned(), letter.granted.clone());
    line("不予兑付的决定书".to_owned(), letter.refused.clone());
    if let Some(form) = form {
        lines.extend(form_lines(form));
    }
    lines
}

fn yes_or_no(flag: bool) -> &'static str {
    if flag { "是" } else { "否" }
}

/// The application form: its words, and each field and group with all that is said of it.
fn form_lines(form: &Value) -> Lines {
    let text = |key: &str| form[key].as_str().unwrap_or_default().to_owned();
    let mut said = vec![text("lead")];
    let mut fields = Lines::new();
    nodes(form, "", &mut said, &mut fields);
    said.retain(|words| !words.is_empty());
    let mut lines = vec![
        ("申请表的名称".to_owned(), text("title")),
        ("申请表的标题和说明".to_owned(), said.join("；")),
    ];
    lines.extend(fields);
    lines.retain(|(_, words)| !words.is_empty());
    lines
}

fn nodes(within: &Value, group: &str, said: &mut Vec<String>, fields: &mut Lines) {
    for node in within["nodes"].as_array().into_iter().flatten() {
        let Value::Object(members) = node else {
            continue;
        };
        let text = |key: &str| members.get(key).and_then(Value::as_str);
        if let Some(id) = text("id") {
            fields.push((format!("申请表的字段 {group}{id}"), described(members)));
        } else if let Some(id) = text("group") {
            fields.push((format!("申请表的分组 {id}"), described(members)));
            nodes(node, &format!("{id}."), said, fields);
        } else {
            said.extend(text("heading").or(text("note")).map(str::to_owned));
        }
    }
}

/// All that is said of a field or group, beside its id.
fn described(node: &Map<String, Value>) -> String {
    let beside = |key: &str| !["id", "group", "nodes"].contains(&key);
    let members = node.iter().filter(|(key, _)| beside(key));
    let words = members.map(|(key, value)| match (key.as_str(), value) {
        ("label", value) => shown(value),
        ("kind", value) => kind(value),
        (key, Value::Bool(true)) => word(key).to_owned(),
        (key, value) => format!("{} {}", word(key), shown(value)),
    });
    let mut words: Vec<String> = words.collect();
    // the name first, whatever the order of the keys
    if let Some(label) = node.get("label").map(shown)
        && let Some(at) = words.iter().position(|one| *one == label)
    {
        words[..=at].rotate_right(1);
    }
    words.join("，")
}

fn kind(value: &Value) -> String {
    let slug = value.as_str().unwrap_or_default();
    let known = KINDS.iter().find(|(_, known, _)| *known == slug);
    known.map_or(slug, |(_, _, name)| name).to_owned()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join("、"),
        Value::Object(members) => {
            let words = members
                .iter()
                .map(|(key, value)| format!("{} {}", word(key), shown(value)));
            words.collect::<Vec<_>>().join("、")
        }
        Value::Bool(flag) => yes_or_no(*flag).to_owned(),
        other => other.to_string(),
    }
}

/// A key of a form's definition for people.
fn word(key: &str) -> &str {
    match key {
        "help" => "提示",
        "required" => "必填",
        "source" => "预填自",
        "shown_when" => "显示条件",
        "personal" => "个人信息",
        "sensitive" => "不显示内容",
        "unit" => "单位",
        "min" => "最少",
        "max" => "最多",
        "decimals" => "小数位数",
        "earliest" => "最早",
        "latest" => "最晚",
        "length" => "最多字数",
        "choices" => "选项",
        "types" => "文件类型",
        "files" => "文件个数",
        "megabytes" => "每个文件最大 MB",
        "sample" => "样表",
        "text" => "承诺内容",
        "repeat" => "行数",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zhida_policies::Delivery;

    use super::*;

    fn scheme() -> Scheme {
        Scheme::of_preset("yanfa", "general", "any", Delivery::Application)
            .expect("the general preset knows applications")
    }

    fn told(before: &Scheme, after: &Scheme) -> Vec<String> {
        let names = ListNames::from([("tax".to_owned(), "欠税名单".to_owned())]);
        let changes = difference(before, after, &names);
        let words = |change: Change| format!("{}：{}→{}", change.name, change.before, change.after);
        changes.into_iter().map(words).collect()
    }

    #[test]
    fn nothing_changed_is_nothing_told() {
        assert_eq!(told(&scheme(), &scheme()), Vec::<String>::new());
    }

    #[test]
    fn what_changed_is_told_in_words() {
        let before = scheme();
        let mut after = before.clone();
        let last = after.route.pop().expect("a route has stages");
        after.lists.push("tax".to_owned());
        after.cap_yuan = Some(500_000);
        after.asks_payee = false;
        let term = last.term;
        let expected = [
            "比对名单“欠税名单”：→比对".to_owned(),
            "由企业填写收款账户：是→否".to_owned(),
            "每家企业每年最多：→500000 元".to_owned(),
            format!("环节“{}”的时限：{term}→", last.stage.word()),
        ];
        assert_eq!(told(&before, &after), expected);
    }

    #[test]
    fn fields_of_the_form_are_told_one_by_one() {
        let form = |nodes: Value| json!({ "title": "申请表", "nodes": nodes });
        let mut before = scheme();
        before.form = Some(form(json!([
            { "id": "jobs", "label": "新增就业", "kind": "integer" },
            { "group": "gear", "label": "设备", "nodes": [
                { "id": "price", "label": "价格", "kind": "money" },
            ] },
        ])));
        let mut after = before.clone();
        after.form = Some(form(json!([
            { "heading": "一、基本情况" },
            { "id": "jobs", "label": "新增就业", "kind": "integer", "required": true },
            { "group": "gear", "label": "设备", "nodes": [] },
        ])));
        let expected = [
            "申请表的标题和说明：→一、基本情况",
            "申请表的字段 jobs：新增就业，整数→新增就业，整数，必填",
            "申请表的字段 gear.price：价格，金额→",
        ];
        assert_eq!(told(&before, &after), expected);
    }

    #[test]
    fn another_order_is_a_change_too() {
        let mut before = scheme();
        before.lists = vec!["tax".to_owned(), "safety".to_owned()];
        let mut after = before.clone();
        after.lists.reverse();
        assert_eq!(
            told(&before, &after),
            ["次序：→只调整了先后次序，内容没有变"]
        );
    }
}
