//! Policies, deadlines, ladders and reactions as the engine reads them. Meaning: language.md §3.

use crate::calendar::span::Span;
use crate::calendar::{Calendar, ClockTime, Counting};
use crate::policy::concern::Concerns;
use crate::policy::condition::Condition;
use crate::policy::vocabulary::Vocabulary;
use crate::symbol::Symbol;
use chrono::NaiveDate;
use std::sync::Arc;

/// Everything of one version of the rules that deciding needs.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// The version as shown and cited: a number in the store, a short hash of the files elsewhere.
    pub version: Arc<str>,
    /// The words.
    pub vocabulary: Arc<Vocabulary>,
    /// The policies by name's order in the files (files by name, then place). Abstract ones are left out.
    pub policies: Vec<Arc<Policy>>,
}

/// A policy (规则): deadlines and reactions under one document.
#[derive(Debug)]
pub struct Policy {
    /// Its id.
    pub id: Symbol,
    /// What people read.
    pub title: String,
    /// The document, such as 珠府办函〔2023〕64号.
    pub source: Option<String>,
    /// Its calendar, compiled.
    pub calendar: Arc<Calendar>,
    /// First date on which an order's first event brings it under this policy.
    pub effective: NaiveDate,
    /// Last such date.
    pub until: Option<NaiveDate>,
    /// Which orders it governs, asked at their first event.
    pub applies: Condition,
    /// The policies on which it builds, nearest first: an order that this one governs is not governed by those.
    pub bases: Vec<Symbol>,
    /// In the file's order.
    pub deadlines: Vec<Deadline>,
    /// In the file's order.
    pub reactions: Vec<Reaction>,
    /// Copied on every card, return and route.
    pub copy: Vec<Symbol>,
    /// What is done about decisions that late knowledge no longer supports.
    pub late_events: LateEvents,
    /// Whether steps that an edit moves into the past fire when the edit takes force.
    pub catch_up: bool,
    /// Its rules by the event types that they name.
    pub concerns: Concerns,
}

/// Where a rule or step comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The clause of the policy's source.
    pub clause: Option<Arc<str>>,
    /// What of it the operator chose, because the document does not give it.
    pub local: Local,
}

/// What of a rule the operator chose.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Local {
    /// Nothing.
    #[default]
    Nothing,
    /// All of it.
    Whole,
    /// These keys of it.
    Keys(Vec<String>),
}

/// A deadline (时限): what opens obligations, what stops them, how long they have, what happens then.
#[derive(Debug)]
pub struct Deadline {
    /// Its id, and the id it had before.
    pub id: Symbol,
    /// Earlier ids.
    pub was: Vec<Symbol>,
    /// What people read.
    pub title: String,
    /// Clause and local.
    pub origin: Origin,
    /// Event types that open an obligation.
    pub start: Vec<Symbol>,
    /// Asked at the start.
    pub when: Condition,
    /// Opens by itself where no start has come.
    pub start_at_latest: Option<StartAtLatest>,
    /// Every start event opens one.
    pub each: bool,
    /// Events that cancel the open one and open the next.
    pub restart_on: Vec<Symbol>,
    /// Whether it is opened once in the order rather than in each round.
    pub order_scope: bool,
    /// The span is counted from the round's first event of this type, if there is one.
    pub count_from: Option<Symbol>,
    /// Alternatives.
    pub stop: Vec<Stop>,
    /// Only events with the start event's value of this attribute stop it.
    pub matching: Option<Symbol>,
    /// How long.
    pub limit: Limit,
    /// How working days are counted.
    pub counting: Counting,
    /// Whether and when it pauses.
    pub pauses: Option<Pauses>,
    /// Whether and how it may be extended.
    pub extends: Option<Extends>,
    /// The steps, in the file's order.
    pub ladder: Vec<Step>,
}

/// `start_at_latest`.
#[derive(Debug)]
pub struct StartAtLatest {
    /// The types counted from.
    pub events: Vec<Symbol>,
    /// How long after.
    pub after: Span,
    /// Clause and local.
    pub origin: Origin,
}

/// One alternative of `stop`.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// An event of this type for which the condition holds.
    Event(Symbol, Condition),
    /// The first event by which each of these has come since the start.
    Every(Vec<Symbol>),
}

impl Stop {
    /// The types of which events may meet it.
    pub(crate) fn kinds(&self) -> &[Symbol] {
        match self {
            Stop::Event(kind, _) => std::slice::from_ref(kind),
            Stop::Every(kinds) => kinds,
        }
    }

    /// Whether events of this type may meet it.
    pub(crate) fn names(&self, kind: Symbol) -> bool {
        self.kinds().contains(&kind)
    }
}

/// How long an obligation has.
#[derive(Debug)]
pub enum Limit {
    /// The first entry whose condition holds at the start; none: no obligation.
    Within(Vec<Within>),
    /// By a time of the clock on a working day.
    By(ClockTime),
    /// What the start event carries in this attribute, else the entries (which may be empty).
    DueFrom(Symbol, Vec<Within>),
}

/// One entry of `within`.
#[derive(Debug)]
pub struct Within {
    /// When this entry is taken.
    pub when: Condition,
    /// The span.
    pub is: Span,
    /// Clause and local.
    pub origin: Origin,
}

/// `pauses`.
#[derive(Debug)]
pub struct Pauses {
    /// Asked at `suspended`.
    pub when: Condition,
    /// Past this the pause ends by itself, with a flag.
    pub at_most: Option<Span>,
}

/// `extends` of a deadline.
#[derive(Debug)]
pub struct Extends {
    /// In all, per obligation.
    pub at_most: Option<Span>,
    /// How many times, per obligation.
    pub times: Option<u32>,
    /// Asked at `extended`.
    pub when: Condition,
    /// Clause and local.
    pub origin: Origin,
}

/// A step of a ladder (阶梯).
#[derive(Debug)]
pub struct Step {
    /// Its id: given, or by its first action.
    pub id: Symbol,
    /// Earlier ids.
    pub was: Vec<Symbol>,
    /// When, from the due.
    pub timing: Timing,
    /// Asked at its instant.
    pub when: Condition,
    /// What it does: see [`Action`].
    pub actions: Vec<Action>,
    /// Clause and local, its own or its deadline's.
    pub origin: Origin,
}

/// A step's instant, counted from the due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timing {
    /// At the due.
    Due,
    /// So long after it.
    After(Span),
    /// So long before it.
    Before(Span),
}

/// One decision that a step or reaction makes. A `notify` beside a card, return, flag or route is no action of its own:
/// the reader of the file has made it their `to` (a route's `cc`).
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// What is done.
    pub kind: ActionKind,
    /// Who is told; of a route its targets. Empty for a card that names nobody: the department's liaison is told.
    pub to: Vec<Symbol>,
    /// Who is told besides (a route's `notify`).
    pub cc: Vec<Symbol>,
    /// A route or return is a proposal until this recipient approves it.
    pub approval: Option<Symbol>,
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionKind {
    /// Before something is due; expendable.
    Remind,
    /// Tells what happened; never dropped.
    Notify,
    /// 黄牌 or 红牌 against the department at that instant.
    Card(Colour),
    /// 呈报/移送.
    Route,
    /// 退回重办.
    Return,
    /// 待核: for a person to look at, with this text.
    Flag(String),
}

/// The colour of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Colour {
    /// 黄牌.
    Yellow,
    /// 红牌.
    Red,
}

/// A reaction: what is done at an event.
#[derive(Debug)]
pub struct Reaction {
    /// Its id.
    pub id: Symbol,
    /// Earlier ids.
    pub was: Vec<Symbol>,
    /// What people read.
    pub title: String,
    /// Clause and local.
    pub origin: Origin,
    /// The event types; none: any.
    pub upon: Option<Vec<Symbol>>,
    /// Asked at the event.
    pub when: Condition,
    /// Whether only the first time counts.
    pub once: Option<Once>,
    /// The step's id that its decisions bear.
    pub step: Symbol,
    /// What it does.
    pub actions: Vec<Action>,
}

/// Within what a reaction fires only the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// The round.
    Round,
    /// The order.
    Order,
}

/// What is done about a standing decision that late knowledge no longer supports.
#[derive(Clone, Debug, PartialEq)]
pub enum LateEvents {
    /// It is revoked.
    Revoke,
    /// It is flagged for a person.
    Review,
    /// It is revoked if every event that became known then was recorded within this span of its `at`, else flagged (or,
    /// if `then_review` is false, revoked all the same).
    RevokeWithin(Span),
}
