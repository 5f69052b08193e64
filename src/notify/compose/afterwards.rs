//! What is told after a decision was made: that it was approved, that it still waits for approval, that it is revoked or that a
//! person lifted it. Whoever was told of a decision is told that it counts no more.

use super::{Teller, Told};
use crate::engine::decision::{Decision, DecisionKind, Key};
use crate::notify::facts::{Scene, told_to};
use crate::notify::notice::{NoticeKind, QueuedNotice};
use crate::symbol::Symbol;
use crate::time::Instant;

/// A decision that a person lifted, shaped like a revocation: what other systems are told. Dated when it was lifted; known by
/// the decision's key and `:lifted`.
pub fn lifting(decision: &Decision, at: Instant, note: &str) -> Decision {
    let kind = DecisionKind::Revoke {
        revokes: decision.kind.name(),
        revoked: decision.key.clone(),
        reason: if note.is_empty() { "经人工复核".into() } else { note.into() },
    };
    let to = told_to(decision).to_vec();
    Decision { key: lifting_key(&decision.key), kind, approval: None, at, made_at: at, to, ..decision.clone() }
}

fn lifting_key(key: &Key) -> Key {
    format!("{key}:lifted").into()
}

impl Teller {
    /// The notices of a proposal that was approved: what a decision without `approval` is told to, is told now.
    pub fn notices_on_approval(
        &self,
        decision: &Decision,
        scene: Scene<'_>,
        at: Instant,
        json: &str,
    ) -> Vec<QueuedNotice> {
        let approved = Decision { approval: None, made_at: decision.made_at.max(at), ..decision.clone() };
        let key = format!("{}:approved", decision.key).into();
        Told { key, ..self.telling(&approved, scene) }.to_all(json)
    }

    /// The notices of the revocation of a proposal that had been approved: to whoever approved it and to its own.
    pub fn notices_on_revocation_of_approved(
        &self,
        revocation: &Decision,
        scene: Scene<'_>,
        json: &str,
    ) -> Vec<QueuedNotice> {
        let told = self.telling(revocation, scene);
        let mut notices = told.to_recipients(&told.with_approver(revocation), &revocation.cc);
        notices.extend(told.to_systems(json));
        notices
    }

    /// The notices of a decision that a person lifted. `json`: the lifting as the feed gives it, where that is pushed;
    /// `was_fed`: a proposal that was never approved was told to its approver alone, and to no other system.
    pub fn notices_on_lifting(
        &self,
        decision: &Decision,
        lifting: &Decision,
        scene: Scene<'_>,
        was_fed: bool,
        json: &str,
    ) -> Vec<QueuedNotice> {
        let told = Told { about: decision.key.clone(), ..self.telling(lifting, scene) };
        match decision.approval {
            Some(approver) if !was_fed => told.to_recipients(&[approver], &[]),
            _ => {
                let mut notices = told.to_recipients(&told.with_approver(decision), &lifting.cc);
                notices.extend(told.to_systems(json));
                notices
            }
        }
    }

    /// The notices of a proposal that still waits: its approver is reminded for the `number`-th time.
    pub fn notices_on_waiting(
        &self,
        decision: &Decision,
        scene: Scene<'_>,
        number: u32,
        at: Instant,
    ) -> Vec<QueuedNotice> {
        let Some(approver) = decision.approval else { return Vec::new() };
        let key = format!("{}:waiting-{number}", decision.key).into();
        let kind = NoticeKind::Proposal;
        Told { key, kind, at, waiting: true, ..self.telling(decision, scene) }.to_recipients(&[approver], &[])
    }
}

impl Told<'_> {
    /// Those who are told of what is told here, and whoever approved it before them.
    fn with_approver(&self, proposal: &Decision) -> Vec<Symbol> {
        let own = told_to(self.decision).iter().copied();
        let approver = proposal.approval.filter(|approver| !self.decision.to.contains(approver));
        own.chain(approver).collect()
    }
}
