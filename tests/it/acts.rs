//! What people do with decisions, and what becomes known late: whoever was told is told again, the feed and the push say so,
//! counts follow, and the order's story shows who did what and why.

use crate::daemon::harness::{As, Daemon, Site, event, from_now, wait_for};
use duban::config::{Config, Reminding};
use duban::daemon::decide::{Decider, Told};
use duban::daemon::rules::Source;
use duban::demo::sinks::gateway::Gateway;
use duban::store::Store;
use duban::store::event::{NewEvent, Subject, content_digest};
use duban::text::problem::Problems;
use duban::time::Instant;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Beside the site's own rules: completing an order that has a yellow card is flagged.
const COUNTED: &str = r"
policy: counted
title: 计牌
calendar: always
effective: '2020-01-01'
applies: {}
deadlines:
  response:
    title: 计牌的响应
    local: true
    start: received
    stop: contacted
    within: 5 minutes
    ladder:
      - { at: due, card: yellow }
reactions:
  carded:
    title: 有黄牌
    local: true
    upon: completed
    when: { yellow_cards: { at_least: 1 } }
    flag: 有黄牌
    notify: [supervisor]
";

/// A site whose decisions are pushed to a system of ours.
struct World {
    _runtime: Runtime,
    system: Arc<Gateway>,
    site: Site,
}

fn world() -> World {
    let runtime = Runtime::new().unwrap();
    let system = Arc::new(Gateway::saying(|_| None));
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(Arc::clone(&system).serve(listener));
    let site = Site::new();
    let hook = format!(
        "  order-system: {{ kind: webhook, url: \"http://127.0.0.1:{port}/decisions\", kinds: [card, route, revoke] }}\n"
    );
    site.write("duban.yaml", &format!("{}\n{hook}", site.read("duban.yaml").trim_end()));
    World { _runtime: runtime, system, site }
}

impl World {
    /// What was pushed of a kind: its idempotency key and itself.
    fn pushed(&self, kind: &str) -> Vec<(String, Value)> {
        let all = self.system.received_at("/decisions");
        let all = all.iter().map(|one| (one.header("idempotency-key").unwrap_or_default().to_owned(), one.json()));
        all.filter(|(_, pushed)| pushed["kind"] == kind).collect()
    }
}

/// An order whose card falls a moment from now.
fn soon(order: &str) -> Value {
    event(&format!("received-{order}"), order, "received", &from_now(300 - 5 * 60_000))
}

fn card(daemon: &Daemon<'_>, order: &str, policy: &str) -> Value {
    wait_for(|| {
        let of_order = |made: &Value| made["order"] == order && made["kind"] == "card" && made["policy"] == policy;
        daemon.feed("", 0).0.into_iter().find(of_order)
    })
}

fn order(daemon: &Daemon<'_>, order: &str) -> Value {
    daemon.get(As::Desk, &format!("/api/v1/orders/{order}")).json()
}

/// Who was told of a kind of notice about an order.
fn told(daemon: &Daemon<'_>, id: &str, kind: &str) -> Vec<String> {
    let shown = order(daemon, id);
    let notices = shown["notices"].as_array().unwrap().iter().filter(|notice| notice["kind"] == kind);
    let mut told: Vec<String> = notices.map(|notice| notice["to"].as_str().unwrap().to_owned()).collect();
    told.sort();
    told
}

fn act(daemon: &Daemon<'_>, key: &Value, act: &str, note: &str) {
    let path = format!("/api/v1/decisions/{}/{act}", key.as_str().unwrap());
    let answer = daemon.post(As::Desk, &path, &json!({ "by": "李主任", "note": note }));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// A route of O1 that waits for approval; e2 is the finding that led to it.
fn proposal(daemon: &Daemon<'_>) -> Value {
    let reviewed =
        json!({ "id": "e2", "order": "O1", "type": "reviewed", "at": from_now(1), "attrs": { "finding": "慢作为" } });
    daemon.send(&json!([event("e1", "O1", "received", &from_now(0)), reviewed]));
    wait_for(|| {
        let shown = order(daemon, "O1");
        shown["decisions"].as_array()?.iter().find(|made| made["kind"] == "route").cloned()
    })
}

fn revocation(daemon: &Daemon<'_>, of: &Value) -> Value {
    wait_for(|| daemon.feed("", 0).0.into_iter().find(|made| made["revoked"] == *of))
}

#[test]
fn a_card_lifted_by_hand_is_taken_back_wherever_it_was_told() {
    let world = world();
    let daemon = world.site.start();
    daemon.send(&soon("O1"));
    let card = card(&daemon, "O1", "quick");
    act(&daemon, &card["key"], "withdraw", "系统故障");
    let lifted = revocation(&daemon, &card["key"]);
    for (name, value) in [
        ("kind", json!("revoke")),
        ("revokes", json!("card")),
        ("reason", json!("系统故障")),
        ("by", json!("李主任")),
        ("order", json!("O1")),
        ("to", json!(["liaison"])),
    ] {
        assert_eq!(lifted[name], value, "{name}");
    }
    let own_key = format!("{}:lifted", card["key"].as_str().unwrap());
    assert_eq!(lifted["key"], own_key.as_str());
    let (id, pushed) = wait_for(|| world.pushed("revoke").into_iter().next());
    assert_eq!((id, &pushed["revoked"], &pushed["by"]), (own_key, &card["key"], &json!("李主任")));
    assert_eq!(told(&daemon, "O1", "revocation"), ["liaison", "order-system"]);
    act(&daemon, &card["key"], "withdraw", "再说一次");
    let engine_s: Vec<Value> = order(&daemon, "O1")["decisions"].as_array().unwrap().clone();
    assert!(engine_s.iter().all(|made| made["kind"] != "revoke"), "the lifting is no decision of the engine");
    let feed = daemon.feed("", 0).0;
    assert_eq!(feed.iter().filter(|made| made["revoked"] == card["key"]).count(), 1);
    // The feed goes on where it was after a restart.
    daemon.kill();
    let daemon = world.site.start();
    daemon.send(&soon("O2"));
    let cursor: u64 = lifted["cursor"].as_str().unwrap().parse().unwrap();
    let next = self::card(&daemon, "O2", "quick");
    assert!(next["cursor"].as_str().unwrap().parse::<u64>().unwrap() > cursor);
    assert_eq!(daemon.feed(lifted["cursor"].as_str().unwrap(), 0).0.len(), 1);
    let story = world.site.output(&["explain", "O1"]).stdout;
    assert!(String::from_utf8(story).unwrap().contains("人工撤销：李主任，系统故障"));
}

#[test]
fn lifted_and_revoked_cards_count_no_more() {
    let world = world();
    world.site.write("rules/counted.yaml", COUNTED);
    let daemon = world.site.start();
    for order in ["O1", "O2", "O3"] {
        daemon.send(&soon(order));
    }
    let lifted = card(&daemon, "O1", "counted");
    let contested = card(&daemon, "O2", "counted");
    card(&daemon, "O3", "counted");
    act(&daemon, &lifted["key"], "withdraw", "系统故障");
    // The department reports late that it had called in time.
    daemon.send(&event("called-O2", "O2", "contacted", &from_now(-4 * 60_000)));
    revocation(&daemon, &lifted["key"]);
    revocation(&daemon, &contested["key"]);
    for order in ["O1", "O2", "O3"] {
        daemon.send(&event(&format!("done-{order}"), order, "completed", &from_now(0)));
    }
    wait_for(|| daemon.feed("", 0).0.into_iter().find(|made| made["kind"] == "flag" && made["order"] == "O3"));
    for order in ["O1", "O2"] {
        let shown = wait_for(|| {
            let shown = self::order(&daemon, order);
            let is_known = shown["events"].as_array()?.iter().any(|event| event["type"] == "completed");
            (is_known && shown["is_behind"] == false).then_some(shown)
        });
        let flagged = shown["decisions"].as_array().unwrap().iter().any(|made| made["kind"] == "flag");
        assert!(!flagged, "{order} has no card that counts");
    }
    // A card whose rule names nobody went to the liaison, and so did its revocation and its lifting.
    for order in ["O1", "O2"] {
        assert!(told(&daemon, order, "revocation").contains(&"liaison".to_owned()), "{order}");
    }
}

#[test]
fn a_route_that_was_approved_and_proves_wrong_is_taken_back_from_its_approver_and_from_its_own() {
    let world = world();
    let daemon = world.site.start();
    let proposal = proposal(&daemon);
    act(&daemon, &proposal["key"], "approve", "同意");
    wait_for(|| daemon.feed("", 0).0.into_iter().find(|made| made["key"] == proposal["key"]));
    daemon.send(
        &json!({ "id": "e3", "order": "O1", "type": "retracted", "at": from_now(0), "attrs": { "event": "e2" } }),
    );
    let revoked = revocation(&daemon, &proposal["key"]);
    assert_eq!((&revoked["kind"], &revoked["revokes"]), (&json!("revoke"), &json!("route")));
    assert_eq!(told(&daemon, "O1", "revocation"), ["discipline", "order-system", "supervisor"]);
    let (_, pushed) = wait_for(|| world.pushed("revoke").into_iter().next());
    assert_eq!(pushed["revoked"], proposal["key"]);
    let story = String::from_utf8(world.site.output(&["explain", "O1"]).stdout).unwrap();
    for part in ["同意：李主任，同意", "撤销呈报", "已由［e3］更正作废"] {
        assert!(story.contains(part), "{part}: {story}");
    }
}

#[test]
fn a_proposal_that_was_never_approved_is_taken_back_from_its_approver_alone() {
    let world = world();
    let daemon = world.site.start();
    let proposal = proposal(&daemon);
    act(&daemon, &proposal["key"], "withdraw", "误判");
    wait_for(|| (told(&daemon, "O1", "revocation") == ["supervisor"]).then_some(()));
    assert!(daemon.feed("", 0).0.is_empty(), "what was never fed is not taken back there");
    assert!(world.pushed("revoke").is_empty());
}

/// A store decided by the site's rules on a clock of the test's own.
struct Clocked {
    store: Store,
    decider: Decider,
    rules: Arc<duban::daemon::rules::Rules>,
}

async fn clocked(site: &Site, start: Instant, reminding: Option<Reminding>) -> Clocked {
    let config = Config::read(&site.path("duban.yaml"), &mut Problems::new()).unwrap();
    let store = Store::temporary().await.unwrap();
    let source = Source::new(&config);
    source.propose(&store, start).await.unwrap();
    let rules = Arc::new(source.load(&store).await.unwrap());
    let told = Told { from: Instant::BEGINNING, reminding };
    let decider = Decider::new(store.clone(), Arc::default(), Arc::default(), told);
    Clocked { store, decider, rules }
}

impl Clocked {
    async fn append(&self, body: Value, at: Instant) {
        let text = body.to_string();
        let order = body["order"].as_str().unwrap();
        let event = NewEvent {
            source: "hotline".into(),
            id: body["id"].as_str().unwrap().into(),
            subject: Subject::Order { order: order.into(), kind: body["type"].as_str().unwrap().into() },
            at,
            recorded_at: at,
            digest: content_digest(&serde_json::from_str(&text).unwrap(), at),
            body: text.into(),
        };
        self.store.append_events(vec![event], at).await.unwrap();
        self.decider.decide_due(&self.rules, at, || true).await.unwrap();
    }

    /// The keys of the notices about an order as of an instant, without what is before the first colon.
    async fn told(&self, now: Instant) -> Vec<String> {
        self.decider.decide_due(&self.rules, now, || true).await.unwrap();
        let view = self.store.order_view("O1").await.unwrap().unwrap();
        view.notices.iter().map(|notice| notice.queued.key.split_once(':').unwrap().1.to_owned()).collect()
    }
}

/// The site's calendar, open on every day from 09:00 to 17:00 but on 2024-05-12.
const OFFICE: &str = r#"
calendar: always
timezone: Asia/Shanghai
covers: "2018-01-01..2099-12-31"
hours:
  - { days: [mon, tue, wed, thu, fri, sat, sun], open: ["09:00-17:00"] }
days:
  "2024-05-12": { rest: 停工 }
"#;

fn at(text: &str) -> Instant {
    Instant::parse(&format!("{text}:00+08:00")).unwrap()
}

fn body(id: &str, kind: &str, at: Instant, attrs: &Value) -> Value {
    json!({ "id": id, "order": "O1", "type": kind, "at": at.rfc3339(chrono_tz::Asia::Shanghai), "attrs": attrs })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_is_reminded_on_each_working_day_until_they_answer() {
    let site = Site::new();
    site.write("calendars/always.yaml", OFFICE);
    let start = at("2024-05-10T10:00");
    let world = clocked(&site, start, Some(Reminding::default())).await;
    world.append(body("e1", "received", start, &json!({ "department": "甲局" })), start).await;
    world.append(body("e2", "contacted", start, &json!({})), start).await;
    world.append(body("e3", "reviewed", start, &json!({ "finding": "慢作为" })), start).await;
    assert_eq!(world.told(start).await, ["supervisor"]);
    assert_eq!(world.store.next_due().await.unwrap(), Some(at("2024-05-11T17:00")), "nothing wakes us before");
    assert_eq!(world.told(at("2024-05-11T16:59")).await, ["supervisor"]);
    assert_eq!(world.told(at("2024-05-11T17:00")).await, ["supervisor", "waiting-1:supervisor"]);
    assert_eq!(world.told(at("2024-05-11T17:30")).await.len(), 2, "each is queued once");
    // The 12th is no working day. Those missed while nobody looked are not made up.
    assert_eq!(world.told(at("2024-05-13T16:59")).await.len(), 2);
    assert_eq!(world.told(at("2024-05-15T09:00")).await[2..], ["waiting-3:supervisor"]);
    let view = world.store.order_view("O1").await.unwrap().unwrap();
    let key = &view.decisions[0].decision.key;
    assert!(view.notices[1].queued.forms.text.contains("尚未答复"), "{}", view.notices[1].queued.forms.text);
    let now = at("2024-05-15T10:00");
    world.append(body("e4", "refused", now, &json!({ "decision": &**key, "by": "李主任" })), now).await;
    assert_eq!(world.told(at("2024-05-31T10:00")).await.len(), 3, "who answered is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_reminded_where_the_configuration_says_so() {
    let site = Site::new();
    site.write("duban.yaml", &(site.read("duban.yaml") + "approvals: { remind: false }\n"));
    let config = Config::read(&site.path("duban.yaml"), &mut Problems::new()).unwrap();
    assert_eq!(config.approvals, None);
    let start = at("2024-05-10T10:00");
    let world = clocked(&site, start, config.approvals).await;
    world.append(body("e1", "received", start, &json!({ "department": "甲局" })), start).await;
    world.append(body("e2", "contacted", start, &json!({})), start).await;
    world.append(body("e3", "reviewed", start, &json!({ "finding": "慢作为" })), start).await;
    assert_eq!(world.told(at("2024-06-10T10:00")).await, ["supervisor"]);
}
