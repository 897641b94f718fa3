use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::OwnedMutexGuard;

use super::error::wants_retry;
use super::{Database, Engine, Error, Result};
use crate::audit;
use crate::seal::Sealer;

/// How often a transaction is run before its conflict is the caller's.
const ATTEMPTS_MAX: u32 = 6;

/// 64 MiB, four times the usual.
const SQLITE_LARGE_CACHE: &str = "PRAGMA cache_size = -65536";

/// An open write transaction. Dropping it undoes everything.
///
/// It is a handle: `|tx| async move { … }` gets one to own, and all of them
/// must be gone when the work is done.
#[derive(Clone)]
pub struct Tx {
    inner: Arc<Inner>,
}

struct Inner {
    // dropped before the writer's turn is given up
    transaction: DatabaseTransaction,
    conflict: AtomicBool,
    audit_key: Option<audit::Key>,
    sealer: Sealer,
    on_commit: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx")
    }
}

impl Tx {
    /// Which database the transaction is on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.inner.transaction.get_database_backend() {
            DbBackend::Sqlite => Engine::Sqlite,
            _ => Engine::Postgres,
        }
    }

    /// Lets SQLite keep more of a large transaction in memory: pages that do not fit are written out and
    /// read back before its end. It holds for the connection, which the next writer takes as a rule.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn expect_much(&self) -> Result<()> {
        if self.engine() == Engine::Sqlite {
            self.execute_unprepared(SQLITE_LARGE_CACHE).await?;
        }
        Ok(())
    }

    /// Makes the changes last.
    ///
    /// # Errors
    /// When the database refuses, or another handle of this transaction is
    /// still held; nothing is changed then.
    pub async fn commit(self) -> Result<()> {
        let inner = Arc::into_inner(self.inner).ok_or(Error::TxEscaped)?;
        inner.transaction.commit().await?;
        let told = inner.on_commit.into_inner();
        for tell in told.unwrap_or_else(PoisonError::into_inner) {
            tell();
        }
        Ok(())
    }

    /// Calls `tell` once the changes last, and never when they are undone: for waking whoever waits for
    /// them. It must be quick and must not fail.
    pub fn on_commit(&self, tell: impl FnOnce() + Send + 'static) {
        let waiting = self.inner.on_commit.lock();
        waiting
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(tell));
    }

    /// Seals and opens secrets.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.inner.sealer
    }

    /// The key of the audit records.
    pub(crate) fn audit_key(&self) -> Option<&audit::Key> {
        self.inner.audit_key.as_ref()
    }

    fn seen<T>(&self, answer: std::result::Result<T, DbErr>) -> std::result::Result<T, DbErr> {
        if answer.as_ref().is_err_and(wants_retry) {
            self.inner.conflict.store(true, Ordering::Relaxed);
        }
        answer
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.transaction.get_database_backend()
    }

    async fn execute_raw(&self, stmt: Statement) -> std::result::Result<ExecResult, DbErr> {
        self.seen(self.inner.transaction.execute_raw(stmt).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> std::result::Result<ExecResult, DbErr> {
        self.seen(self.inner.transaction.execute_unprepared(sql).await)
    }

    async fn query_one_raw(
        &self,
        stmt: Statement,
    ) -> std::result::Result<Option<QueryResult>, DbErr> {
        self.seen(self.inner.transaction.query_one_raw(stmt).await)
    }

    async fn query_all_raw(&self, stmt: Statement) -> std::result::Result<Vec<QueryResult>, DbErr> {
        self.seen(self.inner.transaction.query_all_raw(stmt).await)
    }
}

impl Database {
    /// Opens a write transaction that the caller commits; for work that cannot
    /// be run twice, such as reading an uploaded file. On SQLite it waits for
    /// its turn and holds it until the [`Tx`] is gone.
    ///
    /// # Errors
    /// When the transaction cannot begin.
    pub async fn begin(&self) -> Result<Tx> {
        let (turn, sqlite_transaction_mode) = match self.engine() {
            Engine::Sqlite => (
                Some(Arc::clone(&self.writer).lock_owned().await),
                // a deferred transaction could fail at its first write instead
                Some(SqliteTransactionMode::Immediate),
            ),
            Engine::Postgres => (None, None),
        };
        let transaction = self
            .conn()
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode,
                ..TransactionOptions::default()
            })
            .await?;
        Ok(Tx {
            inner: Arc::new(Inner {
                transaction,
                conflict: AtomicBool::new(false),
                audit_key: self.audit().key().cloned(),
                sealer: self.sealer().clone(),
                on_commit: Mutex::default(),
                _turn: turn,
            }),
        })
    }

    /// Runs `work` in one transaction: committed when it answers `Ok`, undone
    /// when it answers `Err`. On PostgreSQL a conflict with another
    /// transaction (40001, 40P01) runs `work` again, so it must do nothing but
    /// use its `tx`. A write within a write waits forever on SQLite: pass the
    /// `tx` on instead.
    ///
    /// # Errors
    /// Those of `work`, and those of beginning and committing.
    pub async fn write<T, E, F, Fut>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = std::result::Result<T, E>>,
        E: From<Error>,
    {
        let mut attempt = 1;
        loop {
            let tx = self.begin().await?;
            let answer = work(tx.clone()).await;
            let conflict = tx.inner.conflict.load(Ordering::Relaxed);
            let error: E = match answer {
                Ok(value) => match tx.commit().await {
                    Ok(()) => return Ok(value),
                    Err(Error::Statement(error)) if wants_retry(&error) => {
                        Error::Statement(error).into()
                    }
                    Err(error) => return Err(error.into()),
                },
                Err(error) if conflict => error,
                Err(error) => return Err(error),
            };
            if attempt == ATTEMPTS_MAX {
                return Err(error);
            }
            tracing::debug!(attempt, "事务冲突，重试");
            tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
            attempt += 1;
        }
    }
}
