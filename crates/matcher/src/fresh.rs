//! A rule that is no item → all enterprises.
//!
//! Its codes are computed tile by tile where they are needed, and forgotten: nothing is stored that
//! nobody will ask again.

use crate::{
    encode::{Desk, Encoder},
    lanes::Instructions,
    plan::{Ordered, Zone},
    program::Program,
    scan::{County, ItemMatches, Question, Tiles, Want},
    store::{Store, Tile},
    table::Table,
};

/// A program whose codes are computed when they are asked for.
pub(crate) struct Fresh<'a, 't> {
    program: &'a Program,
    encoder: Encoder<'a>,
    table: &'t Table,
    base: Option<&'a Store>,
}

/// One thread's space for the codes of one tile.
pub(crate) struct Scratch<'a> {
    desk: Desk<'a>,
    tile: Tile,
}

impl<'a, 't: 'a> Fresh<'a, 't> {
    /// Beside a store of another program, whose codes tell most of what would have to be computed.
    pub fn new(program: &'a Program, table: &'t Table, base: Option<&'a Store>) -> Self {
        let base = base.filter(|base| base.is_like(program));
        Self {
            program,
            encoder: Encoder::new(program, base.map(|base| &*base.program)),
            table,
            base,
        }
    }

    /// What the program's first item is to all enterprises; without items, nothing.
    pub fn answer(&self, want: Want, instructions: Instructions, found: &mut ItemMatches<'t>) {
        let Some(rule) = self.program.rules.first() else {
            *found = ItemMatches::default();
            return;
        };
        let rule = Ordered {
            item: 0,
            rule: rule.clone(),
        };
        // Any code may occur: what does is known when a tile was computed.
        let zones = self.program.dimensions.iter().map(|dimension| {
            let most = dimension.codes().saturating_sub(1);
            Zone::of(Some(1), Some(most as u16), true)
        });
        let zones: Vec<Zone> = zones.collect();
        let counties = self.table.counties.iter().map(|(_, tiles)| County {
            tiles,
            zones: &zones,
        });
        let question = Question {
            program: self.program,
            table: self.table,
            tiles: Tiles::Fresh(self),
            rule: &rule,
            counties: counties.collect(),
            want,
            instructions,
        };
        question.answer(found);
    }

    pub fn scratch(&self) -> Scratch<'a> {
        Scratch {
            desk: self.encoder.desk(),
            tile: Tile::new(self.program),
        }
    }

    /// The codes of a tile; `None` when it lies where no rule reaches.
    pub fn tile<'s>(&self, number: u32, scratch: &'s mut Scratch<'a>) -> Option<&'s Tile> {
        let Scratch { desk, tile } = scratch;
        let chunk = &self.table.chunks[number as usize];
        let known = self.base.and_then(|base| base.tile_of(number, chunk));
        self.encoder.fill((chunk, known), desk, tile);
        tile.whole.then_some(&*tile)
    }
}
