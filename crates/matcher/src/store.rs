//! Enterprises as columns of codes.
//!
//! ```text
//!            rows, sorted by county and industry ─────────────▶
//!            ├──── county 330102 ────┤├─ 330106 ─┤├─── 330282 …     segments
//!            ├─ tile ─┤├─ tile ─┤├ t ┤├── tile ──┤├─ tile ─┤        at most 2,048 rows
//! 所在区划   5555555555555555555555556666666666667777777777…        one byte a row (two when a
//! 营业收入   3310442233104222331044223310422331044233104423…        dimension has more codes)
//! …
//! zones      lowest and highest known code, any unknown: of every tile, segment and dimension
//! ids        the caller's id of every row
//! ```
//!
//! Sorting makes most conditions constant in most tiles; the zones tell so without a look.

use std::collections::HashSet;

use zhida_rules::{Facts, Hierarchy};
use zhida_standards::division::DivisionCode;

use crate::{
    dimension::ScaleKind,
    error::MatcherError,
    eval::{Evaluation, Val},
    node::NodeId,
    plan::{self, Zone},
    planes::ROWS,
    program::{Codes, Program, Rule},
};

/// Enterprises that one store may hold.
const ROWS_MAX: usize = u32::MAX as usize - 1;

/// One dimension's codes.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Narrow(Vec<u8>),
    Wide(Vec<u16>),
}

impl Column {
    fn new(codes: usize) -> Self {
        if codes <= 256 {
            Self::Narrow(Vec::new())
        } else {
            Self::Wide(Vec::new())
        }
    }

    fn push(&mut self, code: u16) {
        match self {
            Self::Narrow(list) => list.push(code as u8),
            Self::Wide(list) => list.push(code),
        }
    }

    pub fn get(&self, row: usize) -> u16 {
        match self {
            Self::Narrow(list) => u16::from(list[row]),
            Self::Wide(list) => list[row],
        }
    }

    fn set(&mut self, row: usize, code: u16) {
        match self {
            Self::Narrow(list) => list[row] = code as u8,
            Self::Wide(list) => list[row] = code,
        }
    }

    fn permuted(&self, order: &[u32]) -> Self {
        match self {
            Self::Narrow(list) => Self::Narrow(order.iter().map(|i| list[*i as usize]).collect()),
            Self::Wide(list) => Self::Wide(order.iter().map(|i| list[*i as usize]).collect()),
        }
    }

    fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Narrow(list), Self::Narrow(more)) => list.extend(more),
            (Self::Wide(list), Self::Wide(more)) => list.extend(more),
            _ => unreachable!("columns of one program have one width"),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Narrow(list) => list.len(),
            Self::Wide(list) => 2 * list.len(),
        }
    }
}

/// A run of rows that fits one pass of the kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tile {
    pub start: usize,
    pub len: usize,
}

/// A run of tiles of one county.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub tiles: std::ops::Range<usize>,
}

/// Collects enterprises one by one; several builders (one a thread) can be joined.
pub struct Builder<'p, 'd> {
    program: &'p Program<'d>,
    columns: Vec<Column>,
    ids: Vec<u64>,
    keys: Vec<u64>,
    place: Option<(u32, NodeId)>,
    trade: Option<(u32, NodeId)>,
}

impl<'p, 'd> Builder<'p, 'd> {
    /// An empty store in the making.
    pub fn new(program: &'p Program<'d>) -> Self {
        let columns = program.dimensions.iter();
        Self {
            program,
            columns: columns
                .map(|dimension| Column::new(dimension.codes()))
                .collect(),
            ids: Vec::new(),
            keys: Vec::new(),
            place: program.main_dimension(ScaleKind::Code(Hierarchy::Division)),
            trade: program.main_dimension(ScaleKind::Code(Hierarchy::Industry)),
        }
    }

    /// Adds an enterprise under the caller's id.
    pub fn push(&mut self, id: u64, facts: &Facts) {
        let codes = self.program.encode(facts);
        let county = self.place.map_or(0, |(_, node)| {
            let program = self.program;
            let value =
                Evaluation::of_constants(&program.nodes, program.dictionary, facts).value(node);
            match value {
                Some(Val::Text(code)) => county_of(code),
                _ => 0,
            }
        });
        self.push_codes(id, county, &codes);
    }

    fn push_codes(&mut self, id: u64, county: u32, codes: &Codes) {
        let code = |dimension: Option<(u32, NodeId)>| {
            dimension.map_or(0, |(position, _)| u64::from(codes.0[position as usize]))
        };
        let key = u64::from(county) << 32 | code(self.place) << 16 | code(self.trade);
        self.keys.push(key);
        self.ids.push(id);
        for (column, code) in self.columns.iter_mut().zip(&codes.0) {
            column.push(*code);
        }
    }

    /// Adds all that another builder of the same program collected.
    pub fn join(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.keys.extend(other.keys);
        for (column, more) in self.columns.iter_mut().zip(other.columns) {
            column.append(more);
        }
    }

    /// Sorts the rows and cuts them into tiles.
    pub fn finish(self) -> Result<Store<'p, 'd>, MatcherError> {
        if self.ids.len() > ROWS_MAX {
            return Err(MatcherError::TooManyEnterprises(self.ids.len()));
        }
        let mut seen = HashSet::with_capacity(self.ids.len());
        if let Some(id) = self.ids.iter().find(|id| !seen.insert(**id)) {
            return Err(MatcherError::DuplicateEnterprise(*id));
        }
        drop(seen);
        let mut order: Vec<u32> = (0..self.ids.len() as u32).collect();
        order.sort_by_key(|row| self.keys[*row as usize]);
        let ids: Vec<u64> = order.iter().map(|row| self.ids[*row as usize]).collect();
        let columns = self
            .columns
            .iter()
            .map(|column| column.permuted(&order))
            .collect();
        let county = |row: u32| self.keys[row as usize] >> 32;
        let (tiles, segments) = cut(order.len(), |a, b| county(order[a]) == county(order[b]));
        let mut by_id: Vec<u32> = (0..ids.len() as u32).collect();
        by_id.sort_unstable_by_key(|row| ids[*row as usize]);
        let mut store = Store {
            program: self.program,
            columns,
            ids,
            by_id,
            tiles,
            segments,
            tile_zones: Vec::new(),
            segment_zones: Vec::new(),
            rules: Vec::new(),
        };
        store.survey();
        Ok(store)
    }
}

fn county_of(code: &str) -> u32 {
    let digits = DivisionCode::parse(code).ok();
    let county = digits.and_then(|code| code.as_str().get(..6)?.parse().ok());
    county.unwrap_or(0)
}

/// Segments of equal rows, each in tiles of about equal length.
fn cut(rows: usize, equal: impl Fn(usize, usize) -> bool) -> (Vec<Tile>, Vec<Segment>) {
    let (mut tiles, mut segments) = (Vec::new(), Vec::new());
    let mut start = 0;
    while start < rows {
        let mut end = start + 1;
        while end < rows && equal(start, end) {
            end += 1;
        }
        let first = tiles.len();
        let count = (end - start).div_ceil(ROWS);
        for part in 0..count {
            let from = start + (end - start) * part / count;
            let to = start + (end - start) * (part + 1) / count;
            tiles.push(Tile {
                start: from,
                len: to - from,
            });
        }
        segments.push(Segment {
            tiles: first..tiles.len(),
        });
        start = end;
    }
    (tiles, segments)
}

/// All enterprises as columns of codes, for one program.
pub struct Store<'p, 'd> {
    pub(crate) program: &'p Program<'d>,
    pub(crate) columns: Vec<Column>,
    pub(crate) ids: Vec<u64>,
    by_id: Vec<u32>,
    pub(crate) tiles: Vec<Tile>,
    pub(crate) segments: Vec<Segment>,
    tile_zones: Vec<Zone>,
    segment_zones: Vec<Zone>,
    /// The program's rules, most selective conditions first.
    pub(crate) rules: Vec<Rule>,
}

impl<'p, 'd> Store<'p, 'd> {
    /// The number of enterprises.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Are there no enterprises?
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The program that the store was built for.
    pub fn program(&self) -> &'p Program<'d> {
        self.program
    }

    /// Bytes of codes, ids and zones.
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(Column::bytes).sum();
        let zones = self.tile_zones.len() + self.segment_zones.len();
        columns + self.ids.len() * 12 + zones * size_of::<Zone>()
    }

    /// The codes of an enterprise.
    pub fn codes(&self, id: u64) -> Option<Codes> {
        let row = self.row(id)?;
        Some(Codes(self.columns.iter().map(|c| c.get(row)).collect()))
    }

    /// Replaces the codes of an enterprise, which keeps its place among the rows even when it has
    /// moved: a store that changed much answers slower, never wrong. `false` when there is no such
    /// enterprise.
    pub fn update(&mut self, id: u64, codes: &Codes) -> bool {
        let Some(row) = self.row(id) else {
            return false;
        };
        for (column, code) in self.columns.iter_mut().zip(&codes.0) {
            column.set(row, *code);
        }
        let tile = self.tiles.partition_point(|tile| tile.start <= row) - 1;
        let segment = self
            .segments
            .partition_point(|segment| segment.tiles.start <= tile)
            - 1;
        let dimensions = self.columns.len();
        for (position, code) in codes.0.iter().enumerate() {
            self.tile_zones[tile * dimensions + position].include(*code);
            self.segment_zones[segment * dimensions + position].include(*code);
        }
        true
    }

    fn row(&self, id: u64) -> Option<usize> {
        let found = self
            .by_id
            .binary_search_by_key(&id, |row| self.ids[*row as usize]);
        found.ok().map(|at| self.by_id[at] as usize)
    }

    pub(crate) fn tile_zones(&self, tile: usize) -> &[Zone] {
        let dimensions = self.columns.len();
        &self.tile_zones[tile * dimensions..][..dimensions]
    }

    pub(crate) fn segment_zones(&self, segment: usize) -> &[Zone] {
        let dimensions = self.columns.len();
        &self.segment_zones[segment * dimensions..][..dimensions]
    }

    /// Zones of tiles and segments, and the order of conditions by what they let through.
    fn survey(&mut self) {
        let dimensions = self.columns.len();
        self.tile_zones = vec![Zone::default(); self.tiles.len() * dimensions];
        self.segment_zones = vec![Zone::default(); self.segments.len() * dimensions];
        let mut histograms = Vec::with_capacity(dimensions);
        for (position, column) in self.columns.iter().enumerate() {
            let mut histogram = vec![0_u32; self.program.dimensions[position].codes()];
            for (number, segment) in self.segments.iter().enumerate() {
                let mut around = Zone::default();
                for tile in segment.tiles.clone() {
                    let mut zone = Zone::default();
                    let Tile { start, len } = self.tiles[tile];
                    for row in start..start + len {
                        let code = column.get(row);
                        zone.include(code);
                        histogram[usize::from(code)] += 1;
                    }
                    around.join(zone);
                    self.tile_zones[tile * dimensions + position] = zone;
                }
                self.segment_zones[number * dimensions + position] = around;
            }
            histograms.push(histogram);
        }
        self.rules = plan::ordered(self.program, &histograms, self.ids.len());
    }
}
