//! Bit planes: one bit for each row of a tile.
//!
//! A condition has three: *certain* (met), *possible* (met or unknown) and *far* (two or more
//! conditions missing). Kleene's “and” and “or” are the bitwise ones on the first two; a row
//! misses nothing where it is certain, so that sums and minima of missing conditions, up to two,
//! are bitwise too:
//!
//! ```text
//!            and                                        or
//! certain    a & b                                      a | b
//! possible   a & b                                      a | b
//! far        a | b | (¬certain a & ¬certain b)          a & b
//! ```
//!
//! An atom is stored as *true* and *unknown*; atoms without unknown rows share a plane of zeros.

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

/// The state of a condition for the rows of a tile.
#[derive(Debug, Clone)]
pub(crate) struct Planes {
    pub certain: Plane,
    pub possible: Plane,
    pub far: Plane,
}

impl Planes {
    /// The neutral start of an “and” over the first rows of a tile; the others are far.
    pub fn all(rows: usize) -> Self {
        let inside = first(rows);
        Self {
            certain: inside,
            possible: inside,
            far: inside.map(|word| !word),
        }
    }

    /// The neutral start of an “or”.
    pub fn any() -> Self {
        Self {
            certain: ZEROS,
            possible: ZEROS,
            far: ONES,
        }
    }

    /// Adds a literal to an “and”; `false` when no row can still be met or, with `NEAR`, near.
    pub fn and_literal<const NEAR: bool>(
        &mut self,
        yes: &Plane,
        unknown: &Plane,
        negated: bool,
        fixed: bool,
    ) -> bool {
        match (negated, fixed) {
            (false, false) => self.and::<NEAR, false, false>(yes, unknown),
            (false, true) => self.and::<NEAR, false, true>(yes, unknown),
            (true, false) => self.and::<NEAR, true, false>(yes, unknown),
            (true, true) => self.and::<NEAR, true, true>(yes, unknown),
        }
    }

    #[inline]
    fn and<const NEAR: bool, const NEGATED: bool, const FIXED: bool>(
        &mut self,
        yes: &Plane,
        unknown: &Plane,
    ) -> bool {
        let mut alive = 0;
        for i in 0..WORDS {
            let (certain, possible) = sides::<NEGATED>(yes[i], unknown[i]);
            if NEAR {
                let mut far = self.far[i] | !(self.certain[i] | certain);
                if FIXED {
                    far |= !possible;
                }
                self.far[i] = far;
                alive |= !far;
            }
            self.certain[i] &= certain;
            self.possible[i] &= possible;
            alive |= self.possible[i];
        }
        alive != 0
    }

    /// Adds a literal to an “or”.
    pub fn or_literal<const NEAR: bool>(
        &mut self,
        yes: &Plane,
        unknown: &Plane,
        negated: bool,
        fixed: bool,
    ) {
        match (negated, fixed) {
            (false, false) => self.or::<NEAR, false, false>(yes, unknown),
            (false, true) => self.or::<NEAR, false, true>(yes, unknown),
            (true, false) => self.or::<NEAR, true, false>(yes, unknown),
            (true, true) => self.or::<NEAR, true, true>(yes, unknown),
        }
    }

    #[inline]
    fn or<const NEAR: bool, const NEGATED: bool, const FIXED: bool>(
        &mut self,
        yes: &Plane,
        unknown: &Plane,
    ) {
        for i in 0..WORDS {
            let (certain, possible) = sides::<NEGATED>(yes[i], unknown[i]);
            self.certain[i] |= certain;
            self.possible[i] |= possible;
            if NEAR {
                self.far[i] &= if FIXED { !possible } else { 0 };
            }
        }
    }

    /// Adds a group to an “and”; `false` as for a literal.
    pub fn and_planes<const NEAR: bool>(&mut self, part: &Self) -> bool {
        let mut alive = 0;
        for i in 0..WORDS {
            if NEAR {
                let missing = !(self.certain[i] | part.certain[i]);
                self.far[i] |= part.far[i] | missing;
                alive |= !self.far[i];
            }
            self.certain[i] &= part.certain[i];
            self.possible[i] &= part.possible[i];
            alive |= self.possible[i];
        }
        alive != 0
    }

    /// Adds a group to an “or”.
    pub fn or_planes<const NEAR: bool>(&mut self, part: &Self) {
        for i in 0..WORDS {
            self.certain[i] |= part.certain[i];
            self.possible[i] |= part.possible[i];
            if NEAR {
                self.far[i] &= part.far[i];
            }
        }
    }
}

/// Certain and possible words of a literal.
#[inline]
fn sides<const NEGATED: bool>(yes: u64, unknown: u64) -> (u64, u64) {
    if NEGATED {
        (!(yes | unknown), !yes)
    } else {
        (yes, yes | unknown)
    }
}

/// The first so many rows.
fn first(rows: usize) -> Plane {
    std::array::from_fn(|word| match rows.saturating_sub(word * 64) {
        0 => 0,
        left @ 1..64 => (1 << left) - 1,
        _ => u64::MAX,
    })
}

/// Rows set in a plane. Carry-save adders fold eight words into four before any bit is counted:
/// plain processors have no instruction that counts bits.
pub(crate) fn count(plane: &Plane) -> u64 {
    let (mut ones, mut twos, mut fours, mut eights) = (0_u64, 0_u64, 0_u64, 0_u64);
    for eight in plane.chunks_exact(8) {
        let (a, one) = add(ones, eight[0], eight[1]);
        let (b, one) = add(one, eight[2], eight[3]);
        let (c, two) = add(twos, a, b);
        let (a, one) = add(one, eight[4], eight[5]);
        let (b, one) = add(one, eight[6], eight[7]);
        let (d, two) = add(two, a, b);
        let (e, four) = add(fours, c, d);
        (ones, twos, fours) = (one, two, four);
        eights += u64::from(e.count_ones());
    }
    8 * eights
        + 4 * u64::from(fours.count_ones())
        + 2 * u64::from(twos.count_ones())
        + u64::from(ones.count_ones())
}

/// Carries and sums of three bits, 64 times.
#[inline]
fn add(a: u64, b: u64, c: u64) -> (u64, u64) {
    let half = a ^ b;
    ((a & b) | (half & c), half ^ c)
}

/// Rows set in both planes.
pub(crate) fn both(a: &Plane, b: &Plane) -> Plane {
    std::array::from_fn(|i| a[i] & b[i])
}

/// Rows set in the first plane only.
pub(crate) fn without(a: &Plane, b: &Plane) -> Plane {
    std::array::from_fn(|i| a[i] & !b[i])
}

/// Positions of the rows set in a plane.
pub(crate) fn rows(plane: &Plane) -> impl Iterator<Item = usize> + '_ {
    plane.iter().enumerate().flat_map(|(at, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                at * 64 + bit
            })
        })
    })
}

/// A code of a column.
pub(crate) trait Code: Copy {
    /// Is it within `from` and `to`?
    fn within(self, from: u16, to: u16) -> bool;
    fn index(self) -> usize;
}

impl Code for u8 {
    #[inline]
    fn within(self, from: u16, to: u16) -> bool {
        // One comparison: codes below `from` wrap to the top.
        self.wrapping_sub(from as u8) <= (to - from) as u8
    }
    fn index(self) -> usize {
        self.into()
    }
}

impl Code for u16 {
    #[inline]
    fn within(self, from: u16, to: u16) -> bool {
        self.wrapping_sub(from) <= to - from
    }
    fn index(self) -> usize {
        self.into()
    }
}

/// For each border the rows with a known code below it, in one pass over the codes; borders
/// ascend. A range of codes is then the difference of two planes.
pub(crate) fn below<C: Code>(codes: &[C], borders: &[u16], planes: &mut [Plane]) {
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
        let class = classes[code.index().min(last)];
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

/// Sets the rows whose code lies in one of the ranges.
pub(crate) fn mark<C: Code>(codes: &[C], ranges: &[(u16, u16)], plane: &mut Plane) {
    *plane = ZEROS;
    if ranges.len() > RANGES_SCANNED {
        return mark_listed(codes, ranges, plane);
    }
    for (from, to) in ranges {
        let mut chunks = codes.chunks_exact(64);
        let mut words = plane.iter_mut();
        for (chunk, word) in (&mut chunks).zip(&mut words) {
            let mut flags = [0_u8; 64];
            for (flag, code) in flags.iter_mut().zip(chunk) {
                *flag = u8::from(code.within(*from, *to));
            }
            *word |= packed(&flags);
        }
        if let Some(word) = words.next() {
            for (bit, code) in chunks.remainder().iter().enumerate() {
                *word |= u64::from(code.within(*from, *to)) << bit;
            }
        }
    }
}

/// From this many ranges on a look at a list of codes is cheaper than comparisons.
const RANGES_SCANNED: usize = 6;

fn mark_listed<C: Code>(codes: &[C], ranges: &[(u16, u16)], plane: &mut Plane) {
    let last = ranges.last().map_or(0, |(_, to)| usize::from(*to));
    let mut listed = vec![false; last + 1];
    for (from, to) in ranges {
        listed[usize::from(*from)..=usize::from(*to)].fill(true);
    }
    for (word, chunk) in plane.iter_mut().zip(codes.chunks(64)) {
        for (bit, code) in chunk.iter().enumerate() {
            let inside = listed.get(code.index()).copied().unwrap_or(false);
            *word |= u64::from(inside) << bit;
        }
    }
}

/// 64 flags of 0 or 1 as bits: a multiplication gathers eight of them in its top byte.
#[inline]
fn packed(flags: &[u8; 64]) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut word = 0;
    for (at, eight) in flags.chunks_exact(8).enumerate() {
        let bytes: [u8; 8] = eight.try_into().expect("chunks of eight");
        word |= (u64::from_le_bytes(bytes).wrapping_mul(GATHER) >> 56) << (8 * at);
    }
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_marked_plane_is_the_ranges(
            codes in proptest::collection::vec(0_u16..300, 0..400),
            ends in proptest::collection::vec((1_u16..300, 0_u16..40), 1..10),
        ) {
            let mut ranges: Vec<(u16, u16)> = ends.iter().map(|(a, n)| (*a, a + n)).collect();
            ranges.sort_unstable();
            let mut apart: Vec<(u16, u16)> = Vec::new();
            for range in ranges {
                if apart.last().is_none_or(|(_, end)| *end < range.0) {
                    apart.push(range);
                }
            }
            let mut plane = ONES;
            mark(&codes, &apart, &mut plane);
            let mut borders: Vec<u16> = apart.iter().flat_map(|(a, b)| [*a, b + 1]).collect();
            borders.sort_unstable();
            borders.dedup();
            let mut lower = vec![ONES; borders.len()];
            below(&codes, &borders, &mut lower);
            for (border, plane) in borders.iter().zip(&lower) {
                let expected: Vec<usize> =
                    (0..codes.len()).filter(|row| (1..*border).contains(&codes[*row])).collect();
                prop_assert_eq!(rows(plane).collect::<Vec<_>>(), expected);
            }
            let expected: Vec<usize> = (0..codes.len())
                .filter(|row| apart.iter().any(|(a, b)| (*a..=*b).contains(&codes[*row])))
                .collect();
            prop_assert_eq!(rows(&plane).collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(count(&plane), expected.len() as u64);

            let narrow: Vec<u8> = codes.iter().map(|code| (*code % 256) as u8).collect();
            let below: Vec<(u16, u16)> =
                apart.iter().filter(|(_, b)| *b < 256).copied().collect();
            mark(&narrow, &below, &mut plane);
            let expected: Vec<usize> = (0..narrow.len())
                .filter(|row| below.iter().any(|(a, b)| (*a..=*b).contains(&narrow[*row].into())))
                .collect();
            prop_assert_eq!(rows(&plane).collect::<Vec<_>>(), expected);
        }
    }
}
