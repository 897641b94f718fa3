//! Releasing candidates: each becomes a case at 意愿确认, after it was judged once more.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_platform::access::{Reach, Viewer};
use zhida_platform::audit::{self, Entry};
use zhida_platform::paging::{Page, PageRequest};
use zhida_policies::PublishedItem;

use super::model::{Candidate, CandidateQuery, CandidateState, ItemCount};
use super::night::period;
use super::store;
use crate::cases::{NewCase, Origin, party};
use crate::error::Error;
use crate::judgement::Judgement;
use crate::rights::HANDLE;
use crate::scheme::Published;
use crate::service::Redemption;

/// Candidates released by one press of a button; the rest by the next.
pub(super) const RELEASE_MAX: u32 = 500;
/// Candidates that one press finds cannot be released, before it answers where to go on.
const HELD_MAX: usize = 2_000;
/// Name of the list in its cursors.
const LIST: &str = "redemption_candidate:id";

/// 放行候选企业的结果。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Released {
    /// 放行了几家。
    pub opened: u64,
    /// 没有放行的，以及原因。
    pub held: Vec<HeldBack>,
    /// 还有几家待放行。
    pub left: u64,
    /// 后面还没有看到的从哪里接着放行；看完了的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// 没有放行的候选企业。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeldBack {
    /// 统一社会信用代码。
    pub enterprise: String,
    /// 企业名称。
    pub name: String,
    /// 原因。
    pub reason: String,
}

impl Redemption {
    /// A page of an item's candidates, within the viewer's reach.
    ///
    /// # Errors
    /// No such item; a cursor of another list; the database.
    pub async fn candidates(
        &self,
        viewer: &Viewer,
        item: &str,
        query: &CandidateQuery,
        page: &PageRequest,
    ) -> Result<Page<Candidate>, Error> {
        let item = self.item(item)?;
        let after = page.cursor::<String>(LIST)?;
        let reach = viewer.reach(HANDLE);
        let wanted = page.rows_wanted();
        let rows = store::list(self.db.conn(), &item.id, query, &reach, after, wanted).await?;
        Ok(Page::from_rows(rows, page, LIST, |row| row.id.clone())?)
    }

    /// How many the list has.
    ///
    /// # Errors
    /// No such item; the database.
    pub async fn candidate_count(
        &self,
        viewer: &Viewer,
        item: &str,
        query: &CandidateQuery,
    ) -> Result<u64, Error> {
        let item = self.item(item)?;
        let reach = viewer.reach(HANDLE);
        let count = store::count(self.db.conn(), &item.id, query, &reach).await?;
        Ok(count.unsigned_abs())
    }

    /// How many candidates an item has in each state, within the viewer's reach.
    ///
    /// # Errors
    /// The database.
    pub async fn candidate_states(&self, viewer: &Viewer, item: &str) -> Result<ItemCount, Error> {
        let reach = viewer.reach(HANDLE);
        Ok(store::counts(self.db.conn(), item, &reach).await?)
    }

    /// Releases those named, or, when none are, the first that wait: [`Redemption::release_waiting`].
    ///
    /// # Errors
    /// No right; no such item; no scheme; the database.
    pub async fn release(
        &self,
        viewer: &Viewer,
        item: &str,
        named: &[String],
    ) -> Result<Released, Error> {
        if named.is_empty() {
            return self.release_waiting(viewer, item, None).await;
        }
        viewer.need(HANDLE)?;
        let item = self.item(item)?;
        let candidates = self.named(viewer, &item, named).await?;
        let report = self.release_these(viewer, &item, candidates).await?;
        self.with_left(viewer, &item, report).await
    }

    /// Releases those that wait behind a candidate, some [`RELEASE_MAX`] of them. Those that cannot be released are passed
    /// by and told of, so that they keep nobody behind them waiting; [`Released::next`] says where to go on.
    ///
    /// # Errors
    /// No right; no such item; no scheme; the database.
    pub async fn release_waiting(
        &self,
        viewer: &Viewer,
        item: &str,
        mut after: Option<String>,
    ) -> Result<Released, Error> {
        viewer.need(HANDLE)?;
        let item = self.item(item)?;
        let mut report = Released::default();
        while report.opened < u64::from(RELEASE_MAX) && report.held.len() < HELD_MAX {
            let some = self.waiting(viewer, &item, after).await?;
            after = match some.len() < RELEASE_MAX as usize {
                true => None,
                false => some.last().map(|last| last.id.clone()),
            };
            let released = self.release_these(viewer, &item, some).await?;
            report.opened += released.opened;
            report.held.extend(released.held);
            if after.is_none() {
                break;
            }
        }
        report.next = after;
        self.with_left(viewer, &item, report).await
    }

    async fn with_left(
        &self,
        viewer: &Viewer,
        item: &PublishedItem,
        report: Released,
    ) -> Result<Released, Error> {
        let left = self
            .candidate_count(viewer, &item.id, &all_waiting())
            .await?;
        Ok(Released { left, ..report })
    }

    /// The next [`RELEASE_MAX`] that wait.
    async fn waiting(
        &self,
        viewer: &Viewer,
        item: &PublishedItem,
        after: Option<String>,
    ) -> Result<Vec<Candidate>, Error> {
        let (waiting, reach) = (all_waiting(), viewer.reach(HANDLE));
        let wanted = i64::from(RELEASE_MAX);
        let conn = self.db.conn();
        Ok(store::list(conn, &item.id, &waiting, &reach, after, wanted).await?)
    }

    async fn release_these(
        &self,
        viewer: &Viewer,
        item: &Arc<PublishedItem>,
        candidates: Vec<Candidate>,
    ) -> Result<Released, Error> {
        let scheme = self.scheme_in_force(item).await?;
        let mut report = Released::default();
        for candidate in candidates {
            self.release_one(viewer, item, &scheme, candidate, &mut report)
                .await?;
        }
        Ok(report)
    }

    async fn named(
        &self,
        viewer: &Viewer,
        item: &PublishedItem,
        named: &[String],
    ) -> Result<Vec<Candidate>, Error> {
        let mut found = Vec::new();
        for id in named.iter().take(RELEASE_MAX as usize) {
            let candidate = store::candidate(self.db.conn(), id).await?;
            let reached =
                candidate.filter(|one| one.item == item.id && one.is_within(&viewer.reach(HANDLE)));
            found.push(reached.ok_or_else(|| Error::missing("这个候选"))?);
        }
        Ok(found)
    }

    /// Releases all that wait, for schemes that release by themselves; those that cannot be released go on waiting and keep
    /// nobody behind them.
    pub(super) async fn release_all(&self, item: &Arc<PublishedItem>) -> Result<u64, Error> {
        let system = Viewer::system("夜间比对");
        let (mut opened, mut after) = (0, None);
        loop {
            let some = self.waiting(&system, item, after).await?;
            let Some(last) = some.last() else {
                return Ok(opened);
            };
            after = Some(last.id.clone());
            opened += self.release_these(&system, item, some).await?.opened;
        }
    }

    async fn release_one(
        &self,
        viewer: &Viewer,
        item: &Arc<PublishedItem>,
        scheme: &Published,
        candidate: Candidate,
        report: &mut Released,
    ) -> Result<(), Error> {
        let judged = self.judged_again(item, scheme, &candidate).await?;
        let held = |reason: String| HeldBack {
            enterprise: candidate.enterprise.clone(),
            name: candidate.name.clone(),
            reason,
        };
        let judgement = match judged {
            Ok(judgement) => judgement,
            Err((state, reason)) => {
                self.hold_back(viewer, &candidate, state, &reason).await?;
                report.held.push(held(reason));
                return Ok(());
            }
        };
        match self
            .open_released(viewer, item, scheme, &candidate, judgement)
            .await
        {
            Ok(()) => report.opened += 1,
            Err(Error::Already(number)) => {
                let reason = format!("已有办件 {number}");
                self.hold_back(viewer, &candidate, CandidateState::Lost, &reason)
                    .await?;
                report.held.push(held(reason));
            }
            Err(Error::Refused(reason) | Error::Overtaken(reason)) => {
                report.held.push(held(reason));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// By the facts and lists of now, not of the night.
    async fn judged_again(
        &self,
        item: &PublishedItem,
        scheme: &Published,
        candidate: &Candidate,
    ) -> Result<Result<Judgement, (CandidateState, String)>, Error> {
        let Some(enterprise) = self.registry.enterprise(&candidate.enterprise).await? else {
            return Ok(Err((
                CandidateState::Lost,
                "市场主体库中已没有这家企业".to_owned(),
            )));
        };
        if candidate.period != period(scheme.scheme.period, self.clock.today()) {
            let reason = format!("享受的期间（{}）已过", candidate.period);
            return Ok(Err((CandidateState::Lost, reason)));
        }
        let judgement = self.judge(&enterprise, &item.id, item.revision).await?;
        if let Some(reason) = judgement.bars(&scheme.scheme) {
            return Ok(Err((CandidateState::Lost, reason)));
        }
        let lists = &scheme.scheme.lists;
        let listed = store::held_back(self.db.conn(), lists, &candidate.enterprise).await?;
        Ok(match listed {
            Some(list) => Err((CandidateState::Blocked, list)),
            None => Ok(judgement),
        })
    }

    async fn hold_back(
        &self,
        viewer: &Viewer,
        candidate: &Candidate,
        state: CandidateState,
        reason: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let changed = Candidate {
            state,
            blocked_by: match state {
                CandidateState::Blocked => reason.to_owned(),
                _ => String::new(),
            },
            changed_at: now,
            ..candidate.clone()
        };
        let entry = Entry::new(
            now,
            viewer,
            "redemption.hold_back",
            "candidate",
            &candidate.id,
        )
        .enterprise(&candidate.enterprise)
        .detail(json!({ "reason": reason }));
        let write = |tx| {
            let (changed, entry) = (changed.clone(), entry.clone());
            async move {
                store::put(&tx, &[changed], now).await?;
                audit::append(&tx, &entry).await?;
                Ok(())
            }
        };
        self.db.write(write).await
    }

    async fn open_released(
        &self,
        viewer: &Viewer,
        item: &Arc<PublishedItem>,
        scheme: &Published,
        candidate: &Candidate,
        judgement: Judgement,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let by = party(viewer);
        let new = NewCase {
            item,
            scheme,
            enterprise: &candidate.enterprise,
            enterprise_name: &candidate.name,
            place: &candidate.place,
            holder: self.responsible(item).await?,
            period: &candidate.period,
            origin: Origin::Closure,
            filed_by: viewer.name(),
            agent: "",
            judgement: &judgement,
            answers: json!([]),
        };
        let entry = Entry::new(
            now,
            viewer,
            "redemption.release",
            "candidate",
            &candidate.id,
        )
        .enterprise(&candidate.enterprise);
        self.db
            .write(|tx| {
                let (new, by, entry) = (new.clone(), by.clone(), entry.clone());
                async move {
                    let opened = self.open_case(&tx, new, &by).await?;
                    if !store::release(&tx, &candidate.id, &opened.id, now).await? {
                        return Err(Error::Overtaken("已由别人放行，或不再符合".to_owned()));
                    }
                    let entry = entry.after(json!({ "case": opened.number }));
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }
}

fn all_waiting() -> CandidateQuery {
    CandidateQuery {
        state: Some(CandidateState::Waiting),
        ..CandidateQuery::default()
    }
}

impl Candidate {
    fn is_within(&self, reach: &Reach) -> bool {
        reach.covers(&zhida_platform::access::Row {
            enterprise: Some(&self.enterprise),
            division: (!self.place.is_empty()).then_some(self.place.as_str()),
        })
    }
}
