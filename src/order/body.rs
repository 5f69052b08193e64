//! Events and figures as other systems send them: one JSON object each (language.md §2).
//!
//! A [`Body`] is what was sent, borrowed from its text: JSON of the right shape, with usable ids and instants. What it
//! means is known only under a vocabulary: a [`BodyReader`] turns a body into an event or a figure, or says in one typed
//! error why not. Errors name fields, types and closed lists, never the free text that a citizen may have given.
//!
//! Two bodies have the same content when all but `recorded_at` agrees: instants by the moment they name, attributes
//! whatever their order, numbers by their value ([`Body::content_digest`]).

mod content;
mod error;
mod json;
mod reader;

pub use content::Digest;
pub use error::{BodyError, ValueKind};
pub use reader::{BodyReader, Checked, CheckedEvent, CheckedFigure};

use crate::time::Instant;
use chrono::NaiveDate;
use json::{Fields, Scalar};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Ids of events and orders have at most so many characters.
pub const ID_CHARACTERS_MAX: usize = 200;

/// What was sent: an event of an order, or a figure.
#[derive(Debug)]
pub enum Body<'a> {
    /// An event of an order.
    Event(EventBody<'a>),
    /// A figure counted by others.
    Figure(FigureBody<'a>),
}

/// An event as sent.
#[derive(Debug)]
pub struct EventBody<'a> {
    /// Its id, unique within its source.
    pub id: Cow<'a, str>,
    /// Its order.
    pub order: Cow<'a, str>,
    /// Its type, declared or not.
    pub kind: Cow<'a, str>,
    /// When it happened, to the millisecond.
    pub at: Instant,
    /// When it became known, as the sender claims; never before `at`.
    pub recorded_at: Option<Instant>,
    attributes: Vec<(Cow<'a, str>, Scalar<'a>)>,
    unknown: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// A figure as sent.
#[derive(Debug)]
pub struct FigureBody<'a> {
    /// Its id, unique within its source.
    pub id: Cow<'a, str>,
    /// Its name, declared or not.
    pub figure: Cow<'a, str>,
    /// The day that it counts.
    pub day: NaiveDate,
    /// The department that it counts; none: the whole hotline.
    pub department: Option<Cow<'a, str>>,
    /// Its value.
    pub value: f64,
    /// When it became known, as the sender claims.
    pub recorded_at: Option<Instant>,
    unknown: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Body<'a> {
    /// Reads one JSON object. A body that names a `figure` is a figure, any other an event.
    pub fn parse(text: &'a [u8]) -> Result<Body<'a>, BodyError> {
        let fields = Fields::parse(text)?;
        if fields.figure.is_some() {
            return figure(fields).map(Body::Figure);
        }
        event(fields).map(Body::Event)
    }

    /// The id of what was sent, if it can be found at all: to name what is refused.
    pub fn id_of(text: &[u8]) -> Option<String> {
        let id = id("id", Fields::parse(text).ok()?.id).ok()?;
        Some(id.into_owned())
    }

    /// The same, its `recorded_at` believed, as that of a file that is replayed or imported as history: what claims to
    /// have been recorded before it happened is refused.
    pub fn believed(self) -> Result<Self, BodyError> {
        match &self {
            Body::Event(event) if event.recorded_at.is_some_and(|recorded_at| recorded_at < event.at) => {
                Err(BodyError::RecordedBeforeItHappened)
            }
            _ => Ok(self),
        }
    }

    /// The id, unique within its source.
    pub fn id(&self) -> &str {
        match self {
            Body::Event(event) => &event.id,
            Body::Figure(figure) => &figure.id,
        }
    }
}

fn event(fields: Fields<'_>) -> Result<EventBody<'_>, BodyError> {
    let (id, order) = (id("id", fields.id)?, id("order", fields.order)?);
    let kind = text("type", required("type", fields.kind)?)?;
    let at = instant("at", required("at", fields.at)?)?;
    let recorded_at = fields.recorded_at.map(|given| instant("recorded_at", given)).transpose()?;
    Ok(EventBody { id, order, kind, at, recorded_at, attributes: fields.attributes, unknown: fields.unknown })
}

fn figure(fields: Fields<'_>) -> Result<FigureBody<'_>, BodyError> {
    let day = text("day", required("day", fields.day)?)?;
    Ok(FigureBody {
        id: id("id", fields.id)?,
        figure: text("figure", required("figure", fields.figure)?)?,
        day: date(&day).ok_or(BodyError::Date { field: "day".into() })?,
        department: fields.department.map(|given| text("department", given)).transpose()?,
        value: match required("value", fields.value)? {
            Scalar::Number(number) => number.as_f64(),
            _ => return Err(BodyError::FieldKind { field: "value", kind: ValueKind::Number }),
        },
        recorded_at: fields.recorded_at.map(|given| instant("recorded_at", given)).transpose()?,
        unknown: fields.unknown,
    })
}

fn required<'a>(field: &'static str, given: Option<Scalar<'a>>) -> Result<Scalar<'a>, BodyError> {
    given.ok_or(BodyError::Missing { field })
}

fn text<'a>(field: &'static str, given: Scalar<'a>) -> Result<Cow<'a, str>, BodyError> {
    match given {
        Scalar::Text(text) => Ok(text),
        _ => Err(BodyError::FieldKind { field, kind: ValueKind::Text }),
    }
}

/// Ids are shown in pages, notices and file names, so they are short and printable.
fn id<'a>(field: &'static str, given: Option<Scalar<'a>>) -> Result<Cow<'a, str>, BodyError> {
    let id = text(field, required(field, given)?)?;
    if id.trim().is_empty() {
        return Err(BodyError::EmptyId { field });
    }
    if id.len() > ID_CHARACTERS_MAX && id.chars().count() > ID_CHARACTERS_MAX {
        return Err(BodyError::LongId { field });
    }
    if id.chars().any(char::is_control) {
        return Err(BodyError::UnprintableId { field });
    }
    Ok(id)
}

fn instant(field: &'static str, given: Scalar<'_>) -> Result<Instant, BodyError> {
    Instant::parse(&text(field, given)?).ok_or(BodyError::Instant { field: field.into() })
}

/// A date as `2024-05-06`, and nothing looser.
fn date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
