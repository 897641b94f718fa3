//! Where the enterprises lie, and their codes.

use zhida_standards::division::{self, Division, DivisionCode, Level};
use zhida_standards::uscc::Uscc;

use crate::random::{Domain, Random, scramble};
use crate::{City, DemoError};

/// Rows after which the order of the places repeats.
const PERIOD: u32 = 10_000;

/// PDY00001–PDY99999.
const NUMBERS: u64 = 99_999;

/// Coprime to 99,999 = 3² · 41 · 271, so that multiples run through all numbers.
const STRIDE: u64 = 61_927;

/// Counties that stand for a city or province of [`City::elsewhere`].
const COUNTIES_EACH: usize = 1;

/// The places of a city and the scheme of its codes.
///
/// A code is 91 (企业), 92 (个体工商户) or 93 (农民专业合作社), six digits of a registrar, the
/// organisation code PDYnnnnn with its check character, and the check character of GB 32100.
/// Rows are dealt to the places in a fixed order of 10,000 rows, so the rank of a row among those
/// of its place follows from its number alone. The rank gives nnnnn; after 99,999 rows a place
/// goes on with another registrar, whose digits are the city's four and two that no division of
/// the list has (as real development zones do). The two digits are shared out between the places
/// of a city by their weight. One city has room for 9.9 million codes of each kind this way (all
/// hundred endings), its most crowded place for what [`Places::capacity`] tells, and the
/// country's 340 cities for over 3,000 million.
#[derive(Debug)]
pub struct Places {
    seats: Vec<Seat>,
    /// Seat of each row of a period, and its rank among the rows of that seat.
    order: Vec<(u32, u32)>,
}

/// A county with enterprises.
#[derive(Debug)]
pub(crate) struct Seat {
    /// The county.
    pub division: &'static Division,
    /// The county's name without its suffix, for company names.
    pub short: String,
    /// The city's name without its suffix, for company names.
    pub city_short: String,
    /// Whether it lies in the city itself.
    pub home: bool,
    /// Rows in a period.
    count: u32,
    /// Attribute and value of the labels that the city's parameters give to the place.
    labels: Vec<(&'static str, String)>,
    /// Registrars: the county's own code, then unlisted ones.
    registrars: Vec<String>,
}

impl Places {
    /// Shares a city's rows out.
    ///
    /// # Errors
    /// A division that is not in today's list; more places than rows of a period.
    pub fn new(city: &City) -> Result<Self, DemoError> {
        city.check()?;
        let home = counties(city.division);
        let mut away: Vec<&'static Division> = city
            .elsewhere
            .iter()
            .filter(|code| !code.is_within(city.division) && !city.division.is_within(**code))
            .flat_map(|code| few_counties(*code))
            .collect();
        away.sort_by_key(|division| division.code);
        away.dedup();
        let away_rows = match away.len() {
            0 => 0,
            _ => PERIOD / 1000 * city.elsewhere_per_mille,
        };
        if home.len() > (PERIOD - away_rows) as usize || away.len() > away_rows as usize {
            return Err(DemoError::TooManyPlaces(away.len()));
        }
        let mut seats = seats(&home, PERIOD - away_rows, true);
        seats.extend(seats_of_away(&away, away_rows));
        give_registrars(&mut seats);
        give_labels(&mut seats, city);
        let order = order(&seats, city.seed);
        Ok(Self { seats, order })
    }

    /// How many rows can have distinct codes.
    pub fn capacity(&self) -> u64 {
        self.seats
            .iter()
            .map(|seat| seat.registrars.len() as u64 * NUMBERS / u64::from(seat.count))
            .min()
            .unwrap_or(0)
            * u64::from(PERIOD)
    }

    /// The place of a row and its rank among the rows of that place.
    pub(crate) fn seat(&self, index: u64) -> (&Seat, u64) {
        let (seat, rank) = self.order[(index % u64::from(PERIOD)) as usize];
        let seat = &self.seats[seat as usize];
        (
            seat,
            index / u64::from(PERIOD) * u64::from(seat.count) + u64::from(rank),
        )
    }

    /// The counties of the city itself.
    pub(crate) fn home(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.home)
    }
}

impl Seat {
    /// The labels of an attribute.
    pub fn labels(&self, attribute: &str) -> Vec<&str> {
        let of = self.labels.iter().filter(|(id, _)| *id == attribute);
        of.map(|(_, value)| value.as_str()).collect()
    }

    /// How many of a period's rows lie here.
    pub fn rows(&self) -> u32 {
        self.count
    }

    /// The code of the row with this rank; `kind` is the second character.
    pub fn code(&self, rank: u64, kind: char) -> Uscc {
        let registrar = &self.registrars[(rank / NUMBERS) as usize];
        let number = 1 + (rank % NUMBERS * STRIDE + u64::from(self.count)) % NUMBERS;
        Uscc::from_parts('9', kind, registrar, &format!("PDY{number:05}"))
            .expect("91, 92 and 93 are in the table, a registrar has six digits")
    }
}

fn counties(within: DivisionCode) -> Vec<&'static Division> {
    let found: Vec<_> = division::all_upper()
        .iter()
        .filter(|division| division.level == Level::County && division.code.is_within(within))
        .collect();
    match found.is_empty() {
        // 东莞市 and 中山市 have no counties.
        true => division::get(within).into_iter().collect(),
        false => found,
    }
}

fn few_counties(code: DivisionCode) -> Vec<&'static Division> {
    let mut found = counties(code);
    // Development zones of the list are no seats of other places' policies.
    found.retain(|division| found_is_plain(division));
    if found.is_empty() {
        found = counties(code);
    }
    found.truncate(COUNTIES_EACH);
    found
}

fn found_is_plain(division: &Division) -> bool {
    !division.name.contains("开发区")
}

fn seats(divisions: &[&'static Division], rows: u32, home: bool) -> Vec<Seat> {
    let weights: Vec<u32> = divisions.iter().map(|division| weight(division)).collect();
    let counts = apportion(&weights, rows);
    divisions
        .iter()
        .zip(counts)
        .map(|(division, count)| Seat {
            division,
            short: short_name(division.name),
            city_short: city_name(division),
            home,
            count,
            labels: Vec::new(),
            registrars: vec![division.code.to_string()],
        })
        .collect()
}

fn seats_of_away(divisions: &[&'static Division], rows: u32) -> Vec<Seat> {
    if divisions.is_empty() {
        Vec::new()
    } else {
        seats(divisions, rows, false)
    }
}

/// Districts hold more enterprises than counties, high-tech zones most; no two the same.
fn weight(division: &Division) -> u32 {
    let base = match division.name {
        name if name.contains("开发区") => 110,
        name if name.ends_with('区') => 80,
        name if name.ends_with('市') => 60,
        _ => 30,
    };
    base + scramble(division.code.as_str()) % base
}

/// Integer shares of `total` by weight, at least one each.
fn apportion(weights: &[u32], total: u32) -> Vec<u32> {
    let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let mut shares: Vec<u32> = weights
        .iter()
        .map(|weight| ((u64::from(*weight) * u64::from(total) / sum) as u32).max(1))
        .collect();
    loop {
        let given: u32 = shares.iter().sum();
        let largest = (0..shares.len())
            .max_by_key(|&i| (shares[i], i))
            .unwrap_or(0);
        match given.cmp(&total) {
            std::cmp::Ordering::Less => shares[largest] += total - given,
            std::cmp::Ordering::Equal => return shares,
            std::cmp::Ordering::Greater => shares[largest] -= 1,
        }
    }
}

/// Gives every unlisted ending of a city's digits to the place that is fullest without it.
fn give_registrars(seats: &mut [Seat]) {
    let mut prefixes: Vec<String> = seats
        .iter()
        .map(|seat| seat.division.code.as_str()[..4].to_owned())
        .collect();
    prefixes.sort();
    prefixes.dedup();
    for prefix in prefixes {
        for ending in 0..100 {
            let code = format!("{prefix}{ending:02}");
            // The city's own registrar (370100) is free to use; other counties' are not.
            if ending != 0 && division::lookup(&code).is_some()
                || seats.iter().any(|seat| seat.registrars[0] == code)
            {
                continue;
            }
            let fullest = seats
                .iter_mut()
                .filter(|seat| seat.registrars[0].starts_with(&prefix))
                .min_by_key(|seat| {
                    (seat.registrars.len() as u64 * 1_000_000) / u64::from(seat.count)
                })
                .expect("the prefix is that of a seat");
            fullest.registrars.push(code);
        }
    }
}

fn give_labels(seats: &mut [Seat], city: &City) {
    for seat in seats {
        let code = seat.division.code;
        let here = city
            .labels
            .iter()
            .filter(|label| code.is_within(label.division) || label.division.is_within(code));
        seat.labels = here
            .map(|label| (label.attribute, label.value.clone()))
            .collect();
    }
}

/// The seats of a period in random order.
fn order(seats: &[Seat], seed: u64) -> Vec<(u32, u32)> {
    let mut order: Vec<(u32, u32)> = (0..)
        .zip(seats)
        .flat_map(|(seat, of)| (0..of.count).map(move |rank| (seat, rank)))
        .collect();
    let mut random = Random::new(seed, Domain::Places, 0);
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last as u32 + 1) as usize);
    }
    order
}

fn city_name(division: &Division) -> String {
    let above = division::ancestors(division.code.as_str()).find(|above| !above.is_grouping());
    short_name(above.map_or(division.name, |above| above.name))
}

/// 历下区 → 历下, 济南高新技术产业开发区 → 济南高新, 延边朝鲜族自治州 → 延边.
fn short_name(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let keep = match name {
        _ if name.contains("开发区") => chars.len().min(4),
        _ if name.contains("自治") => 2,
        _ if chars.len() > 2 => chars.len() - 1,
        _ => chars.len(),
    };
    chars[..keep].iter().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
    use std::collections::HashSet;

    use super::*;

    fn alone() -> City {
        City {
            elsewhere: Vec::new(),
            ..City::default()
        }
    }

    #[test]
    fn one_city_has_room_for_millions() {
        let places = Places::new(&alone()).unwrap();
        assert!(places.capacity() >= 3_600_000, "{}", places.capacity());
        assert_eq!(places.home().count(), 13);
        let codes = ["330100", "110000", "371325", "441900", "130433"];
        let elsewhere = codes
            .map(|code| DivisionCode::parse(code).unwrap())
            .to_vec();
        let places = Places::new(&City {
            elsewhere,
            ..City::default()
        })
        .unwrap();
        assert!(places.capacity() >= 3_600_000, "{}", places.capacity());
    }

    #[test]
    fn the_country_has_room_for_sixty_millions() {
        let rooms: u64 = division::provinces()
            .filter(|province| division::children(province.code.as_str()).next().is_some())
            .map(|province| {
                Places::new(&City {
                    division: province.code,
                    ..alone()
                })
                .unwrap()
                .capacity()
            })
            .sum();
        assert!(rooms >= 60_000_000, "{rooms}");
    }

    #[test]
    fn codes_are_valid_reserved_and_distinct() {
        let places = Places::new(&alone()).unwrap();
        let last = places.capacity();
        let mut seen = HashSet::new();
        // The first rows, and rows where the registrars change.
        for index in (0..30_000)
            .chain(1_200_000..1_230_000)
            .chain(last - 30_000..last)
        {
            let (seat, rank) = places.seat(index);
            let code = seat.code(rank, '1');
            assert!(code.is_synthetic());
            assert_eq!(Uscc::parse(code.as_str()), Ok(code));
            assert_eq!(&code.region()[..4], "3701");
            assert!(seen.insert(code), "{code} twice");
        }
    }

    #[test]
    fn shares_sum_up() {
        assert_eq!(apportion(&[1, 1, 1], 10), [3, 3, 4]);
        assert_eq!(apportion(&[1, 1000, 1], 5), [1, 3, 1]);
    }

    #[test]
    fn names_lose_their_suffix() {
        assert_eq!(short_name("历下区"), "历下");
        assert_eq!(short_name("济南高新技术产业开发区"), "济南高新");
        assert_eq!(short_name("延边朝鲜族自治州"), "延边");
    }
}
