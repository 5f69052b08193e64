//! Deciding an order again: knowledge is taken in the order in which it came, and what should be is compared with what
//! stands (language.md §4, laws 3 and 4).
//!
//! What was decided stays decided: a decision whose instant or due has merely moved is left as it was made, one that
//! should not stand is revoked or flagged, and one that is missing is made. Deciding twice decides nothing new.

mod reconcile;

use crate::engine::decision::{Decided, Regime, Standing};
use crate::engine::evaluate::{Evaluation, evaluate, evaluate_watched};
use crate::engine::trace::{Note, Watch};
use crate::engine::words::words;
use crate::order::{Event, History};
use crate::policy::vocabulary::Value;
use crate::time::Instant;
use reconcile::Reconciler;
use std::collections::HashSet;

/// Decides everything for one order up to `now`: from what stands and what it was decided on, to what is known now.
pub fn decide(history: &History, regime: &Regime, standing: &Standing, now: Instant) -> Decided {
    let mut reconciler = Reconciler::new(standing, regime, history);
    let mut done = standing.decided_until.unwrap_or(Instant::BEGINNING);
    let mut quiet_until = done;
    for batch in late_batches(history, standing, now) {
        let before = batch.at.just_before();
        if before > done && !is_quiet(history, done, before, quiet_until) {
            let prior = evaluate_known(history, regime, before, |event| batch.knows(event) && !batch.holds(event));
            reconciler.take_on_time(prior.decisions, done);
        }
        let known = evaluate_known(history, regime, batch.at, |event| batch.knows(event));
        quiet_until = known.next_due.unwrap_or(Instant(i64::MAX));
        reconciler.take_late(known.decisions, &batch);
        done = batch.at;
    }
    let Evaluation { decisions, obligations, next_due, state } = evaluate_known(history, regime, now, |_| true);
    reconciler.take_on_time(decisions, done);
    Decided { new: reconciler.into_new(), obligations, next_due, state }
}

/// Decides an order from its beginning, and tells what was seen in its last evaluation: for explanations.
pub fn decide_watched(history: &History, regime: &Regime, now: Instant) -> (Decided, Vec<Note>) {
    let decided = decide(history, regime, &Standing::default(), now);
    let mut watch = Watch::On(Vec::new());
    evaluate_watched(&history.order, &valid_events(history, |_| true), regime, now, &mut watch);
    match watch {
        Watch::On(notes) => (decided, notes),
        Watch::Off => (decided, Vec::new()),
    }
}

/// What became known at one instant and needs a look of its own.
struct Batch<'a> {
    at: Instant,
    events: Vec<&'a Event>,
}

impl Batch<'_> {
    fn knows(&self, event: &Event) -> bool {
        known_at(event) <= self.at
    }

    fn holds(&self, event: &Event) -> bool {
        self.events.iter().any(|known| known.arrival == event.arrival)
    }
}

/// When an event became known and had happened.
fn known_at(event: &Event) -> Instant {
    event.recorded_at.max(event.at)
}

/// Whether nothing can have been decided in `(done, before]`: no timer falls there, and no event either.
fn is_quiet(history: &History, done: Instant, before: Instant, quiet_until: Instant) -> bool {
    let arrived = |event: &Event| known_at(event) > done && known_at(event) <= before;
    quiet_until > before && !history.events().iter().any(arrived)
}

/// Fresh knowledge, instant by instant, where it may contradict what was decided: something recorded after it happened,
/// a retraction, or something that had happened by what was already decided. All else agrees with it (law 2).
fn late_batches<'a>(history: &'a History, standing: &Standing, now: Instant) -> Vec<Batch<'a>> {
    let decided = standing.decided_until.unwrap_or(Instant::BEGINNING);
    let is_fresh =
        |event: &&Event| standing.known.is_none_or(|known| event.arrival > known) || known_at(event) > decided;
    let mut fresh: Vec<&Event> =
        history.events().iter().filter(is_fresh).filter(|event| known_at(event) <= now).collect();
    fresh.sort_by_key(|event| (known_at(event).max(decided), event.arrival));
    let mut batches: Vec<Batch> = Vec::new();
    for group in fresh.chunk_by(|one, other| known_at(one).max(decided) == known_at(other).max(decided)) {
        let at = known_at(group[0]).max(decided);
        let is_late = |event: &&Event| event.at < at || event.kind == words().retracted || at == decided;
        if group.iter().any(is_late) {
            batches.push(Batch { at, events: group.to_vec() });
        }
    }
    batches
}

fn evaluate_known(history: &History, regime: &Regime, now: Instant, known: impl Fn(&Event) -> bool) -> Evaluation {
    evaluate(&history.order, &valid_events(history, known), regime, now)
}

/// The events picked, without what is retracted among them.
fn valid_events(history: &History, known: impl Fn(&Event) -> bool) -> Vec<&Event> {
    let picked: Vec<&Event> = history.events().iter().filter(|event| known(event)).collect();
    let voided: HashSet<&str> = picked.iter().filter_map(|event| retracts(event)).collect();
    let valid = |event: &&Event| event.kind != words().retracted && !voided.contains(&*event.id);
    picked.into_iter().filter(valid).collect()
}

/// The event that a retraction voids.
fn retracts(event: &Event) -> Option<&str> {
    match event.attribute(words().event)? {
        Value::Text(id) if event.kind == words().retracted => Some(id),
        _ => None,
    }
}
