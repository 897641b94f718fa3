//! Large arrays on large pages.
//!
//! One question touches a few words in each of many rows; on pages of 4 KB most of its time would
//! go into finding these pages.

use memmap2::MmapMut;

use crate::index::Block;

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
            _ => Self::Plain(vec![[0; 8]; blocks]),
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
