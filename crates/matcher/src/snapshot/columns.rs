//! Arrow's columns as ours.

use std::{cell::Cell, ops::Range};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Int32Array, PrimitiveArray, cast::AsArray,
    types,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer};
use zhida_rules::{FactKey, Kind, Value};

use super::{
    exact,
    layout::{NARROW, WIDE},
};
use crate::raw::{self, NO_DAY, NO_NUMBER, Numbers, Raw, Word, Words};

/// A row group's column.
enum Form<'a> {
    Flags(&'a BooleanArray),
    Days(&'a PrimitiveArray<types::Date32Type>),
    Decimals(&'a PrimitiveArray<types::Decimal64Type>, u8),
    Long(&'a Decimal128Array, u8),
    Words(Texts<'a>),
    Exact(Exact<'a>),
}

/// Bytes that a row group's exact texts may have when each row's is counted: each row is compared
/// with those before it. Numbers of the longest form in each row have fewer.
const EXACT_BYTES: usize = 16 << 20;

/// Exact values of a row group, each once.
struct Exact<'a> {
    keys: &'a Int32Array,
    /// `None` where a text is no value: the reader makes one up for rows that have none.
    values: Vec<Option<Value>>,
}

/// Words of a row group, each once.
struct Texts<'a> {
    keys: &'a Int32Array,
    /// `None` where a text is no word: the reader makes one up for rows of which none is known.
    words: Vec<Option<Word>>,
    /// What stands for each in the chunk at hand; 0 when it has not occurred.
    known: Vec<u32>,
}

/// Cuts a row group's column into those of chunks. Whatever gives `None` is not as it was written.
pub(super) struct Decoder<'a> {
    form: Form<'a>,
}

impl<'a> Decoder<'a> {
    pub fn new(kind: Kind, exact: bool, array: &'a ArrayRef) -> Option<Self> {
        let form = match kind {
            _ if exact => Form::Exact(Exact::new(kind, array)?),
            Kind::Bool => Form::Flags(array.as_boolean_opt()?),
            Kind::Date => Form::Days(array.as_primitive_opt()?),
            Kind::Number => match array.as_primitive_opt::<types::Decimal64Type>() {
                Some(decimals) => Form::Decimals(decimals, decimals.scale().try_into().ok()?),
                None => {
                    let long = array.as_primitive_opt::<types::Decimal128Type>()?;
                    Form::Long(long, long.scale().try_into().ok()?)
                }
            },
            Kind::Text | Kind::Choice | Kind::Set | Kind::Division | Kind::Industry => {
                Form::Words(Texts::new(kind, array)?)
            }
        };
        Some(Self { form })
    }

    /// The values of some rows; without any, the column is left out.
    pub fn raw(&mut self, rows: Range<usize>) -> Option<Option<Raw>> {
        Some(match &mut self.form {
            Form::Flags(array) => flags(&array.slice(rows.start, rows.len())),
            Form::Days(array) => {
                let (low, high) = (chrono::NaiveDate::MIN, chrono::NaiveDate::MAX);
                let days = raw::day_number(low)..=raw::day_number(high);
                scalars(array, rows, NO_DAY, |day| days.contains(&day))?.map(Raw::Days)
            }
            Form::Decimals(array, places) => {
                let bound = 10_u64.pow(NARROW.into());
                let values = scalars(array, rows, NO_NUMBER, |v| v.unsigned_abs() < bound)?;
                values.map(|values| {
                    Raw::Numbers(Numbers {
                        places: *places,
                        values,
                        ..Numbers::default()
                    })
                })
            }
            Form::Long(array, places) => long(&array.slice(rows.start, rows.len()), *places)?,
            Form::Words(texts) => texts.raw(rows)?,
            Form::Exact(_) => return None,
        })
    }

    /// Enters the values that the plain column cannot tell exactly.
    pub fn complete(
        &self,
        rows: Range<usize>,
        key: FactKey,
        columns: &mut Vec<(FactKey, Raw)>,
    ) -> Option<()> {
        let Form::Exact(Exact { keys, values }) = &self.form else {
            return None;
        };
        for (row, at) in rows
            .clone()
            .enumerate()
            .filter(|(_, at)| keys.is_valid(*at))
        {
            let value = values.get(keys.value(at).as_usize())?.as_ref()?;
            if columns.last().is_none_or(|(last, _)| *last != key) {
                columns.push((key, Raw::like(value, rows.len())));
            }
            let (_, raw) = columns.last_mut()?;
            raw.put(row, value).then_some(())?;
        }
        Some(())
    }
}

fn flags(array: &BooleanArray) -> Option<Raw> {
    if array.null_count() == array.len() {
        return None;
    }
    let mut flags = vec![1; array.len()];
    if let Some(nulls) = array.nulls() {
        spread(nulls.inner(), &mut flags, |flag, known| *flag &= known);
    }
    // What is unknown stays so.
    spread(array.values(), &mut flags, |flag, yes| *flag += *flag & yes);
    Some(Raw::Flags(flags))
}

/// Does something to each item with its bit, 64 at a time.
fn spread<T>(bits: &BooleanBuffer, items: &mut [T], each: impl Fn(&mut T, u8)) {
    let (words, last) = (bits.bit_chunks(), bits.bit_chunks().remainder_bits());
    for (items, word) in items.chunks_mut(64).zip(words.iter().chain([last])) {
        for (at, item) in items.iter_mut().enumerate() {
            each(item, (word >> at & 1) as u8);
        }
    }
}

/// Values of some rows, each of which must be fine.
fn scalars<T: types::ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    rows: Range<usize>,
    unknown: T::Native,
    fine: impl Fn(T::Native) -> bool,
) -> Option<Option<Vec<T::Native>>>
where
    T::Native: ArrowNativeType,
{
    let array = array.slice(rows.start, rows.len());
    if array.null_count() == array.len() {
        return Some(None);
    }
    let mut values = array.values().to_vec();
    // Those of unknown rows are zero, or whatever was read there.
    let all_fine = match array.nulls() {
        None => values.iter().fold(true, |all, value| all & fine(*value)),
        Some(nulls) => {
            let all = Cell::new(true);
            spread(nulls.inner(), &mut values, |value, known| {
                let known = known == 1;
                all.set(all.get() & (!known | fine(*value)));
                *value = if known { *value } else { unknown };
            });
            all.get()
        }
    };
    all_fine.then_some(Some(values))
}

/// Numbers with many digits, of which some may have no short form in one machine word.
fn long(array: &Decimal128Array, places: u8) -> Option<Option<Raw>> {
    let mut raw: Option<Raw> = None;
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        let value = array.value(row);
        if value.unsigned_abs() >= 10_u128.pow(WIDE.into()) {
            return None;
        }
        let text = format!("{value}/{}", 10_u64.pow(places.into()));
        let value = exact::value(Kind::Number, &text)?;
        let raw = raw.get_or_insert_with(|| Raw::like(&value, array.len()));
        raw.put(row, &value).then_some(())?;
    }
    Some(raw)
}

impl<'a> Exact<'a> {
    fn new(kind: Kind, array: &'a ArrayRef) -> Option<Self> {
        let dictionary = array.as_dictionary_opt::<types::Int32Type>()?;
        let texts = dictionary.values().as_string_opt::<i32>()?;
        let keys = dictionary.keys();
        let lengths: Vec<usize> = texts.iter().map(|t| t.map_or(0, str::len)).collect();
        let used = keys.iter().flatten().map(|key| lengths.get(key.as_usize()));
        (used.sum::<Option<usize>>()? <= EXACT_BYTES).then_some(())?;
        let values = texts.iter().map(|text| exact::value(kind, text?)).collect();
        Some(Self { keys, values })
    }
}

impl<'a> Texts<'a> {
    fn new(kind: Kind, array: &'a ArrayRef) -> Option<Self> {
        let dictionary = array.as_dictionary_opt::<types::Int32Type>()?;
        let texts = dictionary.values().as_string_opt::<i32>()?;
        let words = texts.iter().map(|text| exact::word(kind, text?)).collect();
        Some(Self {
            keys: dictionary.keys(),
            known: vec![0; texts.len()],
            words,
        })
    }

    fn raw(&mut self, rows: Range<usize>) -> Option<Option<Raw>> {
        let keys = &self.keys.values()[rows.clone()];
        let nulls = self
            .keys
            .nulls()
            .map(|nulls| nulls.slice(rows.start, rows.len()));
        let (mut used, mut at): (Vec<usize>, _) = (Vec::new(), vec![0_u32; keys.len()]);
        for (row, at) in at.iter_mut().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            let key = keys[row].as_usize();
            let known = self.known.get_mut(key)?;
            if *known == 0 {
                used.push(key);
                *known = used.len() as u32;
            }
            *at = *known;
        }
        if used.is_empty() {
            return Some(None);
        }
        used.iter().for_each(|key| self.known[*key] = 0);
        let values = used.iter().map(|key| self.words[*key].clone());
        let values: Option<Vec<Word>> = values.collect();
        Some(Some(Raw::Words(Words::new(values?, at))))
    }
}
