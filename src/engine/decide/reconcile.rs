//! Comparing what should be with what stands.

use super::{Batch, known_at};
use crate::calendar::Counting;
use crate::calendar::span::Span;
use crate::engine::decision::{Decision, DecisionKind, Key, Regime, Standing};
use crate::engine::key::{base_of, incarnation, key_about};
use crate::engine::words::words;
use crate::order::{Event, History};
use crate::policy::model::{LateEvents, Policy, RuleSet};
use crate::policy::vocabulary::Value;
use crate::time::Instant;
use std::collections::HashMap;
use std::fmt::Write;

/// What is done where a policy does not say, and once it is gone: `{ revoke: 1 working hour, then: review }`.
const LATE_EVENTS_DEFAULT: LateEvents = LateEvents::RevokeWithin(Span::WorkingTime(3_600_000));

/// What stands, while an order is decided again.
pub(super) struct Reconciler<'a> {
    regime: &'a Regime,
    /// Standing decisions by base key.
    live: HashMap<Key, Live>,
    /// How often each base key was revoked.
    revoked: HashMap<Key, u32>,
    /// When which decision was lifted, by its key.
    lifts: Vec<(Instant, &'a str)>,
    new: Vec<Decision>,
}

struct Live {
    decision: Decision,
    /// A person was asked about it, or lifted it: nothing more is done about it.
    settled: bool,
}

impl<'a> Reconciler<'a> {
    pub(super) fn new(standing: &Standing, regime: &'a Regime, history: &'a History) -> Reconciler<'a> {
        let lifts = history.events().iter().filter_map(lift).collect();
        let (live, revoked, new) = (HashMap::new(), HashMap::new(), Vec::new());
        let mut reconciler = Reconciler { regime, live, revoked, lifts, new };
        for decision in &standing.decisions {
            reconciler.stand(decision.clone());
        }
        for decision in standing.decisions.iter().filter(|decision| decision.step == words().step_late_events) {
            for live in reconciler.live.values_mut() {
                live.settled |= key_about("late-events", &live.decision.key) == decision.key;
            }
        }
        reconciler
    }

    pub(super) fn into_new(self) -> Vec<Decision> {
        self.new
    }

    fn stand(&mut self, decision: Decision) {
        if let DecisionKind::Revoke { revoked, .. } = &decision.kind {
            let base: Key = base_of(revoked).into();
            self.live.remove(&base);
            *self.revoked.entry(base).or_default() += 1;
        } else {
            let base: Key = base_of(&decision.key).into();
            self.live.insert(base, Live { decision, settled: false });
        }
    }

    /// Makes what is dated after what was already decided: nothing that became known speaks against what stands.
    pub(super) fn take_on_time(&mut self, decisions: Vec<Decision>, done: Instant) {
        for decision in decisions {
            if decision.at > done && !self.live.contains_key(&decision.key) {
                let made_at = decision.at;
                self.make(decision, made_at);
            }
        }
    }

    /// What a person lifted by then is left alone from then on.
    fn settle_lifted(&mut self, known_at: Instant) {
        for (_, key) in self.lifts.iter().filter(|(lifted_at, _)| *lifted_at <= known_at) {
            if let Some(live) = self.live.get_mut(base_of(key)).filter(|live| *live.decision.key == **key) {
                live.settled = true;
            }
        }
    }

    /// Sets right what late knowledge contradicts, and makes what it shows to be missing.
    pub(super) fn take_late(&mut self, decisions: Vec<Decision>, batch: &Batch) {
        let should: HashMap<Key, Decision> =
            decisions.iter().map(|decision| (decision.key.clone(), decision.clone())).collect();
        self.settle_lifted(batch.at);
        for base in self.contradicted(&should) {
            self.contradict(&base, batch);
        }
        for decision in decisions {
            if !self.live.contains_key(&decision.key) && !is_pointless(&decision, batch.at) {
                self.make(decision, batch.at);
            }
        }
    }

    /// Base keys of standing decisions that should not stand, in the order made.
    fn contradicted(&self, should: &HashMap<Key, Decision>) -> Vec<Key> {
        let mut found: Vec<(&Key, &Live)> = self
            .live
            .iter()
            .filter(|(_, live)| !live.settled && is_contestable(&live.decision))
            .filter(|(base, live)| should.get(*base).is_none_or(|should| falls_elsewhere(&live.decision, should)))
            .collect();
        found.sort_by_key(|(base, live)| (live.decision.made_at, live.decision.at, (*base).clone()));
        found.into_iter().map(|(base, _)| base.clone()).collect()
    }

    fn contradict(&mut self, base: &Key, batch: &Batch) {
        let rules = rules_at(self.regime, batch.at);
        let Some(live) = self.live.get_mut(base) else { return };
        let policy = rules.policies.iter().find(|policy| policy.id == live.decision.policy);
        let reason = reason(batch, rules, policy.map(AsRef::as_ref));
        let follow_up = if may_revoke(policy.map(AsRef::as_ref), batch) {
            revocation(&live.decision, batch.at, &reason, &rules.version)
        } else {
            live.settled = true;
            question(&live.decision, batch.at, &reason, &rules.version)
        };
        self.new.push(follow_up.clone());
        self.stand(follow_up);
    }

    fn make(&mut self, mut decision: Decision, made_at: Instant) {
        let revoked = self.revoked.get(&decision.key).copied().unwrap_or_default();
        decision.key = incarnation(&decision.key, revoked);
        decision.made_at = made_at.max(decision.at);
        self.new.push(decision.clone());
        self.stand(decision);
    }
}

/// The decision that this act lifts, and from when that is known.
fn lift(event: &Event) -> Option<(Instant, &str)> {
    match event.attribute(words().decision)? {
        Value::Text(key) if event.kind == words().lifted => Some((known_at(event), key)),
        _ => None,
    }
}

fn is_contestable(decision: &Decision) -> bool {
    match decision.kind {
        DecisionKind::Card(_) | DecisionKind::Route | DecisionKind::Return => true,
        DecisionKind::Flag(_) => decision.step != words().step_late_events,
        _ => false,
    }
}

/// Whether a card that stands against one department should stand against another.
fn falls_elsewhere(stands: &Decision, should: &Decision) -> bool {
    matches!(stands.kind, DecisionKind::Card(_)) && stands.department != should.department
}

/// A reminder of what is already due is not made.
fn is_pointless(decision: &Decision, known_at: Instant) -> bool {
    let before_its_due = decision.due.is_some_and(|due| decision.at < due && due <= known_at);
    decision.kind == DecisionKind::Remind && before_its_due
}

fn rules_at(regime: &Regime, at: Instant) -> &RuleSet {
    let in_force = regime.versions.iter().rev().find(|version| version.from <= at);
    &in_force.unwrap_or(&regime.versions[0]).rules
}

fn may_revoke(policy: Option<&Policy>, batch: &Batch) -> bool {
    match (policy.map_or(&LATE_EVENTS_DEFAULT, |policy| &policy.late_events), policy) {
        (LateEvents::Revoke, _) => true,
        (LateEvents::RevokeWithin(span), Some(policy)) => batch
            .events
            .iter()
            .all(|event| policy.calendar.due(event.at, *span, Counting::NextDay).at >= event.recorded_at),
        (LateEvents::Review | LateEvents::RevokeWithin(_), _) => false,
    }
}

fn revocation(revoked: &Decision, at: Instant, reason: &str, version: &str) -> Decision {
    let kind = DecisionKind::Revoke {
        revokes: match revoked.kind {
            DecisionKind::Card(_) => "card",
            DecisionKind::Route => "route",
            DecisionKind::Return => "return",
            _ => "flag",
        },
        revoked: revoked.key.clone(),
        reason: reason.into(),
    };
    Decision {
        key: key_about("revoke", &revoked.key),
        at,
        made_at: at,
        kind,
        version: version.into(),
        ..revoked.clone()
    }
}

fn question(standing: &Decision, at: Instant, reason: &str, version: &str) -> Decision {
    Decision {
        key: key_about("late-events", &standing.key),
        at,
        made_at: at,
        step: words().step_late_events,
        kind: DecisionKind::Flag(format!("{reason}，原决定是否撤销请人工复核").into()),
        to: Vec::new(),
        cc: Vec::new(),
        due: None,
        department: None,
        approval: None,
        version: version.into(),
        ..standing.clone()
    }
}

/// What became known, in words.
fn reason(batch: &Batch, rules: &RuleSet, policy: Option<&Policy>) -> String {
    let zone = policy.map_or(chrono_tz::UTC, |policy| policy.calendar.zone());
    let mut text = String::from("事后获知");
    for (number, event) in batch.events.iter().enumerate() {
        let title = rules.vocabulary.events.get(&event.kind).map_or(event.kind.as_str(), |kind| &kind.title);
        let mark = if number == 0 { "：" } else { "；" };
        let (at, recorded_at) = (event.at.in_zone(zone), event.recorded_at.in_zone(zone));
        let form = "%Y年%-m月%-d日%H:%M";
        write!(text, "{mark}{title}（{}发生，{}登记）", at.format(form), recorded_at.format(form))
            .expect("a string takes everything");
    }
    text
}
