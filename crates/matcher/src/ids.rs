//! Ids of the enterprises of a chunk.

/// The caller's id of each row, held as narrow as they allow: to name an item's enterprises is to wait for
/// these, and half the bytes are half the wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ids {
    /// All are below 2³².
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Default for Ids {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl Ids {
    pub fn len(&self) -> usize {
        match self {
            Self::Narrow(ids) => ids.len(),
            Self::Wide(ids) => ids.len(),
        }
    }

    /// The id of a row.
    ///
    /// # Panics
    /// When there are not so many rows.
    #[inline(always)]
    pub fn at(&self, row: usize) -> u64 {
        match self {
            Self::Narrow(ids) => u64::from(ids[row]),
            Self::Wide(ids) => ids[row],
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.len()).map(|row| self.at(row))
    }

    /// Adds a row.
    pub fn push(&mut self, id: u64) {
        match (&mut *self, u32::try_from(id)) {
            (Self::Narrow(ids), Ok(id)) => ids.push(id),
            (Self::Wide(ids), _) => ids.push(id),
            (Self::Narrow(_), Err(_)) => *self = Self::Wide(self.iter().chain([id]).collect()),
        }
    }

    /// Bytes of the ids.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Narrow(ids) => size_of_val(&**ids),
            Self::Wide(ids) => size_of_val(&**ids),
        }
    }
}

impl FromIterator<u64> for Ids {
    fn from_iter<I: IntoIterator<Item = u64>>(ids: I) -> Self {
        let mut all = Self::default();
        ids.into_iter().for_each(|id| all.push(id));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_what_they_are_when_one_is_wide() {
        let narrow = u64::from(u32::MAX);
        for given in [
            vec![],
            vec![7, narrow, 0],
            vec![7, narrow + 1, 0],
            vec![u64::MAX, 3],
        ] {
            let ids: Ids = given.iter().copied().collect();
            assert_eq!(ids.iter().collect::<Vec<_>>(), given);
            assert_eq!(ids.len(), given.len());
            let wide = given.iter().any(|id| *id > narrow);
            assert_eq!(matches!(ids, Ids::Wide(_)), wide, "{given:?}");
            assert_eq!(ids.bytes(), given.len() * if wide { 8 } else { 4 });
        }
    }
}
