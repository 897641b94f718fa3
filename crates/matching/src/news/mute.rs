//! 不再提醒这一项: an account is told no more that the enterprise newly meets one item. The list still has it.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::messages::{MutedTopic, Topic};
use zhida_platform::problem::Problem;
use zhida_registry::Enterprise;

use super::tell::NEWS;
use crate::Matching;
use crate::error::Error;
use crate::rights::TOLD;

/// One item for one enterprise, as messages name it.
pub(super) fn topic(code: &str, enterprise: &str, item: &str, item_name: &str) -> Topic {
    Topic {
        id: format!("{code}/{item}"),
        label: format!("{item_name}（{enterprise}）"),
    }
}

impl Matching {
    /// Whether the viewer is told no more of the item for the enterprise; `None` for whoever is told nothing of it anyway.
    pub(crate) async fn is_muted(
        &self,
        viewer: &Viewer,
        enterprise: &Enterprise,
        item: &str,
    ) -> Result<Option<bool>, Error> {
        let told = viewer.covers(TOLD, &enterprise.access());
        let (Some(messages), Some(account), true) = (&self.messages, viewer.account(), told) else {
            return Ok(None);
        };
        let topic = format!("{}/{item}", enterprise.code);
        let account = account.to_string();
        let muted = messages.muted_topic(self.db.conn(), &account, &NEWS, &topic);
        let muted: Option<MutedTopic> = muted.await.map_err(Problem::from)?;
        Ok(Some(muted.is_some()))
    }

    /// Tells the viewer's account no more of the item for the enterprise, or again; where its page is.
    ///
    /// # Errors
    /// Nobody tells the viewer of such an enterprise; no such item; the database.
    pub(crate) async fn set_muted(
        &self,
        viewer: &Viewer,
        (code, item): (&str, &str),
        muted: bool,
    ) -> Result<String, Error> {
        let enterprise = &self.enterprise(code).await?;
        let told = viewer.covers(TOLD, &enterprise.access());
        let (Some(messages), Some(account), true) = (&self.messages, viewer.account(), told) else {
            return Err(Error::NoEnterprise(enterprise.code.clone()));
        };
        let item = self.item(item, self.today())?;
        let account = &account.to_string();
        let topic = &topic(&enterprise.code, &enterprise.name, &item.id, &item.name);
        self.db
            .write(|tx| async move {
                let kept = messages.muted_topic(&tx, account, &NEWS, &topic.id).await;
                let kept = kept.map_err(Problem::from)?;
                let action = match (muted, kept) {
                    (true, None) => {
                        let done = messages.mute_topic(&tx, account, &NEWS, topic).await;
                        done.map_err(Problem::from)?;
                        "messages.mute_item"
                    }
                    (false, Some(kept)) => {
                        let done = messages.unmute_topic(&tx, account, &kept.id).await;
                        done.map_err(Problem::from)?;
                        "messages.unmute_item"
                    }
                    _ => return Ok(()),
                };
                let entry = Entry::new(self.clock.now(), viewer, action, "account", account)
                    .enterprise(&enterprise.code)
                    .detail(json!({ "event": NEWS.slug, "topic": topic }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(format!(
            "/enterprises/{}/matches/{}",
            enterprise.code, item.id
        ))
    }
}
