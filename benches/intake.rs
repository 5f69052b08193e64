//! How many events the daemon takes over HTTP, durably: single ones from 64 connections, and lines in batches of 1,000.
//!
//! The real binary on a store of its own, with the rules of this repository; the load comes from the same machine, and the
//! decide loop runs meanwhile. `cargo bench --bench intake`; seconds for each figure as an argument (default 5).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SINGLE_CONNECTIONS: u64 = 64;
const BATCH_CONNECTIONS: u64 = 4;
const BATCH: u64 = 1_000;

#[allow(clippy::cast_precision_loss)] // counts of a few seconds
fn main() {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(5);
    let load = Duration::from_secs(seconds);
    let daemon = Daemon::start();
    let events = daemon.load(SINGLE_CONNECTIONS, load, single);
    println!("single events from {SINGLE_CONNECTIONS} connections: {events:.0} a second");
    let daemon = Daemon::start();
    let batches = daemon.load(BATCH_CONNECTIONS, load, batch);
    println!(
        "lines in batches of {BATCH} from {BATCH_CONNECTIONS} connections: {:.0} events a second",
        batches * BATCH as f64
    );
}

/// An event of a city's order; every order gets four.
fn event(number: u64) -> String {
    let kind = ["received", "dispatched", "signed", "contacted"][(number % 4) as usize];
    let (order, minute) = (number / 4, number % 4 * 5);
    format!(
        r#"{{"id":"e-{number}","order":"ZH-{order}","type":"{kind}","at":"2026-11-20T09:{minute:02}:00+08:00","attrs":{{"category":"咨询","region":"珠海市","subject":"市场主体","department":"市市场监管局"}}}}"#
    )
}

fn single(number: u64) -> Vec<u8> {
    request("application/json", event(number).as_bytes())
}

fn batch(number: u64) -> Vec<u8> {
    let lines: String = (number * BATCH..(number + 1) * BATCH).map(|number| event(number) + "\n").collect();
    request("application/x-ndjson", lines.as_bytes())
}

fn request(kind: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer bench\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The daemon on a folder of its own.
struct Daemon {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Daemon {
    fn start() -> Daemon {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let config = format!(
            "listen: 127.0.0.1:0\nrules: {0}/rules\ncalendars: {0}/calendars\ntokens:\n  - {{ name: bench, scopes: [intake], token: {{ env: BENCH_TOKEN }} }}\n",
            repository.display()
        );
        std::fs::write(folder.path().join("duban.yaml"), config).expect("the folder can be written");
        let child = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(["run", "--ready-file", "ready"])
            .current_dir(folder.path())
            .env("BENCH_TOKEN", "bench")
            .env("DUBAN_LOG", "error")
            .env_remove("STATE_DIRECTORY")
            .stdout(Stdio::null())
            .spawn()
            .expect("the daemon starts");
        let ready = folder.path().join("ready");
        let address = loop {
            match std::fs::read_to_string(&ready) {
                Ok(address) => break address.trim().to_owned(),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        Daemon { child, address, _folder: folder }
    }

    /// Sends requests for so long; how many were answered well, a second.
    #[allow(clippy::cast_precision_loss)] // counts of a few seconds
    fn load(&self, connections: u64, load: Duration, request: impl Fn(u64) -> Vec<u8> + Sync) -> f64 {
        let (next, answered) = (AtomicU64::new(0), AtomicU64::new(0));
        let since = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..connections {
                scope.spawn(|| {
                    let mut stream = TcpStream::connect(&self.address).expect("the daemon listens");
                    stream.set_nodelay(true).expect("a socket option");
                    let mut answer = [0; 4096];
                    while since.elapsed() < load {
                        let request = request(next.fetch_add(1, Ordering::Relaxed));
                        stream.write_all(&request).expect("the daemon reads");
                        // Answers are short, and each comes in one piece.
                        let read = stream.read(&mut answer).expect("the daemon answers");
                        assert!(
                            answer[..read].starts_with(b"HTTP/1.1 200"),
                            "{}",
                            String::from_utf8_lossy(&answer[..read])
                        );
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        answered.into_inner() as f64 / since.elapsed().as_secs_f64()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
