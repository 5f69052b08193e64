//! What becomes of a row: columns to the fields of events and figures.
//!
//! One row may give several events: a wide row with a column for each step gives one for each that is filled.

use crate::text::place::Place;
use chrono_tz::Tz;

/// What becomes of the rows of a source.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// In which zone times without an offset are; none: that of the rules.
    pub zone: Option<Tz>,
    /// Texts that mean that there is nothing, such as `-` or `NULL`.
    pub empty: Vec<String>,
    /// The events of a row.
    pub events: Vec<EventMap>,
    /// The figures of a row.
    pub figures: Vec<FigureMap>,
}

impl Mapping {
    /// Whether there is none: what comes are events and figures themselves.
    pub fn is_none(&self) -> bool {
        self.events.is_empty() && self.figures.is_empty()
    }

    /// Every column that is asked for, each with its place in the configuration.
    pub fn columns(&self) -> Vec<(&str, &Place)> {
        let events = self.events.iter().flat_map(EventMap::fields);
        let figures = self.figures.iter().flat_map(FigureMap::fields);
        let fields = events.chain(figures).filter_map(|field| Some((field.column()?, &field.place)));
        let conditions = self.events.iter().map(|map| &map.when).chain(self.figures.iter().map(|map| &map.when));
        let conditions = conditions.flatten().map(|when| (when.column.as_str(), &when.place));
        fields.chain(conditions).collect()
    }
}

/// One event of a row.
#[derive(Clone, Debug)]
pub struct EventMap {
    /// Where it stands.
    pub place: Place,
    /// Only rows for which all of these hold give it.
    pub when: Vec<When>,
    /// Its id, joined from these; none: made from order, type and instant.
    pub id: Vec<Field>,
    /// Its order.
    pub order: Field,
    /// Its type.
    pub kind: Field,
    /// When it happened. A row that has nothing there gives no such event.
    pub at: Field,
    /// When it became known there.
    pub recorded_at: Option<Field>,
    /// Its attributes, by name.
    pub attributes: Vec<(String, Field)>,
}

impl EventMap {
    /// All its fields.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        let own = [&self.order, &self.kind, &self.at].into_iter().chain(&self.recorded_at).chain(&self.id);
        own.chain(self.attributes.iter().map(|(_, field)| field))
    }
}

/// One figure of a row.
#[derive(Clone, Debug)]
pub struct FigureMap {
    /// Where it stands.
    pub place: Place,
    /// Only rows for which all of these hold give it.
    pub when: Vec<When>,
    /// Its id, joined from these; none: made from what it says.
    pub id: Vec<Field>,
    /// Its name.
    pub figure: Field,
    /// The day that it counts.
    pub day: Field,
    /// Its value. A row that has nothing there gives no such figure.
    pub value: Field,
    /// The department that it counts; none: the whole hotline.
    pub department: Option<Field>,
}

impl FigureMap {
    /// All its fields.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        [&self.figure, &self.day, &self.value].into_iter().chain(&self.department).chain(&self.id)
    }
}

/// A condition: the column holds one of these texts.
#[derive(Clone, Debug)]
pub struct When {
    /// Where it stands.
    pub place: Place,
    /// The column.
    pub column: String,
    /// The texts.
    pub is: Vec<String>,
}

/// From where the value of a field comes.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where it stands.
    pub place: Place,
    /// A column, or always the same.
    pub from: From,
    /// What values of the column stand for.
    pub values: Vec<Meant>,
    /// What of a value that is not among them.
    pub other: Other,
    /// How a time or date is written there; none: any of the usual ways.
    pub formats: Vec<TimeFormat>,
    /// Whether nothing there clears the order's attribute, instead of saying nothing of it.
    pub clears: bool,
}

impl Field {
    /// Its column, if it comes from one.
    pub fn column(&self) -> Option<&str> {
        match &self.from {
            From::Column(column) => Some(column),
            From::Constant(_) => None,
        }
    }
}

/// From where a value comes.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// From the column of this name.
    Column(String),
    /// It is always the same.
    Constant(Constant),
}

/// What a value of the column stands for.
#[derive(Clone, Debug)]
pub struct Meant {
    /// Where what it stands for is written.
    pub place: Place,
    /// The column's value as a text.
    pub written: String,
    /// What it stands for.
    pub means: Constant,
}

/// A value in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// Nothing.
    Nothing,
    /// A text.
    Text(String),
    /// A number, as written.
    Number(String),
    /// A boolean.
    Boolean(bool),
}

impl Constant {
    /// The text; none: it is something else.
    pub fn text(&self) -> Option<&str> {
        if let Constant::Text(text) = self { Some(text) } else { None }
    }
}

/// What of a value that the configuration does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// It is taken as it is.
    Keep,
    /// It counts as nothing.
    Nothing,
    /// The row is refused.
    Refuse,
}

impl Other {
    /// The words of the file.
    pub const WORDS: [(&str, Other); 3] =
        [("keep", Other::Keep), ("nothing", Other::Nothing), ("refuse", Other::Refuse)];
}

/// How a time or a date is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// By strftime's letters, such as `%Y-%m-%d %H:%M:%S`.
    Letters(String),
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
}
