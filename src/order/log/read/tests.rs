use super::*;
use crate::policy::vocabulary::{EventType, Vocabulary};
use crate::symbol::{Symbol, SymbolMap};
use crate::text::Lang;
use std::fmt::Write as _;

fn reader() -> BodyReader {
    let kinds = ["received", "completed"].map(|name| {
        let name = Symbol::new(name);
        (name, EventType { name, title: name.to_string(), attributes: SymbolMap::default() })
    });
    BodyReader::new(&Vocabulary { events: kinds.into_iter().collect(), ..Vocabulary::default() })
}

fn read_text(text: &str) -> Log {
    read(text.as_bytes(), &reader(), NonZero::new(2).expect("two")).expect("a log")
}

fn event(id: &str, order: &str, minute: u32, more: &str) -> String {
    format!(r#"{{"id":"{id}","order":"{order}","type":"received","at":"2024-05-06T09:{minute:02}:00+08:00"{more}}}"#)
}

fn ids(log: &Log, order: usize, known_at: Instant) -> Vec<String> {
    let history = log.history(order, known_at).expect("something is known");
    history.events().iter().map(|event| event.id.to_string()).collect()
}

const LATER: Instant = Instant(i64::MAX);

#[test]
fn events_are_grouped_by_order_and_taken_in_deciding_order() {
    let lines = [
        event("a", "O1", 5, ""),
        event("b", "O2", 1, ""),
        String::new(),
        event("c", "O1", 3, ""),
        event("d", "O1", 5, ""),
    ];
    let log = read_text(&lines.join("\n"));
    assert_eq!(log.orders().iter().map(|order| &**order).collect::<Vec<_>>(), ["O1", "O2"]);
    assert_eq!(ids(&log, 0, LATER), ["c", "a", "d"]);
    assert_eq!(ids(&log, 1, LATER), ["b"]);
}

#[test]
fn what_is_recorded_later_is_not_known_yet() {
    let late = event("b", "O1", 1, r#","recorded_at":"2024-05-06T10:00:00+08:00""#);
    let log = read_text(&format!("{}\n{late}\n", event("a", "O1", 5, "")));
    let ten = Instant::parse("2024-05-06T10:00:00+08:00").expect("an instant");
    assert_eq!(log.last_recorded_at, Some(ten));
    assert_eq!(ids(&log, 0, ten.just_before()), ["a"]);
    assert_eq!(ids(&log, 0, ten), ["b", "a"]);
}

#[test]
fn a_duplicate_is_ignored_and_the_same_id_with_other_content_is_refused() {
    let lines = [
        event("a", "O1", 5, ""),
        event("a", "O1", 5, r#","recorded_at":"2024-05-06T10:00:00+08:00""#),
        event("a", "O2", 5, ""),
        r#"{"id":"x"}"#.into(),
        event("x", "O3", 5, ""),
    ];
    let log = read_text(&lines.join("\r\n"));
    assert_eq!((log.len(), log.duplicates), (2, 1));
    let said: Vec<_> = log.refused.iter().map(|refused| format!("{}: {}", refused.line, refused.why)).collect();
    assert_eq!(said, ["3: an earlier line has the same `id` and other content", "4: `order` is missing"]);
    assert_eq!(LineError::OtherContent.message(Lang::Zh), "前面已有相同 `id` 而内容不同的一行");
}

#[test]
fn many_blocks_come_together_in_the_order_of_the_file() {
    let mut text = String::new();
    for number in 0..30_000 {
        let line = event(&format!("e{number}"), &format!("O{}", number % 7), 0, "");
        let _ = writeln!(text, "{}", if number % 10_000 == 9_999 { "{}" } else { &line });
    }
    assert!(text.len() > 2 * BLOCK_BYTES, "the log spans several blocks");
    let log = read_text(&text);
    let lines: Vec<_> = log.refused.iter().map(|refused| refused.line).collect();
    assert_eq!(lines, [10_000, 20_000, 30_000]);
    for order in 0..7 {
        let ids = ids(&log, order, LATER);
        let numbers: Vec<u32> = ids.iter().map(|id| id[1..].parse().expect("a number")).collect();
        assert!(numbers.is_sorted(), "arrival is the order of the lines");
    }
    assert_eq!(log.len(), 29_997);
}

#[test]
fn a_line_without_end_is_refused_and_not_misread() {
    let text = format!("{}\n{}\n{}", "x".repeat(LINE_BYTES_MAX + 1), event("a", "O1", 5, ""), event("b", "O1", 6, ""));
    let log = read_text(&text);
    assert_eq!(log.refused, [Refused { line: 1, why: LineError::TooLong }]);
    assert_eq!(ids(&log, 0, LATER), ["a", "b"]);
}

#[test]
fn nothing_at_all_is_an_empty_log() {
    let log = read_text("\n \n");
    assert!(log.is_empty() && log.last_recorded_at.is_none() && log.orders().is_empty());
}

#[test]
fn a_byte_order_mark_before_the_first_line_is_no_part_of_it() {
    let log = read_text(&format!("\u{feff}{}\n{}\n", event("a", "O1", 1, ""), event("b", "O1", 2, "")));
    assert_eq!((log.len(), log.refused), (2, Vec::new()));
}
