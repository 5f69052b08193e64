//! Reading rule files: from trees of places to values that can only be right.
//!
//! A reader puts every mistake into the problems and goes on; where something was wrong it gives a harmless value in its
//! stead, which no one ever uses: with an error among the problems there is no [`RuleSet`](super::model::RuleSet).

pub(crate) mod accept;
pub(crate) mod condition;
pub(crate) mod deadline;
pub(crate) mod inherit;
pub(crate) mod ladder;
pub(crate) mod places;
pub(crate) mod policy;
pub(crate) mod scalars;
pub(crate) mod values;
pub(crate) mod vocabulary;

use crate::policy::model::Origin;
use crate::policy::vocabulary::Vocabulary;
use crate::symbol::Symbol;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Word};
use places::Places;
use std::collections::BTreeSet;

/// What a policy's words may mean, and what is found out on the way.
pub(crate) struct Reader<'a> {
    /// The words of events and conditions.
    pub(crate) vocabulary: &'a Vocabulary,
    /// Whether the vocabulary could be read; where not, a word that it lacks is no mistake.
    pub(crate) knows_words: bool,
    /// The directory's recipients; none where there is no directory, and nothing can be said about them.
    pub(crate) recipients: Option<&'a BTreeSet<String>>,
    /// The ids of the deadlines of the policy being read; none while a term is read, which may name any policy's.
    pub(crate) deadlines: Option<BTreeSet<String>>,
    /// Deadlines named by terms.
    pub(crate) overdue_in_terms: Vec<(String, Place)>,
    /// Where things stand.
    pub(crate) places: Places,
    /// Every mistake so far.
    pub(crate) problems: &'a mut Problems,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        vocabulary: &'a Vocabulary,
        recipients: Option<&'a BTreeSet<String>>,
        problems: &'a mut Problems,
    ) -> Reader<'a> {
        let (deadlines, overdue_in_terms, places) = (None, Vec::new(), Places::default());
        Reader { vocabulary, knows_words: true, recipients, deadlines, overdue_in_terms, places, problems }
    }

    pub(crate) fn report(&mut self, problem: Problem) {
        let is_of_words = matches!(problem.code, "unknown-event-type" | "unknown-attribute" | "unknown-term");
        if self.knows_words || !is_of_words {
            self.problems.push(problem);
        }
    }

    /// Notes a rule that says nothing of what it rests on, unless an error of its own hides whether it does.
    pub(crate) fn note_unfounded(&mut self, origin: &Origin, place: &Place, problems_before: usize) {
        if *origin == Origin::default() && self.problems.len() == problems_before {
            self.places.unfounded.push(place.clone());
        }
    }

    /// One or several known event types.
    pub(crate) fn event_types(&mut self, node: &Node) -> Vec<Symbol> {
        let words = want::words(node, self.problems);
        if words.is_empty() && node.sequence().is_some_and(<[Node]>::is_empty) {
            self.report(empty_list(node));
        }
        words.into_iter().filter_map(|word| self.event_type(word)).collect()
    }

    /// A known event type.
    pub(crate) fn event_type(&mut self, word: Word<'_>) -> Option<Symbol> {
        let known = Symbol::find(word.text).filter(|name| self.vocabulary.events.contains_key(name));
        if known.is_none() {
            let names = self.vocabulary.events.keys().map(|name| name.as_str());
            let problem = want::unknown_word(word, "unknown-event-type", ("事件类型", "event type"), names);
            self.report(problem);
        }
        known
    }

    /// One or several known recipients.
    pub(crate) fn recipients(&mut self, node: &Node) -> Vec<Symbol> {
        let words = want::words(node, self.problems);
        words.into_iter().map(|word| self.recipient(word)).collect()
    }

    /// A known recipient.
    pub(crate) fn recipient(&mut self, word: Word<'_>) -> Symbol {
        let name = Symbol::new(word.text);
        self.places.recipients.push((name, word.place.clone()));
        if let Some(known) = self.recipients.filter(|known| !known.contains(word.text)) {
            let what = ("通知对象", "recipient");
            let problem = want::unknown_word(word, "unknown-recipient", what, known.iter().map(String::as_str));
            self.report(problem);
        }
        name
    }
}

/// The problem of a list that names nothing.
pub(crate) fn empty_list(node: &Node) -> Problem {
    let message = crate::text::Text::new("列表是空的", "the list is empty");
    let hint = crate::text::Text::new("至少写一项，或删去这个键", "name at least one, or remove the key");
    Problem::error(&node.place, "empty-list", message).hint(hint)
}

#[cfg(test)]
mod tests;
