//! Which industries the enterprises have: shares of the divisions, and Zipf's law inside them.

mod table;

use zhida_standards::industry::{self, Industry, IndustryLevel};

use crate::enterprise::Kind;
use crate::random::{Random, scramble};
pub(crate) use table::{HABITS, Habit};

/// Shares of the divisions among 农民专业合作社, per mille.
const COOPERATIVES: &[(&str, u32)] = &[
    ("A01", 640),
    ("A02", 70),
    ("A03", 170),
    ("A04", 20),
    ("A05", 100),
];

/// The most frequent class of a division has this weight, the second half of it, and so on.
const ZIPF: u32 = 20_000;

/// A four-digit class with the habits of its division.
pub(crate) struct Class {
    pub industry: &'static Industry,
    pub habit: &'static Habit,
}

/// All classes, with cumulative weights for each kind of enterprise.
pub(crate) struct Industries {
    classes: Vec<Class>,
    firms: Vec<u32>,
    individuals: Vec<u32>,
    cooperatives: Vec<u32>,
    makers: Vec<u32>,
    shops: Vec<u32>,
}

impl Industries {
    pub fn new() -> Self {
        let mut found = Self {
            classes: Vec::new(),
            firms: Vec::new(),
            individuals: Vec::new(),
            cooperatives: Vec::new(),
            makers: Vec::new(),
            shops: Vec::new(),
        };
        for habit in HABITS {
            let mut classes: Vec<&'static Industry> = industry::all()
                .iter()
                .filter(|i| i.level == IndustryLevel::Class && i.code.starts_with(habit.division))
                .collect();
            classes.sort_by_key(|class| (scramble(class.code), class.code));
            let zipf: Vec<u32> = (1..=classes.len() as u32).map(|rank| ZIPF / rank).collect();
            let sum: u32 = zipf.iter().sum();
            for (class, zipf) in classes.into_iter().zip(zipf) {
                found.push(
                    Class {
                        industry: class,
                        habit,
                    },
                    (zipf, sum),
                );
            }
        }
        found
    }

    fn push(&mut self, class: Class, (zipf, sum): (u32, u32)) {
        let habit = class.habit;
        let cooperative = COOPERATIVES
            .iter()
            .find(|(division, _)| *division == habit.division)
            .map_or(0, |(_, share)| *share);
        let only = |sections: [char; 2]| {
            if habit.division.starts_with(sections) {
                habit.firms
            } else {
                0
            }
        };
        let add = |to: &mut Vec<u32>, share: u32| {
            let weight = u64::from(share) * 100_000 * u64::from(zipf) / u64::from(sum);
            to.push(to.last().copied().unwrap_or(0) + weight as u32);
        };
        add(&mut self.firms, habit.firms);
        add(&mut self.individuals, habit.individuals);
        add(&mut self.cooperatives, cooperative);
        add(&mut self.makers, only(['C', 'C']));
        add(&mut self.shops, only(['F', 'H']));
        self.classes.push(class);
    }

    /// The class of an enterprise.
    pub fn draw(&self, random: &mut Random, kind: Kind) -> &Class {
        let weights = match kind {
            Kind::Enterprise => &self.firms,
            Kind::SelfEmployed => &self.individuals,
            Kind::Cooperative => &self.cooperatives,
        };
        &self.classes[random.weighted(weights)]
    }

    /// The class of an enterprise elsewhere: mostly manufacturing and trade, which most shipped
    /// items are for.
    pub fn draw_elsewhere(&self, random: &mut Random) -> &Class {
        let weights = match random.below(100) {
            0..50 => &self.makers,
            50..75 => &self.shops,
            _ => &self.firms,
        };
        &self.classes[random.weighted(weights)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_habit_is_of_a_real_division() {
        for habit in HABITS {
            let found = industry::lookup(habit.division);
            assert!(
                found.is_some_and(|i| i.level == IndustryLevel::Division),
                "{}",
                habit.division
            );
        }
        assert!(HABITS.is_sorted_by(|a, b| a.division < b.division));
    }

    #[test]
    fn retail_is_common_and_mining_is_rare() {
        let industries = Industries::new();
        let mut random = Random::new(3, crate::random::Domain::Item, 0);
        let mut count = |kind, prefix: &str| {
            (0..10_000)
                .filter(|_| {
                    industries
                        .draw(&mut random, kind)
                        .industry
                        .code
                        .starts_with(prefix)
                })
                .count()
        };
        assert!((3_000..6_000).contains(&count(Kind::SelfEmployed, "F52")));
        assert!((1_000..2_500).contains(&count(Kind::Enterprise, "F51")));
        assert!(count(Kind::Enterprise, "B") < 200);
        assert_eq!(count(Kind::Cooperative, "A"), 10_000);
    }
}
