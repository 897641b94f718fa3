//! The room's state; its use cases stand in the modules.

use std::sync::Arc;

use zhida_forms::Drafts;
use zhida_funds::Funds;
use zhida_matching::Matching;
use zhida_matching::{Label, Patience};
use zhida_platform::access::Reach;
use zhida_platform::cases::Hierarchy;
use zhida_platform::clock::SharedClock;
use zhida_platform::db::Database;
use zhida_platform::format::money_fen;
use zhida_platform::jobs::Jobs;
use zhida_platform::messages::Messages;
use zhida_platform::paging::PageRequest;
use zhida_platform::phrases::Phrases;
use zhida_platform::thread::Threads;
use zhida_policies::{Policies, PublishedItem};
use zhida_registry::{Query, Registry};

use crate::cases::Gate;
use crate::desk::{Departments, Experts};
use crate::error::Error;
use crate::letters::Letters;

/// What the room stands on.
#[derive(Clone)]
pub struct Ground {
    /// The migrated database.
    pub db: Database,
    /// The time.
    pub clock: SharedClock,
    /// 惠企政策库.
    pub policies: Arc<Policies>,
    /// 市场主体库.
    pub registry: Arc<Registry>,
    /// 政策直达.
    pub matching: Arc<Matching>,
    /// 资金.
    pub funds: Arc<Funds>,
    /// Drafts of forms.
    pub drafts: Drafts,
    /// Tells people; it must know [`crate::EVENTS`].
    pub messages: Messages,
    /// 决定书.
    pub letters: Arc<Letters>,
    /// Finds the bodies that are asked.
    pub departments: Arc<dyn Departments>,
    /// Who stands above them.
    pub hierarchy: Arc<dyn Hierarchy>,
    /// Finds those who score.
    pub experts: Arc<dyn Experts>,
    /// What is done in the background.
    pub jobs: Jobs,
}

/// 兑付. Made once at start, after the migrations, and shared.
pub struct Redemption {
    pub(crate) db: Database,
    pub(crate) clock: SharedClock,
    pub(crate) policies: Arc<Policies>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) matching: Arc<Matching>,
    pub(crate) funds: Arc<Funds>,
    pub(crate) drafts: Drafts,
    pub(crate) messages: Messages,
    pub(crate) letters: Arc<Letters>,
    pub(crate) departments: Arc<dyn Departments>,
    pub(crate) hierarchy: Arc<dyn Hierarchy>,
    pub(crate) jobs: Jobs,
    pub(crate) experts: Arc<dyn Experts>,
    pub(crate) threads: Threads,
    pub(crate) phrases: Phrases,
}

impl Redemption {
    /// The room; from now on it answers the funds whether a case may be paid, and the library how an item is had.
    #[must_use]
    pub fn new(ground: Ground) -> Arc<Self> {
        let funds = Arc::clone(&ground.funds);
        let room = Arc::new(Self {
            threads: Threads::new(ground.drafts.files().clone(), ground.clock.clone()),
            phrases: Phrases::new(ground.db.clone(), ground.clock.clone(), &crate::talk::BOOK),
            db: ground.db,
            clock: ground.clock,
            policies: ground.policies,
            registry: ground.registry,
            matching: ground.matching,
            funds: ground.funds,
            drafts: ground.drafts,
            messages: ground.messages,
            letters: ground.letters,
            departments: ground.departments,
            hierarchy: ground.hierarchy,
            jobs: ground.jobs,
            experts: ground.experts,
        });
        let gate = Arc::new(Gate::new(&room));
        room.policies.attend(Arc::clone(&gate) as _);
        funds.attend(Arc::clone(&gate) as _, Arc::clone(&gate) as _, gate);
        room
    }

    /// How many enterprises within reach meet an item today, and what they would get.
    pub(crate) async fn reach_of(
        &self,
        item: &PublishedItem,
        reach: &Reach,
    ) -> Result<(u64, String), Error> {
        let today = self.clock.today();
        let page = PageRequest::first(1);
        let reached = Query {
            reach: reach.clone(),
            ..Query::default()
        };
        let found = self
            .matching
            .for_item(
                &item.id,
                &reached,
                Some(Label::Eligible),
                today,
                &page,
                Patience::Page,
            )
            .await?;
        let low = found.cost.low.round(2).to_fen().unwrap_or_default();
        let high = found.cost.high.round(2).to_fen().unwrap_or_default();
        let cost = match low == high {
            true => money_fen(low),
            false => format!("{}～{}", money_fen(low), money_fen(high)),
        };
        Ok((found.counts.get(Label::Eligible), cost))
    }
}
