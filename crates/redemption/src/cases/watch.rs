//! The clocks of the room's cases: reminders, escalation, the end of a notice.

use std::sync::Arc;

use sea_orm::prelude::async_trait::async_trait;
use zhida_casework::{Chain, Event, Route};
use zhida_platform::cases::{Loaded, Reaction, Watch};
use zhida_platform::db::Tx;
use zhida_platform::jobs::Jobs;
use zhida_platform::problem::Problem;

use super::run::CASES;
use crate::service::Redemption;
use crate::words::Grant;

/// Looks every minute for cases of which a clock is due.
pub(crate) fn background(redemption: &Arc<Redemption>, jobs: &Jobs) {
    let watch = Watch {
        name: "redemption.due",
        title: "兑付办件到期处理",
        cases: CASES,
        reaction: Arc::new(Clocks(Arc::clone(redemption))),
    };
    watch.register(jobs, &redemption.db, &redemption.clock);
}

struct Clocks(Arc<Redemption>);

#[async_trait]
impl Reaction<Grant> for Clocks {
    async fn route_of(
        &self,
        tx: &Tx,
        loaded: &Loaded<Grant>,
    ) -> Result<Arc<Route<Grant>>, Problem> {
        let view = self.0.case_in(tx, &loaded.head.id.to_string()).await?;
        Ok(Arc::new(view.route))
    }

    async fn chain(&self, tx: &Tx, loaded: &Loaded<Grant>) -> Result<Chain, Problem> {
        Ok(self.0.hierarchy.above(tx, &loaded.bodies()).await?)
    }

    async fn happened(
        &self,
        tx: &Tx,
        loaded: &Loaded<Grant>,
        events: &[Event<Grant>],
    ) -> Result<(), Problem> {
        let mut view = self.0.case_in(tx, &loaded.head.id.to_string()).await?;
        let from = loaded.events.len().saturating_sub(events.len());
        view.loaded = loaded.clone();
        Ok(self.0.follow(tx, &view, from).await?)
    }
}
