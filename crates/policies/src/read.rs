//! Reads a policy file's values into the model, telling every mistake at once by field, in words.

use chrono::NaiveDate;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zhida_rules::{BenefitKind, BenefitSource, ConditionSource, RoundTo, nearest, read_date};
use zhida_standards::{division, industry};

use crate::model::{ItemElements, PolicyDocument, WHOLE_COUNTRY};
use crate::vocabulary::{Category, Delivery, DeliveryBasis, Level, SourceQuality, Status, Theme};

/// Characters of a short text at most.
const SHORT_MAX: usize = 300;
/// Characters of a paragraph at most.
const LONG_MAX: usize = 8_000;
/// Characters of an original text at most.
const ORIGINAL_MAX: usize = 40_000;
/// Members of a list at most.
const LIST_MAX: usize = 400;
/// Conditions of an item at most.
pub const CONDITIONS_MAX: usize = 100;
/// Characters of a slug at most.
const SLUG_MAX: usize = 80;

/// 一处错误。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Issue {
    /// 字段的位置，如 `conditions[2].rule`。
    pub field: String,
    /// 错在哪里。
    pub message: String,
    /// 怎样改正；可以为空。
    pub hint: String,
}

impl Issue {
    pub(crate) fn new(
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// Reads the `document` of a file.
///
/// # Errors
/// All mistakes.
pub fn document(value: Option<Value>) -> Result<PolicyDocument, Vec<Issue>> {
    let Some(Value::Object(object)) = value else {
        return Err(vec![Issue::new(
            "document",
            "缺少政策文件信息",
            "请写 document: 及其各项",
        )]);
    };
    let mut r = Reader::new("document.", object);
    let document = PolicyDocument {
        id: r.slug("id"),
        title: r.required("title", SHORT_MAX),
        doc_no: r.text("doc_no", SHORT_MAX),
        issuer: r.required("issuer", SHORT_MAX),
        level: r.word("level", None, Level::ALL, Level::parse, Level::slug),
        region: r.region("region"),
        published_on: r.date("published_on"),
        effective_from: r.date("effective_from"),
        effective_until: r.date("effective_until"),
        status: r.word(
            "status",
            Some(Status::Effective),
            Status::ALL,
            Status::parse,
            Status::slug,
        ),
        source_url: r.url("source_url"),
        source_quality: r.word(
            "source_quality",
            Some(SourceQuality::Secondary),
            SourceQuality::ALL,
            SourceQuality::parse,
            SourceQuality::slug,
        ),
        checked_on: r.date("checked_on"),
        review_by: r.date("review_by"),
        text: r.text("text", ORIGINAL_MAX),
    };
    r.in_order(
        "effective_until",
        document.effective_from,
        document.effective_until,
    );
    r.finish(document)
}

/// Reads one of a file's `items`.
///
/// # Errors
/// All mistakes.
pub fn item(value: Value) -> Result<ItemElements, Vec<Issue>> {
    let Value::Object(object) = value else {
        return Err(vec![Issue::new(
            "items",
            "事项应是“字段: 值”的形式",
            "请参照示例文件",
        )]);
    };
    let mut r = Reader::new("", object);
    let item = ItemElements {
        id: r.slug("id"),
        name: r.required("name", SHORT_MAX),
        theme: r.word("theme", None, Theme::ALL, Theme::parse, Theme::word),
        category: r.word(
            "category",
            None,
            Category::ALL,
            Category::parse,
            Category::word,
        ),
        delivery: r.word(
            "delivery",
            None,
            Delivery::ALL,
            Delivery::parse,
            Delivery::slug,
        ),
        delivery_basis: r.word(
            "delivery_basis",
            Some(DeliveryBasis::Inferred),
            DeliveryBasis::ALL,
            DeliveryBasis::parse,
            DeliveryBasis::slug,
        ),
        clause: r.text("clause", LONG_MAX),
        audience: r.text("audience", LONG_MAX),
        regions: r.regions("regions"),
        industries: r.industries("industries"),
        sizes: r.sizes("sizes"),
        qualifications: r.texts("qualifications"),
        conditions: r.conditions("conditions"),
        benefit: r.benefit("benefit"),
        materials: r.texts("materials"),
        process: r.text("process", LONG_MAX),
        apply_from: r.date("apply_from"),
        apply_until: r.date("apply_until"),
        window: r.text("window", LONG_MAX),
        pay_within: r.text("pay_within", LONG_MAX),
        channel: r.text("channel", LONG_MAX),
        department: r.text("department", LONG_MAX),
        phone: r.text("phone", SHORT_MAX),
        tags: r.texts("tags"),
        interpretation_url: r.url("interpretation_url"),
        exclusive_group: r.text("exclusive_group", SLUG_MAX),
        excludes: r.texts("excludes"),
        clawback: r.text("clawback", LONG_MAX),
        notes: r.text("notes", LONG_MAX),
    };
    r.in_order("apply_until", item.apply_from, item.apply_until);
    r.finish(item)
}

struct Reader {
    prefix: String,
    object: Map<String, Value>,
    known: Vec<&'static str>,
    issues: Vec<Issue>,
}

impl Reader {
    fn new(prefix: impl Into<String>, object: Map<String, Value>) -> Self {
        Self {
            prefix: prefix.into(),
            object,
            known: Vec::new(),
            issues: Vec::new(),
        }
    }

    fn finish<T>(mut self, value: T) -> Result<T, Vec<Issue>> {
        self.refuse_unknown();
        if self.issues.is_empty() {
            Ok(value)
        } else {
            Err(self.issues)
        }
    }

    fn refuse_unknown(&mut self) {
        let left: Vec<String> = self.object.keys().cloned().collect();
        for key in left {
            let near = nearest(&key, self.known.iter().copied(), 1);
            let hint = near.first().map_or_else(
                || "请删除，或改成格式说明中的字段名".to_owned(),
                |near| format!("是不是“{near}”？"),
            );
            self.issue(&key, "没有这个字段", hint);
        }
    }

    fn issue(&mut self, field: &str, message: impl Into<String>, hint: impl Into<String>) {
        let field = format!("{}{field}", self.prefix);
        self.issues.push(Issue::new(field, message, hint));
    }

    fn take(&mut self, field: &'static str) -> Option<Value> {
        self.known.push(field);
        self.object
            .shift_remove(field)
            .filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &'static str, max: usize) -> String {
        match self.take(field) {
            None => String::new(),
            Some(value) => self.scalar(field, value, max),
        }
    }

    /// YAML reads `phone: 12345` as a number; a clerk means the text.
    fn scalar(&mut self, field: &str, value: Value, max: usize) -> String {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            other => {
                self.issue(
                    field,
                    format!("应为文字，而不是{}", kind(&other)),
                    "请写一段文字",
                );
                return String::new();
            }
        };
        if text.chars().count() > max {
            self.issue(field, format!("文字超过 {max} 个字"), "请缩短");
        }
        if text.contains('\0') {
            self.issue(field, "文字里有不可见的控制字符", "请删去后重新粘贴");
        }
        text
    }

    fn required(&mut self, field: &'static str, max: usize) -> String {
        let text = self.text(field, max);
        let said = self.issues.iter().any(|issue| issue.field.ends_with(field));
        if text.is_empty() && !said {
            self.issue(field, "不能为空", "请填写");
        }
        text
    }

    fn slug(&mut self, field: &'static str) -> String {
        let text = self.required(field, SLUG_MAX);
        let fits = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !text.is_empty() && !fits {
            let message = format!("标识“{text}”不可用");
            self.issue(
                field,
                message,
                "只能用英文字母、数字、- _ .，并以字母或数字开头",
            );
        }
        text
    }

    fn url(&mut self, field: &'static str) -> String {
        let text = self.text(field, 2_000);
        let web = text.starts_with("https://") || text.starts_with("http://");
        if !text.is_empty() && (!web || text.chars().any(|c| c.is_whitespace() || c == '"')) {
            self.issue(
                field,
                format!("“{text}”不是网址"),
                "请写以 https:// 或 http:// 开头的地址",
            );
        }
        text
    }

    fn texts(&mut self, field: &'static str) -> Vec<String> {
        match self.take(field) {
            None => Vec::new(),
            Some(Value::Array(list)) if list.len() > LIST_MAX => {
                self.issue(field, format!("超过 {LIST_MAX} 项"), "请合并或拆分");
                Vec::new()
            }
            Some(Value::Array(list)) => list
                .into_iter()
                .enumerate()
                .map(|(at, value)| self.scalar(&format!("{field}[{}]", at + 1), value, LONG_MAX))
                .filter(|text| !text.is_empty())
                .collect(),
            Some(single @ (Value::String(_) | Value::Number(_))) => {
                let text = self.scalar(field, single, LONG_MAX);
                if text.is_empty() {
                    Vec::new()
                } else {
                    vec![text]
                }
            }
            Some(other) => {
                self.issue(
                    field,
                    format!("应为列表，而不是{}", kind(&other)),
                    "请写 [甲, 乙]",
                );
                Vec::new()
            }
        }
    }

    fn date(&mut self, field: &'static str) -> Option<NaiveDate> {
        let text = self.text(field, SHORT_MAX);
        if text.is_empty() {
            return None;
        }
        match read_date(&text) {
            Ok(date) => Some(date),
            Err(error) => {
                self.issue(
                    field,
                    error.to_string(),
                    "日期写成 2024-01-31；不知道就不写",
                );
                None
            }
        }
    }

    fn in_order(&mut self, field: &str, from: Option<NaiveDate>, until: Option<NaiveDate>) {
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            self.issue(
                field,
                format!("截止日期 {until} 早于开始日期 {from}"),
                "请核对两个日期",
            );
        }
    }

    fn word<T: Copy>(
        &mut self,
        field: &'static str,
        default: Option<T>,
        all: &'static [T],
        parse: fn(&str) -> Option<T>,
        show: fn(T) -> &'static str,
    ) -> T {
        let text = self.text(field, SHORT_MAX);
        let fallback = default.unwrap_or(all[0]);
        if text.is_empty() {
            if default.is_none() {
                self.issue(field, "不能为空", format!("可选：{}", options(all, show)));
            }
            return fallback;
        }
        parse(&text).unwrap_or_else(|| {
            let message = format!("没有“{text}”这个选项");
            self.issue(field, message, format!("可选：{}", options(all, show)));
            fallback
        })
    }

    fn region(&mut self, field: &'static str) -> String {
        let text = self.required(field, SHORT_MAX);
        if text.is_empty() {
            text
        } else {
            self.region_code(field, &text)
        }
    }

    fn region_code(&mut self, field: &str, text: &str) -> String {
        if matches!(text, WHOLE_COUNTRY | "全国") {
            return WHOLE_COUNTRY.to_owned();
        }
        if let Some(found) = division::resolve(text) {
            return found.code().as_str().to_owned();
        }
        let near: Vec<String> = division::find_by_name(text)
            .iter()
            .take(3)
            .map(|found| format!("{}（{}）", found.code, found.full_name()))
            .collect();
        let hint = match near.is_empty() {
            true => "请写六位区划代码，如 370100；全国写 000000".to_owned(),
            false => format!("请写代码：{}", near.join("、")),
        };
        self.issue(field, format!("“{text}”不是行政区划代码"), hint);
        text.to_owned()
    }

    fn regions(&mut self, field: &'static str) -> Vec<String> {
        let codes = self.texts(field);
        if codes.is_empty()
            && !self
                .issues
                .iter()
                .any(|issue| issue.field.starts_with(field))
        {
            self.issue(
                field,
                "没有写适用区域",
                "请写区划代码，如 [\"370100\"]；全国写 [\"000000\"]",
            );
        }
        codes
            .iter()
            .map(|code| self.region_code(field, code))
            .collect()
    }

    fn industries(&mut self, field: &'static str) -> Vec<String> {
        let codes = self.texts(field);
        codes
            .into_iter()
            .map(|code| match industry::parse(&code) {
                Ok(found) => found.code.to_owned(),
                Err(error) => {
                    self.issue(
                        field,
                        error.to_string(),
                        "请写 GB/T 4754-2017 代码，如 C 或 I65；不限就不写",
                    );
                    code
                }
            })
            .collect()
    }

    fn sizes(&mut self, field: &'static str) -> Vec<String> {
        const SIZES: [&str; 4] = ["微型", "小型", "中型", "大型"];
        let sizes = self.texts(field);
        for size in &sizes {
            if !SIZES.contains(&size.as_str()) {
                let message = format!("没有“{size}”这个规模");
                self.issue(
                    field,
                    message,
                    format!("可选：{}；不限就不写", SIZES.join("、")),
                );
            }
        }
        sizes
    }

    fn conditions(&mut self, field: &'static str) -> Vec<ConditionSource> {
        let list = match self.take(field) {
            None => return Vec::new(),
            Some(Value::Array(list)) if list.len() <= CONDITIONS_MAX => list,
            Some(Value::Array(_)) => {
                self.issue(field, format!("超过 {CONDITIONS_MAX} 条"), "请拆成几个事项");
                return Vec::new();
            }
            Some(other) => {
                let message = format!("应为列表，而不是{}", kind(&other));
                self.issue(field, message, "每条写 text 和 rule（或 manual）");
                return Vec::new();
            }
        };
        let mut conditions = Vec::with_capacity(list.len());
        for (at, value) in list.into_iter().enumerate() {
            let place = format!("{field}[{}]", at + 1);
            let Value::Object(object) = value else {
                self.issue(&place, "应写成 text 和 rule（或 manual）", "请参照示例文件");
                continue;
            };
            let mut inner = Reader::new(format!("{}{place}.", self.prefix), object);
            let some = |text: String| Some(text).filter(|text| !text.is_empty());
            let condition = ConditionSource {
                text: inner.required("text", LONG_MAX),
                rule: some(inner.text("rule", LONG_MAX)),
                manual: some(inner.text("manual", LONG_MAX)),
            };
            inner.refuse_unknown();
            self.issues.append(&mut inner.issues);
            conditions.push(condition);
        }
        conditions
    }

    fn benefit(&mut self, field: &'static str) -> Option<BenefitSource> {
        let object = match self.take(field)? {
            Value::Object(object) => object,
            other => {
                let message = format!("应写成“字段: 值”的形式，而不是{}", kind(&other));
                self.issue(field, message, "请写 kind、formula、cap、text 等");
                return None;
            }
        };
        let mut r = Reader::new(format!("{}{field}.", self.prefix), object);
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let benefit = BenefitSource {
            kind: r.word(
                "kind",
                Some(BenefitKind::Money),
                KINDS,
                benefit_kind,
                benefit_slug,
            ),
            locals: r.locals("let"),
            formula: some(r.text("formula", LONG_MAX)),
            cap: some(r.text("cap", LONG_MAX)),
            floor: some(r.text("floor", LONG_MAX)),
            de_minimis: some(r.text("de_minimis", LONG_MAX)),
            round_to: r.word("round_to", Some(RoundTo::Fen), ROUNDS, round_to, round_word),
            budget_limited: r.flag("budget_limited"),
            text: r.text("text", LONG_MAX),
        };
        r.refuse_unknown();
        self.issues.append(&mut r.issues);
        Some(benefit)
    }

    fn locals(&mut self, field: &'static str) -> IndexMap<String, String> {
        match self.take(field) {
            None => IndexMap::new(),
            Some(Value::Object(object)) if object.len() <= CONDITIONS_MAX => object
                .into_iter()
                .map(|(name, value)| {
                    let text = self.scalar(&format!("{field}.{name}"), value, LONG_MAX);
                    (name, text)
                })
                .collect(),
            Some(_) => {
                self.issue(
                    field,
                    "中间量应写成“名称: 公式”，不超过 100 个",
                    "请参照《规则语言》",
                );
                IndexMap::new()
            }
        }
    }

    fn flag(&mut self, field: &'static str) -> bool {
        match self.take(field) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(other) => {
                self.issue(
                    field,
                    format!("应为 true 或 false，而不是{}", kind(&other)),
                    "",
                );
                false
            }
        }
    }
}

const KINDS: &[BenefitKind] = &[
    BenefitKind::Money,
    BenefitKind::Assessed,
    BenefitKind::Right,
];
const ROUNDS: &[RoundTo] = &[RoundTo::Fen, RoundTo::Yuan, RoundTo::Wan];

pub(crate) fn benefit_kind(text: &str) -> Option<BenefitKind> {
    KINDS
        .iter()
        .copied()
        .find(|kind| benefit_slug(*kind) == text)
}

pub(crate) fn benefit_slug(kind: BenefitKind) -> &'static str {
    match kind {
        BenefitKind::Money => "money",
        BenefitKind::Assessed => "assessed",
        BenefitKind::Right => "right",
    }
}

pub(crate) fn round_to(text: &str) -> Option<RoundTo> {
    ROUNDS
        .iter()
        .copied()
        .find(|round| round_word(*round) == text)
}

pub(crate) fn round_word(round: RoundTo) -> &'static str {
    match round {
        RoundTo::Fen => "分",
        RoundTo::Yuan => "元",
        RoundTo::Wan => "万元",
    }
}

fn options<T: Copy>(all: &[T], show: fn(T) -> &'static str) -> String {
    all.iter()
        .map(|one| show(*one))
        .collect::<Vec<_>>()
        .join("、")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "空值",
        Value::Bool(_) => "是否值",
        Value::Number(_) => "数字",
        Value::String(_) => "文字",
        Value::Array(_) => "列表",
        Value::Object(_) => "对象",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(issues: &[Issue]) -> Vec<&str> {
        issues.iter().map(|issue| issue.field.as_str()).collect()
    }

    #[test]
    fn all_mistakes_of_an_item_are_told_at_once_by_field() {
        let issues = item(json!({
            "id": "错 的", "name": "", "theme": "没有", "category": "减免类", "delivery": "instant",
            "regions": ["杭州"], "industries": ["ZZ"], "sizes": ["巨型"], "apply_from": "0001-01-01",
            "conditions": [{"text": "", "rule": "a", "rul": 1}], "benefit": {"kind": "gift"},
            "phones": "1",
        }))
        .expect_err("many mistakes");
        let found = fields(&issues);
        for field in [
            "id",
            "name",
            "theme",
            "regions",
            "industries",
            "sizes",
            "apply_from",
            "conditions[1].text",
            "conditions[1].rul",
            "benefit.kind",
            "phones",
        ] {
            assert!(found.contains(&field), "{field} in {found:?}");
        }
        let of = |field: &str| {
            issues
                .iter()
                .find(|issue| issue.field == field)
                .expect("told")
        };
        assert!(
            of("regions").hint.contains("330100"),
            "{}",
            of("regions").hint
        );
        assert!(of("phones").hint.contains("phone"));
        assert!(of("apply_from").message.contains("1900"));
    }

    #[test]
    fn a_date_before_its_start_and_a_script_address_are_refused() {
        let issues = document(Some(json!({
            "id": "d", "title": "甲", "issuer": "乙", "level": "市级", "region": 370100,
            "effective_from": "2025-01-02", "effective_until": "2025-01-01",
            "source_url": "javascript:alert(1)",
        })))
        .expect_err("two mistakes");
        assert_eq!(
            fields(&issues),
            ["document.source_url", "document.effective_until"]
        );
    }

    #[test]
    fn numbers_where_text_is_meant_are_taken() {
        let item = item(json!({
            "id": "a", "name": "甲", "theme": "其他", "category": "奖补类", "delivery": "申报",
            "regions": [370100], "phone": 12345,
        }))
        .expect("fine");
        assert_eq!(
            (item.phone.as_str(), item.regions[0].as_str()),
            ("12345", "370100")
        );
    }
}
