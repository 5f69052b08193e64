//! Decisions and obligations of many orders, small and in order.

use super::Gather;
use crate::engine::decision::{Decided, Decision, DecisionKind, Obligation, Outcome as Standing};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::time::Instant;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// What came of a replay, in order.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By `made_at`, order, policy, rule, step.
    pub decisions: Vec<Made>,
    /// By order, policy, start, rule; empty where they were not asked for.
    pub obligations: Vec<Stood>,
    /// What decisions share.
    pub shapes: Vec<DecisionShape>,
    /// What obligations share.
    pub obligation_shapes: Vec<ObligationShape>,
    /// Departments named by decisions.
    pub departments: Vec<Arc<str>>,
}

/// A decision, packed.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// When it was made.
    pub made_at: Instant,
    /// Its instant.
    pub at: Instant,
    /// The due of its obligation.
    pub due: Option<Instant>,
    /// Its key's 32 hexadecimal digits, and how often it was revoked before.
    key: (u128, u32),
    /// The order's place in the log.
    pub order: u32,
    /// Its place in [`Outcome::shapes`].
    pub shape: u32,
    /// The round.
    pub round: u32,
    /// Its obligation's occurrence, or the how-manieth firing.
    pub occurrence: u32,
    department: Option<u32>,
    /// Which of its shape's `cc` do not exist for this order, a bit each.
    absent: u8,
}

/// What many decisions share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DecisionShape {
    /// The policy.
    pub policy: Symbol,
    /// The deadline or reaction.
    pub rule: Symbol,
    /// The step.
    pub step: Symbol,
    /// What is decided.
    pub kind: DecisionKind,
    /// Who is told.
    pub to: Vec<Symbol>,
    /// Who is told besides.
    pub cc: Vec<Symbol>,
    /// Who must approve it.
    pub approval: Option<Symbol>,
    /// The clause that it cites.
    pub clause: Option<Arc<str>>,
    /// The version of the rules.
    pub version: Arc<str>,
}

/// An obligation, packed.
#[derive(Clone, Copy, Debug)]
pub struct Stood {
    /// The order's place in the log.
    pub order: u32,
    /// Its place in [`Outcome::obligation_shapes`].
    pub shape: u32,
    /// The round in which it opened.
    pub round: u32,
    /// Its number there.
    pub occurrence: u32,
    /// When it opened.
    pub opened: Instant,
    /// From when its span is counted.
    pub start: Instant,
    /// Its due.
    pub due: Option<Instant>,
    /// The stop.
    pub stopped_at: Option<Instant>,
    /// How it stands.
    pub outcome: Standing,
    /// Whether its due lies beyond the calendar's horizon.
    pub provisional: bool,
}

/// What many obligations share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObligationShape {
    /// The policy.
    pub policy: Symbol,
    /// The deadline.
    pub rule: Symbol,
}

impl Made {
    /// The department at its instant: its place in [`Outcome::departments`].
    pub fn department_number(&self) -> Option<usize> {
        self.department.map(|number| number as usize)
    }

    /// Those of its shape's `cc` who exist for this order.
    pub fn copied<'s>(&self, shape: &'s DecisionShape) -> impl Iterator<Item = Symbol> + 's {
        let absent = self.absent;
        let exists = move |place: usize| place >= 8 || absent & (1 << place) == 0;
        shape.cc.iter().enumerate().filter(move |(place, _)| exists(*place)).map(|(_, name)| *name)
    }

    /// Its key.
    pub fn key(&self) -> String {
        let (digits, revoked) = self.key;
        if revoked == 0 { format!("{digits:032x}") } else { format!("{digits:032x}-{revoked}") }
    }
}

impl Outcome {
    /// Puts together what each thread gathered. `orders`: those of the log, in its order; the log itself may be gone.
    pub fn of(parts: Vec<Part>, orders: &[Arc<str>]) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.decisions.reserve_exact(parts.iter().map(|part| part.decisions.len()).sum());
        outcome.obligations.reserve_exact(parts.iter().map(|part| part.obligations.len()).sum());
        let (mut shapes, mut owned, mut departments) = (Table::default(), Table::default(), Table::default());
        for part in parts {
            let shape = shapes.take_all(part.shapes);
            let department = departments.take_all(part.departments);
            let own = owned.take_all(part.obligation_shapes);
            outcome.decisions.extend(part.decisions.into_iter().map(|made| Made {
                shape: shape[made.shape as usize],
                department: made.department.map(|number| department[number as usize]),
                ..made
            }));
            let stood = part.obligations.into_iter();
            outcome.obligations.extend(stood.map(|stood| Stood { shape: own[stood.shape as usize], ..stood }));
        }
        outcome.shapes = shapes.entries;
        outcome.departments = departments.entries;
        outcome.obligation_shapes = owned.entries;
        outcome.sort(orders);
        outcome
    }

    fn sort(&mut self, orders: &[Arc<str>]) {
        let orders = ranks(orders, Arc::clone);
        let steps = ranks(&self.shapes, |shape| [shape.policy, shape.rule, shape.step].map(Symbol::as_str));
        let key = |made: &Made| (made.made_at, orders[made.order as usize], steps[made.shape as usize]);
        self.decisions.sort_by_key(key);
        let policies = ranks(&self.obligation_shapes, |shape| shape.policy.as_str());
        let rules = ranks(&self.obligation_shapes, |shape| shape.rule.as_str());
        self.obligations.sort_by_key(|stood| {
            let shape = stood.shape as usize;
            (orders[stood.order as usize], policies[shape], stood.start, rules[shape], stood.round, stood.occurrence)
        });
    }

    /// What a decision shares with others.
    pub fn shape(&self, made: &Made) -> &DecisionShape {
        &self.shapes[made.shape as usize]
    }

    /// The department at a decision's instant.
    pub fn department(&self, made: &Made) -> Option<&str> {
        made.department_number().map(|number| &*self.departments[number])
    }
}

/// Each item's rank by a key; equal keys have equal ranks.
fn ranks<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<u32> {
    let mut sorted: Vec<(K, usize)> = items.iter().enumerate().map(|(place, item)| (key(item), place)).collect();
    sorted.sort();
    let mut ranks = vec![0; items.len()];
    let mut rank = 0;
    for place in 0..sorted.len() {
        if place > 0 && sorted[place - 1].0 != sorted[place].0 {
            rank += 1;
        }
        ranks[sorted[place].1] = rank;
    }
    ranks
}

/// Distinct entries, numbered as they come.
#[derive(Debug)]
struct Table<T> {
    entries: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { entries: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn number(&mut self, entry: T) -> u32 {
        if let Some(known) = self.numbers.get(&entry) {
            return *known;
        }
        let number = u32::try_from(self.entries.len()).expect("fewer shapes than decisions");
        self.entries.push(entry.clone());
        self.numbers.insert(entry, number);
        number
    }

    fn take_all(&mut self, other: Table<T>) -> Vec<u32> {
        other.entries.into_iter().map(|entry| self.number(entry)).collect()
    }
}

/// What one thread gathered.
#[derive(Debug, Default)]
pub struct Part {
    decisions: Vec<Made>,
    obligations: Vec<Stood>,
    shapes: Table<DecisionShape>,
    obligation_shapes: Table<ObligationShape>,
    departments: Table<Arc<str>>,
    with_obligations: bool,
    copies: Copies,
}

/// The order's attribute with which each recipient that may be copied goes, where it goes with one.
pub type Copies = Arc<HashMap<Symbol, Symbol>>;

impl Part {
    /// Gathers decisions, and obligations too if asked.
    pub fn new(with_obligations: bool) -> Part {
        Part { with_obligations, ..Part::default() }
    }

    /// Knows which recipients go with which attribute of an order.
    #[must_use]
    pub fn with_copies(self, copies: &Copies) -> Part {
        Part { copies: Arc::clone(copies), ..self }
    }

    /// Those copied who do not exist for the order, a bit each.
    fn absent(&self, decision: &Decision, attributes: &[(Symbol, Value)]) -> u8 {
        let is_absent = |name: &Symbol| {
            self.copies.get(name).is_some_and(|of| !attributes.iter().any(|(attribute, _)| attribute == of))
        };
        let copied = decision.cc.iter().take(8).enumerate();
        copied.filter(|(_, name)| is_absent(name)).fold(0, |bits, (place, _)| bits | 1 << place)
    }

    fn decision(&mut self, order: u32, decision: Decision, absent: u8) {
        let made = Made {
            absent,
            made_at: decision.made_at,
            at: decision.at,
            due: decision.due,
            key: packed_key(&decision.key),
            order,
            round: decision.round,
            occurrence: decision.occurrence,
            department: decision.department.map(|name| self.departments.number(name)),
            shape: self.shapes.number(DecisionShape {
                policy: decision.policy,
                rule: decision.rule,
                step: decision.step,
                kind: decision.kind,
                to: decision.to,
                cc: decision.cc,
                approval: decision.approval,
                clause: decision.clause,
                version: decision.version,
            }),
        };
        self.decisions.push(made);
    }

    fn obligation(&mut self, order: u32, obligation: &Obligation) {
        self.obligations.push(Stood {
            order,
            shape: self.obligation_shapes.number(ObligationShape { policy: obligation.policy, rule: obligation.rule }),
            round: obligation.round,
            occurrence: obligation.occurrence,
            opened: obligation.opened,
            start: obligation.start,
            due: obligation.due,
            stopped_at: obligation.stopped_at,
            outcome: obligation.outcome,
            provisional: obligation.provisional,
        });
    }
}

impl Gather for Part {
    fn take(&mut self, order: usize, decided: Decided) {
        let order = u32::try_from(order).expect("a log numbers its orders in 32 bits");
        for decision in decided.new {
            let absent = self.absent(&decision, &decided.state.attributes);
            self.decision(order, decision, absent);
        }
        if self.with_obligations {
            for obligation in &decided.obligations {
                self.obligation(order, obligation);
            }
        }
    }
}

/// A key is 32 hexadecimal digits, and `-n` where it was revoked n times before.
fn packed_key(key: &str) -> (u128, u32) {
    let (digits, revoked) = key.split_once('-').unwrap_or((key, "0"));
    let digits = u128::from_str_radix(digits, 16).expect("a key is hexadecimal");
    (digits, revoked.parse().expect("a count of revocations"))
}
