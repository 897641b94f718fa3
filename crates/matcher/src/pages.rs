//! Large arrays on large pages.
//!
//! One question touches a few words in each of many rows; on pages of 4 KB most of its time would
//! go into finding these pages.

use std::{ops::Range, sync::Arc};

use memmap2::MmapMut;

use crate::index::{BLOCK, Block};

/// Blocks of zeros to begin with.
pub(crate) enum Pages {
    Mapped(MmapMut),
    Plain(Vec<Block>),
}

impl Pages {
    pub fn zeros(blocks: usize) -> Self {
        match MmapMut::map_anon(blocks * size_of::<Block>()) {
            Ok(map) if blocks > 0 => {
                // Where the system has no large pages the small ones do.
                #[cfg(target_os = "linux")]
                let _ = map.advise(memmap2::Advice::HugePage);
                Self::Mapped(map)
            }
            _ => Self::Plain(vec![[0; BLOCK]; blocks]),
        }
    }
}

impl std::ops::Deref for Pages {
    type Target = [Block];

    #[inline]
    fn deref(&self) -> &[Block] {
        match self {
            Self::Mapped(map) => pulp::bytemuck::cast_slice(map),
            Self::Plain(list) => list,
        }
    }
}

impl std::ops::DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [Block] {
        match self {
            Self::Mapped(map) => pulp::bytemuck::cast_slice_mut(map),
            Self::Plain(list) => list,
        }
    }
}

/// Blocks of its own, or a share of large pages; a share is copied when it is written to.
#[derive(Clone)]
pub(crate) enum Slab {
    Own(Vec<Block>),
    Shared(Arc<Pages>, Range<usize>),
}

impl Slab {
    pub fn zeros(blocks: usize) -> Self {
        Self::Own(vec![[0; BLOCK]; blocks])
    }

    #[inline(always)]
    pub fn blocks(&self) -> &[Block] {
        match self {
            Self::Own(list) => list,
            Self::Shared(pages, range) => &pages[range.clone()],
        }
    }

    pub fn blocks_mut(&mut self) -> &mut [Block] {
        if let Self::Shared(..) = self {
            *self = Self::Own(self.blocks().to_vec());
        }
        match self {
            Self::Own(list) => list,
            Self::Shared(..) => &mut [],
        }
    }

    /// Moves slabs to large pages that they share.
    pub fn pack<'s>(slabs: impl Iterator<Item = &'s mut Self>) {
        let slabs: Vec<&mut Self> = slabs.collect();
        let mut pages = Pages::zeros(slabs.iter().map(|slab| slab.blocks().len()).sum());
        let mut rest = &mut *pages;
        for slab in &slabs {
            let blocks = slab.blocks();
            let (place, after) = rest.split_at_mut(blocks.len());
            place.copy_from_slice(blocks);
            rest = after;
        }
        let pages = Arc::new(pages);
        let mut from = 0;
        for slab in slabs {
            let to = from + slab.blocks().len();
            *slab = Self::Shared(Arc::clone(&pages), from..to);
            from = to;
        }
    }
}
