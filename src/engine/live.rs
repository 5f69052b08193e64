//! Obligations and deadlines while they are folded: what is open, what its clock shows, which steps are still to come.

use crate::calendar::Calendar;
use crate::calendar::span::Span;
use crate::engine::decision::{Obligation, Outcome};
use crate::engine::due_clock::DueClock;
use crate::engine::key::Anchor;
use crate::engine::trace::Which;
use crate::order::Event;
use crate::policy::model::{Deadline, Stop, Timing};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::time::Instant;
use std::sync::Arc;

/// What a deadline remembers from event to event.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // four facts of the round, each by itself
pub(super) struct DeadlineState<'a> {
    /// The id under which it was first known: renaming keeps its decisions' keys.
    pub(super) first_id: Symbol,
    /// A start was found (in the round, or with `scope: order` in the order), whether or not it gave an obligation.
    pub(super) found_start: bool,
    /// The start that comes at the latest came when it would already have been stopped: no start event opens one there
    /// any more. A later `transferred` still counts that start anew.
    pub(super) answered: bool,
    /// It opened an obligation there.
    pub(super) has_opened: bool,
    /// How many it opened there.
    pub(super) number: u32,
    /// Since when it is paused.
    pub(super) paused_since: Option<Instant>,
    /// When that pause ends by itself.
    pub(super) pause_ends: Option<Instant>,
    /// All pauses so far, the running one without an end.
    pub(super) pauses: Vec<(Instant, Option<Instant>)>,
    /// The start that comes at the latest.
    pub(super) latest: Option<LatestStart<'a>>,
    /// Whether the round has had an event from which the latest start is counted.
    pub(super) latest_counted: bool,
}

impl DeadlineState<'_> {
    pub(super) fn new(deadline: &Deadline) -> Self {
        DeadlineState {
            first_id: deadline.id,
            found_start: false,
            answered: false,
            has_opened: false,
            number: 0,
            paused_since: None,
            pause_ends: None,
            pauses: Vec::new(),
            latest: None,
            latest_counted: false,
        }
    }

    pub(super) fn enter_round(&mut self, order_scope: bool) {
        self.latest = None;
        self.latest_counted = false;
        if !order_scope {
            self.found_start = false;
            self.answered = false;
            self.has_opened = false;
            self.number = 0;
        }
    }
}

/// An opening by `start_at_latest` that is still to come.
#[derive(Debug)]
pub(super) struct LatestStart<'a> {
    pub(super) event: &'a Event,
    pub(super) opens_at: Instant,
    pub(super) progress: StopProgress,
    pub(super) stopped: bool,
}

/// Which of the types of each `every` alternative have come.
#[derive(Clone, Debug, Default)]
pub(super) struct StopProgress(Vec<u64>);

impl StopProgress {
    /// Whether this event meets an alternative; `holds` asks an alternative's condition.
    pub(super) fn is_met(&mut self, stops: &[Stop], event: &Event, holds: impl Fn(&Stop) -> bool) -> bool {
        let mut met = false;
        for (number, stop) in stops.iter().enumerate() {
            met |= match stop {
                Stop::Event(kind, _) => *kind == event.kind && holds(stop),
                Stop::Every(kinds) => self.has_every(number, kinds, event.kind),
            };
        }
        met
    }

    fn has_every(&mut self, number: usize, kinds: &[Symbol], kind: Symbol) -> bool {
        let Some(place) = kinds.iter().position(|known| *known == kind) else { return false };
        if self.0.len() <= number {
            self.0.resize(number + 1, 0);
        }
        self.0[number] |= 1 << place.min(63);
        self.0[number].count_ones() as usize == kinds.len()
    }
}

/// How an obligation ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Stopped(Instant),
    Cancelled,
}

/// A step of an obligation's ladder.
#[derive(Clone, Debug)]
pub(super) struct StepState {
    /// The id under which it was first known.
    pub(super) first_id: Symbol,
    /// Its instant; none while there is no due.
    pub(super) at: Option<Instant>,
    /// It fired, or will not any more (a `before` step: for the due that holds).
    pub(super) done: bool,
    /// The due for which a `before` step last fired or failed.
    pub(super) done_for: Option<Instant>,
}

/// An obligation.
#[derive(Debug)]
pub(super) struct Live<'a> {
    /// Its deadline's place in the policy in force; none once that is gone.
    pub(super) deadline: Option<usize>,
    pub(super) rule: Symbol,
    pub(super) round: u32,
    pub(super) occurrence: u32,
    pub(super) order_scope: bool,
    /// The event at hand for its conditions.
    pub(super) event: Option<&'a Event>,
    pub(super) anchor: Anchor<'a>,
    pub(super) opened: Instant,
    /// The order's attributes at the start: kept only where rules change, to choose the span anew.
    pub(super) attributes: Vec<(Symbol, Value)>,
    pub(super) clock: DueClock,
    pub(super) due: Option<Instant>,
    /// From when the present due holds.
    pub(super) holds_from: Instant,
    /// Steps at or after the due do not fire before this (the opening, a resumption, an edit that catches up).
    pub(super) release: Instant,
    pub(super) steps: Vec<StepState>,
    /// The instant of its next step if nothing comes between: what [`Live::look_ahead`] found last.
    pub(super) next_step: Option<Instant>,
    pub(super) progress: StopProgress,
    pub(super) end: Option<End>,
    /// What extensions it was granted: in all, and how often.
    pub(super) extended: Option<Span>,
    pub(super) extended_times: u32,
    pub(super) department: Option<Arc<str>>,
}

impl Live<'_> {
    pub(super) fn which(&self) -> Which {
        Which { rule: self.rule, round: self.round, occurrence: self.occurrence }
    }

    pub(super) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Takes over the clock's due as one that holds from this instant, and counts the steps' instants from it.
    pub(super) fn set_due(&mut self, holds_from: Instant, deadline: &Deadline, calendar: &Calendar) {
        self.due = self.clock.due(calendar);
        self.holds_from = holds_from;
        for (state, step) in self.steps.iter_mut().zip(&deadline.ladder) {
            state.at = self.due.map(|due| step_at(step.timing, due, calendar));
            if let (Timing::Before(_), Some(at)) = (step.timing, state.at) {
                state.done = at <= holds_from || state.done_for == self.due;
            }
        }
    }

    /// The instant at which a step fires if nothing comes between; none while a pause defers it, and once it is done.
    pub(super) fn fires_at(
        &self,
        number: usize,
        deadline: &Deadline,
        paused_since: Option<Instant>,
    ) -> Option<Instant> {
        let state = &self.steps[number];
        let at = state.at.filter(|_| !state.done)?;
        if matches!(deadline.ladder[number].timing, Timing::Before(_)) {
            return Some(at);
        }
        let deferred = self.clock.can_pause() && paused_since.is_some_and(|since| at >= since);
        (!deferred).then_some(at.max(self.release))
    }

    /// Finds its next step anew: after its due, its steps or its deadline's pause have changed.
    pub(super) fn look_ahead(&mut self, deadline: &Deadline, paused_since: Option<Instant>) {
        let steps = 0..self.steps.len();
        self.next_step = steps.filter_map(|number| self.fires_at(number, deadline, paused_since)).min();
    }

    /// Whether a step of it falls due by this instant.
    pub(super) fn has_step_by(&self, at: Instant) -> bool {
        self.is_open() && self.next_step.is_some_and(|next| next <= at)
    }

    /// Whether it counts as overdue for conditions asked at `at` in `round`.
    pub(super) fn is_overdue(&self, at: Instant, round: u32) -> bool {
        let concerned = self.round == round || self.order_scope;
        let overdue =
            self.due.is_some_and(|due| due < at && !matches!(self.end, Some(End::Stopped(stop)) if stop <= due));
        concerned && self.end != Some(End::Cancelled) && overdue
    }

    /// How it stands at `now`.
    pub(super) fn outcome(&self, now: Instant) -> Outcome {
        match (self.end, self.due) {
            (Some(End::Cancelled), _) => Outcome::Cancelled,
            (Some(End::Stopped(stop)), Some(due)) if stop > due => Outcome::Late,
            (Some(End::Stopped(_)), _) => Outcome::Met,
            (None, None) => Outcome::Suspended,
            (None, Some(due)) if due <= now => Outcome::Overdue,
            (None, Some(_)) => Outcome::Open,
        }
    }

    /// The obligation as others see it.
    pub(super) fn shown(&self, policy: Symbol, calendar: &Calendar, now: Instant) -> Obligation {
        let stopped_at = match self.end {
            Some(End::Stopped(at)) => Some(at),
            _ => None,
        };
        Obligation {
            policy,
            rule: self.rule,
            round: self.round,
            occurrence: self.occurrence,
            opened: self.opened,
            start: self.clock.start,
            due: self.due,
            provisional: self.due.is_some_and(|due| calendar.is_provisional(due)),
            outcome: self.outcome(now),
            stopped_at,
            department: self.department.clone(),
        }
    }
}

/// A step's instant, counted from the due.
fn step_at(timing: Timing, due: Instant, calendar: &Calendar) -> Instant {
    match timing {
        Timing::Due => due,
        Timing::After(span) => calendar.due_after(due, span).at,
        Timing::Before(span) => calendar.before(due, span),
    }
}
