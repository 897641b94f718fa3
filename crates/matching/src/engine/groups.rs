//! In which county and of which size class each enterprise is, for summaries.

use std::collections::HashMap;
use std::sync::Arc;

use zhida_registry::Enterprise;

/// Size classes, largest first; the last place is for those that are not known.
pub(crate) const SIZES: [&str; 5] = ["大型", "中型", "小型", "微型", "未知"];

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
    /// Codes of six digits, empty when not known.
    pub counties: Arc<Vec<String>>,
    places: Arc<HashMap<String, u16>>,
    of: Arc<Vec<Group>>,
}

impl Groups {
    /// Notes enterprises that came or changed.
    pub fn note<'e>(&mut self, enterprises: impl Iterator<Item = &'e Enterprise>) {
        let of = Arc::make_mut(&mut self.of);
        for enterprise in enterprises {
            let at = usize::try_from(enterprise.seq).unwrap_or_default();
            if at >= of.len() {
                of.resize(at + 1, Group::default());
            }
            let county = enterprise.division.as_deref().unwrap_or_default();
            let county = county.get(..6).unwrap_or(county);
            let county = match self.places.get(county) {
                Some(place) => *place,
                None => {
                    // There are fewer than 4,000 counties.
                    let place = u16::try_from(self.counties.len()).unwrap_or(u16::MAX);
                    Arc::make_mut(&mut self.counties).push(county.to_owned());
                    Arc::make_mut(&mut self.places).insert(county.to_owned(), place);
                    place
                }
            };
            let known = SIZES
                .iter()
                .position(|size| Some(*size) == enterprise.size.as_deref());
            let size = known.unwrap_or(SIZES.len() - 1) as u8;
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
}
