//! Decisions, a line each, and below it what became of it: what people did with it, and its revocation.

use super::Teller;
use crate::engine::decision::{Decision, DecisionKind, Key};
use crate::engine::wording;
use crate::order::{Event, History};
use crate::policy::vocabulary::{Kind, Value, Vocabulary};
use crate::symbol::Symbol;
use crate::time::Instant;
use std::fmt::Write as _;

/// What people do with a decision (language.md §2).
pub const ACTS: [&str; 4] = ["acknowledged", "approved", "refused", "lifted"];

/// What somebody did with a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// The decision's key.
    pub decision: Key,
    /// `acknowledged`, `approved`, `refused` or `lifted`.
    pub kind: Symbol,
    /// When.
    pub at: Instant,
    /// Who, where the event says so and it is not personal.
    pub by: Option<String>,
    /// What they said.
    pub note: Option<String>,
}

impl Act {
    /// The act that an event is, if it is one.
    pub fn of(event: &Event, vocabulary: &Vocabulary) -> Option<Act> {
        if !ACTS.contains(&event.kind.as_str()) {
            return None;
        }
        let said = |name| {
            let text = text_of(event, name).filter(|text| !text.trim().is_empty())?;
            (!is_personal(vocabulary, event.kind, name)).then(|| text.trim().to_owned())
        };
        let (by, note) = (said("by"), said("note"));
        Some(Act { decision: text_of(event, "decision")?.into(), kind: event.kind, at: event.at, by, note })
    }

    /// Everything that was done with the decisions of an order, in its order.
    pub fn all(history: &History, vocabulary: &Vocabulary) -> Vec<Act> {
        history.events().iter().filter_map(|event| Act::of(event, vocabulary)).collect()
    }
}

/// Whether an event's attribute is declared as personal: by the event, else by the order.
fn is_personal(vocabulary: &Vocabulary, event: Symbol, name: &str) -> bool {
    let Some(name) = Symbol::find(name) else { return false };
    let of_event = vocabulary.events.get(&event).and_then(|event| event.attributes.get(&name));
    of_event.or_else(|| vocabulary.order.get(&name)).is_some_and(|declared| declared.kind == Kind::Personal)
}

/// The text that an event carries under a name.
pub fn text_of<'e>(event: &'e Event, name: &str) -> Option<&'e str> {
    match event.attributes.iter().find(|(known, _)| known.as_str() == name)? {
        (_, Value::Text(text)) => Some(text),
        (_, Value::Word(word)) => Some(word.as_str()),
        _ => None,
    }
}

impl Teller<'_> {
    /// The decision, and below it what became of it.
    pub(super) fn decision_lines(&self, made: &Decision) -> Vec<String> {
        let mut lines = vec![self.decision_line(made)];
        let acts = Act::all(self.known.history, &self.say.rules.vocabulary).into_iter();
        lines.extend(acts.filter(|act| act.decision == made.key).map(|act| format!("  {}", self.act_line(&act))));
        lines.extend(self.revocation_of(made).map(|line| format!("  {line}")));
        lines
    }

    /// 2024-05-11 周六 09:30 人工撤销：张三，系统故障.
    fn act_line(&self, act: &Act) -> String {
        let say = self.say;
        let by = act.by.clone().unwrap_or_else(|| say.either("（未具名）", "(unnamed)"));
        let note = act.note.as_ref().map(|note| say.either(format!("，{note}"), format!(", {note}")));
        let act = format!("{} {}", say.moment(act.at), say.kind(act.kind));
        say.head(&act, &format!("{by}{}", note.unwrap_or_default()))
    }

    fn revocation_of(&self, made: &Decision) -> Option<String> {
        let say = self.say;
        let revokes =
            |other: &&Decision| matches!(&other.kind, DecisionKind::Revoke { revoked, .. } if *revoked == made.key);
        let revocation = self.own_decisions().find(revokes)?;
        let DecisionKind::Revoke { reason, .. } = &revocation.kind else { return None };
        let name = wording::decision(&revocation.kind, say.lang);
        Some(say.head(&format!("{} {name}", say.moment(revocation.at)), reason))
    }

    fn decision_line(&self, made: &Decision) -> String {
        let say = self.say;
        let mut line = format!("{} {}", say.moment(made.at), wording::decision(&made.kind, say.lang));
        let policy = self.policy_of(&made.version);
        let rule = policy.deadlines.iter().find(|known| known.id == made.rule).map(|rule| &rule.title);
        let reaction = policy.reactions.iter().find(|known| known.id == made.rule).map(|rule| &rule.title);
        let (title, id) = (rule.or(reaction).map_or("", String::as_str), format!("{}/{}", made.rule, made.step));
        line += &say.either(format!(" {title}（{id}）"), format!(" {title} ({id})"));
        line.extend(made.department.iter().map(|name| format!(" {name}")));
        let told = self.told(made);
        if !told.is_empty() {
            let _ = write!(line, " → {told}");
        }
        let mut more = Vec::new();
        if !made.cc.is_empty() {
            let cc = say.recipients(&made.cc);
            more.push(say.either(format!("抄送 {cc}"), format!("cc {cc}")));
        }
        if let Some(approver) = made.approval {
            let approver = say.recipients(&[approver]);
            more.push(say.either(format!("须经 {approver} 同意"), format!("to be approved by {approver}")));
        }
        match &made.kind {
            DecisionKind::Flag(text) => more.push(text.to_string()),
            DecisionKind::Revoke { reason, .. } => more.push(reason.to_string()),
            _ => {}
        }
        if made.made_at != made.at {
            let made_at = say.moment(made.made_at);
            more.push(say.either(format!("{made_at} 得知后补作"), format!("made {made_at}, when it became known")));
        }
        more.extend(self.source(made).filter(|source| !source.is_empty()));
        more.push(say.either(format!("规则版本 {}", made.version), format!("version {}", made.version)));
        line + &say.either(format!("；{}", more.join("；")), format!("; {}", more.join("; ")))
    }

    /// The clause of a decision's step, and what of it is local.
    fn source(&self, made: &Decision) -> Option<String> {
        let policy = self.policy_of(&made.version);
        let deadline = policy.deadlines.iter().find(|known| known.id == made.rule);
        let step = deadline.and_then(|deadline| deadline.ladder.iter().find(|step| step.id == made.step));
        let reaction = policy.reactions.iter().find(|known| known.id == made.rule);
        let origin = step.map(|step| &step.origin).or(reaction.map(|reaction| &reaction.origin));
        let cited =
            || made.clause.as_ref().map(|clause| self.say.either(format!("依据 {clause}"), format!("clause {clause}")));
        origin.map(|origin| self.say.origin(origin)).or_else(cited)
    }

    fn told(&self, made: &Decision) -> String {
        let by_default = matches!(made.kind, DecisionKind::Card(_)) && made.to.is_empty();
        let liaison = [Symbol::new("liaison")];
        if !by_default {
            return self.say.recipients(&made.to);
        }
        let liaison = self.say.recipients(&liaison);
        self.say.either(
            format!("{liaison}（规则未写明告知谁，按缺省）"),
            format!("{liaison} (the rule names nobody: by default)"),
        )
    }
}
