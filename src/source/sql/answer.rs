//! Rows as a server sends them: every value as the text that the server makes of it, under the kind of its column.

use crate::source::cell::{Cell, Row};
use crate::text::Text;
use crate::time::Instant;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use sha2::{Digest, Sha256};

/// Of what kind a column's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whole numbers.
    Whole,
    /// Whole numbers that may be greater than those with a sign.
    Unsigned,
    /// Decimal numbers, exact.
    Decimal,
    /// Floating-point numbers.
    Float,
    /// Booleans.
    Boolean,
    /// Dates.
    Date,
    /// Times without an offset.
    Local,
    /// Moments.
    Moment,
    /// Texts.
    Text,
    /// Bytes that are no text.
    Bytes,
}

impl Kind {
    /// The word by which a position keeps it.
    pub(super) const WORDS: [(&str, Kind); 10] = [
        ("whole", Kind::Whole),
        ("unsigned", Kind::Unsigned),
        ("decimal", Kind::Decimal),
        ("float", Kind::Float),
        ("boolean", Kind::Boolean),
        ("date", Kind::Date),
        ("local", Kind::Local),
        ("moment", Kind::Moment),
        ("text", Kind::Text),
        ("bytes", Kind::Bytes),
    ];

    pub(super) fn word(self) -> &'static str {
        Kind::WORDS.iter().find(|(_, kind)| *kind == self).map_or("text", |(word, _)| word)
    }
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// A value with its kind: in SQLite every value has its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// A row that was fetched; none: NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fetched(pub(super) Vec<Option<Value>>);

impl Fetched {
    /// The row for the mapping.
    pub(super) fn row<'n>(&self, names: &'n [String]) -> Row<'n> {
        Row { columns: names, cells: self.0.iter().map(|value| value.as_ref().map_or(Cell::Empty, cell)).collect() }
    }

    /// What tells this row as it is from any other.
    pub(super) fn hash(&self) -> [u8; 16] {
        let mut sha = Sha256::new();
        for value in &self.0 {
            match value {
                None => sha.update([0]),
                Some(value) => {
                    sha.update((value.text.len() as u64 + 1).to_be_bytes());
                    sha.update(&value.text);
                }
            }
        }
        let mut hash = [0; 16];
        hash.copy_from_slice(&sha.finalize()[..16]);
        hash
    }
}

/// What a value says. Dates that are none, such as `0000-00-00`, say nothing.
pub(super) fn cell(Value { kind, text }: &Value) -> Cell {
    match kind {
        Kind::Whole | Kind::Unsigned | Kind::Decimal => Cell::Number(text.clone()),
        Kind::Float => text.parse().map_or_else(|_| Cell::text(text), Cell::float),
        Kind::Boolean => Cell::Boolean(matches!(text.as_str(), "true" | "t" | "1")),
        Kind::Date | Kind::Local if text.starts_with("0000-00-00") => Cell::Empty,
        Kind::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d").map_or_else(|_| Cell::text(text), Cell::Date),
        Kind::Local => local(text).map_or_else(|| Cell::text(text), Cell::Local),
        Kind::Moment => moment(text).map_or_else(|| Cell::text(text), Cell::Moment),
        Kind::Text => Cell::text(text),
        Kind::Bytes => Cell::Unreadable(Text::new(
            "这一列是二进制，不是文字；请在查询里转换",
            "this column holds bytes, not text: convert it in the query",
        )),
    }
}

pub(super) fn local(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

pub(super) fn parse_moment(text: &str) -> Option<DateTime<chrono::FixedOffset>> {
    DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").ok()
}

fn moment(text: &str) -> Option<Instant> {
    parse_moment(text).map(|at| Instant(at.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_send_becomes_cells() {
        let of = |kind, text: &str| cell(&Value { kind, text: text.into() });
        assert_eq!(of(Kind::Decimal, "12.50"), Cell::Number("12.50".into()));
        assert_eq!(of(Kind::Boolean, "true"), Cell::Boolean(true));
        assert_eq!(of(Kind::Local, "0000-00-00 00:00:00"), Cell::Empty);
        assert_eq!(of(Kind::Moment, "2024-05-06 09:00:00.5+08"), Cell::Moment(Instant(1_714_957_200_500)));
        assert_eq!(of(Kind::Moment, "infinity"), Cell::Text("infinity".into()));
        assert_eq!(of(Kind::Local, "2024-05-06 09:00:00.123456").written(), "2024-05-06 09:00:00.123456");
        assert_eq!(of(Kind::Text, " 甲局 "), Cell::Text("甲局".into()));
    }

    #[test]
    fn rows_with_other_values_have_other_hashes() {
        let row = |texts: &[Option<&str>]| {
            let value = |text: &str| Value { kind: Kind::Text, text: text.into() };
            Fetched(texts.iter().map(|text| text.map(value)).collect()).hash()
        };
        assert_eq!(row(&[Some("a"), None]), row(&[Some("a"), None]));
        let rows =
            [row(&[Some("a"), None]), row(&[None, Some("a")]), row(&[Some("a"), Some("")]), row(&[Some("ab"), None])];
        assert_eq!(HashSet::from(rows).len(), 4);
    }

    use std::collections::HashSet;
}
