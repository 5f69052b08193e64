//! Asking for receipts: what was accepted, or sent without an answer, and of which nothing was heard yet.
//!
//! When a message is next asked about is a row, and grows later with each question, for three days: a restart forgets
//! nothing and asks nobody twice at once. A question that is not answered is asked again like one that brought nothing.

use super::sender::Sender;
use crate::clock;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::outbox::ReceiptSource;
use crate::store::outbox::receipts::{Asking, ReceiptsTaken};
use crate::time::Instant;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

/// So many messages are asked about at a time.
const AT_ONCE: u32 = 200;
/// So many questions are under way at once: gateways limit them.
const UNDER_WAY: usize = 4;
/// Rows that others wrote are looked for at least this often.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Is told what was heard of a channel.
pub type Listener = Arc<dyn Fn(&str, ReceiptsTaken) + Send + Sync>;

/// What asks for receipts.
#[derive(Clone)]
pub struct Asker {
    store: Store,
    sender: Arc<Sender>,
    listener: Listener,
}

impl Asker {
    /// Asks by these channels, and tells somebody what it hears.
    pub fn new(store: Store, sender: Arc<Sender>, listener: Listener) -> Asker {
        Asker { store, sender, listener }
    }

    /// Asks until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let pause = self.ask_if_due().await.unwrap_or_else(|error| {
                error!(error = %error, "could not find receipts to ask for");
                LOOK_EVERY
            });
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Asks what is due now; how long nothing else will be.
    async fn ask_if_due(&self) -> Result<Duration, StoreError> {
        let now = clock::now();
        match self.store.next_ask().await? {
            Some(next) if next <= now => {
                self.ask_due(now).await?;
                Ok(Duration::ZERO)
            }
            Some(next) => Ok(Duration::from_millis(next.ms_since(now).unsigned_abs()).min(LOOK_EVERY)),
            None => Ok(LOOK_EVERY),
        }
    }

    /// Asks what is due at an instant, and takes what is answered.
    pub async fn ask_due(&self, now: Instant) -> Result<(), StoreError> {
        let due = self.store.due_asks(now, AT_ONCE).await?;
        for few in due.chunks(UNDER_WAY) {
            join_all(few.iter().map(|asking| self.ask(asking, now))).await;
        }
        Ok(())
    }

    async fn ask(&self, asking: &Asking, now: Instant) {
        let channel = self.sender.channel(&asking.channel);
        let answer = channel.and_then(|channel| channel.receipts()).and_then(|known| known.ask(&asking.asked, now));
        // Its channel is configured otherwise by now, or not at all.
        let Some(answer) = answer else { return };
        match answer.await {
            Ok(receipts) if receipts.is_empty() => {
                debug!(channel = &*asking.channel, "nothing is known of a message yet");
            }
            Ok(receipts) => {
                let taken = self.store.take_receipts(&asking.channel, ReceiptSource::Asked, receipts, now).await;
                match taken {
                    Ok(taken) => (self.listener)(&asking.channel, taken),
                    Err(error) => error!(error = %error, "could not take a receipt that was asked for"),
                }
            }
            Err(error) => warn!(channel = &*asking.channel, error = %error, "asked in vain for a receipt"),
        }
    }
}
