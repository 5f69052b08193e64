//! What a batch says to one of those behind it, by one way: the same words under the same id on every attempt.

use super::batch::Batch;
use super::sender::Sender;
use super::ways::{Party, Way, is_group};
use crate::engine::decision::Key;
use crate::notify::addressed::{self, Reader};
use crate::notify::channel::Message;
use crate::notify::notice::{QueuedNotice, Target};
use crate::time::Instant;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The message for a party by a way.
pub(super) fn message(batch: &Batch, party: &Party, way: &Way, sender: &Sender, now: Instant) -> Message {
    let first = batch.first();
    let notices = batch.notices();
    let kind = notices.iter().map(|notice| notice.kind).min().unwrap_or(first.kind);
    let is_group = sender.address(&way.channel).is_none_or(is_group);
    let forms = addressed::forms(&notices, Reader { channel: &way.channel, is_group, name: &party.name });
    let is_veiled = addressed::is_veiled(&notices, is_group);
    let is_of_one_order = addressed::is_of_one_order(&notices);
    let id = match (&first.target, &first.decision) {
        (Target::Channel(_), Some(key)) => pushed_id(first, key),
        _ => message_id(&notices, way),
    };
    let at = notices.iter().map(|notice| notice.at).max().unwrap_or(now);
    Message {
        id,
        kind: kind.as_str().into(),
        // Not even of which order something waits.
        order: first.order.clone().filter(|_| !is_veiled && is_of_one_order),
        to: way.address.to_string(),
        at,
        forms,
        confidential: !is_veiled && notices.iter().any(|notice| notice.confidential),
        ..Message::default()
    }
}

/// By what another system knows what it is pushed: the decision's key, which a proposal keeps when it is approved; a lifting
/// has its own.
fn pushed_id(notice: &QueuedNotice, key: &Key) -> Arc<str> {
    let base = notice.key.split('>').next().unwrap_or_default();
    if base.ends_with(":lifted") { base.into() } else { key.clone() }
}

/// The same for the same notices and address, on every attempt.
fn message_id(notices: &[&QueuedNotice], way: &Way) -> Arc<str> {
    let mut digest = Sha256::new();
    for part in notices.iter().map(|notice| &*notice.key).chain([&*way.channel, &*way.address]) {
        digest.update(part);
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..16]).into()
}
