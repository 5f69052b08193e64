//! Scheduled jobs through months that are handed to them: each instant once, what was missed once and late.

use crate::daemon::harness::Site;
use duban::audit::Auditor;
use duban::config::Config;
use duban::daemon::jobs::{Worker, schedules};
use duban::daemon::rules::{Rules, Source};
use duban::schedule::Schedule;
use duban::schedule::read;
use duban::store::event::{NewEvent, Subject};
use duban::store::jobs::Ended;
use duban::store::ledger::keys::SigningKey;
use duban::store::{Role, Store};
use duban::text::problem::Problems;
use duban::text::yaml;
use duban::time::Instant;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// A store, rules in force, and a worker with these schedules and a key.
struct World {
    site: Site,
    store: Store,
    rules: Rules,
    worker: Worker,
}

impl World {
    async fn new(text: &str) -> World {
        let site = Site::new();
        let store = Store::open(&site.path("duban.db"), Role::Daemon).await.unwrap();
        let config = Config::read(&site.path("duban.yaml"), &mut Problems::new()).unwrap();
        let source = Source::new(&config);
        source.propose(&store, at("2024-01-01T00:00:00+08:00")).await.unwrap();
        let rules = source.load(&store).await.unwrap();
        let key = SigningKey::parse(&SigningKey::generate()).unwrap();
        let auditor = Some(Auditor::new(store.clone(), key, &site.path("kept.jsonl")));
        let worker = Worker::new(store.clone(), auditor, schedules(&parsed(text), true));
        World { site, store, rules, worker }
    }

    async fn run(&self, now: &str) {
        self.worker.run_due(&self.rules, at(now)).await.unwrap();
    }

    async fn event(&self, id: &str, now: &str) {
        let event = NewEvent {
            source: "hotline".into(),
            id: id.into(),
            subject: Subject::Order { order: id.into(), kind: "received".into() },
            at: at(now),
            recorded_at: at(now),
            digest: [1; 32],
            body: "{}".into(),
        };
        self.store.append_events(vec![event], at(now)).await.unwrap();
    }

    /// Runs as `at late attempt outcome detail`, but for the row that says since when a job is known.
    async fn runs(&self) -> Vec<String> {
        let options = SqliteConnectOptions::new().filename(self.site.path("duban.db"));
        let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
        let sql = "SELECT at, late || ' ' || attempt || ' ' || coalesce(outcome, 'open') || ' ' || coalesce(detail, '')
                   FROM jobs WHERE outcome IS NOT 'known' ORDER BY at";
        let rows: Vec<(i64, String)> = sqlx::query_as(sql).fetch_all(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let shown = |(at, rest)| format!("{} {rest}", Instant(at).rfc3339(chrono_tz::Asia::Shanghai));
        rows.into_iter().map(shown).collect()
    }
}

fn parsed(text: &str) -> Vec<Schedule> {
    let mut problems = Problems::new();
    let root = yaml::read("duban.yaml", text.as_bytes(), &mut problems).unwrap();
    let found = read::schedules(&root, Path::new(""), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    found
}

const MONTHLY: &str = "- { run: checkpoint, at: \"09:00\", day: first working day of month }";

#[tokio::test]
async fn a_job_runs_once_at_its_instant_and_what_was_missed_is_made_up_once() {
    let world = World::new(MONTHLY).await;
    for now in ["2024-01-15T00:00:00+08:00", "2024-01-31T23:59:59+08:00", "2024-02-01T08:59:59+08:00"] {
        world.run(now).await;
    }
    assert_eq!(world.runs().await, [""; 0], "what lies before it was known is not made up");
    for now in ["2024-02-01T09:00:00+08:00", "2024-02-01T09:00:01+08:00", "2024-02-20T00:00:00+08:00"] {
        world.run(now).await;
    }
    // Down from March to May: of three instants the last is made up.
    world.event("o1", "2024-05-20T10:00:00+08:00").await;
    for now in ["2024-05-20T10:00:00+08:00", "2024-05-20T10:00:05+08:00", "2024-05-31T00:00:00+08:00"] {
        world.run(now).await;
    }
    insta::assert_snapshot!(world.runs().await.join("\n"), @r"
    2024-02-01T09:00:00+08:00 0 1 done checkpoint 1
    2024-05-01T09:00:00+08:00 1 1 done checkpoint 2
    ");
    assert_eq!(world.site.read("kept.jsonl").lines().count(), 2);
}

#[tokio::test]
async fn a_clock_put_back_runs_nothing_twice() {
    let world = World::new("- { run: checkpoint, cron: \"0 * * * *\" }").await;
    for now in [
        "2024-01-15T00:30:00+08:00",
        "2024-01-15T01:00:10+08:00",
        "2024-01-15T00:50:00+08:00",
        "2024-01-15T01:00:20+08:00",
    ] {
        world.run(now).await;
    }
    assert_eq!(world.runs().await.len(), 1);
}

#[tokio::test]
async fn a_run_that_fails_is_tried_again_and_then_given_up() {
    let world = World::new(MONTHLY).await;
    world.run("2024-01-31T00:00:00+08:00").await;
    // A folder stands where the file should.
    std::fs::create_dir(world.site.path("kept.jsonl")).unwrap();
    world.run("2024-02-01T09:00:00+08:00").await;
    world.run("2024-02-01T09:00:59+08:00").await;
    let runs = world.runs().await;
    assert!(runs.len() == 1 && runs[0].starts_with("2024-02-01T09:00:00+08:00 0 1 open "), "{runs:?}");
    std::fs::remove_dir(world.site.path("kept.jsonl")).unwrap();
    world.run("2024-02-01T09:01:00+08:00").await;
    let runs = world.runs().await;
    assert!(runs[0].starts_with("2024-02-01T09:00:00+08:00 0 2 done "), "{runs:?}");
    std::fs::remove_file(world.site.path("kept.jsonl")).unwrap();
    std::fs::create_dir(world.site.path("kept.jsonl")).unwrap();
    for minute in 0..30 {
        world.run(&format!("2024-03-01T09:{minute:02}:00+08:00")).await;
    }
    let runs = world.runs().await;
    assert!(runs.len() == 2 && runs[1].starts_with("2024-03-01T09:00:00+08:00 0 5 failed "), "{runs:?}");
}

#[tokio::test]
async fn a_run_that_a_crash_left_behind_is_taken_over_and_its_old_holder_ends_nothing() {
    let world = World::new(MONTHLY).await;
    world.run("2024-01-31T00:00:00+08:00").await;
    let (instant, now) = (at("2024-02-01T09:00:00+08:00"), at("2024-02-01T09:00:00+08:00"));
    let claim = async |now: Instant| {
        world.store.claim_run("checkpoint", (instant, false), now, now.plus_ms(600_000)).await.unwrap()
    };
    let first = claim(now).await.unwrap();
    assert_eq!(claim(now.plus_ms(599_999)).await, None, "somebody has it");
    world.run("2024-02-01T09:05:00+08:00").await;
    assert!(world.runs().await[0].contains(" 1 open"), "{:?}", world.runs().await);
    world.run("2024-02-01T09:10:00+08:00").await;
    assert!(world.runs().await[0].contains(" 2 done"), "{:?}", world.runs().await);
    world.store.end_run(first, Ended::Failed("too late".into()), now).await.unwrap();
    assert!(world.runs().await[0].contains(" 2 done"), "only the newest attempt ends it");
    assert_eq!(claim(now.plus_ms(10_000_000)).await, None, "it has ended");
}

#[tokio::test]
async fn copies_are_made_as_scheduled_and_the_newest_are_kept() {
    let world = World::new("[]").await;
    let copies = world.site.path("copies");
    let text = format!("- {{ run: backup, cron: \"0 2 * * *\", to: {}, keep: 2 }}", copies.display());
    let worker = Worker::new(world.store.clone(), None, schedules(&parsed(&text), false));
    std::fs::create_dir(&copies).unwrap();
    std::fs::write(copies.join("duban-notes.txt"), "not ours").unwrap();
    for day in 1..=5 {
        worker.run_due(&world.rules, at(&format!("2024-02-0{day}T02:00:00+08:00"))).await.unwrap();
    }
    let mut names: Vec<_> = std::fs::read_dir(&copies).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["duban-20240204-020000.db", "duban-20240205-020000.db", "duban-notes.txt"]);
    assert!(Store::open(&copies.join("duban-20240205-020000.db"), Role::Reader).await.is_ok());
}
