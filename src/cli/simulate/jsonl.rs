//! What a replay decided, as JSON lines for other programs. What is absent is left out.
//!
//! Whatever many lines share is rendered once; a line is then put together from instants, numbers and ready pieces.

use crate::calendar::Calendar;
use crate::engine::decision::{DecisionKind, Outcome as Standing};
use crate::engine::replay::{DecisionShape, Made, Outcome, Stood};
use crate::policy::model::{Colour, RuleSet};
use crate::symbol::Symbol;
use crate::time::Instant;
use chrono_tz::Tz;
use std::io::{self, Write};
use std::sync::Arc;

/// Writes lines of one replay.
pub(super) struct Lines<'a> {
    outcome: &'a Outcome,
    /// The orders' ids, as JSON.
    orders: Vec<Box<[u8]>>,
    shapes: Vec<Pieces>,
    obligations: Vec<ObligationPieces>,
    departments: Vec<Vec<u8>>,
}

/// What decisions of one shape share.
struct Pieces {
    zone: Tz,
    /// The calendar of the policy, if it is still there.
    calendar: Option<Arc<Calendar>>,
    /// From `policy` to `step`.
    rule: Vec<u8>,
    /// From `kind` to `cc`.
    what: Vec<u8>,
    /// From `approval` to `reason`.
    more: Vec<u8>,
    /// From `clause` on.
    end: Vec<u8>,
    of_a_department: bool,
}

struct ObligationPieces {
    zone: Tz,
    rule: Vec<u8>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(outcome: &'a Outcome, orders: &[Arc<str>], rules: &RuleSet) -> Lines<'a> {
        let obligation = |policy: Symbol, rule: Symbol| ObligationPieces {
            zone: zone_of(rules, policy),
            rule: fields(&[("policy", policy.as_str()), ("rule", rule.as_str())]),
        };
        Lines {
            outcome,
            orders: orders.iter().map(|order| json(order).into()).collect(),
            shapes: outcome.shapes.iter().map(|shape| pieces(shape, calendar_of(rules, shape.policy))).collect(),
            obligations: outcome.obligation_shapes.iter().map(|shape| obligation(shape.policy, shape.rule)).collect(),
            departments: outcome.departments.iter().map(|name| fields(&[("department", name)])).collect(),
        }
    }

    pub(super) fn write_decisions(&self, out: &mut impl Write) -> io::Result<()> {
        self.write(&self.outcome.decisions, Self::decision, out)
    }

    pub(super) fn write_obligations(&self, out: &mut impl Write) -> io::Result<()> {
        self.write(&self.outcome.obligations, Self::obligation, out)
    }

    fn write<T>(&self, items: &[T], render: impl Fn(&Self, &T, &mut Vec<u8>), out: &mut impl Write) -> io::Result<()> {
        let mut lines = Vec::new();
        for some in items.chunks(256) {
            lines.clear();
            for item in some {
                render(self, item, &mut lines);
            }
            out.write_all(&lines)?;
        }
        Ok(())
    }

    fn decision(&self, made: &Made, line: &mut Vec<u8>) {
        let pieces = &self.shapes[made.shape as usize];
        line.extend(br#"{"is":"decision""#);
        put_instant("at", made.at, pieces.zone, line);
        if made.made_at != made.at {
            put_instant("made_at", made.made_at, pieces.zone, line);
        }
        self.put_order(made.order, line);
        line.extend(&pieces.rule);
        put_place(made.round, made.occurrence, line);
        line.extend(&pieces.what);
        if let Some(due) = made.due {
            put_instant("due", due, pieces.zone, line);
            if pieces.calendar.as_ref().is_some_and(|calendar| calendar.is_provisional(due)) {
                line.extend(br#","provisional":true"#);
            }
        }
        if let Some(number) = made.department_number().filter(|_| pieces.of_a_department) {
            line.extend(&self.departments[number]);
        }
        line.extend(&pieces.more);
        let _ = write!(line, r#","key":"{}""#, made.key());
        line.extend(&pieces.end);
        line.extend(b"}\n");
    }

    fn obligation(&self, stood: &Stood, line: &mut Vec<u8>) {
        let pieces = &self.obligations[stood.shape as usize];
        line.extend(br#"{"is":"obligation""#);
        self.put_order(stood.order, line);
        line.extend(&pieces.rule);
        put_place(stood.round, stood.occurrence, line);
        put_instant("start", stood.start, pieces.zone, line);
        if stood.opened != stood.start {
            put_instant("opened", stood.opened, pieces.zone, line);
        }
        if let Some(due) = stood.due {
            put_instant("due", due, pieces.zone, line);
        }
        let _ = write!(line, r#","outcome":"{}""#, outcome_word(stood.outcome));
        if let Some(stopped_at) = stood.stopped_at {
            put_instant("stopped_at", stopped_at, pieces.zone, line);
        }
        let _ = writeln!(line, r#","provisional":{}}}"#, stood.provisional);
    }

    fn put_order(&self, order: u32, line: &mut Vec<u8>) {
        line.extend(br#","order":"#);
        line.extend(&self.orders[order as usize]);
    }
}

fn calendar_of(rules: &RuleSet, policy: Symbol) -> Option<Arc<Calendar>> {
    let policy = rules.policies.iter().find(|known| known.id == policy);
    policy.map(|policy| Arc::clone(&policy.calendar))
}

fn zone_of(rules: &RuleSet, policy: Symbol) -> Tz {
    calendar_of(rules, policy).map_or(Tz::UTC, |calendar| calendar.zone())
}

fn pieces(shape: &DecisionShape, calendar: Option<Arc<Calendar>>) -> Pieces {
    let zone = calendar.as_ref().map_or(Tz::UTC, |calendar| calendar.zone());
    let mut what = fields(&[("kind", kind_word(&shape.kind))]);
    match &shape.kind {
        DecisionKind::Card(colour) => what.extend(fields(&[("card", colour_word(*colour))])),
        DecisionKind::Revoke { revokes, .. } => what.extend(fields(&[("revokes", revokes)])),
        _ => {}
    }
    put_list("to", &shape.to, &mut what);
    put_list("cc", &shape.cc, &mut what);
    let mut more = Vec::new();
    let mut end = Vec::new();
    match &shape.kind {
        DecisionKind::Flag(text) => more = fields(&[("text", text)]),
        DecisionKind::Revoke { reason, revoked, .. } => {
            more = fields(&[("reason", reason)]);
            end = fields(&[("revoked", revoked)]);
        }
        _ => {}
    }
    if let Some(approval) = shape.approval {
        more.extend(fields(&[("approval", approval.as_str())]));
    }
    if let Some(clause) = &shape.clause {
        end.extend(fields(&[("clause", clause)]));
    }
    end.extend(fields(&[("version", &shape.version)]));
    let rule =
        fields(&[("policy", shape.policy.as_str()), ("rule", shape.rule.as_str()), ("step", shape.step.as_str())]);
    Pieces { zone, calendar, rule, what, more, end, of_a_department: matches!(shape.kind, DecisionKind::Card(_)) }
}

/// The word for a kind of decision; fixed by contract.
fn kind_word(kind: &DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Remind => "remind",
        DecisionKind::Notify => "notify",
        DecisionKind::Card(_) => "card",
        DecisionKind::Route => "route",
        DecisionKind::Return => "return",
        DecisionKind::Flag(_) => "flag",
        DecisionKind::Revoke { .. } => "revoke",
    }
}

fn colour_word(colour: Colour) -> &'static str {
    match colour {
        Colour::Yellow => "yellow",
        Colour::Red => "red",
    }
}

/// The word for an outcome; fixed by contract.
fn outcome_word(outcome: Standing) -> &'static str {
    match outcome {
        Standing::Met => "met",
        Standing::Late => "late",
        Standing::Open => "open",
        Standing::Overdue => "overdue",
        Standing::Suspended => "suspended",
        Standing::Cancelled => "cancelled",
    }
}

fn json(text: &str) -> Vec<u8> {
    serde_json::Value::from(text).to_string().into_bytes()
}

/// `,"name":"text"` for each.
fn fields(given: &[(&str, &str)]) -> Vec<u8> {
    let mut rendered = Vec::new();
    for (name, text) in given {
        let _ = write!(rendered, r#","{name}":"#);
        rendered.extend(json(text));
    }
    rendered
}

fn put_list(name: &str, list: &[Symbol], line: &mut Vec<u8>) {
    if !list.is_empty() {
        let names: Vec<_> = list.iter().map(|name| name.as_str()).collect();
        let _ = write!(line, r#","{name}":{}"#, serde_json::Value::from(names));
    }
}

fn put_instant(name: &str, at: Instant, zone: Tz, line: &mut Vec<u8>) {
    line.extend(b",\"");
    line.extend(name.as_bytes());
    line.extend(b"\":\"");
    at.write_rfc3339(zone, line);
    line.push(b'"');
}

fn put_place(round: u32, occurrence: u32, line: &mut Vec<u8>) {
    let _ = write!(line, r#","round":{round},"occurrence":{occurrence}"#);
}
