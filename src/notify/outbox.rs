//! The outbox: notices that are due are claimed, sent and settled.
//!
//! A notice reaches everybody behind it at least once and is settled at most once. What each address answered is recorded
//! before the next is tried, so that a crash repeats at most the one message whose answer it swallowed; that one bears the
//! same id again. The schedule of attempts is in the store's rows: a restart forgets nothing.
//!
//! Who is told is looked up when it is sent. Ways to a person are tried in the order of preference: the next one at once
//! where the first cannot work, and after a few attempts where it does not.

pub mod dress;
mod pace;
pub mod sender;
pub mod trouble;
pub mod vacant;
mod ways;

use crate::clock;
use crate::engine::decision::Key;
use crate::notify::addressed::{self, Reader};
use crate::notify::channel::{Message, Outcome};
use crate::notify::notice::{QueuedNotice, Target};
use crate::policy::directory::Directory;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::outbox::{Claimed, Delivery, DeliveryOutcome, NoticeId, Settled, Settlement, Token};
use crate::time::Instant;
use dress::Papers;
use sender::Sender;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};
use trouble::Troubles;
use vacant::Vacant;
use ways::{Party, Stand, Way, is_group};

/// So many claims are being sent at once.
const IN_FLIGHT_MAX: usize = 64;
/// How long a claim is held: longer than everybody behind a notice takes, by every way.
const LEASE_MS: i64 = 10 * 60 * 1000;
/// Notices of one order to one reader that are at most so far apart are one message.
const TOGETHER_MS: i64 = 60 * 1000;
/// Tools and other processes may queue too, so the store is asked at least this often.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// After a claim, this long what ends is gathered before more is claimed: a claim is a transaction, and one for each
/// notice would take more of the store than sending does.
const GATHER: Duration = Duration::from_millis(20);
/// So long at most a claim gives way to a heap of orders being decided.
const GIVES_WAY: Duration = Duration::from_secs(2);
/// After a failure of the store.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What sends notices.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    sender: Arc<Sender>,
    directory: watch::Receiver<Arc<Directory>>,
    vacant: Vacant,
    heap: watch::Receiver<bool>,
    troubles: Troubles,
    papers: Arc<dyn Papers>,
}

/// Notices that are sent as one message.
struct Batch(Vec<Claimed>);

/// What an attempt at everybody behind a batch came to.
#[derive(Default)]
struct Attempt {
    deliveries: Vec<Delivery>,
    /// When somebody is to be tried again, at the earliest.
    again_at: Option<Instant>,
    /// Whether anything was tried at all.
    tried: bool,
    /// Why somebody was not told, or not yet.
    reasons: Vec<String>,
    /// Whether somebody cannot be told.
    unreachable: bool,
}

impl Outbox {
    /// With the channels, and the directory as it is at any moment.
    pub fn new(store: Store, sender: Arc<Sender>, directory: watch::Receiver<Arc<Directory>>) -> Outbox {
        let heap = watch::Sender::new(false).subscribe();
        let vacant = Vacant::new(Arc::new(|_| {}));
        let (troubles, papers) = (Troubles::new(Arc::new(trouble::Nobody)), Arc::new(dress::NoPapers));
        Outbox { store, sender, directory, vacant, heap, troubles, papers }
    }

    /// Tells somebody, whenever it changes, who has nobody behind them.
    #[must_use]
    pub fn naming_vacant(self, listener: vacant::Listener) -> Outbox {
        Outbox { vacant: Vacant::new(listener), ..self }
    }

    /// Gives way while a heap of orders is being decided, but not for long.
    #[must_use]
    pub fn giving_way_to(self, heap: watch::Receiver<bool>) -> Outbox {
        Outbox { heap, ..self }
    }

    /// Sends an order's papers with routes, by the channels that ask for them.
    #[must_use]
    pub fn with_papers(self, papers: Arc<dyn Papers>) -> Outbox {
        Outbox { papers, ..self }
    }

    /// Tells somebody of what an operator has to mend at a channel.
    #[must_use]
    pub fn naming_troubles(self, listener: Arc<dyn trouble::Listener>) -> Outbox {
        Outbox { troubles: Troubles::new(listener), ..self }
    }

    /// Sends until it is told to stop; what is then under way has `grace` to end. What does not is sent again after the
    /// next start.
    pub async fn run(mut self, stop: CancellationToken, grace: Duration) {
        let mut sending = JoinSet::new();
        let (mut news, mut directories) = (self.store.news(), self.directory.clone());
        while !stop.is_cancelled() {
            let gives_way = tokio::time::timeout(GIVES_WAY, self.heap.wait_for(|is_heap| !is_heap));
            tokio::select! {
                () = stop.cancelled() => break,
                _ = gives_way => {}
            }
            news.mark_unchanged();
            let free = IN_FLIGHT_MAX.saturating_sub(sending.len());
            let pause = self.start_due(&mut sending, free).await;
            let gathered = tokio::time::Instant::now() + GATHER;
            tokio::select! {
                () = stop.cancelled() => break,
                Ok(()) = news.changed() => {}
                Ok(()) = directories.changed() => {}
                Some(_) = sending.join_next() => {}
                () = tokio::time::sleep(pause) => {}
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep_until(gathered) => {}
            }
            while sending.try_join_next().is_some() {}
        }
        let ending = async { while sending.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, ending).await.is_err() {
            warn!("stopped while notices were being sent; they are sent again after the next start");
        }
    }

    /// Starts sending what is due, and says how long nothing else will be.
    async fn start_due(&self, sending: &mut JoinSet<()>, free: usize) -> Duration {
        let now = clock::now();
        let directory = self.directory.borrow().clone();
        self.vacant.look_again(&directory, &self.sender, now);
        if free == 0 {
            return LOOK_EVERY;
        }
        let claimed = match self.claim(now, free).await {
            Ok(claimed) => claimed,
            Err(error) => {
                error!(error = %error, "could not claim due notices");
                return AFTER_FAILURE;
            }
        };
        let full = claimed.len() == free;
        for batch in batches(claimed) {
            let outbox = self.clone();
            sending.spawn(async move { outbox.send(batch, clock::now).await });
        }
        if full { LOOK_EVERY } else { self.pause(now).await }
    }

    async fn pause(&self, now: Instant) -> Duration {
        match self.store.next_notice().await {
            Ok(Some(next)) => {
                let ms = next.ms_since(now).max(10);
                Duration::from_millis(ms.unsigned_abs()).min(LOOK_EVERY)
            }
            Ok(None) => LOOK_EVERY,
            Err(_) => AFTER_FAILURE,
        }
    }

    /// Sends everything that is due at an instant, and waits until it is settled: how many notices that were. For tests,
    /// the demo and tools, whose clocks are their own.
    pub async fn send_due(&self, now: Instant) -> Result<usize, StoreError> {
        let claimed = self.claim(now, IN_FLIGHT_MAX).await?;
        let count = claimed.len();
        let mut sending = JoinSet::new();
        for batch in batches(claimed) {
            let outbox = self.clone();
            sending.spawn(async move { outbox.send(batch, || now).await });
        }
        while sending.join_next().await.is_some() {}
        Ok(count)
    }

    async fn claim(&self, now: Instant, limit: usize) -> Result<Vec<Claimed>, StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.store.claim_due_notices(now, now.plus_ms(LEASE_MS), limit).await
    }

    #[tracing::instrument(name = "outbox.deliver", skip_all, fields(
        order.id = batch.first().order.as_deref(), notice.id = batch.0[0].notice.id, attempt = batch.0[0].notice.attempt))]
    async fn send(&self, batch: Batch, clock: impl Fn() -> Instant) {
        let now = clock();
        let (expired, live): (Vec<_>, Vec<_>) = batch.0.into_iter().partition(|claimed| has_expired(claimed, now));
        for claimed in &expired {
            self.settle(claimed, Settlement::Expired, now).await;
        }
        if live.is_empty() {
            return;
        }
        let batch = Batch(live);
        let directory = self.directory.borrow().clone();
        let attempt = match ways::parties(&batch.first().target, &directory, &self.sender, now) {
            Ok(parties) => self.tell(&batch, &parties, &clock).await,
            Err(nobody) => {
                let first = batch.first();
                self.vacant.found(&first.target, first.order.as_deref(), &nobody.to_string());
                let again_at = Some(batch.next_attempt(clock(), None));
                Attempt { again_at, tried: true, reasons: vec![nobody.to_string()], ..Attempt::default() }
            }
        };
        self.settle_all(&batch, &attempt, clock()).await;
    }

    /// Tries everybody who is not told yet, each by one way after another as long as the way before cannot work.
    async fn tell(&self, batch: &Batch, parties: &[Party], clock: &impl Fn() -> Instant) -> Attempt {
        let mut attempt = Attempt { deliveries: batch.0[0].notice.deliveries.clone(), ..Attempt::default() };
        for party in parties {
            self.tell_party(batch, party, &mut attempt, clock).await;
        }
        attempt
    }

    async fn tell_party(&self, batch: &Batch, party: &Party, attempt: &mut Attempt, clock: &impl Fn() -> Instant) {
        let repeats = |name: &str| self.sender.channel(name).is_some_and(|channel| channel.recognises_repeats());
        loop {
            let way = match party.stand(&attempt.deliveries, repeats) {
                Stand::Told => return,
                Stand::Next(way) => way.clone(),
                Stand::Unreachable(reason) => {
                    attempt.unreachable = true;
                    attempt.reasons.push(said(&party.name, &reason));
                    return;
                }
            };
            let Some(channel) = self.sender.channel(&way.channel).cloned() else { return };
            let message = self.message(batch, party, &way, clock());
            let message = self.dressed((batch, party, &way), &*channel, message, clock()).await;
            let outcome = channel.deliver(&message, clock()).await;
            self.troubles.met(&way.channel, channel.troubles(), clock());
            if matches!(outcome, Outcome::Accepted { .. }) {
                self.troubles.works(&way.channel);
            }
            match self.record(batch, &way, outcome, attempt, clock()).await {
                Go::On => {}
                Go::Later(at, reason) => {
                    attempt.again_at = Some(attempt.again_at.map_or(at, |known| known.min(at)));
                    attempt.reasons.push(said(&party.name, &reason));
                    return;
                }
            }
        }
    }

    fn message(&self, batch: &Batch, party: &Party, way: &Way, now: Instant) -> Message {
        let first = batch.first();
        let notices: Vec<&QueuedNotice> = batch.notices().collect();
        let kind = notices.iter().map(|notice| notice.kind).min().unwrap_or(first.kind);
        let is_group = self.sender.address(&way.channel).is_none_or(is_group);
        let forms = addressed::forms(&notices, Reader { channel: &way.channel, is_group, name: &party.name });
        let is_veiled = addressed::is_veiled(&notices, is_group);
        let id = match (&first.target, &first.decision) {
            (Target::Channel(_), Some(key)) => pushed_id(first, key),
            _ => message_id(&notices, way),
        };
        let at = notices.iter().map(|notice| notice.at).max().unwrap_or(now);
        Message {
            id,
            kind: kind.as_str().into(),
            // Not even of which order something waits.
            order: first.order.clone().filter(|_| !is_veiled),
            to: way.address.to_string(),
            at,
            forms,
            confidential: !is_veiled && notices.iter().any(|notice| notice.confidential),
            ..Message::default()
        }
    }

    /// Records what an address answered, for every notice of the batch, and says what is next for its party.
    async fn record(&self, batch: &Batch, way: &Way, outcome: Outcome, attempt: &mut Attempt, now: Instant) -> Go {
        let (answer, detail, provider_id, asked) = match outcome {
            Outcome::Deferred { not_before } => return Go::Later(not_before, "按渠道限速等候".into()),
            Outcome::Accepted { provider_id } => (DeliveryOutcome::Accepted, None, provider_id, None),
            Outcome::Transient { reason, retry_after } => (DeliveryOutcome::Transient, Some(reason), None, retry_after),
            Outcome::Permanent { reason } => (DeliveryOutcome::Permanent, Some(reason), None, None),
            Outcome::Unknown { reason } => (DeliveryOutcome::Unknown, Some(reason), None, None),
        };
        attempt.tried = true;
        let (channel, address) = (way.channel.clone(), way.address.clone());
        let number = batch.0[0].notice.attempt;
        let delivery = Delivery {
            attempt: number,
            channel,
            address,
            at: now,
            outcome: answer,
            detail: detail.clone(),
            provider_id,
        };
        attempt.deliveries.push(delivery.clone());
        for claimed in &batch.0 {
            let recorded = self.store.record_deliveries(claimed.notice.id, vec![delivery.clone()], now).await;
            if let Err(error) = recorded {
                error!(error = %error, notice.id = claimed.notice.id, "could not record a delivery");
            }
        }
        let reason = detail.unwrap_or_default();
        if answer == DeliveryOutcome::Accepted {
            debug!(channel = &*way.channel, "delivered");
        } else {
            warn!(channel = &*way.channel, outcome = answer.as_str(), reason, "could not deliver a notice");
        }
        match answer {
            DeliveryOutcome::Accepted | DeliveryOutcome::Permanent => Go::On,
            DeliveryOutcome::Transient | DeliveryOutcome::Unknown => Go::Later(batch.next_attempt(now, asked), reason),
        }
    }

    async fn settle_all(&self, batch: &Batch, attempt: &Attempt, now: Instant) {
        for claimed in &batch.0 {
            self.settle(claimed, attempt.settlement(claimed.notice.attempt), now).await;
        }
    }

    async fn settle(&self, claimed: &Claimed, settlement: Settlement, now: Instant) {
        let id: (NoticeId, Token) = (claimed.notice.id, claimed.token);
        if let Settlement::Failed { reason } | Settlement::GivenUp { reason } = &settlement {
            error!(
                notice.id = claimed.notice.id,
                to = claimed.notice.queued.target.name(),
                reason,
                "a notice was not delivered and is not tried again"
            );
        }
        match self.store.settle_notice(id, settlement, Vec::new(), now).await {
            Ok(Settled::Settled) => {}
            Ok(Settled::Lost) => warn!(notice.id = claimed.notice.id, "a claim had ended before it was settled"),
            Err(error) => error!(error = %error, notice.id = claimed.notice.id, "could not settle a notice"),
        }
    }
}

/// What is next for somebody.
enum Go {
    /// They were told, or the next way is tried.
    On,
    /// They are tried again.
    Later(Instant, String),
}

impl Attempt {
    fn settlement(&self, number: u32) -> Settlement {
        let reason = self.reasons.join("；");
        match self.again_at {
            Some(_) if number >= pace::ATTEMPTS_MAX && self.tried => Settlement::GivenUp { reason },
            Some(due_at) => Settlement::Retry { due_at, reason, counts: self.tried },
            None if self.unreachable => Settlement::Failed { reason },
            None => Settlement::Sent,
        }
    }
}

impl Batch {
    fn first(&self) -> &QueuedNotice {
        &self.0[0].notice.queued
    }

    /// The notices, the gravest first.
    fn notices(&self) -> impl Iterator<Item = &QueuedNotice> {
        let mut notices: Vec<&QueuedNotice> = self.0.iter().map(|claimed| &claimed.notice.queued).collect();
        notices.sort_by_key(|notice| (notice.kind, notice.at));
        notices.into_iter()
    }

    fn next_attempt(&self, now: Instant, asked: Option<Duration>) -> Instant {
        let notice = &self.0[0].notice;
        now.plus_ms(pace::pause_ms(notice.attempt, asked, notice.id.unsigned_abs()))
    }

    /// Whether another notice goes into the same message: the same order and reader, at about the same time, and nobody
    /// has had one of them without the other.
    fn takes(&self, other: &Claimed) -> bool {
        let (first, new) = (self.first(), &other.notice.queued);
        let to_people = matches!(first.target, Target::Recipient { .. });
        to_people
            && first.order.is_some()
            && (&first.order, &first.target, first.confidential) == (&new.order, &new.target, new.confidential)
            && self.0.iter().all(|claimed| (claimed.notice.queued.at.0 - new.at.0).abs() <= TOGETHER_MS)
            && told(&self.0[0]) == told(other)
    }
}

/// By what another system knows what it is pushed: the decision's key, which a proposal keeps when it is approved; a lifting
/// has its own.
fn pushed_id(notice: &QueuedNotice, key: &Key) -> Arc<str> {
    let base = notice.key.split('>').next().unwrap_or_default();
    if base.ends_with(":lifted") { base.into() } else { key.clone() }
}

/// The addresses that have had a notice.
fn told(claimed: &Claimed) -> Vec<(&str, &str)> {
    let accepted = claimed.notice.deliveries.iter().filter(|known| known.outcome == DeliveryOutcome::Accepted);
    accepted.map(|known| (&*known.channel, &*known.address)).collect()
}

fn batches(claimed: Vec<Claimed>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for one in claimed {
        match batches.iter_mut().find(|batch| batch.takes(&one)) {
            Some(batch) => batch.0.push(one),
            None => batches.push(Batch(vec![one])),
        }
    }
    batches
}

fn has_expired(claimed: &Claimed, now: Instant) -> bool {
    claimed.notice.queued.expires_at.is_some_and(|end| end <= now)
}

fn said(name: &str, reason: &str) -> String {
    if name.is_empty() { reason.to_owned() } else { format!("{name}：{reason}") }
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

#[cfg(test)]
mod tests;
