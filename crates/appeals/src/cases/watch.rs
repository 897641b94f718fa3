//! The clocks of the appeals: reminders and escalation, and the memory made anew each night.

use std::sync::Arc;

use sea_orm::prelude::async_trait::async_trait;
use zhida_casework::{Chain, Event, Route};
use zhida_platform::cases::{Loaded, Reaction, Watch};
use zhida_platform::db::Tx;
use zhida_platform::jobs::Jobs;
use zhida_platform::problem::Problem;

use super::run::CASES;
use crate::service::Appeals;
use crate::words::Appeal;

/// Looks every minute for appeals of which a clock is due.
pub(crate) fn background(appeals: &Arc<Appeals>, jobs: &Jobs) {
    let watch = Watch {
        name: "appeals.due",
        title: "诉求到期处理",
        cases: CASES,
        reaction: Arc::new(Clocks(Arc::clone(appeals))),
    };
    watch.register(jobs, &appeals.db, &appeals.clock);
    super::memory::background(appeals, jobs);
}

struct Clocks(Arc<Appeals>);

#[async_trait]
impl Reaction<Appeal> for Clocks {
    async fn route_of(
        &self,
        tx: &Tx,
        loaded: &Loaded<Appeal>,
    ) -> Result<Arc<Route<Appeal>>, Problem> {
        let view = self.0.view_in(tx, &loaded.head.id.to_string()).await?;
        Ok(Arc::new(view.route))
    }

    async fn chain(&self, tx: &Tx, loaded: &Loaded<Appeal>) -> Result<Chain, Problem> {
        let chain = self.0.hierarchy.above(tx, &loaded.bodies()).await;
        Ok(chain.map_err(Problem::internal)?)
    }

    async fn happened(
        &self,
        tx: &Tx,
        loaded: &Loaded<Appeal>,
        events: &[Event<Appeal>],
    ) -> Result<(), Problem> {
        let from = loaded.events.len().saturating_sub(events.len());
        let before =
            zhida_casework::Case::replay(&loaded.events[..from]).map_err(Problem::internal)?;
        Ok(self.0.consequences(tx, &before, loaded, from).await?)
    }
}
