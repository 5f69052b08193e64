//! The feed, fences and the rules' versions.

use super::{NOW, card, decided, event, holds, load, saved};
use duban::store::Store;
use duban::store::decided::Saved;
use duban::store::error::StoreError;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    /// Whoever reads the feed while many write it sees every decision once, in one order, from 1 without gaps.
    #[test]
    fn a_reader_among_many_writers_sees_each_decision_once(
        batches in prop::collection::vec(prop::collection::vec(0usize..4, 1..4), 1..12),
        page in 1u32..5,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        runtime.block_on(read_while_written(batches, page))?;
    }
}

/// Each batch is a writer of its own, with so many decisions for each of its orders.
async fn read_while_written(batches: Vec<Vec<usize>>, page: u32) -> Result<(), TestCaseError> {
    let store = Store::temporary().await.unwrap();
    let expected: usize = batches.iter().flatten().sum();
    let names = |batch: usize, order: usize| format!("o{batch}-{order}");
    let all = batches.iter().enumerate().flat_map(|(batch, orders)| (0..orders.len()).map(move |order| (batch, order)));
    let events = all.map(|(batch, order)| event(&names(batch, order), &names(batch, order), "received")).collect();
    store.append_events(events, NOW).await.unwrap();
    let writers: Vec<_> = batches
        .into_iter()
        .enumerate()
        .map(|(batch, orders)| tokio::spawn(write(store.clone(), batch, orders)))
        .collect();
    let mut positions = Vec::new();
    while positions.len() < expected {
        let fed = store.feed(positions.last().copied().unwrap_or(0), page).await.unwrap();
        positions.extend(fed.iter().map(|fed| fed.position));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    prop_assert_eq!(positions, (1..=expected as u64).collect::<Vec<_>>());
    holds(&store).await;
    Ok(())
}

async fn write(store: Store, batch: usize, orders: Vec<usize>) {
    let mut found = Vec::new();
    for order in 0..orders.len() {
        found.extend(store.find_order(&format!("o{batch}-{order}")).await.unwrap());
    }
    let loaded = store.load_orders(&found).await.unwrap();
    let decided = loaded.iter().zip(&orders).map(|(loaded, decisions)| {
        let cards = (0..*decisions).map(|n| card(&format!("{}-{n}", loaded.order.order))).collect();
        saved(loaded, decided(cards, None))
    });
    let outcome = store.save_decided(decided.collect::<Vec<_>>()).await.unwrap();
    assert!(outcome.iter().all(|saved| *saved == Saved::Saved));
}

#[tokio::test]
async fn an_order_that_changed_while_it_was_decided_is_decided_again() {
    let store = Store::temporary().await.unwrap();
    store.append_events(vec![event("o1", "e1", "received"), event("o2", "e2", "received")], NOW).await.unwrap();
    let loaded = load(&store).await;
    store.append_events(vec![event("o1", "e3", "signed")], NOW).await.unwrap();
    let batch =
        vec![saved(&loaded[0], decided(vec![card("k1")], None)), saved(&loaded[1], decided(vec![card("k2")], None))];
    assert_eq!(store.save_decided(batch).await.unwrap(), [Saved::Stale, Saved::Saved]);
    let left = load(&store).await;
    assert_eq!(left.iter().map(|order| &*order.order.order).collect::<Vec<_>>(), ["o1"]);
    assert_eq!(left[0].events.len(), 2);
    assert!(store.decision("k1").await.unwrap().is_none());
    assert_eq!(store.decision("k2").await.unwrap().unwrap().position, 1);
}

#[tokio::test]
async fn what_was_known_and_decided_is_given_back() {
    let store = Store::temporary().await.unwrap();
    store.append_events(vec![event("o1", "e1", "received")], NOW).await.unwrap();
    let first = load(&store).await.remove(0);
    assert_eq!((first.standing.known, first.standing.decided_until), (None, None));
    store.save_decided(vec![saved(&first, decided(vec![card("k1")], Some(NOW)))]).await.unwrap();
    let second = load(&store).await.remove(0);
    assert_eq!(second.standing.known, Some(second.events[0].seq));
    assert_eq!(second.standing.decided_until, Some(NOW));
    assert_eq!(second.standing.decisions, [card("k1")]);
}

#[tokio::test]
async fn a_key_decided_twice_is_refused_with_all_that_came_with_it() {
    let store = Store::temporary().await.unwrap();
    store.append_events(vec![event("o1", "e1", "received"), event("o2", "e2", "received")], NOW).await.unwrap();
    let loaded = load(&store).await;
    let same = vec![card("same"), card("same")];
    let both = vec![saved(&loaded[0], decided(same, None)), saved(&loaded[1], decided(vec![card("other")], None))];
    assert!(matches!(store.save_decided(both).await, Err(StoreError::Failed { .. })));
    assert_eq!(load(&store).await.len(), 2, "both are still due");
    assert!(store.feed(0, 10).await.unwrap().is_empty());
    store.save_decided(vec![saved(&loaded[0], decided(vec![card("same")], None))]).await.unwrap();
    assert_eq!(store.feed(0, 10).await.unwrap()[0].position, 1);
    holds(&store).await;
}

#[tokio::test]
async fn an_order_set_aside_stops_nobody_and_is_tried_again_when_asked() {
    let store = Store::temporary().await.unwrap();
    store.append_events(vec![event("o1", "e1", "received"), event("o2", "e2", "received")], NOW).await.unwrap();
    let bad = load(&store).await.remove(0).order;
    store.set_aside(&bad, "a panic", NOW).await.unwrap();
    assert_eq!(load(&store).await.len(), 1);
    store.append_events(vec![event("o1", "e3", "signed")], NOW).await.unwrap();
    assert_eq!(load(&store).await.len(), 1, "later events are stored, and it stays aside");
    let aside = store.orders_set_aside(10).await.unwrap();
    assert_eq!((aside.count, aside.first), (1, vec![("o1".into(), NOW, Some("a panic".into()))]));
    assert_eq!(store.retry_set_aside(NOW).await.unwrap(), 1);
    assert_eq!(load(&store).await.len(), 2);
    assert_eq!(store.orders_set_aside(10).await.unwrap().count, 0);
}

#[tokio::test]
async fn a_new_version_makes_all_open_orders_due_step_by_step_and_the_same_files_none() {
    let store = Store::temporary().await.unwrap();
    let files = |text: &str| [("policy.yaml".to_owned(), text.to_owned())].into();
    let kept = store.put_version(files("a"), NOW).await.unwrap();
    assert_eq!((kept.number, kept.is_new), (1, true));
    while store.mark_some_due(NOW, 2).await.unwrap() {}
    let events = (0..5).map(|n| event(&format!("o{n}"), &format!("e{n}"), "received")).collect();
    store.append_events(events, NOW).await.unwrap();
    let mut orders: Vec<_> = load(&store).await.iter().map(|loaded| saved(loaded, decided(Vec::new(), None))).collect();
    orders[3].decided.state.ended = true;
    store.save_decided(orders).await.unwrap();
    assert!(!store.put_version(files("a"), NOW).await.unwrap().is_new);
    assert!(!store.mark_some_due(NOW, 2).await.unwrap());
    assert!(load(&store).await.is_empty());
    assert_eq!(store.put_version(files("b"), NOW).await.unwrap().number, 2);
    assert!(store.mark_some_due(NOW, 2).await.unwrap(), "there are more");
    assert_eq!(load(&store).await.len(), 2);
    while store.mark_some_due(NOW, 2).await.unwrap() {}
    assert_eq!(load(&store).await.len(), 4, "the one that ended is left alone");
    assert_eq!(store.versions().await.unwrap().len(), 2);
    assert_eq!(store.newest_version().await.unwrap().unwrap().files, files("b"));
}
