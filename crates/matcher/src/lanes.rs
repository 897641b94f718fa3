//! Wide instructions, chosen when the program starts.
//!
//! The same source is compiled three times: for plain processors (on Arm that is NEON), for AVX2
//! and for AVX-512. Only the comparison of 64 codes at once is written for each; everything else
//! is loops over words that the compiler widens.

#[cfg(target_arch = "x86_64")]
use pulp::{
    u8x32, u8x64, u16x16, u16x32,
    x86::{V3, V4},
};

use crate::planes::Plane;

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
                    return lanes.vectorize(Call { work, lanes });
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
    /// With more borders on a dimension, sorting its rows into classes once costs less than
    /// comparing their codes for each condition.
    const BORDERS: usize;
    /// With more ranges in a condition, looking codes up in a list costs less than comparing.
    const RANGES: usize;

    /// Which of 64 codes lie in `from..=from + width`?
    fn narrow(self, codes: &[u8; 64], from: u8, width: u8) -> u64;
    /// Which of 64 codes lie in `from..=from + width`?
    fn wide(self, codes: &[u16; 64], from: u16, width: u16) -> u64;

    /// Bits set in a plane.
    #[inline(always)]
    fn count(self, plane: &Plane) -> u64 {
        plane.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// No particular instructions.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Lanes for Plain {
    const BORDERS: usize = 6;
    const RANGES: usize = 6;

    #[inline(always)]
    fn narrow(self, codes: &[u8; 64], from: u8, width: u8) -> u64 {
        packed(&codes.map(|code| u8::from(code.wrapping_sub(from) <= width)))
    }

    #[inline(always)]
    fn wide(self, codes: &[u16; 64], from: u16, width: u16) -> u64 {
        packed(&codes.map(|code| u8::from(code.wrapping_sub(from) <= width)))
    }

    fn count(self, plane: &Plane) -> u64 {
        folded(plane)
    }
}

/// Bits set in a plane. Carry-save adders fold eight words into four before any bit is counted:
/// plain processors have no instruction that counts bits.
fn folded(plane: &Plane) -> u64 {
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
    const BORDERS: usize = usize::MAX;
    const RANGES: usize = 100;

    #[inline(always)]
    fn narrow(self, codes: &[u8; 64], from: u8, width: u8) -> u64 {
        let from = pulp::cast(self.splat_u8x64(from));
        let shifted: u8x64 = pulp::cast(self.avx512bw._mm512_sub_epi8(pulp::cast(*codes), from));
        self.cmp_le_u8x64(shifted, self.splat_u8x64(width)).0
    }

    #[inline(always)]
    fn wide(self, codes: &[u16; 64], from: u16, width: u16) -> u64 {
        let halves: [u16x32; 2] = pulp::cast(*codes);
        let from = pulp::cast(self.splat_u16x32(from));
        let width = self.splat_u16x32(width);
        let [low, high] = halves.map(|codes| {
            let shifted = self.avx512bw._mm512_sub_epi16(pulp::cast(codes), from);
            u64::from(self.cmp_le_u16x32(pulp::cast(shifted), width).0)
        });
        low | high << 32
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    const BORDERS: usize = 6;
    const RANGES: usize = 6;

    #[inline(always)]
    fn narrow(self, codes: &[u8; 64], from: u8, width: u8) -> u64 {
        let halves: [u8x32; 2] = pulp::cast(*codes);
        let from = pulp::cast(self.splat_u8x32(from));
        let width = self.splat_u8x32(width);
        let [low, high] = halves.map(|codes| {
            let shifted = self.avx2._mm256_sub_epi8(pulp::cast(codes), from);
            let inside = self.cmp_le_u8x32(pulp::cast(shifted), width);
            bits(self, pulp::cast(inside))
        });
        low | high << 32
    }

    #[inline(always)]
    fn wide(self, codes: &[u16; 64], from: u16, width: u16) -> u64 {
        let quarters: [[u16x16; 2]; 2] = pulp::cast(*codes);
        let from = pulp::cast(self.splat_u16x16(from));
        let width = self.splat_u16x16(width);
        let [low, high] = quarters.map(|pair| {
            let [a, b] = pair.map(|codes| {
                let shifted = self.avx2._mm256_sub_epi16(pulp::cast(codes), from);
                self.cmp_le_u16x16(pulp::cast(shifted), width)
            });
            // Packing works in halves of registers, so that the quarters come out 0 2 1 3.
            let packed = self.avx2._mm256_packs_epi16(pulp::cast(a), pulp::cast(b));
            let ordered = self.avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
            bits(self, pulp::cast(ordered))
        });
        low | high << 32
    }
}

/// The top bit of each byte.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn bits(lanes: V3, bytes: u8x32) -> u64 {
    let mask = lanes.avx2._mm256_movemask_epi8(pulp::cast(bytes));
    u64::from(mask.cast_unsigned())
}
