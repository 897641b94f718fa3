//! Generated policy items, in the shapes that real ones have: five conditions each on the average,
//! most bound to a county or the city, half to industries, a third with alternatives.

mod benefits;
mod conditions;
mod file;
mod numbers;
mod themes;

use std::ops::Range;

use zhida_rules::{BenefitSource, ConditionSource};
use zhida_standards::division;
use zhida_standards::industry::{self, IndustryLevel};

use crate::industries::HABITS;
use crate::places::Places;
use crate::random::{Domain, Quantiles, Random};
use crate::{City, DemoError};
pub use file::PolicyFile;
use file::{Document, File, Item};
use themes::{THEMES, Theme};

/// Lists of industries that items share; item *n* of them is *n* times rarer than the first.
const POOL: u32 = 800;

/// Conditions of an item, those of its region, industries and sizes included.
const CONDITIONS: Quantiles = &[
    (0, 2),
    (150_000, 3),
    (500_000, 5),
    (800_000, 7),
    (950_000, 9),
    (1_000_000, 13),
];

/// What items are made from.
pub(crate) struct Items {
    places: Places,
    city: City,
    /// Name of the city.
    city_name: String,
    /// Cumulative shares of the counties.
    counties: Vec<u32>,
    /// Cumulative shares of the pool's lists.
    pool: Vec<u32>,
    /// Cumulative shares of the industries' divisions.
    industries: Vec<u32>,
}

/// Where an item applies.
struct Region {
    codes: Vec<String>,
    name: String,
    department_of: String,
}

impl Items {
    pub fn new(city: &City) -> Result<Self, DemoError> {
        let places = Places::new(city)?;
        let counties = cumulative(places.home().map(|seat| seat.rows()));
        let name = division::get(city.division).map_or("", |division| division.name);
        Ok(Self {
            counties,
            pool: cumulative((1..=POOL).map(|rank| 100_000 / rank)),
            industries: cumulative(HABITS.iter().map(|habit| habit.firms)),
            city_name: name.to_owned(),
            city: city.clone(),
            places,
        })
    }

    /// A policy file with the items of a range; `number` counts the files from 0.
    pub fn file(&self, number: u32, items: Range<u32>) -> PolicyFile {
        let name = format!(
            "sample-{}-{}-{:03}",
            self.city.division,
            self.city.seed,
            number + 1
        );
        let document = Document::new(&self.city, &self.city_name, &name, number + 1);
        let items = items.map(|index| self.item(index)).collect();
        PolicyFile::new(format!("{name}.yaml"), &File { document, items })
    }

    fn item(&self, index: u32) -> Item {
        let mut random = Random::new(self.city.seed, Domain::Item, u64::from(index));
        let random = &mut random;
        let theme = random.pick(THEMES);
        let region = self.region(random);
        let industries = match random.per_mille(500) {
            true => self.industry_list(random),
            false => Vec::new(),
        };
        let sizes = match random.below(10) {
            0 => vec!["小型", "微型"],
            1 => vec!["中型", "小型", "微型"],
            _ => Vec::new(),
        };
        let elements = usize::from(region.codes[0] != "000000")
            + usize::from(!industries.is_empty())
            + usize::from(!sizes.is_empty());
        let wanted = (random.quantile(CONDITIONS) as usize)
            .saturating_sub(elements)
            .max(1);
        let conditions = conditions::draw(random, theme, wanted, &self.city);
        let benefit = benefits::draw(random, theme);
        let parts = Parts {
            region,
            industries,
            sizes,
            conditions,
            benefit,
        };
        Item::new(random, &self.city, index, theme, parts)
    }

    /// 24 % the city, 48 % a county, 4 % several, 10 % the province, 14 % no limit.
    fn region(&self, random: &mut Random) -> Region {
        let counties: Vec<_> = self.places.home().collect();
        let county = |random: &mut Random| counties[random.weighted(&self.counties)].division;
        match random.below(100) {
            0..24 => Region {
                codes: vec![self.city.division.to_string()],
                name: self.city_name.clone(),
                department_of: self.city_name.clone(),
            },
            24..72 => {
                let county = county(random);
                Region {
                    codes: vec![county.code.to_string()],
                    name: county.name.to_owned(),
                    department_of: county.name.to_owned(),
                }
            }
            72..76 => {
                let mut some: Vec<_> = (0..random.between(2, 5)).map(|_| county(random)).collect();
                some.sort_by_key(|division| division.code);
                some.dedup();
                Region {
                    codes: some
                        .iter()
                        .map(|division| division.code.to_string())
                        .collect(),
                    name: some
                        .iter()
                        .map(|division| division.name)
                        .collect::<Vec<_>>()
                        .join("、"),
                    department_of: self.city_name.clone(),
                }
            }
            76..86 => self.province(),
            _ => Region {
                codes: vec!["000000".to_owned()],
                name: String::new(),
                department_of: "国家".to_owned(),
            },
        }
    }

    fn province(&self) -> Region {
        let code = self.city.division;
        let top = division::ancestors(code.as_str())
            .last()
            .or(division::get(code));
        let (code, name) = top.map_or((code, ""), |top| (top.code, top.name));
        Region {
            codes: vec![code.to_string()],
            name: name.to_owned(),
            department_of: name.to_owned(),
        }
    }

    /// One of the pool in 85 of 100 cases, otherwise a list of its own.
    fn industry_list(&self, random: &mut Random) -> Vec<&'static str> {
        if random.per_mille(850) {
            let rank = random.weighted(&self.pool) as u64;
            self.any_industries(&mut Random::new(self.city.seed, Domain::Industries, rank))
        } else {
            self.any_industries(random)
        }
    }

    fn any_industries(&self, random: &mut Random) -> Vec<&'static str> {
        let mut list: Vec<&'static str> = (0..random.skewed(1, 9))
            .map(|_| {
                let habit = &HABITS[random.weighted(&self.industries)];
                match random.below(10) {
                    0..2 => &habit.division[..1],
                    2..7 => habit.division,
                    _ => {
                        let groups: Vec<_> = industry::children(habit.division)
                            .filter(|industry| industry.level == IndustryLevel::Group)
                            .map(|industry| industry.code)
                            .collect();
                        random.pick(&groups)
                    }
                }
            })
            .collect();
        list.sort_unstable();
        // C27 says nothing beside C.
        list.dedup_by(|next, kept| next.starts_with(*kept));
        list
    }
}

/// What an item is made of.
struct Parts {
    region: Region,
    industries: Vec<&'static str>,
    sizes: Vec<&'static str>,
    conditions: Vec<ConditionSource>,
    benefit: BenefitSource,
}

fn cumulative(weights: impl Iterator<Item = u32>) -> Vec<u32> {
    weights
        .scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
    use zhida_rules::{Dictionary, ItemRules, ItemRulesSource};

    use super::*;

    fn all(count: u32) -> Vec<Item> {
        let city = City {
            elsewhere: Vec::new(),
            labels: Vec::new(),
            ..City::default()
        };
        let items = Items::new(&city).unwrap();
        (0..count).map(|index| items.item(index)).collect()
    }

    #[test]
    fn every_item_compiles() {
        for item in all(2_000) {
            let (conditions, benefit) = (item.conditions.clone(), Some(item.benefit.clone()));
            let source = ItemRulesSource {
                conditions,
                benefit,
            };
            if let Err(errors) = ItemRules::compile(Dictionary::shipped(), &source) {
                panic!("{}: {errors:#?}\n{source:#?}", item.id);
            }
        }
    }

    #[test]
    fn the_shares_are_those_of_the_workload() {
        let items = all(4_000);
        let share = |test: &dyn Fn(&Item) -> bool| items.iter().filter(|i| test(i)).count() / 40;
        let level = |i: &Item, end: &str| i.regions.len() == 1 && i.regions[0].ends_with(end);
        assert!((20..=28).contains(&share(&|i| i.regions == ["370100"])));
        assert!((44..=52).contains(&share(&|i| i.regions.len() == 1 && !level(i, "00"))));
        assert!((2..=6).contains(&share(&|i| i.regions.len() > 1)));
        assert!((8..=12).contains(&share(&|i| i.regions == ["370000"])));
        assert!((46..=54).contains(&share(&|i| !i.industries.is_empty())));
        let rules = |i: &Item, word: &str| {
            i.conditions
                .iter()
                .any(|c| c.rule.as_deref().is_some_and(|rule| rule.contains(word)))
        };
        assert!(
            (30..=40).contains(&share(&|i| rules(i, " or "))),
            "{}",
            share(&|i| rules(i, " or "))
        );
        assert!(
            (27..=37).contains(&share(&|i| rules(i, "not("))),
            "{}",
            share(&|i| rules(i, "not("))
        );
        let elements = |i: &Item| {
            usize::from(i.regions[0] != "000000")
                + usize::from(!i.industries.is_empty())
                + usize::from(!i.sizes.is_empty())
        };
        let conditions: usize = items.iter().map(|i| i.conditions.len() + elements(i)).sum();
        assert!((18_000..=23_000).contains(&conditions), "{conditions}");
    }

    #[test]
    fn codes_exist() {
        for item in all(500) {
            let known = |code: &String| code == "000000" || division::lookup(code).is_some();
            assert!(item.regions.iter().all(known), "{:?}", item.regions);
            assert!(
                item.industries
                    .iter()
                    .all(|code| industry::lookup(code).is_some())
            );
        }
    }
}
