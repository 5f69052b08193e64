//! What the store carries: durable events a second, in batches and one by one, many dues at one instant in a large
//! store, and checkpoints of one. Prints figures; `DUBAN_BENCH_ORDERS` makes the large store smaller or larger.

use duban::engine::decision::{Decided, Decision, DecisionKind, Obligation, OrderState, Outcome};
use duban::notify::channel::Forms;
use duban::notify::notice::{NoticeKind, QueuedNotice, Target};
use duban::policy::model::Colour;
use duban::policy::vocabulary::Value;
use duban::store::decided::{Saved, SavedOrder};
use duban::store::event::{NewEvent, Subject};
use duban::store::ledger::keys::SigningKey;
use duban::store::ledger::verify::Verdict;
use duban::store::orders::LoadedOrder;
use duban::store::{Role, Store};
use duban::symbol::Symbol;
use duban::time::Instant;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

const NOW: Instant = Instant(1_714_957_200_000);
/// So many orders are loaded and saved together.
const BATCH: usize = 256;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
        let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|word| word == name);
        if is_asked("batches") {
            batches(1, 100).await;
            batches(4, 25).await;
        }
        if is_asked("singles") {
            singles(64, 1000).await;
        }
        if is_asked("dues") {
            dues().await;
        }
        if is_asked("checkpoints") {
            checkpoints().await;
        }
    });
}

fn event(number: u64) -> NewEvent {
    let order: Arc<str> = format!("ZH-2024-{:06}", number / 10).into();
    let body = format!(
        r#"{{"id":"e-{number}","order":"{order}","type":"signed","at":"2024-05-06T09:00:00+08:00","recorded_at":"2024-05-06T09:00:03+08:00","attrs":{{"department":"市市场监管局","category":"投诉","region":"珠海市"}}}}"#
    );
    NewEvent {
        source: "order-system".into(),
        id: format!("e-{number}").into(),
        subject: Subject::Order { order, kind: "signed".into() },
        at: NOW,
        recorded_at: NOW,
        digest: [7; 32],
        body: body.into(),
    }
}

/// Measures wall and processor time: on a busy machine the second says more.
struct Measure {
    start: Stopwatch,
    spent: Duration,
}

impl Measure {
    fn start() -> Measure {
        Measure { start: Stopwatch::now(), spent: processor_time() }
    }

    fn report(&self, what: &str, count: u64) {
        let took = self.start.elapsed();
        let spent = processor_time().saturating_sub(self.spent).as_secs_f64();
        #[allow(clippy::cast_precision_loss)]
        let rate = count as f64 / took.as_secs_f64();
        println!("{what}: {count} in {:.2} s, {rate:.0} a second; {spent:.2} s of processor", took.as_secs_f64());
    }
}

/// What this process has used so far; nothing where there is no `/proc`.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// So many callers, each with so many batches of 1,000 events.
async fn batches(callers: u64, each: u64) {
    let store = Store::temporary().await.expect("a store");
    let prepared: Vec<Vec<Vec<NewEvent>>> = (0..callers)
        .map(|caller| {
            let batch = |batch| (0..1000).map(|n| event((caller * each + batch) * 1000 + n)).collect();
            (0..each).map(batch).collect()
        })
        .collect();
    let measure = Measure::start();
    let tasks: Vec<_> = prepared.into_iter().map(|batches| tokio::spawn(append(store.clone(), batches))).collect();
    for task in tasks {
        task.await.expect("the caller ends");
    }
    measure.report(&format!("batches of 1,000 events from {callers}"), callers * each * 1000);
    store.close().await;
}

async fn append(store: Store, batches: Vec<Vec<NewEvent>>) {
    for batch in batches {
        store.append_events(batch, NOW).await.expect("stored");
    }
}

/// So many callers, each with so many single events.
async fn singles(callers: u64, each: u64) {
    let store = Store::temporary().await.expect("a store");
    let measure = Measure::start();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let singles = (0..each).map(|n| vec![event(caller * each + n)]).collect();
            tokio::spawn(append(store.clone(), singles))
        })
        .collect();
    for task in tasks {
        task.await.expect("the caller ends");
    }
    measure.report(&format!("single events from {callers}"), callers * each);
    store.close().await;
}

/// How many orders the large store holds.
fn orders() -> u64 {
    std::env::var("DUBAN_BENCH_ORDERS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000)
}

/// 50,000 orders due at one instant among 1,000,000: loaded, decided (a card, two obligations, two notices each), saved.
async fn dues() {
    let orders = orders();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("duban.db");
    Store::open(&path, Role::Daemon).await.expect("a store").close().await;
    let measure = Measure::start();
    fill(&path, i64::try_from(orders).expect("fewer than rows")).await;
    measure.report("filling a store with open orders", orders);
    let start = Stopwatch::now();
    let store = Store::open(&path, Role::Daemon).await.expect("the store");
    println!("opening it: {:.3} s", start.elapsed().as_secs_f64());
    let measure = Measure::start();
    let now = NOW.plus_ms(1000);
    let due = store.due_orders(now, 1_000_000).await.expect("due orders");
    println!("finding {} due orders: {:.3} s", due.len(), measure.start.elapsed().as_secs_f64());
    let (mut loading, mut saving) = (Duration::ZERO, Duration::ZERO);
    let mut save = None;
    for chunk in due.chunks(BATCH) {
        let step = Stopwatch::now();
        let loaded = store.load_orders(chunk).await.expect("loaded");
        loading += step.elapsed();
        let step = Stopwatch::now();
        let decided: Vec<_> = loaded.iter().map(decide).collect();
        finish(save.take()).await;
        let writing = store.clone();
        save = Some(tokio::spawn(async move { writing.save_decided(decided).await.expect("saved") }));
        saving += step.elapsed();
    }
    finish(save).await;
    measure.report("dues at one instant, loaded and saved", due.len() as u64);
    println!("  loading {:.2} s, waiting for saving {:.2} s", loading.as_secs_f64(), saving.as_secs_f64());
    assert!(store.due_orders(now, 1).await.expect("due orders").is_empty());
    store.close().await;
}

async fn finish(save: Option<tokio::task::JoinHandle<Vec<Saved>>>) {
    let Some(save) = save else { return };
    assert!(save.await.expect("it ends").iter().all(|saved| *saved == Saved::Saved));
}

async fn fill(path: &Path, orders: i64) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut conn = SqliteConnection::connect_with(&options).await.expect("a connection");
    let mut tx = conn.begin().await.expect("a transaction");
    for statement in include_str!("store/fill.sql").split_inclusive(";\n") {
        let query = sqlx::query(statement).bind(orders).bind(NOW.0).bind((orders / 50_000).max(1));
        query.execute(&mut *tx).await.expect("filled");
    }
    tx.commit().await.expect("committed");
}

fn decide(loaded: &LoadedOrder) -> SavedOrder {
    let word = Symbol::new;
    let key: Arc<str> = format!("{:032x}-card", loaded.events[0].seq).into();
    let card = Decision {
        key: key.clone(),
        at: NOW,
        made_at: NOW,
        policy: word("zhuhai-124"),
        rule: word("response"),
        step: word("yellow"),
        round: 1,
        occurrence: 1,
        kind: DecisionKind::Card(Colour::Yellow),
        to: vec![word("handler"), word("liaison")],
        cc: Vec::new(),
        due: Some(NOW),
        department: Some("市市场监管局".into()),
        approval: None,
        clause: Some("二（一）2".into()),
        version: "1".into(),
    };
    let state = OrderState {
        round: 1,
        received: true,
        attributes: vec![(word("category"), Value::Word(word("投诉"))), (word("region"), Value::Word(word("珠海市")))],
        policies: vec![word("zhuhai-124")],
        ..OrderState::default()
    };
    let obligations = vec![obligation("response", Outcome::Overdue), obligation("completion", Outcome::Open)];
    let decided = Decided { new: vec![card], obligations, next_due: Some(NOW.plus_ms(90_000_000)), state };
    let notices = ["handler", "liaison"].map(|recipient| notice(loaded, &key, recipient)).into();
    SavedOrder {
        order: loaded.order.clone(),
        fence: loaded.fence.clone(),
        until: NOW,
        decided,
        approved: Vec::new(),
        lifted: Vec::new(),
        look_at: None,
        notices,
    }
}

fn obligation(rule: &str, outcome: Outcome) -> Obligation {
    Obligation {
        policy: Symbol::new("zhuhai-124"),
        rule: Symbol::new(rule),
        round: 1,
        occurrence: 1,
        opened: NOW,
        start: NOW,
        due: Some(NOW.plus_ms(1000)),
        provisional: false,
        outcome,
        stopped_at: None,
        department: Some("市市场监管局".into()),
    }
}

fn notice(loaded: &LoadedOrder, key: &Arc<str>, recipient: &str) -> QueuedNotice {
    let text =
        "【珠海12345】黄牌：工单未在5月11日（周六，调休上班）08:50前联系诉求人，依据珠府办函〔2023〕64号二（一）2。";
    QueuedNotice {
        key: format!("{key}/{recipient}").into(),
        order: Some(loaded.order.order.clone()),
        decision: Some(key.clone()),
        kind: NoticeKind::YellowCard,
        target: Target::Recipient { recipient: recipient.into(), place: Some("市市场监管局".into()) },
        at: NOW,
        expires_at: None,
        confidential: false,
        calendar: None,
        forms: Forms {
            short: text.into(),
            markdown: text.repeat(2),
            subject: text.into(),
            text: text.repeat(3),
            ..Forms::default()
        },
    }
}

/// Checkpoints of a store of many chains, one event each, and verifying what they sign.
async fn checkpoints() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("duban.db");
    let store = Store::open(&path, Role::Daemon).await.expect("a store");
    let key = SigningKey::parse(&SigningKey::generate()).expect("a key");
    let chains = orders();
    for first in (0..chains).step_by(10_000) {
        let events = (first..chains.min(first + 10_000)).map(|order| event(order * 10));
        store.append_events(events.collect(), NOW).await.expect("room");
    }
    sign(&store, &key, "the first checkpoint, of all chains", chains).await;
    for round in 1..4 {
        let changed = (0..3000).map(|order| event(order * 7919 % chains * 10 + round));
        store.append_events(changed.collect(), NOW).await.expect("room");
        sign(&store, &key, "a checkpoint of 3000 changed chains", 3000).await;
    }
    let measure = Measure::start();
    let verdict = store.verify_ledger(&[key.public()]).await.expect("the ledger is read");
    assert!(matches!(verdict, Verdict::Holds(_)), "what was signed holds");
    measure.report("verifying the whole ledger", chains);
}

async fn sign(store: &Store, key: &SigningKey, what: &str, chains: u64) {
    let measure = Measure::start();
    let made = store.make_checkpoint(key, chrono_tz::Asia::Shanghai, NOW).await.expect("a checkpoint");
    assert!(made.is_some(), "there was something to sign");
    measure.report(what, chains);
}
