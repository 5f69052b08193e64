//! Notices that go out as one message: those of one order to one reader at about the same time, and those to a reader who has
//! had, or would have, too many at once.
//!
//! What went out together once goes out together again, under the same id and with the same words, whatever else has been
//! queued since: the bundle is kept in the store when the request is entered.

use super::pace;
use super::readers::Readers;
use crate::config::notices::PRESSING;
use crate::notify::notice::{QueuedNotice, Target};
use crate::store::outbox::{Claimed, DIGESTED_MAX, HeldBy, Notice, NoticeId, NoticeState, Token};
use crate::time::Instant;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Notices of one order to one reader that are at most so far apart are one message.
const TOGETHER_MS: i64 = 60 * 1000;
/// So many are one message at the most.
const MERGED_MAX: usize = DIGESTED_MAX as usize;

/// Notices that are sent as one message; never empty, all of one claim.
pub(super) struct Batch(pub(super) Vec<Claimed>);

impl Batch {
    /// The first notice, whose history is that of all.
    pub(super) fn lead(&self) -> &Notice {
        &self.0[0].notice
    }

    /// What the first notice says.
    pub(super) fn first(&self) -> &QueuedNotice {
        &self.lead().queued
    }

    /// The notices, the gravest first.
    pub(super) fn notices(&self) -> Vec<&QueuedNotice> {
        let mut notices: Vec<&QueuedNotice> = self.0.iter().map(|claimed| &claimed.notice.queued).collect();
        notices.sort_by_key(|notice| (notice.kind, notice.at));
        notices
    }

    /// By what the store knows this claim.
    pub(super) fn held(&self) -> (Vec<NoticeId>, Token) {
        (self.0.iter().map(|claimed| claimed.notice.id).collect(), self.0[0].token)
    }

    /// When it is tried again after an attempt that failed; `asked`: the pause that the other side asked for.
    pub(super) fn next_attempt(&self, now: Instant, asked: Option<Duration>) -> Instant {
        let notice = self.lead();
        now.plus_ms(pace::pause_ms(notice.attempt, asked, notice.id.unsigned_abs()))
    }

    /// Whether it was sent before, or has been tried.
    pub(super) fn was_tried(&self) -> bool {
        self.lead().bundle.is_some() || !self.lead().deliveries.is_empty()
    }

    /// Whether everything in it waits for its first attempt or the next.
    pub(super) fn is_queued(&self) -> bool {
        self.lead().state == NoticeState::Queued
    }

    /// Takes out what says nothing any more. Of what went out before, nothing is taken out as long as anything of it says
    /// something: it would be another message under another id.
    pub(super) fn without_expired(self, now: Instant) -> (Vec<Claimed>, Option<Batch>) {
        let has_expired = |claimed: &Claimed| {
            let notice = &claimed.notice;
            notice.retries == 0 && notice.queued.expires_at.is_some_and(|end| end <= now)
        };
        if !self.is_queued() || (self.was_tried() && !self.0.iter().all(has_expired)) {
            return (Vec::new(), Some(self));
        }
        let (expired, live): (Vec<_>, Vec<_>) = self.0.into_iter().partition(has_expired);
        (expired, (!live.is_empty()).then_some(Batch(live)))
    }

    /// Whether another notice goes into the same message.
    fn takes(&self, other: &Claimed, readers: &Readers) -> bool {
        let (lead, new) = (self.lead(), &other.notice);
        if lead.bundle.is_some() || new.bundle.is_some() {
            return lead.bundle == new.bundle;
        }
        let (first, queued) = (&lead.queued, &new.queued);
        let is_new = |notice: &Notice| notice.state == NoticeState::Queued && notice.deliveries.is_empty();
        let is_gathered = |notice: &Notice| notice.held == Some(HeldBy::Digest);
        let is_of_one_order = || {
            first.order.is_some()
                && first.order == queued.order
                && self.0.iter().all(|claimed| (claimed.notice.queued.at.0 - queued.at.0).abs() <= TOGETHER_MS)
        };
        is_new(lead)
            && is_new(new)
            && self.0.len() < MERGED_MAX
            && matches!(first.target, Target::Recipient { .. })
            && first.confidential == queued.confidential
            && (first.target == queued.target && is_of_one_order()
                || is_gathered(lead) && is_gathered(new) && readers.are_same(&first.target, &queued.target))
    }

    /// Whether nothing of it was ever sent or tried, or asked for again by a person.
    pub(super) fn is_new(&self) -> bool {
        self.is_queued() && !self.was_tried() && self.0.iter().all(|claimed| claimed.notice.retries == 0)
    }

    /// Whether it waits for its first attempt or the next, of its own accord: nobody asked for it to be tried again.
    pub(super) fn may_be_held(&self) -> bool {
        self.is_queued()
            && matches!(self.first().target, Target::Recipient { .. })
            && self.0.iter().all(|claimed| claimed.notice.retries == 0)
    }

    /// Whether something in it sets things in motion at once, so that it is gathered for a few minutes at the most; whether it
    /// was already.
    pub(super) fn is_pressing(&self) -> Option<bool> {
        let is_pressing = |claimed: &&Claimed| PRESSING.contains(&claimed.notice.queued.kind);
        let mut pressing = self.0.iter().filter(is_pressing).peekable();
        pressing.peek()?;
        Some(pressing.any(|claimed| claimed.notice.held == Some(HeldBy::Digest)))
    }

    /// Whether it may become part of a digest with another.
    fn joins(&self, other: &Batch, readers: &Readers) -> bool {
        let (first, second) = (self.first(), other.first());
        self.is_new()
            && other.is_new()
            && self.0.len() + other.0.len() <= MERGED_MAX
            && matches!(first.target, Target::Recipient { .. })
            && first.confidential == second.confidential
            && readers.are_same(&first.target, &second.target)
    }
}

/// Of a reader for whom more than `after` messages were claimed at once, one is made.
pub(super) fn gathered(batches: Vec<Batch>, after: usize, readers: &Readers) -> Vec<Batch> {
    let is_theirs = |batch: &Batch, other: &Batch| {
        let (first, second) = (batch.first(), other.first());
        first.confidential == second.confidential && readers.are_same(&first.target, &second.target)
    };
    let count = |batch: &Batch| batches.iter().filter(|other| other.is_new() && is_theirs(batch, other)).count();
    let are_many: Vec<bool> = batches.iter().map(|batch| count(batch) > after).collect();
    let mut gathered: Vec<Batch> = Vec::with_capacity(batches.len());
    for (batch, are_many) in batches.into_iter().zip(are_many) {
        match gathered.iter_mut().find(|known| are_many && known.joins(&batch, readers)) {
            Some(known) => known.0.extend(batch.0),
            None => gathered.push(batch),
        }
    }
    gathered
}

/// What was claimed, by message.
pub(super) fn batches(claimed: Vec<Claimed>, readers: &Readers) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for one in claimed {
        match batches.iter_mut().find(|batch| batch.takes(&one, readers)) {
            Some(batch) => batch.0.push(one),
            None => batches.push(Batch(vec![one])),
        }
    }
    batches
}

/// What is sent one after another: messages of one order, so that another system is pushed them in the order decided, and who
/// stands behind two recipients of a decision is found to have been told.
pub(super) fn in_turn(batches: Vec<Batch>) -> Vec<Vec<Batch>> {
    let mut turns: Vec<Vec<Batch>> = Vec::with_capacity(batches.len());
    let mut places: HashMap<Arc<str>, usize> = HashMap::new();
    for batch in batches {
        let place = batch.first().order.clone().map(|order| *places.entry(order).or_insert(turns.len()));
        match place.and_then(|place| turns.get_mut(place)) {
            Some(turn) => turn.push(batch),
            None => turns.push(vec![batch]),
        }
    }
    turns
}
