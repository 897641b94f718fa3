//! Wide instructions, chosen when the program starts.
//!
//! The same source is compiled for plain processors (on Arm that is NEON), for AVX2, and for AVX-512
//! with and without its counting of bits. The comparison of 64 codes, the operations on a part and
//! the counting are written for each; everything else is loops that the compiler widens.

#[cfg(target_arch = "x86_64")]
use pulp::{
    u8x32, u8x64, u16x16, u16x32,
    x86::{V3, V4},
};

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256i, __m512i, _MM_HINT_T0};

#[cfg(target_arch = "x86_64")]
use crate::planes::WORDS;
use crate::planes::{PART, Part};

/// The instructions that the engine computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instructions {
    /// What every processor of the architecture has.
    Plain,
    /// x86-64-v3: 32 bytes at a time.
    Avx2,
    /// x86-64-v4: 64 bytes at a time.
    Avx512,
}

impl Instructions {
    /// All that this machine has, the widest first.
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Avx512, Self::Avx2, Self::Plain]
            .into_iter()
            .filter(|instructions| instructions.is_available())
    }

    /// The widest that this machine has.
    pub fn best() -> Self {
        Self::available().next().unwrap_or(Self::Plain)
    }

    /// Does this machine have them?
    pub fn is_available(self) -> bool {
        match self {
            Self::Plain => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => V3::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => V4::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// Does work with these instructions, or with plain ones where they are not available.
    #[inline]
    pub(crate) fn run<W: Work>(self, work: W) -> W::Output {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Avx512 => {
                if let Some(lanes) = V4::try_new() {
                    let call = Call { work, lanes };
                    return match Counting::try_new() {
                        Some(counting) => counting.vectorize(call),
                        None => lanes.vectorize(call),
                    };
                }
            }
            Self::Avx2 => {
                if let Some(lanes) = V3::try_new() {
                    return lanes.vectorize(Call { work, lanes });
                }
            }
            Self::Plain => {}
        }
        work.run(Plain)
    }
}

#[cfg(target_arch = "x86_64")]
pulp::simd_type! {
    /// All of x86-64-v4 and one more: an instruction that counts the bits of wide registers, which the
    /// compiler takes where it may.
    struct Counting {
        sse: "sse",
        sse2: "sse2",
        fxsr: "fxsr",
        sse3: "sse3",
        ssse3: "ssse3",
        sse4_1: "sse4.1",
        sse4_2: "sse4.2",
        popcnt: "popcnt",
        avx: "avx",
        avx2: "avx2",
        bmi1: "bmi1",
        bmi2: "bmi2",
        fma: "fma",
        lzcnt: "lzcnt",
        avx512f: "avx512f",
        avx512bw: "avx512bw",
        avx512cd: "avx512cd",
        avx512dq: "avx512dq",
        avx512vl: "avx512vl",
        avx512vpopcntdq: "avx512vpopcntdq",
    }
}

/// Work that is compiled for each set of instructions; all that it calls in its inner loops must
/// be inlined to be so too.
pub(crate) trait Work {
    type Output;
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
struct Call<W, L> {
    work: W,
    lanes: L,
}

#[cfg(target_arch = "x86_64")]
impl<W: Work, L: Lanes> pulp::NullaryFnOnce for Call<W, L> {
    type Output = W::Output;

    #[inline(always)]
    fn call(self) -> W::Output {
        self.work.run(self.lanes)
    }
}

/// What is written for each set of instructions.
pub(crate) trait Lanes: Copy {
    /// A part in registers.
    type Word: Copy;
    /// How it counts bits.
    type Tally: Tally<Self>;
    /// Parts of a tile that a rule is computed over at a time: as many as leave its state in registers.
    const PARTS: usize;
    /// With more borders on a dimension, sorting its rows into classes once costs less than
    /// comparing their codes for each condition.
    const BORDERS: usize;
    /// With more ranges in a condition, looking codes up in a list costs less than comparing.
    const RANGES: usize;

    fn splat(self, bits: u64) -> Self::Word;
    fn word(self, part: &Part) -> Self::Word;
    fn part(self, word: Self::Word) -> Part;
    fn and(self, a: Self::Word, b: Self::Word) -> Self::Word;
    fn or(self, a: Self::Word, b: Self::Word) -> Self::Word;
    fn xor(self, a: Self::Word, b: Self::Word) -> Self::Word;

    #[inline(always)]
    fn not(self, word: Self::Word) -> Self::Word {
        self.xor(word, self.splat(u64::MAX))
    }

    /// Which of 64 codes lie in `from..=from + width`?
    fn narrow(self, codes: &[u8; 64], from: u8, width: u8) -> u64;
    /// Which of 64 codes lie in `from..=from + width`?
    fn wide(self, codes: &[u16; 64], from: u16, width: u16) -> u64;

    /// Asks memory for the line that begins here, which is read soon.
    #[inline(always)]
    fn fetch<T>(self, _line: &T) {}

    /// Does work in a function of its own, compiled for these instructions.
    fn apart<W: Work>(self, work: W) -> W::Output;
}

/// Counts the bits of words.
pub(crate) trait Tally<L: Lanes>: Default {
    fn add(&mut self, lanes: L, word: L::Word);
    /// The sums of the tallies of a tile.
    fn sums(tallies: [Self; 4]) -> [u32; 4];
}

/// Counts each 64 bits: for processors with an instruction that does.
#[cfg(target_arch = "x86_64")]
#[derive(Default)]
pub(crate) struct Direct(Part);

#[cfg(target_arch = "x86_64")]
impl<L: Lanes> Tally<L> for Direct {
    #[inline(always)]
    fn add(&mut self, lanes: L, word: L::Word) {
        let part = lanes.part(word);
        for (sum, word) in self.0.iter_mut().zip(part) {
            *sum += u64::from(word.count_ones());
        }
    }

    /// A tile's sums have twelve bits: all four are summed up at once.
    #[inline(always)]
    fn sums([Self(a), Self(b), Self(c), Self(d)]: [Self; 4]) -> [u32; 4] {
        let mut all = 0;
        for i in 0..PART {
            all += a[i] | b[i] << 16 | c[i] << 32 | d[i] << 48;
        }
        let sum = |at: u32| (all >> (16 * at)) as u32 & 0xffff;
        [sum(0), sum(1), sum(2), sum(3)]
    }
}

/// Carry-save adders fold eight words into one before any bit is counted: plain processors have no
/// instruction that counts bits.
#[derive(Default)]
pub(crate) struct Folded {
    ones: u64,
    twos: u64,
    fours: u64,
    eights: u32,
}

impl<L: Lanes> Tally<L> for Folded {
    #[inline(always)]
    fn add(&mut self, lanes: L, word: L::Word) {
        let eight = lanes.part(word);
        let (a, one) = add(self.ones, eight[0], eight[1]);
        let (b, one) = add(one, eight[2], eight[3]);
        let (c, two) = add(self.twos, a, b);
        let (a, one) = add(one, eight[4], eight[5]);
        let (b, one) = add(one, eight[6], eight[7]);
        let (d, two) = add(two, a, b);
        let (e, four) = add(self.fours, c, d);
        (self.ones, self.twos, self.fours) = (one, two, four);
        self.eights += e.count_ones();
    }

    #[inline(always)]
    fn sums(tallies: [Self; 4]) -> [u32; 4] {
        tallies.map(Self::sum)
    }
}

impl Folded {
    #[inline(always)]
    fn sum(self) -> u32 {
        8 * self.eights
            + 4 * self.fours.count_ones()
            + 2 * self.twos.count_ones()
            + self.ones.count_ones()
    }
}

/// No particular instructions.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Lanes for Plain {
    type Word = Part;
    type Tally = Folded;
    const PARTS: usize = 1;
    const BORDERS: usize = 6;
    const RANGES: usize = 6;

    #[inline(always)]
    fn splat(self, bits: u64) -> Part {
        [bits; PART]
    }

    #[inline(always)]
    fn word(self, part: &Part) -> Part {
        *part
    }

    #[inline(always)]
    fn part(self, word: Part) -> Part {
        word
    }

    #[inline(always)]
    fn and(self, a: Part, b: Part) -> Part {
        let mut c = a;
        for i in 0..PART {
            c[i] &= b[i];
        }
        c
    }

    #[inline(always)]
    fn or(self, a: Part, b: Part) -> Part {
        let mut c = a;
        for i in 0..PART {
            c[i] |= b[i];
        }
        c
    }

    #[inline(always)]
    fn xor(self, a: Part, b: Part) -> Part {
        let mut c = a;
        for i in 0..PART {
            c[i] ^= b[i];
        }
        c
    }

    #[inline(always)]
    fn narrow(self, codes: &[u8; 64], from: u8, width: u8) -> u64 {
        packed(&codes.map(|code| u8::from(code.wrapping_sub(from) <= width)))
    }

    #[inline(always)]
    fn wide(self, codes: &[u16; 64], from: u16, width: u16) -> u64 {
        packed(&codes.map(|code| u8::from(code.wrapping_sub(from) <= width)))
    }

    #[inline(never)]
    fn apart<W: Work>(self, work: W) -> W::Output {
        work.run(self)
    }
}

/// Carries and sums of three bits, 64 times.
#[inline]
fn add(a: u64, b: u64, c: u64) -> (u64, u64) {
    let half = a ^ b;
    ((a & b) | (half & c), half ^ c)
}

/// 64 flags of 0 or 1 as bits: a multiplication gathers eight of them in its top byte.
#[inline(always)]
fn packed(flags: &[u8; 64]) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut word = 0;
    for (at, eight) in flags.as_chunks().0.iter().enumerate() {
        word |= (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56) << (8 * at);
    }
    word
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    type Word = __m512i;
    type Tally = Direct;
    const PARTS: usize = WORDS / PART;
    const BORDERS: usize = usize::MAX;
    const RANGES: usize = 100;

    #[inline(always)]
    fn splat(self, bits: u64) -> __m512i {
        self.avx512f._mm512_set1_epi64(bits.cast_signed())
    }

    #[inline(always)]
    fn word(self, part: &Part) -> __m512i {
        pulp::cast(*part)
    }

    #[inline(always)]
    fn part(self, word: __m512i) -> Part {
        pulp::cast(word)
    }

    #[inline(always)]
    fn and(self, a: __m512i, b: __m512i) -> __m512i {
        self.avx512f._mm512_and_si512(a, b)
    }

    #[inline(always)]
    fn or(self, a: __m512i, b: __m512i) -> __m512i {
        self.avx512f._mm512_or_si512(a, b)
    }

    #[inline(always)]
    fn xor(self, a: __m512i, b: __m512i) -> __m512i {
        self.avx512f._mm512_xor_si512(a, b)
    }

    #[inline(always)]
    fn narrow(self, codes: &[u8; 64], from: u8, width: u8) -> u64 {
        let from = pulp::cast(self.splat_u8x64(from));
        let shifted: u8x64 = pulp::cast(self.avx512bw._mm512_sub_epi8(pulp::cast(*codes), from));
        self.cmp_le_u8x64(shifted, self.splat_u8x64(width)).0
    }

    #[inline(always)]
    fn wide(self, codes: &[u16; 64], from: u16, width: u16) -> u64 {
        let [low, high]: [u16x32; 2] = pulp::cast(*codes);
        let low = inside_v4(self, low, from, width);
        low | inside_v4(self, high, from, width) << 32
    }

    #[inline(always)]
    fn fetch<T>(self, line: &T) {
        self.sse
            ._mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(line).cast());
    }

    #[inline(always)]
    fn apart<W: Work>(self, work: W) -> W::Output {
        self.vectorize(Call { work, lanes: self })
    }
}

// A closure, such as that of an array's `map`, is a function of its own that is compiled for plain
// processors unless it happens to be inlined; so there is none around the instructions here.

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn inside_v4(lanes: V4, codes: u16x32, from: u16, width: u16) -> u64 {
    let from = pulp::cast(lanes.splat_u16x32(from));
    let shifted = lanes.avx512bw._mm512_sub_epi16(pulp::cast(codes), from);
    let inside = lanes.cmp_le_u16x32(pulp::cast(shifted), lanes.splat_u16x32(width));
    u64::from(inside.0)
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    type Word = [__m256i; 2];
    type Tally = Direct;
    const PARTS: usize = 1;
    const BORDERS: usize = 32;
    const RANGES: usize = 24;

    #[inline(always)]
    fn splat(self, bits: u64) -> [__m256i; 2] {
        [self.avx._mm256_set1_epi64x(bits.cast_signed()); 2]
    }

    #[inline(always)]
    fn word(self, part: &Part) -> [__m256i; 2] {
        pulp::cast(*part)
    }

    #[inline(always)]
    fn part(self, word: [__m256i; 2]) -> Part {
        pulp::cast(word)
    }

    #[inline(always)]
    fn and(self, [a, b]: [__m256i; 2], [c, d]: [__m256i; 2]) -> [__m256i; 2] {
        let avx2 = self.avx2;
        [avx2._mm256_and_si256(a, c), avx2._mm256_and_si256(b, d)]
    }

    #[inline(always)]
    fn or(self, [a, b]: [__m256i; 2], [c, d]: [__m256i; 2]) -> [__m256i; 2] {
        let avx2 = self.avx2;
        [avx2._mm256_or_si256(a, c), avx2._mm256_or_si256(b, d)]
    }

    #[inline(always)]
    fn xor(self, [a, b]: [__m256i; 2], [c, d]: [__m256i; 2]) -> [__m256i; 2] {
        let avx2 = self.avx2;
        [avx2._mm256_xor_si256(a, c), avx2._mm256_xor_si256(b, d)]
    }

    #[inline(always)]
    fn narrow(self, codes: &[u8; 64], from: u8, width: u8) -> u64 {
        let [low, high]: [u8x32; 2] = pulp::cast(*codes);
        let low = inside_v3(self, low, from, width);
        low | inside_v3(self, high, from, width) << 32
    }

    #[inline(always)]
    fn wide(self, codes: &[u16; 64], from: u16, width: u16) -> u64 {
        let [low, high]: [[u16x16; 2]; 2] = pulp::cast(*codes);
        let low = inside_wide_v3(self, low, from, width);
        low | inside_wide_v3(self, high, from, width) << 32
    }

    #[inline(always)]
    fn fetch<T>(self, line: &T) {
        self.sse
            ._mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(line).cast());
    }

    #[inline(always)]
    fn apart<W: Work>(self, work: W) -> W::Output {
        self.vectorize(Call { work, lanes: self })
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn inside_v3(lanes: V3, codes: u8x32, from: u8, width: u8) -> u64 {
    let from = pulp::cast(lanes.splat_u8x32(from));
    let shifted = lanes.avx2._mm256_sub_epi8(pulp::cast(codes), from);
    let inside = lanes.cmp_le_u8x32(pulp::cast(shifted), lanes.splat_u8x32(width));
    bits(lanes, pulp::cast(inside))
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn inside_wide_v3(lanes: V3, [a, b]: [u16x16; 2], from: u16, width: u16) -> u64 {
    let avx2 = lanes.avx2;
    let (from, width) = (
        pulp::cast(lanes.splat_u16x16(from)),
        lanes.splat_u16x16(width),
    );
    let a = avx2._mm256_sub_epi16(pulp::cast(a), from);
    let b = avx2._mm256_sub_epi16(pulp::cast(b), from);
    let a = pulp::cast(lanes.cmp_le_u16x16(pulp::cast(a), width));
    let b = pulp::cast(lanes.cmp_le_u16x16(pulp::cast(b), width));
    // Packing works in halves of registers, so that the quarters come out 0 2 1 3.
    let packed = avx2._mm256_packs_epi16(a, b);
    let ordered = avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
    bits(lanes, pulp::cast(ordered))
}

/// The top bit of each byte.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn bits(lanes: V3, bytes: u8x32) -> u64 {
    let mask = lanes.avx2._mm256_movemask_epi8(pulp::cast(bytes));
    u64::from(mask.cast_unsigned())
}
