//! Figures of a group of appeals.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use zhida_platform::rate::Rate;
use zhida_platform::vocabulary;

use super::counted::Counted;
use super::measure::Measure;

vocabulary! {
    /// By what appeals are grouped.
    Dimension {
        /// 渠道.
        Channel = "channel", "渠道";
        /// 分类, the first level.
        Category = "category", "分类";
        /// 承办单位.
        Department = "department", "承办单位";
        /// 区划.
        Place = "place", "区划";
        /// 企业; concealed ones are one group.
        Enterprise = "enterprise", "企业";
        /// 周, by the day of registration.
        Week = "week", "周";
    }
}

const KINDS: usize = Counted::ALL.len();

/// How many appeals of a group each [`Counted`] has. Exact: whole numbers only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures([u64; KINDS]);

impl Figures {
    /// From counts in the order of [`Counted::ALL`].
    #[cfg(test)]
    fn new(counts: [u64; KINDS]) -> Self {
        Self(counts)
    }

    /// So many appeals that have these marks: the bit of each figure, in the order of [`Counted::ALL`], that counts them.
    pub(crate) fn of(marks: i64, number: u64) -> Self {
        let count = |at: usize| match marks >> at & 1 {
            0 => 0,
            _ => number,
        };
        Self(std::array::from_fn(count))
    }

    /// One figure.
    #[must_use]
    pub fn get(&self, counted: Counted) -> u64 {
        let at = Counted::ALL.iter().position(|one| *one == counted);
        at.map_or(0, |at| self.0[at])
    }

    /// One rate with its numerator and denominator.
    #[must_use]
    pub fn rate(&self, measure: Measure) -> Rate {
        let (of, all) = measure.parts();
        Rate::new(self.get(of), self.get(all))
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(KINDS))?;
        for (counted, count) in Counted::ALL.iter().zip(self.0) {
            map.serialize_entry(counted.slug(), &count)?;
        }
        map.end()
    }
}

/// A group of appeals. Of enterprises there can be very many: rates are computed where a group is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "GroupShown")]
pub struct Group {
    /// What the group has in common, as queries know it.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// The figures of its appeals.
    pub figures: Figures,
}

/// 一组诉求的数据。
#[derive(Serialize, ToSchema)]
#[schema(as = AppealGroup)]
struct GroupShown {
    /// 组的标识：渠道、分类、单位、区划、信用代码，或者周的第一天。
    key: String,
    /// 组的名称。
    name: String,
    /// 各项件数，键是数据口径的标识。
    #[schema(value_type = BTreeMap<String, u64>)]
    figures: Figures,
    /// 各项比率的分子和分母。
    rates: BTreeMap<&'static str, Rate>,
}

impl From<Group> for GroupShown {
    fn from(group: Group) -> Self {
        let rate = |one: &Measure| (one.slug(), group.figures.rate(*one));
        Self {
            rates: Measure::ALL.iter().map(rate).collect(),
            key: group.key,
            name: group.name,
            figures: group.figures,
        }
    }
}

impl PartialSchema for Group {
    fn schema() -> RefOr<Schema> {
        GroupShown::schema()
    }
}

impl ToSchema for Group {
    fn name() -> Cow<'static, str> {
        GroupShown::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        GroupShown::schemas(schemas);
    }
}

/// What stands behind so many groups, as one; nothing when there are no more.
pub(crate) fn rest(groups: &[Group], listed: usize) -> Option<Group> {
    let rest = groups.get(listed..).filter(|rest| !rest.is_empty())?;
    let mut figures = Figures::default();
    for group in rest {
        figures += group.figures;
    }
    Some(Group {
        key: String::new(),
        name: format!("其余 {} 个", rest.len()),
        figures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_the_rest_are_all() {
        let group = |number: u64| Group {
            key: number.to_string(),
            name: number.to_string(),
            figures: Figures::of(1, number),
        };
        let groups: Vec<Group> = [5, 3, 2, 1].map(group).into();
        let received = |group: Group| group.figures.get(Counted::Received);
        assert_eq!(rest(&groups, 2).map(received), Some(3));
        assert_eq!(rest(&groups, 0).map(received), Some(11));
        assert_eq!(
            rest(&groups, 2).map(|rest| rest.name),
            Some("其余 2 个".to_owned())
        );
        assert!(rest(&groups, 4).is_none() && rest(&[], 4).is_none());
    }

    #[test]
    fn marks_are_the_figures_that_count() {
        let figures = Figures::of(0b101, 7);
        let counts: Vec<u64> = Counted::ALL.iter().map(|one| figures.get(*one)).collect();
        assert_eq!(counts[..4], [7, 0, 7, 0]);
        assert!(counts[4..].iter().all(|count| *count == 0));
    }

    #[test]
    fn sums_and_rates_are_exact() {
        let mut counts = [0; KINDS];
        for (at, count) in counts.iter_mut().enumerate() {
            *count = at as u64;
        }
        let mut sum = Figures::new(counts);
        sum += Figures::new(counts);
        for (at, counted) in Counted::ALL.iter().enumerate() {
            assert_eq!(sum.get(*counted), 2 * at as u64);
        }
        let (of, all) = Measure::OnTime.parts();
        assert_eq!(
            sum.rate(Measure::OnTime),
            Rate::new(sum.get(of), sum.get(all))
        );
    }
}
