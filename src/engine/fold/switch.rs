//! A new version takes force (language.md §4, law 5): open obligations whose rule still exists keep their start and get
//! their due counted anew; a rule that is gone cancels its open ones; what lies before stays as it was made.

use super::open::{How, Opening, limited};
use super::{Fold, Stage};
use crate::engine::key::Anchor;
use crate::engine::live::{DeadlineState, End, StepState};
use crate::engine::trace::{CancelledBy, PassedOver, Seen};
use crate::policy::model::{Deadline, Policy, Step, Timing};
use crate::symbol::Symbol;
use crate::time::Instant;

impl<'a> Fold<'a> {
    pub(super) fn switch(&mut self) {
        let old = self.policy;
        self.stage += 1;
        let Stage { from, policy, vocabulary, .. } = self.stages[self.stage];
        (self.policy, self.vocabulary) = (policy, vocabulary);
        self.take_over_counts();
        let Some(new) = policy else {
            self.cancel(from, &CancelledBy::Edit, |_| true);
            self.deadlines.clear();
            return;
        };
        self.calendar = &new.calendar;
        let old_deadlines = old.map_or(&[][..], |policy| &policy.deadlines);
        let successor: Vec<Option<usize>> = old_deadlines.iter().map(|old| successor(old.id, new)).collect();
        self.carry_deadlines(new, &successor);
        self.carry_reactions(new);
        self.carry_obligations(new, old_deadlines, &successor);
    }

    fn carry_deadlines(&mut self, new: &'a Policy, successor: &[Option<usize>]) {
        let old = std::mem::replace(&mut self.deadlines, new.deadlines.iter().map(DeadlineState::new).collect());
        for (state, place) in old.into_iter().zip(successor) {
            if let Some(place) = place {
                self.deadlines[*place] = state;
            }
        }
    }

    fn carry_reactions(&mut self, new: &'a Policy) {
        for reaction in &new.reactions {
            let renamed =
                reaction.was.iter().find(|was| self.first_ids.iter().any(|(id, _)| id == *was) || **was != reaction.id);
            if let Some(was) = renamed {
                let first = self.first_id(*was);
                self.first_ids.retain(|(id, _)| *id != reaction.id);
                self.first_ids.push((reaction.id, first));
            }
        }
    }

    fn carry_obligations(&mut self, new: &'a Policy, old: &[Deadline], successor: &[Option<usize>]) {
        let from = self.stages[self.stage].from;
        for place in 0..self.obligations.len() {
            let live = &self.obligations[place];
            let Some(number) = live.deadline else { continue };
            match successor[number] {
                None => {
                    self.cancel_one(place, from);
                    self.obligations[place].deadline = None;
                }
                Some(number_now) => {
                    let was_open = live.is_open();
                    self.obligations[place].deadline = Some(number_now);
                    self.obligations[place].rule = new.deadlines[number_now].id;
                    if was_open {
                        self.recount(place, &old[number].ladder, from);
                    }
                }
            }
        }
    }

    fn cancel_one(&mut self, place: usize, from: Instant) {
        let live = &mut self.obligations[place];
        if live.is_open() {
            live.end = Some(End::Cancelled);
            let obligation = live.which();
            self.see(from, |_| Seen::Cancelled { obligation, by: CancelledBy::Edit });
        }
    }

    /// Counts an open obligation's due anew, and leaves out what of its new ladder is already past.
    fn recount(&mut self, place: usize, old_ladder: &[Step], from: Instant) {
        let calendar = self.calendar;
        let live = &self.obligations[place];
        let number = live.deadline.expect("its rule still exists");
        let deadline = self.deadline(number);
        let anchor = Anchor::Order;
        let opening = Opening { event: live.event, at: live.opened, anchor: &anchor, how: How::Start };
        let chosen = self.choose(deadline, live.clock.start, &opening, Some(&live.attributes));
        let Some(base) = chosen.base else {
            return self.cancel_one(place, from);
        };
        let clock = live.clock.recounted(base, deadline.pauses.is_some(), calendar);
        let steps = carry_steps(&live.steps, old_ladder, &deadline.ladder);
        let live = &mut self.obligations[place];
        let (old_due, old_from) = (live.due, live.holds_from);
        live.clock = clock;
        live.steps = steps;
        let moved = live.clock.due(calendar) != old_due;
        live.set_due(if moved { from } else { old_from }, deadline, calendar);
        let (obligation, due) = (live.which(), live.due);
        if let Some(limit) = limited(base, chosen.entry, deadline).filter(|_| moved) {
            let version = self.stages[self.stage].version.clone();
            self.see(from, |_| Seen::Recounted { obligation, limit, due, version });
        }
        self.leave_out_what_is_past(place, from);
    }

    fn leave_out_what_is_past(&mut self, place: usize, from: Instant) {
        let catch_up = self.governing().catch_up;
        let number = self.obligations[place].deadline.expect("its rule still exists");
        let (deadline, paused_since) = (self.deadline(number), self.deadlines[number].paused_since);
        let live = &mut self.obligations[place];
        let mut left_out = Vec::new();
        for (number, step) in deadline.ladder.iter().enumerate() {
            let past = live.fires_at(number, deadline, paused_since).is_some_and(|at| at < from);
            let expendable = matches!(step.timing, Timing::Before(_));
            if past && (expendable || !catch_up) {
                live.steps[number].done = true;
                left_out.push(step.id);
            }
        }
        live.release = live.release.max(from);
        live.look_ahead(deadline, paused_since);
        let obligation = live.which();
        for step in left_out {
            self.see(from, |_| Seen::StepPassedOver { obligation, step, why: PassedOver::Edited });
        }
    }
}

/// Where a rule of the old version stands in the new one.
fn successor(old: Symbol, new: &Policy) -> Option<usize> {
    let renamed = new.deadlines.iter().position(|deadline| deadline.was.contains(&old));
    renamed.or_else(|| new.deadlines.iter().position(|deadline| deadline.id == old))
}

fn carry_steps(states: &[StepState], old: &[Step], new: &[Step]) -> Vec<StepState> {
    let carried = |step: &Step| {
        let known = old
            .iter()
            .position(|old| step.was.contains(&old.id))
            .or_else(|| old.iter().position(|old| old.id == step.id));
        known.map_or(StepState { first_id: step.id, at: None, done: false, done_for: None }, |place| {
            states[place].clone()
        })
    };
    new.iter().map(carried).collect()
}
