//! Full runs: what they do, and how far they came.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use zhida_matcher::{MatcherError, Want};
use zhida_platform::format::{count, date_zh, datetime_zh};
use zhida_platform::progress::Progress;

use super::store::{self, Run};
use crate::Matching;
use crate::engine::Snapshot;
use crate::error::Error;

/// Items that are compared in one transaction.
const CHUNK: usize = 50;
/// A run that made no progress for so long has come to an end: a chunk takes seconds.
const SILENCE_MAX: TimeDelta = TimeDelta::minutes(10);
/// Runs that are told of.
const RUNS_TOLD: i64 = 10;

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunReport {
    /// Number of the run.
    pub no: i64,
    /// Items that were compared.
    pub items: u64,
    /// Those among them that have no column form, so that the interpreter answered.
    pub interpreted: u64,
    /// News that it brought.
    pub news: u64,
    /// It was the first: news count from now on.
    pub first: bool,
}

/// 一次全量匹配。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunRecord {
    /// 第几次。
    pub no: i64,
    /// 基准日。
    pub day: NaiveDate,
    /// 由谁发起：夜间自动进行的是“定时”。
    pub actor: String,
    /// 到哪一步了。
    pub state: RunState,
    /// 开始的时间。
    pub started_at: DateTime<Utc>,
    /// 最近一次有进展的时间。
    pub updated_at: DateTime<Utc>,
    /// 要比较多少个事项。
    pub items: u64,
    /// 已比较多少个事项。
    pub done: u64,
    /// 已发现多少条新匹配。
    pub news: u64,
    /// 失败的原因。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// 全量匹配的状态。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// 正在进行。
    Running,
    /// 已完成。
    Finished,
    /// 失败，下一次接着做。
    Failed,
    /// 中断，下一次接着做。
    Interrupted,
}

impl RunRecord {
    /// The run in one sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { actor, failure, .. } = self;
        let at = datetime_zh(self.updated_at);
        let progress = format!("已比较 {} / {} 个事项", count(self.done), count(self.items));
        match self.state {
            RunState::Running => format!("全量匹配正在进行（{actor}）：{progress}，最近进展 {at}"),
            RunState::Finished => format!(
                "最近一次全量匹配（{actor}）于 {at} 完成，基准日 {}，新匹配 {} 条",
                date_zh(self.day),
                count(self.news)
            ),
            RunState::Failed => format!(
                "全量匹配（{actor}）于 {at} 失败：{}。{progress}，下一次接着进行",
                failure.as_deref().unwrap_or_default()
            ),
            RunState::Interrupted => {
                format!("全量匹配（{actor}）中断，最近进展 {at}：{progress}，下一次接着进行")
            }
        }
    }
}

impl Matching {
    /// Runs all items in force today against all enterprises and keeps who newly meets what.
    ///
    /// # Errors
    /// Nothing to compare; whoever hears the progress wants it to stop; the database.
    pub async fn save_run(&self, actor: &str, progress: &dyn Progress) -> Result<RunReport, Error> {
        let snapshot = self.keeper.bring_up(progress).await?;
        let snapshot = snapshot.ok_or(Error::NoEngine)?;
        if snapshot.view.table().is_empty() || snapshot.items.is_empty() {
            return Err(Error::NothingToCompare);
        }
        let (day, items) = (snapshot.view.on(), snapshot.items.len() as u64);
        let run = store::open(&self.db, actor, day, items, self.clock.now()).await?;
        let view = Arc::clone(&snapshot.view);
        let interpreted = spawn_blocking(move || {
            // All at once is faster than one by one.
            view.warm();
            view.interpreted().count() as u64
        });
        let interpreted = interpreted.await?;
        let ids: Vec<String> = snapshot.items.values().map(|i| i.id.clone()).collect();
        let compared = self.compare_all(run, snapshot, progress).await;
        if let Err(error) = &compared {
            store::fail(&self.db, run, &error.to_string(), self.clock.now()).await?;
        }
        compared?;
        let news = store::close(&self.db, actor, run, &ids, self.clock.now()).await?;
        Ok(RunReport {
            no: run.no,
            items,
            interpreted,
            news,
            first: run.first,
        })
    }

    async fn compare_all(
        &self,
        run: Run,
        snapshot: Arc<Snapshot>,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let mut keys: Vec<u64> = snapshot.items.keys().copied().collect();
        keys.sort_unstable();
        for (at, part) in keys.chunks(CHUNK).enumerate() {
            if progress.is_cancelled() {
                return Err(Error::Stopped);
            }
            let (snapshot, part) = (Arc::clone(&snapshot), part.to_vec());
            let met = spawn_blocking(move || met_by(&snapshot, &part)).await??;
            store::compare(&self.db, run, &met, self.clock.now()).await?;
            let done = (at * CHUNK + met.len()) as u64;
            progress.report(done, Some(keys.len() as u64), "正在比较新匹配");
        }
        Ok(())
    }

    /// The latest full runs, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn runs(&self) -> Result<Vec<RunRecord>, Error> {
        let mut runs = store::latest(self.db.conn(), RUNS_TOLD).await?;
        let now = self.clock.now();
        for run in &mut runs {
            if run.state == RunState::Running && now - run.updated_at > SILENCE_MAX {
                run.state = RunState::Interrupted;
            }
        }
        Ok(runs)
    }
}

/// The enterprises that meet each of these items, in ascending order.
fn met_by(snapshot: &Snapshot, keys: &[u64]) -> Result<Vec<(String, Vec<u32>)>, MatcherError> {
    let want = Want {
        met: true,
        ..Want::default()
    };
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(item) = snapshot.items.get(key) else {
            continue;
        };
        let met = snapshot.view.item(*key, want)?;
        let mut met: Vec<u32> = met
            .met()
            .filter_map(|number| u32::try_from(number).ok())
            .collect();
        met.sort_unstable();
        found.push((item.id.clone(), met));
    }
    Ok(found)
}
