//! The words of an explanation: facts, conditions, values, recipients and moments as people of a language name them.
//!
//! Attributes of kind `personal` are never named with their values.

use crate::calendar::Calendar;
use crate::engine::trace::Failing;
use crate::engine::wording;
use crate::engine::words::words;
use crate::order::Event;
use crate::policy::condition::{Expectation, Fact};
use crate::policy::model::{Deadline, Local, Origin, Reaction, RuleSet, Step, Timing};
use crate::policy::vocabulary::{Attribute, Kind, Value};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Says things in one language, under one version of the rules.
pub(super) struct Say<'a> {
    pub(super) lang: Lang,
    pub(super) rules: &'a RuleSet,
    /// What recipients are called.
    pub(super) recipients: &'a BTreeMap<Symbol, String>,
    pub(super) zone: Tz,
    /// By which calendar days are named where instants are written as in letters.
    pub(super) formal: Option<&'a Calendar>,
}

impl Say<'_> {
    /// One of two texts.
    pub(super) fn either(&self, zh: impl Into<String>, en: impl Into<String>) -> String {
        match self.lang {
            Lang::Zh => zh.into(),
            Lang::En => en.into(),
        }
    }

    pub(super) fn moment(&self, at: Instant) -> String {
        match self.formal {
            Some(calendar) => calendar.formal_moment(at),
            None => wording::moment(at, self.zone, self.lang),
        }
    }

    pub(super) fn list(&self, items: impl IntoIterator<Item = String>) -> String {
        let items: Vec<String> = items.into_iter().collect();
        items.join(self.comma())
    }

    /// What stands before the rest of the line.
    pub(super) fn head(&self, head: &str, rest: &str) -> String {
        self.either(format!("{head}：{rest}"), format!("{head}: {rest}"))
    }

    /// An event by its type and id.
    pub(super) fn event(&self, kind: &str, id: &str) -> String {
        self.either(format!("{kind}［{id}］"), format!("{kind} [{id}]"))
    }

    pub(super) fn comma(&self) -> &'static str {
        match self.lang {
            Lang::Zh => "、",
            Lang::En => ", ",
        }
    }

    pub(super) fn kind(&self, kind: Symbol) -> String {
        let title = self.rules.vocabulary.events.get(&kind).map(|known| known.title.clone());
        self.titled(kind, title)
    }

    pub(super) fn kinds(&self, kinds: &[Symbol]) -> String {
        self.list(kinds.iter().map(|kind| self.kind(*kind)))
    }

    pub(super) fn recipients(&self, names: &[Symbol]) -> String {
        self.list(names.iter().map(|name| self.titled(*name, self.recipients.get(name).cloned())))
    }

    /// Titles are Chinese; English readers get the id.
    fn titled(&self, id: Symbol, title: Option<String>) -> String {
        title.filter(|title| self.lang == Lang::Zh && !title.is_empty()).unwrap_or_else(|| id.to_string())
    }

    pub(super) fn deadline(&self, deadline: &Deadline) -> String {
        self.named(&deadline.title, deadline.id)
    }

    pub(super) fn reaction(&self, reaction: &Reaction) -> String {
        self.named(&reaction.title, reaction.id)
    }

    fn named(&self, title: &str, id: Symbol) -> String {
        self.either(format!("{title}（{id}）"), format!("{title} ({id})"))
    }

    /// A step by its id, and when it comes.
    pub(super) fn step(&self, step: &Step) -> String {
        let when = match step.timing {
            Timing::Due => self.either("到期时", "at the due"),
            Timing::After(span) => {
                self.either(format!("到期后{}", span.text(self.lang)), format!("{span} after the due"))
            }
            Timing::Before(span) => {
                self.either(format!("到期前{}", span.text(self.lang)), format!("{span} before the due"))
            }
        };
        let what = self.list(step.actions.iter().map(|action| wording::action(&action.kind, self.lang).to_owned()));
        self.either(format!("{what}（{}，{when}）", step.id), format!("{what} ({}, {when})", step.id))
    }

    /// The declaration of an attribute: the event's own, else the order's.
    fn attribute(&self, name: Symbol, kind: Option<Symbol>) -> Option<&Attribute> {
        let vocabulary = &self.rules.vocabulary;
        let own = kind.and_then(|kind| vocabulary.events.get(&kind)?.attributes.get(&name));
        let anywhere = || vocabulary.events.values().find_map(|event| event.attributes.get(&name));
        own.or_else(|| vocabulary.order.get(&name)).or_else(anywhere)
    }

    fn attribute_title(&self, name: Symbol, kind: Option<Symbol>) -> String {
        // Of an extension it is a length, of what people do with a decision a person.
        if name == words().by && kind.is_some_and(|kind| words().is_act(kind)) {
            return self.either("经办人", "by");
        }
        self.titled(name, self.attribute(name, kind).map(|known| known.title.clone()))
    }

    /// What an event carries, but for what is personal.
    pub(super) fn carried(&self, event: &Event) -> String {
        let pairs = event.attributes.iter().map(|(name, value)| (*name, value, Some(event.kind)));
        self.pairs(pairs)
    }

    /// An order's attributes, but for what is personal.
    pub(super) fn attributes(&self, attributes: &[(Symbol, Value)]) -> String {
        self.pairs(attributes.iter().map(|(name, value)| (*name, value, None)))
    }

    fn pairs<'v>(&self, pairs: impl Iterator<Item = (Symbol, &'v Value, Option<Symbol>)>) -> String {
        let shown = pairs.filter(|(name, _, kind)| !self.is_personal(*name, *kind));
        let joint = self.either("，", ", ");
        let said: Vec<_> = shown
            .map(|(name, value, kind)| format!("{} {}", self.attribute_title(name, kind), self.value(value)))
            .collect();
        said.join(&joint)
    }

    fn is_personal(&self, name: Symbol, kind: Option<Symbol>) -> bool {
        self.attribute(name, kind).is_some_and(|known| known.kind == Kind::Personal)
    }

    pub(super) fn value(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => text.to_string(),
            Value::Word(word) => word.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Boolean(true) => self.either("是", "true"),
            Value::Boolean(false) => self.either("否", "false"),
            Value::Instant(at) => self.moment(*at),
            Value::Date(date) => date.to_string(),
            Value::Null => self.either("（清除）", "(cleared)"),
        }
    }

    /// Why a condition failed, one part after another.
    pub(super) fn failing(&self, parts: &[Failing]) -> String {
        let joint = self.either("；", "; ");
        let said: Vec<_> = parts.iter().map(|part| self.failing_part(part)).collect();
        said.join(&joint)
    }

    fn failing_part(&self, part: &Failing) -> String {
        let fact = self.fact(&part.fact);
        let expected = self.expectation(&part.expected, part.was_met);
        let secret = matches!(&part.fact, Fact::Attribute(name) if self.is_personal(*name, None));
        let found = match &part.found {
            None => self.either("没有", "absent"),
            Some(_) if secret => self.either("（不显示）", "(not shown)"),
            Some(value) => self.value(value),
        };
        self.either(format!("{fact}{expected}，实为 {found}"), format!("{fact} {expected}, was {found}"))
    }

    fn fact(&self, fact: &Fact) -> String {
        let named = |zh: String, en: String| self.either(format!("“{zh}”"), format!("`{en}`"));
        match fact {
            Fact::Attribute(name) => named(self.attribute_title(*name, None), name.to_string()),
            Fact::Count(name) => {
                let title = self.rules.vocabulary.counts.get(name).map(|count| count.title.clone());
                named(self.titled(*name, title), name.to_string())
            }
            Fact::Round => named("轮次".into(), "round".into()),
            Fact::Returns => named("退回次数".into(), "returns".into()),
            Fact::YellowCards => named("黄牌数".into(), "yellow_cards".into()),
            Fact::RedCards => named("红牌数".into(), "red_cards".into()),
            Fact::InHours => named("在工作时间内".into(), "in_hours".into()),
            Fact::OffDuty => named("下班后或非工作日".into(), "off_duty".into()),
            Fact::Happened(kinds) => {
                named(format!("本轮已有{}", self.kinds(kinds)), format!("happened: {}", self.kinds(kinds)))
            }
            Fact::Overdue(rules) => {
                let rules = self.list(rules.iter().map(ToString::to_string));
                named(format!("{rules} 逾期"), format!("overdue: {rules}"))
            }
        }
    }

    /// What was expected; `against`: it is the meeting of it that failed the condition.
    fn expectation(&self, expected: &Expectation, against: bool) -> String {
        let values = |values: &[Value]| self.list(values.iter().map(|value| self.value(value)));
        let (zh, en) = match (expected, against) {
            (Expectation::OneOf(list), false) | (Expectation::NoneOf(list), true) => {
                (format!("应为 {}", values(list)), format!("must be {}", values(list)))
            }
            (Expectation::OneOf(list), true) | (Expectation::NoneOf(list), false) => {
                (format!("不应为 {}", values(list)), format!("must not be {}", values(list)))
            }
            (Expectation::AtLeast(least), false) => (format!("应不少于 {least}"), format!("must be at least {least}")),
            (Expectation::AtLeast(least), true) => (format!("应少于 {least}"), format!("must be less than {least}")),
            (Expectation::AtMost(most), false) => (format!("应不多于 {most}"), format!("must be at most {most}")),
            (Expectation::AtMost(most), true) => (format!("应多于 {most}"), format!("must be more than {most}")),
            (Expectation::Present(present), against) if *present != against => {
                ("应有值".to_owned(), "must be present".to_owned())
            }
            (Expectation::Present(_), _) => ("应为空".to_owned(), "must be absent".to_owned()),
        };
        self.either(zh, en)
    }

    /// The clause that a rule cites and what of it is the operator's choice; empty if there is neither.
    pub(super) fn origin(&self, origin: &Origin) -> String {
        let mut said = Vec::new();
        if let Some(clause) = &origin.clause {
            said.push(self.either(format!("依据 {clause}"), format!("clause {clause}")));
        }
        match &origin.local {
            Local::Nothing => {}
            Local::Whole => said.push(self.either("本地自行设定", "chosen locally")),
            Local::Keys(keys) => {
                let name = |key: &String| self.either(wording::key_title(key), key);
                let mut names: Vec<_> = keys.iter().map(name).collect();
                names.dedup();
                let names = self.list(names);
                said.push(self.either(format!("其中{names}为本地自行设定"), format!("of it {names} chosen locally")));
            }
        }
        said.join(&self.either("；", "; "))
    }

    /// A length of plain time, roughly: for how late something was.
    pub(super) fn length(&self, ms: i64) -> String {
        let minutes = ms / 60_000;
        let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let parts = [(days, "天", " d"), (hours, "小时", " h"), (minutes, "分钟", " min")];
        let shown: Vec<_> = parts
            .iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, zh, en)| format!("{number}{}", self.either(*zh, *en)))
            .collect();
        if shown.is_empty() {
            return self.either("不到1分钟", "less than a minute");
        }
        shown.join(&self.either("", " "))
    }
}
