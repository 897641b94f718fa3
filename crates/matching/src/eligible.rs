//! Who is 符合 for one item, in portions: for rooms that act on all of them, such as 免申即享.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use futures::{Stream, StreamExt, stream};
use zhida_registry::Query;
use zhida_rules::AmountKind;

use crate::Matching;
use crate::error::Error;
use crate::service::Patience;
use crate::verdict::Label;

/// Enterprises of a portion.
const CHUNK: usize = 2_000;

/// An enterprise that meets every condition of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligible {
    /// 统一社会信用代码.
    pub code: String,
    /// 企业名称.
    pub name: String,
    /// 所在区划, a division code; `None` when unknown.
    pub division: Option<String>,
    /// The amount in fen; `None` when the item names none, or the facts do not make it exact.
    pub fen: Option<i64>,
}

impl Matching {
    /// All enterprises that are 符合 for an item on a day, the largest amounts first, then by code,
    /// with what each would get. All of them are of one moment of the registry.
    ///
    /// # Errors
    /// No such published item; a day out of range; the database.
    pub async fn eligible(
        &self,
        item: &str,
        on: NaiveDate,
    ) -> Result<impl Stream<Item = Result<Vec<Eligible>, Error>> + use<>, Error> {
        let item = self.item(item, on)?;
        let everybody = Query::default();
        let list = self.list(&item, &everybody, on, Patience::Job).await?;
        let label = Some(Label::Eligible);
        let starts = (0..list.len(label)).step_by(CHUNK);
        let registry = Arc::clone(&self.registry);
        Ok(stream::iter(starts).then(move |from| {
            let (list, registry) = (Arc::clone(&list), Arc::clone(&registry));
            async move {
                let rows = list.rows(&registry, label, from, CHUNK).await?;
                let numbers: Vec<i64> = rows.iter().map(|row| row.seq).collect();
                let names = registry.names(&numbers).await?;
                let mut places: HashMap<i64, String> = names
                    .into_iter()
                    .map(|name| (name.seq, name.division))
                    .collect();
                let eligible = rows.into_iter().map(|row| Eligible {
                    division: places.remove(&row.seq).filter(|code| !code.is_empty()),
                    fen: row.low.filter(|_| row.kind == Some(AmountKind::Exact)),
                    code: row.code.into(),
                    name: row.name.into(),
                });
                Ok(eligible.collect())
            }
        }))
    }
}
