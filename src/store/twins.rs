//! What the pure part yields, as JSON in the store: private twins, so that the pure types stay without serde.
//!
//! What was written stays readable: a member may be added with a default, none renamed.

use super::error::StoreError;
use crate::engine::decision::{Decision, DecisionKind, Outcome};
use crate::policy::model::Colour;
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::time::Instant;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Serialize, Deserialize)]
struct DecisionTwin<'a> {
    key: Cow<'a, str>,
    at: i64,
    made_at: i64,
    policy: Cow<'a, str>,
    rule: Cow<'a, str>,
    step: Cow<'a, str>,
    round: u32,
    occurrence: u32,
    kind: KindTwin<'a>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    to: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cc: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    department: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approval: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clause: Option<Cow<'a, str>>,
    version: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindTwin<'a> {
    Remind,
    Notify,
    Yellow,
    Red,
    Route,
    Return,
    Flag(Cow<'a, str>),
    Revoke { revokes: Cow<'a, str>, revoked: Cow<'a, str>, reason: Cow<'a, str> },
}

/// A decision as its row keeps it.
pub(super) fn write_decision(decision: &Decision) -> String {
    let words = |symbols: &[Symbol]| symbols.iter().map(|symbol| symbol.as_str().into()).collect();
    let twin = DecisionTwin {
        key: (&*decision.key).into(),
        at: decision.at.0,
        made_at: decision.made_at.0,
        policy: decision.policy.as_str().into(),
        rule: decision.rule.as_str().into(),
        step: decision.step.as_str().into(),
        round: decision.round,
        occurrence: decision.occurrence,
        kind: kind_twin(&decision.kind),
        to: words(&decision.to),
        cc: words(&decision.cc),
        due: decision.due.map(|due| due.0),
        department: decision.department.as_deref().map(Cow::from),
        approval: decision.approval.map(|symbol| symbol.as_str().into()),
        clause: decision.clause.as_deref().map(Cow::from),
        version: (&*decision.version).into(),
    };
    serde_json::to_string(&twin).expect("texts and numbers can be written")
}

fn kind_twin(kind: &DecisionKind) -> KindTwin<'_> {
    match kind {
        DecisionKind::Remind => KindTwin::Remind,
        DecisionKind::Notify => KindTwin::Notify,
        DecisionKind::Card(Colour::Yellow) => KindTwin::Yellow,
        DecisionKind::Card(Colour::Red) => KindTwin::Red,
        DecisionKind::Route => KindTwin::Route,
        DecisionKind::Return => KindTwin::Return,
        DecisionKind::Flag(text) => KindTwin::Flag((&**text).into()),
        DecisionKind::Revoke { revokes, revoked, reason } => {
            KindTwin::Revoke { revokes: (*revokes).into(), revoked: (&**revoked).into(), reason: (&**reason).into() }
        }
    }
}

/// A decision from its row.
pub(super) fn read_decision(position: i64, body: &str) -> Result<Decision, StoreError> {
    let bad = || StoreError::BadRow { table: "decisions", id: position, column: "body" };
    let twin: DecisionTwin<'_> = serde_json::from_str(body).map_err(|_| bad())?;
    let words = |words: Vec<Cow<'_, str>>| words.iter().map(|word| Symbol::new(word)).collect();
    Ok(Decision {
        key: (&*twin.key).into(),
        at: Instant(twin.at),
        made_at: Instant(twin.made_at),
        policy: Symbol::new(&twin.policy),
        rule: Symbol::new(&twin.rule),
        step: Symbol::new(&twin.step),
        round: twin.round,
        occurrence: twin.occurrence,
        kind: read_kind(twin.kind).ok_or_else(bad)?,
        to: words(twin.to),
        cc: words(twin.cc),
        due: twin.due.map(Instant),
        department: twin.department.as_deref().map(Into::into),
        approval: twin.approval.map(|word| Symbol::new(&word)),
        clause: twin.clause.as_deref().map(Into::into),
        version: (&*twin.version).into(),
    })
}

fn read_kind(kind: KindTwin<'_>) -> Option<DecisionKind> {
    Some(match kind {
        KindTwin::Remind => DecisionKind::Remind,
        KindTwin::Notify => DecisionKind::Notify,
        KindTwin::Yellow => DecisionKind::Card(Colour::Yellow),
        KindTwin::Red => DecisionKind::Card(Colour::Red),
        KindTwin::Route => DecisionKind::Route,
        KindTwin::Return => DecisionKind::Return,
        KindTwin::Flag(text) => DecisionKind::Flag((&*text).into()),
        KindTwin::Revoke { revokes, revoked, reason } => DecisionKind::Revoke {
            revokes: ["card", "route", "return", "flag", "remind", "notify"]
                .into_iter()
                .find(|known| **known == *revokes)?,
            revoked: (&*revoked).into(),
            reason: (&*reason).into(),
        },
    })
}

/// The kind's name in its column.
pub(super) fn kind_name(kind: &DecisionKind) -> &'static str {
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

/// An outcome's name in its column.
pub(super) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "met",
        Outcome::Late => "late",
        Outcome::Open => "open",
        Outcome::Overdue => "overdue",
        Outcome::Suspended => "suspended",
        Outcome::Cancelled => "cancelled",
    }
}

/// The outcome of this name.
pub(super) fn read_outcome(name: &str) -> Option<Outcome> {
    let all = [Outcome::Met, Outcome::Late, Outcome::Open, Outcome::Overdue, Outcome::Suspended, Outcome::Cancelled];
    all.into_iter().find(|outcome| outcome_name(*outcome) == name)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ValueTwin<'a> {
    Text(Cow<'a, str>),
    Word(Cow<'a, str>),
    Number(f64),
    Boolean(bool),
    Instant(i64),
    Date(NaiveDate),
    Null,
}

/// Attributes as an order's row keeps them: pairs of a name and a value that says its kind.
pub(super) fn write_attributes(attributes: &[(Symbol, Value)]) -> String {
    let twins: Vec<_> = attributes.iter().map(|(name, value)| (name.as_str(), value_twin(value))).collect();
    serde_json::to_string(&twins).expect("texts and numbers can be written")
}

fn value_twin(value: &Value) -> ValueTwin<'_> {
    match value {
        Value::Text(text) => ValueTwin::Text((&**text).into()),
        Value::Word(word) => ValueTwin::Word(word.as_str().into()),
        Value::Number(number) => ValueTwin::Number(*number),
        Value::Boolean(truth) => ValueTwin::Boolean(*truth),
        Value::Instant(at) => ValueTwin::Instant(at.0),
        Value::Date(date) => ValueTwin::Date(*date),
        Value::Null => ValueTwin::Null,
    }
}

/// Attributes from an order's row.
pub(super) fn read_attributes(nr: i64, text: &str) -> Result<Vec<(Symbol, Value)>, StoreError> {
    let bad = |_| StoreError::BadRow { table: "orders", id: nr, column: "attributes" };
    let twins: Vec<(Cow<'_, str>, ValueTwin<'_>)> = serde_json::from_str(text).map_err(bad)?;
    Ok(twins.into_iter().map(|(name, twin)| (Symbol::new(&name), read_value(twin))).collect())
}

fn read_value(twin: ValueTwin<'_>) -> Value {
    match twin {
        ValueTwin::Text(text) => Value::Text((&*text).into()),
        ValueTwin::Word(word) => Value::Word(Symbol::new(&word)),
        ValueTwin::Number(number) => Value::Number(number),
        ValueTwin::Boolean(truth) => Value::Boolean(truth),
        ValueTwin::Instant(at) => Value::Instant(Instant(at)),
        ValueTwin::Date(date) => Value::Date(date),
        ValueTwin::Null => Value::Null,
    }
}

/// Policies as an order's row keeps them.
pub(super) fn write_policies(policies: &[Symbol]) -> String {
    let names: Vec<_> = policies.iter().map(|policy| policy.as_str()).collect();
    serde_json::to_string(&names).expect("texts can be written")
}

/// Policies from an order's row.
pub(super) fn read_policies(nr: i64, text: &str) -> Result<Vec<Symbol>, StoreError> {
    let bad = |_| StoreError::BadRow { table: "orders", id: nr, column: "policies" };
    let names: Vec<Cow<'_, str>> = serde_json::from_str(text).map_err(bad)?;
    Ok(names.iter().map(|name| Symbol::new(name)).collect())
}
