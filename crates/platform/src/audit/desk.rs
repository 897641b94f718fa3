use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{Entry, Key, append_all};
use crate::db::{Database, Error, Result};

/// Records written in one transaction of views at most.
const RECORDS_MAX: usize = 500;

/// What a [`Database`] holds for its audit records: the key, and the views that wait to be written.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    key: Option<Key>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    views: Vec<View>,
    /// Whether a task is writing, which looks again before it ends.
    writing: bool,
}

#[derive(Debug)]
struct View {
    entries: Vec<Entry>,
    written: oneshot::Sender<()>,
}

impl Desk {
    pub(crate) fn with_key(key: Key) -> Self {
        Self {
            key: Some(key),
            waiting: Mutex::default(),
        }
    }

    pub(crate) fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// No code between lock and unlock can panic half-way.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The views to be written next; none when the task may end.
    fn next(&self) -> Vec<View> {
        let mut waiting = self.waiting();
        let mut records = 0;
        let fit = waiting.views.iter().take_while(|view| {
            let first = records == 0;
            records += view.entries.len();
            first || records <= RECORDS_MAX
        });
        let fit = fit.count();
        let next: Vec<View> = waiting.views.drain(..fit).collect();
        waiting.writing = !next.is_empty();
        next
    }
}

/// Writes records that no change goes with, such as a page view; when it answers they last. Views that
/// come while others are being written share the next transaction, so that pages do not queue for the
/// disk one by one.
///
/// # Errors
/// As [`super::append`]; what was to be looked at must not be shown then.
pub async fn record(db: &Database, entries: &[Entry]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let (written, hear) = oneshot::channel();
    let view = View {
        entries: entries.to_vec(),
        written,
    };
    let begin = {
        let mut waiting = db.audit().waiting();
        waiting.views.push(view);
        !std::mem::replace(&mut waiting.writing, true)
    };
    if begin {
        // a task of its own: a visitor who goes away takes nobody else's record along
        tokio::spawn(write_waiting(db.clone()));
    }
    match hear.await {
        Ok(()) => Ok(()),
        // those that were written together failed: each hears for itself why
        Err(_) => alone(db, entries).await,
    }
}

async fn alone(db: &Database, entries: &[Entry]) -> Result<()> {
    db.write(|tx| async move { append_all(&tx, entries).await.map(|_| ()) })
        .await
}

/// Should the task that writes come to an untimely end, all that wait write for themselves.
struct Writing {
    desk: Arc<Desk>,
    ended: bool,
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.ended {
            *self.desk.waiting() = Waiting::default();
        }
    }
}

async fn write_waiting(db: Database) {
    let mut writing = Writing {
        desk: Arc::clone(db.audit()),
        ended: false,
    };
    loop {
        let views = writing.desk.next();
        if views.is_empty() {
            writing.ended = true;
            return;
        }
        let entries: Vec<Entry> = views.iter().flat_map(|v| v.entries.clone()).collect();
        let answer: std::result::Result<(), Error> = alone(&db, &entries).await;
        match answer {
            Ok(()) => views.into_iter().for_each(|view| {
                // who has gone away needs no answer
                let _gone = view.written.send(());
            }),
            Err(error) => tracing::warn!(error = %error, "查看记录没有一起写下，逐条再写"),
        }
    }
}
