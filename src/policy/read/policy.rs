//! Policies (规则). Meaning: language.md §3.

use crate::calendar::Calendar;
use crate::calendar::read::Calendars;
use crate::calendar::span::Span;
use crate::policy::concern::Concerns;
use crate::policy::model::{Deadline, LateEvents, Once, Origin, Policy, Reaction};
use crate::policy::read::Reader;
use crate::policy::read::deadline::Common;
use crate::policy::read::ladder::{Done, Rung, name_of};
use crate::policy::read::scalars::{self, flag, span};
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::problem::Problem;
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields};
use chrono::NaiveDate;
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;

/// `late_events` where a policy does not say.
pub(crate) const LATE_EVENTS: LateEvents = LateEvents::RevokeWithin(Span::WorkingTime(HOUR_MS));

impl Reader<'_> {
    /// A policy with what it builds on laid under it; none where what cannot be done without was wrong.
    pub(crate) fn policy(&mut self, root: &Node, bases: &[Symbol], calendars: &Calendars) -> Option<Policy> {
        let mut fields = Fields::of(root, self.problems)?;
        let id = fields.required("policy", self.problems).and_then(|node| want::word(node, self.problems));
        let mut fields = match id {
            Some(word) => fields.at(word.place),
            None => fields,
        };
        let deadlines = self.section(&mut fields, "deadlines");
        let reactions = self.section(&mut fields, "reactions");
        self.deadlines = Some(deadlines.iter().map(|entry| entry.key.text.clone()).collect());
        self.rules_of_one_name(deadlines, reactions);
        let title = self.title(&mut fields);
        let source = fields.optional("source").and_then(|node| want::text(node, self.problems)).map(str::to_owned);
        let calendar = self.calendar(&mut fields, calendars);
        let (effective, until) = self.dates(&mut fields);
        let applies = fields.required("applies", self.problems);
        let applies = self.when(applies, &[]);
        fields.ignore("extends");
        fields.ignore("abstract");
        let common = Common { ladders: fields.optional("ladders"), pauses: fields.optional("pauses") };
        self.unused_ladders(&common);
        let deadlines: Vec<Deadline> = deadlines.iter().filter_map(|entry| self.deadline(entry, &common)).collect();
        let reactions: Vec<Reaction> = reactions.iter().filter_map(|entry| self.reaction(entry)).collect();
        let copy = fields.optional("copy").map(|node| self.recipients(node)).unwrap_or_default();
        let late_events = fields.optional("late_events").map_or(LATE_EVENTS, |node| self.late_events(node));
        let catch_up = flag(&mut fields, "catch_up", self.problems);
        fields.finish(self.problems);
        let (id, bases) = (Symbol::new(id?.text), bases.to_vec());
        let (calendar, effective) = (calendar?, effective?);
        Some(Policy {
            id,
            title,
            source,
            calendar,
            effective,
            until,
            applies,
            bases,
            deadlines,
            reactions,
            copy,
            late_events,
            catch_up,
            concerns: Concerns::default(),
        })
    }

    fn calendar(&mut self, fields: &mut Fields<'_>, calendars: &Calendars) -> Option<Arc<Calendar>> {
        let node = fields.required("calendar", self.problems)?;
        let word = want::word(node, self.problems)?;
        calendars.named(word, self.problems)
    }

    /// `effective` and `until`.
    fn dates(&mut self, fields: &mut Fields<'_>) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let effective = fields.required("effective", self.problems).and_then(|node| want::date(node, self.problems));
        let node = fields.optional("until");
        let until = node.and_then(|node| want::date(node, self.problems));
        if let (Some(node), Some(first), Some(last)) = (node, effective, until)
            && last < first
        {
            self.report(ends_before_it_begins(node));
        }
        (effective, until)
    }

    fn section<'n>(&mut self, fields: &mut Fields<'n>, key: &'static str) -> &'n [Entry] {
        fields.optional(key).and_then(|node| want::mapping(node, self.problems)).unwrap_or_default()
    }

    /// A decision is known by its rule, so a deadline and a reaction of one name could not be told apart.
    fn rules_of_one_name(&mut self, deadlines: &[Entry], reactions: &[Entry]) {
        for reaction in reactions {
            let name = &reaction.key.text;
            let Some(deadline) = deadlines.iter().find(|deadline| deadline.key.text == *name) else { continue };
            let message = Text::new(
                format!("时限和反应都叫“{name}”"),
                format!("a deadline and a reaction are both called `{name}`"),
            );
            let hint = Text::new("给其中一个换个名字", "rename one of them");
            let label = Text::new("同名的时限在这里", "the deadline");
            let problem = Problem::error(&reaction.key.place, "duplicate-rule", message).hint(hint);
            self.report(problem.related(&deadline.key.place, label));
        }
    }

    /// Reads each ladder with a name by itself, so that one that no deadline uses is not left unchecked.
    fn unused_ladders(&mut self, common: &Common<'_>) {
        let Some(node) = common.ladders else { return };
        let entries = want::mapping(node, self.problems).unwrap_or_default();
        for entry in entries {
            let origin = Origin::default();
            let rung = Rung { named: common.ladders, origin: &origin, at_hand: &[] };
            self.ladder(&entry.value, &rung);
        }
    }

    fn reaction(&mut self, entry: &Entry) -> Option<Reaction> {
        let (id, before) = (Symbol::new(&entry.key.text), self.problems.len());
        let mut fields = Fields::of(&entry.value, self.problems)?.at(&entry.key.place);
        let title = self.title(&mut fields);
        let origin = scalars::origin(&mut fields, self.problems);
        let was = scalars::was(&mut fields, self.problems);
        let upon = fields.required("upon", self.problems).and_then(|node| self.upon(node));
        let when = fields.optional("when");
        let when = self.when(when, upon.as_deref().unwrap_or_default());
        let once = fields.optional("once");
        let times = [("round", Once::Round), ("order", Once::Order)];
        let once = once.and_then(|node| want::one_of(node, &times, self.problems));
        let step = fields.optional("id").and_then(|node| want::word(node, self.problems));
        let Done { actions, .. } = self.actions(&mut fields);
        self.accept(&mut fields, entry, id);
        fields.finish(self.problems);
        self.note_unfounded(&origin, &entry.key.place, before);
        self.places.rules.insert(id, entry.key.place.clone());
        let step = step.map_or_else(|| name_of(&actions), |word| Symbol::new(word.text));
        Some(Reaction { id, was, title, origin, upon, when, once, step, actions })
    }

    /// Event types, or none for `any`.
    fn upon(&mut self, node: &Node) -> Option<Vec<Symbol>> {
        let is_any = node.scalar().is_some_and(|scalar| scalar.text == "any");
        (!is_any).then(|| self.event_types(node))
    }

    fn late_events(&mut self, node: &Node) -> LateEvents {
        let ways = [("revoke", LateWay::Revoke), ("review", LateWay::Review)];
        if node.mapping().is_none() {
            return match want::one_of(node, &ways, self.problems) {
                Some(LateWay::Revoke) => LateEvents::Revoke,
                _ => LateEvents::Review,
            };
        }
        let Some(mut fields) = Fields::of(node, self.problems) else { return LATE_EVENTS };
        let revoke = fields.required("revoke", self.problems).map(|node| span(node, self.problems));
        let then = fields.optional("then").and_then(|node| want::one_of(node, &ways, self.problems));
        fields.finish(self.problems);
        match (revoke, then) {
            (_, Some(LateWay::Revoke)) => LateEvents::Revoke,
            (Some(within), _) => LateEvents::RevokeWithin(within),
            (None, _) => LATE_EVENTS,
        }
    }
}

#[derive(Clone, Copy)]
enum LateWay {
    Revoke,
    Review,
}

fn ends_before_it_begins(node: &Node) -> Problem {
    let message = Text::new("until 早于 effective，这份规则永远不会适用", "`until` lies before `effective`");
    let hint = Text::new("检查这两个日期", "check the two dates");
    Problem::error(&node.place, "conflict", message).hint(hint)
}
