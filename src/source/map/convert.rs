//! Cells into the form that the vocabulary wants.
//!
//! A number of the vocabulary is a float. What is no count but a long row of digits, an identity card's say, would lose its
//! last ones: where a number is wanted it is refused, and where nothing is wanted it stays a text, digit by digit.

use crate::config::sources::mapping::TimeFormat;
use crate::order::body::ValueKind;
use crate::source::cell::Cell;
use crate::source::time::{When, when};
use chrono_tz::Tz;
use serde_json::{Number, Value};

/// Up to this no two whole numbers are one float.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

/// A cell as JSON; none wanted: as it comes. What cannot be brought into the form that is wanted stays as it is.
pub(super) fn json(cell: &Cell, wanted: Option<ValueKind>, formats: &[TimeFormat], zone: Tz) -> Value {
    match wanted {
        Some(ValueKind::Text) => cell.written().into(),
        Some(ValueKind::Number) => number(cell).map_or_else(|| cell.written().into(), Value::Number),
        Some(ValueKind::Boolean) => boolean(cell).map_or_else(|| cell.written().into(), Value::Bool),
        Some(ValueKind::Instant) => match when(cell, formats, zone) {
            Some(When::At(at)) => at.rfc3339(zone).into(),
            Some(When::On(date)) => date.to_string().into(),
            None => cell.written().into(),
        },
        Some(ValueKind::Date) => match when(cell, formats, zone) {
            Some(When::At(at)) => at.in_zone(zone).date_naive().to_string().into(),
            Some(When::On(date)) => date.to_string().into(),
            None => cell.written().into(),
        },
        None => as_it_comes(cell, zone),
    }
}

fn as_it_comes(cell: &Cell, zone: Tz) -> Value {
    match cell {
        Cell::Empty | Cell::Unreadable(_) => Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Number(text) => exact(cell, text).map_or_else(|| text.as_str().into(), Value::Number),
        Cell::Boolean(value) => (*value).into(),
        Cell::Local(_) | Cell::Moment(_) | Cell::Date(_) => json(cell, Some(ValueKind::Instant), &[], zone),
    }
}

/// Digits, with commas between groups of three if somebody wrote them.
fn number(cell: &Cell) -> Option<Number> {
    let (Cell::Number(text) | Cell::Text(text)) = cell else { return None };
    let plain = if is_grouped(text) { text.replace(',', "") } else { text.clone() };
    if !plain.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    let float = plain.parse::<f64>().ok().filter(|float| float.abs() <= WHOLE_MAX)?;
    plain.parse::<i64>().map_or_else(|_| Number::from_f64(float), |whole| Some(whole.into()))
}

/// Whether a cell is a number with more digits before its point than a number keeps.
pub(super) fn is_too_long(cell: &Cell) -> bool {
    let (Cell::Number(text) | Cell::Text(text)) = cell else { return false };
    text.parse::<f64>().is_ok_and(|float| float.is_finite() && float.abs() > WHOLE_MAX)
}

/// The number, unless the digits are more than it keeps.
fn exact(cell: &Cell, text: &str) -> Option<Number> {
    let significant = text.trim_start_matches(['-', '+', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let is_kept = |number: &Number| significant <= 15 || number.to_string() == text;
    number(cell).filter(is_kept)
}

fn is_grouped(text: &str) -> bool {
    let whole = text.split('.').next().unwrap_or_default().trim_start_matches(['-', '+']);
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default().len();
    (1..=3).contains(&first) && groups.all(|group| group.len() == 3)
}

fn boolean(cell: &Cell) -> Option<bool> {
    match cell {
        Cell::Boolean(value) => Some(*value),
        Cell::Text(text) | Cell::Number(text) => match text.as_str() {
            "1" | "是" | "true" | "True" | "TRUE" | "Y" | "y" => Some(true),
            "0" | "否" | "false" | "False" | "FALSE" | "N" | "n" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Shanghai;

    #[track_caller]
    fn shown(cell: &Cell, wanted: Option<ValueKind>) -> String {
        json(cell, wanted, &[], Shanghai).to_string()
    }

    #[test]
    fn cells_take_the_form_that_is_wanted_and_keep_what_cannot() {
        let text = |text: &str| Cell::Text(text.into());
        let digits = |text: &str| Cell::Number(text.into());
        for (cell, wanted, expected) in [
            (digits("202405060001"), Some(ValueKind::Text), "\"202405060001\""),
            (digits("12345678901234567890.50"), Some(ValueKind::Text), "\"12345678901234567890.50\""),
            (text("1,234.5"), Some(ValueKind::Number), "1234.5"),
            (text("12,34"), Some(ValueKind::Number), "\"12,34\""),
            (text("41"), Some(ValueKind::Number), "41"),
            (text("98%"), Some(ValueKind::Number), "\"98%\""),
            (digits("33.33333333333333333333"), Some(ValueKind::Number), "33.333333333333336"),
            (digits("9007199254740993"), Some(ValueKind::Number), "\"9007199254740993\""),
            (text("是"), Some(ValueKind::Boolean), "true"),
            (digits("0"), Some(ValueKind::Boolean), "false"),
            (digits("2"), Some(ValueKind::Boolean), "\"2\""),
            (text("2024-05-06 09:00"), Some(ValueKind::Instant), "\"2024-05-06T09:00:00+08:00\""),
            (text("2024/5/6"), Some(ValueKind::Instant), "\"2024-05-06\""),
            (text("2024-05-06 23:30:00"), Some(ValueKind::Date), "\"2024-05-06\""),
            (text("明天"), Some(ValueKind::Date), "\"明天\""),
            (digits("7"), None, "7"),
            (digits("12.50"), None, "12.5"),
            (digits("33.33333333333333333333"), None, "\"33.33333333333333333333\""),
            (digits("0.30000000000000004"), None, "0.30000000000000004"),
            (digits("9007199254740991"), None, "9007199254740991"),
            (digits("18446744073709551615"), None, "\"18446744073709551615\""),
            (text("7"), None, "\"7\""),
            (Cell::Boolean(true), None, "true"),
        ] {
            assert_eq!(shown(&cell, wanted), expected, "{cell:?} as {wanted:?}");
        }
    }
}
