//! A daemon of its own for each test: the real binary on a folder of its own, spoken to over TCP.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub const CALENDAR: &str = r#"
calendar: always
timezone: Asia/Shanghai
covers: "2018-01-01..2099-12-31"
hours:
  - { days: [mon, tue, wed, thu, fri, sat, sun], open: ["00:00-24:00"] }
"#;

pub const VOCABULARY: &str = r"
order:
  department: { title: 承办单位, kind: department }
  caller: { title: 诉求人, kind: personal }
  category: [咨询, 投诉]
events:
  reviewed: { title: 复核, attrs: { finding: [慢作为, 无] } }
figures:
  三方通话: { title: 三方通话量, unit: 次, per: day }
";

pub const DIRECTORY: &str = r#"
recipients:
  liaison: { title: 专职联络员, of: department, channels: [here] }
  supervisor: { title: 热线主管, channels: [here] }
  discipline: { title: 纪委监委, channels: [here] }
departments:
  甲局: { people: { liaison: [ { name: 甲, mobile: "13800000000" } ] } }
"#;

/// A card five minutes after an order is received, unless the caller was contacted; a route that waits for approval.
pub const POLICY: &str = r#"
policy: quick
title: 快速响应
calendar: always
effective: "2020-01-01"
applies: {}
deadlines:
  response:
    title: 五分钟响应
    clause: 一
    start: received
    stop: contacted
    within: 5 minutes
    ladder:
      - { at: due, card: yellow, notify: [liaison] }
reactions:
  slow:
    title: 慢作为移送
    clause: 二
    upon: reviewed
    when: { finding: 慢作为 }
    route: discipline
    approval: supervisor
"#;

const CONFIG: &str = r"
store: sqlite:duban.db
listen: 127.0.0.1:0
tokens:
  - { name: order-system, scopes: [intake, read], token: { file: secrets/system } }
  - { name: desk, scopes: [read, supervise], token: { file: secrets/desk } }
  - { name: root, scopes: [admin], token: { file: secrets/root } }
channels:
  here: { kind: console }
";

/// A folder with everything that a daemon needs.
pub struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    pub fn new() -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap() };
        for (path, text) in [
            ("duban.yaml", CONFIG),
            ("calendars/always.yaml", CALENDAR),
            ("rules/vocabulary.yaml", VOCABULARY),
            ("rules/directory.yaml", DIRECTORY),
            ("rules/quick.yaml", POLICY),
            ("secrets/system", "token-of-the-system\n"),
            ("secrets/desk", "token-of-the-desk\n"),
            ("secrets/root", "token-of-root\n"),
        ] {
            site.write(path, text);
        }
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A command of the binary, in this folder.
    pub fn duban(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        command.args(arguments).current_dir(self.folder.path());
        command.env_remove("STATE_DIRECTORY").env_remove("NOTIFY_SOCKET").env_remove("JOURNAL_STREAM");
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.duban(arguments).output().unwrap()
    }

    /// Starts the daemon and waits until it takes requests.
    pub fn start(&self) -> Daemon<'_> {
        self.start_by(self.duban(&["run", "--ready-file", "ready", "--lang", "en"]))
    }

    /// The same, by a command of the caller's that ends in `run --ready-file ready`.
    pub fn start_by(&self, mut command: Command) -> Daemon<'_> {
        let ready = self.path("ready");
        let _ = std::fs::remove_file(&ready);
        let log = |name| std::fs::OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        let mut child = command.stdout(log("out.log")).stderr(log("err.log")).stdin(Stdio::null()).spawn().unwrap();
        let address = wait_for(|| {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the daemon ended with {status}: {}", self.read("err.log"));
            }
            std::fs::read_to_string(&ready).ok()
        });
        Daemon { _site: self, child, address: address.trim().to_owned() }
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

/// A running daemon; killed when it is dropped.
pub struct Daemon<'s> {
    _site: &'s Site,
    pub child: Child,
    pub address: String,
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Who asks.
#[derive(Clone, Copy)]
pub enum As {
    Nobody,
    System,
    Desk,
    Root,
}

impl As {
    fn header(self) -> &'static str {
        match self {
            As::Nobody => "",
            As::System => "Authorization: Bearer token-of-the-system\r\n",
            As::Desk => "Authorization: Bearer token-of-the-desk\r\n",
            As::Root => "Authorization: Bearer token-of-root\r\n",
        }
    }
}

impl Daemon<'_> {
    pub fn get(&self, who: As, path: &str) -> Answer {
        self.ask(who, "GET", path, "", b"").unwrap()
    }

    pub fn post(&self, who: As, path: &str, body: &Value) -> Answer {
        self.ask(who, "POST", path, "Content-Type: application/json\r\n", body.to_string().as_bytes()).unwrap()
    }

    pub fn send(&self, body: &Value) -> Answer {
        self.post(As::System, "/api/v1/events", body)
    }

    pub fn send_lines(&self, lines: &[u8]) -> Answer {
        self.ask(As::System, "POST", "/api/v1/events", "Content-Type: application/x-ndjson\r\n", lines).unwrap()
    }

    /// Asks as a simple client does: writes everything, then reads everything.
    pub fn ask(&self, who: As, method: &str, path: &str, headers: &str, body: &[u8]) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(90)))?;
        let length = body.len();
        let (host, token) = (&self.address, who.header());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{token}{headers}Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status.ok_or(std::io::ErrorKind::InvalidData)?,
            head: head.to_lowercase(),
            body: body.to_owned(),
        })
    }

    /// Decisions after a cursor, waiting for news; and where to go on.
    pub fn feed(&self, after: &str, wait: u64) -> (Vec<Value>, String) {
        let answer = self.get(As::Desk, &format!("/api/v1/decisions?after={after}&limit=1000&wait={wait}")).json();
        let decisions = answer["decisions"].as_array().unwrap().clone();
        (decisions, answer["cursor"].as_str().unwrap().to_owned())
    }

    pub fn metric(&self, line: &str) -> Option<f64> {
        let text = self.get(As::Nobody, "/metrics").body;
        text.lines().find_map(|shown| shown.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// SIGTERM, and how it ended and after how long.
    pub fn terminate(mut self) -> (std::process::ExitStatus, Duration) {
        let since = Instant::now();
        self.signal("TERM");
        (self.child.wait().unwrap(), since.elapsed())
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again for up to 20 seconds.
#[track_caller]
pub fn wait_for<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// RFC 3339, so many milliseconds from now.
pub fn from_now(ms: i64) -> String {
    duban::clock::now().plus_ms(ms).utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

pub fn event(id: &str, order: &str, kind: &str, at: &str) -> Value {
    json!({ "id": id, "order": order, "type": kind, "at": at, "attrs": { "department": "甲局" } })
}
