//! Sources against the vocabulary: what a mapping names must be declared, and its constants must be allowed.

use crate::config::sources::Source;
use crate::config::sources::mapping::{Constant, EventMap, Field, From};
use crate::policy::vocabulary::{Attribute, Kind, Vocabulary};
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::want::{self, Word};

/// Attributes that the language itself reads need no declaration.
const OF_THE_LANGUAGE: [&str; 6] = ["by", "reason", "approver", "event", "decision", "note"];

/// Names what the vocabulary does not have.
pub fn judge(sources: &[Source], vocabulary: &Vocabulary, problems: &mut Problems) {
    for source in sources {
        for map in &source.mapping.events {
            judge_event(map, vocabulary, problems);
        }
        let figures: Vec<&str> = vocabulary.figures.keys().map(|name| name.as_str()).collect();
        for (text, place) in source.mapping.figures.iter().flat_map(|map| texts(&map.figure)) {
            if !figures.contains(&text) {
                let word = Word { text, place };
                problems.push(want::unknown_word(
                    word,
                    "unknown-figure",
                    ("统计量", "figure"),
                    figures.iter().copied(),
                ));
            }
        }
    }
}

fn judge_event(map: &EventMap, vocabulary: &Vocabulary, problems: &mut Problems) {
    let types: Vec<&str> = vocabulary.events.keys().map(|name| name.as_str()).collect();
    let named = texts(&map.kind);
    for &(text, place) in named.iter().filter(|(text, _)| !types.contains(text)) {
        let word = Word { text, place };
        problems.push(want::unknown_word(word, "unknown-event-type", ("事件", "event type"), types.iter().copied()));
    }
    for (name, field) in &map.attributes {
        judge_attribute(name, field, &named, vocabulary, problems);
    }
}

/// An attribute is declared for the order, or for each type that the event may be.
fn judge_attribute(
    name: &str,
    field: &Field,
    types: &[(&str, &Place)],
    vocabulary: &Vocabulary,
    problems: &mut Problems,
) {
    let of_order = vocabulary.order.get(&Symbol::new(name));
    let of_type = |kind: &str| vocabulary.events.get(&Symbol::new(kind))?.attributes.get(&Symbol::new(name));
    let declared: Vec<&Attribute> = types.iter().filter_map(|(kind, _)| of_type(kind)).chain(of_order).collect();
    let Some(attribute) = declared.first() else {
        if !OF_THE_LANGUAGE.contains(&name) {
            problems.push(undeclared(name, &field.place, vocabulary));
        }
        return;
    };
    for (constant, place) in constants(field) {
        if let Some(hint) = not_of(constant, &attribute.kind) {
            let message =
                Text::new(format!("属性“{name}”没有这个值"), format!("the attribute `{name}` has no such value"));
            problems.push(Problem::error(place, "unknown-attribute-value", message).hint(hint));
        }
    }
}

/// What is not declared is kept and shown nowhere: most likely a slip, and no error.
fn undeclared(name: &str, place: &Place, vocabulary: &Vocabulary) -> Problem {
    let message = Text::new(
        format!("词汇表里没有属性“{name}”，收下也不起作用"),
        format!("the attribute `{name}` is not declared: it would be kept and read by nothing"),
    );
    let own = vocabulary.events.values().flat_map(|kind| kind.attributes.keys());
    let known = vocabulary.order.keys().chain(own).map(|name| name.as_str());
    Problem::warning(place, "unknown-attribute", message).hint(want::instead(name, known))
}

/// Every value that the configuration itself gives a field, with its place.
fn constants(field: &Field) -> Vec<(&Constant, &Place)> {
    let own = match &field.from {
        From::Constant(constant) => Some((constant, &field.place)),
        From::Column(_) => None,
    };
    own.into_iter().chain(field.values.iter().map(|meant| (&meant.means, &meant.place))).collect()
}

fn texts(field: &Field) -> Vec<(&str, &Place)> {
    let constants = constants(field).into_iter();
    constants.filter_map(|(constant, place)| Some((constant.text()?, place))).collect()
}

/// What to write where an attribute of this kind cannot have a value; none: it can.
fn not_of(constant: &Constant, kind: &Kind) -> Option<Text> {
    match (kind, constant) {
        (Kind::OneOf(words), Constant::Text(text)) if !words.iter().any(|word| word.as_str() == text) => {
            Some(want::instead(text, words.iter().map(|word| word.as_str())))
        }
        (Kind::Boolean, Constant::Text(text)) if !["是", "否"].contains(&text.as_str()) => {
            Some(Text::new("应为 true 或 false", "true or false is wanted"))
        }
        (Kind::Number, Constant::Text(_) | Constant::Boolean(_)) => Some(Text::new("应为数字", "a number is wanted")),
        _ => None,
    }
}
