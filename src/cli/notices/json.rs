//! Notices and calls as JSON, for scripts. Addresses, names and numbers are in it: whoever reads the store may see them.

use crate::notify::notice::Target;
use crate::store::outbox::search::CallView;
use crate::store::outbox::{Call, Delivery, KeptReceipt, Notice, outcome_name};
use crate::store::replies::KeptReply;
use crate::time::Instant;
use chrono_tz::Tz;
use serde_json::{Value, json};

/// A notice whole.
pub(super) fn notice_json(notice: &Notice, zone: Tz) -> Value {
    let queued = &notice.queued;
    let (recipient, place, channel) = match &queued.target {
        Target::Recipient { recipient, place } => (Some(&**recipient), place.as_deref(), None),
        Target::Channel(channel) => (None, None, Some(&**channel)),
    };
    let at = |at: Instant| Value::from(at.rfc3339(zone));
    let shown = json!({
        "id": notice.id,
        "key": &*queued.key,
        "state": notice.state.as_str(),
        "kind": queued.kind.as_str(),
        "at": at(queued.at),
        "attempt": notice.attempt,
        "text": queued.forms.short,
        "deliveries": notice.deliveries.iter().map(|one| delivery_json(one, zone)).collect::<Vec<_>>(),
        "calls": notice.calls.iter().map(|one| call_json(one, zone)).collect::<Vec<_>>(),
    });
    let due_at = notice.is_open.then(|| at(notice.due_at));
    with(
        shown,
        [
            ("order", queued.order.as_deref().map(Value::from)),
            ("decision", queued.decision.as_deref().map(Value::from)),
            ("to", recipient.map(Value::from)),
            ("place", place.map(Value::from)),
            ("channel", channel.map(Value::from)),
            ("expires_at", queued.expires_at.map(at)),
            ("next", due_at),
            ("settled_at", notice.settled_at.map(at)),
            ("reason", notice.reason.as_deref().map(Value::from)),
            ("retries", (notice.retries > 0).then(|| notice.retries.into())),
        ],
    )
}

/// A notice with what was answered to it.
pub(super) fn with_replies(mut notice: Value, replies: &[KeptReply], zone: Tz) -> Value {
    let reply = |reply: &KeptReply| json!({ "channel": reply.channel, "from": reply.from, "at": reply.at.rfc3339(zone), "text": reply.text });
    notice["replies"] = replies.iter().map(reply).collect();
    notice
}

/// A call with what is to be said.
pub(super) fn call_view_json(view: &CallView, zone: Tz) -> Value {
    let CallView { call, notice } = view;
    let mut shown = call_json(call, zone);
    shown["notice"] = notice.id.into();
    shown["kind"] = notice.queued.kind.as_str().into();
    shown["to"] = notice.queued.target.name().into();
    shown["say"] = notice.queued.forms.short.as_str().into();
    with(shown, [("order", notice.queued.order.as_deref().map(Value::from))])
}

fn call_json(call: &Call, zone: Tz) -> Value {
    let shown = json!({
        "id": call.id,
        "state": call.state.as_str(),
        "at": call.at.rfc3339(zone),
        "whom": &*call.party,
        "why": call.why,
    });
    with(
        shown,
        [
            ("number", call.number.as_deref().map(Value::from)),
            ("ended_at", call.ended_at.map(|at| at.rfc3339(zone).into())),
            ("by", call.by.as_deref().map(Value::from)),
            ("note", call.note.as_deref().map(Value::from)),
        ],
    )
}

fn delivery_json(delivery: &Delivery, zone: Tz) -> Value {
    let shown = json!({
        "attempt": delivery.attempt,
        "channel": &*delivery.channel,
        "address": &*delivery.address,
        "at": delivery.at.rfc3339(zone),
        "outcome": delivery.outcome.as_str(),
    });
    let receipts = delivery.receipts.iter().map(|one| receipt_json(one, zone)).collect::<Vec<_>>();
    with(
        shown,
        [
            ("whom", delivery.party.as_deref().filter(|party| !party.is_empty()).map(Value::from)),
            ("detail", delivery.detail.as_deref().map(Value::from)),
            ("provider_id", delivery.provider_id.as_deref().map(Value::from)),
            ("message", delivery.message.as_deref().map(Value::from)),
            ("receipts", (!receipts.is_empty()).then(|| receipts.into())),
        ],
    )
}

fn receipt_json(receipt: &KeptReceipt, zone: Tz) -> Value {
    let shown = json!({
        "at": receipt.at.rfc3339(zone),
        "known_at": receipt.known_at.rfc3339(zone),
        "source": receipt.source.as_str(),
        "outcome": outcome_name(receipt.outcome),
    });
    with(shown, [("detail", receipt.detail.as_deref().map(Value::from))])
}

fn with<const N: usize>(mut shown: Value, more: [(&str, Option<Value>); N]) -> Value {
    for (name, value) in more.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        shown[name] = value;
    }
    shown
}
