//! What deciding yields.

use crate::policy::model::{Colour, RuleSet};
use crate::symbol::Symbol;
use crate::time::Instant;
use std::sync::Arc;

/// The versions of the rules, each with the instant from which it was in force, ascending; never empty. The first is in
/// force from [`Instant::BEGINNING`] where nothing older is known.
#[derive(Clone, Debug)]
pub struct Regime {
    /// Ascending by `from`.
    pub versions: Vec<InForce>,
}

/// A version in force.
#[derive(Clone, Debug)]
pub struct InForce {
    /// From when.
    pub from: Instant,
    /// The rules.
    pub rules: Arc<RuleSet>,
}

impl Regime {
    /// One version from the beginning of time, as in `simulate` and rule tests.
    pub fn always(rules: Arc<RuleSet>) -> Regime {
        Regime { versions: vec![InForce { from: Instant::BEGINNING, rules }] }
    }
}

/// By what a decision is known: 32 hexadecimal digits, and `-n` where it was revoked n times before.
pub type Key = Arc<str>;

/// A decision (决定), dated `at` and made at `made_at`.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// By what it is known.
    pub key: Key,
    /// Its instant.
    pub at: Instant,
    /// When it was made: later than `at` where late knowledge showed it.
    pub made_at: Instant,
    /// The policy.
    pub policy: Symbol,
    /// The deadline or reaction.
    pub rule: Symbol,
    /// The step.
    pub step: Symbol,
    /// The order's round.
    pub round: u32,
    /// Its obligation's occurrence, or the how-manieth firing of that reaction in the round.
    pub occurrence: u32,
    /// What is decided.
    pub kind: DecisionKind,
    /// Who is told; of a route its targets. Empty for a card whose rule names nobody: the department's liaison is told.
    pub to: Vec<Symbol>,
    /// Who is told besides, the policy's `copy` included.
    pub cc: Vec<Symbol>,
    /// The due of its obligation as it was then.
    pub due: Option<Instant>,
    /// The department at that instant.
    pub department: Option<Arc<str>>,
    /// A proposal until this recipient approves it.
    pub approval: Option<Symbol>,
    /// The clause that it cites.
    pub clause: Option<Arc<str>>,
    /// The version of the rules by which it was decided.
    pub version: Arc<str>,
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DecisionKind {
    /// 提醒.
    Remind,
    /// 告知.
    Notify,
    /// 亮牌.
    Card(Colour),
    /// 呈报/移送.
    Route,
    /// 退回重办.
    Return,
    /// 待核, with its text.
    Flag(Arc<str>),
    /// 撤销 of another decision.
    Revoke {
        /// The kind revoked: `card`, `route`, `return` or `flag`.
        revokes: &'static str,
        /// Its key.
        revoked: Key,
        /// Why, in the words of the language asked for.
        reason: Arc<str>,
    },
}

impl DecisionKind {
    /// Its name in every output, and in a channel's `kinds`.
    pub fn name(&self) -> &'static str {
        match self {
            DecisionKind::Remind => "remind",
            DecisionKind::Notify => "notify",
            DecisionKind::Card(_) => "card",
            DecisionKind::Route => "route",
            DecisionKind::Return => "return",
            DecisionKind::Flag(_) => "flag",
            DecisionKind::Revoke { .. } => "revoke",
        }
    }
}

/// An obligation (时限义务) as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Obligation {
    /// The policy.
    pub policy: Symbol,
    /// The deadline.
    pub rule: Symbol,
    /// The round in which it opened.
    pub round: u32,
    /// Its number in the round (with `scope: order` in the order).
    pub occurrence: u32,
    /// When it opened.
    pub opened: Instant,
    /// From when its span is counted.
    pub start: Instant,
    /// Its due; none while it is paused.
    pub due: Option<Instant>,
    /// Whether the due lies beyond the calendar's horizon.
    pub provisional: bool,
    /// How it stands.
    pub outcome: Outcome,
    /// The stop.
    pub stopped_at: Option<Instant>,
    /// The department that has it: at its end, or now.
    pub department: Option<Arc<str>>,
}

/// How an obligation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// 按时.
    Met,
    /// 逾期办结.
    Late,
    /// Not yet due.
    Open,
    /// 逾期.
    Overdue,
    /// 挂起.
    Suspended,
    /// Ended by a new round, the order's end or a restart.
    Cancelled,
}

/// How an order stands now: what the store keeps as rows for desk and reports.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct OrderState {
    /// The round, from 1.
    pub round: u32,
    /// Whether `withdrawn` or `archived` ended it.
    pub ended: bool,
    /// Whether a `received` has come.
    pub received: bool,
    /// Attributes as they are now, by name, texts as sent.
    pub attributes: Vec<(Symbol, crate::policy::vocabulary::Value)>,
    /// The policies that govern it now.
    pub policies: Vec<Symbol>,
}

/// What stands for an order: what was decided so far and on what knowledge.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Every decision and revocation made so far, in the order made.
    pub decisions: Vec<Decision>,
    /// Events that arrived up to this number were known when that was decided.
    pub known: Option<u64>,
    /// Everything up to this instant was decided.
    pub decided_until: Option<Instant>,
}

/// What deciding an order again yields.
#[derive(Clone, Debug)]
pub struct Decided {
    /// What is decided newly, revocations included, in the order made.
    pub new: Vec<Decision>,
    /// All obligations as they stand, by policy, start, rule.
    pub obligations: Vec<Obligation>,
    /// The next instant at which something would be decided without any new event.
    pub next_due: Option<Instant>,
    /// How the order stands.
    pub state: OrderState,
}
