//! Bit planes: one bit for each row of a tile.
//!
//! An atom is stored as *true* and *unknown*; atoms without unknown rows share a plane of zeros.

use crate::lanes::Lanes;

/// Words in a plane.
pub(crate) const WORDS: usize = 32;
/// Rows in a tile at most.
pub(crate) const ROWS: usize = WORDS * 64;

/// One bit a row.
pub(crate) type Plane = [u64; WORDS];

/// No row.
pub(crate) const ZEROS: Plane = [0; WORDS];
/// Every row.
pub(crate) const ONES: Plane = [u64::MAX; WORDS];

/// Words in a part: a wide register, or a cache line.
pub(crate) const PART: usize = 8;
/// A part of a plane.
pub(crate) type Part = [u64; PART];

/// Bytes of a line of memory.
const LINE: usize = 64;

/// The first so many rows.
pub(crate) fn first(rows: usize) -> Plane {
    std::array::from_fn(|word| match rows.saturating_sub(word * 64) {
        0 => 0,
        left @ 1..64 => (1 << left) - 1,
        _ => u64::MAX,
    })
}

/// Rows set in both planes.
#[inline(always)]
pub(crate) fn both(a: &Plane, b: &Plane) -> Plane {
    std::array::from_fn(|i| a[i] & b[i])
}

/// Rows set in the first plane only.
#[inline(always)]
pub(crate) fn without(a: &Plane, b: &Plane) -> Plane {
    std::array::from_fn(|i| a[i] & !b[i])
}

/// Positions of the rows set in a plane.
pub(crate) fn rows(plane: &Plane) -> impl Iterator<Item = usize> + '_ {
    let words = plane.iter().enumerate();
    words.flat_map(|(at, word)| bits(*word).map(move |bit| at * 64 + bit))
}

/// Positions of the bits set in a word.
pub(crate) fn bits(word: u64) -> impl Iterator<Item = usize> {
    let mut rest = word;
    std::iter::from_fn(move || {
        (rest != 0).then(|| {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            bit
        })
    })
}

/// The codes of one dimension in a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Column<'t> {
    Narrow(&'t [u8; ROWS]),
    Wide(&'t [u16; ROWS]),
}

impl Column<'_> {
    pub fn get(self, row: usize) -> u16 {
        match self {
            Self::Narrow(codes) => u16::from(codes[row]),
            Self::Wide(codes) => codes[row],
        }
    }

    /// Sets the rows whose code lies in one of the ranges; is there any?
    #[inline(always)]
    pub fn mark<L: Lanes>(self, lanes: L, ranges: &[(u16, u16)], plane: &mut Plane) -> bool {
        match (self, ranges) {
            (_, many) if many.len() > L::RANGES => {
                *plane = ZEROS;
                match self {
                    Self::Narrow(codes) => listed(codes, ranges, plane),
                    Self::Wide(codes) => listed(codes, ranges, plane),
                }
                plane.iter().any(|word| *word != 0)
            }
            (Self::Narrow(codes), [first, more @ ..]) => {
                let mut any = narrow::<L, false>(lanes, codes, *first, plane);
                for range in more {
                    any |= narrow::<L, true>(lanes, codes, *range, plane);
                }
                any != 0
            }
            (Self::Wide(codes), [first, more @ ..]) => {
                let mut any = wide::<L, false>(lanes, codes, *first, plane);
                for range in more {
                    any |= wide::<L, true>(lanes, codes, *range, plane);
                }
                any != 0
            }
            (_, []) => {
                *plane = ZEROS;
                false
            }
        }
    }

    /// Asks memory for the codes, which are read soon.
    #[inline(always)]
    pub fn fetch<L: Lanes>(self, lanes: L) {
        match self {
            Self::Narrow(codes) => {
                for line in codes.as_chunks::<LINE>().0 {
                    lanes.fetch(line);
                }
            }
            Self::Wide(codes) => {
                for line in codes.as_chunks::<{ LINE / 2 }>().0 {
                    lanes.fetch(line);
                }
            }
        }
    }

    /// For each border the rows with a known code below it, in one pass over the codes; borders
    /// ascend. A range of codes is then the difference of two planes.
    pub fn below(self, borders: &[u16], planes: &mut [Plane]) {
        match self {
            Self::Narrow(codes) => below(codes, borders, planes),
            Self::Wide(codes) => below(codes, borders, planes),
        }
    }
}

/// Sets the rows whose code lies in a range, beside those that are set already or instead of them.
#[inline(always)]
fn narrow<L: Lanes, const BESIDE: bool>(
    lanes: L,
    codes: &[u8; ROWS],
    (from, to): (u16, u16),
    plane: &mut Plane,
) -> u64 {
    let (from, width) = (from as u8, (to - from) as u8);
    let mut any = 0;
    for (word, codes) in plane.iter_mut().zip(codes.as_chunks().0) {
        let inside = lanes.narrow(codes, from, width);
        any |= inside;
        *word = if BESIDE { *word | inside } else { inside };
    }
    any
}

/// The same for wide codes.
#[inline(always)]
fn wide<L: Lanes, const BESIDE: bool>(
    lanes: L,
    codes: &[u16; ROWS],
    (from, to): (u16, u16),
    plane: &mut Plane,
) -> u64 {
    let mut any = 0;
    for (word, codes) in plane.iter_mut().zip(codes.as_chunks().0) {
        let inside = lanes.wide(codes, from, to - from);
        any |= inside;
        *word = if BESIDE { *word | inside } else { inside };
    }
    any
}

fn below<C: Copy + Into<usize>>(codes: &[C; ROWS], borders: &[u16], planes: &mut [Plane]) {
    // Which border a code is first below, for all codes up to the last border.
    let last = borders.last().map_or(0, |border| usize::from(*border));
    let mut classes = vec![borders.len() as u16; last + 1];
    let mut from = 1;
    for (class, border) in (0..).zip(borders) {
        classes[from..usize::from(*border)].fill(class);
        from = usize::from(*border).max(from);
    }
    classes[0] = borders.len() as u16;
    planes.fill(ZEROS);
    for (row, code) in codes.iter().enumerate() {
        let class = classes[(*code).into().min(last)];
        if let Some(plane) = planes.get_mut(usize::from(class)) {
            plane[row / 64] |= 1 << (row % 64);
        }
    }
    for at in 1..planes.len() {
        let (before, after) = planes.split_at_mut(at);
        for (word, more) in after[0].iter_mut().zip(&before[at - 1]) {
            *word |= more;
        }
    }
}

/// From many ranges on a look at a list of codes is cheaper than comparisons.
fn listed<C: Copy + Into<usize>>(codes: &[C; ROWS], ranges: &[(u16, u16)], plane: &mut Plane) {
    let last = ranges.last().map_or(0, |(_, to)| usize::from(*to));
    let mut listed = vec![false; last + 1];
    for (from, to) in ranges {
        listed[usize::from(*from)..=usize::from(*to)].fill(true);
    }
    for (word, chunk) in plane.iter_mut().zip(codes.chunks(64)) {
        for (bit, code) in chunk.iter().enumerate() {
            let inside = listed.get((*code).into()).copied().unwrap_or(false);
            *word |= u64::from(inside) << bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lanes::{Instructions, Tally, Work};

    struct Mark<'t>(Column<'t>, &'t [(u16, u16)]);

    impl Work for Mark<'_> {
        type Output = Plane;
        fn run<L: Lanes>(self, lanes: L) -> Plane {
            let mut plane = ONES;
            let any = self.0.mark(lanes, self.1, &mut plane);
            assert_eq!(any, plane != ZEROS);
            let mut tally = L::Tally::default();
            for part in plane.as_chunks().0 {
                tally.add(lanes, lanes.word(part));
            }
            let [sum, ..] = L::Tally::sums([
                tally,
                L::Tally::default(),
                L::Tally::default(),
                L::Tally::default(),
            ]);
            assert_eq!(sum as usize, rows(&plane).count());
            plane
        }
    }

    fn set(plane: &Plane) -> Vec<usize> {
        rows(plane).collect()
    }

    proptest! {
        #[test]
        fn a_marked_plane_is_the_ranges_with_all_instructions(
            some in proptest::collection::vec(0_u16..300, 1..400),
            ends in proptest::collection::vec((1_u16..300, 0_u16..40), 1..90),
        ) {
            let mut ranges: Vec<(u16, u16)> = ends.iter().map(|(a, n)| (*a, a + n)).collect();
            ranges.sort_unstable();
            let mut apart: Vec<(u16, u16)> = Vec::new();
            for range in ranges {
                if apart.last().is_none_or(|(_, end)| *end < range.0) {
                    apart.push(range);
                }
            }
            let codes: [u16; ROWS] = std::array::from_fn(|row| some[row % some.len()]);
            let inside = |code: u16| apart.iter().any(|(a, b)| (*a..=*b).contains(&code));
            let expected: Vec<usize> = (0..ROWS).filter(|row| inside(codes[*row])).collect();
            for instructions in Instructions::available() {
                let plane = instructions.run(Mark(Column::Wide(&codes), &apart));
                prop_assert_eq!(set(&plane), expected.clone(), "{:?}", instructions);
            }

            let mut borders: Vec<u16> = apart.iter().flat_map(|(a, b)| [*a, b + 1]).collect();
            borders.sort_unstable();
            borders.dedup();
            let mut lower = vec![ONES; borders.len()];
            Column::Wide(&codes).below(&borders, &mut lower);
            for (border, plane) in borders.iter().zip(&lower) {
                let expected: Vec<usize> =
                    (0..ROWS).filter(|row| (1..*border).contains(&codes[*row])).collect();
                prop_assert_eq!(set(plane), expected);
            }

            let narrow = codes.map(|code| (code % 256) as u8);
            let fitting: Vec<(u16, u16)> =
                apart.iter().filter(|(_, b)| *b < 256).copied().collect();
            let inside = |code: u8| fitting.iter().any(|(a, b)| (*a..=*b).contains(&code.into()));
            let expected: Vec<usize> = (0..ROWS).filter(|row| inside(narrow[*row])).collect();
            for instructions in Instructions::available() {
                let plane = instructions.run(Mark(Column::Narrow(&narrow), &fitting));
                prop_assert_eq!(set(&plane), expected.clone(), "{:?}", instructions);
            }
        }
    }
}
