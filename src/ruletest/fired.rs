//! How much of the rules tests have made fire.
//!
//! A deadline has fired when it opened an obligation, a step or a reaction when it made a decision. A deadline's steps are
//! counted one by one; a reaction has none.

use crate::engine::decision::Decided;
use crate::policy::model::Policy;
use crate::symbol::Symbol;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A rule of a policy, or a step of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    /// The policy.
    pub policy: Symbol,
    /// The deadline or reaction.
    pub rule: Symbol,
    /// The step; none: the rule itself.
    pub step: Option<Symbol>,
}

/// What has fired.
#[derive(Clone, Debug, Default)]
pub struct Fired(BTreeSet<Part>);

impl Fired {
    /// Takes down what fired in one case.
    pub fn take(&mut self, decided: &Decided) {
        for obligation in &decided.obligations {
            self.0.insert(Part { policy: obligation.policy, rule: obligation.rule, step: None });
        }
        for made in &decided.new {
            let (policy, rule) = (made.policy, made.rule);
            self.0.insert(Part { policy, rule, step: None });
            self.0.insert(Part { policy, rule, step: Some(made.step) });
        }
    }

    /// How much of these policies that is.
    pub fn share_of(&self, policies: &[Arc<Policy>]) -> Share {
        let mut share = Share::default();
        for part in policies.iter().flat_map(|policy| parts(policy)) {
            let counted = if part.step.is_none() { &mut share.rules } else { &mut share.steps };
            counted.all += 1;
            if self.0.contains(&part) {
                counted.fired += 1;
            } else {
                share.silent.push(part);
            }
        }
        share
    }
}

/// The rules of a policy, each followed by its steps, in the file's order.
fn parts(policy: &Policy) -> Vec<Part> {
    let mut parts = Vec::new();
    for deadline in &policy.deadlines {
        let part = Part { policy: policy.id, rule: deadline.id, step: None };
        parts.push(part);
        parts.extend(deadline.ladder.iter().map(|step| Part { step: Some(step.id), ..part }));
    }
    parts.extend(policy.reactions.iter().map(|rule| Part { policy: policy.id, rule: rule.id, step: None }));
    parts
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Those that fired.
    pub fired: usize,
    /// All.
    pub all: usize,
}

/// How much of some policies has fired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Deadlines and reactions.
    pub rules: Counted,
    /// Steps of deadlines.
    pub steps: Counted,
    /// What has not, in the files' order.
    pub silent: Vec<Part>,
}

impl Share {
    /// In percent, cut to a tenth: 100 only where everything fired.
    pub fn tenths_of_percent(&self) -> usize {
        let (fired, all) = (self.rules.fired + self.steps.fired, self.rules.all + self.steps.all);
        (fired * 1000).checked_div(all).unwrap_or(1000)
    }
}
