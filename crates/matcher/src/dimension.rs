//! Dimensions: what is known of an enterprise, cut into few numbered classes.
//!
//! A dimension is one node (an attribute of a year, a ratio, a condition without a simpler form)
//! seen through a scale. Its values fall into classes that no condition of any rule tells apart,
//! so binning loses nothing: code 0 is unknown, the others are numbered in order.
//!
//! ```text
//! 上年.营业收入   >= 500万, < 2000万, <= 2000万, = 1亿
//!
//!          500万          2000万                    1亿
//!   ─────────┼──────────────┼─┼──────────────────────┼─┼─────────
//! code  1    │      2       │3│           4          │5│    6       0 = unknown
//! ```
//!
//! Codes of a hierarchy are numbered in its order, so that “lies within” is a range too. A value
//! around a named code (杭州市, when a rule names 钱塘区) is too coarse to tell, so each code around
//! named ones has a number of its own, after all others, for which the condition is unknown.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use zhida_rules::Hierarchy;
use zhida_standards::{division::DivisionCode, industry};

use crate::{eval::Val, exact::Exact, node::NodeId};

/// Classes that one dimension may have; further conditions get a further dimension.
pub(crate) const CLASSES_MAX: usize = 60_000;

/// A point on an ordered scale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Point {
    Number(Exact),
    Date(NaiveDate),
}

/// A border between two classes: just below the point, or (`true`) just above it.
pub(crate) type Border = (Point, bool);

/// Where a dimension's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// A node's value.
    Node(NodeId),
    /// The interpreter's verdict on an item that has no column form.
    Verdict(u32),
    /// The interpreter's distance for such an item.
    Distance(u32),
}

/// The kind of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ScaleKind {
    /// 1 no, 2 yes.
    Flag,
    /// Classes between borders on an ordered scale of numbers or days.
    Ordered,
    /// 1 any other text, then the texts that rules name.
    Text,
    /// 1 within none, then the codes that rules name, in the order of the hierarchy.
    Code(Hierarchy),
    /// 1 nothing is missing, 2 one condition is, 3 more are.
    Distance,
}

/// The classes that a condition accepts, in terms of values.
#[derive(Debug, Clone)]
pub(crate) enum Accepted {
    /// Any known value; unknown is refused.
    Known,
    /// A flag that is set.
    Yes,
    /// Each from one border (or the start) to another (or the end).
    Intervals(Vec<(Option<Border>, Option<Border>)>),
    /// One of the texts, or none of them.
    Texts(BTreeSet<String>, bool),
    /// Within one of the codes.
    Within(BTreeSet<String>),
    /// At most this distance.
    Distance(u16),
}

/// A dimension while conditions are still being collected.
#[derive(Debug)]
pub(crate) struct Draft {
    pub source: Source,
    pub kind: ScaleKind,
    borders: BTreeSet<Border>,
    texts: BTreeSet<String>,
}

impl Draft {
    pub fn new(source: Source, kind: ScaleKind) -> Self {
        Self {
            source,
            kind,
            borders: BTreeSet::new(),
            texts: BTreeSet::new(),
        }
    }

    /// Notes what a condition tells apart; `false` when there are too many classes for it.
    pub fn collect(&mut self, accepted: &Accepted) -> bool {
        match accepted {
            Accepted::Known | Accepted::Yes | Accepted::Distance(_) => true,
            Accepted::Intervals(intervals) => {
                if self.borders.len() + 2 * intervals.len() > CLASSES_MAX {
                    return false;
                }
                let borders = intervals.iter().flat_map(|(from, to)| [from, to]).flatten();
                self.borders.extend(borders.cloned());
                true
            }
            Accepted::Texts(texts, _) | Accepted::Within(texts) => {
                if self.texts.len() + texts.len() > CLASSES_MAX {
                    return false;
                }
                self.texts.extend(texts.iter().cloned());
                true
            }
        }
    }

    pub fn finish(self) -> Dimension {
        let scale = match self.kind {
            ScaleKind::Flag => Scale::Flag,
            ScaleKind::Distance => Scale::Distance,
            ScaleKind::Ordered => Scale::Ordered(self.borders.into_iter().collect()),
            ScaleKind::Text => Scale::Text(numbered(self.texts.into_iter())),
            ScaleKind::Code(hierarchy) => {
                let named = self.texts.iter().filter_map(|text| normal(hierarchy, text));
                Scale::Code(Places::new(hierarchy, named.collect()))
            }
        };
        Dimension {
            source: self.source,
            scale,
        }
    }
}

/// Codes 2, 3, … in the given order.
fn numbered(texts: impl Iterator<Item = String>) -> HashMap<String, u16> {
    texts
        .enumerate()
        .map(|(position, text)| (text, position as u16 + 2))
        .collect()
}

/// The numbers of a hierarchy's codes.
#[derive(Debug)]
pub(crate) struct Places {
    hierarchy: Hierarchy,
    /// 2, 3, … in the hierarchy's order, with the last number within each.
    named: HashMap<String, (u16, u16)>,
    /// The codes around named ones, in the hierarchy's order; their numbers follow.
    around: Vec<String>,
    numbers_around: HashMap<String, u16>,
}

impl Places {
    fn new(hierarchy: Hierarchy, mut codes: Vec<String>) -> Self {
        codes.sort_by_cached_key(|code| sort_key(code));
        codes.dedup();
        let ancestors = codes.iter().flat_map(|code| ancestors(hierarchy, code));
        let mut around: Vec<String> = ancestors.collect();
        around.sort_by_cached_key(|code| sort_key(code));
        around.dedup();
        let mut ends: Vec<u16> = Vec::with_capacity(codes.len());
        let mut open: Vec<usize> = Vec::new();
        for (position, code) in codes.iter().enumerate() {
            while let Some(top) = open.last()
                && !hierarchy.within(code, &codes[*top])
            {
                open.pop();
            }
            open.push(position);
            ends.push(0);
            for outer in &open {
                ends[*outer] = position as u16 + 2;
            }
        }
        let numbers = (2..).zip(ends);
        let first_around = codes.len() as u16 + 2;
        Self {
            hierarchy,
            numbers_around: around.iter().cloned().zip(first_around..).collect(),
            named: codes.into_iter().zip(numbers).collect(),
            around,
        }
    }

    /// Which hierarchy's codes they are.
    pub fn hierarchy(&self) -> Hierarchy {
        self.hierarchy
    }

    /// How many codes have a number of their own.
    fn len(&self) -> usize {
        self.named.len() + self.around.len()
    }

    /// The first number of codes that may be too coarse.
    pub fn first_around(&self) -> u16 {
        self.named.len() as u16 + 2
    }

    fn number_around(&self, code: &str) -> Option<u16> {
        self.numbers_around.get(code).copied()
    }

    /// The number of a value: its own when it is around named codes, else that of the smallest
    /// named code around it.
    fn number(&self, text: &str) -> u16 {
        let Some(code) = normal(self.hierarchy, text) else {
            return 1;
        };
        if let Some(number) = self.number_around(&code) {
            return number;
        }
        let itself = std::iter::once(code.clone());
        let mut outwards = itself.chain(ancestors(self.hierarchy, &code));
        let found = outwards.find_map(|code| self.named.get(&code).copied());
        found.map_or(1, |(number, _)| number)
    }

    /// These numbers by the numbers of others that name all these codes; `None` when they do not.
    pub fn through(&self, others: &Self) -> Option<Vec<u16>> {
        let mut list = vec![1; others.len() + 2];
        list[0] = 0;
        let mut named: Vec<(&String, u16)> = Vec::with_capacity(self.named.len());
        named.extend(self.named.iter().map(|(code, (number, _))| (code, *number)));
        // what lies in others comes after them, and counts
        named.sort_unstable_by_key(|(_, number)| *number);
        for (code, number) in named {
            others.named.get(code)?;
            for (from, to) in others.within(code).0 {
                list[usize::from(from)..=usize::from(to)].fill(number);
            }
        }
        for (code, number) in &self.numbers_around {
            list[usize::from(others.number_around(code)?)] = *number;
        }
        Some(list)
    }

    /// Numbers within a named code, and numbers for which that cannot be told.
    fn within(&self, ancestor: &str) -> (Ranges, Ranges) {
        let Some(ancestor) = normal(self.hierarchy, ancestor) else {
            return Default::default();
        };
        let key = sort_key(&ancestor);
        let from = self.around.partition_point(|code| sort_key(code) < key);
        let inside = self.around[from..]
            .iter()
            .take_while(|code| self.hierarchy.within(code, &ancestor));
        let count = inside.count() as u16;
        let from = self.first_around() + from as u16;
        let mut met: Ranges = self.named.get(&ancestor).copied().into_iter().collect();
        if count > 0 {
            met.push((from, from + count - 1));
        }
        let unsure = ancestors(self.hierarchy, &ancestor)
            .filter_map(|code| self.number_around(&code))
            .map(|number| (number, number));
        (met, unsure.collect())
    }
}

/// Ranges of codes with both ends.
type Ranges = Vec<(u16, u16)>;

/// The codes around a code, from the inside out.
fn ancestors(hierarchy: Hierarchy, code: &str) -> impl Iterator<Item = String> {
    let parent = move |code: &String| match hierarchy {
        Hierarchy::Division => {
            let parent = DivisionCode::parse(code).ok()?.parent()?;
            Some(parent.as_str().to_owned())
        }
        Hierarchy::Industry => Some(industry::lookup(code)?.parent()?.code.to_owned()),
    };
    std::iter::successors(parent(&code.to_owned()), parent)
}

/// Ancestors sort directly before what lies in them.
fn sort_key(code: &str) -> String {
    match code.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("{code:0<9}"),
        false => code.to_owned(),
    }
}

/// A code in its one form.
pub(crate) fn normal(hierarchy: Hierarchy, text: &str) -> Option<String> {
    match hierarchy {
        Hierarchy::Division => DivisionCode::parse(text)
            .ok()
            .map(|code| code.as_str().to_owned()),
        Hierarchy::Industry => industry::lookup(text).map(|found| found.code.to_owned()),
    }
}

/// A dimension with its classes.
#[derive(Debug)]
pub(crate) struct Dimension {
    pub source: Source,
    pub scale: Scale,
}

/// How values become codes.
#[derive(Debug)]
pub(crate) enum Scale {
    Flag,
    Ordered(Vec<Border>),
    Text(HashMap<String, u16>),
    Code(Places),
    Distance,
}

impl Dimension {
    /// The number of codes, 0 for unknown among them.
    pub fn codes(&self) -> usize {
        match &self.scale {
            Scale::Flag => 3,
            Scale::Distance => 4,
            Scale::Ordered(borders) => borders.len() + 2,
            Scale::Text(texts) => texts.len() + 2,
            Scale::Code(places) => places.len() + 2,
        }
    }

    /// The code of a known value, which is of the scale's kind: conditions are typed.
    pub fn code(&self, value: &Val<'_>) -> u16 {
        match (&self.scale, value) {
            (Scale::Flag, Val::Bool(value)) => 1 + u16::from(*value),
            (Scale::Flag, _) => 0,
            (Scale::Ordered(borders), value) => {
                let passed = borders.partition_point(|border| has_passed(value, border));
                passed as u16 + 1
            }
            (Scale::Text(texts), Val::Text(text)) => texts.get(*text).copied().unwrap_or(1),
            (Scale::Code(places), Val::Text(text)) => places.number(text),
            _ => 1,
        }
    }

    /// Codes that a condition accepts, and codes other than 0 for which it is unknown; ascending
    /// and apart from each other.
    pub fn ranges(&self, accepted: &Accepted) -> (Ranges, Ranges) {
        let (Accepted::Within(wanted), Scale::Code(places)) = (accepted, &self.scale) else {
            return (self.plain_ranges(accepted), Vec::new());
        };
        let (mut met, mut unsure) = (Vec::new(), Vec::new());
        for ancestor in wanted {
            let (more_met, more_unsure) = places.within(ancestor);
            met.extend(more_met);
            unsure.extend(more_unsure);
        }
        let met = merged(met);
        unsure.retain(|(code, _)| !met.iter().any(|(from, to)| (from..=to).contains(&code)));
        (met, merged(unsure))
    }

    fn plain_ranges(&self, accepted: &Accepted) -> Ranges {
        let last = (self.codes() - 1) as u16;
        let ranges = match (accepted, &self.scale) {
            (Accepted::Known, _) => vec![(1, last)],
            (Accepted::Yes, _) => vec![(2, 2)],
            (Accepted::Distance(distance), _) => vec![(1, distance + 1)],
            (Accepted::Intervals(intervals), Scale::Ordered(borders)) => {
                let position = |border: &Border| {
                    let found = borders.binary_search(border);
                    found.expect("the draft collected every border") as u16
                };
                intervals
                    .iter()
                    .map(|(from, to)| {
                        let from = from.as_ref().map_or(1, |border| position(border) + 2);
                        let to = to.as_ref().map_or(last, |border| position(border) + 1);
                        (from, to)
                    })
                    .collect()
            }
            (Accepted::Texts(wanted, negated), Scale::Text(texts)) => {
                let named = wanted.iter().filter_map(|text| texts.get(text));
                let named = merged(named.map(|code| (*code, *code)).collect());
                if *negated {
                    return complement(&named, last);
                }
                named
            }
            _ => Vec::new(),
        };
        merged(ranges)
    }
}

/// Does a value lie behind a border of its kind?
fn has_passed(value: &Val<'_>, (point, above): &Border) -> bool {
    let order = match (value, point) {
        (Val::Number(number), Point::Number(at)) => number.cmp(at),
        (Val::Date(date), Point::Date(at)) => date.cmp(at),
        _ => return false,
    };
    match above {
        true => order.is_gt(),
        false => order.is_ge(),
    }
}

/// Sorted, empty ranges dropped, touching ones joined.
fn merged(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.retain(|(from, to)| from <= to);
    ranges.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match joined.last_mut() {
            Some((_, end)) if from <= end.saturating_add(1) => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// All codes from 1 to `last` that are in none of the ranges.
fn complement(ranges: &[(u16, u16)], last: u16) -> Vec<(u16, u16)> {
    let mut rest = Vec::with_capacity(ranges.len() + 1);
    let mut next = 1;
    for (from, to) in ranges {
        if next < *from {
            rest.push((next, from - 1));
        }
        next = to + 1;
    }
    if next <= last {
        rest.push((next, last));
    }
    rest
}
