//! Generated items and enterprises: 60 attributes and 8 ratios, 46,000 items of about 5 conditions
//! most of which name a place, 1.4 million enterprises of one province with gaps in their data.
//! Fixed seeds: the same on every machine.

use chrono::NaiveDate;
use zhida_rules::{
    BenefitKind, BenefitSource, ConditionSource, Dictionary, Facts, ItemRules, ItemRulesSource,
    Number, Value,
};
use zhida_standards::{division, industry};

pub const ON: &str = "2026-11-22";
pub const NUMBERS: usize = 24;
pub const TAGS: usize = 22;
pub const DATES: usize = 4;
/// Choices of the eight categorical attributes.
pub const CHOICES: [usize; 8] = [4, 5, 6, 200, 30, 8, 12, 3];
/// Numerator and denominator, the denominator's scale above the numerator's.
pub const RATIOS: [(usize, usize); 8] = [
    (0, 1),
    (0, 2),
    (0, 3),
    (1, 4),
    (5, 6),
    (12, 7),
    (9, 10),
    (11, 12),
];

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66_D1CE_4E5B)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Small numbers far more often than large ones.
    fn zipf(&mut self, n: usize) -> usize {
        let a = self.below(n) + 1;
        let b = self.below(a) + 1;
        self.below(b)
    }

    /// A number of roughly lognormal spread around ten to the `decades / 10`.
    fn spread(&mut self, decades: usize) -> i64 {
        let sum: usize = (0..4).map(|_| self.below(11)).sum();
        let tenths = (decades + sum).saturating_sub(20);
        let mut value = 10_i64.pow((tenths / 10) as u32);
        const TENTH: [i64; 10] = [100, 126, 158, 200, 251, 316, 398, 501, 631, 794];
        value = value * TENTH[tenths % 10] / 100;
        value + self.below((value / 4 + 1) as usize) as i64
    }
}

/// A generated condition.
#[derive(Debug, Clone)]
pub enum Condition {
    /// In one of these divisions.
    Place(Vec<String>),
    /// In one of these industries, of any level.
    Trade(Vec<String>),
    /// One of these choices of a categorical attribute.
    Choice(usize, Vec<usize>),
    /// A numeric attribute reaches a threshold.
    AtLeast(usize, i64),
    /// A numeric attribute does not exceed a threshold.
    AtMost(usize, i64),
    /// A ratio reaches so many per mille.
    RatioAtLeast(usize, usize),
    /// A date is at the latest the first of this year's month.
    Since(usize, usize, usize),
    /// A tag is set.
    Tag(usize),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Condition {
    /// As an author writes it.
    pub fn feel(&self) -> String {
        let codes = |codes: &[String]| format!("\"{}\"", codes.join("\",\""));
        let join = |parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().map(Self::part).collect();
            parts.join(word)
        };
        match self {
            Self::Place(list) => format!("所在地 in ({})", codes(list)),
            Self::Trade(list) => format!("行业 in ({})", codes(list)),
            Self::Choice(n, list) => {
                let list: Vec<String> = list.iter().map(|c| format!("项{c}")).collect();
                format!("类{n} in ({})", codes(&list))
            }
            Self::AtLeast(n, threshold) => format!("数{n} >= {threshold}"),
            Self::AtMost(n, threshold) => format!("数{n} <= {threshold}"),
            Self::RatioAtLeast(n, per_mille) => {
                format!("率{n} >= {}.{}%", per_mille / 10, per_mille % 10)
            }
            Self::Since(n, year, month) => format!("日{n} <= date(\"{year}-{month:02}-01\")"),
            Self::Tag(n) => format!("标{n}"),
            Self::Not(inner) => format!("not({})", inner.feel()),
            Self::All(parts) => join(parts, " and "),
            Self::Any(parts) => join(parts, " or "),
        }
    }

    fn part(&self) -> String {
        match self {
            Self::All(_) | Self::Any(_) => format!("({})", self.feel()),
            _ => self.feel(),
        }
    }
}

/// Places and trades that rules and enterprises name.
pub struct World {
    pub cities: Vec<String>,
    pub counties: Vec<String>,
    pub streets: Vec<String>,
    pub trades: Vec<String>,
    trade_lists: Vec<Vec<String>>,
    tens: Vec<usize>,
}

impl World {
    pub fn new() -> Self {
        let below = |codes: &[String]| -> Vec<String> {
            let children = codes.iter().flat_map(|code| division::children(code));
            children
                .map(|child| child.code.as_str().to_owned())
                .collect()
        };
        let cities = below(&["330000".to_owned()]);
        let counties = below(&cities);
        let streets = below(&counties);
        let all = industry::all();
        let trades: Vec<String> = all
            .iter()
            .filter(|found| found.code.len() == 5)
            .map(|found| found.code.to_owned())
            .collect();
        let mut random = Random::new(1);
        let trade_lists = (0..800)
            .map(|_| {
                let length = 1 + random.below(3);
                let codes = (0..length).map(|_| all[random.below(all.len())].code.to_owned());
                codes.collect()
            })
            .collect();
        let tens = (0..NUMBERS).map(|n| 20 + (n * 7) % 50).collect();
        Self {
            cities,
            counties,
            streets,
            trades,
            trade_lists,
            tens,
        }
    }

    pub fn dictionary() -> Dictionary {
        let mut yaml = String::from("attributes:\n");
        let mut add = |id: String, name: String, rest: String| {
            yaml.push_str(&format!(
                "  - {{ id: {id}, name: {name}, department: 测试, {rest} }}\n"
            ));
        };
        add(
            "region".into(),
            "所在地".into(),
            "kind: division, fixed: true".into(),
        );
        add("trade".into(), "行业".into(), "kind: industry".into());
        for (n, count) in CHOICES.iter().enumerate() {
            let choices: Vec<String> = (0..*count).map(|c| format!("项{c}")).collect();
            let rest = format!("kind: choice, choices: [{}]", choices.join(", "));
            add(format!("c{n}"), format!("类{n}"), rest);
        }
        for n in 0..NUMBERS {
            add(
                format!("n{n}"),
                format!("数{n}"),
                "kind: number, unit: 元".into(),
            );
        }
        for n in 0..DATES {
            add(
                format!("d{n}"),
                format!("日{n}"),
                "kind: date, fixed: true".into(),
            );
        }
        for n in 0..TAGS {
            let absence = if n % 2 == 0 { ", absence: \"no\"" } else { "" };
            add(
                format!("t{n}"),
                format!("标{n}"),
                format!("kind: bool{absence}"),
            );
        }
        for (n, (top, bottom)) in RATIOS.iter().enumerate() {
            let rest = format!("kind: number, unit: \"%\", formula: 数{top} / 数{bottom}");
            add(format!("r{n}"), format!("率{n}"), rest);
        }
        Dictionary::from_yaml(&yaml).expect("the generated dictionary is valid")
    }

    /// The conditions of one item.
    pub fn rule(&self, number: usize) -> String {
        self.condition(number).feel()
    }

    /// The same as a tree, for those who write it in another language.
    pub fn condition(&self, number: usize) -> Condition {
        let random = &mut Random::new(1_000_000 + number as u64);
        let mut parts = Vec::new();
        let pick = |random: &mut Random, list: &[String]| list[random.below(list.len())].to_owned();
        match random.below(100) {
            0..24 => parts.push(Condition::Place(vec![pick(random, &self.cities)])),
            24..72 => parts.push(Condition::Place(vec![pick(random, &self.counties)])),
            72..76 => {
                let count = 2 + random.below(3);
                let codes = (0..count).map(|_| pick(random, &self.counties));
                parts.push(Condition::Place(codes.collect()));
            }
            76..86 => parts.push(Condition::Place(vec![pick(random, &self.streets)])),
            _ => {}
        }
        if random.percent(50) {
            parts.push(self.trade(random));
        }
        for _ in 0..1 + random.below(3) + random.below(2) {
            parts.push(self.simple(random));
        }
        if random.percent(35) {
            let ways = (0..2 + random.below(2)).map(|_| match random.percent(25) {
                true => Condition::All(vec![self.simple(random), self.simple(random)]),
                false => self.simple(random),
            });
            parts.push(Condition::Any(ways.collect()));
        }
        if random.percent(30) {
            parts.push(Condition::Not(Box::new(Condition::Tag(random.zipf(TAGS)))));
        }
        if random.percent(2) {
            let either = Condition::Any(vec![self.simple(random), self.simple(random)]);
            parts.push(Condition::Not(Box::new(either)));
        }
        Condition::All(parts)
    }

    fn trade(&self, random: &mut Random) -> Condition {
        if random.percent(85) {
            return Condition::Trade(self.trade_lists[random.zipf(800)].clone());
        }
        let code = &self.trades[random.below(self.trades.len())];
        Condition::Trade(vec![code.clone(), code[..3].to_owned()])
    }

    fn simple(&self, random: &mut Random) -> Condition {
        match random.below(100) {
            0..40 => {
                let n = random.zipf(NUMBERS);
                match random.percent(10) {
                    true => Condition::AtMost(n, self.threshold(random, n)),
                    false => Condition::AtLeast(n, self.threshold(random, n)),
                }
            }
            40..55 => {
                let per_mille = match random.percent(70) {
                    true => [50, 100, 150, 200, 300, 500][random.below(6)],
                    false => 5 * (1 + random.below(100)),
                };
                Condition::RatioAtLeast(random.zipf(RATIOS.len()), per_mille)
            }
            55..75 => {
                let n = random.zipf(CHOICES.len());
                let count = 1 + random.below(2);
                let mut choices: Vec<usize> =
                    (0..count).map(|_| random.below(CHOICES[n])).collect();
                choices.sort_unstable();
                choices.dedup();
                Condition::Choice(n, choices)
            }
            75..80 => {
                let (year, month) = (1998 + random.below(20), 1 + 6 * random.below(2));
                Condition::Since(random.zipf(DATES), year, month)
            }
            _ => Condition::Tag(random.zipf(TAGS)),
        }
    }

    fn threshold(&self, random: &mut Random, n: usize) -> i64 {
        let around = 10_i64.pow((self.tens[n] / 10) as u32);
        match random.percent(85) {
            true => around * [10, 20, 50, 100, 200, 500][random.below(6)],
            false => around * (10 + random.below(20_000) as i64) / 200,
        }
    }

    /// One enterprise; larger ones are better known.
    pub fn enterprise(&self, dictionary: &Attributes, number: u64) -> Facts {
        let random = &mut Random::new(9_000_000_000 + number);
        let mut facts = Facts::new();
        let size = random.zipf(4);
        let ids = dictionary;
        let street = &self.streets[random.below(self.streets.len())];
        facts.assume(ids.region, None, Value::Text(street.clone()));
        let trade = &self.trades[random.zipf(self.trades.len())];
        facts.assume(ids.trade, None, Value::Text(trade.clone()));
        let gap = |random: &mut Random, base: usize| random.percent(base * (5 - size) / 4);
        for (n, (index, count)) in ids.choices.iter().zip(CHOICES).enumerate() {
            let choice = if n == 0 { size } else { random.zipf(count) };
            if n == 0 || !gap(random, 5 + n * 5) {
                facts.assume(*index, None, Value::Text(format!("项{choice}")));
            }
        }
        for (n, index) in ids.numbers.iter().enumerate() {
            let value = random.spread(self.tens[n] + size * 4);
            if !gap(random, 14 + n * 42 / NUMBERS) {
                facts.assume(*index, None, Value::Number(Number::integer(value)));
            }
        }
        for (n, index) in ids.dates.iter().enumerate() {
            let day = NaiveDate::from_ymd_opt(
                1995 + random.below(31) as i32,
                1 + random.below(12) as u32,
                1 + random.below(28) as u32,
            );
            if n == 0 || !gap(random, 45) {
                facts.assume(
                    *index,
                    None,
                    Value::Date(day.expect("a day up to 28 exists")),
                );
            }
        }
        for (n, index) in ids.tags.iter().enumerate() {
            if random.percent(4 + n / 2 + size * 4) {
                facts.assume(*index, None, Value::Bool(true));
            } else if n % 2 == 1 && !gap(random, 30) {
                facts.assume(*index, None, Value::Bool(false));
            }
        }
        facts
    }
}

/// The dictionary's attributes by what they are.
pub struct Attributes {
    region: zhida_rules::AttributeIndex,
    trade: zhida_rules::AttributeIndex,
    choices: Vec<zhida_rules::AttributeIndex>,
    pub numbers: Vec<zhida_rules::AttributeIndex>,
    dates: Vec<zhida_rules::AttributeIndex>,
    tags: Vec<zhida_rules::AttributeIndex>,
}

impl Attributes {
    pub fn of(dictionary: &Dictionary) -> Self {
        let find = |name: String| {
            dictionary
                .find(&name)
                .expect("the dictionary was generated")
        };
        let list = |letter: &str, count| (0..count).map(|n| find(format!("{letter}{n}"))).collect();
        Self {
            region: find("region".into()),
            trade: find("trade".into()),
            choices: list("c", CHOICES.len()),
            numbers: list("n", NUMBERS),
            dates: list("d", DATES),
            tags: list("t", TAGS),
        }
    }
}

/// Compiles a rule's text as an item.
pub fn item(dictionary: &Dictionary, rule: String) -> ItemRules {
    let source = ItemRulesSource {
        conditions: vec![ConditionSource {
            text: String::new(),
            rule: Some(rule),
            manual: None,
        }],
        benefit: Some(BenefitSource {
            kind: BenefitKind::Right,
            ..Default::default()
        }),
    };
    ItemRules::compile(dictionary, &source).expect("the generated rule is valid")
}
