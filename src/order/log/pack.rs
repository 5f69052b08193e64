//! Events as bytes, within one process: symbols are their numbers. What is packed here is unpacked here, and nothing else
//! reads or writes it; a number or length that does not fit is a fault of this file.

use crate::order::Event;
use crate::order::body::CheckedEvent;
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::time::Instant;
use chrono::{Datelike, NaiveDate};

/// Appends an event, known from what the sender says, else from when it happened.
pub(super) fn pack(event: &CheckedEvent<'_>, out: &mut Vec<u8>) {
    put_text(event.id, out);
    put_number(event.kind.number().into(), out);
    out.extend(event.at.0.to_le_bytes());
    let recorded_at = event.recorded_at.unwrap_or(event.at);
    put_number(recorded_at.ms_since(event.at).unsigned_abs(), out);
    put_number(event.attributes.len() as u64, out);
    for (name, value) in &event.attributes {
        put_number(name.number().into(), out);
        put_value(value, out);
    }
}

/// The event that stands at the front.
pub(super) fn unpack(bytes: &[u8], arrival: u64) -> Event {
    let mut bytes = Cursor(bytes);
    let id = bytes.text().into();
    let kind = bytes.symbol();
    let at = Instant(bytes.long());
    let recorded_at = at.plus_ms(i64::try_from(bytes.number()).expect("a lag in milliseconds"));
    let attributes = (0..bytes.number()).map(|_| (bytes.symbol(), bytes.value())).collect();
    Event { id, kind, at, recorded_at, arrival, attributes }
}

fn put_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(b'n'),
        Value::Boolean(false) => out.push(b'f'),
        Value::Boolean(true) => out.push(b't'),
        Value::Text(text) => {
            out.push(b's');
            put_text(text, out);
        }
        Value::Word(word) => {
            out.push(b'w');
            put_number(word.number().into(), out);
        }
        Value::Number(number) => {
            out.push(b'd');
            out.extend(number.to_bits().to_le_bytes());
        }
        Value::Instant(at) => {
            out.push(b'i');
            out.extend(at.0.to_le_bytes());
        }
        Value::Date(date) => {
            out.push(b'D');
            out.extend(i64::from(date.num_days_from_ce()).to_le_bytes());
        }
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_number(text.len() as u64, out);
    out.extend(text.as_bytes());
}

/// Seven bits a byte, the lowest first.
fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    fn long(&mut self) -> i64 {
        i64::from_le_bytes(self.take(8).try_into().expect("eight bytes"))
    }

    fn text(&mut self) -> &'a str {
        let length = usize::try_from(self.number()).expect("a length");
        std::str::from_utf8(self.take(length)).expect("a text")
    }

    fn symbol(&mut self) -> Symbol {
        Symbol::numbered(u32::try_from(self.number()).expect("a symbol"))
    }

    fn value(&mut self) -> Value {
        match self.byte() {
            b'f' => Value::Boolean(false),
            b't' => Value::Boolean(true),
            b's' => Value::Text(self.text().into()),
            b'w' => Value::Word(self.symbol()),
            b'd' => Value::Number(f64::from_bits(self.long().cast_unsigned())),
            b'i' => Value::Instant(Instant(self.long())),
            b'D' => Value::Date(self.date()),
            _ => Value::Null,
        }
    }

    fn date(&mut self) -> NaiveDate {
        let days = i32::try_from(self.long()).expect("days");
        NaiveDate::from_num_days_from_ce_opt(days).expect("a date")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_out_as_it_went_in() {
        let values = [
            Value::Null,
            Value::Boolean(true),
            Value::Boolean(false),
            Value::Text("市市场监管局".into()),
            Value::Word("投诉".into()),
            Value::Number(-2.5),
            Value::Instant(Instant(-1)),
            Value::Date(NaiveDate::from_ymd_opt(2024, 2, 29).expect("a date")),
            Value::Text("长".repeat(1000).into()),
        ];
        let event = |recorded_at| CheckedEvent {
            id: "e-1",
            order: "O1",
            kind: "received".into(),
            at: Instant(1_714_957_200_123),
            recorded_at,
            attributes: values.iter().map(|value| ("category".into(), value.clone())).collect(),
            undeclared: 0,
        };
        for recorded_at in [None, Some(Instant(1_714_957_200_123)), Some(Instant(1_914_957_200_123))] {
            let mut packed = vec![];
            pack(&event(recorded_at), &mut packed);
            assert_eq!(unpack(&packed, 9), event(recorded_at).as_history(9));
        }
    }
}
