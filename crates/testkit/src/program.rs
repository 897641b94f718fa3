use std::path::Path;
use std::time::{Duration, Instant};

use crate::guarded_process::GuardedProcess;

/// A program that serves until it is told to end, in an empty folder of its
/// own; ended, with its folder, when dropped or when the test process is gone.
#[derive(Debug)]
pub struct Program {
    process: GuardedProcess,
}

impl Program {
    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("zhida-program-")
            .tempdir()
            .expect("a temporary folder can be made")
            // the guarding shell removes it
            .keep();
        let process = GuardedProcess::start(Path::new(program), arguments, &folder, "TERM", None);
        Self { process }
    }

    /// What it has written so far, as soon as that holds `words`.
    ///
    /// # Panics
    /// When that takes longer than `patience`; shows what it has written.
    pub async fn says(&self, words: &str, patience: Duration) -> String {
        let started = Instant::now();
        loop {
            let log = self.process.log();
            if log.contains(words) {
                return log;
            }
            assert!(
                started.elapsed() < patience,
                "{patience:?} 内没有出现“{words}”：\n{log}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
