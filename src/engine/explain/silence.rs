//! Why rules did not fire: no event came, a condition failed, what was to be done had been done before.

use super::{SilentRule, Teller};
use crate::engine::trace::{NotOpened, NotReacted, Note, Seen};
use crate::policy::model::{Deadline, Reaction};
use crate::symbol::Symbol;

/// No more reasons than this are given for one rule; how many there are besides is said.
const REASONS_MAX: usize = 6;

/// What kept a rule silent once.
struct Reason {
    /// When, and at which event.
    at: String,
    why: String,
}

/// The rules of a policy with what kept them silent. A rule that fired somewhere is among them only for events where its
/// condition failed.
pub(super) fn silent_rules(teller: &Teller<'_>) -> Vec<SilentRule> {
    let deadlines = teller.policy.deadlines.iter().filter_map(|deadline| silent_deadline(teller, deadline));
    let reactions = teller.policy.reactions.iter().filter_map(|reaction| silent_reaction(teller, reaction));
    deadlines.chain(reactions).collect()
}

fn silent_deadline(teller: &Teller<'_>, deadline: &Deadline) -> Option<SilentRule> {
    let say = teller.say;
    let reason = |note: &Note| match &note.seen {
        Seen::NotOpened { rule, event, why } if *rule == deadline.id => not_opened(teller, note, event.as_deref(), why),
        _ => None,
    };
    let reasons: Vec<_> = teller.notes().filter_map(reason).collect();
    let mut obligations = teller.known.decided.obligations.iter();
    let opened = obligations.any(|known| known.policy == teller.policy.id && known.rule == deadline.id);
    let kinds = say.kinds(&deadline.start);
    let nothing_came = say.either(format!("没有等到起算的事件：{kinds}"), format!("no start came: {kinds}"));
    silent(teller, deadline.id, say.deadline(deadline), reasons, opened, nothing_came)
}

fn not_opened(teller: &Teller<'_>, note: &Note, event: Option<&str>, why: &NotOpened) -> Option<Reason> {
    let say = teller.say;
    let reason = match why {
        // It runs already: nothing kept it silent.
        NotOpened::AlreadyOpened => return None,
        NotOpened::When(failing) => {
            let failing = say.failing(failing);
            say.either(format!("条件不成立：{failing}"), format!("its condition does not hold: {failing}"))
        }
        NotOpened::NoEntry => say.either("within 的各档都不适用", "no entry of `within` applies"),
        NotOpened::NoDue => say.either("起算事件没有给出可用的到期时刻", "the start event gives no usable due"),
        NotOpened::StoppedBefore => say.either(
            "最迟起算之前已经办了，本轮不再起算",
            "what would have stopped it had come before: none in this round",
        ),
        NotOpened::OrderEnded => say.either("工单已终结", "the order had ended"),
    };
    Some(Reason { at: at_event(teller, note, event), why: reason })
}

fn silent_reaction(teller: &Teller<'_>, reaction: &Reaction) -> Option<SilentRule> {
    let say = teller.say;
    let fired = teller.own_decisions().any(|made| made.rule == reaction.id);
    let reason = |note: &Note| match &note.seen {
        Seen::NotReacted { rule, event, why } if *rule == reaction.id => not_reacted(teller, note, event, why),
        _ => None,
    };
    let reasons: Vec<_> = teller.notes().filter_map(reason).collect();
    let kinds = reaction.upon.as_ref().map_or_else(|| say.either("任何事件", "any event"), |kinds| say.kinds(kinds));
    let nothing_came = say.either(format!("没有等到：{kinds}"), format!("no such event came: {kinds}"));
    silent(teller, reaction.id, say.reaction(reaction), reasons, fired, nothing_came)
}

fn not_reacted(teller: &Teller<'_>, note: &Note, event: &str, why: &NotReacted) -> Option<Reason> {
    let say = teller.say;
    let reason = match why {
        NotReacted::FiredBefore => return None,
        NotReacted::When(failing) => {
            let failing = say.failing(failing);
            say.either(format!("条件不成立：{failing}"), format!("its condition does not hold: {failing}"))
        }
        NotReacted::NothingFires => say.either(
            "工单已终结，或这只是退回决定的回声",
            "the order had ended, or the event is the echo of a return decision",
        ),
    };
    Some(Reason { at: at_event(teller, note, Some(event)), why: reason })
}

/// When, and at which event.
fn at_event(teller: &Teller<'_>, note: &Note, event: Option<&str>) -> String {
    let say = teller.say;
    let events = teller.known.history.events();
    let kind = event.and_then(|id| events.iter().find(|event| &*event.id == id)).map(|event| say.kind(event.kind));
    let event = event.map(|id| format!(" {}", say.event(&kind.unwrap_or_default(), id))).unwrap_or_default();
    format!("{}{event}", say.moment(note.at))
}

fn silent(
    teller: &Teller<'_>,
    rule: Symbol,
    heading: String,
    reasons: Vec<Reason>,
    fired: bool,
    nothing_came: String,
) -> Option<SilentRule> {
    let mut reasons = gathered(teller, reasons);
    if reasons.is_empty() {
        if fired {
            return None;
        }
        reasons.push(nothing_came);
    }
    let more = reasons.len().saturating_sub(REASONS_MAX);
    if more > 0 {
        reasons.truncate(REASONS_MAX);
        reasons.push(teller.say.either(format!("另有{more}种情形"), format!("and {more} more")));
    }
    Some(SilentRule { rule, heading, reasons })
}

/// One line for each different reason, however many events it kept silent.
fn gathered(teller: &Teller<'_>, reasons: Vec<Reason>) -> Vec<String> {
    let mut gathered: Vec<(Reason, u32)> = Vec::new();
    for reason in reasons {
        match gathered.iter_mut().find(|(known, _)| known.why == reason.why) {
            Some((_, times)) => *times += 1,
            None => gathered.push((reason, 1)),
        }
    }
    let line = |(Reason { at, why }, times): (Reason, u32)| match times {
        1 => teller.say.head(&at, &why),
        _ => teller.say.either(format!("{at} 等{times}次：{why}"), format!("{at} and {} more: {why}", times - 1)),
    };
    gathered.into_iter().map(line).collect()
}
