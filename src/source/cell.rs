//! What stands in a row, whatever it was read from.

use crate::text::Text;
use crate::time::Instant;
use chrono::{NaiveDate, NaiveDateTime};

/// A value in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing: NULL, or an empty cell.
    Empty,
    /// A text.
    Text(String),
    /// A number, in decimal digits as exactly as it came.
    Number(String),
    /// A boolean.
    Boolean(bool),
    /// A time without an offset, by the source's clock.
    Local(NaiveDateTime),
    /// A moment.
    Moment(Instant),
    /// A date.
    Date(NaiveDate),
    /// It cannot be read as it stands there; why, and what to do.
    Unreadable(Text),
}

impl Cell {
    /// A text without white space around it; of white space alone, nothing.
    pub fn text(text: &str) -> Cell {
        match trimmed(text) {
            "" => Cell::Empty,
            text => Cell::Text(text.to_owned()),
        }
    }

    /// A floating-point number as people write it: whole ones without a point.
    pub fn float(number: f64) -> Cell {
        if number.is_finite() { Cell::Number(number.to_string()) } else { Cell::Empty }
    }

    /// What it says, for comparing with what stands in a configuration.
    pub fn written(&self) -> String {
        match self {
            Cell::Empty | Cell::Unreadable(_) => String::new(),
            Cell::Text(text) | Cell::Number(text) => text.clone(),
            Cell::Boolean(value) => value.to_string(),
            Cell::Local(time) => time.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
            Cell::Moment(at) => at.rfc3339(chrono_tz::UTC),
            Cell::Date(date) => date.to_string(),
        }
    }
}

/// Without white space around, the wide space and what spreadsheets leave behind included.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}')
}

/// A row: cells under the names of their columns. Values are found by the column's name alone.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The columns' names, each once.
    pub columns: &'a [String],
    /// A cell for each column; columns beyond these are empty.
    pub cells: Vec<Cell>,
}

impl Row<'_> {
    /// The cell under this name; none: there is no such column.
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        let place = self.columns.iter().position(|known| known == column)?;
        Some(self.cells.get(place).unwrap_or(&Cell::Empty))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_nothing_and_a_whole_number_has_no_point() {
        assert_eq!(Cell::text(" \u{3000}\t"), Cell::Empty);
        assert_eq!(Cell::text("\u{3000}市市场监管局 "), Cell::Text("市市场监管局".into()));
        assert_eq!(Cell::float(202_405_060_001.0).written(), "202405060001");
        assert_eq!(Cell::float(0.5).written(), "0.5");
        assert_eq!(Cell::float(f64::NAN), Cell::Empty);
    }
}
