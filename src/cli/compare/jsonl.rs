//! Each difference as a JSON line. What is absent is left out; what differs stands there twice, `old_…` and `new_…`.

use super::Sides;
use crate::engine::compare::{Change, Pair, Pairs};
use crate::engine::decision::{Decision, DecisionKind, Obligation};
use crate::engine::trace::Which;
use crate::engine::wording;
use crate::policy::model::Colour;
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use serde_json::{Value, json};
use std::sync::Arc;

/// Writes the lines of orders.
pub(super) struct Lines<'a> {
    pub(super) sides: &'a Sides,
}

/// A line's fields, in the order in which they are written.
type Object = Vec<(String, Value)>;

impl Lines<'_> {
    /// The lines of one order: its obligations, then its decisions.
    pub(super) fn of(&self, order: &Arc<str>, pairs: &Pairs<'_>) -> Vec<u8> {
        let mut lines = Vec::new();
        let mut put = |line: Object| {
            write(&line, &mut lines);
        };
        for pair in &pairs.obligations {
            pair.change().into_iter().for_each(|change| put(self.obligation(order, *pair, change)));
        }
        for pair in &pairs.decisions {
            pair.change().into_iter().for_each(|change| put(self.decision(order, *pair, change)));
        }
        lines
    }

    /// A step that an edit moves into the past and leaves out.
    pub(super) fn left_out(order: &Arc<str>, step: (Symbol, Symbol, Symbol), which: Which) -> Vec<u8> {
        let mut line = Object::new();
        put(&mut line, "is", Some("left_out"));
        put(&mut line, "order", Some(&**order));
        name(&mut line, (step.0, step.1), None);
        put(&mut line, "step", Some(step.2.as_str()));
        place(&mut line, which.round, which.occurrence);
        let mut written = Vec::new();
        write(&line, &mut written);
        written
    }

    fn obligation(&self, order: &Arc<str>, pair: Pair<&Obligation>, change: Change) -> Object {
        let one = pair.either();
        let mut line = head("obligation", change, order);
        name(&mut line, (one.policy, one.rule), pair.old.map(|old| (old.policy, old.rule)));
        place(&mut line, one.round, one.occurrence);
        put(&mut line, "department", one.department.as_deref());
        let (old, new) = (pair.old, pair.new);
        let zone = |one: &Obligation, at: Instant| at.rfc3339(self.sides.zone(one.policy));
        let start = |one: &Obligation| Some(zone(one, one.start));
        let due = |one: &Obligation| one.due.map(|due| zone(one, due));
        let stop = |one: &Obligation| one.stopped_at.map(|at| zone(one, at));
        both(&mut line, "start", old.and_then(start), new.and_then(start));
        sides(&mut line, "due", old.and_then(due), new.and_then(due));
        let outcome = |one: &Obligation| wording::outcome(one.outcome, Lang::En).to_owned();
        sides(&mut line, "outcome", old.map(outcome), new.map(outcome));
        both(&mut line, "stopped_at", old.and_then(stop), new.and_then(stop));
        let provisional = |one: Option<&Obligation>| one.is_some_and(|one| one.provisional);
        if provisional(old) || provisional(new) {
            sides(&mut line, "provisional", Some(provisional(old)), Some(provisional(new)));
        }
        line
    }

    fn decision(&self, order: &Arc<str>, pair: Pair<&Decision>, change: Change) -> Object {
        let one = pair.either();
        let mut line = head("decision", change, order);
        name(&mut line, (one.policy, one.rule), pair.old.map(|old| (old.policy, old.rule)));
        put(&mut line, "step", Some(one.step.as_str()));
        place(&mut line, one.round, one.occurrence);
        put(&mut line, "kind", Some(one.kind.name()));
        match &one.kind {
            DecisionKind::Card(Colour::Yellow) => put(&mut line, "card", Some("yellow")),
            DecisionKind::Card(Colour::Red) => put(&mut line, "card", Some("red")),
            DecisionKind::Revoke { revokes, .. } => put(&mut line, "revokes", Some(*revokes)),
            _ => {}
        }
        let (old, new) = (pair.old, pair.new);
        let zone = |one: &Decision, at: Instant| at.rfc3339(self.sides.zone(one.policy));
        let at = |one: &Decision| zone(one, one.at);
        let due = |one: &Decision| one.due.map(|due| zone(one, due));
        sides(&mut line, "at", old.map(at), new.map(at));
        sides(&mut line, "due", old.and_then(due), new.and_then(due));
        let department = |one: &Decision| one.department.as_deref().map(str::to_owned);
        both(&mut line, "department", old.and_then(department), new.and_then(department));
        let names = |list: &[Symbol]| {
            (!list.is_empty()).then(|| json!(list.iter().map(|name| name.as_str()).collect::<Vec<_>>()))
        };
        both(&mut line, "to", old.and_then(|one| names(&one.to)), new.and_then(|one| names(&one.to)));
        both(&mut line, "cc", old.and_then(|one| names(&one.cc)), new.and_then(|one| names(&one.cc)));
        let approval = |one: &Decision| one.approval.map(|who| who.as_str().to_owned());
        both(&mut line, "approval", old.and_then(approval), new.and_then(approval));
        let clause = |one: &Decision| one.clause.as_deref().map(str::to_owned);
        both(&mut line, "clause", old.and_then(clause), new.and_then(clause));
        line
    }
}

/// The policy and rule by their new names, and by their old ones where these are others.
fn name(line: &mut Object, now: (Symbol, Symbol), old: Option<(Symbol, Symbol)>) {
    put(line, "policy", Some(now.0.as_str()));
    put(line, "rule", Some(now.1.as_str()));
    put(line, "old_policy", old.filter(|old| old.0 != now.0).map(|old| old.0.as_str()));
    put(line, "old_rule", old.filter(|old| old.1 != now.1).map(|old| old.1.as_str()));
}

fn head(is: &str, change: Change, order: &Arc<str>) -> Object {
    let mut line = Object::new();
    put(&mut line, "is", Some(is));
    put(&mut line, "change", Some(change.name()));
    put(&mut line, "order", Some(&**order));
    line
}

fn place(line: &mut Object, round: u32, occurrence: u32) {
    put(line, "round", Some(round));
    put(line, "occurrence", Some(occurrence));
}

fn put(line: &mut Object, name: &str, value: Option<impl Into<Value>>) {
    line.extend(value.map(|value| (name.to_owned(), value.into())));
}

/// Both sides, even where they are the same.
fn sides(line: &mut Object, name: &str, old: Option<impl Into<Value>>, new: Option<impl Into<Value>>) {
    put(line, &format!("old_{name}"), old);
    put(line, &format!("new_{name}"), new);
}

/// Once where both sides are the same or only one is there, else each.
fn both<V: Into<Value> + PartialEq>(line: &mut Object, name: &str, old: Option<V>, new: Option<V>) {
    match (old, new) {
        (Some(old), Some(new)) if old != new => sides(line, name, Some(old), Some(new)),
        (old, new) => put(line, name, new.or(old)),
    }
}

fn write(line: &Object, lines: &mut Vec<u8>) {
    let text = |value: &Value| serde_json::to_vec(value).expect("texts and numbers can be written");
    for (number, (name, value)) in line.iter().enumerate() {
        lines.extend(if number == 0 { br#"{""# as &[u8] } else { br#",""# });
        lines.extend(name.as_bytes());
        lines.extend(br#"":"#);
        lines.extend(text(value));
    }
    lines.extend(b"}\n");
}
