//! What a text is compared by: its pairs of characters, and its numbers.

use crate::text::normalise;

/// A text cut up for comparing.
pub(super) struct Shape {
    /// Of the normalised text; equal texts have equal ones, and different texts practically never.
    pub(super) digest: u128,
    /// Pairs of neighbouring characters, each once, in their order; a single character makes one of its own.
    pub(super) pairs: Vec<Pair>,
    /// Digests of the runs of digits, each once, in their order.
    pub(super) numbers: Vec<u32>,
}

/// Two characters in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pair(u64);

/// Last characters of names of places: two texts that each have such a name for itself speak of different places.
const PLACE_ENDS: &str = "省市区县旗镇乡村街路道巷弄园栋幢座楼层号桥港站厂店场岛湖河山社寨湾";
/// No name of a place has these before its last character.
const NO_NAMES: &str = "的了是在到和与个把被我你他这那";
/// Words that end like names of places and are none.
const COMMON_WORDS: [&str; 16] = [
    "园区", "厂区", "小区", "地区", "城区", "辖区", "街道", "道路", "公路", "马路", "大街", "大道",
    "工厂", "市场", "商店", "现场",
];

impl Pair {
    fn of(pair: &[char]) -> Pair {
        Pair(pair.iter().fold(0, |sum, c| sum << 21 | u64::from(*c)))
    }

    /// Whether the pair is the end of a place's name.
    pub(super) fn ends_place(self) -> bool {
        let [first, last] =
            [21, 0].map(|shift| char::from_u32((self.0 >> shift & 0x1f_ffff) as u32));
        let (Some(first), Some(last)) = (first, last) else {
            return false;
        };
        let is_word = |word: &&str| word.chars().eq([first, last]);
        PLACE_ENDS.contains(last) && !NO_NAMES.contains(first) && !COMMON_WORDS.iter().any(is_word)
    }
}

impl Shape {
    /// None if the text has no letter and no digit.
    pub(super) fn of(text: &str) -> Option<Shape> {
        let normal: Vec<char> = normalise(text).chars().collect();
        if normal.is_empty() {
            return None;
        }
        let mut pairs: Vec<Pair> = match normal.len() {
            1 => vec![Pair::of(&normal)],
            _ => normal.windows(2).map(Pair::of).collect(),
        };
        pairs.sort_unstable();
        pairs.dedup();
        let mut numbers: Vec<u32> = normal
            .split(|c| !c.is_numeric())
            .filter(|run| !run.is_empty())
            .map(|run| digest(run) as u32)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        Some(Shape {
            digest: digest(&normal),
            pairs,
            numbers,
        })
    }
}

/// FNV-1a with 128 bits.
fn digest(chars: &[char]) -> u128 {
    chars
        .iter()
        .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |sum, c| {
            (sum ^ u128::from(u32::from(*c)))
                .wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        })
}
