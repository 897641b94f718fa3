//! The nightly comparison: who newly meets an item, who no longer does, whose amount changed.

use std::collections::HashMap;
use std::sync::Arc;

use futures::TryStreamExt;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_matching::Eligible;
use zhida_platform::audit::{self, Actor, Entry};
use zhida_platform::ids;
use zhida_platform::progress::Progress;
use zhida_policies::{Delivery, PublishedItem};

use super::model::{Candidate, CandidateState};
use super::store;
use crate::error::Error;
use crate::scheme::{Scheme, store as schemes};
use crate::service::Redemption;
use crate::words::{Period, Release};

/// Candidates that are written in one transaction.
const CHUNK: usize = 1_000;

/// What a night found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct NightReport {
    /// 比较了多少个事项。
    pub items: u64,
    /// 新的候选。
    pub new: u64,
    /// 不再符合的。
    pub lost: u64,
    /// 金额或比对结果变了的。
    pub changed: u64,
    /// 自动放行的。
    pub released: u64,
    /// 因政策废止或撤下而终止的办件。
    pub ended: u64,
}

impl Redemption {
    /// Compares all 免申 items that have a scheme. Begun again it finds nothing twice.
    ///
    /// # Errors
    /// The database; matching.
    pub async fn night(&self, progress: &dyn Progress) -> Result<NightReport, Error> {
        let rows = schemes::published(self.db.conn(), Delivery::NoApplication.slug()).await?;
        let mut report = NightReport::default();
        let total = rows.len() as u64;
        for row in rows {
            if progress.is_cancelled() {
                return Err(Error::Refused("比较按要求停止，下一次接着进行".to_owned()));
            }
            progress.report(report.items, Some(total), "正在比较免申事项");
            report.items += 1;
            if row.paused {
                continue;
            }
            let Ok(item) = self.item(&row.item) else {
                report.lost += self.lose(&row.item, None).await?;
                continue;
            };
            let scheme = self.scheme_revision(&item.id, row.revision).await?.scheme;
            self.compare(&item, &scheme, &mut report).await?;
            if scheme.release == Release::Automatic {
                report.released += self.release_all(&item).await?;
            }
        }
        report.ended = self.end_repealed(progress).await?;
        Ok(report)
    }

    /// Nobody can have an item any more, but in this period.
    async fn lose(&self, item: &str, but: Option<&str>) -> Result<u64, Error> {
        let now = self.clock.now();
        let entry = Entry::new(now, Actor::system(), "redemption.candidates", "item", item);
        let write = |tx| {
            let entry = entry.clone();
            async move {
                let lost = store::lose(&tx, item, but, now).await?;
                if lost > 0 {
                    audit::append(&tx, &entry.detail(json!({ "lost": lost }))).await?;
                }
                Ok(lost)
            }
        };
        self.db.write(write).await
    }

    /// One item. An item that cannot be had today has no candidates: all that wait are lost.
    async fn compare(
        &self,
        item: &Arc<PublishedItem>,
        scheme: &Scheme,
        report: &mut NightReport,
    ) -> Result<(), Error> {
        let today = self.clock.today();
        let period = period(scheme.period, today);
        // what was not released within its year is not had beside this year's
        report.lost += self.lose(&item.id, Some(&period)).await?;
        let mut known = store::known(self.db.conn(), &item.id, &period).await?;
        let listed = store::listed(self.db.conn(), &scheme.lists).await?;
        let mut writes = Writes {
            room: self,
            item,
            pending: Vec::new(),
        };
        if item.is_open(today) {
            let found = self.matching.eligible(&item.id, today).await?;
            let mut found = std::pin::pin!(found);
            while let Some(portion) = found.try_next().await? {
                for one in portion {
                    let before = known.remove(&one.code);
                    let now = self.candidate_of(item, &period, one, &listed, before.as_ref());
                    match (&before, now) {
                        (_, None) => {}
                        (None, Some(now)) => {
                            report.new += 1;
                            writes.push(now).await?;
                        }
                        (Some(_), Some(now)) => {
                            report.changed += 1;
                            writes.push(now).await?;
                        }
                    }
                }
            }
        }
        for (_, gone) in known {
            if matches!(
                gone.state,
                CandidateState::Waiting | CandidateState::Blocked
            ) {
                report.lost += 1;
                let lost = Candidate {
                    state: CandidateState::Lost,
                    changed_at: self.clock.now(),
                    ..gone
                };
                writes.push(lost).await?;
            }
        }
        writes.flush().await
    }

    /// The candidate as it is now; `None` when nothing about it is new.
    fn candidate_of(
        &self,
        item: &PublishedItem,
        period: &str,
        found: Eligible,
        listed: &HashMap<String, String>,
        before: Option<&Candidate>,
    ) -> Option<Candidate> {
        let blocked_by = listed.get(&found.code).cloned().unwrap_or_default();
        let state = match blocked_by.is_empty() {
            true => CandidateState::Waiting,
            false => CandidateState::Blocked,
        };
        let changed_at = self.clock.now();
        let Some(before) = before else {
            return Some(Candidate {
                id: ids::next(changed_at).to_string(),
                item: item.id.clone(),
                enterprise: found.code,
                name: found.name,
                place: found.division.unwrap_or_default(),
                period: period.to_owned(),
                state,
                fen: found.fen,
                fen_before: None,
                blocked_by,
                case_id: None,
                changed_at,
            });
        };
        let same =
            before.state == state && before.fen == found.fen && before.blocked_by == blocked_by;
        if same || before.state == CandidateState::Released {
            return None;
        }
        Some(Candidate {
            state,
            fen_before: match before.fen == found.fen {
                true => before.fen_before,
                false => before.fen,
            },
            fen: found.fen,
            blocked_by,
            name: found.name,
            place: found.division.unwrap_or_default(),
            changed_at,
            ..before.clone()
        })
    }
}

/// Candidates that are to be written, some at a time.
struct Writes<'a> {
    room: &'a Redemption,
    item: &'a PublishedItem,
    pending: Vec<Candidate>,
}

impl Writes<'_> {
    async fn push(&mut self, candidate: Candidate) -> Result<(), Error> {
        self.pending.push(candidate);
        match self.pending.len() >= CHUNK {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let candidates = Arc::new(std::mem::take(&mut self.pending));
        let now = self.room.clock.now();
        let entry = Entry::new(
            now,
            Actor::system(),
            "redemption.candidates",
            "item",
            &self.item.id,
        )
        .detail(json!({ "changed": candidates.len() }));
        let write = |tx| {
            let (candidates, entry) = (Arc::clone(&candidates), entry.clone());
            async move {
                store::put(&tx, &candidates, now).await?;
                audit::append(&tx, &entry).await?;
                Ok(())
            }
        };
        self.room.db.write(write).await
    }
}

/// In which period something is had on a day.
pub(crate) fn period(of: Period, on: chrono::NaiveDate) -> String {
    use chrono::Datelike;
    match of {
        Period::Year => on.year().to_string(),
        Period::Once => "once".to_owned(),
        Period::Any => String::new(),
    }
}
