//! Which column of the file holds what.
//!
//! The list lies in the Parquet file itself, because a name alone does not tell `revenue_2025` of
//! the annual `revenue` from an attribute of that id.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use zhida_rules::{Dictionary, FactKey, Kind};

use super::SnapshotError;
use crate::{
    raw::{Numbers, Raw, Word},
    table::Table,
};

/// Where the Parquet file keeps the list.
pub(super) const KEY: &str = "zhida.columns";
/// The columns that are no attributes: the enterprise, its county, and its chunk, counted from 0.
pub(super) const ID: &str = "id";
pub(super) const COUNTY: &str = "county";
pub(super) const CHUNK: &str = "chunk";

/// Digits of a column of numbers as most are, which other engines keep in 64 bits.
pub(super) const NARROW: u8 = 18;
/// Digits of a column that holds longer ones.
pub(super) const WIDE: u8 = 38;

/// A column of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    pub name: String,
    /// The attribute's id.
    pub attribute: String,
    pub year: Option<i32>,
    pub kind: Kind,
    /// Was the attribute counted by years?
    pub annual: bool,
    /// Does it hold, as text, those values that the attribute's other column cannot tell exactly?
    pub exact: bool,
}

impl Column {
    /// Whose values they are; `None` when the dictionary has no such attribute any more.
    pub fn key(&self, dictionary: &Dictionary) -> Result<Option<FactKey>, SnapshotError> {
        let found = dictionary.find(&self.attribute);
        let Some(index) = found.filter(|i| dictionary.attribute(*i).id == self.attribute) else {
            return Ok(None);
        };
        let attribute = dictionary.attribute(index);
        if attribute.kind != self.kind || attribute.annual != self.annual {
            let name = attribute.name.clone();
            return Err(SnapshotError::Column { name });
        }
        Ok(Some((index, self.year)))
    }
}

/// What a column must hold over all chunks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    /// Decimal places.
    pub places: u8,
    /// Digits.
    pub precision: u8,
    /// Are there values that the plain column cannot tell exactly?
    pub exact: bool,
}

/// The columns of a table.
pub(super) fn extents(table: &Table) -> BTreeMap<FactKey, Extent> {
    let mut extents: BTreeMap<FactKey, (Extent, [u64; 20])> = BTreeMap::new();
    for (key, raw) in table.chunks.iter().flat_map(|chunk| &chunk.columns) {
        let (extent, largest) = extents.entry(*key).or_default();
        match raw {
            Raw::Numbers(numbers) => {
                extent.places = extent.places.max(numbers.places);
                extent.exact |= !numbers.odd.is_empty();
                let largest = &mut largest[usize::from(numbers.places)];
                *largest = magnitude(numbers).max(*largest);
            }
            Raw::Words(words) => extent.exact |= words.values.iter().any(is_ambiguous),
            _ => {}
        }
    }
    let extents = extents.into_iter().map(|(key, (mut extent, largest))| {
        let places = (0..=extent.places).rev();
        let fits = largest.iter().zip(places).all(|(largest, more)| {
            u128::from(*largest) * 10_u128.pow(more.into()) < 10_u128.pow(NARROW.into())
        });
        extent.precision = if fits { NARROW } else { WIDE };
        (key, extent)
    });
    extents.collect()
}

fn magnitude(numbers: &Numbers) -> u64 {
    let values = (0..numbers.values.len()).filter_map(|row| numbers.decimal_at(row));
    values.map(i64::unsigned_abs).max().unwrap_or(0)
}

/// Is it a set whose members the text of a column would not keep apart?
pub(super) fn is_ambiguous(word: &Word) -> bool {
    match word {
        Word::Text(_) => false,
        Word::Set(members) => members.iter().any(|member| member.contains('\n')),
    }
}

/// The list of columns, each with the place that its values come from.
pub(super) fn columns(table: &Table) -> Result<Vec<(Column, FactKey, Extent)>, SnapshotError> {
    let dictionary = &table.dictionary;
    let mut columns = Vec::new();
    for ((index, year), extent) in extents(table) {
        let attribute = dictionary.attribute(index);
        let plain = Column {
            name: match year {
                Some(year) => format!("{}_{year}", attribute.id),
                None => attribute.id.clone(),
            },
            attribute: attribute.id.clone(),
            year,
            kind: attribute.kind,
            annual: attribute.annual,
            exact: false,
        };
        let exact = extent.exact.then(|| Column {
            name: format!("{}__exact", plain.name),
            exact: true,
            ..plain.clone()
        });
        let both = [Some(plain), exact].into_iter().flatten();
        columns.extend(both.map(|column| (column, (index, year), extent)));
    }
    let mut names = HashSet::from([ID, COUNTY, CHUNK]);
    match columns
        .iter()
        .find(|(column, ..)| !names.insert(&column.name))
    {
        Some((twice, ..)) => Err(SnapshotError::Name(twice.name.clone())),
        None => Ok(columns),
    }
}
