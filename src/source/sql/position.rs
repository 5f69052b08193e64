//! Up to where a source was read: the cursor's value and those of the keys, exactly as the server sent them.

use super::answer::{Kind, Value, cell, local, parse_moment};
use crate::config::sources::{Overlap, Sql};
use crate::source::look::LookError;
use crate::source::time::{When, at_local, when};
use crate::text::Text;
use crate::time::Instant;
use chrono::{NaiveTime, TimeDelta};
use chrono_tz::Tz;
use serde_json::json;
use std::time::Duration;

/// Where nothing else is said.
const TIME: Duration = Duration::from_mins(5);
const COUNT: u64 = 1000;

/// Clocks of other machines may be ahead so far.
const AHEAD_MS: i64 = 3_600_000;

/// A place in the order in which a source is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) cursor: Value,
    /// Of none: all rows of the cursor's value.
    pub(super) keys: Vec<Value>,
    /// Whether what stands just here was not read, only what is before it.
    pub(super) is_open: bool,
}

impl Position {
    /// As it is kept.
    pub(super) fn shown(&self) -> String {
        let value = |value: &Value| json!([value.kind.word(), value.text]);
        let keys: Vec<_> = self.keys.iter().map(value).collect();
        let mut shown = json!({ "cursor": value(&self.cursor), "keys": keys });
        if self.is_open {
            shown["open"] = true.into();
        }
        shown.to_string()
    }

    /// What was kept; what an operator typed is a cursor's value whose kind is that of its column.
    pub(super) fn parse(text: &str) -> Option<Position> {
        let typed = || Position { cursor: typed(text), keys: Vec::new(), is_open: true };
        let Ok(read) = serde_json::from_str::<serde_json::Value>(text) else { return Some(typed()) };
        let Some(cursor) = read.get("cursor") else { return Some(typed()) };
        let value = |value: &serde_json::Value| {
            let (word, text) = (value.get(0)?.as_str()?, value.get(1)?.as_str()?);
            let kind = Kind::WORDS.iter().find(|(known, _)| *known == word)?.1;
            Some(Value { kind, text: text.to_owned() })
        };
        let keys = read["keys"].as_array()?.iter().map(value).collect::<Option<_>>()?;
        Some(Position { cursor: value(cursor)?, keys, is_open: read["open"] == true })
    }

    /// The values that are compared, the cursor's first.
    pub(super) fn row(&self) -> Vec<Value> {
        std::iter::once(&self.cursor).chain(&self.keys).cloned().collect()
    }

    /// The same place before what stands there.
    pub(super) fn before(&self) -> Position {
        Position { keys: Vec::new(), is_open: true, ..self.clone() }
    }

    /// From which cursor value on rows are read again; none: from none.
    pub(super) fn overlapped(&self, sql: &Sql) -> Result<Option<Value>, LookError> {
        let overlap = match (sql.overlap, self.cursor.kind) {
            (Some(overlap), _) => overlap,
            (None, Kind::Whole | Kind::Unsigned | Kind::Decimal | Kind::Float) => Overlap::Count(COUNT),
            (None, _) => Overlap::Time(TIME),
        };
        if overlap == Overlap::Time(Duration::ZERO) || overlap == Overlap::Count(0) {
            return Ok(None);
        }
        match earlier(&self.cursor, overlap) {
            Some(text) => Ok(Some(Value { kind: self.cursor.kind, text })),
            // What an operator typed is where to begin, whatever it is.
            None if self.is_open => Ok(None),
            None => Err(LookError::Source(no_overlap(&sql.cursor))),
        }
    }

    /// Whether the cursor's value is a time that is still to come. A row with such a value is read, but is no place to go on
    /// from: all rows until then would be passed over.
    pub(super) fn is_ahead(&self, sql: &Sql, now: Instant, zone: Tz) -> bool {
        let counts_time = matches!(sql.overlap, Some(Overlap::Time(_)));
        let at = match self.cursor.kind {
            Kind::Whole | Kind::Unsigned if counts_time => unix(&self.cursor.text),
            Kind::Local | Kind::Moment | Kind::Date | Kind::Text => match when(&cell(&self.cursor), &[], zone) {
                Some(When::At(at)) => Some(at),
                Some(When::On(date)) => Some(at_local(date.and_time(NaiveTime::MIN), zone)),
                None => return self.cursor.text == "infinity",
            },
            _ => None,
        };
        at.is_some_and(|at| at.ms_since(now) > AHEAD_MS)
    }
}

/// What an operator typed: its kind is taken from the column when it is asked for.
fn typed(text: &str) -> Value {
    Value { kind: Kind::Text, text: text.to_owned() }
}

/// So much before a value, written as the server writes it.
fn earlier(value: &Value, overlap: Overlap) -> Option<String> {
    let text = &value.text;
    match (value.kind, overlap) {
        (Kind::Whole | Kind::Unsigned | Kind::Decimal | Kind::Float, overlap) => less(value, overlap),
        (Kind::Local, Overlap::Time(time)) => {
            let at = local(text)?.checked_sub_signed(delta(time)?)?;
            Some(at.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
        }
        (Kind::Moment, Overlap::Time(time)) => {
            let at = parse_moment(text)?.checked_sub_signed(delta(time)?)?;
            Some(at.format("%Y-%m-%d %H:%M:%S%.6f%:z").to_string())
        }
        (Kind::Date, Overlap::Time(time)) => {
            let days = time.as_secs().div_ceil(24 * 3600);
            let date = text.parse::<chrono::NaiveDate>().ok()?;
            date.checked_sub_days(chrono::Days::new(days)).map(|date| date.to_string())
        }
        (Kind::Text, Overlap::Time(time)) => earlier_text(text, time),
        _ => None,
    }
}

/// A number less so much. A time means that the number counts seconds since 1970, or milliseconds where it is that large.
fn less(value: &Value, overlap: Overlap) -> Option<String> {
    let whole = value.text.split('.').next().unwrap_or_default().parse::<i128>().ok()?;
    let much = match overlap {
        Overlap::Count(count) => count,
        Overlap::Time(time) if whole >= 100_000_000_000 => u64::try_from(time.as_millis()).ok()?,
        Overlap::Time(time) => time.as_secs(),
    };
    let less = whole - i128::from(much);
    Some(if value.kind == Kind::Unsigned { less.max(0) } else { less }.to_string())
}

/// A number that counts seconds since 1970, or milliseconds.
fn unix(text: &str) -> Option<Instant> {
    let number: i64 = text.parse().ok()?;
    Some(Instant(if number >= 100_000_000_000 { number } else { number.checked_mul(1000)? }))
}

/// A text that is a time, written in the same form.
fn earlier_text(text: &str, time: Duration) -> Option<String> {
    const FORMS: [&str; 7] = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%Y%m%d%H%M%S",
    ];
    let delta = delta(time)?;
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        let shown = (at - delta).to_rfc3339_opts(chrono::SecondsFormat::Millis, text.ends_with('Z'));
        return Some(shown);
    }
    FORMS.iter().find_map(|form| {
        let at = chrono::NaiveDateTime::parse_from_str(text, form).ok()?;
        Some(at.checked_sub_signed(delta)?.format(form).to_string())
    })
}

fn delta(time: Duration) -> Option<TimeDelta> {
    TimeDelta::from_std(time).ok()
}

fn no_overlap(cursor: &str) -> Text {
    Text::new(
        format!("游标列 {cursor} 既不是时间也不是数字，不能回看；请换一列，或写 overlap: 0（那样晚提交的行会漏）"),
        format!(
            "the cursor column `{cursor}` is neither a time nor a number, so nothing can be read again: take another, or \
             write `overlap: 0` and lose rows that are committed late"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn back(kind: Kind, text: &str, overlap: Overlap) -> String {
        earlier(&Value { kind, text: text.into() }, overlap).unwrap_or_else(|| "-".into())
    }

    #[test]
    fn a_cursor_goes_back_by_a_time_or_a_count() {
        let five = Overlap::Time(Duration::from_mins(5));
        for (kind, text, overlap, expected) in [
            (Kind::Local, "2024-05-06 00:02:00.123456", five, "2024-05-05 23:57:00.123456"),
            (Kind::Moment, "2024-05-06 00:02:00+08", five, "2024-05-05 23:57:00.000000+08:00"),
            (Kind::Date, "2024-05-06", five, "2024-05-05"),
            (Kind::Whole, "5000", Overlap::Count(1000), "4000"),
            (Kind::Unsigned, "500", Overlap::Count(1000), "0"),
            (Kind::Whole, "1714957200", five, "1714956900"),
            (Kind::Whole, "1714957200000", five, "1714956900000"),
            (Kind::Decimal, "12.75", Overlap::Count(1), "11"),
            (Kind::Text, "2024-05-06 00:02:00", five, "2024-05-05 23:57:00"),
            (Kind::Text, "20240506000200", five, "20240505235700"),
            (Kind::Text, "2024-05-06T00:02:00Z", five, "2024-05-05T23:57:00.000Z"),
            (Kind::Text, "abc", five, "-"),
            (Kind::Local, "2024-05-06 00:02:00", Overlap::Count(5), "-"),
        ] {
            assert_eq!(back(kind, text, overlap), expected, "{kind:?} {text}");
        }
    }

    #[test]
    fn a_position_is_read_as_it_was_kept_and_a_typed_one_is_a_value() {
        let value = |kind, text: &str| Value { kind, text: text.into() };
        let position = Position {
            cursor: value(Kind::Local, "2024-05-06 09:00:00"),
            keys: vec![value(Kind::Whole, "7")],
            is_open: false,
        };
        assert_eq!(Position::parse(&position.shown()), Some(position));
        let typed = Position::parse("2024-05-06 09:00:00").unwrap();
        assert!(typed.is_open && typed.keys.is_empty() && typed.cursor.text == "2024-05-06 09:00:00");
        assert_eq!(Position::parse("1234").unwrap().cursor.text, "1234");
    }
}
