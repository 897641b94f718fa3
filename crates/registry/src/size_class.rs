//! 企业规模 from figures: one way for what the register keeps and for what somebody answers or supposes.

use zhida_rules::{AttributeIndex, Dictionary, FactKey, Number, Value};
use zhida_standards::size::{self, Size, SizeResult};

/// Where the figures stand that 统计上大中小微型企业划分办法(2017) asks for; an own dictionary may lack some.
#[derive(Debug, Clone, Copy)]
pub struct SizeFigures {
    industry: Option<AttributeIndex>,
    /// 从业人员, 营业收入, 资产总额.
    annual: [Option<AttributeIndex>; 3],
}

impl SizeFigures {
    /// Those of a dictionary.
    #[must_use]
    pub fn new(dictionary: &Dictionary) -> Self {
        Self {
            industry: dictionary.find("industry"),
            annual: ["employees", "revenue", "assets"].map(|id| dictionary.find(id)),
        }
    }

    /// The class on the latest year whose figures settle it, and that year; `known` are the facts there are.
    pub fn class<'v>(
        &self,
        known: impl Iterator<Item = &'v FactKey>,
        value: impl Fn(&FactKey) -> Option<&'v Value>,
    ) -> Option<(Size, Option<i32>)> {
        let Some(Value::Text(industry)) = value(&(self.industry?, None)) else {
            return None;
        };
        let figures = known.filter(|(index, _)| self.annual.contains(&Some(*index)));
        let mut years: Vec<Option<i32>> = figures.map(|(_, year)| *year).collect();
        years.sort_unstable();
        years.dedup();
        years.into_iter().rev().find_map(|year| {
            let [people, revenue, assets] = self
                .annual
                .map(|index| value(&(index?, year)).and_then(Value::as_number));
            let people = people.and_then(Number::to_i64);
            let people = people.and_then(|people| u64::try_from(people).ok());
            let revenue = revenue.and_then(Number::to_fen);
            let assets = assets.and_then(Number::to_fen);
            match size::classify(industry, people, revenue, assets) {
                SizeResult::Class(class) => Some((class, year)),
                _ => None,
            }
        })
    }

    /// The facts that the class of a year follows from.
    pub(crate) fn keys(&self, year: Option<i32>) -> impl Iterator<Item = FactKey> {
        let industry = self.industry.map(|index| (index, None));
        let annual = self.annual.into_iter().flatten();
        industry
            .into_iter()
            .chain(annual.map(move |index| (index, year)))
    }
}
