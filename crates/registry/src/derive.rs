//! Facts that the system computes where nobody stated them: 企业规模 and 主体类别.

use zhida_rules::{AttributeIndex, Dictionary, FactKey, Number, Value};
use zhida_standards::size::{self, SizeResult};

use crate::document::{COMPUTED, Document, Origin, Stated};

/// The source shown for a computed fact.
pub(crate) fn basis(attribute_id: &str) -> &'static str {
    match attribute_id {
        "size" => "系统计算（统计上大中小微型企业划分办法(2017)）",
        _ => "系统计算（统一社会信用代码第 1、2 位，GB 32100-2015）",
    }
}

/// Positions of the attributes that are read or computed; an own dictionary may lack some.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Derivation {
    size: Option<AttributeIndex>,
    subject_class: Option<AttributeIndex>,
    industry: Option<AttributeIndex>,
    employees: Option<AttributeIndex>,
    revenue: Option<AttributeIndex>,
    assets: Option<AttributeIndex>,
}

impl Derivation {
    pub(crate) fn new(dictionary: &Dictionary) -> Self {
        Self {
            size: dictionary.find("size"),
            subject_class: dictionary.find("subject_class"),
            industry: dictionary.find("industry"),
            employees: dictionary.find("employees"),
            revenue: dictionary.find("revenue"),
            assets: dictionary.find("assets"),
        }
    }

    /// Computes anew what nobody stated; the facts that changed, with what they were before.
    pub(crate) fn apply(
        &self,
        code: &str,
        document: &mut Document,
    ) -> Vec<(FactKey, Option<Stated>)> {
        let mut changed = Vec::new();
        let class = subject_class(code).map(|class| Stated {
            value: Value::Text(class.to_owned()),
            origin: Origin {
                batch: COMPUTED,
                as_of: None,
            },
        });
        let size = self.size_of(document);
        for (index, computed) in [(self.subject_class, class), (self.size, size)] {
            let Some(index) = index else { continue };
            let key = (index, None);
            let before = document.facts.get(&key);
            let stated = before.is_some_and(|fact| !fact.origin.is_computed());
            if stated || before == computed.as_ref() {
                continue;
            }
            let before = match computed {
                Some(fact) => document.facts.insert(key, fact),
                None => document.facts.remove(&key),
            };
            changed.push((key, before));
        }
        changed
    }

    /// 统计上大中小微型企业划分办法(2017) on the latest year whose figures settle the class; its date
    /// is the latest of the facts used.
    fn size_of(&self, document: &Document) -> Option<Stated> {
        let Some(Value::Text(industry)) = document.value(self.industry, None) else {
            return None;
        };
        let inputs = [self.employees, self.revenue, self.assets];
        let known = document
            .facts
            .keys()
            .filter(|(index, _)| inputs.contains(&Some(*index)));
        let mut years: Vec<Option<i32>> = known.map(|(_, year)| *year).collect();
        years.sort_unstable();
        years.dedup();
        let class = years.iter().rev().find_map(|&year| {
            let number = |index| document.value(index, year).and_then(Value::as_number);
            let people = number(self.employees).and_then(Number::to_i64);
            let people = people.and_then(|people| u64::try_from(people).ok());
            let revenue = number(self.revenue).and_then(Number::to_fen);
            let assets = number(self.assets).and_then(Number::to_fen);
            match size::classify(industry, people, revenue, assets) {
                SizeResult::Class(class) => Some((class, year)),
                _ => None,
            }
        });
        let (class, year) = class?;
        let used = [(self.industry, None)]
            .into_iter()
            .chain(inputs.map(|index| (index, year)));
        let as_of = used
            .filter_map(|(index, year)| document.facts.get(&(index?, year)))
            .filter_map(|fact| fact.origin.as_of)
            .max();
        Some(Stated {
            value: Value::Text(class.name().to_owned()),
            origin: Origin {
                batch: COMPUTED,
                as_of,
            },
        })
    }
}

/// 主体类别 by the registering authority and kind of organisation (GB 32100-2015, tables 1 and 2).
fn subject_class(code: &str) -> Option<&'static str> {
    match code.as_bytes() {
        [b'9', b'1', ..] => Some("企业"),
        [b'9', b'2', ..] => Some("个体工商户"),
        [b'9', b'3', ..] => Some("农民专业合作社"),
        [b'5', ..] => Some("社会组织"),
        [b'1', b'1' | b'2', ..] => Some("机关事业单位"),
        _ => None,
    }
}
