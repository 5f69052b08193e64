//! Warnings that a rule's author has looked at (`accept`) are said no more; one that accepts nothing is itself said, or it
//! would hide a warning of another day.

use crate::policy::read::places::{Accepted, Places};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};

/// What is left of the warnings about a policy.
pub(super) fn left(found: &Problems, places: &Places) -> Problems {
    let mut left = Problems::new();
    for problem in found.iter() {
        if !places.accepted.iter().any(|accepted| covers(accepted, problem, places)) {
            left.push(problem.clone());
        }
    }
    for accepted in &places.accepted {
        if !found.iter().any(|problem| covers(accepted, problem, places)) {
            left.push(idle(accepted));
        }
    }
    left
}

/// Whether a warning is of the accepted kind and stands in the rule, or is about the rule as well as another.
fn covers(accepted: &Accepted, problem: &Problem, places: &Places) -> bool {
    let steps = places.steps.get(&accepted.rule).into_iter().flatten();
    let parts: Vec<&Place> = steps.chain(places.within.get(&accepted.rule).into_iter().flatten()).collect();
    let is_of_rule = |place: &Place| is_inside(place, &accepted.extent) || parts.contains(&place);
    let places = std::iter::once(&problem.place).chain(problem.related.iter().map(|(place, _)| place));
    problem.code == accepted.code && places.into_iter().any(is_of_rule)
}

fn is_inside(place: &Place, extent: &Place) -> bool {
    place.source == extent.source && place.start >= extent.start && place.end <= extent.end
}

fn idle(accepted: &Accepted) -> Problem {
    let code = &accepted.code;
    let message = Text::new(
        format!("这条规则没有警告“{code}”，不必写在 accept 里"),
        format!("there is no warning `{code}` about this rule to accept"),
    );
    let hint = Text::new("删去这一项", "remove it");
    Problem::warning(&accepted.place, "accepts-nothing", message).hint(hint)
}
