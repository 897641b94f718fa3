//! Where the engine's table comes from: a snapshot of an earlier run, or the whole registry.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::TryStreamExt;
use tokio::task::spawn_blocking;
use zhida_matcher::{Engine, MatcherError, Table, TableBuilder};
use zhida_platform::progress::Progress;
use zhida_registry::Query;

use super::shelf::{Kept, Mark, Unusable};
use super::store;
use super::{Groups, Keeper, Member, Roll, Snapshot, Writer, compiled, number};
use crate::error::Error;

/// Enterprises that are read at a time.
const CHUNK: usize = 5_000;
/// [`Keeper::unsaved`] when no enterprise is saved.
const ALL: usize = usize::MAX / 2;

impl Keeper {
    /// Loads the engine from the snapshot on the shelf, or else from the registry.
    ///
    /// # Errors
    /// The database; facts that the engine does not take.
    pub(super) async fn load(
        &self,
        writer: &mut Writer,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        if writer.engine.is_none()
            && let Some(Kept {
                mark,
                table,
                members,
            }) = self.kept().await?
        {
            let enterprises = Some(table.len() as u64);
            progress.report(table.len() as u64, enterprises, "正在读取匹配快照");
            self.install(writer, table, members, mark.registry).await?;
            if self.follow_registry(writer).await?.is_some() {
                tracing::info!(enterprises, "匹配索引已从快照恢复");
                return Ok(());
            }
            tracing::info!("匹配快照之后改动的企业太多，从企业档案重新建立匹配索引");
        }
        let message = "正在建立匹配索引";
        // Read first: what changes while it is loaded is taken over afterwards.
        let version = self.registry.version().await?;
        let total = self.registry.count(&Query::default()).await?;
        let query = Query::default();
        let mut chunks = std::pin::pin!(self.registry.scan(&query, CHUNK));
        let mut builder = TableBuilder::new(&self.dictionary);
        let mut members = Vec::new();
        while let Some(chunk) = chunks.try_next().await? {
            members.extend(chunk.iter().map(Member::of));
            let push = move || {
                let mut enterprises = chunk.iter();
                enterprises.try_for_each(|one| builder.push(number(one), &one.facts))?;
                Ok::<_, MatcherError>(builder)
            };
            builder = spawn_blocking(push).await??;
            let done = members.len() as u64;
            progress.report(done, Some(total.max(done)), message);
        }
        let table = spawn_blocking(move || builder.finish()).await??;
        self.install(writer, table, members, version).await?;
        self.unsaved.store(ALL, Ordering::Relaxed);
        Ok(())
    }

    /// Puts an engine over a table in place.
    async fn install(
        &self,
        writer: &mut Writer,
        table: Table,
        members: Vec<Member>,
        registry: i64,
    ) -> Result<(), Error> {
        let today = self.clock.today();
        let catalogue = self.policies.catalogue(today);
        let items = writer.items(&catalogue);
        let rules = compiled(&items);
        let build = move || {
            let mut groups = Groups::default();
            groups.note(&members);
            let engine = Engine::new(table, today, rules);
            (engine, Roll::default().with(&members), groups)
        };
        let (engine, roll, groups) = spawn_blocking(build).await?;
        let engine = Arc::new(engine);
        self.put(Some(Snapshot {
            view: engine.view(),
            roll,
            groups,
            registry,
            items: Arc::new(items),
            catalogue: catalogue.version,
        }));
        writer.engine = Some(engine);
        Ok(())
    }

    /// The snapshot on the shelf, when it can be used.
    async fn kept(&self) -> Result<Option<Kept>, Error> {
        let Some(shelf) = self.shelf.clone() else {
            return Ok(None);
        };
        let dictionary = Arc::clone(&self.dictionary);
        match spawn_blocking(move || shelf.read(&dictionary)).await? {
            Ok(None) => {}
            Ok(Some(kept)) if store::is_noted(&self.db, kept.mark.snapshot).await? => {
                return Ok(Some(kept));
            }
            Ok(Some(_)) => tracing::warn!("{}", Unusable::Database),
            Err(reason) => tracing::warn!("{reason}"),
        }
        Ok(None)
    }

    /// Saves a snapshot for the next start when at least so many enterprises changed since the last.
    /// That it cannot be saved is logged: nothing but a fast start depends on it.
    ///
    /// # Errors
    /// The database.
    pub async fn save(&self, changed: usize) -> Result<(), Error> {
        let _turn = self.saving.lock().await;
        let Some(shelf) = self.shelf.clone() else {
            return Ok(());
        };
        if self.unsaved.load(Ordering::Relaxed) < changed {
            return Ok(());
        }
        // What changes from here on counts for the next save, though this one may hold it.
        self.unsaved.store(0, Ordering::Relaxed);
        let Some(now) = self.now().filter(|now| !now.view.table().is_empty()) else {
            return Ok(());
        };
        // Noted after the facts were read: a database with this note has written all of them.
        let mark = Mark::new(now.registry, store::note(&self.db, self.clock.now()).await?);
        match spawn_blocking(move || shelf.write(&now, &mark)).await? {
            Ok(true) => tracing::info!("匹配快照已保存"),
            Ok(false) => tracing::info!("另一个进程正在保存匹配快照，这次不再保存"),
            Err(reason) => tracing::warn!(%reason, "匹配快照没有保存，下次启动将从企业档案装入"),
        }
        Ok(())
    }
}
