//! What becomes of a row: `events` and `figures`, and what holds for both.

use crate::config::sources::mapping::{
    Constant, EventMap, Field, FigureMap, From, Mapping, Meant, Other, TimeFormat, When,
};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields, report};
use chrono::NaiveDate;
use chrono::format::{Item, StrftimeItems};
use chrono_tz::Tz;

/// Reads what a source says of its rows.
pub(super) fn mapping(fields: &mut Fields<'_>, problems: &mut Problems) -> Mapping {
    let zone = fields.optional("timezone").and_then(|node| zone(node, problems));
    let empty = fields.optional("empty").map(|node| texts(node, problems)).unwrap_or_default();
    let events = list(fields.optional("events"), problems, event);
    let figures = list(fields.optional("figures"), problems, figure);
    Mapping { zone, empty, events, figures }
}

fn list<T>(node: Option<&Node>, problems: &mut Problems, read: impl Fn(&Node, &mut Problems) -> Option<T>) -> Vec<T> {
    let items = node.and_then(|node| want::list(node, problems)).unwrap_or_default();
    items.iter().filter_map(|item| read(item, problems)).collect()
}

fn texts(node: &Node, problems: &mut Problems) -> Vec<String> {
    want::words(node, problems).into_iter().map(|word| word.text.to_owned()).collect()
}

fn zone(node: &Node, problems: &mut Problems) -> Option<Tz> {
    let word = want::word(node, problems)?;
    word.text.parse().ok().or_else(|| {
        let message = Text::new(format!("没有时区“{}”", word.text), format!("there is no time zone `{}`", word.text));
        let hint = Text::new("写 IANA 的名字，如 Asia/Shanghai", "write an IANA name such as Asia/Shanghai");
        report(Problem::error(word.place, "unknown-timezone", message).hint(hint), problems)
    })
}

fn event(node: &Node, problems: &mut Problems) -> Option<EventMap> {
    let mut fields = Fields::of(node, problems)?;
    let kind = fields.required("type", problems).and_then(|node| word_or_field(node, problems));
    let order = fields.required("order", problems).and_then(|node| field(node, problems));
    let at = fields.required("at", problems).and_then(|node| field(node, problems));
    let recorded_at = fields.optional("recorded_at").and_then(|node| field(node, problems));
    let id = fields.optional("id").map(|node| parts(node, problems)).unwrap_or_default();
    let when = fields.optional("when").map(|node| conditions(node, problems)).unwrap_or_default();
    let by = fields.optional("by").and_then(|node| field(node, problems));
    let mut attributes = fields.optional("attrs").map(|node| attributes(node, problems)).unwrap_or_default();
    fields.finish(problems);
    attributes.extend(by.map(|by| ("by".to_owned(), by)));
    let place = node.head().clone();
    Some(EventMap { place, when, id, order: order?, kind: kind?, at: at?, recorded_at, attributes })
}

fn figure(node: &Node, problems: &mut Problems) -> Option<FigureMap> {
    let mut fields = Fields::of(node, problems)?;
    let figure = fields.required("figure", problems).and_then(|node| word_or_field(node, problems));
    let day = fields.required("day", problems).and_then(|node| field(node, problems));
    let value = fields.required("value", problems).and_then(|node| field(node, problems));
    let department = fields.optional("department").and_then(|node| field(node, problems));
    let id = fields.optional("id").map(|node| parts(node, problems)).unwrap_or_default();
    let when = fields.optional("when").map(|node| conditions(node, problems)).unwrap_or_default();
    fields.finish(problems);
    let place = node.head().clone();
    Some(FigureMap { place, when, id, figure: figure?, day: day?, value: value?, department })
}

/// The parts of an id: one field, or several that are joined.
fn parts(node: &Node, problems: &mut Problems) -> Vec<Field> {
    want::one_or_more(node).iter().filter_map(|item| field(item, problems)).collect()
}

/// `{ 状态: 已签收 }` or `{ 状态: [已签收, 已办结] }`: all must hold.
fn conditions(node: &Node, problems: &mut Problems) -> Vec<When> {
    let entries = want::mapping(node, problems).unwrap_or_default();
    let read = entries.iter().map(|entry| {
        let is = texts(&entry.value, problems);
        When { place: entry.key.place.clone(), column: entry.key.text.clone(), is }
    });
    read.collect()
}

fn attributes(node: &Node, problems: &mut Problems) -> Vec<(String, Field)> {
    let entries = want::mapping(node, problems).unwrap_or_default();
    let read = entries.iter().filter_map(|entry| {
        let field = field(&entry.value, problems)?;
        Some((entry.key.text.clone(), Field { place: entry.key.place.clone(), ..field }))
    });
    read.collect()
}

/// A word that is meant itself, such as an event type, or a field.
fn word_or_field(node: &Node, problems: &mut Problems) -> Option<Field> {
    if node.mapping().is_some() {
        return field(node, problems);
    }
    let word = want::word(node, problems)?;
    Some(plain(word.place, From::Constant(Constant::Text(word.text.to_owned()))))
}

/// A column's name, `{ column: … }` with what its values stand for, or `{ value: … }`.
fn field(node: &Node, problems: &mut Problems) -> Option<Field> {
    if node.mapping().is_none() {
        let word = want::word(node, problems)?;
        return Some(plain(word.place, From::Column(word.text.to_owned())));
    }
    if node.get("value").is_some() { constant_field(node, problems) } else { column_field(node, problems) }
}

fn plain(place: &Place, from: From) -> Field {
    Field { place: place.clone(), from, values: Vec::new(), other: Other::Keep, formats: Vec::new(), clears: false }
}

fn constant_field(node: &Node, problems: &mut Problems) -> Option<Field> {
    let mut fields = Fields::of(node, problems)?;
    let value = fields.required("value", problems).and_then(|node| constant(node, problems));
    fields.finish(problems);
    Some(plain(&node.place, From::Constant(value?)))
}

fn column_field(node: &Node, problems: &mut Problems) -> Option<Field> {
    let mut fields = Fields::of(node, problems)?;
    let column = fields.required("column", problems).and_then(|node| want::word(node, problems));
    let values = fields.optional("values").map(|node| values(node, problems)).unwrap_or_default();
    let other = fields.optional("else").map(|node| want::one_of(node, &Other::WORDS, problems));
    let formats = fields.optional("format").map(|node| formats(node, problems)).unwrap_or_default();
    let clears = fields.optional("clears").and_then(|node| want::boolean(node, problems)).unwrap_or(false);
    fields.finish(problems);
    let column = column?;
    let other = other.unwrap_or(Some(Other::Keep))?;
    let from = From::Column(column.text.to_owned());
    Some(Field { place: column.place.clone(), from, values, other, formats, clears })
}

fn values(node: &Node, problems: &mut Problems) -> Vec<Meant> {
    let entries = want::mapping(node, problems).unwrap_or_default();
    let read = entries.iter().filter_map(|entry| {
        let means = constant(&entry.value, problems)?;
        let place = if means == Constant::Nothing { &entry.key.place } else { &entry.value.place };
        Some(Meant { place: place.clone(), written: entry.key.text.trim().to_owned(), means })
    });
    read.collect()
}

fn constant(node: &Node, problems: &mut Problems) -> Option<Constant> {
    if node.is_null() {
        return Some(Constant::Nothing);
    }
    let word = want::word(node, problems)?;
    let scalar = node.scalar()?;
    Some(match scalar.boolean() {
        Some(value) => Constant::Boolean(value),
        None if scalar.number().is_some() => Constant::Number(word.text.to_owned()),
        None => Constant::Text(word.text.to_owned()),
    })
}

fn formats(node: &Node, problems: &mut Problems) -> Vec<TimeFormat> {
    want::one_or_more(node).iter().filter_map(|item| format(item, problems)).collect()
}

fn format(node: &Node, problems: &mut Problems) -> Option<TimeFormat> {
    let text = want::text(node, problems)?;
    match text {
        "unix" => return Some(TimeFormat::UnixSeconds),
        "unix ms" => return Some(TimeFormat::UnixMillis),
        _ => {}
    }
    if is_format(text) {
        return Some(TimeFormat::Letters(text.to_owned()));
    }
    let message = Text::new("看不懂这个时间格式", "this is no format of a time");
    let hint = Text::new(
        "例如 \"%Y-%m-%d %H:%M:%S\"、\"%Y%m%d%H%M%S\"、\"%Y-%m-%d\"，或 unix、unix ms",
        "such as \"%Y-%m-%d %H:%M:%S\", \"%Y%m%d%H%M%S\", \"%Y-%m-%d\", or `unix`, `unix ms`",
    );
    report(Problem::error(&node.place, "malformed-format", message).hint(hint), problems)
}

/// Whether what is written by the format can be read by it again, as a date at least.
fn is_format(text: &str) -> bool {
    let items: Vec<Item<'_>> = StrftimeItems::new(text).collect();
    if items.iter().any(|item| matches!(item, Item::Error)) {
        return false;
    }
    let sample = NaiveDate::from_ymd_opt(2024, 5, 6).and_then(|day| day.and_hms_opt(19, 8, 7)).unwrap_or_default();
    let Some(sample) = sample.and_local_timezone(chrono::Utc).single() else { return false };
    let written = sample.format_with_items(items.iter()).to_string();
    let mut parsed = chrono::format::Parsed::new();
    chrono::format::parse(&mut parsed, &written, items.iter()).is_ok()
        && parsed.to_naive_date().is_ok_and(|date| date == sample.date_naive())
}
