//! The due of a decision's obligation: how it was counted, what was done after all, and what comes next.

use super::{Facts, Next, Rule, Subject};
use crate::engine::decision::{DecisionKind, Obligation};
use crate::notify::counting;
use crate::notify::wording;
use crate::order::Event;
use crate::policy::condition::Condition;
use crate::policy::directory::Directory;
use crate::policy::model::{ActionKind, Deadline, Local, Step, Timing};
use crate::symbol::Symbol;
use crate::time::Instant;

impl Subject<'_> {
    pub(super) fn add_due(&self, facts: &mut Facts, directory: &Directory) {
        facts.phase = match (self.rule, self.step().map(|step| step.timing)) {
            (Some(Rule::Deadline(..)), Some(Timing::Before(_))) => "before",
            (Some(Rule::Deadline(..)), Some(Timing::After(_))) => "after",
            (Some(Rule::Deadline(..)), _) => "due",
            _ => "event",
        };
        if let Some(Timing::Before(span) | Timing::After(span)) = self.step().map(|step| step.timing) {
            facts.distance = wording::span(span);
        }
        let (Some(deadline), vocabulary) = (self.deadline(), self.vocabulary()) else { return };
        facts.duty = wording::duty(&deadline.stop, vocabulary);
        let Some(due) = self.decision.due else { return };
        facts.due = Some(self.due(due));
        facts.provisional = self.calendar().is_provisional(due);
        facts.next = self.next(due, directory);
        let Some(obligation) = self.obligation() else { return };
        if let Some(event) = self.stop(deadline, obligation) {
            facts.stopped = Some(self.moment(event.at));
            facts.stopped_by = wording::act(event.kind, vocabulary);
        }
        let from = self.beginning(deadline, obligation);
        facts.counted = counting::sentence(self.calendar(), deadline, obligation.start, due, &from, self.year);
    }

    /// The event that stopped an obligation, if it was known when the decision was made: what became known later did not
    /// speak against it then.
    fn stop(&self, deadline: &Deadline, obligation: &Obligation) -> Option<&Event> {
        let at = obligation.stopped_at?;
        let stops =
            |event: &&Event| event.at == at && deadline.stop.iter().any(|known| known.kinds().contains(&event.kind));
        self.scene.history.events().iter().find(|event| stops(event) && self.was_known(event))
    }

    /// From when and from what an obligation's span is counted: 5月10日（周五）16:50签收.
    fn beginning(&self, deadline: &Deadline, obligation: &Obligation) -> String {
        let title = |kind| wording::event_title(kind, self.vocabulary());
        let events = self.scene.history.events();
        let counted_from = |event: &&Event| event.at == obligation.start && Some(event.kind) == deadline.count_from;
        let opens = |event: &&Event| event.at == obligation.opened && starts(deadline, event.kind);
        let at = self.moment(obligation.start).full;
        if let Some(event) = events.iter().find(counted_from).or_else(|| events.iter().find(opens)) {
            return format!("{at}{}", title(event.kind));
        }
        if self.scene.decisions.iter().any(|known| known.at == obligation.opened && known.kind == DecisionKind::Return)
        {
            return format!("{at}退回重办");
        }
        let Some(latest) = &deadline.start_at_latest else { return at };
        let awaited = |event: &&Event| event.at <= obligation.opened && latest.events.contains(&event.kind);
        let Some(event) = events.iter().rev().find(awaited) else { return at };
        let missing = deadline.start.first().map(|kind| title(*kind)).unwrap_or_default();
        let (first, after) = (self.moment(event.at).full, wording::span(latest.after));
        let own = if latest.origin.local == Local::Nothing { "" } else { "（本地设定）" };
        format!("{first}{}，{after}{own}内未{missing}，自{}", title(event.kind), self.moment(obligation.start).brief)
    }

    /// The step of the ladder that comes next whatever the order's facts are; what has passed meanwhile is no next step.
    fn next(&self, due: Instant, directory: &Directory) -> Option<Next> {
        let calendar = self.calendar();
        let instant = |step: &Step| match step.timing {
            Timing::Due => due,
            Timing::After(span) => calendar.due_after(due, span).at,
            Timing::Before(span) => calendar.before(due, span),
        };
        let certain = |step: &&Step| step.when == Condition::Always && !step.actions.is_empty();
        let later = self.deadline()?.ladder.iter().filter(certain).map(|step| (instant(step), step));
        let (at, step) =
            later.filter(|(at, _)| *at > self.decision.at.max(self.scene.now)).min_by_key(|(at, _)| *at)?;
        let done = |action| wording::doing(action, directory);
        let what = step.actions.iter().map(done).collect::<Vec<_>>().join("并");
        let to = step.actions.iter().find(|action| matches!(action.kind, ActionKind::Card(_)));
        let to = to.map(|action| wording::titles(directory, &action.to)).unwrap_or_default();
        Some(Next { at: self.due(at), what, to })
    }
}

fn starts(deadline: &Deadline, kind: Symbol) -> bool {
    deadline.start.contains(&kind) || deadline.restart_on.contains(&kind)
}
