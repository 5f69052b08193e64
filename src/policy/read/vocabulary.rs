//! The vocabulary (词汇), `rules/vocabulary.yaml`. Meaning: language.md §2.

use crate::policy::builtin::{ATTRIBUTES, FACTS};
use crate::policy::condition::{Condition, Fact};
use crate::policy::read::{Reader, empty_list};
use crate::policy::vocabulary::{Attribute, Count, EventType, Figure, Kind, Vocabulary};
use crate::symbol::{Symbol, SymbolMap};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields, Word};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The vocabulary, and the deadlines that its terms name (which only the policies know).
pub(crate) fn read(root: &Node, problems: &mut Problems) -> (Vocabulary, Vec<(String, Place)>) {
    let mut vocabulary = Vocabulary::built_in();
    let Some(mut fields) = Fields::of(root, problems) else { return (vocabulary, Vec::new()) };
    for entry in section(&mut fields, "order", problems) {
        if let Some(attribute) = attribute(entry, problems) {
            vocabulary.order.insert(attribute.name, attribute);
        }
    }
    for entry in section(&mut fields, "events", problems) {
        let name = Symbol::new(&entry.key.text);
        let built_in = vocabulary.events.remove(&name);
        vocabulary.events.insert(name, event(entry, built_in.as_ref(), problems));
    }
    without_shadows(&mut vocabulary);
    vocabulary.give_every_event_its_built_in_attributes();
    for entry in section(&mut fields, "figures", problems) {
        let figure = figure(entry, problems);
        vocabulary.figures.insert(figure.name, figure);
    }
    let counts = section(&mut fields, "counts", problems);
    let terms = section(&mut fields, "terms", problems);
    fields.finish(problems);
    counted(&mut vocabulary, counts, problems);
    let named = terms_of(&mut vocabulary, terms, problems);
    counts_when(&mut vocabulary, counts, problems);
    (vocabulary, named)
}

/// What an earlier, built-in-only pass gave to events although the order declares it.
fn without_shadows(vocabulary: &mut Vocabulary) {
    let Vocabulary { order, events, .. } = vocabulary;
    for (name, title) in ATTRIBUTES {
        let name = Symbol::new(name);
        let given = Attribute { name, title: title.into(), kind: Kind::Text };
        if order.contains_key(&name) {
            for event in events.values_mut() {
                if event.attributes.get(&name) == Some(&given) {
                    event.attributes.remove(&name);
                }
            }
        }
    }
}

fn section<'a>(fields: &mut Fields<'a>, key: &'static str, problems: &mut Problems) -> &'a [Entry] {
    fields.optional(key).and_then(|node| want::mapping(node, problems)).unwrap_or_default()
}

fn title(fields: &mut Fields<'_>, name: &str, problems: &mut Problems) -> String {
    fields.optional("title").and_then(|node| want::text(node, problems)).unwrap_or(name).to_owned()
}

/// An attribute: a kind or a list of values, or a map with a title and one of these.
fn attribute(entry: &Entry, problems: &mut Problems) -> Option<Attribute> {
    let name = entry.key.text.as_str();
    if FACTS.contains(&name) {
        let message = Text::new(
            format!("属性不能叫“{name}”：条件里它另有含义"),
            format!("an attribute may not be called `{name}`: conditions know a fact of that name"),
        );
        let hint = Text::new("换一个名字", "choose another name");
        problems.push(Problem::error(&entry.key.place, "reserved-name", message).hint(hint));
    }
    let name = Symbol::new(name);
    if entry.value.mapping().is_none() {
        return kind(&entry.value, problems).map(|kind| Attribute { name, title: name.to_string(), kind });
    }
    let mut fields = Fields::of(&entry.value, problems)?.at(&entry.key.place);
    let title = title(&mut fields, name.as_str(), problems);
    let kind = long_kind(&mut fields, name, problems);
    fields.finish(problems);
    Some(Attribute { name, title, kind: kind? })
}

fn long_kind(fields: &mut Fields<'_>, name: Symbol, problems: &mut Problems) -> Option<Kind> {
    let one_of = fields.optional("one_of");
    let plain = fields.optional("kind");
    match (plain, one_of) {
        (Some(_), Some(both)) => {
            let message = Text::new("kind 与 one_of 只能写一个", "`kind` and `one_of` exclude each other");
            let hint = Text::new("取值有限的留 one_of，其余留 kind", "keep `one_of` for a closed list, else `kind`");
            problems.push(Problem::error(&both.place, "conflict", message).hint(hint));
            None
        }
        (Some(node), None) => kind(node, problems),
        (None, Some(node)) => want::list(node, problems).and_then(|_| kind(node, problems)),
        (None, None) if ATTRIBUTES.iter().any(|(known, _)| *known == name.as_str()) => Some(Kind::Text),
        (None, None) => {
            problems.push(want::missing(fields.head(), "kind").hint(Text::new(
                "加上 kind: text（或 number、boolean、instant、date、department、personal），或 one_of: [甲, 乙]",
                "add `kind: text` (or another kind), or `one_of: [a, b]`",
            )));
            None
        }
    }
}

fn kind(node: &Node, problems: &mut Problems) -> Option<Kind> {
    if let Some(items) = node.sequence() {
        if items.is_empty() {
            problems.push(empty_list(node));
        }
        let words = want::words(node, problems);
        repeated(&words, problems);
        return Some(Kind::OneOf(words.into_iter().map(|word| Symbol::new(word.text)).collect()));
    }
    let kinds = [
        ("text", Plain::Text),
        ("number", Plain::Number),
        ("boolean", Plain::Boolean),
        ("instant", Plain::Instant),
        ("date", Plain::Date),
        ("department", Plain::Department),
        ("personal", Plain::Personal),
    ];
    Some(match want::one_of(node, &kinds, problems)? {
        Plain::Text => Kind::Text,
        Plain::Number => Kind::Number,
        Plain::Boolean => Kind::Boolean,
        Plain::Instant => Kind::Instant,
        Plain::Date => Kind::Date,
        Plain::Department => Kind::Department,
        Plain::Personal => Kind::Personal,
    })
}

#[derive(Clone, Copy)]
enum Plain {
    Text,
    Number,
    Boolean,
    Instant,
    Date,
    Department,
    Personal,
}

fn repeated(words: &[Word<'_>], problems: &mut Problems) {
    let mut seen = HashMap::new();
    for word in words {
        if let Some(first) = seen.insert(word.text, word.place) {
            let message = Text::new(format!("“{}”写了两次", word.text), format!("`{}` is written twice", word.text));
            problems.push(
                Problem::error(word.place, "duplicate-value", message)
                    .hint(Text::new("只保留一个", "keep one of them"))
                    .related(first, Text::new("第一次写在这里", "first written here")),
            );
        }
    }
}

/// An event type: a map with a title and attributes, or nothing more to say.
fn event(entry: &Entry, built_in: Option<&EventType>, problems: &mut Problems) -> EventType {
    let name = Symbol::new(&entry.key.text);
    let default = built_in.map_or(name.as_str(), |known| known.title.as_str()).to_owned();
    let mut event = EventType { name, title: default, attributes: SymbolMap::default() };
    if entry.value.is_null() {
        return event;
    }
    let Some(fields) = Fields::of(&entry.value, problems) else { return event };
    let mut fields = fields.at(&entry.key.place);
    event.title = title(&mut fields, &event.title, problems);
    for entry in section(&mut fields, "attrs", problems) {
        if let Some(attribute) = attribute(entry, problems) {
            event.attributes.insert(attribute.name, attribute);
        }
    }
    fields.finish(problems);
    event
}

fn figure(entry: &Entry, problems: &mut Problems) -> Figure {
    let name = Symbol::new(&entry.key.text);
    let mut figure = Figure { name, title: name.to_string(), unit: None, per: "day".into() };
    let Some(fields) = Fields::of(&entry.value, problems) else { return figure };
    let mut fields = fields.at(&entry.key.place);
    figure.title = title(&mut fields, name.as_str(), problems);
    figure.unit = fields.optional("unit").and_then(|node| want::text(node, problems)).map(str::to_owned);
    let periods = ["day", "week", "month", "quarter", "year"].map(|period| (period, period));
    if let Some(per) = fields.optional("per").and_then(|node| want::one_of(node, &periods, problems)) {
        per.clone_into(&mut figure.per);
    }
    fields.finish(problems);
    figure
}

/// The counts, their conditions left out: terms may name counts, and counts' conditions terms.
fn counted(vocabulary: &mut Vocabulary, entries: &[Entry], problems: &mut Problems) {
    for entry in entries {
        if let Some(count) = count(entry, vocabulary, problems) {
            vocabulary.counts.insert(count.name, count);
        }
    }
}

fn count(entry: &Entry, vocabulary: &Vocabulary, problems: &mut Problems) -> Option<Count> {
    let name = Symbol::new(&entry.key.text);
    let is_attribute = vocabulary.order.contains_key(&name)
        || vocabulary.events.values().any(|event| event.attributes.contains_key(&name));
    if is_attribute || FACTS.contains(&name.as_str()) {
        let message = Text::new(
            format!("计数不能叫“{name}”：已有同名的属性或事实"),
            format!("a count may not be called `{name}`: an attribute or a fact has that name"),
        );
        let hint = Text::new("换一个名字", "choose another name");
        problems.push(Problem::error(&entry.key.place, "reserved-name", message).hint(hint));
    }
    let mut fields = Fields::of(&entry.value, problems)?.at(&entry.key.place);
    let title = title(&mut fields, name.as_str(), problems);
    let event = fields.required("event", problems);
    let after = fields.optional("after");
    fields.ignore("when");
    fields.finish(problems);
    let mut reader = Reader::new(vocabulary, None, problems);
    let events = event.map(|node| reader.event_types(node)).unwrap_or_default();
    let after = after.map(|node| reader.event_types(node)).unwrap_or_default();
    Some(Count { name, title, events, when: Condition::Always, after })
}

fn counts_when(vocabulary: &mut Vocabulary, entries: &[Entry], problems: &mut Problems) {
    for entry in entries {
        let Some(node) = entry.value.get("when").filter(|node| !node.is_null()) else { continue };
        let Some(known) = vocabulary.counts.get(&Symbol::new(&entry.key.text)) else { continue };
        let events = known.events.clone();
        let when = Reader::new(vocabulary, None, problems).condition(node, &events);
        if asks_beyond_events(&when) {
            let message = Text::new(
                "计数的条件里不能再问计数、牌数或时限",
                "the condition of a count may not ask about counts, cards or deadlines",
            );
            let hint = Text::new("只写属性，如 { satisfaction: [不满意] }", "name attributes only");
            problems.push(Problem::error(node.head(), "malformed-condition", message).hint(hint));
        }
        if let Some(count) = vocabulary.counts.get_mut(&Symbol::new(&entry.key.text)) {
            count.when = when;
        }
    }
}

/// Whether a condition asks about what is itself found by folding and deciding: a count of such would have no beginning.
fn asks_beyond_events(condition: &Condition) -> bool {
    match condition {
        Condition::Always => false,
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(asks_beyond_events),
        Condition::Not(part) => asks_beyond_events(part),
        Condition::Term(_, term) => asks_beyond_events(term),
        Condition::Fact(fact, _) => {
            matches!(fact, Fact::Count(_) | Fact::Overdue(_) | Fact::YellowCards | Fact::RedCards)
        }
    }
}

/// The terms, each after those that it names; a circle is reported. Gives the deadlines that they name.
fn terms_of(vocabulary: &mut Vocabulary, entries: &[Entry], problems: &mut Problems) -> Vec<(String, Place)> {
    let names: BTreeSet<&str> = entries.iter().map(|entry| entry.key.text.as_str()).collect();
    let mut waiting: Vec<&Entry> = entries.iter().collect();
    let mut deadlines = Vec::new();
    while !waiting.is_empty() {
        let known = |entry: &Entry| {
            let mut needs = BTreeSet::new();
            terms_in(&entry.value, &names, &mut needs);
            needs.iter().all(|need| vocabulary.terms.contains_key(&Symbol::new(need)))
        };
        let (ready, later): (Vec<&Entry>, Vec<&Entry>) = waiting.iter().partition(|entry| known(entry));
        if ready.is_empty() {
            for entry in &later {
                problems.push(circle(entry));
                vocabulary.terms.insert(Symbol::new(&entry.key.text), Arc::default());
            }
            break;
        }
        for entry in ready {
            let mut reader = Reader::new(vocabulary, None, problems);
            let condition = reader.condition(&entry.value, &[]);
            deadlines.append(&mut reader.overdue_in_terms);
            vocabulary.terms.insert(Symbol::new(&entry.key.text), Arc::new(condition));
        }
        waiting = later;
    }
    deadlines
}

/// The terms that a condition's tree names: its strings that stand where a condition does.
fn terms_in<'n>(node: &'n Node, names: &BTreeSet<&'n str>, found: &mut BTreeSet<&'n str>) {
    match &node.kind {
        crate::text::tree::Kind::Scalar(scalar) => found.extend(names.get(scalar.text.as_str())),
        crate::text::tree::Kind::Sequence(items) => items.iter().for_each(|item| terms_in(item, names, found)),
        crate::text::tree::Kind::Mapping(entries) => entries
            .iter()
            .filter(|entry| matches!(entry.key.text.as_str(), "all" | "any" | "not"))
            .for_each(|entry| terms_in(&entry.value, names, found)),
        crate::text::tree::Kind::Null => {}
    }
}

fn circle(entry: &Entry) -> Problem {
    let name = &entry.key.text;
    let message = Text::new(format!("条件“{name}”绕了一圈又引用自己"), format!("the term `{name}` stands on itself"));
    let hint = Text::new("去掉其中一处引用", "remove one of the references");
    Problem::error(&entry.key.place, "circle", message).hint(hint)
}
