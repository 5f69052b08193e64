//! Deciding the orders that are due: loaded in batches, decided on all cores, saved in one transaction a batch.
//!
//! An order whose evaluation fails is set aside with the error and stops nobody else. One that changed while it was being
//! decided is simply still due.

use super::moved::{Moved, Moves, moved};
mod acts;

use super::rules::Rules;
use crate::config::Reminding;
use crate::engine::decide::decide;
use crate::engine::decision::{Decided, Decision, Key};
use crate::intake::body::history;
use crate::intake::http::{Health, shown};
use crate::metrics::Metrics;
use crate::notify::facts::Scene;
use crate::notify::notice::QueuedNotice;
use crate::order::History;
use crate::policy::model::Policy;
use crate::store::Store;
use crate::store::decided::{Saved, SavedOrder};
use crate::store::error::StoreError;
use crate::store::orders::{LoadedOrder, OrderRef};
use crate::store::prepared::Prepared;
use crate::time::Instant;
use acts::{Acts, Lifting, Reminded};
use futures_util::StreamExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::error;

/// So many orders are found due at once.
const FOUND: u32 = 32_768;
/// So many due at once are a heap: seconds of work.
pub(super) const HEAP: usize = 2048;
/// So many are loaded, decided and saved together: each transaction is a sync, and writes each page once.
pub(super) const BATCH: usize = 512;
/// The first ones are fewer, so that nobody waits for a great heap.
const FIRST_BATCH: usize = 64;
/// So many batches are loaded and decided at once, and so many saved: the writer always has the next one before it.
const AHEAD: usize = 3;
const SAVING: usize = 2;

/// What deciding works with.
pub struct Decider {
    /// The store.
    pub store: Store,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How the daemon is.
    pub health: Arc<Health>,
    /// What is told of.
    pub told: Told,
    /// Whether a great heap of orders is being decided, to which everything else that writes should give way.
    pub is_heap: watch::Sender<bool>,
    /// What the newest edit did to the orders decided since.
    pub(super) moves: Mutex<Moves>,
}

/// What is told of.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Decisions dated before are told to nobody.
    pub from: Instant,
    /// When approvers are reminded; none: never.
    pub reminding: Option<Reminding>,
}

/// An order decided (and what the newest edit did to it), or why it could not be.
enum Tried {
    Decided(Box<Prepared>, Option<Moved>),
    Failed(OrderRef, String),
}

impl Decider {
    /// A decider that has decided nothing yet.
    pub fn new(store: Store, metrics: Arc<Metrics>, health: Arc<Health>, told: Told) -> Decider {
        Decider { store, metrics, health, told, is_heap: watch::Sender::new(false), moves: Mutex::default() }
    }

    /// Decides every order that is due now; how many were saved. `between` is called after each batch: once it says no,
    /// what has been started is still saved, and the rest stays due.
    pub async fn decide_due(
        &self,
        rules: &Arc<Rules>,
        now: Instant,
        between: impl FnMut() -> bool,
    ) -> Result<usize, StoreError> {
        let decided = self.decide_heaps(rules, now, between).await;
        self.is_heap.send_if_modified(std::mem::take);
        decided
    }

    async fn decide_heaps(
        &self,
        rules: &Arc<Rules>,
        now: Instant,
        mut between: impl FnMut() -> bool,
    ) -> Result<usize, StoreError> {
        let mut saved = 0;
        loop {
            let due = self.store.due_orders(now, FOUND).await?;
            let is_last = due.len() < FOUND as usize;
            if due.len() >= HEAP {
                self.is_heap.send_replace(true);
            }
            // Batches that have been started are still saved.
            let is_stopped = AtomicBool::new(false);
            let wanted = batches(&due).into_iter().take_while(|_| !is_stopped.load(Relaxed));
            let mut saving = futures_util::stream::iter(wanted)
                .map(|batch| self.start(Arc::clone(rules), batch, now))
                .buffered(AHEAD)
                .map(|tried| async {
                    let tried = tried.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))?;
                    self.save(tried, now).await
                })
                .buffered(SAVING);
            while let Some(count) = saving.next().await {
                saved += count?;
                // Who said no once is not asked again.
                if !is_stopped.load(Relaxed) && !between() {
                    is_stopped.store(true, Relaxed);
                }
            }
            if is_last || is_stopped.load(Relaxed) {
                return Ok(saved);
            }
        }
    }

    fn start(
        &self,
        rules: Arc<Rules>,
        batch: Vec<OrderRef>,
        now: Instant,
    ) -> JoinHandle<Result<Vec<Tried>, StoreError>> {
        let (store, told) = (self.store.clone(), self.told);
        tokio::spawn(async move {
            let loaded = store.load_orders(&batch).await?;
            if batch.len() > FIRST_BATCH {
                store.warm(&batch).await?;
            }
            let deciding = move || loaded.into_iter().map(|order| try_order(&rules, order, told, now)).collect();
            let decided = tokio::task::spawn_blocking(deciding).await;
            Ok(decided.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic())))
        })
    }

    async fn save(&self, tried: Vec<Tried>, now: Instant) -> Result<usize, StoreError> {
        let mut decided = Vec::with_capacity(tried.len());
        let mut moved = Vec::new();
        for one in tried {
            match one {
                Tried::Decided(order, of_edit) => {
                    moved.push(of_edit);
                    decided.push(*order);
                }
                Tried::Failed(order, why) => self.set_aside(&order, &why, now).await?,
            }
        }
        let decided: Arc<[Prepared]> = decided.into();
        match self.store.save_prepared(Arc::clone(&decided)).await {
            Ok(saved) => Ok(self.count(&decided, &moved, &saved)),
            // One of them is refused by the store itself: it must not take the others with it.
            Err(StoreError::Failed { .. }) => self.save_one_by_one(&decided, &moved, now).await,
            Err(error) => Err(error),
        }
    }

    async fn save_one_by_one(
        &self,
        decided: &[Prepared],
        moved: &[Option<Moved>],
        now: Instant,
    ) -> Result<usize, StoreError> {
        let mut count = 0;
        for (order, moved) in decided.iter().zip(moved) {
            match self.store.save_prepared([order.clone()].into()).await {
                Ok(saved) => count += self.count(std::slice::from_ref(order), std::slice::from_ref(moved), &saved),
                Err(error @ StoreError::Failed { .. }) => {
                    // If the store is what fails, setting aside fails too, and the order stays due.
                    self.set_aside(&order.saved.order, &super::chain(&error), now).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    async fn set_aside(&self, order: &OrderRef, why: &str, now: Instant) -> Result<(), StoreError> {
        error!(
            order.id = &*order.order,
            error = why,
            "could not decide an order, it is set aside until the next reload"
        );
        self.store.set_aside(order, why, now).await
    }

    fn count(&self, decided: &[Prepared], moved: &[Option<Moved>], saved: &[Saved]) -> usize {
        let done = decided.iter().zip(moved).zip(saved).filter(|(_, saved)| **saved == Saved::Saved);
        let mut count = 0;
        let mut sums = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        for ((prepared, moved), _) in done {
            let saved = &prepared.saved;
            count += 1;
            if let Some(moved) = moved {
                sums.take(&saved.order.order, moved);
            }
            saved.decided.new.iter().for_each(|decision| self.metrics.count_decision(shown::kind(&decision.kind).0));
        }
        count
    }
}

fn batches(due: &[OrderRef]) -> Vec<Vec<OrderRef>> {
    let (first, rest) = due.split_at(due.len().min(FIRST_BATCH));
    std::iter::once(first)
        .chain(rest.chunks(BATCH))
        .filter(|batch| !batch.is_empty())
        .map(<[OrderRef]>::to_vec)
        .collect()
}

fn try_order(rules: &Rules, loaded: LoadedOrder, told: Told, now: Instant) -> Tried {
    let order = loaded.order.clone();
    match catch_unwind(AssertUnwindSafe(|| decide_order(rules, loaded, told, now))) {
        Ok((saved, moved)) => Tried::Decided(Box::new(saved.into()), moved),
        Err(panic) => Tried::Failed(order, message(&*panic)),
    }
}

fn decide_order(rules: &Rules, loaded: LoadedOrder, told: Told, now: Instant) -> (SavedOrder, Option<Moved>) {
    let LoadedOrder { order, events, standing, fence } = loaded;
    let history = history(&order.order, &events, &rules.words.reader);
    let moved = moved(rules, &history, &standing);
    let mut decided = decide(&history, &rules.regime, &standing, now);
    decided.next_due = next_look(&decided, &history, now);
    let known = standing.known;
    let mut all = standing.decisions;
    all.extend(decided.new.iter().cloned());
    let acts = Acts { decisions: &all, history: &history, known, now };
    let telling = Telling { rules, history: &history, decided: &decided, all: &all, told, now };
    let mut notices: Vec<QueuedNotice> =
        decided.new.iter().flat_map(|decision| telling.of_new(decision, &acts)).collect();
    let approved = acts.approvals();
    notices.extend(approved.iter().flat_map(|(proposal, at)| telling.of_approved(proposal, *at)));
    let liftings = acts.liftings();
    notices.extend(liftings.iter().flat_map(|lifting| telling.of_lifted(lifting)));
    let (waiting, look_at) = telling.of_waiting(&acts);
    notices.extend(waiting);
    let mut approved: Vec<Key> = approved.into_iter().map(|(proposal, _)| proposal.key.clone()).collect();
    approved.extend(acts.revoked_after_approval(&decided.new));
    let lifted = liftings.iter().map(Lifting::to_be_fed).collect();
    (SavedOrder { order, fence, until: now, decided, approved, lifted, look_at, notices }, moved)
}

/// Telling of what was decided of one order.
struct Telling<'a> {
    rules: &'a Rules,
    history: &'a History,
    decided: &'a Decided,
    all: &'a [Decision],
    told: Told,
    now: Instant,
}

impl Telling<'_> {
    fn of_new(&self, decision: &Decision, acts: &Acts<'_>) -> Vec<QueuedNotice> {
        if decision.at < self.told.from {
            return Vec::new();
        }
        let (teller, json) = (&self.rules.teller, self.json(decision));
        if acts.revokes_what_was_approved(decision) {
            teller.notices_on_revocation_of_approved(decision, self.scene(), &json)
        } else {
            teller.notices_for(decision, self.scene(), &json)
        }
    }

    fn of_approved(&self, proposal: &Decision, at: Instant) -> Vec<QueuedNotice> {
        if at < self.told.from {
            return Vec::new();
        }
        self.rules.teller.notices_on_approval(proposal, self.scene(), at, &self.json(proposal))
    }

    /// Whoever was told of a decision is told that a person lifted it.
    fn of_lifted(&self, lifting: &Lifting<'_>) -> Vec<QueuedNotice> {
        if lifting.decision.at < self.told.from {
            return Vec::new();
        }
        let json = self.json_by(&lifting.fed, lifting.by.as_deref());
        self.rules.teller.notices_on_lifting(lifting.decision, &lifting.fed, self.scene(), lifting.was_fed, &json)
    }

    /// The reminders of proposals that wait, and when the next of them is due.
    fn of_waiting(&self, acts: &Acts<'_>) -> (Vec<QueuedNotice>, Option<Instant>) {
        let (mut notices, mut next) = (Vec::new(), None);
        let Some(reminding) = self.told.reminding else { return (notices, next) };
        for proposal in acts.waiting().filter(|proposal| proposal.at >= self.told.from) {
            let Some(policy) = self.policy(proposal) else { continue };
            let reminded = Reminded::at(self.now, proposal.made_at, reminding, &policy.calendar);
            if let Some((number, at)) = reminded.last {
                notices.extend(self.rules.teller.notices_on_waiting(proposal, self.scene(), number, at));
            }
            next = next.into_iter().chain(reminded.next).min();
        }
        (notices, next)
    }

    fn policy(&self, decision: &Decision) -> Option<&Policy> {
        let versions = self.rules.regime.versions.iter().rev();
        let policies = versions.flat_map(|version| &version.rules.policies);
        policies.map(|policy| &**policy).find(|policy| policy.id == decision.policy)
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            history: self.history,
            state: &self.decided.state,
            obligations: &self.decided.obligations,
            decisions: self.all,
            regime: &self.rules.regime,
            now: self.now,
        }
    }

    /// The decision as the feed gives it; nothing where nobody is pushed it.
    fn json(&self, decision: &Decision) -> String {
        self.json_by(decision, None)
    }

    fn json_by(&self, decision: &Decision, by: Option<&str>) -> String {
        if !self.rules.teller.pushes(decision) {
            return String::new();
        }
        let shown = self.rules.words.decision(&self.history.order, decision).by(by);
        serde_json::to_string(&shown).expect("texts and numbers can be written")
    }
}

/// When the order is to be decided again: at its next due, or when an event that is dated ahead has happened.
pub(super) fn next_look(decided: &Decided, history: &History, now: Instant) -> Option<Instant> {
    let ahead = history.events().iter().map(|event| event.at).find(|&at| at > now);
    let next = [decided.next_due, ahead].into_iter().flatten().min();
    // What is due now was decided just now: whatever says otherwise must not keep the loop from everything else.
    next.map(|next| if next > now { next } else { now.plus_ms(60_000) })
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the evaluation panicked").to_owned()
}
