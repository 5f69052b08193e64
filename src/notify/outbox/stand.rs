//! Where somebody stands after what was tried and what was heard of it since, and which way is to be tried next. Pure: read
//! from deliveries, receipts and calls as recorded, so that a restart goes on where it was.
//!
//! Accepted is not delivered. Delivered is what a receipt says, or what a channel's own answer proves
//! ([`Channel::proves_delivery`](crate::notify::channel::Channel::proves_delivery)), or what whoever called says. What was
//! sent without an answer is unknown, and is sent again by the same way only where that tells nobody twice, or where twice is
//! better than never and the other side cannot be asked, or where its receipt says that it failed. Else the next way is tried:
//! at once where no receipt can come, else when its kind's time for one is over.

use super::care::Care;
use super::pace::{ASK_FIRST_MS, PATIENCE_MS, UNKNOWN_MAX, WAY_ATTEMPTS_MAX};
use super::ways::{Party, Way};
use crate::notify::channel::ReceiptOutcome;
use crate::store::outbox::{Call, CallState, Delivery, DeliveryOutcome, KeptReceipt};
use crate::text::Lang;
use crate::time::Instant;

/// What a channel is like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // four questions with yes or no for an answer
pub(super) struct Nature {
    /// The other side recognises what it has had before.
    pub(super) repeats: bool,
    /// For so long after the first; none: for ever.
    pub(super) repeats_ms: Option<i64>,
    /// Its answer proves the delivery.
    pub(super) proves: bool,
    /// It has receipts.
    pub(super) receipts: bool,
    /// It can be asked for them.
    pub(super) asked: bool,
}

/// What is known of a message's way to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    /// Nobody knows.
    Unknown,
    /// The other side took it.
    Accepted,
    /// It arrived.
    Delivered,
}

/// Where a party stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stand<'a> {
    /// They were told as far as can be known, and nothing more is tried.
    Told(Truth),
    /// Until then it may still be heard of.
    Waiting {
        /// Until when.
        until: Instant,
        /// What is known so far.
        truth: Truth,
    },
    /// This way is to be tried.
    Next(&'a Way),
    /// The ways that are left are paused.
    Paused {
        /// Until when the first of them is.
        until: Instant,
    },
    /// There is no way left.
    Exhausted {
        /// What is known; none: they were not told.
        truth: Option<Truth>,
        /// Why the last way did not do.
        reason: String,
    },
}

/// Until when a way is left alone where there is another; none: it is not.
type Pausing<'a> = Box<dyn Fn(&Way) -> Option<Instant> + 'a>;

/// What a party's stand is read from.
pub(super) struct Facts<'a> {
    /// What was tried for the notice, for whomever.
    pub(super) deliveries: &'a [Delivery],
    /// So many of them hold nobody up any more.
    pub(super) forgiven: usize,
    /// Who is or was to be called.
    pub(super) calls: &'a [Call],
    /// How far it is pursued.
    pub(super) care: Care<'a>,
    /// What a channel is like.
    pub(super) nature: Box<dyn Fn(&str) -> Nature + 'a>,
    /// Until when a way is left alone.
    pub(super) paused: Pausing<'a>,
    /// As of when.
    pub(super) now: Instant,
}

/// How a single way stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tried {
    Not,
    /// Not delivered, but trying again can help.
    Failing {
        tries: usize,
        since: Instant,
        reason: String,
    },
    /// Not delivered, and it will not be.
    Refused {
        reason: String,
    },
    Unknown {
        first: Instant,
        at: Instant,
        is_interrupted: bool,
        tries: usize,
        unknowns: usize,
    },
    Accepted {
        at: Instant,
    },
    Delivered,
}

/// What is done about a way whose outcome is unknown.
enum Doubt {
    Again,
    Wait(Instant),
    /// It stays unknown, and that is that.
    Rest,
    /// The next way is tried.
    GoOn,
}

/// Where a party stands.
pub(super) fn stand<'p>(party: &'p Party, facts: &Facts<'_>) -> Stand<'p> {
    if facts.was_called(party) {
        return Stand::Told(Truth::Delivered);
    }
    let tried: Vec<(&Way, Tried)> = party.ways.iter().map(|way| (way, facts.tried(way))).collect();
    if tried.iter().any(|(_, tried)| *tried == Tried::Delivered) {
        return Stand::Told(Truth::Delivered);
    }
    // A later way may have told them before an earlier one came back into use, so whatever was accepted is looked at first.
    for (way, tried) in &tried {
        let Tried::Accepted { at } = tried else { continue };
        match facts.waited_for(way, *at) {
            None => return Stand::Told(Truth::Accepted),
            Some(until) if facts.now < until => return Stand::Waiting { until, truth: Truth::Accepted },
            Some(_) => {}
        }
    }
    next(party, &tried, facts)
}

/// The first way that is to be tried, or may still be heard of.
fn next<'p>(party: &'p Party, tried: &[(&'p Way, Tried)], facts: &Facts<'_>) -> Stand<'p> {
    let mut truth: Option<Truth> = None;
    let mut reason = if party.ways.is_empty() { "没有可用渠道的地址".to_owned() } else { String::new() };
    let mut paused: Option<Instant> = None;
    for (at, (way, tried)) in tried.iter().enumerate() {
        let has_other = at + 1 < party.ways.len();
        let until = (facts.paused)(way);
        match tried {
            Tried::Not | Tried::Failing { .. } if until.is_some() => paused = paused.into_iter().chain(until).min(),
            Tried::Not => return Stand::Next(way),
            Tried::Failing { tries, since, .. } if !(has_other && facts.is_tired(*tries, *since)) => {
                return Stand::Next(way);
            }
            Tried::Failing { reason: why, .. } | Tried::Refused { reason: why } => reason.clone_from(why),
            Tried::Accepted { .. } | Tried::Delivered => {
                truth = truth.max(Some(Truth::Accepted));
                reason = facts.overdue();
            }
            Tried::Unknown { .. } => match facts.doubt(way, tried, has_other) {
                Doubt::Again => return Stand::Next(way),
                Doubt::Wait(until) => return Stand::Waiting { until, truth: Truth::Unknown },
                Doubt::Rest => return Stand::Told(Truth::Unknown),
                Doubt::GoOn => {
                    truth = truth.max(Some(Truth::Unknown));
                    reason = "已发出，没有答复也没有回执".into();
                }
            },
        }
    }
    match paused {
        Some(until) => Stand::Paused { until },
        None => Stand::Exhausted { truth, reason },
    }
}

impl Facts<'_> {
    /// Until when a party may go without being reached by a way that goes on failing; none: no way does, or for ever.
    pub(super) fn reached_until(&self, party: &Party) -> Option<Instant> {
        let failing_since = |way: &Way| match self.tried(way) {
            Tried::Failing { since, .. } => Some(since),
            Tried::Unknown { first, .. } => Some(first),
            _ => None,
        };
        self.care.until(party.ways.iter().filter_map(failing_since).min()?)
    }

    fn was_called(&self, party: &Party) -> bool {
        self.calls.iter().any(|call| call.party == party.key && call.state == CallState::Done)
    }

    /// Whether what its kind may wait has passed since an instant.
    pub(super) fn is_past(&self, since: Instant) -> bool {
        self.care.until(since).is_some_and(|until| until <= self.now)
    }

    fn is_tired(&self, tries: usize, since: Instant) -> bool {
        tries >= WAY_ATTEMPTS_MAX || self.is_past(since)
    }

    /// Until when the receipt of what was accepted is waited for; none: nothing more is to come, or for ever.
    fn waited_for(&self, way: &Way, accepted: Instant) -> Option<Instant> {
        self.care.until(accepted).filter(|_| (self.nature)(&way.channel).receipts)
    }

    fn overdue(&self) -> String {
        let within = self.care.within.map(|span| span.text(Lang::Zh)).unwrap_or_default();
        format!("渠道已接收，{within}内没有送达回执")
    }

    fn doubt(&self, way: &Way, tried: &Tried, has_other: bool) -> Doubt {
        let Tried::Unknown { first, at, is_interrupted, tries, unknowns } = *tried else { return Doubt::GoOn };
        let nature = (self.nature)(&way.channel);
        let waiting = |until: Instant, then| if self.now < until { Doubt::Wait(until) } else { then };
        if nature.repeats && nature.repeats_ms.is_none_or(|window| self.now.ms_since(first) < window) {
            return if has_other && self.is_tired(tries, first) { Doubt::GoOn } else { Doubt::Again };
        }
        if is_interrupted {
            // Perhaps it was never sent: not to be told is worse than to be told twice.
            return if nature.asked { waiting(at.plus_ms(ASK_FIRST_MS), Doubt::Again) } else { Doubt::Again };
        }
        // Where no receipt can come nothing is waited for; where it is to be waited for without end, that is that.
        let goes_on = !nature.receipts || self.care.twice || self.care.within.is_some();
        let then = if goes_on { Doubt::GoOn } else { Doubt::Rest };
        match (nature.asked, self.care.twice) {
            (true, _) => waiting(self.care.until(at).unwrap_or(at.plus_ms(PATIENCE_MS)), then),
            (false, true) if unknowns < UNKNOWN_MAX => Doubt::Again,
            (false, _) => match self.waited_for(way, at) {
                Some(until) => waiting(until, then),
                None => then,
            },
        }
    }

    /// How a way stands after everything that was tried by it.
    fn tried(&self, way: &Way) -> Tried {
        let all: Vec<&Delivery> = self.deliveries.iter().filter(|delivery| way.is_of(delivery)).collect();
        let proves = (self.nature)(&way.channel).proves;
        let is_accepted = |delivery: &&&Delivery| delivery.outcome == DeliveryOutcome::Accepted;
        let arrived = |delivery: &&Delivery| {
            receipt(delivery, ReceiptOutcome::Delivered).is_some() || (proves && is_accepted(&delivery))
        };
        if all.iter().any(arrived) {
            return Tried::Delivered;
        }
        let not_failed = |delivery: &&&Delivery| receipt(delivery, ReceiptOutcome::Failed).is_none();
        if let Some(taken) = all.iter().filter(is_accepted).rfind(not_failed) {
            return Tried::Accepted { at: taken.at };
        }
        let held: Vec<&Delivery> =
            self.deliveries.iter().skip(self.forgiven).filter(|delivery| way.is_of(delivery)).collect();
        match held.last() {
            Some(last) => self::failed(&held, last),
            None => Tried::Not,
        }
    }
}

/// How a way stands that nobody was reached by so far.
fn failed(held: &[&Delivery], last: &Delivery) -> Tried {
    let receipt = receipt(last, ReceiptOutcome::Failed);
    let reason = || {
        let said = receipt.map(|receipt| receipt.detail.clone().unwrap_or_else(|| "回执：未送达".into()));
        said.or_else(|| last.detail.clone()).unwrap_or_default()
    };
    let failing = || Tried::Failing { tries: held.len(), since: held[0].at, reason: reason() };
    let is_unknown =
        |outcome: DeliveryOutcome| matches!(outcome, DeliveryOutcome::Unknown | DeliveryOutcome::Interrupted);
    match last.outcome {
        DeliveryOutcome::Accepted | DeliveryOutcome::Permanent => Tried::Refused { reason: reason() },
        DeliveryOutcome::Transient => failing(),
        outcome if is_unknown(outcome) && receipt.is_some() => failing(),
        outcome => Tried::Unknown {
            first: held.iter().find(|delivery| is_unknown(delivery.outcome)).map_or(last.at, |first| first.at),
            at: last.at,
            is_interrupted: outcome == DeliveryOutcome::Interrupted,
            tries: held.len(),
            unknowns: held.iter().filter(|delivery| delivery.outcome == DeliveryOutcome::Unknown).count(),
        },
    }
}

fn receipt(delivery: &Delivery, outcome: ReceiptOutcome) -> Option<&KeptReceipt> {
    delivery.receipts.iter().find(|receipt| receipt.outcome == outcome)
}

#[cfg(test)]
mod tests;
