//! From the bytes that were sent to events that the vocabulary allows, each refused or taken by itself; and from what was
//! stored of them to an order's history.

use crate::order::body::{Body, BodyError, BodyReader, Checked};
use crate::order::log::BOM;
use crate::order::{Event, History};
use crate::source::time::at_local;
use crate::store::event::{NewEvent, StoredEvent, Subject};
use crate::text::Lang;
use crate::time::Instant;
use chrono::NaiveTime;
use chrono_tz::Tz;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// An event may be dated so far ahead of the clock: what is more is refused.
pub const AHEAD_MS_MAX: i64 = 5 * 60 * 1000;
/// A figure's day may begin so far ahead of the clock, by the time of China: what is more has not come.
const DAY_AHEAD_MS_MAX: i64 = 24 * 3_600_000;
const DAYS_IN: Tz = chrono_tz::Asia::Shanghai;
/// An id is shown in an answer with at most so many characters.
const SHOWN_ID_CHARACTERS: usize = 200;

/// What was sent in one request.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent<'a> {
    /// One object.
    One(&'a [u8]),
    /// A list, or lines.
    Many(Vec<&'a [u8]>),
}

/// Splits JSON into its items, without reading them: an array, or anything else as one. None: it is no JSON.
pub fn split_json(body: &[u8]) -> Option<Sent<'_>> {
    let whole: &RawValue = serde_json::from_slice(body).ok()?;
    if !whole.get().starts_with('[') {
        return Some(Sent::One(whole.get().as_bytes()));
    }
    let items: Vec<&RawValue> = serde_json::from_str(whole.get()).ok()?;
    Some(Sent::Many(items.into_iter().map(|item| item.get().as_bytes()).collect()))
}

/// Splits NDJSON into its lines; blank ones count for nothing.
pub fn split_lines(body: &[u8]) -> Sent<'_> {
    let body = body.strip_prefix(BOM).unwrap_or(body);
    let lines = body.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    Sent::Many(lines.collect())
}

/// Why an item is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// It is not what an event or a figure should be.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// It is dated too far ahead.
    #[error("`at` lies more than 5 minutes ahead of the clock")]
    Ahead,
    /// It is a figure of a day that has not come.
    #[error("`day` begins more than a day ahead of the clock")]
    DayAhead,
    /// Its id is known with other content.
    #[error("this id is known already, with other content")]
    Conflict,
}

impl Refused {
    /// What is wrong, for whoever sent it.
    pub fn message(&self, lang: Lang) -> String {
        match (self, lang) {
            (Refused::Body(error), lang) => error.message(lang),
            (Refused::Ahead, Lang::Zh) => "`at` 比当前时刻晚了 5 分钟以上：请检查时钟".to_owned(),
            (Refused::DayAhead, Lang::Zh) => "`day` 比今天晚了一天以上，那一天还没有统计量：请检查日期".to_owned(),
            (Refused::Conflict, Lang::Zh) => "此 `id` 已有内容不同的事件：更正请另发一个 retracted 事件".to_owned(),
            (other, Lang::En) => other.to_string(),
        }
    }
}

/// An item that the vocabulary allows.
#[derive(Debug)]
pub struct Item {
    /// As it is stored.
    pub event: NewEvent,
    /// How many of its attributes are not declared.
    pub undeclared: u32,
}

/// Reads items of one source at one moment.
pub struct ItemReader<'a> {
    /// Under what vocabulary.
    pub words: &'a BodyReader,
    /// Whose items.
    pub source: &'a Arc<str>,
    /// When.
    pub now: Instant,
    /// Whether they are history, whose `recorded_at` is believed: elsewhere the moment of storing counts.
    pub is_history: bool,
}

impl ItemReader<'_> {
    /// Reads one item.
    pub fn read(&self, item: &[u8]) -> Result<Item, Refused> {
        let body = Body::parse(item)?;
        let body = if self.is_history { body.believed()? } else { body };
        let digest = body.content_digest();
        let (id, subject, at, recorded_at, undeclared) = match self.words.check(&body)? {
            Checked::Event(event) => {
                let subject = Subject::Order { order: event.order.into(), kind: event.kind.as_str().into() };
                (event.id, subject, event.at, event.recorded_at.unwrap_or(event.at), event.undeclared)
            }
            Checked::Figure(figure) => {
                let begins = at_local(figure.day.and_time(NaiveTime::default()), DAYS_IN);
                if begins.ms_since(self.now) > DAY_AHEAD_MS_MAX {
                    return Err(Refused::DayAhead);
                }
                let subject = Subject::Figure {
                    figure: figure.figure.as_str().into(),
                    day: figure.day,
                    department: figure.department.map(Into::into),
                    value: figure.value,
                };
                (figure.id, subject, self.now, figure.recorded_at.unwrap_or(self.now), 0)
            }
        };
        if at.ms_since(self.now) > AHEAD_MS_MAX {
            return Err(Refused::Ahead);
        }
        // What was parsed is UTF-8.
        let text = str::from_utf8(item).map_err(|_| BodyError::NotJson { line: 1, column: 1 })?;
        let (source, body) = (Arc::clone(self.source), text.into());
        let event = NewEvent { source, id: id.into(), subject, at, recorded_at, digest, body };
        Ok(Item { event, undeclared })
    }
}

/// The id that a refused item bears, if it bears one: cut short where it is too long.
pub fn id_of(item: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Id<'a> {
        #[serde(borrow)]
        id: Cow<'a, str>,
    }
    let id = serde_json::from_slice::<Id<'_>>(item).ok()?.id;
    Some(id.chars().take(SHOWN_ID_CHARACTERS).collect())
}

/// An order's history under the words in force.
pub fn history(order: &Arc<str>, events: &[StoredEvent], words: &BodyReader) -> History {
    History::new(Arc::clone(order), events.iter().filter_map(|stored| restored(stored, words)).collect())
}

fn restored(stored: &StoredEvent, words: &BodyReader) -> Option<Event> {
    // What is in the store was read once before it was taken.
    match Body::parse(stored.body.as_bytes()).ok()? {
        Body::Event(body) => Some(words.restore(&body).recorded(stored.recorded_at, stored.seq)),
        Body::Figure(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many<'a>(items: &[&'a str]) -> Sent<'a> {
        Sent::Many(items.iter().map(|item| item.as_bytes()).collect())
    }

    #[test]
    fn json_is_one_item_or_a_list_of_them() {
        assert_eq!(split_json(b" {\"a\": [1]}\n"), Some(Sent::One(b"{\"a\": [1]}")));
        assert_eq!(split_json(b"[{\"a\":1} , 2]"), Some(many(&["{\"a\":1}", "2"])));
        assert_eq!(split_json(b"[]"), Some(many(&[])));
        assert_eq!(split_json(b"7"), Some(Sent::One(b"7")));
        for broken in ["", "{", "[{}", "{} {}", "[1,]", "nonsense"] {
            assert_eq!(split_json(broken.as_bytes()), None, "{broken}");
        }
        assert_eq!(split_json(b"{\"a\":\"\xff\"}"), None, "not UTF-8");
    }

    #[test]
    fn lines_are_items_and_blank_ones_are_none() {
        assert_eq!(split_lines(b"{}\r\n\n  \n[1]\n"), many(&["{}", "[1]"]));
        assert_eq!(split_lines(b""), many(&[]));
        assert_eq!(split_lines("\u{feff}{}\n[1]".as_bytes()), many(&["{}", "[1]"]));
    }

    #[test]
    fn the_id_of_a_refused_item_is_shown_but_not_at_any_length() {
        assert_eq!(id_of(br#"{"type":"x","id":"e-1"}"#).as_deref(), Some("e-1"));
        assert_eq!(id_of(br#"{"id":7}"#), None);
        assert_eq!(id_of(b"nonsense"), None);
        let long = format!("{{\"id\":\"{}\"}}", "办".repeat(10_000));
        assert_eq!(id_of(long.as_bytes()).unwrap().chars().count(), 200);
    }
}
