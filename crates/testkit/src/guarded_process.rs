use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Runs the program given as `$@`, and once standard input ends (the test
/// process is gone, however it went) ends it, then what is left of its process
/// group, and removes the folder `$FOLDER`. The removal is tried again while a
/// browser's last processes still write into it. How the program ended goes to
/// standard output, which the program itself does not have.
const WATCH: &str = r#"
"$@" >&2 &
child=$!
cat > /dev/null
# nobody may be left who reads what is echoed
trap '' TERM PIPE
kill -s "$SIGNAL" "$child" 2> /dev/null
wait "$child"
echo "$?" 2> /dev/null
kill -s TERM 0
cd /
for try in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$FOLDER" 2> /dev/null
    sleep 0.1
    [ -e "$FOLDER" ] || break
done
kill -s KILL 0
"#;

/// Whom the program runs as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub uid: u32,
    pub gid: u32,
}

/// A server process that never outlives its test process and takes its folder
/// with it. Rust runs no destructors of statics, and a killed test runs none
/// at all, so a shell at the other end of a pipe does it.
#[derive(Debug)]
pub(crate) struct GuardedProcess {
    shell: Child,
    // closing it is the signal to end
    stdin: Option<ChildStdin>,
    folder: PathBuf,
}

impl GuardedProcess {
    /// Starts `program`; its output goes to `log` in `folder`.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        folder: &Path,
        signal: &str,
        account: Option<Account>,
    ) -> Self {
        let log = File::create(folder.join("log")).expect("the log can be made");
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", WATCH, "sh"])
            .arg(program)
            .args(arguments)
            .env("FOLDER", folder)
            .env("SIGNAL", signal)
            .env("TMPDIR", folder)
            .current_dir(folder)
            // the settings of whoever runs the tests
            .env_remove("ZHIDA_CONFIG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-C in the terminal is for the test, which then ends us
            .process_group(0);
        if let Some(Account { uid, gid }) = account {
            command.uid(uid).gid(gid);
        }
        let mut shell = command.spawn().expect("/bin/sh starts");
        let stdin = shell.stdin.take();
        Self {
            shell,
            stdin,
            folder: folder.to_path_buf(),
        }
    }

    /// Tells the program to end; its exit code once it has, `None` when a signal ended it.
    pub fn stop(mut self) -> Option<i32> {
        drop(self.stdin.take());
        let mut told = String::new();
        let said = self.shell.stdout.as_mut()?;
        BufReader::new(said).read_line(&mut told).ok()?;
        // a shell tells of signals as codes above
        told.trim().parse().ok().filter(|code| *code < 128)
    }

    /// What the program has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for GuardedProcess {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // the shell ends itself with its group; its status tells nothing
        let _killed = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_killed_test_leaves_no_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let sleep = Path::new("sleep");
        let mut process = GuardedProcess::start(sleep, &["60"], &folder, "TERM", None);
        // as the kernel closes them for a process that is killed
        drop((process.shell.stdout.take(), process.stdin.take()));
        let begun = Instant::now();
        while folder.exists() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{folder:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
