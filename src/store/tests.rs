//! What only the inside can bring about: a full disk, a database that turned read-only.

use super::error::StoreError;
use super::event::{NewEvent, Subject, Taken};
use super::writer::Writing;
use super::{Role, Store};
use crate::text::Lang;
use crate::time::Instant;
use futures_util::future::BoxFuture;

const NOW: Instant = Instant(1_700_000_000_000);

fn event(id: &str, length: usize) -> NewEvent {
    NewEvent {
        source: "hotline".into(),
        id: id.into(),
        subject: Subject::Order { order: id.into(), kind: "received".into() },
        at: NOW,
        recorded_at: NOW,
        digest: [0; 32],
        body: format!("\"{}\"", "x".repeat(length)).into(),
    }
}

/// Sets what the writing connection is allowed.
async fn pragma(store: &Store, sql: &'static str) -> Result<(), StoreError> {
    fn set<'a>(sql: &'a &'static str, writing: &'a mut Writing) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let set = sqlx::query(*sql).execute(&mut writing.conn).await;
            set.map(|_| ()).map_err(StoreError::failed("set a pragma"))
        })
    }
    store.write(sql, set).await
}

#[tokio::test]
async fn a_full_disk_refuses_what_does_not_fit_and_the_store_goes_on_when_there_is_room() {
    let store = Store::temporary().await.unwrap();
    store.append_events(vec![event("e1", 10)], NOW).await.unwrap();
    pragma(&store, "PRAGMA max_page_count = 60").await.unwrap();
    let large = store.append_events(vec![event("e2", 10), event("e3", 1_000_000)], NOW).await;
    assert!(matches!(large, Err(StoreError::Full)), "{large:?}");
    assert!(store.find_order("e2").await.unwrap().is_none(), "nothing of it was stored");
    assert_eq!(store.append_events(vec![event("e4", 10)], NOW).await.unwrap(), [Taken::Accepted]);
    pragma(&store, "PRAGMA max_page_count = 100000").await.unwrap();
    assert_eq!(store.append_events(vec![event("e3", 1_000_000)], NOW).await.unwrap(), [Taken::Accepted]);
    let verdict = store.verify_ledger(&[]).await.unwrap();
    assert!(matches!(verdict, super::ledger::verify::Verdict::Holds(held) if held.entries == 3), "{verdict:?}");
}

/// How often the log has been begun anew, as its header says (<https://sqlite.org/fileformat2.html#walformat>).
fn begun_anew(store: &Store) -> u32 {
    let mut log = std::fs::File::open(format!("{}-wal", store.path().display())).unwrap();
    let mut header = [0; 16];
    std::io::Read::read_exact(&mut log, &mut header).unwrap();
    u32::from_be_bytes(header[12..].try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_begun_anew_though_writing_and_reading_never_pause() {
    let store = Store::temporary().await.unwrap();
    store.append_events(vec![event("first", 10)], NOW).await.unwrap();
    let before = begun_anew(&store);
    let writers = (0..3).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut written = 0;
            while begun_anew(&store) == before && written < 10_000 {
                let events = (0..60).map(|n| event(&format!("{writer}-{}", written + n), 16_000)).collect();
                store.append_events(events, NOW).await.unwrap();
                written += 60;
            }
            written
        })
    });
    let writers: Vec<_> = writers.collect();
    let reading = async |store: Store| loop {
        store.due_orders(NOW, 2_000).await.unwrap();
    };
    let written: usize = tokio::select! {
        written = futures_util::future::join_all(writers) => written.into_iter().map(Result::unwrap).sum(),
        never = futures_util::future::join(reading(store.clone()), reading(store.clone())) => never.0,
    };
    assert!(begun_anew(&store) > before);
    assert_eq!(store.due_orders(NOW, 30_001).await.unwrap().len(), 1 + written, "nothing is lost");
}

#[tokio::test]
async fn who_shares_a_transaction_with_one_that_fails_is_served_all_the_same() {
    let store = Store::temporary().await.unwrap();
    pragma(&store, "PRAGMA max_page_count = 100").await.unwrap();
    let callers = (0..16).map(|n| {
        let store = store.clone();
        let length = if n == 7 { 1_000_000 } else { 10 };
        tokio::spawn(async move { store.append_events(vec![event(&format!("e{n}"), length)], NOW).await })
    });
    for (n, caller) in callers.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(caller.await.unwrap().is_ok(), n != 7, "caller {n}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_says_which_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.db");
    let store = Store::open(&path, Role::Daemon).await.unwrap();
    // It holds for the rest of that very transaction already.
    assert!(pragma(&store, "PRAGMA query_only = ON").await.is_err());
    let refused = store.append_events(vec![event("e1", 10)], NOW).await.unwrap_err();
    assert!(matches!(&refused, StoreError::ReadOnly(named) if *named == path), "{refused}");
    assert!(refused.hint(Lang::En).starts_with("check owner"));
    assert_eq!(store.counts(NOW).await.unwrap().events, 0, "it still answers");
}
