//! A server of the built program, and the plainest HTTP client.

use std::{
    ffi::OsStr,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use zhida_testkit::Program;

use crate::program::ZHIDA;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the start may take: a demonstration makes its city first.
const READY_WITHIN: Duration = Duration::from_secs(180);

/// A running `zhida serve` or `zhida demo`; it is ended with the value.
pub struct Server {
    program: Program,
    pub addr: String,
    /// What the program said until then.
    pub said: String,
    /// The session's cookie, once somebody has come in.
    pub cookie: String,
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
        let given: Vec<_> = arguments
            .into_iter()
            .map(|one| one.as_ref().to_str().unwrap().to_owned())
            .collect();
        let mut arguments: Vec<&str> = given.iter().map(String::as_str).collect();
        arguments.extend(["--addr", "127.0.0.1:0"]);
        let program = Program::start(ZHIDA, &arguments);
        let said = program.says_soon("http://", READY_WITHIN);
        let (_, rest) = said.split_once("http://").unwrap();
        let addr = rest.split(['/', '\n']).next().unwrap().trim().to_owned();
        Self {
            program,
            addr,
            said,
            cookie: String::new(),
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
    /// Tells the program to stop, as a service manager does; whether it ended well.
    pub fn stop(self) -> bool {
        self.program.stop()
    }
}
