//! Orders that fall due together are read shortly before: what a store has not used for a while is on the disk, and to read
//! thousands of orders at the very instant would keep their cards waiting for it.
//!
//! Nothing is kept here: what was read is in the system's memory, where deciding finds it.

use super::decide::{BATCH, HEAP};
use crate::clock;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::orders::OrderRef;
use crate::time::Instant;
use futures_util::{StreamExt, TryStreamExt};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// So long before they are due: at a few thousand reads a second, tens of thousands of orders are read in time. Then once
/// more: a system that is short of memory has given some of it back meanwhile, and what is still there costs little.
const LEADS_MS: [i64; 2] = [60_000, 20_000];
const EVERY: Duration = Duration::from_secs(5);
/// Of more than these the rest is read when it is decided.
const MOST: u32 = 131_072;
/// Readings at once: other readers have the rest of the store's connections.
const AT_ONCE: usize = 2;

/// Reads ahead until the daemon stops.
pub(super) async fn read_ahead(store: Store, stop: CancellationToken) {
    let mut passes = LEADS_MS.map(|lead| (lead, Instant(i64::MIN)));
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        for (lead, read_until) in &mut passes {
            let now = clock::now();
            let until = now.plus_ms(*lead);
            // After a step of the clock the wrong ones were read, which harms nobody.
            match read_between(&store, (*read_until).max(now).min(until), until, &stop).await {
                Ok(_) => *read_until = until,
                // Deciding meets it too, and tells.
                Err(error) => debug!(%error, "could not read ahead"),
            }
        }
    }
}

/// Reads those that fall due after one instant and up to another, if they are a heap; how many.
async fn read_between(
    store: &Store,
    after: Instant,
    until: Instant,
    stop: &CancellationToken,
) -> Result<usize, StoreError> {
    let due = store.due_between(after, until, MOST).await?;
    if due.len() < HEAP {
        return Ok(0);
    }
    store.warm_log().await;
    let batches = futures_util::stream::iter(due.chunks(BATCH).map(<[OrderRef]>::to_vec)).take_until(stop.cancelled());
    let read = batches.map(|batch| read(store.clone(), batch)).buffer_unordered(AT_ONCE);
    read.try_fold(0, async |sum, count| Ok(sum + count)).await
}

async fn read(store: Store, batch: Vec<OrderRef>) -> Result<usize, StoreError> {
    let loaded = store.load_orders(&batch).await?;
    store.warm(&batch).await?;
    Ok(loaded.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::event::{NewEvent, Subject};

    fn event(number: usize, at: Instant) -> NewEvent {
        NewEvent {
            source: "hotline".into(),
            id: number.to_string().into(),
            subject: Subject::Order { order: format!("ZH-{number}").into(), kind: "received".into() },
            at,
            recorded_at: at,
            digest: [0; 32],
            body: "{}".into(),
        }
    }

    #[tokio::test]
    async fn only_a_heap_is_read_and_only_what_falls_due_in_between() {
        let (store, due) = (Store::temporary().await.unwrap(), Instant(1_715_500_000_000));
        store.append_events((1..HEAP).map(|number| event(number, due)).collect(), due).await.unwrap();
        let (before, stop) = (due.plus_ms(-1), CancellationToken::new());
        assert_eq!(read_between(&store, before, due, &stop).await.unwrap(), 0, "too few to be worth it");
        store.append_events(vec![event(HEAP, due)], due).await.unwrap();
        assert_eq!(read_between(&store, before, due, &stop).await.unwrap(), HEAP);
        assert_eq!(
            read_between(&store, due, due.plus_ms(LEADS_MS[0]), &stop).await.unwrap(),
            0,
            "these were read before"
        );
    }
}
