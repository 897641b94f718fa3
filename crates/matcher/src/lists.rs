//! Who meets what, for all items and all enterprises, in little memory.
//!
//! A list is kept tile by tile: where few rows match, their positions as differences of one byte or
//! more; where many do, a bit for each row. The bound of memory is the caller's.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    all::{Block, Options, Progress},
    error::MatcherError,
    planes::{self, Plane},
    scan::Counts,
    store::Store,
};

/// Bytes of a plane.
const PLANE: usize = size_of::<Plane>();
/// Bytes that one piece needs beside its rows.
const PIECE: usize = size_of::<Piece>();

/// The matches of one item in one tile.
struct Piece {
    tile: u32,
    arena: u16,
    length: u16,
    start: u64,
}

/// The enterprises that meet each item.
pub struct MatchLists {
    counts: Vec<Counts>,
    pieces: Vec<Vec<Piece>>,
    arenas: Vec<Vec<u8>>,
    store: Store,
}

/// What one run of work writes to.
#[derive(Default)]
struct Arena {
    bytes: Vec<u8>,
    pieces: Vec<(u32, u32, u64, u16)>,
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
        // One arena a thread would do; a few more keep threads from waiting for each other.
        let arenas: Vec<Mutex<Arena>> = (0..16).map(|_| Mutex::default()).collect();
        let used = AtomicUsize::new(0);
        let visit = |block: &Block<'_>| {
            let Some(met) = block.met_rows() else { return };
            // Beyond the bound the run goes on for the counts, which tell how much would do.
            if used.load(Ordering::Relaxed) > options.memory {
                return;
            }
            let arena = &arenas[block.tile as usize % arenas.len()];
            let mut arena = arena.lock().unwrap_or_else(|broken| broken.into_inner());
            let added = arena.add(block.item, block.tile, met);
            used.fetch_add(added, Ordering::Relaxed);
        };
        let counts = self.all_items(options, progress, Some(&visit))?;
        let (given, used) = (options.memory, used.into_inner());
        if used > given {
            return Err(MatcherError::Lists { given });
        }
        let mut lists = MatchLists {
            pieces: counts.iter().map(|_| Vec::new()).collect(),
            counts,
            arenas: Vec::new(),
            store: self.clone(),
        };
        for (number, arena) in (0..).zip(arenas) {
            let arena = arena
                .into_inner()
                .unwrap_or_else(|broken| broken.into_inner());
            for (item, tile, start, length) in arena.pieces {
                lists.pieces[item as usize].push(Piece {
                    tile,
                    start,
                    arena: number,
                    length,
                });
            }
            lists.arenas.push(arena.bytes);
        }
        Ok(lists)
    }
}

impl Arena {
    /// Gives the bytes that it took.
    fn add(&mut self, item: u32, tile: u32, rows: &Plane) -> usize {
        let start = self.bytes.len();
        let mut last = 0;
        planes::each(rows, |row| {
            let mut step = row - last;
            last = row;
            while step >= 255 {
                self.bytes.push(255);
                step -= 255;
            }
            self.bytes.push(step as u8);
        });
        if self.bytes.len() - start >= PLANE {
            self.bytes.truncate(start);
            let words = rows.iter().flat_map(|word| word.to_le_bytes());
            self.bytes.extend(words);
        }
        let length = self.bytes.len() - start;
        self.pieces.push((item, tile, start as u64, length as u16));
        // Pieces are held twice for a moment when they are dealt out to their items.
        length + 2 * PIECE
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
        self.pieces[item as usize].iter().flat_map(|piece| {
            let bytes = &self.arenas[usize::from(piece.arena)][piece.start as usize..];
            let bytes = &bytes[..usize::from(piece.length)];
            let ids = &self.store.chunk(piece.tile).ids;
            rows(bytes).into_iter().map(|row| ids[row])
        })
    }

    /// Bytes of the lists.
    pub fn bytes(&self) -> usize {
        let arenas = self.arenas.iter().map(Vec::len).sum::<usize>();
        let pieces = self.pieces.iter().map(Vec::len).sum::<usize>();
        arenas + pieces * PIECE
    }
}

fn rows(bytes: &[u8]) -> Vec<usize> {
    if bytes.len() == PLANE {
        let words = bytes.as_chunks().0.iter();
        let mut plane = planes::ZEROS;
        for (word, bytes) in plane.iter_mut().zip(words) {
            *word = u64::from_le_bytes(*bytes);
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
