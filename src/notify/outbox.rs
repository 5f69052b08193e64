//! The outbox: notices that are due are claimed, sent and settled, and seen through until they are delivered.
//!
//! A notice reaches everybody behind it at least once. That a request goes out is entered before it does, and what it was
//! answered is recorded before the next goes out, so that a crash repeats at most the one message whose answer it swallowed;
//! that one bears the same id again. What becomes of it later ([`stand`]) is read from rows, and so is the schedule of
//! attempts: a restart forgets nothing.
//!
//! Who is told is looked up when it is sent. Ways to a person are tried in the order of preference: the next one at once
//! where the first cannot work, after a few attempts where it does not, and after its kind's time where no receipt says that
//! it arrived; in the end somebody is to call.

pub mod asking;
mod attempt;
mod batch;
mod care;
mod circuit;
mod current;
pub mod dress;
mod hold;
mod limited;
mod message;
mod pace;
mod readers;
pub mod sender;
mod stand;
mod telling;
pub mod trouble;
pub mod vacant;
mod ways;

use crate::calendar::Calendar;
use crate::clock;
use crate::config::notices::{Digest, Notices, PRESSING_MS};
use crate::notify::channel::Outcome;
use crate::notify::rate::{InMemory, Limit, Rates};
use crate::policy::directory::Directory;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::outbox::{Claimed, HeldBy, Learned, NoticeState, Settled, Settlement};
use crate::store::rates::Pause;
use crate::time::Instant;
use attempt::Attempt;
use batch::{Batch, batches, gathered, in_turn};
use care::Care;
use circuit::{Change, Circuits};
use dress::Papers;
use readers::Readers;
use sender::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use telling::Telling;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use trouble::Troubles;
use vacant::Vacant;
use ways::Party;

/// So many claims are being sent at once.
const IN_FLIGHT_MAX: usize = 64;
/// How long a claim is held, anew from each request on: longer than any takes.
const LEASE_MS: i64 = 10 * 60 * 1000;
/// Tools and other processes may queue too, so the store is asked at least this often.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// After a claim, this long what ends is gathered before more is claimed: a claim is a transaction, and one for each
/// notice would take more of the store than sending does.
const GATHER: Duration = Duration::from_millis(20);
/// So long at most a claim gives way to a heap of orders being decided.
const GIVES_WAY: Duration = Duration::from_secs(2);
/// After a failure of the store.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Who is told, each time it changes, which channels are paused.
pub type PauseListener = Arc<dyn Fn(&[Pause]) + Send + Sync>;

/// What sends notices.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    sender: Arc<Sender>,
    bearings: watch::Receiver<Arc<Bearings>>,
    notices: Arc<Notices>,
    vacant: Vacant,
    heap: watch::Receiver<bool>,
    troubles: Troubles,
    papers: Arc<dyn Papers>,
    rates: Arc<dyn Rates>,
    circuits: Arc<Mutex<Circuits>>,
    pauses: PauseListener,
}

/// What the outbox asks of the rules in force.
#[derive(Clone, Debug, Default)]
pub struct Bearings {
    /// Who stands behind each name.
    pub directory: Arc<Directory>,
    /// The calendars by name.
    pub calendars: Vec<(String, Arc<Calendar>)>,
}

impl Bearings {
    /// Without calendars.
    pub fn of(directory: Arc<Directory>) -> Bearings {
        Bearings { directory, ..Bearings::default() }
    }

    /// The calendar of this name; where none is named, the first there is.
    fn calendar_or_any(&self, name: Option<&str>) -> Option<&Calendar> {
        self.calendar(name).or_else(|| self.calendars.first().map(|(_, calendar)| &**calendar))
    }

    fn calendar(&self, name: Option<&str>) -> Option<&Calendar> {
        let name = name?;
        self.calendars.iter().find(|(known, _)| known == name).map(|(_, calendar)| &**calendar)
    }
}

impl Outbox {
    /// With the channels, and the rules in force as they are at any moment.
    pub fn new(store: Store, sender: Arc<Sender>, bearings: watch::Receiver<Arc<Bearings>>) -> Outbox {
        let vacant = Vacant::new(Arc::new(|_| {}));
        let heap = watch::Sender::new(false).subscribe();
        let (notices, circuits) = (Arc::default(), Arc::default());
        let (rates, pauses) = (Arc::new(InMemory::default()), Arc::new(|_: &[Pause]| {}));
        let (troubles, papers) = (Troubles::new(Arc::new(trouble::Nobody)), Arc::new(dress::NoPapers));
        Outbox { store, sender, bearings, notices, vacant, heap, troubles, papers, rates, circuits, pauses }
    }

    /// Sees notices through as configured.
    #[must_use]
    pub fn seeing_through(self, notices: Notices) -> Outbox {
        Outbox { notices: Arc::new(notices), ..self }
    }

    /// Tells somebody, whenever it changes, who has nobody behind them.
    #[must_use]
    pub fn naming_vacant(self, listener: vacant::Listener) -> Outbox {
        Outbox { vacant: Vacant::new(listener), ..self }
    }

    /// Counts what readers were sent where the channels count what they send.
    #[must_use]
    pub fn counting_in(self, rates: Arc<dyn Rates>) -> Outbox {
        Outbox { rates, ..self }
    }

    /// Tells somebody, whenever it changes, which channels are paused.
    #[must_use]
    pub fn naming_paused(self, pauses: PauseListener) -> Outbox {
        Outbox { pauses, ..self }
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
        self.restore_pauses().await;
        let mut sending = JoinSet::new();
        let (mut news, mut bearings) = (self.store.news(), self.bearings.clone());
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
                Ok(()) = bearings.changed() => {}
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
        let bearings = self.bearings.borrow().clone();
        self.vacant.look_again(&bearings.directory, &self.sender, now);
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
        let full = claimed.len() >= free;
        for batches in in_turn(self.batches(claimed, now)) {
            let outbox = self.clone();
            sending.spawn(async move { outbox.send_in_turn(batches, clock::now).await });
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
        for batches in in_turn(self.batches(claimed, now)) {
            let outbox = self.clone();
            sending.spawn(async move { outbox.send_in_turn(batches, || now).await });
        }
        while sending.join_next().await.is_some() {}
        Ok(count)
    }

    async fn claim(&self, now: Instant, limit: usize) -> Result<Vec<Claimed>, StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.store.claim_due_notices(now, now.plus_ms(LEASE_MS), limit).await
    }

    async fn send_in_turn(&self, batches: Vec<Batch>, clock: impl Fn() -> Instant) {
        for batch in batches {
            self.send(batch, &clock).await;
        }
    }

    #[tracing::instrument(name = "outbox.deliver", skip_all, fields(
        order.id = batch.first().order.as_deref(), notice.id = batch.lead().id, attempt = batch.lead().attempt))]
    async fn send(&self, batch: Batch, clock: &impl Fn() -> Instant) {
        let now = clock();
        let (expired, live) = batch.without_expired(now);
        for claimed in &expired {
            self.settle(claimed, Settlement::rests(NoticeState::Expired), &Attempt::default(), now).await;
        }
        let Some(batch) = live else { return };
        let Some(batch) = self.as_it_stands(batch, now).await else { return };
        let bearings = self.bearings.borrow().clone();
        if let Some(held) = self.held(&batch, &bearings, now).await {
            for claimed in &batch.0 {
                self.settle(claimed, held.clone(), &Attempt::default(), now).await;
            }
            return;
        }
        let known = ways::parties(&batch.first().target, &bearings.directory, &self.sender, now);
        let parties = match known {
            _ if !batch.is_queued() => ways::recorded(batch.lead(), known.as_deref().unwrap_or_default()),
            Ok(parties) => parties,
            Err(nobody) => return self.put_off(&batch, &nobody.to_string(), clock()).await,
        };
        let attempt = self.tell(&batch, &parties, &bearings, clock).await;
        self.settle_all(&batch, &attempt, clock()).await;
    }

    /// What was claimed, by message.
    fn batches(&self, claimed: Vec<Claimed>, now: Instant) -> Vec<Batch> {
        let readers = Readers::of(&claimed, &self.bearings.borrow(), &self.sender, now);
        let batches = batches(claimed, &readers);
        match self.notices.digest {
            Some(digest) => gathered(batches, digest.after, &readers),
            None => batches,
        }
    }

    /// Whether a batch waits though nothing hinders it: for its hours, or because its reader has had much of late.
    async fn held(&self, batch: &Batch, bearings: &Bearings, now: Instant) -> Option<Settlement> {
        if !batch.may_be_held() {
            return None;
        }
        if let Some(until) = self.closed_until(batch, bearings, now) {
            let reason = format!("按设定的时间发送，等到{}", hold::shown(until));
            return Some(Settlement::Held { until, by: HeldBy::Hours, reason });
        }
        if batch.is_new() { self.held_for_digest(batch, bearings, now).await } else { None }
    }

    async fn held_for_digest(&self, batch: &Batch, bearings: &Bearings, now: Instant) -> Option<Settlement> {
        let Digest { after, within_ms } = self.notices.digest?;
        let limits = [Limit { count: after, span_ms: within_ms }];
        let key = readers::key(&batch.first().target, bearings, &self.sender, now);
        let until = self.rates.take(&[&key], &limits, 1, now).await.err()?;
        let until = match batch.is_pressing() {
            Some(true) => return None,
            Some(false) => until.min(now.plus_ms(PRESSING_MS)),
            None => until,
        };
        let reason = format!("该收件人短时间内已收到{after}条，其余合并为一条，等到{}", hold::shown(until));
        Some(Settlement::Held { until, by: HeldBy::Digest, reason })
    }

    /// When the hours of everything in a batch next begin; none: it may be sent now. What would say nothing any more by then
    /// does not wait.
    fn closed_until(&self, batch: &Batch, bearings: &Bearings, now: Instant) -> Option<Instant> {
        let mut until: Option<Instant> = None;
        for notice in batch.notices() {
            let hours = *self.notices.hours.get(&notice.kind)?;
            let opens = hold::opens_at(hours, bearings.calendar_or_any(notice.calendar.as_deref()), now)?;
            if notice.expires_at.is_some_and(|end| end <= opens) {
                return None;
            }
            until = Some(until.map_or(opens, |known| known.min(opens)));
        }
        until
    }

    /// Goes on with what was paused before a restart.
    async fn restore_pauses(&self) {
        match self.store.pauses().await {
            Ok(pauses) => {
                (self.pauses)(&pauses);
                *self.circuits() = Circuits::restored(pauses);
            }
            Err(error) => error!(error = %error, "could not read which channels are paused"),
        }
    }

    fn circuits(&self) -> MutexGuard<'_, Circuits> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what an answer says of its channel.
    async fn judge(&self, channel: &Arc<str>, outcome: &Outcome, now: Instant) {
        let change = match outcome {
            Outcome::Deferred { .. } => None,
            Outcome::Accepted { .. } | Outcome::Permanent { .. } | Outcome::Limited { .. } => {
                self.circuits().answered(channel)
            }
            Outcome::Transient { reason, retry_after: Some(asked) } => {
                self.circuits().asked(channel, reason, *asked, now)
            }
            Outcome::Transient { reason, .. } | Outcome::Unknown { reason } => {
                self.circuits().failed(channel, reason, now)
            }
        };
        let Some(change) = change else { return };
        let kept = match change {
            Change::Paused(pause) => {
                warn!(channel = &**channel, times = pause.times, reason = pause.why, "a channel is paused");
                self.store.pause(pause).await
            }
            Change::Ended(channel) => {
                info!(channel = &*channel, "a channel works again");
                self.store.end_pause(&channel).await
            }
        };
        if let Err(error) = kept {
            error!(error = %error, channel = &**channel, "could not keep whether a channel is paused");
        }
        let paused = self.circuits().all();
        (self.pauses)(&paused);
    }

    /// Nobody stands behind a batch: the directory may be mended.
    async fn put_off(&self, batch: &Batch, why: &str, now: Instant) {
        let first = batch.first();
        self.vacant.found(first, why);
        let mut attempt = Attempt::after(&batch.lead().deliveries);
        attempt.tried = true;
        attempt.again(batch.next_attempt(now, None), "", why);
        self.settle_all(batch, &attempt, now).await;
    }

    /// Tries everybody who is not told yet, each by one way after another as long as the way before cannot work.
    async fn tell(
        &self,
        batch: &Batch,
        parties: &[Party],
        bearings: &Bearings,
        clock: &impl Fn() -> Instant,
    ) -> Attempt {
        let calendar = bearings.calendar(batch.first().calendar.as_deref());
        let telling = Telling { outbox: self, batch, care: Care::of(&batch.notices(), &self.notices, calendar) };
        let mut attempt = Attempt::after(&batch.lead().deliveries);
        for party in parties {
            telling.tell(party, &mut attempt, clock).await;
        }
        attempt
    }

    async fn settle_all(&self, batch: &Batch, attempt: &Attempt, now: Instant) {
        let all = batch
            .0
            .iter()
            .map(|claimed| self.settle(claimed, attempt.settlement(claimed.notice.attempt), attempt, now));
        futures_util::future::join_all(all).await;
    }

    async fn settle(&self, claimed: &Claimed, settlement: Settlement, attempt: &Attempt, now: Instant) {
        let (notice, id) = (&claimed.notice, claimed.notice.id);
        if let Settlement::Rests { state: state @ (NoticeState::Failed | NoticeState::Unknown), reason, .. } =
            &settlement
            && notice.state != *state
        {
            // Of what is confidential the log names the number alone.
            let told = (!notice.queued.confidential).then_some((notice.queued.target.name(), reason));
            error!(
                notice.id = id,
                to = told.map(|told| told.0),
                state = state.as_str(),
                reason = told.map(|told| told.1),
                "a notice was not delivered, or nobody knows, and is not tried again"
            );
        }
        self.settle_with(claimed, settlement, attempt.learned(), now).await;
    }

    async fn settle_with(&self, claimed: &Claimed, settlement: Settlement, learned: Learned, now: Instant) {
        let id = claimed.notice.id;
        match self.store.settle_notice((id, claimed.token), settlement, learned, now).await {
            Ok(Settled::Settled) => {}
            Ok(Settled::Lost) => warn!(notice.id = id, "a claim had ended before it was settled"),
            Err(error) => error!(error = %error, notice.id = id, "could not settle a notice"),
        }
    }
}

#[cfg(test)]
mod tests;
