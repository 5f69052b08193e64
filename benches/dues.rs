//! 50,000 dues at one instant in a store of 1,000,000 open orders, through the real daemon: `cargo bench --bench dues`.
//!
//! The real binary with `zhuhai-124`, a directory and templates of this repository; only the calendar is the bench's own,
//! in which it is always working time. The store is filled through `duban import` and decided by the daemon, so that it is
//! as a store is; that takes some minutes, and is skipped where `DUBAN_BENCH_FOLDER` names a folder of an earlier run.
//! `DUBAN_BENCH_ORDERS` makes it smaller; an argument says how often to measure, each time on other orders.
//!
//! What is measured: from the instant of the dues until the first and the last decision is durable (seen by another
//! process), from a start with 50,000 orders waiting until the first decision, the notices that go out after it, the idle
//! daemon, and a `kill -9` in the midst of the dues, after which each must have been decided once.

use duban::clock;
use duban::store::{Role, Store};
use duban::time::Instant;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant as Stopwatch};

/// Every so-manieth order falls due.
const EVERY: u64 = 20;
/// So long after the events of the dues: what they bring about at once is decided by then.
const LEAD_MS: i64 = 90_000;
const HOUR_MS: i64 = 3_600_000;
const IDLE: Duration = Duration::from_secs(30);

const CALENDAR: &str = r#"
calendar: zhuhai
title: 总在上班
timezone: Asia/Shanghai
covers: "2018-01-01..2099-12-31"
hours:
  - { days: [mon, tue, wed, thu, fri, sat, sun], open: ["00:00-24:00"] }
"#;

const DEPARTMENTS: [&str; 6] = ["市市场监管局", "市税务局", "市人社局", "市住建局", "市生态环境局", "市商务局"];

fn main() {
    let times = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(3);
    let orders = std::env::var("DUBAN_BENCH_ORDERS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(measure(orders, times));
}

async fn measure(orders: u64, times: u64) {
    let site = Site::new(orders);
    if !site.path("data/duban.db").exists() {
        site.fill().await;
    }
    for _ in 0..times {
        let daemon = site.dues(false).await;
        idle(&daemon, "idle after it").await;
    }
    drop(site.dues(true).await);
    idle(&Daemon::start(&site), "idle after a start").await;
}

/// A folder with everything that a daemon needs.
struct Site {
    folder: PathBuf,
    orders: u64,
    _temporary: Option<tempfile::TempDir>,
}

impl Site {
    fn new(orders: u64) -> Site {
        let kept = std::env::var_os("DUBAN_BENCH_FOLDER").map(PathBuf::from);
        let temporary = kept.is_none().then(|| tempfile::tempdir().expect("a folder"));
        let folder = kept.or_else(|| Some(temporary.as_ref()?.path().to_owned())).expect("a folder");
        let site = Site { folder, orders, _temporary: temporary };
        if !site.path("data/duban.db").exists() {
            site.lay_out();
        }
        site
    }

    /// Only once: other rules would have every order of the store decided again.
    fn lay_out(&self) {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["rules", "rules/templates", "calendars"] {
            std::fs::create_dir_all(self.path(part)).expect("a folder");
            for entry in std::fs::read_dir(repository.join(part)).expect("the repository's").flatten() {
                if entry.path().is_file() {
                    std::fs::copy(entry.path(), self.path(part).join(entry.file_name())).expect("copied");
                }
            }
        }
        std::fs::create_dir_all(self.path("data")).expect("a folder");
        std::fs::write(self.path("calendars/zhuhai.yaml"), CALENDAR).expect("written");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Nobody is told of what was decided before an instant. All channels are lines on standard output, which take a
    /// message at once, and none are gathered: no other claims the store for sending as often.
    fn configure(&self, tell_from: Instant) {
        let channels = ["mail", "sms", "yuezhengyi", "yuezhengyi-group"];
        let channels =
            channels.iter().map(|name| format!("  {name}: {{ kind: console }}\n")).collect::<Vec<_>>().concat();
        let text = format!(
            "store: sqlite:data/duban.db\nlisten: 127.0.0.1:0\npublic_url: https://duban.example.gov.cn\ntell_from: \"{}\"\nnotices: {{ digest: never }}\nchannels:\n{channels}",
            rfc3339(tell_from)
        );
        std::fs::write(self.path("duban.yaml"), text).expect("written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        command.args(arguments).current_dir(&self.folder).env_remove("STATE_DIRECTORY").env_remove("NOTIFY_SOCKET");
        command.env("DUBAN_LOG", "error").stdout(Stdio::null());
        command
    }

    async fn store(&self) -> Store {
        Store::open(&self.path("data/duban.db"), Role::Reader).await.expect("the store")
    }

    /// Stores events as the API would.
    fn import(&self, events: impl FnOnce(&mut BufWriter<std::process::ChildStdin>)) {
        let mut child = self.command(&["import", "--events", "-"]);
        let mut child = child.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        let mut lines = BufWriter::with_capacity(1 << 20, child.stdin.take().expect("piped"));
        events(&mut lines);
        lines.flush().expect("taken");
        drop(lines);
        assert!(child.wait().expect("ended").success(), "events were refused");
    }

    /// Open orders, each signed and answered in time, to be completed within days.
    async fn fill(&self) {
        let now = clock::now();
        self.configure(now.plus_ms(24 * HOUR_MS));
        let started = Stopwatch::now();
        self.import(|lines| (0..self.orders).for_each(|number| open_order(lines, number, now)));
        println!("filling: {} events imported in {:.1} s", self.orders * 4, started.elapsed().as_secs_f64());
        let started = Stopwatch::now();
        let daemon = Daemon::start(self);
        let store = self.store().await;
        until_decided(&store, clock::now()).await;
        let took = started.elapsed().as_secs_f64();
        println!(
            "filling: {} orders decided in {took:.1} s, {:.1} s of processor",
            self.orders,
            daemon.processor_seconds()
        );
        store.close().await;
    }

    /// Orders returned for redo an hour before an instant, whom nobody has contacted: yellow cards at that instant.
    async fn dues(&self, is_killed: bool) -> Daemon {
        let at = clock::now().plus_ms(LEAD_MS);
        self.configure(at.plus_ms(-1000));
        let round = self.round();
        let due: Vec<u64> = (0..self.orders).filter(|number| number % EVERY == round % EVERY).collect();
        self.import(|lines| due.iter().for_each(|number| returned(lines, *number, round, at.plus_ms(-HOUR_MS))));
        let store = self.store().await;
        let before = store.counts(clock::now()).await.expect("counts").decisions;
        let started = Stopwatch::now();
        let mut daemon = Daemon::start(self);
        until_fed(&store, before).await;
        println!("restart with {} orders waiting: first decision after {:.3} s", due.len(), seconds(started));
        until_decided(&store, clock::now()).await;
        println!("  all decided after {:.2} s", seconds(started));
        let known = store.counts(clock::now()).await.expect("counts").decisions;
        let ahead = at.ms_since(clock::now());
        assert!(ahead > 0, "the machine is too slow: the dues have come before everything else was decided");
        tokio::time::sleep(Duration::from_millis(ahead.unsigned_abs())).await;
        let (started, used, busy) = (Stopwatch::now(), daemon.processor_seconds(), busy_seconds());
        until_fed(&store, known).await;
        let first = seconds(started);
        if is_killed {
            until_fed(&store, known + due.len() as u64 / 2).await;
            drop(daemon);
            println!("killed after {:.2} s with at least half decided", seconds(started));
            let again = Stopwatch::now();
            let known = store.counts(clock::now()).await.expect("counts").decisions;
            daemon = Daemon::start(self);
            until_fed(&store, known).await;
            println!("  first decision {:.3} s after the start", seconds(again));
        }
        until_decided(&store, at).await;
        let (last, used) = (seconds(started), daemon.processor_seconds() - used);
        let others = busy_seconds() - busy - used;
        let made = store.counts(clock::now()).await.expect("counts").decisions - known;
        assert_eq!(made, due.len() as u64, "each is decided once");
        if !is_killed {
            let queued = store.outbox_health().await.expect("health").queued;
            println!(
                "{made} dues at one instant: first decided after {first:.3} s, all after {last:.2} s, {used:.2} s of processor, {others:.1} s by other programs; {queued} notices were waiting then"
            );
        }
        while store.outbox_health().await.expect("health").queued > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        println!("  all notices sent after {:.2} s; {}", seconds(started), daemon.memory());
        store.close().await;
        daemon
    }

    /// How often dues were measured on this store; one more from now on.
    fn round(&self) -> u64 {
        let file = self.path("rounds");
        let round = std::fs::read_to_string(&file).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        std::fs::write(file, (round + 1).to_string()).expect("written");
        round
    }
}

async fn idle(daemon: &Daemon, when: &str) {
    tokio::time::sleep(Duration::from_secs(5)).await;
    let used = daemon.processor_seconds();
    tokio::time::sleep(IDLE).await;
    let share = (daemon.processor_seconds() - used) / IDLE.as_secs_f64() * 100.0;
    println!("{when}: {share:.2} % of a processor; {}", daemon.memory());
}

fn open_order(lines: &mut impl Write, number: u64, now: Instant) {
    let department = DEPARTMENTS[usize::try_from(number).unwrap_or_default() % DEPARTMENTS.len()];
    let minutes = |ago: i64| rfc3339(now.plus_ms(-ago * 60_000));
    let received = r#","attrs":{"region":"珠海市","subject":"市场主体","category":"投诉","enterprise":"珠海市某某科技有限公司","project":"横琴新区某某项目"}"#;
    let department = format!(r#","attrs":{{"department":"{department}"}}"#);
    let events =
        [("received", 90, received), ("dispatched", 89, &*department), ("signed", 88, ""), ("contacted", 80, "")];
    for (kind, ago, attributes) in events {
        let at = minutes(ago);
        writeln!(
            lines,
            r#"{{"id":"{number}-{kind}","order":"ZH-2026-{number:07}","type":"{kind}","at":"{at}"{attributes}}}"#
        )
        .expect("taken");
    }
}

fn returned(lines: &mut impl Write, number: u64, round: u64, at: Instant) {
    let at = rfc3339(at);
    writeln!(
        lines,
        r#"{{"id":"{number}-returned-{round}","order":"ZH-2026-{number:07}","type":"returned","at":"{at}"}}"#
    )
    .expect("taken");
}

fn rfc3339(at: Instant) -> String {
    at.utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn seconds(since: Stopwatch) -> f64 {
    since.elapsed().as_secs_f64()
}

/// What all programs of the machine have used of its processors so far.
fn busy_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let all = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<f64> = all.filter_map(|field| field.parse().ok()).collect();
    // user, nice, system; then idle, waiting; interrupts.
    ticks.iter().enumerate().filter(|(at, _)| matches!(at, 0..=2 | 5 | 6)).map(|(_, ticks)| ticks).sum::<f64>() / 100.0
}

/// Waits until no order is due that was due at an instant.
async fn until_decided(store: &Store, at: Instant) {
    while store.next_due().await.expect("a due").is_some_and(|due| due <= at) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until there are more decisions than so many.
async fn until_fed(store: &Store, known: u64) {
    while store.feed(known, 1).await.expect("the feed").is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The daemon; killed when it is dropped.
struct Daemon(Child);

impl Daemon {
    fn start(site: &Site) -> Daemon {
        Daemon(site.command(&["run"]).stdin(Stdio::null()).spawn().expect("started"))
    }

    /// What it has used so far, user and system.
    fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
        ticks.sum::<f64>() / 100.0
    }

    fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0) / 1024
        };
        format!("{} MB resident, {} MB at the most", of("VmRSS:"), of("VmHWM:"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
