//! What has changed since a notice was queued: what counts no more is not told, what is confidential by now is told so, another
//! system is pushed an order's decisions in the order made, and nobody is told twice of one decision because they stand behind
//! two of its recipients.

use super::Outbox;
use super::attempt::Attempt;
use super::batch::Batch;
use super::ways::Way;
use crate::notify::channel::Outcome;
use crate::notify::notice::NoticeKind;
use crate::notify::notice::Target;
use crate::notify::render::guarded_since;
use crate::store::outbox::standing::{Ahead, Standing, ToldBy};
use crate::store::outbox::{Claimed, Delivery, DeliveryOutcome, Learned, NoticeId, NoticeState, Settlement};
use crate::time::Instant;
use std::sync::Arc;
use tracing::{error, warn};

/// Why a notice is not sent whose decision counts no more.
const REVOKED: &str = "决定已撤销，未发出";
/// After an earlier push, or a failure of the store.
const SOON_MS: i64 = 1_000;
/// While an earlier push is on its way.
const ON_ITS_WAY_MS: i64 = 5_000;

impl Outbox {
    /// What is left of a batch to send now; none: nothing, or not now, and that is settled.
    pub(super) async fn as_it_stands(&self, mut batch: Batch, now: Instant) -> Option<Batch> {
        let ids: Vec<NoticeId> = batch.0.iter().map(|claimed| claimed.notice.id).collect();
        let standings = match self.store.standing_of_notices(&ids).await {
            Ok(standings) => standings,
            Err(error) => {
                error!(error = %error, notice.id = batch.lead().id, "could not look up how a notice stands, it waits");
                self.wait(&batch, now.plus_ms(ON_ITS_WAY_MS), "数据库读不出来", now).await;
                return None;
            }
        };
        for standing in standings.iter().filter(|standing| standing.is_confidential) {
            batch.become_confidential(standing.notice);
        }
        let is_void = |claimed: &Claimed| is_unsent(claimed) && is_revoked(claimed, &standings);
        let (void, live): (Vec<_>, Vec<_>) = batch.0.into_iter().partition(is_void);
        for claimed in &void {
            self.cancel(claimed, now).await;
        }
        let live = Batch(live);
        let lead = live.0.first()?;
        let ahead = standings.iter().find(|standing| standing.notice == lead.notice.id)?.ahead;
        let Some(ahead) = ahead.filter(|_| live.is_queued()) else { return Some(live) };
        self.wait(&live, after(ahead, now), "等这张工单前一条推送送达后再推", now).await;
        None
    }

    /// Whom nobody told is to be called no more, either.
    async fn cancel(&self, claimed: &Claimed, now: Instant) {
        let (state, reason) = (NoticeState::Cancelled, Some(REVOKED.to_owned()));
        let settlement = Settlement::Rests { state, look_at: None, reason, counts: false };
        let reached = claimed.notice.calls.iter().map(|call| call.party.clone()).collect();
        self.settle_with(claimed, settlement, Learned { reached, ..Learned::default() }, now).await;
    }

    async fn wait(&self, batch: &Batch, until: Instant, why: &str, now: Instant) {
        let mut attempt = Attempt::after(&batch.lead().deliveries);
        attempt.again(until, "", why);
        self.settle_all(batch, &attempt, now).await;
    }

    /// How the message ended by which an address was told of the same decision, as another of its recipients; none: it was
    /// not, or that did not arrive. A group's channel speaks to each of its recipients.
    pub(super) async fn told_before(
        &self,
        batch: &Batch,
        way: &Way,
        tried: &[Delivery],
    ) -> Option<(Arc<str>, Outcome)> {
        let first = batch.first();
        if way.address.is_empty() || first.decision.is_none() || matches!(first.target, Target::Channel(_)) {
            return None;
        }
        let ids: Vec<NoticeId> = batch.0.iter().map(|claimed| claimed.notice.id).collect();
        let told = match self.store.told_of_decision(&ids, &way.channel, &way.address).await {
            Ok(told) => told,
            Err(error) => {
                warn!(error = %error, notice.id = ids[0], "could not look up whether somebody was told already");
                return None;
            }
        };
        let last = |id: &NoticeId| told.iter().rfind(|told| told.notice == *id && may_have_arrived(told));
        let all = ids.iter().map(last).collect::<Option<Vec<&ToldBy>>>()?;
        let told = *all.first()?;
        let is_known = |delivery: &Delivery| delivery.message.as_ref() == Some(&told.message);
        match told.outcome {
            _ if tried.iter().any(is_known) => None,
            DeliveryOutcome::Accepted => {
                Some((told.message.clone(), Outcome::Accepted { provider_id: told.provider_id.clone() }))
            }
            _ => Some((told.message.clone(), Outcome::unknown("同一决定已发往这个地址，没有答复"))),
        }
    }
}

impl Batch {
    fn become_confidential(&mut self, id: NoticeId) {
        let is_public = |claimed: &&mut Claimed| claimed.notice.id == id && !claimed.notice.queued.confidential;
        for claimed in self.0.iter_mut().filter(is_public) {
            // What another system takes is agreed with it, whatever is confidential.
            if matches!(claimed.notice.queued.target, Target::Recipient { .. }) {
                claimed.notice.queued = guarded_since(&claimed.notice.queued);
            }
        }
    }
}

fn is_revoked(claimed: &Claimed, standings: &[Standing]) -> bool {
    let notice = &claimed.notice.queued;
    // Another system is told of both, in that order; and a revocation is told, whatever becomes of it.
    notice.kind != NoticeKind::Revocation
        && matches!(notice.target, Target::Recipient { .. })
        && standings.iter().any(|standing| standing.notice == claimed.notice.id && standing.is_revoked)
}

/// Whether nobody can have been told.
fn is_unsent(claimed: &Claimed) -> bool {
    let has_failed =
        |delivery: &Delivery| matches!(delivery.outcome, DeliveryOutcome::Transient | DeliveryOutcome::Permanent);
    claimed.notice.state == NoticeState::Queued && claimed.notice.deliveries.iter().all(has_failed)
}

fn may_have_arrived(told: &ToldBy) -> bool {
    use DeliveryOutcome::{Accepted, Interrupted, Unknown};
    !told.has_failed && matches!(told.outcome, Accepted | Unknown | Interrupted)
}

fn after(ahead: Ahead, now: Instant) -> Instant {
    if ahead.is_claimed { now.plus_ms(ON_ITS_WAY_MS) } else { ahead.due_at.max(now).plus_ms(SOON_MS) }
}
