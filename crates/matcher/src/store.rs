//! Enterprises as tiles of codes, for one program.
//!
//! ```text
//!            rows, sorted by county and industry ─────────────▶
//!            ├──── county 330102 ────┤├─ 330106 ─┤├─── 330282 …     segments
//!            ├─ tile ─┤├─ tile ─┤├ t ┤├── tile ──┤├─ tile ─┤        at most 2,048 rows
//! 所在区划   5555555555555555555555556666666666667777777777…        one byte a row (two when a
//! 营业收入   3310442233104222331044223310422331044233104423…        dimension has more codes)
//! …
//! zones      lowest and highest known code, any unknown: of each dimension in every tile and every segment
//! ```
//!
//! Sorting makes most conditions constant in most tiles; the zones tell so without a look. Rows,
//! ids and facts are the [`Table`]'s.

use std::sync::{Arc, OnceLock};

use pulp::bytemuck::{cast_slice, cast_slice_mut};
use zhida_rules::Facts;

use crate::{
    cut::{Cuts, Cutter, Local},
    encode::Encoder,
    error::MatcherError,
    index::Block,
    pages::Slab,
    plan::{Order, Ordered, Zone},
    planes::{Column, ROWS},
    program::{Codes, Program, Width},
    table::{At, Chunk, Table, in_shares, threads},
};

/// Tiles whose codes are counted to tell which conditions refuse most; of few rules fewer tell enough.
const SAMPLE: usize = 160;
const SAMPLE_OF_FEW: usize = 12;
const FEW: usize = 16;

/// Blocks of a column of narrow codes.
const NARROW: usize = ROWS / size_of::<Block>();
/// Blocks of a column of wide codes.
const WIDE: usize = 2 * NARROW;
/// Tiles whose codes share large pages at most: enough to fill some.
const PACKED: usize = 128;
/// Groups of such tiles for each thread at least, so that none waits long for another.
const GROUPS: usize = 3;

/// The codes of a chunk.
#[derive(Clone)]
pub(crate) struct Tile {
    pub zones: Vec<Zone>,
    /// [`ROWS`] codes of each narrow dimension, then those of each wide one; rows not in use are unknown.
    codes: Slab,
    /// Blocks of the narrow ones.
    narrow: usize,
    /// Where each dimension's codes are.
    widths: Arc<[Width]>,
    /// Was every dimension encoded? If not, no rule reaches the place of any row but those filled in
    /// since, which have all their codes.
    pub whole: bool,
}

/// One dimension's codes in a tile, to be filled.
pub(crate) enum ColumnMut<'t> {
    Narrow(&'t mut [u8; ROWS]),
    Wide(&'t mut [u16; ROWS]),
}

impl Tile {
    pub fn new(program: &Program) -> Self {
        let (narrow, wide) = program.columns;
        Self {
            zones: vec![Zone::default(); program.widths.len()],
            codes: Slab::zeros(narrow * NARROW + wide * WIDE),
            narrow: narrow * NARROW,
            widths: Arc::clone(&program.widths),
            whole: true,
        }
    }

    #[inline(always)]
    pub fn column(&self, dimension: usize) -> Column<'_> {
        let (narrow, wide) = self.codes.blocks().split_at(self.narrow);
        match self.widths[dimension] {
            Width::Narrow(at) => {
                Column::Narrow(&cast_slice::<Block, u8>(narrow).as_chunks().0[at as usize])
            }
            Width::Wide(at) => {
                Column::Wide(&cast_slice::<Block, u16>(wide).as_chunks().0[at as usize])
            }
        }
    }

    pub fn column_mut(&mut self, dimension: usize) -> ColumnMut<'_> {
        let (narrow, wide) = self.codes.blocks_mut().split_at_mut(self.narrow);
        match self.widths[dimension] {
            Width::Narrow(at) => ColumnMut::Narrow(
                &mut cast_slice_mut::<Block, u8>(narrow).as_chunks_mut().0[at as usize],
            ),
            Width::Wide(at) => ColumnMut::Wide(
                &mut cast_slice_mut::<Block, u16>(wide).as_chunks_mut().0[at as usize],
            ),
        }
    }

    fn fill(&mut self, row: usize, codes: &Codes) {
        for (dimension, code) in codes.0.iter().enumerate() {
            match self.column_mut(dimension) {
                ColumnMut::Narrow(list) => list[row] = *code as u8,
                ColumnMut::Wide(list) => list[row] = *code,
            }
            self.zones[dimension].include(*code);
        }
    }

    fn bytes(&self) -> usize {
        size_of_val(self.codes.blocks()) + self.zones.len() * size_of::<Zone>()
    }
}

/// All enterprises as tiles of codes, for one program. Cheap to clone, as the table is.
#[derive(Clone)]
pub struct Store {
    pub(crate) program: Arc<Program>,
    pub(crate) table: Table,
    pub(crate) tiles: Vec<Arc<Tile>>,
    /// For each county of the table.
    pub(crate) zones: Vec<Vec<Zone>>,
    order: Arc<OnceLock<Order>>,
    cuts: Cuts,
}

impl Store {
    /// Encodes a table for a program, on all cores.
    ///
    /// # Panics
    /// When the table and the program are of different dictionaries.
    pub fn encode(program: &Arc<Program>, table: Table) -> Self {
        Self::encode_beside(program, table, None)
    }

    /// The same beside a store of another program of the same date, whose codes tell most of what
    /// would have to be computed; where facts have changed since, they are computed.
    ///
    /// # Panics
    /// When the table and the program are of different dictionaries.
    pub fn encode_beside(program: &Arc<Program>, table: Table, base: Option<&Self>) -> Self {
        assert_eq!(
            table.dictionary.digest(),
            program.dictionary.digest(),
            "the table and the items are of one dictionary"
        );
        let base = base.filter(|base| base.is_like(program));
        let known = |number: u32, chunk| base.and_then(|base| base.tile_of(number, chunk));
        let chunks: Vec<(&Chunk, Option<&Tile>)> = (0..)
            .zip(&table.chunks)
            .map(|(number, chunk)| (&**chunk, known(number, chunk)))
            .collect();
        let together = chunks.len().div_ceil(GROUPS * threads()).clamp(1, PACKED);
        let groups: Vec<_> = chunks.chunks(together).collect();
        let mut tiles: Vec<Vec<Tile>> = groups.iter().map(|_| Vec::new()).collect();
        let encoder = Encoder::new(program, base.map(|base| &*base.program));
        let desk = || encoder.desk();
        in_shares(&mut tiles, &groups, desk, |desk, tiles, chunks| {
            let encoded = chunks.iter();
            tiles.extend(encoded.map(|(chunk, base)| encoder.tile(chunk, *base, desk)));
            Slab::pack(tiles.iter_mut().map(|tile| &mut tile.codes));
        });
        let tiles: Vec<Arc<Tile>> = tiles.into_iter().flatten().map(Arc::new).collect();
        let mut cuts = Cuts::default();
        cuts.fit(table.counties.len());
        let counties = table.counties.iter();
        Self {
            zones: counties
                .map(|(_, chunks)| around(chunks.iter().map(|c| &*tiles[*c as usize]), program))
                .collect(),
            program: Arc::clone(program),
            table,
            tiles,
            order: Arc::default(),
            cuts,
        }
    }

    /// Is it of the same dictionary and date as another program?
    pub(crate) fn is_like(&self, program: &Program) -> bool {
        let own = &self.program;
        own.on == program.on && own.dictionary.digest() == program.dictionary.digest()
    }

    /// The codes of a chunk, unless its facts have changed since.
    pub(crate) fn tile_of(&self, number: u32, chunk: &Arc<Chunk>) -> Option<&Tile> {
        let same = Arc::ptr_eq(self.table.chunks.get(number as usize)?, chunk);
        same.then(|| &*self.tiles[number as usize])
    }

    /// The number of enterprises.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Are there no enterprises?
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The program that the store was encoded for.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The facts that the codes were computed from.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Bytes of codes and zones.
    pub fn bytes(&self) -> usize {
        self.tiles.iter().map(|tile| tile.bytes()).sum()
    }

    /// The codes of an enterprise.
    pub fn codes(&self, id: u64) -> Option<Codes> {
        let (tile, row) = self.table.at(id)?;
        let tile = &self.tiles[tile as usize];
        if !tile.whole {
            return Some(self.program.encode(&self.table.facts(id)?));
        }
        let codes = (0..tile.widths.len()).map(|d| tile.column(d).get(row as usize));
        Some(Codes(codes.collect()))
    }

    /// Replaces the facts of an enterprise or adds it, see [`Table::put`]; gives the codes of the
    /// new facts.
    ///
    /// # Errors
    /// When a value is of another kind than the attribute's other values.
    pub fn put(&mut self, id: u64, facts: &Facts) -> Result<Codes, MatcherError> {
        let at = self.table.place(id, facts)?;
        // As the table holds them: without sources, and silence as the dictionary reads it.
        let facts = self.table.facts(id).unwrap_or_default();
        let codes = self.program.encode(&facts);
        self.fit();
        self.fill(at, &codes);
        Ok(codes)
    }

    /// Takes over a table, after the codes of all rows that changed in it were entered.
    pub(crate) fn follow(&mut self, table: &Table) {
        self.table = table.clone();
    }

    /// Takes over a table of which one row has changed.
    pub(crate) fn enter(&mut self, table: &Table, at: At, codes: &Codes) {
        self.table = table.clone();
        self.fit();
        self.fill(at, codes);
    }

    /// Tiles and zones for chunks and counties that have been added.
    fn fit(&mut self) {
        let program = &self.program;
        let tile = || Arc::new(Tile::new(program));
        self.tiles.resize_with(self.table.chunks.len(), tile);
        let none = || vec![Zone::default(); program.dimensions.len()];
        self.zones.resize_with(self.table.counties.len(), none);
        self.cuts.fit(self.table.counties.len());
    }

    fn fill(&mut self, (tile, row): At, codes: &Codes) {
        Arc::make_mut(&mut self.tiles[tile as usize]).fill(row as usize, codes);
        let mut counties = self.table.counties.iter();
        let county = counties.position(|(_, chunks)| chunks.contains(&tile));
        let county = county.expect("every chunk lies in a county");
        let zones = &mut self.zones[county];
        let mut wider = false;
        for (zone, code) in zones.iter_mut().zip(&codes.0) {
            wider |= !zone.contains(*code);
            zone.include(*code);
        }
        if wider {
            self.cuts.forget(county);
        }
    }

    /// Forgets an enterprise; `false` when there is none of this id.
    pub fn remove(&mut self, id: u64) -> bool {
        self.table.remove(id)
    }

    pub(crate) fn chunk(&self, tile: u32) -> &Chunk {
        &self.table.chunks[tile as usize]
    }

    /// The tiles and zones of each county.
    pub(crate) fn segments(&self) -> impl Iterator<Item = (&[u32], &[Zone])> {
        let counties = self.table.counties.iter().zip(&self.zones);
        counties.map(|((_, tiles), zones)| (&**tiles, &**zones))
    }

    /// The rules cut down for a county, near misses among them.
    pub(crate) fn cut(&self, county: usize, cutter: &mut Cutter<'_>) -> Arc<Local> {
        self.cuts.of(county, || {
            let mut local = Local::default();
            cutter.cut_all(self.order(), &self.zones[county], &mut local);
            local
        })
    }

    /// One item's rule, most selective conditions first.
    pub(crate) fn rule(&self, item: u32) -> Option<&Ordered> {
        let order = self.order();
        order
            .rules
            .get(*order.positions.get(item as usize)? as usize)
    }

    /// The program's rules in the order in which they are computed.
    pub(crate) fn order(&self) -> &Order {
        self.order.get_or_init(|| {
            let program = &*self.program;
            let sample = match program.len() {
                ..=FEW => SAMPLE_OF_FEW,
                _ => SAMPLE,
            };
            let dimensions = program.dimensions.iter().enumerate();
            let histograms: Vec<Vec<u32>> = dimensions
                .map(|(position, dimension)| {
                    let mut histogram = vec![0_u32; dimension.codes()];
                    // Some tiles from everywhere tell enough.
                    let step = self.tiles.len().div_ceil(sample).max(1);
                    for number in (0..self.tiles.len()).step_by(step) {
                        let column = self.tiles[number].column(position);
                        for row in 0..self.table.chunks[number].ids.len() {
                            histogram[usize::from(column.get(row))] += 1;
                        }
                    }
                    histogram
                })
                .collect();
            Order::new(program, &histograms)
        })
    }
}

/// Zones around some tiles.
fn around<'t>(tiles: impl Iterator<Item = &'t Tile>, program: &Program) -> Vec<Zone> {
    let mut zones = vec![Zone::default(); program.dimensions.len()];
    for tile in tiles {
        for (zone, inner) in zones.iter_mut().zip(&tile.zones) {
            zone.join(*inner);
        }
    }
    zones
}
