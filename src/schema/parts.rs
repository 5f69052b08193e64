//! What schemas are made of.

#![allow(clippy::needless_pass_by_value)] // a part is given away to the whole that it becomes part of

use serde_json::{Map, Value, json};

/// A key of a mapping.
pub(super) struct Field {
    key: &'static str,
    schema: Value,
    is_required: bool,
}

/// A key that must be there, with its title and what people read when they point at it.
pub(super) fn must(key: &'static str, title: &str, description: &str, schema: Value) -> Field {
    Field { key, schema: described(title, description, schema), is_required: true }
}

/// A key that may be left out; null is as good as left out.
pub(super) fn may(key: &'static str, title: &str, description: &str, schema: Value) -> Field {
    Field { key, schema: described(title, description, nullable(schema)), is_required: false }
}

/// A key that may be left out, but not be null.
pub(super) fn must_not_be_null(key: &'static str, title: &str, description: &str, schema: Value) -> Field {
    Field { key, schema: described(title, description, schema), is_required: false }
}

/// A mapping of these keys and no others.
pub(super) fn object(fields: Vec<Field>) -> Value {
    let required: Vec<&str> = fields.iter().filter(|field| field.is_required).map(|field| field.key).collect();
    let properties: Map<String, Value> = fields.into_iter().map(|field| (field.key.to_owned(), field.schema)).collect();
    let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// A mapping of names to values of one kind.
pub(super) fn map_of(value: Value) -> Value {
    json!({"type": "object", "additionalProperties": value})
}

/// With a title and a hover text. Beside `$ref` nothing else is read, so a reference is wrapped.
pub(super) fn described(title: &str, description: &str, schema: Value) -> Value {
    let mut schema = if schema.get("$ref").is_some() { json!({"allOf": [schema]}) } else { schema };
    schema["title"] = title.into();
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema
}

pub(super) fn nullable(mut schema: Value) -> Value {
    if schema.get("enum").is_some() {
        if let Some(values) = schema["enum"].as_array_mut() {
            values.push(Value::Null);
        }
        return schema;
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push("null".into()),
        Some(known) if known == "null" => {}
        Some(known) => *known = json!([known.clone(), "null"]),
        None => return json!({"anyOf": [schema, {"type": "null"}]}),
    }
    schema
}

/// A part with a name.
pub(super) fn part(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// A text, which a number is not.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// One word, however it is written.
pub(super) fn word() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// A word of which these are usual.
pub(super) fn word_like(usual: &[&str]) -> Value {
    json!({"anyOf": [{"enum": usual}, word()]})
}

/// One of these words.
pub(super) fn one_of(words: &[&str]) -> Value {
    json!({"enum": words})
}

pub(super) fn boolean() -> Value {
    json!({"type": "boolean"})
}

pub(super) fn integer() -> Value {
    json!({"type": "integer", "minimum": 0})
}

pub(super) fn list(item: Value) -> Value {
    json!({"type": "array", "items": item})
}

/// A value, or a list of such.
pub(super) fn one_or_more(item: &Value) -> Value {
    json!({"anyOf": [item, list(item.clone())]})
}

pub(super) fn any_of(schemas: Vec<Value>) -> Value {
    json!({"anyOf": schemas})
}

/// A span.
pub(super) fn span() -> Value {
    json!({"type": "string", "examples": ["4 working days", "1 working hour", "30 minutes", "5个工作日", "2个工作小时", "24小时"]})
}

/// A date.
pub(super) fn date() -> Value {
    json!({"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$", "examples": ["2026-05-01"]})
}

/// A time of the clock.
pub(super) fn clock_time() -> Value {
    json!({"type": "string", "pattern": "^\\d{2}:\\d{2}$", "examples": ["09:00"]})
}

/// Opening hours.
pub(super) fn interval() -> Value {
    json!({"type": "string", "pattern": "^\\d{2}:\\d{2}-\\d{2}:\\d{2}$", "examples": ["08:30-12:00"]})
}

pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Event types: the built-in ones by name, and whatever the vocabulary declares.
pub(super) fn event_type() -> Value {
    word_like(&crate::policy::builtin::EVENTS.map(|(name, _)| name))
}
