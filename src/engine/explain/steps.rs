//! The steps of an obligation's ladder: what each made, or why it made nothing, or when it would.

use super::{StepStory, Teller, WhyNot, which};
use crate::engine::decision::{Decision, Obligation, Outcome};
use crate::engine::trace::{PassedOver, Seen};
use crate::policy::model::{Deadline, Step, Timing};
use crate::time::Instant;

impl Teller<'_> {
    pub(super) fn ladder(&self, deadline: &Deadline, obligation: &Obligation) -> Vec<StepStory> {
        deadline.ladder.iter().map(|step| self.step(step, obligation)).collect()
    }

    /// Steps a line each: a step that made decisions is told by them.
    pub(super) fn step_lines(&self, ladder: &[StepStory]) -> Vec<String> {
        ladder.iter().flat_map(|step| self.step_line(step)).collect()
    }

    fn step_line(&self, step: &StepStory) -> Vec<String> {
        let of_step = |made: &&Decision| step.made.contains(&made.key);
        let made = self.own_decisions().filter(of_step).flat_map(|made| self.decision_lines(made));
        let why_not = step.why_not.iter().map(|WhyNot { at, why }| match at {
            Some(at) => self.say.head(&format!("{at} {}", step.name), why),
            None => self.say.head(&step.name, why),
        });
        made.chain(why_not).collect()
    }

    fn step(&self, step: &Step, obligation: &Obligation) -> StepStory {
        let made = self.own_decisions().filter(|made| is_of(made, step, obligation));
        let made: Vec<_> = made.map(|made| made.key.clone()).collect();
        let why_not = if made.is_empty() { self.why_no_step(step, obligation) } else { Vec::new() };
        StepStory { name: self.say.step(step), made, why_not }
    }

    fn why_no_step(&self, step: &Step, obligation: &Obligation) -> Vec<WhyNot> {
        let passed = self.notes().filter_map(|note| match &note.seen {
            Seen::StepPassedOver { obligation: passed, step: id, why }
                if *passed == which(obligation) && *id == step.id =>
            {
                Some(WhyNot { at: Some(self.say.moment(note.at)), why: self.passed_over(why) })
            }
            _ => None,
        });
        let passed: Vec<_> = passed.collect();
        if passed.is_empty() { vec![WhyNot { at: None, why: self.not_come(step, obligation) }] } else { passed }
    }

    fn passed_over(&self, why: &PassedOver) -> String {
        match why {
            PassedOver::When(failing) => {
                let failing = self.say.failing(failing);
                self.say
                    .either(format!("未作，条件不成立：{failing}"), format!("not made, its condition fails: {failing}"))
            }
            PassedOver::NoTimeBefore => self
                .say
                .either("未作，起算或重算时已过此刻", "not made, its instant had passed when the due came to hold"),
            PassedOver::FoundTooLate => {
                self.say.either("未作，得知时已到期", "not made, found only at or after the due")
            }
            PassedOver::Edited => {
                self.say.either("未作，规则变更后落在过去", "not made, an edit moved it into the past")
            }
        }
    }

    /// Why a step has not come.
    fn not_come(&self, step: &Step, obligation: &Obligation) -> String {
        let Some(at) = self.instant_of(step, obligation) else {
            return self.say.either("未作，挂起期间没有到期时刻", "not made, there is no due while suspended");
        };
        let moment = self.say.moment(at);
        match obligation.outcome {
            Outcome::Met | Outcome::Late => self.say.either(
                format!("未作，应在 {moment}，此前已办"),
                format!("not made, it would be at {moment}, stopped before"),
            ),
            Outcome::Cancelled => self.say.either(
                format!("未作，应在 {moment}，此前已取消"),
                format!("not made, it would be at {moment}, cancelled before"),
            ),
            _ if at > self.known.now => self.say.either(format!("将在 {moment}"), format!("to come at {moment}")),
            _ => self.say.either(format!("未作（{moment}）"), format!("not made ({moment})")),
        }
    }

    fn instant_of(&self, step: &Step, obligation: &Obligation) -> Option<Instant> {
        let (due, calendar) = (obligation.due?, self.calendar_of(which(obligation)));
        Some(match step.timing {
            Timing::Due => due,
            Timing::After(span) => calendar.due_after(due, span).at.max(obligation.opened),
            Timing::Before(span) => calendar.before(due, span),
        })
    }
}

fn is_of(made: &Decision, step: &Step, obligation: &Obligation) -> bool {
    let of_step = made.step == step.id && made.rule == obligation.rule;
    of_step && made.round == obligation.round && made.occurrence == obligation.occurrence
}
