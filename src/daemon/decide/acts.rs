//! What people's acts on decisions bring about: a proposal approved is told to its own, one that waits is brought to mind, a
//! decision lifted is taken back wherever it was told.

use crate::calendar::{Calendar, Counting};
use crate::config::Reminding;
use crate::engine::decision::{Decision, DecisionKind, Key};
use crate::engine::explain::decided::{ACTS, text_of};
use crate::notify::compose::afterwards::lifting;
use crate::order::{Event, History};
use crate::store::decided::Lifted;
use crate::time::Instant;

/// A proposal is brought to mind no more often than this: years of working days.
const REMINDERS_MAX: u32 = 3000;

/// The acts on the decisions of one order.
pub(super) struct Acts<'a> {
    /// Everything decided, revocations included.
    pub(super) decisions: &'a [Decision],
    pub(super) history: &'a History,
    /// Events that arrived up to this number were known when it was last decided.
    pub(super) known: Option<u64>,
    pub(super) now: Instant,
}

/// A decision that a person lifted.
pub(super) struct Lifting<'a> {
    pub(super) decision: &'a Decision,
    /// As it is fed.
    pub(super) fed: Decision,
    pub(super) by: Option<String>,
    /// Whether the decision was fed: a proposal only once it was approved.
    pub(super) was_fed: bool,
}

impl Lifting<'_> {
    pub(super) fn to_be_fed(&self) -> Lifted {
        Lifted { decision: self.decision.key.clone(), fed: self.fed.clone(), by: self.by.clone() }
    }
}

impl<'a> Acts<'a> {
    /// The proposals whose approval became known since the order was last decided, each with the approval's instant. What
    /// was refused, lifted or revoked before stays unapproved.
    pub(super) fn approvals(&self) -> Vec<(&'a Decision, Instant)> {
        let approved = self.proposals().filter(|proposal| self.revocation(proposal).is_none()).filter_map(|proposal| {
            let answer = self.answer(&proposal.key)?;
            (answer.kind.as_str() == "approved" && self.is_news(answer)).then_some((proposal, answer.at))
        });
        approved.collect()
    }

    /// The decisions that a person lifted since the order was last decided. A second lifting says nothing, and neither does
    /// one of what was revoked.
    pub(super) fn liftings(&self) -> Vec<Lifting<'a>> {
        let standing = self.decisions.iter().filter(|decision| self.revocation(decision).is_none());
        standing.filter_map(|decision| self.lifting(decision)).collect()
    }

    fn lifting(&self, decision: &'a Decision) -> Option<Lifting<'a>> {
        let lifts = |event: &&Event| event.kind.as_str() == "lifted" && names(event, &decision.key);
        let event = self.history.events().iter().find(lifts).filter(|event| self.is_news(event))?;
        let said = |name| text_of(event, name).map(str::trim).filter(|text| !text.is_empty());
        Some(Lifting {
            decision,
            fed: lifting(decision, event.at, said("note").unwrap_or_default()),
            by: said("by").map(str::to_owned),
            was_fed: decision.approval.is_none() || self.is_approved(decision),
        })
    }

    /// The proposals that nobody has answered, and that were not revoked.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &'a Decision> {
        let open = self.proposals().filter(|proposal| self.answer(&proposal.key).is_none());
        open.filter(|proposal| self.revocation(proposal).is_none())
    }

    /// Whether a decision revokes a proposal that had been approved, and so was told to its own.
    pub(super) fn revokes_what_was_approved(&self, decision: &Decision) -> bool {
        let DecisionKind::Revoke { revoked, .. } = &decision.kind else { return false };
        let revoked = self.proposals().find(|proposal| proposal.key == *revoked);
        revoked.is_some_and(|proposal| self.is_approved(proposal))
    }

    /// The keys of revocations that are fed, because what they revoke was approved and fed.
    pub(super) fn revoked_after_approval(&self, new: &[Decision]) -> Vec<Key> {
        let fed = new.iter().filter(|decision| self.revokes_what_was_approved(decision));
        fed.map(|decision| decision.key.clone()).collect()
    }

    /// Decisions that wait for approval, or did.
    fn proposals(&self) -> impl Iterator<Item = &'a Decision> {
        let is_proposal =
            |made: &&Decision| made.approval.is_some() && !matches!(made.kind, DecisionKind::Revoke { .. });
        self.decisions.iter().filter(is_proposal)
    }

    fn is_approved(&self, proposal: &Decision) -> bool {
        self.answer(&proposal.key).is_some_and(|answer| answer.kind.as_str() == "approved")
    }

    /// The first event that approves, refuses or lifts a decision, once it has come.
    fn answer(&self, key: &Key) -> Option<&'a Event> {
        let is_answer =
            |event: &&Event| event.kind.as_str() != ACTS[0] && ACTS.contains(&event.kind.as_str()) && names(event, key);
        self.history.events().iter().find(is_answer).filter(|event| event.at <= self.now)
    }

    fn revocation(&self, decision: &Decision) -> Option<&'a Decision> {
        let revokes =
            |other: &&Decision| matches!(&other.kind, DecisionKind::Revoke { revoked, .. } if *revoked == decision.key);
        self.decisions.iter().find(revokes)
    }

    fn is_news(&self, event: &Event) -> bool {
        self.known.is_none_or(|known| event.arrival > known) && event.at <= self.now
    }
}

/// Whether an event names this decision.
fn names(event: &Event, key: &Key) -> bool {
    text_of(event, "decision") == Some(&**key)
}

/// Where the reminders of a proposal stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reminded {
    /// The last that is due: its number from 1, and its instant. Those missed before it are not made up.
    pub(super) last: Option<(u32, Instant)>,
    /// When the next is due.
    pub(super) next: Option<Instant>,
}

impl Reminded {
    /// As of `now`, of a proposal told at an instant.
    pub(super) fn at(now: Instant, told: Instant, reminding: Reminding, calendar: &Calendar) -> Reminded {
        let after = |start, span| calendar.due(start, span, Counting::NextDay).at;
        let (mut last, mut next) = (None, after(told, reminding.after));
        for number in 1..=REMINDERS_MAX {
            if next > now {
                return Reminded { last, next: Some(next) };
            }
            last = Some((number, next));
            next = after(next, reminding.every);
        }
        Reminded { last, next: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn at(text: &str) -> Instant {
        Instant::parse(&format!("{text}:00+08:00")).unwrap()
    }

    #[track_caller]
    fn check(told: &str, now: &str, last: Option<(u32, &str)>, next: &str) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let rules = crate::policy::load(&root.join("rules"), &root.join("calendars"), &None).rules.unwrap();
        let policy = rules.policies.iter().find(|policy| policy.id.as_str() == "zhuhai-124").unwrap();
        let reminded = Reminded::at(at(now), at(told), Reminding::default(), &policy.calendar);
        let last = last.map(|(number, instant)| (number, at(instant)));
        assert_eq!(reminded, Reminded { last, next: Some(at(next)) });
    }

    #[test]
    fn approvers_are_reminded_on_each_working_day_and_what_was_missed_is_not_made_up() {
        // A Saturday that is worked counts, the Sunday does not.
        check("2024-05-10T16:00", "2024-05-10T18:00", None, "2024-05-11T17:30");
        check("2024-05-10T16:00", "2024-05-11T17:30", Some((1, "2024-05-11T17:30")), "2024-05-13T17:30");
        check("2024-05-10T16:00", "2024-05-16T09:00", Some((4, "2024-05-15T17:30")), "2024-05-16T17:30");
        check("2024-04-30T10:00", "2024-05-05T10:00", None, "2024-05-06T17:30");
    }
}
