//! The event that a reaction answers, and what began with it.

use super::{Duty, EventFacts, Fact, Facts, Rule, Subject};
use crate::engine::decision::Obligation;
use crate::notify::wording;
use crate::order::Event;
use crate::policy::condition::{self, Condition};
use crate::policy::vocabulary::{Kind, Vocabulary};
use crate::symbol::Symbol;
use crate::time::Instant;

impl Subject<'_> {
    pub(super) fn add_event(&self, facts: &mut Facts) {
        let vocabulary = self.vocabulary();
        facts.event = self.trigger().map(|event| self.event_facts(event, vocabulary));
        facts.duties = self.begun(vocabulary);
    }

    /// The event that a reaction answers.
    fn trigger(&self) -> Option<&Event> {
        let Some(Rule::Reaction(reaction)) = self.rule else { return None };
        let answers = |event: &&Event| {
            event.at == self.decision.at && reaction.upon.as_ref().is_none_or(|upon| upon.contains(&event.kind))
        };
        self.scene.history.events().iter().rev().find(answers)
    }

    fn event_facts(&self, event: &Event, vocabulary: &Vocabulary) -> EventFacts {
        let zone = self.calendar().zone();
        let declared = vocabulary.events.get(&event.kind).map(|known| &known.attributes);
        let facts = event.attributes.iter().filter_map(|(name, value)| {
            let attribute = declared?.get(name).filter(|attribute| attribute.kind != Kind::Personal)?;
            Some(Fact { title: attribute.title.clone(), value: wording::value(value, zone)? })
        });
        let asked = self.asked();
        let finding = event.attributes.iter().filter(|(name, _)| asked.contains(name));
        let finding: Vec<String> =
            finding.filter_map(|(name, value)| declared?.get(name).and(wording::value(value, zone))).collect();
        let by = Symbol::find("by").and_then(|by| event.attribute(by)).and_then(|by| wording::value(by, zone));
        EventFacts {
            title: wording::event_title(event.kind, vocabulary).into(),
            at: self.moment(event.at),
            finding: wording::names(finding.iter().map(String::as_str)),
            facts: facts.collect(),
            by: by.filter(|_| event.kind.as_str() != "extended").unwrap_or_default(),
        }
    }

    /// The attributes on which the reaction depends.
    fn asked(&self) -> Vec<Symbol> {
        let mut asked = Vec::new();
        if let Some(Rule::Reaction(reaction)) = self.rule {
            attributes_of(&reaction.when, &mut asked);
        }
        asked
    }

    /// The obligations that opened at this instant and are still to be met: what a return or a dispatch sets going.
    fn begun(&self, vocabulary: &Vocabulary) -> Vec<Duty> {
        let opened = |known: &&Obligation| known.opened == self.decision.at && known.stopped_at.is_none();
        let mut begun: Vec<(Instant, String)> = Vec::new();
        for obligation in self.scene.obligations.iter().filter(opened) {
            let policy = self.rules.policies.iter().find(|policy| policy.id == obligation.policy);
            let deadline = policy.and_then(|policy| policy.deadlines.iter().find(|known| known.id == obligation.rule));
            if let (Some(deadline), Some(due)) = (deadline, obligation.due) {
                begun.push((due, wording::duty(&deadline.stop, vocabulary)));
            }
        }
        begun.sort();
        begun.dedup_by(|later, first| later.1 == first.1);
        begun.into_iter().map(|(due, duty)| Duty { duty, due: self.due(due) }).collect()
    }
}

fn attributes_of(condition: &Condition, found: &mut Vec<Symbol>) {
    match condition {
        Condition::All(all) | Condition::Any(all) => all.iter().for_each(|part| attributes_of(part, found)),
        Condition::Not(part) => attributes_of(part, found),
        Condition::Term(_, part) => attributes_of(part, found),
        Condition::Fact(condition::Fact::Attribute(name), _) => found.push(*name),
        Condition::Always | Condition::Fact(..) => {}
    }
}
