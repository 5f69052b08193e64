//! One policy's fold over one order: events and timers in the order of time, each taken by the version then in force.
//!
//! At one instant: a new version takes force; then the events of that instant, each as language.md §3 lists it; then what
//! falls due by itself (pauses that end, starts that come at the latest, steps), and the round that it opens, until
//! nothing more falls due there.

mod event;
mod make;
mod open;
mod settle;
mod switch;

use crate::calendar::Calendar;
use crate::engine::decision::{Decision, Key, Obligation};
use crate::engine::facts::{Moment, World};
use crate::engine::live::{DeadlineState, End, Live};
use crate::engine::trace::{CancelledBy, Failing, Note, Seen, Watch};
use crate::order::Event;
use crate::policy::condition::Condition;
use crate::policy::model::{Deadline, Policy};
use crate::policy::vocabulary::{Count, Value, Vocabulary};
use crate::symbol::{Symbol, SymbolMap};
use crate::time::Instant;
use std::sync::Arc;

/// A version of a policy as it governs this order: none where that version does not govern it.
pub(super) struct Stage<'a> {
    pub(super) from: Instant,
    pub(super) policy: Option<&'a Policy>,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) version: Arc<str>,
}

/// What one policy makes of an order.
pub(super) struct Folded {
    pub(super) decisions: Vec<Decision>,
    pub(super) obligations: Vec<Obligation>,
    /// The next instant at which something would happen by itself, or an event known before its time.
    pub(super) next: Option<Instant>,
    pub(super) round: u32,
    pub(super) ended: bool,
    pub(super) attributes: Vec<(Symbol, Value)>,
}

/// Rounds that steps may open at one instant: more can only come of a rule that returns an order without end.
const ROUNDS_AT_ONCE_MAX: u32 = 16;

/// Folds the events up to `now`; `watch` gathers what was seen.
pub(super) fn fold<'a>(
    order: &'a str,
    id: Symbol,
    stages: &'a [Stage<'a>],
    events: &[&'a Event],
    now: Instant,
    watch: &mut Watch,
) -> Folded {
    let mut fold = Fold::new(order, id, stages, std::mem::take(watch));
    let next = fold.run(events, now);
    let calendar = fold.calendar;
    let shown_under = fold.last_governing().map_or(id, |policy| policy.id);
    let obligations = fold.obligations.iter().map(|live| live.shown(shown_under, calendar, now)).collect();
    let (round, ended) = (fold.world.round, fold.ended);
    *watch = fold.watch;
    Folded {
        decisions: fold.decisions,
        obligations,
        next,
        round,
        ended,
        attributes: fold.world.attributes.into_values(),
    }
}

struct Fold<'a> {
    order: &'a str,
    id: Symbol,
    stages: &'a [Stage<'a>],
    stage: usize,
    /// The policy in force; none where this version does not govern the order.
    policy: Option<&'a Policy>,
    /// Its calendar, or that of the last policy in force.
    calendar: &'a Calendar,
    vocabulary: &'a Vocabulary,
    world: World,
    /// The different sets of counts among the stages: each is counted from the beginning.
    count_sets: Vec<CountSet<'a>>,
    /// For each stage the place of its set.
    counted_in: Vec<usize>,
    deadlines: Vec<DeadlineState<'a>>,
    obligations: Vec<Live<'a>>,
    /// Firings of reactions: the first id of the rule, the round, how many.
    fired: Vec<(Symbol, u32, u32)>,
    /// First ids of reactions that were renamed.
    first_ids: Vec<(Symbol, Symbol)>,
    decisions: Vec<Decision>,
    /// Returns decided at this instant, whose round is still to open.
    returns: Vec<Return<'a>>,
    /// Returns that wait for approval.
    proposals: Vec<Return<'a>>,
    /// Returns that took effect: an event naming one is its echo.
    returned: Vec<Key>,
    /// Whether the next `returned` that names no decision is the echo of the latest return.
    echo_expected: bool,
    ended: bool,
    watch: Watch,
}

/// A set of counts, and how far they have come.
struct CountSet<'a> {
    definitions: &'a SymbolMap<Count>,
    /// The same, to go through at every event.
    each: Vec<&'a Count>,
    counts: Vec<(Symbol, u32)>,
}

/// The different sets of counts among the stages, and for each stage the place of its set.
fn count_sets<'a>(stages: &[Stage<'a>]) -> (Vec<CountSet<'a>>, Vec<usize>) {
    let mut sets: Vec<CountSet> = Vec::new();
    let place = |stage: &Stage<'a>| {
        let definitions = &stage.vocabulary.counts;
        let is_same = |set: &CountSet| std::ptr::eq(set.definitions, definitions) || set.definitions == definitions;
        sets.iter().position(is_same).unwrap_or_else(|| {
            sets.push(CountSet { definitions, each: definitions.values().collect(), counts: Vec::new() });
            sets.len() - 1
        })
    };
    let counted_in = stages.iter().map(place).collect();
    (sets, counted_in)
}

/// A return decision and the event that led to it.
struct Return<'a> {
    key: Key,
    event: Option<&'a Event>,
}

impl<'a> Fold<'a> {
    fn new(order: &'a str, id: Symbol, stages: &'a [Stage<'a>], watch: Watch) -> Fold<'a> {
        let (count_sets, counted_in) = count_sets(stages);
        let deadlines = stages[0].policy.map_or(&[][..], |policy| &policy.deadlines);
        let first = stages.iter().find_map(|stage| stage.policy);
        Fold {
            order,
            id,
            stages,
            stage: 0,
            policy: stages[0].policy,
            calendar: &first.expect("a policy is folded only where some version governs the order").calendar,
            vocabulary: stages[0].vocabulary,
            world: World { round: 1, ..World::default() },
            count_sets,
            counted_in,
            deadlines: deadlines.iter().map(DeadlineState::new).collect(),
            obligations: Vec::with_capacity(deadlines.len() * 2),
            fired: Vec::new(),
            first_ids: Vec::new(),
            decisions: Vec::with_capacity(8),
            returns: Vec::new(),
            proposals: Vec::new(),
            returned: Vec::new(),
            echo_expected: false,
            ended: false,
            watch,
        }
    }

    /// Takes everything up to `now`; returns the next instant after it.
    fn run(&mut self, events: &[&'a Event], now: Instant) -> Option<Instant> {
        let mut rest = events;
        let mut timer = None;
        loop {
            let next = [rest.first().map(|event| event.at), timer, self.next_switch(rest)];
            let at = next.into_iter().flatten().min()?;
            if at > now {
                return Some(at);
            }
            if self.stages.get(self.stage + 1).is_some_and(|stage| stage.from <= at) {
                self.switch();
            }
            while let Some((event, later)) = rest.split_first().filter(|(event, _)| event.at == at) {
                self.take(event);
                rest = later;
            }
            timer = self.settle(at);
        }
    }

    /// The next version's instant; versions that take force before anything happened are passed over at once.
    fn next_switch(&self, rest: &[&Event]) -> Option<Instant> {
        let next = self.stages.get(self.stage + 1)?;
        let idle = rest.is_empty() && self.ended;
        (!idle).then_some(next.from)
    }

    /// Notes what was seen, if anyone asked.
    fn see(&mut self, at: Instant, seen: impl FnOnce(&Self) -> Seen) {
        if self.watch.is_on() {
            let policy = self.stages.iter().rev().find_map(|stage| stage.policy).map_or(self.id, |policy| policy.id);
            let note = Note { at, policy, round: self.world.round, seen: seen(self) };
            self.watch.note(|| note);
        }
    }

    /// The parts that make a condition fail.
    fn failing(&self, condition: &Condition, at: Instant, event: Option<&Event>) -> Vec<Failing> {
        let overdue = |rules: &[Symbol]| self.is_overdue(rules, at);
        self.moment(at, event, None, &overdue).failing(condition)
    }

    fn moment<'s>(
        &'s self,
        at: Instant,
        event: Option<&'s Event>,
        attributes: Option<&'s [(Symbol, Value)]>,
        overdue: &'s dyn Fn(&[Symbol]) -> bool,
    ) -> Moment<'s> {
        let Fold { world, vocabulary, calendar, .. } = self;
        Moment { world, attributes, vocabulary, calendar, at, event, overdue }
    }

    fn deadline(&self, number: usize) -> &'a Deadline {
        &self.governing().deadlines[number]
    }

    /// The policy in force. Asked only while a deadline or reaction of it is at hand.
    fn governing(&self) -> &'a Policy {
        self.policy.expect("deadlines exist only where a policy governs")
    }

    /// The policy in force, else the last that was.
    fn last_governing(&self) -> Option<&'a Policy> {
        self.policy.or_else(|| self.stages[..=self.stage].iter().rev().find_map(|stage| stage.policy))
    }

    fn holds(&self, condition: &Condition, at: Instant, event: Option<&Event>) -> bool {
        matches!(condition, Condition::Always) || self.holds_with(condition, at, event, None)
    }

    fn holds_with(
        &self,
        condition: &Condition,
        at: Instant,
        event: Option<&Event>,
        attributes: Option<&[(Symbol, Value)]>,
    ) -> bool {
        let overdue = |rules: &[Symbol]| self.is_overdue(rules, at);
        self.moment(at, event, attributes, &overdue).holds(condition)
    }

    fn is_overdue(&self, rules: &[Symbol], at: Instant) -> bool {
        let concerned = self.obligations.iter().filter(|live| rules.contains(&live.rule));
        concerned.into_iter().any(|live| live.is_overdue(at, self.world.round))
    }

    /// Ends every open obligation that `concerned` picks.
    fn cancel(&mut self, at: Instant, by: &CancelledBy, concerned: impl Fn(&Live) -> bool) {
        for place in 0..self.obligations.len() {
            let live = &mut self.obligations[place];
            if live.is_open() && concerned(live) {
                live.end = Some(End::Cancelled);
                let obligation = live.which();
                self.see(at, |_| Seen::Cancelled { obligation, by: by.clone() });
            }
        }
    }

    fn department(&self) -> Option<Arc<str>> {
        match self.world.attribute(crate::engine::words::words().department)? {
            Value::Text(text) => Some(text.clone()),
            Value::Word(word) => Some(word.as_str().into()),
            _ => None,
        }
    }
}
