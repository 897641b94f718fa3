//! What the money did: facts of the paid enterprises in the year before they filed and in the latest year since,
//! by cohort of filing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::Datelike;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::access::Reach;
use zhida_platform::clock::{parse_instant, to_shanghai};
use zhida_registry::Enterprise;
use zhida_rules::{Number, Value};

use super::store;
use crate::error::Error;
use crate::service::Redemption;

/// Enterprises that are followed at most; the newest.
const FOLLOWED_MAX: i64 = 1_000;
/// Annual facts that are followed, by their ids in the dictionary.
const FOLLOWED: [&str; 4] = ["revenue", "employees", "rd_expense", "tax_paid"];

/// 一批企业的一项数据，拨付前后。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FollowUp {
    /// 申请的年份。
    pub cohort: i32,
    /// 哪项数据。
    pub attribute: String,
    /// 前后都有数据的企业数。
    pub enterprises: u64,
    /// 申请前一年合计。
    pub before: String,
    /// 之后最近一年合计。
    pub after: String,
}

struct Sum {
    enterprises: u64,
    before: Number,
    after: Number,
}

impl Redemption {
    /// The follow-up of an item's enterprises within reach. Only enterprises of which both years are known count; that they were paid is not
    /// said to be the cause.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn follow_up(
        &self,
        item: &str,
        reach: &Reach,
    ) -> Result<Vec<FollowUp>, Error> {
        let paid = store::paid(self.db.conn(), item, reach, FOLLOWED_MAX).await?;
        let codes: BTreeSet<&str> = paid.iter().map(|(code, _)| code.as_str()).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let known = self.registry.enterprises_of(&codes).await?;
        let known: HashMap<&str, &Enterprise> =
            known.iter().map(|one| (one.code.as_str(), one)).collect();
        let mut sums: BTreeMap<(i32, usize), Sum> = BTreeMap::new();
        for (code, filed_at) in &paid {
            let Some(filed) = parse_instant(filed_at) else {
                continue;
            };
            let cohort = to_shanghai(filed).year();
            let Some(enterprise) = known.get(code.as_str()) else {
                continue;
            };
            for (at, id) in FOLLOWED.iter().enumerate() {
                let Some((before, after)) = self.around(enterprise, id, cohort) else {
                    continue;
                };
                let sum = sums.entry((cohort, at)).or_insert_with(|| Sum {
                    enterprises: 0,
                    before: Number::zero(),
                    after: Number::zero(),
                });
                sum.enterprises += 1;
                sum.before = sum.before.clone() + before;
                sum.after = sum.after.clone() + after;
            }
        }
        let dictionary = self.policies.dictionary();
        let name = |at: usize| {
            let index = dictionary.find(FOLLOWED[at]);
            index.map_or_else(String::new, |index| {
                dictionary.attribute(index).name.clone()
            })
        };
        let line = |((cohort, at), sum): ((i32, usize), Sum)| FollowUp {
            cohort,
            attribute: name(at),
            enterprises: sum.enterprises,
            before: sum.before.round(2).to_string(),
            after: sum.after.round(2).to_string(),
        };
        Ok(sums.into_iter().map(line).collect())
    }

    /// An annual figure of the year before a cohort and of the latest year since.
    fn around(&self, enterprise: &Enterprise, id: &str, cohort: i32) -> Option<(Number, Number)> {
        let index = self.policies.dictionary().find(id)?;
        let number = |year: i32| match &enterprise.facts.get(index, Some(year))?.value {
            Value::Number(number) => Some(number.clone()),
            _ => None,
        };
        let latest = enterprise
            .facts
            .years(index)
            .filter(|year| *year >= cohort)
            .max()?;
        Some((number(cohort - 1)?, number(latest)?))
    }
}
