//! Enterprises around every threshold of some rules: just below it, at it, just above.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate};
use zhida_rules::{Check, Dictionary, Expr, FactKey, Facts, ItemRules, Kind, Number, Value, Year};

/// While all other numbers are 1, a sum meets a threshold; while they are 1,000, a ratio of whole
/// numbers meets one of per mille.
const SCALES: [i64; 2] = [1, 1_000];

/// What rules compare with, and the facts that they rest on.
#[derive(Default)]
struct Seen {
    numbers: BTreeSet<Number>,
    days: BTreeSet<NaiveDate>,
    facts: BTreeSet<FactKey>,
}

impl Seen {
    fn of(dictionary: &Dictionary, on: NaiveDate, items: &[ItemRules]) -> Self {
        let mut seen = Self::default();
        for item in items {
            let rules = item.conditions().iter().map(|condition| &condition.check);
            let rules = rules.filter_map(|check| match check {
                Check::Rule(expr) => Some(expr),
                Check::Manual(_) => None,
            });
            for expr in rules.chain(item.locals()) {
                seen.look(dictionary, on, on.year(), expr);
            }
        }
        seen
    }

    fn look(&mut self, dictionary: &Dictionary, on: NaiveDate, year: i32, expr: &Expr) {
        expr.visit(&mut |part| match part {
            Expr::Literal(Value::Number(number)) => {
                self.numbers.insert(number.clone());
            }
            Expr::Literal(Value::Date(day)) => {
                self.days.insert(*day);
            }
            Expr::Constant(index) => {
                self.numbers
                    .extend(dictionary.constant_on(*index, on).cloned());
            }
            Expr::ReferenceDate => {
                self.days.insert(on);
            }
            Expr::Attribute(index, of) => {
                let of = match of {
                    Year::None => None,
                    Year::Relative(offset) => Some(year + offset),
                    Year::Absolute(year) => Some(*year),
                };
                match dictionary.formula(*index) {
                    Some(formula) => self.look(dictionary, on, of.unwrap_or(year), formula),
                    None => {
                        self.facts.insert((*index, of));
                    }
                }
            }
            _ => {}
        });
    }

    /// The days at which so many days, months or years have passed, and the days that rules name.
    fn thresholds(&self, on: NaiveDate) -> BTreeSet<NaiveDate> {
        let counts = self.numbers.iter().filter_map(|number| number.to_i64());
        // Of days that have passed, “more than n” begins at n + 1.
        let counts = counts.flat_map(|count| [count.abs(), count.abs() + 1]);
        let counts = counts.filter_map(|count| u32::try_from(count).ok());
        let passed = counts.flat_map(|count| {
            [
                on.checked_sub_days(Days::new(count.into())),
                on.checked_sub_months(Months::new(count)),
                on.checked_sub_months(Months::new(count.saturating_mul(12))),
            ]
        });
        let passed = passed.flatten().filter(|day| day.year() > 1900);
        self.days.iter().copied().chain(passed).collect()
    }
}

/// For every fact and every threshold three enterprises that differ in that fact only: below it, at
/// it, above it. The rest is as of one of `others`, or all other numbers are such that ratios meet
/// the threshold, too.
pub fn triples(
    dictionary: &Dictionary,
    on: NaiveDate,
    items: &[ItemRules],
    others: &[Facts],
) -> Vec<[Facts; 3]> {
    let seen = Seen::of(dictionary, on, items);
    let days = seen.thresholds(on);
    let mut triples = Vec::new();
    let mut add = |background: &Facts, key: FactKey, values: [Value; 3]| {
        triples.push(values.map(|value| {
            let mut facts = background.clone();
            facts.assume(key.0, key.1, value);
            facts
        }));
    };
    let mut others = others.iter().cycle();
    for key in &seen.facts {
        let mut background = || others.next().cloned().unwrap_or_default();
        match dictionary.attribute(key.0).kind {
            Kind::Number => {
                for number in &seen.numbers {
                    let around = |scale: i64| {
                        let at = number.clone() * Number::integer(scale);
                        [-1, 0, 1]
                            .map(|step: i64| Value::Number(at.clone() + Number::integer(step)))
                    };
                    add(&background(), *key, around(1));
                    for scale in SCALES {
                        let mut even = background();
                        let numbers = seen.facts.iter();
                        let is_number = |index| dictionary.attribute(index).kind == Kind::Number;
                        for (index, year) in numbers.filter(|(index, _)| is_number(*index)) {
                            even.assume(*index, *year, Value::Number(scale.into()));
                        }
                        add(&even, *key, around(scale));
                    }
                }
            }
            Kind::Date => {
                for day in &days {
                    let around = [*day - Days::new(1), *day, *day + Days::new(1)];
                    add(&background(), *key, around.map(Value::Date));
                }
            }
            _ => {}
        }
    }
    triples
}
