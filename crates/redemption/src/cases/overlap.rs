//! 从高不重复、互斥: nobody is paid twice for the same thing by two items.

use std::sync::Arc;

use chrono::Datelike;
use zhida_funds::amount;
use zhida_platform::clock::to_shanghai;
use zhida_platform::db::ConnectionTrait;
use zhida_platform::format::money_fen;
use zhida_policies::PublishedItem;

use super::record::CaseRecord;
use super::run::CaseView;
use super::store;
use crate::error::Error;
use crate::scheme::Scheme;
use crate::service::Redemption;
use crate::words::Overlap;

/// A case of the year that an enterprise has already, with its item as it is today.
pub(crate) struct Other {
    record: CaseRecord,
    item: Arc<PublishedItem>,
}

/// The amount beside the other cases of the year that exclude this item: all of it without any, the difference where the
/// scheme says so.
///
/// # Errors
/// It is one of the two, named with its number.
pub(crate) fn beside(
    item: &PublishedItem,
    scheme: &Scheme,
    others: &[Other],
    fen: Option<i64>,
) -> Result<Option<i64>, Error> {
    let mut had = 0;
    for other in others.iter().filter(|other| item.excludes(&other.item)) {
        let amount = other.record.amount().unwrap_or_default();
        if scheme.overlap == Overlap::Refuse {
            return Err(Error::Refused(format!(
                "与“{}”（{}）从高不重复，只能享受一项：请先撤回或放弃那一件，或者保留它",
                other.record.item_name,
                money_fen(amount)
            )));
        }
        had += amount;
    }
    let rest = fen.map(|fen| amount::difference(fen, had));
    match rest {
        Some(0) if had > 0 => Err(Error::Refused(format!(
            "已享受的 {} 不低于本事项的金额，没有差额可补",
            money_fen(had)
        ))),
        rest => Ok(rest),
    }
}

impl Redemption {
    /// The cases that an enterprise has this year beside one; all of them where there is none yet.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn others(
        &self,
        conn: &impl ConnectionTrait,
        enterprise: &str,
        case: &str,
    ) -> Result<Vec<Other>, Error> {
        let year = to_shanghai(self.clock.now()).year();
        let catalogue = self.policies.catalogue(self.clock.today());
        let mut others = Vec::new();
        for record in store::others(conn, enterprise, case, year).await? {
            let item = match catalogue.find(&record.item) {
                Some(item) => Arc::clone(item),
                // it was withdrawn since: what the case stands on
                None => Arc::new(self.revised(&record.item, record.item_revision).await?),
            };
            others.push(Other { record, item });
        }
        Ok(others)
    }

    /// The amount beside the enterprise's other cases of the year: [`beside`].
    ///
    /// # Errors
    /// As [`beside`]; the database.
    pub(crate) async fn beside_others(
        &self,
        conn: &impl ConnectionTrait,
        item: &PublishedItem,
        scheme: &Scheme,
        (enterprise, case): (&str, &str),
        fen: Option<i64>,
    ) -> Result<Option<i64>, Error> {
        let others = self.others(conn, enterprise, case).await?;
        beside(item, scheme, &others, fen)
    }

    /// The same for a case that there is.
    ///
    /// # Errors
    /// As [`Redemption::beside_others`].
    pub(super) async fn beside_others_of(
        &self,
        conn: &impl ConnectionTrait,
        view: &CaseView,
        fen: Option<i64>,
    ) -> Result<Option<i64>, Error> {
        let record = &view.record;
        let item = self.revised(&record.item, record.item_revision).await?;
        let whose = (record.enterprise.as_str(), record.case_id.as_str());
        self.beside_others(conn, &item, &view.scheme, whose, fen)
            .await
    }
}
