//! A vocabulary made ready to check bodies: every name and closed value found by its text, without a lock.

use super::json::{Number, Scalar};
use super::{Body, BodyError, EventBody, FigureBody, ValueKind, date};
use crate::order::Event;
use crate::policy::vocabulary::{Attribute, Kind, Value, Vocabulary};
use crate::symbol::Symbol;
use crate::time::Instant;
use chrono::NaiveDate;
use std::collections::HashMap;
use std::sync::Arc;

/// Attributes that the language itself reads: they need no declaration.
const READ_BY_THE_LANGUAGE: [&str; 6] = ["by", "reason", "approver", "event", "decision", "note"];

/// Reads bodies under one vocabulary. Built once a version of the rules, shared by all that take events in.
#[derive(Debug)]
pub struct BodyReader {
    types: HashMap<&'static str, TypeEntry>,
    order: HashMap<&'static str, Arc<Declared>>,
    figures: HashMap<&'static str, Symbol>,
    retracted: Symbol,
    event: Symbol,
}

#[derive(Debug)]
struct TypeEntry {
    name: Symbol,
    /// The type's own attributes laid over what the language reads, laid over the order's.
    attributes: HashMap<&'static str, Arc<Declared>>,
}

/// A declared attribute as it is looked up.
#[derive(Debug)]
struct Declared {
    name: Symbol,
    belongs: Belongs,
    takes: Takes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Belongs {
    ToTheOrder,
    ToTheEvent,
}

#[derive(Debug)]
enum Takes {
    /// Undeclared, but read by the language: any scalar.
    Anything,
    Text,
    Number,
    Boolean,
    Instant,
    Date,
    OneOf {
        words: Vec<Symbol>,
        texts: Arc<[&'static str]>,
    },
}

/// A body under the vocabulary.
#[derive(Debug)]
pub enum Checked<'b> {
    /// An event.
    Event(CheckedEvent<'b>),
    /// A figure.
    Figure(CheckedFigure<'b>),
}

/// An event that the vocabulary allows.
#[derive(Debug)]
pub struct CheckedEvent<'b> {
    /// Its id.
    pub id: &'b str,
    /// Its order.
    pub order: &'b str,
    /// Its type.
    pub kind: Symbol,
    /// When it happened.
    pub at: Instant,
    /// When it became known, as the sender claims; never before `at`.
    pub recorded_at: Option<Instant>,
    /// What it carries and is declared, in the sender's order. `null` stands only where it clears an order's attribute.
    pub attributes: Vec<(Symbol, Value)>,
    /// How many attributes and fields are not declared: kept in the body, read by nothing.
    pub undeclared: u32,
}

/// A figure that the vocabulary allows.
#[derive(Debug)]
pub struct CheckedFigure<'b> {
    /// Its id.
    pub id: &'b str,
    /// Its name.
    pub figure: Symbol,
    /// The day that it counts.
    pub day: NaiveDate,
    /// The department that it counts; none: the whole hotline.
    pub department: Option<&'b str>,
    /// Its value.
    pub value: f64,
    /// When it became known, as the sender claims.
    pub recorded_at: Option<Instant>,
}

impl CheckedEvent<'_> {
    /// The event as known from `recorded_at` on: what intake that trusts no claim uses, with the moment of storing.
    pub fn recorded(self, recorded_at: Instant, arrival: u64) -> Event {
        Event { id: self.id.into(), kind: self.kind, at: self.at, recorded_at, arrival, attributes: self.attributes }
    }

    /// The event as history: known when the sender says, else when it happened.
    pub fn as_history(self, arrival: u64) -> Event {
        let recorded_at = self.recorded_at.unwrap_or(self.at);
        self.recorded(recorded_at, arrival)
    }
}

impl BodyReader {
    /// Makes a vocabulary ready.
    pub fn new(vocabulary: &Vocabulary) -> BodyReader {
        let order: HashMap<_, _> =
            vocabulary.order.values().map(|given| declared(given, Belongs::ToTheOrder)).collect();
        let types = vocabulary.events.values().map(|kind| {
            let mut attributes = order.clone();
            attributes
                .extend(READ_BY_THE_LANGUAGE.into_iter().filter(|name| !order.contains_key(name)).map(read_anyway));
            attributes.extend(kind.attributes.values().map(|given| declared(given, Belongs::ToTheEvent)));
            (kind.name.as_str(), TypeEntry { name: kind.name, attributes })
        });
        BodyReader {
            types: types.collect(),
            figures: vocabulary.figures.keys().map(|name| (name.as_str(), *name)).collect(),
            retracted: Symbol::new("retracted"),
            event: Symbol::new("event"),
            order,
        }
    }

    /// Of what kind values of an attribute are for this type of event; none: it is not declared. For whoever has a value
    /// of another form, such as a text from a table. A word of a closed list is a text.
    pub fn wants(&self, kind: &str, attribute: &str) -> Option<ValueKind> {
        let declared = self.types.get(kind)?.attributes.get(attribute)?;
        Some(declared.takes.kind())
    }

    /// Checks a body. The first thing that is wrong is the error.
    pub fn check<'b>(&self, body: &'b Body<'_>) -> Result<Checked<'b>, BodyError> {
        match body {
            Body::Event(event) => self.event(event).map(Checked::Event),
            Body::Figure(figure) => self.figure(figure).map(Checked::Figure),
        }
    }

    /// Checks an event.
    pub fn event<'b>(&self, body: &'b EventBody<'_>) -> Result<CheckedEvent<'b>, BodyError> {
        let entry = self.types.get(&*body.kind).ok_or_else(|| self.unknown_type(&body.kind))?;
        let mut attributes = Vec::with_capacity(body.attributes.len());
        let mut undeclared = body.unknown.len();
        for (name, given) in &body.attributes {
            match entry.attributes.get(&**name) {
                None => undeclared += 1,
                Some(declared) => attributes.extend(declared.read(name, given)?.map(|value| (declared.name, value))),
            }
        }
        self.names_what_it_retracts(entry.name, &attributes)?;
        Ok(CheckedEvent {
            id: &body.id,
            order: &body.order,
            kind: entry.name,
            at: body.at,
            recorded_at: body.recorded_at,
            attributes,
            undeclared: u32::try_from(undeclared).unwrap_or(u32::MAX),
        })
    }

    /// An event that was accepted before, perhaps under another vocabulary: whatever is no longer declared, or no longer
    /// allowed, is left out. A type that is gone stays, and no rule names it.
    pub fn restore<'b>(&self, body: &'b EventBody<'_>) -> CheckedEvent<'b> {
        let entry = self.types.get(&*body.kind);
        let declared = entry.map_or(&self.order, |entry| &entry.attributes);
        let read = body.attributes.iter().filter_map(|(name, given)| {
            let declared = declared.get(&**name)?;
            Some((declared.name, declared.read(name, given).ok()??))
        });
        let attributes: Vec<_> = read.collect();
        CheckedEvent {
            id: &body.id,
            order: &body.order,
            // Accepted once, so a rule file once declared it: the number of such words stays bounded.
            kind: entry.map_or_else(|| Symbol::new(&body.kind), |entry| entry.name),
            at: body.at,
            recorded_at: body.recorded_at,
            undeclared: u32::try_from(body.attributes.len() - attributes.len()).unwrap_or(u32::MAX),
            attributes,
        }
    }

    /// Checks a figure.
    pub fn figure<'b>(&self, body: &'b FigureBody<'_>) -> Result<CheckedFigure<'b>, BodyError> {
        let figure = self.figures.get(&*body.figure);
        let figure = *figure.ok_or_else(|| BodyError::UnknownFigure { figure: cut(&body.figure) })?;
        if body.value < 0.0 {
            return Err(BodyError::NegativeFigure);
        }
        Ok(CheckedFigure {
            id: &body.id,
            figure,
            day: body.day,
            department: body.department.as_deref(),
            value: body.value,
            recorded_at: body.recorded_at,
        })
    }

    fn names_what_it_retracts(&self, kind: Symbol, attributes: &[(Symbol, Value)]) -> Result<(), BodyError> {
        let named = |(name, value): &(Symbol, Value)| {
            *name == self.event && matches!(value, Value::Text(id) if !id.trim().is_empty())
        };
        if kind == self.retracted && !attributes.iter().any(named) {
            return Err(BodyError::NothingRetracted);
        }
        Ok(())
    }

    fn unknown_type(&self, kind: &str) -> BodyError {
        let nearest = self.types.keys().map(|known| (strsim::osa_distance(known, &cut(kind)), *known)).min();
        BodyError::UnknownType {
            kind: cut(kind),
            nearest: nearest.filter(|(distance, known)| distance * 3 <= known.len()).map(|(_, known)| known),
        }
    }
}

/// Words from outside are shown, but not at any length.
fn cut(word: &str) -> Box<str> {
    word.chars().filter(|letter| !letter.is_control()).take(40).collect::<String>().into()
}

fn declared(given: &Attribute, belongs: Belongs) -> (&'static str, Arc<Declared>) {
    (given.name.as_str(), Arc::new(Declared { name: given.name, belongs, takes: Takes::of(&given.kind) }))
}

fn read_anyway(name: &'static str) -> (&'static str, Arc<Declared>) {
    (name, Arc::new(Declared { name: Symbol::new(name), belongs: Belongs::ToTheEvent, takes: Takes::Anything }))
}

impl Takes {
    fn of(kind: &Kind) -> Takes {
        match kind {
            Kind::Text | Kind::Department | Kind::Personal => Takes::Text,
            Kind::Number => Takes::Number,
            Kind::Boolean => Takes::Boolean,
            Kind::Instant => Takes::Instant,
            Kind::Date => Takes::Date,
            Kind::OneOf(words) => {
                let texts = words.iter().map(|word| word.as_str()).collect();
                Takes::OneOf { words: words.clone(), texts }
            }
        }
    }
}

impl Declared {
    /// The value as kept; none where there is nothing to keep.
    fn read(&self, name: &str, given: &Scalar<'_>) -> Result<Option<Value>, BodyError> {
        let value = match (&self.takes, given) {
            (_, Scalar::Null) => return Ok((self.belongs == Belongs::ToTheOrder).then_some(Value::Null)),
            (_, Scalar::Compound) => return Err(BodyError::NotScalar { attribute: name.into() }),
            (Takes::Anything | Takes::Text, Scalar::Text(text)) => Value::Text((**text).into()),
            (Takes::Anything | Takes::Number, Scalar::Number(number)) => Value::Number(number.as_f64()),
            (Takes::Anything | Takes::Boolean, Scalar::Boolean(value)) => Value::Boolean(*value),
            (Takes::Instant, Scalar::Text(text)) => {
                moment(text).ok_or_else(|| BodyError::WrongKind { attribute: name.into(), kind: ValueKind::Instant })?
            }
            (Takes::Date, Scalar::Text(text)) => date(text)
                .map(Value::Date)
                .ok_or_else(|| BodyError::WrongKind { attribute: name.into(), kind: ValueKind::Date })?,
            (Takes::OneOf { words, texts }, given) => one_of(words, texts, given)
                .ok_or_else(|| BodyError::OutsideList { attribute: name.into(), allowed: texts.clone() })?,
            (takes, _) => return Err(BodyError::WrongKind { attribute: name.into(), kind: takes.kind() }),
        };
        Ok(Some(value))
    }
}

impl Takes {
    fn kind(&self) -> ValueKind {
        match self {
            Takes::Anything | Takes::Text | Takes::OneOf { .. } => ValueKind::Text,
            Takes::Number => ValueKind::Number,
            Takes::Boolean => ValueKind::Boolean,
            Takes::Instant => ValueKind::Instant,
            Takes::Date => ValueKind::Date,
        }
    }
}

fn moment(text: &str) -> Option<Value> {
    Instant::parse(text).map(Value::Instant).or_else(|| date(text).map(Value::Date))
}

/// A list written `[1, 2, 3]` holds words; a number or boolean sent for it is taken by its text.
fn one_of(words: &[Symbol], texts: &[&'static str], given: &Scalar<'_>) -> Option<Value> {
    let place = match given {
        Scalar::Text(text) => texts.iter().position(|word| word == text),
        Scalar::Number(Number::Whole(number)) => texts.iter().position(|word| *word == number.to_string()),
        Scalar::Boolean(value) => texts.iter().position(|word| *word == value.to_string()),
        _ => None,
    };
    place.map(|place| Value::Word(words[place]))
}
