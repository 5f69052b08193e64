//! Notices that go out as one message: those of one order to one reader at about the same time.
//!
//! What went out together once goes out together again, under the same id and with the same words, whatever else has been
//! queued since: the bundle is kept in the store when the request is entered.

use super::pace;
use crate::notify::notice::{QueuedNotice, Target};
use crate::store::outbox::{Claimed, Notice, NoticeId, NoticeState, Token};
use crate::time::Instant;
use std::time::Duration;

/// Notices of one order to one reader that are at most so far apart are one message.
const TOGETHER_MS: i64 = 60 * 1000;

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
    fn takes(&self, other: &Claimed) -> bool {
        let (lead, new) = (self.lead(), &other.notice);
        if lead.bundle.is_some() || new.bundle.is_some() {
            return lead.bundle == new.bundle;
        }
        let (first, queued) = (&lead.queued, &new.queued);
        let is_new = |notice: &Notice| notice.state == NoticeState::Queued && notice.deliveries.is_empty();
        is_new(lead)
            && is_new(new)
            && matches!(first.target, Target::Recipient { .. })
            && first.order.is_some()
            && (&first.order, &first.target, first.confidential) == (&queued.order, &queued.target, queued.confidential)
            && self.0.iter().all(|claimed| (claimed.notice.queued.at.0 - queued.at.0).abs() <= TOGETHER_MS)
    }
}

/// What was claimed, by message.
pub(super) fn batches(claimed: Vec<Claimed>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for one in claimed {
        match batches.iter_mut().find(|batch| batch.takes(&one)) {
            Some(batch) => batch.0.push(one),
            None => batches.push(Batch(vec![one])),
        }
    }
    batches
}
