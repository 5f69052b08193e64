//! Making decisions: what a step, a reaction or the language itself decides, with its key.

use super::{Fold, Return};
use crate::calendar::span::Span;
use crate::engine::decision::{Decision, DecisionKind, Key};
use crate::engine::facts::CardGiven;
use crate::engine::key::{Anchor, base_key};
use crate::engine::words::words;
use crate::order::Event;
use crate::policy::model::{Action, ActionKind, Colour, Origin, Reaction, Step, Timing};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;

/// Whose decision it is: what all actions of one firing share.
struct Firing<'a, 'f> {
    rule: Symbol,
    first_rule: Symbol,
    step: Symbol,
    first_step: Symbol,
    origin: &'f Origin,
    anchor: &'f Anchor<'a>,
    more: String,
    round: u32,
    occurrence: u32,
    at: Instant,
    due: Option<Instant>,
    event: Option<&'a Event>,
}

impl<'a> Fold<'a> {
    pub(super) fn make_reaction(&mut self, reaction: &'a Reaction, occurrence: u32, event: &'a Event) {
        let anchor = Anchor::Event(&event.id);
        let firing = Firing {
            rule: reaction.id,
            first_rule: self.first_id(reaction.id),
            step: reaction.step,
            first_step: reaction.step,
            origin: &reaction.origin,
            anchor: &anchor,
            more: String::new(),
            round: self.world.round,
            occurrence,
            at: event.at,
            due: None,
            event: Some(event),
        };
        self.make(&firing, &reaction.actions);
    }

    pub(super) fn make_step(&mut self, place: usize, number: usize, step: &'a Step, at: Instant) {
        let live = &self.obligations[place];
        let anchor = live.anchor.clone();
        let before = matches!(step.timing, Timing::Before(_));
        let deadline = live.deadline.expect("only an open obligation's steps fire");
        let firing = Firing {
            rule: live.rule,
            first_rule: self.deadlines[deadline].first_id,
            step: step.id,
            first_step: live.steps[number].first_id,
            origin: &step.origin,
            anchor: &anchor,
            more: live.due.filter(|_| before).map(|due| due.0.to_string()).unwrap_or_default(),
            round: live.round,
            occurrence: live.occurrence,
            at,
            due: live.due,
            event: live.event,
        };
        self.make(&firing, &step.actions);
    }

    pub(super) fn flag_extension(&mut self, place: usize, event: &'a Event, granted: Option<Span>) {
        let text = match granted {
            None => "延期申请未予延长：已过时限、不符合延期条件、超出上限，或延长时间缺失、不合规".to_owned(),
            Some(span) => format!("延期申请只延长了{}：超出上限的部分未予延长", span.text(Lang::Zh)),
        };
        self.flag_obligation(place, words().step_extension, event.at, &event.id, &text);
    }

    pub(super) fn flag_pause(&mut self, place: usize, at: Instant) {
        self.flag_obligation(place, words().step_pause, at, &at.0.to_string(), "挂起已满规定的最长时间，自动恢复计时");
    }

    fn flag_obligation(&mut self, place: usize, step: Symbol, at: Instant, more: &str, text: &str) {
        let live = &self.obligations[place];
        let number = live.deadline.expect("only an open obligation is flagged");
        let anchor = live.anchor.clone();
        let firing = Firing {
            rule: live.rule,
            first_rule: self.deadlines[number].first_id,
            step,
            first_step: step,
            origin: &self.deadline(number).origin,
            anchor: &anchor,
            more: more.to_owned(),
            round: live.round,
            occurrence: live.occurrence,
            at,
            due: live.due,
            event: live.event,
        };
        self.make(&firing, &[flag(text)]);
    }

    pub(super) fn flag_due_from(&mut self, number: usize, anchor: &Anchor<'a>, occurrence: u32, at: Instant) {
        let deadline = self.deadline(number);
        let firing = Firing {
            rule: deadline.id,
            first_rule: self.deadlines[number].first_id,
            step: words().step_due_from,
            first_step: words().step_due_from,
            origin: &deadline.origin,
            anchor,
            more: at.0.to_string(),
            round: self.world.round,
            occurrence,
            at,
            due: None,
            event: None,
        };
        self.make(&firing, &[flag("登记的答复或完成时限缺失、不合规，或不晚于登记之时")]);
    }

    fn make(&mut self, firing: &Firing<'a, '_>, actions: &[Action]) {
        for action in actions {
            let (kind, name) = kind_of(&action.kind);
            let (order, policy) = (self.order, self.id.as_str());
            let (rule, step) = (firing.first_rule.as_str(), firing.first_step.as_str());
            let key = base_key(order, policy, rule, step, name, firing.anchor, &firing.more);
            self.take_effect(&key, action, firing);
            let decision = self.decision(key, kind, action, firing);
            self.decisions.push(decision);
        }
    }

    fn decision(&self, key: Key, kind: DecisionKind, action: &Action, firing: &Firing<'a, '_>) -> Decision {
        let is_card = matches!(kind, DecisionKind::Card(_));
        let copied = is_card || matches!(kind, DecisionKind::Route | DecisionKind::Return);
        let is_told = |who: &&Symbol| action.to.contains(who) || action.cc.contains(who);
        let copy = self.governing().copy.iter().filter(|who| copied && !is_told(who));
        Decision {
            key,
            at: firing.at,
            made_at: firing.at,
            policy: self.governing().id,
            rule: firing.rule,
            step: firing.step,
            round: firing.round,
            occurrence: firing.occurrence,
            kind,
            to: action.to.clone(),
            cc: action.cc.iter().chain(copy).copied().collect(),
            due: firing.due,
            department: self.department().filter(|_| is_card),
            approval: action.approval,
            clause: firing.origin.clause.clone(),
            version: self.stages[self.stage].version.clone(),
        }
    }

    /// What a decision does to the order's further course.
    fn take_effect(&mut self, key: &Key, action: &Action, firing: &Firing<'a, '_>) {
        match action.kind {
            ActionKind::Card(colour) => {
                self.world.cards.push(CardGiven { at: firing.at, colour, key: key.clone(), lifted: false });
            }
            ActionKind::Return => {
                let made = Return { key: key.clone(), event: firing.event };
                if action.approval.is_some() { self.proposals.push(made) } else { self.returns.push(made) }
            }
            _ => {}
        }
    }
}

fn flag(text: &str) -> Action {
    Action { kind: ActionKind::Flag(text.to_owned()), to: Vec::new(), cc: Vec::new(), approval: None }
}

/// A decision's kind, and the action's name in its key.
fn kind_of(kind: &ActionKind) -> (DecisionKind, &'static str) {
    match kind {
        ActionKind::Remind => (DecisionKind::Remind, "remind"),
        ActionKind::Notify => (DecisionKind::Notify, "notify"),
        ActionKind::Card(Colour::Yellow) => (DecisionKind::Card(Colour::Yellow), "yellow"),
        ActionKind::Card(Colour::Red) => (DecisionKind::Card(Colour::Red), "red"),
        ActionKind::Route => (DecisionKind::Route, "route"),
        ActionKind::Return => (DecisionKind::Return, "return"),
        ActionKind::Flag(text) => (DecisionKind::Flag(text.as_str().into()), "flag"),
    }
}
