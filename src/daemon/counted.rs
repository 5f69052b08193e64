//! Channels whose attempts are counted for `/metrics`.

use crate::config::channels;
use crate::metrics::Metrics;
use crate::notify::channel::{Channel, Message, Outcome, Receipts, Trouble};
use crate::notify::open;
use crate::notify::outbox::sender::{OpenChannelError, Sender};
use crate::notify::rate::Rates;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// A channel, counted under its name.
struct Counted {
    name: Arc<str>,
    channel: Arc<dyn Channel>,
    metrics: Arc<Metrics>,
}

/// Opens every channel of a configuration.
pub(super) fn open_all(
    configured: &[channels::Channel],
    metrics: &Arc<Metrics>,
    rates: &Arc<dyn Rates>,
) -> Result<Sender, OpenChannelError> {
    let mut sender = Sender::default();
    for channel in configured {
        let name = Arc::clone(&channel.name);
        open::warn_of_danger(channel);
        let opened =
            open::open(&channel.kind, rates).map_err(|source| OpenChannelError { name: name.clone(), source })?;
        let counted = Counted { name: name.clone(), channel: opened, metrics: Arc::clone(metrics) };
        sender.add(name, Arc::new(counted), channel.kind.address());
        sender.hear(channel)?;
    }
    Ok(sender)
}

impl Channel for Counted {
    fn kind(&self) -> &'static str {
        self.channel.kind()
    }

    fn recognises_repeats(&self) -> bool {
        self.channel.recognises_repeats()
    }

    fn repeats_for(&self) -> Option<Duration> {
        self.channel.repeats_for()
    }

    fn takes_files(&self) -> bool {
        self.channel.takes_files()
    }

    fn mentions(&self) -> &[Arc<str>] {
        self.channel.mentions()
    }

    fn attaches_dossier(&self) -> bool {
        self.channel.attaches_dossier()
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.channel.troubles()
    }

    fn proves_delivery(&self) -> bool {
        self.channel.proves_delivery()
    }

    fn receipts(&self) -> Option<&dyn Receipts> {
        self.channel.receipts()
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let outcome = self.channel.deliver(message, now).await;
            self.metrics.count_delivery(&self.name, name_of(&outcome));
            if let (Outcome::Accepted { .. }, Some(segments)) = (&outcome, self.segments(message)) {
                self.metrics.count_segments(&self.name, segments);
            }
            outcome
        })
    }

    fn segments(&self, message: &Message) -> Option<usize> {
        self.channel.segments(message)
    }
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Deferred { .. } => "deferred",
        Outcome::Transient { .. } | Outcome::Limited { .. } => "transient",
        Outcome::Permanent { .. } => "permanent",
        Outcome::Unknown { .. } => "unknown",
    }
}
