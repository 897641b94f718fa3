//! Saved views: filters under a name, one's own.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::ids;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, SavedView};

use super::DESK;
use super::query::DeskQuery;
use super::store::{self, VIEWS_MAX};
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, to};
use crate::service::Redemption;

/// Characters of a name.
const NAME_MAX: usize = 20;

fn account(viewer: &Viewer) -> Result<String, Error> {
    let account = viewer.account().map(|id| id.to_string());
    account.ok_or_else(|| Problem::sign_in("登录之后才能保存视图").into())
}

impl Redemption {
    /// The viewer's own views, each with what the query that lists it counts.
    pub(crate) async fn views(&self, viewer: &Viewer) -> Result<Vec<SavedView<DeskQuery>>, Error> {
        let rows = store::views(self.db.conn(), &account(viewer)?).await?;
        let read = |row: &store::ViewRow| serde_json::from_str::<DeskQuery>(&row.query).ok();
        let queries: Vec<Option<DeskQuery>> = rows.iter().map(read).collect();
        let known: Vec<DeskQuery> = queries.iter().flatten().cloned().collect();
        let mut counts = self.desk_counts(viewer, &known).await?.into_iter();
        let views = rows.into_iter().zip(queries);
        Ok(views
            .map(|(row, query)| SavedView {
                id: row.id,
                name: row.name,
                found: query.and_then(|query| Some((query, counts.next()?))),
            })
            .collect())
    }

    async fn save_view(&self, viewer: &Viewer, name: &str, query: &DeskQuery) -> Result<(), Error> {
        let account = &account(viewer)?;
        if name.is_empty() || name.chars().count() > NAME_MAX {
            return Err(Error::field("name", "请给视图起个名字，最多 20 个字"));
        }
        let there = store::views(self.db.conn(), account).await?;
        if there.len() >= VIEWS_MAX && there.iter().all(|view| view.name != name) {
            return Err(Error::Refused(format!(
                "最多保存 {VIEWS_MAX} 个视图，请先删去不用的"
            )));
        }
        let kept = serde_json::to_string(query).map_err(Problem::internal)?;
        let (now, kept) = (self.clock.now(), kept.as_str());
        let id = &ids::next(now).to_string();
        self.db
            .write(|tx| async move {
                store::save_view(&tx, id, account, name, kept).await?;
                let entry = Entry::new(now, viewer, "redemption.view_save", "view", name)
                    .after(json!(query));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    async fn remove_view(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        let account = &account(viewer)?;
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                if store::remove_view(&tx, id, account).await? > 0 {
                    let entry = Entry::new(now, viewer, "redemption.view_remove", "view", id);
                    audit::append(&tx, &entry).await?;
                }
                Ok(())
            })
            .await
    }
}

/// 保存视图
pub(super) async fn save(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let query: DeskQuery = serde_json::from_str(fields.get("query"))
        .map_err(|_| Problem::bad_input("这个视图的条件读不出来，请回到办件列表重新选择条件"))?;
    app.save_view(&frame.viewer, fields.get("name"), &query)
        .await
        .map_err(Problem::from)?;
    Ok(to(&query.address(DESK, None)))
}

/// 删除视图
pub(super) async fn remove(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    app.remove_view(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    Ok(to(DESK))
}
