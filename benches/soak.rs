//! 100,000 notices through gateways that fail a fifth of the time, while the daemon is killed every few seconds:
//! `cargo bench --bench soak`.
//!
//! The real binary, `kill -9`, gateways over HTTP that fail, are busy, or cut the connection before or after they took the
//! message. What must hold: every decision is told, or somebody is to call; nobody is told twice by a channel but where an
//! answer was lost, by a cut or by a kill between the request and the record of its answer, and then under the same id. The
//! same of what is pushed to another system; and whoever reads the feed meanwhile sees each decision once, in order, without
//! a gap. `DUBAN_BENCH_ORDERS` makes it smaller (each order gives three notices and a push).

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use duban::clock;
use duban::store::outbox::search::NoticeQuery;
use duban::store::outbox::{Notice, NoticeState};
use duban::store::{Role, Store};
use duban::time::Instant;
use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Stopwatch};

const TOKEN: &str = "soak-soak-soak-soak-soak-soak-soak";
/// What may be under way when the daemon is killed.
const IN_FLIGHT: u64 = 64;
/// How long the daemon lives at the least and at the most.
const LIVES_MS: (u64, u64) = (2_000, 6_000);

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
    let orders = std::env::var("DUBAN_BENCH_ORDERS").ok().and_then(|n| n.parse().ok()).unwrap_or(25_000);
    tokio::runtime::Runtime::new().expect("a runtime").block_on(soak(orders));
}

async fn soak(orders: u64) {
    let gateway = Gateway::start().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site { folder: folder.path().to_owned(), orders, port };
    site.lay_out(&gateway.address);
    site.import();
    let reader = tokio::spawn(follow(port, orders));
    let (started, mut kills) = (Stopwatch::now(), 0_u64);
    let mut lives = Lives(0x9e37_79b9);
    loop {
        let daemon = Daemon::start(&site);
        tokio::time::sleep(lives.next()).await;
        if site.is_done().await {
            let read = tokio::time::timeout(Duration::from_mins(1), reader).await.expect("read").expect("the feed");
            println!("feed: {read} decisions, each once and in order");
            break;
        }
        drop(daemon);
        kills += 1;
    }
    let took = started.elapsed().as_secs_f64();
    site.report(&gateway, kills, took).await;
}

/// Reads the feed as another system does, across the daemon's deaths, until it has seen so many: each once, in order.
async fn follow(port: u16, decisions: u64) -> u64 {
    duban::notify::http::install_tls();
    let client = reqwest::Client::new();
    let (mut cursor, mut seen, mut keys) = (String::from("0"), 0, std::collections::HashSet::new());
    while seen < decisions {
        let url = format!("http://127.0.0.1:{port}/api/v1/decisions?after={cursor}&limit=500&wait=2");
        let answer = client.get(url).bearer_auth(TOKEN).send().await;
        let text = match answer {
            Ok(answer) if answer.status().is_success() => answer.text().await.unwrap_or_default(),
            _ => String::new(),
        };
        let Ok(page) = serde_json::from_str::<serde_json::Value>(&text) else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        for decision in page["decisions"].as_array().expect("a page") {
            let key = decision["key"].as_str().expect("a key").to_owned();
            assert!(keys.insert(key), "a decision was fed twice");
            seen += 1;
        }
        page["cursor"].as_str().expect("a cursor").clone_into(&mut cursor);
    }
    seen
}

/// How long one daemon after another lives.
struct Lives(u64);

impl Lives {
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(LIVES_MS.0 + (self.0 >> 33) % (LIVES_MS.1 - LIVES_MS.0))
    }
}

struct Site {
    folder: PathBuf,
    orders: u64,
    port: u16,
}

impl Site {
    fn lay_out(&self, gateway: &str) {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["rules", "rules/templates", "calendars"] {
            std::fs::create_dir_all(self.folder.join(part)).expect("a folder");
            for entry in std::fs::read_dir(repository.join(part)).expect("the repository's").flatten() {
                if entry.path().is_file() {
                    std::fs::copy(entry.path(), self.folder.join(part).join(entry.file_name())).expect("copied");
                }
            }
        }
        std::fs::write(self.folder.join("calendars/zhuhai.yaml"), CALENDAR).expect("written");
        let text = format!(
            r#"store: sqlite:duban.db
listen: 127.0.0.1:{port}
tokens:
  - {{ name: platform, scopes: [read], token: {{ file: token }} }}
tell_from: "2020-01-01T00:00:00+08:00"
notices: {{ digest: never }}
channels:
{gateways}  order-system: {{ kind: webhook, url: "{gateway}", kinds: [card] }}
"#,
            port = self.port,
            gateways = ["yuezhengyi", "sms", "mail"].map(|name| gateway_of(name, gateway)).concat()
        );
        std::fs::write(self.folder.join("token"), TOKEN).expect("written");
        std::fs::write(self.folder.join("duban.yaml"), text).expect("written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
        command.args(arguments).current_dir(&self.folder).env_remove("STATE_DIRECTORY").env_remove("NOTIFY_SOCKET");
        command.env("DUBAN_LOG", "error").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Orders signed two hours ago whom nobody has contacted: a yellow card each, told to two.
    fn import(&self) {
        let mut child = self.command(&["import", "--events", "-"]).stdin(Stdio::piped()).spawn().expect("started");
        let mut lines = BufWriter::with_capacity(1 << 20, child.stdin.take().expect("piped"));
        let now = clock::now();
        (0..self.orders).for_each(|number| order(&mut lines, number, now));
        lines.flush().expect("taken");
        drop(lines);
        assert!(child.wait().expect("ended").success(), "events were refused");
    }

    async fn store(&self) -> Store {
        Store::open(&self.folder.join("duban.db"), Role::Reader).await.expect("the store")
    }

    /// Whether every order is decided and nothing waits.
    async fn is_done(&self) -> bool {
        let store = self.store().await;
        let decided = store.counts(clock::now()).await.expect("counts").decisions;
        let waits = store.outbox_health().await.expect("health").queued;
        store.close().await;
        decided >= self.orders && waits == 0
    }

    async fn report(&self, gateway: &Gateway, kills: u64, took: f64) {
        let store = self.store().await;
        let decided = store.counts(clock::now()).await.expect("counts").decisions;
        let health = store.outbox_health().await.expect("health");
        let taken = gateway.taken.lock().expect("counted").clone();
        let messages: u64 = taken.messages.values().sum();
        let told = taken.messages.len() as u64;
        let again = messages - told;
        let (all, untold) = untold(&store).await;
        println!("{decided} decisions, {all} notices and pushes in {took:.0} s, {kills} kills");
        println!(
            "gateways: {} requests, {} failed, {} answers lost, {messages} messages taken under {told} ids: {again} again",
            taken.requests, taken.failed, taken.lost
        );
        println!(
            "outbox: {:?}, {} to be called; {} neither told nor to be called",
            health.states,
            health.calls,
            untold.len()
        );
        assert!(untold.is_empty(), "every decision is told: {untold:?}");
        assert!(again <= kills * IN_FLIGHT + taken.lost, "again only where an answer was lost");
        store.close().await;
    }
}

/// A channel that the sample directory names, as a gateway over HTTP.
fn gateway_of(name: &str, url: &str) -> String {
    format!(
        r#"  {name}:
    kind: sms
    driver: http
    request: {{ method: POST, url: "{url}", body: '{{"id": {{{{ id | tojson }}}}}}' }}
    accepted: {{ status: 200, field: /code, equals: "0" }}
    retry: {{ statuses: [429, 500, 502, 503, 504] }}
"#
    )
}

fn order(lines: &mut impl Write, number: u64, now: Instant) {
    let department = DEPARTMENTS[usize::try_from(number).unwrap_or_default() % DEPARTMENTS.len()];
    let at = |minutes: i64| now.plus_ms(-minutes * 60_000).utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let received = r#","attrs":{"region":"珠海市","subject":"市场主体","category":"投诉"}"#;
    let dispatched = format!(r#","attrs":{{"department":"{department}"}}"#);
    for (kind, ago, attributes) in [("received", 130, received), ("dispatched", 129, &dispatched), ("signed", 120, "")]
    {
        let at = at(ago);
        writeln!(
            lines,
            r#"{{"id":"{number}-{kind}","order":"ZH-{number:07}","type":"{kind}","at":"{at}"{attributes}}}"#
        )
        .expect("taken");
    }
}

/// The daemon; killed when it is dropped.
struct Daemon(Child);

impl Daemon {
    fn start(site: &Site) -> Daemon {
        Daemon(site.command(&["run"]).spawn().expect("started"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many notices there are, and those that nobody was told of and nobody is to call about.
async fn untold(store: &Store) -> (usize, Vec<i64>) {
    let (mut all, mut untold, mut before) = (0, Vec::new(), None);
    loop {
        let query = NoticeQuery { before, ..NoticeQuery::default() };
        let page = store.search_notices(&query, 1000).await.expect("notices");
        let Some(last) = page.last() else { return (all, untold) };
        (all, before) = (all + page.len(), Some(last.id));
        let is_told = |notice: &Notice| {
            matches!(notice.state, NoticeState::Accepted | NoticeState::Delivered) || !notice.calls.is_empty()
        };
        untold.extend(page.iter().filter(|notice| !is_told(notice)).map(|notice| notice.id));
    }
}

/// What the gateways have seen.
#[derive(Clone, Default)]
struct Taken {
    requests: u64,
    failed: u64,
    /// Messages that were taken and whose answer was cut off.
    lost: u64,
    /// How often each message was taken.
    messages: HashMap<String, u64>,
}

struct Gateway {
    address: String,
    taken: Arc<Mutex<Taken>>,
}

impl Gateway {
    async fn start() -> Gateway {
        let taken = Arc::<Mutex<Taken>>::default();
        let known = Arc::clone(&taken);
        let answer = move |headers: HeaderMap, body: Bytes| {
            let known = Arc::clone(&known);
            let pushed = headers.get("Idempotency-Key").and_then(|key| key.to_str().ok()).map(ToOwned::to_owned);
            async move { answer(&known, pushed, &body) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let address = format!("http://{}/sms", listener.local_addr().expect("an address"));
        let routes = Router::new().route("/sms", post(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Gateway { address, taken }
    }
}

/// Every fifth request fails, each time in another way; of those only one in five is taken, and its answer is lost.
fn answer(known: &Mutex<Taken>, pushed: Option<String>, body: &[u8]) -> Response {
    let of_body =
        || serde_json::from_slice::<serde_json::Value>(body).expect("JSON")["id"].as_str().expect("an id").to_owned();
    let id = pushed.unwrap_or_else(of_body);
    let number = {
        let mut known = known.lock().expect("counted");
        known.requests += 1;
        let number = known.requests;
        let (fails, is_lost) = (number.is_multiple_of(5), number.is_multiple_of(25));
        known.failed += u64::from(fails);
        known.lost += u64::from(is_lost);
        if !fails || is_lost {
            *known.messages.entry(id).or_default() += 1;
        }
        number
    };
    match (number % 5, number / 5 % 5) {
        (0, 1) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        (0, 2) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        (0, 3) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        (0, _) => cut(),
        _ => r#"{"code":"0"}"#.into_response(),
    }
}

/// An answer whose connection ends within it.
fn cut() -> Response {
    let broken = std::io::Error::other("cut");
    axum::body::Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(broken)])).into_response()
}
