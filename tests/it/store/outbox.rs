//! The outbox: each notice is queued once, given to one sender at a time, and settled once.

use super::{NOW, card, decided, event, holds, load, saved};
use duban::notify::channel::Forms;
use duban::notify::notice::{NoticeKind, QueuedNotice, Target};
use duban::notify::rate::Limit;
use duban::store::decided::SavedOrder;
use duban::store::outbox::{Claimed, Delivery, DeliveryOutcome, NoticeState, Settled, Settlement};
use duban::store::{Role, Store};
use duban::time::Instant;

pub fn notice(key: &str, decision: Option<&str>) -> QueuedNotice {
    QueuedNotice {
        key: key.into(),
        order: decision.map(|_| "o1".into()),
        decision: decision.map(Into::into),
        kind: if decision.is_some() { NoticeKind::YellowCard } else { NoticeKind::Health },
        target: Target::Recipient { recipient: "handler".into(), place: Some("甲局".into()) },
        at: NOW,
        expires_at: None,
        confidential: false,
        calendar: None,
        forms: Forms { short: "黄牌".into(), ..Forms::default() },
    }
}

pub fn delivery(outcome: DeliveryOutcome) -> Delivery {
    Delivery {
        attempt: 1,
        channel: "sms".into(),
        address: "13800000000".into(),
        at: NOW,
        outcome,
        detail: None,
        provider_id: Some("m-1".into()),
        message: Some("n-1".into()),
        party: Some("甲".into()),
        receipts: Vec::new(),
    }
}

/// An order with a card, and a notice of it.
pub async fn told(store: &Store) {
    store.append_events(vec![event("o1", "e1", "received")], NOW).await.unwrap();
    let notices = vec![notice("k1/handler", Some("k1"))];
    let order = SavedOrder { notices, ..saved(&load(store).await[0], decided(vec![card("k1")], None)) };
    store.save_decided(vec![order]).await.unwrap();
}

async fn claim(store: &Store, now: Instant) -> Vec<Claimed> {
    store.claim_due_notices(now, now.plus_ms(60_000), 10).await.unwrap()
}

fn retry(due_at: Instant, counts: bool) -> Settlement {
    Settlement::Retry { due_at, reason: "busy".into(), counts }
}

#[tokio::test]
async fn a_claimed_notice_is_not_given_again_before_its_lease_ends() {
    let store = Store::temporary().await.unwrap();
    told(&store).await;
    assert!(claim(&store, NOW.plus_ms(-1)).await.is_empty(), "not before it is due");
    let first = claim(&store, NOW).await;
    assert_eq!(first[0].notice.queued, notice("k1/handler", Some("k1")));
    assert_eq!(first[0].notice.attempt, 1);
    assert!(claim(&store, NOW.plus_ms(59_999)).await.is_empty());
    let second = claim(&store, NOW.plus_ms(60_000)).await;
    assert_eq!(second[0].notice.attempt, 2);
    assert_ne!(first[0].token, second[0].token);
}

#[tokio::test]
async fn only_the_newest_claim_settles_but_what_was_delivered_is_kept() {
    let store = Store::temporary().await.unwrap();
    told(&store).await;
    let stalled = claim(&store, NOW).await.remove(0);
    let holder = claim(&store, NOW.plus_ms(60_000)).await.remove(0);
    let id = holder.notice.id;
    let delivered = vec![delivery(DeliveryOutcome::Accepted)];
    let settled = store
        .settle_notice((id, stalled.token), Settlement::rests(NoticeState::Accepted), delivered, NOW)
        .await
        .unwrap();
    assert_eq!(settled, Settled::Lost);
    let failed = Settlement::failed("no such number");
    let settled = store.settle_notice((id, holder.token), failed, Vec::new(), NOW.plus_ms(7)).await.unwrap();
    assert_eq!(settled, Settled::Settled);
    let settled = store
        .settle_notice((id, holder.token), Settlement::rests(NoticeState::Accepted), Vec::new(), NOW)
        .await
        .unwrap();
    assert_eq!(settled, Settled::Lost, "a claim settles once");
    let kept = store.unsent_notices(10).await.unwrap().remove(0);
    assert_eq!((kept.state, kept.settled_at), (NoticeState::Failed, Some(NOW.plus_ms(7))));
    assert_eq!(kept.reason.as_deref(), Some("no such number"));
    assert_eq!(kept.deliveries, [delivery(DeliveryOutcome::Accepted)]);
    holds(&store).await;
}

#[tokio::test]
async fn a_notice_tried_again_waits_and_one_put_off_uses_up_no_attempt() {
    let store = Store::temporary().await.unwrap();
    told(&store).await;
    let later = NOW.plus_ms(1000);
    let first = claim(&store, NOW).await.remove(0);
    let key = (first.notice.id, first.token);
    store.settle_notice(key, retry(later, false), vec![delivery(DeliveryOutcome::Transient)], NOW).await.unwrap();
    assert!(claim(&store, NOW).await.is_empty());
    assert_eq!(store.next_notice().await.unwrap(), Some(later));
    let second = claim(&store, later).await.remove(0);
    assert_eq!(second.notice.attempt, 1);
    assert_eq!(second.notice.deliveries.len(), 1, "who was told is known to the next attempt");
    store.settle_notice((second.notice.id, second.token), retry(later, true), Vec::new(), later).await.unwrap();
    assert_eq!(claim(&store, later).await[0].notice.attempt, 2);
}

#[tokio::test]
async fn a_notice_is_queued_once_by_its_key() {
    let store = Store::temporary().await.unwrap();
    assert_eq!(store.queue_notices(vec![notice("clock/a", None), notice("clock/b", None)]).await.unwrap(), 2);
    assert_eq!(store.queue_notices(vec![notice("clock/b", None), notice("clock/c", None)]).await.unwrap(), 1);
    let claimed = claim(&store, NOW).await;
    assert_eq!(
        claimed.iter().map(|one| &*one.notice.queued.key).collect::<Vec<_>>(),
        ["clock/a", "clock/b", "clock/c"]
    );
    let unknown = vec![delivery(DeliveryOutcome::Unknown)];
    let rests = Settlement::rests(NoticeState::Unknown);
    store.settle_notice((claimed[0].notice.id, claimed[0].token), rests, unknown, NOW).await.unwrap();
    let health = store.outbox_health().await.unwrap();
    assert_eq!((health.queued, health.count(NoticeState::Unknown), health.count(NoticeState::Failed)), (2, 1, 0));
    holds(&store).await;
}

#[tokio::test]
async fn a_new_daemon_takes_over_what_the_last_one_had_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.db");
    let store = Store::open(&path, Role::Daemon).await.unwrap();
    told(&store).await;
    let stalled = claim(&store, NOW).await.remove(0);
    store.close().await;
    drop(store);
    let store = Store::open(&path, Role::Daemon).await.unwrap();
    assert_eq!(claim(&store, NOW).await.len(), 1);
    let settled = store
        .settle_notice((stalled.notice.id, stalled.token), Settlement::rests(NoticeState::Accepted), Vec::new(), NOW)
        .await;
    assert_eq!(settled.unwrap(), Settled::Lost);
}

#[tokio::test]
async fn notices_that_say_the_same_are_stored_once_and_each_can_be_read_and_proved() {
    let store = Store::temporary().await.unwrap();
    told(&store).await;
    // The first was queued before: what it says is not in the row that the second would look to.
    let (known, new, other) = (notice("k1/handler", Some("k1")), notice("k1/liaison", Some("k1")), other_words());
    let notices =
        vec![known.clone(), new.clone(), other.clone(), QueuedNotice { key: "k1/again".into(), ..new.clone() }];
    store.append_events(vec![event("o1", "e2", "contacted")], NOW).await.unwrap();
    let order = SavedOrder { notices, ..saved(&load(&store).await[0], decided(Vec::new(), None)) };
    store.save_decided(vec![order]).await.unwrap();
    let claimed: Vec<QueuedNotice> = claim(&store, NOW).await.into_iter().map(|one| one.notice.queued).collect();
    assert_eq!(claimed, [known, new.clone(), other, QueuedNotice { key: "k1/again".into(), ..new }]);
    holds(&store).await;
}

fn other_words() -> QueuedNotice {
    let forms = Forms { short: "红牌".into(), ..Forms::default() };
    QueuedNotice { forms, ..notice("k1/head", Some("k1")) }
}

#[tokio::test]
async fn how_much_was_sent_is_kept_across_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.db");
    let limits = [Limit { count: 2, span_ms: 60_000 }];
    let open = || Store::open(&path, Role::Daemon);
    let first = open().await.unwrap();
    assert_eq!(first.take_room(&["robot"], &limits, 2, NOW).await.unwrap(), Ok(()));
    assert_eq!(first.take_room(&["another"], &limits, 1, NOW).await.unwrap(), Ok(()));
    first.close().await;
    drop(first);
    let second = open().await.unwrap();
    let later = NOW.plus_ms(59_999);
    assert_eq!(second.take_room(&["robot"], &limits, 1, later).await.unwrap(), Err(NOW.plus_ms(60_000)));
    assert_eq!(second.take_room(&["another", "robot"], &limits, 1, later).await.unwrap(), Err(NOW.plus_ms(60_000)));
    assert_eq!(second.take_room(&["another"], &limits, 1, later).await.unwrap(), Ok(()));
    assert_eq!(second.take_room(&["robot"], &limits, 1, NOW.plus_ms(60_000)).await.unwrap(), Ok(()));
    second.close_room("robot", NOW.plus_ms(90_000)).await.unwrap();
    assert_eq!(second.take_room(&["robot"], &limits, 1, NOW.plus_ms(61_000)).await.unwrap(), Err(NOW.plus_ms(90_000)));
}
