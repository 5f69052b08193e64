//! What deciding saw on its way, for explanations: why an obligation opened and how its due was found, and why a rule or
//! step did not fire.
//!
//! A trace changes nothing: deciding with one and without one agree. It is kept only where someone asks
//! ([`Watch::Off`] costs one comparison a note, and [`Watch::note`] builds no note then).

use crate::calendar::span::Span;
use crate::calendar::{ClockTime, Counting};
use crate::policy::condition::{Condition, Expectation, Fact};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::time::Instant;
use std::sync::Arc;

/// Whether deciding keeps a trace.
#[derive(Clone, Debug, Default)]
pub enum Watch {
    /// Nothing is kept.
    #[default]
    Off,
    /// Everything seen so far, in the order in which it was seen.
    On(Vec<Note>),
}

impl Watch {
    /// Keeps what was seen, if anyone asked.
    pub fn note(&mut self, note: impl FnOnce() -> Note) {
        if let Watch::On(notes) = self {
            notes.push(note());
        }
    }

    /// Whether anyone asked.
    pub fn is_on(&self) -> bool {
        matches!(self, Watch::On(_))
    }
}

/// One thing seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// When, in the order's time.
    pub at: Instant,
    /// Under which policy.
    pub policy: Symbol,
    /// The order's round then.
    pub round: u32,
    /// What.
    pub seen: Seen,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The policy governs the order.
    Governs,
    /// The policy does not govern the order.
    DoesNotGovern(NotGoverning),
    /// A round (from the second on) opened: by this event, or by this decision's key.
    RoundOpened {
        /// The `returned` event, or the event that led to the return.
        event: Option<Arc<str>>,
        /// The return decision's key.
        decision: Option<Arc<str>>,
    },
    /// An event ended the order.
    OrderEnded {
        /// Its id.
        event: Arc<str>,
    },
    /// An obligation opened.
    Opened(Opened),
    /// An edit of the rules or calendars had an open obligation's due counted anew, and it moved.
    Recounted {
        /// The obligation.
        obligation: Which,
        /// How long it has now.
        limit: Limited,
        /// Its due; none while it is suspended.
        due: Option<Instant>,
        /// The version that counts it.
        version: Arc<str>,
    },
    /// A deadline did not open an obligation at an event that could have started it.
    NotOpened {
        /// The deadline.
        rule: Symbol,
        /// The event; none where `start_at_latest` would have opened it.
        event: Option<Arc<str>>,
        /// Why not.
        why: NotOpened,
    },
    /// An obligation's clock was suspended, resumed or extended.
    Moved {
        /// Which.
        obligation: Which,
        /// How.
        by: Move,
        /// Its due from then on; none while suspended.
        due: Option<Instant>,
    },
    /// A suspension or an extension did not reach an obligation.
    NotMoved {
        /// Which.
        obligation: Which,
        /// The `suspended`, `resumed` or `extended` event.
        event: Arc<str>,
        /// Why not.
        why: NotMoved,
    },
    /// An obligation was stopped.
    Stopped {
        /// Which.
        obligation: Which,
        /// By this event.
        event: Arc<str>,
    },
    /// An event of a `stop` type did not stop an obligation, because its condition did not hold or it did not match.
    NotStopped {
        /// Which.
        obligation: Which,
        /// The event.
        event: Arc<str>,
        /// What failed; empty where `match` did not fit.
        failing: Vec<Failing>,
    },
    /// An obligation was cancelled.
    Cancelled {
        /// Which.
        obligation: Which,
        /// By what.
        by: CancelledBy,
    },
    /// A step of an obligation did not fire at its instant.
    StepPassedOver {
        /// Which.
        obligation: Which,
        /// The step.
        step: Symbol,
        /// Why.
        why: PassedOver,
    },
    /// A reaction did not fire at an event of its type.
    NotReacted {
        /// The reaction.
        rule: Symbol,
        /// The event.
        event: Arc<str>,
        /// Why.
        why: NotReacted,
    },
}

/// An obligation, within its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Which {
    /// The deadline.
    pub rule: Symbol,
    /// The round in which it opened.
    pub round: u32,
    /// Its number there.
    pub occurrence: u32,
}

/// How an obligation opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// Which.
    pub obligation: Which,
    /// What opened it.
    pub by: OpenedBy,
    /// From when its span is counted (`count_from`), where that is not the opening.
    pub start: Instant,
    /// How long it has.
    pub limit: Limited,
    /// Its first due; none where it opened in a suspension.
    pub due: Option<Instant>,
    /// The version of the rules under which it opened.
    pub version: Arc<str>,
}

/// What opened an obligation.
#[derive(Clone, Debug, PartialEq)]
pub enum OpenedBy {
    /// An event of a `start` type.
    Start(Arc<str>),
    /// An event of a `restart_on` type.
    Restart(Arc<str>),
    /// A return decision, standing for a `returned` event.
    Return(Arc<str>),
    /// `start_at_latest`, counted from this event.
    AtLatest(Arc<str>),
}

/// How long an obligation has.
#[derive(Clone, Debug, PartialEq)]
pub enum Limited {
    /// A span: entry so many of `within`, from 0.
    Span {
        /// The length.
        span: Span,
        /// How days are counted.
        counting: Counting,
        /// The entry of `within` that was chosen.
        entry: usize,
    },
    /// `by` the clock.
    By(ClockTime),
    /// What the start event carries in this attribute.
    Given(Symbol),
}

/// Why a policy does not govern an order.
#[derive(Clone, Debug, PartialEq)]
pub enum NotGoverning {
    /// Its `applies` did not hold at the first event.
    Applies(Vec<Failing>),
    /// The first event's date lies before `effective` or after `until`.
    NotInEffect,
    /// This policy, which builds on it, governs instead.
    ExtendedBy(Symbol),
}

/// Why no obligation opened.
#[derive(Clone, Debug, PartialEq)]
pub enum NotOpened {
    /// `when` did not hold.
    When(Vec<Failing>),
    /// No entry of `within` applied.
    NoEntry,
    /// `due_from` was missing, malformed or not after the start, and there is no `within`.
    NoDue,
    /// It had opened before in this round (or, with `scope: order`, in the order).
    AlreadyOpened,
    /// `start_at_latest`: what had come since would have stopped it.
    StoppedBefore,
    /// The order has ended.
    OrderEnded,
}

/// What moved a clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    /// It was suspended: this much was left.
    Suspended {
        /// By this event; none where it opened in a suspension.
        event: Option<Arc<str>>,
        /// What is counted, by `next_day`, from the resumption.
        left: Option<Span>,
    },
    /// It was resumed, by this event, or because the pause had reached `at_most`.
    Resumed {
        /// The `resumed` event.
        event: Option<Arc<str>>,
    },
    /// It was extended by so much.
    Extended {
        /// The `extended` event.
        event: Arc<str>,
        /// What was granted.
        by: Span,
        /// Whether more had been asked for.
        in_part: bool,
    },
}

/// Why a suspension or an extension did not reach an obligation.
#[derive(Clone, Debug, PartialEq)]
pub enum NotMoved {
    /// The deadline does not pause.
    DoesNotPause,
    /// The deadline cannot be extended.
    DoesNotExtend,
    /// `when` did not hold.
    When(Vec<Failing>),
    /// It came after the due (a suspension: at or after).
    TooLate,
    /// `at_most` or `times` was used up.
    UsedUp,
    /// `by` is missing, no span, or of another kind than the bound.
    NoSpan,
    /// The due is fixed (`by`, `due_from`).
    Fixed,
}

/// What cancelled an obligation.
#[derive(Clone, Debug, PartialEq)]
pub enum CancelledBy {
    /// A new round.
    NewRound,
    /// The order's end.
    OrderEnd,
    /// A restart, by this event.
    Restart(Arc<str>),
    /// An edit of the rules that has no such deadline any more.
    Edit,
}

/// Why a step did not fire.
#[derive(Clone, Debug, PartialEq)]
pub enum PassedOver {
    /// `when` did not hold.
    When(Vec<Failing>),
    /// A `before` step whose instant is not after that from which the due holds.
    NoTimeBefore,
    /// A reminder found at or after the due.
    FoundTooLate,
    /// An edit moved it into the past.
    Edited,
}

/// Why a reaction did not fire.
#[derive(Clone, Debug, PartialEq)]
pub enum NotReacted {
    /// `when` did not hold.
    When(Vec<Failing>),
    /// It had fired before, and fires only once.
    FiredBefore,
    /// The order has ended, or the event is the echo of a return decision.
    NothingFires,
}

/// A part of a condition that made it fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// The fact asked about.
    pub fact: Fact,
    /// What was expected of it.
    pub expected: Expectation,
    /// Whether the expectation was met, where meeting it made the condition fail (under `not`).
    pub was_met: bool,
    /// What was found; none where the fact is absent.
    pub found: Option<Value>,
}

/// What was found of a fact, and whether it meets the expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Whether it does.
    pub met: bool,
    /// The value; none where the fact is absent.
    pub found: Option<Value>,
}

/// The parts that make a condition fail; empty where it holds.
pub fn failing(condition: &Condition, ask: &impl Fn(&Fact, &Expectation) -> Answer) -> Vec<Failing> {
    let mut found = Vec::new();
    blame(condition, true, ask, &mut found);
    found
}

/// Whether the condition is as wanted; gathers the parts because of which it is not.
fn blame(
    condition: &Condition,
    wanted: bool,
    ask: &impl Fn(&Fact, &Expectation) -> Answer,
    found: &mut Vec<Failing>,
) -> bool {
    let before = found.len();
    let as_wanted = match condition {
        Condition::Always => wanted,
        Condition::Not(inner) => blame(inner, !wanted, ask, found),
        Condition::Term(_, inner) => blame(inner, wanted, ask, found),
        // All parts must be as wanted for `all` to hold and for `any` to fail; one suffices for the other two.
        Condition::All(parts) if wanted => every(parts, wanted, ask, found),
        Condition::Any(parts) if !wanted => every(parts, wanted, ask, found),
        Condition::All(parts) | Condition::Any(parts) => some(parts, wanted, ask, found),
        Condition::Fact(fact, expected) => {
            let Answer { met, found: value } = ask(fact, expected);
            if met != wanted {
                found.push(Failing { fact: fact.clone(), expected: expected.clone(), was_met: met, found: value });
            }
            met == wanted
        }
    };
    if as_wanted {
        found.truncate(before);
    }
    as_wanted
}

fn every(
    parts: &[Condition],
    wanted: bool,
    ask: &impl Fn(&Fact, &Expectation) -> Answer,
    found: &mut Vec<Failing>,
) -> bool {
    let mut all = true;
    for part in parts {
        all &= blame(part, wanted, ask, found);
    }
    all
}

/// Each is asked even after one was as wanted: what is blamed is cut off again by the caller then.
fn some(
    parts: &[Condition],
    wanted: bool,
    ask: &impl Fn(&Fact, &Expectation) -> Answer,
    found: &mut Vec<Failing>,
) -> bool {
    let mut some = false;
    for part in parts {
        some |= blame(part, wanted, ask, found);
    }
    some
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(name: &str) -> Condition {
        Condition::Fact(Fact::Attribute(name.into()), Expectation::Present(true))
    }

    /// Asks a condition where only the attributes named `a…` are present.
    fn blamed(condition: &Condition) -> Vec<&'static str> {
        let ask = |fact: &Fact, _: &Expectation| {
            let Fact::Attribute(name) = fact else { panic!("only attributes are asked") };
            Answer { met: name.as_str().starts_with('a'), found: None }
        };
        let name = |part: Failing| match part.fact {
            Fact::Attribute(name) => name.as_str(),
            _ => "another fact",
        };
        failing(condition, &ask).into_iter().map(name).collect()
    }

    #[test]
    fn only_the_parts_that_make_a_condition_fail_are_blamed() {
        use Condition::{All, Any, Not};
        assert_eq!(blamed(&All(vec![fact("a1"), fact("b1"), fact("b2")])), ["b1", "b2"]);
        assert_eq!(blamed(&Any(vec![fact("b1"), fact("a1")])), [""; 0]);
        assert_eq!(blamed(&Any(vec![fact("b1"), fact("b2")])), ["b1", "b2"]);
        assert_eq!(blamed(&Not(Box::new(fact("a1")))), ["a1"]);
        assert_eq!(blamed(&Not(Box::new(Any(vec![fact("b1"), fact("a1")])))), ["a1"]);
        assert_eq!(blamed(&Not(Box::new(All(vec![fact("a1"), fact("a2")])))), ["a1", "a2"]);
        assert_eq!(blamed(&Not(Box::new(All(vec![fact("a1"), fact("b1")])))), [""; 0]);
        assert_eq!(blamed(&All(vec![Any(vec![fact("b1"), fact("a1")]), fact("b2")])), ["b2"]);
    }
}
