//! Deciding the orders that are due: loaded in batches, decided on all cores, saved in one transaction a batch.
//!
//! An order whose evaluation fails is set aside with the error and stops nobody else. One that changed while it was being
//! decided is simply still due.

use super::moved::{Moved, Moves, moved};
use super::rules::Rules;
use crate::engine::decide::decide;
use crate::engine::decision::{Decided, Decision, DecisionKind, Key};
use crate::intake::body::history;
use crate::intake::http::{Health, shown};
use crate::metrics::Metrics;
use crate::notify::facts::Scene;
use crate::notify::notice::QueuedNotice;
use crate::order::{Event, History};
use crate::policy::vocabulary::Value;
use crate::store::Store;
use crate::store::decided::{Saved, SavedOrder};
use crate::store::error::StoreError;
use crate::store::orders::{LoadedOrder, OrderRef};
use crate::time::Instant;
use futures_util::StreamExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;
use tracing::error;

/// So many orders are found due at once.
const FOUND: u32 = 32_768;
/// So many are loaded, decided and saved together: each transaction is a sync, and writes each page once.
const BATCH: usize = 512;
/// The first ones are fewer, so that nobody waits for a great heap.
const FIRST_BATCH: usize = 64;
/// While one batch is saved, so many others are loaded and decided.
const AHEAD: usize = 2;

/// What deciding works with.
pub struct Decider {
    /// The store.
    pub store: Store,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How the daemon is.
    pub health: Arc<Health>,
    /// Decisions dated before are told to nobody.
    pub tell_from: Instant,
    /// What the newest edit did to the orders decided since.
    pub(super) moves: Mutex<Moves>,
}

/// An order decided (and what the newest edit did to it), or why it could not be.
enum Tried {
    Decided(SavedOrder, Option<Moved>),
    Failed(OrderRef, String),
}

impl Decider {
    /// A decider that has decided nothing yet.
    pub fn new(store: Store, metrics: Arc<Metrics>, health: Arc<Health>, tell_from: Instant) -> Decider {
        Decider { store, metrics, health, tell_from, moves: Mutex::default() }
    }

    /// Decides every order that is due now; how many were saved. `between` is called after each batch: where it says no,
    /// the rest stays due.
    pub async fn decide_due(
        &self,
        rules: &Arc<Rules>,
        now: Instant,
        mut between: impl FnMut() -> bool,
    ) -> Result<usize, StoreError> {
        let mut saved = 0;
        loop {
            let due = self.store.due_orders(now, FOUND).await?;
            let is_last = due.len() < FOUND as usize;
            let mut batches = futures_util::stream::iter(batches(&due))
                .map(|batch| self.start(Arc::clone(rules), batch, now))
                .buffered(AHEAD);
            while let Some(tried) = batches.next().await {
                let tried = tried.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))?;
                saved += self.save(tried, now).await?;
                if !between() {
                    return Ok(saved);
                }
            }
            if is_last {
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
        let (store, tell_from) = (self.store.clone(), self.tell_from);
        tokio::spawn(async move {
            let loaded = store.load_orders(&batch).await?;
            let deciding = move || loaded.into_iter().map(|order| try_order(&rules, order, tell_from, now)).collect();
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
                    decided.push(order);
                }
                Tried::Failed(order, why) => self.set_aside(&order, &why, now).await?,
            }
        }
        let decided: Arc<[SavedOrder]> = decided.into();
        match self.store.save_decided(Arc::clone(&decided)).await {
            Ok(saved) => Ok(self.count(&decided, &moved, &saved)),
            // One of them is refused by the store itself: it must not take the others with it.
            Err(StoreError::Failed { .. }) => self.save_one_by_one(&decided, &moved, now).await,
            Err(error) => Err(error),
        }
    }

    async fn save_one_by_one(
        &self,
        decided: &[SavedOrder],
        moved: &[Option<Moved>],
        now: Instant,
    ) -> Result<usize, StoreError> {
        let mut count = 0;
        for (order, moved) in decided.iter().zip(moved) {
            match self.store.save_decided(vec![order.clone()]).await {
                Ok(saved) => count += self.count(std::slice::from_ref(order), std::slice::from_ref(moved), &saved),
                Err(error @ StoreError::Failed { .. }) => {
                    // If the store is what fails, setting aside fails too, and the order stays due.
                    self.set_aside(&order.order, &super::chain(&error), now).await?;
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

    fn count(&self, decided: &[SavedOrder], moved: &[Option<Moved>], saved: &[Saved]) -> usize {
        let done = decided.iter().zip(moved).zip(saved).filter(|(_, saved)| **saved == Saved::Saved);
        let mut count = 0;
        let mut sums = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        for ((order, moved), _) in done {
            count += 1;
            if let Some(moved) = moved {
                sums.take(&order.order.order, moved);
            }
            order.decided.new.iter().for_each(|decision| self.metrics.count_decision(shown::kind(&decision.kind).0));
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

fn try_order(rules: &Rules, loaded: LoadedOrder, tell_from: Instant, now: Instant) -> Tried {
    let order = loaded.order.clone();
    match catch_unwind(AssertUnwindSafe(|| decide_order(rules, loaded, tell_from, now))) {
        Ok((saved, moved)) => Tried::Decided(saved, moved),
        Err(panic) => Tried::Failed(order, message(&*panic)),
    }
}

fn decide_order(rules: &Rules, loaded: LoadedOrder, tell_from: Instant, now: Instant) -> (SavedOrder, Option<Moved>) {
    let LoadedOrder { order, events, standing, fence } = loaded;
    let history = history(&order.order, &events, &rules.words.reader);
    let moved = moved(rules, &history, &standing);
    let mut decided = decide(&history, &rules.regime, &standing, now);
    decided.next_due = next_look(&decided, &history, now);
    let known = standing.known;
    let mut all = standing.decisions;
    all.extend(decided.new.iter().cloned());
    let approved: Vec<(Key, Instant)> = approvals(&all, &history, known, now);
    let telling = Telling { rules, history: &history, decided: &decided, all: &all, tell_from };
    let mut notices: Vec<QueuedNotice> = decided.new.iter().flat_map(|decision| telling.of_new(decision)).collect();
    notices.extend(approved.iter().flat_map(|(key, at)| telling.of_approved(key, *at)));
    notices.extend(liftings(&all, &history, known, now).flat_map(|(lifted, event)| telling.of_lifted(lifted, event)));
    let approved = approved.into_iter().map(|(key, _)| key).collect();
    (SavedOrder { order, fence, until: now, decided, approved, notices }, moved)
}

/// Telling of what was decided of one order.
struct Telling<'a> {
    rules: &'a Rules,
    history: &'a History,
    decided: &'a Decided,
    all: &'a [Decision],
    tell_from: Instant,
}

impl Telling<'_> {
    fn of_new(&self, decision: &Decision) -> Vec<QueuedNotice> {
        if decision.at < self.tell_from {
            return Vec::new();
        }
        self.rules.teller.notices_for(decision, self.scene(), &self.json(decision))
    }

    fn of_approved(&self, key: &Key, at: Instant) -> Vec<QueuedNotice> {
        let found = self.all.iter().find(|decision| decision.key == *key).filter(|_| at >= self.tell_from);
        let Some(decision) = found else { return Vec::new() };
        self.rules.teller.notices_on_approval(decision, self.scene(), at, &self.json(decision))
    }

    /// Whoever was told of a decision is told that a person lifted it.
    fn of_lifted(&self, decision: &Decision, lifted: &Event) -> Vec<QueuedNotice> {
        if decision.at < self.tell_from {
            return Vec::new();
        }
        let note = lifted.attributes.iter().find(|(name, _)| name.as_str() == "note");
        let note = note.and_then(|(_, note)| if let Value::Text(text) = note { Some(&**text) } else { None });
        self.rules.teller.notices_on_lifting(decision, self.scene(), lifted.at, note.unwrap_or_default())
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            history: self.history,
            state: &self.decided.state,
            obligations: &self.decided.obligations,
            decisions: self.all,
            regime: &self.rules.regime,
        }
    }

    /// The decision as the feed gives it; nothing where nobody is pushed it.
    fn json(&self, decision: &Decision) -> String {
        if !self.rules.teller.pushes(decision) {
            return String::new();
        }
        let shown = self.rules.words.decision(&self.history.order, decision);
        serde_json::to_string(&shown).expect("texts and numbers can be written")
    }
}

/// The proposals whose approval became known since the order was last decided, each with the approval's instant. What was
/// refused, lifted or revoked before stays unapproved.
fn approvals(decisions: &[Decision], history: &History, known: Option<u64>, now: Instant) -> Vec<(Key, Instant)> {
    let proposals = decisions.iter().filter(|decision| decision.approval.is_some());
    let open = proposals.filter(|proposal| !decisions.iter().any(|other| is_revocation_of(other, &proposal.key)));
    let approved = open.filter_map(|proposal| {
        let first = history.events().iter().find(|event| is_answer_to(event, &proposal.key))?;
        let is_news = known.is_none_or(|known| first.arrival > known) && first.at <= now;
        (first.kind.as_str() == "approved" && is_news).then(|| (proposal.key.clone(), first.at))
    });
    approved.collect()
}

/// The decisions that a person lifted since the order was last decided, each with the event that did. A second lifting
/// says nothing, and neither does one of what was revoked.
fn liftings<'a>(
    decisions: &'a [Decision],
    history: &'a History,
    known: Option<u64>,
    now: Instant,
) -> impl Iterator<Item = (&'a Decision, &'a Event)> {
    let standing =
        decisions.iter().filter(|decision| !decisions.iter().any(|other| is_revocation_of(other, &decision.key)));
    standing.filter_map(move |decision| {
        let lifts = |event: &&Event| event.kind.as_str() == "lifted" && names(event, &decision.key);
        let first = history.events().iter().find(lifts)?;
        let is_news = known.is_none_or(|known| first.arrival > known) && first.at <= now;
        is_news.then_some((decision, first))
    })
}

fn is_revocation_of(decision: &Decision, key: &Key) -> bool {
    matches!(&decision.kind, DecisionKind::Revoke { revoked, .. } if revoked == key)
}

/// Whether an event approves, refuses or lifts this decision.
fn is_answer_to(event: &Event, key: &Key) -> bool {
    let is_answer = matches!(event.kind.as_str(), "approved" | "refused" | "lifted");
    is_answer && names(event, key)
}

/// Whether an event names this decision.
fn names(event: &Event, key: &Key) -> bool {
    let is_key = |value: &Value| matches!(value, Value::Text(named) if named == key);
    event.attributes.iter().any(|(name, value)| name.as_str() == "decision" && is_key(value))
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
