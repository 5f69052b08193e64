//! Addresses that have had enough for now: the other side said so of one number, and every other is written to meanwhile. Kept as
//! rows, so that it holds for every notice to that address, across restarts and daemons.

use super::attempt::Attempt;
use super::ways::{Party, Way};
use super::{Outbox, hold, pace};
use crate::notify::rate;
use crate::store::outbox::{Delivery, DeliveryOutcome};
use crate::time::Instant;
use std::collections::HashMap;
use std::time::Duration;
use tracing::error;

/// What is said of somebody who was sent something, of which nothing was heard.
pub(super) const UNANSWERED: &str = "已发出，没有答复，可能已送达";

impl Outbox {
    /// Which of these ways are to be left alone, and until when.
    pub(super) async fn limited(&self, ways: &[Way], now: Instant) -> HashMap<Way, Instant> {
        let keyed: Vec<(String, &Way)> =
            ways.iter().filter(|way| !way.address.is_empty()).map(|way| (key(way), way)).collect();
        if keyed.is_empty() {
            return HashMap::new();
        }
        let keys: Vec<String> = keyed.iter().map(|(key, _)| key.clone()).collect();
        let closed = self.store.closed_until(&keys, now).await.unwrap_or_else(|error| {
            error!(error = %error, "could not look up which addresses have had enough");
            Vec::new()
        });
        // After a clock was set far back nobody waits for longer than was asked.
        let is_asked = |until: Instant| until.ms_since(now) <= ms(pace::LONGEST_ASKED);
        let of = |(key, until): (String, Instant)| {
            let (_, way) = keyed.iter().find(|(known, _)| *known == key)?;
            is_asked(until).then(|| ((*way).clone(), until))
        };
        closed.into_iter().filter_map(of).collect()
    }

    /// An address has had enough; until when it is left alone.
    pub(super) async fn leave_alone(&self, way: &Way, pause: Duration, now: Instant) -> Instant {
        let until = now.plus_ms(ms(pause.min(pace::LONGEST_ASKED)));
        if let Err(error) = self.store.close_room(&key(way), until).await {
            error!(error = %error, channel = &*way.channel, "could not keep that an address has had enough");
        }
        until
    }
}

/// Why somebody waits whose address has had enough.
pub(super) fn limited_until(until: Instant) -> String {
    format!("网关要求{}以后再发：这个号码或账号的条数已满", hold::shown(until))
}

/// Whether something was sent to somebody of which nothing was heard.
pub(super) fn is_unanswered(party: &Party, attempt: &Attempt) -> bool {
    let is_unknown =
        |delivery: &&Delivery| matches!(delivery.outcome, DeliveryOutcome::Unknown | DeliveryOutcome::Interrupted);
    let is_theirs = |delivery: &&Delivery| delivery.party.as_ref() == Some(&party.key);
    attempt.deliveries.iter().filter(is_theirs).any(|delivery| is_unknown(&delivery) && delivery.receipts.is_empty())
}

fn key(way: &Way) -> String {
    rate::key("address", &[&way.channel, &way.address])
}

fn ms(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
