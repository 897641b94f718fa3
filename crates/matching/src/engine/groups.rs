//! In which county and of which size class each enterprise is, for summaries.

use std::collections::HashMap;
use std::sync::Arc;

use super::roll::Member;

/// What is not known, in words.
pub(crate) const UNKNOWN: &str = "未知";
/// Size classes, largest first; the last place is for those that are not known.
pub(crate) const SIZES: [&str; 5] = ["大型", "中型", "小型", "微型", UNKNOWN];
/// Digits of a county's code.
pub(super) const COUNTY: usize = 6;

/// What an enterprise is summed up under.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Group {
    /// Which of [`Groups::counties`].
    pub county: u16,
    /// Which of [`SIZES`].
    pub size: u8,
}

/// The groups of all enterprises; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Groups {
    /// Codes, zeros when not known.
    counties: Arc<Vec<[u8; COUNTY]>>,
    places: Arc<HashMap<[u8; COUNTY], u16>>,
    of: Arc<Vec<Group>>,
}

impl Groups {
    /// Notes enterprises that came or changed.
    pub fn note(&mut self, members: &[Member]) {
        let of = Arc::make_mut(&mut self.of);
        for member in members {
            let at = member.number as usize;
            if at >= of.len() {
                of.resize(at + 1, Group::default());
            }
            let county = match self.places.get(&member.county) {
                Some(place) => *place,
                None => {
                    // There are fewer than 4,000 counties.
                    let place = u16::try_from(self.counties.len()).unwrap_or(u16::MAX);
                    Arc::make_mut(&mut self.counties).push(member.county);
                    Arc::make_mut(&mut self.places).insert(member.county, place);
                    place
                }
            };
            let size = member.size;
            of[at] = Group { county, size };
        }
    }

    /// The group of an enterprise.
    pub fn of(&self, number: u64) -> Group {
        let at = usize::try_from(number).ok();
        at.and_then(|at| self.of.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// The groups by the numbers of enterprises; of numbers that nobody has they mean nothing.
    pub(super) fn each(&self) -> &[Group] {
        &self.of
    }

    /// The counties' codes, by their places in [`Group::county`].
    pub(super) fn codes(&self) -> &[[u8; COUNTY]] {
        &self.counties
    }

    /// The code of a group's county, zeros when not known.
    pub(super) fn county(&self, group: Group) -> [u8; COUNTY] {
        let county = self.counties.get(usize::from(group.county));
        county.copied().unwrap_or_default()
    }

    /// Codes of six digits, empty when not known.
    pub fn counties(&self) -> impl ExactSizeIterator<Item = String> {
        let text = |code: &[u8; COUNTY]| {
            let code = String::from_utf8_lossy(code);
            code.trim_end_matches('\0').to_owned()
        };
        self.counties.iter().map(text)
    }
}
