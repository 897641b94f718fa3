use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use zhida_platform::db::{ConnectionTrait, Database};

use crate::guarded_process::{Account, GuardedProcess};
use crate::target_folder;

const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Durability off: the data dies with the test.
const ARGUMENTS: &[&str] = &[
    "-c",
    "listen_addresses=",
    "-c",
    "fsync=off",
    "-c",
    "synchronous_commit=off",
    "-c",
    "full_page_writes=off",
    "-c",
    "wal_level=minimal",
    "-c",
    "max_wal_senders=0",
    "-c",
    "shared_buffers=64MB",
    "-c",
    "max_connections=200",
];

/// The one server of this test process.
static SERVER: OnceCell<Server> = OnceCell::const_new();

/// A PostgreSQL server on a socket in its own folder, reachable by nobody else.
pub(crate) struct Server {
    process: GuardedProcess,
    folder: PathBuf,
}

impl Server {
    /// The server, started at the first call.
    pub async fn get() -> &'static Self {
        SERVER.get_or_init(Self::start).await
    }

    /// The URL of one of its databases.
    pub fn url(&self, name: &str) -> String {
        format!(
            "postgres://localhost/{name}?host={}&user=postgres",
            self.folder.display()
        )
    }

    /// Creates an empty database.
    pub async fn create(&self, name: &str) {
        let admin = Database::connect(&self.url("postgres"))
            .await
            .expect("the test server answers");
        admin
            .conn()
            .execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE template0"))
            .await
            .expect("a database can be made");
        admin.close().await;
    }

    async fn start() -> Self {
        let binaries = newest_binaries();
        let account = server_account();
        let folder = tempfile::Builder::new()
            .prefix("zhida-pg-")
            .tempdir_in(fast_folder())
            .expect("a temporary folder can be made")
            // the guarding shell removes it
            .keep();
        give_to(&folder, account);
        let data = folder.join("data");
        make_data(&binaries, &data, account);
        let data = data.to_str().expect("temporary paths are UTF-8");
        let socket = folder.to_str().expect("temporary paths are UTF-8");
        let arguments = [&["-D", data, "-k", socket], ARGUMENTS].concat();
        let process = GuardedProcess::start(
            &binaries.join("postgres"),
            &arguments,
            &folder,
            "QUIT",
            account,
        );
        let server = Self { process, folder };
        server.wait().await;
        server
    }

    async fn wait(&self) {
        let started = Instant::now();
        loop {
            match Database::connect(&self.url("postgres")).await {
                Ok(database) => return database.close().await,
                Err(error) => assert!(
                    started.elapsed() < START_TIMEOUT,
                    "PostgreSQL 没有启动（{error}）：\n{}",
                    self.process.log()
                ),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Memory where there is plenty, since a disk needs a second to take the
/// thousand small files of a server; else the usual folder.
fn fast_folder() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const MIB_MIN: u64 = 4_096;
    let free = Command::new("df")
        .args(["--output=avail", "-B1M", MEMORY])
        .output();
    let free = free.ok().and_then(|answer| {
        let text = String::from_utf8(answer.stdout).ok()?;
        text.lines().nth(1)?.trim().parse::<u64>().ok()
    });
    match free {
        Some(mib) if mib >= MIB_MIN => PathBuf::from(MEMORY),
        _ => std::env::temp_dir(),
    }
}

/// `bin` of the newest version that Debian has installed.
fn newest_binaries() -> PathBuf {
    let versions = fs::read_dir(DEBIAN_FOLDER).into_iter().flatten().flatten();
    versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let binaries = entry.path().join("bin");
            binaries
                .join("initdb")
                .exists()
                .then_some((version, binaries))
        })
        .max()
        .map(|(_, binaries)| binaries)
        .expect("测试要用 PostgreSQL，请先安装：apt-get install postgresql")
}

/// PostgreSQL refuses to run as root; Debian's package has made an account.
fn server_account() -> Option<Account> {
    let me = fs::metadata("/proc/self").expect("Linux").uid();
    if me != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
    let account = accounts.lines().find_map(|line| {
        let mut parts = line.split(':');
        (parts.next() == Some("postgres")).then_some(())?;
        Some(Account {
            uid: parts.nth(1)?.parse().ok()?,
            gid: parts.next()?.parse().ok()?,
        })
    });
    Some(account.expect("以 root 运行测试需要账号 postgres，请先安装：apt-get install postgresql"))
}

fn give_to(path: &Path, account: Option<Account>) {
    if let Some(Account { uid, gid }) = account {
        chown(path, Some(uid), Some(gid)).expect("root may give a folder away");
    }
}

/// Makes the data folder: by `initdb` once, later by copying what it made,
/// since a test runner starts a process for every test.
fn make_data(binaries: &Path, data: &Path, account: Option<Account>) {
    let version = binaries.parent().and_then(Path::file_name);
    let version = version.and_then(|name| name.to_str()).unwrap_or_default();
    let cache = target_folder().join("testkit");
    fs::create_dir_all(&cache).expect("target can be written");
    let template = cache.join(format!("postgres-{version}"));
    let lock = File::create(cache.join("postgres.lock")).expect("target can be written");
    lock.lock().expect("a file can be locked");
    if template.exists() {
        copy(&template, data);
    } else {
        initdb(binaries, data, account);
        let unfinished = cache.join(format!("postgres-{version}.{}", std::process::id()));
        copy(data, &unfinished);
        fs::rename(&unfinished, &template).expect("a folder can be renamed");
    }
    // the copy keeps its owner, the account that may read it
    drop(lock);
}

fn initdb(binaries: &Path, data: &Path, account: Option<Account>) {
    let mut command = Command::new(binaries.join("initdb"));
    command
        .arg("-D")
        .arg(data)
        .args(["-A", "trust", "-U", "postgres", "-E", "UTF8"])
        // the smallest WAL segments: less to copy for every test
        .args(["--locale=C.UTF-8", "--no-sync", "--wal-segsize=1"])
        .current_dir("/");
    if let Some(Account { uid, gid }) = account {
        command.uid(uid).gid(gid);
    }
    let done = command.output().expect("initdb starts");
    assert!(
        done.status.success(),
        "initdb 没有成功：{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .expect("cp starts");
    assert!(
        done.success(),
        "cp 没有成功：{} → {}",
        from.display(),
        to.display()
    );
}
