//! Decisions, obligations and events as JSON, named as in `duban simulate --format jsonl`. Instants bear the offset of
//! their policy's calendar; absent values are left out.

use super::Words;
use crate::engine::decision::{Decision, DecisionKind, Obligation, Outcome};
use crate::policy::model::Colour;
use crate::symbol::Symbol;
use crate::time::Instant;
use chrono_tz::Tz;
use serde::Serialize;

/// A decision.
#[derive(Serialize)]
pub(crate) struct ShownDecision<'a> {
    is: &'static str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<String>,
    order: &'a str,
    policy: &'static str,
    rule: &'static str,
    step: &'static str,
    round: u32,
    occurrence: u32,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revokes: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Who lifted what is revoked here.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clause: Option<&'a str>,
    version: &'a str,
}

impl<'a> ShownDecision<'a> {
    /// With who lifted what is revoked here.
    pub(crate) fn by(self, by: Option<&'a str>) -> ShownDecision<'a> {
        ShownDecision { by, ..self }
    }
}

/// An obligation.
#[derive(Serialize)]
pub(crate) struct ShownObligation<'a> {
    is: &'static str,
    order: &'a str,
    policy: &'static str,
    rule: &'static str,
    round: u32,
    occurrence: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<String>,
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<String>,
    provisional: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a str>,
}

impl Words {
    /// The zone of a policy's calendar; of a policy that is gone, the zone in which everything else is shown.
    pub(crate) fn zone_of(&self, policy: Symbol) -> Tz {
        let known = self.rules.policies.iter().find(|known| known.id == policy);
        known.map_or(self.zone, |policy| policy.calendar.zone())
    }

    pub(crate) fn decision<'a>(&self, order: &'a str, decision: &'a Decision) -> ShownDecision<'a> {
        let zone = self.zone_of(decision.policy);
        let (kind, card) = kind(&decision.kind);
        let (revokes, reason, its_key) = match &decision.kind {
            DecisionKind::Revoke { revokes, revoked, reason } => (Some(*revokes), Some(&**reason), Some(&**revoked)),
            _ => (None, None, None),
        };
        let text = match &decision.kind {
            DecisionKind::Flag(text) => Some(&**text),
            _ => None,
        };
        let made_at = (decision.made_at != decision.at).then(|| decision.made_at.rfc3339(zone));
        ShownDecision {
            is: "decision",
            at: decision.at.rfc3339(zone),
            made_at,
            order,
            policy: decision.policy.as_str(),
            rule: decision.rule.as_str(),
            step: decision.step.as_str(),
            round: decision.round,
            occurrence: decision.occurrence,
            kind,
            card,
            revokes,
            to: names(&decision.to),
            cc: names(&decision.cc),
            due: decision.due.map(|due| due.rfc3339(zone)),
            department: decision.department.as_deref(),
            approval: decision.approval.map(Symbol::as_str),
            text,
            reason,
            by: None,
            key: &decision.key,
            revoked: its_key,
            clause: decision.clause.as_deref(),
            version: &decision.version,
        }
    }

    pub(crate) fn obligation<'a>(&self, order: &'a str, obligation: &'a Obligation) -> ShownObligation<'a> {
        let zone = self.zone_of(obligation.policy);
        let shown = |at: Instant| at.rfc3339(zone);
        ShownObligation {
            is: "obligation",
            order,
            policy: obligation.policy.as_str(),
            rule: obligation.rule.as_str(),
            round: obligation.round,
            occurrence: obligation.occurrence,
            opened: (obligation.opened != obligation.start).then(|| shown(obligation.opened)),
            start: shown(obligation.start),
            due: obligation.due.map(shown),
            outcome: outcome(obligation.outcome),
            stopped_at: obligation.stopped_at.map(shown),
            provisional: obligation.provisional,
            department: obligation.department.as_deref(),
        }
    }
}

fn names(symbols: &[Symbol]) -> Vec<&'static str> {
    symbols.iter().map(|symbol| symbol.as_str()).collect()
}

/// The kind's word and a card's colour.
pub(crate) fn kind(kind: &DecisionKind) -> (&'static str, Option<&'static str>) {
    match kind {
        DecisionKind::Remind => ("remind", None),
        DecisionKind::Notify => ("notify", None),
        DecisionKind::Card(Colour::Yellow) => ("card", Some("yellow")),
        DecisionKind::Card(Colour::Red) => ("card", Some("red")),
        DecisionKind::Route => ("route", None),
        DecisionKind::Return => ("return", None),
        DecisionKind::Flag(_) => ("flag", None),
        DecisionKind::Revoke { .. } => ("revoke", None),
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "met",
        Outcome::Late => "late",
        Outcome::Open => "open",
        Outcome::Overdue => "overdue",
        Outcome::Suspended => "suspended",
        Outcome::Cancelled => "cancelled",
    }
}
