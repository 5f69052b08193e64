//! Conditions (条件): facts and what is expected of them.

use crate::policy::vocabulary::Value;
use crate::symbol::{Symbol, SymbolFilter};
use std::sync::Arc;

/// A condition as it can be asked.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Condition {
    /// Holds always (no `when`, or an empty map).
    #[default]
    Always,
    /// All hold.
    All(Vec<Condition>),
    /// Any holds.
    Any(Vec<Condition>),
    /// Does not hold.
    Not(Box<Condition>),
    /// A condition of the vocabulary, by its name (kept for explanations).
    Term(Symbol, Arc<Condition>),
    /// A fact and what is expected of it. An absent fact fails all but `Present(false)` and `NoneOf`.
    Fact(Fact, Expectation),
}

impl Condition {
    /// The attributes of which at least one must be there for it to hold; none where it may hold without any.
    pub(crate) fn needs(&self) -> Option<SymbolFilter> {
        match self {
            Condition::All(all) => all.iter().find_map(Condition::needs),
            Condition::Any(any) => {
                any.iter().map(Condition::needs).try_fold(SymbolFilter::default(), |all, one| Some(all.union(one?)))
            }
            Condition::Term(_, inner) => inner.needs(),
            Condition::Fact(Fact::Attribute(name), expectation) => expectation.needs_a_value().then(|| (*name).into()),
            Condition::Always | Condition::Not(_) | Condition::Fact(..) => None,
        }
    }
}

/// What a condition may ask about.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// An attribute: the event's at hand where that event carries it, else the order's as it is then.
    Attribute(Symbol),
    /// A count of the vocabulary.
    Count(Symbol),
    /// The order's round.
    Round,
    /// Rounds before it.
    Returns,
    /// Yellow cards dated before this instant, in this order, under this policy.
    YellowCards,
    /// Red cards, likewise.
    RedCards,
    /// Is the instant working time (a boolean).
    InHours,
    /// Is it before the first opening or after the last close of a working day, or on none (a boolean).
    OffDuty,
    /// Has one of these types come in this round by then (`OneOf([true])`, or `NoneOf` where written `not`).
    Happened(Vec<Symbol>),
    /// Has one of these deadlines an overdue obligation (likewise).
    Overdue(Vec<Symbol>),
}

/// What is expected of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// It is one of these.
    OneOf(Vec<Value>),
    /// It is none of these, or absent.
    NoneOf(Vec<Value>),
    /// It is a number of at least this.
    AtLeast(f64),
    /// It is a number of at most this.
    AtMost(f64),
    /// It is there, or it is not.
    Present(bool),
}

impl Expectation {
    /// Whether an absent fact fails it.
    fn needs_a_value(&self) -> bool {
        !matches!(self, Expectation::NoneOf(_) | Expectation::Present(false))
    }
}
