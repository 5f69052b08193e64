//! Warnings about the steps of ladders.

use super::View;
use super::conditions::{contradiction, demands};
use super::rules::{at_hand, entries, never};
use crate::calendar::span::Span;
use crate::calendar::{Calendar, Counting};
use crate::policy::condition::{Condition, Fact};
use crate::policy::model::{ActionKind, Deadline, Step, Timing};
use crate::text::problem::{Problem, Problems};
use crate::text::{Lang, Text};
use crate::time::Instant;
use chrono::{Days, NaiveTime};

impl View<'_> {
    pub(super) fn steps(&self, problems: &mut Problems) {
        for deadline in &self.policy.deadlines {
            for (number, step) in deadline.ladder.iter().enumerate() {
                let place = self.step_place(deadline.id, number);
                if let Some(why) = self.never_fires(deadline, step) {
                    problems.push(never(&place, ("这一步", "this step"), &why));
                }
                if let Some(within) = self.shorter_within(deadline, step) {
                    problems.push(longer_than(&place, step, within));
                }
                if let Some(hiding) = hidden_by(deadline, step) {
                    let hiding_place = self.step_place(deadline.id, hiding);
                    problems.push(hidden(&place, &hiding_place));
                }
            }
        }
    }

    /// A step's condition that contradicts itself, or what the deadline asks of the same start event.
    fn never_fires(&self, deadline: &Deadline, step: &Step) -> Option<Text> {
        let types = at_hand(deadline);
        self.never_holds(&step.when, &types).or_else(|| {
            let lasting = |(fact, _): &(Fact, _)| match fact {
                Fact::Attribute(name) => !self.vocabulary.order.contains_key(name),
                _ => false,
            };
            let mut both: Vec<_> = demands(&deadline.when).into_iter().filter(lasting).collect();
            both.extend(demands(&step.when).into_iter().filter(lasting));
            // A restart does not ask the deadline's own condition.
            let clash = contradiction(&both).filter(|_| deadline.restart_on.is_empty())?;
            let name = super::conditions::name(clash);
            Some(Text::new(
                format!("它对“{name}”的要求与时限自己的 when 矛盾"),
                format!("what it asks of `{name}` contradicts the deadline's own `when`"),
            ))
        })
    }

    /// The `within` that is over before it is due by this step's span, whenever it starts.
    fn shorter_within(&self, deadline: &Deadline, step: &Step) -> Option<Span> {
        let Timing::Before(before) = step.timing else { return None };
        let too_long =
            |within: Span| always_before_start(&self.policy.calendar, self.starts(), within, deadline.counting, before);
        entries(deadline).iter().map(|entry| entry.is).find(|&within| too_long(within))
    }

    /// Starts of every kind: over two weeks, at every second hour.
    fn starts(&self) -> Vec<Instant> {
        let calendar = &self.policy.calendar;
        let dates = (0..14).filter_map(|days| self.policy.effective.checked_add_days(Days::new(days)));
        let hours = (0..24).step_by(2).filter_map(|hour| NaiveTime::from_hms_opt(hour, 30, 0));
        let hours: Vec<NaiveTime> = hours.collect();
        dates.flat_map(|date| hours.iter().map(move |&time| calendar.at(date, time))).collect()
    }
}

fn always_before_start(
    calendar: &Calendar,
    starts: Vec<Instant>,
    within: Span,
    counting: Counting,
    before: Span,
) -> bool {
    starts.into_iter().all(|start| calendar.before(calendar.due(start, within, counting).at, before) <= start)
}

fn longer_than(place: &crate::text::place::Place, step: &Step, within: Span) -> Problem {
    let Timing::Before(before) = step.timing else { unreachable!("asked of a `before` step only") };
    let message = Text::new(
        format!("提前{}不短于时限{}，这一步不会执行", before.text(Lang::Zh), within.text(Lang::Zh)),
        format!("{before} before is no shorter than the deadline of {within}: this step does not fire"),
    );
    let hint = Text::new("把 before 改得比 within 短", "make `before` shorter than `within`");
    Problem::warning(place, "before-too-long", message).hint(hint)
}

/// The step that always comes first and, by a return, ends the round and with it this obligation.
fn hidden_by(deadline: &Deadline, step: &Step) -> Option<usize> {
    let always_returns = |other: &Step| {
        let returns = |kind: &ActionKind| *kind == ActionKind::Return;
        other.when == Condition::Always
            && other.actions.iter().any(|action| returns(&action.kind) && action.approval.is_none())
    };
    let hides = |other: &Step| always_returns(other) && is_earlier(other.timing, step.timing);
    deadline.ladder.iter().position(hides).filter(|_| !deadline.order_scope)
}

/// Whether an instant of the ladder always lies before another, as far as that can be told without a calendar.
fn is_earlier(a: Timing, b: Timing) -> bool {
    match (a, b) {
        (Timing::Before(_), Timing::Due | Timing::After(_)) | (Timing::Due, Timing::After(_)) => true,
        (Timing::After(a), Timing::After(b)) => is_shorter(a, b),
        (Timing::Before(a), Timing::Before(b)) => is_shorter(b, a),
        _ => false,
    }
}

fn is_shorter(a: Span, b: Span) -> bool {
    match (a, b) {
        (Span::WorkingTime(a), Span::WorkingTime(b)) | (Span::Elapsed(a), Span::Elapsed(b)) => a < b,
        (Span::WorkingDays(a), Span::WorkingDays(b)) | (Span::NaturalDays(a), Span::NaturalDays(b)) => a < b,
        _ => false,
    }
}

fn hidden(place: &crate::text::place::Place, hiding: &crate::text::place::Place) -> Problem {
    let message = Text::new(
        "这一步永远不会执行：前面的退回已开始新一轮，这条时限随之取消",
        "this step never fires: an earlier return has opened a new round and cancelled the deadline",
    );
    let hint = Text::new(
        "给退回的那一步加上 when 或 approval，或把这一步移到它之前",
        "give the returning step a `when` or an `approval`, or move this one before it",
    );
    let label = Text::new("退回在这里", "the return");
    Problem::warning(place, "hidden", message).hint(hint).related(hiding, label)
}
