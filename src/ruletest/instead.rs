//! What happened instead of what was expected: the nearest thing that came, or why nothing did.

use super::judge::{Came, is_decision, is_obligation};
use super::said::Say;
use super::{Expected, Subject};
use crate::engine::decision::{Decision, Obligation};
use crate::engine::explain::{Explanation, ObligationStory, PolicyStory};
use crate::symbol::Symbol;
use crate::time::Instant;

/// So many things that came are told at most.
const TOLD_MAX: usize = 3;

/// Finds what happened in a case that failed.
pub(super) struct Instead<'a> {
    pub(super) say: Say,
    pub(super) came: Came<'a>,
    pub(super) explanation: &'a Explanation,
    pub(super) until: Instant,
}

impl Instead<'_> {
    /// What came instead of something that did not.
    pub(super) fn of_missing(&self, expected: &Expected) -> String {
        if let Subject::Decision(_) = expected.subject {
            let near = self.near_decisions(expected);
            if !near.is_empty() {
                return self.told(near.into_iter().map(|made| self.say.made(made, self.came.decided)));
            }
        }
        let stood = self.near_obligations(expected);
        match (expected.subject, stood.is_empty()) {
            (_, true) => self.silence(expected),
            (Subject::Decision(_), false) => {
                let nothing = self.say.either("没有；", "none; ");
                nothing + &self.told(stood.into_iter().map(|stood| self.say.stood(stood)))
            }
            (_, false) => self.told(stood.into_iter().map(|stood| self.say.stood(stood))),
        }
    }

    /// What came that should not have.
    pub(super) fn of_unwanted(&self, expected: &Expected) -> String {
        let made = self.came.decided.new.iter().filter(|made| is_decision(expected, made, self.came));
        let made = made.map(|made| self.say.made(made, self.came.decided));
        let stood = self.came.decided.obligations.iter().filter(|stood| is_obligation(expected, stood));
        let stood = stood.map(|stood| self.say.stood(stood));
        match expected.subject {
            Subject::Decision(_) => self.told(made),
            Subject::Obligation => self.told(stood),
            Subject::Rule => self.told(stood.chain(made)),
        }
    }

    /// How the due concerned was counted.
    pub(super) fn arithmetic(&self, expected: &Expected) -> Vec<String> {
        let nearest = || self.near_decisions(expected).first().map(|made| (made.rule, made.round));
        let unwanted = self.came.decided.new.iter().find(|made| is_decision(expected, made, self.came));
        let made = unwanted.map(|made| (made.rule, made.round)).or_else(nearest);
        let Some(rule) = expected.rule.or(made.map(|(rule, _)| rule)) else { return Vec::new() };
        let round = expected.round.or(made.map(|(_, round)| round));
        let stories = self.story(expected).map(|story| story.obligations.as_slice()).unwrap_or_default();
        let of_rule = |told: &&ObligationStory| told.obligation.rule == rule;
        let of_round = |told: &&ObligationStory| round.is_none_or(|round| told.obligation.round == round);
        let mut told: Vec<_> = stories.iter().filter(of_rule).filter(of_round).collect();
        if let Some(at) = expected.due.or(expected.at) {
            told.sort_by_key(|told| told.obligation.due.map(|due| due.ms_since(at).abs()));
        }
        told.into_iter().take(1).flat_map(lines).collect()
    }

    fn story(&self, expected: &Expected) -> Option<&PolicyStory> {
        self.explanation.policies.iter().find(|story| story.id == expected.policy)
    }

    /// Decisions of the kind and rule meant, the nearest in time first; else whatever the rule or that instant has.
    fn near_decisions(&self, expected: &Expected) -> Vec<&Decision> {
        let kind = Expected { rule: expected.rule, ..bare(expected) };
        let rule = Expected { subject: Subject::Rule, ..kind.clone() };
        let instant = Expected { at: expected.at, ..bare(expected) };
        let instant = Expected { subject: Subject::Rule, rule: None, ..instant };
        let looser = [Some(kind), expected.rule.map(|_| rule), expected.at.map(|_| instant)];
        for wanted in looser.iter().flatten() {
            let own = self.came.decided.new.iter().filter(|made| is_decision(wanted, made, self.came));
            let mut found: Vec<&Decision> = own.collect();
            if let Some(at) = expected.at {
                found.sort_by_key(|made| made.at.ms_since(at).abs());
            }
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Obligations of the rule, the nearest due first.
    fn near_obligations(&self, expected: &Expected) -> Vec<&Obligation> {
        let own = |stood: &&Obligation| {
            stood.policy == expected.policy && expected.rule.is_none_or(|rule| rule == stood.rule)
        };
        let mut found: Vec<&Obligation> = self.came.decided.obligations.iter().filter(own).collect();
        if let Some(at) = expected.due.or(expected.at) {
            found.sort_by_key(|stood| stood.due.map(|due| due.ms_since(at).abs()));
        }
        found
    }

    /// Why nothing came.
    fn silence(&self, expected: &Expected) -> String {
        let story = self.story(expected);
        if let Some(why_not) = story.and_then(|story| story.why_not.as_ref()) {
            return self
                .say
                .either(format!("规则不管这张工单，{why_not}"), format!("the policy does not govern it: {why_not}"));
        }
        let reasons = story.zip(expected.rule).and_then(|(story, rule)| reasons(story, rule));
        let until = self.say.moment(self.until);
        let nothing = self.say.either(format!("到 {until} 什么也没有"), format!("nothing by {until}"));
        match reasons {
            Some(reasons) => self.say.row([nothing, reasons]),
            None => nothing,
        }
    }

    fn told(&self, came: impl Iterator<Item = String>) -> String {
        let came: Vec<String> = came.collect();
        let more = came.len().saturating_sub(TOLD_MAX);
        let joined = came.into_iter().take(TOLD_MAX).collect::<Vec<_>>().join(&self.say.either("；", "; "));
        match more {
            0 => joined,
            more => joined + &self.say.either(format!("；另有{more}项"), format!("; {more} more")),
        }
    }
}

fn bare(expected: &Expected) -> Expected {
    Expected::about(expected.place.clone(), expected.subject, expected.policy, expected.rule)
}

fn reasons(story: &PolicyStory, rule: Symbol) -> Option<String> {
    let silent = story.silent.iter().find(|silent| silent.rule == rule)?;
    silent.reasons.first().cloned()
}

fn lines(told: &ObligationStory) -> Vec<String> {
    std::iter::once(told.heading.clone()).chain(told.arithmetic.iter().map(|line| format!("  {line}"))).collect()
}
