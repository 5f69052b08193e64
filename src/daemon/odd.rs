//! Orders that ought not to be: those without `received` ten minutes after their first event are told of in the log.

use crate::intake::http::RECEIVED_WITHIN_MS;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::time::Instant;
use tracing::warn;

/// It is looked no more often than this.
const LOOK_EVERY_MS: i64 = 60 * 1000;
/// So many are named.
const NAMED: u32 = 10;

/// What was told last.
#[derive(Default)]
pub(super) struct Odd {
    looked: Option<Instant>,
    told: u64,
}

impl Odd {
    /// Tells when there are more than there were.
    pub(super) async fn tell(&mut self, store: &Store, now: Instant) -> Result<(), StoreError> {
        if self.looked.is_some_and(|looked| now.ms_since(looked).abs() < LOOK_EVERY_MS) {
            return Ok(());
        }
        self.looked = Some(now);
        let odd = store.orders_without_received(now.plus_ms(-RECEIVED_WITHIN_MS), NAMED).await?;
        if odd.count > self.told {
            let orders: Vec<&str> = odd.first.iter().map(|(order, ..)| &**order).collect();
            warn!(
                count = odd.count,
                orders = orders.join(", "),
                "orders have had events for more than 10 minutes, and none of them is `received`"
            );
        }
        self.told = odd.count;
        Ok(())
    }
}
