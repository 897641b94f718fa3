use std::path::Path;
use std::time::{Duration, Instant};

use crate::guarded_process::GuardedProcess;

/// How often a program's words are looked at.
const LOOK: Duration = Duration::from_millis(20);

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

    /// What it has written so far, as soon as a whole line holds `words`.
    ///
    /// # Panics
    /// When that takes longer than `patience`; shows what it has written.
    pub async fn says(&self, words: &str, patience: Duration) -> String {
        let started = Instant::now();
        loop {
            if let Some(log) = self.has_said(words, started, patience) {
                return log;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The same outside of a runtime.
    ///
    /// # Panics
    /// As [`Program::says`].
    #[must_use]
    pub fn says_soon(&self, words: &str, patience: Duration) -> String {
        let started = Instant::now();
        loop {
            if let Some(log) = self.has_said(words, started, patience) {
                return log;
            }
            std::thread::sleep(LOOK);
        }
    }

    fn has_said(&self, words: &str, since: Instant, patience: Duration) -> Option<String> {
        let mut log = self.process.log();
        log.truncate(log.rfind('\n').map_or(0, |end| end + 1));
        if log.contains(words) {
            return Some(log);
        }
        assert!(
            since.elapsed() < patience,
            "{patience:?} 内没有出现“{words}”：\n{}",
            self.process.log()
        );
        None
    }

    /// Tells it to end, as a service manager does; whether it ended well.
    #[must_use]
    pub fn stop(self) -> bool {
        self.process.stop() == Some(0)
    }
}
