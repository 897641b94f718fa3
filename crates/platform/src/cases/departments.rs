//! The bodies that can be asked and charged, from the room of organisations.

use sea_orm::prelude::async_trait::async_trait;
use zhida_casework::Organisation;

use crate::problem::Problem;

/// Finds bodies by name. The program gives one over its room of organisations.
#[async_trait]
pub trait Departments: Send + Sync {
    /// The bodies of today with exactly this name; several when places share it.
    async fn named(&self, name: &str) -> Result<Vec<Organisation>, Problem>;

    /// The names of today's bodies, each once: what forms offer while somebody types. None where nobody lists them.
    async fn names(&self) -> Result<Vec<String>, Problem> {
        Ok(Vec::new())
    }
}
