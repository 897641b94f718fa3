//! One attribute's values as they were reported, row by row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use zhida_rules::{Number, Value};

use crate::{eval::Val, exact::Exact};

/// A number that is not known.
pub(crate) const NO_NUMBER: i64 = i64::MIN;
/// A number that is no short decimal and is kept aside.
const ODD_NUMBER: i64 = i64::MIN + 1;
/// A day that is not known.
pub(crate) const NO_DAY: i32 = i32::MIN;
/// Decimal places that a column may have; numbers with more are kept aside.
pub(crate) const PLACES_MAX: u8 = 6;

/// Values of one attribute and year.
#[derive(Debug, Clone)]
pub(crate) enum Raw {
    /// 0 unknown, 1 no, 2 yes.
    Flags(Vec<u8>),
    Numbers(Numbers),
    /// Days since 1970.
    Days(Vec<i32>),
    Words(Words),
}

/// Decimals of one number of places.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    pub places: u8,
    /// In units of the last place.
    pub values: Vec<i64>,
    /// Numbers that are no short decimals.
    pub odd: BTreeMap<u32, Number>,
}

/// A text or a set of texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Word {
    Text(String),
    Set(BTreeSet<String>),
}

/// Texts and sets, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub values: Vec<Word>,
    /// 0 unknown, or one more than the position among the values.
    pub at: Vec<u32>,
    /// Made when a word is first entered.
    index: HashMap<Word, u32>,
}

impl Numbers {
    fn put(&mut self, row: usize, number: &Number) {
        let value = match self.decimal(number) {
            Some(value) => value,
            None => {
                self.odd.insert(row as u32, number.clone());
                ODD_NUMBER
            }
        };
        self.values[row] = value;
    }

    /// The number in units of the last place; places are added when it needs them.
    fn decimal(&mut self, number: &Number) -> Option<i64> {
        for places in self.places..=PLACES_MAX {
            let unit = Number::integer(10_i64.pow(places.into()));
            let Some(value) = (number.clone() * unit).to_i64() else {
                continue;
            };
            if value <= ODD_NUMBER || value == i64::MAX || !self.refine(places) {
                return None;
            }
            return Some(value);
        }
        None
    }

    /// Writes all values with more places; `false` when one does not fit.
    pub fn refine(&mut self, places: u8) -> bool {
        let factor = 10_i64.pow(u32::from(places.saturating_sub(self.places)));
        if factor == 1 {
            return true;
        }
        let refined = self.values.iter().map(|value| match *value {
            marker @ (NO_NUMBER | ODD_NUMBER) => Some(marker),
            value => value
                .checked_mul(factor)
                .filter(|v| *v > ODD_NUMBER && *v < i64::MAX),
        });
        let Some(values) = refined.collect() else {
            return false;
        };
        self.values = values;
        self.places = places;
        true
    }

    /// The value of a row in units of the last place; numbers that are kept aside have none.
    pub fn decimal_at(&self, row: usize) -> Option<i64> {
        Some(self.values[row]).filter(|value| *value > ODD_NUMBER)
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Option<Exact> {
        match self.values[row] {
            NO_NUMBER => None,
            ODD_NUMBER => self.odd.get(&(row as u32)).map(Exact::from_number),
            value => Some(Exact::scaled(value, self.places)),
        }
    }
}

impl Word {
    pub fn val(&self) -> Val<'_> {
        match self {
            Self::Text(text) => Val::Text(text),
            Self::Set(members) => Val::Set(members),
        }
    }
}

impl Words {
    pub fn new(values: Vec<Word>, at: Vec<u32>) -> Self {
        let index = HashMap::new();
        Self { values, at, index }
    }

    fn put(&mut self, row: usize, word: Word) {
        self.at[row] = self.position(word);
    }

    /// The position of a word, counted from 1.
    fn position(&mut self, word: Word) -> u32 {
        if self.index.is_empty() {
            self.index = self.values.iter().cloned().zip(1..).collect();
        }
        let (next, values) = (self.values.len() as u32 + 1, &mut self.values);
        *self.index.entry(word).or_insert_with_key(|word| {
            values.push(word.clone());
            next
        })
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Option<&Word> {
        self.values.get((self.at[row] as usize).checked_sub(1)?)
    }
}

/// Days since 1970.
pub(crate) fn day_number(day: NaiveDate) -> i32 {
    day.to_epoch_days()
}

/// The day of a number, when there is one.
pub(crate) fn day(number: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(number)
}

impl Raw {
    /// A column for values like this one, with so many unknown rows.
    pub fn like(value: &Value, rows: usize) -> Self {
        let mut raw = match value {
            Value::Bool(_) => Self::Flags(Vec::new()),
            Value::Number(_) => Self::Numbers(Numbers::default()),
            Value::Date(_) => Self::Days(Vec::new()),
            Value::Text(_) | Value::Set(_) => Self::Words(Words::default()),
        };
        raw.extend(rows);
        raw
    }

    /// Unknown rows up to so many.
    pub fn extend(&mut self, rows: usize) {
        match self {
            Self::Flags(list) => list.resize(rows, 0),
            Self::Numbers(numbers) => numbers.values.resize(rows, NO_NUMBER),
            Self::Days(list) => list.resize(rows, NO_DAY),
            Self::Words(words) => words.at.resize(rows, 0),
        }
    }

    /// Forgets a row's value.
    pub fn clear(&mut self, row: usize) {
        match self {
            Self::Flags(list) => list[row] = 0,
            Self::Numbers(numbers) => {
                numbers.values[row] = NO_NUMBER;
                numbers.odd.remove(&(row as u32));
            }
            Self::Days(list) => list[row] = NO_DAY,
            Self::Words(words) => words.at[row] = 0,
        }
    }

    /// Enters a row's value; `false` when it is of another kind than the column's.
    pub fn put(&mut self, row: usize, value: &Value) -> bool {
        match (self, value) {
            (Self::Flags(list), Value::Bool(value)) => list[row] = 1 + u8::from(*value),
            (Self::Numbers(numbers), Value::Number(number)) => numbers.put(row, number),
            (Self::Days(list), Value::Date(day)) => list[row] = day_number(*day),
            (Self::Words(words), Value::Text(text)) => words.put(row, Word::Text(text.clone())),
            (Self::Words(words), Value::Set(set)) => words.put(row, Word::Set(set.clone())),
            _ => return false,
        }
        true
    }

    /// The value of a row; `None` is unknown.
    pub fn get(&self, row: usize) -> Option<Val<'_>> {
        match self {
            Self::Flags(list) => list[row].checked_sub(1).map(|flag| Val::Bool(flag == 1)),
            Self::Numbers(numbers) => numbers.get(row).map(Val::Number),
            Self::Days(list) => match list[row] {
                NO_DAY => None,
                number => day(number).map(Val::Date),
            },
            Self::Words(words) => words.get(row).map(Word::val),
        }
    }

    /// The rows of another column in a given order.
    pub fn gathered(&self, rows: impl ExactSizeIterator<Item = usize> + Clone) -> Self {
        match self {
            Self::Flags(list) => Self::Flags(rows.map(|row| list[row]).collect()),
            Self::Days(list) => Self::Days(rows.map(|row| list[row]).collect()),
            Self::Numbers(numbers) => {
                let values = rows.clone().map(|row| numbers.values[row]).collect();
                let odd = match numbers.odd.is_empty() {
                    true => BTreeMap::new(),
                    false => (0..)
                        .zip(rows)
                        .filter_map(|(to, row)| Some((to, numbers.odd.get(&(row as u32))?.clone())))
                        .collect(),
                };
                Self::Numbers(Numbers {
                    places: numbers.places,
                    values,
                    odd,
                })
            }
            Self::Words(words) => {
                let mut gathered = Words::default();
                let mut known = vec![0_u32; words.values.len() + 1];
                gathered.at = rows
                    .map(|row| {
                        let from = words.at[row] as usize;
                        if from != 0 && known[from] == 0 {
                            gathered.values.push(words.values[from - 1].clone());
                            known[from] = gathered.values.len() as u32;
                        }
                        known[from]
                    })
                    .collect();
                Self::Words(gathered)
            }
        }
    }

    /// Adds the rows of another column; `false` when it is of another kind.
    pub fn append(&mut self, other: &Self, rows: usize) -> bool {
        match (&mut *self, other) {
            (Self::Flags(list), Self::Flags(more)) => list.extend(more),
            (Self::Days(list), Self::Days(more)) => list.extend(more),
            _ => {
                let start = self.rows();
                self.extend(start + rows);
                for row in 0..rows {
                    let Some(value) = other.value(row) else {
                        continue;
                    };
                    if !self.put(start + row, &value) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// The value of a row, owned.
    pub fn value(&self, row: usize) -> Option<Value> {
        Some(match self.get(row)? {
            Val::Bool(value) => Value::Bool(value),
            Val::Number(number) => Value::Number(number.to_number()),
            Val::Text(text) => Value::Text(text.to_owned()),
            Val::Date(date) => Value::Date(date),
            Val::Set(members) => Value::Set(members.clone()),
        })
    }

    /// Is every row unknown?
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Flags(list) => list.iter().all(|flag| *flag == 0),
            Self::Numbers(numbers) => numbers.values.iter().all(|value| *value == NO_NUMBER),
            Self::Days(list) => list.iter().all(|day| *day == NO_DAY),
            Self::Words(words) => words.values.is_empty(),
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Flags(list) => list.len(),
            Self::Numbers(numbers) => numbers.values.len(),
            Self::Days(list) => list.len(),
            Self::Words(words) => words.at.len(),
        }
    }

    pub fn bytes(&self) -> usize {
        match self {
            Self::Flags(list) => list.len(),
            Self::Numbers(numbers) => numbers.values.len() * 8,
            Self::Days(list) => list.len() * 4,
            Self::Words(words) => words.at.len() * 4 + words.values.len() * 120,
        }
    }
}
