//! Which policy, rule and step of the new rules is which of the old ones.

use crate::engine::compare::Sort;
use crate::engine::decision::{Decision, Obligation};
use crate::policy::model::{Policy, RuleSet};
use crate::symbol::Symbol;
use std::collections::HashMap;

/// Which policy, rule and step of the new rules is which of the old ones: the same name where nothing else is said.
///
/// Policies that build on one another are one lineage: an order that comes under a layer keeps its rules' names.
#[derive(Debug, Default)]
pub struct Lineage {
    /// The policy at the bottom, where that is another.
    roots: HashMap<Symbol, Symbol>,
    /// The old name of a rule that was renamed.
    rules: HashMap<(Symbol, Symbol), Symbol>,
    /// The old name of a step that was renamed, by its rule's new name.
    steps: HashMap<(Symbol, Symbol, Symbol), Symbol>,
}

impl Lineage {
    /// From one version of the rules to another.
    pub fn of(old: &RuleSet, new: &RuleSet) -> Lineage {
        let mut lineage = Lineage::default();
        for policy in old.policies.iter().chain(&new.policies) {
            lineage.roots.extend(policy.bases.last().map(|root| (policy.id, *root)));
        }
        for policy in &new.policies {
            let root = lineage.root(policy.id);
            let before: Vec<&Policy> =
                old.policies.iter().map(AsRef::as_ref).filter(|known| lineage.root(known.id) == root).collect();
            lineage.renamed(policy, &before);
        }
        lineage
    }

    fn renamed(&mut self, policy: &Policy, before: &[&Policy]) {
        let ids = || before.iter().flat_map(|policy| ids(policy));
        let own = policy.deadlines.iter().map(|deadline| (deadline.id, &deadline.was));
        for (id, was) in own.chain(policy.reactions.iter().map(|reaction| (reaction.id, &reaction.was))) {
            let is_new = !ids().any(|known| known == id);
            let was = was.iter().find(|was| is_new && ids().any(|known| known == **was));
            self.rules.extend(was.map(|was| ((policy.id, id), *was)));
        }
        for deadline in &policy.deadlines {
            for step in &deadline.ladder {
                let was = step.was.iter().find(|was| **was != step.id);
                self.steps.extend(was.map(|was| ((policy.id, deadline.id, step.id), *was)));
            }
        }
    }

    /// The policy at the bottom of those on which this one builds.
    pub fn root(&self, policy: Symbol) -> Symbol {
        self.roots.get(&policy).copied().unwrap_or(policy)
    }

    /// Whether an obligation of the new rules is of the rule that one of the old is of.
    pub(super) fn is_rule(&self, old: &Obligation, new: &Obligation) -> bool {
        self.is_same_rule((old.policy, old.rule), (new.policy, new.rule))
    }

    fn is_same_rule(&self, old: (Symbol, Symbol), new: (Symbol, Symbol)) -> bool {
        let was = self.rules.get(&new).copied().unwrap_or(new.1);
        (old.1 == was || old.1 == new.1) && self.root(old.0) == self.root(new.0)
    }

    /// Whether a decision of the new rules is of the step that one of the old is of, and of its sort.
    pub(super) fn is_step(&self, old: &Decision, new: &Decision) -> bool {
        let was = self.steps.get(&(new.policy, new.rule, new.step)).copied().unwrap_or(new.step);
        (old.step == was || old.step == new.step)
            && Sort::of(&old.kind) == Sort::of(&new.kind)
            && self.is_same_rule((old.policy, old.rule), (new.policy, new.rule))
    }
}

fn ids(policy: &Policy) -> impl Iterator<Item = Symbol> {
    let deadlines = policy.deadlines.iter().map(|deadline| deadline.id);
    deadlines.chain(policy.reactions.iter().map(|reaction| reaction.id))
}
