//! Facts that the system computes where nobody stated them: 企业规模 and 主体类别.

use zhida_rules::{AttributeIndex, Dictionary, FactKey, Provenance, Value};

use crate::document::{COMPUTED, Document, Origin, Stated};
use crate::size_class::SizeFigures;

/// How the source of a computed fact begins.
const BY_SYSTEM: &str = "系统计算";

/// Whether the register computed a fact, rather than somebody stating it.
#[must_use]
pub fn is_computed(source: &Provenance) -> bool {
    source.department.starts_with(BY_SYSTEM)
}

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
    figures: SizeFigures,
}

impl Derivation {
    pub(crate) fn new(dictionary: &Dictionary) -> Self {
        Self {
            size: dictionary.find("size"),
            subject_class: dictionary.find("subject_class"),
            figures: SizeFigures::new(dictionary),
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

    /// The class that the figures give; its date is the latest of the facts used.
    fn size_of(&self, document: &Document) -> Option<Stated> {
        let facts = &document.facts;
        let value = |key: &FactKey| facts.get(key).map(|stated| &stated.value);
        let (class, year) = self.figures.class(facts.keys(), value)?;
        let used = self.figures.keys(year);
        let as_of = used.filter_map(|key| facts.get(&key)?.origin.as_of).max();
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
