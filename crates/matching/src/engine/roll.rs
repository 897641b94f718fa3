//! All enterprises in the order of their codes, which is the order of lists.

use std::sync::Arc;

/// Characters of a code at most.
const CODE: usize = 18;

type Entry = ([u8; CODE], u32);

/// Numbers of enterprises by code; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roll(Arc<Vec<Entry>>);

impl Roll {
    /// The roll with these enterprises added; those that it has stay as they are.
    pub fn with<'c>(&self, enterprises: impl Iterator<Item = (&'c str, u32)>) -> Self {
        let mut fresh: Vec<Entry> = enterprises
            .map(|(code, number)| (padded(code), number))
            .filter(|entry| self.0.binary_search(entry).is_err())
            .collect();
        if fresh.is_empty() {
            return self.clone();
        }
        let mut entries = Vec::with_capacity(self.0.len() + fresh.len());
        entries.extend_from_slice(&self.0);
        entries.append(&mut fresh);
        entries.sort();
        Self(Arc::new(entries))
    }

    /// The numbers in the order of codes.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(|(_, number)| *number)
    }

    /// A number greater than any of the roll's.
    pub fn end(&self) -> usize {
        let last = self.numbers().max();
        last.map_or(0, |last| last as usize + 1)
    }
}

fn padded(code: &str) -> [u8; CODE] {
    let mut padded = [0; CODE];
    for (to, from) in padded.iter_mut().zip(code.bytes()) {
        *to = from;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newcomers_take_their_place() {
        let roll = Roll::default().with([("B1", 1), ("A1", 2)].into_iter());
        let later = roll.with([("A2", 7), ("B1", 1), ("C", 3)].into_iter());
        assert_eq!(roll.numbers().collect::<Vec<_>>(), [2, 1]);
        assert_eq!(later.numbers().collect::<Vec<_>>(), [2, 7, 1, 3]);
        assert_eq!((Roll::default().end(), later.end()), (0, 8));
    }
}
