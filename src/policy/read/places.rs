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
}
