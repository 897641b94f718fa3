//! All enterprises in the order of their codes, which is the order of lists.

use std::sync::Arc;

use zhida_registry::Enterprise;

use super::groups::{COUNTY, Groups, SIZES};

/// Characters of a code at most.
const CODE: usize = 18;

/// What lists and summaries need of an enterprise beside its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    code: [u8; CODE],
    /// Its number in the registry.
    pub number: u32,
    /// The code of its county, zeros when not known.
    pub county: [u8; COUNTY],
    /// Which of [`SIZES`].
    pub size: u8,
}

impl Member {
    /// Bytes of [`Member::bytes`].
    pub const BYTES: usize = CODE + 4 + COUNTY + 1;

    pub fn of(enterprise: &Enterprise) -> Self {
        let known = |size: &&str| Some(*size) == enterprise.size.as_deref();
        let size = SIZES.iter().position(known).unwrap_or(SIZES.len() - 1);
        Self {
            code: padded(&enterprise.code),
            number: u32::try_from(enterprise.seq).unwrap_or(u32::MAX),
            county: padded(enterprise.division.as_deref().unwrap_or_default()),
            size: size as u8,
        }
    }

    /// As it is kept in a file.
    pub fn bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (code, rest) = bytes.split_at_mut(CODE);
        let (number, rest) = rest.split_at_mut(4);
        code.copy_from_slice(&self.code);
        number.copy_from_slice(&self.number.to_le_bytes());
        rest[..COUNTY].copy_from_slice(&self.county);
        rest[COUNTY] = self.size;
        bytes
    }

    /// Reads [`Member::bytes`].
    pub fn read(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (code, rest) = bytes.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (county, rest) = rest.split_first_chunk()?;
        let size = *rest.first()?;
        (usize::from(size) < SIZES.len()).then_some(Self {
            code: *code,
            number: u32::from_le_bytes(*number),
            county: *county,
            size,
        })
    }
}

/// Numbers of enterprises by code; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roll(Arc<Vec<([u8; CODE], u32)>>);

impl Roll {
    /// The roll with these enterprises added; those that it has stay as they are.
    pub fn with(&self, members: &[Member]) -> Self {
        let mut fresh: Vec<_> = members
            .iter()
            .map(|member| (member.code, member.number))
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

    /// All enterprises with their groups.
    pub fn members(&self, groups: &Groups) -> impl Iterator<Item = Member> {
        self.0.iter().map(|(code, number)| {
            let group = groups.of(u64::from(*number));
            Member {
                code: *code,
                number: *number,
                county: groups.county(group),
                size: group.size,
            }
        })
    }

    /// A number greater than any of the roll's.
    pub fn end(&self) -> usize {
        let last = self.numbers().max();
        last.map_or(0, |last| last as usize + 1)
    }
}

/// The beginning of a text, with zeros where it ends early.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut padded = [0; N];
    for (to, from) in padded.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(code: &str, number: u32, county: &str, size: u8) -> Member {
        Member {
            code: padded(code),
            number,
            county: padded(county),
            size,
        }
    }

    #[test]
    fn newcomers_take_their_place() {
        let one = |code, number| member(code, number, "", 4);
        let roll = Roll::default().with(&[one("B1", 1), one("A1", 2)]);
        let later = roll.with(&[one("A2", 7), one("B1", 1), one("C", 3)]);
        assert_eq!(roll.numbers().collect::<Vec<_>>(), [2, 1]);
        assert_eq!(later.numbers().collect::<Vec<_>>(), [2, 7, 1, 3]);
        assert_eq!((Roll::default().end(), later.end()), (0, 8));
    }

    #[test]
    fn members_are_read_as_they_were_written() {
        let code = "91370102PDY000000X";
        let members = [
            member(code, u32::MAX - 1, "370102", 0),
            member("A", 0, "", 4),
        ];
        for member in members {
            assert_eq!(Member::read(&member.bytes()), Some(member));
        }
        let strange = member("A", 0, "", SIZES.len() as u8);
        assert_eq!(Member::read(&strange.bytes()), None);
    }

    #[test]
    fn a_roll_and_its_groups_give_back_their_members() {
        let mut members = [member("B", 1, "370102", 0), member("A", 9, "", 4)];
        let mut groups = Groups::default();
        groups.note(&members);
        let roll = Roll::default().with(&members);
        members.reverse();
        assert_eq!(roll.members(&groups).collect::<Vec<_>>(), members);
    }
}
