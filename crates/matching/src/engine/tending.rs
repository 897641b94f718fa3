//! The engine beside a running server: loaded at the start, current ever after.

use std::sync::Arc;
use std::time::Duration;

use zhida_platform::progress::{Progress, Silent};

use super::CHANGES_MAX;
use crate::Matching;
use crate::error::Error;

/// Between two looks at what changed. Whoever asks meanwhile looks for himself.
const PAUSE: Duration = Duration::from_secs(2);
/// After a look that failed.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(60);
/// Changed enterprises that are worth a new snapshot: with as many more a start could still take it.
const WORTH_SAVING: usize = CHANGES_MAX / 2;

impl Matching {
    /// Loads the engine now, or brings it up to date.
    ///
    /// # Errors
    /// The database; facts that the engine does not take.
    pub async fn prepare(&self, progress: &dyn Progress) -> Result<(), Error> {
        self.keeper.bring_up(progress).await.map(|_| ())
    }

    /// Saves what the engine holds for the next start, if it changed since it was last saved.
    ///
    /// # Errors
    /// The database.
    pub async fn save_snapshot(&self) -> Result<(), Error> {
        self.keeper.save(1).await
    }

    /// Is the engine loaded?
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.items_ready().is_some()
    }

    /// The number of items that the engine holds: those open on its day.
    #[must_use]
    pub fn items_ready(&self) -> Option<usize> {
        self.keeper.now().map(|now| now.view.items())
    }

    /// Loads the engine in the background and keeps it current for as long as the room lives: with
    /// the registry, with what is published here or by other servers, and with the day. Until the
    /// engine is loaded the interpreter answers.
    pub fn keep_current(self: &Arc<Self>) {
        let room = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut seen = None;
            while let Some(matching) = room.upgrade() {
                let pause = match matching.tend(&mut seen).await {
                    Ok(()) => PAUSE,
                    Err(error) => {
                        tracing::warn!(%error, "匹配索引未能更新，稍后再试");
                        PAUSE_AFTER_ERROR
                    }
                };
                drop(matching);
                tokio::time::sleep(pause).await;
            }
        });
    }

    /// While an import is under way nothing is loaded: it would be old before it is there.
    async fn tend(&self, seen: &mut Option<i64>) -> Result<(), Error> {
        let version = self.registry.version().await?;
        let before = seen.replace(version);
        if before.is_some_and(|before| before != version) {
            return self.keeper.follow().await;
        }
        self.prepare(&Silent).await?;
        self.keeper.save(WORTH_SAVING).await
    }
}
