//! What happens in a case: events, each with its time, type and attributes.

use super::Reader;
use super::time::is_time;
use crate::order::Event;
use crate::policy::vocabulary::{Attribute, EventType, Kind, Value};
use crate::ruletest::{Expected, Given, Subject, words};
use crate::symbol::{Symbol, SymbolMap};
use crate::text::Text;
use crate::text::problem::Problem;
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Word};
use crate::time::Instant;

/// The types that name a decision by its key.
const ACTS: [&str; 5] = ["acknowledged", "approved", "refused", "lifted", "returned"];

impl Reader<'_, '_> {
    pub(super) fn given(&mut self, node: &Node) -> Vec<Given> {
        let items = self.items(node);
        let mut given: Vec<(Given, &Node)> = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let Some(entries) = want::mapping(item, self.problems) else { continue };
            if let Some(read) = self.one(item, entries, number) {
                let taken = given.iter().any(|(other, _)| other.event.id == read.event.id);
                if taken {
                    self.problems.push(same_id(item, &read.event.id));
                }
                given.push((read, item));
            }
        }
        let ids: Vec<String> = given.iter().map(|(given, _)| given.event.id.to_string()).collect();
        // An event with a mistake is not among those read, and may be the one that is retracted.
        if given.len() == items.len() {
            for (given, item) in &given {
                self.retracts(given, item, &ids);
            }
        }
        given.into_iter().map(|(given, _)| given).collect()
    }

    fn one(&mut self, item: &Node, entries: &[Entry], number: usize) -> Option<Given> {
        let timed = entries.iter().find(|entry| is_time(&entry.key.text));
        let Some(timed) = timed else {
            self.problems.push(without_time(item));
            return None;
        };
        let at = self.time(Word { text: &timed.key.text, place: &timed.key.place });
        let kind = want::word(&timed.value, self.problems).and_then(|word| self.event_type(word));
        let mut event = Event {
            id: (number + 1).to_string().into(),
            kind: kind.unwrap_or_else(|| Symbol::new("received")),
            at: at.unwrap_or(Instant::BEGINNING),
            recorded_at: at.unwrap_or(Instant::BEGINNING),
            arrival: number as u64,
            attributes: Vec::new(),
        };
        let mut acts_on = None;
        for entry in entries.iter().filter(|entry| !std::ptr::eq(*entry, timed)).flat_map(unwrapped) {
            match words::key(&entry.key.text) {
                "id" => event.id = want::word(&entry.value, self.problems)?.text.into(),
                "recorded" => event.recorded_at = self.recorded(&entry.value, event.at).unwrap_or(event.at),
                "decision" if ACTS.contains(&event.kind.as_str()) => acts_on = self.acted_on(&entry.value),
                _ => event.attributes.extend(kind.and_then(|kind| self.attribute(entry, Some(kind)))),
            }
        }
        (at.is_some() && kind.is_some()).then_some(Given { event, acts_on })
    }

    /// When it became known.
    fn recorded(&mut self, node: &Node, at: Instant) -> Option<Instant> {
        let recorded = self.time_of(node)?;
        if recorded < at {
            let message = Text::new("登记早于发生", "it was recorded before it happened");
            let hint = Text::new("登记时刻不能早于这一行开头的时刻", "this may not lie before the event's own time");
            self.problems.push(Problem::error(&node.place, "recorded-early", message).hint(hint));
        }
        Some(recorded)
    }

    /// An event type by its name or title.
    fn event_type(&mut self, word: Word<'_>) -> Option<Symbol> {
        let types = &self.world.vocabulary.events;
        let by_name = Symbol::find(word.text).filter(|name| types.contains_key(name));
        let by_title = || types.values().find(|known| known.title == word.text).map(|known| known.name);
        by_name.or_else(by_title).or_else(|| {
            let mut known: Vec<&str> = types.keys().map(|name| name.as_str()).collect();
            known.extend(types.values().map(|known| known.title.as_str()));
            let problem = want::unknown_word(word, "unknown-event-type", ("事件类型", "event type"), known);
            want::report(problem, self.problems)
        })
    }

    /// An attribute by its name or title, of an event of this type or of the order.
    pub(super) fn attribute(&mut self, entry: &Entry, kind: Option<Symbol>) -> Option<(Symbol, Value)> {
        let word = Word { text: &entry.key.text, place: &entry.key.place };
        let vocabulary = self.world.vocabulary;
        let event = kind.and_then(|kind| vocabulary.events.get(&kind));
        let own = event.and_then(|event| find(&event.attributes, word.text));
        let Some(declared) = own.or_else(|| find(&vocabulary.order, word.text)) else {
            self.problems.push(unknown_attribute(word, &vocabulary.order, event));
            return None;
        };
        if entry.value.is_null() {
            return own.is_none().then_some((declared.name, Value::Null));
        }
        let value = self.value(&entry.value, declared)?;
        Some((declared.name, value))
    }

    /// A value of the attribute's kind; a time is taken without offset, too.
    fn value(&mut self, node: &Node, declared: &Attribute) -> Option<Value> {
        match &declared.kind {
            Kind::Boolean => want::boolean(node, self.problems).map(Value::Boolean),
            Kind::Number => want::number(node, self.problems).map(Value::Number),
            Kind::Date => want::date(node, self.problems).map(Value::Date),
            Kind::Instant => match node.scalar().and_then(|scalar| want::parse_date(&scalar.text)) {
                Some(date) => Some(Value::Date(date)),
                None => self.time_of(node).map(Value::Instant),
            },
            Kind::OneOf(words) => self.one_of(node, declared, words),
            Kind::Text | Kind::Department | Kind::Personal => {
                want::word(node, self.problems).map(|word| Value::Text(word.text.into()))
            }
        }
    }

    fn one_of(&mut self, node: &Node, declared: &Attribute, words: &[Symbol]) -> Option<Value> {
        let word = want::word(node, self.problems)?;
        let found = Symbol::find(word.text).filter(|known| words.contains(known));
        found.map(Value::Word).or_else(|| {
            let (name, shown) = (declared.name, want::shortened(word.text));
            let message = Text::new(
                format!("属性“{name}”没有“{shown}”这个取值"),
                format!("the attribute `{name}` has no value `{shown}`"),
            );
            let hint = want::instead(word.text, words.iter().map(|word| word.as_str()));
            let problem = Problem::error(word.place, "unknown-attribute-value", message).hint(hint);
            want::report(problem, self.problems)
        })
    }

    /// The decision that a person's act names: `rule`, `rule/step` or a kind.
    fn acted_on(&mut self, node: &Node) -> Option<Expected> {
        let word = want::word(node, self.problems)?;
        let mut expected = self.nothing(node, Subject::Decision(crate::ruletest::Kind::Any));
        if let Some(kind) = words::kind(word.text) {
            return Some(Expected { subject: Subject::Decision(kind), ..expected });
        }
        let (rule, step) = word.text.split_once('/').unwrap_or((word.text, ""));
        expected.rule = Some(self.rule(Word { text: rule, place: word.place })?);
        expected.step = Some(step).filter(|step| !step.is_empty()).map(Symbol::new);
        Some(expected)
    }

    fn retracts(&mut self, given: &Given, item: &Node, ids: &[String]) {
        if given.event.kind.as_str() != "retracted" {
            return;
        }
        let place = item.get("event").map_or(item.head(), |node| &node.place);
        match given.event.attribute(Symbol::new("event")) {
            Some(Value::Text(id)) if ids.iter().any(|known| **known == **id) => {}
            Some(Value::Text(id)) => {
                let what = ("事件（id）", "event");
                let known = ids.iter().map(String::as_str);
                self.problems.push(want::unknown_word(Word { text: id, place }, "unknown-event", what, known));
            }
            _ => self.problems.push(want::missing(place, "event")),
        }
    }
}

/// Attributes stand beside the event, or under `attrs` as other systems send them.
fn unwrapped(entry: &Entry) -> &[Entry] {
    let attributes = entry.value.mapping().filter(|_| entry.key.text == "attrs");
    attributes.unwrap_or(std::slice::from_ref(entry))
}

fn find<'v>(attributes: &'v SymbolMap<Attribute>, word: &str) -> Option<&'v Attribute> {
    let by_name = Symbol::find(word).and_then(|name| attributes.get(&name));
    by_name.or_else(|| attributes.values().find(|known| known.title == word))
}

fn unknown_attribute(word: Word<'_>, order: &SymbolMap<Attribute>, event: Option<&EventType>) -> Problem {
    let own = event.into_iter().flat_map(|event| event.attributes.keys());
    let mut known: Vec<&str> = own.chain(order.keys()).map(|name| name.as_str()).collect();
    known.extend(["id", "recorded"]);
    want::unknown_word(word, "unknown-attribute", ("属性", "attribute"), known)
}

fn without_time(item: &Node) -> Problem {
    let message = Text::new("这一行没有时刻", "this entry has no time");
    let hint = Text::new(
        "写成 { \"2024-05-10 16:40\": received, region: 珠海市 }",
        "write `{ \"2024-05-10 16:40\": received, region: 珠海市 }`",
    );
    Problem::error(item.head(), "no-time", message).hint(hint)
}

fn same_id(item: &Node, id: &str) -> Problem {
    let place = item.get("id").map_or(item.head(), |node| &node.place);
    let message = Text::new(format!("编号“{id}”用了两次"), format!("two events have the id `{id}`"));
    let hint = Text::new(
        "换一个编号（没有写编号的，编号是它在经过里的序号）",
        "give another one (an event without `id` has its number in the list)",
    );
    Problem::error(place, "duplicate-id", message).hint(hint)
}
