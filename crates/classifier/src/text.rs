//! A text as it is compared, and its n-grams.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Characters of a text that count; what follows is not looked at, so that a text of any length costs the same at most.
pub const CHARS_MAX: usize = 20_000;

/// The text as it is compared: compatibility forms folded (Ａ→a, ①→1, ㎡→m2), lower case, letters and digits only.
///
/// Spaces, punctuation, emoji, control characters and combining marks are dropped, so that copies with small changes
/// meet. Digits stay: they tell one road or one year from another.
///
/// ```
/// use zhida_classifier::normalise;
/// assert_eq!(normalise("【急】２号 大街，停电！！😡"), "急2号大街停电");
/// assert_eq!(normalise("😀👍\u{200d}\u{0301}"), "");
/// ```
#[must_use]
pub fn normalise(text: &str) -> String {
    folded(text).filter(|c| c.is_alphanumeric()).nfc().collect()
}

/// Taken apart and without marks: what stands between two letters that are dropped later can then neither compose nor
/// change places, so normalising again changes nothing.
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .take(CHARS_MAX)
        .nfkd()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_combining_mark(*c))
        .take(CHARS_MAX)
}

/// Runs of letters and digits between punctuation, normalised; a run of digits is one `0`.
///
/// No telephone number, account or date thereby reaches a model, nor what it shows.
pub(crate) fn pieces(text: &str) -> Vec<Vec<char>> {
    let mut pieces = vec![Vec::new()];
    for c in folded(text) {
        let piece = pieces.last_mut().expect("there is always a last piece");
        if c.is_numeric() {
            if piece.last() != Some(&'0') {
                piece.push('0');
            }
        } else if c.is_alphanumeric() {
            piece.push(c);
        } else if !piece.is_empty() && !c.is_whitespace() {
            pieces.push(Vec::new());
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// One to three characters in one number: 21 bits each, the last in the lowest.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub(crate) struct Gram(u64);

/// Characters of the longest n-gram.
pub(crate) const GRAM_CHARS: usize = 3;

impl Gram {
    /// The n-gram of at most [`GRAM_CHARS`] characters.
    pub(crate) fn of(chars: &[char]) -> Gram {
        debug_assert!(chars.len() <= GRAM_CHARS);
        Gram(chars.iter().fold(0, |sum, c| sum << 21 | u64::from(*c)))
    }

    /// The characters again; what is no n-gram (a damaged model) gives nothing for the part.
    pub(crate) fn text(self) -> String {
        [42, 21, 0]
            .into_iter()
            .map(|shift| (self.0 >> shift) & 0x1f_ffff)
            .filter(|code| *code != 0)
            .filter_map(|code| char::from_u32(code as u32))
            .collect()
    }

    /// All n-grams of `least` to `most` characters, within pieces.
    pub(crate) fn all(pieces: &[Vec<char>], least: usize, most: usize) -> Vec<Gram> {
        let mut grams = Vec::new();
        for piece in pieces {
            for n in least..=most {
                grams.extend(piece.windows(n).map(Gram::of));
            }
        }
        grams
    }
}

#[cfg(test)]
#[path = "text/tests.rs"]
mod tests;
