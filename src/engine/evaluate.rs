//! Evaluating: what should have been decided by `now`, were everything that is known now known from the beginning.

mod succession;

use crate::calendar::Calendar;
use crate::engine::decision::{Decision, Obligation, OrderState, Regime};
use crate::engine::facts::{Attributes, Moment, World, is_events_own};
use crate::engine::fold::{Folded, Stage, fold};
use crate::engine::trace::{NotGoverning, Note, Seen, Watch};
use crate::engine::words::words;
use crate::order::Event;
use crate::policy::model::{Policy, RuleSet};
use crate::symbol::Symbol;
use crate::time::Instant;
use std::cmp::Ordering;
use std::sync::Arc;
use succession::Line;

/// What should stand at `now`.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Every decision dated at or before `now`, policy by policy, each with its base key, in the order made.
    pub decisions: Vec<Decision>,
    /// Every obligation, by policy, start, rule.
    pub obligations: Vec<Obligation>,
    /// The next instant at which more would be decided without any new event.
    pub next_due: Option<Instant>,
    /// How the order stands.
    pub state: OrderState,
}

/// Evaluates the known events of an order, in deciding order, up to `now`. Retracted events, and retractions, must
/// already be left out (see [`crate::engine::decide`]).
pub fn evaluate(order: &str, events: &[&Event], regime: &Regime, now: Instant) -> Evaluation {
    evaluate_watched(order, events, regime, now, &mut Watch::Off)
}

/// The same, gathering what was seen on the way.
pub fn evaluate_watched(
    order: &str,
    events: &[&Event],
    regime: &Regime,
    now: Instant,
    watch: &mut Watch,
) -> Evaluation {
    let first = events.iter().find(|event| !words().is_act(event.kind)).filter(|first| first.at <= now);
    let mut evaluation = Evaluation {
        decisions: Vec::new(),
        obligations: Vec::new(),
        next_due: None,
        state: OrderState { round: 1, ..OrderState::default() },
    };
    let Some(first) = first else {
        evaluation.next_due = events.iter().map(|event| event.at).find(|at| *at > now);
        return evaluation;
    };
    evaluation.state.received = events.iter().any(|event| event.kind == words().received && event.at <= now);
    let governing: Vec<Vec<Arc<Policy>>> =
        regime.versions.iter().map(|version| governing(&version.rules, first)).collect();
    see_governing(regime, first, watch);
    for line in succession::lines(&governing) {
        let stages = stages(regime, &governing, &line);
        add(&mut evaluation, line.newest, fold(order, line.id, &stages, events, now, watch));
    }
    if evaluation.state.policies.is_empty() {
        add_ungoverned(&mut evaluation, events, regime, now);
    }
    evaluation.obligations.sort_by(|one, other| {
        let by_policy = by_text(one.policy, other.policy);
        by_policy.then(one.start.cmp(&other.start)).then_with(|| by_text(one.rule, other.rule))
    });
    evaluation
}

/// The order of two words' texts.
fn by_text(one: Symbol, other: Symbol) -> Ordering {
    if one == other { Ordering::Equal } else { one.as_str().cmp(other.as_str()) }
}

/// The policies of one version that govern an order with this first event.
fn governing(rules: &RuleSet, first: &Event) -> Vec<Arc<Policy>> {
    let world = first_world(rules, first);
    let applies = |policy: &&Arc<Policy>| {
        let (calendar, at) = (&policy.calendar, first.at);
        let date = calendar.date(at);
        let moment = moment(&world, rules, calendar, at, first);
        date >= policy.effective && policy.until.is_none_or(|until| date <= until) && moment.holds(&policy.applies)
    };
    let governing: Vec<Arc<Policy>> = rules.policies.iter().filter(applies).cloned().collect();
    if governing.iter().all(|policy| policy.bases.is_empty()) {
        return governing;
    }
    let extended: Vec<Symbol> = governing.iter().flat_map(|policy| &policy.bases).copied().collect();
    governing.into_iter().filter(|policy| !extended.contains(&policy.id)).collect()
}

/// The order as its first event makes it.
fn first_world(rules: &RuleSet, first: &Event) -> World {
    let mut attributes = Attributes::default();
    for (name, value) in &first.attributes {
        if !is_events_own(&rules.vocabulary, first.kind, *name) {
            attributes.set(*name, value);
        }
    }
    World { attributes, round: 1, happened: vec![(first.kind, first.at)], ..World::default() }
}

/// Notes which policies of the newest version govern the order, and why the others do not.
fn see_governing(regime: &Regime, first: &Event, watch: &mut Watch) {
    let Some(version) = regime.versions.last().filter(|_| watch.is_on()) else { return };
    let governing = governing(&version.rules, first);
    for policy in &version.rules.policies {
        let seen = if governing.iter().any(|governs| governs.id == policy.id) {
            Seen::Governs
        } else {
            Seen::DoesNotGovern(why_not_governing(policy, &version.rules, &governing, first))
        };
        watch.note(|| Note { at: first.at, policy: policy.id, round: 1, seen });
    }
}

fn why_not_governing(policy: &Policy, rules: &RuleSet, governing: &[Arc<Policy>], first: &Event) -> NotGoverning {
    let date = policy.calendar.date(first.at);
    if let Some(instead) = governing.iter().find(|governs| governs.bases.contains(&policy.id)) {
        return NotGoverning::ExtendedBy(instead.id);
    }
    if date < policy.effective || policy.until.is_some_and(|until| date > until) {
        return NotGoverning::NotInEffect;
    }
    let world = first_world(rules, first);
    NotGoverning::Applies(moment(&world, rules, &policy.calendar, first.at, first).failing(&policy.applies))
}

fn moment<'a>(
    world: &'a World,
    rules: &'a RuleSet,
    calendar: &'a Calendar,
    at: Instant,
    event: &'a Event,
) -> Moment<'a> {
    Moment {
        world,
        attributes: None,
        vocabulary: &rules.vocabulary,
        calendar,
        at,
        event: Some(event),
        overdue: &|_| false,
    }
}

fn stages<'a>(regime: &'a Regime, governing: &'a [Vec<Arc<Policy>>], line: &Line) -> Vec<Stage<'a>> {
    let versions = regime.versions.iter().zip(governing).zip(&line.places);
    versions
        .map(|((version, governing), place)| Stage {
            from: version.from,
            policy: place.map(|place| &*governing[place]),
            vocabulary: &version.rules.vocabulary,
            version: version.rules.version.clone(),
        })
        .collect()
}

fn add(evaluation: &mut Evaluation, id: Symbol, folded: Folded) {
    gather(&mut evaluation.decisions, folded.decisions);
    gather(&mut evaluation.obligations, folded.obligations);
    evaluation.next_due = [evaluation.next_due, folded.next].into_iter().flatten().min();
    evaluation.state.round = evaluation.state.round.max(folded.round);
    evaluation.state.ended |= folded.ended;
    evaluation.state.attributes = folded.attributes;
    evaluation.state.policies.push(id);
}

/// Adds what one policy gave: most orders have but one.
fn gather<T>(all: &mut Vec<T>, of_policy: Vec<T>) {
    if all.is_empty() {
        *all = of_policy;
    } else {
        all.extend(of_policy);
    }
}

/// An order that no policy governs still has attributes, an end, and events to come.
fn add_ungoverned(evaluation: &mut Evaluation, events: &[&Event], regime: &Regime, now: Instant) {
    let vocabulary = regime.versions.last().map(|version| &version.rules.vocabulary);
    let mut attributes = Attributes::default();
    for event in events.iter().filter(|event| event.at <= now) {
        evaluation.state.ended |= event.kind == words().withdrawn || event.kind == words().archived;
        evaluation.state.round += u32::from(event.kind == words().returned);
        for (name, value) in &event.attributes {
            if vocabulary.is_some_and(|vocabulary| !is_events_own(vocabulary, event.kind, *name)) {
                attributes.set(*name, value);
            }
        }
    }
    evaluation.state.attributes = attributes.into_values();
    evaluation.next_due = events.iter().map(|event| event.at).find(|at| *at > now);
}
