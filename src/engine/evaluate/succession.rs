//! Which policies of successive versions carry an order on: the same policy, or the layer that takes its place, or the
//! base again once the layer is gone.
//!
//! To an order an edit by which it comes under a policy built on the one before is an edit of its rules (language.md §4,
//! law 5): what both have keeps its start and its keys, so that the order has the rules of one of them at any time, never of
//! both, and never of neither.

use crate::policy::model::Policy;
use crate::symbol::Symbol;
use std::sync::Arc;

/// The policies that carry an order on, version by version.
#[derive(Debug)]
pub(super) struct Line {
    /// The first of them: by it its decisions' keys are made.
    pub(super) id: Symbol,
    /// The newest of them.
    pub(super) newest: Symbol,
    /// Of each version which of its governing policies; none: it has none of this line.
    pub(super) places: Vec<Option<usize>>,
}

/// The lines of the policies that govern an order in each version.
pub(super) fn lines(governing: &[Vec<Arc<Policy>>]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (version, policies) in governing.iter().enumerate() {
        let mut free: Vec<bool> = vec![true; policies.len()];
        for line in &mut lines {
            line.places.push(claim(policies, &mut free, |policy| policy.id == line.newest));
        }
        for line in lines.iter_mut().filter(|line| line.places[version].is_none()) {
            // Only from one version to the next: what was gone in between is not taken up by another policy.
            let Some(before) = version.checked_sub(1).and_then(|last| Some(&governing[last][line.places[last]?]))
            else {
                continue;
            };
            let is_layer = |policy: &Policy| policy.bases.contains(&before.id) || before.bases.contains(&policy.id);
            line.places[version] = claim(policies, &mut free, is_layer);
        }
        for line in &mut lines {
            line.newest = line.places[version].map_or(line.newest, |place| policies[place].id);
        }
        for (place, _) in free.iter().enumerate().filter(|(_, free)| **free) {
            let mut places = vec![None; version];
            places.push(Some(place));
            lines.push(Line { id: policies[place].id, newest: policies[place].id, places });
        }
    }
    lines
}

/// The first free policy that is meant; it is free no more.
fn claim(policies: &[Arc<Policy>], free: &mut [bool], is_meant: impl Fn(&Policy) -> bool) -> Option<usize> {
    let place = policies.iter().zip(&*free).position(|(policy, free)| *free && is_meant(policy))?;
    free[place] = false;
    Some(place)
}
