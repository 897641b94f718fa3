//! 行政区划: provinces, prefectures, counties and townships of today, and the codes of 2002–2013.
//!
//! Today's list is that of the National Bureau of Statistics as of 2023-06-30; it holds some
//! development zones as counties (codes xx71–xx79). 台湾省 and the two 特别行政区 are provinces
//! without lower levels (GB/T 2260).
//!
//! The list has grouping entries (市辖区 110100, 县 500200, 省直辖县级行政区划 429000): they are
//! kept in the hierarchy, since statistical files name them, and are left out of full names.
//!
//! Divisions are compared by hierarchy, never by string prefix: 3301 is the prefecture 330100, and
//! 33010 is no code at all.

mod code;
mod resolve;
mod table;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

pub use code::{DivisionCode, DivisionCodeError};
pub use resolve::{find, find_by_name, find_township};

/// The level of a division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 省级: 省, 自治区, 直辖市, 特别行政区.
    Province,
    /// 地级: 市, 地区, 自治州, 盟.
    City,
    /// 县级: 县, 市辖区, 县级市, 旗.
    County,
    /// 乡级: 街道, 镇, 乡.
    Township,
}

impl Level {
    /// The level in Chinese.
    pub fn name(self) -> &'static str {
        match self {
            Self::Province => "省级",
            Self::City => "地级",
            Self::County => "县级",
            Self::Township => "乡级",
        }
    }
}

/// A division of today's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Division {
    /// The code.
    pub code: DivisionCode,
    /// The name as published, with its suffix.
    pub name: &'static str,
    /// The level.
    pub level: Level,
    /// The code one level up; `None` for a province.
    pub parent: Option<DivisionCode>,
}

impl Division {
    /// Whether this is an entry that only groups counties (市辖区, 县, 省直辖县级行政区划): a shelf
    /// of the list, not a place.
    pub fn is_grouping(&self) -> bool {
        self.level == Level::City && is_grouping_name(self.name)
    }

    /// Names from the province down, grouping entries and the repetition of 东莞市 left out.
    pub fn full_name(&self) -> String {
        full_name_of(self.code, self.name)
    }
}

/// A pair of code and name from the lists of 2002–2013.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HistoricalDivision {
    /// The code.
    pub code: DivisionCode,
    /// The name it had.
    pub name: &'static str,
    /// Year of the first list of the source that has the pair.
    pub first_year: u16,
    /// Year of the last list of the source that has the pair. The source repeats only what
    /// changed after 2005, so this is not the year of abolition.
    pub last_year: u16,
}

/// A code found in today's list or, failing that, in those of 2002–2013.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownDivision {
    /// The code exists today.
    Current(&'static Division),
    /// The code was abolished; the latest name it had.
    Historical(&'static HistoricalDivision),
}

impl KnownDivision {
    /// The code.
    pub fn code(&self) -> DivisionCode {
        match self {
            Self::Current(division) => division.code,
            Self::Historical(division) => division.code,
        }
    }

    /// The name without those above it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Current(division) => division.name,
            Self::Historical(division) => division.name,
        }
    }

    /// Names from the province down.
    pub fn full_name(&self) -> String {
        full_name_of(self.code(), self.name())
    }

    /// Whether the code is no longer in use.
    pub fn is_historical(&self) -> bool {
        matches!(self, Self::Historical(_))
    }
}

/// The division of a code of 2, 4, 6, 9 or 12 digits in today's list.
pub fn lookup(code: &str) -> Option<&'static Division> {
    get(DivisionCode::parse(code).ok()?)
}

/// The division of a code in today's list.
pub fn get(code: DivisionCode) -> Option<&'static Division> {
    let list: &'static [Division] = match code.level() {
        Level::Township => &table::TOWNSHIPS,
        _ => &table::UPPER,
    };
    list.binary_search_by(|division| division.code.cmp(&code))
        .ok()
        .map(|index| &list[index])
}

/// The latest name of a code in the lists of 2002–2013, whether or not it exists today.
pub fn lookup_historical(code: &str) -> Option<&'static HistoricalDivision> {
    historical_names(code).last()
}

/// All names of a code in the lists of 2002–2013, oldest first.
pub fn historical_names(code: &str) -> &'static [HistoricalDivision] {
    let Ok(code) = DivisionCode::parse(code) else {
        return &[];
    };
    let list: &'static [HistoricalDivision] = &table::HISTORICAL;
    let start = list.partition_point(|division| division.code.cmp(&code) == Ordering::Less);
    let end = list.partition_point(|division| division.code.cmp(&code) != Ordering::Greater);
    &list[start..end]
}

/// The division of a code in today's list or in those of 2002–2013.
pub fn resolve(code: &str) -> Option<KnownDivision> {
    lookup(code)
        .map(KnownDivision::Current)
        .or_else(|| lookup_historical(code).map(KnownDivision::Historical))
}

/// The division one level up; for a county of Beijing this is the grouping entry 110100.
pub fn parent(code: &str) -> Option<&'static Division> {
    get(DivisionCode::parse(code).ok()?.parent()?)
}

/// The divisions above a code, nearest first, the province last. Works for abolished codes too, as
/// far as the divisions above exist today.
pub fn ancestors(code: &str) -> impl Iterator<Item = &'static Division> {
    let first = DivisionCode::parse(code)
        .ok()
        .and_then(|code| code.parent());
    std::iter::successors(first, DivisionCode::parent).filter_map(get)
}

/// The divisions one level down, in the order of their codes; none for an unknown code.
pub fn children(code: &str) -> impl Iterator<Item = &'static Division> {
    let code = DivisionCode::parse(code).ok();
    let below = |list: fn() -> &'static [Division], wanted: bool| {
        let slice = code
            .filter(|_| wanted)
            .map_or(&[][..], |code| table::within(list(), code));
        slice.iter().filter(move |division| division.parent == code)
    };
    let upper = code.is_some_and(|code| code.level() < Level::County);
    let towns = code.is_some_and(|code| matches!(code.level(), Level::City | Level::County));
    below(|| &table::UPPER, upper).chain(below(|| &table::TOWNSHIPS, towns))
}

/// All provinces, in the order of their codes.
pub fn provinces() -> impl Iterator<Item = &'static Division> {
    table::UPPER
        .iter()
        .filter(|division| division.level == Level::Province)
}

/// All provinces, prefectures and counties, in the order of their codes.
pub fn all_upper() -> &'static [Division] {
    &table::UPPER
}

/// All townships, in the order of their codes.
pub fn all_townships() -> &'static [Division] {
    &table::TOWNSHIPS
}

/// Whether `code` is `ancestor` or lies in it, by hierarchy. False when either is no division
/// code. Abolished and unlisted codes are placed by their structure (GB/T 2260: digits 1–2 name
/// the province, 3–4 the prefecture).
pub fn is_within(code: &str, ancestor: &str) -> bool {
    match (DivisionCode::parse(code), DivisionCode::parse(ancestor)) {
        (Ok(code), Ok(ancestor)) => code.is_within(ancestor),
        _ => false,
    }
}

/// Names from the province down (浙江省杭州市钱塘区), grouping entries left out.
pub fn full_name(code: &str) -> Option<String> {
    resolve(code).map(|division| division.full_name())
}

fn full_name_of(code: DivisionCode, name: &str) -> String {
    let mut names = [""; 4];
    let above = std::iter::successors(code.parent(), DivisionCode::parent).filter_map(get);
    for (slot, division) in names[1..]
        .iter_mut()
        .zip(above.filter(|d| !d.is_grouping()))
    {
        *slot = division.name;
    }
    // 市辖区 itself, asked for by its code, keeps its name.
    names[0] = name;
    names.into_iter().rev().collect()
}

fn is_grouping_name(name: &str) -> bool {
    matches!(
        name,
        "市辖区" | "县" | "省直辖县级行政区划" | "自治区直辖县级行政区划"
    )
}

#[cfg(test)]
mod tests;
