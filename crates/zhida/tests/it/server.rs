//! A server of the built program, and the plainest HTTP client.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::program::ZHIDA;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `zhida serve` or `zhida demo`; it is ended with the value.
pub struct Server {
    child: Child,
    pub addr: String,
    /// What the program said until then.
    pub said: String,
    /// The session's cookie, once somebody has come in.
    pub cookie: String,
    _files: tempfile::TempDir,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Server {
    /// Starts the program and waits until it names its address.
    pub fn start(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut child = Command::new(ZHIDA)
            .args(arguments)
            .env("ZHIDA_FILES__FOLDER", files.path())
            .args(["--addr", "127.0.0.1:0"])
            .env_remove("ZHIDA_CONFIG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        let addr = loop {
            let line = lines.next().expect("an address before the end").unwrap();
            said.push_str(&line);
            said.push('\n');
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split('/').next().unwrap().trim().to_owned();
            }
        };
        // the pipe is read to its end, or the program would stop at its next line
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            addr,
            said,
            cookie: String::new(),
            _files: files,
        }
    }

    /// Comes into the demonstration in a role.
    pub fn enter(&mut self, role: &str) {
        let form = "application/x-www-form-urlencoded";
        let answer = self.post("/demo", form, format!("role={role}"));
        assert_eq!(answer.status, 303, "{role}: {}", answer.text());
        let mut lines = answer.head.lines();
        let set = lines.find_map(|line| line.strip_prefix("set-cookie: "));
        self.cookie = set.unwrap().split(';').next().unwrap().to_owned();
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, kind: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send("POST", path, &[("Content-Type", kind)], body.as_ref())
    }

    /// HTTP/1.0, so that the answer ends with the connection.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n", self.addr);
        if !self.cookie.is_empty() {
            head.push_str(&format!("Cookie: {}\r\n", self.cookie));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        self.raw(&[head.as_bytes(), body].concat())
    }

    /// Sends bytes as they are.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // a server that has refused may close before it has read everything
        let _closed_early = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _closed_early = stream.read_to_end(&mut answer);
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&answer)));
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head,
            body: answer.split_off(end + 4),
        }
    }
}

impl Server {
    /// Tells the program to stop, as a service manager does; whether it ended well within the patience.
    pub fn stop(mut self) -> bool {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_ended = self.child.wait();
    }
}
