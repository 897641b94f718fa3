//! Who meets what, for all items and all enterprises, in little memory.
//!
//! A list is kept tile by tile: where few rows match, their positions as differences of one byte or
//! more; where many do, a bit for each row of the tile. The bound of memory is the caller's.

use std::sync::atomic::{AtomicUsize, Ordering};

use pulp::bytemuck::{cast_slice, cast_slice_mut};

use crate::{
    all::{Block, Options, Progress, Sink},
    error::MatcherError,
    index,
    pages::Pages,
    planes::{self, Plane},
    said::MET,
    scan::Counts,
    store::Store,
};

/// Bytes of a plane.
const PLANE: usize = size_of::<Plane>();
/// From so many rows on a bit for each of all rows is kept, which is written and read at once; fewer
/// are kept as steps, which never need as many bytes.
const DENSE: u32 = 96;
/// Bytes that one piece needs beside its rows.
const PIECE: usize = size_of::<Piece>();
/// Behind an item's last piece.
const END: u32 = u32::MAX;
/// Bytes that are taken at once, enough for large pages; what is full is never moved again.
const SHEET: usize = 4 << 20;
/// Bytes that a thread writes before it tells the bound of them.
const TOLD: usize = 1 << 20;

/// The matches of one item in one tile.
struct Piece {
    tile: u32,
    sheet: u32,
    start: u32,
    length: u16,
    /// The item's piece before this one.
    before: u32,
}

/// The enterprises that meet each item.
pub struct MatchLists {
    counts: Vec<Counts>,
    /// Of each thread.
    parts: Vec<Part>,
    store: Store,
}

/// What one thread found.
struct Part {
    /// The latest piece of each item.
    last: Vec<u32>,
    pieces: Vec<Piece>,
    sheets: Vec<Sheet>,
}

/// Rows of many pieces.
struct Sheet {
    pages: Pages,
    length: usize,
}

/// What one thread writes to.
struct Arena<'b> {
    /// Bytes of all threads, and the bound.
    used: &'b AtomicUsize,
    most: usize,
    part: Part,
    /// Bytes that the bound has not been told of.
    unsaid: usize,
}

impl Store {
    /// Counts of all items and the lists of those who meet them.
    ///
    /// # Errors
    /// When the memory bound is too small for one thread, or for the lists.
    pub fn match_lists(
        &self,
        options: Options,
        progress: Option<Progress<'_>>,
    ) -> Result<MatchLists, MatcherError> {
        let used = AtomicUsize::new(0);
        let items = self.program.len();
        let sink = || Arena {
            used: &used,
            most: options.memory,
            part: Part::new(items),
            unsaid: items * size_of::<u32>(),
        };
        let (counts, arenas) = self.all_into(options, progress, sink)?;
        let rest: usize = arenas.iter().map(|arena| arena.unsaid).sum();
        if used.load(Ordering::Relaxed) + rest > options.memory {
            return Err(MatcherError::Lists {
                given: options.memory,
            });
        }
        Ok(MatchLists {
            counts,
            parts: arenas.into_iter().map(|arena| arena.part).collect(),
            store: self.clone(),
        })
    }
}

impl Sink for Arena<'_> {
    const KEEP: u8 = MET;

    fn take(&mut self, block: &Block<'_>) {
        // Beyond the bound the run goes on for the counts, which tell how much would do.
        if self.used.load(Ordering::Relaxed) > self.most {
            return;
        }
        let (sum, met) = block.met_rows();
        self.unsaid += self.part.add(block.item, block.tile, sum, met);
        if self.unsaid >= TOLD {
            self.used.fetch_add(self.unsaid, Ordering::Relaxed);
            self.unsaid = 0;
        }
    }
}

impl Part {
    fn new(items: usize) -> Self {
        Self {
            last: vec![END; items],
            pieces: Vec::new(),
            sheets: Vec::new(),
        }
    }

    /// Gives the bytes that are needed for it.
    fn add(&mut self, item: u32, tile: u32, sum: u32, rows: &Plane) -> usize {
        let full = |last: &Sheet| last.length + PLANE > SHEET;
        if self.sheets.last().is_none_or(full) {
            self.sheets.push(Sheet {
                pages: Pages::zeros(SHEET / size_of::<index::Block>()),
                length: 0,
            });
        }
        let number = self.sheets.len() - 1;
        let sheet = &mut self.sheets[number];
        let start = sheet.length;
        let places = &mut cast_slice_mut(&mut sheet.pages)[start..start + PLANE];
        let length = match sum {
            DENSE.. => {
                places.copy_from_slice(cast_slice(rows));
                PLANE
            }
            _ => steps(rows, places),
        };
        sheet.length += length;
        let last = &mut self.last[item as usize];
        self.pieces.push(Piece {
            tile,
            sheet: number as u32,
            start: start as u32,
            length: length as u16,
            before: *last,
        });
        *last = self.pieces.len() as u32 - 1;
        // pieces grow by doubling
        length + 2 * PIECE
    }

    /// The pieces of an item, the latest first.
    fn of(&self, item: u32) -> impl Iterator<Item = &Piece> {
        let piece = |at: u32| self.pieces.get(at as usize);
        let last = piece(self.last[item as usize]);
        std::iter::successors(last, move |last| piece(last.before))
    }

    fn rows(&self, piece: &Piece) -> Vec<usize> {
        rows(self.sheets[piece.sheet as usize].bytes(piece))
    }

    fn bytes(&self) -> usize {
        let sheets = self.sheets.iter().map(|sheet| sheet.length);
        let sheets: usize = sheets.sum();
        sheets + self.pieces.len() * PIECE + self.last.len() * size_of::<u32>()
    }
}

/// Rows as steps from one to the next; 255 is a step over 255 rows to none. Gives their bytes.
fn steps(rows: &Plane, steps: &mut [u8]) -> usize {
    let (mut length, mut last) = (0, 0);
    // Most words are empty, and guessing which costs more than finding out.
    let mut words = 0_u32;
    for (at, word) in rows.iter().enumerate() {
        words |= u32::from(*word != 0) << at;
    }
    while words != 0 {
        let at = words.trailing_zeros() as usize;
        words &= words - 1;
        let mut rest = rows[at];
        while rest != 0 {
            let row = at * 64 + rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let mut step = row - last;
            last = row;
            while step >= 255 {
                steps[length] = 255;
                length += 1;
                step -= 255;
            }
            steps[length] = step as u8;
            length += 1;
        }
    }
    length
}

impl Sheet {
    fn bytes(&self, piece: &Piece) -> &[u8] {
        let bytes: &[u8] = cast_slice(&self.pages);
        &bytes[piece.start as usize..][..usize::from(piece.length)]
    }
}

impl MatchLists {
    /// Counts of all items.
    pub fn counts(&self) -> &[Counts] {
        &self.counts
    }

    /// Ids of the enterprises that meet an item, in no particular order.
    ///
    /// # Panics
    /// When the item does not exist.
    pub fn met(&self, item: u32) -> impl Iterator<Item = u64> + '_ {
        let parts = self.parts.iter();
        let pieces = parts.flat_map(move |part| part.of(item).map(move |piece| (part, piece)));
        pieces.flat_map(|(part, piece)| {
            let ids = &self.store.chunk(piece.tile).ids;
            part.rows(piece).into_iter().map(|row| ids.at(row))
        })
    }

    /// Bytes of the lists.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(Part::bytes).sum()
    }
}

fn rows(bytes: &[u8]) -> Vec<usize> {
    if bytes.len() == PLANE {
        let words = bytes.as_chunks().0.iter();
        let mut plane = planes::ZEROS;
        for (word, bytes) in plane.iter_mut().zip(words) {
            *word = u64::from_ne_bytes(*bytes);
        }
        return planes::rows(&plane).collect();
    }
    let mut row = 0;
    let steps = bytes.iter().filter_map(|step| {
        row += usize::from(*step);
        (*step < 255).then_some(row)
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every so many rows, from the last one down.
    fn every(gap: usize) -> (Vec<usize>, Plane) {
        let mut plane = planes::ZEROS;
        let mut kept: Vec<usize> = (0..planes::ROWS).rev().step_by(gap).collect();
        kept.reverse();
        for row in &kept {
            plane[row / 64] |= 1 << (row % 64);
        }
        (kept, plane)
    }

    #[test]
    fn few_rows_and_many_come_back() {
        let mut part = Part::new(2);
        let gaps = [1, 2, 21, 22, 254, 255, 256, 510, 511, 2_047, 2_048];
        for gap in gaps {
            let (kept, plane) = every(gap);
            part.add(1, 0, kept.len() as u32, &plane);
        }
        assert_eq!(part.of(0).count(), 0);
        assert_eq!(part.of(1).count(), gaps.len());
        for (gap, piece) in gaps.into_iter().rev().zip(part.of(1)) {
            let found = part.rows(piece);
            let (kept, _) = every(gap);
            assert_eq!(found, kept, "every {gap}");
            let dense = kept.len() >= DENSE as usize;
            assert_eq!(usize::from(piece.length) == PLANE, dense, "every {gap}");
        }
    }
}
