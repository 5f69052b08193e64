//! The outbox: notices are queued with their decision, claimed with a lease, and settled.
//!
//! A lease, not a lock: a crashed claim ends by itself. Only the holder of the newest token enters a request and settles, so
//! that a stalled sender neither sends nor overwrites what another did. That a request goes out is entered before it does;
//! what was delivered, and what receipts say of it, is a fact and is recorded with or without the lease, never changed, and
//! chained. How a notice stands follows from them and is kept beside them.

pub mod hand;
pub(super) mod queue;
pub(super) mod read;
pub mod receipts;
pub mod search;
pub(super) mod sending;
pub mod standing;
pub(super) mod twins;

use super::ledger::{Content, Hash, Kind};
use crate::notify::channel::ReceiptOutcome;
use crate::notify::notice::QueuedNotice;
use crate::time::Instant;
use std::sync::Arc;

/// A notice by its number.
pub type NoticeId = i64;

/// So many notices at most are claimed for digests at once, and go into one message.
pub const DIGESTED_MAX: u32 = 1000;

/// A notice as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its number.
    pub id: NoticeId,
    /// What was queued.
    pub queued: QueuedNotice,
    /// How it stands.
    pub state: NoticeState,
    /// Whether it is looked at again when `due_at` comes.
    pub is_open: bool,
    /// When it is next to be tried or looked at; while it is claimed, when its lease ends.
    pub due_at: Instant,
    /// How often it was claimed; counted at the claim, so that a channel that kills us uses up its attempts.
    pub attempt: u32,
    /// Since when it stands so; none: it is queued or being sent.
    pub settled_at: Option<Instant>,
    /// Why it was not delivered, or not yet.
    pub reason: Option<String>,
    /// What holds it; none: it waits for nothing but its turn.
    pub held: Option<HeldBy>,
    /// Goes out as one message with the others of this bundle, which bears its first notice's number.
    pub bundle: Option<NoticeId>,
    /// How often a person had it tried again.
    pub retries: u32,
    /// So many of its first deliveries lie before that and hold nobody up any more.
    pub forgiven: usize,
    /// What was tried, in the order tried.
    pub deliveries: Vec<Delivery>,
    /// Who is to be called, or was.
    pub calls: Vec<Call>,
}

/// A notice that only the holder of the token may settle.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The notice.
    pub notice: Notice,
    /// Which claim this is.
    pub token: Token,
}

/// Which claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub(super) i64);

/// How a notice stands: as the one behind it who is worst off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeState {
    /// 待发: it waits to be sent, or to be tried again.
    Queued,
    /// 已发出: the request is on its way, and no answer is recorded yet.
    Sent,
    /// 渠道已接收: the other side took it for everybody behind it; that does not prove that it arrived.
    Accepted,
    /// 已送达: its receipts, or its channel's own answer, prove for everybody behind it that it arrived.
    Delivered,
    /// 未送达: somebody behind it was not reached by any channel, and it is not tried again.
    Failed,
    /// 不明: it was sent and nobody knows whether it arrived.
    Unknown,
    /// 已过时: it said nothing any more before it was sent.
    Expired,
    /// 已取消: a person took it back before it was sent, or what it tells was revoked by then.
    Cancelled,
}

impl NoticeState {
    /// All of them.
    pub const ALL: [NoticeState; 8] = [
        NoticeState::Queued,
        NoticeState::Sent,
        NoticeState::Accepted,
        NoticeState::Delivered,
        NoticeState::Failed,
        NoticeState::Unknown,
        NoticeState::Expired,
        NoticeState::Cancelled,
    ];

    /// Its name in the store, in metrics and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeState::Queued => "queued",
            NoticeState::Sent => "sent",
            NoticeState::Accepted => "accepted",
            NoticeState::Delivered => "delivered",
            NoticeState::Failed => "failed",
            NoticeState::Unknown => "unknown",
            NoticeState::Expired => "expired",
            NoticeState::Cancelled => "cancelled",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<NoticeState> {
        NoticeState::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An attempt at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which attempt of the notice it belongs to.
    pub attempt: u32,
    /// The channel's name.
    pub channel: Arc<str>,
    /// The address in the channel's own form; personal.
    pub address: Arc<str>,
    /// When it ended.
    pub at: Instant,
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// Why, where it was not taken.
    pub detail: Option<String>,
    /// By what the other side knows it.
    pub provider_id: Option<String>,
    /// The message's id, the same on every attempt; none: it was recorded before these were kept.
    pub message: Option<Arc<str>>,
    /// Who it was for, as letters address them; personal; empty: a group or another system.
    pub party: Option<Arc<str>>,
    /// What the other side said of it later.
    pub receipts: Vec<KeptReceipt>,
}

/// How an attempt at one address ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// The other side took it.
    Accepted,
    /// Not delivered; trying again can help.
    Transient,
    /// Not delivered; trying again cannot help.
    Permanent,
    /// Sent without an answer: perhaps delivered.
    Unknown,
    /// The daemon ended between entering the request and recording its answer: perhaps sent, perhaps delivered.
    Interrupted,
}

impl DeliveryOutcome {
    const ALL: [DeliveryOutcome; 5] = [
        DeliveryOutcome::Accepted,
        DeliveryOutcome::Transient,
        DeliveryOutcome::Permanent,
        DeliveryOutcome::Unknown,
        DeliveryOutcome::Interrupted,
    ];

    /// Its name in the store and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryOutcome::Accepted => "accepted",
            DeliveryOutcome::Transient => "transient",
            DeliveryOutcome::Permanent => "permanent",
            DeliveryOutcome::Unknown => "unknown",
            DeliveryOutcome::Interrupted => "interrupted",
        }
    }
}

/// A receipt of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReceipt {
    /// When it was delivered or given up, as the other side says.
    pub at: Instant,
    /// When that became known.
    pub known_at: Instant,
    /// How.
    pub source: ReceiptSource,
    /// What became of it.
    pub outcome: ReceiptOutcome,
    /// The other side's code and words.
    pub detail: Option<String>,
}

/// How a receipt became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptSource {
    /// The other side posted it.
    Callback,
    /// It was asked for.
    Asked,
}

impl ReceiptSource {
    /// Its name in the store and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            ReceiptSource::Callback => "callback",
            ReceiptSource::Asked => "asked",
        }
    }
}

/// A receipt's outcome by its name in the store and in the API.
pub fn outcome_name(outcome: ReceiptOutcome) -> &'static str {
    match outcome {
        ReceiptOutcome::Delivered => "delivered",
        ReceiptOutcome::Failed => "failed",
    }
}

/// Somebody who is to be called, because no channel reached them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub id: i64,
    /// Of which notice.
    pub notice: NoticeId,
    /// Whom; personal.
    pub party: Arc<str>,
    /// At which number; personal; none: the directory has none.
    pub number: Option<Arc<str>>,
    /// What failed.
    pub why: String,
    /// Since when.
    pub at: Instant,
    /// Whether it is still to be done.
    pub state: CallState,
    /// When it was done or closed.
    pub ended_at: Option<Instant>,
    /// Who called.
    pub by: Option<String>,
    /// What they say of it, or why it was closed.
    pub note: Option<String>,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallState {
    /// 待打: somebody is to call.
    Open,
    /// 已打: somebody did.
    Done,
    /// 已关闭: it is not needed any more.
    Closed,
}

impl CallState {
    /// All of them.
    pub const ALL: [CallState; 3] = [CallState::Open, CallState::Done, CallState::Closed];

    /// Its name in the store and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            CallState::Open => "open",
            CallState::Done => "done",
            CallState::Closed => "closed",
        }
    }
}

/// A request that is about to go out, as it is entered before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The message's id.
    pub message: Arc<str>,
    /// The channel's name.
    pub channel: Arc<str>,
    /// The address; personal.
    pub address: Arc<str>,
    /// Who it is for; personal.
    pub party: Arc<str>,
    /// Which attempt of the notice it is.
    pub attempt: u32,
    /// When it is entered.
    pub at: Instant,
    /// Whether something is to be heard of it later.
    pub awaits: Awaits,
}

/// Whether something is to be heard of a message after it was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Awaits {
    /// Its channel has no receipts.
    #[default]
    Nothing,
    /// The other side posts them.
    Callback,
    /// The other side is asked for them, and may post them too.
    Asked,
}

/// How an attempt at one address ended, and what is to be heard of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The attempt.
    pub delivery: Delivery,
    /// What is to be heard.
    pub awaits: Awaits,
}

impl From<Delivery> for Answer {
    fn from(delivery: Delivery) -> Answer {
        Answer { delivery, awaits: Awaits::Nothing }
    }
}

/// What holds a notice that waits though nothing hinders it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeldBy {
    /// The hours of its kind.
    Hours,
    /// Its reader has had much of late: it goes out with others as a digest.
    Digest,
}

impl HeldBy {
    const ALL: [HeldBy; 2] = [HeldBy::Hours, HeldBy::Digest];

    /// Its name in the store and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            HeldBy::Hours => "hours",
            HeldBy::Digest => "digest",
        }
    }

    fn parse(name: &str) -> Option<HeldBy> {
        HeldBy::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// How a claim ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is tried again, not before an instant.
    Retry {
        /// When.
        due_at: Instant,
        /// Why.
        reason: String,
        /// Whether this attempt counts: one that was put off before anything was tried does not.
        counts: bool,
    },
    /// It waits though nothing hinders it; no attempt is used up.
    Held {
        /// Until when.
        until: Instant,
        /// By what.
        by: HeldBy,
        /// Why, in words.
        reason: String,
    },
    /// Nothing is tried for now.
    Rests {
        /// How it stands.
        state: NoticeState,
        /// When it is to be looked at again; none: not before something becomes known.
        look_at: Option<Instant>,
        /// Why.
        reason: Option<String>,
        /// Whether this attempt counts.
        counts: bool,
    },
}

impl Settlement {
    /// Everything was tried that is to be.
    pub fn rests(state: NoticeState) -> Settlement {
        Settlement::Rests { state, look_at: None, reason: None, counts: true }
    }

    /// It cannot be sent as it is.
    pub fn failed(reason: impl Into<String>) -> Settlement {
        let reason = Some(reason.into());
        Settlement::Rests { state: NoticeState::Failed, look_at: None, reason, counts: true }
    }
}

/// What became known while a notice was claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// Attempts that are not recorded yet.
    pub answers: Vec<Answer>,
    /// Who is to be called.
    pub calls: Vec<NewCall>,
    /// Who was reached, so that nobody need call them.
    pub reached: Vec<Arc<str>>,
}

impl From<Vec<Delivery>> for Learned {
    fn from(deliveries: Vec<Delivery>) -> Learned {
        Learned { answers: deliveries.into_iter().map(Answer::from).collect(), ..Learned::default() }
    }
}

/// Somebody who is to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCall {
    /// Whom; personal.
    pub party: Arc<str>,
    /// At which number; personal.
    pub number: Option<Arc<str>>,
    /// What failed.
    pub why: String,
}

/// Whether a settlement held, or a request may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is durable.
    Settled,
    /// The lease had ended, and another claim, settlement or person came first.
    Lost,
}

/// What a health page and the metrics show of the outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxHealth {
    /// How many notices stand how.
    pub states: std::collections::BTreeMap<NoticeState, u64>,
    /// Notices that wait or are being sent.
    pub queued: u64,
    /// Since when the longest-waiting of them is due.
    pub oldest_due: Option<Instant>,
    /// Calls that are to be made.
    pub calls: u64,
}

impl OutboxHealth {
    /// How many notices stand so.
    pub fn count(&self, state: NoticeState) -> u64 {
        self.states.get(&state).copied().unwrap_or_default()
    }
}

/// The hash of a delivery's content, as it is chained and verified.
pub(super) fn delivery_content(id: i64, notice: NoticeId, delivery: &Delivery) -> Hash {
    let content = Content::of(Kind::Delivery)
        .number(id)
        .number(notice)
        .number(i64::from(delivery.attempt))
        .text(&delivery.channel)
        .erasable(&delivery.address)
        .number(delivery.at.0)
        .text(delivery.outcome.as_str())
        .maybe_text(delivery.detail.as_deref())
        .maybe_text(delivery.provider_id.as_deref());
    with_message(content, delivery.message.as_deref(), delivery.party.as_deref()).hash()
}

/// Of those recorded before messages had ids here nothing more is chained.
pub(super) fn with_message(content: Content, message: Option<&str>, party: Option<&str>) -> Content {
    match message {
        Some(message) => content.text(message).erasable(party.unwrap_or_default()),
        None => content,
    }
}
