//! Columns of facts to columns of codes.
//!
//! Most dimensions are a plain attribute or the ratio of two, and their codes follow from whole
//! columns: thresholds become cuts in the column's own unit, texts are looked up once each. The
//! rest is evaluated row by row, as for a single enterprise.

use std::{collections::HashMap, sync::OnceLock};

use zhida_rules::{Absence, FactKey, Facts, Kind, Number, Operator};

use crate::{
    dimension::{Border, Dimension, Point, Scale, Source},
    eval::{Evaluation, Given, Val},
    exact::Exact,
    link::{Link, links},
    node::{Node, NodeId},
    plan::{Constant, Zone, gate},
    planes::ROWS,
    program::Program,
    raw::{NO_DAY, NO_NUMBER, Numbers, PLACES_MAX, Raw, Word, day_number},
    store::{ColumnMut, Tile},
    table::Chunk,
};

/// Thresholds in units of the last of so many decimal places.
type Cuts = [OnceLock<Vec<i64>>; PLACES_MAX as usize + 1];

/// How a dimension's codes are computed.
enum Way {
    /// From an attribute's column; with the cuts of a column of numbers, by its decimal places.
    Fact(FactKey, Box<Cuts>),
    /// From the columns of a numerator and a denominator.
    Ratio(FactKey, FactKey),
    /// Row by row.
    Rows,
}

/// Computes tiles of codes for one program.
pub(crate) struct Encoder<'p> {
    program: &'p Program,
    ways: Vec<Way>,
    /// The dimension of the place with the condition on it of each rule, when there are few rules and each has one:
    /// of tiles that lie elsewhere nothing else need be known.
    gates: Option<(usize, Vec<u32>)>,
    /// How columns follow from another program's, by dimension.
    links: Vec<Option<Link>>,
}

/// Rules at most, each with its condition on the place: with more hardly any tile lies elsewhere.
const GATES: usize = 16;

/// Codes of words met so far, by dimension; one for each thread. The same places and trades come
/// in chunk after chunk, and finding a place's code takes ten times as long as finding it here.
pub(crate) type Desk<'t> = Vec<HashMap<&'t Word, u16, foldhash::fast::RandomState>>;

impl<'p> Encoder<'p> {
    /// With a base whose tiles are told with the chunks, what it has need not be computed.
    pub fn new(program: &'p Program, base: Option<&Program>) -> Self {
        let ways = program.dimensions.iter().map(|dimension| {
            let Source::Node(node) = dimension.source else {
                return Way::Rows;
            };
            match (program.nodes.get(node), &dimension.scale) {
                (Node::Fact(index, year), _) => Way::Fact((*index, *year), Default::default()),
                (Node::Arithmetic(Operator::Divide, top, bottom), Scale::Ordered(_)) => {
                    match (number(program, *top), number(program, *bottom)) {
                        (Some(top), Some(bottom)) => Way::Ratio(top, bottom),
                        _ => Way::Rows,
                    }
                }
                _ => Way::Rows,
            }
        });
        let gates = program.rules.iter().map(|rule| gate(program, rule));
        let gates: Option<Vec<u32>> = gates.take(GATES + 1).collect();
        let gates = gates.filter(|gates| (1..=GATES).contains(&gates.len()));
        Self {
            ways: ways.collect(),
            gates: program.place.map(|place| place as usize).zip(gates),
            links: match base {
                Some(base) => links(program, base),
                None => program.dimensions.iter().map(|_| None).collect(),
            },
            program,
        }
    }

    pub fn desk<'t>(&self) -> Desk<'t> {
        self.ways.iter().map(|_| HashMap::default()).collect()
    }

    /// The codes of a chunk, of which there may be a tile of the base.
    pub fn tile<'t>(&self, chunk: &'t Chunk, base: Option<&Tile>, desk: &mut Desk<'t>) -> Tile {
        let mut tile = Tile::new(self.program);
        self.fill((chunk, base), desk, &mut tile);
        tile
    }

    /// The same in a tile that may have held the codes of another chunk; rows behind those of this one
    /// keep them.
    pub fn fill<'t>(
        &self,
        (chunk, base): (&'t Chunk, Option<&Tile>),
        desk: &mut Desk<'t>,
        tile: &mut Tile,
    ) {
        let mut by_rows = Vec::new();
        let known = base.filter(|base| base.whole);
        tile.whole = true;
        if let Some((place, gates)) = &self.gates {
            self.column(*place, (chunk, known), desk, tile, &mut by_rows);
            let zone = tile.zones[*place];
            let elsewhere =
                |gate: &u32| zone.constant(&self.program.atoms[*gate as usize]) == Constant::False;
            if by_rows.is_empty() && gates.iter().all(elsewhere) {
                tile.whole = false;
                return;
            }
            by_rows.clear();
        }
        for position in 0..self.ways.len() {
            self.column(position, (chunk, known), desk, tile, &mut by_rows);
        }
        self.rows(chunk, &by_rows, tile);
    }

    /// The codes of one dimension, or a note that they are computed row by row.
    fn column<'t>(
        &self,
        position: usize,
        (chunk, base): (&'t Chunk, Option<&Tile>),
        desk: &mut Desk<'t>,
        tile: &mut Tile,
        by_rows: &mut Vec<usize>,
    ) {
        if let (Some(link), Some(base)) = (&self.links[position], base) {
            let column = tile.column_mut(position);
            let (zone, open) = link.follow(base, chunk.ids.len(), column);
            tile.zones[position] = zone;
            if !open.is_empty() {
                self.settle(position, chunk, &open, tile);
            }
            return;
        }
        let dimension = &self.program.dimensions[position];
        let column = tile.column_mut(position);
        let done = match &self.ways[position] {
            Way::Fact(key, cuts) => {
                self.fact(dimension, (*key, cuts), chunk, &mut desk[position], column)
            }
            Way::Ratio(top, bottom) => ratio(dimension, *top, *bottom, chunk, column),
            Way::Rows => None,
        };
        match done {
            Some(zone) => tile.zones[position] = zone,
            None => by_rows.push(position),
        }
    }

    /// The codes of some rows, which nothing but their facts tells.
    fn settle(&self, position: usize, chunk: &Chunk, rows: &[u32], tile: &mut Tile) {
        let dimension = &self.program.dimensions[position];
        let mut codes = [0_u16; ROWS];
        let codes = &mut codes[..rows.len()];
        if !self.settle_wide(position, chunk, rows, codes) {
            let Source::Node(node) = dimension.source else {
                return;
            };
            for (code, row) in codes.iter_mut().zip(rows) {
                let given = Given::Row(chunk, *row as usize);
                let mut evaluation =
                    Evaluation::new(&self.program.nodes, &self.program.dictionary, given);
                let value = evaluation.value(node);
                *code = value.map_or(0, |value| dimension.code(&value));
            }
        }
        let zone = &mut tile.zones[position];
        codes.iter().for_each(|code| zone.include(*code));
        match tile.column_mut(position) {
            ColumnMut::Narrow(list) => {
                let codes = codes.iter().zip(rows);
                codes.for_each(|(code, row)| list[*row as usize] = *code as u8);
            }
            ColumnMut::Wide(list) => {
                let codes = codes.iter().zip(rows);
                codes.for_each(|(code, row)| list[*row as usize] = *code);
            }
        }
    }

    /// The same from whole columns of numbers; `false` when they do not have that form.
    fn settle_wide(&self, position: usize, chunk: &Chunk, rows: &[u32], codes: &mut [u16]) -> bool {
        let Scale::Ordered(borders) = &self.program.dimensions[position].scale else {
            return false;
        };
        let numbers = |key| match chunk.column(key) {
            Some(Raw::Numbers(numbers)) if numbers.odd.is_empty() => Some(numbers),
            _ => None,
        };
        let of = |numbers: &Numbers| -> Vec<i64> {
            rows.iter()
                .map(|row| numbers.values[*row as usize])
                .collect()
        };
        match &self.ways[position] {
            Way::Fact(key, cuts) => {
                let Some(numbers) = numbers(*key) else {
                    return false;
                };
                let Some(cuts) = cuts.get(usize::from(numbers.places)) else {
                    return false;
                };
                let cuts = cuts.get_or_init(|| number_cuts(borders, numbers.places));
                let values = of(numbers);
                for (code, value) in codes.iter_mut().zip(&values) {
                    *code = 1 + passed(cuts, *value);
                }
                !values.contains(&NO_NUMBER)
            }
            Way::Ratio(top, bottom) => {
                let (Some(top), Some(bottom)) = (numbers(*top), numbers(*bottom)) else {
                    return false;
                };
                let Some(cuts) = ratio_cuts(borders, top, bottom) else {
                    return false;
                };
                let mut wide = [0_u16; ROWS];
                let (top, bottom) = (of(top), of(bottom));
                compared(&cuts, &top, &bottom, rows.len(), ColumnMut::Wide(&mut wide));
                codes.copy_from_slice(&wide[..rows.len()]);
                true
            }
            Way::Rows => false,
        }
    }

    /// `None` when the column does not have the form that the dimension expects.
    fn fact<'t>(
        &self,
        dimension: &Dimension,
        (key, cuts): (FactKey, &Cuts),
        chunk: &'t Chunk,
        known: &mut HashMap<&'t Word, u16, foldhash::fast::RandomState>,
        column: ColumnMut<'_>,
    ) -> Option<Zone> {
        let absent = self.absent(dimension, key);
        let rows = chunk.ids.len();
        match (chunk.column(key), &dimension.scale) {
            (None, _) => Some(filled(column, rows, |_| absent)),
            (Some(Raw::Flags(flags)), _) => {
                let codes = [false, true].map(|flag| dimension.code(&Val::Bool(flag)));
                let codes = [absent, codes[0], codes[1]];
                Some(filled(column, rows, |row| codes[usize::from(flags[row])]))
            }
            (Some(Raw::Words(words)), _) => {
                let mut code = |word| {
                    *known
                        .entry(word)
                        .or_insert_with(|| dimension.code(&word.val()))
                };
                let mut codes = Vec::with_capacity(words.values.len() + 1);
                codes.push(absent);
                codes.extend(words.values.iter().map(&mut code));
                Some(filled(column, rows, |row| codes[words.at[row] as usize]))
            }
            (Some(Raw::Days(days)), Scale::Ordered(borders)) => {
                let cuts = day_cuts(borders);
                Some(filled(column, rows, |row| match days[row] {
                    NO_DAY => absent,
                    day => 1 + passed(&cuts, i64::from(day)),
                }))
            }
            (Some(Raw::Numbers(numbers)), Scale::Ordered(borders)) if numbers.odd.is_empty() => {
                let cuts = cuts.get(usize::from(numbers.places))?;
                let cuts = cuts.get_or_init(|| number_cuts(borders, numbers.places));
                Some(filled(column, rows, |row| match numbers.values[row] {
                    NO_NUMBER => absent,
                    value => 1 + passed(cuts, value),
                }))
            }
            _ => None,
        }
    }

    /// The code of an attribute that is not known.
    fn absent(&self, dimension: &Dimension, (index, year): FactKey) -> u16 {
        let nothing = Facts::new();
        let given = Given::Facts(&nothing);
        let value = crate::eval::fact(&self.program.dictionary, given, index, year);
        value.map_or(0, |value| dimension.code(&value))
    }

    fn rows(&self, chunk: &Chunk, dimensions: &[usize], tile: &mut Tile) {
        if dimensions.is_empty() {
            return;
        }
        let program = self.program;
        let mut codes = vec![vec![0_u16; chunk.ids.len()]; dimensions.len()];
        for row in 0..chunk.ids.len() {
            let given = Given::Row(chunk, row);
            let mut evaluation = Evaluation::new(&program.nodes, &program.dictionary, given);
            for (codes, position) in codes.iter_mut().zip(dimensions) {
                let dimension = &program.dimensions[*position];
                codes[row] = match dimension.source {
                    Source::Node(node) => evaluation
                        .value(node)
                        .map_or(0, |value| dimension.code(&value)),
                    _ => program.interpreted_code(dimension, &chunk.facts(row)),
                };
            }
        }
        for (codes, position) in codes.iter().zip(dimensions) {
            let column = tile.column_mut(*position);
            tile.zones[*position] = filled(column, codes.len(), |row| codes[row]);
        }
    }
}

/// The attribute of a node that is a plain number for which silence means unknown.
fn number(program: &Program, node: NodeId) -> Option<FactKey> {
    let Node::Fact(index, year) = program.nodes.get(node) else {
        return None;
    };
    let attribute = program.dictionary.attribute(*index);
    let plain = attribute.kind == Kind::Number && attribute.absence == Absence::Unknown;
    plain.then_some((*index, *year))
}

/// The codes of all rows, and what occurs among them.
#[inline]
pub(crate) fn filled(column: ColumnMut<'_>, rows: usize, code: impl Fn(usize) -> u16) -> Zone {
    match column {
        ColumnMut::Narrow(list) => {
            let list = &mut list[..rows];
            for (row, place) in list.iter_mut().enumerate() {
                *place = code(row) as u8;
            }
            // Loops of their own: the compiler makes wide instructions of them.
            let least = list.iter().map(|c| c.wrapping_sub(1)).min();
            let most = list.iter().copied().max();
            Zone::of(
                least.map(|c| u16::from(c.wrapping_add(1))),
                most.map(u16::from),
                list.contains(&0),
            )
        }
        ColumnMut::Wide(list) => {
            let list = &mut list[..rows];
            for (row, place) in list.iter_mut().enumerate() {
                *place = code(row);
            }
            let least = list.iter().map(|c| c.wrapping_sub(1)).min();
            let most = list.iter().copied().max();
            Zone::of(least.map(|c| c.wrapping_add(1)), most, list.contains(&0))
        }
    }
}

/// How many cuts a value has reached; of few all are compared, which spares guessed branches.
#[inline(always)]
fn passed(cuts: &[i64], value: i64) -> u16 {
    match cuts.len() {
        ..=8 => cuts.iter().map(|cut| u16::from(*cut <= value)).sum(),
        _ => cuts.partition_point(|cut| *cut <= value) as u16,
    }
}

/// The least number, in units of the last place, that has passed each border.
fn number_cuts(borders: &[Border], places: u8) -> Vec<i64> {
    let unit = Exact::integer(10_i64.pow(places.into()));
    // A scale's borders are all numbers or all days.
    let cuts = borders.iter().filter_map(|(point, above)| match point {
        Point::Number(point) => {
            let at = point.mul(&unit);
            let least = match above {
                true => at.floor().add(&Exact::integer(1)),
                false => at.ceil(),
            };
            let beyond = match least < Exact::integer(0) {
                true => i64::MIN,
                false => i64::MAX,
            };
            Some(least.to_i64().unwrap_or(beyond))
        }
        Point::Date(_) => None,
    });
    cuts.collect()
}

/// The first day, counted from 1970, that has passed each border.
fn day_cuts(borders: &[Border]) -> Vec<i64> {
    let cuts = borders.iter().filter_map(|(point, above)| match point {
        Point::Date(day) => Some(i64::from(day_number(*day)) + i64::from(*above)),
        Point::Number(_) => None,
    });
    cuts.collect()
}

fn ratio(
    dimension: &Dimension,
    top: FactKey,
    bottom: FactKey,
    chunk: &Chunk,
    column: ColumnMut<'_>,
) -> Option<Zone> {
    let rows = chunk.ids.len();
    let (Some(top), Some(bottom)) = (chunk.column(top), chunk.column(bottom)) else {
        return Some(filled(column, rows, |_| 0));
    };
    let (Raw::Numbers(top), Raw::Numbers(bottom)) = (top, bottom) else {
        return None;
    };
    let Scale::Ordered(borders) = &dimension.scale else {
        return None;
    };
    let cuts = ratio_cuts(borders, top, bottom)?;
    Some(compared(&cuts, &top.values, &bottom.values, rows, column))
}

/// The codes of ratios: how many cuts each has passed, without a division.
fn compared(
    cuts: &[RatioCut],
    top: &[i64],
    bottom: &[i64],
    rows: usize,
    column: ColumnMut<'_>,
) -> Zone {
    let (top, bottom) = (&top[..rows], &bottom[..rows]);
    let unknown =
        |(top, bottom): (i64, i64)| top == NO_NUMBER || bottom == NO_NUMBER || bottom == 0;
    let (highest, lowest) = (most(top), most(bottom));
    if cuts.iter().all(|cut| cut.fits(highest, lowest)) {
        return filled(column, rows, |row| match (top[row], bottom[row]) {
            pair if unknown(pair) => 0,
            (top, bottom) => {
                let (top, bottom) = (top * bottom.signum(), bottom.abs());
                1 + reached(cuts, |cut| (top * cut.den, bottom * cut.num))
            }
        });
    }
    filled(column, rows, |row| match (top[row], bottom[row]) {
        pair if unknown(pair) => 0,
        (top, bottom) => {
            let sign = i128::from(bottom.signum());
            let (top, bottom) = (i128::from(top) * sign, i128::from(bottom.abs()));
            // Products of two 63-bit numbers fit.
            1 + reached(cuts, |cut| {
                (top * i128::from(cut.den), bottom * i128::from(cut.num))
            })
        }
    })
}

/// How many cuts a ratio has passed, which `sides` gives as a numerator and a denominator of equal scale.
#[inline(always)]
fn reached<T: Ord>(cuts: &[RatioCut], sides: impl Fn(&RatioCut) -> (T, T)) -> u16 {
    let passed = |cut: &RatioCut| {
        let (left, right) = sides(cut);
        left > right || left == right && !cut.above
    };
    match cuts.len() {
        ..=8 => cuts.iter().map(|cut| u16::from(passed(cut))).sum(),
        _ => cuts.partition_point(passed) as u16,
    }
}

/// The greatest magnitude in a column.
fn most(values: &[i64]) -> u64 {
    let known = values.iter().map(|value| match *value {
        NO_NUMBER => 0,
        value => value.unsigned_abs(),
    });
    known.max().unwrap_or(0)
}

/// A border in terms of the two columns' units.
#[derive(Debug)]
struct RatioCut {
    num: i64,
    den: i64,
    above: bool,
}

impl RatioCut {
    /// Do products with numbers of these magnitudes fit 63 bits?
    fn fits(&self, top: u64, bottom: u64) -> bool {
        let product = |a: u64, b: i64| u128::from(a) * u128::from(b.unsigned_abs());
        let limit = u128::from(i64::MAX.unsigned_abs());
        product(top, self.den) <= limit && product(bottom, self.num) <= limit
    }
}

/// `None` when a border or a value does not fit whole numbers of the columns' units.
fn ratio_cuts(borders: &[Border], top: &Numbers, bottom: &Numbers) -> Option<Vec<RatioCut>> {
    if !top.odd.is_empty() || !bottom.odd.is_empty() {
        return None;
    }
    let (up, down) = (u32::from(top.places), u32::from(bottom.places));
    let units = Number::ratio(10_i64.pow(up), 10_i64.pow(down))?;
    let cuts = borders.iter().map(|(point, above)| {
        let Point::Number(point) = point else {
            return None;
        };
        let (num, den) = Exact::from_number(&(point.to_number() * units.clone())).fraction()?;
        Some(RatioCut {
            num,
            den,
            above: *above,
        })
    });
    cuts.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = i64> {
        prop_oneof![
            Just(NO_NUMBER),
            -3..=3_i64,
            -100_000..=100_000_i64,
            // the last two numbers mark what is not known or kept aside
            NO_NUMBER + 2..=i64::MAX,
        ]
    }

    fn cut() -> impl Strategy<Value = RatioCut> {
        let number = prop_oneof![-20..=20_i64, NO_NUMBER + 2..=i64::MAX];
        let den = prop_oneof![1..=20_i64, 1..=i64::MAX];
        (number, den, any::<bool>()).prop_map(|(num, den, above)| RatioCut { num, den, above })
    }

    proptest! {
        /// Half of the cases have small numbers only, and so take the other way than the rest.
        #[test]
        fn ratios_of_small_and_large_numbers_are_exact(
            rows in prop::collection::vec((value(), value()), 1..20),
            cuts in prop::collection::vec(cut(), 0..5),
            small in any::<bool>(),
        ) {
            let near = |value: i64| match value {
                NO_NUMBER => NO_NUMBER,
                value if small => value % 1_000,
                value => value,
            };
            let (top, bottom): (Vec<i64>, Vec<i64>) =
                rows.into_iter().map(|(top, bottom)| (near(top), near(bottom))).unzip();
            let cuts: Vec<RatioCut> = cuts
                .into_iter()
                .map(|cut| RatioCut { num: near(cut.num), den: near(cut.den).max(1), ..cut })
                .collect();
            let mut codes = [0_u16; crate::planes::ROWS];
            compared(&cuts, &top, &bottom, top.len(), ColumnMut::Wide(&mut codes));
            for (row, (top, bottom)) in top.into_iter().zip(bottom).enumerate() {
                let known = top != NO_NUMBER && bottom != NO_NUMBER && bottom != 0;
                let passed = cuts.iter().filter(|cut| {
                    let left = i128::from(top) * i128::from(cut.den) * i128::from(bottom.signum());
                    let right = i128::from(bottom).abs() * i128::from(cut.num);
                    left > right || left == right && !cut.above
                });
                let expected = if known { 1 + passed.count() as u16 } else { 0 };
                prop_assert_eq!(codes[row], expected, "row {}", row);
            }
        }
    }
}
