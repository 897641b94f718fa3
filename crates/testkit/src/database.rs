use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use zhida_platform::db::Database;

use crate::postgres::Server;

/// A fresh database of one test.
pub struct TestDatabase {
    database: Database,
    url: String,
    // the folder of an SQLite file, removed with it
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// For what opens it a second time, such as the program itself.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A handle that a room can keep.
    #[must_use]
    pub fn handle(&self) -> Database {
        self.database.clone()
    }
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// A fresh database of either kind.
pub async fn databases() -> Vec<TestDatabase> {
    vec![sqlite().await, postgres().await]
}

/// A fresh SQLite file.
///
/// # Panics
/// When it cannot be made.
pub async fn sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    TestDatabase {
        database: Database::connect(&url).await.expect("a new file opens"),
        url,
        _folder: Some(folder),
    }
}

/// A fresh database on this process's own PostgreSQL server.
///
/// # Panics
/// When PostgreSQL is not installed or does not start.
pub async fn postgres() -> TestDatabase {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = Server::get().await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server.create(&name).await;
    let url = server.url(&name);
    TestDatabase {
        database: Database::connect(&url).await.expect("a new database opens"),
        url,
        _folder: None,
    }
}
