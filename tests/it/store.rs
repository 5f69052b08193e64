//! The store's conformance suite: what holds whatever database answers. Run against real files.

mod checkpoints;
mod crash;
mod feed;
mod intake;
mod ledger;
mod opening;
mod outbox;

use duban::engine::decision::{Decided, Decision, DecisionKind, Obligation, OrderState, Outcome};
use duban::policy::model::Colour;
use duban::store::decided::{Saved, SavedOrder};
use duban::store::event::{NewEvent, Subject, Taken};
use duban::store::ledger::verify::Verdict;
use duban::store::orders::LoadedOrder;
use duban::store::{Role, Store};
use duban::symbol::Symbol;
use duban::time::Instant;

const NOW: Instant = Instant(1_700_000_000_000);

fn event(order: &str, id: &str, kind: &str) -> NewEvent {
    let body = format!(r#"{{"id":"{id}","order":"{order}","type":"{kind}"}}"#);
    let digest = duban::store::event::content_digest(&serde_json::from_str(&body).unwrap(), NOW);
    NewEvent {
        source: "hotline".into(),
        id: id.into(),
        subject: Subject::Order { order: order.into(), kind: kind.into() },
        at: NOW,
        recorded_at: NOW,
        digest,
        body: body.into(),
    }
}

fn card(key: &str) -> Decision {
    Decision {
        key: key.into(),
        at: NOW,
        made_at: NOW,
        policy: Symbol::new("p"),
        rule: Symbol::new("response"),
        step: Symbol::new("yellow"),
        round: 1,
        occurrence: 1,
        kind: DecisionKind::Card(Colour::Yellow),
        to: vec![Symbol::new("handler")],
        cc: Vec::new(),
        due: Some(NOW),
        department: Some("甲局".into()),
        approval: None,
        clause: Some("二（一）2".into()),
        version: "1".into(),
    }
}

fn decided(new: Vec<Decision>, next_due: Option<Instant>) -> Decided {
    Decided { new, obligations: vec![obligation()], next_due, state: OrderState { round: 1, ..OrderState::default() } }
}

fn obligation() -> Obligation {
    Obligation {
        policy: Symbol::new("p"),
        rule: Symbol::new("response"),
        round: 1,
        occurrence: 1,
        opened: NOW,
        start: NOW,
        due: Some(NOW.plus_ms(1000)),
        provisional: false,
        outcome: Outcome::Open,
        stopped_at: None,
        department: Some("甲局".into()),
    }
}

fn saved(loaded: &LoadedOrder, decided: Decided) -> SavedOrder {
    SavedOrder {
        order: loaded.order.clone(),
        fence: loaded.fence.clone(),
        until: NOW,
        decided,
        approved: Vec::new(),
        lifted: Vec::new(),
        look_at: None,
        notices: Vec::new(),
    }
}

async fn load(store: &Store) -> Vec<LoadedOrder> {
    let due = store.due_orders(NOW, 100).await.unwrap();
    store.load_orders(&due).await.unwrap()
}

async fn holds(store: &Store) {
    let verdict = store.verify_ledger(&[]).await.unwrap();
    assert!(matches!(verdict, Verdict::Holds(_)), "{verdict:?}");
}

#[tokio::test]
async fn what_is_appended_is_due_decided_once_and_fed() {
    let store = Store::temporary().await.unwrap();
    let taken = store.append_events(vec![event("o1", "e1", "received"), event("o1", "e2", "signed")], NOW).await;
    assert_eq!(taken.unwrap(), [Taken::Accepted, Taken::Accepted]);
    let loaded = load(&store).await;
    assert_eq!(loaded.len(), 1);
    assert_eq!(loaded[0].events.iter().map(|event| &*event.id).collect::<Vec<_>>(), ["e1", "e2"]);
    let done = saved(&loaded[0], decided(vec![card("k1")], Some(NOW.plus_ms(1000))));
    assert_eq!(store.save_decided(vec![done.clone()]).await.unwrap(), [Saved::Saved]);
    assert_eq!(store.save_decided(vec![done]).await.unwrap(), [Saved::Stale]);
    assert!(load(&store).await.is_empty());
    assert_eq!(store.next_due().await.unwrap(), Some(NOW.plus_ms(1000)));
    let feed = store.feed(0, 10).await.unwrap();
    assert_eq!(feed.iter().map(|fed| (fed.position, &*fed.decision.key)).collect::<Vec<_>>(), [(1, "k1")]);
    assert_eq!(feed[0].decision, card("k1"));
    let view = store.order_view("o1").await.unwrap().unwrap();
    assert_eq!(view.obligations, [obligation()]);
    assert!(!view.is_behind);
    holds(&store).await;
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_a_tool_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.db");
    let store = Store::open(&path, Role::Daemon).await.unwrap();
    let error = Store::open(&path, Role::Daemon).await.err().unwrap();
    assert!(matches!(error, duban::store::error::StoreError::Locked(_)), "{error}");
    let tool = Store::open(&path, Role::Tool).await.unwrap();
    tool.append_events(vec![event("o1", "e1", "received")], NOW).await.unwrap();
    store.append_events(vec![event("o1", "e2", "received")], NOW).await.unwrap();
    assert_eq!(load(&store).await[0].events.len(), 2);
    holds(&store).await;
}

fn proposal(key: &str) -> Decision {
    Decision { kind: DecisionKind::Route, approval: Some(Symbol::new("hotline-supervisor")), ..card(key) }
}

#[tokio::test]
async fn a_proposal_is_fed_once_it_is_approved_and_only_then() {
    let store = Store::temporary().await.unwrap();
    let fed = async |store: &Store, after| {
        let fed = store.feed(after, 10).await.unwrap();
        fed.into_iter().map(|fed| (fed.position, fed.decision.key.to_string())).collect::<Vec<_>>()
    };
    store.append_events(vec![event("o1", "e1", "received")], NOW).await.unwrap();
    let made = saved(&load(&store).await[0], decided(vec![card("k1"), proposal("k2"), card("k3")], None));
    store.save_decided(vec![made]).await.unwrap();
    assert_eq!(fed(&store, 0).await, [(1, "k1".to_owned()), (3, "k3".to_owned())]);
    for round in ["e2", "e3"] {
        store.append_events(vec![event("o1", round, "approved")], NOW).await.unwrap();
        let approved = vec!["k2".into()];
        let again = SavedOrder { approved, ..saved(&load(&store).await[0], decided(Vec::new(), None)) };
        store.save_decided(vec![again]).await.unwrap();
        assert_eq!(fed(&store, 3).await, [(4, "k2".to_owned())]);
    }
    store.append_events(vec![event("o1", "e4", "signed")], NOW).await.unwrap();
    let next = saved(&load(&store).await[0], decided(vec![card("k4")], None));
    store.save_decided(vec![next]).await.unwrap();
    assert_eq!(fed(&store, 4).await, [(5, "k4".to_owned())]);
    holds(&store).await;
}
