//! Opening: starts, restarts, the start that comes at the latest, and rounds.

use super::Fold;
use crate::calendar::{Calendar, Counting};
use crate::engine::due_clock::{Base, DueClock};
use crate::engine::key::Anchor;
use crate::engine::live::{DeadlineState, LatestStart, Live, StepState, StopProgress};
use crate::engine::trace::{CancelledBy, Limited, NotOpened, Opened, OpenedBy, PassedOver, Seen};
use crate::engine::words::words;
use crate::order::Event;
use crate::policy::concern::{Concern, Opens};
use crate::policy::model::{Deadline, Limit, Within};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::time::Instant;
use chrono::NaiveDate;

/// What begins at an opening.
#[derive(Clone, Copy)]
pub(super) struct Opening<'a, 's> {
    /// The event at hand.
    pub(super) event: Option<&'a Event>,
    pub(super) at: Instant,
    /// What opens it: its anchor where the deadline's own is not enough (`each`, a restart).
    pub(super) anchor: &'s Anchor<'a>,
    pub(super) how: How,
}

/// How an obligation comes to open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum How {
    Start,
    Restart,
    AtLatest,
}

/// What a start's limit comes to.
pub(super) struct Chosen {
    pub(super) base: Option<Base>,
    /// The entry of `within` that was chosen.
    pub(super) entry: Option<usize>,
    /// What the event carries for `due_from` is missing, malformed or not after the start.
    pub(super) unusable: bool,
}

impl<'a> Fold<'a> {
    /// Restarts and starts by an event of this type (or a return decision that stands for `returned`).
    pub(super) fn start(&mut self, concern: &Concern, event: Option<&'a Event>, at: Instant, anchor: &Anchor<'a>) {
        for &Opens { number, starts, restarts } in &concern.opens {
            let (deadline, state) = (self.deadline(number), &self.deadlines[number]);
            let restart = restarts && !deadline.each && state.has_opened;
            let free = deadline.each || !(state.found_start || state.answered);
            let start = starts && free;
            if restart {
                let by = CancelledBy::Restart(event.map_or_else(|| "".into(), |event| event.id.clone()));
                self.cancel(at, &by, |live| live.deadline == Some(number));
                self.open(number, Opening { event, at, anchor, how: How::Restart });
            } else if start && self.holds(&deadline.when, at, event) {
                self.open(number, Opening { event, at, anchor, how: How::Start });
            } else if starts {
                self.see_not_opened(number, at, event, |fold| match start {
                    true => NotOpened::When(fold.failing(&deadline.when, at, event)),
                    false if fold.deadlines[number].answered => NotOpened::StoppedBefore,
                    false => NotOpened::AlreadyOpened,
                });
            }
        }
    }

    fn see_not_opened(
        &mut self,
        number: usize,
        at: Instant,
        event: Option<&Event>,
        why: impl FnOnce(&Self) -> NotOpened,
    ) {
        if self.watch.is_on() {
            let rule = self.deadline(number).id;
            self.see(at, |fold| Seen::NotOpened { rule, event: event.map(|event| event.id.clone()), why: why(fold) });
        }
    }

    /// Notes the events from which a start that comes at the latest is counted.
    pub(super) fn count_latest_starts(&mut self, concern: &Concern, event: &'a Event) {
        for &number in &concern.latest {
            let Some(latest) = &self.deadline(number).start_at_latest else { continue };
            let state = &self.deadlines[number];
            if !state.latest_counted || event.kind == words().transferred {
                let opens_at = self.calendar.due(event.at, latest.after, Counting::NextDay).at;
                let state = &mut self.deadlines[number];
                state.latest_counted = true;
                state.latest = Some(LatestStart { event, opens_at, progress: StopProgress::default(), stopped: false });
            }
        }
    }

    /// Opens what was to open at the latest by this instant.
    pub(super) fn open_latest(&mut self, at: Instant) {
        for number in 0..self.deadlines.len() {
            let state = &mut self.deadlines[number];
            let Some(latest) = state.latest.take_if(|latest| latest.opens_at <= at) else { continue };
            let deadline = self.deadline(number);
            if self.deadlines[number].found_start {
                continue;
            }
            let event = Some(latest.event);
            if latest.stopped {
                self.deadlines[number].answered = true;
                self.see_not_opened(number, at, None, |_| NotOpened::StoppedBefore);
            } else if self.holds(&deadline.when, at, event) {
                let anchor = Anchor::Event(&latest.event.id);
                self.open(number, Opening { event, at, anchor: &anchor, how: How::AtLatest });
            } else {
                self.see_not_opened(number, at, None, |fold| NotOpened::When(fold.failing(&deadline.when, at, event)));
            }
        }
    }

    fn open(&mut self, number: usize, opening: Opening<'a, '_>) {
        let (deadline, calendar) = (self.deadline(number), self.calendar);
        let start = self.counted_from(deadline, opening.at);
        let chosen = self.choose(deadline, start, &opening, None);
        let restart = opening.how == How::Restart;
        let anchor = match (deadline.each || restart, deadline.order_scope) {
            (true, _) => opening.anchor.clone(),
            (false, true) => Anchor::Order,
            (false, false) => Anchor::Round(self.world.round),
        };
        let state = &mut self.deadlines[number];
        state.found_start = true;
        if chosen.unusable {
            let occurrence = state.number + 1;
            self.flag_due_from(number, &anchor, occurrence, opening.at);
        }
        let Some(base) = chosen.base else {
            let why = if chosen.unusable { NotOpened::NoDue } else { NotOpened::NoEntry };
            return self.see_not_opened(number, opening.at, opening.event, |_| why);
        };
        let state = &mut self.deadlines[number];
        state.has_opened = true;
        state.number += 1;
        let clock = running_clock(state, start, base, calendar);
        let paused_since = state.paused_since;
        self.obligations.push(self.live(number, &opening, anchor, clock));
        let live = self.obligations.last_mut().expect("just opened");
        live.set_due(opening.at, deadline, calendar);
        live.look_ahead(deadline, paused_since);
        self.see_opened(base, chosen.entry, &opening);
    }

    /// Notes the obligation that has just opened, and the steps for which there is no time any more.
    fn see_opened(&mut self, base: Base, entry: Option<usize>, opening: &Opening) {
        let Some(live) = self.obligations.last().filter(|_| self.watch.is_on()) else { return };
        let Some(deadline) = live.deadline.map(|number| self.deadline(number)) else { return };
        let Some(limit) = limited(base, entry, deadline) else { return };
        let version = self.stages[self.stage].version.clone();
        let obligation = live.which();
        let by = opened_by(opening.anchor, opening.how);
        let opened = Opened { obligation, by, start: live.clock.start, limit, due: live.due, version };
        let passed_over = live.steps.iter().zip(&deadline.ladder).filter(|(state, _)| state.done);
        let passed_over: Vec<(Instant, Symbol)> =
            passed_over.map(|(state, step)| (state.at.unwrap_or(live.opened), step.id)).collect();
        self.see(live.opened, |_| Seen::Opened(opened));
        for (at, step) in passed_over {
            self.see(at, |_| Seen::StepPassedOver { obligation, step, why: PassedOver::NoTimeBefore });
        }
    }

    fn live(&self, number: usize, opening: &Opening<'a, '_>, anchor: Anchor<'a>, clock: DueClock) -> Live<'a> {
        let deadline = self.deadline(number);
        let step =
            |step: &crate::policy::model::Step| StepState { first_id: step.id, at: None, done: false, done_for: None };
        Live {
            deadline: Some(number),
            rule: deadline.id,
            round: self.world.round,
            occurrence: self.deadlines[number].number,
            order_scope: deadline.order_scope,
            event: opening.event,
            anchor,
            opened: opening.at,
            attributes: if self.stages.len() > 1 { self.world.attributes.values().to_vec() } else { Vec::new() },
            clock,
            due: None,
            holds_from: opening.at,
            release: opening.at,
            steps: deadline.ladder.iter().map(step).collect(),
            next_step: None,
            progress: StopProgress::default(),
            end: None,
            extended: None,
            extended_times: 0,
            department: self.department(),
        }
    }

    /// From when the span is counted.
    fn counted_from(&self, deadline: &Deadline, at: Instant) -> Instant {
        deadline.count_from.and_then(|kind| self.world.first_in_round(kind)).unwrap_or(at)
    }

    /// What gives the due; conditions see `attributes` in place of the order's present ones where given.
    pub(super) fn choose(
        &self,
        deadline: &Deadline,
        start: Instant,
        opening: &Opening<'a, '_>,
        attributes: Option<&[(Symbol, Value)]>,
    ) -> Chosen {
        let within = |entries: &[Within]| {
            let holds = |entry: &&Within| self.holds_with(&entry.when, opening.at, opening.event, attributes);
            entries
                .iter()
                .position(|entry| holds(&entry))
                .map(|entry| (entry, Base::Counted(entries[entry].is, deadline.counting)))
        };
        match &deadline.limit {
            Limit::Within(entries) => {
                let (entry, base) = within(entries).unzip();
                Chosen { base, entry, unusable: false }
            }
            Limit::By(time) => {
                Chosen { base: Some(Base::Fixed(self.calendar.due_by(start, *time).at)), entry: None, unusable: false }
            }
            Limit::DueFrom(attribute, entries) => {
                let carried = opening.event.and_then(|event| event.attribute(*attribute));
                let given = carried.and_then(|value| instant_of(value, self.calendar)).filter(|due| *due > opening.at);
                let (entry, fallback) = within(entries).filter(|_| given.is_none()).unzip();
                Chosen { base: given.map(Base::Fixed).or(fallback), entry, unusable: given.is_none() }
            }
        }
    }

    /// Begins the next round: what is open in this one is cancelled.
    pub(super) fn enter_round(&mut self, at: Instant) {
        self.cancel(at, &CancelledBy::NewRound, |live| !live.order_scope);
        self.world.round += 1;
        self.world.happened.clear();
        for number in 0..self.deadlines.len() {
            let order_scope = self.deadline(number).order_scope;
            self.deadlines[number].enter_round(order_scope);
        }
    }

    /// Opens the round that the return decisions of this instant lead to; several open one.
    pub(super) fn open_returned_round(&mut self, at: Instant) {
        let returns = std::mem::take(&mut self.returns);
        let Some(first) = returns.first() else { return };
        self.returned.extend(returns.iter().map(|made| made.key.clone()));
        self.echo_expected = true;
        if !self.ended {
            self.enter_round(at);
            let event = first.event.map(|event| event.id.clone());
            self.see(at, |_| Seen::RoundOpened { event, decision: Some(first.key.clone()) });
            let Some(policy) = self.policy else { return };
            self.start(policy.concern(words().returned), first.event, at, &Anchor::Return(first.key.clone()));
        }
    }
}

/// How long an obligation has, as explanations tell it.
pub(super) fn limited(base: Base, entry: Option<usize>, deadline: &Deadline) -> Option<Limited> {
    match (base, &deadline.limit) {
        (Base::Counted(span, counting), _) => Some(Limited::Span { span, counting, entry: entry.unwrap_or_default() }),
        (Base::Fixed(_), Limit::By(time)) => Some(Limited::By(*time)),
        (Base::Fixed(_), Limit::DueFrom(attribute, _)) => Some(Limited::Given(*attribute)),
        (Base::Fixed(_), Limit::Within(_)) => None,
    }
}

fn opened_by(anchor: &Anchor, how: How) -> OpenedBy {
    let id = match anchor {
        Anchor::Return(key) if how != How::Restart => return OpenedBy::Return(key.clone()),
        Anchor::Return(id) => id.clone(),
        Anchor::Event(id) => (*id).clone(),
        Anchor::Round(_) | Anchor::Order => unreachable!("events and return decisions open obligations"),
    };
    match how {
        How::Start => OpenedBy::Start(id),
        How::Restart => OpenedBy::Restart(id),
        How::AtLatest => OpenedBy::AtLatest(id),
    }
}

/// A clock that has seen the pauses since its start.
fn running_clock(state: &DeadlineState, start: Instant, base: Base, calendar: &Calendar) -> DueClock {
    let mut clock = DueClock::new(start, base);
    for (from, to) in &state.pauses {
        if to.is_some_and(|to| to <= start) || !clock.can_pause() {
            continue;
        }
        if *from <= start {
            clock.suspend_whole(calendar);
        } else {
            clock.suspend(*from, calendar);
        }
        if let Some(to) = to {
            clock.resume(*to);
        }
    }
    clock
}

/// The instant that an attribute gives: itself, or the end of its date.
fn instant_of(value: &Value, calendar: &Calendar) -> Option<Instant> {
    match value {
        Value::Instant(at) => Some(*at),
        Value::Date(date) => Some(calendar.due_on(*date).at),
        Value::Text(text) => Instant::parse(text)
            .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|date| calendar.due_on(date).at)),
        _ => None,
    }
}
