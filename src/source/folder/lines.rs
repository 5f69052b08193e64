//! JSON files: a value a line, or one array. Without a mapping each is an event or a figure as it would be sent, with one
//! a row whose keys are its columns.

use super::content::{FileProblem, Reading};
use super::decode::decode;
use crate::config::sources::Folder;
use crate::intake::body::{Sent, split_json};
use crate::source::cell::Cell;
use crate::text::Text;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A value a line; blank lines count for nothing.
pub(super) fn read(bytes: &[u8], folder: &Folder, reading: &mut Reading<'_>) -> Result<(), FileProblem> {
    let text = decode(bytes, folder.encoding).map_err(FileProblem::of_file)?;
    for (number, line) in (1..).zip(text.lines()) {
        if !line.trim().is_empty() {
            item(number, line.trim().as_bytes(), reading);
        }
    }
    Ok(())
}

/// One object, or an array of them.
pub(super) fn read_json(bytes: &[u8], folder: &Folder, reading: &mut Reading<'_>) -> Result<(), FileProblem> {
    let text = decode(bytes, folder.encoding).map_err(FileProblem::of_file)?;
    let items = match split_json(text.trim().as_bytes()) {
        Some(Sent::One(item)) => vec![item],
        Some(Sent::Many(items)) => items,
        None => return Err(FileProblem::of_file(not_json())),
    };
    for (number, one) in (1..).zip(items) {
        item(number, one, reading);
    }
    Ok(())
}

fn item(number: u64, text: &[u8], reading: &mut Reading<'_>) {
    if reading.reader.mapper.mapping.is_none() {
        return reading.body(number, text);
    }
    match serde_json::from_slice::<BTreeMap<String, &RawValue>>(text) {
        Ok(object) => {
            let cells = object.values().map(|value| cell(value.get())).collect();
            reading.own_row(number, &object.into_keys().collect::<Vec<_>>(), cells);
        }
        Err(_) => reading.blame(FileProblem::of_row(number, not_json())),
    }
}

fn cell(value: &str) -> Cell {
    match serde_json::from_str(value) {
        Ok(Value::Null) => Cell::Empty,
        Ok(Value::Bool(value)) => Cell::Boolean(value),
        // As it was written: parsed, a long one would lose its last digits.
        Ok(Value::Number(_)) => Cell::Number(value.to_owned()),
        Ok(Value::String(text)) => Cell::text(&text),
        Ok(Value::Array(_) | Value::Object(_)) => Cell::Unreadable(Text::new(
            "应为单个值，不能是数组或对象",
            "a single value is wanted, not a list or an object",
        )),
        // A number beyond every float, or lists in lists in lists.
        Err(_) => Cell::Unreadable(Text::new("不是能用的 JSON 值", "no JSON value that could be used")),
    }
}

fn not_json() -> Text {
    Text::new("不是合法的 JSON 对象", "not a JSON object")
}
