//! What is not wrong but should be looked at: warnings. Meaning: language.md, contract.md (`duban check`).
//!
//! Only policies without an error are judged, and none where the vocabulary could not be read; that a rule says nothing of
//! what it rests on is told of every rule that has no error itself. Nothing here keeps rules from being used.

mod accepted;
mod conditions;
mod people;
mod rosters;
mod rules;
mod steps;

use crate::policy::directory::read::Channels;
use crate::policy::files::Loaded;
use crate::policy::model::Policy;
use crate::policy::read::places::Places;
use crate::policy::vocabulary::Vocabulary;
use crate::text::place::{Place, Source};
use crate::text::problem::Problems;
use crate::time::Instant;

/// Adds every warning about what was read, as of an instant, to its problems.
pub fn judge(loaded: &mut Loaded, channels: &Channels, now: Instant) {
    let mut problems = std::mem::take(&mut loaded.problems);
    loaded.calendars.warn_of_short_cover(now, &mut problems);
    loaded.unfounded.iter().for_each(|place| problems.push(rules::without_clause(place)));
    for (policy, places) in loaded.read.iter().filter(|_| loaded.has_vocabulary) {
        let view = View { policy, places, vocabulary: &loaded.vocabulary };
        let mut found = Problems::new();
        view.rules(&mut found);
        if !loaded.calendars.has_mistake(&policy.calendar.spec().name) {
            view.steps(&mut found);
        }
        view.exclusions(&mut found);
        if loaded.has_directory {
            view.people(loaded, channels, &mut found);
        }
        problems.append(accepted::left(&found, places));
    }
    people::departments_without_liaison(loaded, &mut problems);
    rosters::unstaffed(loaded, &mut problems);
    loaded.problems = problems;
}

/// A policy with what is needed to judge it.
struct View<'a> {
    policy: &'a Policy,
    places: &'a Places,
    vocabulary: &'a Vocabulary,
}

impl View<'_> {
    /// Where a deadline or reaction stands.
    fn place(&self, rule: crate::symbol::Symbol) -> Place {
        self.places.rules.get(&rule).cloned().unwrap_or_else(|| Place::whole(&Source::new("", "")))
    }

    /// Where a step of a deadline stands, by its number in the ladder.
    fn step_place(&self, rule: crate::symbol::Symbol, number: usize) -> Place {
        let place = self.places.steps.get(&rule).and_then(|places| places.get(number));
        place.cloned().unwrap_or_else(|| self.place(rule))
    }
}

#[cfg(test)]
mod tests;
