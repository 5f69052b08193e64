//! Intake: what is answered is durable, known once, and waits to be decided.

use super::{NOW, event, holds, load};
use chrono::NaiveDate;
use duban::store::Store;
use duban::store::event::{NewEvent, Subject, Taken};

#[tokio::test]
async fn the_same_event_is_a_duplicate_and_another_of_its_id_a_conflict() {
    let store = Store::temporary().await.unwrap();
    let first = event("o1", "e1", "received");
    let taken = store.append_events(vec![first.clone(), first.clone()], NOW).await.unwrap();
    assert_eq!(taken, [Taken::Accepted, Taken::Duplicate]);
    let other_source = NewEvent { source: "desk".into(), ..event("o1", "e1", "signed") };
    let again = vec![first, event("o9", "e1", "signed"), other_source, event("o1", "e2", "signed")];
    let taken = store.append_events(again, NOW.plus_ms(5)).await.unwrap();
    assert_eq!(taken, [Taken::Duplicate, Taken::Conflict, Taken::Accepted, Taken::Accepted]);
    assert_eq!(load(&store).await[0].events.len(), 3);
    assert!(store.find_order("o9").await.unwrap().is_none(), "a refused event makes no order");
    holds(&store).await;
}

#[tokio::test]
async fn a_duplicate_alone_makes_nothing_due() {
    let store = Store::temporary().await.unwrap();
    store.append_history(vec![event("o1", "e1", "received")], NOW).await.unwrap();
    assert_eq!(store.append_events(vec![event("o1", "e1", "received")], NOW).await.unwrap(), [Taken::Duplicate]);
    assert!(load(&store).await.is_empty());
}

#[tokio::test]
async fn events_bear_the_moment_of_storing_and_history_its_own() {
    let store = Store::temporary().await.unwrap();
    let later = NOW.plus_ms(3_600_000);
    store.append_history(vec![event("o1", "e1", "received")], later).await.unwrap();
    assert!(load(&store).await.is_empty(), "history sets nothing in motion");
    store.append_events(vec![event("o1", "e2", "signed")], later).await.unwrap();
    let due = store.due_orders(later, 10).await.unwrap();
    let loaded = store.load_orders(&due).await.unwrap();
    let recorded: Vec<_> = loaded[0].events.iter().map(|event| event.recorded_at).collect();
    assert_eq!(recorded, [NOW, later]);
    assert_eq!(store.newest_instant().await.unwrap(), Some(later));
}

#[tokio::test]
async fn many_callers_at_once_are_each_answered_for_their_own_events() {
    let store = Store::temporary().await.unwrap();
    let callers = (0..64).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..20 {
                let shared = event("shared", &format!("s-{n}"), "contacted");
                let own = event(&format!("o{caller}"), &format!("e-{caller}-{n}"), "contacted");
                let taken = store.append_events(vec![own, shared], NOW).await.unwrap();
                assert_eq!(taken[0], Taken::Accepted);
                assert_ne!(taken[1], Taken::Conflict);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let view = store.order_view("shared").await.unwrap().unwrap();
    assert_eq!(view.events.len(), 20);
    assert!(view.events.is_sorted_by_key(|event| event.seq));
    assert_eq!(store.counts(NOW).await.unwrap().orders, 65);
    holds(&store).await;
}

#[tokio::test]
async fn an_order_without_received_is_counted_until_it_comes() {
    let store = Store::temporary().await.unwrap();
    store.append_events(vec![event("o1", "e1", "signed"), event("o2", "e2", "received")], NOW).await.unwrap();
    let odd = store.orders_without_received(NOW, 10).await.unwrap();
    assert_eq!(odd.count, 0, "not before the moment has passed");
    let odd = store.orders_without_received(NOW.plus_ms(1), 10).await.unwrap();
    assert_eq!((odd.count, &*odd.first[0].0), (1, "o1"));
    store.append_events(vec![event("o1", "e3", "received")], NOW.plus_ms(5)).await.unwrap();
    assert_eq!(store.orders_without_received(NOW.plus_ms(9), 10).await.unwrap().count, 0);
}

#[tokio::test]
async fn a_figure_is_an_event_without_an_order() {
    let store = Store::temporary().await.unwrap();
    let figure = |id: &str, value: f64, digest: u8| NewEvent {
        subject: Subject::Figure {
            figure: "三方通话".into(),
            day: NaiveDate::from_ymd_opt(2024, 5, 6).unwrap(),
            department: None,
            value,
        },
        digest: [digest; 32],
        ..event("", id, "")
    };
    let taken =
        store.append_events(vec![figure("f1", 41.0, 1), figure("f2", 42.0, 2), figure("f1", 43.0, 3)], NOW).await;
    assert_eq!(taken.unwrap(), [Taken::Accepted, Taken::Accepted, Taken::Conflict]);
    assert!(load(&store).await.is_empty());
    assert_eq!(store.counts(NOW).await.unwrap().orders, 0);
    holds(&store).await;
}
