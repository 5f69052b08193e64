//! Windows kept as rows of the store: a restart forgets none, and two daemons share them.

use super::{InMemory, Limit, Rates};
use crate::store::Store;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use tracing::error;

/// Windows of a store. While it cannot be written they are kept in memory: a limit broken costs a refusal, a notice not
/// sent costs more.
pub struct Kept {
    store: Store,
    meanwhile: InMemory,
}

impl Kept {
    /// The windows of a store.
    pub fn new(store: Store) -> Kept {
        Kept { store, meanwhile: InMemory::default() }
    }
}

impl Rates for Kept {
    fn take<'a>(
        &'a self,
        keys: &'a [&'a str],
        limits: &'a [Limit],
        count: usize,
        now: Instant,
    ) -> BoxFuture<'a, Result<(), Instant>> {
        Box::pin(async move {
            match self.store.take_room(keys, limits, count, now).await {
                Ok(taken) => taken,
                Err(error) => {
                    error!(error = %error, "could not keep how many messages were sent, they are counted in memory");
                    self.meanwhile.take_room(keys, limits, count, now)
                }
            }
        })
    }

    fn close<'a>(&'a self, key: &'a str, until: Instant) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = self.store.close_room(key, until).await {
                error!(error = %error, "could not keep that another side has had enough");
                self.meanwhile.close_room(key, until);
            }
        })
    }
}
