//! Asking conditions: the facts of an order at one instant (language.md §3, Conditions).

use crate::calendar::Calendar;
use crate::engine::decision::Key;
use crate::engine::trace::{Answer, Failing, failing};
use crate::order::Event;
use crate::policy::condition::{Condition, Expectation, Fact};
use crate::policy::model::Colour;
use crate::policy::vocabulary::{Value, Vocabulary};
use crate::symbol::{Symbol, SymbolFilter};
use crate::time::Instant;

/// What an order looks like to one policy at one instant, as far as conditions may ask.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    /// The order's attributes.
    pub(crate) attributes: Attributes,
    /// The counts of the vocabulary.
    pub(crate) counts: Vec<(Symbol, u32)>,
    /// The round, from 1.
    pub(crate) round: u32,
    /// Which types have come in this round, each with its first instant.
    pub(crate) happened: Vec<(Symbol, Instant)>,
    /// Cards under this policy.
    pub(crate) cards: Vec<CardGiven>,
}

/// A card, as far as conditions count it.
#[derive(Clone, Debug)]
pub(crate) struct CardGiven {
    pub(crate) at: Instant,
    pub(crate) colour: Colour,
    /// Its base key.
    pub(crate) key: Key,
    /// A lifted card counts no more.
    pub(crate) lifted: bool,
}

/// An order's attributes by name; setting one to null clears it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    values: Vec<(Symbol, Value)>,
    /// The names that were ever set: most of what is asked for was not.
    ever: SymbolFilter,
}

impl Attributes {
    pub(crate) fn get(&self, name: Symbol) -> Option<&Value> {
        if !self.ever.may_have(name) {
            return None;
        }
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, name: Symbol, value: &Value) {
        if self.ever.may_have(name) {
            self.values.retain(|(known, _)| *known != name);
        }
        if *value != Value::Null {
            self.ever.add(name);
            self.values.push((name, value.clone()));
        }
    }

    /// The names that may have a value.
    pub(crate) fn names(&self) -> SymbolFilter {
        self.ever
    }

    /// Each with its value, the last set last.
    pub(crate) fn values(&self) -> &[(Symbol, Value)] {
        &self.values
    }

    pub(crate) fn into_values(self) -> Vec<(Symbol, Value)> {
        self.values
    }
}

impl World {
    pub(crate) fn attribute(&self, name: Symbol) -> Option<&Value> {
        self.attributes.get(name)
    }

    pub(crate) fn first_in_round(&self, kind: Symbol) -> Option<Instant> {
        self.happened.iter().find(|(known, _)| *known == kind).map(|(_, at)| *at)
    }
}

/// A moment at which a condition is asked.
pub(crate) struct Moment<'a> {
    pub(crate) world: &'a World,
    /// The attributes to go by where they are not the world's: those that held when an obligation started.
    pub(crate) attributes: Option<&'a [(Symbol, Value)]>,
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) calendar: &'a Calendar,
    pub(crate) at: Instant,
    /// The event at hand.
    pub(crate) event: Option<&'a Event>,
    /// Whether any of these deadlines has an overdue obligation.
    pub(crate) overdue: &'a dyn Fn(&[Symbol]) -> bool,
}

/// A fact's value as found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// It is absent.
    Absent,
    /// An attribute.
    Attribute(&'a Value),
    /// A number.
    Number(f64),
    /// Yes or no.
    Truth(bool),
}

impl<'a> Moment<'a> {
    /// The parts that make a condition fail here.
    pub(crate) fn failing(&self, condition: &Condition) -> Vec<Failing> {
        failing(condition, &|fact, expectation| {
            let found = self.find(fact);
            Answer { met: meets(&found, expectation), found: found.into_value() }
        })
    }

    pub(crate) fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Always => true,
            Condition::All(all) => all.iter().all(|one| self.holds(one)),
            Condition::Any(any) => any.iter().any(|one| self.holds(one)),
            Condition::Not(inner) => !self.holds(inner),
            Condition::Term(_, inner) => self.holds(inner),
            // Most of what is asked: one attribute, one of these values.
            Condition::Fact(Fact::Attribute(name), Expectation::OneOf(values)) => {
                self.attribute(*name).is_some_and(|found| values.contains(found))
            }
            Condition::Fact(fact, expectation) => meets(&self.find(fact), expectation),
        }
    }

    /// The value of a fact at this moment.
    pub(crate) fn find(&self, fact: &Fact) -> Found<'a> {
        match fact {
            Fact::Attribute(name) => self.attribute(*name).map_or(Found::Absent, Found::Attribute),
            Fact::Count(name) => self.count(*name),
            Fact::Round => Found::Number(f64::from(self.world.round)),
            Fact::Returns => Found::Number(f64::from(self.world.round - 1)),
            Fact::YellowCards => self.cards(Colour::Yellow),
            Fact::RedCards => self.cards(Colour::Red),
            Fact::InHours => Found::Truth(self.calendar.is_open(self.at)),
            Fact::OffDuty => Found::Truth(self.calendar.is_off_duty(self.at)),
            Fact::Happened(kinds) => Found::Truth(kinds.iter().any(|kind| self.world.first_in_round(*kind).is_some())),
            Fact::Overdue(rules) => Found::Truth((self.overdue)(rules)),
        }
    }

    fn attribute(&self, name: Symbol) -> Option<&'a Value> {
        let own = self.event.and_then(|event| event.attribute(name).map(|value| (event.kind, value)));
        match own {
            Some((kind, value)) if self.is_own(kind, name) => (*value != Value::Null).then_some(value),
            _ => match self.attributes {
                Some(attributes) => attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value),
                None => self.world.attribute(name),
            },
        }
    }

    fn is_own(&self, kind: Symbol, name: Symbol) -> bool {
        is_events_own(self.vocabulary, kind, name)
    }

    fn count(&self, name: Symbol) -> Found<'a> {
        let count = self.world.counts.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count);
        Found::Number(f64::from(count))
    }

    fn cards(&self, colour: Colour) -> Found<'a> {
        let count =
            self.world.cards.iter().filter(|card| card.at < self.at && card.colour == colour && !card.lifted).count();
        #[expect(clippy::cast_precision_loss, reason = "nobody gets so many cards")]
        Found::Number(count as f64)
    }
}

impl Found<'_> {
    fn into_value(self) -> Option<Value> {
        match self {
            Found::Absent => None,
            Found::Attribute(value) => Some(value.clone()),
            Found::Number(number) => Some(Value::Number(number)),
            Found::Truth(truth) => Some(Value::Boolean(truth)),
        }
    }
}

/// Whether a name is an attribute of such events alone: declared for them, or read by the language itself and no
/// attribute of the order.
pub(crate) fn is_events_own(vocabulary: &Vocabulary, kind: Symbol, name: Symbol) -> bool {
    let declares = |kind| vocabulary.events.get(kind).is_some_and(|event| event.attributes.contains_key(&name));
    !vocabulary.order.contains_key(&name) || declares(&kind)
}

fn meets(found: &Found, expectation: &Expectation) -> bool {
    match (found, expectation) {
        (Found::Absent, Expectation::Present(present)) => !present,
        (Found::Absent, Expectation::NoneOf(_)) => true,
        (Found::Absent, _) => false,
        (_, Expectation::Present(present)) => *present,
        (found, Expectation::OneOf(values)) => values.iter().any(|value| is(found, value)),
        (found, Expectation::NoneOf(values)) => !values.iter().any(|value| is(found, value)),
        (found, Expectation::AtLeast(least)) => number(found).is_some_and(|number| number >= *least),
        (found, Expectation::AtMost(most)) => number(found).is_some_and(|number| number <= *most),
    }
}

#[expect(clippy::float_cmp, reason = "numbers are compared as written")]
fn is(found: &Found, value: &Value) -> bool {
    match found {
        Found::Absent => false,
        Found::Attribute(found) => *found == value,
        Found::Number(found) => matches!(value, Value::Number(number) if number == found),
        Found::Truth(found) => matches!(value, Value::Boolean(boolean) if boolean == found),
    }
}

fn number(found: &Found) -> Option<f64> {
    match found {
        Found::Number(number) | Found::Attribute(Value::Number(number)) => Some(*number),
        _ => None,
    }
}
