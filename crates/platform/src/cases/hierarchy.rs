use sea_orm::prelude::async_trait::async_trait;
use uuid::Uuid;
use zhida_casework::{Chain, Kind};

use super::Loaded;
use crate::db::{self, Tx};

/// Who stands above the bodies of a case; the room of organisations knows, and the program hands it to the rooms.
///
/// Level 1 is the head of the body itself, level 2 that of the body above it, and so on to the root. A level that nobody
/// holds is `None`: whoever escalates goes on to the next and reports the gap.
#[async_trait]
pub trait Hierarchy: Send + Sync + std::fmt::Debug {
    /// Those above each of these bodies today. A body that is not known has nobody above it.
    ///
    /// # Errors
    /// When the database does not answer.
    async fn above(&self, tx: &Tx, bodies: &[Uuid]) -> db::Result<Chain>;
}

/// Nobody stands above anybody: for tests, and installations without organisations.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHierarchy;

#[async_trait]
impl Hierarchy for NoHierarchy {
    async fn above(&self, _: &Tx, _: &[Uuid]) -> db::Result<Chain> {
        Ok(Chain::default())
    }
}

impl<K: Kind> Loaded<K> {
    /// The bodies that the case waits for or may wait for: the one that holds it, and those asked for an opinion.
    #[must_use]
    pub fn bodies(&self) -> Vec<Uuid> {
        let holder = self.case.holder().map(|holder| holder.id);
        let asked = self.case.opinions().iter();
        let asked = asked.filter(|opinion| opinion.is_open());
        let mut bodies: Vec<Uuid> = holder
            .into_iter()
            .chain(asked.map(|opinion| opinion.organisation.id))
            .collect();
        bodies.sort_unstable();
        bodies.dedup();
        bodies
    }
}
