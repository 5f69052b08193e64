//! The vocabulary (词汇): which event types, attributes, counts and figures exist, and of what kind their values are.

use crate::policy::condition::Condition;
use crate::symbol::{Symbol, SymbolMap};
use crate::time::Instant;
use chrono::NaiveDate;
use std::sync::Arc;

/// The value of an attribute: a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Free text.
    Text(Arc<str>),
    /// A value of a closed list.
    Word(Symbol),
    /// A number.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// An instant with offset.
    Instant(Instant),
    /// A date.
    Date(NaiveDate),
    /// `null`: clears an order's attribute.
    Null,
}

/// Of what kind an attribute's values are.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Free text.
    Text,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
    /// An instant (a date is taken too).
    Instant,
    /// A date.
    Date,
    /// The name of a department in the directory (any text is taken).
    Department,
    /// A caller's name or number: kept out of notices, pages, exports and logs.
    Personal,
    /// One of a closed list, in the file's order.
    OneOf(Vec<Symbol>),
}

/// A declared attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: Symbol,
    /// What people read; the name where none was given.
    pub title: String,
    /// Of what kind its values are.
    pub kind: Kind,
}

/// A declared or built-in event type.
#[derive(Clone, Debug, PartialEq)]
pub struct EventType {
    /// Its name.
    pub name: Symbol,
    /// What people read.
    pub title: String,
    /// The attributes that belong to such an event alone, by name.
    pub attributes: SymbolMap<Attribute>,
}

/// A number usable in conditions: how many such events the order has had up to then.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// Its name.
    pub name: Symbol,
    /// What people read.
    pub title: String,
    /// The event types counted.
    pub events: Vec<Symbol>,
    /// Which of them are counted.
    pub when: Condition,
    /// Each is counted only if such an event came before it in its round.
    pub after: Vec<Symbol>,
}

/// A figure counted by others, without an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name.
    pub name: Symbol,
    /// What people read.
    pub title: String,
    /// The unit of its values.
    pub unit: Option<String>,
    /// The period that one value covers: `day` where nothing was given.
    pub per: String,
}

/// Every word that events and conditions may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabulary {
    /// The order's attributes by name.
    pub order: SymbolMap<Attribute>,
    /// Event types by name, the built-in ones included.
    pub events: SymbolMap<EventType>,
    /// Counts by name.
    pub counts: SymbolMap<Count>,
    /// Conditions with a name.
    pub terms: SymbolMap<Arc<Condition>>,
    /// Figures by name.
    pub figures: SymbolMap<Figure>,
}
