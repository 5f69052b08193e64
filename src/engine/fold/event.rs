//! Taking one event, in the order that language.md §3 gives: its attributes; pauses; extensions; stops; the round that a
//! `returned` opens; the end of the order; restarts and starts; reactions; the round that a `return` decision opens.

use super::{CountSet, Fold};
use crate::calendar::Counting;
use crate::calendar::span::Span;
use crate::engine::facts::is_events_own;
use crate::engine::key::{Anchor, base_of};
use crate::engine::live::End;
use crate::engine::trace::{CancelledBy, Move, NotMoved, NotReacted, Seen};
use crate::engine::words::words;
use crate::order::Event;
use crate::policy::concern::{Concern, Reacts};
use crate::policy::model::{Extends, Once, Reaction, Stop};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::time::Instant;

impl<'a> Fold<'a> {
    pub(super) fn take(&mut self, event: &'a Event) {
        if words().is_act(event.kind) {
            return self.take_act(event);
        }
        let echo = self.is_echo(event);
        self.apply_attributes(event);
        if event.kind == words().returned || event.kind == words().called_back {
            self.echo_expected = false;
        }
        if echo || self.ended {
            return self.see_nothing_fires(event);
        }
        self.count(event);
        self.note(event.kind, event.at);
        self.pause_or_resume(event);
        self.extend(event);
        let Some(concern) = self.policy.map(|policy| policy.concern(event.kind)) else {
            return self.turn(event);
        };
        self.stop(concern, event);
        self.turn(event);
        if !self.ended {
            self.start(concern, Some(event), event.at, &Anchor::Event(&event.id));
            self.count_latest_starts(concern, event);
        }
        self.react(concern, event);
        self.open_returned_round(event.at);
    }

    fn see_nothing_fires(&mut self, event: &Event) {
        let Some(policy) = self.policy.filter(|_| self.watch.is_on()) else { return };
        for reacts in &policy.concern(event.kind).reactions {
            self.see_not_reacted(&policy.reactions[reacts.number], event, |_| NotReacted::NothingFires);
        }
    }

    /// Whether a `returned` event only says that a return decision was carried out.
    fn is_echo(&self, event: &Event) -> bool {
        if event.kind != words().returned {
            return false;
        }
        match event.attribute(words().decision) {
            Some(Value::Text(key)) => self.returned.iter().any(|returned| **returned == *base_of(key)),
            Some(Value::Null) | None => self.echo_expected,
            Some(_) => false,
        }
    }

    fn apply_attributes(&mut self, event: &Event) {
        for (name, value) in &event.attributes {
            if !is_events_own(self.vocabulary, event.kind, *name) {
                self.world.attributes.set(*name, value);
            }
        }
    }

    /// Counts the event, in every version's counts: one that is added later counts from the beginning, too.
    fn count(&mut self, event: &Event) {
        let opens_round = event.kind == words().returned;
        let mut sets = std::mem::take(&mut self.count_sets);
        let mut counted = false;
        for CountSet { each, counts, .. } in &mut sets {
            for count in each.iter().filter(|count| count.events.contains(&event.kind)) {
                let after = count.after.is_empty()
                    || (!opens_round && count.after.iter().any(|kind| self.world.first_in_round(*kind).is_some()));
                if after && self.holds(&count.when, event.at, Some(event)) {
                    counted = true;
                    match counts.iter_mut().find(|(name, _)| *name == count.name) {
                        Some((_, number)) => *number += 1,
                        None => counts.push((count.name, 1)),
                    }
                }
            }
        }
        self.count_sets = sets;
        if counted {
            self.take_over_counts();
        }
    }

    /// The counts of the version in force become those that conditions see.
    pub(super) fn take_over_counts(&mut self) {
        self.world.counts.clone_from(&self.count_sets[self.counted_in[self.stage]].counts);
    }

    fn note(&mut self, kind: Symbol, at: Instant) {
        if self.world.first_in_round(kind).is_none() {
            self.world.happened.push((kind, at));
        }
    }

    fn pause_or_resume(&mut self, event: &'a Event) {
        if event.kind == words().suspended {
            for number in 0..self.deadlines.len() {
                self.pause(number, event);
            }
        } else if event.kind == words().resumed {
            for number in 0..self.deadlines.len() {
                self.resume(number, event.at, Some(event));
            }
        }
    }

    fn pause(&mut self, number: usize, event: &'a Event) {
        let (deadline, calendar) = (self.deadline(number), self.calendar);
        let Some(pauses) = &deadline.pauses else {
            return self.see_not_moved(number, event, |_| NotMoved::DoesNotPause);
        };
        if self.deadlines[number].paused_since.is_some() {
            return;
        }
        if !self.holds(&pauses.when, event.at, Some(event)) {
            return self.see_not_moved(number, event, |fold| {
                NotMoved::When(fold.failing(&pauses.when, event.at, Some(event)))
            });
        }
        let state = &mut self.deadlines[number];
        state.paused_since = Some(event.at);
        state.pause_ends = pauses.at_most.map(|span| calendar.due(event.at, span, Counting::NextDay).at);
        state.pauses.push((event.at, None));
        for place in self.open_of(number) {
            let live = &mut self.obligations[place];
            let obligation = live.which();
            if live.clock.suspend(event.at, calendar) {
                live.set_due(event.at, deadline, calendar);
                let by = Move::Suspended { event: Some(event.id.clone()), left: live.clock.left() };
                self.see(event.at, |_| Seen::Moved { obligation, by, due: None });
            } else {
                let why = if live.clock.can_pause() { NotMoved::TooLate } else { NotMoved::Fixed };
                self.see(event.at, |_| Seen::NotMoved { obligation, event: event.id.clone(), why });
            }
            self.look_ahead(place);
        }
    }

    /// The places of a deadline's open obligations.
    fn open_of(&self, number: usize) -> Vec<usize> {
        let open =
            |place: &usize| self.obligations[*place].is_open() && self.obligations[*place].deadline == Some(number);
        (0..self.obligations.len()).filter(open).collect()
    }

    fn see_not_moved(&mut self, number: usize, event: &Event, why: impl Fn(&Self) -> NotMoved) {
        if self.watch.is_on() {
            for place in self.open_of(number) {
                let obligation = self.obligations[place].which();
                self.see(event.at, |fold| Seen::NotMoved { obligation, event: event.id.clone(), why: why(fold) });
            }
        }
    }

    /// Ends a deadline's pause; says which obligations run again by it.
    pub(super) fn resume(&mut self, number: usize, at: Instant, event: Option<&Event>) -> Vec<usize> {
        let (deadline, calendar) = (self.deadline(number), self.calendar);
        let state = &mut self.deadlines[number];
        if state.paused_since.take().is_none() {
            return Vec::new();
        }
        state.pause_ends = None;
        if let Some((_, end)) = state.pauses.last_mut() {
            *end = Some(at);
        }
        let mut resumed = Vec::new();
        for place in self.open_of(number) {
            let live = &mut self.obligations[place];
            if live.clock.can_pause() {
                live.release = live.release.max(at);
            }
            if live.clock.resume(at) {
                live.set_due(at, deadline, calendar);
                resumed.push(place);
                let (obligation, due) = (live.which(), live.due);
                let by = Move::Resumed { event: event.map(|event| event.id.clone()) };
                self.see(at, |_| Seen::Moved { obligation, by, due });
            }
            self.look_ahead(place);
        }
        resumed
    }

    fn extend(&mut self, event: &'a Event) {
        if event.kind != words().extended {
            return;
        }
        let asked = asked_extension(event);
        for place in 0..self.obligations.len() {
            let live = &self.obligations[place];
            let Some(deadline) = live.deadline.filter(|_| live.is_open()).map(|number| self.deadline(number)) else {
                continue;
            };
            let Some(extends) = &deadline.extends else {
                let obligation = live.which();
                self.see(event.at, |_| Seen::NotMoved {
                    obligation,
                    event: event.id.clone(),
                    why: NotMoved::DoesNotExtend,
                });
                continue;
            };
            let in_time = live.due.is_none_or(|due| event.at <= due);
            let granted =
                asked.filter(|_| in_time && self.holds(&extends.when, event.at, Some(event))).and_then(|asked| {
                    room(extends, self.obligations[place].extended, self.obligations[place].extended_times, asked)
                });
            // The flag cites the due as it was when the extension came.
            if granted.is_none() || granted != asked {
                self.flag_extension(place, event, granted);
            }
            if let Some(granted) = granted {
                self.grant(place, granted, event, granted != asked.unwrap_or(granted));
            } else {
                let obligation = self.obligations[place].which();
                self.see(event.at, |fold| {
                    let why = fold.why_not_extended(extends, in_time, asked, event);
                    Seen::NotMoved { obligation, event: event.id.clone(), why }
                });
            }
        }
    }

    fn why_not_extended(&self, extends: &Extends, in_time: bool, asked: Option<Span>, event: &Event) -> NotMoved {
        let kind = std::mem::discriminant::<Span>;
        let fits = |asked: &Span| extends.at_most.is_none_or(|most| kind(&most) == kind(asked));
        if !in_time {
            NotMoved::TooLate
        } else if !self.holds(&extends.when, event.at, Some(event)) {
            NotMoved::When(self.failing(&extends.when, event.at, Some(event)))
        } else if asked.is_some_and(|asked| fits(&asked)) {
            NotMoved::UsedUp
        } else {
            NotMoved::NoSpan
        }
    }

    fn grant(&mut self, place: usize, granted: Span, event: &Event, in_part: bool) {
        let (calendar, at) = (self.calendar, event.at);
        let number = self.obligations[place].deadline.expect("only an open obligation is extended");
        let deadline = self.deadline(number);
        let live = &mut self.obligations[place];
        live.extended = Some(live.extended.map_or(granted, |so_far| sum(so_far, granted)));
        live.extended_times += 1;
        live.clock.extend(at, granted);
        live.set_due(at, deadline, calendar);
        let (obligation, due) = (live.which(), live.due);
        self.look_ahead(place);
        let by = Move::Extended { event: event.id.clone(), by: granted, in_part };
        self.see(at, |_| Seen::Moved { obligation, by, due });
    }

    fn stop(&mut self, concern: &Concern, event: &'a Event) {
        if concern.stops.is_empty() {
            return;
        }
        for place in 0..self.obligations.len() {
            let live = &self.obligations[place];
            let open = live.deadline.filter(|number| live.is_open() && concern.stops.contains(number));
            let Some(number) = open else { continue };
            let deadline = self.deadline(number);
            if !matches_start(deadline.matching, live.event, event) {
                self.see_not_stopped(place, &deadline.stop, event, false);
                continue;
            }
            let mut progress = std::mem::take(&mut self.obligations[place].progress);
            let met = progress.is_met(&deadline.stop, event, |stop| self.stop_holds(stop, event));
            self.obligations[place].progress = progress;
            if met {
                let department = self.department();
                let live = &mut self.obligations[place];
                live.end = Some(End::Stopped(event.at));
                live.department = department;
                let obligation = live.which();
                self.see(event.at, |_| Seen::Stopped { obligation, event: event.id.clone() });
            } else {
                self.see_not_stopped(place, &deadline.stop, event, true);
            }
        }
        self.stop_latest_starts(concern, event);
    }

    fn see_not_stopped(&mut self, place: usize, stops: &[Stop], event: &Event, matched: bool) {
        let failing = |fold: &Self, stop: &Stop| match stop {
            Stop::Event(kind, when) if *kind == event.kind && matched => fold.failing(when, event.at, Some(event)),
            _ => Vec::new(),
        };
        let concerned = stops.iter().any(|stop| matches!(stop, Stop::Event(kind, _) if *kind == event.kind));
        if concerned && self.watch.is_on() {
            let obligation = self.obligations[place].which();
            let failing = stops.iter().flat_map(|stop| failing(self, stop)).collect();
            self.see(event.at, |_| Seen::NotStopped { obligation, event: event.id.clone(), failing });
        }
    }

    fn stop_latest_starts(&mut self, concern: &Concern, event: &'a Event) {
        for &number in &concern.stops {
            let deadline = self.deadline(number);
            let Some(mut latest) = self.deadlines[number].latest.take() else { continue };
            if matches_start(deadline.matching, Some(latest.event), event) {
                latest.stopped |= latest.progress.is_met(&deadline.stop, event, |stop| self.stop_holds(stop, event));
            }
            self.deadlines[number].latest = Some(latest);
        }
    }

    fn stop_holds(&self, stop: &Stop, event: &Event) -> bool {
        match stop {
            Stop::Event(_, when) => self.holds(when, event.at, Some(event)),
            Stop::Every(_) => false,
        }
    }

    /// What the event does to the order as a whole.
    fn turn(&mut self, event: &'a Event) {
        if event.kind == words().returned {
            self.enter_round(event.at);
            self.see(event.at, |_| Seen::RoundOpened { event: Some(event.id.clone()), decision: None });
            self.note(event.kind, event.at);
        } else if event.kind == words().withdrawn || event.kind == words().archived {
            self.ended = true;
            self.see(event.at, |_| Seen::OrderEnded { event: event.id.clone() });
            self.cancel(event.at, &CancelledBy::OrderEnd, |_| true);
            self.deadlines.iter_mut().for_each(|state| state.latest = None);
            self.deadlines.iter_mut().for_each(|state| state.pause_ends = None);
        }
    }

    fn react(&mut self, concern: &Concern, event: &'a Event) {
        let mut present = self.world.attributes.names();
        event.attributes.iter().for_each(|(name, _)| present.add(*name));
        for &Reacts { number, needs } in &concern.reactions {
            let reaction = &self.governing().reactions[number];
            let may_hold = needs.is_none_or(|needs| needs.may_share(present));
            if !self.may_fire(reaction) {
                self.see_not_reacted(reaction, event, |_| NotReacted::FiredBefore);
            } else if may_hold && self.holds(&reaction.when, event.at, Some(event)) {
                let occurrence = self.record_firing(reaction);
                self.make_reaction(reaction, occurrence, event);
            } else {
                let failing = |fold: &Self| fold.failing(&reaction.when, event.at, Some(event));
                self.see_not_reacted(reaction, event, |fold| NotReacted::When(failing(fold)));
            }
        }
    }

    fn see_not_reacted(&mut self, reaction: &Reaction, event: &Event, why: impl FnOnce(&Self) -> NotReacted) {
        let rule = reaction.id;
        self.see(event.at, |fold| Seen::NotReacted { rule, event: event.id.clone(), why: why(fold) });
    }

    fn may_fire(&self, reaction: &Reaction) -> bool {
        let first_id = self.first_id(reaction.id);
        let mut fired = self.fired.iter().filter(|(id, _, _)| *id == first_id);
        match reaction.once {
            None => true,
            Some(Once::Order) => fired.next().is_none(),
            Some(Once::Round) => !fired.any(|(_, round, _)| *round == self.world.round),
        }
    }

    fn record_firing(&mut self, reaction: &Reaction) -> u32 {
        let (first_id, round) = (self.first_id(reaction.id), self.world.round);
        let known = self.fired.iter_mut().find(|(id, in_round, _)| *id == first_id && *in_round == round);
        if let Some((_, _, number)) = known {
            *number += 1;
            return *number;
        }
        self.fired.push((first_id, round, 1));
        1
    }

    /// The id under which a reaction was first known.
    pub(super) fn first_id(&self, id: Symbol) -> Symbol {
        self.first_ids.iter().find(|(known, _)| *known == id).map_or(id, |(_, first)| *first)
    }

    /// What people did with a decision.
    fn take_act(&mut self, event: &'a Event) {
        let Some(Value::Text(key)) = event.attribute(words().decision) else { return };
        let base = base_of(key);
        if event.kind == words().lifted {
            self.world.cards.iter_mut().filter(|card| *card.key == *base).for_each(|card| card.lifted = true);
        }
        if event.kind == words().acknowledged {
            return;
        }
        let Some(place) = self.proposals.iter().position(|proposal| *proposal.key == *base) else { return };
        let proposal = self.proposals.remove(place);
        if event.kind == words().approved && !self.ended {
            self.returns.push(proposal);
            self.open_returned_round(event.at);
        }
    }
}

/// The length asked for; none where it is missing, malformed or nothing.
fn asked_extension(event: &Event) -> Option<Span> {
    let Some(Value::Text(text)) = event.attribute(words().by) else { return None };
    text.parse().ok().filter(|span| length(*span) > 0)
}

/// What of an extension fits.
fn room(extends: &Extends, so_far: Option<Span>, times: u32, asked: Span) -> Option<Span> {
    if extends.times.is_some_and(|most| times >= most) {
        return None;
    }
    let Some(most) = extends.at_most else { return Some(asked) };
    if std::mem::discriminant(&most) != std::mem::discriminant(&asked) {
        return None;
    }
    let left = length(most) - so_far.map_or(0, length);
    (left > 0).then(|| with_length(asked, length(asked).min(left)))
}

fn length(span: Span) -> i64 {
    match span {
        Span::WorkingTime(ms) | Span::Elapsed(ms) => ms,
        Span::WorkingDays(days) | Span::NaturalDays(days) => i64::from(days),
    }
}

fn with_length(like: Span, length: i64) -> Span {
    let days = u32::try_from(length).unwrap_or(u32::MAX);
    match like {
        Span::WorkingTime(_) => Span::WorkingTime(length),
        Span::Elapsed(_) => Span::Elapsed(length),
        Span::WorkingDays(_) => Span::WorkingDays(days),
        Span::NaturalDays(_) => Span::NaturalDays(days),
    }
}

fn sum(one: Span, other: Span) -> Span {
    with_length(one, length(one).saturating_add(length(other)))
}

/// Whether an event may stop what this start event began.
fn matches_start(matching: Option<Symbol>, start: Option<&Event>, event: &Event) -> bool {
    let Some(attribute) = matching else { return true };
    let value = event.attribute(attribute).filter(|value| **value != Value::Null);
    value.is_some() && start.and_then(|start| start.attribute(attribute)) == value
}
