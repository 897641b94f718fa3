//! Many enterprises at once, for rooms that compare what is known of them.

use crate::error::RegistryError;
use crate::model::Enterprise;
use crate::service::Registry;
use crate::store;

/// Enterprises read with one statement.
const CODES_AT_ONCE: usize = 500;

impl Registry {
    /// Those of these 统一社会信用代码 that there are, with all their facts, in no particular order; a code is asked once.
    ///
    /// # Errors
    /// When the database fails or a document is damaged.
    pub async fn enterprises_of(&self, codes: &[&str]) -> Result<Vec<Enterprise>, RegistryError> {
        let mut found = Vec::with_capacity(codes.len());
        for chunk in codes.chunks(CODES_AT_ONCE) {
            let rows = store::of_codes(self.db().conn(), chunk).await?;
            found.extend(self.whole(rows).await?);
        }
        Ok(found)
    }
}
