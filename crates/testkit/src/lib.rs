//! For tests only: both databases, an app in the process or on a port, a program of
//! its own, a clock moved by hand, and a browser.
//!
//! What is missing on the machine makes a test fail with the package to
//! install; nothing is skipped silently.
//!
//! ```text
//! use zhida_testkit::{TestDatabase, both_databases};
//!
//! async fn rows_come_back(db: TestDatabase) { /* … */ }
//!
//! both_databases!(rows_come_back);
//! ```

mod app;
mod browser;
mod clock;
mod database;
mod guarded_process;
mod mail;
mod postgres;
mod program;
mod viewers;

pub use app::{App, Part, TestResponse, TestServer};
pub use browser::Browser;
pub use clock::HandClock;
pub use database::{TestDatabase, databases, postgres, sqlite};
pub use mail::{MailServer, TakenMail};
pub use program::Program;
pub use viewers::seated;

use std::future::Future;
use std::path::PathBuf;

/// Runs each named `async fn(TestDatabase)` as two tests, `name::sqlite` and
/// `name::postgres`.
#[macro_export]
macro_rules! both_databases {
    ($($name:ident),+ $(,)?) => {
        $(
            mod $name {
                #[test]
                fn sqlite() {
                    $crate::block_on(async { super::$name($crate::sqlite().await).await });
                }

                #[test]
                fn postgres() {
                    $crate::block_on(async { super::$name($crate::postgres().await).await });
                }
            }
        )+
    };
}

/// Runs a test's future on a runtime of its own.
///
/// # Panics
/// When the runtime cannot start.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}

/// Cargo's target folder, three levels above the test binary.
fn target_folder() -> PathBuf {
    let binary = std::env::current_exe().expect("a test knows its own path");
    binary
        .ancestors()
        .nth(3)
        .expect("a test binary lies in target/<profile>/deps")
        .to_path_buf()
}
