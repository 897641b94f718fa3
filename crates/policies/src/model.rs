//! A policy document, its items, and what an entry of the library consists of.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use zhida_rules::{
    BenefitSource, ConditionSource, Dictionary, ItemRules, ItemRulesSource, RuleError,
};
use zhida_standards::{division, industry};

use crate::vocabulary::{
    Category, Delivery, DeliveryBasis, Level, SourceQuality, Status, Theme, Validity,
};

/// Code of the whole country: no condition on the place.
pub const WHOLE_COUNTRY: &str = "000000";
/// Days before its end from which an item counts as 即将到期.
pub const EXPIRING_DAYS: u64 = 60;
/// Days after 核对日期 from which an entry should be looked at again, when it names no day itself.
pub const REVIEW_DAYS: u64 = 365;

/// 政策文件：要素 1 至 10，以及核对的出处和日期。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyDocument {
    /// 标识，不会改变。
    pub id: String,
    /// 政策名称。
    pub title: String,
    /// 发文字号；不知道时为空。
    pub doc_no: String,
    /// 发布机构。
    pub issuer: String,
    /// 发布层级。
    pub level: Level,
    /// 发布机构所在区划代码；000000 为全国。
    pub region: String,
    /// 发布日期。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_on: Option<NaiveDate>,
    /// 施行日期。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<NaiveDate>,
    /// 有效期的最后一天；长期有效或不知道时没有。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<NaiveDate>,
    /// 效力状态。
    pub status: Status,
    /// 发布网址。
    pub source_url: String,
    /// 文本与发布机构原文的接近程度。
    pub source_quality: SourceQuality,
    /// 核对日期：最近一次与出处核对的日期。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_on: Option<NaiveDate>,
    /// 应再次核对的日期；不写时按核对日期推算。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_by: Option<NaiveDate>,
    /// 政策原文。
    pub text: String,
}

impl PolicyDocument {
    /// The day by which the entry should be compared with its source again.
    #[must_use]
    pub fn review_due(&self) -> Option<NaiveDate> {
        self.review_by
            .or_else(|| self.checked_on?.checked_add_days(Days::new(REVIEW_DAYS)))
    }

    /// 时效 on a day.
    #[must_use]
    pub fn validity(&self, on: NaiveDate) -> Validity {
        if self.status.has_ended() || self.effective_until.is_some_and(|until| until < on) {
            return Validity::Expired;
        }
        if self.effective_from.is_some_and(|from| from > on) {
            return Validity::Upcoming;
        }
        let soon = on.checked_add_days(Days::new(EXPIRING_DAYS));
        match (self.effective_until, soon) {
            (Some(until), Some(soon)) if until <= soon => Validity::Expiring,
            _ => Validity::Effective,
        }
    }
}

/// 政策事项：要素 11 至 30，以及事项之间的关系。
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemElements {
    /// 标识，不会改变。
    pub id: String,
    /// 事项名称。
    pub name: String,
    /// 主题分类。
    pub theme: Theme,
    /// 政策类别。
    pub category: Category,
    /// 兑现方式。
    pub delivery: Delivery,
    /// 兑现方式的依据：原文载明，或由原文推断。
    pub delivery_basis: DeliveryBasis,
    /// 实施依据：原文的条款。
    pub clause: String,
    /// 适用对象。
    pub audience: String,
    /// 适用区域：区划代码；000000 为全国。
    pub regions: Vec<String>,
    /// 适用行业：GB/T 4754-2017 代码；没有为不限。
    pub industries: Vec<String>,
    /// 企业规模；没有为不限。
    pub sizes: Vec<String>,
    /// 资质要求。
    pub qualifications: Vec<String>,
    /// 申报条件：区域、行业、规模之外的条件。
    #[schema(value_type = Vec<Object>)]
    pub conditions: Vec<ConditionSource>,
    /// 兑现标准。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub benefit: Option<BenefitSource>,
    /// 申报材料。
    pub materials: Vec<String>,
    /// 兑现流程。
    pub process: String,
    /// 申报的第一天。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_from: Option<NaiveDate>,
    /// 申报的最后一天。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_until: Option<NaiveDate>,
    /// 申报时间的说明。
    pub window: String,
    /// 兑现时限。
    pub pay_within: String,
    /// 受理地址或平台。
    pub channel: String,
    /// 责任部门与处室。
    pub department: String,
    /// 咨询电话。
    pub phone: String,
    /// 标签。
    pub tags: Vec<String>,
    /// 解读链接。
    pub interpretation_url: String,
    /// 从高不重复的组；不属于任何组的为空。
    pub exclusive_group: String,
    /// 与本事项互斥的事项。
    pub excludes: Vec<String>,
    /// 追回条件。
    pub clawback: String,
    /// 编辑备注。
    pub notes: String,
}

/// 一个条目：事项和它所依据的文件，在一个版本里一起固定。
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEntry {
    /// 政策文件。
    pub document: PolicyDocument,
    /// 事项。
    pub item: ItemElements,
}

impl PolicyEntry {
    /// Conditions that follow from 适用区域, 适用行业 and 企业规模, in this order.
    #[must_use]
    pub fn automatic_conditions(&self) -> Vec<ConditionSource> {
        let item = &self.item;
        let mut conditions = Vec::new();
        let mut push = |heading: &str, words: Vec<String>, attribute: &str, codes: &[String]| {
            let list: Vec<String> = codes.iter().map(|code| format!("\"{code}\"")).collect();
            conditions.push(ConditionSource {
                text: format!("{heading}：{}", words.join("、")),
                rule: Some(format!("{attribute} in ({})", list.join(", "))),
                manual: None,
            });
        };
        if !item.regions.is_empty() && !item.regions.iter().any(|code| code == WHOLE_COUNTRY) {
            let names = item.regions.iter().map(|code| region_name(code)).collect();
            push("适用区域", names, "division", &item.regions);
        }
        if !item.industries.is_empty() {
            let names = item
                .industries
                .iter()
                .map(|code| industry_name(code))
                .collect();
            push("适用行业", names, "industry", &item.industries);
        }
        if !item.sizes.is_empty() {
            push("企业规模", item.sizes.clone(), "size", &item.sizes);
        }
        conditions
    }

    /// The rules: automatic conditions first, then the item's own, so that a verdict covers both.
    #[must_use]
    pub fn rules_source(&self) -> ItemRulesSource {
        let mut conditions = self.automatic_conditions();
        conditions.extend(self.item.conditions.iter().cloned());
        ItemRulesSource {
            conditions,
            benefit: self.item.benefit.clone(),
        }
    }

    /// Compiles the rules.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn compile(&self, dictionary: &Dictionary) -> Result<ItemRules, Vec<RuleError>> {
        ItemRules::compile(dictionary, &self.rules_source())
    }

    /// SHA-256 of everything that makes a revision; the days of 核对 do not.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut frozen = self.clone();
        frozen.document.checked_on = None;
        frozen.document.review_by = None;
        hex(&Sha256::digest(frozen.content().as_bytes()))
    }

    /// The JSON that is stored.
    #[must_use]
    pub fn content(&self) -> String {
        serde_json::to_string(self).expect("an entry has text keys only, so it is JSON")
    }

    /// The text that searches look in.
    #[must_use]
    pub fn search_text(&self) -> String {
        let (document, item) = (&self.document, &self.item);
        let mut parts = vec![
            item.name.as_str(),
            &document.title,
            &document.doc_no,
            &document.issuer,
            &item.department,
            item.theme.word(),
            item.delivery.word(),
            &item.id,
        ];
        parts.extend(item.tags.iter().map(String::as_str));
        parts.join("\n")
    }
}

/// Names from the province down; 全国 for the whole country, the code itself when unknown.
#[must_use]
pub fn region_name(code: &str) -> String {
    if code == WHOLE_COUNTRY {
        return "全国".to_owned();
    }
    division::full_name(code).unwrap_or_else(|| code.to_owned())
}

/// Name of an industry, the code itself when unknown.
#[must_use]
pub fn industry_name(code: &str) -> String {
    industry::lookup(code).map_or_else(|| code.to_owned(), |found| found.name.to_owned())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn place_industry_and_size_become_conditions_with_words() {
        let mut entry = sample::entry();
        entry.item.regions = vec!["370100".into()];
        entry.item.industries = vec!["C".into(), "I65".into()];
        entry.item.sizes = vec!["小型".into(), "微型".into()];
        let conditions = entry.automatic_conditions();
        assert_eq!(conditions[0].text, "适用区域：山东省济南市");
        assert_eq!(
            conditions[0].rule.as_deref(),
            Some("division in (\"370100\")")
        );
        assert_eq!(conditions[1].text, "适用行业：制造业、软件和信息技术服务业");
        assert_eq!(conditions[2].text, "企业规模：小型、微型");
        let rules = entry.compile(sample::dictionary()).expect("compiles");
        assert_eq!(rules.conditions().len(), 3 + entry.item.conditions.len());
        let first = &rules.conditions()[0];
        let normal = rules.normal_text(sample::dictionary(), first);
        assert_eq!(normal.as_deref(), Some("所在区划 in (\"370100\")"));
    }

    #[test]
    fn the_whole_country_is_no_condition() {
        let mut entry = sample::entry();
        entry.item.regions = vec![WHOLE_COUNTRY.into()];
        assert!(entry.automatic_conditions().is_empty());
    }

    #[test]
    fn validity_follows_status_and_dates() {
        let mut document = sample::entry().document;
        document.status = Status::Effective;
        document.effective_from = Some(day("2026-01-01"));
        document.effective_until = Some(day("2026-12-31"));
        let on = |text: &str| document.validity(day(text));
        assert_eq!(on("2025-12-31"), Validity::Upcoming);
        assert_eq!(on("2026-01-01"), Validity::Effective);
        assert_eq!(on("2026-11-01"), Validity::Expiring);
        assert_eq!(on("2026-10-31"), Validity::Effective);
        assert_eq!(on("2026-12-31"), Validity::Expiring);
        assert_eq!(on("2027-01-01"), Validity::Expired);
        document.status = Status::Repealed;
        assert_eq!(document.validity(day("2026-02-01")), Validity::Expired);
    }

    #[test]
    fn a_new_look_at_the_source_is_no_new_revision() {
        let entry = sample::entry();
        let mut looked = entry.clone();
        looked.document.checked_on = Some(day("2027-01-01"));
        assert_eq!(entry.digest(), looked.digest());
        looked.item.phone = "12345".into();
        assert_ne!(entry.digest(), looked.digest());
    }
}
