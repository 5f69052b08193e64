//! Rule tests (规则测试): timelines that an operator writes, and what is expected of them (`rules/tests/*.yaml`).
//!
//! A test is decided as `simulate` decides: the whole rule set, one version from the beginning of time, every event known
//! when it happened or when it says. What is expected is asked of the one policy that the file tests. Nothing here reads a
//! clock or does more than read files. How they are written: docs/guide.zh.md, "规则测试".

pub mod fired;
mod instead;
pub mod judge;
pub mod read;
mod said;
pub(crate) mod words;

use crate::engine::decision::Outcome;
use crate::order::Event;
use crate::policy::model::{Colour, Policy};
use crate::symbol::Symbol;
use crate::text::place::Place;
use crate::time::Instant;
use std::sync::Arc;

/// A file of tests.
#[derive(Debug)]
pub struct TestFile {
    /// As it is shown.
    pub path: String,
    /// The policy tested.
    pub policy: Arc<Policy>,
    /// Its cases without a mistake.
    pub cases: Vec<Case>,
}

/// One timeline.
#[derive(Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Where its name stands.
    pub place: Place,
    /// What happens, in the file's order.
    pub given: Vec<Given>,
    /// As of when it is judged.
    pub until: Instant,
    /// Whether the policy should govern the order at all.
    pub governs: bool,
    /// What must come.
    pub expect: Vec<Expected>,
    /// What must not come.
    pub never: Vec<Expected>,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub struct Given {
    /// The event; of one that acts on a decision, without naming it yet.
    pub event: Event,
    /// The decision that it acts on, to be found among those made by then.
    pub acts_on: Option<Expected>,
}

/// What is expected, or must never come: every field that is given must agree.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Where it stands.
    pub place: Place,
    /// What it is about.
    pub subject: Subject,
    /// The policy.
    pub policy: Symbol,
    /// The deadline or reaction.
    pub rule: Option<Symbol>,
    /// The step.
    pub step: Option<Symbol>,
    /// The round.
    pub round: Option<u32>,
    /// The occurrence.
    pub occurrence: Option<u32>,
    /// A decision's instant.
    pub at: Option<Instant>,
    /// When a decision was made.
    pub made_at: Option<Instant>,
    /// The due.
    pub due: Option<Instant>,
    /// From when an obligation's span is counted.
    pub start: Option<Instant>,
    /// When an obligation was stopped.
    pub stopped_at: Option<Instant>,
    /// How an obligation stands.
    pub outcome: Option<Outcome>,
    /// Whether an obligation's due lies beyond the calendar.
    pub provisional: Option<bool>,
    /// All of these are told (of a route: are its targets).
    pub to: Vec<Symbol>,
    /// All of these are copied.
    pub cc: Vec<Symbol>,
    /// Who must approve it.
    pub approval: Option<Symbol>,
    /// The department.
    pub department: Option<String>,
    /// A part of a flag's text or of a revocation's reason.
    pub text: Option<String>,
}

impl Expected {
    /// What says no more than what it is about.
    fn about(place: Place, subject: Subject, policy: Symbol, rule: Option<Symbol>) -> Expected {
        Expected {
            place,
            subject,
            policy,
            rule,
            step: None,
            round: None,
            occurrence: None,
            at: None,
            made_at: None,
            due: None,
            start: None,
            stopped_at: None,
            outcome: None,
            provisional: None,
            to: Vec::new(),
            cc: Vec::new(),
            approval: None,
            department: None,
            text: None,
        }
    }
}

/// What an expectation is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject {
    /// A decision.
    Decision(Kind),
    /// An obligation.
    Obligation,
    /// Whatever a rule does: an obligation or a decision.
    Rule,
}

/// A kind of decision as tests name it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Any.
    Any,
    /// 提醒.
    Remind,
    /// 告知.
    Notify,
    /// 亮牌, of this colour or any.
    Card(Option<Colour>),
    /// 呈报/移送.
    Route,
    /// 退回.
    Return,
    /// 待核.
    Flag,
    /// 撤销 of a decision of this kind, or any.
    Revoke(Revoked),
}

/// What a revocation revokes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Revoked {
    /// Anything.
    Any,
    /// A card of this colour or any.
    Card(Option<Colour>),
    /// A route.
    Route,
    /// A return.
    Return,
    /// A flag.
    Flag,
}
