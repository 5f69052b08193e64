//! Events on their way in, and as they are kept.

use crate::time::Instant;
use chrono::NaiveDate;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// An event or a figure that intake has found good.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// The name of the token or source that sent it.
    pub source: Arc<str>,
    /// Unique within its source.
    pub id: Arc<str>,
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub at: Instant,
    /// When it became known, as its file says; read by [`crate::store::Store::append_history`] alone.
    pub recorded_at: Instant,
    /// Tells a duplicate from a conflict: see [`content_digest`].
    pub digest: [u8; 32],
    /// The JSON object as accepted.
    pub body: Arc<str>,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// An order.
    Order {
        /// Its id.
        order: Arc<str>,
        /// The event's type.
        kind: Arc<str>,
    },
    /// A figure: an event without an order.
    Figure {
        /// Its name.
        figure: Arc<str>,
        /// Its day.
        day: NaiveDate,
        /// Its department.
        department: Option<Arc<str>>,
        /// Its value.
        value: f64,
    },
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is durable.
    Accepted,
    /// It was known already, with the same content.
    Duplicate,
    /// Its id was known already, with other content: it was refused.
    Conflict,
}

/// An event of an order as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number of arrival, ascending in the whole store.
    pub seq: u64,
    /// Who sent it.
    pub source: Arc<str>,
    /// Unique within its source.
    pub id: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    /// When it happened.
    pub at: Instant,
    /// When it became known. What the body says of it counts for nothing.
    pub recorded_at: Instant,
    /// The JSON object as accepted.
    pub body: Arc<str>,
}

/// The digest of an event's content: the same for the same members whatever their order and spacing. `recorded_at` is no
/// content; of `at` only the instant counts, not the offset in which it is written.
pub fn content_digest(body: &Value, at: Instant) -> [u8; 32] {
    let mut text = String::new();
    match body {
        Value::Object(members) => {
            let content = members.iter().filter(|(name, _)| !matches!(name.as_str(), "recorded_at" | "at"));
            write_members(content.collect(), &mut text);
        }
        other => write_canonical(other, &mut text),
    }
    Sha256::new().chain_update(at.0.to_be_bytes()).chain_update(text).finalize().into()
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => write_members(members.iter().collect(), text),
        Value::Array(values) => {
            text.push('[');
            for value in values {
                write_canonical(value, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn write_members(mut members: Vec<(&String, &Value)>, text: &mut String) {
    members.sort_by_key(|(name, _)| *name);
    text.push('{');
    for (name, value) in members {
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write_canonical(value, text);
        text.push(',');
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> [u8; 32] {
        content_digest(&serde_json::from_str(text).unwrap(), Instant(0))
    }

    #[test]
    fn order_spacing_offset_and_recorded_at_make_no_other_content() {
        let first = r#"{"id":"e","at":"2024-05-06T09:00:00+08:00","attrs":{"a":1,"b":"x"}}"#;
        let same = r#"{ "attrs": {"b":"x", "a":1}, "recorded_at":"2024-05-06T09:00:03+08:00", "at":"2024-05-06T01:00:00Z", "id":"e"}"#;
        let other = r#"{"id":"e","at":"2024-05-06T09:00:00+08:00","attrs":{"a":2,"b":"x"}}"#;
        assert_eq!(digest(first), digest(same));
        assert_ne!(digest(first), digest(other));
    }
}
