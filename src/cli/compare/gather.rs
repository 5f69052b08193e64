//! What one thread gathers of the orders that it compares: sums, the plainest examples of each rule, and lines.

use super::jsonl::Lines;
use crate::engine::compare::tally::{Tally, row_of};
use crate::engine::compare::{Change, Pair, Pairs, RuleId, Side, Sort, pairs};
use crate::engine::decision::{Decided, Decision, Obligation, Outcome};
use crate::policy::vocabulary::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is gathered.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) tally: Tally,
    pub(super) examples: Examples,
    /// Lines by the order's number.
    pub(super) lines: Vec<(usize, Vec<u8>)>,
}

/// A few examples of each rule, by its name in the rows.
#[derive(Debug, Default)]
pub(super) struct Examples(pub(super) BTreeMap<(&'static str, &'static str), Vec<Example>>);

/// One rule's differences in one order.
#[derive(Clone, Debug)]
pub(super) struct Example {
    /// The plainest first, then by the order's number.
    rank: (u8, usize),
    pub(super) order: Arc<str>,
    /// Under its new name, if it is still there.
    pub(super) rule: RuleId,
    pub(super) department: Option<Arc<str>>,
    pub(super) obligations: Vec<Pair<Obligation>>,
    pub(super) decisions: Vec<Pair<Decision>>,
}

/// How an order is compared.
pub(super) struct Comparison<'a> {
    pub(super) lineage: &'a crate::engine::compare::Lineage,
    /// Lines are wanted, by this writer.
    pub(super) lines: Option<&'a Lines<'a>>,
    /// So many examples of each rule are kept.
    pub(super) examples: usize,
}

impl Comparison<'_> {
    /// Takes one order; what only one side knows has nothing on the other.
    pub(super) fn take(&self, part: &mut Part, number: usize, order: &Arc<str>, sides: Pair<&Decided>) {
        let (old, new) = (sides.old.map(side).unwrap_or_default(), sides.new.map(side).unwrap_or_default());
        let pairs = pairs(old, new, self.lineage);
        self.take_pairs(part, number, order, &pairs, &departments(sides));
    }

    /// Takes one order of which the pairs are known.
    pub(super) fn take_pairs(
        &self,
        part: &mut Part,
        number: usize,
        order: &Arc<str>,
        pairs: &Pairs<'_>,
        departments: &Pair<Option<Arc<str>>>,
    ) {
        part.tally.take(pairs, departments);
        if let Some(lines) = self.lines {
            let written = lines.of(order, pairs);
            part.lines.extend((!written.is_empty()).then_some((number, written)));
        } else {
            part.examples.take(number, order, pairs, departments, self.examples);
        }
    }
}

pub(super) fn side(decided: &Decided) -> Side<'_> {
    Side { obligations: &decided.obligations, decisions: &decided.new }
}

/// The department that has the order at last, on each side.
pub(super) fn departments(sides: Pair<&Decided>) -> Pair<Option<Arc<str>>> {
    Pair { old: sides.old.map(department), new: sides.new.map(department) }
}

fn department(decided: &Decided) -> Option<Arc<str>> {
    let found = decided.state.attributes.iter().find(|(name, _)| name.as_str() == "department");
    match found? {
        (_, Value::Text(text)) => Some(Arc::clone(text)),
        (_, Value::Word(word)) => Some(word.as_str().into()),
        _ => None,
    }
}

impl Part {
    /// Adds what another thread gathered.
    pub(super) fn add(&mut self, other: Part, examples: usize) {
        self.tally.add(&other.tally);
        self.lines.extend(other.lines);
        for (rule, found) in other.examples.0 {
            let kept = self.examples.0.entry(rule).or_default();
            kept.extend(found);
            keep(kept, examples);
        }
    }
}

impl Examples {
    fn take(
        &mut self,
        number: usize,
        order: &Arc<str>,
        pairs: &Pairs<'_>,
        departments: &Pair<Option<Arc<str>>>,
        most: usize,
    ) {
        let mut found: BTreeMap<(&'static str, &'static str), Example> = BTreeMap::new();
        let order_department = departments.new.clone().or_else(|| departments.old.clone()).flatten();
        let mut example = |rule: RuleId, department: &Option<Arc<str>>, rank: u8, add: &dyn Fn(&mut Example)| {
            let one = found.entry(row_of(rule)).or_insert_with(|| Example {
                rank: (u8::MAX, number),
                order: Arc::clone(order),
                rule,
                department: department.clone().or_else(|| order_department.clone()),
                obligations: Vec::new(),
                decisions: Vec::new(),
            });
            one.rank.0 = one.rank.0.min(rank);
            add(one);
        };
        for pair in &pairs.obligations {
            let Some(change) = pair.change() else { continue };
            let one = pair.either();
            let owned = Pair { old: pair.old.cloned(), new: pair.new.cloned() };
            example((one.policy, one.rule), &one.department, obligation_rank(*pair, change), &|example| {
                example.obligations.push(owned.clone());
            });
        }
        for pair in &pairs.decisions {
            let Some(change) = pair.change() else { continue };
            let one = pair.either();
            let owned = Pair { old: pair.old.cloned(), new: pair.new.cloned() };
            example((one.policy, one.rule), &one.department, decision_rank(one, change), &|example| {
                example.decisions.push(owned.clone());
            });
        }
        for (rule, mut example) in found {
            example.obligations.sort_by_key(|pair| {
                let pair = Pair { old: pair.old.as_ref(), new: pair.new.as_ref() };
                pair.change().map(|change| obligation_rank(pair, change))
            });
            let kept = self.0.entry(rule).or_default();
            kept.push(example);
            keep(kept, most);
        }
    }
}

fn keep(examples: &mut Vec<Example>, most: usize) {
    examples.sort_by_key(|example| example.rank);
    examples.truncate(most);
}

/// What a boss would ask about first: what becomes late or is late no more, cards that come or go.
fn obligation_rank(pair: Pair<&Obligation>, change: Change) -> u8 {
    let is_late =
        |one: Option<&Obligation>| one.is_some_and(|one| matches!(one.outcome, Outcome::Late | Outcome::Overdue));
    match change {
        _ if is_late(pair.old) != is_late(pair.new) => 0,
        _ if pair.either().outcome == Outcome::Cancelled => 5,
        Change::Moves => 2,
        _ => 3,
    }
}

fn decision_rank(one: &Decision, change: Change) -> u8 {
    let is_grave = matches!(Sort::of(&one.kind), Sort::Red | Sort::Yellow | Sort::Return | Sort::Route);
    match change {
        Change::Appears | Change::Disappears if is_grave => 1,
        _ if is_grave => 2,
        _ => 4,
    }
}
