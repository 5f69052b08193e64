//! Where the parts of a policy stand, for what is found wrong with it as a whole.

use crate::symbol::Symbol;
use crate::text::place::Place;
use std::collections::HashMap;

/// Where the parts of a policy stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Its deadlines and reactions, by id.
    pub(crate) rules: HashMap<Symbol, Place>,
    /// The steps of each deadline's ladder, in order.
    pub(crate) steps: HashMap<Symbol, Vec<Place>>,
    /// The entries of each deadline's `within`, in order.
    pub(crate) within: HashMap<Symbol, Vec<Place>>,
    /// The deadlines and reactions without an error that say nothing of what they rest on.
    pub(crate) unfounded: Vec<Place>,
    /// Every recipient named, and where.
    pub(crate) recipients: Vec<(Symbol, Place)>,
    /// Warnings that an operator has looked at and wants no more.
    pub(crate) accepted: Vec<Accepted>,
}

/// A warning about a rule that its author has looked at: `accept: { code: reason }`.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// The warning's kind, such as `exclusive`.
    pub(crate) code: String,
    /// Where it is accepted.
    pub(crate) place: Place,
    /// The rule.
    pub(crate) rule: Symbol,
    /// The stretch of the file that is the rule.
    pub(crate) extent: Place,
}
