//! Orders (工单) as they are known: events, each with what it carries.
//!
//! A [`History`] is in the order in which deciding takes events: by `at`, ties by `recorded_at`, then by arrival.

pub mod body;
pub mod log;

use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::time::Instant;
use std::sync::Arc;

/// One event of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Unique within its source.
    pub id: Arc<str>,
    /// Its type.
    pub kind: Symbol,
    /// When it happened.
    pub at: Instant,
    /// When it became known; in a file never before `at`.
    pub recorded_at: Instant,
    /// Its place in the order of arrival; unique in the order, ascending.
    pub arrival: u64,
    /// What it carries and is declared, in the sender's order.
    pub attributes: Vec<(Symbol, Value)>,
}

impl Event {
    /// What it carries under this name.
    pub fn attribute(&self, name: Symbol) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// All known events of one order, in deciding order.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The order's id.
    pub order: Arc<str>,
    events: Vec<Event>,
}

impl History {
    /// Puts events into deciding order.
    pub fn new(order: Arc<str>, mut events: Vec<Event>) -> History {
        events.sort_by_key(|event| (event.at, event.recorded_at, event.arrival));
        History { order, events }
    }

    /// The events, in deciding order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}
