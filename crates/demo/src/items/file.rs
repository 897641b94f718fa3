//! The policy file format, as far as generated items use it.

use chrono::NaiveDate;
use serde::Serialize;
use zhida_rules::{BenefitSource, ConditionSource};
use zhida_standards::division::Level;

use super::{Parts, Theme};
use crate::City;
use crate::random::Random;

/// A policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// File name without folder.
    pub name: String,
    /// YAML.
    pub text: String,
}

impl PolicyFile {
    pub(super) fn new(name: String, file: &File) -> Self {
        let text = serde_norway::to_string(file).expect("texts, lists and dates are always YAML");
        Self { name, text }
    }
}

#[derive(Serialize)]
pub(super) struct File {
    pub document: Document,
    pub items: Vec<Item>,
}

#[derive(Serialize)]
pub(super) struct Document {
    id: String,
    title: String,
    doc_no: String,
    issuer: String,
    level: &'static str,
    region: String,
    published_on: NaiveDate,
    effective_from: NaiveDate,
    effective_until: NaiveDate,
    status: &'static str,
    source_url: &'static str,
    source_quality: &'static str,
    checked_on: NaiveDate,
    text: String,
}

impl Document {
    pub fn new(city: &City, city_name: &str, id: &str, number: u32) -> Self {
        let year = city.last_year();
        let level = match city.division.level() {
            Level::Province => "province",
            Level::City => "city",
            _ => "county",
        };
        Self {
            id: id.to_owned(),
            title: format!("样例·{city_name}惠企政策汇编（第{number}册）"),
            doc_no: format!("样例〔{year}〕{number}号"),
            issuer: format!("样例·{city_name}人民政府"),
            level,
            region: city.division.to_string(),
            published_on: day(year, 1, 15),
            effective_from: day(year, 2, 1),
            effective_until: day(year + 3, 12, 31),
            status: "effective",
            source_url: "https://example.org/zhida/sample",
            source_quality: "excerpt",
            checked_on: city.reference_date,
            text: "本汇编由程序生成，供演示和测试使用，不是任何机构发布的政策。".to_owned(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Item {
    pub id: String,
    name: String,
    theme: &'static str,
    category: &'static str,
    delivery: &'static str,
    delivery_basis: &'static str,
    clause: String,
    audience: String,
    pub regions: Vec<String>,
    pub industries: Vec<&'static str>,
    pub sizes: Vec<&'static str>,
    qualifications: Vec<String>,
    pub conditions: Vec<ConditionSource>,
    pub benefit: BenefitSource,
    materials: Vec<&'static str>,
    process: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    apply_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apply_until: Option<NaiveDate>,
    window: &'static str,
    pay_within: &'static str,
    channel: &'static str,
    department: String,
    phone: &'static str,
    tags: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclusive_group: Option<String>,
    notes: &'static str,
}

impl Item {
    pub(super) fn new(
        random: &mut Random,
        city: &City,
        index: u32,
        theme: Theme,
        parts: Parts,
    ) -> Self {
        let Parts {
            region,
            industries,
            sizes,
            conditions,
            benefit,
        } = parts;
        let delivery = match random.below(10) {
            0..3 => "no_application",
            3..5 => "instant",
            _ => "application",
        };
        let year = city.last_year() + 1;
        let limited = delivery == "application" && random.per_mille(500);
        let month = random.between(1, 9) as u32;
        let group = format!("sample-{}-{}", city.division, slug(theme));
        Self {
            id: format!("sample-{}-{}-{:06}", city.division, city.seed, index + 1),
            name: format!("样例·{}{}（第{}项）", region.name, theme.name, index + 1),
            theme: theme.theme,
            category: theme.category,
            delivery,
            delivery_basis: "inferred",
            clause: benefit.text.clone(),
            audience: audience(&region.name, &sizes),
            regions: region.codes,
            industries,
            sizes,
            qualifications: Vec::new(),
            conditions,
            benefit,
            materials: match delivery {
                "no_application" => Vec::new(),
                _ => vec!["营业执照", "资金申请表"],
            },
            process: match delivery {
                "no_application" => "部门比对数据—公示—拨付",
                _ => "企业申报—部门审核—公示—拨付",
            },
            apply_from: limited.then(|| day(year, month, 1)),
            apply_until: limited.then(|| day(year, month + 3, 28)),
            window: if limited {
                "集中申报"
            } else {
                "常年受理"
            },
            pay_within: random.pick(&["15 个工作日", "30 个工作日", "60 个工作日"]),
            channel: "样例惠企平台",
            department: format!("{}{}（样例）", region.department_of, theme.department),
            phone: "12345",
            tags: vec!["样例", theme.theme],
            exclusive_group: random.per_mille(80).then_some(group),
            notes: "本事项由程序生成，供演示和测试使用。",
        }
    }
}

fn audience(region: &str, sizes: &[&str]) -> String {
    match (region.is_empty(), sizes.is_empty()) {
        (true, true) => "符合条件的企业".to_owned(),
        (true, false) => format!("{}企业", sizes.join("、")),
        (false, true) => format!("{region}范围内的企业"),
        (false, false) => format!("{region}范围内的{}企业", sizes.join("、")),
    }
}

/// A stable slug of a theme: its place in the list.
fn slug(theme: Theme) -> usize {
    super::THEMES
        .iter()
        .position(|other| other.name == theme.name)
        .unwrap_or_default()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day)
        .expect("days up to the 28th and last days of months that have them, years up to 2104")
}
