//! Telling one party after another: each by one way after another, entered before it goes out, with what it was answered.

use super::attempt::Attempt;
use super::batch::Batch;
use super::care::Care;
use super::circuit::WAITED_FOR_MS;
use super::limited::{UNANSWERED, is_unanswered, limited_until};
use super::message::message;
use super::stand::{Facts, Nature, Stand, stand};
use super::ways::{Party, Way};
use super::{LEASE_MS, Outbox, hold};
use crate::notify::channel::{Message, Outcome};
use crate::store::outbox::{Answer, Awaits, Delivery, DeliveryOutcome, NewCall, Sending, Settled};
use crate::time::Instant;
use std::sync::Arc;
use tracing::{debug, error, info, warn};

/// A batch being told.
pub(super) struct Telling<'a> {
    pub(super) outbox: &'a Outbox,
    pub(super) batch: &'a Batch,
    pub(super) care: Care<'a>,
}

impl Telling<'_> {
    pub(super) async fn tell(&self, party: &Party, attempt: &mut Attempt, clock: &impl Fn() -> Instant) {
        attempt.limited = self.outbox.limited(&party.ways, clock()).await;
        loop {
            let way = match self.stand(party, attempt, clock()) {
                Stand::Told(truth) => return attempt.told(&party.key, truth),
                Stand::Waiting { until, truth } => return attempt.waits(until, truth),
                Stand::Next(way) => way,
                Stand::Paused { until } => {
                    let why = self.why_paused(party, attempt, until);
                    return self.put_off(party, attempt, (until, why), clock());
                }
                Stand::Exhausted { truth, reason } => {
                    self.call(party, attempt, &reason);
                    return attempt.exhausted(truth, &party.name, &reason);
                }
            };
            let told = self.outbox.told_before(self.batch, way, &attempt.deliveries).await;
            let ended = if told.is_some() { told } else { self.send(party, way, attempt, clock).await };
            let Some(outcome) = ended else { return };
            let Some((at, reason)) = self.answered(party, way, outcome, attempt, clock()) else { continue };
            return self.again(party, at, &reason, attempt, clock());
        }
    }

    /// Somebody is tried again, not before an instant. Once they have gone without for too long, somebody is to call.
    fn again(&self, party: &Party, at: Instant, reason: &str, attempt: &mut Attempt, now: Instant) {
        let until = self.facts(attempt, now).reached_until(party);
        let at = match until {
            Some(until) if until > now => at.min(until),
            Some(_) => {
                self.call(party, attempt, reason);
                at
            }
            None => at,
        };
        attempt.again(at, &party.name, reason);
    }

    fn stand<'p>(&self, party: &'p Party, attempt: &Attempt, now: Instant) -> Stand<'p> {
        stand(party, &self.facts(attempt, now))
    }

    fn facts<'f>(&'f self, attempt: &'f Attempt, now: Instant) -> Facts<'f> {
        let lead = self.batch.lead();
        let has_waited = self.care.until(self.batch.first().at).is_some_and(|until| until <= now);
        Facts {
            deliveries: &attempt.deliveries,
            forgiven: lead.forgiven,
            calls: &lead.calls,
            care: self.care,
            nature: Box::new(|channel| self.outbox.sender.nature(channel)),
            paused: Box::new(move |way| {
                let limited = attempt.limited.get(way).copied();
                let is_long = |until: &Instant| has_waited || until.ms_since(now) > WAITED_FOR_MS;
                limited.filter(is_long).or_else(|| self.outbox.circuits().left_alone(&way.channel, has_waited, now))
            }),
            now,
        }
    }

    /// Enters the request and sends it; none: it is not to be sent, or not now.
    async fn send(
        &self,
        party: &Party,
        way: &Way,
        attempt: &mut Attempt,
        clock: &impl Fn() -> Instant,
    ) -> Option<(Arc<str>, Outcome)> {
        let Outbox { store, sender, troubles, .. } = self.outbox;
        let channel = sender.channel(&way.channel)?.clone();
        if let Err(wait) = self.admitted(way, attempt, clock()) {
            self.put_off(party, attempt, wait, clock());
            return None;
        }
        let message = message(self.batch, party, way, sender, clock());
        let message = self.outbox.dressed((self.batch, party, way), &*channel, message, clock()).await;
        let now = clock();
        let sending = self.sending(party, way, &message, now);
        let answers = attempt.answers.clone();
        match store.enter_sending(self.batch.held(), answers, sending, now.plus_ms(LEASE_MS)).await {
            Ok(Settled::Settled) => attempt.answers.clear(),
            Ok(Settled::Lost) => {
                attempt.answers.clear();
                info!(notice.id = self.batch.lead().id, "a notice was taken by somebody else before it was sent");
                attempt.again(now, &party.name, "");
                return None;
            }
            Err(error) => {
                error!(error = %error, notice.id = self.batch.lead().id, "could not enter a request, so it is not sent");
                attempt.again(self.batch.next_attempt(now, None), &party.name, "数据库写不进去");
                return None;
            }
        }
        let outcome = channel.deliver(&message, clock()).await;
        self.outbox.judge(&way.channel, &outcome, clock()).await;
        if let Outcome::Limited { retry_after, .. } = &outcome {
            let until = self.outbox.leave_alone(way, *retry_after, clock()).await;
            attempt.limited.insert(way.clone(), until);
        }
        troubles.met(&way.channel, channel.troubles(), clock());
        if matches!(outcome, Outcome::Accepted { .. }) {
            troubles.works(&way.channel);
        }
        Some((message.id, outcome))
    }

    /// Whether a way may be used now; where not, until when and why.
    fn admitted(&self, way: &Way, attempt: &Attempt, now: Instant) -> Result<(), (Instant, String)> {
        if let Some(until) = attempt.limited.get(way).filter(|until| now < **until) {
            return Err((*until, limited_until(*until)));
        }
        let mut circuits = self.outbox.circuits();
        circuits
            .admit(&way.channel, now)
            .map_err(|until| (until, circuits.why(&way.channel, until).unwrap_or_default()))
    }

    /// Nothing is sent before an instant, for nobody's fault but the channel's. Who has waited for longer than the kind may is
    /// called.
    fn put_off(&self, party: &Party, attempt: &mut Attempt, (until, why): (Instant, String), now: Instant) {
        let reason = if is_unanswered(party, attempt) { format!("{UNANSWERED}；{why}") } else { why };
        let since = self.batch.first().at;
        let is_past = self.facts(attempt, now).is_past(since);
        if is_past {
            self.call(party, attempt, &reason);
        }
        // A trial that failed was an attempt like any other.
        let at = if attempt.tried { until.max(self.batch.next_attempt(now, None)) } else { until };
        // In between it is looked at once: by then the next way is tried, or somebody is to call.
        let looked_at = self.care.until(since).filter(|_| !is_past && (self.calls(party) || party.ways.len() > 1));
        attempt.again(looked_at.map_or(at, |looked_at| at.min(looked_at)), &party.name, &reason);
    }

    /// Why every way that is left to a party waits.
    fn why_paused(&self, party: &Party, attempt: &Attempt, until: Instant) -> String {
        let circuits = self.outbox.circuits();
        let why = |way: &Way| match attempt.limited.get(way) {
            Some(limited) => Some(limited_until(*limited)),
            None => circuits.why(&way.channel, until),
        };
        party.ways.iter().find_map(why).unwrap_or_default()
    }

    fn sending(&self, party: &Party, way: &Way, message: &Message, now: Instant) -> Sending {
        Sending {
            message: Arc::clone(&message.id),
            channel: Arc::clone(&way.channel),
            address: Arc::clone(&way.address),
            party: Arc::clone(&party.key),
            attempt: self.batch.lead().attempt,
            at: now,
            awaits: self.awaits(way),
        }
    }

    fn awaits(&self, way: &Way) -> Awaits {
        match self.outbox.sender.nature(&way.channel) {
            Nature { asked: true, .. } => Awaits::Asked,
            Nature { receipts: true, .. } => Awaits::Callback,
            _ => Awaits::Nothing,
        }
    }

    /// Takes what an address answered; when its party is to be tried again and why, if not at once by the next way.
    fn answered(
        &self,
        party: &Party,
        way: &Way,
        (message, outcome): (Arc<str>, Outcome),
        attempt: &mut Attempt,
        now: Instant,
    ) -> Option<(Instant, String)> {
        let (answer, detail, provider_id, asked) = match outcome {
            Outcome::Deferred { not_before } => {
                return Some((not_before, format!("按渠道限速等到{}", hold::shown(not_before))));
            }
            Outcome::Accepted { provider_id } => (DeliveryOutcome::Accepted, None, provider_id, None),
            Outcome::Transient { reason, retry_after } => (DeliveryOutcome::Transient, Some(reason), None, retry_after),
            Outcome::Limited { reason, retry_after } => {
                (DeliveryOutcome::Transient, Some(reason), None, Some(retry_after))
            }
            Outcome::Permanent { reason } => (DeliveryOutcome::Permanent, Some(reason), None, None),
            Outcome::Unknown { reason } => (DeliveryOutcome::Unknown, Some(reason), None, None),
        };
        let reason = detail.clone().unwrap_or_default();
        if answer == DeliveryOutcome::Accepted {
            debug!(channel = &*way.channel, "accepted");
        } else {
            warn!(channel = &*way.channel, outcome = answer.as_str(), reason, "could not deliver a notice");
        }
        let delivery = Delivery {
            attempt: self.batch.lead().attempt,
            channel: way.channel.clone(),
            address: way.address.clone(),
            at: now,
            outcome: answer,
            detail,
            provider_id,
            message: Some(message),
            party: Some(party.key.clone()),
            receipts: Vec::new(),
        };
        attempt.answered(Answer { delivery, awaits: self.awaits(way) });
        let is_tried_again = matches!(answer, DeliveryOutcome::Transient | DeliveryOutcome::Unknown)
            && matches!(self.stand(party, attempt, now), Stand::Next(next) if next == way);
        let said = || match (asked, answer) {
            (Some(_), _) => {
                let at = self.batch.next_attempt(now, asked);
                format!("网关要求{}以后再发：{reason}", hold::shown(at))
            }
            (None, DeliveryOutcome::Unknown) => format!("{UNANSWERED}：{reason}"),
            _ => reason.clone(),
        };
        is_tried_again.then(|| (self.batch.next_attempt(now, asked), said()))
    }

    fn calls(&self, party: &Party) -> bool {
        self.care.calls && party.is_person()
    }

    /// Somebody is to call, where the kind asks for that and there is a person.
    fn call(&self, party: &Party, attempt: &mut Attempt, why: &str) {
        if self.calls(party) {
            let (party, number) = (party.key.clone(), party.mobile.clone());
            attempt.call(NewCall { party, number, why: why.to_owned() });
        }
    }
}
