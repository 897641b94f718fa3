use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};
use tokio::sync::Mutex;

use super::{Error, Result};
use crate::audit;
use crate::seal::Sealer;

/// Connections of a pool: enough to keep a small server's cores busy.
const CONNECTIONS_MAX: u32 = 10;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Rows that SQLite's thread hands over at a time; the default of 50 halves
/// the speed of a scan.
const SQLITE_ROWS_BUFFERED: usize = 1_000;

/// Pages kept by each connection, in KiB as a negative number; the default of
/// 2 MB makes a large import read its own indexes back from disk.
const SQLITE_CACHE: &str = "-16384";
/// Bytes of a page of a new file; with the default of 4 KiB an import makes twice the system calls, and
/// rows of a kilobyte leave an eighth more of the file empty.
const SQLITE_PAGE: u32 = 8_192;
/// Pages of WAL, 64 MiB, after which it is folded into the file; the default of 4 MB folds it at every
/// chunk of an import, and a page that many chunks change is written as often.
const SQLITE_WAL_PAGES: &str = "8192";
/// Bytes of WAL kept after a large import has grown it.
const SQLITE_WAL_KEPT: &str = "67108864";

/// Which database is behind the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite in a file.
    Sqlite,
    /// PostgreSQL or a relative of it.
    Postgres,
}

/// A database: cheap to clone, all clones share the pool and the writer's turn.
#[derive(Clone)]
pub struct Database {
    conn: DatabaseConnection,
    engine: Engine,
    /// SQLite has one writer; queueing here is fair, polling its lock is not.
    pub(super) writer: Arc<Mutex<()>>,
    audit: Arc<audit::Desk>,
    sealer: Sealer,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Opens `sqlite:PATH` (file and folder are created), `sqlite::memory:`
    /// (one connection only: do not read through [`Database::conn`] inside a
    /// write) or `postgres://…`.
    ///
    /// # Errors
    /// When the URL is not one of these or the database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::open_sqlite(url, path).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url).await;
        }
        Err(Error::Url(without_password(url)))
    }

    async fn open_sqlite(url: &str, path: &str) -> Result<Self> {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains('?') {
            return Err(Error::Url(url.to_owned()));
        }
        let in_memory = path == ":memory:";
        let options = if in_memory {
            SqliteConnectOptions::new().in_memory(true)
        } else {
            create_folder(Path::new(path))?;
            create_private(Path::new(path));
            SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
        };
        let options = options
            // FULL: an acknowledged write survives a power cut
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .page_size(SQLITE_PAGE)
            .pragma("cache_size", SQLITE_CACHE)
            .pragma("wal_autocheckpoint", SQLITE_WAL_PAGES)
            .pragma("journal_size_limit", SQLITE_WAL_KEPT)
            .row_buffer_size(SQLITE_ROWS_BUFFERED)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .max_connections(if in_memory { 1 } else { CONNECTIONS_MAX })
            // a memory database lives as long as its connection
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(|source| connect_error(url, source))?;
        let conn = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        Ok(Self::new(conn, Engine::Sqlite))
    }

    async fn open_postgres(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| Error::Url(without_password(url)))?
            .application_name("zhida")
            .disable_statement_logging();
        // the pool would go on trying a dead address until its timeout
        let probe = PgConnection::connect_with(&options);
        let probe = tokio::time::timeout(CONNECT_TIMEOUT, probe)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(|source| connect_error(url, source))?;
        // it has answered; how it says goodbye does not matter
        let _closed = probe.close().await;
        let pool = PgPoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .max_connections(CONNECTIONS_MAX)
            .connect_lazy_with(options);
        let conn = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        Ok(Self::new(conn, Engine::Postgres))
    }

    fn new(conn: DatabaseConnection, engine: Engine) -> Self {
        Self {
            conn,
            engine,
            writer: Arc::new(Mutex::new(())),
            audit: Arc::default(),
            sealer: Sealer::default(),
        }
    }

    /// The same database, whose audit records are chained with this key. Every part of the program is
    /// given this handle, so that none can write without it.
    #[must_use]
    pub fn with_audit_key(mut self, key: audit::Key) -> Self {
        self.audit = Arc::new(audit::Desk::with_key(key));
        self
    }

    /// The same database, whose secrets are sealed. Every part of the program is given this handle.
    #[must_use]
    pub fn with_sealer(mut self, sealer: Sealer) -> Self {
        self.sealer = sealer;
        self
    }

    /// Seals and opens its secrets.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Name of the key that its audit records are written with.
    #[must_use]
    pub fn audit_key_name(&self) -> Option<&str> {
        self.audit.key().map(audit::Key::name)
    }

    /// The key of its audit records, and those that wait.
    pub(crate) fn audit(&self) -> &Arc<audit::Desk> {
        &self.audit
    }

    /// Which database this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The pool, for reading. Writing goes through [`Database::write`] or
    /// [`Database::begin`].
    #[must_use]
    pub fn conn(&self) -> &DatabaseConnection {
        &self.conn
    }

    /// Closes all connections; on SQLite this folds the WAL into the file.
    pub async fn close(self) {
        // an error here is only “already closed”
        let _closed = self.conn.close().await;
    }
}

fn connect_error(url: &str, source: sqlx::Error) -> Error {
    Error::Connect {
        url: without_password(url),
        source,
    }
}

fn create_folder(file: &Path) -> Result<()> {
    let folder: PathBuf = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => return Ok(()),
    };
    std::fs::create_dir_all(&folder).map_err(|source| Error::Folder {
        path: folder,
        source,
    })
}

/// Makes a missing database file readable by its owner only; SQLite gives its companions the same
/// rights.
fn create_private(file: &Path) {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // it is there already, or SQLite says why it cannot be
    let _there = options.open(file);
}

/// `scheme://user:***@host/…`: what a message or a log may show of a URL.
#[must_use]
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // the last @: a password may hold an @ or a / that should have been escaped
    let Some(at) = rest.rfind('@') else {
        return without_password_parameter(url);
    };
    let (login, host) = rest.split_at(at);
    let shown = match login.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***{host}"),
        None => url.to_owned(),
    };
    without_password_parameter(&shown)
}

fn without_password_parameter(url: &str) -> String {
    match url.find("password=") {
        Some(start) => format!("{}password=***", &url[..start]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_shown_url_never_holds_the_password() {
        for (url, shown) in [
            ("postgres://u:s3cret@h:5432/d", "postgres://u:***@h:5432/d"),
            ("postgres://u:p@ss@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p/ss@h/d", "postgres://u:***@h/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://h/d?password=s3", "postgres://h/d?password=***"),
            ("mysql://u:s3cret@h/d", "mysql://u:***@h/d"),
            ("sqlite:zhida.db", "sqlite:zhida.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
