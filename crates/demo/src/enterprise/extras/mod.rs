//! Facts that only some enterprises have, in groups that come together: a loan with its rate and
//! days, a project with its invoices. The groups stand in [`table`].

mod table;

use std::fmt::{self, Display};

use chrono::{Datelike, NaiveDate};

use super::{Enterprise, Kind, Research};
use crate::columns::{Row, yes_no};
use crate::random::Random;
use table::GROUPS;

/// One attribute of a group.
pub(crate) struct Extra {
    /// Attribute id of the shipped dictionary.
    pub id: &'static str,
    /// Years for which there are values; 0 when the attribute is not annual.
    pub years: u32,
    /// How a value comes about.
    make: Make,
}

/// How a value comes about.
enum Make {
    /// Yuan (or another currency), small amounts more often; whole hundreds.
    Money(i64, i64),
    /// A whole number, small ones more often.
    Count(i64, i64),
    /// Per ten thousand, written as a decimal.
    Ratio(i64, i64),
    /// 是 in so many of a thousand cases, otherwise 否.
    Flag(u32),
    /// 是 in so many of a thousand cases, otherwise nothing.
    Member(u32),
    /// So many days before the reference date.
    Before(i64, i64),
    /// So many days after the date that stands so many attributes earlier in the group.
    After(usize, i64, i64),
    /// A share per mille of the number that stands so many attributes earlier in the group.
    Share(usize, i64, i64),
    /// One of a list.
    One(&'static [&'static str]),
    /// One or two of a list.
    Some(&'static [&'static str]),
    /// The first few of a list, since stages follow each other; or one of the other way's.
    Stages(&'static [&'static str], &'static [&'static str]),
    /// Labels that the city's parameters give to the place.
    Labels,
}

/// Attributes that are known together.
struct Group {
    /// Which enterprises may have them.
    who: Who,
    /// How many of those do, per mille.
    per_mille: u32,
    extras: &'static [Extra],
}

/// Which enterprises may have a group.
#[derive(Clone, Copy)]
enum Who {
    /// Every enterprise, the self-employed and cooperatives included.
    Everybody,
    /// Every 企业.
    Firms,
    /// Manufacturing.
    Makers,
    /// Trade, lodging, catering.
    Shops,
    /// Those with research.
    Researchers,
    /// 高新技术企业.
    HighTech,
    /// 企业 with 2000 万元 a year.
    Large,
}

impl Who {
    fn includes(self, of: &Enterprise<'_>, research: &Research) -> bool {
        let firm = of.kind == Kind::Enterprise;
        match self {
            Self::Everybody => true,
            Self::Firms => firm,
            Self::Makers => firm && of.section() == 'C',
            Self::Shops => matches!(of.section(), 'F' | 'H'),
            Self::Researchers => research.active,
            Self::HighTech => research.high_tech,
            Self::Large => firm && of.accounts.revenue[0].unwrap_or(0) >= 20_000_000,
        }
    }
}

/// All extra attributes in the order of their columns.
pub(crate) fn all() -> impl Iterator<Item = &'static Extra> {
    GROUPS.iter().flat_map(|group| group.extras)
}

/// Fills the groups that an enterprise has.
pub(super) fn write(
    random: &mut Random,
    of: &Enterprise<'_>,
    research: &Research,
    row: &mut Row<'_>,
) {
    let mut position = 0;
    for group in GROUPS {
        // Enterprises elsewhere are there to be found by the shipped items.
        let per_mille = if of.seat.home {
            group.per_mille
        } else {
            of.raised(group.per_mille, 8).max(500)
        };
        if group.who.includes(of, research) && random.per_mille(per_mille) {
            fill(random, of, group, position, row);
        }
        position += group.extras.len();
    }
}

fn fill(random: &mut Random, of: &Enterprise<'_>, group: &Group, start: usize, row: &mut Row<'_>) {
    let mut numbers: Vec<i64> = Vec::with_capacity(group.extras.len());
    for (offset, extra) in group.extras.iter().enumerate() {
        let position = start + offset;
        let earlier = |back: usize| numbers.get(offset - back).copied().unwrap_or(0);
        let mut number = 0;
        match extra.make {
            Make::Money(low, high) => number = random.skewed(low, high) / 100 * 100,
            Make::Count(low, high) => number = random.skewed(low, high),
            Make::Ratio(low, high) => number = random.between(low, high),
            Make::Share(back, low, high) => number = random.share(earlier(back), low, high),
            Make::Before(low, high) => {
                number = i64::from(of.today.num_days_from_ce()) - random.skewed(low, high);
            }
            Make::After(back, low, high) => {
                let today = i64::from(of.today.num_days_from_ce());
                number = (earlier(back) + random.between(low, high)).min(today);
            }
            _ => {}
        }
        numbers.push(number);
        put(random, of, extra, number, (position, row));
    }
}

fn put(
    random: &mut Random,
    of: &Enterprise<'_>,
    extra: &Extra,
    number: i64,
    (position, row): (usize, &mut Row<'_>),
) {
    let years = 0..extra.years.max(1) as usize;
    match extra.make {
        Make::Money(..) | Make::Count(..) | Make::Share(..) => {
            for back in years {
                let value = if back == 0 {
                    number
                } else {
                    random.share(number, 600, 1250)
                };
                row.extra(position, back, value);
            }
        }
        Make::Ratio(..) => row.extra(position, 0, Decimal(number)),
        Make::Flag(per_mille) => {
            for back in years {
                row.extra(position, back, yes_no(random.per_mille(per_mille)));
            }
        }
        Make::Member(per_mille) => {
            if random.per_mille(per_mille) {
                row.extra(position, 0, "是");
            }
        }
        Make::Before(..) | Make::After(..) => {
            let day = NaiveDate::from_num_days_from_ce_opt(number as i32)
                .expect("a few years before the reference date");
            row.extra(position, 0, day);
        }
        Make::One(list) => row.extra(position, 0, random.pick(list)),
        Make::Some(list) => {
            let (one, other) = (random.pick(list), random.pick(list));
            match one == other || random.per_mille(700) {
                true => row.extra(position, 0, one),
                false => row.extra(position, 0, format_args!("{one}、{other}")),
            }
        }
        Make::Stages(_, others) if random.per_mille(350) => {
            row.extra(position, 0, random.pick(others));
        }
        Make::Stages(list, _) => {
            let reached = random.skewed(1, list.len() as i64) as usize;
            row.extra(position, 0, list[..reached].join("、"));
        }
        Make::Labels => {
            let labels = of.seat.labels(extra.id);
            if !labels.is_empty() {
                row.extra(position, 0, random.pick(&labels));
            }
        }
    }
}

/// A number of ten-thousandths as a decimal.
struct Decimal(i64);

impl Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let value = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:04}", value / 10_000, value % 10_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_written_as_decimals() {
        assert_eq!(Decimal(312).to_string(), "0.0312");
        assert_eq!(Decimal(-12_345).to_string(), "-1.2345");
    }

    #[test]
    fn references_stay_inside_their_group() {
        for group in GROUPS {
            for (offset, extra) in group.extras.iter().enumerate() {
                if let Make::After(back, ..) | Make::Share(back, ..) = extra.make {
                    assert!((1..=offset).contains(&back), "{}", extra.id);
                }
            }
        }
    }
}
