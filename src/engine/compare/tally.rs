//! Counting differences: in all, by department, by rule.
//!
//! What both sides have is counted under each side's own department and under the new rule's name, so that the sums of the
//! parts are the whole, on both sides.

use super::{Change, Pair, Pairs, RuleId, Sort};
use crate::engine::decision::{Decision, DecisionKind, Obligation, Outcome};
use crate::symbol::Symbol;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many on each side, and how many of them changed in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// On the old side.
    pub old: u64,
    /// On the new side.
    pub new: u64,
    /// Only on the new side.
    pub appear: u64,
    /// Only on the old side.
    pub disappear: u64,
    /// At another time.
    pub moves: u64,
    /// Otherwise different.
    pub changes: u64,
}

impl Sum {
    /// Whether anything differs.
    pub fn differs(&self) -> bool {
        self.appear + self.disappear + self.moves + self.changes > 0
    }

    fn count(&mut self, change: Option<Change>) {
        match change {
            None => {}
            Some(Change::Appears) => self.appear += 1,
            Some(Change::Disappears) => self.disappear += 1,
            Some(Change::Moves) => self.moves += 1,
            Some(Change::Changes) => self.changes += 1,
        }
    }

    fn add(&mut self, other: &Sum) {
        self.old += other.old;
        self.new += other.new;
        self.appear += other.appear;
        self.disappear += other.disappear;
        self.moves += other.moves;
        self.changes += other.changes;
    }
}

/// What differs in one part: all, a department, a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Obligations.
    pub obligations: Sum,
    /// Dues that come earlier.
    pub earlier: u64,
    /// Dues that come later.
    pub later: u64,
    /// Dues that were provisional and are final.
    pub settled: u64,
    /// Obligations late or overdue: on the old side, on the new side.
    pub overdue: (u64, u64),
    /// Decisions, by [`Sort::ALL`].
    pub decisions: [Sum; Sort::ALL.len()],
}

impl Row {
    /// Decisions of one sort.
    pub fn of(&self, sort: Sort) -> &Sum {
        &self.decisions[sort as usize]
    }

    /// Whether anything differs.
    pub fn differs(&self) -> bool {
        self.obligations.differs() || self.decisions.iter().any(Sum::differs)
    }

    fn add(&mut self, other: &Row) {
        self.obligations.add(&other.obligations);
        self.earlier += other.earlier;
        self.later += other.later;
        self.settled += other.settled;
        self.overdue = (self.overdue.0 + other.overdue.0, self.overdue.1 + other.overdue.1);
        self.decisions.iter_mut().zip(&other.decisions).for_each(|(sum, other)| sum.add(other));
    }

    fn obligation(&mut self, pair: Pair<&Obligation>) {
        self.obligations.count(pair.change());
        let Pair { old: Some(old), new: Some(new) } = pair else { return };
        self.settled += u64::from(old.provisional && !new.provisional);
        if let (Some(before), Some(now)) = (old.due, new.due) {
            self.earlier += u64::from(now < before);
            self.later += u64::from(now > before);
        }
    }
}

/// The sums of many orders.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Orders compared.
    pub orders: u64,
    /// Orders of which anything differs.
    pub affected: u64,
    /// Orders that come under another policy of the same lineage; by itself that is no difference.
    pub governed: u64,
    /// Everything.
    pub all: Row,
    /// By department; none: it is not known.
    pub departments: BTreeMap<Option<Arc<str>>, Row>,
    /// By the policy's and the rule's name.
    pub rules: BTreeMap<(&'static str, &'static str), Row>,
    /// How much each recipient is told, copies left out.
    pub told: BTreeMap<&'static str, Sum>,
    /// Steps that an edit moves into the past and leaves out, by policy, rule and step.
    pub left_out: BTreeMap<(&'static str, &'static str, &'static str), u64>,
}

impl Tally {
    /// Counts an order. `department`: the order's own on each side, for decisions that do not say one.
    pub fn take(&mut self, pairs: &Pairs<'_>, department: &Pair<Option<Arc<str>>>) {
        self.orders += 1;
        let differs = pairs.obligations.iter().any(|pair| pair.change().is_some())
            || pairs.decisions.iter().any(|pair| pair.change().is_some());
        self.affected += u64::from(differs);
        self.governed += u64::from(pairs.changes_policy());
        for pair in &pairs.obligations {
            self.obligation(*pair);
        }
        for pair in &pairs.decisions {
            self.decision(*pair, department);
        }
    }

    fn obligation(&mut self, pair: Pair<&Obligation>) {
        let rule = row_of((pair.either().policy, pair.either().rule));
        for (one, is_new) in [(pair.old, false), (pair.new, true)] {
            let Some(one) = one else { continue };
            let late = u64::from(matches!(one.outcome, Outcome::Late | Outcome::Overdue));
            self.each(rule, one.department.as_ref(), |row| {
                let (sum, overdue) = if is_new {
                    (&mut row.obligations.new, &mut row.overdue.1)
                } else {
                    (&mut row.obligations.old, &mut row.overdue.0)
                };
                *sum += 1;
                *overdue += late;
            });
        }
        self.each(rule, pair.either().department.as_ref(), |row| row.obligation(pair));
    }

    fn decision(&mut self, pair: Pair<&Decision>, department: &Pair<Option<Arc<str>>>) {
        let one = pair.either();
        let rule = row_of((one.policy, one.rule));
        let sort = Sort::of(&one.kind) as usize;
        let of_order = |is_new: bool| if is_new { &department.new } else { &department.old }.as_ref()?.as_ref();
        let of = |one: &'_ Decision, is_new| one.department.clone().or_else(|| of_order(is_new).cloned());
        if let Some(old) = pair.old {
            self.each(rule, of(old, false).as_ref(), |row| row.decisions[sort].old += 1);
        }
        if let Some(new) = pair.new {
            self.each(rule, of(new, true).as_ref(), |row| row.decisions[sort].new += 1);
        }
        self.each(rule, of(one, pair.new.is_some()).as_ref(), |row| row.decisions[sort].count(pair.change()));
        self.told(pair);
    }

    /// Counts who is told. Whoever is told later, or of something else, is told once more and once less.
    fn told(&mut self, pair: Pair<&Decision>) {
        let (before, now) = (pair.old.map(told).unwrap_or_default(), pair.new.map(told).unwrap_or_default());
        for name in &before {
            let sum = self.told.entry(name.as_str()).or_default();
            sum.old += 1;
            sum.disappear += u64::from(!now.contains(name));
        }
        for name in &now {
            let sum = self.told.entry(name.as_str()).or_default();
            sum.new += 1;
            sum.appear += u64::from(!before.contains(name));
        }
    }

    /// Counts a step that an edit leaves out.
    pub fn leave_out(&mut self, policy: Symbol, rule: Symbol, step: Symbol) {
        *self.left_out.entry((policy.as_str(), rule.as_str(), step.as_str())).or_default() += 1;
    }

    fn each(&mut self, rule: (&'static str, &'static str), department: Option<&Arc<str>>, count: impl Fn(&mut Row)) {
        count(&mut self.all);
        count(self.rules.entry(rule).or_default());
        count(self.departments.entry(department.cloned()).or_default());
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Tally) {
        self.orders += other.orders;
        self.affected += other.affected;
        self.governed += other.governed;
        self.all.add(&other.all);
        for (department, row) in &other.departments {
            self.departments.entry(department.clone()).or_default().add(row);
        }
        for (rule, row) in &other.rules {
            self.rules.entry(*rule).or_default().add(row);
        }
        for (name, sum) in &other.told {
            self.told.entry(*name).or_default().add(sum);
        }
        for (step, count) in &other.left_out {
            *self.left_out.entry(*step).or_default() += count;
        }
    }
}

/// Who is told of a decision; of a card that names nobody its department's liaison.
fn told(decision: &Decision) -> Vec<Symbol> {
    let by_default = decision.to.is_empty() && matches!(decision.kind, DecisionKind::Card(_));
    if by_default { vec![Symbol::new("liaison")] } else { decision.to.clone() }
}

/// The name of a rule as rows know it.
pub fn row_of(rule: RuleId) -> (&'static str, &'static str) {
    (rule.0.as_str(), rule.1.as_str())
}
