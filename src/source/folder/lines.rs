//! JSON files: a value a line, or one array. Without a mapping each is an event or a figure as it would be sent, with one
//! a row whose keys are its columns.

use super::content::{FileProblem, Reading};
use super::decode::decode;
use crate::config::sources::Folder;
use crate::intake::body::{Sent, split_json};
use crate::source::cell::Cell;
use crate::text::Text;
use serde_json::{Map, Value};

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
    match serde_json::from_slice::<Map<String, Value>>(text) {
        Ok(object) => {
            let columns: Vec<String> = object.keys().cloned().collect();
            reading.own_row(number, &columns, object.into_iter().map(|(_, value)| cell(value)).collect());
        }
        Err(_) => reading.blame(FileProblem::of_row(number, not_json())),
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(value) => Cell::Boolean(value),
        Value::Number(number) => Cell::Number(number.to_string()),
        Value::String(text) => Cell::text(&text),
        Value::Array(_) | Value::Object(_) => Cell::Unreadable(Text::new(
            "应为单个值，不能是数组或对象",
            "a single value is wanted, not a list or an object",
        )),
    }
}

fn not_json() -> Text {
    Text::new("不是合法的 JSON 对象", "not a JSON object")
}
