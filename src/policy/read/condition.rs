//! Conditions (条件): maps of fact and expectation. Meaning: language.md §3.

use crate::policy::builtin::FACTS;
use crate::policy::condition::{Condition, Expectation, Fact};
use crate::policy::read::values::{self, Expected};
use crate::policy::read::{Reader, empty_list};
use crate::policy::vocabulary::{Attribute, Kind as AttributeKind, Value};
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::problem::Problem;
use crate::text::tree::{Entry, Kind, Node};
use crate::text::want::{self, Word};

/// What decides nothing can be erased by law without a decision becoming another.
pub(crate) fn personal(word: Word<'_>) -> Problem {
    let shown = word.text;
    let message = Text::new(
        format!("“{shown}”是个人信息，不能决定什么：它可能要依法删除"),
        format!("`{shown}` is personal and decides nothing: it may have to be erased by law"),
    );
    let hint = Text::new(
        "只可以问有没有：{ present: true }；要按它分别，请平台另送一个不含个人信息的属性",
        "ask only whether it is there, `{ present: true }`, or have another attribute sent that is not personal",
    );
    Problem::error(word.place, "personal-condition", message).hint(hint)
}

fn asks_for_presence(node: &Node) -> bool {
    node.mapping().is_some_and(|entries| entries.iter().all(|entry| entry.key.text == "present"))
}

impl<'a> Reader<'a> {
    /// The condition under a key that may be left out: then it holds always.
    pub(crate) fn when(&mut self, node: Option<&Node>, at_hand: &[Symbol]) -> Condition {
        node.map_or(Condition::Always, |node| self.condition(node, at_hand))
    }

    /// A condition. `at_hand` are the types that the event at hand may be of; empty: any.
    pub(crate) fn condition(&mut self, node: &Node, at_hand: &[Symbol]) -> Condition {
        match &node.kind {
            Kind::Mapping(entries) => all_of(entries.iter().map(|entry| self.clause(entry, at_hand)).collect()),
            Kind::Sequence(items) => all_of(items.iter().map(|item| self.condition(item, at_hand)).collect()),
            Kind::Scalar(scalar) if scalar.is_text() => self.term(Word { text: &scalar.text, place: &node.place }),
            _ => {
                let hint = Text::new(
                    "写成 { 属性: 取值 }、词汇表 terms 里的名字，或它们的列表",
                    "write `{ attribute: value }`, the name of a term, or a list of these",
                );
                self.report(Problem {
                    code: "malformed-condition",
                    ..want::wrong_type(node, ("条件", "a condition"), hint)
                });
                Condition::Always
            }
        }
    }

    fn term(&mut self, word: Word<'_>) -> Condition {
        let known = Symbol::find(word.text).and_then(|name| self.vocabulary.terms.get_key_value(&name));
        if let Some((&name, condition)) = known {
            return Condition::Term(name, condition.clone());
        }
        let names = self.vocabulary.terms.keys().map(|name| name.as_str());
        let problem = want::unknown_word(word, "unknown-term", ("条件名（词汇表 terms）", "term"), names);
        self.report(problem);
        Condition::Always
    }

    fn clause(&mut self, entry: &Entry, at_hand: &[Symbol]) -> Condition {
        let (name, value) = (entry.key.text.as_str(), &entry.value);
        match name {
            "all" => all_of(self.joined(value, at_hand)),
            "any" => Condition::Any(self.joined(value, at_hand)),
            "not" => Condition::Not(Box::new(self.condition(value, at_hand))),
            "happened" => self.happened(value),
            "overdue" => self.overdue(value),
            _ => self.fact(entry, at_hand),
        }
    }

    /// The conditions that `all` or `any` joins. A map would be read as "all" by one and as "any" by another.
    fn joined(&mut self, node: &Node, at_hand: &[Symbol]) -> Vec<Condition> {
        match node.sequence() {
            Some([]) => {
                self.report(empty_list(node));
                Vec::new()
            }
            Some(items) => items.iter().map(|item| self.condition(item, at_hand)).collect(),
            None => {
                let hint = Text::new("写成 [ { 甲: … }, { 乙: … } ]", "write `[ { a: … }, { b: … } ]`");
                let problem = want::wrong_type(node, ("条件的列表", "a list of conditions"), hint);
                self.report(Problem { code: "malformed-condition", ..problem });
                Vec::new()
            }
        }
    }

    fn happened(&mut self, node: &Node) -> Condition {
        let (node, expectation) = yes_or_no(node);
        Condition::Fact(Fact::Happened(self.event_types(node)), expectation)
    }

    fn overdue(&mut self, node: &Node) -> Condition {
        let (node, expectation) = yes_or_no(node);
        let words = want::words(node, self.problems);
        if words.is_empty() && node.sequence().is_some_and(<[Node]>::is_empty) {
            self.report(empty_list(node));
        }
        Condition::Fact(Fact::Overdue(words.into_iter().map(|word| self.deadline_named(word)).collect()), expectation)
    }

    /// A deadline of this policy; in a term, of whichever policy uses it.
    fn deadline_named(&mut self, word: Word<'_>) -> Symbol {
        match &self.deadlines {
            None => self.overdue_in_terms.push((word.text.to_owned(), word.place.clone())),
            Some(known) if !known.contains(word.text) => {
                let what = ("时限（deadlines）", "deadline");
                let problem = want::unknown_word(word, "unknown-deadline", what, known.iter().map(String::as_str));
                self.report(problem);
            }
            Some(_) => {}
        }
        Symbol::new(word.text)
    }

    fn fact(&mut self, entry: &Entry, at_hand: &[Symbol]) -> Condition {
        let word = Word { text: &entry.key.text, place: &entry.key.place };
        let Some((fact, expected)) = self.fact_named(word, at_hand) else { return Condition::Always };
        if let Expected::Attribute(declarations) = &expected
            && declarations.iter().any(|declared| declared.kind == AttributeKind::Personal)
            && !asks_for_presence(&entry.value)
        {
            self.report(personal(word));
        }
        let expectations = self.expectations(&entry.value, &expected);
        all_of(expectations.into_iter().map(|one| Condition::Fact(fact.clone(), one)).collect())
    }

    /// A fact by its name, and what its values are.
    fn fact_named(&mut self, word: Word<'_>, at_hand: &[Symbol]) -> Option<(Fact, Expected<'a>)> {
        let plain = match word.text {
            "round" => Some((Fact::Round, Expected::Number)),
            "returns" => Some((Fact::Returns, Expected::Number)),
            "yellow_cards" => Some((Fact::YellowCards, Expected::Number)),
            "red_cards" => Some((Fact::RedCards, Expected::Number)),
            "in_hours" => Some((Fact::InHours, Expected::Boolean)),
            "off_duty" => Some((Fact::OffDuty, Expected::Boolean)),
            _ => None,
        };
        plain.or_else(|| self.declared(word, at_hand))
    }

    fn declared(&mut self, word: Word<'_>, at_hand: &[Symbol]) -> Option<(Fact, Expected<'a>)> {
        let name = Symbol::find(word.text);
        if let Some(name) = name.filter(|name| self.vocabulary.counts.contains_key(name)) {
            return Some((Fact::Count(name), Expected::Number));
        }
        let declarations = name.map(|name| self.declarations(name, at_hand)).unwrap_or_default();
        if declarations.is_empty() {
            let names = self.fact_names();
            let what = ("属性或事实", "attribute or fact");
            self.report(want::unknown_word(word, "unknown-attribute", what, names));
            return None;
        }
        name.map(|name| (Fact::Attribute(name), Expected::Attribute(declarations)))
    }

    /// The declarations that a name may mean here: the order's and those of the events at hand, or, where none of these
    /// has it (the condition can then only find it absent), any event's.
    pub(crate) fn declarations(&self, name: Symbol, at_hand: &[Symbol]) -> Vec<&'a Attribute> {
        let vocabulary = self.vocabulary;
        let of_events = |here: bool| {
            let events = vocabulary
                .events
                .values()
                .filter(move |event| !here || at_hand.is_empty() || at_hand.contains(&event.name));
            events.filter_map(move |event| event.attributes.get(&name))
        };
        let near: Vec<&Attribute> = vocabulary.order.get(&name).into_iter().chain(of_events(true)).collect();
        if near.is_empty() { of_events(false).collect() } else { near }
    }

    fn fact_names(&self) -> Vec<&'static str> {
        let vocabulary = self.vocabulary;
        let of_events = vocabulary.events.values().flat_map(|event| event.attributes.keys());
        let declared = vocabulary.order.keys().chain(vocabulary.counts.keys()).chain(of_events);
        declared.map(|name| name.as_str()).chain(FACTS).collect()
    }

    fn expectations(&mut self, node: &Node, expected: &Expected<'_>) -> Vec<Expectation> {
        match &node.kind {
            Kind::Mapping(entries) if entries.is_empty() => {
                self.report(empty_expectation(node));
                Vec::new()
            }
            Kind::Mapping(entries) => entries.iter().filter_map(|entry| self.expectation(entry, expected)).collect(),
            Kind::Null => {
                let hint = Text::new(
                    "要写“没有这个属性”，用 { present: false }",
                    "for its absence write `{ present: false }`",
                );
                self.report(want::wrong_type(node, ("取值", "a value"), hint));
                Vec::new()
            }
            _ => vec![Expectation::OneOf(self.values(node, expected))],
        }
    }

    fn expectation(&mut self, entry: &Entry, expected: &Expected<'_>) -> Option<Expectation> {
        let value = &entry.value;
        match entry.key.text.as_str() {
            "not" => Some(Expectation::NoneOf(self.values(value, expected))),
            "present" => want::boolean(value, self.problems).map(Expectation::Present),
            "at_least" => self.bound(entry, expected).map(Expectation::AtLeast),
            "at_most" => self.bound(entry, expected).map(Expectation::AtMost),
            written => {
                let known = ["not", "at_least", "at_most", "present"];
                self.report(want::unknown_key(&entry.key.place, written, &known));
                None
            }
        }
    }

    fn values(&mut self, node: &Node, expected: &Expected<'_>) -> Vec<Value> {
        if node.sequence().is_some_and(<[Node]>::is_empty) {
            self.report(empty_list(node));
        }
        want::one_or_more(node).iter().flat_map(|item| values::values(item, expected, self.problems)).collect()
    }

    fn bound(&mut self, entry: &Entry, expected: &Expected<'_>) -> Option<f64> {
        if !expected.is_number() {
            let message = Text::new(
                format!("“{}”只能用于数字", entry.key.text),
                format!("`{}` is for numbers only", entry.key.text),
            );
            let hint = Text::new("写出取值，或 { not: … }、{ present: true }", "write the values, or `{ not: … }`");
            self.report(Problem::error(&entry.key.place, "malformed-condition", message).hint(hint));
        }
        want::number(&entry.value, self.problems)
    }
}

/// The problem of a fact of which nothing is asked: it would hold always.
fn empty_expectation(node: &Node) -> Problem {
    let message = Text::new("这里没有写要求什么", "nothing is asked of this");
    let hint = Text::new(
        "写出取值，或 { not: … }、{ at_least: … }、{ present: true }；不作要求的，删去这个键",
        "write the values, `{ not: … }`, `{ at_least: … }` or `{ present: true }`, or remove the key",
    );
    Problem::error(&node.place, "malformed-condition", message).hint(hint)
}

/// All of these together, as plain as can be.
fn all_of(mut conditions: Vec<Condition>) -> Condition {
    conditions.retain(|condition| *condition != Condition::Always);
    match conditions.len() {
        0 => Condition::Always,
        1 => conditions.remove(0),
        _ => Condition::All(conditions),
    }
}

/// What stands in a `happened` or `overdue`, and whether it should be so or, under `not`, not.
fn yes_or_no(node: &Node) -> (&Node, Expectation) {
    match node.mapping() {
        Some([only]) if only.key.text == "not" => (&only.value, Expectation::NoneOf(vec![Value::Boolean(true)])),
        _ => (node, Expectation::OneOf(vec![Value::Boolean(true)])),
    }
}
