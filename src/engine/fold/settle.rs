//! What falls due by itself at one instant: pauses that end, starts that come at the latest, steps, and the round that a
//! step's return opens.

use super::{Fold, ROUNDS_AT_ONCE_MAX};
use crate::engine::trace::{PassedOver, Seen};
use crate::policy::model::Timing;
use crate::time::Instant;

/// Later than any instant that a timer may have.
const NEVER: Instant = Instant(i64::MAX);

impl Fold<'_> {
    /// The next instant at which something falls due by itself.
    fn next_timer(&self) -> Option<Instant> {
        let mut next = NEVER;
        for state in &self.deadlines {
            next = next.min(state.pause_ends.unwrap_or(NEVER));
            next = next.min(state.latest.as_ref().map_or(NEVER, |latest| latest.opens_at));
        }
        for live in self.obligations.iter().filter(|live| live.is_open()) {
            next = next.min(live.next_step.unwrap_or(NEVER));
        }
        (next != NEVER).then_some(next)
    }

    /// Finds an obligation's next step anew.
    pub(super) fn look_ahead(&mut self, place: usize) {
        let Some(number) = self.obligations[place].deadline else { return };
        let (deadline, paused_since) = (self.deadline(number), self.deadlines[number].paused_since);
        self.obligations[place].look_ahead(deadline, paused_since);
    }

    /// Takes everything that falls due by `at`; returns when the next falls due by itself.
    pub(super) fn settle(&mut self, at: Instant) -> Option<Instant> {
        let mut rounds = 0;
        loop {
            let next = self.next_timer();
            if next.is_none_or(|next| next > at) {
                return next;
            }
            self.end_pauses(at);
            self.open_latest(at);
            self.fire_steps(at);
            rounds += u32::from(!self.returns.is_empty());
            if rounds > ROUNDS_AT_ONCE_MAX {
                self.returns.clear();
            }
            self.open_returned_round(at);
        }
    }

    fn end_pauses(&mut self, at: Instant) {
        for number in 0..self.deadlines.len() {
            let Some(end) = self.deadlines[number].pause_ends.filter(|end| *end <= at) else { continue };
            for place in self.resume(number, end, None) {
                self.flag_pause(place, end);
            }
        }
    }

    /// Fires the steps due by `at`, in the order of the file: all of them see the order as it was before.
    fn fire_steps(&mut self, at: Instant) {
        let due = self.steps_by(at);
        let holding: Vec<bool> = due.iter().map(|(_, place, number)| self.step_holds(*place, *number, at)).collect();
        for ((deadline, place, number), holds) in due.iter().copied().zip(holding) {
            let step = &self.deadline(deadline).ladder[number];
            let live = &mut self.obligations[place];
            live.steps[number].done = true;
            if matches!(step.timing, Timing::Before(_)) {
                live.steps[number].done_for = live.due;
            }
            self.look_ahead(place);
            let live = &self.obligations[place];
            if holds {
                self.make_step(place, number, step, at);
            } else {
                let (obligation, event, step_id) = (live.which(), live.event, step.id);
                self.see(at, |fold| {
                    let why = PassedOver::When(fold.failing(&step.when, at, event));
                    Seen::StepPassedOver { obligation, step: step_id, why }
                });
            }
        }
    }

    /// The open steps due by `at`, in the order of the file, each by deadline, obligation and number.
    fn steps_by(&self, at: Instant) -> Vec<(usize, usize, usize)> {
        let mut due: Vec<(usize, usize, usize)> = Vec::new();
        for (place, live) in self.obligations.iter().enumerate().filter(|(_, live)| live.has_step_by(at)) {
            let Some(number) = live.deadline else { continue };
            let (deadline, paused_since) = (self.deadline(number), self.deadlines[number].paused_since);
            let fires =
                |step: &usize| live.fires_at(*step, deadline, paused_since).is_some_and(|instant| instant <= at);
            due.extend((0..live.steps.len()).filter(fires).map(|step| (number, place, step)));
        }
        due.sort_unstable();
        due
    }

    fn step_holds(&self, place: usize, number: usize, at: Instant) -> bool {
        let live = &self.obligations[place];
        let deadline = live.deadline.expect("only an open obligation's steps fall due");
        self.holds(&self.deadline(deadline).ladder[number].when, at, live.event)
    }
}
