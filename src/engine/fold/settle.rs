//! What falls due by itself at one instant: pauses that end, starts that come at the latest, steps, and the round that a
//! step's return opens.

use super::{Fold, ROUNDS_AT_ONCE_MAX};
use crate::engine::trace::{PassedOver, Seen};
use crate::policy::model::Timing;
use crate::time::Instant;

impl Fold<'_> {
    /// The next instant at which something falls due by itself.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        let pauses = self.deadlines.iter().filter_map(|state| state.pause_ends);
        let latest = self.deadlines.iter().filter_map(|state| state.latest.as_ref().map(|latest| latest.opens_at));
        let steps = (0..self.obligations.len()).filter_map(|place| self.next_step(place));
        pauses.chain(latest).chain(steps).min()
    }

    fn next_step(&self, place: usize) -> Option<Instant> {
        let live = &self.obligations[place];
        let number = live.deadline.filter(|_| live.is_open())?;
        let (deadline, paused_since) = (self.deadline(number), self.deadlines[number].paused_since);
        (0..live.steps.len()).filter_map(|step| live.fires_at(step, deadline, paused_since)).min()
    }

    fn step_fires_at(&self, place: usize, number: usize) -> Option<Instant> {
        let live = &self.obligations[place];
        let deadline = live.deadline.filter(|_| live.is_open())?;
        live.fires_at(number, self.deadline(deadline), self.deadlines[deadline].paused_since)
    }

    /// Takes everything that falls due by `at`.
    pub(super) fn settle(&mut self, at: Instant) {
        let mut rounds = 0;
        loop {
            let ended = self.end_pauses(at);
            let opened = self.open_latest(at);
            let fired = self.fire_steps(at);
            if !self.returns.is_empty() {
                rounds += 1;
                if rounds > ROUNDS_AT_ONCE_MAX {
                    self.returns.clear();
                }
                self.open_returned_round(at);
            } else if !(ended || opened || fired) {
                return;
            }
        }
    }

    fn end_pauses(&mut self, at: Instant) -> bool {
        let mut ended = false;
        for number in 0..self.deadlines.len() {
            let Some(end) = self.deadlines[number].pause_ends.filter(|end| *end <= at) else { continue };
            ended = true;
            for place in self.resume(number, end, None) {
                self.flag_pause(place, end);
            }
        }
        ended
    }

    /// Fires the steps due by `at`, in the order of the file: all of them see the order as it was before.
    fn fire_steps(&mut self, at: Instant) -> bool {
        let mut due: Vec<(usize, usize, usize)> = Vec::new();
        for (place, live) in self.obligations.iter().enumerate().filter(|(_, live)| live.is_open()) {
            let steps = 0..live.steps.len();
            let coming = steps.filter(|number| self.step_fires_at(place, *number).is_some_and(|instant| instant <= at));
            due.extend(coming.map(|number| (live.deadline.unwrap_or_default(), place, number)));
        }
        due.sort_unstable();
        let holding: Vec<bool> = due.iter().map(|(_, place, number)| self.step_holds(*place, *number, at)).collect();
        for ((deadline, place, number), holds) in due.iter().copied().zip(holding) {
            let step = &self.deadline(deadline).ladder[number];
            let live = &mut self.obligations[place];
            live.steps[number].done = true;
            if matches!(step.timing, Timing::Before(_)) {
                live.steps[number].done_for = live.due;
            }
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
        !due.is_empty()
    }

    fn step_holds(&self, place: usize, number: usize, at: Instant) -> bool {
        let live = &self.obligations[place];
        let deadline = live.deadline.expect("only an open obligation's steps fall due");
        self.holds(&self.deadline(deadline).ladder[number].when, at, live.event)
    }
}
