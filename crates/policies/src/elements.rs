//! The 30 elements of a policy item (domain-rules §2.4): number, name, whether it is needed, and
//! whether an entry has it.

use chrono::NaiveDate;

use crate::model::{PolicyEntry, industry_name, region_name};

/// One of the 30 elements.
pub struct Element {
    /// 1 to 30.
    pub number: u8,
    /// 名称.
    pub name: &'static str,
    /// Whether an entry without it is incomplete.
    pub required: bool,
    /// What an entry says on it; empty when nothing.
    read: fn(&PolicyEntry) -> String,
}

impl Element {
    /// What the entry says on this element; empty when nothing.
    #[must_use]
    pub fn text(&self, entry: &PolicyEntry) -> String {
        (self.read)(entry)
    }

    /// Whether the entry says anything on this element.
    #[must_use]
    pub fn is_filled(&self, entry: &PolicyEntry) -> bool {
        !self.text(entry).trim().is_empty()
    }
}

const fn required(number: u8, name: &'static str, read: fn(&PolicyEntry) -> String) -> Element {
    Element {
        number,
        name,
        required: true,
        read,
    }
}

const fn optional(number: u8, name: &'static str, read: fn(&PolicyEntry) -> String) -> Element {
    Element {
        number,
        name,
        required: false,
        read,
    }
}

/// All 30 in order.
pub const ELEMENTS: [Element; 30] = [
    required(1, "政策名称", |e| e.document.title.clone()),
    // Many notices carry none, so its absence is no fault of the entry.
    optional(2, "发文字号", |e| e.document.doc_no.clone()),
    required(3, "发布机构", |e| e.document.issuer.clone()),
    required(4, "发布层级", |e| e.document.level.word().to_owned()),
    required(5, "发布日期", |e| date(e.document.published_on)),
    required(6, "施行日期", |e| date(e.document.effective_from)),
    // A document without an end is in force until it is repealed.
    optional(7, "有效期至", |e| date(e.document.effective_until)),
    required(8, "效力状态", |e| e.document.status.word().to_owned()),
    required(9, "政策原文", |e| e.document.text.clone()),
    required(10, "发布网址", |e| e.document.source_url.clone()),
    required(11, "主题分类", |e| e.item.theme.word().to_owned()),
    required(12, "政策类别", |e| e.item.category.word().to_owned()),
    required(13, "事项名称", |e| e.item.name.clone()),
    required(14, "实施依据", |e| e.item.clause.clone()),
    required(15, "适用对象", |e| e.item.audience.clone()),
    required(16, "适用行业", |e| {
        or_any(e.item.industries.iter().map(|c| industry_name(c)))
    }),
    required(17, "适用区域", |e| {
        join(e.item.regions.iter().map(|c| region_name(c)))
    }),
    required(18, "企业规模", |e| or_any(e.item.sizes.iter().cloned())),
    required(19, "资质要求", |e| {
        or_any(e.item.qualifications.iter().cloned())
    }),
    required(20, "申报条件", |e| {
        join(e.item.conditions.iter().map(|c| c.text.clone()))
    }),
    required(21, "兑现标准", |e| {
        e.item
            .benefit
            .as_ref()
            .map_or_else(String::new, |b| b.text.clone())
    }),
    required(22, "兑现方式", |e| e.item.delivery.word().to_owned()),
    required(23, "申报材料", materials),
    required(24, "兑现流程", |e| e.item.process.clone()),
    required(25, "申报时间", window),
    required(26, "兑现时限", |e| e.item.pay_within.clone()),
    required(27, "受理地址或平台", |e| e.item.channel.clone()),
    required(28, "责任部门与处室", |e| e.item.department.clone()),
    required(29, "咨询电话", |e| e.item.phone.clone()),
    optional(30, "标签与解读", |e| {
        join(
            e.item
                .tags
                .iter()
                .cloned()
                .chain(Some(e.item.interpretation_url.clone())),
        )
    }),
];

/// Elements that an entry needs and lacks.
pub fn missing(entry: &PolicyEntry) -> impl Iterator<Item = &'static Element> {
    ELEMENTS
        .iter()
        .filter(|element| element.required && !element.is_filled(entry))
}

fn date(date: Option<NaiveDate>) -> String {
    date.map_or_else(String::new, zhida_platform::format::date_zh)
}

fn join(words: impl Iterator<Item = String>) -> String {
    words
        .filter(|word| !word.trim().is_empty())
        .collect::<Vec<_>>()
        .join("、")
}

fn or_any(words: impl Iterator<Item = String>) -> String {
    let words = join(words);
    if words.is_empty() {
        "不限".to_owned()
    } else {
        words
    }
}

fn materials(entry: &PolicyEntry) -> String {
    let listed = join(entry.item.materials.iter().cloned());
    // 免申即享 asks for nothing; an empty list says so.
    if listed.is_empty() && entry.item.delivery == crate::Delivery::NoApplication {
        return "无需提交".to_owned();
    }
    listed
}

fn window(entry: &PolicyEntry) -> String {
    let item = &entry.item;
    // The words say what the dates say, and often more.
    if !item.window.trim().is_empty() {
        return item.window.clone();
    }
    match (item.apply_from, item.apply_until) {
        (None, None) => String::new(),
        (from, until) => format!("{}至{}", date(from), date(until)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn there_are_thirty_in_order_and_each_is_named_once() {
        for (at, element) in ELEMENTS.iter().enumerate() {
            assert_eq!(usize::from(element.number), at + 1);
            assert_eq!(
                ELEMENTS
                    .iter()
                    .filter(|other| other.name == element.name)
                    .count(),
                1
            );
        }
    }

    #[test]
    fn a_full_entry_misses_nothing_and_an_emptied_one_is_told_by_name() {
        let mut entry = sample::entry();
        assert_eq!(
            missing(&entry).map(|e| e.name).collect::<Vec<_>>(),
            Vec::<&str>::new()
        );
        entry.item.phone = "  ".into();
        entry.document.source_url = String::new();
        let found: Vec<(u8, &str)> = missing(&entry).map(|e| (e.number, e.name)).collect();
        assert_eq!(found, [(10, "发布网址"), (29, "咨询电话")]);
    }

    #[test]
    fn no_restriction_is_said_in_words() {
        let mut entry = sample::entry();
        entry.item.industries.clear();
        assert_eq!(ELEMENTS[15].text(&entry), "不限");
    }
}
