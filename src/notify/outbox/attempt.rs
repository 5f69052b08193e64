//! What an attempt at everybody behind a batch came to, and how the claim ends with it.

use super::pace;
use super::stand::Truth;
use super::ways::Way;
use crate::store::outbox::{Answer, Delivery, DeliveryOutcome, Learned, NewCall, NoticeState, Settlement};
use crate::time::Instant;
use std::collections::HashMap;
use std::sync::Arc;

/// What is known so far.
#[derive(Default)]
pub(super) struct Attempt {
    /// Everything tried for the batch, those of this attempt included.
    pub(super) deliveries: Vec<Delivery>,
    /// Those of this attempt that are not recorded yet.
    pub(super) answers: Vec<Answer>,
    /// When somebody is to be tried again, at the earliest.
    pub(super) again_at: Option<Instant>,
    /// When somebody is to be looked at again, though nothing is tried for them now.
    pub(super) look_at: Option<Instant>,
    /// The addresses that have had enough for now, until when.
    pub(super) limited: HashMap<Way, Instant>,
    /// Whether anything was tried at all.
    pub(super) tried: bool,
    /// Why somebody was not told, or not yet.
    reasons: Vec<String>,
    /// What is known of each who is not to be tried again; none: they were not reached.
    truths: Vec<Option<Truth>>,
    /// Who is to be called.
    calls: Vec<NewCall>,
    /// Who was reached.
    reached: Vec<Arc<str>>,
}

impl Attempt {
    /// After what was tried before.
    pub(super) fn after(deliveries: &[Delivery]) -> Attempt {
        Attempt { deliveries: deliveries.to_vec(), ..Attempt::default() }
    }

    /// An address answered.
    pub(super) fn answered(&mut self, answer: Answer) {
        self.tried = true;
        self.deliveries.push(answer.delivery.clone());
        self.answers.push(answer);
    }

    /// Somebody is tried again, not before an instant.
    pub(super) fn again(&mut self, at: Instant, name: &str, reason: &str) {
        self.again_at = Some(self.again_at.map_or(at, |known| known.min(at)));
        self.reasons.push(said(name, reason));
    }

    /// Somebody was told, as far as is known.
    pub(super) fn told(&mut self, key: &Arc<str>, truth: Truth) {
        self.truths.push(Some(truth));
        if truth > Truth::Unknown {
            self.reached.push(key.clone());
        }
    }

    /// Something may still be heard of what somebody was sent.
    pub(super) fn waits(&mut self, until: Instant, truth: Truth) {
        self.look_at = Some(self.look_at.map_or(until, |known| known.min(until)));
        self.truths.push(Some(truth));
    }

    /// There is no way left to somebody.
    pub(super) fn exhausted(&mut self, truth: Option<Truth>, name: &str, reason: &str) {
        self.truths.push(truth);
        self.reasons.push(said(name, reason));
    }

    /// Somebody is to be called.
    pub(super) fn call(&mut self, call: NewCall) {
        self.calls.push(call);
    }

    /// How a claim ends with it, the how-manieth.
    pub(super) fn settlement(&self, number: u32) -> Settlement {
        let reason = self.reasons.join("；");
        match self.again_at {
            Some(at) if number < pace::ATTEMPTS_MAX || !self.tried => {
                let due_at = self.look_at.map_or(at, |look_at| at.min(look_at));
                Settlement::Retry { due_at, reason, counts: self.tried }
            }
            Some(_) => self.gave_up(reason),
            None => Settlement::Rests {
                state: self.state(),
                look_at: self.look_at,
                reason: Some(reason).filter(|reason| !reason.is_empty()),
                counts: self.tried,
            },
        }
    }

    /// What is to be kept when the claim ends; the answers only once, whatever a batch is made of.
    pub(super) fn learned(&self) -> Learned {
        Learned { answers: self.answers.clone(), calls: self.calls.clone(), reached: self.reached.clone() }
    }

    /// As whoever is worst off.
    fn state(&self) -> NoticeState {
        match self.truths.iter().min() {
            None | Some(Some(Truth::Delivered)) => NoticeState::Delivered,
            Some(Some(Truth::Accepted)) => NoticeState::Accepted,
            Some(Some(Truth::Unknown)) => NoticeState::Unknown,
            Some(None) => NoticeState::Failed,
        }
    }

    /// How each was last tried in vain: what they would have waited for says nothing any more.
    fn failures(&self) -> Vec<String> {
        let mut last: Vec<(&str, &Delivery)> = Vec::new();
        for delivery in &self.deliveries {
            let party = delivery.party.as_deref().unwrap_or_default();
            last.retain(|(known, _)| *known != party);
            last.push((party, delivery));
        }
        let failed = |(party, delivery): (&str, &Delivery)| Some(said(party, delivery.detail.as_deref()?));
        last.into_iter().filter_map(failed).collect()
    }

    fn gave_up(&self, reason: String) -> Settlement {
        let unknown =
            |delivery: &Delivery| matches!(delivery.outcome, DeliveryOutcome::Unknown | DeliveryOutcome::Interrupted);
        let state =
            if self.deliveries.last().is_some_and(unknown) { NoticeState::Unknown } else { NoticeState::Failed };
        let failures = self.failures();
        let reason = if failures.is_empty() { reason } else { failures.join("；") };
        let reason = Some(format!("多次发送未成：{reason}"));
        Settlement::Rests { state, look_at: self.look_at, reason, counts: true }
    }
}

fn said(name: &str, reason: &str) -> String {
    if name.is_empty() { reason.to_owned() } else { format!("{name}：{reason}") }
}
