//! Comparing what two sets of rules or calendars make of one order: which obligation and decision of the one is which of
//! the other, and what became of it.
//!
//! Pairs are found whatever was renamed on the way (`was`), and where an order comes under a policy that builds on the
//! one before. An obligation is known by its rule and its opening, else by its round and occurrence; a decision by its step
//! and its obligation, else by when it fell. Both sides are taken in their own order, so a comparison is always the same.

mod lineage;
pub mod tally;

pub use lineage::Lineage;

use crate::engine::decision::{Decision, DecisionKind, Obligation, Outcome};
use crate::policy::model::Colour;
use crate::symbol::Symbol;

/// What stands on both sides, or on one of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair<T> {
    /// What the old rules make.
    pub old: Option<T>,
    /// What the new rules make.
    pub new: Option<T>,
}

/// What becomes of an obligation or decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Only the new rules have it.
    Appears,
    /// Only the old rules have it.
    Disappears,
    /// Its due, or its instant, is another.
    Moves,
    /// Its time is the same, something else of it is not.
    Changes,
}

impl Change {
    /// Its word in every output.
    pub fn name(self) -> &'static str {
        match self {
            Change::Appears => "appears",
            Change::Disappears => "disappears",
            Change::Moves => "moves",
            Change::Changes => "changes",
        }
    }
}

/// The sorts of decisions that are told apart when they are counted, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// 红牌.
    Red,
    /// 黄牌.
    Yellow,
    /// 退回重办.
    Return,
    /// 呈报移送, proposals included.
    Route,
    /// 待核.
    Flag,
    /// 告知.
    Notify,
    /// 提醒.
    Remind,
    /// 撤销.
    Revoke,
}

impl Sort {
    /// All of them.
    pub const ALL: [Sort; 8] =
        [Sort::Red, Sort::Yellow, Sort::Return, Sort::Route, Sort::Flag, Sort::Notify, Sort::Remind, Sort::Revoke];

    /// Of which sort a decision is.
    pub fn of(kind: &DecisionKind) -> Sort {
        match kind {
            DecisionKind::Card(Colour::Red) => Sort::Red,
            DecisionKind::Card(Colour::Yellow) => Sort::Yellow,
            DecisionKind::Return => Sort::Return,
            DecisionKind::Route => Sort::Route,
            DecisionKind::Flag(_) => Sort::Flag,
            DecisionKind::Notify => Sort::Notify,
            DecisionKind::Remind => Sort::Remind,
            DecisionKind::Revoke { .. } => Sort::Revoke,
        }
    }
}

/// What both sides make of one order, paired: what is the same on both sides too.
#[derive(Clone, Debug, Default)]
pub struct Pairs<'a> {
    /// Obligations, in the new side's order, those that are gone last.
    pub obligations: Vec<Pair<&'a Obligation>>,
    /// Decisions, likewise.
    pub decisions: Vec<Pair<&'a Decision>>,
}

/// What one side made of an order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side<'a> {
    /// Its obligations.
    pub obligations: &'a [Obligation],
    /// Its decisions.
    pub decisions: &'a [Decision],
}

/// Finds what on one side is what on the other.
pub fn pairs<'a>(old: Side<'a>, new: Side<'a>, lineage: &Lineage) -> Pairs<'a> {
    let obligations = pair(
        old.obligations,
        new.obligations,
        &[
            &|old, new| old.policy == new.policy && lineage.is_rule(old, new) && old.opened == new.opened,
            &|old, new| lineage.is_rule(old, new) && old.opened == new.opened,
            &|old, new| lineage.is_rule(old, new) && place(old) == place(new),
        ],
    );
    let held = |decision: &Decision, side: &[Obligation]| {
        side.iter().position(|obligation| {
            (obligation.policy, obligation.rule, place(obligation)) == (decision.policy, decision.rule, fell(decision))
        })
    };
    let is_of_pair = |one: &Decision, other: &Decision| match (held(one, old.obligations), held(other, new.obligations))
    {
        (Some(one), Some(other)) => obligations.contains(&(Some(one), Some(other))),
        (None, None) => one.at == other.at,
        _ => false,
    };
    let decisions = pair(
        old.decisions,
        new.decisions,
        &[
            &|old, new| {
                old.policy == new.policy && lineage.is_step(old, new) && old.at == new.at && is_of_pair(old, new)
            },
            &|old, new| lineage.is_step(old, new) && is_of_pair(old, new),
            &|old, new| lineage.is_step(old, new) && fell(old) == fell(new),
        ],
    );
    let both = |(one, other): &(Option<usize>, Option<usize>)| Pair {
        old: one.map(|at| &old.obligations[at]),
        new: other.map(|at| &new.obligations[at]),
    };
    let decided = |(one, other): (Option<usize>, Option<usize>)| Pair {
        old: one.map(|at| &old.decisions[at]),
        new: other.map(|at| &new.decisions[at]),
    };
    Pairs {
        obligations: obligations.iter().map(both).collect(),
        decisions: decisions.into_iter().map(decided).collect(),
    }
}

/// What an edit does to the obligations that are open when it takes force, both sides decided at that instant: what it
/// cancels is gone. Those that it opens are left out: they open at events, as ever.
pub fn edited<'a>(old: Side<'a>, new: Side<'a>, lineage: &Lineage) -> Vec<Pair<&'a Obligation>> {
    let is_open = |one: &Obligation| matches!(one.outcome, Outcome::Open | Outcome::Overdue | Outcome::Suspended);
    let pairs = pairs(old, new, lineage).obligations.into_iter();
    let open = pairs.filter(|pair| pair.old.is_some_and(is_open));
    open.map(|pair| Pair { old: pair.old, new: pair.new.filter(|one| one.outcome != Outcome::Cancelled) }).collect()
}

fn place(obligation: &Obligation) -> (u32, u32) {
    (obligation.round, obligation.occurrence)
}

fn fell(decision: &Decision) -> (u32, u32) {
    (decision.round, decision.occurrence)
}

type Same<'f, T> = &'f dyn Fn(&T, &T) -> bool;

/// Pairs what is the same, by the surest sign first; what is left over stands alone.
fn pair<T>(old: &[T], new: &[T], signs: &[Same<'_, T>]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut found: Vec<Option<usize>> = vec![None; new.len()];
    let mut free = vec![true; old.len()];
    for is_same in signs {
        for (place, one) in new.iter().enumerate() {
            if found[place].is_none() {
                found[place] = (0..old.len()).find(|other| free[*other] && is_same(&old[*other], one));
                found[place].into_iter().for_each(|other| free[other] = false);
            }
        }
    }
    let paired = found.into_iter().enumerate().map(|(place, other)| (other, Some(place)));
    let alone = (0..old.len()).filter(|other| free[*other]).map(|other| (Some(other), None));
    paired.chain(alone).collect()
}

impl Pair<&Obligation> {
    /// What becomes of the obligation; none: it is the same.
    pub fn change(&self) -> Option<Change> {
        let (old, new) = match (self.old, self.new) {
            (Some(old), Some(new)) => (old, new),
            (None, Some(_)) => return Some(Change::Appears),
            _ => return Some(Change::Disappears),
        };
        let rest = |one: &Obligation| (one.start, one.outcome, one.stopped_at, one.provisional, one.department.clone());
        if old.due == new.due { (rest(old) != rest(new)).then_some(Change::Changes) } else { Some(Change::Moves) }
    }
}

impl Pair<&Decision> {
    /// What becomes of the decision; none: it is the same.
    pub fn change(&self) -> Option<Change> {
        let (old, new) = match (self.old, self.new) {
            (Some(old), Some(new)) => (old, new),
            (None, Some(_)) => return Some(Change::Appears),
            _ => return Some(Change::Disappears),
        };
        let text = |one: &Decision| match &one.kind {
            DecisionKind::Flag(text) => Some(text.clone()),
            _ => None,
        };
        let told = |one: &Decision| (one.to.clone(), one.cc.clone(), one.approval);
        if old.at != new.at {
            return Some(Change::Moves);
        }
        let same = (old.due, &old.department, text(old)) == (new.due, &new.department, text(new));
        (!same || told(old) != told(new)).then_some(Change::Changes)
    }
}

impl Pairs<'_> {
    /// Whether the order comes under another policy with rules that it had before: under a layer, or under its base again.
    pub fn changes_policy(&self) -> bool {
        let obligations =
            self.obligations.iter().map(|pair| (pair.old.map(|one| one.policy), pair.new.map(|one| one.policy)));
        let decisions =
            self.decisions.iter().map(|pair| (pair.old.map(|one| one.policy), pair.new.map(|one| one.policy)));
        obligations.chain(decisions).any(|(old, new)| old.is_some() && new.is_some() && old != new)
    }
}

impl<T: Copy> Pair<T> {
    /// The new side, else the old one.
    pub fn either(&self) -> T {
        self.new.or(self.old).expect("a pair has a side")
    }
}

/// The rule that an obligation or decision is of.
pub type RuleId = (Symbol, Symbol);

#[cfg(test)]
mod tests;
